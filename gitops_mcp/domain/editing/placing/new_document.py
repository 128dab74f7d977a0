"""A new document put where it is applied, as it is meant and without touching anything else.

The places that `sibling_paths` names are tried in their order and everything is built with each: one where the object
would not be applied under its name and namespace, or where anything else would change, is not taken. A Cluster, what
belongs to one and a file of kinds that are not modelled go the same way.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from gitops_mcp.domain.editing.as_asked import NO_DEFAULTS, keep_as_asked
from gitops_mcp.domain.editing.field import where_field_stands
from gitops_mcp.domain.editing.placing.kustomization_list import (
    add_to_kustomization,
    remove_from_kustomizations,
    unread_kustomization,
)
from gitops_mcp.domain.editing.placing.no_place import applied_models, no_place
from gitops_mcp.domain.editing.placing.own_folders import (
    applier_key,
    applies_folder,
    folder_of_dependents,
    is_built_with,
    is_for_namespace,
)
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace, NewObject
from gitops_mcp.domain.editing.proof import prove_only_change
from gitops_mcp.domain.engines.left_out import leaving_out
from gitops_mcp.domain.kinds import DATABASE
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.render import render_manifest
from gitops_mcp.errors import InvalidRequest, Refused

T = TypeVar("T")


@dataclass(frozen=True)
class PlacedDocument:
    changes: tuple[FileChange, ...]
    place: FilePlace
    notices: tuple[Notice, ...] = ()


def put_document(
    desired: Desired,
    cluster: Declaration | None,
    new: NewObject,
    manifest: Object,
    tried: Iterable[FilePlace],
    *,
    defaults: Mapping[str, Any] = NO_DEFAULTS,
) -> PlacedDocument:
    """The document at the first place that holds. Raises Refused, saying what is wrong with each, where none does.

    `cluster`: what it belongs to; None for a Cluster, and for what belongs to none. `defaults`: what was asked for too,
    and goes without saying as long as nothing says otherwise.
    """
    target = Identity(new.kind, new.namespace or None, new.name)

    called: list[str] = []

    def made(place: FilePlace) -> PlacedDocument:
        drafted = _draft_document(desired, place, manifest)
        found = _check_applied(desired, cluster, target, place, drafted.changes)
        own = _own_name(target.name, found.identity.name) if found is not None else target.name
        if found is not None and found.applied is not None:
            drafted = replace(drafted, notices=())  # an ApplicationSet makes what applies a new folder
        if found is not None and cluster is None and own == target.name != found.identity.name:
            called.append(found.identity.name)
            raise Refused(f"it would be named {found.identity.name} there: ask for that name")
        if called and drafted.notices:
            raise Refused("nothing lists it there")
        if own == target.name:
            return drafted
        renamed = {**manifest, "metadata": {**manifest["metadata"], "name": own}}
        drafted = _draft_document(desired, place, renamed)
        _check_applied(desired, cluster, target, place, drafted.changes)
        return drafted

    in_values = _placed_in_values(desired, cluster, target, manifest)
    if in_values is not None and _is_kept_in_values(desired, cluster, new.kind):
        placed = in_values
    else:
        try:
            placed = _first_that_works(desired, cluster, target, tried, made)
        except Refused:
            if in_values is None:
                raise
            placed = in_values
    changes, notices = keep_as_asked(desired, placed.changes, target, manifest, defaults)
    return replace(placed, changes=changes, notices=(*placed.notices, *notices))


def _placed_in_values(
    desired: Desired, cluster: Declaration | None, target: Identity, manifest: Object
) -> PlacedDocument | None:
    """Where the chart that makes the Cluster has a list of values for such objects."""
    if cluster is None or cluster.release is None:
        return None
    from gitops_mcp.domain.editing.charts.entries import add_entry

    changes = add_entry(desired, cluster, target, manifest)
    return PlacedDocument(changes, FilePlace(changes[0].path, appended=True)) if changes else None


def _is_kept_in_values(desired: Desired, cluster: Declaration | None, kind: str) -> bool:
    """Whether the chart makes such objects now, or is one of this repository with a list for them."""
    if cluster is None or cluster.release is None:
        return False
    siblings = (one for one in desired.declarations if one.identity.kind == kind and one.release is not None)
    return bool(cluster.release.template) or any(one.applied == cluster.applied for one in siblings)


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
    """A file whose documents are of kinds that are not modelled, at a place that `first_fitting_place` has found."""
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


@dataclass(frozen=True)
class FittingPlace:
    place: FilePlace
    written_name: str
    """What metadata.name the document has to say there."""
    name: str
    """What it is called then."""


def first_fitting_place(
    desired: Desired,
    cluster: Declaration,
    new: NewObject,
    tried: Iterable[FilePlace],
    check: Callable[[Declaration], None] = lambda _: None,
) -> FittingPlace:
    """The first place where a document of any kind would be applied in this very namespace.

    Kustomize treats all kinds alike there, so one of that name in CNPG's group is tried in its stead. Where a prefix or
    suffix is put around its name, the document says it without; where it has none of that, and no other place keeps the
    name, it is called otherwise. `check` raises Refused for what is applied and would not do.
    """
    target = Identity(new.kind, new.namespace, new.name)

    def built(place: FilePlace, name: str) -> str:
        metadata = {"name": name, "namespace": new.namespace}
        spec = {"cluster": {"name": new.cluster}, "secret": new.name}
        manifest = {"apiVersion": DATABASE.api_version, "kind": new.kind, "metadata": metadata, "spec": spec}
        drafted = _draft_document(desired, place, manifest)
        found = _check_applied(desired, cluster, target, place, drafted.changes)
        if found is not None:
            check(found)
        return found.identity.name if found is not None else name

    renamed: list[FittingPlace] = []

    def made(place: FilePlace) -> FittingPlace:
        own = _own_name(new.name, built(place, new.name))
        name = built(place, own)
        found = FittingPlace(place, own, name)
        if found.name != new.name:
            renamed.append(found)
            raise Refused(f"it would be named {found.name} there")
        return found

    try:
        return _first_that_works(desired, cluster, target, tried, made)
    except Refused:
        if renamed:
            return renamed[0]
        raise


def line_ending(desired: Desired) -> str:
    """As most files that declare Clusters have it."""
    ends = ["\r\n" in desired.texts.get(one.path, "") for one in desired.clusters]
    return "\r\n" if sum(ends) * 2 > len(ends) else "\n"


def _first_that_works(
    desired: Desired,
    cluster: Declaration | None,
    target: Identity,
    tried: Iterable[FilePlace],
    made: Callable[[FilePlace], T],
) -> T:
    unread = {one.path for one in desired.skipped}
    reasons = []
    for place in tried:
        if place.left_out:
            reasons.append(f"{place.path} ({place.left_out})")
            continue
        try:
            return made(place)
        except (InvalidRequest, Refused) as error:
            if place.path in unread or unread_kustomization(desired, place.path):
                raise  # It may be the very object that stands there, and nobody can tell what is applied below.
            reasons.append(f"{place.path} ({error})")
    raise no_place(desired, cluster, target, reasons)


def _check_applied(
    desired: Desired, cluster: Declaration | None, target: Identity, place: FilePlace, changes: tuple[FileChange, ...]
) -> Declaration | None:
    """What is applied then; None where nothing is applied here so far, so that what will be cannot be told.

    Raises Refused where it is not applied as its Cluster is, or other Clusters are, and where another object changes.
    """
    after = desired_after(desired, changes)
    before = {one.identity for one in desired.declarations}
    new = [one for one in after.declarations if one.identity not in before and one.path == place.path]
    found = [one for one in after.declarations if one.identity == target]
    if not found:
        # A prefix of the build: the object is found by where it stands, not by its own name.
        wanted = (target.kind, target.namespace)
        found = [one for one in new if (one.identity.kind, one.identity.namespace) == wanted]
    if not found and not new and desired.engines and not desired.declarations:
        if any(map(applies_folder, desired.engines)):
            raise Refused("it would not be applied there")
        return None
    if len(found) != 1:
        raise Refused(_why_not_applied(after, target, new) or "it would not be applied there")
    if found[0].path != place.path:
        raise Refused(f"{found[0].place} declares an object of that name already")
    by = found[0].applied
    if by is not None and (rule := leaving_out(by.file_rules, place.path)):
        raise Refused(f"{by} would never see it: it is left out by {rule}")
    _check_applier(desired, cluster, found[0])
    prove_only_change(desired, changes, found[0].identity)
    return found[0]


def _check_applier(desired: Desired, cluster: Declaration | None, found: Declaration) -> None:
    """What belongs to a Cluster is applied with it, or with what else belongs to it; a Cluster as others are."""
    models, by = applied_models(desired, cluster), found.applied
    if models and by is None:
        raise Refused("it would not be applied there")
    if by is None or not models:
        return
    if cluster is None:
        is_known = applier_key(found) in set(map(applier_key, models))
        if not is_known and not is_for_namespace(desired, by, found.identity.namespace):
            raise Refused(f"only {by} would apply it, which applies no Cluster so far")
        return
    is_beside = posixpath.dirname(found.path) in folder_of_dependents(desired, cluster, found.identity.kind)
    if cluster.release is None and not is_beside and not is_built_with(found, cluster):
        raise Refused(f"{by} would apply it, and {cluster.applied} its Cluster")


def _why_not_applied(after: Desired, target: Identity, made: Iterable[Declaration]) -> str | None:
    """`made`: what is applied of that file instead."""
    for one in made:
        if one.identity.kind == target.kind:
            field = "name" if one.identity.namespace == target.namespace else "namespace"
            stands = where_field_stands(after, one, ("metadata", field))
            return f"it would be {one.identity} there, whose {field} is at {stands}"
    return None
