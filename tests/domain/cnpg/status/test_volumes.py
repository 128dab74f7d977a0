from __future__ import annotations

from typing import Any

from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.objects import Object
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def read(cluster: Object | None = None, **related: Any) -> Status:
    return read_status(cluster or cnpg.healthy_cluster(), Related(**related), now=NOW)


def test_volumes_have_sizes_state_and_place() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["status"] |= {"resizingPVC": ["ledger-1"], "danglingPVC": ["ledger-9"]}
    growing: Any = {"capacity": {"storage": "10Gi"}, "conditions": [{"type": "Resizing", "status": "True"}]}
    seen = read(cluster, claims=(*cnpg.claims(), cnpg.claim("ledger-1", "ledger-1", **growing))).volumes
    assert seen is not None
    data = next(one for one in seen if one.capacity == "10Gi")
    assert (data.instance, data.role, data.phase, data.storage_class) == ("ledger-1", "PG_DATA", "Bound", "fast")
    assert (data.requested, data.state, data.resizing, data.is_smaller_than_asked) == (
        "20Gi",
        "resizing",
        "Resizing",
        True,
    )
    wal = next(one for one in seen if one.name == "ledger-3-wal")
    assert (wal.role, wal.requested, wal.state, wal.is_smaller_than_asked) == ("PG_WAL", "5Gi", "healthy", False)
    assert [one.instance for one in seen] == sorted(str(one.instance) for one in seen)
