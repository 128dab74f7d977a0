from __future__ import annotations

from typing import Any

from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.objects import Object
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def read(cluster: Object | None = None, **related: Any) -> Status:
    return read_status(cluster or cnpg.healthy_cluster(), Related(**related), now=NOW)


def test_roles_carry_states_and_errors_and_nothing_of_passwords() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["spec"]["managed"] = {"roles": [{"name": "ghost"}, {"name": "clerk"}]}
    cluster["status"]["managedRolesStatus"]["cannotReconcile"] = {"ghost": ['role "x" does not exist']}
    seen = read(cluster, roles=(cnpg.role(observedGeneration=1),))
    assert [(one.name, one.state, one.errors) for one in seen.inline_roles] == [
        ("clerk", "reconciled", ()),
        ("ghost", "pending-reconciliation", ('role "x" does not exist',)),
    ]
    assert [(one.name, one.state) for one in seen.unmanaged_roles] == [("app", "not-managed"), ("postgres", "reserved")]
    assert "4711" not in repr(seen.inline_roles)
    assert seen.database_roles is not None
    auditor = seen.database_roles[0]
    assert (auditor.name, auditor.object, auditor.reclaim) == ("auditor", "ledger-auditor", "retain")
    assert (auditor.state.applied, auditor.state.stale, auditor.state.done) == (True, True, False)
