"""A role or database whose name is a credential is refused, and the name is not repeated; other long names are taken."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.notation.sql import checked_database_name, checked_role_name
from gitops_mcp.errors import InvalidRequest


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("AKIAIOSFODNN7EXAMPLE", id="an access key of AWS"),
        pytest.param("ghp_" + "a1B2" * 9, id="a token of GitHub"),
        pytest.param("glpat-" + "a1B2" * 5, id="a token of GitLab"),
        pytest.param("q83vEjRWeJq83vASNFZ4mrze8BI0VniavN7wEjRWeJo=", id="32 bytes in base64"),
        pytest.param("q83vEjRW-Jq83vASNFZ4mrze8BI0VniavN7wEjRWeJo", id="for an address"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.Zb3kQ9xPv7Lm2", id="a token that is signed"),
        pytest.param("Zb3kQ9xPv7Lm2Rt8Wn4Y", id="a generated password"),
        pytest.param("wJalrXUtnFEMIxK7MDENGxbPxRfiCYzQ9kT4vW2nL", id="a secret key of AWS"),
        pytest.param("0123456789abcdef" * 3, id="24 bytes in hex"),
        pytest.param("xk3j9f0q2mzp8r7w1t5v", id="a generated word in lower case"),
        pytest.param("postgres://app:hunter2@db", id="an address with a login"),
        pytest.param("password=hunter2", id="an assignment"),
        pytest.param("sk_live_4eC39HqLyjWDarjtT1zdp7dc", id="a key of Stripe"),
        pytest.param("AGE-SECRET-KEY-1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", id="an age key"),
    ],
)
def test_a_name_that_is_a_credential_is_refused_and_not_repeated(name: str) -> None:
    for checked in (checked_role_name, checked_database_name):
        with pytest.raises(InvalidRequest, match="looks as if it held a password or a token") as raised:
            checked(name)
        assert name not in str(raised.value)


@pytest.mark.parametrize(
    "name",
    [
        "app", "Reporting User", "tenant_8f3a2b1c", "tenant_3f2a8c1e9b4d4e7fa1c25d6e7f8a9b0c", "orders-prod-2026-archive",
        "3f2a8c1e-9b4d-4e7f-a1c2-5d6e7f8a9b0c", "my_reporting_role_2024", "AnalyticsWarehouseReadOnlyUser2026",
        "customer_relationship_management_v2", "größenlager", "svc.account@example.com", "d41d8cd98f00b204e9800998ecf8427e",
        "team42_project7_stage3", "PostgreSQL18Benchmarks", "x" * 63,
    ],
)  # fmt: skip
def test_a_long_name_is_taken(name: str) -> None:
    assert checked_role_name(name) == name
    assert checked_database_name(name) == name
