from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.cnpg.notation.moment import Moment
from gitops_mcp.domain.cnpg.status.pods import Job
from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.objects import Object
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def read(cluster: Object | None = None, **related: Any) -> Status:
    return read_status(cluster or cnpg.healthy_cluster(), Related(**related), now=NOW)


def test_instances_are_joined_from_status_and_pods() -> None:
    first, second, _ = read(pods=cnpg.pods()).instances
    assert (first.name, first.role, first.state, first.timeline) == ("ledger-1", "replica", "healthy", 7)
    assert (first.pod, first.ready, first.restarts, first.node) == ("Running", True, 1, "node-a")
    assert (first.image, first.waiting) == (cnpg.IMAGE, None)
    assert first.started == Moment("2026-08-30T12:00:00Z", "2d")
    assert second.role == "primary"


def test_pods_that_were_not_read_are_not_called_missing() -> None:
    (first, *_) = read().instances
    assert (first.pod, first.ready, first.role) == (None, None, "replica")
    (first, *_) = read(pods=()).instances
    assert (first.pod, first.ready) == ("missing", False)


def test_the_zone_of_an_instance_is_what_its_pod_or_else_the_operator_says() -> None:
    cluster, (first, *others) = cnpg.healthy_cluster(), cnpg.pods()
    zone = "topology.kubernetes.io/zone"
    cluster["status"]["topology"] = {"instances": {name: {zone: "eu-1b"} for name in ("ledger-1", "ledger-2")}}
    first["metadata"]["labels"][zone] = "eu-1a"
    assert [one.zone for one in read(cluster, pods=(first, *others)).instances] == ["eu-1a", "eu-1b", None]


def test_instances_are_in_the_order_of_their_serials() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["status"]["instanceNames"] = ["ledger-10", "ledger-9"]
    cluster["status"]["instancesReportedState"] = {}
    assert [one.name for one in read(cluster).instances] == ["ledger-9", "ledger-10"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param(
            {
                "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
                ]
            },
            "Unschedulable: 0/3 nodes",
            id="no node",
        ),
        pytest.param(
            {
                "containerStatuses": [
                    {
                        "name": "postgres",
                        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                        "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
                    }
                ]
            },
            "postgres: CrashLoopBackOff; postgres stopped: OOMKilled (exit code 137)",
            id="a crash",
        ),
        pytest.param(
            {
                "initContainerStatuses": [
                    {"name": "init", "state": {"waiting": {"reason": "ErrImagePull", "message": "a\nb"}}}
                ]
            },
            "init: ErrImagePull: a b",
            id="an image",
        ),
        pytest.param({"phase": "Failed", "reason": "Evicted", "message": "disk"}, "Evicted: disk", id="evicted"),
        pytest.param(
            {"containerStatuses": [{"name": "postgres", "state": {"waiting": {"reason": "PodInitializing"}}}]},
            None,
            id="starting is not a reason",
        ),
    ],
)
def test_a_pod_says_why_it_does_not_run(more: Object, why: str | None) -> None:
    assert read(pods=(cnpg.pod("ledger-1", **more),)).instances[0].waiting == why


def test_pods_of_poolers_jobs_and_other_clusters_are_no_instances() -> None:
    others = [cnpg.pod(name) for name in ("ledger-pooler-x", "ledger-4-join-y", "other-1")]
    others[0]["metadata"]["labels"]["cnpg.io/podRole"] = "pooler"
    others[1]["metadata"]["labels"]["cnpg.io/jobRole"] = "join"
    others[2]["metadata"]["labels"]["cnpg.io/cluster"] = "other"
    seen = read(pods=(*others, *cnpg.pods()))
    assert [one.name for one in seen.instances] == ["ledger-1", "ledger-2", "ledger-3"]
    assert seen.jobs == (Job("ledger-4-join-y", "join", "Running", None),)
    others[1]["status"]["phase"] = "Succeeded"
    assert read(pods=tuple(others)).jobs == ()
