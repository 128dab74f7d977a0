"""How objects go: finalizers first, then what they own, and a namespace once it is empty.

What a real cluster leaves to controllers happens here at once, in the request that deletes.
"""

from __future__ import annotations

from typing import Literal

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.store.collection import Collection, ObjectVersion, key_of
from gitops_mcp.sandbox.store.metadata import now
from gitops_mcp.sandbox.store.resources import NAMESPACE
from gitops_mcp.sandbox.store.state import StoreState, owner_uids

Propagation = Literal["Background", "Foreground", "Orphan"]

_FOREGROUND = "foregroundDeletion"


def delete_object(
    state: StoreState, collection: Collection, key: str, propagation: Propagation = "Background"
) -> ObjectVersion:
    """Begin the deletion; the answer is what is left, or the last there was."""
    found = collection[key]
    uid = found.value["metadata"]["uid"]
    if propagation == "Orphan":
        _orphan_dependents(state, uid)
    if collection.served.resource == NAMESPACE:
        marked = _mark_deleted(state, collection, key)
        for place in state.contents(found.value["metadata"]["name"]):
            if place[0].get(place[1]) is not None:
                delete_object(state, *place)
        _namespace_may_go(state, found.value["metadata"]["name"])
        return collection.get(key) or marked
    if propagation == "Foreground" and state.dependents.get(uid):
        marked = _mark_deleted(state, collection, key, _FOREGROUND)
        for place in list(state.dependents.get(uid, ())):
            if place[0].get(place[1]) is not None:
                delete_object(state, *place, "Foreground")
        return collection.get(key) or marked
    if found.value["metadata"].get("finalizers"):
        return _mark_deleted(state, collection, key)
    return _remove_object(state, collection, key)


def finish_deletion(state: StoreState, collection: Collection, key: str) -> None:
    """After an update: an object that was being deleted goes when its last finalizer is gone."""
    metadata = collection[key].value["metadata"]
    if collection.served.resource == NAMESPACE:
        _namespace_may_go(state, metadata["name"])
    elif "deletionTimestamp" in metadata and not metadata.get("finalizers"):
        _remove_object(state, collection, key)


def _mark_deleted(state: StoreState, collection: Collection, key: str, finalizer: str | None = None) -> ObjectVersion:
    """The object, now being deleted."""
    found = collection[key]
    metadata: Object = found.value["metadata"]
    if "deletionTimestamp" in metadata:
        return found
    marks: Object = {"deletionTimestamp": now(), "deletionGracePeriodSeconds": 0}
    if "generation" in metadata:
        marks["generation"] = metadata["generation"] + 1
    if finalizer:
        marks["finalizers"] = [*(metadata.get("finalizers") or ()), finalizer]
    value = {**found.value, "metadata": {**metadata, **marks}}
    if collection.served.resource == NAMESPACE:
        value["status"] = {**(value.get("status") or {}), "phase": "Terminating"}
    return state.commit(collection, key, value)


def _remove_object(state: StoreState, collection: Collection, key: str) -> ObjectVersion:
    gone = collection[key]
    state.remove(collection, key)
    metadata = gone.value["metadata"]
    for place in list(state.dependents.get(metadata["uid"], ())):
        if place[0].get(place[1]) is not None:
            _collect_garbage(state, *place)
    for uid in owner_uids(gone):
        _owner_may_go(state, uid)
    if metadata.get("namespace"):
        _namespace_may_go(state, metadata["namespace"])
    return gone


def _collect_garbage(state: StoreState, collection: Collection, key: str) -> None:
    """Delete what lost its last owner; what has another keeps that one only."""
    found = collection[key]
    metadata = found.value["metadata"]
    left = [owner for owner in metadata["ownerReferences"] if owner["uid"] in state.places]
    if not left:
        delete_object(state, collection, key)
    elif len(left) < len(metadata["ownerReferences"]):
        state.commit(collection, key, {**found.value, "metadata": {**metadata, "ownerReferences": left}})


def _orphan_dependents(state: StoreState, uid: str) -> None:
    for collection, key in list(state.dependents.get(uid, ())):
        found = collection[key]
        metadata = dict(found.value["metadata"])
        left = [owner for owner in metadata.pop("ownerReferences") if owner["uid"] != uid]
        kept = {**metadata, "ownerReferences": left} if left else metadata
        state.commit(collection, key, {**found.value, "metadata": kept})


def _owner_may_go(state: StoreState, uid: str) -> None:
    """An owner that is deleted in the foreground goes after its last dependent."""
    place = state.places.get(uid)
    if place is None or state.dependents.get(uid):
        return
    collection, key = place
    found = collection[key]
    metadata = found.value["metadata"]
    if _FOREGROUND not in (metadata.get("finalizers") or ()):
        return
    left = [name for name in metadata["finalizers"] if name != _FOREGROUND]
    state.commit(collection, key, {**found.value, "metadata": {**metadata, "finalizers": left}})
    finish_deletion(state, collection, key)


def _namespace_may_go(state: StoreState, name: str) -> None:
    collection, key = state.collection(NAMESPACE), key_of(None, name)
    found = collection.get(key)
    if found is None or "deletionTimestamp" not in found.value["metadata"]:
        return
    if state.empty(name) and not found.value["metadata"].get("finalizers"):
        _remove_object(state, collection, key)
