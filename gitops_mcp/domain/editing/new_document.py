"""Where a document that belongs to a Cluster goes: a Database, a DatabaseRole, or what becomes a Secret for a role.

It goes where its siblings are, named as they are; else beside the Cluster's own document, or into the folder that only
this Cluster's overlay builds; else by the layout. Each place is tried in this order and everything built with it: one
where it would not be applied under its name and namespace, or where anything else would change, is not taken.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gitops_mcp.domain.editing.kustomization_list import add_to_kustomization, remove_from_kustomizations
from gitops_mcp.domain.editing.proof import prove_only_change
from gitops_mcp.domain.editing.sibling_paths import FilePlace
from gitops_mcp.domain.kinds import DATABASE
from gitops_mcp.domain.names import slug
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, at
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.render import render_manifest
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import InvalidRequest, Refused

_NAMED_AT_MOST = 3
T = TypeVar("T")


@dataclass(frozen=True)
class NewObject:
    """The object that a new document declares."""

    kind: str
    namespace: str
    name: str
    """metadata.name."""
    short: str
    """What tells it from its siblings of the same Cluster, for the name of a file."""
    cluster: str


@dataclass(frozen=True)
class Sibling:
    """A document like the one to come."""

    path: str
    name: str
    short: str
    cluster: str | None
    namespace: str | None
    beside: int
    """How many documents its file holds."""


@dataclass(frozen=True)
class PlacedDocument:
    changes: tuple[FileChange, ...]
    place: FilePlace
    notices: tuple[Notice, ...] = ()


def find_siblings(desired: Desired, kind: str) -> tuple[Sibling, ...]:
    """Those that have a document of their own: one of a base would be copied into every overlay."""
    return tuple(
        Sibling(
            path=one.path,
            name=one.identity.name,
            short=str(at(one.object, "spec", "name")),
            cluster=at(one.object, "spec", "cluster", "name"),
            namespace=one.identity.namespace,
            beside=len(parse_documents(desired.texts[one.path])) if one.path in desired.texts else 1,
        )
        for one in desired.declarations
        if one.identity.kind == kind and not one.shared and one.release is None and not one.base
    )


def candidate_places(
    desired: Desired,
    cluster: Declaration,
    new: NewObject,
    layout: str,
    known: Sequence[Sibling],
    *,
    alone: bool = False,
) -> tuple[FilePlace, ...]:
    """The places to try, the likeliest first. `alone`: it needs a file of its own."""
    own = [one for one in known if one.cluster in {new.cluster, None} and one.namespace in {new.namespace, None}]
    others = [one for one in known if one not in own]
    found = [
        *_beside_siblings(own, new),
        *_beside_siblings(others, new),
        *_places_near_cluster(desired, cluster, new, layout),
    ]
    laid_out = layout.format(path=desired.folder, namespace=new.namespace, cluster=new.cluster, name=new.short)
    found.append(FilePlace("/".join(part for part in laid_out.split("/") if part)))
    return tuple(dict.fromkeys(place for place in found if not (alone and place.appended)))


def put_document(
    desired: Desired, cluster: Declaration, new: NewObject, manifest: Object, tried: Iterable[FilePlace]
) -> PlacedDocument:
    """The document at the first place that holds. Raises Refused, saying what is wrong with each, where none does."""
    target = Identity(new.kind, new.namespace, new.name)

    def made(place: FilePlace) -> PlacedDocument:
        drafted = _draft_document(desired, place, manifest)
        found = _check_applied(desired, cluster, target, manifest, place, drafted.changes)
        own = _own_name(target.name, found.identity.name)
        if own == target.name:
            return drafted
        renamed = {**manifest, "metadata": {**manifest["metadata"], "name": own}}
        drafted = _draft_document(desired, place, renamed)
        _check_applied(desired, cluster, target, renamed, place, drafted.changes)
        return drafted

    return _first_that_works(target, tried, made)


def _draft_document(desired: Desired, place: FilePlace, manifest: Object) -> PlacedDocument:
    draft = DraftFiles(desired.texts)
    if place.appended:
        draft.append(place.path, manifest)
    else:
        draft.create(place.path, render_manifest(manifest, eol=line_ending(desired)))
    notices = add_to_kustomization(draft, desired, place)
    return PlacedDocument(draft.changes, place, notices)


def _own_name(wanted: str, live: str) -> str:
    """What a document has to say where the build puts a prefix or suffix around it, so that it is `wanted` then."""
    prefix, _, suffix = live.partition(wanted)
    own = wanted.removeprefix(prefix).removesuffix(suffix)
    is_whole = f"{prefix}{own}{suffix}" == wanted and own.strip("-") == own != ""
    return own if is_whole else wanted


def put_file(desired: Desired, place: FilePlace, text: str) -> PlacedDocument:
    """A file whose documents are of kinds that are not modelled, at a place that `fitting` has found."""
    draft = DraftFiles(desired.texts)
    draft.create(place.path, text)
    notices = add_to_kustomization(draft, desired, place)
    return PlacedDocument(draft.changes, place, notices)


def remove_documents(desired: Desired, path: str, indexes: Iterable[int]) -> tuple[FileChange, ...]:
    """Documents of kinds that are not modelled go; the file goes with the last, and out of what lists it."""
    draft = DraftFiles(desired.texts)
    draft.drop(path, *indexes)
    remove_from_kustomizations(draft, desired, *(one.path for one in draft.changes if one.after is None))
    return draft.changes


def first_fitting_place(
    desired: Desired, cluster: Declaration, new: NewObject, tried: Iterable[FilePlace]
) -> FilePlace:
    """The first place where a document of any kind would be applied under this very name and namespace.

    Kustomize treats all kinds alike there, so one that is modelled is tried in its stead.
    """
    stand_in = NewObject(DATABASE.kind, new.namespace, new.name, new.short, new.cluster)
    manifest = {
        "apiVersion": DATABASE.api_version,
        "kind": DATABASE.kind,
        "metadata": {"name": new.name, "namespace": new.namespace},
        "spec": {"cluster": {"name": new.cluster}},
    }
    target = Identity(DATABASE.kind, stand_in.namespace, stand_in.name)

    def made(place: FilePlace) -> FilePlace:
        draft = DraftFiles(desired.texts)
        draft.create(place.path, render_manifest(manifest))
        add_to_kustomization(draft, desired, place)
        _check_applied(desired, cluster, target, None, place, draft.changes)
        return place

    return _first_that_works(Identity(new.kind, new.namespace, new.name), tried, made)


def line_ending(desired: Desired) -> str:
    """As most files that declare Clusters have it."""
    ends = ["\r\n" in desired.texts.get(one.path, "") for one in desired.clusters]
    return "\r\n" if sum(ends) * 2 > len(ends) else "\n"


def _first_that_works(target: Identity, tried: Iterable[FilePlace], made: Callable[[FilePlace], T]) -> T:
    reasons = []
    for place in tried:
        try:
            return made(place)
        except (InvalidRequest, Refused) as error:
            reasons.append(f"{place.path} ({error})")
    more = f" and {len(reasons) - _NAMED_AT_MOST} more" if len(reasons) > _NAMED_AT_MOST else ""
    raise Refused(
        f"no place for {target} was found, where it would be applied and nothing else would change: "
        f"{'; '.join(reasons[:_NAMED_AT_MOST])}{more}. Add what applies one of these folders first, or set another "
        f"place in layout of .gitops-mcp.yaml"
    )


def _check_applied(
    desired: Desired,
    cluster: Declaration,
    target: Identity,
    manifest: Object | None,
    place: FilePlace,
    changes: tuple[FileChange, ...],
) -> Declaration:
    """What is applied then, as the Cluster is. Raises Refused where it is not, or where another object changes."""
    after = desired_after(desired, changes)
    found = [one for one in after.declarations if one.identity == target]
    if not found and manifest is not None:
        # A prefix of the build: the object is found by what it says, not by its own name.
        before = {one.identity for one in desired.declarations}
        found = [
            one
            for one in after.declarations
            if one.identity not in before
            and (one.identity.kind, one.identity.namespace) == (target.kind, target.namespace)
            and is_same(at(one.object, "spec"), manifest["spec"])
        ]
    if len(found) != 1:
        raise Refused("it would not be applied there under that name and namespace")
    if found[0].path != place.path:
        raise Refused(f"{found[0].place} declares an object of that name already")
    if cluster.applied is not None and found[0].applied is None:
        raise Refused(f"{cluster.applied}, which applies the Cluster, does not reach it")
    prove_only_change(desired, changes, found[0].identity, None)
    return found[0]


def _beside_siblings(known: Iterable[Sibling], new: NewObject) -> Iterator[FilePlace]:
    """Where siblings of one Cluster share a file it goes there; else into one of its own, named as theirs are."""
    patterns: dict[FilePlace, int] = {}
    for one in known:
        same_cluster = one.cluster == new.cluster
        pattern = _path_pattern(one)
        names_it = "{object}" in posixpath.basename(pattern) or "{name}" in posixpath.basename(pattern)
        if same_cluster and (one.beside > 1 or not names_it):
            place = FilePlace(one.path, appended=True)
        else:
            place = FilePlace(
                pattern.format(object=new.name, name=new.short, cluster=new.cluster, namespace=new.namespace)
            )
        patterns[place] = patterns.get(place, 0) + 1
    yield from sorted(patterns, key=lambda place: (-patterns[place], place.path))


def _places_near_cluster(desired: Desired, cluster: Declaration, new: NewObject, layout: str) -> Iterator[FilePlace]:
    """Beside the Cluster's document, else where its own overlay is built."""
    name = posixpath.basename(layout).format(path="", namespace=new.namespace, cluster=new.cluster, name=new.short)
    folder = posixpath.dirname(cluster.path)
    together = {one.identity.name for one in desired.clusters if posixpath.dirname(one.path) == folder}
    if len(together) > 1 and "{cluster}" not in posixpath.basename(layout):
        kind = posixpath.basename(layout).partition("{")[0].strip("-_.")
        name = f"{new.cluster}-{kind}-{new.short}.yaml" if kind else f"{new.name}.yaml"
    if not cluster.shared and cluster.release is None and not cluster.base:
        dependents = [
            one
            for one in desired.declarations
            if one.path == cluster.path and at(one.object, "spec", "cluster", "name") == new.cluster
        ]
        if dependents:
            yield FilePlace(cluster.path, appended=True)
    if not cluster.shared:
        yield FilePlace(posixpath.join(folder, name))
    if cluster.root is not None:
        yield FilePlace(posixpath.join(cluster.root, name))


def _path_pattern(one: Sibling) -> str:
    """Its path with placeholders: what is its own stands in the name of the file, what is shared anywhere."""
    folder, name = posixpath.split(one.path.replace("{", "{{").replace("}", "}}"))
    for token, placeholder in ((one.name, "{object}"), (one.short, "{name}"), (slug(one.short), "{name}")):
        name = _replace_token(name, token, placeholder)
    pattern = posixpath.join(folder, name)
    for shared, placeholder in ((one.cluster, "{cluster}"), (one.namespace, "{namespace}")):
        pattern = _replace_token(pattern, shared, placeholder) if shared else pattern
    return pattern


def _replace_token(text: str, token: str, placeholder: str) -> str:
    """The token as a whole word of a path, or as one set off by `-`, `_` or `.`."""
    return re.sub(rf"(?<![A-Za-z0-9{{]){re.escape(token)}(?![A-Za-z0-9}}])", placeholder, text)
