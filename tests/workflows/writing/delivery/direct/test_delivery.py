from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.caller import Nobody
from gitops_mcp.domain.kinds import CLUSTER, DATABASE, DATABASE_ROLE
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.clusters.cluster_settings import ClusterUpdate
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.subject import Subject
from gitops_mcp.errors import GitOpsError, NotFound, Refused
from gitops_mcp.sandbox.store.checks.webhooks import Webhook
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.cluster_update import update_cluster
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from tests.workflows.conftest import GROUP
from tests.workflows.writing.conftest import Direct

STORAGE = {"size": "1Gi"}


def request_to(tool: str, *, dry_run: bool = False, confirmed: bool = False) -> WriteRequest:
    return WriteRequest(tool, None, dry_run=dry_run, confirmed=confirmed)


def test_nothing_is_asked_of_the_api_twice_before_it_is_tried(direct: Direct) -> None:
    direct.put(CLUSTER, "db", instances=1, storage=STORAGE)
    direct.put(DATABASE, "db-shop", cluster={"name": "db"}, name="shop", owner="app")
    direct.put(DATABASE_ROLE, "db-ada", cluster={"name": "db"}, name="ada")
    request = request_to("scale_postgres_cluster", dry_run=True)
    done = clusters.scale_cluster(direct.app(), request, "db", namespace=None, instances=2)
    assert done.outcome == "dry_run"
    assert [one for one, times in Counter(direct.read()).items() if times > 1] == []
    assert [path for path, _ in direct.read() if path.startswith(f"{GROUP}/clusters")] == [f"{GROUP}/clusters"]
    assert not any("/namespaces/dev/clusters" in path for path, _ in direct.read())


def test_a_request_is_planned_once(direct: Direct) -> None:
    planned = []

    def about(view: View) -> Subject:
        raise AssertionError(f"there is no change to name in {view.environment.name}")

    def plan(view: View) -> Plan:
        planned.append(view)
        declared = view.desired.cluster("db", None, environment="dev")
        return Plan("Nothing", declared.identity, unchanged="done")

    direct.put(CLUSTER, "db", instances=1, storage=STORAGE)
    request = WriteRequest("scale_postgres_cluster", None, cluster="db")
    assert deliver(direct.app(), request, Writing(about, plan)).outcome == "unchanged"
    assert len(planned) == 1


@pytest.mark.parametrize("name", ["ordres", "payments"])
def test_a_cluster_that_there_is_not_is_told_with_those_that_are_live(direct: Direct, name: str) -> None:
    for other in ("orders", "billing"):
        direct.put(CLUSTER, other, instances=1, storage=STORAGE)
    with pytest.raises(NotFound, match=f"^the API has no Cluster '{name}' in dev; .*orders"):
        clusters.scale_cluster(direct.app(), request_to("scale_postgres_cluster"), name, namespace=None, instances=2)


def test_what_takes_a_persons_word_is_said_to_be_done_at_once(direct: Direct) -> None:
    direct.put(CLUSTER, "db", instances=1, storage=STORAGE)
    with pytest.raises(Refused, match="This call would do at once: Delete Cluster dev/db"):
        clusters.delete_cluster(direct.app(), request_to("delete_postgres_cluster"), "db", namespace=None)


class SlowPerson(Nobody):
    """Says yes each time, after other writers have been there; the second time after minutes."""

    def __init__(self, direct: Direct, clock: list[float]) -> None:
        self._direct, self._clock = direct, clock
        self.answers = 0

    def agree(self, question: str, *, about: Mapping[str, Mapping[str, object]], instead: str) -> bool:  # noqa: ARG002 - the question is looked at elsewhere
        self.answers += 1
        if self.answers < 3:
            self._clock[0] += 100.0 * (self.answers - 1)
            change = {"spec": {"stopDelay": 100 + self.answers}}
            self._direct.kube().merge(CLUSTER, "dev", "db", change)
        return False


def test_the_time_that_a_person_takes_to_answer_is_no_time_of_other_writers(
    direct: Direct, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct.put(CLUSTER, "db", instances=3, storage=STORAGE)
    clock, monotonic = [0.0], time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + clock[0])
    person = SlowPerson(direct, clock)
    app = replace(direct.app(), caller=person)
    request = request_to("scale_postgres_cluster", confirmed=True)
    assert clusters.scale_cluster(app, request, "db", namespace=None, instances=1).outcome == "applied"
    assert person.answers == 3


@dataclass
class Reconfiguring(Nobody):
    """Says yes, after somebody has merged another configuration."""

    direct: Direct
    configuration: str
    is_asked: bool = False

    def agree(self, question: str, *, about: Mapping[str, Mapping[str, object]], instead: str) -> bool:  # noqa: ARG002 - the question is looked at elsewhere
        if self.is_asked:
            return False
        self.direct.team.commit({".gitops-mcp.yaml": self.configuration})
        self.is_asked = True
        return True


@pytest.mark.parametrize(
    ("configuration", "why"),
    [
        pytest.param("protected: true", r"protected.*direct", id="protected"),
        pytest.param("protected: true, delivery: git", "commits for review", id="protected and reviewed"),
        pytest.param("namespaces: [other], delivery: direct", "namespace", id="another namespace"),
        pytest.param("delivery: git", "commits for review", id="reviewed"),
    ],
)
@pytest.mark.few(1)
def test_what_is_configured_while_a_person_is_asked_counts(direct: Direct, configuration: str, why: str) -> None:
    direct.put(CLUSTER, "db", instances=3, storage=STORAGE)
    delivery = "" if "delivery" in configuration else ", delivery: direct"
    text = f"environments: {{dev: {{path: clusters/dev, {configuration}{delivery}}}}}\n"
    app = replace(direct.app(), caller=Reconfiguring(direct, text))
    with pytest.raises(GitOpsError, match=why):
        clusters.scale_cluster(
            app, request_to("scale_postgres_cluster", confirmed=True), "db", namespace="dev", instances=1
        )
    assert direct.kube().get(CLUSTER, "dev", "db")["spec"]["instances"] == 3
    assert direct.team.git("for-each-ref", "refs/heads/gitops-mcp") == ""


STANDS = (
    "Cluster dev/db spec.primaryUpdateStrategy: 'supervised' is refused with a single instance, where nobody could "
    "switch over: 'unsupervised', or at least 2 instances (it was so before this change, and every change of this object "
    "is refused until it is mended, so that this one does not arrive)"
)


def deny(_: Object) -> Object:
    return {"allowed": False, "status": {"code": 403, "message": "no"}}


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_the_live_object_has_for_which_every_change_is_refused_is_said_first(
    direct: Direct, *, dry_run: bool
) -> None:
    direct.put(CLUSTER, "db", instances=1, storage=STORAGE, primaryUpdateStrategy="supervised")
    request, sizes = request_to("update_postgres_cluster", dry_run=dry_run), count(5)

    def update() -> WriteResult:
        asked = ClusterUpdate(parameters={"work_mem": f"{next(sizes)}MB"})
        return update_cluster(direct.app(), request, "db", asked, namespace=None)

    first, *_ = update().warnings
    assert (first.id, first.message) == ("standing-fault", STANDS)
    direct.world.store.webhooks.append(Webhook("vcluster.cnpg.io", CLUSTER, deny))
    with pytest.raises(Refused) as raised:
        update()
    assert str(raised.value).startswith(f"{STANDS}. patch clusters.postgresql.cnpg.io")
    assert "webhook 'vcluster.cnpg.io' refuses it" in str(raised.value)


def test_a_deletion_names_live_objects_and_waits_for_no_review(direct: Direct) -> None:
    direct.put(CLUSTER, "db", instances=1, storage=STORAGE)
    direct.put(DATABASE, "db-shop", cluster={"name": "db"}, name="shop", owner="app")
    request = request_to("delete_postgres_cluster", dry_run=True)
    done = clusters.delete_cluster(direct.app(), request, "db", namespace=None)
    assert done.about == ["Deletes:", "- the live Cluster dev/db", "- the live Database dev/db-shop"]
    assert done.next[0].startswith("This deletes Cluster dev/db: pods, PVCs with all data, ")
    assert not any("merged" in step for step in done.next)
