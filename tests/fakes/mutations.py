"""Recorded objects with values of the wrong types in any place but where the API itself keeps what it serves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from hypothesis import strategies as st

from gitops_mcp.domain.objects import Object, Path, at
from tests.fakes.recorded import recorded, recorded_list, recorded_names

JUNK = st.sampled_from(
    [None, [], {}, "", "x", "2026-13-99T99:99:99Z", 0, -1, True, 10**40, 1e308, [None], ["a", 7, {}], {"a": None}]
)
_KEPT = {("apiVersion",), ("kind",), ("metadata",), ("metadata", "name"), ("metadata", "namespace")}


def mutations(*kinds: str) -> st.SearchStrategy[Object]:
    """An object of these kinds (`cluster`, `backup`, `events`), with up to four of its values replaced."""
    return st.sampled_from([one for kind in kinds for one in _sources(kind)]).flatmap(_mutations_of)


def _mutations_of(source: tuple[str, int | None]) -> st.SearchStrategy[Object]:
    edits = st.lists(st.tuples(st.sampled_from(_places(source)), JUNK), min_size=1, max_size=4)
    return st.builds(lambda made, going: _edited(source, made, going), edits, st.none() | JUNK)


def _sources(kind: str) -> list[tuple[str, int | None]]:
    if kind in {"events", "backups", "scheduledbackups-after-a-run"}:
        return [(kind, index) for index in range(len(recorded_list(kind)))]
    return [(name, None) for name in recorded_names(kind)]


def _read(source: tuple[str, int | None]) -> Object:
    name, index = source
    return recorded(name) if index is None else recorded_list(name)[index]


@cache
def _places(source: tuple[str, int | None]) -> list[Path]:
    return [path for path in _paths(_read(source)) if path not in _KEPT]


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*path, key)
        yield from _paths(part, (*path, key))


def _edited(source: tuple[str, int | None], edits: list[tuple[Path, Any]], going: Any) -> Object:
    made = _read(source)
    for path, junk in edits:
        parent: Any = at(made, *path[:-1])
        step: Any = path[-1]
        if isinstance(parent, dict) or (isinstance(parent, list) and isinstance(step, int) and step < len(parent)):
            parent[step] = json.loads(json.dumps(junk))
    if going is not None:
        made.setdefault("metadata", {})["deletionTimestamp"] = going
    return made
