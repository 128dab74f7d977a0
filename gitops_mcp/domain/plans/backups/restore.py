"""A Cluster restored beside the one that it comes from: a new object, never over an existing one.

Its spec is that of its source but for what names the source's own things: where its WAL goes, Services and certificates
with names in them, and what is read once. A drill is one small instance without an archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime

from gitops_mcp.domain.cnpg.backups.archive import archive_of
from gitops_mcp.domain.cnpg.backups.recovery_target import Target, check_in_span
from gitops_mcp.domain.cnpg.notation.quantity import checked_storage_size, quantity
from gitops_mcp.domain.cnpg.status.backups import BARMAN_PLUGIN, IN_TREE
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at, text_at
from gitops_mcp.domain.plans.backups.object_store import used_archives
from gitops_mcp.domain.plans.backups.restore_source import (
    Recovery,
    RestoreSource,
    recovery_of,
    running_image,
    span_of,
    taken_servers,
    told_spec,
)
from gitops_mcp.domain.plans.clusters.cluster import plan_new_cluster
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.rules.image import wanted_major
from gitops_mcp.errors import InvalidRequest

DRILL = "gitops-mcp/restore-drill"
"""Label of a Cluster that is restored to see that it can be; its value is the source's name."""
_LEFT_OUT: Mapping[str, str] = {
    "replica": "the new one is a primary of its own, and follows nobody",
    "description": "",
    "nodeMaintenanceWindow": "",
    "certificates": "certificates of its own are made by the operator, with another CA: clients that check it need it",
}
"""Of the source's spec, each with what is to be told of it."""
_IMAGES = ("imageName", "imageCatalogRef")
_OF_DRILLS = (
    "resources",
    "plugins",
    "backup",
    "minSyncReplicas",
    "maxSyncReplicas",
    "primaryUpdateStrategy",
    "managed",
)
"""What a drill has not."""


@dataclass(frozen=True)
class RestoreRequest:
    new_name: str
    target: Target
    drill: bool = False
    storage_size: str | None = None
    image: Object | None = None
    """imageName or imageCatalogRef, where another one than the source's is asked for."""


def plan_restore(
    desired: Desired,
    source: RestoreSource,
    asked: RestoreRequest,
    *,
    annotations: Mapping[str, str],
    places: Iterable[FilePlace],
    proposed: bool,
    now: datetime,
) -> Plan:
    """`desired` knows the ObjectStores. Raises where the source, the target or the new name does not allow it."""
    ref = ClusterRef(source.ref.namespace, asked.new_name)
    span = span_of(source) if asked.target.kind != "backup" else None
    open_end = check_in_span(asked.target, span, now=now)
    recovery = recovery_of(source, asked.target)
    server = None if asked.drill else _own_server(desired, source, ref)
    spec = _spec(source, asked, recovery, server)
    _check_major(spec, recovery, "this asks for" if asked.image else f"{source.told_by} says")
    labels = {"labels": {DRILL: source.ref.name}} if asked.drill else {}
    kept = {"annotations": dict(annotations)} if annotations and not asked.drill else {}
    metadata = {"name": ref.name, "namespace": ref.namespace, **labels, **kept}
    manifest = {"apiVersion": CLUSTER.api_version, "kind": CLUSTER.kind, "metadata": metadata, "spec": spec}
    made = plan_new_cluster(desired, ref, manifest, tried=places, proposed=proposed)
    if made.unchanged:
        return made
    needs_window = asked.target.kind != "backup" and span is None
    unread = f"the times that can be restored could not be read{f' ({source.unread})' if source.unread else ''}"
    return replace(
        made,
        subject=f"Restore Cluster {source.ref} as {ref}, up to {asked.target}" + (" (drill)" if asked.drill else ""),
        caution="; ".join(filter(None, [unread if needs_window else "", open_end])),
        impact=replace(made.impact, reasons=(*made.impact.reasons, f"Cluster {source.ref} is not touched")),
        warnings=(*made.warnings, *_notices(source, spec, asked)),
        body=(
            f"- from {_where(source, recovery)}; {told_spec(source)}",
            *([f"- {span}"] if span else []),
            *([f"- {recovery.body}"] if recovery.body else []),
            *([f"- its own WAL goes to the archive {server}"] if server else ["- nothing archives its WAL"]),
            *_body_of_needs(desired, source, spec, ref),
        ),
        next=tuple(_next_steps(desired, source, ref, asked)),
    )


def _where(source: RestoreSource, recovery: Recovery) -> str:
    if "volumeSnapshots" in recovery.spec:
        return f"VolumeSnapshot {at(recovery.spec, 'volumeSnapshots', 'storage', 'name')}"
    if "backup" in recovery.spec:
        return f"Backup {at(recovery.spec, 'backup', 'name')}"
    archive = source.archive
    if archive is None:
        raise AssertionError("a recovery has a source")
    return f"ObjectStore {archive.store}, server {archive.server}" if archive.store else f"the archive {archive.server}"


def _spec(source: RestoreSource, asked: RestoreRequest, recovery: Recovery, server: str | None) -> Object:
    """In the order in which people read it: size and version, where it comes from, then what it takes over."""
    told = deepcopy(source.spec or {})
    bootstrap = _bootstrap(told, recovery, drill=asked.drill)
    for key in ("bootstrap", "externalClusters", *_LEFT_OUT, *(_OF_DRILLS if asked.drill else ())):
        told.pop(key, None)
    mapping_at(told, "managed").pop("services", None)
    if not told.get("managed"):
        told.pop("managed", None)
    if asked.drill:
        mapping_at(told, "postgresql").pop("synchronous", None)
        mapping_at(told, "postgresql", "parameters").pop("shared_buffers", None)
    said = {key: told[key] for key in _IMAGES if key in told}
    image = asked.image or said or running_image(source)
    for key in ("imageName", "imageCatalogRef", "instances"):
        told.pop(key, None)
    told["storage"] = _storage(told, asked)
    if kept := [one for one in list_at(told, "plugins") if not _is_foreign_archiver(one)]:
        told["plugins"] = kept
    else:
        told.pop("plugins", None)
    _write_elsewhere(told, source, server)
    return {
        "instances": 1 if asked.drill else at(source.spec, "instances") or (3 if source.spec is None else 1),
        **image,
        "bootstrap": {"recovery": bootstrap},
        **({"externalClusters": [recovery.external]} if recovery.external else {}),
        **told,
    }


def _bootstrap(told: Object, recovery: Recovery, *, drill: bool) -> Object:
    """With the application's database and owner, which would otherwise be called `app`."""
    old = next((one for one in mapping_at(told, "bootstrap").values() if isinstance(one, dict)), {})
    kept = {key: old[key] for key in ("database", "owner") if text_at(old, key)}
    secret = {"secret": old["secret"]} if old.get("secret") and not drill else {}
    return {**recovery.spec, **kept, **secret}


def _storage(told: Object, asked: RestoreRequest) -> Object:
    """At least the source's size."""
    storage = mapping_at(told, "storage")
    if asked.storage_size is None:
        return storage
    size = checked_storage_size(asked.storage_size)
    least = text_at(storage, "size") or text_at(storage, "pvcTemplate", "resources", "requests", "storage")
    had, wanted = quantity(least), quantity(size)
    if least and had is not None and wanted is not None and wanted < had:
        raise InvalidRequest(
            f"storage_size: {size} is less than the source's {least}, whose data has to fit: at least that"
        )
    return {**storage, "size": size}


def _write_elsewhere(told: Object, source: RestoreSource, server: str | None) -> None:
    """Its own archive: one that holds WAL of another Cluster takes none of this one."""
    if server is None:
        return
    entries = (one for one in list_at(told, "plugins") if at(one, "name") == BARMAN_PLUGIN)
    stored = [one["parameters"] for one in entries if at(one, "parameters", "barmanObjectName")]
    own = mapping_at(told, "backup", IN_TREE)
    for one in [*stored, *([own] if own else [])]:
        one["serverName"] = server
    if source.spec is None and source.archive is not None and source.archive.store:
        parameters = {"barmanObjectName": source.archive.store, "serverName": server}
        told["plugins"] = [{"name": BARMAN_PLUGIN, "enabled": True, "isWALArchiver": True, "parameters": parameters}]


def _is_foreign_archiver(plugin: Object) -> bool:
    """Whether it archives WAL where it is not known here how to name another archive."""
    is_barman = at(plugin, "name") == BARMAN_PLUGIN and at(plugin, "parameters", "barmanObjectName")
    return at(plugin, "isWALArchiver") is True and not is_barman


def _own_server(desired: Desired, source: RestoreSource, ref: ClusterRef) -> str | None:
    """A name that no archive has yet; None where it is to write none."""
    told = (
        archive_of({"metadata": {"name": source.ref.name}, "spec": source.spec})
        if source.spec is not None
        else source.archive
    )
    if told is None or told.by not in {BARMAN_PLUGIN, IN_TREE}:
        return None
    live = source.stores or ()
    taken = {source.ref.name, told.server} | taken_servers(live, told, ref.namespace)
    taken |= {one.server for one in used_archives(desired, live) if one.cluster != ref}
    if source.archive is not None:
        taken.add(source.archive.server)
    names = (ref.name, *(f"{ref.name}-{number}" for number in range(2, 1000)))
    return next(name for name in names if name not in taken)


def _check_major(spec: Object, recovery: Recovery, who: str) -> None:
    wanted = wanted_major({"spec": spec})
    if recovery.major is not None and wanted is not None and wanted != recovery.major:
        raise InvalidRequest(
            f"postgres_version: the backup to begin with is of PostgreSQL {recovery.major}, and {who} {wanted}. A "
            f"restore is made by the same major: say postgres_version={str(recovery.major)!r}, or a full tag of it of "
            f"the same flavour"
        )


def _notices(source: RestoreSource, spec: Object, asked: RestoreRequest) -> Iterator[Notice]:
    for key, text in _LEFT_OUT.items():
        if text and at(source.spec, key) is not None:
            yield Notice("not-taken-over", f"spec.{key} of Cluster {source.ref} is left out: {text}")
    if at(source.spec, "managed", "services") is not None and not asked.drill:
        text = "its Services have names that are taken: add such with other names afterwards"
        yield Notice("not-taken-over", f"spec.managed.services of Cluster {source.ref} is left out: {text}")
    for plugin in filter(_is_foreign_archiver, list_at(source.spec, "plugins")):
        text = f"plugin {at(plugin, 'name')} of Cluster {source.ref} is left out: it would write to the same archive"
        yield Notice("not-taken-over", text)
    others = [str(at(one, "name")) for one in list_at(source.spec, "externalClusters")]
    if others:
        yield Notice("not-taken-over", f"external clusters of {source.ref} are left out: {', '.join(others[:8])}")
    if asked.target.kind == "lsn":
        yield Notice(
            "target-not-checked", "whether the archive reaches this LSN was not checked, since no time says so"
        )
    if not any(at(spec, key) for key in _IMAGES):
        text = "nothing says which PostgreSQL the source has, so the operator's default is taken, whose major has to be"
        yield Notice("image-unknown", f"{text} the source's: say postgres_version")
    if not at(spec, "bootstrap", "recovery", "database"):
        text = "the application's database and owner are taken to be called app: set spec.bootstrap.recovery.database"
        yield Notice("owner-unknown", f"{text} and .owner where they are not, before this is applied")


def _body_of_needs(desired: Desired, source: RestoreSource, spec: Object, ref: ClusterRef) -> Iterator[str]:
    """What has to be there, and what belongs to the source alone."""
    secrets = [
        text_at(spec, "bootstrap", "recovery", "secret", "name"),
        text_at(spec, "superuserSecret", "name"),
        *(text_at(one, "passwordSecret", "name") for one in list_at(spec, "managed", "roles")),
        *(text_at(one, "name") for one in list_at(spec, "imagePullSecrets")),
    ]
    if named := [one for one in dict.fromkeys(secrets) if one]:
        yield f"- Secrets that have to be in namespace {ref.namespace}: {', '.join(named)}"
    own = _dependents(desired, source.ref)
    if own:
        named = [f"{one.identity.kind} {one.identity.name}" for one in own]
        more = f" and {len(named) - 12} more" if len(named) > 12 else ""
        yield (
            f"- roles and databases come with the data; these objects stay with {source.ref}, and have to be created "
            f"for {ref.name} where it is to replace it: {', '.join(named[:12])}{more}"
        )


def _dependents(desired: Desired, ref: ClusterRef) -> tuple[Declaration, ...]:
    return tuple(
        one
        for one in desired.declarations
        if at(one.object, "spec", "cluster", "name") == ref.name
        and one.identity.namespace in {ref.namespace, None}
        and one.identity.kind != "Backup"
    )


def _next_steps(desired: Desired, source: RestoreSource, ref: ClusterRef, asked: RestoreRequest) -> Iterator[str]:
    yield desired.origin.then(
        "applied",
        f"get_cluster_status cluster_name={ref.name} says how far the restore is; where it does not begin, "
        f"get_postgres_logs cluster_name={ref.name} tells why",
    )
    if asked.drill:
        yield (
            f"look at the data, then take the drill away: undo_change of this change once it is merged (discard_change "
            f"before), or delete_postgres_cluster cluster_name={ref.name}; it has no protection and no archive"
        )
        return
    yield (
        f"to cut over: stop what writes to {source.ref.name}; have clients connect to {ref.name}-rw with the Secret "
        f"{ref.name}-app (new password, new CA); schedule_postgres_backups cluster_name={ref.name}; then delete the old"
    )
    yield (
        f"once it runs, bootstrap.recovery and externalClusters are not read any more. Take them out with "
        f"update_postgres_object kind=Cluster name={ref.name} remove=[spec.bootstrap, spec.externalClusters], so that "
        f"a Cluster which is recreated from Git does not go back to that day"
    )
