"""YAML text as a tree that knows where everything stands.

Indexes count characters from the start of the text without its byte order mark.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.errors import InvalidRequest

DEEPEST = 200
MERGE = "tag:yaml.org,2002:merge"

_COMMENT = re.compile(r"(?<!\S)#[^\n]*")
_HEADER = re.compile(r"[|>][-+0-9]*")


class Unparsable(InvalidRequest):
    """The text is not YAML that Kubernetes' tools would read; names the line. The caller adds the file."""


@dataclass(slots=True, eq=False)
class Node:
    kind: Literal["scalar", "mapping", "sequence", "alias"]
    start: int
    """Where it begins, its anchor and tag included."""
    end: int
    """After its last character; after the last line break for a block scalar that keeps them (`|+`)."""
    line: int
    style: str | None = None
    """Of a scalar: `'`, `"`, `|`, `>`, or None when plain."""
    flow: bool = False
    anchor: str | None = None
    tag: str | None = None
    text: str = ""
    """A scalar's value, an alias's name."""
    properties: int = 0
    """After the anchor and tag; equals `start` when there are none."""
    content: int = 0
    entries: Sequence[Entry] = ()
    target: Node | None = None
    """What an alias stands for."""
    size: int = 1
    """How many values it holds once aliases are expanded."""
    depth: int = 1
    merges: bool = False
    """A mapping with a key that brings in another one's."""

    @property
    def is_block(self) -> bool:
        """A collection written over lines, by indentation."""
        return self.kind in {"mapping", "sequence"} and not self.flow

    @property
    def is_block_scalar(self) -> bool:
        return self.style in {"|", ">"}

    @property
    def is_merge(self) -> bool:
        """As a key: `<<`, which brings in the keys of another mapping."""
        return self.kind == "scalar" and self.text == "<<" and self.style is None and self.tag in {None, MERGE}

    def nodes(self) -> Iterator[Node]:
        """This and all below it, in the order of the text; aliases are not followed."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            for entry in reversed(node.entries):
                waiting.append(entry.value)
                if entry.key is not None:
                    waiting.append(entry.key)


@dataclass(slots=True, eq=False)
class Entry:
    """A key with its value, or an item with its dash."""

    key: Node | None
    value: Node
    start: int
    lead: int
    """After the colon or the dash; -1 where there is none (an item in brackets, `{a, b}`, `? a`)."""
    end: int

    @property
    def name(self) -> str:
        return key_text(self.key) if self.key is not None else ""


@dataclass(slots=True, eq=False)
class DocumentTree:
    """One document."""

    root: Node
    start: int
    """Of its directives, its `---` or its content, whichever is first."""
    marker: int
    """After its `---`; -1 when it has none."""
    line: int
    aliases: list[Node]

    @property
    def is_empty(self) -> bool:
        return self.root.kind == "scalar" and self.root.start == self.root.end

    def uses(self, anchored: Node) -> list[Node]:
        return [alias for alias in self.aliases if alias.target is anchored]


@dataclass(slots=True, eq=False)
class YamlText:
    """The text without its byte order mark, and its documents."""

    text: str
    trees: list[DocumentTree]
    leaves: list[Node]
    eol: str

    def line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def line_end(self, index: int) -> int:
        """Before the line break."""
        end = self.text.find("\n", index)
        if end < 0:
            return len(self.text)
        return end - 1 if end > index and self.text[end - 1] == "\r" else end

    def next_line(self, index: int) -> int:
        return self.text.find("\n", index) + 1 or len(self.text)

    def column(self, index: int) -> int:
        return index - self.line_start(index)

    def line(self, index: int) -> int:
        """Counted from 1."""
        return self.text.count("\n", 0, index) + 1

    def starts_line(self, index: int) -> bool:
        return not self.text[self.line_start(index) : index].strip()

    def comments(self, start: int, end: int) -> list[int]:
        """Where comments begin in a span: outside of scalars, and in the header line of a block scalar."""
        found: list[int] = []
        at = start
        for leaf in self.leaves[bisect_right(self.leaves, start, key=lambda leaf: leaf.end) :]:
            if leaf.start >= end:
                break
            found += self._comments(at, leaf.start)
            if leaf.is_block_scalar:
                head = header_end(self.text, leaf)
                found += self._comments(max(start, head), min(end, self.line_end(head)))
            at = leaf.end
        return found + self._comments(at, end)

    def _comments(self, start: int, end: int) -> list[int]:
        return [match.start() for match in _COMMENT.finditer(self.text, start, end)] if start < end else []


def header_end(text: str, scalar: Node) -> int:
    """After `|-` or `>2` and the like."""
    match = _HEADER.match(text, scalar.content)
    return match.end() if match else scalar.content


def key_text(key: Node) -> str:
    """A key is its text: JSON, which the API reads, has no other keys."""
    if key.kind == "alias" and key.target is not None:
        key = key.target
    if key.kind != "scalar":
        raise Unparsable(f"line {key.line}: a key that is not a scalar (an unquoted {{{{ template }}}}?)")
    return key.text
