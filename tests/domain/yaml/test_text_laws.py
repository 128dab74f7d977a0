"""What holds for every edit of every text.

The texts are written here, in several styles and with comments strewn in, and read back with PyYAML, so neither the
writer nor the reader that is under test takes part in saying what is right.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set
from gitops_mcp.domain.yaml.text import edit_text, parse_documents, with_document, without_document
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import Refused


@dataclass(frozen=True)
class Style:
    step: int
    offset: int
    gap: int
    flow_depth: int
    """From here on collections stand in brackets."""
    quote_keys: bool
    comments: bool
    eol: str
    mark: str
    final: bool


@dataclass(frozen=True)
class Text:
    text: str
    values: list[Any]
    document: int

    @property
    def value(self) -> Any:
        return self.values[self.document]


styles = st.builds(
    Style,
    step=st.sampled_from([2, 4]),
    offset=st.sampled_from([0, 2, 4]),
    gap=st.sampled_from([2, 4]),
    flow_depth=st.sampled_from([1, 3, 9]),
    quote_keys=st.booleans(),
    comments=st.booleans(),
    eol=st.sampled_from(["\n", "\n", "\r\n"]),
    mark=st.sampled_from(["", "", "\ufeff"]),
    final=st.booleans(),
)
keys = st.sampled_from(["name", "spec", "a", "b", "on", "1", "x.y/z", "a b", "é"])
words = st.one_of(
    st.sampled_from(
        ["x", "on", "3", "", "a: b", "it's", "#", "two\nlines\n", "two\nlines", "😀", "- x", "10:20", " x"]
    ),
    st.text(max_size=8).filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text)),
)
scalars = st.one_of(words, st.integers(-(2**63), 2**64 - 1), st.booleans(), st.none(), st.sampled_from([0.5, 1e20]))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)
objects = st.dictionaries(keys, values, min_size=1, max_size=4)


def quoted(value: Any) -> str:
    """JSON, which is YAML too, but for half characters and the line breaks that only YAML knows."""
    if isinstance(value, float):
        return f"{value:.1f}"
    if not isinstance(value, str):
        return json.dumps(value)
    return '"' + "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\' else f"\\U{ord(char):08x}" for char in value
    ) + '"'  # fmt: skip


def lines(value: Any, column: int, style: Style, depth: int = 0) -> Iterator[str]:
    """A collection in block style; what is deeper than `flow_depth` stands in brackets."""
    for index, (key, part) in enumerate(value.items() if isinstance(value, dict) else enumerate(value)):
        name = (quoted(key) if style.quote_keys or key in {"on", "1"} else key) if isinstance(key, str) else None
        if style.comments and index:
            yield " " * column + f"# above {depth}.{index}"
        lead = " " * column + (f"{name}:" if name is not None else "-")
        if not isinstance(part, (dict, list)) or not part or depth >= style.flow_depth:
            yield f"{lead} {flow(part)}" + (f"  # beside {depth}.{index}" if style.comments else "")
        elif name is not None:
            yield lead + ("  # on the key" if style.comments else "")
            yield from lines(part, column + (style.step if isinstance(part, dict) else style.offset), style, depth + 1)
        else:
            first, *rest = lines(part, column + style.gap, style, depth + 1)
            yield lead + first[column + 1 :]
            yield from rest


def flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)}: {flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return quoted(value)


@st.composite
def texts(draw: st.DrawFn) -> Text:
    style = draw(styles)
    found = draw(st.lists(objects, min_size=1, max_size=3))
    every: list[str] = []
    for index, value in enumerate(found):
        every += [*(["---" + (" # marker" if style.comments else "")] if index else []), *lines(value, 0, style)]
    text = style.mark + style.eol.join(every) + (style.eol if style.final else "")
    assert is_same(read(text), found)
    return Text(text, found, draw(st.integers(0, len(found) - 1)))


def read(text: str) -> list[Any]:
    return list(yaml.load_all(text.removeprefix("\ufeff"), Loader=yaml.CSafeLoader))  # it is the safe one


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in pairs:
        yield from paths(part, (*path, step))


def check(text: Text, result: str, expected: Any) -> None:
    wanted = [*text.values[: text.document], expected, *text.values[text.document + 1 :]]
    assert is_same([found.value for found in parse_documents(result)], wanted)
    if "1e+20" not in result:  # PyYAML reads it as a string
        assert is_same(read(result), wanted)
    assert result.startswith("\ufeff") is text.text.startswith("\ufeff")
    if "\r\n" in text.text:
        assert result.count("\r\n") == result.count("\n")


def made(text: str, document: int, edit: Edit) -> str:
    """The edit, unless it would lose a comment: no other refusal is right in these texts."""
    try:
        return edit_text(text, document, edit)
    except Refused as refused:
        if "comment" not in str(refused):
            raise
        reject()


def comments(text: str) -> Counter[str]:
    """The comments strewn in; no string of these texts holds their words."""
    return Counter(line[line.index("# ") :] for line in text.splitlines() if "# " in line and line.rstrip()[-1] != '"')


def is_subsequence(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(line in rest for line in part)


def survive_but_one(part: list[str], whole: list[str]) -> bool:
    """Whether all lines but at most one stand in the other text too, in their order."""
    return any(is_subsequence([*part[:gone], *part[gone + 1 :]], whole) for gone in range(len(part)))


def plain_lines(text: str) -> list[str]:
    return [line.rstrip("\r") for line in text.split("\n")]


@settings(deadline=None)
@given(texts(), st.data())
def test_a_set_scalar_changes_one_line_and_nothing_else(text: Text, data: st.DataObject) -> None:
    places = [path for path in paths(text.value) if path and not isinstance(at(text.value, *path), (dict, list))]
    assume(places)
    path = data.draw(st.sampled_from(places))
    new = data.draw(scalars.filter(lambda value: not isinstance(value, str) or "\n" not in value))
    result = edit_text(text.text, text.document, Set(path, new))
    expected = copy.deepcopy(text.value)
    at(expected, *path[:-1])[path[-1]] = new
    check(text, result, expected)
    before, after = plain_lines(text.text), plain_lines(result)
    assert len(before) == len(after)
    assert sum(old != now for old, now in zip(before, after, strict=True)) <= 1
    assert comments(result) == comments(text.text)
    assert edit_text(result, text.document, Set(path, new)) == result


@settings(deadline=None)
@given(texts(), keys, values, st.data())
def test_a_new_key_only_adds_lines(text: Text, key: str, new: Any, data: st.DataObject) -> None:
    places = [
        path
        for path in paths(text.value)
        if isinstance(found := at(text.value, *path), dict) and found and key not in found
    ]
    assume(places)
    path = (*data.draw(st.sampled_from(places)), key)
    result = edit_text(text.text, text.document, Set(path, new))
    expected = copy.deepcopy(text.value)
    at(expected, *path[:-1])[key] = new
    check(text, result, expected)
    before, after = plain_lines(text.text), plain_lines(result)
    assert survive_but_one(before, after), "only the line of a mapping in braces may change"
    assert not comments(text.text) - comments(result)
    assert edit_text(result, text.document, Set(path, new)) == result


@settings(deadline=None)
@given(texts(), values, st.data())
def test_an_inserted_item_only_adds_lines(text: Text, new: Any, data: st.DataObject) -> None:
    places = [path for path in paths(text.value) if isinstance(at(text.value, *path), list)]
    assume(places)
    path = data.draw(st.sampled_from(places))
    index = data.draw(st.integers(0, len(at(text.value, *path))))
    result = edit_text(text.text, text.document, Insert(path, index, new))
    expected = copy.deepcopy(text.value)
    at(expected, *path).insert(index, new)
    check(text, result, expected)
    before, after = plain_lines(text.text), plain_lines(result)
    assert survive_but_one(before, after), "only the line of a list in brackets may change"
    assert not comments(text.text) - comments(result)


@settings(deadline=None)
@given(texts(), st.data())
def test_a_removal_only_takes_lines(text: Text, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path in paths(text.value) if path]))
    result = made(text.text, text.document, Remove(path))
    expected = copy.deepcopy(text.value)
    del at(expected, *path[:-1])[path[-1]]
    check(text, result, expected)
    before, after = plain_lines(text.text), plain_lines(result)
    assert survive_but_one(after, before), "only the line that held the key or the dash beside it may change"
    if isinstance(path[-1], str):
        assert edit_text(result, text.document, Remove(path)) == result


@settings(deadline=None)
@given(texts(), values, st.data())
def test_what_was_set_can_be_set_back(text: Text, new: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path in paths(text.value) if path]))
    there = made(text.text, text.document, Set(path, new))
    back = made(there, text.document, Set(path, at(text.value, *path)))
    expected = copy.deepcopy(text.value)
    at(expected, *path[:-1])[path[-1]] = new
    check(text, there, expected)
    check(replace(text, text=there), back, text.value)


@settings(deadline=None)
@given(texts(), objects)
def test_an_added_document_leaves_the_bytes_before_it_and_goes_again(text: Text, value: dict[str, Any]) -> None:
    result = with_document(text.text, value)
    assert result.startswith(text.text)
    assert is_same([found.value for found in parse_documents(result)], [*text.values, value])
    left = without_document(result, len(text.values))
    if result.endswith("\n") and not text.text.endswith("\n"):
        # A text at the end that ends in a line feed needs one at the end of the file, which stays.
        left = left.removesuffix("\n").removesuffix("\r")
    assert left == text.text


@settings(deadline=None)
@given(texts())
def test_a_document_that_goes_leaves_the_bytes_of_the_others(text: Text) -> None:
    result = without_document(text.text, text.document)
    rest = [*text.values[: text.document], *text.values[text.document + 1 :]]
    assert is_same([found.value for found in parse_documents(result)], rest)
    assert is_subsequence(
        plain_lines(result.removeprefix("\ufeff")), [*plain_lines(text.text.removeprefix("\ufeff")), ""]
    )
