from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from gitops_mcp.caller import Nobody
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.workflows.writing.delivery.direct.health_wait import wait_until_healthy
from tests.workflows.writing.conftest import Direct

DB = Identity("Cluster", "dev", "db")
HEALTHY = {"phase": "Cluster in healthy state", "instances": 1, "readyInstances": 1, "instanceNames": ["db-1"]}


@dataclass
class Listener(Nobody):
    """Who hears how far it is."""

    heard: list[tuple[float, float, str]] = field(default_factory=list)

    def told(self, done: float, total: float, message: str) -> None:
        self.heard.append((done, total, message))


def put_cluster(direct: Direct, status: Object) -> None:
    found = direct.put(CLUSTER, "db", instances=1, storage={"size": "1Gi"})
    direct.world.store.replace(CLUSTER, {**found, "status": status}, subresource="status")


def test_one_that_is_healthy_is_not_waited_for(direct: Direct) -> None:
    put_cluster(direct, HEALTHY)
    caller = Listener()
    assert wait_until_healthy(direct.kube(), caller, DB, seconds=30) == ()
    (heard,) = caller.heard
    assert heard[1:] == (30, "Cluster dev/db: 1 of 1 instances are ready")


def test_what_will_not_come_by_itself_ends_the_wait(direct: Direct) -> None:
    put_cluster(direct, {**HEALTHY, "phase": "Unable to create required cluster objects"})
    (notice,) = wait_until_healthy(direct.kube(), Listener(), DB, seconds=30)
    assert notice.id == "not-healthy"
    assert notice.message.startswith(
        "Cluster dev/db does not become healthy by itself: phase 'Unable to create required cluster objects'"
    )


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.few(1)
def test_the_wait_ends_in_time(direct: Direct, is_there: bool) -> None:
    if is_there:
        put_cluster(direct, {"phase": "Setting up primary"})
    (notice,) = wait_until_healthy(direct.kube(), Listener(), DB, seconds=1)
    assert notice.message.startswith("Cluster dev/db was not healthy after 1 s: ")
