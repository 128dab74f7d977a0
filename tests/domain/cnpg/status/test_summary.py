from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.notation.moment import Moment
from gitops_mcp.domain.cnpg.status.summary import Summary
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def test_a_cluster_at_a_glance() -> None:
    seen = Summary(cnpg.healthy_cluster(), NOW)
    assert (seen.namespace, seen.name, seen.instances, seen.ready) == ("bank", "ledger", 3, 3)
    assert (seen.phase.kind, seen.primary, seen.switching_to) == ("ok", "ledger-2", None)
    assert (seen.major, seen.image, seen.storage, seen.wal_storage) == (18, cnpg.IMAGE, "20Gi", "5Gi")
    assert (seen.created, seen.timeline) == (Moment("2026-06-03T12:00:00Z", "90d"), 7)
    assert seen.healthy


def test_a_cluster_that_no_operator_has_seen_is_read_from_its_spec() -> None:
    ref = {"kind": "ImageCatalog", "name": "pg", "major": 17}
    seen = Summary({"metadata": {"name": "new"}, "spec": {"imageCatalogRef": ref}}, NOW)
    assert (seen.instances, seen.ready, seen.phase.name, seen.created) == (1, 0, None, None)
    assert (seen.image, seen.major) == ("ImageCatalog pg, major 17", 17)
    assert not seen.healthy


@pytest.mark.parametrize(
    ("target", "switching"), [("ledger-2", None), ("ledger-3", "ledger-3"), ("pending", "pending"), ("", None)]
)
def test_a_switch_goes_on_while_target_and_current_primary_differ(target: str, switching: str | None) -> None:
    cluster = cnpg.healthy_cluster()
    cluster["status"]["targetPrimary"] = target
    assert Summary(cluster, NOW).switching_to == switching


def test_hibernated_fenced_deleted_and_following_clusters_are_noticed() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["metadata"] |= {
        "annotations": {"cnpg.io/hibernation": "on", "cnpg.io/fencedInstances": '["ledger-1"]'},
        "deletionTimestamp": "2026-09-01T00:00:00Z",
    }
    cluster["status"]["readyInstances"] = 0
    cluster["spec"]["replica"] = {"primary": "north", "source": "north-store"}
    seen = Summary(cluster, NOW)
    assert (seen.hibernated, seen.fenced, seen.deleting, seen.replica_of) == (True, ("ledger-1",), True, "north-store")
