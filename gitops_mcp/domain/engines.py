"""The engine objects that a commit declares, and what each of them applies.

Pure, and only what the repository itself says: an engine object that was made by hand or by Terraform is not here.
What the running engines say is in `engine`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_mcp.domain.applied import Applied, Declared, Files, Place, read
from gitops_mcp.domain import yamltext


def engines(files: Files, *, remotes: tuple[str, ...], revision: str) -> tuple[Applied, ...]:
    """Every engine object of the files; `remotes` are the URLs of this repository, `revision` its base branch."""
    raise NotImplementedError


def declared(files: Files) -> Iterator[Declared]:
    """Every object of the files, items of a `kind: List` too."""
    raise NotImplementedError


def files_of(applied: Applied, files: Files) -> tuple[str, ...]:
    """The files that a directory build takes, sorted; the kustomizations at which a Flux build stops are its own."""
    raise NotImplementedError


def definers(applied: Iterable[Applied]) -> frozenset[tuple[str, str, str]]:
    """(kind, namespace, name) of every ConfigMap and Secret that variables or values come from."""
    raise NotImplementedError
