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

from gitops_mcp.domain import yamledit, yamlsplice
from gitops_mcp.domain.objects import Object, Path, at, dotted
from gitops_mcp.domain.yamlblock import Splice, last_line_ended
from gitops_mcp.domain.yamledit import Edit, Insert, Remove, Set
from gitops_mcp.domain.yamlparse import parsed
from gitops_mcp.domain.yamlrender import Layout, check, rendered
from gitops_mcp.domain.yamltree import Source, Tree, Unparsable
from gitops_mcp.domain.yamlvalue import Tagged, entry_at, line_at, same, value
from gitops_mcp.errors import InvalidRequest, Refused

__all__ = [
    "Document",
    "Edit",
    "Insert",
    "Remove",
    "Set",
    "Tagged",
    "Unparsable",
    "documents",
    "edited",
    "line_of",
    "rendered",
    "same",
    "with_document",
    "without_document",
]

_MARK = "\ufeff"
# libyaml ends a line at these too, which no other tool that shows lines does.
_ODD_BREAK = re.compile(r"\r(?!\n)|[\x85\u2028\u2029]")


@dataclass(frozen=True)
class Document:
    index: int
    line: int
    """Where its content begins, counted from 1; the line of its `---` when it is empty."""
    value: Any
    """As go-yaml reads it; None for an empty one. Belongs to the caller: nothing else refers to it."""


@dataclass(frozen=True)
class _Read:
    source: Source
    values: list[Any]


def documents(text: str) -> tuple[Document, ...]:
    """Every document, the empty ones too; a text of nothing but comments has none."""
    read = _read(text.removeprefix(_MARK))
    both = zip(read.source.trees, read.values, strict=True)
    return tuple(Document(index, tree.line, found) for index, (tree, found) in enumerate(both))


def line_of(text: str, document: int, path: Path) -> int:
    """The line of the key or item at a path, or of its nearest ancestor that is there; counted from 1.

    What an alias or `<<` brings in stands where it is written.
    """
    return line_at(_tree(parsed(text.removeprefix(_MARK)), document), path)


def edited(text: str, document: int, *edits: Edit) -> str:
    """The text with the edits made one after the other; unchanged when all of it is already so."""
    for edit in edits:
        if not isinstance(edit, Remove):
            check(edit.value)
    body = text.removeprefix(_MARK)
    read = _read(body)
    for edit in edits:
        read = _edited(read, document, edit)
    return text if read.source.text == body else _marked(text, read.source.text)


def with_document(text: str, value: Object, *, index: int | None = None) -> str:
    """With one document more: behind the last, or before the one at `index`."""
    body = text.removeprefix(_MARK)
    read = _read(body)
    source, trees = read.source, read.source.trees
    index = len(trees) if index is None else index
    if not 0 <= index <= len(trees):
        raise InvalidRequest(f"there are {len(trees)} documents, so none can be put at {index}")
    _be_editable(body)
    eol = source.eol
    style = yamlsplice.layout(source, trees[-1]) if trees else Layout()
    added = rendered(value, eol=eol, indent=style.step, indent_lists=style.offset > 0)
    if index < len(trees):
        place, marker = source.line_start(trees[index].start), f"---{eol}"
        added = f"{marker}{added}" if trees[index].marker >= 0 else f"{added}{marker}"
        # A directive may only stand behind the end of a document.
        added += f"...{eol}" if body.startswith("%", place) else ""
    else:
        place = len(body)
        added = f"---{eol}{added}" if body.strip() else added
        added = eol + added if body and not body.endswith("\n") else added
    ended = last_line_ended(source) if place == len(body) else []
    result = _spliced(body, [*ended, Splice(place, place, added)])
    reason = f"line {source.line(place)}: a document put there changes another one"
    _prove(result, [*read.values[:index], value, *read.values[index:]], reason)
    return _marked(text, result)


def without_document(text: str, *indexes: int) -> str:
    """Without these documents, their `---` and the comments attached to them; "" when no other one holds anything."""
    body = text.removeprefix(_MARK)
    read = _read(body)
    trees = [_tree(read.source, index) for index in indexes]
    rest = [found for index, found in enumerate(read.values) if index not in indexes]
    if all(value is None for value in rest):
        return ""
    _be_editable(body)
    tops = [*(_top(read.source, index) for index in range(len(read.values))), len(body)]
    result = _spliced(body, [Splice(tops[index], tops[index + 1], "") for index in set(indexes)])
    lines = ", ".join(str(tree.line) for tree in trees)
    _prove(result, rest, f"line {lines}: taking this document away changes another one")
    return _marked(text, result)


def _edited(read: _Read, document: int, edit: Edit) -> _Read:
    tree = _tree(read.source, document)
    normal = yamledit.normalized(read.values[document], edit)
    if normal is None:
        return read
    _be_editable(read.source.text)
    for part in _parts(tree, read.values[document], normal):
        read = _proved(read, document, part)
    return read


def _parts(tree: Tree, old: Any, edit: Edit) -> Iterable[Edit]:
    """A mapping over a mapping is set key by key, but what an alias or `<<` brings in is replaced whole."""
    if not isinstance(edit, Set) or at(old, *edit.path) is None:
        return [edit]
    parts: dict[Path, Edit] = {}
    for part in yamledit.difference(at(old, *edit.path), edit.value, edit.path):
        length = yamlsplice.own_length(tree, part.path)
        if len(edit.path) <= length < len(part.path):
            path = part.path[:length]
            parts[path] = Set(path, at(edit.value, *path[len(edit.path) :]))
        else:
            parts[len(parts),] = part
    return list(parts.values())


def _proved(read: _Read, document: int, edit: Edit) -> _Read:
    """The smallest splice that means what the edit means."""
    source, tree = read.source, read.source.trees[document]
    expected = yamledit.applied(read.values[document], edit)
    values = [*read.values[:document], expected, *read.values[document + 1 :]]
    style = yamlsplice.layout(source, tree)
    # A comment that is indented below would become a line of a block scalar above it.
    for each in (style, replace(style, literals=False)):
        found = _attempt(source, values, yamlsplice.splices(source, tree, edit, each))
        if found is not None:
            return found
    return _rerendered(read, tree, edit, values, expected)


def _rerendered(read: _Read, tree: Tree, edit: Edit, values: list[Any], expected: Any) -> _Read:
    """With the parent of what changes written anew, or else the parent of that."""
    line = read.source.line(_start(tree, edit.path))
    reason = f"line {line}: {dotted(edit.path) or 'the document'} cannot be changed without changing something else"
    parent = edit.path if isinstance(edit, Insert) else edit.path[:-1]
    style = yamlsplice.layout(read.source, tree)
    for path in {parent: None, parent[:-1]: None}:
        try:
            anew = yamlsplice.rerendered(read.source, tree, path, at(expected, *path), style)
        except Refused as error:
            raise Refused(f"{reason}; written anew: {error}") from error
        found = _attempt(read.source, values, anew)
        if found is not None:
            return found
    raise Refused(reason)


def _attempt(source: Source, values: list[Any], splices: list[Splice]) -> _Read | None:
    try:
        read = _read(_spliced(source.text, splices))
    except Unparsable:
        return None
    return read if same(read.values, values) else None


def _start(tree: Tree, path: Path) -> int:
    for length in range(len(path), 0, -1):
        entry = entry_at(tree.root, path[:length])
        if entry is not None:
            return entry.start
    return tree.start


def _prove(result: str, values: list[Any], reason: str) -> None:
    try:
        proved = same(_read(result).values, values)
    except Unparsable:
        proved = False
    if not proved:
        raise Refused(reason)


def _read(body: str) -> _Read:
    source = parsed(body)
    return _Read(source, [value(tree.root) for tree in source.trees])


def _tree(source: Source, document: int) -> Tree:
    if not 0 <= document < len(source.trees):
        raise InvalidRequest(f"there is no document {document}; there are {len(source.trees)}, counted from 0")
    return source.trees[document]


def _be_editable(body: str) -> None:
    odd = _ODD_BREAK.search(body)
    if odd:
        line = body.count("\n", 0, odd.start()) + 1
        raise Refused(f"line {line}: a line break other than LF and CRLF (U+{ord(odd.group()):04X})")


def _spliced(text: str, splices: Iterable[Splice]) -> str:
    parts, done = [], 0
    for splice in sorted(splices, key=lambda splice: splice.start):
        parts += [text[done : splice.start], splice.text]
        done = splice.end
    return "".join([*parts, text[done:]])


def _marked(text: str, body: str) -> str:
    return _MARK + body if text.startswith(_MARK) else body


def _top(source: Source, document: int) -> int:
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
