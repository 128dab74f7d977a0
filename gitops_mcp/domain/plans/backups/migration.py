"""From the operator's own object store to the plugin: one plan, in which every archive keeps its name and its place.

The ObjectStore has the configuration as it stands in the Cluster. Where the Cluster stated no serverName its archive
has its own name, as with the plugin; that of an external cluster has the name of its entry, which the plugin does not
know. What an anchor is defined in goes after what names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.status.backups import BARMAN_PLUGIN, IN_TREE
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.kinds import CLUSTER, SCHEDULED_BACKUP
from gitops_mcp.domain.names import ClusterRef, slug
from gitops_mcp.domain.objects import Identity, Object, Path, at, list_at, mapping_at, text_at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.backups.backup import declared_backups
from gitops_mcp.domain.plans.backups.method import PLUGIN
from gitops_mcp.domain.plans.backups.object_store import NewStore, declared_stores
from gitops_mcp.domain.plans.backups.setup import Around, Places, PlannedSteps, add_plugin
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.waiting import once_applied
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import InvalidRequest, Refused

_BACKUP: Path = ("spec", "backup")


@dataclass
class _Migration:
    planned: PlannedSteps
    around: Around
    object_store: str | None


def plan_backup_migration(
    desired: Desired,
    cluster: Declaration,
    ref: ClusterRef,
    around: Around,
    *,
    places: Places,
    object_store: str | None = None,
) -> Plan:
    """`desired` knows the ObjectStores; `object_store`: the name of the new one."""
    target = Identity(CLUSTER.kind, ref.namespace, ref.name)
    own = mapping_at(cluster.object, *_BACKUP, IN_TREE)
    entries = [*_in_tree_entries(cluster.object)]
    subject = f"Move the backups of Cluster {ref} to plugin {BARMAN_PLUGIN}"
    if not own and not entries:
        return Plan(subject, target, unchanged=f"{cluster.place} has no {IN_TREE}: there is nothing to move")
    caution = around.caution
    first = PlannedSteps(EditSequence(desired), cluster, ref, places)
    try:
        planned = _moved(_Migration(first, around, object_store), own, entries)
    except (InvalidRequest, Refused):
        second = PlannedSteps(EditSequence(desired), cluster, ref, places)
        planned = _moved(_Migration(second, around, object_store), own, entries, own_first=True)
    return Plan(
        subject,
        target,
        files=planned.steps.changes,
        warnings=(*planned.notices, *applier_notices(cluster, desired)),
        caution=caution,
        body=(*planned.body, "- archives keep their names and places", *applier_lines(cluster)),
        next=(
            once_applied(
                desired,
                ref,
                f"list_postgres_backups cluster_name={ref.name} shows whether the plugin archives; take a backup by it "
                f"then (create_postgres_backup)",
            ),
        ),
        validated_by=("built-in rules",),
    )


def _moved(
    moving: _Migration, own: Object, entries: Sequence[tuple[int, str]], *, own_first: bool = False
) -> PlannedSteps:
    """In either order, since one section may be the alias of another."""
    cluster, name = moving.planned.now, moving.object_store or f"{moving.planned.ref.name}-backups"
    retention = text_at(cluster.object, *_BACKUP, "retentionPolicy")
    store = _store_for(moving, own, name, retention) if own else ""
    if own and own_first:
        _move_archive(moving, own, store)
    for index, external in entries:
        _move_external(moving, index, external)
    if own and not own_first:
        _move_archive(moving, own, store)
    if own:
        _move_schedules(moving)
    return moving.planned


def _in_tree_entries(cluster: Object) -> Iterator[tuple[int, str]]:
    for index, one in enumerate(list_at(cluster, "spec", "externalClusters")):
        if at(one, IN_TREE) is not None:
            yield index, str(at(one, "name"))


def _move_archive(moving: _Migration, own: Object, store: str) -> None:
    """Out of spec.backup, and into the plugin's entry: both at once, since two archivers exclude each other."""
    planned, cluster = moving.planned, moving.planned.now
    if any(
        at(one, "isWALArchiver") is True and at(one, "enabled") is not False
        for one in list_at(cluster.object, "spec", "plugins")
    ):
        raise Refused(
            f"{cluster.label} has a plugin that archives WAL beside {IN_TREE}: take one of them out by hand first"
        )
    retention = text_at(cluster.object, *_BACKUP, "retentionPolicy")
    gone = [(*_BACKUP, IN_TREE), *([(*_BACKUP, "retentionPolicy")] if retention else [])]
    rest = mapping_at(cluster.object, *_BACKUP).keys() - {path[-1] for path in gone}
    planned.edit(cluster, *map(Remove, gone if rest else [_BACKUP]))
    add_plugin(planned, store, text_at(own, "serverName"))


def _store_for(moving: _Migration, configuration: Object, name: str, retention: str | None) -> str:
    """The ObjectStore of that configuration: one that is there, else a new one."""
    planned, namespace = moving.planned, moving.planned.ref.namespace
    wanted = {key: value for key, value in configuration.items() if key != "serverName"}
    known = {one.identity.name: one.object for one in declared_stores(planned.steps.desired, namespace)}
    for there, found in known.items():
        kept = text_at(found, "spec", "retentionPolicy")
        if is_same(at(found, "spec", "configuration"), wanted) and retention in {None, kept}:
            return there
    live = {str(at(one, "metadata", "name")) for one in moving.around.stores or ()}
    free = next(one for one in _numbered(name) if one not in {*known, *live})
    planned.put(NewStore(free, wanted).manifest(namespace, retention))
    kept = f", which keeps {retention}" if retention else ""
    planned.body.append(f"- ObjectStore {free}: {text_at(wanted, 'destinationPath')}{kept}")
    return free


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in range(2, 1000))


def _move_external(moving: _Migration, index: int, name: str) -> None:
    planned, cluster = moving.planned, moving.planned.now
    entry = at(cluster.object, "spec", "externalClusters", index)
    own = mapping_at(entry, IN_TREE)
    server = text_at(own, "serverName") or name
    store = _store_for(moving, own, f"{planned.ref.name}-{slug(name)}", None)
    path: Path = ("spec", "externalClusters", index)
    parameters = {"barmanObjectName": store, "serverName": server}
    plugin = {"name": BARMAN_PLUGIN, "parameters": parameters}
    planned.edit(cluster, Remove((*path, IN_TREE)), Set((*path, "plugin"), plugin))
    planned.body.append(f"- external cluster {name}: server {server} of ObjectStore {store}")


def _move_schedules(moving: _Migration) -> None:
    planned = moving.planned
    moved = []
    for one in planned.steps.desired.of_cluster(SCHEDULED_BACKUP.kind, planned.ref):
        if (at(one.object, "spec", "method") or IN_TREE) == IN_TREE:
            method, plugin = (
                Set(("spec", "method"), PLUGIN),
                Set(("spec", "pluginConfiguration"), {"name": BARMAN_PLUGIN}),
            )
            planned.edit(one, method, plugin)
            moved.append(one.identity.name)
    if moved:
        planned.body.append(f"- ScheduledBackup {', '.join(moved)}: by the plugin")
    declared = {one.identity.name for one in planned.steps.desired.of_cluster(SCHEDULED_BACKUP.kind, planned.ref)}
    left = [
        str(at(one, "metadata", "name"))
        for one in moving.around.schedules
        if at(one, "spec", "cluster", "name") == planned.ref.name
        and (at(one, "spec", "method") or IN_TREE) == IN_TREE
        and at(one, "metadata", "name") not in declared
    ]
    if left:
        text = (
            f"the live ScheduledBackup {', '.join(left)} is not in Git and goes on asking for {IN_TREE}: it fails then"
        )
        planned.tell("schedule-only-live", text)
    old = [
        name
        for name, one in declared_backups(planned.steps.desired, planned.ref).items()
        if (at(one.object, "spec", "method") or IN_TREE) == IN_TREE
    ]
    if old:
        text = (
            f"Backup {', '.join(old)} stays as it is, since its spec cannot change; it is done already, or would fail"
        )
        planned.tell("backup-in-tree", text)
