"""What a Kustomization does to one object: server-side apply as `kustomize-controller`, unless it is told not to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import ApiError, Store, WriteOptions
from gitops_mcp.sandbox.store.patches import merge_patch

GROUP = "kustomize.toolkit.fluxcd.io"
_AS_FLUX = WriteOptions(validation="Ignore", manager="kustomize-controller")
_FIRST = frozenset({"Namespace", "CustomResourceDefinition", "ClusterRole"})


class Refused(Exception):
    """The words of a Kustomization whose object the API refuses."""


def stages(objects: Iterable[Object]) -> tuple[list[Object], list[Object]]:
    """What others need to be there goes first; a stage is applied as a whole or not at all."""
    listed = list(objects)
    first = [one for one in listed if one["kind"] in _FIRST]
    return first, [one for one in listed if one["kind"] not in _FIRST]


def label(value: Object) -> str:
    metadata = value["metadata"]
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{value['kind']}/{place}{metadata['name']}"


def inventory_entry(value: Object) -> Object:
    metadata, (group, _, version) = value["metadata"], value["apiVersion"].rpartition("/")
    return {"id": f"{metadata.get('namespace', '')}_{metadata['name']}_{group}_{value['kind']}", "v": version}


def is_set(value: Object | None, key: str, wanted: str) -> bool:
    """Whether an annotation or a label of Flux says so, without regard to case."""
    parts = (at(value, "metadata", part, f"{GROUP}/{key}") for part in ("annotations", "labels"))
    return wanted.lower() in {str(part).lower() for part in parts}


class ServerSide:
    def __init__(self, store: Store, ignored: Iterable[Object] = ()) -> None:
        """`ignored` is `spec.ignore` of the Kustomization, of which kind and paths are followed."""
        self._store, self._ignored = store, tuple(ignored)

    def live(self, value: Object) -> Object | None:
        resource = self._store.resource_for(value["apiVersion"], value["kind"])
        if resource is None:
            return None
        try:
            return self._store.get(resource, value["metadata"].get("namespace"), value["metadata"]["name"])
        except ApiError:
            return None

    def apply(self, objects: Iterable[Object]) -> list[str]:
        """A stage: all of it in a dry run first. What was done, in Flux' words."""
        wanted = [one for one in objects if not self._is_left_alone(one)]
        for one in wanted:
            self._send(one, dry_run=True)
        done = []
        for one in wanted:
            before = self.live(one)
            made = self._send(one)
            if made != before:
                done.append(f"{label(one)} {'created' if before is None else 'configured'}")
        return done

    def delete(self, value: Object) -> None:
        """Unless the live object says that it is to stay."""
        live, resource = self.live(value), self._store.resource_for(value["apiVersion"], value["kind"])
        if live is not None and resource and not (is_set(live, "prune", "disabled") or _reconciles_not(live)):
            self._store.delete(resource, live["metadata"].get("namespace"), live["metadata"]["name"])

    def _is_left_alone(self, wanted: Object) -> bool:
        live = self.live(wanted)
        if live is not None and is_set(wanted, "ssa", "IfNotPresent"):
            return True
        return any(is_set(one, "ssa", "Ignore") or _reconciles_not(one) for one in (wanted, live))

    def _send(self, wanted: Object, *, dry_run: bool = False) -> Object:
        resource = self._store.resource_for(wanted["apiVersion"], wanted["kind"])
        if resource is None:
            why = f'no matches for kind "{wanted["kind"]}" in version "{wanted["apiVersion"]}"'
            raise Refused(f"{label(wanted)} dry-run failed: {why}\n")
        try:
            if not is_set(wanted, "ssa", "Merge"):
                self._undo_kubectl(resource, wanted, dry_run=dry_run)
            how = replace(_AS_FLUX, dry_run=dry_run)
            return self._store.apply(resource, self._unignored(wanted), how=how, force=True)[0]
        except ApiError as error:
            reason = f" ({error.reason})" if error.reason else ""
            raise Refused(f"{label(wanted)} dry-run failed{reason}: {error.message}\n") from error

    def _undo_kubectl(self, resource: Resource, wanted: Object, *, dry_run: bool) -> None:
        """What somebody has set by kubectl goes at the next apply, also what Git says nothing of."""
        live = self.live(wanted)
        set_by_hand = [
            path
            for entry in at(live, "metadata", "managedFields") or []
            if entry["manager"].startswith("kubectl") and "subresource" not in entry
            for path in _paths(entry["fieldsV1"])
            if at(wanted, *path) is None
        ]
        if live and set_by_hand and not dry_run:
            place = live["metadata"].get("namespace"), live["metadata"]["name"]
            self._store.change(resource, *place, lambda now: _without(now, set_by_hand), how=_AS_FLUX)

    def _unignored(self, wanted: Object) -> Object:
        """As Git has it, with the fields that are ignored as they are live."""
        paths = [
            tuple(path.strip("/").split("/"))
            for rule in self._ignored
            if at(rule, "target", "kind") in {None, wanted["kind"]}
            for path in rule.get("paths") or ()
        ]
        live = self.live(wanted)
        for path in paths if live else ():
            kept: Any = at(live, *path)
            for step in reversed(path):
                kept = {step: kept}
            wanted = merge_patch(wanted, kept)
        return wanted


def _reconciles_not(value: Object | None) -> bool:
    return is_set(value, "reconcile", "disabled")


def _paths(fields: Object, within: tuple[str, ...] = ()) -> Iterable[tuple[str, ...]]:
    for key, below in fields.items():
        path = (*within, key.removeprefix("f:"))
        yield from _paths(below, path) if below else [path]


def _without(value: Object, paths: Iterable[tuple[str, ...]]) -> Object:
    for path in paths:
        value = _without_one(value, path)
    return value


def _without_one(value: Object, path: tuple[str, ...]) -> Object:
    first, *rest = path
    if not rest:
        return {key: part for key, part in value.items() if key != first}
    part = value.get(first)
    return {**value, first: _without_one(part, tuple(rest))} if isinstance(part, dict) else value


def unhealthy(value: Object, live: Object | None) -> str | None:
    """How far an object is that a health check waits for (kstatus); None: as far as it has to be."""
    if live is None:
        return f"{label(value)} status: 'NotFound'"
    conditions = {one["type"]: one["status"] for one in at(live, "status", "conditions") or []}
    is_cluster = (live["apiVersion"], live["kind"]) == (kinds.CLUSTER.api_version, kinds.CLUSTER.kind)
    if conditions.get("Stalled") == "True":
        return f"{label(value)} status: 'Failed'"
    waits = conditions.get("Ready", "True") != "True" or conditions.get("Reconciling") == "True"
    return f"{label(value)} status: 'InProgress'" if waits or (is_cluster and "status" not in live) else None
