"""A custom object against its CRD, as the API server tells it; what is wrong with it is the domain's to find."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gitops_mcp.domain.objects import Object, at, dotted_path
from gitops_mcp.domain.schema.node import SchemaNode
from gitops_mcp.domain.schema.verdict import SchemaFault
from gitops_mcp.sandbox.store.errors import Cause

_REASONS = {
    **dict.fromkeys(("type", "format"), "FieldValueTypeInvalid"),
    "enum": "FieldValueNotSupported",
    "required": "FieldValueRequired",
    "duplicate": "FieldValueDuplicate",
}
_SAID: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"must be at least (\S+), found .*", r"should be greater than or equal to \1"),
    (r"must be at most (\S+), found .*", r"should be less than or equal to \1"),
    (r"must match (.*)", r"should match '\1'"),
    (r"must have at least (\d+) characters", r"should be at least \1 chars long"),
    (r"must have at least (\d+ \w+).*", r"should have at least \1"),
    (r"must have at most (\d+) characters", r"may not be more than \1 bytes"),
    (r"must have at most (\d+) \w+, found (\d+)", r"\2: must have at most \1 items"),
    (r".* is not one of: (.*)", lambda found: f"supported values: {', '.join(map(_quoted, found[1].split(', ')))}"),
    (r"must be a time .*", "must be of type date-time"),
    (r"must be (?:an?|the) (\w+), found .*", r"must be of type \1"),
)
"""From the words that the product has for people to those of an API server."""
_WORDS = {
    "FieldValueRequired": "Required value",
    "FieldValueNotSupported": "Unsupported value: {shown}: {said}",
    "FieldValueDuplicate": "Duplicate value: {said}",
    "FieldValueTooLong": "Too long: {said}",
    "FieldValueTooMany": "Too many: {said}",
}
_BLOCKING = frozenset(f"FieldValue{one}" for one in ("Required", "NotSupported", "TypeInvalid", "TooLong", "TooMany"))
_NOT_CHECKED = Cause(
    "<nil>",
    "FieldValueInvalid",
    "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing "
    "errors to complete validation",
)


def prune_unknown(node: SchemaNode, value: Any, path: str = "") -> Iterator[str]:
    """Remove, in place, every field the schema does not know; their paths are answered."""
    if isinstance(value, list) and node.items is not None:
        for index, item in enumerate(value):
            yield from prune_unknown(node.items, item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key in list(value):
            below, place = node.below(key), f"{path}.{key}" if path else key
            if below is not None:
                yield from prune_unknown(below, value[key], place)
            elif not node.open:
                del value[key]
                yield place


def causes_of(faults: Iterable[SchemaFault], value: Object) -> Iterator[Cause]:
    for fault in faults:
        reason = _REASONS.get(fault.rule, "FieldValueInvalid")
        if fault.rule == "bounds" and fault.message.startswith("must have at most"):
            reason = "FieldValueTooLong" if "characters" in fault.message else "FieldValueTooMany"
        found = at(value, *fault.path)
        shown = json.dumps(_json_type(found) if fault.rule == "type" else found)
        said = next(
            (re.sub(*one, fault.message) for one in _SAID if re.fullmatch(one[0], fault.message)), fault.message
        )
        usual = "Invalid value: {said}" if fault.rule == "cel" else "Invalid value: {shown}: {field} in body {said}"
        words = _WORDS.get(reason, usual).format(shown=shown, field=fault.field, said=said)
        yield Cause(dotted_path(fault.path) or "<nil>", reason, words)


def with_unchecked(causes: list[Cause], *, has_rules: bool) -> list[Cause]:
    """Where something is so wrong that rules in CEL were not judged, the server says so."""
    return [*causes, _NOT_CHECKED] if has_rules and any(one.reason in _BLOCKING for one in causes) else causes


def _quoted(text: str) -> str:
    return f'"{text}"'


def _json_type(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")
