"""An edit that does more than what was asked, or less, is not let through."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.domain.editing.proof import (
    EditEffect,
    dotted_paths,
    effect_of_edit,
    labels_of,
    prove_only_change,
    sharers_of_layer,
)
from gitops_mcp.domain.objects import Identity, Path
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.yaml.edits import Edit, Set
from gitops_mcp.errors import Refused
from tests.domain.repository.test_build import SOURCE, cluster, flux, listing, model

DB = Identity("Cluster", "shop", "db")
INSTANCES: Path = ("spec", "instances")
FILES = {
    "base/kustomization.yaml": listing("db.yaml"),
    "base/db.yaml": cluster(),
    "prod/kustomization.yaml": listing("../base", "own.yaml", more="namespace: shop\n"),
    "prod/own.yaml": cluster("own"),
    "test/kustomization.yaml": listing("../base", more="namespace: test\n"),
}
PATCH = (
    "patches:\n  - patch: |\n      apiVersion: postgresql.cnpg.io/v1\n      kind: Cluster\n      metadata:\n"
    "        name: db\n      spec:\n        instances: 5\n"
)


def changes_of(edits: Mapping[str, str | None], files: Mapping[str, str]) -> list[FileChange]:
    return [FileChange(name, files.get(name), text) for name, text in edits.items()]


def prove(
    edits: Mapping[str, str | None], *wanted: Identity, files: Mapping[str, str] = FILES, folder: str = "prod"
) -> None:
    prove_only_change(model(files, folder), changes_of(edits, files), *wanted)


def effect(
    edits: Mapping[str, str | None], wanted: Edit, name: str = "db", files: Mapping[str, str] = FILES
) -> EditEffect:
    desired = model(files, "prod")
    declared = desired.cluster(name, None, environment="prod")
    return effect_of_edit(desired, changes_of(edits, files), declared, wanted)


FIVE = Set(INSTANCES, 5)


@pytest.mark.parametrize(
    ("edits", "wanted", "name"),
    [
        pytest.param({"prod/own.yaml": cluster("own", instances="5")}, FIVE, "own", id="in its document"),
        pytest.param({"prod/kustomization.yaml": FILES["prod/kustomization.yaml"] + PATCH}, FIVE, "db", id="in a patch"),
        pytest.param({"prod/own.yaml": cluster("own") + "  storage:\n    size: 1Gi\n"}, Set(("spec", "storage", "size"), "1Gi"), "own", id="below what was not there"),
        pytest.param({"prod/own.yaml": cluster("own").replace("name: own", "name: new")}, Set(("metadata", "name"), "new"), "own", id="its name"),
    ],
)  # fmt: skip
def test_an_edit_of_one_field_of_one_object_is_exact(edits: Mapping[str, str | None], wanted: Edit, name: str) -> None:
    assert effect(edits, wanted, name).is_exact


def test_what_an_edit_does_to_other_objects_is_named() -> None:
    found = effect({"base/db.yaml": cluster(instances="5")}, FIVE)
    assert (found.is_wanted, found.is_exact) == (True, False)
    assert labels_of(found.after, found.others) == "Cluster test/db (test)"


def test_what_an_edit_does_to_other_fields_is_named() -> None:
    patch = PATCH.replace("5\n", "5\n        logLevel: x\n")
    found = effect({"prod/kustomization.yaml": FILES["prod/kustomization.yaml"] + patch}, FIVE)
    assert (found.is_wanted, dotted_paths(found.fields), found.others) == (False, "spec.logLevel", ())


def test_what_can_be_built_no_more_is_a_fault() -> None:
    patch = PATCH.replace("name: db", "name: nobody")
    found = effect({"prod/kustomization.yaml": FILES["prod/kustomization.yaml"] + patch}, FIVE)
    assert not found.is_exact
    assert "there is no Cluster nobody for the patch" in found.faults[0]


def test_an_object_that_goes_has_not_become_what_was_wanted() -> None:
    found = effect({"prod/own.yaml": "kind: List\nitems: []\n"}, FIVE, "own")
    assert (found.declared, found.is_wanted, found.fields) == (None, False, ())


def test_a_part_of_a_list_is_that_part_only() -> None:
    roles = "  managed:\n    roles:\n      - {name: a, connectionLimit: 1}\n      - {name: b, connectionLimit: 1}\n"
    files = {"prod/db.yaml": cluster(namespace="shop") + roles}
    wanted = Set(("spec", "managed", "roles", 1, "connectionLimit"), 2)
    second = files["prod/db.yaml"].replace("b, connectionLimit: 1", "b, connectionLimit: 2")
    assert effect({"prod/db.yaml": second}, wanted, files=files).is_exact
    both = effect({"prod/db.yaml": files["prod/db.yaml"].replace("Limit: 1", "Limit: 2")}, wanted, files=files)
    assert dotted_paths(both.fields) == "spec.managed.roles[0].connectionLimit"


def test_a_variable_that_others_use_is_seen() -> None:
    more = "  targetNamespace: shop\n  postBuild:\n    substitute:\n      N: '3'\n"
    files = {
        "prod/app.yaml": SOURCE + "---\n" + flux("shop", "databases", more),
        "databases/kustomization.yaml": listing("db.yaml", "other.yaml"),
        "databases/db.yaml": cluster(instances="${N}"),
        "databases/other.yaml": cluster("other"),
    }
    edits = {"prod/app.yaml": files["prod/app.yaml"].replace("'3'", "'5'")}
    assert effect(edits, FIVE, files=files).is_exact
    shared = {**files, "databases/other.yaml": cluster("other", instances="${N}")}
    assert [str(one.identity) for one in effect(edits, FIVE, files=shared).others] == ["Cluster shop/other"]


def test_an_object_that_could_not_be_told_before_is_not_changed_by_a_line_more_above() -> None:
    odd = "crds:\n  - odd.yaml\n"
    files = {**FILES, "test/kustomization.yaml": FILES["test/kustomization.yaml"] + odd}
    moved = files["test/kustomization.yaml"].replace("crds", "# a line more\ncrds")
    edits = {"prod/own.yaml": cluster("own", instances="5"), "test/kustomization.yaml": moved}
    assert effect(edits, FIVE, "own", files).is_exact


def test_an_object_that_can_be_told_no_more_counts_as_changed() -> None:
    odd = FILES["test/kustomization.yaml"] + "crds:\n  - odd.yaml\n"
    edits = {"prod/own.yaml": cluster("own", instances="5"), "test/kustomization.yaml": odd}
    assert [one.label for one in effect(edits, FIVE, "own").others] == ["Cluster test/db (test)"]
    with pytest.raises(Refused, match=r"Cluster test/db \(test\) could not be determined any more: .*crds"):
        prove(edits, Identity("Cluster", "shop", "own"))


def test_those_to_whom_the_text_of_a_layer_contributes_are_its_sharers() -> None:
    desired = model(FILES, "prod")
    db, own = (desired.cluster(name, None, environment="prod") for name in ("db", "own"))
    assert db.produced is not None
    assert own.produced is not None
    assert labels_of(desired, sharers_of_layer(desired, db, db.produced.layers[0])) == "Cluster test/db (test)"
    assert sharers_of_layer(desired, own, own.produced.layers[0]) == ()


def test_of_many_objects_eight_are_named_and_the_others_counted() -> None:
    many = model({f"prod/{number}.yaml": cluster(f"db-{number}", "shop") for number in range(10)}, "prod")
    assert labels_of(many, many.declarations).endswith("Cluster shop/db-7 (prod/7.yaml) and 2 more")


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        pytest.param({"base/db.yaml": cluster(instances="5")}, r"changing base/db.yaml would not change just Cluster shop/db: spec.instances of Cluster test/db \(test\) would change\. Make", id="another object"),
        pytest.param({"base/db.yaml": None, "base/kustomization.yaml": "resources: []\n"}, "would go", id="another object goes"),
        pytest.param({"prod/own.yaml": cluster("own") + "---\n" + cluster("more")}, r"Cluster shop/more \(prod\) would be new", id="another object comes"),
        pytest.param({"prod/kustomization.yaml": FILES["prod/kustomization.yaml"] + PATCH.replace("name: db", "name: nobody")}, r"there is no Cluster nobody for the patch", id="the build fails"),
        pytest.param({"prod/readme.md": "x"}, "would change nothing of Cluster shop/db", id="nothing"),
    ],
)  # fmt: skip
def test_an_edit_that_does_something_else_is_refused(edits: Mapping[str, str | None], said: str) -> None:
    with pytest.raises(Refused, match=said):
        prove(edits, DB)


def test_whole_objects_come_and_go_with_those_that_were_named() -> None:
    own, more = Identity("Cluster", "shop", "own"), Identity("Cluster", "shop", "more")
    unlisted = FILES["prod/kustomization.yaml"].replace("  - own.yaml\n", "")
    edits = {"prod/own.yaml": None, "prod/kustomization.yaml": unlisted}
    prove(edits, own)
    both = {**FILES, "prod/own.yaml": cluster("own") + "---\n" + cluster("more")}
    prove(edits, own, more, files=both)
    with pytest.raises(Refused, match="Cluster shop/more"):
        prove(edits, own, files=both)
    prove({"prod/own.yaml": cluster("own")}, more, files=both)
    listed = FILES["prod/kustomization.yaml"] + "  - new.yaml\n"
    prove({"prod/new.yaml": cluster("new"), "prod/kustomization.yaml": listed}, Identity("Cluster", "shop", "new"))
    with pytest.raises(Refused, match="would be new"):
        prove(
            {"prod/new.yaml": cluster("new", "other"), "prod/kustomization.yaml": listed},
            Identity("Cluster", "other", "new"),
        )
