from __future__ import annotations

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.health import health_of, worst_health


def cluster(phase: str | None) -> Object:
    status = {"status": {"phase": phase}} if phase else {}
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", **status}


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (None, "Missing"),
        (cluster(None), "Progressing"),
        (cluster("Cluster in healthy state"), "Healthy"),
        (cluster("Creating a new replica"), "Progressing"),
        (cluster("Applying configuration"), "Degraded"),
        (cluster("Cluster is unrecoverable and needs manual intervention"), "Suspended"),
        (cluster("Invalid cluster definition"), "Unknown"),
        ({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Database", "status": {"applied": False}}, "Healthy"),
    ],
)
def test_health_is_what_argo_cd_would_say(live: Object | None, expected: str) -> None:
    assert health_of(live)["status"] == expected


def test_an_application_is_as_healthy_as_the_worst_of_its_objects() -> None:
    assert worst_health(["Healthy", "Degraded", "Progressing"]) == "Degraded"
    assert worst_health([]) == "Healthy"
