"""The kinds that are read or written."""

from __future__ import annotations

import pytest

from gitops_mcp.crds import packaged_crds
from gitops_mcp.domain.kinds import CNPG_KINDS, may_mean_cnpg


def test_the_kinds_of_cnpg_are_those_of_its_crds() -> None:
    served = {
        (
            crd["spec"]["group"],
            crd["spec"]["versions"][0]["name"],
            crd["spec"]["names"]["plural"],
            crd["spec"]["names"]["kind"],
            crd["spec"]["scope"] == "Namespaced",
        )
        for crd in packaged_crds()
    }
    known = {(one.group, one.version, one.plural, one.kind, one.namespaced) for one in CNPG_KINDS}
    assert {kind for _, _, _, kind, _ in served - known} == {"FailoverQuorum"}
    assert known <= served


@pytest.mark.parametrize(
    ("group", "kind", "means"),
    [
        pytest.param(None, None, True, id="anything"),
        pytest.param("postgresql.cnpg.io", None, True, id="any kind of the group"),
        pytest.param(None, "Database", True, id="a kind of any group"),
        pytest.param("postgresql.cnpg.io", "FailoverQuorum", True, id="a kind that is not read"),
        pytest.param("postgresql.cnpg.io", "Deployment", False, id="a kind that the group has not"),
        pytest.param("postgresql.cnpg.io", "Cluster", True, id="a kind of the group"),
        pytest.param(None, "Deployment", False, id="another kind of any group"),
        pytest.param("example.com", "Cluster", False, id="another group"),
        pytest.param("", None, False, id="the core group"),
    ],
)
def test_a_group_and_a_kind_may_mean_an_object_of_cnpg(group: str | None, kind: str | None, *, means: bool) -> None:
    assert may_mean_cnpg(group, kind) is means
