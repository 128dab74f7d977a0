"""Patches that give one object its own value: those that are there, and new ones in the style of their folder."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from gitops_mcp.domain.editing import proof
from gitops_mcp.domain.editing.json_patch import operation_to_set
from gitops_mcp.domain.editing.nested_text import edit_nested, nested_value, render_like
from gitops_mcp.domain.engines.reading import kustomization_path, read_documents, texts_in, value_at_place
from gitops_mcp.domain.kustomize import Layer, Produced, join_path
from gitops_mcp.domain.objects import Object, Path, at, list_at
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles
from gitops_mcp.domain.yaml.edits import Insert, Set
from gitops_mcp.errors import GitOpsError

_FILE_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def drafts_in_own_patches(
    desired: Desired, files: Mapping[str, str], declared: Declaration, wanted: Set, behind: int
) -> Iterator[DraftFiles]:
    """The patches of this object, the last first, each with the field in it; only those behind a layer count."""
    produced = declared.produced
    for index, layer in reversed(list(enumerate(produced.layers if produced else ()))):
        if index <= behind or produced is None or proof.sharers_of_layer(desired, declared, layer):
            continue
        draft = DraftFiles(files)
        with suppress(GitOpsError):  # it cannot be edited, so it is no candidate
            if layer.kind == "merge patch":
                edit_nested(draft, layer, wanted)
            elif layer.kind == "json patch":
                _append_operation(draft, layer, produced, wanted.path, wanted.value)
            yield draft


def drafts_with_new_patch(
    desired: Desired, files: Mapping[str, str], declared: Declaration, wanted: Set
) -> Iterator[DraftFiles]:
    """A new patch, in the folder nearest to the document first; each is to be proven to mean this object alone.

    `clusters/prod` lists `../../apps/shop`, and that `../../base/db.yaml`; `clusters/test` lists `../../apps/shop`
    too. The way of the prod object is `(clusters/prod, apps/shop)`. Its tail `(apps/shop,)` is that of the test object
    as well, so a patch there would change both: drafted is one in `clusters/prod/kustomization.yaml` alone, as a file
    where most of its patches are files, else inline. It names the object as the document does; a second draft names it
    as what lies below the folder makes it, `eu-db` where `apps/shop` says `namePrefix: eu-`.
    """
    produced = declared.produced
    if produced is not None:
        said = partial(_merge_patch_for, produced, path=wanted.path, value=wanted.value)
        yield from _drafts_with_manifest(desired, files, declared, said)


def drafts_with_deletion(desired: Desired, files: Mapping[str, str], declared: Declaration) -> Iterator[DraftFiles]:
    """The same of a new patch that takes the object out of the build."""
    produced = declared.produced
    if produced is not None:
        head: Object = {key: produced.object[key] for key in ("apiVersion", "kind")}
        said = lambda named: {**head, "metadata": dict(named), "$patch": "delete"}  # noqa: E731
        yield from _drafts_with_manifest(desired, files, declared, said)


def _drafts_with_manifest(
    desired: Desired,
    files: Mapping[str, str],
    declared: Declaration,
    manifest_for: Callable[[Mapping[str, str]], Object],
) -> Iterator[DraftFiles]:
    produced = declared.produced
    if produced is None or declared.root is None:
        return
    document = produced.layers[0]
    # A folder makes the same thing for another object where the way from there on is the same.
    taken = {
        way
        for one in proof.sharers_of_layer(desired, declared, document)
        for way in _way_tails(folders_to_document(files, one))
    }
    ways = _way_tails(folders_to_document(files, declared)) or _way_of_root(files, declared.root)
    metadata = _name_and_namespace(nested_value(DraftFiles(files), document))
    # The document's own name is how a patch finds it, unless several have it by then.
    for is_renamed in (False, True):
        for way in reversed([way for way in ways if way not in taken]):
            named = _built_name(files, way[1:], metadata) if is_renamed else metadata
            if is_renamed and named == metadata:
                continue
            draft = DraftFiles(files)
            with suppress(GitOpsError):  # a file of that name is there, or the list cannot be edited
                _add_patch_to_list(draft, way[0], manifest_for(named))
                yield draft
        named = _built_name(files, ways[0] if ways else (), metadata) if is_renamed else metadata
        if not is_renamed or named != metadata:
            yield from _drafts_in_overlay(files, declared, manifest_for(named))


def _drafts_in_overlay(files: Mapping[str, str], declared: Declaration, manifest: Object) -> Iterator[DraftFiles]:
    """In `spec.patches` of the Kustomization that applies the object, as its own file has them.

    What a parent brings in does not stand there, and may take the place of what does, which the proof finds.
    """
    engine = declared.applied
    if engine is None or engine.engine != "flux" or engine.kind != "Kustomization":
        return
    place = engine.place.below("spec", "patches")
    own = value_at_place(place, files)
    entry = {"patch": render_like(manifest, files[place.path]).rstrip()}
    draft = DraftFiles(files)
    with suppress(GitOpsError):
        if isinstance(own, list):
            draft.edit(place.path, place.document, Insert(place.base, len(own), entry))
        elif own is None:
            draft.edit(place.path, place.document, Set(place.base, [entry]))
        yield draft


def folders_to_document(files: Mapping[str, str], declared: Declaration) -> tuple[str, ...]:
    """The folders whose kustomizations lead from the root of a build to the object's document, the root first."""
    produced = declared.produced
    if produced is None or declared.root is None:
        return ()
    # Where several lead to one document, the object went through those that left something on it.
    seen = {layer.folder for layer in produced.layers[1:]}
    ways = _ways_to_file(files, declared.root, produced.layers[0].path, ())
    return max(ways, key=lambda way: len(seen.intersection(way)), default=())


def _way_of_root(files: Mapping[str, str], root: str) -> list[tuple[str, ...]]:
    """For what an engine object adds to the build: kustomize puts components in before it applies patches."""
    return [(root,)] if kustomization_path(files, root) is not None else []


def _way_tails(way: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [way[index:] for index in range(len(way))]


def _ways_to_file(
    files: Mapping[str, str], folder: str, path: str, above: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    kustomization = kustomization_path(files, folder)
    if kustomization is None or folder in above:
        return
    value = _first_value(files[kustomization])
    for name in ("resources", "bases", "components"):
        for entry in texts_in(at(value, name)):
            place = join_path(folder, entry)
            if place == path:
                yield (*above, folder)
            elif place is not None:
                yield from _ways_to_file(files, place, path, (*above, folder))


def _first_value(text: str) -> Any:
    found = read_documents(text)
    return found[0].value if found else None


def _name_and_namespace(value: object) -> dict[str, str]:
    found = {key: at(value, "metadata", key) for key in ("name", "namespace")}
    return {key: one for key, one in found.items() if isinstance(one, str) and one}


def _built_name(files: Mapping[str, str], way: tuple[str, ...], metadata: Mapping[str, str]) -> dict[str, str]:
    """The name and namespace that an object has once these folders are built, the innermost first."""
    found = dict(metadata)
    for folder in reversed(way):
        value = _first_value(files[kustomization_path(files, folder) or ""])
        found["name"] = f"{at(value, 'namePrefix') or ''}{found['name']}{at(value, 'nameSuffix') or ''}"
        if at(value, "namespace"):
            found["namespace"] = str(at(value, "namespace"))
    return found


def _merge_patch_for(produced: Produced, metadata: Mapping[str, str], path: Path, value: Any) -> Object:
    """A merge patch that says one field."""
    patch: Object = {key: produced.object[key] for key in ("apiVersion", "kind")} | {"metadata": dict(metadata)}
    for step in reversed(path[1:]):
        value = {str(step): value}
    return _with_part(patch, str(path[0]), value)


def _with_part(patch: Object, key: str, part: Any) -> Object:
    return {**patch, key: {**patch[key], **part}} if key in patch else {**patch, key: part}


def _append_operation(draft: DraftFiles, layer: Layer, produced: Produced, path: Path, value: Any) -> None:
    operations = nested_value(draft, layer)
    count = len(operations) if isinstance(operations, list) else 0
    edit_nested(draft, layer, Insert((), count, operation_to_set(produced.object, path, value)))


def _add_patch_to_list(draft: DraftFiles, folder: str, manifest: Object) -> None:
    files = draft.before
    kustomization = kustomization_path(files, folder)
    if kustomization is None:
        return
    text = files[kustomization]
    value = _first_value(text)
    entries = list_at(value, "patches")
    legacy = list_at(value, "patchesStrategicMerge")
    if not entries and legacy:
        paths = [entry for entry in texts_in(legacy) if "\n" not in entry]
        if len(paths) * 2 > len(legacy):
            path = _create_patch_file(draft, folder, paths, manifest, text)
            draft.edit(kustomization, 0, Insert(("patchesStrategicMerge",), _index(paths, legacy, path), path))
        else:
            patch = render_like(manifest, text).rstrip()
            draft.edit(kustomization, 0, Insert(("patchesStrategicMerge",), len(legacy), patch))
        return
    paths = [entry["path"] for entry in entries if isinstance(at(entry, "path"), str)]
    if len(paths) * 2 > len(entries):
        path = _create_patch_file(draft, folder, paths, manifest, text)
        draft.edit(kustomization, 0, Insert(("patches",), _index(paths, entries, path), {"path": path}))
    else:
        patch = render_like(manifest, text).rstrip()
        draft.edit(kustomization, 0, Insert(("patches",), len(entries), {"patch": patch}))


def _create_patch_file(draft: DraftFiles, folder: str, siblings: list[str], manifest: Object, like: str) -> str:
    """A new file named as its siblings are, with its path relative to the folder."""
    name = manifest["metadata"]["name"]
    name = name if _FILE_NAME.fullmatch(name) else str(manifest["kind"]).lower()
    path = posixpath.join(posixpath.dirname(siblings[0]), f"{name}-patch.yaml")
    for sibling in siblings:
        place = join_path(folder, sibling)
        text = draft.before.get(place or "", "")
        theirs = at(_first_value(text), "metadata", "name")
        pattern = _name_token(theirs) if isinstance(theirs, str) and theirs else None
        if pattern is not None and pattern.search(sibling):
            named = pattern.sub(lambda _: name, sibling)
            path, like = path if draft.text(join_path(folder, named) or "") is not None else named, text
            break
    draft.create(posixpath.join(folder, path), render_like(manifest, like))
    return path


def _name_token(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])")


def _index(paths: list[str], entries: list[Any], path: str) -> int:
    """A sorted list stays sorted; another one is appended to."""
    is_sorted = len(paths) == len(entries) > 1 and paths == sorted(paths)
    return bisect(paths, path) if is_sorted else len(entries)
