"""Everything that a commit produces in an environment, as its engines apply it, with where each part of it stands.

Kustomizations are built, variables filled in, Helm values read. An object knows its live identity, the documents and
patches that make it, and the engine object that applies it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitops_mcp.domain.objects import Identity, Path
from gitops_mcp.domain.plan import FileChange
from gitops_mcp.domain.repository import Desired


def modelled(
    files: Mapping[str, str], *, commit: str, folder: str, remotes: tuple[str, ...] = (), revision: str = "main"
) -> Desired:
    """What the files of a commit produce in the environment whose folder is given."""
    raise NotImplementedError


def remodelled(before: Desired, files: Iterable[FileChange]) -> Desired:
    """The same, once the files are changed."""
    raise NotImplementedError


def proved(before: Desired, files: Iterable[FileChange], wanted: Identity, path: Path | None) -> None:
    """Raises Refused where an edit changes any other live object, or another field of the one that is asked for.

    `path` None: the whole object comes or goes.
    """
    raise NotImplementedError
