"""One operation of an Application: a sync that may wait for a confirmation and is tried again after a failure."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.engines.sync import ObjectKey, Sync, SyncOutcome

APPROVED = "argocd.argoproj.io/deletion-approved"
_RETRIES = 5
_LONGEST = 64
"""How many times the first pause between two tries is the longest one."""


@dataclass(frozen=True)
class Target:
    """What Git says at one commit, or why that cannot be told."""

    revision: str
    source: Object
    declared: dict[ObjectKey, Object]
    kind: str = ""
    """Kustomize or Directory."""
    error: str | None = None


@dataclass(frozen=True)
class Operation:
    asked: Object
    """As `operation` of the Application has it."""
    target: Target
    started: str
    phase: str = "Running"
    message: str = ""
    outcomes: tuple[SyncOutcome, ...] | None = None
    """None before the first object was touched."""
    retries: int = 0
    next_try: float = 0.0
    finished: str | None = None

    @property
    def done(self) -> bool:
        return self.phase != "Running"

    @property
    def chosen(self) -> list[Object]:
        """The objects of a partial sync; none: all."""
        return at(self.asked, "sync", "resources") or []

    @property
    def state(self) -> Object:
        """`status.operationState`."""
        result: Object = {"revision": self.target.revision, "source": self.target.source}
        if self.outcomes is not None:
            result["resources"] = list(map(_result, self.outcomes))
        made = {
            "phase": self.phase,
            "message": self.message,
            "operation": self.asked,
            "startedAt": self.started,
            "finishedAt": self.finished,
            "syncResult": result,
            "retryCount": self.retries or None,
        }
        return {key: value for key, value in made.items() if value is not None}


def carry_on(operation: Operation, application: Object, sync: Sync, *, pause: float) -> Operation:
    """The operation after one more turn; `pause` is what lies between the first two tries."""
    if operation.done or time.monotonic() < operation.next_try:
        return operation
    declared = _chosen(operation, operation.target.declared)
    prunes = bool(at(operation.asked, "sync", "prune")) and not operation.chosen
    options = at(operation.asked, "sync", "syncOptions") or []
    if prunes and not is_approved(application, since=operation.started):
        waiting = sync.waiting(operation.target.declared, all_of_them="Prune=confirm" in options)
        if waiting:
            more = f" and {len(waiting) - 1} more resources" if len(waiting) > 1 else ""
            return replace(operation, message=f"waiting for pruning confirmation of {waiting[0]}{more}")
    if invalid := tuple(sync.invalid(declared)):
        group = invalid[0].key.api_version
        why = (
            f"one or more synchronization tasks are not valid: failed to discover server resources for group version "
            f"{group}: the server could not find the requested resource"
        )
        return _failed(replace(operation, outcomes=invalid), why, pause)
    pruned = tuple(sync.prune(operation.target.declared)) if prunes else ()
    operation = replace(operation, outcomes=(*pruned, *sync.apply(declared)))
    refused = [one.message for one in operation.outcomes or () if one.status == "SyncFailed"]
    if refused:
        why = f"one or more synchronization tasks completed unsuccessfully, reason: {','.join(refused)}"
        return _failed(operation, why, pause)
    message = "successfully synced (all tasks run)"
    return replace(operation, phase="Succeeded", message=message, finished=now())


def _chosen(operation: Operation, declared: dict[ObjectKey, Object]) -> dict[ObjectKey, Object]:
    wanted = [(one.get("group", ""), one["kind"], one["name"]) for one in operation.chosen]
    return {key: value for key, value in declared.items() if not wanted or (key.group, key.kind, key.name) in wanted}


def _failed(operation: Operation, why: str, pause: float) -> Operation:
    limit = at(operation.asked, "retry", "limit") or 0
    if operation.retries >= limit:
        retried = f" (retried {operation.retries} times)." if operation.retries else ""
        return replace(operation, phase="Failed", message=f"{why}{retried}", finished=now())
    count = operation.retries + 1
    clock = f"{datetime.now(UTC):%I:%M%p}".lstrip("0")
    wait = pause * min(2**operation.retries, _LONGEST)
    message = f"{why}. Retrying attempt #{count} at {clock}."
    return replace(operation, message=message, retries=count, next_try=time.monotonic() + wait, finished=now())


def _result(outcome: SyncOutcome) -> Object:
    # Argo CD's schema requires these two even where they are empty.
    made = {
        "group": "",
        "namespace": "",
        **outcome.key.fields,
        "status": outcome.status,
        "message": outcome.message,
        "syncPhase": "Sync",
    }
    return {**made, **({"hookPhase": outcome.phase} if outcome.phase else {})}


def automatic(target: Target, policy: Object, *, healed: int, out_of_sync: list[ObjectKey]) -> Object:
    """What an automatic sync asks for; of the same commit again only what somebody has edited."""
    sync: Object = {"revision": target.revision, "source": target.source}
    if policy["automated"].get("prune"):
        sync["prune"] = True
    if policy.get("syncOptions"):
        sync["syncOptions"] = policy["syncOptions"]
    if healed:
        sync["autoHealAttemptsCount"] = healed
        sync["resources"] = [
            {key: part for key, part in one.fields.items() if key not in {"version", "namespace"}}
            for one in out_of_sync
        ]
    return {"initiatedBy": {"automated": True}, "retry": policy.get("retry", {"limit": _RETRIES}), "sync": sync}


def is_approved(application: Object, *, since: str) -> bool:
    """Whether a person has approved deletions since then (Argo CD, `IsDeletionConfirmed`)."""
    try:
        approved = datetime.fromisoformat(at(application, "metadata", "annotations", APPROVED) or "")
    except ValueError:
        return False
    return approved.tzinfo is not None and approved >= datetime.fromisoformat(since)


def now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
