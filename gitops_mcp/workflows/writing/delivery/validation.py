"""What is known of a plan before anything is committed: the operator's rules, the schemas of the API, and the impact.

They look at each object as it will be rendered, against what Git declares now and what is live. Where the API's schema
or its CEL rules cannot be read, the packaged CRD judges in their place. What could not be looked at is told, and never
counts as valid. A fault that stood there before is no reason to refuse a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gitops_mcp.config import Environment
from gitops_mcp.crds import LABEL, VERSION
from gitops_mcp.domain.cnpg.protection import Engine
from gitops_mcp.domain.cnpg.releases import release_text
from gitops_mcp.domain.editing.as_asked import wide_patch_notices
from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import NOTHING, Impact, Level
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, at, dotted_path
from gitops_mcp.domain.plans.applier_notes import HELD_UP
from gitops_mcp.domain.plans.left_alone import LEFT_ALONE, left_alone_notices
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.pruning import confirmation_notices, engine_in_use
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.rules import Finding, Seen
from gitops_mcp.domain.rules.admission import Admission, judge_rules, judge_schema, unserved_kind
from gitops_mcp.domain.rules.limits import broken_limits, notice_missing_backups
from gitops_mcp.domain.rules.operator import OF_SCHEMAS
from gitops_mcp.domain.schema.unfilled import unfilled_paths
from gitops_mcp.errors import GitOpsError, InvalidRequest
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.kind_schemas import SchemaSource, find_schemas
from gitops_mcp.workflows.running_operator import RunningOperator, running_operator
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.delivery.backups_left import with_ways_back
from gitops_mcp.workflows.writing.delivery.volume_growth import volume_growth_notices
from gitops_mcp.workflows.writing.live_neighbours import live_neighbours

RULES = "built-in rules"
_KINDS = {resource.kind: resource for resource in CNPG_KINDS}
STANDING = "standing-fault"
"""The id of what was wrong before and stops every change."""
_MOST = 8

_DANGERS = {"role-danger", "database-danger"}
_SAID = {
    "powerful-role": ("role-danger",),
    "owner-missing": ("database-owner",),
    "drops-with-manifest": ("database-danger",),
}
"""Warnings of planners, with the rules that would say the same again in other words."""


@dataclass(frozen=True)
class JudgedObjects:
    """What is known of the objects of a change, whoever made it."""

    faults: tuple[Notice, ...]
    """Why the operator or the API would refuse them."""
    standing: tuple[Notice, ...]
    """What was wrong before and makes the API refuse this change too."""
    warnings: tuple[Notice, ...]
    impacts: tuple[Impact, ...]
    """Of those that are not refused."""
    by: tuple[str, ...]
    operator: str | None

    def impact(self, told: Impact = NOTHING) -> Impact:
        """What somebody has told in words of his own stands, unless the objects show more."""
        for one in self.impacts:
            told = told if one.level <= told.level else told.joined(one)
        return told


def judge_objects(
    changes: Iterable[ObjectChange], after: Desired, api: ApiOnce, *, limits: Limits, base: Desired
) -> JudgedObjects:
    """`changes` are judged for what they do, in a state `after` that is one day to replace `base`.

    What the operator will see is all that differs, so rules and schemas compare with `base`: what two commits do is
    applied in one go.
    """
    merged = {one.identity: one.object for one in base.declarations}
    checked = [
        _check_object(one, replace(one, before=merged.get(one.identity)), after, api, limits, base)
        for one in changes
        if one.identity.kind in _KINDS
    ]
    return JudgedObjects(
        tuple(fault for one in checked for fault in one.faults),
        tuple(dict.fromkeys(told for one in checked for told in one.standing)),
        tuple(told for one in checked for told in one.warnings),
        tuple(one.impact for one in checked if not one.faults),
        tuple(dict.fromkeys(name for one in checked for name in one.by)),
        ", ".join(dict.fromkeys(str(one.operator) for one in checked if one.by)) or None,
    )


def validate_plan(
    plan: Plan, changes: Iterable[ObjectChange], after: Desired, api: ApiOnce, *, limits: Limits, base: Desired
) -> Plan:
    """The plan with its warnings, its impact and what validated it. Raises InvalidRequest with every fault."""
    changes = tuple(changes)
    judged = judge_objects(changes, after, api, limits=limits, base=base)
    if faults := judged.faults:
        more = f"; and {len(faults) - _MOST} more" if len(faults) > _MOST else ""
        told = "; ".join(one.message for one in faults[:_MOST])
        raise InvalidRequest(f"{plan.subject} would not be accepted, so nothing was changed: {told}{more}")
    said = {rule for one in plan.warnings for rule in _SAID.get(one.id, ())} | (_DANGERS if plan.at_stake else set())
    warnings = [one for one in judged.warnings if one.id not in said]
    left = dict.fromkeys(one.message for one in (*plan.warnings, *warnings) if one.id in {LEFT_ALONE, HELD_UP})
    plan = replace(
        plan,
        caution="; ".join(filter(None, [plan.caution, *left])),
        impact=judged.impact(plan.impact),
        validated_by=tuple(dict.fromkeys([*plan.validated_by, *judged.by])),
        operator=judged.operator,
        warnings=(*judged.standing, *plan.warnings),
    )
    return with_ways_back(plan.warned(dict.fromkeys(warnings)), changes, api)


@dataclass(frozen=True)
class Limits:
    """What the configuration says of an environment."""

    most_instances: int
    storage_classes: tuple[str, ...] | None
    protected: bool
    environment: Environment | None = None
    told_old: bool = True
    """Faults that stood there before are told, also such as stop no change; of what is live, with all that the
    operator has filled in, these are nobody's."""
    from_base: bool = False
    """The impact is told from the base, with which the change conflicts."""

    @classmethod
    def of(cls, view: View, *, from_base: bool = False) -> Limits:
        settings, environment = view.settings, view.environment
        most, classes = settings.max_instances, settings.storage_classes
        return cls(most, classes, environment.protected, environment, from_base=from_base)


@dataclass(frozen=True)
class _CheckedObject:
    faults: tuple[Notice, ...]
    standing: tuple[Notice, ...]
    warnings: tuple[Notice, ...]
    impact: Impact
    by: tuple[str, ...]
    operator: RunningOperator


def _check_object(
    own: ObjectChange, change: ObjectChange, after: Desired, api: ApiOnce, limits: Limits, base: Desired
) -> _CheckedObject:
    """One object: `own` is what this plan does to it, `change` what it does together with what is not merged yet."""
    live, operator = _read_live(change, api), _operator(change, api, limits)
    engine = _engine(own, base, limits)
    before = change.before if limits.from_base else own.before
    effect = assess_impact(before, own.after, live=live, operator=operator.release, engine=engine)
    if change.after is None:
        never = change.before is None and _is_nowhere(change, api)  # made and taken back by one change
        known = [one for one in base.declarations if one.identity == change.identity and base.origin.once]
        asked = tuple(notice for one in known for notice in confirmation_notices(one, live, engine))
        return _CheckedObject((), (), asked, Impact(Level.NONE) if never else effect, (), operator)
    near = tuple(
        one.object
        for one in after.declarations
        if one.identity != change.identity and one.identity.namespace in {change.identity.namespace, None}
    )
    near += live_neighbours(change, near, api)
    judged = _judge_object(Seen(change.after, change.before, live, operator.release, near), change.identity, api)
    of_limits = broken_limits(
        change.before, change.after, most=limits.most_instances, storage_classes=limits.storage_classes
    )
    name = str(change.identity)
    faults = [Notice(one.rule, f"{name} {one}") for one in judged.findings if one.severity == "error"]
    faults += [Notice("limits", f"{name} {one}") for one in of_limits]
    told = [one for one in judged.findings if one.severity == "warning"]
    standing = [Notice(STANDING, f"{name} {one}") for one in told if one.stands_in_the_way]
    told = [one for one in told if not one.stands_in_the_way and (limits.told_old or not one.is_old)]
    warnings = [Notice(one.rule, f"{name} {one}") for one in told]
    if limits.told_old:
        warnings += _placeholder_notices(change, judged.skipped)
    if limits.protected and change.before is None:
        warnings += notice_missing_backups(change.after, near)
    warnings += [*judged.undecided, *volume_growth_notices(change, live, api)]
    warnings += [*left_alone_notices(own, after, live), *wide_patch_notices(own, after)]
    return _CheckedObject(tuple(faults), tuple(standing), tuple(warnings), effect, judged.by, operator)


def _engine(own: ObjectChange, base: Desired, limits: Limits) -> Engine | None:
    """Whose protections count for an object."""
    declared = next((one for one in base.declarations if one.identity == own.identity), None)
    configured = limits.environment.engine_type if limits.environment else "auto"
    return engine_in_use(declared, configured) if declared else None


@dataclass(frozen=True)
class _JudgedObject:
    findings: tuple[Finding, ...]
    skipped: tuple[str, ...]
    undecided: tuple[Notice, ...]
    """Who could not be asked, and what could not be decided."""
    by: tuple[str, ...]


def _judge_object(seen: Seen, identity: Identity, api: ApiOnce) -> _JudgedObject:
    """By the rules, and by each schema that there is."""
    sources = find_schemas(identity, _KINDS[identity.kind], api)
    known = OF_SCHEMAS if sources[0].knows_fields else ()
    found = [one for one in judge_rules(seen, sources[0].schema) if one.rule not in known]
    by_rules, by = tuple(found), [RULES]
    skipped: list[str] = []
    undecided: list[Notice] = []
    for source in sources:
        verdict = _judge_by_schema(seen, source)
        found += [one for one in verdict.findings if not _is_said(one, by_rules)]
        skipped += verdict.skipped
        undecided += [source.unread] if source.unread else []
        undecided += _unchecked_notices(identity, verdict)
        by += source.judges
    return _JudgedObject(tuple(found), tuple(skipped), tuple(undecided), tuple(by))


def _judge_by_schema(seen: Seen, source: SchemaSource) -> Admission:
    """What a schema says; of the packaged one only doubts, where the operator is known to be of another release."""
    verdict = judge_schema(seen, source.schema)
    found = [one for one in verdict.findings if one.rule == "cel" or not source.only_cel]
    if source.is_packaged and seen.operator is not None and seen.operator[:2] != VERSION[:2]:
        why = f"({LABEL} refuses that; the operator is {release_text(seen.operator)})"
        found = [replace(one, severity="warning", message=f"{one.message} {why}") for one in found]
    if source.missing:
        found.insert(0, unserved_kind(source.missing, is_old=seen.before is not None))
    return replace(verdict, findings=tuple(found))


def _is_said(one: Finding, found: Iterable[Finding]) -> bool:
    """Whether a rule has spoken of the same field, in better words than the schema's, and as severely.

    The tables of releases know more than a schema of one release.
    """
    return any(
        other.field == one.field
        and (other.severity == "error" or other.rule in OF_SCHEMAS or (other.is_old and one.severity == "warning"))
        and (one.ours or not other.ours)
        for other in found
    )


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


def _placeholder_notices(change: ObjectChange, skipped: Iterable[str]) -> tuple[Notice, ...]:
    """What neither rules nor schema can judge before an engine has put something in its place; `skipped` by schema."""
    fields = [*dict.fromkeys([*map(dotted_path, unfilled_paths(at(change.after, "spec"), ("spec",))), *skipped])]
    if not fields:
        return ()
    more = f" and {len(fields) - _MOST} more" if len(fields) > _MOST else ""
    text = f"{change.identity} {', '.join(fields[:_MOST])}{more}: filled in by the engine, so not validated here"
    return (Notice("not-validated", text),)


def _unchecked_notices(identity: Identity, verdict: Admission) -> Iterator[Notice]:
    if verdict.unchecked:
        count = pluralize(len(verdict.unchecked), "CEL rule")
        yield Notice("not-validated", f"{identity}: {count} could not be decided here")
