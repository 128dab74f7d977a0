"""Every leaf of every kind's spec, set, changed and removed by its path: alone, in few bytes, and as its CRD allows.

The leaves come from the CRDs. All of them are tried where everything runs, and always a fixed tenth.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import pytest
import yaml

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.generic.field_requests import ObjectUpdate, read_update
from gitops_mcp.domain.plans.generic.object_update import plan_object_update
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.yaml.render import render_manifest
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.errors import InvalidRequest
from tests.domain.kustomize.oracle import kubectl
from tests.domain.plans.generic.leaves import ABSENT, KINDS, Case, Leaf, compiled, every_leaf, meaning

How = Literal["set", "change", "remove"]
PARTS = 10
TENTHS = [pytest.param(one, marks=pytest.mark.thorough if one else ()) for one in range(PARTS)]

NO_VALUE = {
    "Cluster spec.ephemeralVolumeSource.volumeClaimTemplate.metadata": "an object of which the CRD keeps no field",
    "Pooler spec.template.spec.volumes[].ephemeral.volumeClaimTemplate.metadata": "the same",
}
"""Leaves that are left out, each with the reason."""
NEEDED_BY_RULE = {
    "Cluster spec.imageCatalogRef.apiGroup": "a rule of the CRD refuses what leaves it out",
    "Pooler spec.pgbouncer.imageCatalogRef.apiGroup": "the same",
    "Publication spec.target.allTables": "a rule of the CRD wants one of allTables and objects",
}
"""Those that are not removed; and of a Publication neither is what its target names."""
NEVER = {"ObjectStore spec.configuration.serverName": "a rule of the CRD wants it empty"}
IMMUTABLE = {
    "Cluster": {"spec.serviceAccountName"},
    "Database": {
        *(
            f"spec.{key}"
            for key in ("builtinLocale", "collationVersion", "encoding", "icuLocale", "icuRules", "locale")
        ),
        *(
            f"spec.{key}"
            for key in ("cluster.name", "localeCType", "localeCollate", "localeProvider", "name", "template")
        ),
    },
    "DatabaseRole": {"spec.cluster.name", "spec.name"},
    "Pooler": {"spec.cluster.name", "spec.serviceAccountName"},
    "Publication": {"spec.cluster.name", "spec.dbname", "spec.name", "spec.target.allTables"},
    "ScheduledBackup": {"spec.cluster.name"},
    "Subscription": {"spec.cluster.name", "spec.dbname", "spec.name"},
}
"""What the rules of the CRDs refuse to be changed; of a Backup that is all of it."""


@cache
def leaves() -> tuple[Leaf, ...]:
    return tuple(one for one in every_leaf() if one.label not in NO_VALUE)


def tenth(number: int) -> tuple[Leaf, ...]:
    return leaves()[number::PARTS]


@dataclass(frozen=True)
class Change:
    """A leaf that is set, changed or removed."""

    case: Case
    how: How

    @property
    def before(self) -> Object:
        return self.case.spec(ABSENT if self.how == "set" else self.case.first)

    @property
    def after(self) -> Object:
        return self.case.spec({"set": self.case.first, "change": self.case.second, "remove": ABSENT}[self.how])

    @property
    def asked(self) -> ObjectUpdate:
        if self.how == "remove":
            return ObjectUpdate({}, (self.case.path,), {})
        return ObjectUpdate({self.case.path: self.case.first if self.how == "set" else self.case.second}, (), {})

    @property
    def is_there_always(self) -> bool:
        """The smallest object that is legal says it already, and needs it."""
        return self.before == self.after

    @property
    def is_refused(self) -> bool:
        """By what the schema says of the place: required, or what names an item."""
        names = self.case.path.rpartition(".")
        is_key = names[0].endswith("]") and f"{names[2]}=" in names[0][names[0].rindex("[") :]
        return self.how == "remove" and (self.case.is_required or is_key)

    @property
    def is_against_rules(self) -> bool:
        """Whether the CRD's rules may refuse it, as the tables above say."""
        leaf, field = self.case.leaf, self.case.leaf.label.partition(" ")[2]
        is_target = leaf.kind == "Publication" and field.startswith("spec.target.")
        if self.how == "remove" and (is_target or leaf.label in NEEDED_BY_RULE):
            return True
        return leaf.kind == "Backup" or leaf.label in NEVER or field in IMMUTABLE.get(leaf.kind, ())


def changes(number: int) -> Iterator[Change]:
    for leaf in tenth(number):
        case = Case.of(leaf)
        for how in ("set", "change", "remove"):
            one = Change(case, how)
            if (how != "change" or case.second is not ABSENT) and not one.is_there_always:
                yield one


def manifest(kind: str, name: str, spec: Object) -> Object:
    """An ObjectStore too in the group that a build knows, as it is planned."""
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def faults(kind: str, before: Object, found: Object) -> str:
    said = compiled(kind).verdict(found, before=manifest(kind, found["metadata"]["name"], before)).faults
    return "; ".join(map(str, said))


def planned(files: dict[str, str], folder: str, kind: str, name: str, asked: ObjectUpdate) -> Plan:
    desired = build_desired(files, commit="0" * 40, folder=folder)
    declared = desired.one(kind, name, None, environment="prod")
    fields = read_update(asked, compiled(kind).root)
    return plan_object_update(declared, desired, declared.identity, fields, live=None)


def lines_that_went(before: str, after: str) -> list[str]:
    """Of the lines before those that do not stand after, in their order; what was said to be empty is filled."""
    rest = iter(after.splitlines())
    return [line for line in before.splitlines() if not line.endswith(("{}", "[]")) and line not in rest]


@pytest.mark.parametrize("number", TENTHS)
def test_a_leaf_in_a_plain_manifest_is_edited_alone_and_in_few_bytes(number: int) -> None:
    for one in changes(number):
        kind, label = one.case.leaf.kind, f"{one.how} {one.case.leaf.label}"
        text = "# kept by the team\n" + render_manifest(manifest(kind, "db", one.before))
        if one.is_refused:
            with pytest.raises(InvalidRequest, match=r"is required|names the item"):
                planned({"db.yaml": text}, "", kind, "db", one.asked)
            continue
        plan = planned({"db.yaml": text}, "", kind, "db", one.asked)
        made = str(plan.files[0].after)
        found = parse_documents(made)[0].value
        assert meaning(kind, found["spec"]) == meaning(kind, one.after), label
        match one.how:
            case "set":
                assert lines_that_went(text, made) == [], label
            case "change":
                assert made == text.partition("apiVersion")[0] + render_manifest(manifest(kind, "db", one.after)), label
            case "remove":
                assert lines_that_went(made, text) == [], label
        said = faults(kind, one.before, found)
        assert said == "" or one.is_against_rules, label
        if one.is_against_rules and one.how == "change":
            assert said, label


@pytest.mark.parametrize("number", TENTHS)
def test_what_the_crd_refuses_at_a_leaf_is_refused_there(number: int) -> None:
    for leaf in tenth(number):
        case = Case.of(leaf)
        text = render_manifest(manifest(leaf.kind, "db", case.spec(case.first)))
        for wrong in leaf.wrong:
            asked = ObjectUpdate({case.path: case.whole_value(wrong)}, (), {})
            with pytest.raises(InvalidRequest) as raised:
                planned({"db.yaml": text}, "", leaf.kind, "db", asked)
            assert str(raised.value).startswith(f"set: {case.path.split('[')[0]}"), leaf.label


def overlaid(one: Change, name: str, folder: str) -> dict[str, str]:
    """A base that two overlays take. What is in a list stands in the patch of prod, since a patch replaces a list."""
    kind = one.case.leaf.kind
    in_patch = one.how != "set" or "[]" in one.case.named
    base = {key: part for key, part in one.before.items() if not in_patch or key != one.case.named[0]}
    patch = "patches: [{path: db.yaml}]\n" if in_patch else ""
    files = {
        f"{folder}base/db.yaml": render_manifest(manifest(kind, name, base)),
        f"{folder}base/kustomization.yaml": "resources: [db.yaml]\n",
        f"{folder}prod/kustomization.yaml": f"resources: [../base]\n{patch}",
        f"{folder}test/kustomization.yaml": "resources: [../base]\nnamePrefix: test-\n",
    }
    return files | ({f"{folder}prod/db.yaml": render_manifest(manifest(kind, name, one.before))} if in_patch else {})


@pytest.mark.parametrize("number", TENTHS)
def test_a_leaf_in_an_overlay_is_edited_for_this_one_alone_as_kubectl_renders_it(number: int, tmp_path: Path) -> None:
    wanted: dict[tuple[str, str], tuple[str, Object]] = {}
    for index, one in enumerate(changes(number)):
        if one.is_refused:
            continue
        kind, name, folder = one.case.leaf.kind, f"db-{index}", f"{index}/"
        files = overlaid(one, name, folder)
        plan = planned(files, f"{folder}prod", kind, name, one.asked)
        assert {change.path.split("/")[1] for change in plan.files} == {"prod"}, one.case.leaf.label
        files |= {change.path: str(change.after) for change in plan.files}
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        wanted[kind, name] = one.case.leaf.label, one.after
    folders = [f"{name.removeprefix('db-')}/prod" for _, name in wanted]
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump({"resources": folders}))
    ran = subprocess.run([kubectl(), "kustomize", str(tmp_path)], check=True, capture_output=True, text=True)
    found = {(one["kind"], one["metadata"]["name"]): one["spec"] for one in yaml.safe_load_all(ran.stdout)}
    assert found.keys() == wanted.keys()
    for whom, (label, spec) in wanted.items():
        assert meaning(whom[0], found[whom]) == meaning(whom[0], spec), label


def test_there_is_a_leaf_for_every_field_of_every_kind_and_those_left_out_are_said() -> None:
    every = {one.label for one in every_leaf()}
    assert len(every) >= 1_689
    assert {one.split()[0] for one in every} == set(KINDS)
    assert NO_VALUE.keys() <= every
    assert {*NEEDED_BY_RULE, *NEVER} <= every
    assert {f"{kind} {field}" for kind, fields in IMMUTABLE.items() for field in fields} <= every
