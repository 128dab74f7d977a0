"""Whether a live object does what it is there for, for each kind of CNPG."""

from __future__ import annotations

from datetime import UTC, datetime

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.status.backups import FAILED
from gitops_mcp.domain.cnpg.status.reconciled import read_reconciliation
from gitops_mcp.domain.cnpg.status.summary import Summary
from gitops_mcp.domain.objects import Object, at

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def judge_health(live: Object) -> tuple[bool | None, str]:
    """True and how; False and what is still awaited; None and why it will not come without somebody's doing."""
    if at(live, "metadata", "deletionTimestamp"):
        return False, "it is being deleted"
    match at(live, "kind"):
        case "Cluster":
            return _cluster_health(live)
        case "Database" | "DatabaseRole" | "Publication" | "Subscription":
            return _applied_health(live)
        case "Pooler" | "Backup":
            return _phase_health(live)
        case "ScheduledBackup" if at(live, "status", "error"):
            return None, f"the schedule fails: {excerpt(at(live, 'status', 'error'))}"
        case _:
            return True, "it is there"


def _cluster_health(live: Object) -> tuple[bool | None, str]:
    seen = Summary(live, _NEVER)
    name = seen.phase.name or "no phase yet"
    if seen.hibernated:
        return seen.ready == 0, "it is hibernated" if seen.ready == 0 else "it is being hibernated"
    if seen.phase.kind in {"failed", "blocked", "needs_human"}:
        return None, f"phase {name!r}: {seen.phase.action}"
    if seen.phase.kind != "ok":
        return False, f"phase {name!r}"
    if seen.fenced:
        return None, f"instances are fenced: {', '.join(seen.fenced)}"
    awaited = _what_is_awaited(live, seen)
    return awaited is None, awaited or f"{seen.ready} of {seen.instances} instances are ready"


def _what_is_awaited(live: Object, seen: Summary) -> str | None:
    """What a healthy phase may still lack, since it may be the one from before the change."""
    existing = len(at(live, "status", "instanceNames") or ())
    if seen.ready != seen.instances or (existing and existing != seen.instances):
        return f"{seen.ready} of {seen.instances} instances are ready, {existing} exist"
    image, running = at(live, "spec", "imageName"), at(live, "status", "image")
    if image and running and image != running:
        return f"it still runs {running}"
    return "volumes are being resized" if at(live, "status", "resizingPVC") else None


def _applied_health(live: Object) -> tuple[bool | None, str]:
    state = read_reconciliation(live)
    if state.done:
        return True, "it is applied"
    secret = at(live, "spec", "passwordSecret", "name")
    if state.applied is False and secret and f'"{secret}" not found' in (state.message or ""):
        return False, f"it waits for Secret {secret}, and the operator tries again until there is one"
    if state.applied is False and state.message:
        return None, f"it cannot be applied: {state.message}"
    return False, state.message or "it is not applied yet"


def _phase_health(live: Object) -> tuple[bool | None, str]:
    phase = str(at(live, "status", "phase") or "")
    why = excerpt(at(live, "status", "error") or at(live, "status", "phaseReason"))
    text = f"phase {phase or 'not reported'!r}" + (f": {why}" if why else "")
    if phase in FAILED:
        return None, text
    return phase in {"active", "paused", "completed"}, text
