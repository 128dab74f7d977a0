from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.objects import Identity, Object, leaves
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.review_text.field_rows import FieldRow, field_rows
from gitops_mcp.domain.yaml.values import is_same

LETTERS = [f"parameter_{letter}" for letter in "abcdefghij"]


def rows(before: Any, after: Any) -> list[tuple[str, str | None, str | None]]:
    """Of a field `x`; None: it is not there."""

    def made(value: Any) -> Object:
        return {"kind": "Cluster", "spec": {"n": 1} | ({} if value is None else {"x": value})}

    old, new = made(before), made(after)
    paths = dict.fromkeys([path for side in (old, new) for path, _ in leaves(side)])
    values = {path: (dict(leaves(old)).get(path), dict(leaves(new)).get(path)) for path in paths}
    fields = tuple(path for path, (one, other) in values.items() if not is_same(one, other))
    change = ObjectChange(Identity("Cluster", "shop", "db"), old, new, fields)
    return [(one.field.removeprefix("spec."), one.before, one.after) for one in field_rows(change)]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(3, 5, [("x", "3", "5")], id="a number"),
        pytest.param(None, True, [("x", None, "true")], id="new"),
        pytest.param("a", None, [("x", "a", None)], id="gone"),
        pytest.param(["a"], ["a", "b"], [("x", '["a"]', '["a", "b"]')], id="a short list"),
        pytest.param(LETTERS, [*LETTERS[1:], "z"], [("x", '["parameter_a"] and 9 that stay', '["z"] and 9 that stay')], id="a long list"),
        pytest.param(
            [{"name": "a", "login": True}, {"name": "b"}],
            [{"name": "b"}, {"name": "a", "login": False}, {"name": "c", "login": True}],
            [("x[a].login", "true", "false"), ("x[c]", None, '{"name": "c", "login": true}')],
            id="named items, in another order",
        ),
        pytest.param([{"name": "a"}], [], [("x[a]", '{"name": "a"}', None)], id="the last named item"),
        pytest.param([{"name": "a"}, {"name": "a"}], [{"name": "a"}], [("x", '[{"name": "a"}, {"name": "a"}]', '[{"name": "a"}]')], id="a name twice"),
        pytest.param(
            [{"name": "TOKEN", "value": "hunter2-hunter2", "password": "hunter2-hunter2"}],
            [{"name": "TOKEN", "value": "other-secret", "password": "other-secret"}],
            [("x[TOKEN].value", "hunter2-hunter2", "other-secret"), ("x[TOKEN].password", "<redacted>", "<redacted>")],
            id="a secret by its key",
        ),
    ],
)  # fmt: skip
def test_a_field_is_told_before_and_after(
    before: Any, after: Any, told: list[tuple[str, str | None, str | None]]
) -> None:
    assert rows(before, after) == told


def test_a_variable_of_a_container_is_secret_by_its_place() -> None:
    old = {"spec": {"env": [{"name": "TOKEN", "value": "hunter2-hunter2"}]}}
    new = {"spec": {"env": [{"name": "TOKEN", "value": "other-secret"}]}}
    change = ObjectChange(Identity("Cluster", "shop", "db"), old, new, (("spec", "env"),))
    assert list(field_rows(change)) == [FieldRow("spec.env[TOKEN].value", "<redacted>", "<redacted>")]


def test_a_new_object_is_told_with_what_it_says_and_a_removed_one_with_nothing() -> None:
    made = {
        "apiVersion": "v1",
        "kind": "Cluster",
        "metadata": {"name": "db", "labels": {"team": "shop"}},
        "spec": {"n": 1},
    }
    whom = Identity("Cluster", "shop", "db")
    assert list(field_rows(ObjectChange(whom, None, made, ()))) == [
        FieldRow("metadata.labels.team", None, "shop"),
        FieldRow("spec.n", None, "1"),
    ]
    assert list(field_rows(ObjectChange(whom, made, None, ()))) == []
