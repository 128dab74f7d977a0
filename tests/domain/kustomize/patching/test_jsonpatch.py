"""A JSON6902 patch: RFC 6902 with what kustomize's library takes beyond it, and what kubectl makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.kustomize.draft import Draft
from gitops_mcp.domain.kustomize.patching.jsonpatch import apply_json_patch
from gitops_mcp.domain.kustomize.patching.mergepatch import Unpatchable
from gitops_mcp.domain.kustomize.produced import Layer, Word
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.yaml.values import is_same
from tests.domain.kustomize.oracle import checked
from tests.domain.kustomize.trees import operations

DOCUMENT = Layer("document", "db.yaml", 0, (), None, 1, "")
PATCH = Layer("json patch", "p.yaml", 0, (), None, 7, "")


def patched(spec: Object, *patch: Any) -> Draft:
    """An object with this spec; the operations name places below the object."""
    value = {"apiVersion": "a/v1", "kind": "A", "metadata": {"name": "x"}, "spec": spec}
    return apply_json_patch(Draft(value, (DOCUMENT,), {(): Word(0, (), literal=True)}), list(patch), PATCH)


def op(name: str, path: str, value: Any = None, **more: Any) -> Object:
    """An operation at a place below spec."""
    return {"op": name, "path": f"/spec{path}", **({} if value is None else {"value": value}), **more}


@pytest.mark.parametrize(
    ("spec", "patch", "after"),
    [
        pytest.param({"a": 1}, [op("add", "/b", {"c": 2})], {"a": 1, "b": {"c": 2}}, id="add a member"),
        pytest.param({"a": 1}, [op("add", "/a", 2)], {"a": 2}, id="add over a member"),
        pytest.param({"l": ["a", "c"]}, [op("add", "/l/1", "b")], {"l": ["a", "b", "c"]}, id="add an item"),
        pytest.param({"l": ["a"]}, [op("add", "/l/-", ["b", "c"])], {"l": ["a", ["b", "c"]]}, id="add a list at the end"),
        pytest.param({"a": 1, "b": 2}, [op("remove", "/b")], {"a": 1}, id="remove a member"),
        pytest.param({"l": ["a", "b", "c"]}, [op("remove", "/l/1")], {"l": ["a", "c"]}, id="remove an item"),
        pytest.param({"a": 1, "b": 2}, [op("replace", "/a", {"x": 1})], {"a": {"x": 1}, "b": 2}, id="replace"),
        pytest.param({"m": {"a": 1}, "n": {}}, [op("move", "/n/b", **{"from": "/spec/m/a"})], {"m": {}, "n": {"b": 1}}, id="move a member"),
        pytest.param({"l": ["a", "b", "c"]}, [op("move", "/l/2", **{"from": "/spec/l/0"})], {"l": ["b", "c", "a"]}, id="move an item"),
        pytest.param({"m": {"a": 1}}, [op("copy", "/n", **{"from": "/spec/m"}), op("replace", "/n/a", 2)], {"m": {"a": 1}, "n": {"a": 2}}, id="copy, and change the copy"),
        pytest.param({"a": "x", "l": [1, 2]}, [op("test", "/a", "x"), op("test", "/l", [1, 2]), op("remove", "/a")], {"l": [1, 2]}, id="tests that hold"),
        pytest.param({"~1": 1, "/": 2}, [op("replace", "/~01", 3), op("replace", "/~1", 4)], {"~1": 3, "/": 4}, id="escapes"),
        pytest.param({}, [op("add", "/a", 1, why="x")], {"a": 1}, id="what is not known is passed over"),
        pytest.param({"l": ["a", "b"]}, [op("replace", "/l/-1", "c")], {"l": ["a", "c"]}, id="an index from the end, which the RFC has not"),
        pytest.param({}, [op("replace", "/a", 1)], {"a": 1}, id="replace of a missing key, which the RFC has not"),
    ],
)  # fmt: skip
def test_operations_are_made_one_after_the_other(spec: Object, patch: list[Object], after: Object) -> None:
    assert is_same(patched(spec, *patch).value["spec"], after)


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        pytest.param(op("test", "/a", 2), "the test of /spec/a fails", id="another value"),
        pytest.param(op("test", "/a", value=True), "the test of /spec/a fails", id="true is not one"),
        pytest.param(op("test", "/m", {"x": 1, "y": 2}), "the test of /spec/m fails", id="more members"),
        pytest.param(op("test", "/l", ["b", "a"]), "the test of /spec/l fails", id="another order"),
        pytest.param(op("remove", "/z"), "/spec/z is not there, so it cannot be removed", id="remove of nothing"),
        pytest.param(op("add", "/z/y", 1), "/spec/z/y: what should hold it is not there", id="below nothing"),
        pytest.param(op("add", "/l/3", 1), "/spec/l/3: 3 is not in the list", id="beyond the end"),
        pytest.param(op("add", "/l/x", 1), "/spec/l/x: 'x' is not an index", id="no index"),
        pytest.param(op("merge", "/a", 1), "operation 1: there is no 'merge'", id="no such operation"),
        pytest.param({"op": "add", "value": 1}, "add without path", id="no path"),
        pytest.param(op("move", "/b"), "move without from", id="no source"),
        pytest.param({"op": "add", "path": "", "value": {}}, "the whole object cannot be patched", id="all of it"),
        pytest.param("remove", "operation 1 is not an object", id="a text"),
        pytest.param({"op": "remove", "path": "/kind"}, "it takes away the kind or the name", id="the kind"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_place(operation: Any, message: str) -> None:
    with pytest.raises(Unpatchable) as raised:
        patched({"a": 1, "m": {"x": 1}, "l": ["a", "b"]}, operation)
    assert str(raised.value) == message


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.text(max_size=2), values, max_size=2), st.text(max_size=2), values)
def test_what_is_added_under_any_key_can_be_tested_moved_and_removed(spec: Object, key: str, value: Any) -> None:
    spec.pop(key, None)
    path = "/m/" + key.replace("~", "~0").replace("/", "~1")
    steps: list[Object] = [
        {"op": "add", "path": f"/spec{path}", "value": value},
        {"op": "test", "path": f"/spec{path}", "value": value},
        op("move", "/l/-", **{"from": f"/spec{path}"}),
        op("remove", "/l/0"),
    ]
    assert is_same(patched({"m": spec, "l": []}, *steps).value["spec"], {"m": spec, "l": []})


def test_annotations_are_always_there_to_be_added_to() -> None:
    found = patched({}, {"op": "add", "path": "/metadata/annotations/a", "value": "b"})
    assert found.value["metadata"]["annotations"] == {"a": "b"}
    assert found.doubts == ()


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param({"op": "test", "path": "/metadata/annotations", "value": {}}, id="a test of all annotations"),
        pytest.param({"op": "copy", "from": "/metadata", "path": "/spec/m"}, id="a copy of all metadata"),
    ],
)
def test_what_reads_all_annotations_meets_notes_of_kustomize_that_are_not_known_here(operation: Object) -> None:
    assert patched({}, operation).doubts == ("p.yaml:7: it uses all of metadata.annotations",)


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param("- {op: add, path: /spec/l/-, value: c}\n- {op: add, path: /spec/l/0, value: z}\n- {op: add, path: /spec/l/4, value: e}", id="add to a list"),
        pytest.param("- {op: add, path: /spec/l/9, value: c}", id="add beyond the end"),
        pytest.param("- {op: add, path: /spec/l/-1, value: c}", id="add from the end"),
        pytest.param("- {op: replace, path: /spec/l/-1, value: c}", id="replace from the end"),
        pytest.param("- {op: remove, path: /spec/l/-2}", id="remove from the end"),
        pytest.param("- {op: remove, path: /spec/l/-3}", id="remove before the start"),
        pytest.param("- {op: add, path: /spec/l/01, value: 5}", id="a leading zero"),
        pytest.param("- {op: add, path: /spec/l/x, value: 5}", id="no index"),
        pytest.param("- {op: replace, path: /spec/l/5, value: c}", id="replace beyond the end"),
        pytest.param("- {op: remove, path: /spec/l/5}", id="remove beyond the end"),
        pytest.param("- {op: replace, path: /spec/zz, value: c}", id="replace of what is not there"),
        pytest.param("- {op: remove, path: /spec/zz}", id="remove of what is not there"),
        pytest.param("- {op: add, path: /spec/zz/y, value: c}", id="add below what is not there"),
        pytest.param("- {op: add, path: /spec/a/x, value: 5}", id="add below a scalar"),
        pytest.param("- {op: add, path: /spec/n/x, value: 5}", id="add below null"),
        pytest.param("- {op: replace, path: /spec/k~1e~0y, value: c}", id="escapes"),
        pytest.param("- {op: test, path: /spec/a, value: 1}\n- {op: replace, path: /spec/a, value: 2}", id="a test that holds"),
        pytest.param("- {op: test, path: /spec/a, value: 2}", id="a test that fails"),
        pytest.param("- {op: test, path: /spec/a, value: true}", id="a test of another type"),
        pytest.param("- {op: test, path: /spec/zz, value: null}\n- {op: test, path: /spec/n}\n- {op: test, path: /spec/a, value: 1.0}\n- {op: test, path: /spec/m, value: {x: 1}}", id="lax tests"),
        pytest.param("- {op: move, from: /spec/a, path: /spec/b}\n- {op: copy, from: /spec/m, path: /spec/m2}\n- {op: replace, path: /spec/m2/x, value: 3}", id="move and copy"),
        pytest.param("- {op: move, from: /spec/zz, path: /spec/b}", id="move of nothing"),
        pytest.param("- {op: copy, from: /spec/zz, path: /spec/b}", id="copy of nothing"),
        pytest.param("- {op: move, from: /spec/l/0, path: /spec/l/1}\n- {op: copy, from: /spec/l/0, path: /spec/l/-}", id="in one list"),
        pytest.param("- {op: move, from: /spec/m, path: /spec/m/x/y}", id="into itself"),
        pytest.param("- {op: add, path: /spec/a}\n- {op: replace, path: /spec/m, value: null}", id="no value is null"),
        pytest.param("- {op: add, path: /spec/d, value: 2026-01-01}\n- {op: add, path: /spec/y, value: y}\n- {op: add, path: /spec/q, value: {y: n, on: off, 1: 2}}", id="scalars as JSON6902 patches have them"),
        pytest.param("- {op: add, path: /spec/big, value: 9007199254740993}", id="a number that JSON rounds"),
        pytest.param("- {op: bogus, path: /spec/a, value: 1}", id="no such operation"),
        pytest.param("- {path: /spec/a, value: 1}", id="no operation"),
        pytest.param("- {op: add, value: 1}", id="no path"),
        pytest.param("- {op: add, path: top, value: 1}", id="a path without a slash"),
        pytest.param("- {op: add, path: '', value: 1}", id="the whole object"),
        pytest.param("- {op: add, path: /spec/, value: 5}", id="an empty key"),
        pytest.param("- {op: add, path: /spec/a, value: 5, extra: 1}", id="an unknown field"),
        pytest.param("{op: add, path: /spec/a, value: 5}", id="no list"),
        pytest.param("[]", id="no operations"),
        pytest.param("[{op: add, path: /spec/q, value: 1}]", id="in brackets it has to be JSON"),
        pytest.param("# c\n[{op: add, path: /spec/q, value: 1}]", id="in brackets behind a comment"),
        pytest.param('[{"op": "add", "path": "/spec/q", "value": [1, {"a": null}]}]', id="JSON"),
        pytest.param("---\n- {op: add, path: /spec/q, value: 1}\n---\n- {op: add, path: /spec/r, value: 1}\n", id="only the first document counts"),
        pytest.param("- {op: replace, path: /metadata/name, value: other}", id="the name"),
        pytest.param("- {op: replace, path: /kind, value: Pooler}", id="the kind"),
        pytest.param("- {op: remove, path: /metadata/name}", id="no name left"),
        pytest.param("- {op: add, path: /metadata/namespace, value: there}", id="the namespace"),
        pytest.param("- {op: remove, path: /metadata/namespace}", id="no namespace to take away"),
        pytest.param("- {op: add, path: /metadata/annotations/x, value: 5}\n- {op: add, path: /metadata/annotations/t, value: 'y'}", id="annotations are always there"),
        pytest.param("- {op: add, path: /metadata/labels/x, value: a}", id="labels are not"),
        pytest.param("- {op: remove, path: /metadata/annotations}", id="all annotations"),
    ],
)  # fmt: skip
@pytest.mark.few(16)
def test_a_json6902_patch_does_what_kustomize_does(operation: str, tmp_path: Path) -> None:
    checked(operations(operation), "", tmp_path)
