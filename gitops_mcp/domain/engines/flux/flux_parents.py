"""What a Flux Kustomization changes in the engine objects that it applies itself.

A common layout has one Kustomization for all applications which patches variables into each of theirs, so what stands
in the file of a Kustomization is not all that the cluster has.
"""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from gitops_mcp.domain.engines.applies import EngineObject, LocatedObject
from gitops_mcp.domain.engines.envsubst import Malformed
from gitops_mcp.domain.engines.reading import Files, TextPlace, clean_path, read_documents, texts_in
from gitops_mcp.domain.kustomize import Build, FileTree, Produced, join_path
from gitops_mcp.domain.kustomize.draft import Draft
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.kustomize.regex import Unsupported
from gitops_mcp.domain.kustomize.selectors import selects
from gitops_mcp.domain.objects import Object, Path, at

_PLAIN = frozenset({"apiVersion", "kind", "metadata", "resources", "bases", "generatorOptions"})
"""What a kustomization may say without a change to what it lists."""

_GENERATOR = "configMapGenerator"
_NOBODY: frozenset[TextPlace] = frozenset()

Key = tuple[str, int, Path]
"""Where an object is written."""
Made = Mapping[Key, Sequence[LocatedObject]]
"""What builds make of each object that is written somewhere."""


def key_of(one: LocatedObject) -> Key:
    return one.place.path, one.place.document, one.place.base


def parents(applied: Iterable[EngineObject]) -> list[EngineObject]:
    """The Kustomizations that can have others below them."""
    return [one for one in applied if one.engine == "flux" and one.kind != "HelmRelease" and one.counts]


def outermost(found: Iterable[LocatedObject]) -> set[TextPlace]:
    """Where the Kustomizations stand that no other one has in its folder, as far as the files say it themselves.

    What these make of the others is known before any other is read, so that most are read once.
    """
    inside: dict[str, set[TextPlace]] = {}
    flat = [one for one in found if one.kind == "Kustomization"]
    for one in flat:
        inside.setdefault(clean_path(at(one.object, "spec", "path")), set()).add(one.place)
    return {
        one.place for one in flat if all(inside.get(up, _NOBODY) <= {one.place} for up in _folders_of(one.place.path))
    }


def _folders_of(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path


def listing_folders(files: Files, found: Iterable[LocatedObject]) -> list[str]:
    """The outermost kustomizations that list objects, or a ConfigMap's generator, where one on the way changes them."""
    listers: dict[str, list[str]] = {}
    changing = set()
    for path in files:
        if is_kustomization(path):
            folder = posixpath.dirname(path)
            value = next((document.value for document in read_documents(files[path])), None)
            for entry in (*texts_in(at(value, "resources")), *texts_in(at(value, "bases"))):
                listers.setdefault(join_path(folder, entry) or "", []).append(folder)
            if isinstance(value, dict) and value.keys() - _PLAIN:
                changing.add(folder)
    tops: dict[str, None] = {}
    generated = [posixpath.dirname(path) for path in files if is_kustomization(path) and _GENERATOR in files[path]]
    for start in dict.fromkeys([*(one.place.path for one in found), *generated]):
        waiting, seen, is_changed = [start], {start}, start in changing
        outer = []
        while waiting:
            here = waiting.pop()
            above = [folder for folder in listers.get(here, ()) if folder not in seen]
            is_changed = is_changed or not changing.isdisjoint(above)
            outer += [] if above or here in files else [here]
            seen |= set(above)
            waiting += above
        tops |= dict.fromkeys(outer) if is_changed else {}
    return list(tops)


def objects_of_builds(
    tree: FileTree,
    key: tuple[str, str],
    builds: tuple[tuple[str, Build], ...],
    by: EngineObject,
    groups: Container[str],
) -> list[LocatedObject]:
    """What an engine object builds; the very same values as before where the same came out of a build."""
    depends = by.place, by.substitution
    known: Any = tree.memo.get(key)
    if known is None or known[0] != depends:
        known = depends, (), {}
    if known[1] is not builds:
        made: dict[tuple[int, str, str | None], tuple[Produced, LocatedObject | None]] = {}
        for folder, build in builds:
            for produced, doubt in build.of_groups(groups):
                # What it is made of is kept beside it, so that nothing else gets its id.
                which = id(produced), folder, doubt
                made[which] = known[2].get(which) or (produced, object_of_build(produced, doubt, folder, by))
        known = tree.memo[key] = depends, builds, made
    return [found for _, found in known[2].values() if found is not None]


def object_of_build(
    produced: Produced, doubt: str | None, folder: str, by: EngineObject | None
) -> LocatedObject | None:
    """With the variables of the Kustomization that applies it; itself it leaves alone."""
    first, value = produced.layers[0], produced.object
    place = TextPlace(first.path, first.document, first.base, first.line)
    if by is not None and place == by.place:
        return None
    if by is not None and by.substitution.is_active:
        from gitops_mcp.domain.engines import substitution

        with suppress(Malformed):
            value = substitution.substitute_object(value, by.substitution).object
    made = produced if value is produced.object else replace(produced, object=value)
    return LocatedObject(value, place, made, folder, doubt)


def as_built(found: Iterable[LocatedObject], made: Made) -> Iterator[LocatedObject]:
    """The objects as builds make them: the nearest where several do, as written where none does, or none is nearer."""
    for one in found:
        known = made.get(key_of(one), ())
        if len(known) < 2:
            yield known[0] if known else one
            continue
        depth = [len(each.home) if one.place.path.startswith(each.home.lstrip("/")) else 0 for each in known]
        nearest = [each for each, length in zip(known, depth, strict=True) if length == max(depth)]
        yield nearest[0] if nearest and all(each.object == nearest[0].object for each in nearest) else one


def with_built(found: Iterable[LocatedObject], made: Made, wanted: Container[tuple[str, str]]) -> list[LocatedObject]:
    """ConfigMaps and Secrets as builds make them, several of one where several do, and those that none makes."""
    built = [one for each in made.values() for one in each if (one.kind, one.name) in wanted]
    parts = {
        (layer.path, layer.document, layer.base)
        for one in built
        for layer in (one.produced.layers if one.produced else ())
    }
    return [*built, *(one for one in found if key_of(one) not in parts)]


def selects_object(target: Any, value: Object) -> bool:
    """Whether a target means an object; one that cannot be read means none."""
    try:
        return isinstance(target, dict) and selects(target, Draft(value, (), {}))
    except Unsupported:
        return False
