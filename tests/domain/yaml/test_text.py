"""One edit, one expected text: what changes and, above all, what does not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gitops_mcp.domain.objects import Path
from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set
from gitops_mcp.domain.yaml.text import edit_text
from gitops_mcp.errors import InvalidRequest, Refused

CLUSTER = """\
# The orders database.
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: "orders"   # quoted
  labels: {app: orders, tier: "db"}
spec:
  # instances: 5
  instances: 3 # one a zone

  storage:
    size: 10Gi
  postgresql:
    parameters:
      max_connections: '200'
      shared_buffers: '256MB'
  managed:
    roles:
      # the application
      - name: app
        ensure: present
        login: true

      # reports
      - name: report   # reads only
        inRoles: [pg_read_all_data]
  bootstrap:
    initdb:
      postInitSQL:
        - |
          CREATE EXTENSION hstore;  # not a comment

          SELECT 1;
        - SELECT 2
"""


def change(text: str, *edits: Edit, document: int = 0) -> list[str]:
    """The lines that go, then the lines that come; all others have to be the same bytes."""
    old, new = text.splitlines(keepends=True), edit_text(text, document, *edits).splitlines(keepends=True)
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    gone, come = old[head : len(old) - tail], new[head : len(new) - tail]
    return [*(f"-{line}" for line in gone), *(f"+{line}" for line in come)]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(
            Set(("spec", "instances"), 5),
            ["-  instances: 3 # one a zone", "+  instances: 5 # one a zone"],
            id="a scalar keeps its comment and its commented-out twin",
        ),
        pytest.param(
            Set(("metadata", "name"), "billing"),
            ['-  name: "orders"   # quoted', '+  name: "billing"   # quoted'],
            id="a quoted string stays quoted",
        ),
        pytest.param(
            Set(("metadata", "name"), 3),
            ['-  name: "orders"   # quoted', "+  name: 3   # quoted"],
            id="a number over a quoted string is plain",
        ),
        pytest.param(
            Set(("spec", "storage", "size"), "20Gi"),
            ["-    size: 10Gi", "+    size: 20Gi"],
            id="a plain string stays plain",
        ),
        pytest.param(
            Set(("spec", "storage", "size"), "20"),
            ["-    size: 10Gi", '+    size: "20"'],
            id="a string that looks like a number is quoted",
        ),
        pytest.param(
            Set(("spec", "postgresql", "parameters", "max_connections"), "300"),
            ["-      max_connections: '200'", "+      max_connections: '300'"],
            id="single quotes stay",
        ),
        pytest.param(
            Set(("spec", "postgresql", "parameters", "work_mem"), "64MB"),
            ["+      work_mem: '64MB'"],
            id="a new string wears the quotes of all its siblings",
        ),
        pytest.param(
            Set(("spec", "enableSuperuserAccess"), value=False),
            ["+  enableSuperuserAccess: false"],
            id="a new key stands last in its mapping",
        ),
        pytest.param(
            Set(("spec", "backup", "barmanObjectStore", "wal"), {"compression": "gzip"}),
            ["+  backup:", "+    barmanObjectStore:", "+      wal:", "+        compression: gzip"],
            id="missing parents are made",
        ),
        pytest.param(
            Set(("metadata", "labels", "team"), "shop"),
            ['-  labels: {app: orders, tier: "db"}', '+  labels: {app: orders, tier: "db", team: shop}'],
            id="a key in braces",
        ),
        pytest.param(
            Set(("metadata", "labels"), {"app": "orders", "tier": "web"}),
            ['-  labels: {app: orders, tier: "db"}', '+  labels: {app: orders, tier: "web"}'],
            id="a mapping over a mapping changes only what differs",
        ),
        pytest.param(
            Remove(("metadata", "labels", "app")),
            ['-  labels: {app: orders, tier: "db"}', '+  labels: {tier: "db"}'],
            id="the first key in braces",
        ),
        pytest.param(
            Remove(("metadata", "labels", "tier")),
            ['-  labels: {app: orders, tier: "db"}', "+  labels: {app: orders}"],
            id="the last key in braces",
        ),
        pytest.param(
            Remove(("spec", "storage")), ["-  storage:", "-    size: 10Gi"], id="a key goes with all below it"
        ),
        pytest.param(
            Remove(("spec", "storage", "size")),
            ["-  storage:", "-    size: 10Gi", "+  storage: {}"],
            id="a mapping that loses its only key stays",
        ),
        pytest.param(
            Remove(("spec", "instances")), ["-  instances: 3 # one a zone"], id="the comment above a removed key stays"
        ),
        pytest.param(
            Insert(("spec", "managed", "roles"), 2, {"name": "new", "inRoles": ["a", "b"]}),
            ["+      - name: new", "+        inRoles:", "+          - a", "+          - b"],
            id="an item is appended at the indent of its list",
        ),
        pytest.param(
            Insert(("spec", "managed", "roles"), 1, {"name": "new"}),
            ["+      - name: new"],
            id="an item in the middle does not take the comment of the next",
        ),
        pytest.param(
            Insert(("spec", "managed", "roles", 1, "inRoles"), 1, "a:b"),
            ["-        inRoles: [pg_read_all_data]", '+        inRoles: [pg_read_all_data, "a:b"]'],
            id="an item in brackets is quoted where it has to be",
        ),
        pytest.param(
            Remove(("spec", "managed", "roles", 0)),
            ["-      # the application", "-      - name: app", "-        ensure: present", "-        login: true"],
            id="the comment attached to an item goes with it",
        ),
        pytest.param(
            Remove(("spec", "managed", "roles", 0, "name")),
            ["-      - name: app", "-        ensure: present", "+      - ensure: present"],
            id="the key beside a dash",
        ),
        pytest.param(
            Remove(("spec", "managed", "roles", 1, "inRoles", 0)),
            ["-        inRoles: [pg_read_all_data]", "+        inRoles: []"],
            id="the only item in brackets",
        ),
        pytest.param(
            Set(("spec", "managed", "roles", 1, "passwordSecret"), {"name": "report"}),
            ["+        passwordSecret:", "+          name: report"],
            id="a mapping in an item",
        ),
        pytest.param(
            Set(("spec", "bootstrap", "initdb", "postInitSQL", 0), "SELECT 3;\nSELECT 4;\n"),
            [
                "-          CREATE EXTENSION hstore;  # not a comment",
                "-",
                "-          SELECT 1;",
                "+          SELECT 3;",
                "+          SELECT 4;",
            ],
            id="a block scalar stays one",
        ),
        pytest.param(
            Insert(("spec", "bootstrap", "initdb", "postInitSQL"), 1, "SELECT 3;\nSELECT 4;"),
            ["+        - |-", "+          SELECT 3;", "+          SELECT 4;"],
            id="a new string of several lines is a block scalar",
        ),
        pytest.param(
            Set(("spec", "instances"), {"min": 1}),
            ["-  instances: 3 # one a zone", "+  instances: # one a zone", "+    min: 1"],
            id="a mapping over a scalar leaves the comment on the key",
        ),
    ],
)
@pytest.mark.parametrize(
    ("eol", "mark"),
    [pytest.param("\n", "", id="LF"), pytest.param("\r\n", "", id="CRLF"), pytest.param("\n", "\ufeff", id="BOM")],
)
def test_an_edit_changes_only_its_own_lines(edit: Edit, expected: Sequence[str], eol: str, mark: str) -> None:
    assert change(mark + CLUSTER.replace("\n", eol), edit) == [line + eol for line in expected]


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        pytest.param("a: 0x10\n", Set(("a",), 16), "a: 0x10\n", id="the same number written otherwise"),
        pytest.param("a: {b: 1,}\n", Set(("a",), {"b": 1}), "a: {b: 1,}\n", id="the same mapping"),
        pytest.param("a: 1\n", Remove(("b", "c")), "a: 1\n", id="a key that is not there is removed"),
        pytest.param("\ufeffa: 1", Set(("a",), 1), "\ufeffa: 1", id="nothing to do"),
    ],
)  # fmt: skip
def test_a_text_that_says_so_already_stays_as_it_is(before: str, edit: Edit, after: str) -> None:
    assert edit_text(before, 0, edit) == after


@pytest.mark.parametrize(
    ("text", "edit", "words"),
    [
        pytest.param("  - 1\n", Set((), {"a": 1, "b": 2}), ["line 1", "the document"], id="an indented document"),
        pytest.param("a: 1\rb: 2\n", Set(("a",), 2), ["line 1", "U+000D"], id="an old Mac's line break"),
        pytest.param("a: x # \u2028\nb: 2\n", Set(("b",), 3), ["line 1", "U+2028"], id="a line separator"),
    ],
)  # fmt: skip
def test_an_edit_that_cannot_be_made_alone_is_refused_with_the_place(text: str, edit: Edit, words: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        edit_text(text, 0, edit)
    assert [word for word in words if word not in str(refused.value)] == []


def test_a_value_nested_without_end_is_an_invalid_request() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(InvalidRequest, match="nested deeper than 100 levels"):
        edit_text("a: 1\n", 0, Set(("a",), value))


def test_a_document_that_is_not_there_is_an_invalid_request() -> None:
    with pytest.raises(InvalidRequest, match="there is no document 1; there are 1, counted from 0"):
        edit_text("a: 1\n", 1, Set(("a",), 2))


def test_edits_are_made_one_after_the_other() -> None:
    text = "roles:\n- a\n- b\n"
    edits: list[Edit] = [Remove(("roles", 0)), Insert(("roles",), 1, "c"), Set(("x",), 1)]
    assert edit_text(text, 0, *edits) == "roles:\n- b\n- c\nx: 1\n"


def test_an_edit_of_one_document_leaves_the_others() -> None:
    text = "a: 1\n--- # second\na: 1\n---\n# nothing\n--- !!map\na: 1\n"
    assert edit_text(text, 1, Set(("a",), 2)) == "a: 1\n--- # second\na: 2\n---\n# nothing\n--- !!map\na: 1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("--- # nothing yet\n# a word\n", "--- # nothing yet\na: 1\n# a word\n", id="nothing but comments"),
        pytest.param("---", "---\na: 1", id="nothing but a marker"),
        pytest.param("---\n---\nb: 1\n", "---\na: 1\n---\nb: 1\n", id="nothing before another document"),
        pytest.param("--- null\n", "---\na: 1\n", id="a written null"),
        pytest.param("--- {}\n", "---\na: 1\n", id="an empty mapping"),
    ],
)
def test_a_key_can_be_set_in_an_empty_document(before: str, after: str) -> None:
    assert edit_text(before, 0, Set(("a",), 1)) == after


def test_a_directive_stays_with_its_document() -> None:
    assert edit_text("%YAML 1.1\n---\na: 1\n", 0, Set(("a",), 2)) == "%YAML 1.1\n---\na: 2\n"


def test_the_text_of_a_config_map_is_not_a_cluster() -> None:
    text = (
        "kind: ConfigMap\ndata:\n  cluster.yaml: |\n    kind: Cluster\n    spec:\n      instances: 3\n"
        "---\nkind: Cluster\nspec:\n  instances: 3\n"
    )
    assert change(text, Set(("spec", "instances"), 5), document=1) == ["-  instances: 3\n", "+  instances: 5\n"]
    assert edit_text(text, 1, Set(("spec", "instances"), 5)).count("instances: 3") == 1


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(
            ("items", 1, "spec", "instances"), ["-    instances: 3 # b", "+    instances: 5 # b"], id="second"
        ),
        pytest.param(("items", 0, "spec", "instances"), ["-    instances: 3 # a", "+    instances: 5 # a"], id="first"),
    ],
)
def test_an_object_in_a_list_of_objects_is_edited_in_its_place(path: Path, expected: list[str]) -> None:
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- kind: Cluster\n  spec:\n    instances: 3 # a\n"
        "- kind: Cluster\n  spec:\n    instances: 3 # b\n"
    )
    assert change(text, Set(path, 5)) == [f"{line}\n" for line in expected]
