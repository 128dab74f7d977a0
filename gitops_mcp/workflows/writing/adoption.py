"""What adopt_live needs beside the road: one object as Git declares it, as it is live, and what differs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.domain.editing.json_patch import pointer
from gitops_mcp.domain.kinds import CLUSTER, CLUSTER_IMAGE_CATALOG, DATABASE_ROLE, IMAGE_CATALOG, OBJECT_STORE
from gitops_mcp.domain.live.drift import FieldDrift
from gitops_mcp.domain.live.unstated import all_drift, written_part
from gitops_mcp.domain.names import check_cluster_name, check_object_name, quote, suggest
from gitops_mcp.domain.objects import Identity, Object, at, dotted_path
from gitops_mcp.domain.plans.adoption import (
    object_places,
    plan_absence_adoption,
    plan_field_adoption,
    plan_object_adoption,
)
from gitops_mcp.domain.plans.asked import AskedRequest
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.subject import ObjectPart, Subject
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.object_stores import MARK, as_built, stores_named_by, with_object_stores
from gitops_mcp.domain.schema.unfilled import is_unfilled
from gitops_mcp.errors import InvalidRequest, NotFound, Refused
from gitops_mcp.workflows.differences import KINDS, fill_of
from gitops_mcp.workflows.view import View, allowed_namespace
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.object_targets import in_files
from gitops_mcp.workflows.writing.request import WriteRequest, Writing

_CATALOGS = {IMAGE_CATALOG.kind, CLUSTER_IMAGE_CATALOG.kind}
_BRACKETED = re.compile(r"\[[\"']?([^\[\"'\]]+)[\"']?\]")


@dataclass(frozen=True)
class WhichObject:
    """An object as the caller names it."""

    cluster_name: str
    namespace: str | None
    kind: str
    name: str | None


def adopt_object(app: App, request: WriteRequest, which: WhichObject, fields: Sequence[str] | None) -> WriteResult:
    check_cluster_name(which.cluster_name, field="cluster_name")
    if which.name is not None:
        check_object_name(which.name)

    def about(view: View) -> Subject:
        seen = _BothSides.of(view, which)
        paths = [one.path for one in seen.drift(view) if _is_named(one, fields)] if seen.has_both else []
        own = seen.declared.identity if seen.declared else seen.whom
        parts = tuple(ObjectPart(own, path) for path in paths) or (ObjectPart(own),)
        return Subject("adopt", seen.whom, parts)

    def plan(view: View) -> Plan:
        if not view.desired.origin.in_files:
            raise Refused(
                f"environment {view.environment.name!r} is changed in the API (delivery: direct), so what is live is "
                f"what counts there, and nothing is to be taken into Git"
            )
        seen = _BothSides.of(view, which)
        if seen.has_both:
            return _plan_fields(view, seen, fields, app.asked)
        if fields:
            where = "Git declares it" if seen.live is None else "it is live"
            raise InvalidRequest(
                f"fields: {seen.whom} is on one side only ({where}): leave `fields` out to take that over"
            )
        return _plan_whole(view, seen)

    return deliver(app, replace(request, cluster=which.cluster_name, namespace=which.namespace), Writing(about, plan))


@dataclass(frozen=True)
class _BothSides:
    whom: Identity
    declared: Declaration | None
    live: Object | None
    desired: Desired
    """With the ObjectStores, where it is one."""
    cluster: Declaration | None

    @property
    def has_both(self) -> bool:
        return self.declared is not None and self.live is not None

    @classmethod
    def of(cls, view: View, which: WhichObject) -> _BothSides:
        """Raises NotFound where neither side has it, and what the API says where it cannot be read."""
        desired, resource = view.desired, KINDS[which.kind]
        if resource == OBJECT_STORE:
            desired = with_object_stores(desired, view.source.manifests_with(MARK))
        asked = allowed_namespace(view.environment, which.namespace)
        cluster, live_cluster, namespace = _the_cluster(view, which.cluster_name, asked)
        name = which.name or (which.cluster_name if resource == CLUSTER else None)
        if name is None:
            name = _only_one(view, desired, which, namespace, cluster, live_cluster)
        space = namespace if resource.namespaced else None
        whom = Identity(which.kind, space, name)
        declared = [one for one in desired.named(which.kind, name) if one.identity.namespace in {space, None}]
        if len(declared) > 1:
            desired.one(which.kind, name, space, environment=view.environment.name)  # which says why it is not one
        live = live_cluster if resource == CLUSTER else _live_object(view, whom)
        if not declared and live is None:
            raise NotFound(f"object: neither Git nor the API has {whom} in {view.environment.name}")
        return cls(whom, declared[0] if declared else None, live, desired, cluster)

    def drift(self, view: View) -> list[FieldDrift]:
        if self.declared is None or self.live is None:
            return []
        fill = fill_of(view.api, view.environment, self.whom, self.declared.object)
        return [one for one in all_drift(self.declared.object, self.live, fill) if not is_unfilled(one.desired)]


def _live_object(view: View, whom: Identity) -> Object | None:
    """Of an ObjectStore by the list, which is what may be read of them."""
    resource = KINDS[whom.kind]
    if resource != OBJECT_STORE:
        return view.api.get(resource, whom.namespace, whom.name)
    return next((one for one in view.api.every(resource, whom.namespace) if one["metadata"]["name"] == whom.name), None)


def _the_cluster(view: View, name: str, asked: str | None) -> tuple[Declaration | None, Object | None, str]:
    """The Cluster in Git, the live one, and their namespace."""
    declared: Declaration | None = None
    try:
        declared = view.desired.cluster(name, asked, environment=view.environment.name)
    except NotFound:
        spaces = [asked] if asked else [*(view.environment.namespaces or [None])]
        found = [one for space in spaces for one in view.api.every(CLUSTER, space, fields=f"metadata.name={name}")]
        if len(found) != 1:
            raise
        asked = found[0]["metadata"]["namespace"]
    space = (declared.identity.namespace if declared else None) or asked
    if space is None:
        raise InvalidRequest(f"namespace: nothing says that of Cluster {name!r}: name it")
    return declared, view.api.get(CLUSTER, space, name), space


def _only_one(
    view: View, desired: Desired, which: WhichObject, namespace: str, cluster: Declaration | None, live: Object | None
) -> str:
    """The only object of a kind that belongs to the Cluster, on either side."""
    sides = (cluster.object if cluster else None, live)
    stores = {name for side in sides for name in stores_named_by(side)}
    catalogs = {tuple(at(side, "spec", "imageCatalogRef", key) for key in ("kind", "name")) for side in sides}
    resource = KINDS[which.kind]

    def is_its(value: Object, name: str) -> bool:
        if which.kind == OBJECT_STORE.kind:
            return name in stores
        if which.kind in _CATALOGS:
            return (which.kind, name) in catalogs
        return bool(at(value, "spec", "cluster", "name") == which.cluster_name)

    declared = (one for one in desired.declarations if one.identity.kind == which.kind)
    names = {
        *(
            one.identity.name
            for one in declared
            if one.identity.namespace in {namespace, None} and is_its(one.object, one.identity.name)
        ),
        *(
            name
            for one in view.api.every(resource, namespace if resource.namespaced else None)
            if is_its(one, name := one["metadata"]["name"])
        ),
    }
    if len(names) != 1:
        raise InvalidRequest(f"object: name the {which.kind} of Cluster {which.cluster_name!r}; {suggest('', names)}")
    return str(names.pop())


def _plan_fields(view: View, seen: _BothSides, fields: Sequence[str] | None, asked: AskedRequest | None) -> Plan:
    if seen.declared is None or seen.live is None:
        raise AssertionError("both are there")
    found = seen.drift(view)
    at_base = next((one for one in view.base.declarations if one.identity == seen.declared.identity), None)
    known = [*found, *(replace(seen, declared=at_base).drift(view) if view.proposed and at_base else ())]
    is_told = view.proposed and seen.whom.kind == OBJECT_STORE.kind  # what of it the change has adopted is not known
    for text in () if is_told else fields or ():
        if not any(_is_named(one, [text]) for one in known):
            there = ", ".join(dict.fromkeys(dotted_path(one.path) for one in known)) or "nothing"
            raise InvalidRequest(
                f"fields: {quote(text)} of {seen.whom} does not differ between Git and live; what does: {there}"
            )
    wanted = [one for one in found if _is_named(one, fields)]
    named = fields is not None
    filled = fill_of(view.api, view.environment, seen.whom, seen.declared.object)(seen.declared.object)
    made = plan_field_adoption(seen.declared, seen.desired, seen.whom, wanted, seen.live, filled=filled, named=named)
    if asked and not named and made.files:  # asked again it means these, whatever differs then
        names = [dotted_path(one.path) for one in wanted]
        own = replace(asked, arguments={**asked.arguments, "fields": names})
        made = replace(made, requests=(own.in_environment(view.environment.name),))
    return _in_files(view, seen, made)


def _plan_whole(view: View, seen: _BothSides) -> Plan:
    if seen.declared is not None:
        return _in_files(view, seen, plan_absence_adoption(seen.declared, seen.desired, seen.whom))
    live = seen.live or {}
    resource = KINDS[seen.whom.kind]
    given = {"apiVersion": resource.api_version, "kind": resource.kind, **live}
    manifest = written_part(given, fill_of(view.api, view.environment, seen.whom, given))
    manifest = as_built(manifest) if resource == OBJECT_STORE else manifest
    cluster = None if resource == CLUSTER else seen.cluster
    candidates = object_places(seen.desired, cluster, seen.whom, manifest, layout_of_kind(view, seen.whom.kind))
    known, places = replace(view, desired=seen.desired).with_places(seen.whom, candidates)
    made = plan_object_adoption(known.desired, cluster, seen.whom, manifest, places)
    return _in_files(view, seen, made)


def layout_of_kind(view: View, kind: str) -> str:
    settings = view.settings
    if kind in {CLUSTER.kind, DATABASE_ROLE.kind}:
        return settings.layout_cluster if kind == CLUSTER.kind else settings.layout_role
    return posixpath.join(posixpath.dirname(settings.layout_database), f"{kind.lower()}-{{name}}.yaml")


def _in_files(view: View, seen: _BothSides, made: Plan) -> Plan:
    return in_files(view, made) if seen.whom.kind == OBJECT_STORE.kind else made


def _dotted_key(found: re.Match[str]) -> str:
    """A key in brackets as one behind a dot; a number stays an index."""
    return found[0] if found[1].isdigit() else f".{found[1]}"


def _is_named(one: FieldDrift, fields: Iterable[str] | None) -> bool:
    """Whether a field is one of those, or below one; a list that is one value is meant by each of its items.

    A key may stand in brackets, and a field be written as a JSON pointer.
    """
    path = dotted_path(one.path)
    named = [_BRACKETED.sub(_dotted_key, text.strip()) for text in fields or ()]
    return fields is None or any(
        text in {path, pointer(one.path)} or path.startswith((f"{text}.", f"{text}[")) or text.startswith(f"{path}[")
        for text in named
    )
