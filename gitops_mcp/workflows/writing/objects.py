"""The tools for objects of any kind: what each is about, and what its planner needs.

A part of a request that has a tool of its own is planned as that one plans it, with its steps and what it asks for, and
the answer says so; what is left is planned by the schema of the kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.protection import protecting_annotations
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.kinds import CLUSTER, DATABASE, DATABASE_ROLE, NAMING_KINDS, OBJECT_STORE
from gitops_mcp.domain.names import ClusterRef, check_cluster_name
from gitops_mcp.domain.objects import Identity, Object, at, text_at
from gitops_mcp.domain.plans.databases.database import find_database
from gitops_mcp.domain.plans.generic.field_requests import FieldPart, FieldRequest, ObjectUpdate, read_update
from gitops_mcp.domain.plans.generic.object_update import plan_object_update
from gitops_mcp.domain.plans.generic.refusals import checked_json
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import find_role
from gitops_mcp.domain.plans.subject import ObjectPart, Subject, SubjectPart
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.object_stores import as_built
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.running_operator import running_operator
from gitops_mcp.workflows.view import View, allowed_namespace
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.object_targets import (
    FoundObject,
    NamedObject,
    as_written,
    check_scope,
    find_object,
    live_object,
    schema_root,
    with_kind,
)
from gitops_mcp.workflows.writing.own_tools import OwnTool, deletion_by_own_tool, own_tool, writing_of_tool
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from gitops_mcp.workflows.writing.targets import object_at_base, only_namespace, the_cluster

_DEPENDENT = {one.kind for one in NAMING_KINDS}


def create_object(app: App, request: WriteRequest, named: NamedObject, spec: Object) -> WriteResult:
    named.check()
    spec = checked_json(spec, argument="spec")
    cluster = _cluster_of_new(named, spec)

    def about(view: View) -> Subject:
        whom, _ = _identity_of_new(view, named, cluster)
        return Subject(f"create-{named.kind.lower()}", whom, (ObjectPart(whom),))

    def plan(view: View) -> Plan:
        from gitops_mcp.domain.plans.generic.list_defaults import spelled_out
        from gitops_mcp.domain.plans.generic.object_creation import check_new_spec, live_namesake

        whom, declared = _identity_of_new(view, named, cluster)
        root = schema_root(view, named.resource, whom)
        check_new_spec(spec, root)
        known = replace(view, desired=with_kind(view, named.kind))
        made = _plan_new(known, named, whom, declared, spelled_out(root.below("spec") or root, spec))
        live, unread = live_object(view, named.resource, whom)
        exists = [live_namesake(whom)] if live and live.object and not made.unchanged else []
        return as_written(view, named, known.desired, made).warned([*unread, *exists])

    request = _about(request, named)
    return deliver(app, replace(request, cluster=cluster) if cluster else request, Writing(about, plan))


def update_object(app: App, request: WriteRequest, named: NamedObject, asked: ObjectUpdate) -> WriteResult:
    named.check()
    values, items = (checked_json(given, argument=name) for given, name in ((asked.set, "set"), (asked.items, "items")))
    asked = replace(asked, set=values, items=items)

    def parts(view: View) -> tuple[FoundObject, list[OwnTool], list[FieldRequest]]:
        found = find_object(view, named)
        fields = list(read_update(asked, schema_root(view, named.resource, found.whom)))
        own = [(one, part) for one in fields if (part := own_tool(found, one)) is not None]
        rest = [one for one in fields if all(one is not taken for taken, _ in own)]
        return found, [part for _, part in own], rest

    def about(view: View) -> Subject:
        found, own, rest = parts(view)
        subjects = [one.writing.about(view) for one in own]
        if len(subjects) == 1 and not rest:
            return subjects[0]
        fields: tuple[SubjectPart, ...] = tuple(FieldPart(found.declared.identity, one.path) for one in rest)
        fields = found.parts or fields
        verb = "update" if named.kind == CLUSTER.kind else f"update-{named.kind.lower()}"
        return Subject(verb, found.whom, (*(part for one in subjects for part in one.parts), *fields))

    def plan(view: View) -> Plan:
        found, own, rest = parts(view)
        steps, plans = EditSequence(view.desired), []
        for one in own:
            made = one.writing.plan(replace(view, desired=steps.desired))
            told = f"{one.field} is planned as {one.tool} plans it"
            plans.append(replace(made, body=(told, *made.body)))
            steps.take(made.files)
        if rest:
            made = _plan_fields(replace(view, desired=steps.desired), named, rest)
            plans.append(made)
            steps.take(made.files)
        return plans[0] if len(plans) == 1 else _joined(found.whom, plans, steps)

    return deliver(app, _about(request, named), Writing(about, plan))


def delete_object(app: App, request: WriteRequest, named: NamedObject) -> WriteResult:
    named.check()
    if named.kind == CLUSTER.kind:
        whole = clusters.cluster_deletion(named.name, named.namespace)
        told = writing_of_tool(lambda _: OwnTool("delete_postgres_cluster", str(named.kind), whole))
        return deliver(app, _about(request, named), replace(told, finish=whole.finish))
    if named.kind in {DATABASE.kind, DATABASE_ROLE.kind}:
        return deliver(
            app, _about(request, named), writing_of_tool(lambda view: deletion_by_own_tool(find_object(view, named)))
        )

    def about(view: View) -> Subject:
        found = find_object(view, named)
        parts = found.parts or (ObjectPart(found.declared.identity),)
        return Subject(f"delete-{named.kind.lower()}", found.whom, parts, removes=True)

    def plan(view: View) -> Plan:
        from gitops_mcp.domain.plans.generic.object_deletion import plan_object_deletion

        found = find_object(view, named)
        live, unread = live_object(view, named.resource, found.whom)
        made = plan_object_deletion(
            found.declared,
            found.desired,
            found.whom,
            live=live,
            merged=object_at_base(view, found.declared),
            kept=view.source.why_kept(found.declared, live.object if live else None),
            configured=view.environment.engine_type,
        )
        return as_written(view, named, found.desired, made).warned(unread)

    return deliver(app, _about(request, named), Writing(about, plan))


def _about(request: WriteRequest, named: NamedObject) -> WriteRequest:
    is_cluster = named.kind == CLUSTER.kind
    request = replace(request, namespace=named.namespace)
    return replace(request, cluster=named.name) if is_cluster else replace(request, named=(named.resource, named.name))


def _plan_fields(view: View, named: NamedObject, fields: Sequence[FieldRequest]) -> Plan:
    found = find_object(view, named)
    live, unread = live_object(view, named.resource, found.whom)
    cluster = named.name if named.kind == CLUSTER.kind else text_at(found.declared.object, "spec", "cluster", "name")
    operator = running_operator(view.api, view.environment, found.whom.namespace, cluster).release
    made = plan_object_update(
        found.declared, found.desired, found.whom, fields, live=live.object if live else None, operator=operator
    )
    return as_written(view, named, found.desired, made).warned(unread)


def _joined(whom: Identity, plans: Sequence[Plan], steps: EditSequence) -> Plan:
    from gitops_mcp.workflows.writing.carried_on.replay import joined_plan, subjects_of

    if all(one.unchanged for one in plans):
        return replace(plans[0], unchanged="; ".join(str(one.unchanged) for one in plans))
    made = joined_plan(subjects_of(plans), plans, steps.changes)
    return replace(made, target=whom)


def _cluster_of_new(named: NamedObject, spec: Object) -> str | None:
    """The Cluster that it belongs to, as its spec says; None for what belongs to none."""
    if named.kind not in _DEPENDENT:
        return None
    name = at(spec, "cluster", "name")
    if not isinstance(name, str):
        raise InvalidRequest(
            f'spec: a {named.kind} belongs to one Cluster: say which, as {{"cluster": {{"name": "orders"}}, ...}}'
        )
    return check_cluster_name(name, field="spec.cluster.name")


def _identity_of_new(view: View, named: NamedObject, cluster: str | None) -> tuple[Identity, Declaration | None]:
    """What it will be, and the Cluster that it belongs to, in whose namespace it then is."""
    check_scope(view, named)
    if cluster is not None:
        declared, ref = the_cluster(view, cluster, named.namespace)
        return Identity(named.kind, ref.namespace, named.name), declared
    if not named.resource.namespaced:
        return Identity(named.kind, None, named.name), None
    asked = allowed_namespace(view.environment, named.namespace)
    return Identity(named.kind, asked or only_namespace(view), named.name), None


def _plan_new(view: View, named: NamedObject, whom: Identity, cluster: Declaration | None, spec: Object) -> Plan:
    from gitops_mcp.domain.plans.adoption import object_places
    from gitops_mcp.domain.plans.generic.object_creation import new_manifest, plan_object_creation
    from gitops_mcp.workflows.writing.adoption import layout_of_kind

    if cluster is not None:
        _check_name_in_postgres(view.desired, cluster, whom, spec)
    is_cluster = named.kind == CLUSTER.kind
    kept = protecting_annotations(view.source.engine(view.api, view.desired)) if is_cluster else {}
    manifest = new_manifest(named.resource, whom, spec, annotations=kept)
    manifest = as_built(manifest) if named.resource == OBJECT_STORE else manifest
    candidates = object_places(view.desired, cluster, whom, manifest, layout_of_kind(view, named.kind))
    view, places = view.with_places(whom, candidates)
    return plan_object_creation(view.desired, cluster, whom, manifest, places, proposed=view.proposed)


def _check_name_in_postgres(desired: Desired, cluster: Declaration, whom: Identity, spec: Object) -> None:
    """Of two objects that mean one database or role the operator takes one."""
    from gitops_mcp.domain.plans.generic.object_creation import same_in_postgres

    ref, name = ClusterRef(str(whom.namespace), cluster.identity.name), str(at(spec, "name"))
    known = find_database(desired, ref, name) if whom.kind == DATABASE.kind else None
    if whom.kind == DATABASE_ROLE.kind and (role := find_role(desired, cluster, ref, name)) is not None:
        known = role.declared
    if known is not None and known.identity != whom:
        raise same_in_postgres(whom, known)
