from __future__ import annotations

import pytest

from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.confirmation import require_allowed_namespace, require_confirmation
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.errors import Refused

SAFE = Plan("Scale Cluster shop/db to 5 instances", Identity("Cluster", "shop", "db"))
GRAVE = Plan("Delete Cluster shop/db", Identity("Cluster", "shop", "db"), destroys="data")


def test_a_plan_that_destroys_needs_a_word() -> None:
    with pytest.raises(Refused, match=r"data.*confirm_deletion=true"):
        require_confirmation(GRAVE, confirmed=False, dry_run=False)
    assert require_confirmation(GRAVE, confirmed=True, dry_run=False) == GRAVE


def test_a_dry_run_shows_what_it_would_need() -> None:
    (notice,) = require_confirmation(GRAVE, confirmed=False, dry_run=True).warnings
    assert notice.id == "needs-confirmation"


STOPPING = Plan("Hibernate", Identity("Cluster", "shop", "db"), stops="pods")
BOTH = Plan("Do it", Identity("Cluster", "shop", "db"), destroys="data", stops="pods")


def test_a_plan_that_stops_the_database_needs_a_word_of_its_own() -> None:
    with pytest.raises(Refused, match=r"pods.*repeat this with confirm_outage=true \("):
        require_confirmation(STOPPING, confirmed=False, dry_run=False)
    assert require_confirmation(STOPPING, confirmed=False, outage_confirmed=True, dry_run=False) == STOPPING
    (notice,) = require_confirmation(STOPPING, confirmed=False, dry_run=True).warnings
    assert notice.message == "pods. Doing it takes confirm_outage=true"


def test_the_word_for_a_loss_still_counts_for_an_outage() -> None:
    assert require_confirmation(STOPPING, confirmed=True, dry_run=False) == STOPPING


def test_the_word_for_an_outage_is_none_for_a_loss() -> None:
    with pytest.raises(Refused, match=r"data\. .*with confirm_deletion=true \("):
        require_confirmation(BOTH, confirmed=False, outage_confirmed=True, dry_run=False)
    with pytest.raises(Refused, match=r"data; pods\. .*confirm_deletion=true and confirm_outage=true"):
        require_confirmation(BOTH, confirmed=False, dry_run=False)


def test_a_plan_that_is_safe_needs_none() -> None:
    assert require_confirmation(SAFE, confirmed=False, dry_run=False) == SAFE


def test_a_namespace_that_is_not_allowed_is_refused_wherever_it_came_from() -> None:
    with pytest.raises(Refused, match=r"'shop'.*there are: billing"):
        require_allowed_namespace(SAFE, namespaces=("billing",))
    assert require_allowed_namespace(SAFE, namespaces=("shop",)) == SAFE
    assert require_allowed_namespace(SAFE, namespaces=None) == SAFE


def test_an_unknown_namespace_is_said_where_only_some_are_allowed() -> None:
    unknown = Plan("Scale", Identity("Cluster", None, "db"))
    assert [one.id for one in require_allowed_namespace(unknown, namespaces=("shop",)).warnings] == [
        "namespace-unknown"
    ]
