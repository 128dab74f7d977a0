"""What list_postgres_backups answers: one verdict, and all that it rests on, in Git and live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from gitops_mcp.answers.backups import ArchiveRow, BackupList, DeclaredSchedule, Verdict
from gitops_mcp.answers.base import rows_of, shorten_to_fit
from gitops_mcp.answers.cluster_parts import BackupRow, ProblemRow, RestoreWindowRow
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.backups.archive import Recoverability, archive_of, recoverability
from gitops_mcp.domain.cnpg.backups.restorable import restorable
from gitops_mcp.domain.cnpg.status.backups import Schedule, recent_backups, schedules
from gitops_mcp.domain.cnpg.status.conditions import ARCHIVING, find_condition
from gitops_mcp.domain.cnpg.status.problems.archive import archiving_problems, restore_problems
from gitops_mcp.domain.cnpg.status.problems.backups import backup_problems, schedule_problems
from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.kinds import BACKUP, OBJECT_STORE, POD, SCHEDULED_BACKUP
from gitops_mcp.domain.names import ClusterRef, UnplacedCluster
from gitops_mcp.domain.objects import Object, at, text_at
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import GitOpsError, NotInstalled
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.members import ClusterReading, read_cluster

_TOOL = "list_postgres_backups"
_PARTS = {"backups": BACKUP, "scheduled_backups": SCHEDULED_BACKUP, "object_stores": OBJECT_STORE, "pods": POD}
_STATES = {"True": "working", "False": "failing"}
_MOST = 1_000


def list_backups(
    app: App, cluster: str, *, namespace: str | None, environment: str | None, limit: int, cursor: str | None
) -> BackupList:
    """What could be restored, from when to when; else why nothing could be."""
    asked = [cluster, namespace, environment]
    skip = cursors.rows_to_skip(cursor, asked, _TOOL)
    seen, now = read_cluster(app, cluster, namespace=namespace, environment=environment), datetime.now(UTC)
    live = seen.cluster
    related = _read_related(seen) if live is not None else Related()
    status = read_status(live, related, now=now, most_backups=_MOST) if live is not None else None
    kept = recent_backups(live, related.backups or (), now=now, most=_MOST) if live is not None else None
    rows = rows_of(BackupRow, kept.items) if kept else []
    shown, more = cursors.page_of_rows(rows, asked, skip=skip, limit=limit)
    answer = BackupList(
        environment=seen.environment.name,
        namespace=seen.ref.namespace,
        cluster=cluster,
        verdict=_verdict(_judge(seen, related, now)),
        findings=rows_of(ProblemRow, _problems(status)) if status else [],
        archiving=_archiving(seen, related, status),
        windows=rows_of(RestoreWindowRow, status.windows) if status else [],
        schedules=list(_schedules(seen, related, now)),
        items=shown,
        total=len(rows) + (kept.more if kept else 0) if live is None or related.backups is not None else None,
        cursor=more,
        warnings=[*seen.warnings, *seen.api.unreadable],
    )
    return shorten_to_fit(answer, "items", "schedules", "windows", "findings", "warnings")


def _read_related(seen: ClusterReading) -> Related:
    """The objects around it; what may not be read is named."""
    found: dict[str, tuple[Object, ...]] = {}
    for key, resource in _PARTS.items():
        labels = f"cnpg.io/cluster={seen.ref.name}" if resource is POD else None
        try:
            found[key] = seen.api.every(resource, seen.ref.namespace, labels=labels)
        except NotInstalled:
            found[key] = ()
        except GitOpsError as error:
            seen.warn("unreadable", f"{resource.plural} are missing here: {error}")
    return Related(**found)


def _judge(seen: ClusterReading, related: Related, now: datetime) -> Recoverability:
    if seen.cluster is None or seen.ref.namespace is None:
        why = next((one.message for one in seen.warnings if one.id == "live-unavailable"), "")
        if why or seen.live is None:
            return Recoverability("unknown", f"the API could not be asked: {why}" if why else "the API was not asked")
        return Recoverability("no", f"Cluster {seen.ref} is only in Git: nothing runs that could have been backed up")
    is_read = related.backups is not None and related.object_stores is not None
    unread = "" if is_read else "; ".join(one.message for one in seen.warnings if one.id == "unreadable")
    backups, stores = related.backups or (), related.object_stores or ()
    found = restorable(ClusterRef(seen.ref.namespace, seen.ref.name), seen.cluster, backups, stores, now=now)
    found = replace(found, unread="" if found.sources else unread)
    return recoverability(found, seen.cluster, backups, stores, now=now)


def _verdict(found: Recoverability) -> Verdict:
    times = {"since": found.first, "until": found.last, "last_backup": found.last_backup}
    return Verdict.model_validate({"restorable": found.state, "why": found.why, **times})


def _problems(status: Status) -> Iterator[object]:
    for rule in (restore_problems, archiving_problems, backup_problems, schedule_problems):
        yield from rule(status)


def _archiving(seen: ClusterReading, related: Related, status: Status | None) -> ArchiveRow:
    cluster = seen.cluster or (seen.declared.object if seen.declared else {})
    archive = archive_of(cluster)
    if archive is None:
        return ArchiveRow(by="none", state="no archive")
    told = find_condition(status.conditions, ARCHIVING) if status else None
    stores = related.object_stores or ()
    store = next((one for one in stores if at(one, "metadata", "name") == archive.store), None)
    own = at(cluster, "spec", "backup", "barmanObjectStore")
    return ArchiveRow(
        by=archive.by,
        store=archive.store or None,
        server=archive.server,
        destination=text_at(store, "spec", "configuration", "destinationPath") or text_at(own, "destinationPath"),
        retention=text_at(store, "spec", "retentionPolicy") or text_at(cluster, "spec", "backup", "retentionPolicy"),
        state=_STATES.get(told.status, told.status) if told else "unknown",
    )


def _schedules(seen: ClusterReading, related: Related, now: datetime) -> Iterator[DeclaredSchedule]:
    """Those that are live, with where Git says them; then those that only Git or an open change says."""
    declared = _declared_schedules(seen.desired, seen.ref) if seen.desired else {}
    pending = seen.pending(lambda desired: _declared_schedules(desired, seen.ref), lambda one: one.object)
    names = set()
    for row in schedules(seen.cluster, related.scheduled_backups or (), now=now) if seen.cluster else ():
        names.add(row.name)
        is_known = row.name in declared or seen.environment.delivery == "direct"
        yield _schedule_row(row, "live" if is_known else "only_live", declared.get(row.name), pending)
    for name in [one for one in (*declared, *pending) if one not in names]:
        if name in names:
            continue
        names.add(name)
        changed = pending.get(name, ())
        one = declared.get(name) or next((said for _, said in changed if said is not None), None)
        if one is not None:
            made = next(iter(schedules(_named(one), [one.object], now=now)), None)
            state = "proposed" if name not in declared else "only_in_git" if _is_read(seen, related) else "unknown"
            if made is not None:
                yield _schedule_row(made, state, declared.get(name), pending)


def _is_read(seen: ClusterReading, related: Related) -> bool:
    return seen.live is not None and (seen.cluster is None or related.scheduled_backups is not None)


def _named(one: Declaration) -> Object:
    """As much of its Cluster as finds it."""
    name, space = at(one.object, "spec", "cluster", "name"), at(one.object, "metadata", "namespace")
    return {"metadata": {"name": name, "namespace": space}}


def _schedule_row(
    row: Schedule, state: str, declared: Declaration | None, pending: Mapping[str, Sequence[tuple[str, object]]]
) -> DeclaredSchedule:
    changes = [change for change, _ in pending.get(row.name, ())]
    place = declared.place if declared else None
    return DeclaredSchedule.model_validate({**vars(row), "state": state, "declared": place, "pending": changes})


def _declared_schedules(desired: Desired, ref: ClusterRef | UnplacedCluster) -> dict[str, Declaration]:
    return {one.identity.name: one for one in desired.of_cluster(SCHEDULED_BACKUP.kind, ref)}
