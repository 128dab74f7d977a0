"""An object in the making: what a pen writes, and who then has the word."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.kustomize.draft import Draft, Id, Pen, Words, id_of, resolve_word
from gitops_mcp.domain.kustomize.produced import Layer, Word
from gitops_mcp.domain.objects import Object, Path


def layer(path: str) -> Layer:
    return Layer("merge patch", path, 0, (), None, 1, "")


def document(value: Object) -> Draft:
    return Draft(value, (layer("db.yaml"),), {(): Word(0, (), literal=True)})


SIZED = document({"size": 3, "args": ["a", "b"]})


def test_what_a_patch_puts_is_its_word_and_all_else_stays_the_documents() -> None:
    pen = Pen(SIZED, layer("p.yaml"))
    pen.put(("size",), 5, ("size",))
    draft = pen.done()
    assert draft.value == {"size": 5, "args": ["a", "b"]}
    assert resolve_word(draft.words, ("size",)) == Word(1, ("size",), literal=True)
    assert resolve_word(draft.words, ("args", 1)) == Word(0, ("args", 1), literal=True)
    assert SIZED.value == {"size": 3, "args": ["a", "b"]}


def test_an_item_behind_one_that_is_taken_keeps_its_own_place_in_the_text() -> None:
    pen = Pen(SIZED, layer("p.yaml"))
    pen.take(("args",), 0, (0,))
    draft = pen.done()
    assert draft.value["args"] == ["b"]
    assert resolve_word(draft.words, ("args", 0)) == Word(0, ("args", 1), literal=True)
    assert draft.cuts == {("args",): Word(1, (0,), literal=True)}


def test_an_item_that_is_inserted_moves_those_behind_it() -> None:
    pen = Pen(SIZED, layer("p.yaml"))
    pen.insert(("args",), 1, "new", (0, "value"))
    draft = pen.done()
    assert draft.value["args"] == ["a", "new", "b"]
    words = {index: resolve_word(draft.words, ("args", index)) for index in range(3)}
    assert words == {
        0: Word(0, ("args", 0), literal=True),
        1: Word(1, (0, "value"), literal=True),
        2: Word(0, ("args", 1), literal=True),
    }


@pytest.mark.parametrize(
    ("value", "path", "after"),
    [
        pytest.param({"a": {"b": 1, "c": 2}}, ("a", "b"), {"a": {"c": 2}}, id="a part"),
        pytest.param({"a": {"b": 1}}, ("a",), {}, id="a whole"),
        pytest.param({"a": 1}, ("b", "c"), {"a": 1}, id="nothing"),
        pytest.param({"a": [{"b": 1}, {"b": 2}]}, ("a", 1, "b"), {"a": [{"b": 1}, {}]}, id="a part of an item"),
    ],
)
def test_who_takes_something_away_is_known_even_where_nothing_was(value: Object, path: Path, after: Object) -> None:
    pen = Pen(document(value), layer("p.yaml"))
    pen.cut(path, ("own",))
    draft = pen.done()
    assert (draft.value, draft.cuts) == (after, {path: Word(1, ("own",), literal=True)})


def test_a_value_that_replaces_all_that_was_there_hides_what_earlier_layers_say_below() -> None:
    pen = Pen(document({"a": {"b": 1}}), layer("p.yaml"))
    pen.put(("a",), {"c": 2}, ("x",), whole=True)
    draft = pen.done()
    assert draft.cuts == {("a",): Word(1, ("x",), literal=True)}
    assert dict(Words(draft)) == {("a", "c"): Word(1, ("x", "c"), literal=True)}
    with pytest.raises(KeyError):
        Words(draft)["a", "b"]


def test_a_word_that_is_made_has_no_parts_in_the_text() -> None:
    words: dict[Path, Word] = {(): Word(0, (), literal=True), ("a",): Word(1, ("namePrefix",), literal=False)}
    assert resolve_word(words, ("a", "b")) == Word(1, ("namePrefix",), literal=False)


def test_a_name_that_changes_is_kept_with_those_before() -> None:
    draft = document({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "db"}}).renamed()
    assert draft.first_id == Id("postgresql.cnpg.io", "v1", "Cluster", "db", "")
    assert len(draft.ids) == 2
    assert str(draft.id) == "Cluster db"
    assert draft.doubted("x").doubted("x").doubts == ("x",)


@pytest.mark.parametrize(
    ("one", "other", "matches"),
    [
        pytest.param({"kind": "A", "metadata": {"name": "x"}}, {"kind": "A", "metadata": {"name": "x", "namespace": "default"}}, True, id="no namespace is default"),
        pytest.param({"kind": "A", "metadata": {"name": "x"}}, {"kind": "A", "metadata": {"name": "x", "namespace": "b"}}, False, id="another namespace"),
        pytest.param({"kind": "A", "apiVersion": "v1"}, {"kind": "A", "apiVersion": "a/v1"}, False, id="another group"),
        pytest.param({"kind": ["A"], "apiVersion": 1}, {}, True, id="of no kind"),
    ],
)  # fmt: skip
def test_two_names_mean_one_object(one: Object, other: Object, *, matches: bool) -> None:
    assert id_of(one).matches(id_of(other)) is matches
