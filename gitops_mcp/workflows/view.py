"""What a request is planned from: the desired state, the API as this call sees it, and files beside the manifests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol

from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment, Settings
from gitops_mcp.domain.cnpg.protection import Engine
from gitops_mcp.domain.kinds import APPLICATION, KUSTOMIZATION
from gitops_mcp.domain.names import check_namespace_name
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import GitOpsError, InvalidRequest
from gitops_mcp.workflows.api_once import ApiOnce

if TYPE_CHECKING:
    from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
    from gitops_mcp.domain.plans.passwords.secret_documents import SecretDocument, Way
    from gitops_mcp.domain.plans.removal_step import Kept


class Source(Protocol):
    """Where a desired state comes from, with all that differs between a commit and what is live."""

    @property
    def ground(self) -> Ground:
        """What the request stands on, also where it is only asked what it means."""

    @property
    def nothing(self) -> str:
        """What no maker of a Secret was found in: `nothing in Git`."""

    def unmade(self, secret: str) -> str:
        """What is told of a Secret that outlives its role, since nothing was found that makes it."""

    def wrote_secret(self, api: ApiOnce, namespace: str, secret: str) -> bool:
        """Whether this server wrote a Secret to the API that goes with its role at once."""

    def check_provider(self, name: Way) -> None:
        """Raises Refused where what a provider writes would not become a Secret."""

    def leftovers(self, documents: Iterable[SecretDocument]) -> Collection[SecretDocument]:
        """Of those that make Secrets what is taken up again: a request made it that failed half way."""

    def generator_paths(self, paths: Collection[str]) -> Collection[str]:
        """Where the generators of the ExternalSecrets of these files stand."""

    def read_files(self, paths: Iterable[str]) -> Mapping[str, str]:
        """What files hold, where they exist."""

    def read_reviewed(self, path: str) -> str | None:
        """A file of the base, which is reviewed; None: there is none."""

    def secret_paths(self) -> Collection[str]:
        """Files that may make Secrets."""

    def manifests_with(self, text: str) -> Mapping[str, str]:
        """The manifests that have a text anywhere, of the environment and of what belongs to no other one."""

    def places(self, target: Identity, candidates: Iterable[FilePlace]) -> tuple[FilePlace, ...]:
        """Where a new object may be written, the likeliest first."""

    def engine(self, api: ApiOnce, desired: Desired) -> Engine | Literal["none"] | None:
        """What applies new objects; None where that cannot be told."""

    def why_kept(self, declared: Declaration, live: Object | None) -> Kept | None:
        """What keeps a live object although its manifest goes."""


@dataclass(frozen=True)
class Carried:
    """What an earlier commit of the same request has made, and what is then not made again."""

    texts: tuple[str, ...] = ()
    """Its files."""
    moments: tuple[datetime, ...] = ()
    """What it may have taken for now."""
    secrets: frozenset[tuple[str, str]] = frozenset()
    """Namespace and name of what was written to the API with it."""


@dataclass(frozen=True)
class View:
    """What one attempt at a request may look at. It asks for each thing once, and holds nothing that writes."""

    settings: Settings
    environment: Environment
    desired: Desired
    base: Desired = field(repr=False)
    """What is merged already: nearer to what is live than an open change."""
    api: ApiOnce = field(repr=False)
    """The environment's API, as this call has seen it so far."""
    source: Source = field(repr=False)
    proposed: bool = False
    """The files are those of an open change, not the base's."""
    carried: Carried | None = field(default=None, repr=False)

    @property
    def now(self) -> datetime:
        """What a request takes for now, where it writes that down."""
        return next(iter(self.carried.moments if self.carried else ()), None) or datetime.now(UTC)

    def with_files(self, paths: Iterable[str]) -> View:
        """The same, knowing also what these files hold, where they exist."""
        texts = {**self.source.read_files(paths), **self.desired.texts}
        return replace(self, desired=replace(self.desired, texts=texts))

    def with_places(self, target: Identity, candidates: Iterable[FilePlace]) -> tuple[View, tuple[FilePlace, ...]]:
        """Where a new object may be written, and the same view knowing what stands there."""
        found = self.source.places(target, candidates)
        return self.with_files(place.path for place in found if not place.appended), found


@dataclass(frozen=True)
class CommitSource:
    """The files of a commit in the team's repository."""

    ground: Ground
    environment: Environment
    commit: str
    engine_api: ApiOnce
    nothing: str = "nothing in Git"

    def unmade(self, secret: str) -> str:
        return f"Secret {secret} is not made by Git and stays"

    def wrote_secret(self, api: ApiOnce, namespace: str, secret: str) -> bool:  # noqa: ARG002 - its role is there until the change is merged
        return False

    def check_provider(self, name: Way) -> None:
        """Each of them has a controller or an engine."""

    def leftovers(self, documents: Iterable[SecretDocument]) -> Collection[SecretDocument]:  # noqa: ARG002 - a commit is whole
        return ()

    def generator_paths(self, paths: Collection[str]) -> Collection[str]:
        return paths

    def read_files(self, paths: Iterable[str]) -> Mapping[str, str]:
        return read_texts(self.ground, self.commit, paths)

    def read_reviewed(self, path: str) -> str | None:
        return read_texts(self.ground, self.ground.base.commit, (path,)).get(path)

    def secret_paths(self) -> Collection[str]:
        return self.ground.repository.snapshot(self.commit).secrets

    def manifests_with(self, text: str) -> Mapping[str, str]:
        folder = self.environment.path
        others = [one.path for one in self.ground.settings.every_environment if one.path not in {"", folder}]
        found = self.ground.repository.naming(self.commit, text)
        return self.read_files(
            path for path in found if _is_below(path, folder) or not any(_is_below(path, one) for one in others)
        )

    def places(self, target: Identity, candidates: Iterable[FilePlace]) -> tuple[FilePlace, ...]:  # noqa: ARG002 - the live state places by identity
        return tuple(candidates)

    def engine(self, api: ApiOnce, desired: Desired) -> Engine | Literal["none"] | None:  # noqa: ARG002 - it may run elsewhere
        """As configured, else as the API shows, else the one whose objects in Git apply what the environment has."""
        if self.environment.engine_type != "auto":
            return self.environment.engine_type
        try:
            argo, flux = (
                self.engine_api.has_any(kind, self.environment.engine_namespace)
                for kind in (APPLICATION, KUSTOMIZATION)
            )
        except GitOpsError:
            argo = flux = False
        if argo != flux:
            return "argocd" if argo else "flux"
        engines = {one.applied.engine for one in desired.declarations if one.applied}
        return engines.pop() if len(engines) == 1 else None

    def why_kept(self, declared: Declaration, live: Object | None) -> Kept | None:
        from gitops_mcp.domain.plans.removal_step import why_not_pruned

        return why_not_pruned(declared, live, self.environment.engine_type)


def read_texts(ground: Ground, commit: str, paths: Iterable[str], *, largest: int | None = None) -> dict[str, str]:
    """What files of a commit hold, where they exist; of one above `largest` bytes only which it is."""
    found = ground.repository.read_many(commit, paths, largest=largest)
    return {path: file.data.decode("utf-8", errors="replace") for path, file in found.items()}


def file_changes(
    ground: Ground, old: str, new: str, paths: Iterable[str], *, largest: int | None = None
) -> tuple[FileChange, ...]:
    """What files hold in two commits, as `read_texts` has it."""
    paths = tuple(paths)
    before, after = (read_texts(ground, commit, paths, largest=largest) for commit in (old, new))
    return tuple(FileChange(path, before.get(path), after.get(path)) for path in paths)


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def view_at(
    app: App,
    ground: Ground,
    environment: Environment,
    commit: str,
    *,
    proposed: bool,
    branch: str = "",
    api: ApiOnce | None = None,
) -> View:
    """What an environment's folder declares at a commit: the base's, or, proposed, the tip of a change's branch.

    `api`: what the call has seen of the API already.
    """
    api = api or ApiOnce(app.kube(environment, ground.settings), app.schemas)
    engine_kube = app.engine_kube(environment, ground.settings)
    engine_api = api if engine_kube is api.kube else ApiOnce(engine_kube, app.schemas)
    desired = desired_here(app, ground, environment, commit, engine_api)
    if branch:
        desired = replace(desired, origin=replace(desired.origin, name=f"branch {branch}"))
    base = desired_here(app, ground, environment, ground.base.commit, engine_api)
    source = CommitSource(ground, environment, commit, engine_api)
    return View(ground.settings, environment, desired, base, api, source, proposed)


def desired_here(
    app: App, ground: Ground, environment: Environment, commit: str, engine_api: ApiOnce | None
) -> Desired:
    """What a commit produces in an environment; what Git leaves open of its ApplicationSets is asked of the API."""
    desired = app.desired(ground, environment.path, commit)
    if engine_api is None or environment.engine_type in {"flux", "none"}:
        return desired
    if all(one.kind != "ApplicationSet" for one in desired.engines):
        return desired
    from gitops_mcp.domain.engines.applicationsets.live import applications_of_sets, is_open_set

    if not any(map(is_open_set, desired.engines)):
        return desired
    try:
        made = applications_of_sets(desired.engines, engine_api.every(APPLICATION, environment.engine_namespace))
    except GitOpsError:  # Git says why it is open
        return desired
    return app.desired(ground, environment.path, commit, made) if made else desired


def allowed_namespace(environment: Environment, namespace: str | None) -> str | None:
    """A namespace a caller named, legal and allowed. Raises InvalidRequest or Refused with what would work."""
    if namespace is None:
        return None
    check_namespace_name(namespace)
    if environment.namespaces is not None and namespace not in environment.namespaces:
        raise InvalidRequest(
            f"namespace: {namespace!r} is not one of environment {environment.name!r}; "
            f"there are: {', '.join(environment.namespaces)}"
        )
    return namespace
