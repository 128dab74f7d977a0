"""Flux as `flux bootstrap` leaves it: a GitRepository, the root Kustomization, and the Kustomizations that Git brings.

Left out: other sources than GitRepositories, HelmReleases, substitution, and expressions of health checks. What is
drifting is mended at the next look, not at `interval`; a failure is tried again as soon, not at `retryInterval`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import ApiError, Store
from gitops_mcp.sandbox.controller import Controller
from gitops_mcp.sandbox.engines.argocd import POLL
from gitops_mcp.sandbox.engines.by_hand import apply_by_hand
from gitops_mcp.sandbox.engines.conditions import is_ready
from gitops_mcp.sandbox.engines.git_repository import source_status
from gitops_mcp.sandbox.engines.kustomization import Kustomization, Run, named_by
from gitops_mcp.sandbox.engines.layout import FLUX, flux_root
from gitops_mcp.sandbox.engines.server_side import ServerSide
from gitops_mcp.sandbox.kustomize import Files
from gitops_mcp.sandbox.remote import SandboxRemote
from gitops_mcp.sandbox.store.resources import NAMESPACE

FINALIZER = "finalizers.fluxcd.io"


class Flux(Controller):
    def __init__(
        self,
        store: Store,
        remote: SandboxRemote,
        *,
        poll: float = POLL,
        age_key: Path | None = None,
        applied: Iterable[Object] = (),
    ) -> None:
        """`age_key` is what a Kustomization with `spec.decryption` decrypts with; all others apply what they find.

        `applied`: what a person has applied by hand; left out, what the bootstrap does.
        """
        super().__init__(store)
        self._remote, self._poll, self._age_key = remote, poll, age_key
        self._by_model = bool(applied)
        self._applied = tuple(applied) or tuple(flux_root(remote))
        self._runs: dict[str, Run] = {}
        self._files: tuple[str, Files] = ("", {})

    def start(self) -> None:
        """What is applied by hand is there before this returns."""
        self.store.create(NAMESPACE, {"metadata": {"name": FLUX}})
        apply_by_hand(self.store, self._applied)
        super().start()

    def reconcile(self) -> float:
        for resource, turn in ((kinds.GIT_REPOSITORY, self._fetch), (kinds.KUSTOMIZATION, self._kustomize)):
            for one in self.store.list(resource):
                metadata = one["metadata"]
                with self.attempt(f"{resource.kind} {metadata['namespace']}/{metadata['name']}"):
                    if "deletionTimestamp" in metadata:
                        self._finalize(resource, one)
                    elif FINALIZER not in metadata.get("finalizers", ()):
                        marks = {"finalizers": [*metadata.get("finalizers", ()), FINALIZER]}
                        self.store.merge(resource, metadata["namespace"], metadata["name"], {"metadata": marks})
                    else:
                        turn(one)
        return self._poll

    def _fetch(self, repository: Object) -> None:
        secret = None
        if name := at(repository, "spec", "secretRef", "name"):
            try:
                self.store.get(kinds.SECRET, repository["metadata"]["namespace"], name)
            except ApiError as error:
                secret = error
        self._report(kinds.GIT_REPOSITORY, repository, source_status(repository, self._remote, secret))

    def _kustomize(self, one: Object) -> None:
        metadata, spec = one["metadata"], one["spec"]
        if spec.get("suspend"):
            status = one.get("status", {})
            if status:
                self._report(kinds.KUSTOMIZATION, one, {**status, "observedGeneration": metadata["generation"]})
            return
        run = self._runs.setdefault(metadata["uid"], Run())
        turn = Kustomization(self.store, one, run, report=lambda told: self._report(kinds.KUSTOMIZATION, one, told))
        source = spec["sourceRef"]
        try:
            repository = self.store.get(
                kinds.GIT_REPOSITORY, source.get("namespace", metadata["namespace"]), source["name"]
            )
        except ApiError:
            turn.miss_source(f'{source["kind"]}.source.toolkit.fluxcd.io "{source["name"]}" not found')
            return
        revision = at(repository, "status", "artifact", "revision")
        if revision is None:
            turn.miss_source("Source artifact not found, retrying in 30s")
            return
        for dependency in spec.get("dependsOn") or ():
            if why := self._unready(one, dependency, revision):
                place = f"{dependency.get('namespace', metadata['namespace'])}/{dependency['name']}"
                turn.wait_for(place, why)
                return
        turn.reconcile(
            revision, self._content(revision), age_key=self._age_key, pause=self._poll, by_model=self._by_model
        )

    def _unready(self, one: Object, dependency: Object, revision: str) -> str | None:
        namespace = dependency.get("namespace", one["metadata"]["namespace"])
        try:
            found = self.store.get(kinds.KUSTOMIZATION, namespace, dependency["name"])
        except ApiError:
            return "not found"
        if not is_ready(found):
            return "is not ready"
        same = at(found, "spec", "sourceRef", "name") == at(one, "spec", "sourceRef", "name")
        late = same and at(found, "status", "lastAppliedRevision") != revision
        return "revision is not up to date" if late else None

    def _content(self, revision: str) -> Files:
        if self._files[0] != revision:
            self._files = revision, self._remote.files(revision.rpartition(":")[2])
        return self._files[1]

    def _finalize(self, resource: Resource, one: Object) -> None:
        """A Kustomization that prunes takes along what it has applied."""
        metadata = one["metadata"]
        if at(one, "spec", "prune") and not at(one, "spec", "suspend"):
            for entry in reversed(at(one, "status", "inventory", "entries") or []):
                ServerSide(self.store).delete(named_by(entry))
        kept = [name for name in metadata.get("finalizers", ()) if name != FINALIZER]
        place = metadata["namespace"], metadata["name"]
        self.store.merge(resource, *place, {"metadata": {"finalizers": kept or None}})

    def _report(self, resource: Resource, one: Object, status: Object) -> None:
        place = one["metadata"]["namespace"], one["metadata"]["name"]
        self.store.change(resource, *place, lambda live: {**live, "status": status}, subresource="status")
