"""One Kustomization: what Git builds below its path, applied, checked, pruned, and told in its `status`."""

from __future__ import annotations

import hashlib
import json
import posixpath
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.errors import GitOpsError
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.engines.conditions import Status, condition, condition_of, handled
from gitops_mcp.sandbox.engines.operation import now
from gitops_mcp.sandbox.engines.server_side import GROUP, Refused, ServerSide, inventory_entry, stages, unhealthy
from gitops_mcp.sandbox.kustomize import Files, has_kustomization, render_kustomization
from gitops_mcp.sandbox.sops import decrypt_with_sops

_TRIED = "with a timeout of 30s"
_HISTORY = 5


@dataclass
class Run:
    """What the controller remembers of one Kustomization between two turns."""

    built: tuple[tuple[object, ...], tuple[Object, ...]] | None = None
    """What was built last, and of what."""
    tried: tuple[object, ...] | None = None
    checks_since: float | None = None
    next_try: float = 0.0


class Kustomization:
    """A turn with one: `status` is what it says of itself after each step that it takes."""

    def __init__(self, store: Store, declared: Object, run: Run, *, report: Callable[[Object], None]) -> None:
        self._store, self._run, self._report = store, run, report
        self._object = declared
        self._spec, self._before = declared["spec"], declared.get("status", {})
        self._api = ServerSide(store, declared["spec"].get("ignore") or ())
        self._started = time.monotonic()

    def wait_for(self, dependency: str, why: str = "is not ready") -> None:
        self._fail("DependencyNotReady", f"dependency '{dependency}' {why}", "")

    def miss_source(self, message: str) -> None:
        self._fail("ArtifactFailed", message, "")

    def reconcile(
        self, revision: str, files: Files, *, age_key: Path | None, pause: float, by_model: bool = False
    ) -> None:
        """Go as far as it goes, unless nothing has changed since it has last gone well or `pause` is not over."""
        turn = (revision, self._generation)
        if turn == self._run.tried and time.monotonic() < self._run.next_try:
            return
        if turn != self._run.tried:
            self._run.checks_since = None
            self._begin(revision)
        self._run.tried, self._run.next_try = turn, time.monotonic() + pause
        folder = posixpath.normpath(self._spec.get("path") or ".")
        if not any(name.startswith(f"{folder}/") for name in files) and folder != ".":
            why = f"stat /tmp/kustomization-1/{folder}: no such file or directory"
            self._fail(
                "ArtifactFailed", f"kustomization path not found: {why}", f"Fetching manifests for revision {revision}"
            )
            return
        try:
            objects = self._build((turn, folder), files, folder, age_key, by_model=by_model)
        except GitOpsError as error:
            doing = f"Building manifests for revision {revision}"
            self._fail("BuildFailed", f"kustomize build failed: {error}", doing, revision)
            return
        self._apply(objects, revision)

    def _build(
        self, what: tuple[object, ...], files: Files, folder: str, age_key: Path | None, *, by_model: bool
    ) -> tuple[Object, ...]:
        if self._run.built and self._run.built[0] == what:
            return self._run.built[1]
        decrypt = partial(decrypt_with_sops, key=age_key) if age_key and "decryption" in self._spec else None
        loose = () if has_kustomization(files, folder) else _loose(files, folder)
        objects = render_kustomization(
            files, folder, is_namespaced=self._is_namespaced, decrypt=decrypt, loose=loose, by_model=by_model
        )
        made = tuple(map(self._labelled, objects))
        self._run.built = what, made
        return made

    def _labelled(self, value: Object) -> Object:
        """As it is to be live: in the target namespace, with the labels that say whose it is."""
        metadata = dict(value["metadata"])
        if self._spec.get("targetNamespace") and self._is_namespaced(value):
            metadata["namespace"] = self._spec["targetNamespace"]
        own = self._object["metadata"]
        mine = {f"{GROUP}/{key}": own[key] for key in ("name", "namespace")}
        return {**value, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), **mine}}}

    def _apply(self, objects: tuple[Object, ...], revision: str) -> None:
        done: list[str] = []
        try:
            for stage in stages(objects):
                done += self._api.apply(stage)
        except Refused as refused:
            doing = f"Detecting drift for revision {revision}"
            self._fail("ReconciliationFailed", f"{refused}{''.join(done)}", doing, revision)
            return
        entries = sorted(map(inventory_entry, objects), key=lambda one: str(one["id"]))
        if self._spec.get("prune"):
            self._prune(entries)
        inventory = {"entries": entries}
        waits = list(self._unhealthy(objects)) if self._spec.get("wait") or self._spec.get("healthChecks") else None
        if waits:
            self._check_health(waits, revision, inventory)
            return
        self._succeed(revision, inventory, checked=waits is not None)

    def _prune(self, entries: list[Object]) -> None:
        kept = {one["id"] for one in entries}
        for entry in reversed(at(self._before, "inventory", "entries") or []):
            if entry["id"] not in kept:
                self._api.delete(named_by(entry))

    def _unhealthy(self, objects: Iterable[Object]) -> Iterable[str]:
        wanted = [(one["kind"], one.get("namespace"), one["name"]) for one in self._spec.get("healthChecks") or ()]
        for one in objects:
            metadata = one["metadata"]
            if self._spec.get("wait") or (one["kind"], metadata.get("namespace"), metadata["name"]) in wanted:
                state = unhealthy(one, self._api.live(one))
                if state:
                    yield state

    def _check_health(self, waits: list[str], revision: str, inventory: Object) -> None:
        """As long as `timeout` says, in tenths of it: nobody who tries the server waits for half a minute."""
        since = self._run.checks_since
        self._run.checks_since = since = self._started if since is None else since
        spent = time.monotonic() - since
        if spent < seconds(self._spec.get("timeout", "5m")) / 10:
            healthy = condition_of(self._object, "Healthy")
            conditions = [
                self._condition(
                    "Reconciling", "True", "Progressing", f"Building manifests for revision {revision} {_TRIED}"
                ),
                self._condition("Ready", "Unknown", "Progressing", "Reconciliation in progress"),
                *([healthy] if healthy else []),
            ]
            self._tell(conditions, lastAttemptedRevision=revision, inventory=inventory)
            return
        why = f"timeout waiting for: [{', '.join(waits)}]"
        doing = f"Running health checks for revision {revision}"
        failed = f"health check failed after {spent:.9f}s: {why}"
        self._fail("HealthCheckFailed", failed, doing, revision, unhealthy=why, inventory=inventory)

    def _begin(self, revision: str) -> None:
        if condition_of(self._object, "Ready"):
            doing = f"Fetching manifests for revision {revision} {_TRIED}"
            conditions = [
                self._condition("Reconciling", "True", "Progressing", doing),
                self._condition("Ready", "Unknown", "Progressing", "Reconciliation in progress"),
            ]
            self._tell([*conditions, *(one for one in [condition_of(self._object, "Healthy")] if one)])

    def _succeed(self, revision: str, inventory: Object, *, checked: bool) -> None:
        conditions = [self._condition("Ready", "True", "ReconciliationSucceeded", f"Applied revision: {revision}")]
        if checked:
            took = f"Health check passed in {(time.monotonic() - self._started) * 1000:.6f}ms"
            known = condition_of(self._object, "Healthy")
            same = known is not None and known["status"] == "True" and known["observedGeneration"] == self._generation
            conditions.append(known if same and known else self._condition("Healthy", "True", "Succeeded", took))
        self._run.checks_since = None
        self._tell(
            conditions,
            history=self._history("ReconciliationSucceeded", revision),
            inventory=inventory,
            lastAppliedRevision=revision,
            lastAttemptedRevision=revision,
            observedGeneration=self._generation,
        )

    def _fail(
        self,
        reason: str,
        message: str,
        doing: str,
        revision: str | None = None,
        *,
        unhealthy: str = "",
        inventory: Object | None = None,
    ) -> None:
        """`revision` is what was attempted, where it came so far; what could not be built is no part of the history."""
        conditions = [self._condition("Ready", "False", reason, message)]
        if doing:
            said = f"{doing} {_TRIED}"
            conditions.insert(0, self._condition("Reconciling", "True", "ProgressingWithRetry", said))
        if unhealthy:
            conditions.append(self._condition("Healthy", "False", reason, unhealthy))
        more: Object = {"inventory": inventory} if inventory else {}
        if revision:
            more["lastAttemptedRevision"] = revision
            more |= {} if reason == "BuildFailed" else {"history": self._history(reason, revision)}
        self._tell(conditions, **more)

    def _history(self, status: str, revision: str) -> list[Object]:
        """The newest first; the same objects with the same end are one entry."""
        built = self._run.built[1] if self._run.built else ()
        digest = f"sha256:{hashlib.sha256(json.dumps(built).encode()).hexdigest()}"
        entries: list[Object] = self._before.get("history") or []
        same = next((one for one in entries if (one["digest"], one["lastReconciledStatus"]) == (digest, status)), None)
        if same and same["metadata"]["revision"] == revision:
            return entries
        made = {
            "digest": digest,
            "firstReconciled": same["firstReconciled"] if same else now(),
            "lastReconciled": now(),
            "lastReconciledDuration": f"{(time.monotonic() - self._started) * 1000:.6f}ms",
            "lastReconciledStatus": status,
            "metadata": {"revision": revision},
            "totalReconciliations": same["totalReconciliations"] + 1 if same else 1,
        }
        return [made, *(one for one in entries if one is not same)][:_HISTORY]

    def _tell(self, conditions: list[Object], **more: object) -> None:
        kept = {key: value for key, value in self._before.items() if key != "conditions"}
        seen = {"observedGeneration": self._before.get("observedGeneration", -1)}
        status = {"conditions": conditions, **seen, **kept, **more, **handled(self._object)}
        self._before = status
        self._object = {**self._object, "status": status}
        self._report(status)

    def _condition(self, kind: str, status: Status, reason: str, message: str) -> Object:
        return condition(kind, status, reason, message, self._object)

    @property
    def _generation(self) -> int:
        generation: int = self._object["metadata"]["generation"]
        return generation

    def _is_namespaced(self, declared: Object) -> bool:
        resource = self._store.resource_for(declared["apiVersion"], declared["kind"])
        return resource is None or resource.namespaced


def named_by(entry: Object) -> Object:
    """The object of an inventory entry, as much of it as the entry says."""
    namespace, name, group, kind = entry["id"].split("_")
    place = {"name": name, **({"namespace": namespace} if namespace else {})}
    version = f"{group}/{entry['v']}" if group else entry["v"]
    return {"apiVersion": version, "kind": kind, "metadata": place}


def seconds(duration: str) -> float:
    """Of what is written as `1h`, `10m0s` or `30s`."""
    total, number = 0.0, ""
    for letter in duration:
        if letter in "hms":
            total += float(number) * {"h": 3600, "m": 60, "s": 1}[letter]
            number = ""
        else:
            number += letter
    return total


def _loose(files: Files, folder: str) -> list[str]:
    """What stands for `resources` where there is no kustomization: each file, and each folder that has one."""
    found: list[str] = []
    inside = [name.removeprefix(f"{folder}/") for name in sorted(files) if name.startswith(f"{folder}/")]
    roots = {posixpath.dirname(name) for name in inside if posixpath.basename(name).startswith("kustomization.y")}
    for name in inside:
        root = next((one for one in sorted(roots) if name.startswith(f"{one}/")), None)
        entry = root or name
        if entry not in found and (root or name.endswith((".yaml", ".yml"))):
            found.append(entry)
    return found
