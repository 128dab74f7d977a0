from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    IMAGE,
    Accepted,
    Refused,
    catalog,
    cluster,
    findings_against,
    findings_at_field,
    listed,
)

ACCEPTED = [
    pytest.param(Accepted("catalog-versions", Seen(catalog(17))), id="an image of its major"),
    pytest.param(
        Accepted("catalog-used", Seen(catalog(17, 18), neighbours=(listed(17), cluster()))),
        id="a major in use that stays",
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "catalog-versions",
            Seen(catalog(images=[{"major": 17, "image": f"{IMAGE}:18.1"}]), neighbours=(listed(17),)),
            "spec.images[0].image",
            "of PostgreSQL 18 by its tag, and stands for 17, on whose data it does not start: Cluster orders uses it",
        ),
        id="an image of another major, which a Cluster uses",
    ),
    pytest.param(
        Refused(
            "catalog-versions",
            Seen(catalog(images=[{"major": 17, "image": f"{IMAGE}:16.1"}])),
            "spec.images[0].image",
            "of PostgreSQL 16 by its tag",
            "warning",
        ),
        id="an image of another major",
    ),
    pytest.param(
        Refused(
            "catalog-used",
            Seen(catalog(18), neighbours=(listed(17),)),
            "spec.images",
            "has none of PostgreSQL 17, which Cluster orders",
        ),
        id="a major in use that goes",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_catalog_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_catalog_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)
