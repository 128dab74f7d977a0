from __future__ import annotations

import logging
from pathlib import Path

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.caller import Nobody
from gitops_mcp.config import Flags
from gitops_mcp.domain.plans.clusters.cluster_settings import ClusterUpdate
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.cluster_update import update_cluster
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.adapters.git.conftest import CLUSTER, commit_all, git, write

RUNNER = "gitops_mcp.adapters.git.runner"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A repository of many Clusters, without a remote."""
    path = tmp_path / "desk"
    git(tmp_path, "init", "--quiet", str(path))
    for number in range(20):
        write(path / f"orders-{number}.yaml", CLUSTER.replace("name: orders", f"name: orders-{number}"))
    commit_all(path, "Start")
    return path


def _scaled(desk: Path, number: int, *, change: str) -> WriteResult:
    """By a server that has just started."""
    request = WriteRequest("scale_postgres_cluster", None, change=change)
    with App.open(Flags(repo=desk)).called(Nobody()) as app:
        return clusters.scale_cluster(app, request, f"orders-{number}", namespace="shop", instances=4)


@pytest.mark.thorough
def test_a_write_runs_as_many_git_processes_with_many_open_changes_as_with_few(
    desk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger=RUNNER)
    ran = []
    for number in range(12):
        caplog.clear()
        assert _scaled(desk, number, change=f"change-{number}").outcome == "committed"
        ran.append(sum(record.name == RUNNER for record in caplog.records))

    assert ran[1:] == [ran[1]] * 11
    assert ran[1] - ran[0] == 1


def test_of_many_open_changes_the_one_that_touches_the_same_is_named(desk: Path) -> None:
    for number in range(5):
        _scaled(desk, number, change=f"change-{number}")

    warnings = _scaled(desk, 3, change="mine").warnings

    assert [warning.id for warning in warnings if "'change-3' touches the same" in warning.message] == [
        "overlapping-change"
    ]
    assert len([warning for warning in warnings if warning.id == "overlapping-change"]) == 1


@pytest.mark.thorough
def test_many_open_changes_that_touch_the_same_are_named_in_part_and_counted(desk: Path) -> None:
    for number in range(8):
        _scaled(desk, 3, change=f"change-{number}")

    told = [one.message for one in _scaled(desk, 3, change="mine").warnings if one.id == "overlapping-change"]

    advice = "Put both into one change, or agree with its reviewers on the order"
    assert told == [
        *(
            f"open change 'change-{n}' touches the same: Cluster shop/orders-3 spec.instances. {advice}"
            for n in range(3)
        ),
        "more open changes that touch the same: 5; list_changes has them",
    ]


@pytest.mark.parametrize("protected", [True, False], ids=["step 1", "the removal"])
def test_a_deletion_tells_of_open_changes_to_what_it_takes_away_and_joins_none(desk: Path, protected: bool) -> None:
    text = CLUSTER.replace("name: orders", "name: orders-3")
    if protected:
        annotation = "  annotations:\n    kustomize.toolkit.fluxcd.io/prune: disabled\n"
        text = text.replace("  namespace: shop\n", f"  namespace: shop\n{annotation}")
    write(desk / "orders-3.yaml", text)
    commit_all(desk, "Protect one")
    _scaled(desk, 3, change="upgrade")

    def deleted(change: str) -> list[str]:
        request = WriteRequest("delete_postgres_cluster", None, change=change, confirmed=True)
        with App.open(Flags(repo=desk)).called(Nobody()) as app:
            done = clusters.delete_cluster(app, request, "orders-3", namespace="shop")
        return [one.message for one in done.warnings if one.id == "overlapping-change"]

    def told(other: str) -> str:
        return (
            f"open change {other!r} changes Cluster shop/orders-3, which this would remove: agree with its reviewers "
            f"which of the two is wanted, and discard the other"
        )

    assert deleted("mine") == [told("upgrade")]
    too = "open change 'mine' takes Cluster shop/orders-3 away too: discard one of the two"
    assert sorted(deleted("again")) == sorted([told("mine") if protected else too, told("upgrade")])


def test_open_changes_that_add_to_one_list_are_told_and_counted(desk: Path) -> None:
    names = "".join(f"  - orders-{number}.yaml\n" for number in range(20))
    write(desk / "kustomization.yaml", f"resources:\n{names}")
    commit_all(desk, "List them")

    def created(name: str) -> WriteResult:
        new = clusters.NewCluster(name, "shop", 3, "1Gi", "18", None, {}, "app", None)
        with App.open(Flags(repo=desk)).called(Nobody()) as app:
            return clusters.create_cluster(app, WriteRequest("create_postgres_cluster", None), new)

    told = [
        [one.message for one in created(name).warnings if one.id == "overlapping-list"]
        for name in ("bills", "quotes", "stock", "tax", "wages", "yards")
    ]
    assert (len(told[0]), len(told[1])) == (0, 1)
    text = "What is merged second may meet a conflict there; one change for all avoids that, and refresh_change resolves it"
    assert told[1] == [f"open in one kustomization with this: 'create-shop-bills'. {text}"]
    named = ", ".join(f"'create-shop-{name}'" for name in ("bills", "quotes", "stock"))
    assert told[-1] == [f"open in one kustomization with this: {named} and 2 more. {text}"]


def test_many_fields_that_two_open_changes_share_are_named_in_part_and_counted(desk: Path) -> None:
    names = ("deadlock_timeout", "lock_timeout", "maintenance_work_mem", "statement_timeout", "work_mem")
    asked = ClusterUpdate(parameters=dict.fromkeys(names, "64000"))

    def updated(change: str) -> WriteResult:
        request = WriteRequest("update_postgres_cluster", None, change=change)
        with App.open(Flags(repo=desk)).called(Nobody()) as app:
            return update_cluster(app, request, "orders-3", asked, namespace="shop")

    updated("theirs")
    told = [one.message for one in updated("mine").warnings if one.id == "overlapping-change"]
    fields = ", ".join(f"Cluster shop/orders-3 spec.postgresql.parameters.{name}" for name in names[:3])
    advice = "Put both into one change, or agree with its reviewers on the order"
    assert told == [f"open change 'theirs' touches the same: {fields} and 2 more. {advice}"]


@pytest.mark.parametrize("inline", [True, False], ids=["inline", "a file"])
@pytest.mark.parametrize(("target", "told"), [("kind: Cluster", True), ("kind: Cluster, name: orders", False)])
def test_an_edit_of_a_patch_for_all_says_that_new_ones_get_it_too(
    tmp_path: Path, target: str, told: bool, inline: bool
) -> None:
    operation = "- {op: replace, path: /spec/instances, value: 3}"
    entry = f"patch: |-\n    {operation}" if inline else "path: few.yaml"
    desk = tmp_path / "desk"
    git(tmp_path, "init", "--quiet", str(desk))
    write(desk / "orders.yaml", CLUSTER)
    write(desk / "few.yaml", f"{operation}\n")
    write(desk / "kustomization.yaml", f"resources: [orders.yaml]\npatches:\n- target: {{{target}}}\n  {entry}\n")
    commit_all(desk, "Start")
    with App.open(Flags(repo=desk)).called(Nobody()) as app:
        request = WriteRequest("scale_postgres_cluster", None)
        done = clusters.scale_cluster(app, request, "orders", namespace="shop", instances=4)
    place = "kustomization.yaml:5" if inline else "few.yaml:1"
    assert [one.message for one in done.warnings if one.id == "wide-patch"] == [
        (
            f"{place} says spec.instances for all that it selects (kind: Cluster), not for Cluster shop/orders alone: "
            "what is added there gets 4 too"
        )
    ][: int(told)]
