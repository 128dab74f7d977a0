"""In every layout: what was applied as it is has no drift, and what somebody edits by hand has none once it is adopted."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from gitops_mcp.crds import packaged_schema
from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.live.unstated import all_drift
from gitops_mcp.domain.objects import Object, at, dotted_path
from gitops_mcp.domain.objects import Path as FieldPath
from gitops_mcp.domain.plans.adoption import plan_field_adoption
from gitops_mcp.domain.repository.build import build_desired, desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.edits import Set, apply_edit, normalize_edit
from gitops_mcp.errors import GitOpsError

pytestmark = pytest.mark.thorough

LAYOUTS = Path(__file__).parent / "layouts"
RESOURCES = {one.kind: one for one in CNPG_KINDS}
EDITS: dict[str, list[tuple[FieldPath, object]]] = {
    "Cluster": [(("spec", "instances"), 9), (("spec", "logLevel"), "trace"),
                (("spec", "postgresql", "parameters", "work_mem"), "77MB")],
    "Database": [(("spec", "owner"), "somebody"), (("spec", "connectionLimit"), 44)],
    "Pooler": [(("spec", "instances"), 7)],
    "ScheduledBackup": [(("spec", "suspend"), True)],
    "DatabaseRole": [(("spec", "connectionLimit"), 33)],
}  # fmt: skip
"""What somebody sets by hand: a field, and its value."""


def fill(given: Object) -> Object:
    schema = packaged_schema(RESOURCES[given["kind"]])
    return schema.fill(fill_webhook_defaults(schema.fill(given)))


def repositories() -> Iterator[tuple[str, Desired]]:
    for layout in sorted(LAYOUTS.iterdir()):
        texts = {}
        for path in (layout / "before").rglob("*"):
            if path.is_file():
                texts[path.relative_to(layout / "before").as_posix()] = path.read_bytes().decode(errors="replace")
        yield layout.name, build_desired(texts, commit="c", folder="")


def compared_objects(desired: Desired) -> Iterator[Declaration]:
    """Those that one document declares, and of which everything is known."""
    for one in desired.declarations:
        is_only = sum(other.identity == one.identity for other in desired.declarations) == 1
        if one.identity.kind in RESOURCES and is_only and not one.opaque and "${" not in str(one.object):
            yield one


def by(manager: str, live: Object, path: FieldPath = ()) -> Object:
    fields: Object = {}
    for step in reversed(path):
        fields = {f"f:{step}": fields}
    return {**live, "metadata": {**live["metadata"], "managedFields": [{"manager": manager, "fieldsV1": fields}]}}


def with_field(live: Object, path: FieldPath, value: object) -> Object:
    normal = normalize_edit(live, Set(path, value))
    made: Object = apply_edit(live, normal) if normal else live
    return made


def test_nothing_differs_before_and_after() -> None:
    adopted = refused = 0
    for layout, desired in repositories():
        for one in compared_objects(desired):
            live = fill(deepcopy(one.object))
            fresh = by("kubectl-create", live, ("spec",))
            assert all_drift(one.object, fresh, fill) == (), (layout, one.identity)
            for path, value in EDITS.get(one.identity.kind, ()):
                edited = by("k9s", with_field(live, path, value), path)
                found = all_drift(one.object, edited, fill)
                assert [each.path for each in found] == [path], (layout, one.identity)
                try:
                    plan = plan_field_adoption(
                        one, desired, one.identity, found, edited, filled=fill(one.object), named=True
                    )
                except GitOpsError:  # no place is this object's own, as for every other edit
                    refused += 1
                    continue
                adopted += 1
                after = desired_after(desired, plan.files)
                (now,) = (each for each in after.declarations if each.identity == one.identity)
                assert all_drift(now.object, edited, fill) == (), (layout, one.identity, dotted_path(path))
                assert at(now.object, *path) == value
    assert adopted > 400
    assert refused < 40
