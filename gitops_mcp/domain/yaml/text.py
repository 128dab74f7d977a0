"""Edits YAML as text and proves each edit.

Comments, order, quotes, anchors and line endings live in the text, so nothing is ever dumped: an edit is a few
splices at the marks of the value it meets, in the file's own style. The result is parsed again and every document
of it compared with what the edit means; where they differ the parent is rendered anew, then its parent, and then
the edit is refused. An edit that would change a second place, or lose a comment, is refused too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from gitops_mcp.domain.objects import Object, Path, at, dotted_path
from gitops_mcp.domain.yaml.block import Splice, end_last_line
from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set, apply_edit, edits_between, normalize_edit
from gitops_mcp.domain.yaml.parse import parse_yaml
from gitops_mcp.domain.yaml.render import Indentation, check_value, render_manifest
from gitops_mcp.domain.yaml.splices import indentation_of, own_length, render_anew, splices_for
from gitops_mcp.domain.yaml.tree import DocumentTree, Unparsable, YamlText
from gitops_mcp.domain.yaml.values import TaggedValue, entry_at, is_same, line_at, value_of
from gitops_mcp.errors import InvalidRequest, Refused

__all__ = [
    "Edit",
    "Insert",
    "Remove",
    "Set",
    "TaggedValue",
    "Unparsable",
    "YamlDocument",
    "edit_text",
    "is_same",
    "line_of_path",
    "parse_documents",
    "render_manifest",
    "with_document",
    "without_document",
]

_MARK = "\ufeff"
# libyaml ends a line at these too, which no other tool that shows lines does.
_ODD_BREAK = re.compile(r"\r(?!\n)|[\x85\u2028\u2029]")


@dataclass(frozen=True)
class YamlDocument:
    index: int
    line: int
    """Where its content begins, counted from 1; the line of its `---` when it is empty."""
    value: Any
    """As go-yaml reads it; None for an empty one. Belongs to the caller: nothing else refers to it."""


@dataclass(frozen=True)
class _ReadText:
    source: YamlText
    values: list[Any]


def parse_documents(text: str) -> tuple[YamlDocument, ...]:
    """Every document, the empty ones too; a text of nothing but comments has none."""
    read = _read_text(text.removeprefix(_MARK))
    both = zip(read.source.trees, read.values, strict=True)
    return tuple(YamlDocument(index, tree.line, found) for index, (tree, found) in enumerate(both))


def line_of_path(text: str, document: int, path: Path) -> int:
    """The line of the key or item at a path, or of its nearest ancestor that is there; counted from 1.

    What an alias or `<<` brings in stands where it is written.
    """
    return line_at(_tree(parse_yaml(text.removeprefix(_MARK)), document), path)


def edit_text(text: str, document: int, *edits: Edit) -> str:
    """The text with the edits made one after the other; unchanged when all of it is already so."""
    for edit in edits:
        if not isinstance(edit, Remove):
            check_value(edit.value)
    body = text.removeprefix(_MARK)
    read = _read_text(body)
    for edit in edits:
        read = _make_edit(read, document, edit)
    if read.source.text == body:
        return text
    return _with_byte_order_mark(text, _ended_as_before(body, read.source.text, read.values))


def with_document(text: str, value: Object, *, index: int | None = None) -> str:
    """With one document more: behind the last, or before the one at `index`."""
    body = text.removeprefix(_MARK)
    read = _read_text(body)
    source, trees = read.source, read.source.trees
    index = len(trees) if index is None else index
    if not 0 <= index <= len(trees):
        raise InvalidRequest(f"there are {len(trees)} documents, so none can be put at {index}")
    _check_line_breaks(body)
    eol = source.eol
    style = indentation_of(source, trees[-1]) if trees else Indentation()
    added = render_manifest(value, eol=eol, indent=style.step, indent_lists=style.offset > 0)
    if index < len(trees):
        place, marker = source.line_start(trees[index].start), f"---{eol}"
        added = f"{marker}{added}" if trees[index].marker >= 0 else f"{added}{marker}"
        # A directive may only stand behind the end of a document.
        added += f"...{eol}" if body.startswith("%", place) else ""
    else:
        place = len(body)
        added = f"---{eol}{added}" if body.strip() else added
        added = eol + added if body and not body.endswith("\n") else added
    ended = end_last_line(source) if place == len(body) else []
    result = _apply_splices(body, [*ended, Splice(place, place, added)])
    reason = f"line {source.line(place)}: a document put there changes another one"
    values = [*read.values[:index], value, *read.values[index:]]
    _check_result(result, values, reason)
    return _with_byte_order_mark(text, _ended_as_before(body, result, values))


def without_document(text: str, *indexes: int) -> str:
    """Without these documents, their `---` and the comments attached to them; "" when no other one holds anything."""
    body = text.removeprefix(_MARK)
    read = _read_text(body)
    trees = [_tree(read.source, index) for index in indexes]
    rest = [found for index, found in enumerate(read.values) if index not in indexes]
    if all(value is None for value in rest):
        return ""
    _check_line_breaks(body)
    tops = [*(_top(read.source, index) for index in range(len(read.values))), len(body)]
    result = _apply_splices(body, [Splice(tops[index], tops[index + 1], "") for index in set(indexes)])
    lines = ", ".join(str(tree.line) for tree in trees)
    _check_result(result, rest, f"line {lines}: taking this document away changes another one")
    return _with_byte_order_mark(text, _ended_as_before(body, result, rest))


def _make_edit(read: _ReadText, document: int, edit: Edit) -> _ReadText:
    tree = _tree(read.source, document)
    normal = normalize_edit(read.values[document], edit)
    if normal is None:
        return read
    _check_line_breaks(read.source.text)
    for part in _split_edit(tree, read.values[document], normal):
        read = _edit_and_prove(read, document, part)
    return read


def _split_edit(tree: DocumentTree, old: Any, edit: Edit) -> Iterable[Edit]:
    """A mapping over a mapping is set key by key, but what an alias or `<<` brings in is replaced whole."""
    if not isinstance(edit, Set) or at(old, *edit.path) is None:
        return [edit]
    parts: dict[Path, Edit] = {}
    for part in edits_between(at(old, *edit.path), edit.value, edit.path):
        length = own_length(tree, part.path)
        if len(edit.path) <= length < len(part.path):
            path = part.path[:length]
            parts[path] = Set(path, at(edit.value, *path[len(edit.path) :]))
        else:
            parts[len(parts),] = part
    return list(parts.values())


def _edit_and_prove(read: _ReadText, document: int, edit: Edit) -> _ReadText:
    """The smallest splice that means what the edit means."""
    source, tree = read.source, read.source.trees[document]
    expected = apply_edit(read.values[document], edit)
    values = [*read.values[:document], expected, *read.values[document + 1 :]]
    style = indentation_of(source, tree)
    # A comment that is indented below would become a line of a block scalar above it.
    for each in (style, replace(style, literals=False)):
        found = _attempt(source, values, splices_for(source, tree, edit, each))
        if found is not None:
            return found
    return _render_parent_anew(read, tree, edit, values, expected)


def _render_parent_anew(read: _ReadText, tree: DocumentTree, edit: Edit, values: list[Any], expected: Any) -> _ReadText:
    """With the parent of what changes written anew, or else the parent of that."""
    line = read.source.line(_start_of_path(tree, edit.path))
    reason = (
        f"line {line}: {dotted_path(edit.path) or 'the document'} cannot be changed without changing something else"
    )
    parent = edit.path if isinstance(edit, Insert) else edit.path[:-1]
    style = indentation_of(read.source, tree)
    for path in {parent: None, parent[:-1]: None}:
        try:
            anew = render_anew(read.source, tree, path, at(expected, *path), style)
        except Refused as error:
            raise Refused(f"{reason}; written anew: {error}") from error
        found = _attempt(read.source, values, anew)
        if found is not None:
            return found
    raise Refused(reason)


def _attempt(source: YamlText, values: list[Any], splices: list[Splice]) -> _ReadText | None:
    try:
        read = _read_text(_apply_splices(source.text, splices))
    except Unparsable:
        return None
    return read if is_same(read.values, values) else None


def _start_of_path(tree: DocumentTree, path: Path) -> int:
    for length in range(len(path), 0, -1):
        entry = entry_at(tree.root, path[:length])
        if entry is not None:
            return entry.start
    return tree.start


def _ended_as_before(body: str, result: str, values: list[Any]) -> str:
    """A text that ended without a line break ends so again, unless that would say something else."""
    if not body or body.endswith("\n") or not result.endswith("\n"):
        return result
    bare = result.removesuffix("\n").removesuffix("\r")
    return bare if is_same(_read_text(bare).values, values) else result


def _check_result(result: str, values: list[Any], reason: str) -> None:
    try:
        proved = is_same(_read_text(result).values, values)
    except Unparsable:
        proved = False
    if not proved:
        raise Refused(reason)


def _read_text(body: str) -> _ReadText:
    source = parse_yaml(body)
    return _ReadText(source, [value_of(tree.root) for tree in source.trees])


def _tree(source: YamlText, document: int) -> DocumentTree:
    if not 0 <= document < len(source.trees):
        raise InvalidRequest(f"there is no document {document}; there are {len(source.trees)}, counted from 0")
    return source.trees[document]


def _check_line_breaks(body: str) -> None:
    odd = _ODD_BREAK.search(body)
    if odd:
        line = body.count("\n", 0, odd.start()) + 1
        raise Refused(f"line {line}: a line break other than LF and CRLF (U+{ord(odd.group()):04X})")


def _apply_splices(text: str, splices: Iterable[Splice]) -> str:
    parts, done = [], 0
    for splice in sorted(splices, key=lambda splice: splice.start):
        parts += [text[done : splice.start], splice.text]
        done = splice.end
    return "".join([*parts, text[done:]])


def _with_byte_order_mark(text: str, body: str) -> str:
    return _MARK + body if text.startswith(_MARK) else body


def _top(source: YamlText, document: int) -> int:
    """Where a document begins, the comments that are attached to it included.

    A comment right above a `---` belongs to what follows when a blank line parts it from what comes before. What
    stands above the first `---` is the file's own header.
    """
    tree = source.trees[document]
    start = source.line_start(tree.start)
    if document == 0 and tree.marker >= 0:
        return start
    top = start
    while top and source.text.startswith("#", source.line_start(top - 1)):
        top = source.line_start(top - 1)
    if document == 0:
        return top
    above = source.text[source.line_start(top - 1) : top].strip()
    return start if above not in {"", "..."} or source.trees[document - 1].is_empty else top
