"""An object of any kind that a request names: where Git declares it, its live side, and the schema it is judged by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gitops_mcp.crds import packaged_schema
from gitops_mcp.domain.kinds import CLUSTER, OBJECT_STORE
from gitops_mcp.domain.names import check_cluster_name, check_object_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Resource
from gitops_mcp.domain.plans.clusters.cluster import LiveCluster
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.subject import FilePart
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.object_stores import MARK, in_own_group, with_object_stores
from gitops_mcp.domain.rules.admission import judge_schema
from gitops_mcp.domain.rules.rule import Seen
from gitops_mcp.domain.schema.node import SchemaNode
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotInstalled, Refused, Unavailable
from gitops_mcp.workflows.differences import KINDS
from gitops_mcp.workflows.kind_schemas import PACKAGED_STORE, find_schemas, served_schema
from gitops_mcp.workflows.view import View, allowed_namespace
from gitops_mcp.workflows.writing.targets import only_namespace


@dataclass(frozen=True)
class NamedObject:
    """An object as the caller names it."""

    kind: str
    name: str
    namespace: str | None

    @property
    def resource(self) -> Resource:
        return KINDS[self.kind]

    def check(self) -> None:
        if self.kind == CLUSTER.kind:
            check_cluster_name(self.name)
        else:
            check_object_name(self.name, field="name")


@dataclass(frozen=True)
class FoundObject:
    """The object, where Git declares it."""

    declared: Declaration
    whom: Identity
    desired: Desired
    """With the ObjectStores, where it is one."""

    @property
    def parts(self) -> tuple[FilePart, ...]:
        """What it is known by in states that do not have the ObjectStores; nothing for any other kind."""
        return (FilePart(self.declared.path),) if self.whom.kind == OBJECT_STORE.kind else ()


def find_object(view: View, named: NamedObject) -> FoundObject:
    check_scope(view, named)
    asked = allowed_namespace(view.environment, named.namespace)
    desired = with_kind(view, named.kind)
    declared = desired.one(named.kind, named.name, asked, environment=view.environment.name)
    if not named.resource.namespaced:
        return FoundObject(declared, replace(declared.identity, namespace=None), desired)
    space = declared.identity.namespace or asked or only_namespace(view, declared)
    return FoundObject(declared, replace(declared.identity, namespace=space), desired)


def check_scope(view: View, named: NamedObject) -> None:
    """Of a kind without namespace one object serves all of them, so it is nobody's who is kept to a few."""
    if named.resource.namespaced:
        return
    if named.namespace is not None:
        raise InvalidRequest(f"namespace: a {named.kind} has none: leave it out")
    if (only := view.environment.namespaces) is not None:
        raise Refused(
            f"a {named.kind} has no namespace, so all of them would see it, and environment {view.environment.name!r} "
            f"is restricted to {', '.join(only)}. Use an ImageCatalog in one of these"
        )


def with_kind(view: View, kind: str) -> Desired:
    return knowing_stores(view).desired if kind == OBJECT_STORE.kind else view.desired


def knowing_stores(view: View) -> View:
    """The same, where the ObjectStores that Git declares are known too, in CNPG's group."""
    return replace(view, desired=with_object_stores(view.desired, view.source.manifests_with(MARK)))


def in_files(view: View, made: Plan) -> Plan:
    """What was planned of ObjectStores in CNPG's group, as it is written; the API's operations come of it as it is."""
    if not made.files or not view.desired.origin.in_files:
        return made
    return replace(made, files=in_own_group(made.files, view.source.read_files(one.path for one in made.files)))


def schema_root(view: View, resource: Resource, whom: Identity) -> SchemaNode:
    if resource != OBJECT_STORE:
        return find_schemas(whom, resource, view.api)[0].schema.root
    try:
        return served_schema(view.api, resource)[0].root
    except GitOpsError:  # told where the plan is judged
        return packaged_schema(resource).root


def live_object(view: View, resource: Resource, whom: Identity) -> tuple[LiveCluster | None, list[Notice]]:
    """Of an ObjectStore by the list, which is what may be read of them."""
    try:
        if resource != OBJECT_STORE:
            return LiveCluster(view.api.get(resource, whom.namespace, whom.name)), []
        found = (one for one in view.api.every(resource, whom.namespace) if one["metadata"]["name"] == whom.name)
        return LiveCluster(next(found, None)), []
    except NotInstalled:  # told where the schema is looked for
        return None, []
    except (Forbidden, Unavailable) as error:
        where = view.desired.origin.name
        return None, [
            Notice("live-unavailable", f"the live {whom} could not be read, so {where} alone counts: {error}")
        ]


def as_written(view: View, named: NamedObject, desired: Desired, made: Plan) -> Plan:
    """Of an ObjectStore, which is planned in another group, as it is written; judged here by the API's own schema."""
    if named.resource != OBJECT_STORE or not made.files:
        return made
    told = tuple(_schema_notices(view, made, desired))
    return in_files(view, made).warned(told)


def _schema_notices(view: View, made: Plan, desired: Desired) -> Iterator[Notice]:
    after = desired_after(desired, made.files).declared(made.target)
    if after is None:
        return
    try:
        schema, _, is_whole = served_schema(view.api, OBJECT_STORE)
    except GitOpsError as error:
        schema, is_whole = packaged_schema(OBJECT_STORE), True
        told = f"{PACKAGED_STORE} judged, since the schema of {made.target} could not be read: {error}"
        yield Notice("schema-unavailable", told)
    before = desired.declared(made.target)
    own = {"apiVersion": OBJECT_STORE.api_version}
    seen = Seen({**after.object, **own}, {**before.object, **own} if before else None)
    judged = judge_schema(seen, schema)
    if faults := [str(one) for one in judged.findings if one.severity == "error"]:
        raise InvalidRequest(f"{made.subject} would not be accepted, so nothing was changed: {'; '.join(faults[:8])}")
    if not is_whole:
        yield Notice("no-cel", f"{made.target}: rules between fields were not checked, since its CRD may not be read")
