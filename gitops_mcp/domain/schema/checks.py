"""What a schema asks of one scalar, or of the size of a collection, as closures made once."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import inf
from typing import Any

from gitops_mcp.domain import regexp
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.schema.verdict import RuleName

_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True)
class Check:
    rule: RuleName
    wanted: str
    """Goes on after "must"."""
    holds: Callable[[Any], bool]


def schema_checks(schema: Object) -> Iterator[Check]:
    """A check of one kind of value holds for every other kind, as in JSON Schema."""
    yield from _number_checks(schema)
    yield from _size_checks(schema)
    yield from _format_checks(schema)


def pattern_check(text: str) -> Check:
    """Raises regexp.Unreadable."""
    regexp.compiled(text)
    return Check("pattern", f"match {text}", lambda value: not isinstance(value, str) or regexp.search(text, value))


def parse_rfc3339(text: str) -> datetime | None:
    """A time as RFC 3339 writes it; Python's own reader takes more than that."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        return None


def decode_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number_checks(schema: Object) -> Iterator[Check]:
    least, most, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    if least is not None and schema.get("exclusiveMinimum"):
        yield _number_check(f"be more than {least}", lambda value: value > least)
    elif least is not None:
        yield _number_check(f"be at least {least}", lambda value: value >= least)
    if most is not None and schema.get("exclusiveMaximum"):
        yield _number_check(f"be less than {most}", lambda value: value < most)
    elif most is not None:
        yield _number_check(f"be at most {most}", lambda value: value <= most)
    if step:
        yield _number_check(f"be a multiple of {step}", lambda value: value % step == 0)
    if schema.get("format") in _RANGES:
        low, high = _RANGES[schema["format"]]
        yield _number_check(f"be from {low} to {high} ({schema['format']})", lambda value: low <= value <= high)


def _number_check(wanted: str, holds: Callable[[Any], bool]) -> Check:
    return Check("bounds", wanted, lambda value: not is_number(value) or holds(value))


_UNITS = {"Length": "characters", "Items": "items", "Properties": "keys"}


def _size_checks(schema: Object) -> Iterator[Check]:
    for suffix, unit in _UNITS.items():
        least, most = schema.get(f"min{suffix}"), schema.get(f"max{suffix}")
        if least is not None:
            yield Check("bounds", f"have at least {least} {unit}", partial(_has_size, suffix, least=least))
        if most is not None:
            yield Check("bounds", f"have at most {most} {unit}", partial(_has_size, suffix, most=most))


_SIZED: dict[str, type[Any]] = {"Length": str, "Items": list, "Properties": dict}


def _has_size(suffix: str, value: Any, *, least: float = 0, most: float = inf) -> bool:
    return not isinstance(value, _SIZED[suffix]) or least <= len(value) <= most


def _format_checks(schema: Object) -> Iterator[Check]:
    match schema.get("format"):
        case "date-time":
            wanted = "be a time such as 2030-01-31T00:00:00Z"
            yield Check("format", wanted, lambda value: not isinstance(value, str) or parse_rfc3339(value) is not None)
        case "byte":
            yield Check(
                "format", "be base64", lambda value: not isinstance(value, str) or decode_base64(value) is not None
            )
