"""Where a new document goes, and which kustomization has to know.

A repository shows by its siblings how it names things; their way is followed where it can be read off their paths,
else the configured layout. A place whose kustomizations would move the object to another namespace is never taken.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plan import Draft, Notice
from gitops_mcp.domain.repository import Declaration, Desired, Kustomization, folders_above, joined
from gitops_mcp.domain.yamltext import Insert, Remove, documents, rendered
from gitops_mcp.errors import InvalidRequest, Refused

_STRUCTURE = frozenset(
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


@dataclass(frozen=True)
class Place:
    path: str
    appended: bool = False
    """The file exists and gets one more document."""
    own_kustomization: bool = False
    """The siblings' folders hold a kustomization each; so will this one."""


def candidates(desired: Desired, ref: ClusterRef, layout: str) -> tuple[Place, ...]:
    """The places to try for a new Cluster, the likeliest first; the layout's is the last."""
    shared = [Place(path, appended=True) for path in _shared_files(desired, ref)]
    named = [place for _, place in sorted(_beside(desired, ref), key=lambda one: one[0])]
    return tuple(dict.fromkeys([*shared, *named, Place(laid_out(layout, desired.folder, ref))]))


def laid_out(layout: str, folder: str, ref: ClusterRef) -> str:
    """The layout with its placeholders filled; an empty part is dropped."""
    filled = layout.format(path=folder, namespace=ref.namespace, cluster=ref.name)
    return "/".join(part for part in filled.split("/") if part)


def chosen(desired: Desired, ref: ClusterRef, places: Iterable[Place]) -> Place:
    """The first place whose kustomizations leave the object in its namespace. Raises Refused where none does."""
    refused = []
    for place in places:
        moving = _moved_by(desired, ref, place)
        if moving is None:
            return place
        refused.append(f"{place.path} ({moving.path} sets namespace: {moving.namespace})")
    raise Refused(
        f"no place for Cluster {ref} was found: each one's kustomization would move it to another namespace: "
        f"{'; '.join(refused)}. Set layout.cluster to a folder of namespace {ref.namespace}, or name another namespace"
    )


def listed(draft: Draft, desired: Desired, place: Place) -> tuple[Notice, ...]:
    """Puts a new file into the `resources` that govern it. What stays open is returned as warnings."""
    folder = posixpath.dirname(place.path)
    entry = place.path
    _check_readable(desired, entry)
    if place.own_kustomization and folder not in desired.kustomizations:
        own = posixpath.join(folder, "kustomization.yaml")
        draft.create(own, rendered(_new_kustomization(posixpath.basename(place.path))))
        entry, folder = folder, posixpath.dirname(folder)
    governing = desired.governing(folder)
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
        text = _entry(governing, entry)
        draft.edit(governing.path, 0, Insert(("resources",), _index(resources, text), text))
    return ()


def unlisted(draft: Draft, desired: Desired, *paths: str) -> None:
    """Takes removed files out of every `resources` that names them.

    A kustomization that would be left with nothing to produce goes as well, since newer kustomize fails on it; one
    that nothing lists is what an engine builds, so that is refused.
    """
    for path in paths:
        _check_readable(desired, path)
    gone = set(paths)
    for kustomization in desired.kustomizations.values():
        if gone.isdisjoint(joined(kustomization.folder, entry) for entry in kustomization.resources):
            continue
        text = draft.text(kustomization.path)
        if text is None:
            continue
        entries = _entries(draft, kustomization)
        going = [index for index, entry in enumerate(entries) if joined(kustomization.folder, entry) in gone]
        if len(going) < len(entries) or not set(kustomization.object) <= _STRUCTURE:
            draft.edit(kustomization.path, 0, *(Remove(("resources", index)) for index in reversed(going)))
            continue
        if not any(parent.reaches(kustomization.folder) for parent in desired.kustomizations.values()):
            raise Refused(
                f"{kustomization.path} would be left without any resource, on which newer kustomize versions fail, and "
                f"no kustomization above lists its folder. Choose: add another resource to it first, or remove it by "
                f"hand together with {_builders(desired, kustomization)}"
            )
        draft.remove(kustomization.path)
        unlisted(draft, desired, kustomization.folder)


def _check_readable(desired: Desired, path: str) -> None:
    """Raises InvalidRequest where the kustomization that has to know a file may be one that does not parse."""
    unread = {posixpath.dirname(one.path): one for one in desired.skipped if is_kustomization(one.path)}
    for folder in folders_above(posixpath.dirname(path), desired.top(path)):
        if folder in unread:
            raise InvalidRequest(
                f"{unread[folder].path} cannot be read, so whether it lists {path} cannot be told or changed: "
                f"{unread[folder].reason}. Mend that file first"
            )
        if folder in desired.kustomizations:
            return


def _siblings(desired: Desired) -> Iterator[Declaration]:
    """Clusters with a document that is theirs alone: one of a base would be copied into every overlay."""
    return (one for one in desired.clusters if not one.shared and one.release is None)


def _shared_files(desired: Desired, ref: ClusterRef) -> Iterator[str]:
    """Files that hold several Clusters, one of them in this namespace: one more belongs there."""
    files: dict[str, list[Declaration]] = {}
    for one in _siblings(desired):
        if not one.base:
            files.setdefault(one.path, []).append(one)
    for path, declared in sorted(files.items()):
        if len(declared) > 1 and any(one.identity.namespace == ref.namespace for one in declared):
            yield path


def _beside(desired: Desired, ref: ClusterRef) -> Iterator[tuple[tuple[bool, int, str], Place]]:
    """Places beside each sibling, with their rank: those of the same namespace first, then what most siblings do."""
    alone = [one for one in _siblings(desired) if not one.base]
    for sibling in alone:
        elsewhere = sibling.identity.namespace != ref.namespace
        pattern = _pattern(sibling)
        folder = posixpath.dirname(sibling.path)
        if "{cluster}" in pattern:
            fits = sum(_filled(pattern, one.identity.namespace or "", one.identity.name) == one.path for one in alone)
            own = folder in desired.kustomizations and "{cluster}" in posixpath.dirname(pattern)
            path = _filled(pattern, ref.namespace, ref.name)
            yield (elsewhere, -fits, path), Place(path, own_kustomization=own)
        elif not elsewhere and len(documents(desired.texts[sibling.path])) > 1:
            yield (elsewhere, 0, sibling.path), Place(sibling.path, appended=True)
        elif not elsewhere:
            # Its name does not say what it holds; a second file beside it has to.
            path = posixpath.join(folder, f"{ref.name}.yaml")
            yield (elsewhere, 0, path), Place(path)


def _builders(desired: Desired, kustomization: Kustomization) -> str:
    found = [str(one) for one in desired.engines if one.folder == kustomization.folder]
    what = f"what applies {kustomization.folder or 'the root'}"
    return f"{what}: {', '.join(found)}" if found else what


def _pattern(sibling: Declaration) -> str:
    escaped = sibling.path.replace("{", "{{").replace("}", "}}")
    pattern = _token(sibling.identity.name).sub("{cluster}", escaped)
    if sibling.identity.namespace:
        pattern = _token(sibling.identity.namespace).sub("{namespace}", pattern)
    return pattern


def _token(name: str) -> re.Pattern[str]:
    """The name as a whole part of a path, or as one set off by `-`, `_` or `.`."""
    return re.compile(rf"(?<![A-Za-z0-9{{]){re.escape(name)}(?![A-Za-z0-9}}])")


def _filled(pattern: str, namespace: str, cluster: str) -> str:
    return pattern.format(namespace=namespace, cluster=cluster)


def _moved_by(desired: Desired, ref: ClusterRef, place: Place) -> Kustomization | None:
    reached = {place.path}
    for folder in folders_above(posixpath.dirname(place.path), desired.top(place.path)):
        kustomization = desired.kustomizations.get(folder)
        if kustomization is None:
            continue
        nearest = len(reached) == 1
        if not nearest and not any(kustomization.reaches(one) for one in reached):
            continue
        if kustomization.namespace not in {None, ref.namespace}:
            return kustomization
        reached.add(folder)
    return None


def _new_kustomization(resource: str) -> Object:
    return {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": [resource]}


def _entry(kustomization: Kustomization, path: str) -> str:
    relative = path.removeprefix(f"{kustomization.folder}/") if kustomization.folder else path
    dotted = [entry for entry in kustomization.resources if entry.startswith("./")]
    return f"./{relative}" if dotted and len(dotted) * 2 > len(kustomization.resources) else relative


def _index(resources: tuple[str, ...], entry: str) -> int:
    """A sorted list stays sorted; another one is appended to."""
    if len(resources) > 1 and list(resources) == sorted(resources):
        return sum(existing < entry for existing in resources)
    return len(resources)


def _entries(draft: Draft, kustomization: Kustomization) -> list[str]:
    """The list as the draft has it now: an earlier removal may have shortened it."""
    text = draft.text(kustomization.path) or ""
    parsed = documents(text)
    found = at(parsed[0].value, "resources") if parsed else None
    return [str(entry) for entry in found] if isinstance(found, list) else []
