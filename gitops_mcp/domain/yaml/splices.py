"""One edit as splices of the text: which node it meets, and whether it may be touched there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import Any

from gitops_mcp.domain.objects import Path, dotted_path
from gitops_mcp.domain.yaml.block import (
    Splice,
    append_block_entry,
    collection_column,
    hang_value,
    insert_block_item,
    keep_comments,
    remove_block_entry,
    replace_block_value,
)
from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set
from gitops_mcp.domain.yaml.flow import append_flow_entry, insert_flow_item, remove_flow_entry, replace_flow_value
from gitops_mcp.domain.yaml.render import Indentation, block, flow
from gitops_mcp.domain.yaml.tree import DocumentTree, Entry, Node, YamlText
from gitops_mcp.domain.yaml.values import is_opaque, merged_entry, own_entry, step_into
from gitops_mcp.errors import Refused

_ENOUGH = 2_000
"""Nodes that are looked at to learn how a file indents."""


def splices_for(source: YamlText, tree: DocumentTree, edit: Edit, style: Indentation) -> list[Splice]:
    """The splices of a normalized edit."""
    match edit:
        case Insert(path, index, value):
            sequence = _entries_to(tree, path)[-1][1].value
            _check_used_once(tree, sequence, path)
            if sequence.flow:
                return insert_flow_item(source, sequence, index, value)
            return insert_block_item(source, sequence, index, value, _indentation_near(source, style, sequence))
        case Remove(path):
            return _remove_at(source, tree, path, style)
        case Set(path, value):
            return _set_value(source, tree, path, value, style)


def render_anew(source: YamlText, tree: DocumentTree, path: Path, value: Any, style: Indentation) -> list[Splice]:
    """A whole value anew, where nothing but the value itself stands in it."""
    parent, entry = _entries_to(tree, path)[-1]
    node = entry.value
    keep_comments(source, node.start, node.end)
    for part in node.nodes():
        if part.kind == "alias" or part.anchor or is_opaque(part):
            raise Refused(f"line {part.line}: the anchor, alias or tag there would be lost")
    return _replace_entry(source, parent, entry, value, style)


def own_length(tree: DocumentTree, path: Path) -> int:
    """How much of a path stands in the document itself: an alias or a merged key ends it."""
    node = tree.root
    for length, step in enumerate(path):
        entry = step_into(node, step)
        if node.kind == "alias":
            return length
        if entry is None:
            break
        if isinstance(step, str) and entry is not own_entry(node, step):
            return length + 1
        node = entry.value
    return len(path)


def indentation_of(source: YamlText, tree: DocumentTree) -> Indentation:
    """How this document indents, else the file."""
    steps, offsets, gaps = Counter[int](), Counter[int](), Counter[int]()
    for document in (tree, *(other for other in source.trees if other is not tree)):
        for node in islice(document.root.nodes(), _ENOUGH):
            _count_indents(source, node, steps, offsets, gaps)
        if steps and offsets and gaps:
            break
    step = _usual(steps, 2)
    return Indentation(step=step, offset=_usual(offsets, step), gap=_usual(gaps, 2))


def _indentation_near(source: YamlText, style: Indentation, node: Node) -> Indentation:
    """The same, but next to a node as the node itself does."""
    steps, offsets, gaps = Counter[int](), Counter[int](), Counter[int]()
    _count_indents(source, node, steps, offsets, gaps)
    return replace(
        style, step=_usual(steps, style.step), offset=_usual(offsets, style.offset), gap=_usual(gaps, style.gap)
    )


def _count_indents(
    source: YamlText, node: Node, steps: Counter[int], offsets: Counter[int], gaps: Counter[int]
) -> None:
    if not node.is_block:
        return
    for entry in node.entries:
        inner = entry.value
        on_line = source.text.find("\n", entry.lead, inner.content) < 0
        if node.kind == "sequence":
            if on_line and inner.end > inner.start:
                gaps[inner.start - entry.start] += 1
        elif inner.is_block and not on_line:
            kind = steps if inner.kind == "mapping" else offsets
            kind[collection_column(source, inner) - source.column(entry.start)] += 1


def _usual(counter: Counter[int], otherwise: int) -> int:
    return counter.most_common(1)[0][0] if counter else otherwise


def _entries_to(tree: DocumentTree, path: Path) -> list[tuple[Node | None, Entry]]:
    """The entries from the document down to a path, each with the collection it stands in."""
    root = Entry(None, tree.root, tree.start, tree.marker, tree.root.end)
    way: list[tuple[Node | None, Entry]] = [(None, root)]
    for depth, step in enumerate(path):
        node = way[-1][1].value
        _check_editable(tree, node, path[:depth])
        entry = own_entry(node, step) if isinstance(step, str) else node.entries[step]
        if entry is None:
            source = merged_entry(node, str(step))
            where = f" from line {source.value.line}" if source else ""
            raise Refused(f"line {node.line}: {dotted_path(path[: depth + 1])} is merged in{where} with <<")
        way.append((node, entry))
    return way


def _check_editable(tree: DocumentTree, node: Node, path: Path) -> None:
    """Nothing else may change with what is inside of a node."""
    if node.target is not None:
        places = ", ".join(str(line) for line in [node.target.line, *(alias.line for alias in tree.uses(node.target))])
        raise Refused(
            f"line {node.line}: {dotted_path(path)} is the alias *{node.text}; editing it would change all of lines "
            f"{places}"
        )
    _check_used_once(tree, node, path)


def _check_used_once(tree: DocumentTree, node: Node, path: Path) -> None:
    if node.kind == "alias":
        _check_editable(tree, node, path)
    uses = tree.uses(node) if node.anchor else []
    if uses:
        lines = ", ".join(str(alias.line) for alias in uses)
        raise Refused(
            f"line {node.line}: {dotted_path(path) or 'the document'} is anchored as &{node.anchor} and used on "
            f"lines {lines}; editing it would change them too"
        )


def _check_no_orphan(tree: DocumentTree, node: Node, path: Path) -> None:
    """Whether what goes holds an anchor that is used elsewhere."""
    inside = {id(part): part for part in node.nodes()}
    lost = [alias for alias in tree.aliases if id(alias) not in inside and id(alias.target) in inside]
    if lost:
        lines = ", ".join(str(alias.line) for alias in lost)
        anchored = inside[id(lost[0].target)]
        raise Refused(
            f"line {anchored.line}: the anchor &{anchored.anchor} in {dotted_path(path) or 'the document'} is used on "
            f"lines {lines}, which would lose it"
        )


def _set_value(source: YamlText, tree: DocumentTree, path: Path, value: Any, style: Indentation) -> list[Splice]:
    last = path[-1] if path else None
    parent = _entries_to(tree, path[:-1])[-1][1].value if path else None
    if parent is not None and isinstance(last, str) and own_entry(parent, last) is None:
        _check_used_once(tree, parent, path[:-1])
        return _add_key(source, tree, path, value, style)
    holder, entry = _entries_to(tree, path)[-1]
    if entry.value.kind != "alias":
        _check_used_once(tree, entry.value, path)
    _check_no_orphan(tree, entry.value, path)
    return _replace_entry(source, holder, entry, value, style)


def _add_key(source: YamlText, tree: DocumentTree, path: Path, value: Any, style: Indentation) -> list[Splice]:
    """A key that its mapping does not have."""
    *way, key = path
    holder, entry = _entries_to(tree, tuple(way))[-1]
    mapping, key = entry.value, str(key)
    if not mapping.entries:
        return _replace_entry(source, holder, entry, {key: value}, style)
    if mapping.flow:
        return append_flow_entry(source, mapping, key, value)
    return append_block_entry(source, mapping, key, value, _indentation_near(source, style, mapping))


def _remove_at(source: YamlText, tree: DocumentTree, path: Path, style: Indentation) -> list[Splice]:
    *way, last = path
    above, holder = _entries_to(tree, tuple(way))[-1]
    parent = holder.value
    _check_editable(tree, parent, tuple(way))
    entry = _entries_to(tree, path)[-1][1]
    if isinstance(last, str) and merged_entry(parent, last):
        raise Refused(f"line {source.line(entry.start)}: {dotted_path(path)} is also merged in with <<")
    _check_no_orphan(tree, entry.value, path)
    if len(parent.entries) == 1:
        return _empty_parent(source, above, holder, style)
    index = parent.entries.index(entry)
    if parent.flow:
        return remove_flow_entry(source, parent, index)
    return remove_block_entry(source, parent, index)


def _empty_parent(source: YamlText, above: Node | None, holder: Entry, style: Indentation) -> list[Splice]:
    """The last entry goes: `[]` or `{}` stays."""
    parent = holder.value
    empty: Any = {} if parent.kind == "mapping" else []
    line_end = source.line_end(holder.lead)
    if above is None or above.flow or parent.flow or parent.content < line_end:
        return _replace_entry(source, above, holder, empty, style)
    at = parent.properties if parent.start < line_end else holder.lead
    return [Splice(at, at, f" {flow(empty)}"), *remove_block_entry(source, parent, 0)]


def _replace_entry(source: YamlText, parent: Node | None, entry: Entry, value: Any, style: Indentation) -> list[Splice]:
    if parent is None:
        return _replace_root(source, entry, value, style)
    if parent.flow:
        return replace_flow_value(source, entry, value)
    return replace_block_value(source, parent, entry, value, _indentation_near(source, style, parent))


def _replace_root(source: YamlText, entry: Entry, value: Any, style: Indentation) -> list[Splice]:
    node = entry.value
    if node.flow and node.entries:
        keep_comments(source, node.start, node.end)
        return [Splice(node.start, node.end, flow(value))]
    lines = block(value, 0, style)
    if entry.lead >= 0:
        on_marker = not isinstance(value, (dict, list)) or not value
        return hang_value(source, entry, *((lines[0], []) if on_marker else ("", lines)))
    keep_comments(source, node.start, node.end)
    return [Splice(node.start, node.end, source.eol.join(lines))]
