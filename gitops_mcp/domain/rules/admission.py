"""What the API server and the operator's webhooks say of an object, in their order: a pure function.

The object that an applier makes of the live one is filled in: by the CRD, by the defaulting webhook, which then writes
all of it back as its own types have it, and by the CRD again. Then the schema and its CEL rules judge, and at last the
validating webhook, whose checks are the rules. Its sources are `pkg/registry` of Kubernetes' apiextensions-apiserver,
`pkg/webhook/admission/defaulter_custom.go` of controller-runtime, and CloudNativePG's `internal/webhook/v1`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.objects import Object, Path, at, dotted_path, list_at
from gitops_mcp.domain.rules.rule import Finding, Seen
from gitops_mcp.domain.rules.table import OURS, describe_standing, findings
from gitops_mcp.domain.schema import Schema, SchemaFault, Unchecked
from gitops_mcp.domain.schema.merge import merge_change
from gitops_mcp.domain.schema.structure import item_identity
from gitops_mcp.domain.schema.written_back import (
    is_map_value,
    is_struct,
    nulls_written_back,
    without_map_nulls,
    write_back,
)

_NULL = (
    "is null, which server-side apply, and Flux with it, keeps and the API then refuses (a plain create drops it): "
    "leave it out"
)
_EMPTIED = "is null, of which the operator's webhook makes an empty text or 0: state a value, or leave it out"
_UNSTATED = "must be stated: the operator's webhook writes null where it is left out, which its own CRD refuses"
_GROUPS = ", such as snapshot.storage.k8s.io, or '' for a PersistentVolumeClaim"


@dataclass(frozen=True)
class Admission:
    """What would come of applying an object."""

    findings: tuple[Finding, ...] = ()
    skipped: tuple[str, ...] = ()
    """Fields whose value an engine fills in, so that nobody could judge them."""
    unchecked: tuple[Unchecked, ...] = ()


@dataclass(frozen=True)
class ObjectStages:
    """An object on its way into the API, as each stage makes it."""

    merged: Object
    """As an applier sends it."""
    filled: Object
    """With the defaults of CRD and webhook."""
    kept: Object
    """As the webhook has written it back: what is judged, and kept if it is accepted."""


def admit(seen: Seen, schema: Schema) -> Admission:
    """All that API server, CRD and operator say of `seen.object`, as Git declares it, and our own stricter rules."""
    judged = judge_schema(seen, schema)
    return replace(judged, findings=(*judge_rules(seen, schema), *judged.findings))


def judge_rules(seen: Seen, schema: Schema) -> tuple[Finding, ...]:
    """The rules look at the object as the webhook does, with every default in it."""
    held = _held_object(seen, schema)
    before = None if seen.before is None else _stages_over(held, seen, seen.before, schema).kept
    kept = _stages_over(held, seen, seen.object, schema).kept
    live = None if seen.live is None else held
    return findings(
        replace(seen, object=kept, before=before, live=live, declared=seen.object, declared_before=seen.before)
    )


def judge_schema(seen: Seen, schema: Schema) -> Admission:
    """Faults of structure and of CEL rules.

    One that `before` has does no harm where the API server lets it pass, which is where nothing around it has changed;
    elsewhere it stands in the way of every change.
    """
    held = _held_object(seen, schema)
    found = _judge_stages(_stages_over(held, seen, seen.object, schema), held, schema)
    old = None
    status = _status_faults(seen.object, seen.live, schema)
    if found.faults and seen.before is not None:
        old = _judge_stages(_stages_over(held, seen, seen.before, schema), held, schema)
    known = Counter(_fault_key(one, old.kept) for one in old.faults) if old else Counter()
    made = []
    for one in found.faults:
        if one.rule == "unknown field" and _is_there(seen.live, one.path):
            continue  # the API's CRD is newer than this schema
        key, is_null = _fault_key(one, found.kept), one.message in {_NULL, _EMPTIED}
        # Only a looser CRD has let a wrong type in: what Git says shows none of that.
        is_held = seen.live is not None or one.rule != "type"
        passes = is_null or (is_held and _is_unchanged(one, found.kept, held, schema))
        is_old = known[key] > 0 or (passes and not is_null)
        known[key] -= 1
        made.append(_finding(one, is_old=is_old, ours=one.path in found.stricter, passes=passes))
    stood = seen.before is not None and _has_same_status(seen.before, seen.object)
    made += [_finding(one, is_old=stood, ours=False, passes=False) for one in status]
    return Admission(tuple(made), found.skipped, found.unchecked)


def refused_by_schema(stages: ObjectStages, held: Object | None, schema: Schema) -> tuple[SchemaFault, ...]:
    """What the API server refuses an object for that replaces one which it holds, or that is new."""
    found = schema.verdict(stages.kept, before=held).faults
    changed = (one for one in found if not _is_unchanged(one, stages.kept, held, schema))
    nulls = (one for one in _null_faults(stages, schema) if one.message != _EMPTIED)
    return tuple(dict.fromkeys((*nulls, *changed)))


def unserved_kind(text: str, *, is_old: bool) -> Finding:
    """Of a kind that the API does not have, so that every change of such an object is refused."""
    return _finding(SchemaFault(("kind",), text, "unknown kind"), is_old=is_old, ours=False, passes=False)


def object_stages(seen: Seen, declared: Object, schema: Schema) -> ObjectStages:
    """Applied over the live object, or over what Git declared before where that is not known."""
    return _stages_over(_held_object(seen, schema), seen, declared, schema)


def _stages_over(held: Object | None, seen: Seen, declared: Object, schema: Schema) -> ObjectStages:
    merged = declared if held is None else merge_change(schema.root, held, before=seen.before, after=declared)
    plain = schema.fill(_read(merged, schema))
    filled = fill_webhook_defaults(plain, operator=seen.operator)
    # A webhook that has nothing to add sends nothing back.
    written: Object = filled if filled is plain else write_back(schema.root, filled)
    return ObjectStages(merged, schema.fill(filled), schema.fill(written))


def _read(merged: Object, schema: Schema) -> Object:
    """As the types of the webhook read it, which Clusters alone have to pass."""
    if at(merged, "kind") != "Cluster" or not schema.nulls(merged):
        return merged
    made: Object = without_map_nulls(schema.root, merged)
    return made


@dataclass(frozen=True)
class _OfSchema:
    kept: Object
    faults: tuple[SchemaFault, ...]
    stricter: frozenset[Path]
    """Where the webhook's types make good what was declared, such as a required field that they fill in blank."""
    skipped: tuple[str, ...]
    unchecked: tuple[Unchecked, ...]


def _judge_stages(stages: ObjectStages, held: Object | None, schema: Schema) -> _OfSchema:
    value = {key: part for key, part in stages.kept.items() if key != "status"}  # no write of an object changes that
    found = schema.verdict(value, before=held)
    declared = () if stages.filled == stages.kept else schema.examine(stages.filled)
    nulls = tuple(_null_faults(stages, schema))
    stricter = {one.path for one in declared} - {one.path for one in found.faults}
    faults = [*nulls, *found.faults, *(one for one in declared if one.path in stricter)]
    stricter |= {one.path for one in nulls if one.message == _EMPTIED}
    return _OfSchema(stages.kept, tuple(dict.fromkeys(faults)), frozenset(stricter), found.skipped, found.unchecked)


def _status_faults(value: Object, live: Object | None, schema: Schema) -> Iterator[SchemaFault]:
    """A declared status is dropped, but it is read first."""
    status = value.get("status")
    is_unknown = "status" in value and schema.root.below("status") is None
    if is_unknown or (status is not None and status != at(live, "status")):
        for one in schema.examine({**value, "status": schema.fill({"status": status}).get("status")}):
            if one.path[0] == "status" and one.rule in {"unknown field", "type"}:
                yield one


def _has_same_status(before: Object, after: Object) -> bool:
    return ("status" in before, before.get("status")) == ("status" in after, after.get("status"))


def _held_object(seen: Seen, schema: Schema) -> Object | None:
    """What the API compares with; of an operator of another release it may lack what is filled in here."""
    base = seen.live if seen.live is not None else seen.before
    return None if base is None else fill_webhook_defaults(schema.fill(base), operator=seen.operator)


def _null_faults(stages: ObjectStages, schema: Schema) -> Iterator[SchemaFault]:
    is_written_back = at(stages.kept, "kind") == "Cluster" and stages.filled != schema.fill(
        _read(stages.merged, schema)
    )
    for path in schema.nulls(stages.merged):
        if path[0] == "status" or (is_written_back and is_struct(path)):
            continue
        if not is_written_back or at(stages.kept, *path) is None:
            yield SchemaFault(path, _NULL, "type")
        elif is_map_value(schema.root, path):
            yield SchemaFault(path, _EMPTIED, "type")
    if is_written_back:
        for path in nulls_written_back(schema.root, stages.kept):
            yield SchemaFault(path, _UNSTATED + (_GROUPS if path[-1] == "apiGroup" else ""), "type")


def _is_there(value: Object | None, path: Path) -> bool:
    parent = at(value, *path[:-1])
    return isinstance(parent, dict) and path[-1] in parent


def _finding(one: SchemaFault, *, is_old: bool, ours: bool, passes: bool) -> Finding:
    rule = "cel" if one.rule == "cel" else "schema"
    if is_old:
        stands = not passes and not ours
        message = f"{one.message} ({describe_standing(stands=stands)})"
        return Finding(rule, "warning", one.field, message, is_old=True, stands_in_the_way=stands)
    return Finding(rule, "error", one.field, f"{one.message} ({OURS})" if ours else one.message, ours=ours)


def _is_unchanged(fault: SchemaFault, new: Object, held: Object | None, schema: Schema) -> bool:
    """Whether the API server's ratcheting lets a fault pass: a value around it is the live one.

    Items count one by one only in lists whose items have keys.
    """
    if fault.rule == "unknown field":  # which no object of the API has
        return False
    node, old = schema.root, held
    value: object = new
    for step in fault.path[:-1] if fault.rule == "required" else fault.path:
        below = node.items if isinstance(step, int) else node.below(step)
        if isinstance(step, int):
            if not node.keys:
                return False
            wanted = item_identity(node, at(value, step))
            old = next((one for one in list_at(old) if item_identity(node, one) == wanted), None)
        else:
            old = at(old, step)
        value = at(value, step)
        if below is None:
            return False
        if value == old and value is not None:
            return True
        node = below
    return False


def _fault_key(fault: SchemaFault, value: Object) -> tuple[str, ...]:
    """The same of a fault before and after, though the item of a list that has it may have moved."""
    place, message = (re.sub(r"\[\d+\]", "[]", text) for text in (dotted_path(fault.path), fault.message))
    found = at(value, *fault.path)
    return place, message, fault.rule, "" if isinstance(found, dict | list) else repr(found)
