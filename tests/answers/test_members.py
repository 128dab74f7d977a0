from __future__ import annotations

from gitops_mcp.answers.members import DatabaseList, DatabaseRow, RoleList, RoleRow
from gitops_mcp.domain.notice import Notice
from tests.answers.rendering import shown


def test_roles_are_told_with_what_fails_before_the_table() -> None:
    rows = [
        RoleRow(name="app", state="unmanaged", origin="bootstrap"),
        RoleRow(
            name="# clerk",
            object="db-clerk",
            form="DatabaseRole",
            state="failing",
            message="no Secret\n# it says",
            attributes=["createdb", "login"],
            password="Secret db-clerk",
            declared="role.yaml:1",
            pending=["more-rights"],
        ),
    ]
    answer = RoleList(environment="dev", namespace="shop", cluster="db", items=rows, total=2)
    assert shown(answer) == [
        ("paragraph", ["2 of 2 roles of shop/db in dev"]),
        ("heading", ["Roles"]),
        ("bullet_list", ["# clerk: no Secret # it says (untrusted text)"]),
        (
            "table",
            [
                *("role", "state", "form", "attributes", "password", "declared"),
                *("app (from bootstrap)", "unmanaged", "", "", "", ""),
                *("# clerk", "failing", "DatabaseRole db-clerk", "createdb; login", "Secret db-clerk", "role.yaml:1"),
            ],
        ),
        ("bullet_list", ["# clerk: open change more-rights"]),
    ]


def test_databases_are_told_with_their_cursor() -> None:
    row = DatabaseRow(
        name="app", state="reconciled", owner="app", reclaim_policy="retain", extensions=["a", "b"], schemas=["s"]
    )
    warning = Notice("live-unavailable", "no API")
    answer = DatabaseList(
        environment="dev", namespace="shop", cluster="db", items=[row], total=8, cursor="abc", warnings=[warning]
    )
    assert shown(answer) == [
        ("paragraph", ["1 of 8 databases of shop/db in dev"]),
        ("heading", ["Warnings"]),
        ("bullet_list", ["live-unavailable: no API"]),
        ("heading", ["Databases"]),
        (
            "table",
            [
                *("database", "state", "owner", "reclaim", "extensions", "schemas", "declared"),
                *("app", "reconciled", "app", "retain", "a, b", "s", ""),
            ],
        ),
        ("paragraph", ["there are more: continue with cursor=abc"]),
    ]
    assert answer.structured()["items"] == [
        {
            "name": "app",
            "owner": "app",
            "reclaim_policy": "retain",
            "extensions": ["a", "b"],
            "schemas": ["s"],
            "state": "reconciled",
            "pending": [],
        }
    ]
