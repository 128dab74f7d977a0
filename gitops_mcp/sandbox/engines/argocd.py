"""Argo CD: it keeps the cluster at what the Applications of namespace `argocd` say, one or an app of apps.

Left out: hooks and waves, several sources, a pause between two comparisons, and of a project all but its destinations
and sync windows. A window counts where its schedule is every minute; pauses between tries are as short as the looks at
the remote.
"""

from __future__ import annotations

import posixpath
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.errors import GitOpsError
from gitops_mcp.sandbox.api import ApiError, Store
from gitops_mcp.sandbox.controller import Controller
from gitops_mcp.sandbox.engines.application_sets import ApplicationSets
from gitops_mcp.sandbox.engines.application_status import (
    application_status,
    is_closed,
    refused_status,
    why_not_permitted,
)
from gitops_mcp.sandbox.engines.by_hand import apply_by_hand
from gitops_mcp.sandbox.engines.hydrator import hydrate, synced_spec
from gitops_mcp.sandbox.engines.layout import ARGOCD, FINALIZER, ROOT, application, hydrated_application, project
from gitops_mcp.sandbox.engines.operation import Operation, Target, automatic, carry_on, is_approved, now
from gitops_mcp.sandbox.engines.source import Unfetchable, newest_commit
from gitops_mcp.sandbox.engines.sync import ObjectKey, Sync, sync_options
from gitops_mcp.sandbox.kustomize import has_kustomization, render_kustomization
from gitops_mcp.sandbox.remote import SandboxRemote
from gitops_mcp.sandbox.sops import decrypt_with_sops
from gitops_mcp.sandbox.store.resources import NAMESPACE

NAME = "gitops"
POLL = 0.15
"""Seconds between two looks at the remote."""
_FAULT = "Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = "
_MALFORMED = re.compile(r"MalformedYAMLError: yaml: (.*) in File: (.*)", re.DOTALL)
_UNMARSHAL = 'Failed to unmarshal "{1}": failed to unmarshal manifest: error converting YAML to JSON: yaml: {0}'


@dataclass
class _Followed:
    """What the engine remembers of one Application."""

    sync: Sync
    looked: float = 0.0
    target: Target | None = None
    operation: Operation | None = None
    healed: int = 0
    history: list[Object] = field(default_factory=list)
    hydration: Object | None = None
    """`status.sourceHydrator`."""


class ArgoCd(Controller):
    def __init__(
        self,
        store: Store,
        remote: SandboxRemote,
        *,
        poll: float = POLL,
        age_key: Path | None = None,
        self_heal: bool = False,
        hydrates: bool = False,
        applied: Iterable[Object] = (),
    ) -> None:
        """`age_key` is the file of the key that sops decrypts with; without one it is an engine without that plugin.

        `hydrates`: the root Application has its source hydrated to a branch beside the one that it syncs. `applied`:
        what a person has applied by hand in its place.
        """
        super().__init__(store)
        self._decrypt = partial(decrypt_with_sops, key=age_key) if age_key else None
        self._remote, self._poll = remote, poll
        made = application(remote, NAME, ROOT, self_heal=self_heal)
        self._applied = tuple(applied) or (hydrated_application(made) if hydrates else made,)
        self._by_model = bool(applied)
        self._sets = ApplicationSets(store, remote)
        self._followed: dict[str, _Followed] = {}

    def start(self) -> None:
        """What a person applies by hand is there before this returns."""
        self.store.create(NAMESPACE, {"metadata": {"name": ARGOCD}})
        self.store.create(kinds.APP_PROJECT, project())
        apply_by_hand(self.store, self._applied)
        super().start()

    def reconcile(self) -> float:
        for one in self.store.list(kinds.APPLICATION_SET, ARGOCD):
            with self.attempt(f"ApplicationSet {ARGOCD}/{one['metadata']['name']}"):
                self._sets.reconcile(one)
        for one in self.store.list(kinds.APPLICATION, ARGOCD):
            metadata = one["metadata"]
            if at(metadata, "annotations", "argocd.argoproj.io/skip-reconcile") == "true":
                continue
            with self.attempt(f"Application {ARGOCD}/{metadata['name']}"):
                known = self._followed.get(metadata["uid"])
                followed = known or _Followed(Sync(self.store, metadata["name"]))
                self._followed[metadata["uid"]] = followed
                self._carry(one, followed)
        return self._poll

    def _carry(self, application: Object, followed: _Followed) -> None:
        spec = synced_spec(application["spec"])
        if spec is not application["spec"]:
            followed.hydration = hydrate(self._remote, application, followed.hydration, self._render_dry)
            application = {**application, "spec": spec}
        followed.sync.ignored = tuple(spec.get("ignoreDifferences") or ())
        options = at(spec, "syncPolicy", "syncOptions") or []
        followed.sync.respects_ignored = "RespectIgnoreDifferences=true" in options
        if "deletionTimestamp" in application["metadata"]:
            self._delete(application, followed)
            return
        project = self._project(application)
        if project and (refused := why_not_permitted(application, project)):
            self._tell(application, refused_status(application.get("status", {}), refused), None)
            return
        self._look(spec, followed)
        if followed.target:
            self._operate(application, followed)
            self._report(application, followed)

    def _look(self, spec: Object, followed: _Followed) -> None:
        """Render the branch's newest commit, at most once in a while."""
        source, known = spec.get("source", {}), followed.target
        if time.monotonic() - followed.looked < self._poll and known and known.source == source:
            return
        followed.looked = time.monotonic()
        branch = source.get("targetRevision", "HEAD")
        try:
            tip = newest_commit(self._remote, source["repoURL"], branch)
        except Unfetchable as error:
            why = (
                f"failed to list refs: {error.said}" if error.said else f"unable to resolve '{branch}' to a commit SHA"
            )
            followed.target = Target(branch, source, {}, error=f"{_FAULT}Unknown desc = {why}")
        else:
            if known is None or known.error or (known.revision, known.source) != (tip, source):
                followed.target = self._target(spec, tip)

    def _target(self, spec: Object, commit: str) -> Target:
        source, files = spec["source"], self._remote.files(commit)
        folder = posixpath.normpath(source["path"])
        plain = not has_kustomization(files, folder)
        loose = [
            posixpath.basename(path)
            for path in sorted(files)
            if posixpath.dirname(path) == folder and path.endswith((".yaml", ".yml", ".json"))
        ]
        try:
            objects = render_kustomization(
                files,
                folder,
                is_namespaced=self._is_namespaced,
                decrypt=self._decrypt,
                loose=loose if plain else (),
                by_model=self._by_model,
            )
        except GitOpsError as error:
            build = "" if plain else "`kustomize build <path to cached source>/{folder}` failed exit status 1: Error: "
            malformed = _MALFORMED.search(str(error)) if plain else None
            fault = f"{_FAULT}Unknown desc = {build.format(folder=folder)}{error}"
            if malformed:
                fault = f"{_FAULT}FailedPrecondition desc = {_UNMARSHAL.format(*malformed.groups())}"
            return Target(commit, source, {}, error=fault)
        home = at(spec, "destination", "namespace")
        for one in objects:
            if home and self._is_namespaced(one):
                one["metadata"].setdefault("namespace", home)
        kind = "Directory" if plain else "Kustomize"
        return Target(commit, source, {ObjectKey.of(one): one for one in objects}, kind)

    def _render_dry(self, files: Mapping[str, bytes], folder: str) -> tuple[Object, ...]:
        return render_kustomization(files, folder, is_namespaced=self._is_namespaced, decrypt=self._decrypt)

    def _operate(self, application: Object, followed: _Followed) -> None:
        """Begin what a person or the policy asks for, and go on with what has been begun."""
        operation, target = followed.operation, followed.target
        assert target is not None  # noqa: S101 - it has been looked at
        if operation is None or operation.done:
            asked = application.get("operation") or self._automatic(application, followed, target)
            if not asked:
                return
            revision = at(asked, "sync", "revision") or target.revision
            wanted = target if revision == target.revision else self._target(application["spec"], revision)
            operation = Operation(asked, wanted, now())
        options = at(operation.asked, "sync", "syncOptions") or []
        if "CreateNamespace=true" in options:
            self._create_namespace(at(application, "spec", "destination", "namespace"))
        before, operation = operation, carry_on(operation, application, followed.sync, pause=self._poll)
        followed.operation = operation
        if operation.phase == "Succeeded" and not (before.done or operation.chosen):
            followed.history = [*followed.history, self._deployed(operation, followed)][-10:]

    def _deployed(self, operation: Operation, followed: _Followed) -> Object:
        return {
            "id": followed.history[-1]["id"] + 1 if followed.history else 0,
            "deployStartedAt": operation.started,
            "deployedAt": operation.finished,
            "initiatedBy": operation.asked.get("initiatedBy", {}),
            "revision": operation.target.revision,
            "source": operation.target.source,
        }

    def _automatic(self, application: Object, followed: _Followed, target: Target) -> Object | None:
        policy = at(application, "spec", "syncPolicy") or {}
        automated = policy.get("automated")
        if automated is None or automated.get("enabled") is False or target.error:
            return None
        if is_closed(application, self._project(application)):
            return None
        differing = [key for key, value in target.declared.items() if not followed.sync.is_in_sync(key, value)]
        extra = automated.get("prune") and any(True for _ in followed.sync.undeclared(target.declared))
        if not differing and not extra:
            return None
        last = followed.operation
        if last is None or (last.target.revision, last.target.source) != (target.revision, target.source):
            followed.healed = 0
        elif last.phase == "Failed" or not (automated.get("selfHeal") and differing):
            return None
        else:
            followed.healed += 1
        return automatic(target, policy, healed=followed.healed, out_of_sync=differing)

    def _project(self, application: Object) -> Object | None:
        """None where nobody has made it here: nothing is refused then."""
        try:
            return self.store.get(kinds.APP_PROJECT, ARGOCD, at(application, "spec", "project"))
        except ApiError:
            return None

    def _delete(self, application: Object, followed: _Followed) -> None:
        """What it has applied goes before it does, where it has the finalizer for that and nobody has to confirm."""
        metadata = application["metadata"]
        left = [(key, live) for key, live in followed.sync.undeclared({}) if "Delete=false" not in sync_options(live)]
        confirmed = is_approved(application, since=metadata["deletionTimestamp"])
        if not confirmed and any("Delete=confirm" in sync_options(live) for _, live in left):
            return
        if FINALIZER in metadata.get("finalizers", ()):
            for key, _ in left:
                followed.sync.delete(key)
            kept = [one for one in metadata["finalizers"] if one != FINALIZER]
            self.store.merge(kinds.APPLICATION, ARGOCD, metadata["name"], {"metadata": {"finalizers": kept}})

    def _report(self, application: Object, followed: _Followed) -> None:
        target, operation = followed.target, followed.operation
        assert target is not None  # noqa: S101 - it has been looked at
        status = application_status(application, target, operation, followed.sync, followed.history)
        status |= {"sourceHydrator": followed.hydration} if followed.hydration else {}
        status["reconciledAt"] = now()
        self._tell(application, status, operation.asked if operation and not operation.done else None)

    def _tell(self, application: Object, status: Object, running: Object | None) -> None:
        before, seen = application.get("status", {}), application.get("operation")

        def reported(live: Object) -> Object:
            kept = {key: live[key] for key in ("apiVersion", "kind", "metadata", "spec")}
            # What somebody has asked for since the engine looked is for its next look.
            asked = running if live.get("operation") == seen else live.get("operation")
            made = {"status": status, **({"operation": asked} if asked else {})}
            return kept | made

        new, old = ({key: value for key, value in one.items() if key != "reconciledAt"} for one in (status, before))
        if (new, running) != (old, seen):
            self.store.change(kinds.APPLICATION, ARGOCD, application["metadata"]["name"], reported)

    def _create_namespace(self, name: str | None) -> None:
        if name and name not in {one["metadata"]["name"] for one in self.store.list(NAMESPACE)}:
            self.store.create(NAMESPACE, {"metadata": {"name": name}})

    def _is_namespaced(self, declared: Object) -> bool:
        resource = self.store.resource_for(declared["apiVersion"], declared["kind"])
        return resource is None or resource.namespaced
