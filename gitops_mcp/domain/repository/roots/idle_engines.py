"""Engine objects that nothing sees to, so that what they would apply is not applied.

A root is an engine object that nothing in Git applies: somebody made it by hand, or a bootstrap did, so it counts. It
does not where another engine object builds its folder and leaves it out, or where it stands among examples. What only
such objects apply, engine objects too, is as idle as they are.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.declared import takes_file
from gitops_mcp.domain.engines.left_out import leaving_out
from gitops_mcp.domain.engines.parked import parked_folder
from gitops_mcp.domain.engines.reading import Files, kustomization_path, read_documents
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.objects import list_at
from gitops_mcp.domain.repository.desired import folders_above

Reached = Mapping[int, frozenset[str]]
"""By engine object, the files that it takes."""


class Idle(str):
    """Why nothing applies an engine object."""

    __slots__ = ()


def find_idle(engines: Sequence[EngineObject], reached: Reached, files: Files, top: str) -> dict[int, Idle]:
    """Which engine objects are idle, each with the reason. `reached`: of those that are built."""
    applies, applied = _applied_engines(engines, reached)
    places = {one.place.path for one in engines}
    parked = {index: folder for index, one in enumerate(engines) if (folder := parked_folder(one.place.path, top))}
    # One among examples may build everything: what it applies elsewhere is at work by itself.
    free = [
        index for index in range(len(engines)) if index not in parked and applied.get(index, set()) <= parked.keys()
    ]
    builders: dict[str, list[int]] = {}
    for by in reached:
        builders.setdefault(engines[by].folder or "", []).append(by)
    left: dict[int, str] = {}
    for index in free:
        own = engines[index].place
        above = [by for folder in folders_above(posixpath.dirname(own.path), "") for by in builders.get(folder, ())]
        spend(len(above))
        for by in above:
            why = engines[by].place != own and _why_left_out(engines[by], reached[by], own.path, files, places)
            # Who is at work only because of this one has no say in it.
            if why and _works_without(by, index, [one for one in free if one not in left], applies, applied):
                left[index] = f"nothing applies {own.path}: {why}"
                break
    live = _reachable(applies, [one for one in free if one not in left])
    idle = dict(left)
    for index, why in left.items():
        for below in _reachable(applies, [index]) - live - idle.keys():
            idle[below] = f"only {engines[index]} has it applied, and {why}"
    # What is left stands among examples, or applies each other, as an engine does that manages itself: that is live.
    live |= _reachable(applies, [index for index in range(len(engines)) if index not in parked.keys() | idle.keys()])
    for index in parked.keys() - live - idle.keys():
        idle[index] = f"nothing applies {engines[index].place.path}, and {parked[index]}/ is not taken for live"
    return {index: Idle(why) for index, why in idle.items()}


def _applied_engines(
    engines: Sequence[EngineObject], reached: Reached
) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """By engine object, the others whose file it takes, and those that take its own."""
    standing = engines_by_file(engines)
    applies: dict[int, set[int]] = {}
    applied: dict[int, set[int]] = {}
    for by, paths in reached.items():
        for path in paths & standing.keys():
            if takes_manifest(engines[by], path) and leaving_out(engines[by].file_rules, path) is None:
                for index in standing[path]:
                    if engines[index].place != engines[by].place:
                        applies.setdefault(by, set()).add(index)
                        applied.setdefault(index, set()).add(by)
    return applies, applied


def engines_by_file(engines: Sequence[EngineObject]) -> dict[str, list[int]]:
    """By the file that declares them."""
    found: dict[str, list[int]] = {}
    for index, one in enumerate(engines):
        found.setdefault(one.place.path, []).append(index)
    return found


def takes_manifest(by: EngineObject, path: str) -> bool:
    """Whether a file that its build reads is one that it applies: it reads its own for what that adds to the build."""
    return path != by.place.path or not by.folder or path.startswith(f"{by.folder}/")


def _works_without(
    by: int, index: int, roots: Collection[int], applies: Mapping[int, Collection[int]], applied: Mapping[int, set[int]]
) -> bool:
    """Whether one is at work, and the other is not applied, however that root counts."""
    if by in roots and index not in applied:
        return True
    others = _reachable(applies, [one for one in roots if one != index])
    return by in others and index not in others


def _reachable(applies: Mapping[int, Collection[int]], starts: Iterable[int]) -> set[int]:
    found, waiting = set(starts), list(starts)
    while waiting:
        more = set(applies.get(waiting.pop(), ())) - found
        found |= more
        waiting += more
    return found


def _why_left_out(
    by: EngineObject, reached: frozenset[str], path: str, files: Files, places: Collection[str]
) -> str | None:
    """How an engine object that builds the folder of a file leaves the file out; None where it does not build that."""
    if by.folder is None or by.build == "helm" or not path.startswith(f"{by.folder}/" if by.folder else ""):
        return None
    if rule := leaving_out(by.file_rules, path):
        return f"{rule} leaves it out, and {by} builds that folder"
    if by.build == "directory" and by.engine == "argocd":
        looks = by.selection.recurse or posixpath.dirname(path) == by.folder
        return f"{by} leaves it out of its folder" if looks and not takes_file(by, path, files) else None
    return _why_unlisted(by, reached, path, files, places)


def _why_unlisted(
    by: EngineObject, reached: frozenset[str], path: str, files: Files, places: Collection[str]
) -> str | None:
    for folder in folders_above(posixpath.dirname(path), by.folder or ""):
        kustomization = kustomization_path(files, folder)
        if kustomization is None or kustomization not in reached:
            continue
        told = f"{kustomization}, which {by} builds,"
        if line := _commented_out(files[kustomization], path, folder):
            return f"it is commented out at {kustomization}:{line}, which {by} builds"
        entries = set(_entries(files[kustomization], folder))
        if {path, *_folders_below(path, folder)} & entries:
            return None
        if posixpath.dirname(path) == folder or (folder and _leads_to_any(entries, places)):
            return f"{told} does not list it"
    return None


def _entries(text: str, folder: str) -> Iterator[str]:
    for document in read_documents(text):
        for field in ("resources", "bases", "components"):
            for entry in list_at(document.value, field):
                if (found := join_path(folder, str(entry))) is not None:
                    yield found


def _folders_below(path: str, folder: str) -> Iterator[str]:
    """The folders between a folder and a file, by which a list may name the file."""
    return (one for one in folders_above(posixpath.dirname(path), folder) if one != folder)


def _leads_to_any(entries: Collection[str], places: Collection[str]) -> bool:
    """Whether a list names engine objects, so that one that it does not name is left out on purpose."""
    return any(place in entries or any(place.startswith(f"{entry}/") for entry in entries) for place in places)


def _commented_out(text: str, path: str, folder: str) -> int | None:
    names = {one.removeprefix(f"{folder}/") for one in (path, *_folders_below(path, folder))}
    for number, line in enumerate(text.splitlines(), 1):
        said, is_comment = line.strip(), line.lstrip().startswith("#")
        entry = said.lstrip("# ").removeprefix("-").partition(" #")[0].strip(" '\"")
        if is_comment and entry.removeprefix("./").rstrip("/") in names:
            return number
    return None
