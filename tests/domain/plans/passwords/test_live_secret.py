from __future__ import annotations

import pytest

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.passwords.live_secret import (
    LiveSecretMaker,
    NameInUse,
    caution_of_name,
    check_secret_is_free,
)
from gitops_mcp.domain.plans.passwords.role_password import PasswordOwner
from gitops_mcp.domain.plans.passwords.secret_documents import Way
from gitops_mcp.errors import Refused
from tests.domain.plans.role_files import CLUSTER, read

_, ORDERS = read(CLUSTER)
DAVE = PasswordOwner(ORDERS, ClusterRef("shop", "orders"), "dave", "orders-dave")
OURS: Object = {"labels": {"app.kubernetes.io/managed-by": "gitops-mcp"}}


@pytest.mark.parametrize(
    "live",
    [
        pytest.param((), id="there is none"),
        pytest.param((LiveSecretMaker("Secret", {}, (OURS,)),), id="made by this server's"),
        pytest.param((LiveSecretMaker("Secret", OURS, (None,)),), id="its maker is gone, so it goes"),
        pytest.param((LiveSecretMaker("ExternalSecret", OURS), LiveSecretMaker("Password", OURS)), id="its makers"),
    ],
)
def test_a_name_is_free_where_nothing_has_it_or_what_this_server_makes_anew(live: tuple[LiveSecretMaker, ...]) -> None:
    check_secret_is_free(DAVE, "external-secrets", "x", live)


THEIRS = "there is a live Secret shop/x that this server did not make, and it would be taken over"


@pytest.mark.parametrize(
    ("live", "told"),
    [
        pytest.param(LiveSecretMaker("Secret", {}), THEIRS, id="somebody's"),
        pytest.param(LiveSecretMaker("Secret", {}, ({},)), THEIRS, id="made by somebody's"),
        pytest.param(LiveSecretMaker("Secret", {}, ({}, None)), THEIRS, id="made by somebody's, and one that is gone"),
        pytest.param(LiveSecretMaker("Password", {}), THEIRS.replace("Secret", "Password"), id="somebody's generator"),
        pytest.param(
            LiveSecretMaker("Secret", {**OURS, "annotations": {"gitops-mcp/change": "add-x"}}),
            "there is a live Secret shop/x of this server's (made for change 'add-x'), with a password that others may",
            id="one that provider cluster left",
        ),
        pytest.param(
            LiveSecretMaker("Secret", {}, (), "ExternalSecret x"),
            "there is a live Secret shop/x that ExternalSecret x makes, and whether this server made that could not be",
            id="its maker may not be read",
        ),
    ],
)
def test_a_name_that_is_taken_is_refused_with_who_has_it(live: LiveSecretMaker, told: str) -> None:
    with pytest.raises(Refused) as refused:
        check_secret_is_free(DAVE, "external-secrets", "x", [live])
    assert str(refused.value).startswith(told)
    assert "say password_source='existing:x' to use its password, or remove it first" in str(refused.value)
    assert str(refused.value).endswith(f"kubectl -n shop delete {live.kind.lower()} x")


def test_to_provider_cluster_no_secret_is_free_since_it_never_writes_over_one() -> None:
    with pytest.raises(Refused, match="there is a live Secret shop/x of this server's"):
        check_secret_is_free(DAVE, "cluster", "x", [LiveSecretMaker("Secret", {}, (OURS,))])


THEN = "the External Secrets Operator makes it its own, keeps the password that it has, and deletes it with the role"
LEFT = "the Sealed Secrets controller leaves it as it is and does not try again, so the role keeps the password it has"


@pytest.mark.parametrize(
    ("provider", "then"), [("external-secrets", THEN), ("sealed-secrets", LEFT), ("sops", "it is written over")]
)
def test_of_a_name_that_could_not_be_looked_at_is_said_what_happens(provider: Way, then: str) -> None:
    seen = NameInUse((), ("Secret", "ExternalSecret"), "that may not be read here")
    assert caution_of_name(DAVE, provider, "x", seen) == (
        f"Whether there is a Secret shop/x already could not be checked (that may not be read here); if there is, "
        f"{then}. Check first that there is none: `kubectl -n shop get secret x`"
    )
    assert caution_of_name(DAVE, provider, "x", NameInUse(())) == ""


def test_of_a_maker_that_could_not_be_looked_at_is_said_that_it_is_taken_over() -> None:
    seen = NameInUse((), ("ExternalSecret",), "that may not be read here")
    assert "if there is, it is taken over" in caution_of_name(DAVE, "external-secrets", "x", seen)
