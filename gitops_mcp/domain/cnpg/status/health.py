"""Whether a live object does what it is there for, for each kind of CNPG."""

from __future__ import annotations

from datetime import datetime

from gitops_mcp.domain.cnpg.cluster_spec import is_disabled, is_hibernated
from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.status.backups import FAILED, late_by, read_backup
from gitops_mcp.domain.cnpg.status.reconciled import read_reconciliation
from gitops_mcp.domain.cnpg.status.summary import Summary
from gitops_mcp.domain.objects import Object, at, list_at, text_at, texts_at


def judge_health(live: Object, *, now: datetime) -> tuple[bool | None, str]:
    """True and how; False and what is still awaited; None and why it will not come without somebody's doing."""
    if at(live, "metadata", "deletionTimestamp"):
        held = ", ".join(texts_at(live, "metadata", "finalizers"))
        return False, "it is being deleted" + (f", held by {excerpt(held)}" if held else "")
    if is_disabled(live):
        return None, "the annotation cnpg.io/reconciliationLoop is 'disabled': the operator does nothing for it"
    return _health_of_kind(live, now)


def _health_of_kind(live: Object, now: datetime) -> tuple[bool | None, str]:
    match at(live, "kind"):
        case "Cluster":
            return _cluster_health(live, now)
        case "Database" | "DatabaseRole" | "Publication" | "Subscription":
            return _applied_health(live)
        case "Pooler" | "Backup":
            return _phase_health(live, now)
        case "ScheduledBackup":
            return _schedule_health(live, now)
        case _:
            return True, "it is there"


def _cluster_health(live: Object, now: datetime) -> tuple[bool | None, str]:
    seen = Summary(live, now)
    name = seen.phase.name or "no phase yet"
    if seen.hibernated:
        return True, "it is hibernated"
    if seen.phase.kind in {"failed", "blocked", "needs_human"}:
        return None, f"phase {name!r}: {seen.next_step}"
    if seen.phase.kind != "ok":
        lasts = f" for {seen.not_ready_for}" if seen.not_ready_for else ""
        return False, f"phase {name!r}{lasts}" + (f": {seen.next_step}" if lasts else "")
    if seen.fenced and not seen.is_made_replica:
        return None, f"instances are fenced: {', '.join(seen.fenced)}"
    awaited = _what_is_awaited(live, seen)
    return awaited is None, awaited or f"{seen.ready} of {seen.instances} instances are ready"


def _what_is_awaited(live: Object, seen: Summary) -> str | None:
    """What a healthy phase may still lack, since it may be the one from before the change."""
    if is_hibernated(live):
        return "it is being hibernated" + (f": {seen.hibernation_waits}" if seen.hibernation_waits else "")
    if seen.fenced:
        return "the operator has fenced it, to make it follow its source"
    existing = len(list_at(live, "status", "instanceNames"))
    if seen.ready != seen.instances or (existing and existing != seen.instances):
        return f"{seen.ready} of {seen.instances} instances are ready, {existing} exist"
    image, running = text_at(live, "spec", "imageName"), text_at(live, "status", "image")
    if image and running and image != running:
        return f"it still runs {running}"
    return "volumes are being resized" if at(live, "status", "resizingPVC") else None


def _applied_health(live: Object) -> tuple[bool | None, str]:
    state = read_reconciliation(live)
    if state.done:
        return True, "it is dropped" if at(live, "spec", "ensure") == "absent" else "it is applied"
    secret = at(live, "spec", "passwordSecret", "name")
    if state.applied is False and secret and f'"{secret}" not found' in (state.message or ""):
        return False, f"it waits for Secret {secret}, and the operator tries again until there is one"
    if state.applied is False and state.why:
        return None, f"it cannot be applied: {state.why}"
    return False, state.why or "it is not applied yet"


def _phase_health(live: Object, now: datetime) -> tuple[bool | None, str]:
    phase, backup = text_at(live, "status", "phase") or "", read_backup(live, now=now)
    why = backup.error or excerpt(at(live, "status", "phaseReason"))
    text = f"phase {phase or 'not reported'!r}" + (f": {why}" if why else "")
    if phase in FAILED:
        return None, text
    if at(live, "kind") == "Backup" and backup.waits:
        return False, f"{text} for {backup.waits}: its Cluster or its plugin is not there, or another Backup runs"
    return phase in {"active", "paused", "completed"}, text


def _schedule_health(live: Object, now: datetime) -> tuple[bool | None, str]:
    if error := excerpt(at(live, "status", "error")):
        return None, f"the schedule fails: {error}"
    if late := late_by(live, now=now):
        why = "an earlier Backup of it is not finished, or no operator runs"
        return False, f"it should have run {late} ago and did not: {why}"
    return True, "it is there"
