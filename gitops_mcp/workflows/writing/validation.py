"""What is known of a plan before anything is committed: the operator's rules, the schemas of the API, and the impact.

They look at each object as it will be rendered, against what Git declares now and what is live. What could not be
looked at is told, and never counts as valid. A fault that stood there before is no reason to refuse a change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gitops_mcp.domain.cnpg.status.pods import CLUSTER_LABEL
from gitops_mcp.domain.cnpg.version import parse_operator_version
from gitops_mcp.domain.impact import assess_impact
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.kinds import CNPG_KINDS, POD
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import CNPG_GROUP, Object, Resource, at, dotted_path
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.rules import Finding, Seen, findings
from gitops_mcp.domain.rules.limits import broken_limits, notice_missing_backups
from gitops_mcp.domain.schema import SchemaFault, compile_schema
from gitops_mcp.domain.schema.unfilled import unfilled_paths
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotFound, NotInstalled
from gitops_mcp.workflows.api_once import Look, Served

RULES = "built-in rules"
_KINDS = {resource.kind: resource for resource in CNPG_KINDS}
_MOST = 8
_VERSION = "cnpg.io/operatorVersion"
_DANGERS = {"role-danger", "database-danger"}
_SAID = {
    "powerful-role": ("role-danger",),
    "owner-missing": ("database-owner",),
    "drops-with-manifest": ("database-danger",),
}
"""Warnings of planners, with the rules that would say the same again in other words."""


def validate_plan(
    plan: Plan, changes: Iterable[ObjectChange], after: Desired, look: Look, *, limits: Limits, base: Desired
) -> Plan:
    """The plan with its warnings, its impact and what validated it. Raises InvalidRequest with every fault.

    `changes` are those of this plan, and their impact is told. What the operator will see is the whole change, so
    rules and schemas compare with `base`: what two commits do is applied in one go.
    """
    merged = {one.identity: one.object for one in base.declarations}
    checked = [
        _check_object(one, replace(one, before=merged.get(one.identity)), after, look, limits)
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
    by = dict.fromkeys([*plan.validated_by, *(name for one in checked for name in one.by)])
    found = plan.impact
    for one in checked:
        found = _worse_impact(found, one.impact)
    return replace(plan, impact=found, validated_by=tuple(by)).warned(dict.fromkeys(warnings))


@dataclass(frozen=True)
class Limits:
    """What the configuration allows in an environment."""

    most_instances: int
    storage_classes: tuple[str, ...] | None
    protected: bool
    told_old: bool = True
    """Faults that stood there before are told; of what is live, with all that the operator has filled in, they are
    nobody's."""


@dataclass(frozen=True)
class _CheckedObject:
    faults: tuple[str, ...]
    warnings: tuple[Notice, ...]
    impact: Impact
    by: tuple[str, ...]


def _check_object(
    own: ObjectChange, change: ObjectChange, after: Desired, look: Look, limits: Limits
) -> _CheckedObject:
    """One object: `own` is what this plan does to it, `change` what it does together with what is not merged yet."""
    live, operator = _read_live(change, look), _operator(change, look)
    effect = assess_impact(own.before, own.after, live=live, operator=operator)
    if change.after is None:
        never = change.before is None and _is_nowhere(change, look)  # made and taken back by one change
        return _CheckedObject((), (), Impact(Level.NONE) if never else effect, ())
    near = tuple(
        one.object
        for one in after.declarations
        if one.identity != change.identity and one.identity.namespace in {change.identity.namespace, None}
    )
    found = findings(Seen(change.after, change.before, live, operator, near))
    schema = _against_schema(change, look)
    of_limits = broken_limits(
        change.before, change.after, most=limits.most_instances, storage_classes=limits.storage_classes
    )
    name = str(change.identity)
    faults = [f"{name} {one}" for one in found if one.severity == "error"]
    faults += [f"{name} {one}" for one in schema.faults if not _is_said(one, found)]
    faults += [f"{name} {one}" for one in of_limits]
    told = [one for one in found if one.severity == "warning" and (limits.told_old or not one.is_old)]
    warnings = [Notice(one.rule, f"{name} {one}") for one in told]
    if limits.told_old:
        warnings += _placeholder_notices(change, schema.skipped)
    if limits.protected and change.before is None:
        warnings += notice_missing_backups(change.after, near)
    return _CheckedObject(tuple(faults), (*warnings, *schema.warnings), effect, (RULES, *schema.by))


def _is_said(one: SchemaFault, found: Iterable[Finding]) -> bool:
    """Whether a rule has spoken of the same field, in better words than the schema's."""
    return any(other.severity == "error" and other.field == one.field for other in found)


def _worse_impact(told: Impact, found: Impact) -> Impact:
    """What a planner tells in its own words stands, unless the objects show more."""
    return told if found.level <= told.level else told.joined(found)


def _read_live(change: ObjectChange, look: Look) -> Object | None:
    if change.identity.namespace is None or (change.before is None and change.identity.kind == "Cluster"):
        return None  # a live namesake of a new Cluster is told by who plans it
    try:
        return look.get(_KINDS[change.identity.kind], change.identity.namespace, change.identity.name)
    except GitOpsError:  # that it could not be read is told by who plans with it
        return None


def _is_nowhere(change: ObjectChange, look: Look) -> bool:
    """The API was asked and has no such object."""
    try:
        return look.get(_KINDS[change.identity.kind], change.identity.namespace, change.identity.name) is None
    except GitOpsError:
        return False


def _operator(change: ObjectChange, look: Look) -> tuple[int, ...] | None:
    """Where that matters: of an existing Cluster that is changed."""
    if change.identity.kind != "Cluster" or change.before is None or change.after is None:
        return None
    return operator_of(look, change.identity.namespace, change.identity.name)


def operator_of(look: Look, namespace: str | None, cluster: str) -> tuple[int, ...] | None:
    """The operator's version, as a pod of the Cluster says it; None where that could not be read."""
    try:
        pod = look.first(POD, namespace, labels=f"{CLUSTER_LABEL}={cluster}")
    except GitOpsError:
        return None
    return parse_operator_version(at(pod, "metadata", "annotations", _VERSION))


@dataclass(frozen=True)
class _OfSchema:
    faults: tuple[SchemaFault, ...] = ()
    warnings: tuple[Notice, ...] = ()
    by: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def _against_schema(change: ObjectChange, look: Look) -> _OfSchema:
    resource = _KINDS[change.identity.kind]
    try:
        schema, source, is_whole = served_schema(look, resource)
    except NotInstalled as error:
        return _OfSchema(warnings=(Notice("not-installed", f"{change.identity} could not be validated: {error}"),))
    except GitOpsError as error:
        text = f"only the built-in rules ran, since the schema of {resource.kind} could not be read: {error}"
        return _OfSchema(warnings=(Notice("schema-unavailable", text),))
    verdict = schema.verdict(change.after or {}, before=change.before)
    known = schema.verdict(change.before).faults if change.before is not None else ()
    new = tuple(_new_faults(verdict.faults, change.after or {}, known, change.before or {}))
    by = (f"schema of {source}", *((f"CEL rules of {source}",) if schema.has_cel else ()))
    notices = tuple(_unchecked_notices(change, len(verdict.unchecked), is_whole=is_whole))
    return _OfSchema(new, notices, by, verdict.skipped)


def _new_faults(
    faults: Iterable[SchemaFault], after: Object, known: Iterable[SchemaFault], before: Object
) -> Iterator[SchemaFault]:
    """The faults that were not there, though the item of a list that has one may have moved."""
    faults, known = tuple(faults), frozenset(known)
    moved = {_fault_key(one, before) for one in known.difference(faults)}
    yield from (one for one in faults if one not in known and _fault_key(one, after) not in moved)


def _fault_key(fault: SchemaFault, value: Object) -> tuple[str, str, str, str]:
    place, message = (re.sub(r"\[\d+\]", "[]", text) for text in (fault.field, fault.message))
    return place, message, fault.rule, repr(at(value, *fault.path))


def _placeholder_notices(change: ObjectChange, skipped: Iterable[str]) -> tuple[Notice, ...]:
    """What neither rules nor schema can judge before an engine has put something in its place; `skipped` by schema."""
    fields = [*dict.fromkeys([*map(dotted_path, unfilled_paths(at(change.after, "spec"), ("spec",))), *skipped])]
    if not fields:
        return ()
    more = f" and {len(fields) - _MOST} more" if len(fields) > _MOST else ""
    text = f"{change.identity} {', '.join(fields[:_MOST])}{more}: filled in by the engine, so not validated here"
    return (Notice("not-validated", text),)


def _unchecked_notices(change: ObjectChange, rules: int, *, is_whole: bool) -> Iterator[Notice]:
    if rules:
        yield Notice("not-validated", f"{change.identity}: {pluralize(rules, 'CEL rule')} could not be decided here")
    if not is_whole:
        yield Notice(
            "no-cel",
            f"the API server's schema of {change.identity.kind} leaves CEL rules out, and its CRD may not be read "
            f"(rbac/read-schemas.yaml), so rules between fields were checked by the built-in ones only",
        )


def served_schema(look: Look, resource: Resource) -> Served:
    """The schema of a kind: the API server's, or the CRD's where that alone has CEL rules."""
    document = look.openapi(CNPG_GROUP, resource.version)
    if (known := look.schemas.get((id(document), resource.kind))) is not None:
        return known
    key = f"{look.kube.description} {resource.kind} {id(document)}"
    schema = compile_schema(_find_component(document, resource), key=key)
    made: Served = (schema, "the API server", True)
    if not schema.has_cel:
        try:
            crd = look.kube.crd(resource.plural, resource.group)
        except Forbidden:
            made = (schema, "the API server", False)
        except NotFound:  # served without a CRD: an aggregated API
            pass
        else:
            found = _of_crd(crd, resource)
            made = (compile_schema(found, key=f"{key} crd"), "the CRD", True) if found is not None else made
    look.schemas[id(document), resource.kind] = made
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
