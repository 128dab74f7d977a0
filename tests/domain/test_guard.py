from __future__ import annotations

import pytest

from gitops_mcp.domain.guard import confirmed, instances_limited, limited, storage_class_limited
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plan import Plan
from gitops_mcp.errors import InvalidRequest, Refused

SAFE = Plan("scale", "Scale Cluster shop/db to 5 instances", Identity("Cluster", "shop", "db"))
GRAVE = Plan("delete", "Delete Cluster shop/db", Identity("Cluster", "shop", "db"), destroys="all data goes")


def test_a_plan_that_destroys_needs_a_word() -> None:
    with pytest.raises(Refused, match=r"all data goes.*confirm_deletion=true"):
        confirmed(GRAVE, confirmed=False, dry_run=False)
    assert confirmed(GRAVE, confirmed=True, dry_run=False) == GRAVE


def test_a_dry_run_shows_what_it_would_need() -> None:
    (notice,) = confirmed(GRAVE, confirmed=False, dry_run=True).warnings
    assert notice.id == "needs-confirmation"


def test_a_plan_that_is_safe_needs_none() -> None:
    assert confirmed(SAFE, confirmed=False, dry_run=False) == SAFE


def test_a_namespace_that_is_not_allowed_is_refused_wherever_it_came_from() -> None:
    with pytest.raises(Refused, match=r"'shop'.*there are: billing"):
        limited(SAFE, namespaces=("billing",))
    assert limited(SAFE, namespaces=("shop",)) == SAFE
    assert limited(SAFE, namespaces=None) == SAFE


def test_an_unknown_namespace_is_said_where_only_some_are_allowed() -> None:
    unknown = Plan("scale", "Scale", Identity("Cluster", None, "db"))
    assert [one.id for one in limited(unknown, namespaces=("shop",)).warnings] == ["namespace-unknown"]


def test_limits_name_the_number_and_the_choices() -> None:
    with pytest.raises(InvalidRequest, match="at most 9"):
        instances_limited(10, most=9)
    with pytest.raises(InvalidRequest, match="there are: fast, slow"):
        storage_class_limited("other", allowed=("fast", "slow"))
    with pytest.raises(InvalidRequest, match="name one"):
        storage_class_limited(None, allowed=("fast",))
    assert (instances_limited(9, most=9), storage_class_limited("fast", allowed=("fast",))) == (9, "fast")
