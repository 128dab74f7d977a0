"""What a Cluster needs before its first backup by the Barman Cloud plugin: an ObjectStore, and the plugin's entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gitops_mcp.domain.cnpg.backups.archive import window_of
from gitops_mcp.domain.cnpg.status.backups import BARMAN_PLUGIN
from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.editing.list_items import add_item
from gitops_mcp.domain.editing.placing.new_document import put_document
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.names import ClusterRef, quote, suggest
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Path, at, list_at, mapping_at
from gitops_mcp.domain.plans.adoption import new_object_of
from gitops_mcp.domain.plans.backups.object_store import (
    NewStore,
    declared_stores,
    destination_of,
    new_store,
    used_archives,
)
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.errors import InvalidRequest, NotFound, Refused

PLUGINS: Path = ("spec", "plugins")
Places = Callable[[Desired, Declaration, Identity, Object], tuple[Iterable[FilePlace], Mapping[str, str]]]
"""Where a new document may be written, and what stands there."""


@dataclass(frozen=True)
class Around:
    """What the API says beside Git."""

    stores: tuple[Object, ...] | None = None
    """The ObjectStores of the namespace; None: they could not be read."""
    served: bool | None = None
    """Whether the API serves ObjectStores, and so has the plugin; None: that could not be read."""
    unread: str = ""
    schedules: tuple[Object, ...] = ()
    """The live ScheduledBackups of the namespace."""

    @property
    def caution(self) -> str:
        """What nobody may overlook of a plugin that comes new. Raises Refused where it is not installed."""
        if self.served is False:
            raise Refused(
                f"ObjectStores (barmancloud.cnpg.io) are not served there, so the plugin {BARMAN_PLUGIN} is not "
                f"installed, and a plugin that is not known stops the operator's work on the Cluster. Install the "
                f"Barman Cloud plugin in the operator's namespace first"
            )
        if self.served:
            return ""
        return (
            f"whether the plugin {BARMAN_PLUGIN} is installed there could not be read ({self.unread}): without it the "
            f"operator stops its work on the Cluster once this is applied"
        )


@dataclass(frozen=True)
class StoreRequest:
    """What the caller says of where backups go."""

    object_store: str | None = None
    destination_path: str | None = None
    endpoint_url: str | None = None
    credentials_secret: str | None = None

    @property
    def says_anything(self) -> bool:
        return any((self.object_store, self.destination_path, self.endpoint_url, self.credentials_secret))


@dataclass
class PlannedSteps:
    """The edits of a plan so far, with what is to be told of them."""

    steps: EditSequence
    cluster: Declaration
    ref: ClusterRef
    places: Places
    notices: list[Notice] = field(default_factory=list)
    body: list[str] = field(default_factory=list)

    @property
    def now(self) -> Declaration:
        """The Cluster as it is declared by now."""
        return self.steps.again(self.cluster)

    def put(self, manifest: Object) -> None:
        """One more document beside the Cluster."""
        whom = Identity(manifest["kind"], self.ref.namespace, manifest["metadata"]["name"])
        places, texts = self.places(self.steps.desired, self.now, whom, manifest)
        self.steps.know(texts)
        new = new_object_of(whom, manifest, self.now)
        placed = put_document(self.steps.desired, self.now, new, manifest, places)
        self.steps.take(placed.changes)
        self.notices += [one for one in placed.notices if one not in self.notices]

    def edit(self, declared: Declaration, *edits: Set | Remove) -> None:
        self.steps.take(edit_fields(self.steps.desired, self.steps.again(declared), *edits))

    def tell(self, id_: str, text: str) -> None:
        self.notices.append(Notice(id_, text))


def set_up_plugin(planned: PlannedSteps, asked: StoreRequest, around: Around, retention: str | None) -> str:
    """The plugin's entry, with the ObjectStore that it names where that is not there yet; the ObjectStore's name."""
    store, made = _chosen_store(planned, asked, around)
    if made is not None:
        planned.put(made.manifest(planned.ref.namespace, retention))
        kept = retention or "every backup: retention='30d' would bound it"
        planned.body.append(
            f"- ObjectStore {made.name} is new: {made.configuration['destinationPath']}, which keeps {kept}"
        )
        if made.secret_keys:
            keys = " and ".join(made.secret_keys)
            text = f"Secret {made.secret} of namespace {planned.ref.namespace} has to hold the keys {keys}"
            planned.tell("secret-needed", f"{text}: whether it does was not looked at")
    server = _free_server(planned, store, made, around)
    add_plugin(planned, store, server)
    return store


def add_plugin(planned: PlannedSteps, store: str, server: str | None) -> None:
    """The plugin as the one that archives WAL; `server`: None where the Cluster's own name is the archive's."""
    parameters = {"barmanObjectName": store, **({"serverName": server} if server else {})}
    item = {"name": BARMAN_PLUGIN, "enabled": True, "isWALArchiver": True, "parameters": parameters}
    cluster = planned.now
    for index, one in enumerate(list_at(cluster.object, *PLUGINS)):
        if at(one, "name") == BARMAN_PLUGIN:
            kept = {**mapping_at(one, "parameters"), **parameters}
            planned.edit(cluster, Set((*PLUGINS, index), {**one, **item, "parameters": kept}))
            break
    else:
        planned.steps.take(add_item(planned.steps.desired, cluster, PLUGINS, item))
    as_server = f", as {server}" if server else ""
    planned.body.append(f"- {BARMAN_PLUGIN} archives WAL to ObjectStore {store}{as_server}")


def _chosen_store(planned: PlannedSteps, asked: StoreRequest, around: Around) -> tuple[str, NewStore | None]:
    """The one that is named, a new one of what is given, else what the siblings of the Cluster have."""
    ref, desired = planned.ref, planned.steps.desired
    known = _known_stores(desired, ref.namespace, around)
    name = asked.object_store or f"{ref.name}-backups"
    if asked.destination_path:
        made = new_store(name, asked.destination_path, asked.endpoint_url, asked.credentials_secret)
        if name not in known:
            return name, made
        there = at(known[name], "spec", "configuration")
        if destination_of(there) == destination_of(made.configuration):
            return name, None
        raise InvalidRequest(
            f"object_store: ObjectStore {name} of namespace {ref.namespace} is there already and goes to "
            f"{at(there, 'destinationPath')}: leave destination_path out to use it, or name another object_store"
        )
    if asked.endpoint_url or asked.credentials_secret:
        raise InvalidRequest(
            "destination_path: is needed beside endpoint_url and credentials_secret: s3://BUCKET/FOLDER"
        )
    if asked.object_store:
        if name in known or around.stores is None:
            return name, None
        raise NotFound(
            f"object_store: namespace {ref.namespace} has no ObjectStore {quote(name)}; {suggest(name, known)}. With "
            f"destination_path it is made"
        )
    return _siblings_store(planned, name)


def _known_stores(desired: Desired, namespace: str, around: Around) -> dict[str, Object]:
    live = {str(at(one, "metadata", "name")): one for one in around.stores or ()}
    return live | {one.identity.name: one.object for one in declared_stores(desired, namespace)}


def _siblings_store(planned: PlannedSteps, name: str) -> tuple[str, NewStore | None]:
    ref, desired = planned.ref, planned.steps.desired
    used = [one for one in used_archives(desired) if one.store]
    for near in (True, False):
        among = Counter(
            (one.cluster.namespace, one.store) for one in used if (one.cluster.namespace == ref.namespace) is near
        )
        for (space, store), _ in among.most_common():
            if near:
                planned.tell("shared-store", f"ObjectStore {store} is used as other Clusters of {space} use it")
                return store, None
            found = next((one for one in declared_stores(desired, space) if one.identity.name == store), None)
            configuration = at(found.object, "spec", "configuration") if found else None
            if isinstance(configuration, dict):
                planned.tell(
                    "store-copied",
                    f"ObjectStore {name} is a copy of {store} in namespace {space}: the Secrets that it names must "
                    f"exist in {ref.namespace} too",
                )
                return name, NewStore(name, configuration)
    raise InvalidRequest(
        f"destination_path: Cluster {ref} has no ObjectStore, and no sibling shows one: say where backups go "
        f"(s3://BUCKET/FOLDER), with credentials_secret, the Secret that holds the keys; or name an object_store"
    )


def _free_server(planned: PlannedSteps, store: str, made: NewStore | None, around: Around) -> str | None:
    """None where the Cluster's own name will do; else one that nobody's archive has."""
    ref = planned.ref
    live = around.stores or ()
    archives = [one for one in used_archives(planned.steps.desired, live) if one.cluster != ref]
    configuration = (
        made.configuration
        if made
        else at(_known_stores(planned.steps.desired, ref.namespace, around), store, "spec", "configuration")
    )
    destination = destination_of(configuration)
    taken = {one.server for one in archives if destination and one.destination == destination}
    taken |= {one.server for one in archives if (one.cluster.namespace, one.store) == (ref.namespace, store)}
    for server in _names(ref):
        if server not in taken and not window_of(live, ref.namespace, store, server):
            if server == ref.name:
                return None
            text = f"the archive is called {server}: {ref.name} in ObjectStore {store} is another Cluster's already"
            planned.tell("archive-taken", text)
            return server
    raise AssertionError("numbers do not end")


def _names(ref: ClusterRef) -> Iterator[str]:
    yield from (ref.name, f"{ref.namespace}-{ref.name}")
    yield from (f"{ref.name}-{number}" for number in range(2, 1000))
