"""Which values of a chart may decide a field, the likeliest first.

Nothing is concluded from likeness: whoever asks renders the chart with each. A value is like the field where it has
its name, equals what the field says or is a part of it, and stands with the object's own name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from gitops_mcp.domain.editing.charts.list_values import GONE, list_values, makes_items, paths_inside
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.domain.yaml.values import is_same

__all__ = ["GONE", "Candidate", "Look", "entry_lists", "find_candidates", "own_entries"]

_READ: Final = re.compile(r"(\.Values)?((?:(?<!\))\)*\.[A-Za-z_]\w*)+)")
"""`.Values.a.b`, `(.Values.a).b`, `$one.c`."""
_SYNONYMS = (
    {"instances", "replicas", "replicacount", "nodes", "members", "instancecount"},
    {"imagename", "image", "tag", "imagetag", "version", "postgresversion", "postgresql"},
    {"size", "storage", "storagesize", "capacity", "disk", "volumesize"},
    {"name", "database", "dbname"},
    {"owner", "user", "username"},
)
_NODES_AT_MOST = 5000


@dataclass(frozen=True)
class Candidate:
    path: Path
    """Of the value."""
    value: Any
    """What it would have to be; `GONE` where it goes."""


@dataclass(frozen=True)
class Look:
    """What is looked for, and where."""

    values: Any
    """All layers together."""
    object: Object
    """As it is rendered."""
    wanted: Set | Remove
    prefix: Path
    """Before what `.Values` says in the template, where it is a dependency's."""
    templates: tuple[str, ...]


@dataclass(frozen=True)
class _Node:
    path: Path
    value: Any
    is_own: bool
    """It stands with the name of the object."""


def find_candidates(look: Look) -> Iterator[Candidate]:
    scored = sorted(_scored(look), key=lambda one: -one[0])
    seen: set[str] = set()
    for _, candidate in scored:
        if (key := repr(candidate)) not in seen:
            seen.add(key)
            yield candidate


def _scored(look: Look) -> Iterator[tuple[float, Candidate]]:
    nodes = list(islice(_nodes(look.values, (), _names(look.object)), _NODES_AT_MOST))
    path = look.wanted.path
    for node in nodes:
        yield from _of_node(look, node, path)
    for node in _absent_nodes(look, nodes):
        yield from _of_node(look, node, path)


def _of_node(look: Look, node: _Node, path: Path) -> Iterator[tuple[float, Candidate]]:
    """What the node may have to become, where it is the source of the field or of something that holds it."""
    for length in range(len(path), 0, -1):
        part, rest = path[:length], path[length:]
        current = at(look.object, *part)
        alike = _name_likeness(node.path, part)
        same = node.value is not None and current is not None and is_same(node.value, current)
        score = 2.0 * alike + 3 * same + 4 * node.is_own + 0.5 * length
        score += 3 * (same and isinstance(current, str))  # few values say the same words
        same = same or makes_items(node.value, current)
        if not rest:
            if alike or same or _affixes(node.value, current) is not None:
                yield from ((score - index * 0.01, one) for index, one in enumerate(_values(look, node, current)))
        elif (alike or (same and current)) and (node.value is None or isinstance(node.value, dict | list)):
            for inner in paths_inside(node.value, current, rest):
                below = at(node.value, *inner)
                deep = _Node((*node.path, *inner), below, node.is_own)
                old = at(look.object, *path)
                yield from ((score - index * 0.01, one) for index, one in enumerate(_values(look, deep, old)))


def _values(look: Look, node: _Node, current: Any) -> Iterator[Candidate]:
    wanted = look.wanted
    if isinstance(wanted, Remove):
        yield Candidate(node.path, GONE)
        return
    if isinstance(wanted.value, list) and isinstance(current, list) and isinstance(node.value, dict | list):
        yield from (Candidate(node.path, one) for one in list_values(node.value, current, wanted.value))
    affixes = _affixes(node.value, current)
    if affixes is not None and isinstance(wanted.value, str):
        before, after = affixes
        inner = wanted.value[len(before) : len(wanted.value) - len(after)]
        if inner and wanted.value.startswith(before) and wanted.value.endswith(after):
            yield Candidate(node.path, _typed_like(node.value, inner))
    if not isinstance(node.value, dict | list) or isinstance(wanted.value, type(node.value)):
        yield Candidate(node.path, _typed_like(node.value, wanted.value))
        if not isinstance(wanted.value, dict | list):
            yield Candidate(node.path, wanted.value)


def _nodes(value: Any, path: Path, names: frozenset[str], *, is_own: bool = False) -> Iterator[_Node]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    said = [one for _, one in parts] if isinstance(value, dict) else [value]
    own = is_own or any(isinstance(one, str) and one in names for one in said)
    if path:
        yield _Node(path, value, own)
    for step, part in parts:
        yield from _nodes(part, (*path, step), names, is_own=own or step in names)


def _absent_nodes(look: Look, nodes: Iterable[_Node]) -> Iterator[_Node]:
    """What templates read and no layer says."""
    holders = [(), *(node.path for node in nodes if isinstance(node.value, dict) and node.is_own)]
    for is_root, chain in dict.fromkeys(_reads(look.templates)):
        for holder in (look.prefix,) if is_root else holders:
            path = (*holder, *chain)
            if at(look.values, *path) is None:
                yield _Node(path, None, is_own=bool(holder) and not is_root)


def _reads(templates: Iterable[str]) -> Iterator[tuple[bool, Path]]:
    for text in templates:
        for found in _READ.finditer(text):
            yield found[1] is not None, tuple(found[2].replace(")", "")[1:].split("."))


def _names(value: Object) -> frozenset[str]:
    found = (at(value, "metadata", "name"), at(value, "spec", "name"))
    return frozenset(one for one in found if isinstance(one, str) and one)


def _name_likeness(path: Path, field: Path) -> int:
    """How many of the last names are the same; 1 for one that only resembles."""
    ours = [str(one).lower() for one in path if isinstance(one, str)]
    theirs = [str(one).lower() for one in field if isinstance(one, str)]
    count = 0
    while count < min(len(ours), len(theirs)) and ours[-1 - count] == theirs[-1 - count]:
        count += 1
    if count or not ours or not theirs:
        return count + bool(count)
    last, other = ours[-1], theirs[-1]
    is_alike = last in other or other in last or any({last, other} <= one for one in _SYNONYMS)
    return int(is_alike or last in theirs[-2:])


def _affixes(value: Any, current: Any) -> tuple[str, str] | None:
    """What stands before and after the value in the field, where it is a part of it."""
    if not isinstance(current, str) or isinstance(value, bool | dict | list) or value in (None, ""):
        return None
    before, found, after = current.partition(str(value))
    return (before, after) if found else None


def _typed_like(old: Any, new: Any) -> Any:
    """A value as the file writes it: `"3"` stays text, and 20 of `20Gi` a number."""
    if isinstance(old, str) and isinstance(new, int) and not isinstance(new, bool):
        return str(new)
    if isinstance(old, int) and not isinstance(old, bool) and isinstance(new, str) and new.isdecimal():
        return int(new)
    return new


def entry_lists(values: Any, siblings: list[Any], kind: str, prefix: Path, templates: Iterable[str]) -> Iterator[Path]:
    """Lists and mappings of values that make the siblings, then those that are called like the kind."""
    nodes = [node for node in islice(_nodes(values, (), frozenset()), _NODES_AT_MOST) if not _is_scalar(node.value)]
    yield from (node.path for node in nodes if makes_items(node.value, siblings))
    if not siblings:
        wanted = f"{kind.lower()}s"
        yield from (node.path for node in nodes if str(node.path[-1]).lower() == wanted)
        reads = ((*prefix, *chain) for is_root, chain in dict.fromkeys(_reads(templates)) if is_root)
        yield from (path for path in reads if str(path[-1]).lower() == wanted and at(values, *path) is None)


def own_entries(values: Any, value: Object) -> Iterator[Path]:
    """Items of lists and of mappings that stand with the object's name, the innermost first."""
    nodes = [node for node in islice(_nodes(values, (), _names(value)), _NODES_AT_MOST) if node.is_own]
    yield from (node.path for node in sorted(nodes, key=lambda node: -len(node.path)) if not _is_scalar(node.value))
    yield from (node.path for node in nodes if _is_scalar(node.value))


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, dict | list)
