from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object
from tests.domain.impact.objects import N, O, assert_impact, kept, made


def publication(**spec: Any) -> Object:
    return made("Publication", {"name": "all-1", "target": {"allTables": True}, **spec})


def subscription(**spec: Any) -> Object:
    return made("Subscription", {"name": "all-1", "publicationName": "all-1", **spec})


@pytest.mark.parametrize(
    ("before", "after", "level", "says"),
    [
        pytest.param(None, publication(), N, "publication all-1 is made", id="a publication"),
        pytest.param(publication(), None, N, "publication all-1 stays in PostgreSQL", id="one goes, policy retain"),
        pytest.param(
            publication(publicationReclaimPolicy="delete"),
            None,
            O,
            "its subscribers receive nothing more",
            id="one goes, policy delete",
        ),
        pytest.param(
            kept(publication(publicationReclaimPolicy="delete")), None, N, "protects its object", id="not to be pruned"
        ),
        pytest.param(publication(), publication(target={"objects": []}), N, "REFRESH PUBLICATION", id="another target"),
        pytest.param(
            publication(), publication(parameters={"publish": "insert"}), N, "changed in place", id="parameters"
        ),
        pytest.param(
            subscription(subscriptionReclaimPolicy="delete"),
            None,
            O,
            "its slot at the publisher goes",
            id="a subscription goes, policy delete",
        ),
    ],
)
def test_the_impact_of_a_change_to_logical_replication(
    before: Object | None, after: Object | None, level: Level, says: str
) -> None:
    assert_impact(before, after, level, says)
