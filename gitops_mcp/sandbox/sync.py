"""Applies what Git declares, and prunes what it no longer does, but for what is protected."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import ApiError, Store, WriteOptions
from gitops_mcp.sandbox.apply import apply_declared
from gitops_mcp.sandbox.sops import is_encrypted

SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
FLUX_PRUNE = "kustomize.toolkit.fluxcd.io/prune"
TRACKING = "argocd.argoproj.io/tracking-id"

_AS_ARGO = WriteOptions(validation="Ignore", manager="argocd-controller")

Protection = Literal["no", "confirm", "never"]


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
        return f"{self.api_version}/{self.kind}/{self.name}"


@dataclass(frozen=True)
class SyncOutcome:
    """What became of one object in a sync."""

    key: ObjectKey
    status: Literal["Synced", "SyncFailed", "Pruned", "PruneSkipped"]
    message: str


class Sync:
    """What an Application has applied so far: the third way of the three-way apply, and what may be pruned."""

    def __init__(self, store: Store, application: str) -> None:
        self._store = store
        self._application = application
        self._applied: dict[ObjectKey, Object] = {}

    def apply(self, declared: Mapping[ObjectKey, Object]) -> Iterator[SyncOutcome]:
        for key in sorted(declared, key=lambda one: one.kind != "Namespace"):
            try:
                message = self._apply(key, declared[key])
            except ApiError as error:
                yield SyncOutcome(key, "SyncFailed", error.message)
            else:
                yield SyncOutcome(key, "Synced", message)

    def prune(self, declared: Mapping[ObjectKey, Object], *, confirmed: bool) -> Iterator[SyncOutcome]:
        """Delete what is not protected; what waits for a confirmation is left as it is, and `waiting` names it."""
        for key, live in list(self.undeclared(declared)):
            match prune_protection(live):
                case "never":
                    yield SyncOutcome(key, "PruneSkipped", "ignored (no prune)")
                case "confirm" if not confirmed:
                    continue
                case "confirm" | "no":
                    self._delete(key)
                    yield SyncOutcome(key, "Pruned", "pruned")

    def waiting(self, declared: Mapping[ObjectKey, Object]) -> tuple[ObjectKey, ...]:
        return tuple(key for key, live in self.undeclared(declared) if prune_protection(live) == "confirm")

    def undeclared(self, declared: Mapping[ObjectKey, Object]) -> Iterator[tuple[ObjectKey, Object]]:
        """What was applied before, is still there, and is declared no longer."""
        for key in sorted(self._applied.keys() - declared.keys(), key=lambda one: (one.place, one.kind)):
            live = self.live(key)
            if live is None:
                del self._applied[key]
            else:
                yield key, live

    def is_in_sync(self, key: ObjectKey, declared: Object) -> bool:
        live = self.live(key)
        return live is not None and self._merged(key, live, declared) == live

    def live(self, key: ObjectKey) -> Object | None:
        resource = self._store.resource_for(key.api_version, key.kind)
        if resource is None:
            return None
        try:
            return self._store.get(resource, key.namespace, key.name)
        except ApiError:
            return None

    def _apply(self, key: ObjectKey, declared: Object) -> str:
        resource = self._resource(key)
        if is_encrypted(declared):
            raise ApiError(
                400, "BadRequest", f"{key.kind} {key.place} is encrypted with sops, and this engine has no key for it"
            )
        if self.live(key) is None:
            self._store.create(resource, self._tracked(key, declared), _AS_ARGO)
            message = "created"
        else:
            place = key.namespace, key.name
            self._store.change(resource, *place, lambda live: self._merged(key, live, declared), how=_AS_ARGO)
            message = "configured"
        self._applied[key] = _as_stored(declared)
        return f"{resource.plural}{'.' if resource.group else ''}{resource.group}/{key.name} {message}"

    def _delete(self, key: ObjectKey) -> None:
        self._store.delete(self._resource(key), key.namespace, key.name)
        del self._applied[key]

    def _merged(self, key: ObjectKey, live: Object, declared: Object) -> Object:
        return apply_declared(live, self._tracked(key, declared), before=self._applied.get(key))

    def _tracked(self, key: ObjectKey, declared: Object) -> Object:
        declared = _as_stored(declared)
        metadata = declared["metadata"]
        mark = f"{self._application}:{key.group}/{key.kind}:{key.place}"
        annotations = {**(metadata.get("annotations") or {}), TRACKING: mark}
        return {**declared, "metadata": {**metadata, "annotations": annotations}}

    def _resource(self, key: ObjectKey) -> Resource:
        resource = self._store.resource_for(key.api_version, key.kind)
        if resource is None:
            message = (
                f"The Kubernetes API could not find {key.group}/{key.kind} for requested resource {key.place}. "
                f'Make sure the "{key.kind}" CRD is installed on the destination cluster.'
            )
            raise ApiError(404, "NotFound", message)
        return resource


def _as_stored(declared: Object) -> Object:
    """A Secret's stringData is in data once it is applied; so it is compared that way, too."""
    if (declared["apiVersion"], declared["kind"]) != (kinds.SECRET.api_version, kinds.SECRET.kind):
        return declared
    texts = declared.get("stringData") or {}
    data = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
    kept = {key: value for key, value in declared.items() if key != "stringData"}
    return {**kept, "data": {**(declared.get("data") or {}), **data}} if data else kept


def prune_protection(live: Object) -> Protection:
    """How the live object is protected from pruning; Git no longer says anything of it."""
    annotations = at(live, "metadata", "annotations") or {}
    labels = at(live, "metadata", "labels") or {}
    options = {option.strip() for option in annotations.get(SYNC_OPTIONS, "").split(",")}
    # Flux reads its own as a label or as an annotation, without regard to case.
    by_flux = {str(part.get(FLUX_PRUNE)).lower() for part in (annotations, labels)}
    if "Prune=false" in options or "disabled" in by_flux:
        return "never"
    return "confirm" if "Prune=confirm" in options else "no"
