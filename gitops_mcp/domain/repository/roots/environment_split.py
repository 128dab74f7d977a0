"""The environments to write into `.gitops-mcp.yaml` where one name is several live objects.

A repository of several Kubernetes clusters declares a name once for each. Without configuration all of it is one
environment, in which nobody can say which of them is meant.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from gitops_mcp.domain.repository.desired import Declaration, folders_above
from gitops_mcp.domain.repository.roots.environment_roots import EnvironmentRoots

_NOT_IN_NAMES = re.compile(r"[^a-z0-9-]+")


def environments_to_write(roots: EnvironmentRoots, found: Sequence[Declaration]) -> str | None:
    """The text to paste: a folder for each of these, that has it and none of the others; None where there is none."""
    lines = ["environments:"]
    names: set[str] = set()
    for one in found:
        folders = sorted(
            set(_folders(roots, one)), key=lambda folder: (-_size(roots, folder), folder.count("/"), folder)
        )
        own = next(
            (folder for folder in folders if [it is one for it in found if _has(roots, folder, it)] == [True]), None
        )
        if own is None:
            return None
        name = _NOT_IN_NAMES.sub("-", posixpath.basename(own).lower()).strip("-") or "environment"
        name = name if name not in names else _NOT_IN_NAMES.sub("-", own.lower()).strip("-")
        names.add(name)
        lines += [f"  {name}:", f"    path: {own}"]
    return "\n".join(lines) if len(names) == len(found) else None


def _size(roots: EnvironmentRoots, folder: str) -> int:
    """How much an environment of that folder has, since more of a Kubernetes cluster belongs to it than this object."""
    return len(roots.engines_of_folder(roots.applied, folder))


def _folders(roots: EnvironmentRoots, one: Declaration) -> Iterator[str]:
    """Every folder at or above the declaration, its engine object, and those that apply that one."""
    paths = [one.path, *([f"{one.root}/"] if one.root else [])]
    waiting = [one.applied] if one.applied else []
    seen = set()
    while waiting:
        by = waiting.pop()
        if str(by.place) not in seen:
            seen.add(str(by.place))
            paths += [by.place.path, f"{by.folder}/" if by.folder else ""]
            waiting += roots.appliers(by.place.path)
    for path in paths:
        yield from (folder for folder in folders_above(posixpath.dirname(path), "") if folder)


def _has(roots: EnvironmentRoots, folder: str, one: Declaration) -> bool:
    """Whether an environment of that folder has it."""
    if one.applied is None:
        return f"{one.path if one.root is None else one.root}/".startswith(f"{folder}/")
    return any(roots.engines[index] == one.applied for index in roots.engines_of_folder(roots.applied, folder))
