from __future__ import annotations

from typing import Any

from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.objects import Object
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def read(cluster: Object | None = None, **related: Any) -> Status:
    return read_status(cluster or cnpg.healthy_cluster(), Related(**related), now=NOW)


def test_databases_say_which_parts_fail() -> None:
    parts = [{"name": "vector", "applied": False, "message": "not available"}, {"name": "ltree", "applied": True}]
    seen = read(databases=(cnpg.database(applied=False, message="no owner", extensions=parts),)).databases
    assert seen is not None
    assert (seen[0].name, seen[0].owner, seen[0].ensure, seen[0].reclaim) == ("books", "clerk", "present", "delete")
    assert (seen[0].state.applied, seen[0].state.message) == (False, "no owner")
    assert seen[0].state.why == "no owner; extension vector: not available"
    assert seen[0].state.failing == ("extension vector: not available",)
