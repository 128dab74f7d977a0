"""The objects of one resource: what is stored now, in etcd's order, and what was before."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.store.errors import expired_error
from gitops_mcp.sandbox.store.resources import Served
from gitops_mcp.sandbox.store.selectors import Wanted, everything


class ObjectVersion:
    """One version of an object. Neither it nor what it holds is ever changed, so its JSON is made once."""

    __slots__ = ("_tail", "value")

    def __init__(self, value: Object) -> None:
        self.value = value
        self._tail: bytes | None = None

    @property
    def version(self) -> int:
        return int(self.value["metadata"]["resourceVersion"])

    @property
    def tail(self) -> bytes:
        """Its JSON without the opening brace, apiVersion and kind: built-in kinds are listed without these."""
        if self._tail is None:
            rest = {key: part for key, part in self.value.items() if key not in {"apiVersion", "kind"}}
            self._tail = json.dumps(rest, separators=(",", ":")).encode()[1:]
        return self._tail

    @property
    def encoded(self) -> bytes:
        head = f'{{"apiVersion":"{self.value["apiVersion"]}","kind":"{self.value["kind"]}",'
        return head.encode() + self.tail


@dataclass(frozen=True)
class StoredChange:
    """One step of the history: before is None for a creation, after for a deletion."""

    version: int
    key: str
    before: ObjectVersion | None
    after: ObjectVersion | None


@dataclass(frozen=True)
class Slice:
    """A page of a list."""

    items: tuple[ObjectVersion, ...]
    last: str
    """The key of the last item; the next page starts behind it."""
    remaining: int
    """How many there are behind the page; with a selector, only whether there are any."""


def key_of(namespace: str | None, name: str) -> str:
    return f"{namespace or ''}/{name}"


class Collection:
    """Not thread-safe: the State that owns it holds the lock."""

    def __init__(self, served: Served, *, history: int) -> None:
        self.served = served
        self._keys: list[str] = []
        self._items: dict[str, ObjectVersion] = {}
        self._history: deque[StoredChange] = deque()
        self._limit = history
        self.forgotten = 0
        """The newest version of which the steps that lead on are no longer known."""
        self.compacted = 0
        """Lists of older versions are refused, though watches may still begin there: they are served from a cache."""

    def get(self, key: str) -> ObjectVersion | None:
        return self._items.get(key)

    def __getitem__(self, key: str) -> ObjectVersion:
        return self._items[key]

    def put(self, change: StoredChange) -> None:
        key = change.key
        if change.after is None:
            del self._items[key]
            del self._keys[bisect_left(self._keys, key)]
        else:
            if change.before is None:
                insort(self._keys, key)
            self._items[key] = change.after
        self._history.append(change)
        while len(self._history) > self._limit:
            self.forgotten = self._history.popleft().version

    def since(self, version: int) -> list[StoredChange]:
        """Every change after a version, oldest first."""
        if version < self.forgotten:
            raise expired_error(f"too old resource version: {version} ({self.forgotten})")
        changes: list[StoredChange] = []
        for change in reversed(self._history):
            if change.version <= version:
                break
            changes.append(change)
        return changes[::-1]

    def select(self, namespace: str | None, wanted: Wanted = everything) -> Iterator[ObjectVersion]:
        for key in self._within(self._keys, namespace):
            snapshot = self._items[key]
            if wanted(snapshot.value):
                yield snapshot

    def page(
        self, namespace: str | None, wanted: Wanted, *, limit: int, version: int, after: str | None = None
    ) -> Slice:
        """At most `limit` objects (0: all) behind a key, as they were at a version."""
        if version < self.compacted:
            raise expired_error(f"too old resource version: {version} ({self.compacted})")
        overlay: dict[str, ObjectVersion | None] = {}
        for change in self.since(version):
            overlay.setdefault(change.key, change.before)
        keys = self._within(self._keys, namespace)
        if overlay:
            inside = self._within(sorted(overlay), namespace)
            known = {*keys, *inside}
            keys = sorted(key for key in known if key not in overlay or overlay[key] is not None)
        start = bisect_right(keys, after) if after is not None else 0
        items: list[ObjectVersion] = []
        last = ""
        for place in range(start, len(keys)):
            key = keys[place]
            snapshot = overlay.get(key) or self._items[key]
            if not wanted(snapshot.value):
                continue
            if limit and len(items) == limit:
                return Slice(tuple(items), last, len(keys) - place)
            items.append(snapshot)
            last = key
        return Slice(tuple(items), last, 0)

    @staticmethod
    def _within(keys: list[str], namespace: str | None) -> list[str]:
        if namespace is None:
            return keys
        # "0" follows "/" in ASCII, so this is everything that starts with "namespace/".
        return keys[bisect_left(keys, f"{namespace}/") : bisect_left(keys, f"{namespace}0")]
