"""A structural schema as a CRD states it: prune what it does not know, fill in defaults, find faults.

Written out here and not given to jsonschema: pruning, defaulting and nullability are Kubernetes' own rules,
and the messages have to be the API server's. Of the keywords, those are checked that CRDs of the kinds
served here use; `x-kubernetes-validations` (CEL) and formats other than date-time are not.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.regexp import search
from gitops_mcp.domain.schema.checks import parse_rfc3339
from gitops_mcp.sandbox.store.errors import Cause

PRESERVE = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING = "x-kubernetes-int-or-string"
_EMBEDDED = "x-kubernetes-embedded-resource"


def prune_unknown(value: Any, schema: Object, path: str = "") -> list[str]:
    """Remove, in place, every field the schema does not know; their paths are answered."""
    gone: list[str] = []
    if isinstance(value, list):
        items = schema.get("items")
        if isinstance(items, dict):
            for index, item in enumerate(value):
                gone += prune_unknown(item, items, f"{path}[{index}]")
    elif isinstance(value, dict):
        kept = ("apiVersion", "kind", "metadata") if not path or schema.get(_EMBEDDED) else ()
        for key in list(value):
            below = _schema_below(schema, key)
            place = f"{path}.{key}" if path else key
            if key in kept:
                continue
            if below is not None:
                gone += prune_unknown(value[key], below, place)
            elif not schema.get(PRESERVE):
                del value[key]
                gone.append(place)
    return gone


def add_defaults(value: Any, schema: Object) -> None:
    """Set, in place, the defaults of what is absent, or null where null is not allowed."""
    if isinstance(value, dict):
        for key, below in schema.get("properties", {}).items():
            if "default" in below and (key not in value or (value[key] is None and not below.get("nullable"))):
                value[key] = copy.deepcopy(below["default"])
        for key, part in value.items():
            below = _schema_below(schema, key)
            if below:
                add_defaults(part, below)
    elif isinstance(value, list):
        for item in value:
            add_defaults(item, schema.get("items") or {})


def faults(value: Any, schema: Object, path: str = "") -> Iterator[Cause]:
    """What the schema refuses, in the API server's words."""
    wanted = schema.get("type")
    if value is None and schema.get("nullable"):
        return
    if schema.get(_INT_OR_STRING):
        if not _is_type(value, "integer") and not isinstance(value, str):
            yield _wrong_type(value, "integer,string", path)
            return
    elif wanted and not _is_type(value, wanted):
        yield _wrong_type(value, wanted, path)
        return
    yield from _alternatives(value, schema, path)
    if "enum" in schema and value not in schema["enum"]:
        supported = ", ".join(json.dumps(choice) for choice in schema["enum"])
        yield Cause(
            path, "FieldValueNotSupported", f"Unsupported value: {json.dumps(value)}: supported values: {supported}"
        )
    if isinstance(value, dict):
        yield from _in_object(value, schema, path)
    elif isinstance(value, list):
        yield from _in_list(value, schema, path)
    elif isinstance(value, str):
        yield from _in_text(value, schema, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _in_number(value, schema, path)


def _schema_below(schema: Object, key: str) -> Object | None:
    known: Object | None = schema.get("properties", {}).get(key)
    if known is not None:
        return known
    others = schema.get("additionalProperties")
    return others if isinstance(others, dict) else {PRESERVE: True} if others else None


_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


def _is_type(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return wanted == "boolean"
    return isinstance(value, _TYPES[wanted])


def _type_name(value: Any) -> str:
    """The JSON type's name, which stands for the value in messages: the value may be anything."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def _wrong_type(value: Any, wanted: str, path: str) -> Cause:
    kind = _type_name(value)
    given = "null" if value is None else f'"{kind}"'
    return Cause(
        path or "<nil>",
        "FieldValueTypeInvalid",
        f'Invalid value: {given}: {path} in body must be of type {wanted}: "{kind}"',
    )


def _invalid_value(path: str, value: Any, what: str) -> Cause:
    return Cause(path, "FieldValueInvalid", f"Invalid value: {json.dumps(value)}: {path} in body {what}")


def _alternatives(value: Any, schema: Object, path: str) -> Iterator[Cause]:
    if schema.get(_INT_OR_STRING):
        return
    for part in schema.get("allOf", ()):
        yield from faults(value, part, path)
    matched = {
        keyword: sum(next(faults(value, part, path), None) is None for part in schema[keyword])
        for keyword in ("anyOf", "oneOf")
        if keyword in schema
    }
    if matched.get("anyOf") == 0:
        yield Cause(path, "FieldValueInvalid", f'Invalid value: "": "{path}" must validate at least one schema (anyOf)')
    if matched.get("oneOf", 1) != 1:
        yield Cause(
            path, "FieldValueInvalid", f'Invalid value: "": "{path}" must validate one and only one schema (oneOf)'
        )
    if "not" in schema and next(faults(value, schema["not"], path), None) is None:
        yield Cause(path, "FieldValueInvalid", f'Invalid value: "": "{path}" must not validate the schema (not)')


def _in_object(value: Object, schema: Object, path: str) -> Iterator[Cause]:
    for key in schema.get("required", ()):
        if key not in value:
            yield Cause(f"{path}.{key}" if path else key, "FieldValueRequired", "Required value")
    if len(value) < schema.get("minProperties", 0):
        yield _invalid_value(path, len(value), f"should have at least {schema['minProperties']} properties")
    if len(value) > schema.get("maxProperties", len(value)):
        yield Cause(
            path, "FieldValueTooMany", f"Too many: {len(value)}: must have at most {schema['maxProperties']} items"
        )
    for key, part in value.items():
        below = _schema_below(schema, key)
        if below:
            yield from faults(part, below, f"{path}.{key}" if path else key)


def _in_list(value: list[Any], schema: Object, path: str) -> Iterator[Cause]:
    if len(value) < schema.get("minItems", 0):
        yield _invalid_value(path, len(value), f"should have at least {schema['minItems']} items")
    if len(value) > schema.get("maxItems", len(value)):
        yield Cause(path, "FieldValueTooMany", f"Too many: {len(value)}: must have at most {schema['maxItems']} items")
    keys = schema.get("x-kubernetes-list-map-keys")
    unique = schema.get("x-kubernetes-list-type") in {"map", "set"}
    seen = set()
    for index, item in enumerate(value):
        place = f"{path}[{index}]"
        yield from faults(item, schema.get("items") or {}, place)
        if unique:
            shown = {key: item.get(key) for key in keys} if keys and isinstance(item, dict) else item
            identity = json.dumps(shown, sort_keys=True)
            if identity in seen:
                yield Cause(place, "FieldValueDuplicate", f"Duplicate value: {identity}")
            seen.add(identity)


def _in_text(value: str, schema: Object, path: str) -> Iterator[Cause]:
    if len(value) < schema.get("minLength", 0):
        yield _invalid_value(path, value, f"should be at least {schema['minLength']} chars long")
    if len(value) > schema.get("maxLength", len(value)):
        yield Cause(path, "FieldValueTooLong", f"Too long: may not be more than {schema['maxLength']} bytes")
    if "pattern" in schema and not search(schema["pattern"], value):
        yield _invalid_value(path, value, f"should match '{schema['pattern']}'")
    if schema.get("format") == "date-time" and parse_rfc3339(value) is None:
        yield _invalid_value(path, value, f"must be of type date-time: {json.dumps(value)}")


def _in_number(value: float, schema: Object, path: str) -> Iterator[Cause]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and (value <= least if schema.get("exclusiveMinimum") else value < least):
        bound = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        yield _invalid_value(path, value, f"should be {bound} {least}")
    if most is not None and (value >= most if schema.get("exclusiveMaximum") else value > most):
        bound = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        yield _invalid_value(path, value, f"should be {bound} {most}")
