"""What is wrong with a Cluster and what to do about it: the worst first.

Each rule looks at one thing, and draws nothing from what could not be read. Ready is no sign of being restorable: a
Cluster can be green with no working archive and no backup, so those are looked at on their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gitops_mcp.domain.cnpg.status.backups import IN_TREE
from gitops_mcp.domain.cnpg.status.conditions import ARCHIVING, LAST_BACKUP, NOT_REPORTED, SYSTEM_ID, find_condition
from gitops_mcp.domain.cnpg.status.reconciled import Reconciliation
from gitops_mcp.domain.cnpg.status.summary import EVERY_INSTANCE
from gitops_mcp.domain.objects import Object, at

if TYPE_CHECKING:
    from gitops_mcp.domain.cnpg.status.report import Status

Severity = Literal["critical", "warning", "info"]

_ORDER: dict[Severity, int] = {"critical": 0, "warning": 1, "info": 2}
_SOON, _VERY_SOON = 30, 7
"""Days that a certificate has left; the operator renews its own at seven."""


@dataclass(frozen=True)
class Problem:
    severity: Severity
    id: str
    what: str
    action: str
    detail: str | None = None
    """The cluster's own words on it: data, cut."""


def problems(status: Status, *, desired: Object | None = None) -> tuple[Problem, ...]:
    """`desired` is the Cluster as Git declares it, where it does."""
    found = [problem for rule in _RULES for problem in rule(status)]
    found += _bootstrap_problems(status, desired)
    return tuple(sorted(found, key=lambda one: _ORDER[one.severity]))


def _phase_problems(status: Status) -> Iterator[Problem]:
    seen = status.summary
    if seen.deleting:
        yield Problem(
            "warning", "deleting", "the Cluster is being deleted, with all its volumes", "nothing, if meant so"
        )
    severities: dict[str, Severity] = {
        "degraded": "critical",
        "blocked": "critical",
        "failed": "critical",
        "needs_human": "warning",
        "unknown": "warning",
        "progressing": "info",
        "waiting": "info",
    }
    severity = severities.get(seen.phase.kind)
    if severity is not None:
        outage = {"none": "", "short": "; connections may break", "full": "; the database is down"}[seen.phase.outage]
        name = f"phase {seen.phase.name!r} ({seen.phase.kind}){outage}" if seen.phase.name else "no phase is reported"
        yield Problem(severity, f"phase-{seen.phase.kind}", name, seen.phase.action, seen.phase_reason)


def _switch_problems(status: Status) -> Iterator[Problem]:
    seen = status.summary
    if seen.switching_to == "pending":
        yield Problem(
            "critical",
            "failover-undecided",
            f"the primary {seen.primary} is being given up and no new one is chosen yet: nothing takes writes",
            "wait; if it lasts, see why no replica is ready",
        )
    elif seen.switching_to and seen.primary:
        yield Problem(
            "warning",
            "switch-pending",
            f"the primary is moving from {seen.primary} to {seen.switching_to}",
            "wait; if it lasts, look at both pods and the operator's log",
        )


def _set_aside_problems(status: Status) -> Iterator[Problem]:
    """What somebody did on purpose and may have forgotten."""
    seen, annotations = status.summary, at(status.cluster, "metadata", "annotations") or {}
    if seen.hibernated:
        yield Problem(
            "info",
            "hibernated",
            "the Cluster is hibernated: no instance runs, the volumes are kept",
            "to wake it set the annotation cnpg.io/hibernation to 'off' in Git",
        )
    if seen.fenced:
        hits_primary = EVERY_INSTANCE in seen.fenced or seen.primary in seen.fenced
        whom = "all instances are" if EVERY_INSTANCE in seen.fenced else f"{', '.join(seen.fenced)} is"
        yield Problem(
            "critical" if hits_primary else "warning",
            "fenced",
            f"{whom} fenced: PostgreSQL is stopped there{', and no failover happens' if hits_primary else ''}",
            "once the reason is gone, remove the annotation cnpg.io/fencedInstances (`kubectl cnpg fencing off`)",
        )
    for key in ("cnpg.io/reconciliationLoop", "cnpg.io/reconcilePodSpec", "cnpg.io/validation"):
        if annotations.get(key) == "disabled":
            yield Problem(
                "warning",
                "operator-disabled",
                f"the annotation {key} is 'disabled': the operator does not do that part for this Cluster",
                "remove the annotation; until then changes from Git may not take effect, or not be checked",
            )


def _instance_problems(status: Status) -> Iterator[Problem]:
    seen = status.summary
    if seen.hibernated:
        return
    if seen.ready < seen.instances:
        reasons = [f"{one.name}: {one.waiting}" for one in status.instances if one.waiting]
        absent = [one.name for one in status.instances if one.pod == "missing"]
        reasons += [f"{name}: no pod" for name in absent]
        yield Problem(
            "critical" if seen.ready == 0 else "warning",
            "instances-missing",
            f"{seen.ready} of {seen.instances} instances are ready",
            "look at the pods, volumes and events of those that are not"
            + ("; wait, while the phase says that it goes on" if seen.phase.kind == "progressing" else ""),
            "; ".join(reasons) or None,
        )
    for job in status.jobs or ():
        if job.pod == "Failed" or job.waiting:
            yield Problem(
                "warning",
                "job-failing",
                f"the pod {job.name}, which does {job.role} for an instance, does not succeed ({job.pod})",
                "read its log; storage, image and credentials are the usual causes",
                job.waiting,
            )
    timelines = {one.timeline for one in status.instances if one.timeline is not None}
    if len(timelines) > 1:
        yield Problem(
            "warning",
            "timelines-differ",
            f"instances are on different timelines: {', '.join(str(one) for one in sorted(timelines))}",
            "wait; an instance that stays behind cannot follow the primary and has to be made again",
        )


def _redundancy_problems(status: Status) -> Iterator[Problem]:
    seen = status.summary
    if seen.hibernated:
        return
    if seen.instances == 1:
        yield Problem(
            "info",
            "single-instance",
            "one instance: no failover, each restart is an outage, and its PodDisruptionBudget keeps the node from "
            "being drained",
            "scale to 3 where the data matters",
        )
    nodes = {one.node for one in status.instances if one.node}
    if len(nodes) == 1 and sum(one.node is not None for one in status.instances) > 1:
        yield Problem(
            "warning",
            "one-node",
            "all instances run on one node, so that its failure takes them all",
            "add nodes, or set affinity.podAntiAffinityType to 'required' in Git",
        )
    system = find_condition(status.conditions, SYSTEM_ID)
    if system and system.status == "False" and system.reason == "Mismatch":
        yield Problem(
            "critical",
            "system-id-mismatch",
            "instances are not copies of one database: their system identifiers differ",
            "find out which one holds the data before anything is removed",
            system.message,
        )


def _archiving_problems(status: Status) -> Iterator[Problem]:
    condition = find_condition(status.conditions, ARCHIVING)
    if status.archiver is None:
        if not status.summary.replica_of:
            yield Problem(
                "warning",
                "no-archiver",
                "nothing archives WAL: this Cluster cannot be restored to a point in time",
                "add a backup plugin with isWALArchiver and an ObjectStore in Git",
            )
        return
    if condition and condition.status == "False":
        yield Problem(
            "critical",
            "archiving-failing",
            "WAL archiving fails: no restore to a point after it began, and WAL fills the volume (Ready says nothing "
            "of it)",
            "check the object store's address, credentials and space; after a rebuild the archive is 'not empty' and "
            "needs a new serverName",
            condition.message,
        )
    elif condition is None or condition.status == NOT_REPORTED:
        yield Problem(
            "warning",
            "archiving-unproven",
            f"{status.archiver} is to archive WAL, and nothing says yet that it works",
            "wait for the first archived segment; if it stays so, read the log of the plugin",
        )
    if status.archiver == IN_TREE:
        yield Problem(
            "warning",
            "in-tree-barman",
            "spec.backup.barmanObjectStore is deprecated and is to go with CloudNativePG 1.31",
            "move to the Barman Cloud plugin and an ObjectStore before the operator is upgraded",
        )


def _backup_problems(status: Status) -> Iterator[Problem]:
    last = find_condition(status.conditions, LAST_BACKUP)
    if last and last.status == "False" and last.reason == "LastBackupFailed":
        yield Problem(
            "critical",
            "last-backup-failed",
            "the last backup failed",
            "see the newest Backup object and the log of the instance it ran on",
            last.message,
        )
    if status.backups and status.backups.items and status.backups.items[0].failed:
        newest = status.backups.items[0]
        yield Problem(
            "warning",
            "backup-failed",
            f"the newest Backup {newest.name} ended as {newest.phase!r}",
            "correct what it names; the next one by schedule is a new object",
            newest.error,
        )
    if status.schedules == () and status.backups is not None and status.backups.completed == 0:
        taken = any(one.last_success for one in status.windows or ())
        if not taken:
            yield Problem(
                "warning",
                "no-backup",
                "there is no backup and no ScheduledBackup",
                "add a ScheduledBackup in Git, with a schedule of six fields such as '0 0 2 * * *'",
            )


def _schedule_problems(status: Status) -> Iterator[Problem]:
    for one in status.schedules or ():
        if one.with_seconds:
            yield Problem(
                "warning",
                "five-field-schedule",
                f"ScheduledBackup {one.name} has five fields ({one.schedule!r}): the first is read as seconds, so that "
                f"it runs far too often",
                f"write six fields: '{one.with_seconds}'",
            )
        if one.error:
            yield Problem(
                "warning", "schedule-failing", f"ScheduledBackup {one.name} fails", "correct what it names", one.error
            )
        if one.suspended:
            yield Problem(
                "info", "schedule-suspended", f"ScheduledBackup {one.name} is suspended", "set suspend to false in Git"
            )
        if one.method == IN_TREE and status.archiver not in {None, IN_TREE}:
            yield Problem(
                "warning",
                "schedule-method",
                f"ScheduledBackup {one.name} uses method barmanObjectStore (the default), and the Cluster has none",
                "set method: plugin and pluginConfiguration.name in Git",
            )


def _certificate_problems(status: Status) -> Iterator[Problem]:
    for one in status.certificates:
        if one.days_left is None or one.days_left >= _SOON:
            continue
        left = f"in {one.days_left} days" if one.days_left >= 0 else f"{-one.days_left} days ago"
        renewal = (
            "the operator renews it at 7 days; if it has not, read the operator's log"
            if one.renewed_by_operator
            else "renew it where it comes from: the operator does not"
        )
        calm: Severity = "info" if one.renewed_by_operator else "warning"
        yield Problem(
            "critical" if one.days_left < _VERY_SOON else calm,
            "certificate-ends",
            f"the certificate in Secret {one.secret} ends {left} ({one.expires})",
            renewal,
        )


def _role_problems(status: Status) -> Iterator[Problem]:
    for role in status.inline_roles:
        if role.errors:
            yield Problem(
                "warning",
                "role-not-reconciled",
                f"the role {role.name} of spec.managed.roles cannot be reconciled",
                "correct it in Git, or what it needs: other roles, its Secret, objects that it owns",
                "; ".join(role.errors),
            )
    for one in status.database_roles or ():
        yield from _unapplied_problems(f"DatabaseRole {one.object} (role {one.name})", one.state)


def _database_problems(status: Status) -> Iterator[Problem]:
    for one in status.databases or ():
        yield from _unapplied_problems(f"Database {one.object} (database {one.name})", one.state)
        if one.failing:
            yield Problem(
                "warning",
                "database-parts",
                f"parts of Database {one.object} could not be made",
                "correct them in Git: an extension must be in the image, an owner must exist",
                "; ".join(one.failing[:5]),
            )


def _unapplied_problems(what: str, state: Reconciliation) -> Iterator[Problem]:
    if state.deleting:
        yield Problem(
            "warning",
            "stuck-deleting",
            f"{what} is being deleted",
            "if it stays, it is still needed in PostgreSQL: a role may own objects",
            state.message,
        )
    elif state.applied is False:
        yield Problem(
            "warning",
            "not-applied",
            f"{what} is not applied; the operator tries again every 30 seconds",
            "correct what the message names, in Git",
            state.message,
        )
    elif not state.done:
        yield Problem(
            "info", "not-applied-yet", f"{what} is not applied in its present form yet", "wait", state.message
        )


def _volume_problems(status: Status) -> Iterator[Problem]:
    for one in status.volumes or ():
        if one.state == "unusable" or one.phase == "Lost":
            yield Problem(
                "critical",
                "volume-unusable",
                f"the volume {one.name} cannot be used ({one.phase}, {one.state})",
                "if another instance has the data, the operator can make this one anew: `kubectl cnpg destroy`",
            )
        elif one.phase == "Pending":
            yield Problem(
                "warning",
                "volume-pending",
                f"the volume {one.name} is not bound (StorageClass {one.storage_class or 'default'})",
                "check that the StorageClass exists and can make volumes, and the PVC's events",
            )
        elif one.state == "dangling" and not status.summary.hibernated:
            yield Problem(
                "warning",
                "volume-dangling",
                f"the volume {one.name} has no instance",
                "wait for the operator to use it again; a left-over one is removed with `kubectl cnpg destroy`",
            )
        if one.phase == "Bound" and (one.state == "resizing" or one.resizing or one.is_smaller_than_asked):
            yield Problem(
                "info",
                "volume-resizing",
                f"the volume {one.name} has {one.capacity or '?'} of the {one.requested or '?'} asked for",
                "wait; where the StorageClass has no allowVolumeExpansion it stays so until the instance is made anew",
                one.resizing,
            )


def _other_problems(status: Status) -> Iterator[Problem]:
    for one in status.tablespaces:
        if one.error:
            yield Problem(
                "warning",
                "tablespace-failing",
                f"the tablespace {one.name} is {one.state}",
                "correct it in Git",
                one.error,
            )
    for plugin in status.plugins:
        if plugin.version is None and at(status.cluster, "status", "phase"):
            yield Problem(
                "warning",
                "plugin-missing",
                f"the plugin {plugin.name} of spec.plugins is not known to the operator",
                "install it in the operator's namespace, or remove it from Git",
            )
    for pooler in status.poolers or ():
        if pooler.phase in {"failed", "inactive"}:
            yield Problem(
                "warning", "pooler", f"the Pooler {pooler.name} is {pooler.phase}", "look at its pods", pooler.reason
            )


def _bootstrap_problems(status: Status, desired: Object | None) -> Iterator[Problem]:
    """A stanza that did its work once lies in wait: made again, the Cluster would start from that old copy."""
    for method in ("recovery", "pg_basebackup"):
        declared = at(desired if desired is not None else status.cluster, "spec", "bootstrap", method)
        if declared is not None and at(status.cluster, "status", "phase"):
            where = "Git still declares" if desired is not None else "the Cluster was made with"
            yield Problem(
                "warning",
                "bootstrap-left",
                f"{where} bootstrap.{method}: if the Cluster were deleted and applied again, it would start from that "
                f"copy and not from today's data",
                "keep it protected against pruning; do not add another bootstrap method, which the webhook refuses",
            )


_RULES: tuple[Callable[[Status], Iterator[Problem]], ...] = (
    _phase_problems,
    _switch_problems,
    _instance_problems,
    _archiving_problems,
    _backup_problems,
    _schedule_problems,
    _volume_problems,
    _certificate_problems,
    _role_problems,
    _database_problems,
    _other_problems,
    _redundancy_problems,
    _set_aside_problems,
)
