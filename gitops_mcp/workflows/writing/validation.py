"""What is known of a plan before anything is committed: the operator's rules, the schemas of the API, and the impact.

They look at each object as it will be rendered, against what Git declares now and what is live. Where the API's schema
or its CEL rules cannot be read, the packaged CRD judges in their place. What could not be looked at is told, and never
counts as valid. A fault that stood there before is no reason to refuse a change.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gitops_mcp.config import Environment
from gitops_mcp.crds import LABEL, VERSION, packaged_crd
from gitops_mcp.domain.cnpg.releases import ALL, release_text
from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import CNPG_GROUP, Object, Resource, at, dotted_path
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.rules import Finding, Seen, findings
from gitops_mcp.domain.rules.limits import broken_limits, notice_missing_backups
from gitops_mcp.domain.rules.operator import KINDS, OF_SCHEMAS
from gitops_mcp.domain.schema import Schema, SchemaFault, Verdict, compile_schema
from gitops_mcp.domain.schema.unfilled import unfilled_paths
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotFound, NotInstalled
from gitops_mcp.workflows.api_once import ApiOnce, Served
from gitops_mcp.workflows.running_operator import RunningOperator, running_operator

RULES = "built-in rules"
PACKAGED = f"the packaged CRD ({LABEL})"
_KINDS = {resource.kind: resource for resource in CNPG_KINDS}
_MOST = 8
_OLD = "it was so before this change"
_DANGERS = {"role-danger", "database-danger"}
_SAID = {
    "powerful-role": ("role-danger",),
    "owner-missing": ("database-owner",),
    "drops-with-manifest": ("database-danger",),
}
"""Warnings of planners, with the rules that would say the same again in other words."""


def validate_plan(
    plan: Plan, changes: Iterable[ObjectChange], after: Desired, api: ApiOnce, *, limits: Limits, base: Desired
) -> Plan:
    """The plan with its warnings, its impact and what validated it. Raises InvalidRequest with every fault.

    `changes` are those of this plan, and their impact is told. What the operator will see is the whole change, so
    rules and schemas compare with `base`: what two commits do is applied in one go.
    """
    merged = {one.identity: one.object for one in base.declarations}
    checked = [
        _check_object(one, replace(one, before=merged.get(one.identity)), after, api, limits)
        for one in changes
        if one.identity.kind in _KINDS
    ]
    faults = [fault for one in checked for fault in one.faults]
    if faults:
        more = f"; and {len(faults) - _MOST} more" if len(faults) > _MOST else ""
        raise InvalidRequest(
            f"{plan.subject} would not be accepted, so nothing was changed: {'; '.join(faults[:_MOST])}{more}"
        )
    said = {rule for one in plan.warnings for rule in _SAID.get(one.id, ())} | (_DANGERS if plan.destroys else set())
    warnings = [one for each in checked for one in each.warnings if one.id not in said]
    judged_for = dict.fromkeys(str(one.operator) for one in checked if one.by)
    by = dict.fromkeys([*plan.validated_by, *(name for one in checked for name in one.by)])
    found = plan.impact
    for one in checked:
        found = _worse_impact(found, one.impact)
    plan = replace(plan, impact=found, validated_by=tuple(by), operator=", ".join(judged_for) or None)
    return plan.warned(dict.fromkeys(warnings))


@dataclass(frozen=True)
class Limits:
    """What the configuration says of an environment."""

    most_instances: int
    storage_classes: tuple[str, ...] | None
    protected: bool
    environment: Environment | None = None
    told_old: bool = True
    """Faults that stood there before are told; of what is live, with all that the operator has filled in, they are
    nobody's."""


@dataclass(frozen=True)
class _CheckedObject:
    faults: tuple[str, ...]
    warnings: tuple[Notice, ...]
    impact: Impact
    by: tuple[str, ...]
    operator: RunningOperator


def _check_object(
    own: ObjectChange, change: ObjectChange, after: Desired, api: ApiOnce, limits: Limits
) -> _CheckedObject:
    """One object: `own` is what this plan does to it, `change` what it does together with what is not merged yet."""
    live, operator = _read_live(change, api), _operator(change, api, limits)
    effect = assess_impact(own.before, own.after, live=live, operator=operator.release)
    if change.after is None:
        never = change.before is None and _is_nowhere(change, api)  # made and taken back by one change
        return _CheckedObject((), (), Impact(Level.NONE) if never else effect, (), operator)
    near = tuple(
        one.object
        for one in after.declarations
        if one.identity != change.identity and one.identity.namespace in {change.identity.namespace, None}
    )
    schema = _against_schema(change, live, api, operator)
    found = [
        one
        for one in findings(Seen(change.after, change.before, live, operator.release, near))
        if not schema.is_served or one.rule not in OF_SCHEMAS
    ]
    of_limits = broken_limits(
        change.before, change.after, most=limits.most_instances, storage_classes=limits.storage_classes
    )
    name = str(change.identity)
    faults = [f"{name} {one}" for one in found if one.severity == "error"]
    faults += [f"{name} {one}" for one in schema.faults if not _is_said(one, found)]
    faults += [f"{name} {one}" for one in of_limits]
    told = [one for one in found if one.severity == "warning" and (limits.told_old or not one.is_old)]
    warnings = [Notice(one.rule, f"{name} {one}") for one in told]
    warnings += [Notice("schema", f"{name} {one}") for one in schema.doubts if not _is_said(one, found)]
    if limits.told_old:
        warnings += [Notice("schema", f"{name} {one} ({_OLD})") for one in schema.old if not _is_said(one, found)]
        warnings += _placeholder_notices(change, schema.skipped)
    if limits.protected and change.before is None:
        warnings += notice_missing_backups(change.after, near)
    return _CheckedObject(tuple(faults), (*warnings, *schema.warnings), effect, (RULES, *schema.by), operator)


def _is_said(one: SchemaFault, found: Iterable[Finding]) -> bool:
    """Whether a rule has spoken of the same field, in better words than the schema's."""
    return any((other.severity == "error" or other.is_old) and other.field == one.field for other in found)


def _worse_impact(told: Impact, found: Impact) -> Impact:
    """What a planner tells in its own words stands, unless the objects show more."""
    return told if found.level <= told.level else told.joined(found)


def _read_live(change: ObjectChange, api: ApiOnce) -> Object | None:
    if change.identity.namespace is None or (change.before is None and change.identity.kind == "Cluster"):
        return None  # a live namesake of a new Cluster is told by who plans it
    try:
        return api.get(_KINDS[change.identity.kind], change.identity.namespace, change.identity.name)
    except GitOpsError:  # that it could not be read is told by who plans with it
        return None


def _is_nowhere(change: ObjectChange, api: ApiOnce) -> bool:
    """The API was asked and has no such object."""
    try:
        return api.get(_KINDS[change.identity.kind], change.identity.namespace, change.identity.name) is None
    except GitOpsError:
        return False


def _operator(change: ObjectChange, api: ApiOnce, limits: Limits) -> RunningOperator:
    if change.after is None:
        return RunningOperator()
    is_cluster = change.identity.kind == "Cluster"
    cluster = change.identity.name if is_cluster else at(change.after, "spec", "cluster", "name")
    named = cluster if isinstance(cluster, str) else None
    return running_operator(api, limits.environment, change.identity.namespace, named)


@dataclass(frozen=True)
class _OfSchema:
    faults: tuple[SchemaFault, ...] = ()
    doubts: tuple[SchemaFault, ...] = ()
    """What another version than the operator's own would refuse."""
    old: tuple[SchemaFault, ...] = ()
    warnings: tuple[Notice, ...] = ()
    by: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    is_served: bool = True
    """The API's own schema judged, which knows its fields better than any table."""


def _against_schema(change: ObjectChange, live: Object | None, api: ApiOnce, operator: RunningOperator) -> _OfSchema:
    resource = _KINDS[change.identity.kind]
    held = _held(change, live)
    try:
        schema, source, is_whole = served_schema(api, resource)
    except NotInstalled as error:
        unread = Notice("not-installed", f"{change.identity} was validated by {PACKAGED} alone: {error}")
        found = _by_packaged(change, held, operator, unread)
        return _unserved(change, found, error) if _is_group_served(api, resource) else found
    except GitOpsError as error:
        text = f"{PACKAGED} judged, since the schema of {resource.kind} could not be read: {error}"
        return _by_packaged(change, held, operator, Notice("schema-unavailable", text))
    served = _judged(schema, source, change, held)
    if is_whole:
        return served
    unread = Notice(
        "no-cel",
        f"the API server's schema of {change.identity.kind} leaves CEL rules out, and its CRD may not be read "
        f"(rbac/read-schemas.yaml), so rules between fields were checked by {PACKAGED}",
    )
    rest = _by_packaged(change, held, operator, unread)
    return replace(
        served,
        faults=(*served.faults, *_cel(rest.faults)),
        doubts=_cel(rest.doubts),
        old=(*served.old, *_cel(rest.old)),
        warnings=(*served.warnings, *rest.warnings),
        by=(*served.by, *rest.by[1:]),
    )


def _is_group_served(api: ApiOnce, resource: Resource) -> bool:
    """An operator is there, of a release that has not the kind; else one may still come with what Git declares."""
    try:
        api.openapi(CNPG_GROUP, resource.version)
    except GitOpsError:
        return False
    return True


def _unserved(change: ObjectChange, found: _OfSchema, error: NotInstalled) -> _OfSchema:
    had = KINDS.get(change.identity.kind, ALL).since
    hint = f"; it came with operator {release_text(had[0])}" if had else ""
    fault = SchemaFault(("kind",), f"{error}, so nothing can apply it{hint}", "unknown kind")
    found = replace(found, warnings=found.warnings[1:], is_served=True)
    if change.before is not None:
        return replace(found, old=(fault, *found.old))
    return replace(found, faults=(fault, *found.faults))


def _cel(faults: Iterable[SchemaFault]) -> tuple[SchemaFault, ...]:
    return tuple(one for one in faults if one.rule == "cel")


def _by_packaged(change: ObjectChange, held: Object | None, operator: RunningOperator, unread: Notice) -> _OfSchema:
    """Faults, but of an operator that is known to be another one: what another version refuses is only doubtful."""
    made = _judged(packaged_schema(_KINDS[change.identity.kind]), PACKAGED, change, held)
    made = replace(made, warnings=(unread, *made.warnings), is_served=False)
    if operator.release is None or operator.release[:2] == VERSION[:2]:
        return made
    why = f"({LABEL} refuses that; the operator is {release_text(operator.release)})"
    return replace(made, faults=(), doubts=tuple(replace(one, message=f"{one.message} {why}") for one in made.faults))


def _held(change: ObjectChange, live: Object | None) -> Object | None:
    """What the API will compare with: of the live object the fields that Git says or said, as the rest stays."""
    if live is None:
        return change.before
    return _shared(live, change.after, change.before)


def _shared(live: Object, after: Object | None, before: Object | None) -> Object:
    return {
        key: _shared(part, at(after, key), at(before, key)) if isinstance(part, dict) else part
        for key, part in live.items()
        if at(after, key) is not None or at(before, key) is not None
    }


def _verdict(schema: Schema, value: Object | None, held: Object | None) -> Verdict:
    """With what the operator's webhook fills in before the API asks a rule that reads it."""
    given = value or {}
    synchronous = at(given, "spec", "postgresql", "synchronous")
    if isinstance(synchronous, dict):
        postgresql = {**given["spec"]["postgresql"], "synchronous": {"dataDurability": "required", **synchronous}}
        given = {**given, "spec": {**given["spec"], "postgresql": postgresql}}
    return schema.verdict(given, before=held)


def _judged(schema: Schema, source: str, change: ObjectChange, held: Object | None) -> _OfSchema:
    """New faults apart from those that were there, though the item of a list that has one may have moved."""
    verdict, before = _verdict(schema, change.after, held), change.before
    known = _verdict(schema, before, held).faults if before is not None and verdict.faults else ()
    left = Counter(_fault_key(one, before or {}) for one in known)
    new: list[SchemaFault] = []
    old: list[SchemaFault] = []
    for one in verdict.faults:
        key = _fault_key(one, change.after or {})
        (old if left[key] > 0 else new).append(one)
        left[key] -= 1
    by = (f"schema of {source}", *((f"CEL rules of {source}",) if schema.has_cel else ()))
    return _OfSchema(tuple(new), (), tuple(old), tuple(_unchecked_notices(change, verdict)), by, verdict.skipped)


def _fault_key(fault: SchemaFault, value: Object) -> tuple[str, str, str, str]:
    place, message = (re.sub(r"\[\d+\]", "[]", text) for text in (fault.field, fault.message))
    found = at(value, *fault.path)
    return place, message, fault.rule, "" if isinstance(found, dict | list) else repr(found)


def _placeholder_notices(change: ObjectChange, skipped: Iterable[str]) -> tuple[Notice, ...]:
    """What neither rules nor schema can judge before an engine has put something in its place; `skipped` by schema."""
    fields = [*dict.fromkeys([*map(dotted_path, unfilled_paths(at(change.after, "spec"), ("spec",))), *skipped])]
    if not fields:
        return ()
    more = f" and {len(fields) - _MOST} more" if len(fields) > _MOST else ""
    text = f"{change.identity} {', '.join(fields[:_MOST])}{more}: filled in by the engine, so not validated here"
    return (Notice("not-validated", text),)


def _unchecked_notices(change: ObjectChange, verdict: Verdict) -> Iterator[Notice]:
    if verdict.unchecked:
        count = pluralize(len(verdict.unchecked), "CEL rule")
        yield Notice("not-validated", f"{change.identity}: {count} could not be decided here")


def packaged_schema(resource: Resource) -> Schema:
    crd = packaged_crd(resource.plural)
    return compile_schema(_of_crd(crd, resource) or {}, key=f"packaged {resource.kind}")


def served_schema(api: ApiOnce, resource: Resource) -> Served:
    """The schema of a kind: the API server's, or the CRD's where that alone has CEL rules."""
    document = api.openapi(CNPG_GROUP, resource.version)
    if (known := api.schemas.get((id(document), resource.kind))) is not None:
        return known
    key = f"{api.kube.description} {resource.kind} {id(document)}"
    schema = compile_schema(_find_component(document, resource), key=key)
    made: Served = (schema, "the API server", True)
    if not schema.has_cel:
        try:
            crd = api.kube.crd(resource.plural, resource.group)
        except Forbidden:
            made = (schema, "the API server", False)
        except NotFound:  # served without a CRD: an aggregated API
            pass
        else:
            found = _of_crd(crd, resource)
            made = (compile_schema(found, key=f"{key} crd"), "the CRD", True) if found is not None else made
    api.schemas[id(document), resource.kind] = made
    return made


def _find_component(document: Object, resource: Resource) -> Object:
    for schema in (at(document, "components", "schemas") or {}).values():
        for one in at(schema, "x-kubernetes-group-version-kind") or ():
            if (at(one, "group"), at(one, "version"), at(one, "kind")) == (
                resource.group,
                resource.version,
                resource.kind,
            ):
                found: Object = schema
                return found
    raise NotInstalled(f"the API server serves no {resource.kind} of {resource.api_version}")


def _of_crd(crd: Object, resource: Resource) -> Object | None:
    for version in at(crd, "spec", "versions") or ():
        if at(version, "name") == resource.version:
            found: Object | None = at(version, "schema", "openAPIV3Schema")
            return found
    return None
