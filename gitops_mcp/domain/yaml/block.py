"""Splices in what is written over lines, by indentation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from gitops_mcp.domain.yaml.render import Indentation, entry_lines, flow, hang_on_dash, hang_on_key, item_lines
from gitops_mcp.domain.yaml.tree import Entry, Node, YamlText, header_end
from gitops_mcp.domain.yaml.values import value_of
from gitops_mcp.errors import Refused


class Splice(NamedTuple):
    start: int
    end: int
    text: str


def append_block_entry(source: YamlText, mapping: Node, key: str, value: Any, layout: Indentation) -> list[Splice]:
    lines = entry_lines(
        key,
        value,
        collection_column(source, mapping),
        layout,
        style=value_style(mapping, value),
        key_style=key_style(mapping),
    )
    return _put_below(source, mapping.end, lines)


def insert_block_item(source: YamlText, sequence: Node, index: int, value: Any, layout: Indentation) -> list[Splice]:
    dashes = collection_column(source, sequence)
    lines = item_lines(value, dashes, layout, style=value_style(sequence, value))
    if index == len(sequence.entries):
        return _put_below(source, sequence.end, lines)
    at = sequence.entries[index].start
    if source.starts_line(at):
        at = above_comments(source, at)
        return [Splice(at, at, "".join(line + source.eol for line in lines))]
    # The first item of a list that begins on its parent's line: `- - a`.
    lines[0] = lines[0].lstrip(" ")
    return [Splice(at, at, "".join(line + source.eol for line in lines) + " " * dashes)]


def remove_block_entry(source: YamlText, parent: Node, index: int) -> list[Splice]:
    """One of several: a parent never becomes empty here."""
    entry = parent.entries[index]
    if not source.starts_line(entry.start):
        return [_remove_first_of_compact(source, parent, index)]
    top = source.line_start(entry.start) if entry.key else above_comments(source, entry.start)
    bottom = entry.end if _ends_line(source, entry.end) else source.next_line(entry.end)
    indent = collection_column(source, parent)
    while _comment_column(source, bottom) > indent:
        bottom = source.next_line(bottom)
    if bottom == len(source.text) and not source.text.endswith("\n") and not _needs_break(source, top):
        top = source.line_end(source.line_start(top - 1))
    return [Splice(top, bottom, "")]


def _needs_break(source: YamlText, top: int) -> bool:
    """Whether what stands above must keep its line break at the end of the text."""
    above = [leaf for leaf in source.leaves if leaf.end <= top]
    return top == 0 or (bool(above) and above[-1].is_block_scalar)


def _remove_first_of_compact(source: YamlText, parent: Node, index: int) -> Splice:
    """`- name: a` without its name: the next entry moves up to the dash."""
    entry = parent.entries[index]
    if index or source.text[: entry.start].rstrip(" \t")[-1:] != "-":
        raise Refused(f"line {source.line(entry.start)}: {entry.name!r} does not begin on a line of its own")
    following = parent.entries[1].start
    own_end = _body_end(source, entry.end)
    line_end = source.line_end(own_end)
    if not source.comments(line_end, following):
        return Splice(entry.start, following, "")
    dash = len(source.text[: entry.start].rstrip(" \t"))
    return Splice(dash, line_end, "")


def replace_block_value(source: YamlText, parent: Node, entry: Entry, value: Any, layout: Indentation) -> list[Splice]:
    """Another value behind a key or a dash; comments on that line stay."""
    node = entry.value
    body = body_column(source, node)
    style = node.style if isinstance(value, str) else None
    if node.flow and node.entries and isinstance(value, (dict, list)):
        first, rest = flow(value), list[str]()
    elif parent.kind == "mapping":
        first, rest = hang_on_key(value, collection_column(source, parent), layout, style=style, body=body)
    else:
        if node.start > entry.lead and "\n" not in source.text[entry.start : node.start]:
            layout = replace(layout, gap=node.start - entry.start)
        first, rest = hang_on_dash(value, collection_column(source, parent), layout, style=style, body=body)
    if entry.lead < 0:
        raise Refused(f"line {source.line(entry.start)}: the key {entry.name!r} is written with `?` and has no value")
    return hang_value(source, entry, first, rest)


def hang_value(source: YamlText, entry: Entry, first: str, rest: list[str]) -> list[Splice]:
    """Puts text where a value hangs: `first` on the line of the colon or dash, `rest` below it."""
    node = entry.value
    head = f"&{node.anchor} {first}".rstrip(" ") if node.anchor else first
    below = "".join(source.eol + line for line in rest)
    if "\n" in source.text[entry.lead : node.content]:
        return _hang_from_below(source, entry, head, below)
    stop = header_end(source.text, node) if node.is_block_scalar else node.end
    start = node.start if head else entry.lead
    if head and node.start == entry.lead:
        head = f" {head}"
    line_end = source.line_end(stop)
    keep_comments(source, start, line_end if node.is_block and "\n" in source.text[start:stop] else stop)
    end = _body_end(source, node.end) if node.is_block_scalar else line_end
    return [Splice(start, stop, head), Splice(line_end, max(end, line_end), _with_final_break(source, end, below))]


def _hang_from_below(source: YamlText, entry: Entry, head: str, below: str) -> list[Splice]:
    """The old value stands on the lines after its key."""
    node = entry.value
    if not below and not node.is_block and not node.is_block_scalar:
        keep_comments(source, node.start, node.end)
        return [Splice(node.start, node.end, head)]
    line_end = source.line_end(entry.lead)
    stop = node.properties if node.start < line_end else entry.lead
    end = _body_end(source, node.end)
    keep_comments(source, line_end, source.line_end(end))
    return [
        Splice(entry.lead, stop, f" {head}" if head else ""),
        Splice(line_end, end, _with_final_break(source, end, below)),
    ]


def _with_final_break(source: YamlText, end: int, below: str) -> str:
    """New lines at the end of a text get the line break that a `|` needs."""
    return below + source.eol if below and end == len(source.text) else below


def keep_comments(source: YamlText, start: int, end: int) -> None:
    lost = source.comments(start, end)
    if lost:
        raise Refused(f"line {source.line(lost[0])}: the comment there would be lost")


def above_comments(source: YamlText, index: int) -> int:
    """The start of the line, or of the comments attached right above it: same indent, no blank line between.

    An item of a list that was commented out is no comment on the one below it.
    """
    indent = source.column(index)
    top = bottom = source.line_start(index)
    while top:
        above = source.line_start(top - 1)
        if _comment_column(source, above) != indent:
            break
        top = above
    return _below_items(source, top, bottom)


def _below_items(source: YamlText, top: int, bottom: int) -> int:
    """Where the comments begin that stand behind the last commented-out item between two lines."""
    dash, begin, line = -1, top, top
    while line < bottom:
        words = source.text[line : source.line_end(line)].lstrip(" \t").removeprefix("#")
        column = len(words) - len(words.lstrip(" "))
        if words.lstrip(" ").startswith("- "):
            dash = column
        if dash >= 0 and (column > dash or words.lstrip(" ").startswith("- ")):
            begin = source.next_line(line)
        else:
            dash = -1
        line = source.next_line(line)
    return begin


def collection_column(source: YamlText, collection: Node) -> int:
    return source.column(collection.entries[0].start)


def body_column(source: YamlText, node: Node) -> int | None:
    """Where the lines of a block scalar begin, so that its successor's do too."""
    if not node.is_block_scalar:
        return None
    at = source.next_line(node.content)
    while at < node.end:
        line = source.text[at : source.line_end(at)]
        if line.strip():
            return len(line) - len(line.lstrip(" "))
        at = source.next_line(at)
    return None


def value_style(collection: Node, value: Any) -> str | None:
    """The quote that all strings of a collection wear."""
    if not isinstance(value, str) or "\n" in value:
        return None
    return _common_quote([entry.value for entry in collection.entries])


def key_style(mapping: Node) -> str | None:
    return _common_quote([entry.key for entry in mapping.entries if entry.key is not None])


def _common_quote(nodes: list[Node]) -> str | None:
    styles = {node.style for node in nodes if node.kind == "scalar" and (node.style in {"'", '"'} or _is_word(node))}
    style = styles.pop() if len(styles) == 1 else None
    return style if style in {"'", '"'} else None


def _is_word(node: Node) -> bool:
    """A plain string: numbers, booleans and nothing are not quoted and say nothing about quotes."""
    return node.style is None and isinstance(value_of(node), str)


def end_last_line(source: YamlText) -> list[Splice]:
    """What keeps the last value as it is once its line gets the break it lacks.

    A `|` at the very end of a text has no line break to give to its value; a `|-` never has.
    """
    last = source.leaves[-1] if source.leaves else None
    if last is None or not last.is_block_scalar or last.end < len(source.text) or source.text.endswith("\n"):
        return []
    header = slice(last.content, header_end(source.text, last))
    return [Splice(header.start, header.stop, source.text[header].rstrip("+-") + "-")]


def _put_below(source: YamlText, end: int, lines: list[str]) -> list[Splice]:
    if _ends_line(source, end):
        return [Splice(end, end, "".join(line + source.eol for line in lines))]
    at = source.line_end(end)
    text = "".join(source.eol + line for line in lines)
    if at < len(source.text):
        return [Splice(at, at, text)]
    return [*end_last_line(source), Splice(at, at, text + source.eol)]


def _ends_line(source: YamlText, end: int) -> bool:
    return source.text[end - 1 : end] == "\n"


def _body_end(source: YamlText, end: int) -> int:
    """Without the line break that a `|+` takes with it."""
    if not _ends_line(source, end):
        return end
    return end - (2 if source.text[end - 2 : end] == "\r\n" else 1)


def _comment_column(source: YamlText, line_start: int) -> int:
    """Of a line that holds nothing but a comment; -1 for any other."""
    line = source.text[line_start : source.line_end(line_start)]
    return line.index("#") if line.lstrip(" \t").startswith("#") else -1
