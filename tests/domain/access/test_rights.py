from __future__ import annotations

from collections.abc import Iterable

import pytest

from gitops_mcp.domain.access.identity import Identity, Scope
from gitops_mcp.domain.access.rights import AccessRules, Grant, with_those_before

READ, PROPOSE, APPLY = (with_those_before([one]) for one in ("read", "propose", "apply"))
RULES = AccessRules(
    {
        "shop": Grant(PROPOSE, frozenset({"prod", "dev"}), ("shop",)),
        "jobs": Grant(READ, frozenset({"prod"}), ("jobs", "shop")),
        "dev": Grant(APPLY, frozenset({"dev"})),
        "all": Grant(READ),
    }
)


def jane(*groups: str, scopes: Iterable[Scope] = ("apply",)) -> Identity:
    return Identity("0f3a", "https://login.example.com", "jane", frozenset(groups), frozenset(scopes))


@pytest.mark.parametrize(
    ("who", "environment", "scope", "namespaces"),
    [
        pytest.param(jane("shop"), "prod", "propose", ("shop",), id="what the group gives"),
        pytest.param(jane("shop"), "prod", "apply", (), id="no more than the group gives"),
        pytest.param(jane("shop", scopes=["read"]), "prod", "propose", (), id="no more than the token has"),
        pytest.param(jane("shop"), "test", "read", (), id="in no other environment"),
        pytest.param(jane("shop", "jobs"), "prod", "read", ("jobs", "shop"), id="what both give"),
        pytest.param(jane("shop", "jobs"), "prod", "propose", ("shop",), id="each with its own scope"),
        pytest.param(jane("shop", "all"), "prod", "read", None, id="all of them"),
        pytest.param(jane("shop", "dev"), "dev", "apply", None, id="all of one environment"),
        pytest.param(jane("nobody"), "prod", "read", (), id="a group that is not known"),
        pytest.param(None, "prod", "read", (), id="nobody"),
    ],
)
def test_a_right_is_a_scope_in_an_environment_and_its_namespaces(
    who: Identity | None, environment: str, scope: Scope, namespaces: tuple[str, ...] | None
) -> None:
    assert RULES.rights_of(who).namespaces(environment, scope) == namespaces


def test_without_groups_the_scopes_hold_everywhere() -> None:
    rights = AccessRules(None).rights_of(jane(scopes=["propose"]))
    assert [rights.namespaces("any", one) for one in ("read", "propose", "apply")] == [None, None, ()]


def test_what_is_missing_is_told() -> None:
    assert RULES.rights_of(jane("shop")).why_not("propose") is None
    assert RULES.rights_of(jane("shop", scopes=["read"])).why_not("propose") == (
        "it takes the scope propose, and the token of jane (0f3a) has read: sign in for that scope"
    )
    assert RULES.rights_of(jane("jobs")).why_not("apply") == (
        "it takes the scope apply, which no group of jane (0f3a) gives: ask who runs this server for it"
    )
    assert RULES.rights_of(None).why_not("read") == (
        "it takes the scope read, and the token of a caller who is not signed in has none: sign in for that scope"
    )
