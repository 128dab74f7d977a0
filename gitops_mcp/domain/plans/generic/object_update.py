"""A change of any fields of any object: what is set, what goes, and items that come or replace those of their key.

Each field is read by the schema of the kind, each value held against it, and each edit made where the field's last word
stands. What the operator makes of the object that comes out is asked of its rules on the one road for writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.editing.field import edit_fields, where_field_stands
from gitops_mcp.domain.editing.list_items import add_item, remove_item
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.editing.variables import unfilled_refusal
from gitops_mcp.domain.impact.assessment import each_impact
from gitops_mcp.domain.impact.level import NOTHING, Impact, Level
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.live.drift import drift
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Path, at, dotted_path
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices, variable_lines
from gitops_mcp.domain.plans.generic.field_path import FieldPath, ItemKey
from gitops_mcp.domain.plans.generic.field_requests import FieldRequest
from gitops_mcp.domain.plans.generic.list_defaults import with_list_defaults
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.redact import mark_outside, redact_text, redact_value
from gitops_mcp.domain.repository.desired import Declaration, Desired, Origin
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.rules.reading import has_unfilled
from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set, apply_edit, normalize_edit
from gitops_mcp.domain.yaml.values import is_same

_SHOWN = 120
_NAMED = 3


@dataclass(frozen=True)
class _Step:
    said: FieldPath
    """The field as the caller names it."""
    edit: Edit
    place: Path
    """Of the field in the object before any edit."""
    old: Any


def plan_object_update(
    declared: Declaration,
    desired: Desired,
    whom: Identity,
    asked: Sequence[FieldRequest],
    *,
    live: Object | None,
    operator: Release | None = None,
) -> Plan:
    """The fields that differ, set where the object is declared, and nothing else.

    `live`: None where it could not be read, or is not there. Raises Refused where a field has no place of this object's
    own, InvalidRequest where an item that is named is not there.
    """
    before = declared.object
    names = [str(one.path) for one in asked]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    steps, after = _edits(before, asked)
    places = [one.place for one in steps]
    plan = Plan(
        redact_text(f"Update {whom}: {', '.join(names[:_NAMED])}{more}"),
        whom,
        warnings=tuple(_live_differs(declared, places, live, desired.origin.name)),
        validated_by=("built-in rules",),
    )
    if not steps:
        return replace(plan, unchanged=redact_text(f"{declared.place} says so already: {', '.join(names)}"))
    _check_filled_in(desired, declared, places)
    effects = list(each_impact(before, after, live=live, operator=operator))
    lost = [reason for one in effects if one.level is Level.DATA_LOSS for reason in one.reasons]
    stops = [reason for one in effects if one.level is Level.OUTAGE for reason in one.reasons]
    upgrade, told_of_cluster = _of_cluster(whom, before, after, live, desired.origin)
    if upgrade and not (lost or stops):
        effects, stops = [*effects, Impact(Level.OUTAGE, upgrade)], [*upgrade]
    return replace(
        plan,
        files=_changes(desired, declared, [part for one in steps for part in _parts(one.old, one.edit)]),
        body=(
            *map(_line, steps),
            *(text for one in places for text in variable_lines(declared, one)),
            *applier_lines(declared),
        ),
        impact=reduce(Impact.joined, effects, NOTHING),
        warnings=(*plan.warnings, *told_of_cluster, *applier_notices(declared, desired)),
        destroys=f"{whom}: {'; '.join(lost)}" if lost else None,
        stops=f"{whom}: {'; '.join(stops)}" if stops else None,
    )


def _of_cluster(
    whom: Identity, before: Object, after: Object, live: Object | None, origin: Origin
) -> tuple[tuple[str, ...], tuple[Notice, ...]]:
    """Of a Cluster what may be a major upgrade, and what is to be known of its volumes."""
    if whom.kind != CLUSTER.kind:
        return (), ()
    from gitops_mcp.domain.plans.clusters.cluster_update import reasons_of_upgrade, volume_notices

    return tuple(reasons_of_upgrade(before, after, live, origin)), tuple(volume_notices(before, after, live))


def _edits(before: Object, asked: Sequence[FieldRequest]) -> tuple[list[_Step], Object]:
    """The edits that differ, each on what those before it leave, and the object after them."""
    after: Object = before
    steps: list[_Step] = []
    for one in asked:
        for edit in _edit(after, one):
            normal = normalize_edit(after, edit)
            if normal is not None:
                place = one.path.place_or_none(before) or one.path.parent.place_in(before)
                steps.append(_Step(one.path, edit, place[: len(edit.path)], at(after, *edit.path)))
                after = apply_edit(after, normal)
    return steps, after


def _edit(here: Object, one: FieldRequest) -> Iterator[Edit]:
    match one.how:
        case "set":
            one.path.place_in(here)
            path, value = with_list_defaults(one.path, one.value, here)
            yield Set(path.place_in(here), value)
        case "item":
            _, value = with_list_defaults(one.path, one.value, here)
            place = one.path.place_or_none(here)
            if place is not None:
                yield Set(place, value)
                return
            items = one.path.parent.place_in(here)
            yield Insert(items, len(at(here, *items) or ()), value)
        case "remove":
            place = one.path.place_or_none(here)
            if place is not None and at(here, *place) is not None:
                yield Remove(_with_emptied(here, one.path, place))


def _with_emptied(here: Object, path: FieldPath, place: Path) -> Path:
    """What the removal leaves empty goes with it, unless that says something: by a default, or in an item."""
    while len(place) > 2 and isinstance(place[-1], str) and len(at(here, *place[:-1])) == 1:
        parent = path.parent
        says = parent.is_required or bool(parent.node.defaults) or parent.node.type not in {None, "object"}
        if says or any(isinstance(step, ItemKey) for step in parent.steps):
            break
        path, place = parent, place[:-1]
    return place


def _parts(old: Any, edit: Edit) -> Iterator[Edit]:
    """A mapping key by key: a patch adds to what it inherits, so whole it would take nothing away."""
    if not (isinstance(edit, Set) and isinstance(edit.value, dict) and edit.value and isinstance(old, dict) and old):
        yield edit
        return
    for key, part in edit.value.items():
        if key not in old or not is_same(old[key], part):
            yield from _parts(old.get(key), Set((*edit.path, key), part))
    yield from (Remove((*edit.path, key)) for key in old if key not in edit.value)


def _changes(desired: Desired, declared: Declaration, edits: Sequence[Edit]) -> tuple[FileChange, ...]:
    if all(isinstance(one, Set) or (isinstance(one, Remove) and isinstance(one.path[-1], str)) for one in edits):
        return edit_fields(desired, declared, *(one for one in edits if not isinstance(one, Insert)))
    steps = EditSequence(desired)
    for one in edits:
        now, here = steps.again(declared), steps.desired
        match one:
            case Insert(path, _, value):
                steps.take(add_item(here, now, path, value))
            case Remove(path) if isinstance(path[-1], int):
                steps.take(remove_item(here, now, path[:-1], path[-1]))
            case _:
                steps.take(edit_fields(here, now, one))
    return steps.changes


def _check_filled_in(desired: Desired, declared: Declaration, paths: Sequence[Path]) -> None:
    for path in paths:
        old = at(declared.object, *path)
        if isinstance(old, str) and has_unfilled(old) and path not in declared.substituted:
            place = where_field_stands(desired, declared, path)
            raise unfilled_refusal(desired, f"{dotted_path(path)} of {declared.label}", old, place)


def _live_differs(declared: Declaration, paths: Sequence[Path], live: Object | None, where: str) -> Iterator[Notice]:
    """Where what runs is not what Git says, in a field that was asked for."""
    for one in drift(declared.object, live) if live is not None else ():
        if any(path[: len(one.path)] == one.path[: len(path)] for path in paths):
            shown = [_outside_words(one.path, value, "absent") for value in (one.live, one.desired)]
            text = f"{dotted_path(one.path)} is {shown[0]} live where {where} says {shown[1]}"
            yield Notice("live-differs", redact_text(text))


def _line(step: _Step) -> str:
    said, old = step.said, _outside_words(step.place, step.old, "not stated")
    match step.edit:
        case Insert(path, index, value):
            return redact_text(f"{said}: {_in_words((*path, index), value)} is added")
        case Remove():
            return redact_text(f"{said}: {old} -> removed")
        case Set(path, value):
            return redact_text(f"{said}: {old} -> {_in_words(path, value)}")


def _outside_words(path: Path, value: Any, nothing: str) -> str:
    """What stands in Git or is live, and may be prose of others."""
    return nothing if value is None else str(mark_outside(_in_words(path, value)))


def _in_words(path: Path, value: Any) -> str:
    shown = redact_value(value, path)
    text = shown if isinstance(shown, str) else json.dumps(shown, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
