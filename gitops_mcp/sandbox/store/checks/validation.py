"""What is wrong with an object by its metadata, its CRD and the operator's webhooks; the domain judges, this tells.

Of the operator's webhooks those are told here that CloudNativePG itself has, of the release that a store is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NoReturn

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.kinds import BACKUP, CLUSTER, DATABASE, SCHEDULED_BACKUP
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.rules import Finding, Seen
from gitops_mcp.domain.rules.admission import ObjectStages, judge_rules, object_stages, refused_by_schema
from gitops_mcp.domain.rules.schedule import is_read_by_operator
from gitops_mcp.domain.rules.table import RULES
from gitops_mcp.domain.schema import SchemaFault
from gitops_mcp.sandbox.cnpg.spelling import respell
from gitops_mcp.sandbox.store import metadata
from gitops_mcp.sandbox.store.checks.schema import causes_of, with_unchecked
from gitops_mcp.sandbox.store.errors import Cause, denied, invalid
from gitops_mcp.sandbox.store.resources import Served

_DEFAULTED = frozenset({BACKUP, CLUSTER, DATABASE, SCHEDULED_BACKUP})
"""Kinds with a defaulting webhook, which reads each object into its Go types first."""
_DECODED = frozenset({"durations", "role-expiry"})
"""Rules on texts that those types cannot hold."""
_WARNINGS = frozenset({"durations", *(one.id for one in RULES if one.source == "webhook warning")})
_FIELDS = 6


def valid_object(
    served: Served,
    old: Object | None,
    value: Object,
    *,
    applied: bool,
    checked: bool,
    operator: Release | None,
    warnings: list[str],
) -> Object:
    """With every default, if nothing is wrong with it; `applied`: nulls were kept, which all other writes drop.

    `warnings` is filled with what the operator's webhook warns of, be the object taken or denied.
    """
    if not served.custom:
        _check(served, value, list(metadata.faults(served.resource, value["metadata"])), checked=checked)
        return value
    release = operator if served.resource.group == CLUSTER.group else None
    held = _declared(old) if old is not None else None
    seen = Seen(_declared(value if applied else served.ready.fill(value)), held, held, release)
    stages = _stages_of(served, seen)
    faults = refused_by_schema(stages, held, served.ready)
    if release is not None and served.resource in _DEFAULTED and checked:
        _check_decoded(served, stages.kept, faults)
    causes = [*metadata.faults(served.resource, value["metadata"]), *causes_of(faults, stages.kept)]
    _check(served, value, [*causes, *_replicas_faults(served, stages.kept)], checked=checked)
    if release is not None and checked:
        _ask_operator(served, seen, warnings)
    return {**stages.kept, "metadata": value["metadata"]}


def drop_status(served: Served, value: Object, operator: Release | None) -> None:
    """What is declared of it goes unread but by a defaulting webhook, which reads the whole object."""
    status = served.ready.fill({"status": value.pop("status", None)})
    if operator is not None and served.resource in _DEFAULTED and "status" in status:
        _check_decoded(served, status, tuple(one for one in served.ready.examine(status) if one.path[0] == "status"))


def _declared(value: Object) -> Object:
    """Without what the API server alone writes."""
    kept = {key: part for key, part in value["metadata"].items() if key not in metadata.OF_THE_SERVER}
    return {**value, "metadata": kept}


def _check(served: Served, value: Object, causes: list[Cause], *, checked: bool) -> None:
    if causes and checked:
        causes = with_unchecked(causes, has_rules=served.custom and served.ready.has_cel)
        raise invalid(served.resource, value["metadata"]["name"], causes)


def _stages_of(served: Served, seen: Seen) -> ObjectStages:
    if seen.operator is not None and served.resource == CLUSTER:
        stages = object_stages(seen, seen.object, served.ready)
        return replace(stages, kept={**stages.kept, "spec": respell(stages.kept.get("spec"))})
    filled = served.ready.fill(seen.object)
    return ObjectStages(seen.object, filled, filled)


def _replicas_faults(served: Served, value: Object) -> Iterator[Cause]:
    """What has a scale subresource has 0 replicas or more, in 32 bits, whatever its schema says."""
    replicas = at(value, *served.scale.spec) if served.scale else None
    if served.scale and isinstance(replicas, int) and not 0 <= replicas < 2**31:
        wanted = "a non-negative integer" if replicas < 0 else "less than or equal to 2147483647"
        why = f"Invalid value: {replicas}: should be {wanted}"
        yield Cause(f".{'.'.join(map(str, served.scale.spec))}", "FieldValueInvalid", why)


def _check_decoded(served: Served, value: Object, faults: tuple[SchemaFault, ...]) -> None:
    for one in faults:
        if one.rule == "type" and at(value, *one.path) is not None:
            _deny_decoding(served, f"json: cannot unmarshal into Go struct field {one.field}: {one.message}")


def _ask_operator(served: Served, seen: Seen, warnings: list[str]) -> None:
    """The rules that are the operator's own; what is ours, it lets pass."""
    found = judge_rules(seen, served.ready)
    refused = [one for one in found if one.stands_in_the_way or (one.severity == "error" and not one.ours)]
    for one in refused:
        if one.rule in _DECODED:
            _deny_decoding(served, f"{one.field}: {one.message}")
    warnings += _operator_warnings(seen.object, found)
    if refused:
        causes = [Cause(one.field, "FieldValueInvalid", f"Invalid value: {one.message}") for one in refused]
        refusal = invalid(served.resource, seen.object["metadata"]["name"], causes)
        raise denied(f"v{served.resource.kind.lower()}.cnpg.io", refusal.body)


def _operator_warnings(value: Object, found: Iterable[Finding]) -> Iterator[str]:
    """What the operator's webhook warns of, in our words; of what it does not judge that alone."""
    if at(value, "metadata", "annotations", "cnpg.io/validation") == "disabled":
        yield "validation is disabled by an annotation: nothing of this object was checked"
        return
    schedule = str(at(value, "spec", "schedule"))
    if value["kind"] == SCHEDULED_BACKUP.kind and len(schedule.split()) != _FIELDS and is_read_by_operator(schedule):
        yield f"spec.schedule: it may not be what is meant: a schedule has {_FIELDS} fields"
    yield from (str(one) for one in found if one.severity == "warning" and not one.is_old and one.rule in _WARNINGS)


def _deny_decoding(served: Served, why: str) -> NoReturn:
    raise denied(f"m{served.resource.kind.lower()}.cnpg.io", {"code": 400, "message": why})
