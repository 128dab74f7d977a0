from __future__ import annotations

import pytest

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object
from tests.domain.impact.objects import N, R, assert_impact, catalog, made


@pytest.mark.parametrize(
    ("before", "after", "level", "says"),
    [
        pytest.param(catalog("17.4"), catalog("17.5"), R, "every Cluster with PostgreSQL 17", id="a catalog"),
        pytest.param(catalog("17.4"), catalog("18.1"), N, "PostgreSQL 17 goes", id="a major leaves a catalog"),
        pytest.param(
            made("ImageCatalog", {"componentImages": [{"key": "pgbouncer", "image": "x:1"}]}),
            made("ImageCatalog", {"componentImages": [{"key": "pgbouncer", "image": "x:2"}]}),
            R,
            "every Pooler that takes pgbouncer",
            id="an image of PgBouncer in a catalog",
        ),
    ],
)
def test_the_impact_of_a_change_to_a_catalog(
    before: Object | None, after: Object | None, level: Level, says: str
) -> None:
    assert_impact(before, after, level, says)
