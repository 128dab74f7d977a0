"""From text to tree, by the events of libyaml.

Their marks are character indexes; `yaml.compose` would hide where aliases stand. A block collection ends where its
last leaf does: the event that closes it points at the next token.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, NoReturn

import yaml

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.yaml.tree import DEEPEST, DocumentTree, Entry, Node, Unparsable, YamlText, header_end, key_text

# go-yaml is a port of libyaml; the pure Python parser differs (it rejects a tab before a comment).
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MOST = 400_000
"""Values of one text; keys count too."""
_A_STRETCH = 500
_ALIASES_MAY_ADD = 100_000
_ALIASES_MAY_MULTIPLY = 10

_PROPERTY = re.compile(r"&[^\s,\[\]{}]+|!<[^>\s]*>|![^\s,\[\]{}]*")
_FILL = re.compile(r"(?:\s|#[^\n]*)*")


@lru_cache(maxsize=4096)
def parse_yaml(text: str) -> YamlText:
    """A tree that is shared, so never changed: what is read for its values, for its lines and as a manifest is one."""
    crlf = text.count("\r\n")
    eol = "\r\n" if crlf and crlf * 2 >= text.count("\n") else "\n"
    try:
        builder = _TreeBuilder(text)
        trees = builder.trees()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise Unparsable(f"line {mark.line + 1 if mark else 1}: {what}") from error
    except (yaml.YAMLError, UnicodeError) as error:
        at = getattr(error, "position", 0)
        raise Unparsable(f"line {text.count(chr(10), 0, at) + 1}: {getattr(error, 'reason', error)}") from error
    return YamlText(text, trees, builder.leaves, eol)


class _TreeBuilder:
    def __init__(self, text: str) -> None:
        self._text = text
        self._next: Callable[[], Any] = _LOADER(text).get_event
        self._anchors: dict[str, Node | None] = {}
        self._aliases: list[Node] = []
        self._nodes = 0
        self._repeated = 0
        self.leaves: list[Node] = []

    def trees(self) -> list[DocumentTree]:
        found = []
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                found.append(self._tree(event))
        return found

    def _tree(self, event: Any) -> DocumentTree:
        self._anchors, self._aliases = {}, []
        before = self._nodes
        root = self._node(self._next(), 1)
        count = self._nodes - before
        self._repeated += root.size - count
        if self._repeated > self._nodes * _ALIASES_MAY_MULTIPLY + _ALIASES_MAY_ADD:
            _fail(root.line, f"its aliases make {root.size} values of {count}")
        if root.size > count:
            spend(root.size - count)
        marker = event.end_mark.index if event.explicit else -1
        line = root.line
        if root.kind == "scalar" and root.start == root.end:
            # libyaml puts the nothing of an empty document at the next token, which may be another document's.
            root.start = root.end = root.properties = root.content = marker
            line = event.end_mark.line + 1
        return DocumentTree(root, event.start_mark.index, marker, line, self._aliases)

    def _node(self, event: Any, depth: int) -> Node:
        self._nodes += 1
        if not self._nodes % _A_STRETCH:
            self._check_number(event)
        mark = event.start_mark
        line = mark.line + 1
        if depth > DEEPEST:
            _fail(line, f"nested deeper than {DEEPEST} levels")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, mark.index, line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, line)
        kind: Literal["mapping", "sequence"] = "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence"
        node = Node(kind, mark.index, mark.index, line, None, bool(event.flow_style), event.anchor, event.tag)
        self._place(node, len(self._text))
        if node.anchor:
            self._anchors[node.anchor] = None
        last = self._mapping(node, depth) if kind == "mapping" else self._sequence(node, depth)
        if node.flow:
            node.end = last.end_mark.index
        elif node.entries:
            node.content = node.entries[0].start
            node.end = node.entries[-1].end
        _measure(node)
        if node.depth > DEEPEST:
            _fail(line, f"nested deeper than {DEEPEST} levels")
        return self._anchored(node)

    def _check_number(self, event: Any) -> None:
        spend(_A_STRETCH)
        if self._nodes > _MOST:
            _fail(event.start_mark.line + 1, f"more than {_MOST:,} values in one file: no person wrote them")

    def _anchored(self, node: Node) -> Node:
        if node.anchor:
            self._anchors[node.anchor] = node
        return node

    def _place(self, node: Node, limit: int) -> None:
        """Finds the end of the anchor and tag, and the start of what they belong to."""
        node.properties = node.content = node.start
        if node.anchor is node.tag is None:
            return
        for _ in range((node.anchor is not None) + (node.tag is not None)):
            match = _PROPERTY.match(self._text, node.content, limit)
            if match is None:
                break
            node.properties = match.end()
            node.content = self._after_fill(match.end(), limit)

    def _after_fill(self, index: int, limit: int) -> int:
        match = _FILL.match(self._text, index, limit)
        return match.end() if match else index

    def _scalar(self, event: Any, start: int, line: int) -> Node:
        end = event.end_mark.index
        style, anchor, tag = event.style or None, event.anchor, event.tag
        node = Node("scalar", start, end, line, style, False, anchor, tag, event.value, start, start)
        if anchor is tag is style is None:
            if end > start:
                self.leaves.append(node)
            return node
        self._place(node, end)
        if node.is_block_scalar and "+" not in self._text[node.content : header_end(self._text, node)]:
            node.end = _without_blank_lines(self._text, node.content, end)
        if node.end > start:
            self.leaves.append(node)
        return self._anchored(node)

    def _alias(self, event: Any, line: int) -> Node:
        name = event.anchor
        if name not in self._anchors:
            _fail(line, f"the alias *{name} has no anchor before it")
        target = self._anchors[name]
        if target is None:
            _fail(line, f"the alias *{name} stands inside of what it repeats")
        start, end = event.start_mark.index, event.end_mark.index
        node = Node("alias", start, end, line, text=name, target=target, properties=start, content=start)
        node.size, node.depth = target.size, target.depth
        self._aliases.append(node)
        self.leaves.append(node)
        return node

    def _mapping(self, node: Node, depth: int) -> Any:
        seen: set[object] = set()
        node.entries = entries = list[Entry]()
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            name: object = key.text
            if key.kind != "scalar" or name == "<<":
                node.merges = node.merges or key.is_merge
                name = (key.text,) if key.is_merge else key_text(key)
            if name in seen:
                _fail(key.line, f"the key {key_text(key)!r} is there twice")
            seen.add(name)
            value = self._node(self._next(), depth + 1)
            end = after = key.end
            if not self._text.startswith(":", after):
                after = self._after_fill(after, len(self._text))
            lead = -1
            if self._text.startswith(":", after):
                lead, end = after + 1, max(end, value.end)
            entries.append(Entry(key, value, key.start, lead, end))
        return event

    def _sequence(self, node: Node, depth: int) -> Any:
        at = node.content
        node.entries = entries = list[Entry]()
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            value = self._node(event, depth + 1)
            start, lead = value.start, -1
            if not node.flow:
                start = self._after_fill(at, len(self._text))
                lead = start + 1
            at = max(value.end, lead)
            entries.append(Entry(None, value, start, lead, at))
        return event


def _measure(node: Node) -> None:
    for entry in node.entries:
        node.size += entry.value.size
        if entry.value.depth >= node.depth:
            node.depth = entry.value.depth + 1


def _without_blank_lines(text: str, start: int, end: int) -> int:
    """A block scalar of libyaml ends a block scalar after the blank lines below it, which belong to nobody."""
    while True:
        line = text.rfind("\n", start, end) + 1
        if not line or text[line:end].strip():
            return end
        end = line - 1
        if end > start and text[end - 1] == "\r":
            end -= 1


def _fail(line: int, reason: str) -> NoReturn:
    raise Unparsable(f"line {line}: {reason}")
