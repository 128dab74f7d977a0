"""Patches that give one object its own value: those that are there, and new ones in the style of their folder."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from gitops_mcp.domain import effects, jsonpatches, layered
from gitops_mcp.domain.applied import kustomization_of, read, texts
from gitops_mcp.domain.kustomize import Layer, Produced
from gitops_mcp.domain.kustomize.tree import joined
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.plan import Draft
from gitops_mcp.domain.repository import Declaration, Desired
from gitops_mcp.domain.yamltext import Insert, Set
from gitops_mcp.errors import GitOpsError

_FILE_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def patched(
    desired: Desired, files: Mapping[str, str], declared: Declaration, wanted: Set, behind: int
) -> Iterator[Draft]:
    """The patches of this object, the last first, each with the field in it; only those behind a layer count."""
    produced = declared.produced
    for index, layer in reversed(list(enumerate(produced.layers if produced else ()))):
        if index <= behind or produced is None or effects.sharing(desired, declared, layer):
            continue
        draft = Draft(files)
        with suppress(GitOpsError):  # it cannot be edited, so it is no candidate
            if layer.kind == "merge patch":
                layered.edit(draft, layer, wanted)
            elif layer.kind == "json patch":
                _operate(draft, layer, produced, wanted.path, wanted.value)
            yield draft


def begun(desired: Desired, files: Mapping[str, str], declared: Declaration, wanted: Set) -> Iterator[Draft]:
    """A new patch, in the folder nearest to the document first; each is to be proven to mean this object alone."""
    produced = declared.produced
    if produced is None or declared.root is None:
        return
    document = produced.layers[0]
    # A folder makes the same thing for another object where the way from there on is the same.
    taken = {way for one in effects.sharing(desired, declared, document) for way in _parts(folders(files, one))}
    ways = _parts(folders(files, declared))
    metadata = _metadata(layered.value(Draft(files), document))
    # The document's own name is how a patch finds it, unless several have it by then.
    for is_renamed in (False, True):
        for way in reversed([way for way in ways if way not in taken]):
            named = _named(files, way[1:], metadata) if is_renamed else metadata
            if is_renamed and named == metadata:
                continue
            draft = Draft(files)
            with suppress(GitOpsError):  # a file of that name is there, or the list cannot be edited
                _begin(draft, way[0], _manifest(produced, named, wanted.path, wanted.value))
                yield draft
        section = declared.applied.overlay if declared.applied else None
        if section is not None and section.value.get("patches"):
            named = _named(files, ways[0] if ways else (), metadata) if is_renamed else metadata
            manifest = _manifest(produced, named, wanted.path, wanted.value)
            text = layered.written(manifest, files[section.path]).rstrip()
            draft, place = Draft(files), section.at(("patches",))
            draft.edit(section.path, section.document, Insert(place, len(section.value["patches"]), {"patch": text}))
            yield draft


def folders(files: Mapping[str, str], declared: Declaration) -> tuple[str, ...]:
    """The folders whose kustomizations lead from the root of a build to the object's document, the root first."""
    produced = declared.produced
    if produced is None or declared.root is None:
        return ()
    # Where several lead to one document, the object went through those that left something on it.
    seen = {layer.folder for layer in produced.layers[1:]}
    ways = _ways(files, declared.root, produced.layers[0].path, ())
    return max(ways, key=lambda way: len(seen.intersection(way)), default=())


def _parts(way: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [way[index:] for index in range(len(way))]


def _ways(files: Mapping[str, str], folder: str, path: str, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    kustomization = kustomization_of(files, folder)
    if kustomization is None or folder in above:
        return
    value = _first(files[kustomization])
    for name in ("resources", "bases", "components"):
        for entry in texts(at(value, name)):
            place = joined(folder, entry)
            if place == path:
                yield (*above, folder)
            elif place is not None:
                yield from _ways(files, place, path, (*above, folder))


def _first(text: str) -> Any:
    found = read(text)
    return found[0].value if found else None


def _metadata(value: object) -> dict[str, str]:
    found = {key: at(value, "metadata", key) for key in ("name", "namespace")}
    return {key: one for key, one in found.items() if isinstance(one, str) and one}


def _named(files: Mapping[str, str], way: tuple[str, ...], metadata: Mapping[str, str]) -> dict[str, str]:
    """The name and namespace that an object has once these folders are built, the innermost first."""
    found = dict(metadata)
    for folder in reversed(way):
        value = _first(files[kustomization_of(files, folder) or ""])
        found["name"] = f"{at(value, 'namePrefix') or ''}{found['name']}{at(value, 'nameSuffix') or ''}"
        if at(value, "namespace"):
            found["namespace"] = str(at(value, "namespace"))
    return found


def _manifest(produced: Produced, metadata: Mapping[str, str], path: Path, value: Any) -> Object:
    """A merge patch that says one field."""
    patch: Object = {key: produced.object[key] for key in ("apiVersion", "kind")} | {"metadata": dict(metadata)}
    for step in reversed(path[1:]):
        value = {str(step): value}
    return _merged(patch, str(path[0]), value)


def _merged(patch: Object, key: str, part: Any) -> Object:
    return {**patch, key: {**patch[key], **part}} if key in patch else {**patch, key: part}


def _operate(draft: Draft, layer: Layer, produced: Produced, path: Path, value: Any) -> None:
    operations = layered.value(draft, layer)
    count = len(operations) if isinstance(operations, list) else 0
    layered.edit(draft, layer, Insert((), count, jsonpatches.operation(produced.object, path, value)))


def _begin(draft: Draft, folder: str, manifest: Object) -> None:
    files = draft.before
    kustomization = kustomization_of(files, folder)
    if kustomization is None:
        return
    text = files[kustomization]
    value = _first(text)
    entries = at(value, "patches") or []
    legacy = at(value, "patchesStrategicMerge") or []
    if not entries and legacy:
        paths = [entry for entry in texts(legacy) if "\n" not in entry]
        if len(paths) * 2 > len(legacy):
            path = _create(draft, folder, paths, manifest, text)
            draft.edit(kustomization, 0, Insert(("patchesStrategicMerge",), _index(paths, legacy, path), path))
        else:
            patch = layered.written(manifest, text).rstrip()
            draft.edit(kustomization, 0, Insert(("patchesStrategicMerge",), len(legacy), patch))
        return
    paths = [entry["path"] for entry in entries if isinstance(at(entry, "path"), str)]
    if len(paths) * 2 > len(entries):
        path = _create(draft, folder, paths, manifest, text)
        draft.edit(kustomization, 0, Insert(("patches",), _index(paths, entries, path), {"path": path}))
    else:
        patch = layered.written(manifest, text).rstrip()
        draft.edit(kustomization, 0, Insert(("patches",), len(entries), {"patch": patch}))


def _create(draft: Draft, folder: str, siblings: list[str], manifest: Object, like: str) -> str:
    """A new file named as its siblings are, with its path relative to the folder."""
    name = manifest["metadata"]["name"]
    name = name if _FILE_NAME.fullmatch(name) else str(manifest["kind"]).lower()
    path = posixpath.join(posixpath.dirname(siblings[0]), f"{name}-patch.yaml")
    for sibling in siblings:
        place = joined(folder, sibling)
        text = draft.before.get(place or "", "")
        theirs = at(_first(text), "metadata", "name")
        pattern = _token(theirs) if isinstance(theirs, str) and theirs else None
        if pattern is not None and pattern.search(sibling):
            path, like = pattern.sub(lambda _: name, sibling), text
            break
    draft.create(posixpath.join(folder, path), layered.written(manifest, like))
    return path


def _token(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])")


def _index(paths: list[str], entries: list[Any], path: str) -> int:
    """A sorted list stays sorted; another one is appended to."""
    is_sorted = len(paths) == len(entries) > 1 and paths == sorted(paths)
    return bisect(paths, path) if is_sorted else len(entries)
