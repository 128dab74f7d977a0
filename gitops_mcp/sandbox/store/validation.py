"""What is wrong with an object by its metadata, its CRD and the operator's webhooks; the domain judges, this tells.

Of the operator's webhooks those are told here that CloudNativePG itself has, of the release that a store is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NoReturn

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.kinds import BACKUP, CLUSTER, DATABASE, SCHEDULED_BACKUP
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.rules import Seen
from gitops_mcp.domain.rules.admission import ObjectStages, judge_rules, object_stages, refused_by_schema
from gitops_mcp.domain.schema import SchemaFault
from gitops_mcp.sandbox.cnpg.spelling import respell
from gitops_mcp.sandbox.store import metadata
from gitops_mcp.sandbox.store.errors import Cause, denied, invalid
from gitops_mcp.sandbox.store.resources import Served
from gitops_mcp.sandbox.store.schema import causes_of, with_unchecked

_DEFAULTED = frozenset({BACKUP, CLUSTER, DATABASE, SCHEDULED_BACKUP})
"""Kinds with a defaulting webhook, which reads each object into its Go types first."""
_DECODED = frozenset({"durations", "role-expiry"})
"""Rules on texts that those types cannot hold."""


def valid_object(
    served: Served, old: Object | None, value: Object, *, applied: bool, checked: bool, operator: Release | None
) -> Object:
    """With every default, if nothing is wrong with it; `applied`: nulls were kept, which all other writes drop."""
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
        _ask_operator(served, seen)
    return {**stages.kept, "metadata": value["metadata"]}


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
    """What has a scale subresource cannot have fewer replicas than none, whatever its schema says."""
    replicas = at(value, *served.scale.spec) if served.scale else None
    if served.scale and isinstance(replicas, int) and replicas < 0:
        why = f"Invalid value: {replicas}: should be a non-negative integer"
        yield Cause(f".{'.'.join(map(str, served.scale.spec))}", "FieldValueInvalid", why)


def _check_decoded(served: Served, value: Object, faults: tuple[SchemaFault, ...]) -> None:
    for one in faults:
        if one.rule == "type" and at(value, *one.path) is not None:
            _deny_decoding(served, f"json: cannot unmarshal into Go struct field {one.field}: {one.message}")


def _ask_operator(served: Served, seen: Seen) -> None:
    """The rules that are the operator's own; what is ours, it lets pass."""
    causes = []
    for one in judge_rules(seen, served.ready):
        if one.stands_in_the_way or (one.severity == "error" and not one.ours):
            if one.rule in _DECODED:
                _deny_decoding(served, f"{one.field}: {one.message}")
            causes.append(Cause(one.field, "FieldValueInvalid", f"Invalid value: {one.message}"))
    if causes:
        refusal = invalid(served.resource, seen.object["metadata"]["name"], causes)
        raise denied(f"v{served.resource.kind.lower()}.cnpg.io", refusal.body)


def _deny_decoding(served: Served, why: str) -> NoReturn:
    raise denied(f"m{served.resource.kind.lower()}.cnpg.io", {"code": 400, "message": why})
