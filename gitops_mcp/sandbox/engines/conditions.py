"""Flux' conditions, in the order and with the times that its controllers give them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.engines.operation import now

Status = Literal["True", "False", "Unknown"]


def condition(kind: str, status: Status, reason: str, message: str, owner: Object) -> Object:
    """Of `owner` as it is now; the time is that of its last change of status."""
    known = condition_of(owner, kind)
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": owner["metadata"]["generation"],
        "lastTransitionTime": known["lastTransitionTime"] if known and known["status"] == status else now(),
    }


def condition_of(owner: Object, kind: str) -> Object | None:
    found: Iterable[Object] = owner.get("status", {}).get("conditions") or ()
    return next((one for one in found if one["type"] == kind), None)


def is_ready(owner: Object) -> bool:
    ready = condition_of(owner, "Ready")
    seen = owner.get("status", {}).get("observedGeneration")
    return bool(ready) and ready is not None and ready["status"] == "True" and seen == owner["metadata"]["generation"]


def handled(owner: Object) -> Object:
    """What a person asked for by annotation, as it is told back."""
    asked = (owner["metadata"].get("annotations") or {}).get("reconcile.fluxcd.io/requestedAt")
    return {"lastHandledReconcileAt": asked} if asked else {}
