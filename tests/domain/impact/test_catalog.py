from __future__ import annotations

import pytest

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object
from tests.domain.impact.objects import N, R, assert_impact, catalog, made


@pytest.mark.parametrize(
    ("before", "after", "level", "says"),
    [
        pytest.param(catalog("17.4"), catalog("17.5"), R, "every Cluster with PostgreSQL 17", id="a catalog"),
        pytest.param(catalog("17.4"), catalog("18.1"), N, "PostgreSQL 17 is removed", id="a major leaves a catalog"),
        pytest.param(
            made("ImageCatalog", {"componentImages": [{"key": "pgbouncer", "image": "x:1"}]}),
            made("ImageCatalog", {"componentImages": [{"key": "pgbouncer", "image": "x:2"}]}),
            R,
            "every Pooler that takes pgbouncer",
            id="an image of PgBouncer in a catalog",
        ),
        pytest.param(catalog("17.4"), catalog("17.4", "18.1"), N, "", id="a major comes"),
        pytest.param(catalog("17.4", "18.1"), catalog("17.4", "18.2"), R, "with PostgreSQL 18", id="one of two majors"),
        pytest.param(
            made("ImageCatalog", {"componentImages": [{"key": "a", "image": "x:1"}, {"key": "b", "image": "x:1"}]}),
            made("ImageCatalog", {"componentImages": [{"key": "b", "image": "x:1"}, {"key": "c", "image": "x:1"}]}),
            N,
            "",
            id="keys come and go",
        ),
        pytest.param(None, catalog("17.4"), N, "", id="a new catalog"),
        pytest.param(catalog("17.4"), None, N, "PostgreSQL 17 is removed", id="a catalog goes"),
    ],
)
def test_the_impact_of_a_change_to_a_catalog(
    before: Object | None, after: Object | None, level: Level, says: str
) -> None:
    assert_impact(before, after, level, says)
