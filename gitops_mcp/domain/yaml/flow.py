"""Splices in what is written in brackets and braces."""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.yaml.block import Splice, above_comments, keep_comments, key_style, value_style
from gitops_mcp.domain.yaml.render import flow, flow_entry
from gitops_mcp.domain.yaml.tree import Entry, Node, YamlText
from gitops_mcp.errors import Refused


def append_flow_entry(source: YamlText, mapping: Node, key: str, value: Any) -> list[Splice]:
    text = flow_entry(key, value, style=value_style(mapping, value), key_style=key_style(mapping))
    return _append_text(source, mapping, text)


def insert_flow_item(source: YamlText, sequence: Node, index: int, value: Any) -> list[Splice]:
    text = flow(value, style=value_style(sequence, value))
    if index == len(sequence.entries):
        return _append_text(source, sequence, text)
    at = sequence.entries[index].start
    if not source.starts_line(at):
        return [Splice(at, at, f"{text}, ")]
    top = above_comments(source, at)
    return [Splice(top, top, f"{_indent(source, at)}{text},{source.eol}")]


def replace_flow_value(source: YamlText, entry: Entry, value: Any) -> list[Splice]:
    node = entry.value
    text = flow(value, style=node.style if isinstance(value, str) else None)
    if node.anchor:
        text = f"&{node.anchor} {text}"
    if entry.key is not None and entry.lead < 0:
        return [Splice(entry.key.end, entry.key.end, f": {text}")]
    keep_comments(source, node.start, node.end)
    return [Splice(node.start, node.end, f" {text}" if node.start == entry.lead else text)]


def remove_flow_entry(source: YamlText, parent: Node, index: int) -> list[Splice]:
    """One of several: a parent never becomes empty here."""
    entries = parent.entries
    entry = entries[index]
    is_last = index == len(entries) - 1
    comma = _comma_end(source, entry)
    if source.starts_line(entry.start) and _rest_is_comment(source, comma or entry.end):
        top = source.line_start(entry.start) if entry.key else above_comments(source, entry.start)
        lines = Splice(top, source.next_line(comma or entry.end), "")
        before = _comma_end(source, entries[index - 1]) if is_last and not comma else 0
        return [Splice(before - 1, before, ""), lines] if before else [lines]
    if is_last:
        start, end = entries[index - 1].end, entry.end
    else:
        start, end = entry.start, entries[index + 1].start
    keep_comments(source, start, end)
    return [Splice(start, end, "")]


def _append_text(source: YamlText, parent: Node, text: str) -> list[Splice]:
    last = parent.entries[-1]
    comma = _comma_end(source, last)
    at = comma or last.end
    if not source.starts_line(last.start):
        return [Splice(last.end, last.end, f", {text}")]
    indent = _indent(source, last.start)
    if not _rest_is_comment(source, at):
        return [Splice(last.end, last.end, f",{source.eol}{indent}{text}")]
    # One entry a line: the comment behind the last one stays with it.
    line_end = source.line_end(at)
    line = Splice(line_end, line_end, f"{source.eol}{indent}{text}{',' if comma else ''}")
    return [line] if comma else [Splice(last.end, last.end, ","), line]


def _comma_end(source: YamlText, entry: Entry) -> int:
    """After the comma that follows an entry, 0 when none does."""
    at = entry.end
    while at < len(source.text):
        char = source.text[at]
        if char == ",":
            return at + 1
        if char == "#":
            at = source.line_end(at)
        elif not char.isspace():
            return 0
        else:
            at += 1
    raise Refused(f"line {source.line(entry.start)}: the brackets do not end")


def _rest_is_comment(source: YamlText, index: int) -> bool:
    rest = source.text[index : source.line_end(index)].lstrip(" \t")
    return not rest or rest.startswith("#")


def _indent(source: YamlText, index: int) -> str:
    return source.text[source.line_start(index) : index]
