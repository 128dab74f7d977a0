from __future__ import annotations

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.object_names import role_object_name, taken_names
from gitops_mcp.domain.plans.roles.declared_roles import LiveRoles
from tests.domain.plans.role_files import LISTED, OBJECT, REF, read


def live(name: str, sql: str, cluster: str = "orders") -> Object:
    return {"metadata": {"name": name}, "spec": {"name": sql, "cluster": {"name": cluster}}}


def test_names_are_taken_by_what_is_declared_and_by_what_is_live() -> None:
    desired, _ = read(LISTED, app=OBJECT)
    assert taken_names(desired, REF, "DatabaseRole", [live("x", "y", "z"), {"metadata": {"name": "bare"}}]) == {
        "x": ("z", "y"),
        "bare": ("None", "None"),
        "orders-app": ("orders", "app"),
    }


@pytest.mark.parametrize(
    ("sql", "there", "also", "name"),
    [
        pytest.param("dave", (), (), "orders-dave", id="free"),
        pytest.param("dave", (live("handmade", "dave"),), (), "handmade", id="the object that says this role"),
        pytest.param("dave", (live("orders-dave", "eve"),), (), "orders-dave-61ea08", id="taken by another role"),
        pytest.param("dave", (), ("orders-dave",), "orders-dave-61ea08", id="taken by one to come"),
        pytest.param("Reporting", (), (), "orders-reporting-b1fa10", id="what an inline role would be called"),
        pytest.param("reporting", (), (), "orders-reporting", id="the inline role itself"),
    ],
)
def test_a_role_gets_a_name_that_nothing_else_has(
    sql: str, there: tuple[Object, ...], also: tuple[str, ...], name: str
) -> None:
    desired, _ = read(LISTED)
    assert role_object_name(desired, REF, sql, LiveRoles(None, there), also=also) == name
