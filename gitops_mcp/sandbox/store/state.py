"""All collections under one lock and one resourceVersion, with the index that owners are found by."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable

from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.store.collection import Collection, ObjectVersion, StoredChange, key_of
from gitops_mcp.sandbox.store.errors import not_served
from gitops_mcp.sandbox.store.resources import Served

_FIRST = 1000

Place = tuple[Collection, str]


class StoreState:
    def __init__(self, served: Iterable[Served], *, history: int) -> None:
        self.lock = threading.Condition(threading.RLock())
        self.version = _FIRST
        self.collections = {
            (one.resource.group, one.resource.plural): Collection(one, history=history) for one in served
        }
        self.places: dict[str, Place] = {}
        """Where the object of a uid is."""
        self.dependents: dict[str, set[Place]] = defaultdict(set)
        """Which objects name a uid among their owners."""
        self._listeners: list[Callable[[], None]] = []

    def collection(self, resource: Resource) -> Collection:
        found = self.collections.get((resource.group, resource.plural))
        if found is None or found.served.resource.version != resource.version:
            raise not_served()
        return found

    def commit(self, collection: Collection, key: str, value: Object) -> ObjectVersion:
        """Store an object under a new version: the one place where anything is."""
        metadata = {**value["metadata"], "resourceVersion": str(self.version + 1)}
        after = ObjectVersion({**value, "metadata": metadata})
        self._record(collection, key, after)
        return after

    def remove(self, collection: Collection, key: str) -> None:
        self._record(collection, key, None)

    def _record(self, collection: Collection, key: str, after: ObjectVersion | None) -> None:
        self.version += 1
        before = collection.get(key)
        collection.put(StoredChange(self.version, key, before, after))
        self._index((collection, key), before, after)
        self.lock.notify_all()
        for listener in self._listeners:
            listener()

    def _index(self, place: Place, before: ObjectVersion | None, after: ObjectVersion | None) -> None:
        if before is None and after is not None:
            self.places[after.value["metadata"]["uid"]] = place
        elif before is not None and after is None:
            del self.places[before.value["metadata"]["uid"]]
        old, new = owner_uids(before), owner_uids(after)
        for uid in old - new:
            self.dependents[uid].discard(place)
            if not self.dependents[uid]:
                del self.dependents[uid]
        for uid in new - old:
            self.dependents[uid].add(place)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call back after every change, under the lock; the answer ends it."""
        with self.lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self.lock:
                self._listeners.remove(listener)

        return stop

    def contents(self, namespace: str) -> list[Place]:
        return [
            (collection, key_of(namespace, snapshot.value["metadata"]["name"]))
            for collection in self.collections.values()
            if collection.served.resource.namespaced
            for snapshot in collection.select(namespace)
        ]

    def empty(self, namespace: str) -> bool:
        return not any(
            next(collection.select(namespace), None)
            for collection in self.collections.values()
            if collection.served.resource.namespaced
        )


def owner_uids(snapshot: ObjectVersion | None) -> set[str]:
    if snapshot is None:
        return set()
    return {owner["uid"] for owner in snapshot.value["metadata"].get("ownerReferences") or ()}
