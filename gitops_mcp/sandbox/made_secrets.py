"""What the two controllers of Secrets share: the Secret they keep for an object, its condition, and their events."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api import ApiError, Store


def live_secret(store: Store, namespace: str, name: str) -> Object | None:
    try:
        return store.get(kinds.SECRET, namespace, name)
    except ApiError as error:
        if error.code == 404:
            return None
        raise


def write_secret(store: Store, found: Object | None, wanted: Object) -> None:
    """Create it, or bring the one that is there to what is wanted; its other labels and annotations stay."""
    metadata = wanted["metadata"]
    if found is None:
        store.create(kinds.SECRET, wanted)
        return
    maps = {
        key: {**(found["metadata"].get(key) or {}), **(metadata.get(key) or {})} for key in ("labels", "annotations")
    }
    merged = {**found["metadata"], **metadata, **{key: value for key, value in maps.items() if value}}
    store.change(kinds.SECRET, metadata["namespace"], metadata["name"], lambda _: {**wanted, "metadata": merged})


def encode_values(values: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def owner_of(found: Object) -> Object:
    """The reference by which the API removes the Secret together with its object."""
    metadata = found["metadata"]
    head = {"apiVersion": found["apiVersion"], "kind": found["kind"]}
    flags = {"controller": True, "blockOwnerDeletion": True}
    return {**head, "name": metadata["name"], "uid": metadata["uid"], **flags}


def is_owned(secret: Object, owner: Object) -> bool:
    owners = secret["metadata"].get("ownerReferences") or ()
    return any(one["uid"] == owner["metadata"]["uid"] for one in owners)


def make_condition(found: Object, kind: str, *, holds: bool, message: str, reason: str | None = None) -> Object:
    """The condition as it is to be: since when is kept as long as it says the same."""
    stated = {"type": kind, "status": "True" if holds else "False", "message": message}
    stated |= {"reason": reason} if reason else {}
    for known in (found.get("status") or {}).get("conditions") or ():
        if known["type"] == kind and known["status"] == stated["status"]:
            return {**stated, "lastTransitionTime": known["lastTransitionTime"]}
    return {**stated, "lastTransitionTime": now()}


def tell_event(store: Store, found: Object, component: str, reason: str, message: str) -> None:
    """What failed is a warning; the reason says which it is."""
    metadata = found["metadata"]
    head = {"apiVersion": found["apiVersion"], "kind": found["kind"]}
    event = {
        "metadata": {"name": f"{metadata['name']}.{secrets.token_hex(8)}", "namespace": metadata["namespace"]},
        "involvedObject": {**head, **{key: metadata[key] for key in ("name", "namespace", "uid")}},
        "type": "Warning" if "Failed" in reason else "Normal",
        "reason": reason,
        "message": message,
        "source": {"component": component},
        "firstTimestamp": now(),
        "lastTimestamp": now(),
        "count": 1,
    }
    store.create(kinds.EVENT, event)


def now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
