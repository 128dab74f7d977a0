"""Whether what a change says has arrived in the cluster: field by field, since Cluster has no observedGeneration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gitops_mcp.domain.cnpg.cluster_spec import is_disabled
from gitops_mcp.domain.cnpg.notation.moment import format_rfc3339
from gitops_mcp.domain.cnpg.status.health import judge_health
from gitops_mcp.domain.live.drift import drift
from gitops_mcp.domain.live.managers import edits_by_hand, when_set
from gitops_mcp.domain.live.refused import refused_fields
from gitops_mcp.domain.live.secret_report import REPORTING, judge_secret
from gitops_mcp.domain.objects import Object, Path, at, dotted_path
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.yaml.values import is_same


@dataclass(frozen=True)
class Arrival:
    state: Literal["applied", "not applied", "healthy", "failed", "unknown"]
    detail: str
    waiting: tuple[Path, ...] = ()
    """The fields that are not live yet."""
    is_removal: bool = False
    is_stuck: bool = False
    """Whether only a person brings it on."""


def arrival(change: ObjectChange, live: Object | None, now_in_git: Object | None, *, now: datetime) -> Arrival:
    """Where one object of a change stands.

    `now_in_git` is what the base declares now: a field that a later change has set again is not waited for.
    """
    if change.after is None:
        return _arrival_of_removal(live, now=now)
    if live is None:
        return Arrival("not applied", "there is no such live object")
    waiting = [path for path in _fields_not_live(change, live) if not _is_superseded(change, path, now_in_git)]
    if waiting:
        shown = ", ".join(dotted_path(path) for path in waiting[:5])
        more = f" and {len(waiting) - 5} more" if len(waiting) > 5 else ""
        refused = refused_fields(now_in_git or change.after, live)
        why = f"; the API refuses the object as Git says it: {'; '.join(refused[:3])}" if refused else ""
        by = "".join(f"; {hand}" for hand in edits_by_hand(live, waiting))
        return Arrival("not applied", f"not live yet: {shown}{more}{by}{why}", tuple(waiting))
    if (unreconciled := _why_unreconciled(change, live)) is not None:
        return Arrival("applied", unreconciled, is_stuck=is_disabled(live))
    reports = change.identity.kind in {one.kind for one in REPORTING}
    well, why = judge_secret(live) if reports else judge_health(live, now=now)
    if well is None:
        return Arrival("failed", why)
    return Arrival("healthy", why) if well else Arrival("applied", why)


def _why_unreconciled(change: ObjectChange, live: Object) -> str | None:
    """Why the status says nothing of the change: it is none of the operator's business now, or older."""
    if is_disabled(live):
        annotation = "the annotation cnpg.io/reconciliationLoop is 'disabled'"
        return f"reconciliation is disabled: {annotation}, and nothing takes effect until it goes"
    if change.identity.kind != "Cluster":
        return None
    fields = [path for path in change.fields if path[0] == "spec"]
    changed, reported = when_set(live, fields), when_set(live, (("status",),), status=True)
    if changed is None or reported is None or reported >= changed:
        return None
    times = f"its status is of {format_rfc3339(reported)}, the change of {format_rfc3339(changed)}"
    return f"the operator has not looked at it since the change was applied: {times}"


def _arrival_of_removal(live: Object | None, *, now: datetime) -> Arrival:
    if live is None:
        return Arrival("healthy", "it is gone", is_removal=True)
    if at(live, "metadata", "deletionTimestamp"):
        return Arrival("not applied", judge_health(live, now=now)[1], is_removal=True)
    return Arrival("not applied", "the live object is still there", is_removal=True)


def _fields_not_live(change: ObjectChange, live: Object) -> list[Path]:
    """Changed fields whose live value is not what the change says."""
    after = change.after or {}
    different = [one.path for one in drift(after, live)]
    if not change.fields:
        return different
    touched = [path for path in different if any(_paths_overlap(path, field) for field in change.fields)]
    removed = [
        path
        for path in change.fields
        if at(after, *path) is None
        and at(change.before or {}, *path) is not None
        and is_same(at(live, *path), at(change.before or {}, *path))
    ]
    return list(dict.fromkeys([*touched, *removed]))


def _paths_overlap(path: Path, field: Path) -> bool:
    length = min(len(path), len(field))
    return path[:length] == field[:length]


def _is_superseded(change: ObjectChange, path: Path, now_in_git: Object | None) -> bool:
    return now_in_git is not None and not is_same(at(now_in_git, *path), at(change.after or {}, *path))
