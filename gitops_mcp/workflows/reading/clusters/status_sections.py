"""What a status tells of each of its sections, in short, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_mcp.answers.base import Answer, rows_of
from gitops_mcp.answers.cluster_parts import (
    BackupRow,
    BudgetRow,
    CertificateRow,
    ConditionRow,
    DatabaseObjectRow,
    EventRow,
    InlineRoleRow,
    InstanceRow,
    JobRow,
    PluginRow,
    PoolerRow,
    RestoreWindowRow,
    RoleObjectRow,
    ScheduleRow,
    ServiceRow,
    TablespaceRow,
    UnmanagedRoleRow,
    VolumeRow,
)
from gitops_mcp.answers.cluster_status import BackupFacts, ClusterStatus, Section
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.domain.cnpg.status.report import Status

FEW = {"events": 5, "volumes": 6, "services": 4, "roles": 20, "databases": 20}
"""Entries of each part of a section, where not everything is asked for; 10 where nothing is said."""
_DETAILED = 50
_PARTS: dict[Section, tuple[str, ...]] = {
    "state": ("conditions", "services", "poolers", "events"),
    "instances": ("instances",),
    "storage": ("volumes",),
    "roles": ("roles",),
    "databases": ("databases",),
    "certificates": ("certificates",),
    "backups": (),
    "git": (),
}
_OTHERS: dict[Section, tuple[type[Answer], ...]] = {
    "storage": (TablespaceRow,),
    "backups": (PluginRow,),
    "instances": (BudgetRow, JobRow),
}
EVERY: frozenset[Section] = frozenset(_PARTS)


def rows_of_sections(
    seen: Status, told: frozenset[Section] | None, *, detailed: bool
) -> tuple[dict[str, Sequence[Answer]], dict[str, int]]:
    """The rows by their part of the answer, and how many of each were left off."""
    shown = told or frozenset()
    others = tuple(kind for section in shown for kind in _OTHERS.get(section, ()))
    parts = {part for section in shown for part in _PARTS[section]} | ({"others"} if others else set())
    rows = {part: entries for part, entries in _rows(seen, others).items() if part in parts}
    omitted = {"events": seen.events.more} if "events" in rows and seen.events and seen.events.more else {}
    for part, entries in rows.items():
        most = _DETAILED if detailed else FEW.get(part, 10)
        if len(entries) > most:
            omitted[part] = omitted.get(part, 0) + len(entries) - most
            rows[part] = entries[:most]
    return rows, omitted


def _rows(seen: Status, others: tuple[type[Answer], ...]) -> dict[str, Sequence[Answer]]:
    more = [
        *rows_of(TablespaceRow, seen.tablespaces),
        *rows_of(PluginRow, seen.plugins),
        *rows_of(BudgetRow, seen.budgets),
        *rows_of(JobRow, seen.jobs),
    ]
    return {
        "conditions": rows_of(ConditionRow, seen.conditions),
        "instances": rows_of(InstanceRow, seen.instances),
        "certificates": rows_of(CertificateRow, seen.certificates),
        "services": rows_of(ServiceRow, seen.services),
        "volumes": rows_of(VolumeRow, seen.volumes),
        "roles": [
            *rows_of(InlineRoleRow, seen.inline_roles),
            *rows_of(RoleObjectRow, seen.database_roles),
            *rows_of(UnmanagedRoleRow, seen.unmanaged_roles),
        ],
        "databases": rows_of(DatabaseObjectRow, seen.databases),
        "poolers": rows_of(PoolerRow, seen.poolers),
        "others": [one for one in more if isinstance(one, others)],
        "events": rows_of(EventRow, seen.events.items if seen.events else None),
    }


def backups_of(seen: Status, told: frozenset[Section] | None) -> BackupFacts | None:
    if told is None:
        return _backups_line(seen)
    return _backups(seen) if "backups" in told else None


def _backups(seen: Status) -> BackupFacts:
    schedules, windows = seen.schedules or (), seen.windows or ()
    return BackupFacts(
        archiver=seen.archiver or "none",
        schedules=rows_of(ScheduleRow, schedules[:10]) or None,
        more_schedules=max(len(schedules) - 10, 0) or None,
        completed=seen.backups.completed if seen.backups else None,
        recent=rows_of(BackupRow, seen.backups.items[:5]) or None if seen.backups else None,
        older=seen.backups.more or None if seen.backups else None,
        recovery_windows=rows_of(RestoreWindowRow, windows[:10]) or None,
    )


def _backups_line(seen: Status) -> BackupFacts:
    done = next((one for one in seen.backups.items if one.phase == "completed"), None) if seen.backups else None
    count = f"{seen.backups.completed} completed" if seen.backups else "not read"
    last = f", the last {done.stopped.at} ({done.stopped.age})" if done and done.stopped else ""
    due = next((one.next for one in seen.schedules or () if one.next), None)
    none = "; schedules not read" if seen.schedules is None else "" if seen.schedules else "; no schedule"
    next_one = f"; next {due.at}" if due else none
    window = next((one.first for one in seen.windows or () if one.first), None)
    since = f"; restorable since {window.at}" if window else ""
    return BackupFacts(line=cut_text(f"archiver {seen.archiver or 'none'}; {count}{last}{next_one}{since}"))


def with_asked_git(answer: ClusterStatus, told: frozenset[Section] | None) -> ClusterStatus:
    """What of Git was not asked for is left out; in a concise answer it is in short."""
    if told is None:
        git = answer.git.model_copy(update={"made_by": [], "not_chosen": []}) if answer.git else None
        return answer.model_copy(update={"git": git})
    return answer if "git" in told else answer.model_copy(update={"git": None, "engines": []})
