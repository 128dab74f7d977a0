"""One instance promoted or restarted, as the kubectl plugin writes it; with the rights that stand apart for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp.types import ElicitResult

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object
from tests.e2e.dev import NO, YES, Dev, dev, rbac

PROMOTE, RESTART = "promote_postgres_instance", "restart_postgres_instance"
PODS = ("db-1", "db-2")
AT = {"lastTransitionTime": "2026-11-01T00:00:00Z"}
FILES = {
    ".gitops-mcp.yaml": "environments:\n"
    "  dev: {path: clusters/dev, delivery: direct}\n"
    "  prod: {path: clusters/prod, context: prod-admin}\n"
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    rules = rbac("read-only", "promote", "restart")
    place = tmp_path_factory.mktemp("instances")
    with dev(place, "--toolsets", "direct", "--environment", "dev", files=FILES, rules=rules) as made:
        made.put(kinds.CLUSTER, "db", instances=2, storage={"size": "1Gi"})
        yield made


@pytest.fixture
def here(running: Dev) -> Dev:
    """The Cluster healthy, with its first instance as the primary and a pod for each."""
    status = {
        "phase": "Cluster in healthy state",
        "phaseReason": "",
        "instanceNames": list(PODS),
        "currentPrimary": "db-1",
        "targetPrimary": "db-1",
        "conditions": [
            {**AT, "type": "Ready", "status": "True", "reason": "ClusterIsReady", "message": "Cluster is Ready"},
            {
                **AT,
                "type": "ContinuousArchiving",
                "status": "True",
                "reason": "ContinuousArchivingSuccess",
                "message": "",
            },
        ],
    }
    running.world.store.merge(kinds.CLUSTER, "dev", "db", {"status": status}, subresource="status")
    for pod in PODS:
        if running.live(kinds.POD, pod) is None:
            running.put(kinds.POD, pod, containers=[{"name": "postgres", "image": "pg:18.4"}])
    running.person.asked.clear()
    running.person.reply = lambda _: YES
    return running


def status_of(here: Dev) -> Object:
    found: Object = here.cluster()["status"]
    return found


@pytest.mark.parametrize("named", ["db-2", "2"])
def test_a_switchover_is_asked_for_in_the_status_as_the_plugin_does_it(here: Dev, named: str) -> None:
    done = here.applied(PROMOTE, cluster_name="db", instance=named)
    assert done["summary"] == "promote db-2 of Cluster dev/db"
    found = status_of(here)
    assert (found["targetPrimary"], found["currentPrimary"]) == ("db-2", "db-1")
    assert (found["phase"], found["phaseReason"]) == ("Switchover in progress", "Switching over to db-2")
    assert found["targetPrimaryTimestamp"].endswith("Z")
    conditions = {one["type"]: (one["status"], one["reason"]) for one in found["conditions"]}
    assert conditions == {
        "ContinuousArchiving": ("True", "ContinuousArchivingSuccess"),
        "Ready": ("False", "ClusterIsNotReady"),
    }
    (question,) = here.person.asked
    assert question == (
        "In environment dev, at once and without review: promote db-2 of Cluster dev/db: writes pause while the primary "
        "moves, and connections to the old one are closed. Go on?"
    )


def test_the_primary_restarts_in_place_and_a_replica_by_its_pod(here: Dev) -> None:
    here.applied(RESTART, cluster_name="db", instance="db-1")
    found = status_of(here)
    assert found["phase"] == "Primary instance is being restarted in-place"
    assert (found["phaseReason"], found["targetPrimary"]) == ("Requested by the user", "db-1")
    assert here.live(kinds.POD, "db-1") is not None
    here.applied(RESTART, cluster_name="db", instance="db-2")
    assert here.live(kinds.POD, "db-2") is None


def test_without_a_yes_and_in_a_dry_run_nothing_happens(here: Dev) -> None:
    here.person.reply = lambda _: NO
    before, written = status_of(here), len(here.writes())
    for tool in (PROMOTE, RESTART):
        assert "the person said no" in here.ask.refusal(tool, cluster_name="db", instance="db-2")
        assert here.ask.answer(tool, cluster_name="db", instance="db-2", dry_run=True)["outcome"] == "dry_run"
    assert (status_of(here), len(here.writes())) == (before, written)
    assert here.ask.answer(PROMOTE, cluster_name="db", instance="db-1")["outcome"] == "unchanged"


def test_a_pod_that_was_made_anew_meanwhile_is_not_deleted_for_the_other(here: Dev) -> None:
    pod = here.live(kinds.POD, "db-2")
    assert pod is not None

    def answered(_: str) -> ElicitResult:
        if len(here.person.asked) == 1:
            here.world.store.delete(kinds.POD, "dev", "db-2")
            here.put(kinds.POD, "db-2", containers=[{"name": "postgres", "image": "pg:18.4"}])
            return YES
        return NO

    here.person.reply = answered
    assert "the person said no" in here.ask.refusal(RESTART, cluster_name="db", instance="db-2")
    assert here.live(kinds.POD, "db-2") is not None
    assert len(here.person.asked) == 2


@pytest.mark.parametrize(("tool", "instance"), [(PROMOTE, "db-1"), (RESTART, "db-1"), (RESTART, "db-2")])
def test_while_the_primary_moves_no_instance_is_touched(here: Dev, tool: str, instance: str) -> None:
    here.world.store.merge(kinds.CLUSTER, "dev", "db", {"status": {"targetPrimary": "db-2"}}, subresource="status")
    told = here.ask.refusal(tool, cluster_name="db", instance=instance)
    assert "the primary of Cluster dev/db moves from db-1 to db-2 just now" in told
    assert here.person.asked == []


def test_what_is_no_instance_is_not_found(here: Dev) -> None:
    told = here.ask.refusal(PROMOTE, cluster_name="db", instance="db-9")
    assert told == ("NotFound: instance: Cluster 'db' has no instance 'db-9' with a pod; there are: db-2, db-1")
    assert "no live Cluster 'dbb' in dev; there are: db" in here.ask.refusal(RESTART, cluster_name="dbb", instance="1")
    assert here.person.asked == []


def test_where_commits_are_reviewed_the_command_is_named(here: Dev) -> None:
    told = here.ask.refusal(PROMOTE, cluster_name="db", instance="db-2", namespace="shop", environment="prod")
    assert told == (
        "Refused: environment 'prod' is changed by commits for review, and to promote one instance is no state that Git "
        "could hold: nothing was changed. A person would run: kubectl cnpg promote db db-2 --context prod-admin -n shop"
    )


def test_what_is_no_name_of_an_instance_gets_into_no_command(here: Dev) -> None:
    told = here.ask.refusal(RESTART, cluster_name="db", instance="db-2; reboot", environment="prod")
    assert told.startswith("InvalidRequest: instance: 'db-2; reboot' is not the name of an object")


def test_a_server_offers_neither_by_itself(tmp_path: Path) -> None:
    with dev(tmp_path) as made:
        offered = [one["name"] for one in made.ask.tools()] if hasattr(made.ask, "tools") else []
        assert PROMOTE not in offered
        assert "without the toolset direct" in made.ask.refusal(PROMOTE, cluster_name="db", instance="db-2")
