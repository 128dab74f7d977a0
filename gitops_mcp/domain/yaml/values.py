"""What YAML text means: the values that the tools of a cluster read.

go-yaml's reading, so nothing is a timestamp, `10:20` is a string, `0644` and `0o644` are octal and `1e3` is a
number. Only `y` and `n` are left as strings, as kustomize has them and unlike kubectl; whoever writes quotes them.
Every alias becomes a value of its own, so changing one place of the result changes that place only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gitops_mcp.domain.objects import Path
from gitops_mcp.domain.yaml.tree import DocumentTree, Entry, Node, Unparsable, key_text

_CORE = "tag:yaml.org,2002:"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    **{word: True for lower in ("true", "yes", "on") for word in (lower, lower.title(), lower.upper())},
    **{word: False for lower in ("false", "no", "off") for word in (lower, lower.title(), lower.upper())},
}
_SPECIAL = {
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_NUMERIC = frozenset("+-.0123456789")
_INT = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_LONGEST_INT = 80
LOWEST, HIGHEST = -(2**63), 2**64 - 1


@dataclass(frozen=True)
class TaggedValue:
    """A value under an application's own tag, such as `!vault`: opaque, but comparable."""

    tag: str
    value: Any


def is_same(a: Any, b: Any) -> bool:
    """Equal in type too: 1, True and 1.0 are three things in a manifest; of a text only what it says counts."""
    if type(a) is not type(b):
        return isinstance(a, str) and isinstance(b, str) and str.__eq__(a, b)
    if isinstance(a, dict):
        return len(a) == len(b) and all(key in b and is_same(value, b[key]) for key, value in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(is_same, a, b))
    if isinstance(a, TaggedValue):
        return a.tag == b.tag and is_same(a.value, b.value)
    if isinstance(a, float) and math.isnan(a):
        return math.isnan(b)
    return bool(a == b)


def value_of(node: Node) -> Any:
    if node.kind == "alias" and node.target is not None:
        return value_of(node.target)
    if node.kind == "scalar":
        return _scalar(node)
    plain: Any = _mapping(node) if node.kind == "mapping" else [value_of(entry.value) for entry in node.entries]
    expected = f"{_CORE}{'map' if node.kind == 'mapping' else 'seq'}"
    return plain if node.tag in {None, "!", expected} else TaggedValue(str(node.tag), plain)


def is_opaque(node: Node) -> bool:
    """Carries a tag that changes what it means."""
    return node.tag is not None and node.tag not in {"!", f"{_CORE}str", f"{_CORE}map", f"{_CORE}seq"}


def own_entry(mapping: Node, name: str) -> Entry | None:
    """The entry that stands in the mapping itself, not in one that it merges."""
    return next((entry for entry in mapping.entries if entry.name == name and not _is_merge_entry(entry)), None)


def merged_entry(mapping: Node, name: str) -> Entry | None:
    """The entry that `<<` brings in under this name."""
    for source in _merge_sources(mapping):
        found = own_entry(source, name) or merged_entry(source, name)
        if found:
            return found
    return None


def step_into(node: Node, step: str | int) -> Entry | None:
    """The entry a step of a path leads to, through aliases and merges."""
    node = node.target or node
    if isinstance(step, int):
        return node.entries[step] if node.kind == "sequence" and 0 <= step < len(node.entries) else None
    return (own_entry(node, step) or merged_entry(node, step)) if node.kind == "mapping" else None


def entry_at(root: Node, path: Path) -> Entry | None:
    entry: Entry | None = None
    for step in path:
        entry = step_into(root, step)
        if entry is None:
            return None
        root = entry.value
    return entry


def line_at(tree: DocumentTree, path: Path) -> int:
    """The line of the key or item at a path, or of its nearest ancestor that is there; counted from 1."""
    for length in range(len(path), 0, -1):
        entry = entry_at(tree.root, path[:length])
        if entry is not None:
            return (entry.key or entry.value).line
    return tree.line


def _is_merge_entry(entry: Entry) -> bool:
    return entry.key is not None and entry.key.is_merge


def _merge_sources(mapping: Node) -> Iterator[Node]:
    for entry in mapping.entries:
        if not _is_merge_entry(entry):
            continue
        source = entry.value.target or entry.value
        for one in [item.value for item in source.entries] if source.kind == "sequence" else [source]:
            real = one.target or one
            if real.kind != "mapping":
                raise Unparsable(f"line {one.line}: << brings in something that is not a mapping")
            yield real


def _mapping(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for source in _merge_sources(node) if node.merges else ():
        for key, part in _mapping(source).items():
            found.setdefault(key, part)
    for entry in node.entries:
        if entry.key is not None and not (node.merges and entry.key.is_merge):
            found[key_text(entry.key)] = value_of(entry.value)
    return found


def _scalar(node: Node) -> Any:
    tag = node.tag
    if tag is None:
        return _plain_value(node.text) if node.style is None else node.text
    if tag in {"!", f"{_CORE}str"}:
        return node.text
    if tag not in {f"{_CORE}int", f"{_CORE}float", f"{_CORE}bool", f"{_CORE}null"}:
        return TaggedValue(tag, node.text)
    read = _plain_value(node.text)
    if tag.endswith("float") and type(read) is int:
        read = float(read)
    kind = {"int": int, "float": float, "bool": bool, "null": type(None)}[tag.removeprefix(_CORE)]
    if type(read) is not kind:
        raise Unparsable(f"line {node.line}: {node.text[:40]!r} under the tag !!{tag.removeprefix(_CORE)}")
    return read


@lru_cache(maxsize=8192)
def _plain_value(text: str) -> Any:
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in _NUMERIC:
        return text
    if text in _SPECIAL:
        return _SPECIAL[text]
    return _number(text.replace("_", ""), text)


def _number(digits: str, text: str) -> int | float | str:
    match = _INT.fullmatch(digits) if len(digits) <= _LONGEST_INT else None
    if match:
        sign, *groups = match.groups()
        base, found = next((base, group) for base, group in zip((16, 2, 8, 10), groups, strict=True) if group)
        number = int(found, base) * (-1 if sign == "-" else 1)
        if LOWEST <= number <= HIGHEST:
            return number
    return float(digits) if _FLOAT.fullmatch(digits) else text
