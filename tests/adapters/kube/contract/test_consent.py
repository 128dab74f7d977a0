"""A tool that asks a person, while somebody writes to the object that is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mcp.types import ElicitResult

from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import NotFound
from tests.adapters.kube.contract.server import Server
from tests.e2e.dev import CONFIGURATION, NO, YES, Person, client
from tests.e2e.team import Assistant, Team

MERGE = "application/merge-patch+json"
SCALE, DELETE = "scale_postgres_cluster", "delete_postgres_cluster"


@dataclass(frozen=True)
class Asking:
    server: Server
    ask: Assistant
    person: Person

    def put(self, instances: int = 3) -> Object:
        metadata = {"name": "orders", "namespace": self.server.namespace}
        spec = {"instances": instances, "storage": {"size": "1Gi"}}
        manifest = {"apiVersion": CLUSTER.api_version, "kind": "Cluster", "metadata": metadata, "spec": spec}
        reply = self.server.ask("POST", self.server.path(resource=CLUSTER), manifest, fieldManager="kubectl-create")
        assert reply.status == 201, reply.body
        made: Object = reply.body
        return made

    def set(self, change: Object, subresource: str = "") -> None:
        path = f"{self.server.path('orders', CLUSTER)}{subresource}"
        reply = self.server.ask("PATCH", path, change, media_type=MERGE, fieldManager="kubectl-edit")
        assert reply.status == 200, reply.body

    def live(self) -> Object:
        return self.server.kube.get(CLUSTER, self.server.namespace, "orders")

    def during(self, *steps: Callable[[], Any], replies: tuple[ElicitResult, ...] = ()) -> None:
        """While the person thinks of the first question this happens; the answers are given in turn, then yes."""

        def reply(_: str) -> ElicitResult:
            number = len(self.person.asked)
            for step in steps if number == 1 else ():
                step()
            return replies[number - 1] if number <= len(replies) else YES

        self.person.reply = reply


@pytest.fixture
def asking(server: Server, tmp_path: Path) -> Iterator[Asking]:
    team, person = Team.of(tmp_path / "team", {".gitops-mcp.yaml": CONFIGURATION}), Person()
    with client(team, config=server.kubeconfig, person=person) as ask:
        yield Asking(server, ask, person)


def test_a_status_written_while_the_person_thinks_is_kept_and_the_change_is_made(asking: Asking) -> None:
    asking.put()
    asking.during(lambda: asking.set({"status": {"phase": "Cluster in healthy state"}}, "/status"))
    done = asking.ask.answer(
        SCALE, name="orders", namespace=asking.server.namespace, instances=1, confirm_deletion=True
    )
    assert done["outcome"] == "applied"
    live = asking.live()
    assert (live["spec"]["instances"], live["status"]["phase"]) == (1, "Cluster in healthy state")


def test_another_value_where_it_would_change_one_is_asked_about_anew(asking: Asking) -> None:
    asking.put()
    asking.during(lambda: asking.set({"spec": {"instances": 5}}), replies=(YES, NO))
    told = asking.ask.refusal(
        SCALE, name="orders", namespace=asking.server.namespace, instances=1, confirm_deletion=True
    )
    assert "the person said no" in told
    assert len(asking.person.asked) == 2
    assert asking.live()["spec"]["instances"] == 5


def test_an_object_of_the_same_name_is_not_deleted_in_the_place_of_the_one_that_was_asked_about(asking: Asking) -> None:
    first = asking.put()["metadata"]["uid"]

    def gone() -> None:
        asking.server.kube.delete(CLUSTER, asking.server.namespace, "orders")

    asking.during(gone, asking.put, replies=(YES, NO))
    asking.ask.refusal(DELETE, name="orders", namespace=asking.server.namespace, confirm_deletion=True)
    assert asking.live()["metadata"]["uid"] != first


def test_a_deletion_that_was_agreed_to_is_done_though_status_is_written(asking: Asking) -> None:
    asking.put()
    asking.during(lambda: asking.set({"status": {"phase": "Cluster in healthy state"}}, "/status"))
    done = asking.ask.answer(DELETE, name="orders", namespace=asking.server.namespace, confirm_deletion=True)
    assert done["outcome"] == "applied"
    with pytest.raises(NotFound):
        asking.live()
