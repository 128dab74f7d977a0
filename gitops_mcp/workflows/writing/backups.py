"""What the writing tools for backups need beside the road: what the API says of ObjectStores, schedules and plugins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.status.backups import IN_TREE
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.kinds import CLUSTER, OBJECT_STORE, SCHEDULED_BACKUP
from gitops_mcp.domain.names import ClusterRef, check_cluster_name, check_object_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, at
from gitops_mcp.domain.plans.adoption import object_places
from gitops_mcp.domain.plans.backups.backup import BackupPart, backup_name, declared_backups, plan_backup
from gitops_mcp.domain.plans.backups.migration import plan_backup_migration
from gitops_mcp.domain.plans.backups.object_store import checked_retention, new_store
from gitops_mcp.domain.plans.backups.schedule import ScheduleRequest, asked_schedule, checked_schedule, plan_schedule
from gitops_mcp.domain.plans.backups.setup import Around, Places
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.subject import ObjectPart, Subject
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import Forbidden, GitOpsError, NotInstalled, Unavailable
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.adoption import layout_of_kind
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.object_targets import in_files, knowing_stores
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from gitops_mcp.workflows.writing.targets import the_cluster


def schedule_backups(
    app: App, request: WriteRequest, cluster: str, asked: ScheduleRequest, *, namespace: str | None
) -> WriteResult:
    check_cluster_name(cluster, field="cluster_name")
    asked = _checked_request(asked)

    def about(view: View) -> Subject:
        declared, ref = the_cluster(view, cluster, namespace)
        name, known = asked_schedule(view.desired, declared.object, ref, asked)
        target = Identity(SCHEDULED_BACKUP.kind, ref.namespace, name)
        paths = [("spec", "schedule"), *([("spec", "suspend")] if asked.suspended is not None else [])]
        parts = [ObjectPart(target, path) for path in paths] if known else [ObjectPart(target)]
        return Subject("schedule-backups", Identity(CLUSTER.kind, ref.namespace, ref.name), tuple(parts))

    def plan(view: View) -> Plan:
        declared, ref = the_cluster(view, cluster, namespace)
        known = knowing_stores(view)
        around, unread = read_around(view, ref)
        again = known.desired.declared(declared.identity) or declared
        made = plan_schedule(known.desired, again, ref, asked, around, places=places_of(known))
        return in_files(view, made).warned(unread)

    return deliver(app, replace(request, cluster=cluster, namespace=namespace), Writing(about, plan))


def _checked_request(asked: ScheduleRequest) -> ScheduleRequest:
    store = asked.store
    if asked.retention is not None:
        checked_retention(asked.retention)
    if store.object_store is not None:
        check_object_name(store.object_store, field="object_store")
    if store.destination_path is not None:
        new_store("new", store.destination_path, store.endpoint_url, store.credentials_secret)
    return replace(asked, schedule=checked_schedule(asked.schedule))


def create_backup(
    app: App, request: WriteRequest, cluster: str, *, namespace: str | None, name: str | None, method: str | None
) -> WriteResult:
    """`name`: of the Backup; None: made of the time at which it is asked for, which its commit keeps."""
    check_cluster_name(cluster, field="cluster_name")
    if name is not None:
        check_object_name(name, field="backup_name")
    fixed = name or backup_name(cluster, datetime.now(UTC))

    def about(view: View) -> Subject:
        _, ref = the_cluster(view, cluster, namespace)
        return Subject("back-up", Identity(CLUSTER.kind, ref.namespace, ref.name), (BackupPart(ref),))

    def plan(view: View) -> Plan:
        declared, ref = the_cluster(view, cluster, namespace)
        made = plan_backup(
            view.desired,
            declared,
            ref,
            fixed,
            wanted=method,
            at_base=declared_backups(view.base, ref),
            proposed=view.proposed,
            places=places_of(view),
        )
        if app.asked and name is None and made.files:
            own = replace(app.asked, arguments={**app.asked.arguments, "backup_name": fixed})
            made = replace(made, requests=(own.in_environment(view.environment.name),))
        return made

    return deliver(app, replace(request, cluster=cluster, namespace=namespace), Writing(about, plan))


def migrate_backups(
    app: App, request: WriteRequest, cluster: str, *, namespace: str | None, object_store: str | None
) -> WriteResult:
    check_cluster_name(cluster, field="cluster_name")
    if object_store is not None:
        check_object_name(object_store, field="object_store")

    def about(view: View) -> Subject:
        declared, ref = the_cluster(view, cluster, namespace)
        target = Identity(CLUSTER.kind, ref.namespace, ref.name)
        keys = ("plugins", "backup") if at(declared.object, "spec", "backup", IN_TREE) else ("externalClusters",)
        parts = tuple(ObjectPart(declared.identity, ("spec", key)) for key in keys)
        return Subject("migrate-backups", target, parts)

    def plan(view: View) -> Plan:
        declared, ref = the_cluster(view, cluster, namespace)
        known = knowing_stores(view)
        around, unread = read_around(view, ref)
        again = known.desired.declared(declared.identity) or declared
        made = plan_backup_migration(
            known.desired, again, ref, around, places=places_of(known), object_store=object_store
        )
        return in_files(view, made).warned(unread)

    return deliver(app, replace(request, cluster=cluster, namespace=namespace), Writing(about, plan))


def places_of(view: View) -> Places:
    def places(
        desired: Desired, cluster: Declaration, whom: Identity, manifest: Object
    ) -> tuple[tuple[FilePlace, ...], Mapping[str, str]]:
        candidates = object_places(desired, cluster, whom, manifest, layout_of_kind(view, whom.kind))
        found = view.source.places(whom, candidates)
        return found, view.source.read_files(one.path for one in found if not one.appended)

    return places


def read_around(view: View, ref: ClusterRef) -> tuple[Around, list[Notice]]:
    """What the API says beside Git; what could not be read is told."""
    stores: tuple[Object, ...] | None = None
    served, why, unread = None, "", []
    schedules: tuple[Object, ...] = ()
    try:
        served = view.api.serves(OBJECT_STORE)
        stores = view.api.every(OBJECT_STORE, ref.namespace) if served else ()
    except GitOpsError as error:
        why = str(error)
    try:
        schedules = view.api.every(SCHEDULED_BACKUP, ref.namespace)
    except (Forbidden, NotInstalled, Unavailable) as error:
        unread.append(Notice("live-unavailable", f"live schedules could not be read: {error}"))
    return Around(stores, served, why, schedules), unread
