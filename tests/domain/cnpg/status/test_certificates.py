from __future__ import annotations

from typing import Any

from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.objects import Object
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def read(cluster: Object | None = None, **related: Any) -> Status:
    return read_status(cluster or cnpg.healthy_cluster(), Related(**related), now=NOW)


def test_certificates_have_days_left_the_first_to_end_first() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["spec"]["certificates"] = {"serverTLSSecret": "ledger-server"}
    cluster["status"]["certificates"]["expirations"]["odd"] = "never"
    assert [
        (one.secret, one.expires, one.days_left, one.renewed_by_operator) for one in read(cluster).certificates
    ] == [
        ("odd", None, None, True),
        ("ledger-ca", "2026-11-10T06:30:00Z", 69, True),
        ("ledger-server", "2026-11-20T06:30:00Z", 79, False),
    ]
