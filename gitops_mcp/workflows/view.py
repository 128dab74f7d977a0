"""What travels the one road for writes: the request, what a planner may look at, and the planner itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment, Settings
from gitops_mcp.domain.names import check_namespace_name
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.api_once import Look


@dataclass(frozen=True)
class View:
    """What a planner may look at."""

    app: App
    ground: Ground = field(repr=False)
    environment: Environment
    desired: Desired
    proposed: bool
    """The files are those of an open change, not the base's."""
    look: Look = field(repr=False)
    """The environment's API, as this call has seen it so far."""
    missing: bool = False
    """The environment's folder is not there: it may be new, or its path mistyped."""
    is_live: bool = False
    """`desired` is what the API has, written down; there is no commit behind it."""

    @property
    def settings(self) -> Settings:
        return self.ground.settings

    def at_base(self) -> View:
        """The same, of what is merged already."""
        if self.is_live:
            return self
        return view_at(self.app, self.ground, self.environment, self.ground.base.commit, proposed=False, look=self.look)

    def with_files(self, paths: Iterable[str]) -> View:
        """The same, knowing also what these files hold, where they exist."""
        if self.is_live:
            return self
        found = self.ground.repository.read_many(self.desired.commit, paths)
        texts = {path: file.data.decode("utf-8", errors="replace") for path, file in found.items()}
        return replace(self, desired=replace(self.desired, texts={**texts, **self.desired.texts}))

    def secret_files(self) -> frozenset[str]:
        """Files that may make Secrets."""
        if self.is_live:
            return frozenset(self.desired.texts)
        return self.ground.repository.snapshot(self.desired.commit).secrets

    def naming(self, text: str) -> dict[str, str]:
        """The manifests that have a text anywhere, of the environment and of what belongs to no other one."""
        if self.is_live:
            return {}
        others = [one.path for one in self.settings.environments.values() if one.path not in {"", self.desired.folder}]
        found = self.ground.repository.naming(self.desired.commit, text)
        own = [
            path
            for path in found
            if _is_below(path, self.desired.folder) or not any(_is_below(path, one) for one in others)
        ]
        read = self.ground.repository.read_many(self.desired.commit, own)
        return {path: file.data.decode("utf-8", errors="replace") for path, file in read.items()}

    def read(self, path: str) -> str | None:
        """A file of the base, which is reviewed; None: there is none."""
        found = self.ground.repository.read(self.ground.base.commit, path)
        return None if found is None else found.data.decode("utf-8", errors="replace")


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def view_at(
    app: App, ground: Ground, environment: Environment, commit: str, *, proposed: bool, look: Look | None = None
) -> View:
    """What an environment's folder declares at a commit. `look`: what the call has seen of the API already."""
    declared = app.desired(ground, environment.path, commit)
    missing = not ground.repository.has_folder(commit, environment.path)
    look = look or Look(app.kube(environment, ground.settings), app.schemas)
    return View(app, ground, environment, declared, proposed, look, missing=missing)


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
