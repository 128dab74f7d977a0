"""The engine: an Application `gitops` in namespace `argocd` that keeps the cluster at what the remote's base says.

It answers in Argo CD's words and honours its protections, and Flux' `prune: disabled` too, so that both can be tried.
It differs from Argo CD in two things: a commit that arrives while a pruning waits for its confirmation is applied at
once, and live objects that someone has edited are reported, never corrected, until the next commit.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.errors import GitOpsError
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.controller import Controller
from gitops_mcp.sandbox.health import health_of, worst_health
from gitops_mcp.sandbox.kustomize import render_kustomization
from gitops_mcp.sandbox.remote import BASE, SandboxRemote
from gitops_mcp.sandbox.sops import decrypt_with_sops
from gitops_mcp.sandbox.sync import ObjectKey, Sync, SyncOutcome

NAMESPACE, NAME = "argocd", "gitops"
APPROVED = "argocd.argoproj.io/deletion-approved"
POLL = 0.15
"""Seconds between two looks at the remote."""
_NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)


@dataclass(frozen=True)
class _SyncTarget:
    """What Git says at one commit, or why that cannot be told."""

    revision: str
    path: str
    declared: dict[ObjectKey, Object]
    error: str | None = None


@dataclass(frozen=True)
class _SyncOperation:
    """One sync: it is running as long as it waits for a confirmation."""

    revision: str
    started: str
    outcomes: tuple[SyncOutcome, ...]
    waiting: tuple[ObjectKey, ...] = ()
    finished: str | None = None

    @property
    def failure(self) -> str | None:
        return next((outcome.message for outcome in self.outcomes if outcome.status == "SyncFailed"), None)


class Engine(Controller):
    def __init__(
        self,
        store: Store,
        remote: SandboxRemote,
        *,
        path: str = "clusters/prod",
        poll: float = POLL,
        age_key: Path | None = None,
    ) -> None:
        """`age_key` is the file of the key that sops decrypts with; without one it is an engine without that plugin."""
        super().__init__(store)
        self._decrypt = partial(decrypt_with_sops, key=age_key) if age_key else None
        self._remote = remote
        self._path = path
        self._poll = poll
        self._looked = 0.0
        self._target: _SyncTarget | None = None
        self._operation: _SyncOperation | None = None
        self._sync = Sync(store, NAME)

    def start(self) -> None:
        """The Application is there before this returns."""
        self.store.create(_NAMESPACES, {"metadata": {"name": NAMESPACE}})
        self.store.create(kinds.APPLICATION, self._declaration())
        super().start()

    def reconcile(self) -> float:
        with self.attempt(f"Application {NAMESPACE}/{NAME}"):
            application = self.store.get(kinds.APPLICATION, NAMESPACE, NAME)
            self._look(application["spec"])
            if self._target and self._target.error is None:
                self._operate(application, self._target)
            self._report(application)
        return max(0.0, self._looked + self._poll - time.monotonic())

    def _look(self, spec: Object) -> None:
        """Render the base's newest commit, at most once in a while."""
        if time.monotonic() - self._looked < self._poll:
            return
        self._looked = time.monotonic()
        path = str(at(spec, "source", "path") or "")
        tip = ""
        try:
            tip = self._remote.tip() or ""
            if self._target and (self._target.revision, self._target.path) == (tip, path):
                return
            files = self._remote.files(tip) if tip else {}
            objects = render_kustomization(files, path, is_namespaced=self._is_namespaced, decrypt=self._decrypt)
        except GitOpsError as error:
            why = f"Failed to load target state: {error}" if tip else f"unable to resolve '{BASE}' to a commit SHA"
            self._target = _SyncTarget(tip, path, {}, why)
        else:
            self._target = _SyncTarget(tip, path, {ObjectKey.of(one): one for one in objects})

    def _operate(self, application: Object, target: _SyncTarget) -> None:
        """Sync a commit once, and go on with what waits for a confirmation."""
        automated = at(application, "spec", "syncPolicy", "automated")
        current = self._operation
        if automated is None:
            return
        if current is None or current.revision != target.revision:
            current = _SyncOperation(target.revision, _now(), tuple(self._sync.apply(target.declared)))
        elif not current.waiting:
            return
        if current.failure is None and automated.get("prune"):
            confirmed = _is_approved(application, since=current.started)
            pruned = tuple(self._sync.prune(target.declared, confirmed=confirmed))
            known = {outcome.key for outcome in current.outcomes}
            outcomes = (*current.outcomes, *(outcome for outcome in pruned if outcome.key not in known))
            current = replace(current, outcomes=outcomes, waiting=self._sync.waiting(target.declared))
        self._operation = current if current.waiting else replace(current, finished=_now())

    def _report(self, application: Object) -> None:
        status = self._status(application)
        known = {key: value for key, value in application.get("status", {}).items() if key != "reconciledAt"}
        if status != known:
            status["reconciledAt"] = _now()
            self.store.change(kinds.APPLICATION, NAMESPACE, NAME, lambda live: {**live, "status": status})

    def _status(self, application: Object) -> Object:
        before: Object = application.get("status", {})
        target = self._target
        if target is None:
            return before
        spec = application["spec"]
        compared = {key: spec[key] for key in ("source", "destination") if key in spec}
        operation = {"operationState": _operation_state(self._operation, spec)} if self._operation else {}
        failure = self._operation.failure if self._operation else None
        if target.error:
            sync: Object = {"status": "Unknown", "comparedTo": compared}
            rated: Object = {key: before[key] for key in ("health", "resources") if key in before}
            conditions = [_condition("ComparisonError", target.error, before)]
        else:
            resources = self._resources(target)
            statuses = {resource["status"] for resource in resources}
            revision = {"revision": target.revision, "comparedTo": compared}
            sync = {"status": "OutOfSync" if "OutOfSync" in statuses else "Synced", **revision}
            healths = [one["health"]["status"] for one in resources if "health" in one]
            rated = {"health": {"status": worst_health(healths)}, "resources": resources}
            message = f"Failed last sync attempt to [{target.revision}]: {_FAILED}{failure}"
            conditions = [_condition("SyncError", message, before)] if failure else []
        return {"sync": sync, **rated, **operation, **({"conditions": conditions} if conditions else {})}

    def _resources(self, target: _SyncTarget) -> list[Object]:
        declared = [
            {
                **key.fields,
                "status": "Synced" if self._sync.is_in_sync(key, value) else "OutOfSync",
                "health": health_of(self._sync.live(key)),
            }
            for key, value in target.declared.items()
        ]
        extra = [
            {**key.fields, "status": "OutOfSync", "requiresPruning": True}
            for key, _ in self._sync.undeclared(target.declared)
        ]
        return [*declared, *extra]

    def _is_namespaced(self, declared: Object) -> bool:
        resource = self.store.resource_for(declared["apiVersion"], declared["kind"])
        return resource is None or resource.namespaced

    def _declaration(self) -> Object:
        return {
            "apiVersion": kinds.APPLICATION.api_version,
            "kind": kinds.APPLICATION.kind,
            "metadata": {"name": NAME, "namespace": NAMESPACE},
            "spec": {
                "project": "default",
                "source": {"repoURL": str(self._remote.path), "path": self._path, "targetRevision": BASE},
                "destination": {"server": "https://kubernetes.default.svc"},
                "syncPolicy": {"automated": {"prune": True, "selfHeal": False}},
            },
        }


_FAILED = "one or more objects failed to apply, reason: "


def _operation_state(operation: _SyncOperation, spec: Object) -> Object:
    if operation.failure is not None:
        phase, message = "Failed", f"{_FAILED}{operation.failure}"
    elif operation.waiting:
        more = f" and {len(operation.waiting) - 1} more resources" if len(operation.waiting) > 1 else ""
        phase, message = "Running", f"Waiting for pruning confirmation of {operation.waiting[0]}{more}"
    else:
        phase, message = "Succeeded", "successfully synced (all tasks run)"
    # Argo CD's schema requires these two even where they are empty.
    required = {"group": "", "namespace": ""}
    results = [
        {**required, **outcome.key.fields, "status": outcome.status, "message": outcome.message}
        for outcome in operation.outcomes
    ]
    made = {
        "phase": phase,
        "message": message,
        "operation": {"sync": {"revision": operation.revision, "prune": True}},
        "startedAt": operation.started,
        "finishedAt": operation.finished,
        "syncResult": {"revision": operation.revision, "source": spec.get("source", {}), "resources": results},
    }
    return {key: value for key, value in made.items() if value is not None}


def _condition(kind: str, message: str, before: Object) -> Object:
    known = [c for c in before.get("conditions", ()) if (c["type"], c["message"]) == (kind, message)]
    return known[0] if known else {"type": kind, "message": message, "lastTransitionTime": _now()}


def _is_approved(application: Object, *, since: str) -> bool:
    """Whether a person has approved deletions since the sync began (Argo CD, `IsDeletionConfirmed`)."""
    try:
        approved = datetime.fromisoformat(at(application, "metadata", "annotations", APPROVED) or "")
    except ValueError:
        return False
    return approved.tzinfo is not None and approved >= datetime.fromisoformat(since)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
