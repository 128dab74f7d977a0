"""The API server's store: what its HTTP face and the sandbox's own operator and engine work on.

Thread-safe. What goes in is copied; what comes out is the stored value itself, which nobody may change:
to change an object, `merge` a patch or `replace` it by an altered copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.kinds import POD
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.store import deletion, managed
from gitops_mcp.sandbox.store.checks import admission
from gitops_mcp.sandbox.store.checks.admission import WriteOptions
from gitops_mcp.sandbox.store.checks.webhooks import Webhook, ask_webhooks
from gitops_mcp.sandbox.store.collection import Collection, ObjectVersion, Slice, StoredChange, key_of
from gitops_mcp.sandbox.store.crds import crd_of, served_by, served_from_package
from gitops_mcp.sandbox.store.deletion import Propagation
from gitops_mcp.sandbox.store.errors import Cause, already_exists, bad_request, conflict, forbidden, invalid, not_found
from gitops_mcp.sandbox.store.logs import Line, PodLogs
from gitops_mcp.sandbox.store.patches import equal, merge_patch
from gitops_mcp.sandbox.store.resources import BUILT_IN, CRD, NAMESPACE, Served, override_served, served_as_it_comes
from gitops_mcp.sandbox.store.schemas import OWN
from gitops_mcp.sandbox.store.selectors import Wanted, by_fields, by_labels
from gitops_mcp.sandbox.store.state import StoreState

Warnings = list[str]
_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


@dataclass(frozen=True)
class Preconditions:
    """A deletion happens only to the object that has these."""

    uid: str | None = None
    version: str | None = None


class Store:
    def __init__(
        self,
        *,
        crds: Path | None = None,
        history: int = 10_000,
        operator: Release | None = None,
        others: Iterable[tuple[str, str, str]] = (),
    ) -> None:
        """Serve the packaged CRDs and small schemas, or a folder's CRDs in their place; keep so many changes a kind.

        `others` are group, version and kind of what is kept as it comes, where nothing of it is served.

        `operator` is the release of CloudNativePG whose webhooks judge; None: there are none.
        """
        full = tuple(served_by(crds)) if crds else ()
        known = override_served((*BUILT_IN, *served_from_package(), *OWN), full)
        kinds_known = {(one.resource.group, one.resource.kind) for one in known}
        more = {(group, kind): version for group, version, kind in others if (group, kind) not in kinds_known}
        self.served: tuple[Served, ...] = override_served(
            known, [served_as_it_comes(one[0], more[one], one[1]) for one in more]
        )
        self._state = StoreState(self.served, history=history)
        self._logs = PodLogs()
        self.webhooks: list[Webhook] = []
        self._operator = operator
        for name in _NAMESPACES:
            self.create(NAMESPACE, {"metadata": {"name": name}})
        self._define()

    def _define(self) -> None:
        """What is served as a custom kind has a CRD; it is as big as it is, and stored without a copy."""
        with self._state.lock:
            definitions = self._state.collection(CRD)
            for one in self.served:
                if one.custom:
                    made = crd_of(one)
                    self._state.commit(definitions, key_of(None, made["metadata"]["name"]), made)

    def resource_for(self, api_version: str, kind: str) -> Resource | None:
        """The resource that serves a manifest's apiVersion and kind."""
        for one in self.served:
            if one.resource.kind == kind and one.resource.api_version == api_version:
                return one.resource
        return None

    def serving(self, resource: Resource) -> Served:
        return self._state.collection(resource).served

    @property
    def version(self) -> int:
        """The newest resourceVersion of all."""
        with self._state.lock:
            return self._state.version

    def changed(self, since: int, timeout: float) -> int:
        """Wait until there is something newer than a version; the newest one either way."""
        with self._state.lock:
            self._state.lock.wait_for(lambda: self._state.version > since, timeout)
            return self._state.version

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call back after every change, under the lock; the answer ends it."""
        return self._state.listen(listener)

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        return self.snapshot(resource, namespace, name).value

    def snapshot(self, resource: Resource, namespace: str | None, name: str) -> ObjectVersion:
        with self._state.lock:
            return self._one(self._state.collection(resource), namespace, name)

    def list(
        self, resource: Resource, namespace: str | None = None, *, labels: str | None = None, fields: str | None = None
    ) -> tuple[Object, ...]:
        """All objects, or a namespace's, by selectors in the API's own notation (`app=a,tier!=gold`)."""
        with self._state.lock:
            collection = self._state.collection(resource)
            found = collection.select(namespace, _object_filter(collection.served, labels, fields))
            return tuple(snapshot.value for snapshot in found)

    def page(
        self,
        resource: Resource,
        namespace: str | None,
        wanted: Wanted,
        *,
        limit: int = 0,
        version: int | None = None,
        after: str | None = None,
    ) -> tuple[int, Slice]:
        """A slice of the list as it was at a version, and that version."""
        with self._state.lock:
            at = self._state.version if version is None else version
            collection = self._state.collection(resource)
            return at, collection.page(namespace, wanted, limit=limit, version=at, after=after)

    def since(self, resource: Resource, version: int) -> tuple[int, tuple[StoredChange, ...]]:
        """The newest version and the changes of a kind up to it, oldest first; 410 when they are forgotten."""
        with self._state.lock:
            return self._state.version, tuple(self._state.collection(resource).since(version))

    def compact(self) -> None:
        """What etcd does every few minutes: a list that was begun before cannot be continued."""
        with self._state.lock:
            self._state.version += 1
            for collection in self._state.collections.values():
                collection.compacted = self._state.version

    def create(self, resource: Resource, value: Object, how: WriteOptions | None = None) -> Object:
        """Store a new object in the namespace it names.

        Where status is a subresource it is dropped, as the API does: `merge(..., subresource="status")` sets it.
        """
        return self._create(
            resource, value, how or WriteOptions(), lambda made: managed.record_update(None, made, _owner(how))
        )

    def _create(
        self, resource: Resource, value: Object, how: WriteOptions, owned: Callable[[Object], Object]
    ) -> Object:
        with self._state.lock:
            collection = self._state.collection(resource)
            made = owned(admission.created_object(collection.served, value, how, self._operator))
            metadata = made["metadata"]
            self._check_namespace(resource, metadata)
            ask_webhooks(self.webhooks, resource, "CREATE", old=None, new=made, how=how)
            key = key_of(metadata.get("namespace"), metadata["name"])
            there = collection.get(key)
            if there is not None:
                raise already_exists(resource, there.value["metadata"])
            if how.dry_run:
                return made
            return self._state.commit(collection, key, made).value

    def replace(
        self, resource: Resource, value: Object, *, subresource: str | None = None, how: WriteOptions | None = None
    ) -> Object:
        """PUT: the whole object; with an outdated resourceVersion it is a 409."""
        metadata = value.get("metadata") or {}
        name, namespace = metadata.get("name") or "", metadata.get("namespace")
        if self.serving(resource).custom and not metadata.get("resourceVersion"):
            self.snapshot(resource, namespace, name)
            fault = Cause(
                "metadata.resourceVersion", "FieldValueInvalid", "Invalid value: 0: must be specified for an update"
            )
            raise invalid(resource, name, [fault])

        def replaced(old: Object) -> Object:
            was = old["metadata"]["uid"]
            if metadata.get("uid") not in {None, "", was}:
                why = f"Precondition failed: UID in precondition: {metadata['uid']}, UID in object meta: {was}"
                raise conflict(resource, name, why)
            return value

        return self.change(resource, namespace, name, replaced, subresource=subresource, how=how)

    def merge(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        patch: Object,
        *,
        subresource: str | None = None,
        how: WriteOptions | None = None,
    ) -> Object:
        """JSON merge patch; `subresource="status"` sets nothing but status."""
        return self.change(
            resource, namespace, name, lambda old: merge_patch(old, patch), subresource=subresource, how=how
        )

    def change(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        edit: Callable[[Object], Object],
        *,
        subresource: str | None = None,
        how: WriteOptions | None = None,
    ) -> Object:
        """Store what `edit` makes of the object as it is now; it must leave what it is given as it is."""
        return self._change(
            resource,
            (namespace, name),
            edit,
            lambda old, made: managed.record_update(old, made, _owner(how, subresource)),
            subresource=subresource,
            how=how or WriteOptions(),
        )

    def apply(
        self,
        resource: Resource,
        value: Object,
        *,
        how: WriteOptions,
        subresource: str | None = None,
        force: bool = False,
    ) -> tuple[Object, bool]:
        """Server-side apply: set the fields that are given, remove those that only this manager had given before.

        A field that another manager has set otherwise is a conflict, unless it is forced. `how` names the manager. The
        answer says, too, whether the object is new.
        """
        owner, how = managed.Owner(how.manager or "unknown", "Apply", subresource), replace(how, applied=True)
        value = admission.appliable_part(self.serving(resource), value, subresource)
        metadata = value["metadata"]
        place = metadata.get("namespace"), metadata["name"]
        with self._state.lock:
            if self._state.collection(resource).get(_key(resource, *place)) is None and not subresource:
                if uid := metadata.get("uid"):
                    why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                    raise conflict(resource, metadata["name"], why)
                made = self._create(resource, value, how, lambda new: managed.record_apply(None, new, value, owner))
                return made, True
            changed = self._change(
                resource,
                place,
                lambda old: managed.merge_applied(old, value, owner, force=force),
                lambda old, new: managed.record_apply(old, new, value, owner),
                subresource=subresource,
                how=how,
            )
            return changed, False

    def _change(
        self,
        resource: Resource,
        place: tuple[str | None, str],
        edit: Callable[[Object], Object],
        owned: Callable[[Object, Object], Object],
        *,
        subresource: str | None,
        how: WriteOptions,
    ) -> Object:
        """Store what `edit` makes of the object, with the owners that `owned` gives what came of it."""
        namespace, name = place
        with self._state.lock:
            collection = self._state.collection(resource)
            old = self._one(collection, namespace, name).value
            wanted = admission.updated_object(collection.served, old, edit(old), subresource, how, self._operator)
            made = owned(old, wanted)
            if not subresource:
                ask_webhooks(self.webhooks, resource, "UPDATE", old=old, new=made, how=how)
            if how.dry_run or equal(made, old):
                return made
            key = _key(resource, namespace, name)
            stored = self._state.commit(collection, key, made).value
            deletion.finish_deletion(self._state, collection, key)
            return stored

    def delete(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        *,
        propagation: Propagation = "Background",
        only: Preconditions | None = None,
        dry_run: bool = False,
        warnings: Warnings | None = None,
    ) -> Object:
        """Delete, or begin to where finalizers hold; what it owns goes with it. Answers its last or present state."""
        with self._state.lock:
            collection = self._state.collection(resource)
            found = self._one(collection, namespace, name)
            _check_preconditions(resource, found, only or Preconditions())
            how = WriteOptions(dry_run=dry_run, warnings=[] if warnings is None else warnings)
            ask_webhooks(self.webhooks, resource, "DELETE", old=found.value, new=None, how=how)
            if dry_run:
                return found.value
            key = _key(resource, namespace, name)
            left = deletion.delete_object(self._state, collection, key, propagation)
            return left.value

    def delete_all(
        self,
        resource: Resource,
        namespace: str | None,
        *,
        labels: str | None = None,
        fields: str | None = None,
        propagation: Propagation = "Background",
        dry_run: bool = False,
    ) -> tuple[Object, ...]:
        """Delete whatever the selectors match; the answer is what they matched."""
        with self._state.lock:
            matched = self.list(resource, namespace, labels=labels, fields=fields)
            for value in matched:
                place = value["metadata"].get("namespace"), value["metadata"]["name"]
                if self._state.collection(resource).get(key_of(*place)) is not None:
                    self.delete(resource, *place, propagation=propagation, dry_run=dry_run)
            return matched

    def backdate(self, resource: Resource, namespace: str | None, name: str, created: datetime) -> Object:
        """As if it had been created then, which no client can say."""
        with self._state.lock:
            collection = self._state.collection(resource)
            old = self._one(collection, namespace, name).value
            metadata = {**old["metadata"], "creationTimestamp": f"{created:%Y-%m-%dT%H:%M:%SZ}"}
            key = _key(resource, namespace, name)
            return self._state.commit(collection, key, {**old, "metadata": metadata}).value

    def print_log(
        self, namespace: str, pod: str, lines: Iterable[str], *, container: str = "postgres", at: datetime | None = None
    ) -> None:
        """Add lines to what a container has printed, now or at a time."""
        uid = self.get(POD, namespace, pod)["metadata"]["uid"]
        self._logs.write(uid, container, lines, at or datetime.now(UTC))

    def printed(self, pod: Object, container: str) -> tuple[Line, ...]:
        return self._logs.read(pod["metadata"]["uid"], container)

    def _one(self, collection: Collection, namespace: str | None, name: str) -> ObjectVersion:
        found = collection.get(_key(collection.served.resource, namespace, name))
        if found is None:
            raise not_found(collection.served.resource, name)
        return found

    def _check_namespace(self, resource: Resource, metadata: Object) -> None:
        if not resource.namespaced:
            return
        namespace = metadata.get("namespace")
        if not namespace:
            raise bad_request("an empty namespace may not be set during creation")
        home = self.get(NAMESPACE, None, namespace)
        if "deletionTimestamp" in home["metadata"]:
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            cause = Cause("metadata.namespace", "NamespaceTerminating", f"namespace {namespace} is being terminated")
            raise forbidden(resource, metadata["name"], why, [cause])


def _owner(how: WriteOptions | None, subresource: str | None = None) -> managed.Owner | None:
    return managed.Owner(how.manager, "Update", subresource) if how and how.manager else None


def _key(resource: Resource, namespace: str | None, name: str) -> str:
    return key_of(namespace if resource.namespaced else None, name)


def _object_filter(served: Served, labels: str | None, fields: str | None) -> Wanted:
    by_label, by_field = by_labels(labels), by_fields(fields, served.fields)
    return lambda value: by_label(value) and by_field(value)


def _check_preconditions(resource: Resource, found: ObjectVersion, only: Preconditions) -> None:
    metadata = found.value["metadata"]
    for what, field, wanted, fate in (
        ("UID", "uid", only.uid, "deleted and then recreated"),
        ("ResourceVersion", "resourceVersion", only.version, "modified"),
    ):
        if wanted and wanted != metadata[field]:
            why = (
                f"the {what} in the precondition ({wanted}) does not match the {what} in record ({metadata[field]}). "
                f"The object might have been {fate}"
            )
            raise conflict(replace(resource, plural=resource.kind), metadata["name"], why)
