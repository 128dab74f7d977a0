"""What changing one field does, told from two samples of an object that differ in that field alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.objects import Object, list_at, mapping_at
from gitops_mcp.domain.schema.stated import ITEM, StatedField

_DEEPEST = 4
"""Levels of a sample."""
_WELL_KNOWN: dict[tuple[str, ...], tuple[tuple[str, Any, Any], ...]] = {
    ("spec", "imageName"): (("another minor", "pg:17.5", "pg:17.6"), ("a newer major", "pg:17.5", "pg:18.1")),
    ("spec", "imageCatalogRef", "major"): (("a newer major", 17, 18),),
    ("spec", "instances"): (("more", 2, 3), ("fewer", 3, 2)),
    ("spec", "postgresql", "parameters"): (
        ("one that PostgreSQL reads at its start", None, {"max_connections": "200"}),
        ("one that it reads again", None, {"work_mem": "8MB"}),
    ),
    ("spec", "replica", "primary"): (("another Cluster's name", "sample", "other"), ("its own", "other", "sample")),
    ("spec", "replica", "enabled"): (("true", False, True), ("false, removed", True, False)),
    ("metadata", "annotations", "[cnpg.io/hibernation]"): (("on", "off", "on"), ("off", "on", "off")),
    ("metadata", "annotations", "[cnpg.io/fencedInstances]"): (("set", None, '["*"]'), ("removed", '["*"]', None)),
}
_BESIDE: dict[str, Object] = {
    "Cluster": {"instances": 3, "imageName": "pg:17.5"},
    "Database": {"name": "app", "ensure": "present"},
    "DatabaseRole": {"name": "app", "login": True},
    "Pooler": {"instances": 2, "pgbouncer": {"poolMode": "session"}},
}
"""What the samples have beside the field."""


@dataclass(frozen=True)
class FieldImpact:
    when: str
    impact: Impact


def field_impacts(kind: str, field: StatedField) -> tuple[FieldImpact, ...]:
    """What setting, changing and removing it does; what is alike is said once. Nothing where nothing is known of it."""
    if field.is_immutable:
        return ()
    found: dict[tuple[Level, tuple[str, ...]], list[str]] = {}
    for when, old, new in _cases(field):
        effect = assess_impact(_object(kind, field, old), _object(kind, field, new))
        if effect.reasons:
            found.setdefault((effect.level, effect.reasons), []).append(when)
    return tuple(FieldImpact(", ".join(when), Impact(*effect)) for effect, when in found.items())


def _cases(field: StatedField) -> Iterator[tuple[str, Any, Any]]:
    if field.steps in _WELL_KNOWN:
        yield from _WELL_KNOWN[field.steps]
        return
    count = max(len(list_at(field.schema, "enum")), 2)
    samples = [_sample(field.schema, number, field.steps[-1]) for number in range(count)]
    if count > 2 or isinstance(samples[0], bool) or "enum" in field.schema:
        for number, value in enumerate(samples):
            yield json.dumps(value).strip('"'), samples[number - 1], value
    else:
        yield "set", None, samples[0]
        yield "another value", samples[0], samples[1]
        if isinstance(samples[0], int):
            yield "less", samples[1], samples[0]
    if not field.is_required:
        yield "removed", samples[-1], None


def _object(kind: str, field: StatedField, value: Any) -> Object:
    made: Object = {"kind": kind, "metadata": {"name": "sample"}, "spec": dict(_BESIDE.get(kind, {}))}
    if field.steps[:2] == ("spec", "imageCatalogRef"):
        made["spec"] = {"instances": 3, "imageCatalogRef": {"kind": "ImageCatalog", "name": "sample", "major": 17}}
    _put(made, field.steps, field.schemas, value)
    return made


def _put(into: Any, steps: tuple[str, ...], schemas: tuple[Object, ...], value: Any) -> None:
    """Sets the value below copies of what is on the way; None leaves it out."""
    step, *rest = steps
    key: Any = step.removeprefix("[").removesuffix("]") if step.startswith("[") and step != ITEM else step
    if not rest:
        if step == ITEM:
            into[:] = [] if value is None else [value]
        elif value is None:
            into.pop(key, None)
        else:
            into[key] = value
        return
    is_list = rest[0] == ITEM
    if step == ITEM:
        names = [one for one in ("name", "key", "major") if one in mapping_at(schemas[1], "properties")]
        below: Any = [] if is_list else dict.fromkeys(names[:1], "sample")
        into.append(below)
    else:
        below = [] if is_list else dict(into.get(key) or {})
        into[key] = below
    _put(below, tuple(rest), schemas[1:], value)


def _sample(schema: Object, number: int, name: str, depth: int = 0) -> Any:
    """One of two values of a type that differ."""
    choices, kind = list_at(schema, "enum"), schema.get("type")
    if choices:
        made: Any = choices[number % len(choices)]
    elif kind in {"integer", "number"}:
        made = max(int(schema.get("minimum", 1)), 1) + number
    elif kind == "boolean":
        made = bool(number)
    elif kind == "array":
        made = [_sample(schema.get("items") or {}, number, name, depth + 1)]
    elif kind == "object":
        made = _sample_object(schema, number, depth)
    else:
        made = f"{number + 1}Gi" if name == "size" else f"sample-{number}"
    return made


def _sample_object(schema: Object, number: int, depth: int) -> Object:
    inside = schema.get("additionalProperties")
    first = next(iter(mapping_at(schema, "properties").items()), None)
    if isinstance(inside, dict):
        first = "sample", inside
    if first is None or depth > _DEEPEST:
        return {"sample": str(number)}
    return {first[0]: _sample(first[1], number, first[0], depth + 1)}
