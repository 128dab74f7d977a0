"""What restore_postgres_cluster needs beside the road: what was last said of the source, and what its archive holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.backups.recovery_target import Kind, checked_target
from gitops_mcp.domain.cnpg.notation.quantity import checked_storage_size
from gitops_mcp.domain.cnpg.protection import protecting_annotations
from gitops_mcp.domain.cnpg.version import image_tag, parse_postgres_version
from gitops_mcp.domain.kinds import BACKUP, CLUSTER, OBJECT_STORE
from gitops_mcp.domain.live.unstated import written_part
from gitops_mcp.domain.names import ClusterRef, check_cluster_name, check_object_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Resource, at
from gitops_mcp.domain.plans.adoption import check_holds_no_secret
from gitops_mcp.domain.plans.backups.object_store import declared_stores
from gitops_mcp.domain.plans.backups.restore import RestoreRequest, plan_restore
from gitops_mcp.domain.plans.backups.restore_source import RestoreSource, archive_to_restore
from gitops_mcp.domain.plans.clusters.cluster import cluster_places
from gitops_mcp.domain.plans.clusters.cluster_image import image_for
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.subject import ObjectPart, Subject
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, NotInstalled, Refused
from gitops_mcp.workflows.differences import fill_of
from gitops_mcp.workflows.view import View, allowed_namespace
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.object_targets import in_files, knowing_stores
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from gitops_mcp.workflows.writing.targets import only_namespace

_READ_ONCE = ("bootstrap", "externalClusters")
"""What a restored Cluster does not take over."""
_SOUGHT = 5
"""Commits that may have taken the source away, of which one has."""


@dataclass(frozen=True)
class WhichRestore:
    """A restore as the caller asks for it."""

    cluster_name: str
    new_name: str
    namespace: str | None
    target: Kind = "latest"
    target_value: str | None = None
    from_store: str | None = None
    server_name: str | None = None
    drill: bool = False
    storage_size: str | None = None
    postgres_version: str | None = None


def restore_cluster(app: App, request: WriteRequest, which: WhichRestore) -> WriteResult:
    check_cluster_name(which.cluster_name, field="cluster_name")
    check_cluster_name(which.new_name, field="new_name")
    for field in ("from_store", "server_name"):
        if (said := getattr(which, field)) is not None:
            check_object_name(said, field=field)
    if which.storage_size is not None:
        checked_storage_size(which.storage_size)
    if which.postgres_version is not None:
        parse_postgres_version(which.postgres_version)
    target = checked_target(which.target, which.target_value)

    def about(view: View) -> Subject:
        new = Identity(CLUSTER.kind, _namespace(view, which), which.new_name)
        return Subject("restore", new, (ObjectPart(new),))

    def plan(view: View) -> Plan:
        ref = ClusterRef(_namespace(view, which), which.cluster_name)
        view = knowing_stores(view)
        new = Identity(CLUSTER.kind, ref.namespace, which.new_name)
        unread = _check_new_name(view, new)
        source = _source(app, view, ref, which)
        asked = RestoreRequest(which.new_name, target, which.drill, which.storage_size, _image(view, source, which))
        layout = view.settings.layout_cluster
        places = cluster_places(view.desired, ClusterRef(ref.namespace, which.new_name), layout)
        seen, found = view.with_places(new, places)
        made = plan_restore(
            seen.desired,
            source,
            asked,
            annotations=protecting_annotations(view.source.engine(view.api, view.desired)),
            places=found,
            proposed=view.proposed,
            now=view.now,
        )
        return in_files(seen, made).warned(unread)

    return deliver(app, replace(request, cluster=which.cluster_name, namespace=which.namespace), Writing(about, plan))


def _namespace(view: View, which: WhichRestore) -> str:
    """The source's, where Git says it; else as for anything new."""
    asked = allowed_namespace(view.environment, which.namespace)
    known = {one.identity.namespace for one in view.desired.named(CLUSTER.kind, which.cluster_name)} - {None}
    if asked is None and len(known) == 1:
        return str(known.pop())
    if asked is None and known:
        raise InvalidRequest(
            f"namespace: {view.environment.name} declares a Cluster {which.cluster_name!r} in several: "
            f"{', '.join(sorted(map(str, known)))}; name one"
        )
    return asked or only_namespace(view)


def _check_new_name(view: View, new: Identity) -> list[Notice]:
    """Raises Refused where a Cluster of that name is there: a restore is never made over one."""
    known = [
        one for one in view.desired.named(CLUSTER.kind, new.name) if one.identity.namespace in {new.namespace, None}
    ]
    at_base = [
        one for one in view.base.named(CLUSTER.kind, new.name) if one.identity.namespace in {new.namespace, None}
    ]
    if at_base or (known and not view.proposed):
        place = (known or at_base)[0].place
        raise Refused(
            f"new_name: Cluster {new.namespace}/{new.name} exists already, declared at {place}, and a restore is never "
            f"made over one: choose another name, such as {new.name}-restored; clients are moved to it afterwards"
        )
    try:
        live = view.api.get(CLUSTER, new.namespace, new.name)
    except GitOpsError as error:
        return [Notice("live-unavailable", f"whether a live Cluster {new.name} exists could not be checked: {error}")]
    if live is not None:
        raise Refused(
            f"new_name: a live Cluster {new.namespace}/{new.name} exists already, and a restore is never made over "
            f"one: choose another name, such as {new.name}-restored"
        )
    return []


def _source(app: App, view: View, ref: ClusterRef, which: WhichRestore) -> RestoreSource:
    unread: list[str] = []

    def every(resource: Resource) -> tuple[Object, ...] | None:
        try:
            return view.api.every(resource, ref.namespace)
        except NotInstalled:
            return ()
        except GitOpsError as error:
            unread.append(str(error))
            return None

    stores, backups = every(OBJECT_STORE), every(BACKUP)
    try:
        live = view.api.get(CLUSTER, ref.namespace, ref.name)
    except GitOpsError as error:
        unread.append(str(error))
        live = None
    spec, told_by = _last_spec(app, view, ref, live)
    if spec is None and which.from_store is None:
        missed = (
            ["the history, of which this clone has only a part"]
            if view.source.ground.repository.files.is_partial
            else []
        )
        told = f" (not read: {'; '.join(dict.fromkeys([*unread, *missed]))})" if unread or missed else ""
        raise NotFound(
            f"cluster_name: neither {view.desired.origin.name}, its history nor the API has a Cluster {ref}{told}: "
            f"name from_store, the ObjectStore that holds its backups, with server_name"
        )
    needed = which.target != "backup"
    archive = archive_to_restore(spec, ref, from_store=which.from_store, server_name=which.server_name, needed=needed)
    own = [one for one in backups or () if at(one, "spec", "cluster", "name") == ref.name]
    declared = {one.identity.name: one.object for one in declared_stores(view.desired, ref.namespace)}
    return RestoreSource(
        ref,
        spec,
        told_by,
        archive,
        live,
        stores,
        declared,
        None if backups is None else tuple(own),
        "; ".join(dict.fromkeys(unread)),
    )


def _last_spec(app: App, view: View, ref: ClusterRef, live: Object | None) -> tuple[Object | None, str]:
    """As Git says it, else as it is live, else as the last commit did that had it."""
    for one in view.desired.named(CLUSTER.kind, ref.name) if view.desired.origin.in_files else ():
        if one.identity.namespace in {ref.namespace, None}:
            return one.object["spec"], f"{one.place} now"
    if live is not None:
        whom = Identity(CLUSTER.kind, ref.namespace, ref.name)
        given = {"apiVersion": CLUSTER.api_version, "kind": CLUSTER.kind, **live}
        made = written_part(given, fill_of(view.api, view.environment, whom, given))
        if view.desired.origin.in_files:
            taken = {key: part for key, part in made["spec"].items() if key not in _READ_ONCE}
            check_holds_no_secret(whom, {"spec": taken})
        return made["spec"], f"the live Cluster {ref}"
    return _spec_in_history(app, view, ref)


def _spec_in_history(app: App, view: View, ref: ClusterRef) -> tuple[Object | None, str]:
    ground = view.source.ground
    repository = ground.repository
    if repository.files.is_partial:
        return None, ""
    for row in repository.path_history.naming_text(ground.base.commit, ref.name, most=_SOUGHT):
        for commit in (*row.parents, row.id):
            try:
                desired = app.desired(ground, view.environment.path, commit)
            except GitOpsError:  # what could not be built then tells nothing
                continue
            for one in desired.named(CLUSTER.kind, ref.name):
                if one.identity.namespace in {ref.namespace, None}:
                    return one.object["spec"], f"commit {commit[:12]}, the last that had it ({one.place})"
    return None, ""


def _image(view: View, source: RestoreSource, which: WhichRestore) -> Object | None:
    """Raises InvalidRequest where nothing tells which PostgreSQL, and how large a volume, the source had."""
    if source.spec is None:
        missing = [field for field in ("postgres_version", "storage_size") if getattr(which, field) is None]
        if missing:
            raise InvalidRequest(
                f"{', '.join(missing)}: no manifest of Cluster {source.ref} is known, so say the source's: "
                f"postgres_version with the same major and flavour, storage_size at least as large"
            )
    if which.postgres_version is None:
        return None
    ref, images = ClusterRef(source.ref.namespace, which.new_name), view.settings.postgres_images
    had = at(source.spec, "imageName")
    if isinstance(had, str) and (tag := image_tag(had)):
        images = had.partition("@")[0].removesuffix(f":{tag}")
    image = image_for(view.desired, ref, which.postgres_version, images=images)
    return {"imageName": image.name} if image.name is not None else {"imageCatalogRef": image.catalog}
