"""Applies what Git declares, and prunes what it no longer does, but for what is protected."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import ApiError, Store, WriteOptions
from gitops_mcp.sandbox.apply import apply_declared
from gitops_mcp.sandbox.sops import is_encrypted
from gitops_mcp.sandbox.store.patches import merge_patch

SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
TRACKING = "argocd.argoproj.io/tracking-id"

_AS_ARGO = WriteOptions(validation="Ignore", manager="argocd-controller")


@dataclass(frozen=True)
class ObjectKey:
    """What makes two declarations the same live object."""

    api_version: str
    kind: str
    namespace: str | None
    name: str

    @classmethod
    def of(cls, value: Object) -> ObjectKey:
        metadata = value["metadata"]
        return cls(value["apiVersion"], value["kind"], metadata.get("namespace"), metadata["name"])

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]

    @property
    def place(self) -> str:
        return f"{self.namespace or ''}/{self.name}"

    @property
    def fields(self) -> Object:
        """As Argo CD lists it."""
        version = self.api_version.rpartition("/")[2]
        made = {
            "group": self.group,
            "version": version,
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
        }
        return {key: value for key, value in made.items() if value}

    def __str__(self) -> str:
        """As a confirmation that is waited for names it."""
        return f"{self.group}/{self.kind}/{self.name}" if self.group else f"{self.kind}/{self.name}"

    @property
    def kubectl_name(self) -> str:
        """As kubectl names what it has applied."""
        return f"{self.kind.lower()}{'.' if self.group else ''}{self.group}/{self.name}"


@dataclass(frozen=True)
class SyncOutcome:
    """What became of one object in a sync."""

    key: ObjectKey
    status: Literal["Synced", "SyncFailed", "Pruned", "PruneSkipped"]
    message: str
    phase: str | None = "Running"
    """Of the object in the sync; None where it has not got so far."""


class Sync:
    """What an Application has applied so far: the third way of the three-way apply, and what may be pruned."""

    def __init__(self, store: Store, application: str) -> None:
        self._store = store
        self._application = application
        self._applied: dict[ObjectKey, Object] = {}
        self.ignored: tuple[Object, ...] = ()
        """`spec.ignoreDifferences`, of which JSON pointers are followed."""
        self.respects_ignored = False

    def invalid(self, declared: Iterable[ObjectKey]) -> Iterator[SyncOutcome]:
        """What no API serves; one such object, and nothing is applied."""
        for key in declared:
            if self._store.resource_for(key.api_version, key.kind) is None:
                message = (
                    f"The Kubernetes API could not find {key.group}/{key.kind} for requested resource {key.place}. "
                    f'Make sure the "{key.kind}" CRD is installed on the destination cluster.'
                )
                yield SyncOutcome(key, "SyncFailed", message, phase=None)

    def apply(self, declared: Mapping[ObjectKey, Object]) -> Iterator[SyncOutcome]:
        for key in sorted(declared, key=lambda one: one.kind != "Namespace"):
            try:
                message = self._apply(key, declared[key])
            except ApiError as error:
                yield SyncOutcome(key, "SyncFailed", error.message, phase="Failed")
            else:
                yield SyncOutcome(key, "Synced", message)

    def prune(self, declared: Mapping[ObjectKey, Object]) -> Iterator[SyncOutcome]:
        """Delete what is not kept; whether a confirmation has to come first `waiting` tells."""
        for key, live in list(self.undeclared(declared)):
            if "Prune=false" in sync_options(live):
                yield SyncOutcome(key, "PruneSkipped", "ignored (no prune)", phase="Succeeded")
            else:
                self.delete(key)
                yield SyncOutcome(key, "Pruned", "pruned", phase="Succeeded")

    def waiting(self, declared: Mapping[ObjectKey, Object], *, all_of_them: bool) -> tuple[ObjectKey, ...]:
        return tuple(
            key
            for key, live in self.undeclared(declared)
            if "Prune=false" not in sync_options(live) and (all_of_them or "Prune=confirm" in sync_options(live))
        )

    def undeclared(self, declared: Mapping[ObjectKey, Object]) -> Iterator[tuple[ObjectKey, Object]]:
        """What was applied before, is still there, and is declared no longer."""
        for key in sorted(self._applied.keys() - declared.keys(), key=lambda one: (one.place, one.kind)):
            live = self.live(key)
            if live is None or not self._is_ours(key, live):
                del self._applied[key]
            else:
                yield key, live

    def is_in_sync(self, key: ObjectKey, declared: Object) -> bool:
        live = self.live(key)
        return live is not None and self._merged(key, self._as_live(key, live, declared), live) == live

    def live(self, key: ObjectKey) -> Object | None:
        resource = self._store.resource_for(key.api_version, key.kind)
        if resource is None:
            return None
        try:
            return self._store.get(resource, key.namespace, key.name)
        except ApiError:
            return None

    def delete(self, key: ObjectKey) -> None:
        self._store.delete(self._resource(key), key.namespace, key.name)
        self._applied.pop(key, None)

    def _apply(self, key: ObjectKey, declared: Object) -> str:
        resource, live = self._resource(key), self.live(key)
        if is_encrypted(declared):
            raise ApiError(
                400, "BadRequest", f"{key.kind} {key.place} is encrypted with sops, and this engine has no key for it"
            )
        if live is None:
            self._store.create(resource, self._tracked(key, declared), _AS_ARGO)
            message = "created"
        else:
            wanted = self._as_live(key, live, declared) if self.respects_ignored else declared
            place = key.namespace, key.name
            made = self._store.change(resource, *place, lambda now: self._merged(key, wanted, now), how=_AS_ARGO)
            message = "unchanged" if made == live else "configured"
        self._applied[key] = _as_stored(declared)
        return f"{key.kubectl_name} {message}"

    def _as_live(self, key: ObjectKey, live: Object, declared: Object) -> Object:
        """What Git declares, with the ignored fields as they are live."""
        pointers = [
            pointer
            for rule in self.ignored
            if (rule.get("group", ""), rule["kind"]) == (key.group, key.kind) and rule.get("name", key.name) == key.name
            for pointer in rule.get("jsonPointers") or ()
        ]
        for pointer in pointers:
            *parents, last = pointer.strip("/").split("/")
            patch: Object = {last: at(live, *parents, last)}
            for step in reversed(parents):
                patch = {step: patch}
            declared = merge_patch(declared, patch)
        return declared

    def _merged(self, key: ObjectKey, declared: Object, live: Object) -> Object:
        return apply_declared(live, self._tracked(key, declared), before=self._applied.get(key))

    def _tracked(self, key: ObjectKey, declared: Object) -> Object:
        declared = _as_stored(declared)
        metadata = declared["metadata"]
        annotations = {**(metadata.get("annotations") or {}), TRACKING: self._mark(key)}
        return {**declared, "metadata": {**metadata, "annotations": annotations}}

    def _mark(self, key: ObjectKey) -> str:
        return f"{self._application}:{key.group}/{key.kind}:{key.place}"

    def _is_ours(self, key: ObjectKey, live: Object) -> bool:
        return bool(at(live, "metadata", "annotations", TRACKING) == self._mark(key))

    def _resource(self, key: ObjectKey) -> Resource:
        resource = self._store.resource_for(key.api_version, key.kind)
        if resource is None:
            raise ApiError(404, "NotFound", "the server could not find the requested resource")
        return resource


def _as_stored(declared: Object) -> Object:
    """A Secret's stringData is in data once it is applied; so it is compared that way, too."""
    if (declared["apiVersion"], declared["kind"]) != (kinds.SECRET.api_version, kinds.SECRET.kind):
        return declared
    texts = declared.get("stringData") or {}
    data = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
    kept = {key: value for key, value in declared.items() if key != "stringData"}
    return {**kept, "data": {**(declared.get("data") or {}), **data}} if data else kept


def sync_options(value: Object) -> set[str]:
    """Those of an object; of what is to be pruned the live one counts, as Git no longer says anything of it."""
    options = at(value, "metadata", "annotations", SYNC_OPTIONS) or ""
    return {option.strip() for option in options.split(",")}
