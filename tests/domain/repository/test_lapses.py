from __future__ import annotations

import pytest

from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.lapses import lapse_of

DB = Identity("Cluster", "shop", "db")


def spec(**fields: object) -> Object:
    return {"kind": "Cluster", "spec": fields}


def lapse(before: Object | None, after: Object | None, now: Object | None) -> tuple[str, bool, bool] | None:
    """What lapsed, whether that is all, and whether it is as before."""
    found = lapse_of(ObjectChange(DB, before, after, ()), now)
    return (str(found), found.is_whole, found.is_reverted) if found else None


THREE, FIVE = spec(instances=3), spec(instances=5)
CLERK, AUDIT, BOSS = {"name": "clerk"}, {"name": "audit"}, {"name": "boss"}


@pytest.mark.parametrize(
    ("before", "after", "now", "expected"),
    [
        pytest.param(THREE, FIVE, FIVE, None, id="it stands"),
        pytest.param(THREE, FIVE, THREE, ("Cluster shop/db spec.instances", True, True), id="reverted"),
        pytest.param(THREE, FIVE, spec(instances=7), ("Cluster shop/db spec.instances", True, False), id="superseded"),
        pytest.param(
            spec(instances=3, logLevel="info"),
            spec(instances=5, logLevel="debug"),
            spec(instances=3, logLevel="debug"),
            ("Cluster shop/db spec.instances", False, True),
            id="in part",
        ),
        pytest.param(THREE, FIVE, None, ("Cluster shop/db", True, False), id="the object is gone"),
        pytest.param(None, FIVE, None, ("Cluster shop/db", True, True), id="a new object is gone again"),
        pytest.param(None, FIVE, THREE, ("Cluster shop/db spec.instances", False, False), id="a new one was edited"),
        pytest.param(THREE, None, None, None, id="a removal stands"),
        pytest.param(THREE, None, THREE, ("Cluster shop/db", True, True), id="a removed object is back"),
        pytest.param(spec(roles=[CLERK]), spec(roles=[CLERK, AUDIT]), spec(roles=[BOSS, CLERK, AUDIT]), None,
                     id="another item of the list came"),
        pytest.param(spec(roles=[CLERK]), spec(roles=[CLERK, AUDIT]), spec(roles=[CLERK, BOSS]),
                     ("Cluster shop/db spec.roles.audit", True, True), id="an item of the list went"),
        pytest.param(spec(hba=["a"]), spec(hba=["a", "b"]), spec(hba=["b", "c"]), None, id="a line of a list stands"),
        pytest.param(spec(hba=["a"]), spec(hba=["a", "b"]), spec(hba=["a", "c"]),
                     ("Cluster shop/db spec.hba", True, False), id="a line of a list went"),
        pytest.param(spec(a=1, b=2), spec(a=1), spec(a=1), None, id="a removed field stays away"),
        pytest.param(spec(a=1, b=2), spec(a=1), spec(a=1, b=2), ("Cluster shop/db spec.b", True, True),
                     id="a removed field is back"),
    ],
)  # fmt: skip
def test_what_of_a_change_has_lapsed(
    before: Object | None, after: Object | None, now: Object | None, expected: tuple[str, bool, bool] | None
) -> None:
    assert lapse(before, after, now) == expected
