"""Which kustomization has to know of a file that comes or goes, and its entry there, in the style of the list."""

from __future__ import annotations

import posixpath

from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.repository.desired import Desired, KustomizationFile, SkippedFile, folders_above
from gitops_mcp.domain.repository.files import DraftFiles
from gitops_mcp.domain.repository.roots.environment_roots import EnvironmentRoots
from gitops_mcp.domain.yaml.edits import Insert, Remove
from gitops_mcp.domain.yaml.render import render_manifest
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.errors import InvalidRequest, Refused

_LISTS = ("resources", "bases", "components")
STRUCTURE = frozenset(
    {
        "apiVersion",
        "kind",
        "metadata",
        "namespace",
        "namePrefix",
        "nameSuffix",
        "labels",
        "commonLabels",
        "commonAnnotations",
        "buildMetadata",
        "sortOptions",
        "generatorOptions",
        "resources",
    }
)
"""Keys of a kustomization that produce no object by themselves."""


def add_to_kustomization(draft: DraftFiles, desired: Desired, place: FilePlace) -> tuple[Notice, ...]:
    """Puts a new file into the `resources` that govern it. What stays open is returned as warnings."""
    if place.unlisted:
        return ()
    folder = posixpath.dirname(place.path)
    entry = place.path
    _check_readable(desired, entry)
    if place.own_kustomization and folder not in desired.kustomizations:
        own = posixpath.join(folder, "kustomization.yaml")
        draft.create(own, render_manifest(_new_kustomization(posixpath.basename(place.path))))
        entry, folder = folder, posixpath.dirname(folder)
    governing = _governing(desired, folder, place.top)
    if governing is None and place.top is not None:
        return ()
    if governing is None:
        return (
            Notice(
                "no-kustomization",
                f"no kustomization at or above {entry} inside the environment's folder lists it: make sure that the "
                f"engine applies plain files there, or nothing may apply it",
            ),
        )
    if not governing.reaches(entry):
        resources = governing.resources
        text = _relative_entry(governing, entry)
        draft.edit(governing.path, 0, Insert(("resources",), _index(resources, text), text))
    return ()


def _governing(desired: Desired, folder: str, top: str | None) -> KustomizationFile | None:
    """The nearest kustomization at or above a folder, up to the one that is built."""
    if top is None or not f"{folder}/".startswith(f"{top}/" if top else ""):
        return desired.governing(folder)
    found = (desired.kustomizations.get(above) for above in folders_above(folder, top))
    return next((one for one in found if one is not None), None)


def remove_from_kustomizations(draft: DraftFiles, desired: Desired, *paths: str) -> None:
    """Takes removed files out of every `resources` that names them.

    A kustomization that would be left with nothing to produce goes as well, since newer kustomize fails on it; where
    neither a kustomization nor an engine object takes it, that is refused.
    """
    for path in paths:
        _check_readable(desired, path)
    gone = set(paths)
    for kustomization in desired.kustomizations.values():
        if gone.isdisjoint(join_path(kustomization.folder, entry) for entry in kustomization.resources):
            continue
        text = draft.text(kustomization.path)
        if text is None:
            continue
        entries = _drafted_entries(draft, kustomization)
        going = [index for index, entry in enumerate(entries) if join_path(kustomization.folder, entry) in gone]
        if len(going) < len(entries) or not set(kustomization.object) <= STRUCTURE:
            draft.edit(kustomization.path, 0, *(Remove(("resources", index)) for index in reversed(going)))
            continue
        _remove_kustomization(draft, desired, kustomization)


def remove_entry(draft: DraftFiles, desired: Desired, kustomization: KustomizationFile, path: str) -> None:
    """Takes a file or folder out of the lists of one kustomization, and that where nothing is left in it."""
    left = not set(kustomization.object) <= STRUCTURE | set(_LISTS)
    for field in _LISTS:
        entries = _drafted_entries(draft, kustomization, field)
        going = [index for index, entry in enumerate(entries) if join_path(kustomization.folder, entry) == path]
        left = left or len(going) < len(entries)
        if going and len(going) == len(entries):
            draft.edit(kustomization.path, 0, Remove((field,)))
        elif going:
            draft.edit(kustomization.path, 0, *(Remove((field, index)) for index in reversed(going)))
    if not left:
        _remove_kustomization(draft, desired, kustomization)


def _remove_kustomization(draft: DraftFiles, desired: Desired, kustomization: KustomizationFile) -> None:
    is_listed = any(parent.reaches(kustomization.folder) for parent in desired.kustomizations.values())
    if not (is_listed or _is_applied(desired, kustomization)):
        raise Refused(
            f"{kustomization.path} would be left without any resource, on which newer kustomize versions fail, and "
            f"no kustomization above lists its folder. Choose: add another resource to it first, or remove it by "
            f"hand together with {_who_builds(desired, kustomization)}"
        )
    draft.remove(kustomization.path)
    remove_from_kustomizations(draft, desired, kustomization.folder)


def _is_applied(desired: Desired, kustomization: KustomizationFile) -> bool:
    """Whether an engine object takes it, so that it can be told what becomes of that."""
    roots = desired.roots
    return isinstance(roots, EnvironmentRoots) and any(
        kustomization.path in made.reached for made in roots.applied.values()
    )


def _check_readable(desired: Desired, path: str) -> None:
    """Raises InvalidRequest where the kustomization that has to know a file may be one that does not parse."""
    unread = unread_kustomization(desired, path)
    if unread is not None:
        raise InvalidRequest(
            f"whether {unread.path} lists {path} cannot be determined or changed, since it cannot be read: {unread}. "
            f"Mend that file first"
        )


def unread_kustomization(desired: Desired, path: str) -> SkippedFile | None:
    """The kustomization that has to know a file, where that does not parse."""
    unread = {posixpath.dirname(one.path): one for one in desired.skipped if is_kustomization(one.path)}
    folders = folders_above(posixpath.dirname(path), desired.top(path))
    nearest = next((folder for folder in folders if folder in unread or folder in desired.kustomizations), None)
    return unread.get(nearest) if nearest is not None else None


def _who_builds(desired: Desired, kustomization: KustomizationFile) -> str:
    found = [str(one) for one in desired.engines if one.folder == kustomization.folder]
    what = f"what applies {kustomization.folder or 'the root'}"
    return f"{what}: {', '.join(found)}" if found else what


def _new_kustomization(resource: str) -> Object:
    return {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": [resource]}


def _relative_entry(kustomization: KustomizationFile, path: str) -> str:
    relative = path.removeprefix(f"{kustomization.folder}/") if kustomization.folder else path
    dotted = [entry for entry in kustomization.resources if entry.startswith("./")]
    return f"./{relative}" if dotted and len(dotted) * 2 > len(kustomization.resources) else relative


def _index(resources: tuple[str, ...], entry: str) -> int:
    """A sorted list stays sorted; another one is appended to."""
    if len(resources) > 1 and list(resources) == sorted(resources):
        return sum(existing < entry for existing in resources)
    return len(resources)


def _drafted_entries(draft: DraftFiles, kustomization: KustomizationFile, field: str = "resources") -> list[str]:
    """The list as the draft has it now: an earlier removal may have shortened it."""
    text = draft.text(kustomization.path) or ""
    parsed = parse_documents(text)
    found = at(parsed[0].value, field) if parsed else None
    return [str(entry) for entry in found] if isinstance(found, list) else []
