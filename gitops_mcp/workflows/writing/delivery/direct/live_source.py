"""What a request is planned from in direct delivery: the live objects, each as the text that declares it.

They stand in no file, so each is named for what it is: `the live Cluster shop/orders`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from gitops_mcp.adapters.secrets.cluster import is_own_secret
from gitops_mcp.app import Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.cnpg.protection import Engine
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.kinds import (
    CLUSTER,
    DATABASE,
    DATABASE_ROLE,
    EXTERNAL_SECRET,
    NAMING_KINDS,
    OBJECT_STORE,
    PASSWORD,
    POOLER,
    SCHEDULED_BACKUP,
    SEALED_SECRET,
    SECRET,
)
from gitops_mcp.domain.live.managers import deletion_of, last_hands
from gitops_mcp.domain.live.operations import manifest_of_live
from gitops_mcp.domain.objects import Identity, Object, Resource, at
from gitops_mcp.domain.plans.passwords.secret_documents import MANAGED_BY, SERVER, SecretDocument, Way
from gitops_mcp.domain.repository.build import desired_of_documents
from gitops_mcp.domain.repository.desired import API, Declaration, Desired
from gitops_mcp.domain.repository.object_stores import as_built, stores_named_by
from gitops_mcp.domain.yaml.render import render_manifest
from gitops_mcp.errors import Forbidden, NotInstalled, Refused
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.view import View, read_texts
from gitops_mcp.workflows.writing.request import WriteRequest

_BELONGING = (DATABASE_ROLE, DATABASE, POOLER, SCHEDULED_BACKUP)
_MAKING_SECRETS = (EXTERNAL_SECRET, PASSWORD, SEALED_SECRET)

LiveObjects = Mapping[Identity, Object]
"""As the API gave them, whole: with who manages which field."""


@dataclass(frozen=True)
class LiveSource:
    """No engine applies these, and no file stands beside them; what the repository's base has is read all the same."""

    ground: Ground
    live: Desired
    nothing: str = "no object of this server's that could be read"

    def unmade(self, secret: str) -> str:
        return f"No object of this server's that could be read makes Secret {secret}, so it stays"

    def wrote_secret(self, api: ApiOnce, namespace: str, secret: str) -> bool:
        try:
            found = api.metadata(SECRET, namespace, secret)
        except (Forbidden, NotInstalled):
            return False
        return found is not None and is_own_secret(found)

    def check_provider(self, name: Way) -> None:
        if name == "sops":
            raise Refused(
                "password_source: sops files are decrypted by an engine, and direct delivery has none. Set another "
                "passwords.provider for this environment (external-secrets, sealed-secrets, cluster), or name a Secret "
                "with 'existing:<name>'"
            )

    def leftovers(self, documents: Iterable[SecretDocument]) -> Collection[SecretDocument]:
        return [one for one in documents if one.is_ours]

    def generator_paths(self, paths: Collection[str]) -> Collection[str]:  # noqa: ARG002 - each object is by itself
        return self.live.texts.keys()

    def read_files(self, paths: Iterable[str]) -> Mapping[str, str]:  # noqa: ARG002 - there is none
        return {}

    def read_reviewed(self, path: str) -> str | None:
        return read_texts(self.ground, self.ground.base.commit, (path,)).get(path)

    def secret_paths(self) -> Collection[str]:
        return self.live.texts.keys()

    def manifests_with(self, text: str) -> Mapping[str, str]:  # noqa: ARG002 - who else uses a Secret is told by Git
        return {}

    def places(self, target: Identity, candidates: Iterable[FilePlace]) -> tuple[FilePlace, ...]:  # noqa: ARG002 - an object stands by itself
        return (FilePlace(f"the new {target}", unlisted=True),)

    def engine(self, api: ApiOnce, desired: Desired) -> Engine | Literal["none"] | None:  # noqa: ARG002 - nothing applies these
        return "none"

    def why_kept(self, declared: Declaration, live: Object | None) -> None:  # noqa: ARG002 - it is deleted itself
        return None


def read_live_objects(api: ApiOnce, environment: Environment, request: WriteRequest) -> LiveObjects:
    """The Cluster that is meant, wherever it may be, with what belongs to it and what makes this server's Secrets.

    Where several have the name it must be said which, so only they are read.
    """
    beside = _named_objects(api, environment, request)
    if len(beside) == 1 and request.cluster is None:
        cluster, namespace = at(beside[0], "spec", "cluster", "name"), at(beside[0], "metadata", "namespace")
        request = replace(request, cluster=cluster, namespace=namespace)
    found: list[Object] = []
    if request.cluster is not None:
        fields = f"metadata.name={request.cluster}"
        spaces = _namespaces(environment, request)
        named = api.side_by_side(lambda there, space: there.every(CLUSTER, space, fields=fields), spaces)
        found = [one for part in named for one in part]
    if len(found) == 1:
        found += [*_stores_of_cluster(api, found[0]), *_objects_of_cluster(api, found[0]["metadata"])]
    return _by_identity((*found, *beside))


def _named_objects(api: ApiOnce, environment: Environment, request: WriteRequest) -> list[Object]:
    """The objects of the kind and name that a request is about, and the Clusters that may name one of no Cluster."""
    if request.named is None:
        return []
    resource, name = request.named
    spaces = _namespaces(environment, request) if resource.namespaced else [None]
    found = [
        _as_planned(one)
        for space in spaces
        for one in api.every(resource, space, fields=f"metadata.name={name}")
        if one["metadata"]["name"] == name
    ]
    if found and resource not in NAMING_KINDS:
        found += [one for space in spaces for one in _every_readable(api, CLUSTER, space)]
    return found


def _as_planned(live: Object) -> Object:
    """An ObjectStore in the group that plans know."""
    return as_built(live) if live.get("kind") == OBJECT_STORE.kind else live


def _by_identity(found: Iterable[Object]) -> LiveObjects:
    return {Identity(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]): one for one in found}


def read_left_objects(api: ApiOnce, environment: Environment, request: WriteRequest) -> LiveObjects:
    """What names the Cluster that is meant, where there is none."""
    found = (
        one
        for space in _namespaces(environment, request)
        for resource in _BELONGING
        for one in _every_readable(api, resource, space)
        if at(one, "spec", "cluster", "name") == request.cluster
    )
    return _by_identity(found)


def live_view(ground: Ground, environment: Environment, api: ApiOnce, live: LiveObjects) -> View:
    desired = _desired_of_live(live)
    return View(ground.settings, environment, desired, desired, api, LiveSource(ground, desired))


def check_cluster_name_live(view: View, request: WriteRequest) -> None:
    """Raises NotFound with near names where no Cluster of the name that was asked for was read."""
    if request.cluster is None or view.desired.named(CLUSTER.kind, request.cluster):
        return
    found: dict[Identity, Object] = {}
    for space in _namespaces(view.environment, request):
        for one in view.api.every(CLUSTER, space):
            kept = {key: one["metadata"][key] for key in ("name", "namespace")}
            found[Identity(CLUSTER.kind, *reversed(kept.values()))] = {**one, "metadata": kept, "spec": {}}
    _desired_of_live(found).cluster(request.cluster, request.namespace, environment=view.environment.name)


def _namespaces(environment: Environment, request: WriteRequest) -> Iterable[str | None]:
    """Where to look; None: everywhere."""
    return [request.namespace] if request.namespace else environment.namespaces or [None]


def _objects_of_cluster(api: ApiOnce, cluster: Object) -> Iterator[Object]:
    """`cluster`: its metadata. What may not be read cannot be changed either, and is told then."""
    marked = f"{MANAGED_BY}={SERVER}"
    parts = [*((one, None) for one in _BELONGING), *((one, marked) for one in _MAKING_SECRETS)]

    def read(there: ApiOnce, part: tuple[Resource, str | None]) -> tuple[Object, ...]:
        resource, labels = part
        found = _every_readable(there, resource, cluster["namespace"], labels=labels)
        return tuple(one for one in found if labels or at(one, "spec", "cluster", "name") == cluster["name"])

    yield from (one for found in api.side_by_side(read, parts) for one in found)


def _stores_of_cluster(api: ApiOnce, cluster: Object) -> Iterator[Object]:
    if named := stores_named_by(cluster):
        found = _every_readable(api, OBJECT_STORE, cluster["metadata"]["namespace"])
        yield from (_as_planned(one) for one in found if one["metadata"]["name"] in named)


def _every_readable(
    api: ApiOnce, resource: Resource, namespace: str | None, *, labels: str | None = None
) -> tuple[Object, ...]:
    try:
        return api.every_as_served(resource, namespace, labels=labels)
    except (NotInstalled, Forbidden):
        return ()


def _desired_of_live(live: LiveObjects) -> Desired:
    texts = {f"the live {identity}": render_manifest(manifest_of_live(one)) for identity, one in live.items()}
    desired = desired_of_documents(texts, API)
    declared = ((one, live[one.identity]) for one in desired.declarations)
    told = tuple(replace(one, hands=last_hands(found), going=deletion_of(found)) for one, found in declared)
    return replace(desired, declarations=told)
