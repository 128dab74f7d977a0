"""Several edits of one change, each planned on what the ones before it leave."""

from __future__ import annotations

from gitops_mcp.domain.editing.field import set_field
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.objects import Path
from gitops_mcp.domain.repository.files import FileChange
from tests.domain.repository.test_build import cluster, listing, model

FILES = {
    "prod/kustomization.yaml": listing("db.yaml", "own.yaml", more="namespace: shop\n"),
    "prod/db.yaml": cluster(),
    "prod/own.yaml": cluster("own"),
}
INSTANCES: Path = ("spec", "instances")


def test_a_later_edit_sees_what_an_earlier_one_left() -> None:
    desired = model(FILES, "prod")
    steps = EditSequence(desired)
    first = desired.cluster("db", None, environment="prod")
    steps.take(set_field(steps.desired, first, INSTANCES, 5))
    assert steps.again(first).object["spec"] == {"instances": 5}
    steps.take(set_field(steps.desired, steps.again(first), ("spec", "logLevel"), "debug"))
    assert [(one.path, one.before, one.after) for one in steps.changes] == [
        ("prod/db.yaml", cluster(), cluster(instances="5") + "  logLevel: debug\n")
    ]


def test_what_is_put_back_is_no_change() -> None:
    steps = EditSequence(model(FILES, "prod"))
    steps.take([FileChange("prod/db.yaml", cluster(), cluster(instances="5"))])
    steps.take([FileChange("prod/db.yaml", cluster(instances="5"), cluster())])
    steps.take(())
    assert steps.changes == ()


def test_an_object_that_moved_is_found_by_what_it_is_and_one_that_went_stays_as_it_was() -> None:
    desired = model(FILES, "prod")
    own = desired.cluster("own", None, environment="prod")
    steps = EditSequence(desired)
    listed = listing("db.yaml", "new.yaml", more="namespace: shop\n")
    steps.take([FileChange("prod/own.yaml", "", None), FileChange("prod/new.yaml", None, cluster("own"))])
    steps.take([FileChange("prod/kustomization.yaml", "", listed)])
    assert steps.again(own).path == "prod/new.yaml"
    steps.take([FileChange("prod/kustomization.yaml", "", listing("db.yaml"))])
    assert steps.again(own) is own
