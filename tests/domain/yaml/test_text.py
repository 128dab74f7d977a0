"""One edit, one expected text: what changes and, above all, what does not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gitops_mcp.domain.objects import Path
from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set
from gitops_mcp.domain.yaml.text import edit_text, parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable
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
        # Style
        pytest.param(
            "spec:\n    managed:\n        roles:\n            -   name: a\n                login: true\n",
            Insert(("spec", "managed", "roles"), 1, {"name": "b", "inRoles": ["x"]}),
            "spec:\n    managed:\n        roles:\n            -   name: a\n                login: true\n"
            "            -   name: b\n                inRoles:\n                    -   x\n",
            id="four columns a step, a dash of four",
        ),
        pytest.param(
            "spec:\n  roles:\n  - a\n",
            Set(("spec", "tags"), ["x", {"z": [1]}]),
            "spec:\n  roles:\n  - a\n  tags:\n  - x\n  - z:\n    - 1\n",
            id="a new list is indented as its sibling is not",
        ),
        pytest.param(
            "a:\n  roles:\n  - x\nb:\n    c: 1\n",
            Set(("b", "d", "e"), 2),
            "a:\n  roles:\n  - x\nb:\n    c: 1\n    d:\n      e: 2\n",
            id="the usual step decides between two",
        ),
        pytest.param("'a': 'x'\n", Set(("b",), "y"), "'a': 'x'\n'b': 'y'\n", id="quoted keys"),
        pytest.param('"a b": 1\n', Set(("a b",), 2), '"a b": 2\n', id="a quoted key is found"),
        pytest.param("a: 1\n", Set(("on",), "off"), 'a: 1\n"on": "off"\n', id="ambiguous key and value"),
        pytest.param("a:    1\n", Set(("a",), 2), "a:    2\n", id="aligned values"),
        pytest.param("a : 1\n", Set(("a",), 2), "a : 2\n", id="a blank before the colon"),
        pytest.param("a: 1\t# tab\n", Set(("a",), 2), "a: 2\t# tab\n", id="a tab before the comment"),
        pytest.param("a: 1", Set(("a",), 2), "a: 2", id="no final newline on set"),
        pytest.param("a: 1", Set(("b",), 2), "a: 1\nb: 2\n", id="no final newline on append"),
        pytest.param("a: 1\nb: 2", Remove(("b",)), "a: 1", id="no final newline on remove"),
        pytest.param(
            "a: |\n  x", Set(("b",), 2), "a: |-\n  x\nb: 2\n", id="a block scalar that ended with the file keeps its value"
        ),
        pytest.param("- |\n  x\n- a", Remove((1,)), "- |\n  x\n", id="a block scalar above the last line keeps its break"),
        pytest.param("s: 😀é # 😀\nb: 1\n", Set(("b",), 2), "s: 😀é # 😀\nb: 2\n", id="emoji before the edit"),
        pytest.param("s: old\n", Set(("s",), "😀"), "s: 😀\n", id="emoji as the value"),
        # Values
        pytest.param('a: "3"\n', Set(("a",), 3), "a: 3\n", id="an int over a quoted number"),
        pytest.param("a: 3\n", Set(("a",), "3"), 'a: "3"\n', id="a quoted number over an int"),
        pytest.param("a: 'x'\n", Set(("a",), "it's\there"), 'a: "it\'s\\there"\n', id="what single quotes cannot carry"),
        pytest.param('a: "x"\n', Set(("a",), 'say "hi"\n'), 'a: "say \\"hi\\"\\n"\n', id="double quotes carry all"),
        pytest.param("a: x\n", Set(("a",), None), "a: null\n", id="null"),
        pytest.param("a:\n", Set(("a",), 1), "a: 1\n", id="over nothing"),
        pytest.param("a:   # todo\nb: 1\n", Set(("a",), {"x": 1}), "a:   # todo\n  x: 1\nb: 1\n", id="over a comment only"),
        pytest.param("a: b\n  c\n  d # e\n", Set(("a",), "x"), "a: x # e\n", id="over a plain scalar of several lines"),
        pytest.param('a: "b\n  c"\n', Set(("a",), "x"), 'a: "x"\n', id="over a quoted scalar of several lines"),
        pytest.param("a:\n  b # c\n", Set(("a",), "x"), "a:\n  x # c\n", id="a value on the line after its key"),
        pytest.param("a: >-\n  b\n  c\nd: 1\n", Set(("a",), "x"), "a: x\nd: 1\n", id="a short string over a folded one"),
        pytest.param("a: | # why\n  b\nd: 1\n", Set(("a",), "x"), "a: x # why\nd: 1\n", id="the comment of a block scalar"),
        pytest.param("a: x # why\n", Set(("a",), "b\nc\n"), "a: | # why\n  b\n  c\n", id="a block scalar gets the comment"),
        pytest.param("a: |\n     b\n", Set(("a",), "b\nc\n"), "a: |\n     b\n     c\n", id="the indent of a block scalar"),
        pytest.param("a: |+\n  b\n\nd: 1\n", Set(("a",), "x"), "a: x\nd: 1\n", id="kept blank lines are part of the value"),
        pytest.param("a: |+\n  b\n\nd: 1\n", Set(("e",), 1), "a: |+\n  b\n\nd: 1\ne: 1\n", id="kept blank lines above"),
        pytest.param("x:\n  a: |+\n    b\n\n", Set(("x", "c"), 1), "x:\n  a: |+\n    b\n\n  c: 1\n", id="after kept blank lines"),
        pytest.param("x:\n  a: |-\n    b\n\ny: 1\n", Set(("x", "c"), 1), "x:\n  a: |-\n    b\n  c: 1\n\ny: 1\n", id="before stripped ones"),
        pytest.param("a: x\n    # deep\n", Set(("a",), "b\nc\n"), 'a: "b\\nc\\n"\n    # deep\n', id="a comment must not become text"),
        pytest.param("a: x\n", Set(("a",), " b\nc"), 'a: " b\\nc"\n', id="a first line that begins with a blank"),
        # Collections that come and go
        pytest.param("spec:\n  roles: [] # none\n", Insert(("spec", "roles"), 0, {"name": "a"}), "spec:\n  roles: # none\n    - name: a\n", id="an empty list opens up"),
        pytest.param("a: {}\n", Set(("a", "b"), 1), "a:\n  b: 1\n", id="an empty mapping opens up"),
        pytest.param("l: [{}]\n", Set(("l", 0, "b"), 1), "l: [{b: 1}]\n", id="but not within brackets"),
        pytest.param("a: 1\n", Insert(("l",), 0, "x"), "a: 1\nl:\n  - x\n", id="a missing list is made"),
        pytest.param("l: null\n", Insert(("l",), 0, "x"), "l:\n  - x\n", id="a null list is made"),
        pytest.param("l: # c\n  # above\n  - a\n", Remove(("l", 0)), "l: [] # c\n", id="the only item and its comment"),
        pytest.param("l:\n  # far\n\n  - a\n", Remove(("l", 0)), "l: []\n  # far\n\n", id="the only item, a comment apart"),
        pytest.param("m: # c\n  # stays\n  a: 1\nb: 1\n", Remove(("m", "a")), "m: {} # c\n  # stays\nb: 1\n", id="the only key, its comment stays"),
        pytest.param("a: 1\n", Remove(("a",)), "{}\n", id="the only key of a document"),
        pytest.param("- - a\n", Remove((0, 0)), "- []\n", id="the only item of a list in a list"),
        pytest.param("- a: 1\n- b\n", Set((0,), "x"), "- x\n- b\n", id="a scalar over a mapping beside a dash"),
        pytest.param("- x # c\n", Set((0,), {"a": 1, "b": 2}), "- a: 1 # c\n  b: 2\n", id="a mapping beside a dash"),
        pytest.param("a:\n  b: 1\n", Set(("a",), [1]), "a:\n  - 1\n", id="a list over a mapping"),
        pytest.param("- []\n-   - a\n-   - b\n", Insert((0,), 0, [1, 2]), "- - - 1\n    - 2\n-   - a\n-   - b\n", id="an empty list keeps its place beside a dash"),
        pytest.param("a: [1]\n", Set(("a",), {"b": 1}), "a: {b: 1}\n", id="brackets become braces"),
        # Items
        pytest.param("- - a\n  - b\n", Remove((0, 0)), "- - b\n", id="the first item of a list in a list"),
        pytest.param("- - a\n", Insert((0,), 0, "z"), "- - z\n  - a\n", id="before the first item of a list in a list"),
        pytest.param("l:\n- a\n- c\n", Insert(("l",), 1, "b"), "l:\n- a\n- b\n- c\n", id="in the middle of an unindented list"),
        pytest.param("l:\n  - a # x\n  # b\n  - b\n", Insert(("l",), 0, "z"), "l:\n  - z\n  - a # x\n  # b\n  - b\n", id="in front"),
        pytest.param("l:\n- a\n  # deeper\n- b\n", Remove(("l", 0)), "l:\n- b\n", id="a deeper comment below an item goes too"),
        pytest.param("l:\n- a: 1\n# - b: 2\n#   c: 3\n# on d\n- d: 4\n", Remove(("l", 1)), "l:\n- a: 1\n# - b: 2\n#   c: 3\n", id="an item that was commented out stays"),
        pytest.param("l:\n- a\n# - b\n- c\n", Insert(("l",), 1, "x"), "l:\n- a\n# - b\n- x\n- c\n", id="below an item that was commented out"),
        pytest.param("l:\n- a\n\n# apart\n\n- b\n", Remove(("l", 1)), "l:\n- a\n\n# apart\n\n", id="a comment apart from an item stays"),
        pytest.param("l:\n- name: a # x\n  # y\n  b: 1\n", Remove(("l", 0, "name")), "l:\n-\n  # y\n  b: 1\n", id="the key beside a dash, a comment below"),
        pytest.param("l:\n- a\n- b\n- c\n", Set(("l",), ["a", "c", "d"]), "l:\n- a\n- c\n- d\n", id="a list over a list"),
        pytest.param("l:\n# one\n- name: a\n# two\n- name: b\n", Set(("l",), [{"name": "b", "x": 1}, {"name": "c"}]), "l:\n# two\n- name: b\n  x: 1\n- name: c\n", id="items are the same by name"),
        pytest.param("l:\n# one\n- name: a\n", Set(("l",), [{"name": "c"}]), "l:\n- name: c\n", id="a name never becomes another"),
        # Brackets and braces
        pytest.param("l: [a, b, c]\n", Remove(("l", 1)), "l: [a, c]\n", id="the middle item in brackets"),
        pytest.param("l: [a, b]\n", Insert(("l",), 1, "x"), "l: [a, x, b]\n", id="into brackets"),
        pytest.param("l: [a, b, ]\n", Insert(("l",), 2, "x"), "l: [a, b, x, ]\n", id="before a trailing comma"),
        pytest.param("m: { a: 1 }\n", Set(("m", "b"), 2), "m: { a: 1, b: 2 }\n", id="padded braces"),
        pytest.param("m: {a, b: 1}\n", Set(("m", "a"), 2), "m: {a: 2, b: 1}\n", id="a key in braces without a value"),
        pytest.param("m: {a: }\n", Set(("m", "a"), 2), "m: {a: 2}\n", id="a key in braces with nothing"),
        pytest.param('{\n  "a": 1,\n  "b": "x"\n}\n', Set(("c",), "y"), '{\n  "a": 1,\n  "b": "x",\n  "c": "y"\n}\n', id="JSON"),
        pytest.param('{\n  "a": 1,\n  "b": "x"\n}\n', Remove(("b",)), '{\n  "a": 1\n}\n', id="the last key of JSON"),
        pytest.param("l: [\n  a, # one\n  b, # two\n]\n", Insert(("l",), 2, "c"), "l: [\n  a, # one\n  b, # two\n  c,\n]\n", id="one a line, trailing comma"),
        pytest.param("l: [\n  a, # one\n  b # two\n]\n", Insert(("l",), 2, "c"), "l: [\n  a, # one\n  b, # two\n  c\n]\n", id="one a line, none"),
        pytest.param("l: [\n  a, # one\n  b # two\n]\n", Remove(("l", 1)), "l: [\n  a # one\n]\n", id="the last of one a line"),
        pytest.param("l: [\n  # of a\n  a,\n  b\n]\n", Remove(("l", 0)), "l: [\n  b\n]\n", id="the first of one a line and its comment"),
        pytest.param("l: [\n  # of a\n  a,\n  b\n]\n", Insert(("l",), 0, "z"), "l: [\n  z,\n  # of a\n  a,\n  b\n]\n", id="in front of one a line"),
        pytest.param("l: [a,\n    b]\n", Insert(("l",), 2, "c"), "l: [a,\n    b,\n    c]\n", id="the bracket beside the last item"),
        pytest.param("l: [a: 1, b]\n", Set(("l", 0, "c"), 2), "l: [{a: 1, c: 2}, b]\n", id="a pair in brackets gets the braces it needs"),
        pytest.param("l: [a: 1, b]\n", Remove(("l", 0, "a")), "l: [{}, b]\n", id="a pair in brackets goes"),
        # Anchors, aliases, merges, tags
        pytest.param("a: &x 1\nb: 2\n", Set(("a",), 3), "a: &x 3\nb: 2\n", id="an anchor that nothing uses stays"),
        pytest.param("a: &x 1 # *x\n", Set(("a",), 3), "a: &x 3 # *x\n", id="an alias in a comment is no use"),
        pytest.param("l: [&x 1, 2]\n", Set(("l", 0), 3), "l: [&x 3, 2]\n", id="an anchor in brackets"),
        pytest.param("[1, 2]\n", Set((), {"a": 1}), "{a: 1}\n", id="a whole document in brackets"),
        pytest.param("a: &x 1\nb: *x\n", Set(("b",), 3), "a: &x 1\nb: 3\n", id="a scalar over an alias"),
        pytest.param("a: &x {k: 1}\nb: *x\n", Set(("b",), {"k": 2}), "a: &x {k: 1}\nb:\n  k: 2\n", id="a mapping over an alias"),
        pytest.param("a: &x 1\nb: {c: *x}\n", Set(("b",), {"c": 2}), "a: &x 1\nb: {c: 2}\n", id="a mapping over one that holds an alias"),
        pytest.param("a: &x {k: 1}\nb: *x\n", Remove(("b",)), "a: &x {k: 1}\n", id="an alias goes"),
        pytest.param("a: &x {k: 1}\nb: *x\nc: 1\n", Set(("c",), 2), "a: &x {k: 1}\nb: *x\nc: 2\n", id="beside them"),
        pytest.param("a: &x\n  k: 1\n", Set(("a", "l"), 2), "a: &x\n  k: 1\n  l: 2\n", id="inside of an anchor that nothing uses"),
        pytest.param("a: &x\n  k: 1\n", Remove(("a", "k")), "a: &x {}\n", id="an anchored mapping becomes empty"),
        pytest.param("a: &x\nb: 1\n", Set(("a",), 2), "a: &x 2\nb: 1\n", id="an anchored nothing"),
        pytest.param("b: &b\n  k: 1\nc:\n  <<: *b\n  m: 3\n", Set(("c", "k"), 2), "b: &b\n  k: 1\nc:\n  <<: *b\n  m: 3\n  k: 2\n", id="a merged key is overridden"),
        pytest.param("b: &b\n  k: 1\nc:\n  <<: *b\n  m: 3\n", Set(("c",), {"k": 2, "m": 3}), "b: &b\n  k: 1\nc:\n  <<: *b\n  m: 3\n  k: 2\n", id="a mapping over one that merges"),
        pytest.param("b: &b\n  k: {x: 1, y: 1}\nc:\n  <<: *b\n", Set(("c",), {"k": {"x": 2, "y": 1}}), 'b: &b\n  k: {x: 1, y: 1}\nc:\n  <<: *b\n  k:\n    x: 2\n    "y": 1\n', id="a part of a merged key overrides all of it"),
        pytest.param("b: &b\n  k: 1\nc:\n  <<: *b\n  m: 3\n", Remove(("c", "m")), "b: &b\n  k: 1\nc:\n  <<: *b\n", id="an own key beside a merge goes"),
        pytest.param("a: !!str 3\n", Set(("a",), 4), "a: 4\n", id="a tag goes with its value"),
        pytest.param("a: !vault x\nb: 1\n", Set(("b",), 2), "a: !vault x\nb: 2\n", id="an application's tag elsewhere stays"),
        pytest.param("? a\n: b\n", Set(("a",), "c"), "? a\n: c\n", id="a key written with a question mark"),
        # Unchanged
        pytest.param("a: 0x10\n", Set(("a",), 16), "a: 0x10\n", id="the same number written otherwise"),
        pytest.param("a: {b: 1,}\n", Set(("a",), {"b": 1}), "a: {b: 1,}\n", id="the same mapping"),
        pytest.param("a: 1\n", Remove(("b", "c")), "a: 1\n", id="a key that is not there is removed"),
        pytest.param("\ufeffa: 1", Set(("a",), 1), "\ufeffa: 1", id="nothing to do"),
    ],
)  # fmt: skip
def test_an_edit_is_made_in_the_style_of_the_text(before: str, edit: Edit, after: str) -> None:
    assert edit_text(before, 0, edit) == after


@pytest.mark.parametrize(
    ("text", "edit", "words"),
    [
        pytest.param("a: &x {k: 1}\nb: *x\nc: *x\n", Set(("a", "k"), 2), ["line 1", "&x", "lines 2, 3"], id="inside of an anchored mapping"),
        pytest.param("a: &x 1\nb: *x\n", Set(("a",), 2), ["line 1", "&x", "lines 2"], id="an anchored scalar"),
        pytest.param("a: &x {k: 1}\nb: *x\nc: *x\n", Set(("b", "k"), 2), ["line 2", "*x", "lines 1, 2, 3"], id="through an alias"),
        pytest.param("a: &x [1]\nb: *x\n", Insert(("b",), 1, 2), ["line 2", "*x", "lines 1, 2"], id="into a list through an alias"),
        pytest.param("a: &x [1]\nb: *x\n", Insert(("a",), 1, 2), ["line 1", "&x", "lines 2"], id="into an anchored list"),
        pytest.param("a: &x 1\nb: *x\n", Remove(("a",)), ["line 1", "&x", "lines 2", "lose it"], id="an anchor that is used"),
        pytest.param("a:\n  b: &x 1\nc: *x\n", Remove(("a",)), ["line 2", "&x", "lines 3"], id="a used anchor deep inside"),
        pytest.param("a:\n  b: &x 1\nc: *x\n", Set(("a",), 1), ["line 2", "&x", "lines 3"], id="a scalar over a used anchor"),
        pytest.param("b: &b {k: 1}\nc: {<<: *b}\n", Remove(("c", "k")), ["line 2", "c.k", "<<", "line 1"], id="a merged key"),
        pytest.param("b: &b {k: 1}\nc: {<<: *b, k: 2}\n", Remove(("c", "k")), ["line 2", "c.k", "<<"], id="the override of a merged key"),
        pytest.param("b: &b {k: {x: 1}}\nc: {<<: *b}\n", Set(("c", "k", "x"), 2), ["line 2", "c.k", "<<"], id="inside of a merged key"),
        pytest.param("a:\n  # why\n  b: 1\n", Set(("a",), 1), ["line 2", "comment"], id="a comment would be lost"),
        pytest.param("{ # why\n  a: 1 }\n", Remove(("a",)), ["line 1", "comment"], id="a comment in braces would be lost"),
        pytest.param("- &x one\n", Set((0,), [1]), ["line 1", "written anew", "anchor"], id="a list over an anchored item"),
        pytest.param("  - 1\n", Set((), {"a": 1, "b": 2}), ["line 1", "the document"], id="an indented document"),
        pytest.param("l: [a, # why\n  b]\n", Remove(("l", 1)), ["line 1", "comment"], id="a comment in brackets would be lost"),
        pytest.param("a:\n  - b\n  - c # why\n", Set(("a",), 1), ["line 3", "comment"], id="the last comment would be lost"),
        pytest.param("? a\n? b\n", Set(("a",), 1), ["line 1", "`?`"], id="a key written with ? that has no value"),
        pytest.param("? a\n: 1\n? b\n: 2\n", Remove(("a",)), ["line 1", "line of its own"], id="a key written with ? to be removed"),
        pytest.param("a: 1\rb: 2\n", Set(("a",), 2), ["line 1", "U+000D"], id="an old Mac's line break"),
        pytest.param("a: x # \u2028\nb: 2\n", Set(("b",), 3), ["line 1", "U+2028"], id="a line separator"),
    ],
)  # fmt: skip
def test_an_edit_that_cannot_be_made_alone_is_refused_with_the_place(text: str, edit: Edit, words: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        edit_text(text, 0, edit)
    assert [word for word in words if word not in str(refused.value)] == []


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        pytest.param(Set(("a", "b"), 1), "a is '1'; there is no 'b' in it", id="a key of a scalar"),
        pytest.param(Set(("l", 2), 1), "l has 1 items; there is none at 2", id="an item past the end"),
        pytest.param(Set(("l", -1), 1), "l has 1 items; there is none at -1", id="an item before the start"),
        pytest.param(Set(("l", "x"), 1), "l is a list; there is no 'x' in it", id="a key of a list"),
        pytest.param(Set((0,), 1), "the document is a mapping; there is no 0 in it", id="an item of a mapping"),
        pytest.param(Set(("n", 0), 1), "n[0]: there is no list to hold the item 0", id="an item of nothing"),
        pytest.param(Remove(("l", 1)), "l has 1 items; there is none at 1", id="an item that is not there"),
        pytest.param(Remove(("a", "b")), "a is '1'; there is no 'b' in it", id="a key of a scalar to be removed"),
        pytest.param(Remove(()), "a whole document is removed with without_document", id="the whole document"),
        pytest.param(Insert(("l",), 2, 1), "l has 1 items, so none can be put at 2", id="past the end of a list"),
        pytest.param(Insert(("a",), 0, 1), "a is '1', not a list", id="into a scalar"),
        pytest.param(Insert((), 0, 1), "the document is a mapping, not a list", id="into a document"),
        pytest.param(Set(("a",), {1: 2}), "the key 1 is not a string", id="a key that JSON has not"),
        pytest.param(Set(("a",), b"x"), "a bytes cannot stand in a manifest", id="a value that JSON has not"),
        pytest.param(
            Set(("a",), 2**64), "the number 0x10000000000000000 does not fit into 64 bits", id="a huge number"
        ),
        pytest.param(Set(("a",), "\ud83d"), "lone surrogate", id="half a character"),
    ],
)
def test_an_edit_that_makes_no_sense_is_an_invalid_request(edit: Edit, message: str) -> None:
    with pytest.raises(InvalidRequest) as invalid:
        edit_text("a: 1\nl: [x]\nn:\n", 0, edit)
    assert message in str(invalid.value)


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
        pytest.param("---", "---\na: 1\n", id="nothing but a marker"),
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: 1\na: 2\n", "line 2: the key 'a' is there twice", id="a key twice"),
        pytest.param("a: 1\n'a': 2\n", "line 2: the key 'a' is there twice", id="once in quotes"),
        pytest.param('1: 1\n"1": 2\n', "line 2: the key '1' is there twice", id="once as a number"),
        pytest.param("m: {a: 1,\n a: 2}\n", "line 2: the key 'a' is there twice", id="in braces"),
        pytest.param("a: 1\n b: 2\n", "line 2", id="wrong indent"),
        pytest.param("a: [1\n", "line 2", id="an open bracket"),
        pytest.param("a: {{ .Values.x }}\n", "line 1: a key that is not a scalar", id="a template"),
        pytest.param("{{- if .Values.x }}\na: 1\n", "line 1", id="a template around a document"),
        pytest.param("a: 1\nb: *x\n", "line 2: the alias *x has no anchor before it", id="an unknown alias"),
        pytest.param("a: &x [*x]\n", "line 1: the alias *x stands inside of what it repeats", id="a loop"),
        pytest.param("a:\n  <<: 1\n", "line 2: << brings in something that is not a mapping", id="a merge of a number"),
        pytest.param("a: !!int x\n", "line 1: 'x' under the tag !!int", id="a tag that does not fit"),
        pytest.param("a: 1\nb: \x07\n", "line 2", id="a control character"),
        pytest.param("a: \ud83d\n", "line 1", id="half a character"),
        pytest.param("[" * 300 + "]" * 300, "line 1: nested deeper than 200 levels", id="nested too deep"),
    ],
)  # fmt: skip
def test_what_is_not_yaml_for_kubernetes_is_unparsable_and_says_where(text: str, message: str) -> None:
    with pytest.raises(Unparsable) as unparsable:
        parse_documents(text)
    assert str(unparsable.value).startswith(message)


def test_aliases_that_multiply_are_refused_before_they_are_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(Unparsable, match="line 1: its aliases make"):
        parse_documents("\n".join(lines))


def test_aliases_that_nest_too_deep_are_refused() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 250))]
    with pytest.raises(Unparsable, match="nested deeper than 200 levels"):
        parse_documents("\n".join(lines))
