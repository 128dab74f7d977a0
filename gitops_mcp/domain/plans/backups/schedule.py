"""A ScheduledBackup as a plan, with the ObjectStore and the plugin's entry where the Cluster has none.

A Cluster has one schedule of a method here: asking again changes that one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gitops_mcp.domain.cnpg.notation.cron import DESCRIPTORS
from gitops_mcp.domain.cnpg.status.backups import BARMAN_PLUGIN, IN_TREE
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.kinds import SCHEDULED_BACKUP
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Identity, Object, at, list_at, text_at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.backups.method import PLUGIN, Method, method_of, methods_of
from gitops_mcp.domain.plans.backups.object_store import declared_stores, retention_days
from gitops_mcp.domain.plans.backups.setup import Around, Places, PlannedSteps, StoreRequest, set_up_plugin
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.waiting import once_applied
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.rules.schedule import schedule_fault
from gitops_mcp.domain.yaml.edits import Set
from gitops_mcp.errors import InvalidRequest, Refused

_BARMAN = Method(PLUGIN, BARMAN_PLUGIN)
_IN_SPEC = ("spec", "backup", "retentionPolicy")


@dataclass(frozen=True)
class ScheduleRequest:
    schedule: str
    """Six fields, or `@every`."""
    retention: str | None = None
    method: str | None = None
    store: StoreRequest = field(default_factory=StoreRequest)
    immediate: bool | None = None
    suspended: bool | None = None


def checked_schedule(text: str) -> str:
    """As six fields. Raises InvalidRequest for five, with the six that mean the same."""
    if fault := schedule_fault(text.strip()):
        raise InvalidRequest(f"schedule: {fault}")
    return DESCRIPTORS.get(text.strip(), " ".join(text.split()))


def schedule_name(ref: ClusterRef) -> str:
    return f"{ref.name}-backup"


def free_name(desired: Desired, ref: ClusterRef, method: Method) -> str:
    """Of a new schedule, beside one of another method."""
    name = schedule_name(ref)
    taken = any(one.identity.name == name for one in desired.of_cluster(SCHEDULED_BACKUP.kind, ref))
    return f"{name}-{method.name.lower()}" if taken else name


def asked_schedule(desired: Desired, cluster: Object, ref: ClusterRef, asked: ScheduleRequest) -> tuple[str, bool]:
    """The name of the one that is made or changed, and whether it is declared. Raises Refused without any method."""
    label = f"Cluster {ref}"
    method = _BARMAN if _needs_plugin(cluster, asked) else method_of(cluster, label, asked.method)
    found = [one.identity.name for one in desired.of_cluster(SCHEDULED_BACKUP.kind, ref) if method.is_of(one.object)]
    return found[0] if len(found) == 1 else free_name(desired, ref, method), bool(found)


def plan_schedule(
    desired: Desired, cluster: Declaration, ref: ClusterRef, asked: ScheduleRequest, around: Around, *, places: Places
) -> Plan:
    """`desired` knows the ObjectStores."""
    planned = PlannedSteps(EditSequence(desired), cluster, ref, places)
    method, caution = _set_up(planned, asked, around)
    known = _own_schedule(desired, ref, method)
    name = known.identity.name if known else free_name(desired, ref, method)
    _put_schedule(planned, known, name, method, asked, around)
    target = Identity(SCHEDULED_BACKUP.kind, ref.namespace, name)
    if not planned.steps.changes:
        place = known.place if known else cluster.place
        return Plan(f"Schedule backups of Cluster {ref}", target, unchanged=f"{place} says exactly this already")
    return Plan(
        f"{'Change the schedule of' if known else 'Schedule'} backups of Cluster {ref}: {asked.schedule}",
        target,
        files=planned.steps.changes,
        warnings=(*planned.notices, *applier_notices(cluster, desired)),
        caution=caution,
        body=(f"- ScheduledBackup {name}: {asked.schedule}, by {method}", *planned.body, *applier_lines(cluster)),
        next=tuple(_next_steps(desired, ref, asked, is_new=known is None)),
        validated_by=("built-in rules",),
    )


def _set_up(planned: PlannedSteps, asked: ScheduleRequest, around: Around) -> tuple[Method, str]:
    """The method, and what is to be minded where the plugin comes new."""
    cluster, ref = planned.now.object, planned.ref
    if _needs_plugin(cluster, asked):
        if any(one.name == IN_TREE for one in methods_of(cluster)):
            raise Refused(
                f"Cluster {ref} archives by spec.backup.{IN_TREE}, and two archives exclude each other: "
                f"migrate_postgres_backups moves it to the plugin; then ask for this"
            )
        caution = around.caution
        set_up_plugin(planned, asked.store, around, asked.retention)
        if asked.retention:
            _set_retention(planned, _BARMAN, asked.retention)
        return _BARMAN, caution
    method = method_of(cluster, f"Cluster {ref}", asked.method)
    _check_store(cluster, ref, method, asked.store, planned)
    if asked.retention:
        _set_retention(planned, method, asked.retention)
    return method, ""


def _needs_plugin(cluster: Object, asked: ScheduleRequest) -> bool:
    known = [*methods_of(cluster)]
    wants_plugin = asked.method in {None, PLUGIN} and not any(one.name == PLUGIN for one in known)
    return wants_plugin and bool(asked.method or asked.store.says_anything or not known)


def _check_store(cluster: Object, ref: ClusterRef, method: Method, asked: StoreRequest, planned: PlannedSteps) -> None:
    """Raises where backups are to go elsewhere than they do: an archive that moves leaves its backups behind."""
    if not asked.says_anything:
        return
    store = _store_of(cluster, method)
    found = next(
        (one for one in declared_stores(planned.steps.desired, ref.namespace) if one.identity.name == store), None
    )
    there = at(found.object, "spec", "configuration", "destinationPath") if found else None
    same = asked.object_store in {None, store} and asked.destination_path in {None, there}
    if store and same and not asked.endpoint_url and not asked.credentials_secret:
        return
    where = f"ObjectStore {store}" if store else f"what {method} is set up with"
    raise InvalidRequest(
        f"{'object_store' if asked.object_store else 'destination_path'}: Cluster {ref} is backed up to {where} "
        f"already: leave object_store, destination_path, endpoint_url and credentials_secret out. To move it would "
        f"leave its backups behind"
    )


def _store_of(cluster: Object, method: Method) -> str | None:
    if method.plugin != BARMAN_PLUGIN:
        return None
    entries = (one for one in list_at(cluster, "spec", "plugins") if at(one, "name") == BARMAN_PLUGIN)
    return text_at(next(entries, None), "parameters", "barmanObjectName")


def _set_retention(planned: PlannedSteps, method: Method, retention: str) -> None:
    """Where the method in use keeps it."""
    ref, cluster = planned.ref, planned.now
    if method.name == IN_TREE:
        _tell_shorter(planned, f"spec.backup of Cluster {ref}", at(cluster.object, *_IN_SPEC), retention)
        planned.edit(cluster, Set(_IN_SPEC, retention))
        return
    if method.plugin != BARMAN_PLUGIN:
        raise InvalidRequest(
            f"retention: {method} keeps no retention that is known here: leave it out, and set it there"
        )
    store = _store_of(cluster.object, method)
    stores = declared_stores(planned.steps.desired, ref.namespace)
    found = next((one for one in stores if one.identity.name == store), None)
    if found is None:
        origin = planned.steps.desired.origin
        adopt = "adopt_live kind=ObjectStore takes it into Git first; or " if origin.in_files else ""
        raise Refused(
            f"retention: it is kept in ObjectStore {store}, which {origin.name} does not declare: "
            f"{adopt}leave retention out"
        )
    kept = at(found.object, "spec", "retentionPolicy")
    if kept == retention:
        return
    _tell_shorter(planned, f"ObjectStore {store}", kept, retention)
    planned.edit(found, Set(("spec", "retentionPolicy"), retention))
    planned.body.append(f"- ObjectStore {store} keeps {retention}")
    others = [
        one.identity.name
        for one in planned.steps.desired.clusters
        if one.identity.name != ref.name
        and one.identity.namespace == ref.namespace
        and any(at(each, "parameters", "barmanObjectName") == store for each in list_at(one.object, "spec", "plugins"))
    ]
    if others:
        planned.tell(
            "shared-store", f"ObjectStore {store} is that of {', '.join(others)} too: {retention} counts for all"
        )


def _tell_shorter(planned: PlannedSteps, where: str, kept: object, retention: str) -> None:
    known = retention_days(kept)
    if known is None or (retention_days(retention) or 0) < known:
        text = f"{where} keeps {retention}, and kept {'everything' if known is None else kept}: backups that are older "
        planned.tell("retention", f"{text}are deleted, and no point of time before can be restored any more")


def _own_schedule(desired: Desired, ref: ClusterRef, method: Method) -> Declaration | None:
    """The one that is changed. Raises InvalidRequest where there are several."""
    found = [one for one in desired.of_cluster(SCHEDULED_BACKUP.kind, ref) if method.is_of(one.object)]
    if len(found) > 1:
        places = " and ".join(f"{one.identity.name} ({one.place})" for one in found)
        raise InvalidRequest(
            f"cluster_name: Cluster {ref} has several schedules by {method}: {places}. Which one is meant is not said "
            f"here: change it with update_postgres_object"
        )
    if not found:
        return None
    found[0].check_stays()
    return found[0]


def _put_schedule(
    planned: PlannedSteps, known: Declaration | None, name: str, method: Method, asked: ScheduleRequest, around: Around
) -> None:
    flags = {"immediate": asked.immediate, "suspend": asked.suspended}
    if known is not None:
        wanted = {"schedule": asked.schedule, **{key: value for key, value in flags.items() if value is not None}}
        defaults = {"immediate": False, "suspend": False}
        said = {**defaults, **known.object["spec"]}
        edits = [Set(("spec", key), value) for key, value in wanted.items() if said.get(key) != value]
        if edits:
            planned.edit(known, *edits)
        return
    _check_free(planned, name, around)
    spec = {
        "schedule": asked.schedule,
        "cluster": {"name": planned.ref.name},
        "backupOwnerReference": "self",
        **{key: True for key, value in flags.items() if value},
        **method.spec,
    }
    planned.put(
        {
            "apiVersion": SCHEDULED_BACKUP.api_version,
            "kind": SCHEDULED_BACKUP.kind,
            "metadata": {"name": name, "namespace": planned.ref.namespace},
            "spec": spec,
        }
    )


def _check_free(planned: PlannedSteps, name: str, around: Around) -> None:
    """Raises Refused where a live one of the name would be taken over; warns of others that only live has."""
    desired, ref = planned.steps.desired, planned.ref
    declared = {one.identity.name for one in desired.of_cluster(SCHEDULED_BACKUP.kind, ref)}
    for one in desired.named(SCHEDULED_BACKUP.kind, name):
        if one.identity.namespace in {ref.namespace, None}:
            raise Refused(
                f"a ScheduledBackup {ref.namespace}/{name} is declared already, at {one.place}: "
                f"create_postgres_object kind=ScheduledBackup makes one of another name"
            )
    if name in [str(at(one, "metadata", "name")) for one in around.schedules]:
        adopt = (
            f": adopt_live kind=ScheduledBackup object={name} takes it over first" if desired.origin.in_files else ""
        )
        raise Refused(
            f"a live ScheduledBackup {ref.namespace}/{name} is there already, and {desired.origin.name} does not "
            f"declare it{adopt}"
        )
    only_live = [
        str(at(one, "metadata", "name"))
        for one in around.schedules
        if at(one, "spec", "cluster", "name") == ref.name and at(one, "metadata", "name") not in declared
    ]
    if only_live:
        text = f"the live ScheduledBackup {', '.join(only_live)} backs this Cluster up too"
        planned.tell("schedule-only-live", f"{text}, and {desired.origin.name} does not declare it")


def _next_steps(desired: Desired, ref: ClusterRef, asked: ScheduleRequest, *, is_new: bool) -> Iterator[str]:
    told = f"list_postgres_backups cluster_name={ref.name} shows the next run, and whether archiving works"
    yield once_applied(desired, ref, told)
    if is_new and not asked.immediate and not asked.suspended:
        yield "it makes no backup before its first run: create_postgres_backup takes one now"
