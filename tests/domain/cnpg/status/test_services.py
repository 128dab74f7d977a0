from __future__ import annotations

from typing import Any

from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.objects import Object
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def read(cluster: Object | None = None, **related: Any) -> Status:
    return read_status(cluster or cnpg.healthy_cluster(), Related(**related), now=NOW)


def test_services_say_what_they_serve_and_where() -> None:
    labels = {"cnpg.io/cluster": "ledger"}
    balanced = {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}
    found = read(
        services=(
            {"metadata": cnpg.metadata("ledger-rw", labels=labels), "spec": {"ports": [{"port": 5432}]}},
            {"metadata": cnpg.metadata("extra", labels=labels), "spec": {"type": "LoadBalancer"}, "status": balanced},
            {"metadata": cnpg.metadata("other-rw", labels={})},
        )
    ).services
    assert found is not None
    extra, writes = found
    assert (writes.host, writes.serves, writes.ports) == (
        "ledger-rw.bank.svc",
        "the primary: reads and writes",
        (5432,),
    )
    assert (extra.type, extra.external, extra.serves) == ("LoadBalancer", ("192.0.2.7",), None)


def test_budgets_say_how_many_pods_may_go() -> None:
    labels = {"cnpg.io/cluster": "ledger"}
    state = {"disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1}
    found = read(budgets=({"metadata": cnpg.metadata("ledger", labels=labels), "status": state},)).budgets
    assert found is not None
    assert (found[0].allowed, found[0].healthy, found[0].needed) == (1, 2, 1)
