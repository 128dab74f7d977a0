from __future__ import annotations

import pytest

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object
from tests.domain.impact.objects import L, N, O, R, assert_impact, pooler


@pytest.mark.parametrize(
    ("before", "after", "level", "says"),
    [
        pytest.param(None, pooler(), N, "a Deployment and a Service", id="a new Pooler"),
        pytest.param(pooler(), None, O, "is turned away", id="a Pooler goes"),
        pytest.param(pooler(), pooler(paused=True), O, "holds every client", id="paused"),
        pytest.param(pooler(), pooler(parameters={"verbose": "1"}), L, "reloads its configuration", id="parameters"),
        pytest.param(pooler(), pooler(image="x:1"), R, "spec.pgbouncer.image", id="another image of PgBouncer"),
        pytest.param(
            pooler(image="x:1"),
            pooler(image="x:1", poolMode="session"),
            L,
            "spec.pgbouncer.poolMode",
            id="beside an image that stays",
        ),
        pytest.param(pooler(), pooler({"type": "ro"}), R, "spec.type", id="another type"),
        pytest.param(
            pooler(), pooler({"serviceTemplate": {"spec": {"type": "LoadBalancer"}}}), N, "in place", id="its Service"
        ),
        pytest.param(
            pooler(),
            pooler({"deploymentStrategy": {"type": "Recreate"}}),
            N,
            "are replaced from now on",
            id="a strategy",
        ),
        pytest.param(pooler(), pooler({"instances": 1}), R, "2 -> 1: connections", id="fewer pods"),
        pytest.param(pooler(), pooler({"instances": 0}), O, "nobody connects", id="no pods"),
        pytest.param(pooler(), pooler({"instances": 3}), N, "beside the running ones", id="more pods"),
    ],
)
def test_the_impact_of_a_change_to_a_pooler(
    before: Object | None, after: Object | None, level: Level, says: str
) -> None:
    assert_impact(before, after, level, says)
