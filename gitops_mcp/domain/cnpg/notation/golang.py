"""Texts as Go's standard library reads them, by which the operator takes a manifest apart: ASCII digits, no blanks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from typing import Any, NoReturn

_INTEGER = re.compile(r"[+-]?[0-9]+")
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"(?<![0-9.])([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_LONGEST = 2**63
_RFC3339 = re.compile(
    r"([0-9]{4})(-[0-9]{2}-[0-9]{2})T([0-9]{1,2}:[0-9]{2}:[0-9]{2})(?:[.,][0-9]+)?(Z|[+-]([0-9]{2}):([0-9]{2}))?"
)


def parse_integer(text: str) -> int | None:
    """`strconv.Atoi`, in 64 bits."""
    value = int(text) if len(text) < 64 and _INTEGER.fullmatch(text) else None
    return value if value is not None and -_LONGEST <= value < _LONGEST else None


def parse_boolean(text: str) -> bool | None:
    """`strconv.ParseBool`."""
    return _BOOLEANS.get(text)


def parse_duration(text: str) -> Fraction | None:
    """Seconds, by `time.ParseDuration`: '1h30m', '500ms', '0'. There are no days."""
    rest = text[1:] if text[:1] in {"+", "-"} else text
    if rest == "0":
        return Fraction(0)
    parts = list(_PART.finditer(rest))
    if not parts or "".join(one[0] for one in parts) != rest:
        return None
    nanoseconds = sum((Fraction(one[1].rstrip(".")) * _UNITS[one[2]] for one in parts), Fraction(0))
    if nanoseconds >= _LONGEST:
        return None
    return Fraction(int(nanoseconds), 10**9) * (-1 if text[0] == "-" else 1)


def is_rfc3339(text: str, *, needs_zone: bool = True) -> bool:
    """`time.Parse` with RFC 3339: T and Z in capitals, and a day that there is."""
    found = _RFC3339.fullmatch(text)
    if found is None or (needs_zone and found[4] is None) or int(found[5] or 0) > 24 or int(found[6] or 0) > 60:
        return False
    year = "2000" if found[1] == "0000" else found[1]  # a leap year too, and one that Python has
    try:
        datetime.fromisoformat(f"{year}{found[2]}T{found[3].zfill(8)}")
    except ValueError:
        return False
    return True


def parse_json(text: str | bytes, *, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """`json.Unmarshal` of a text; raises ValueError, also for what nests without end and for NaN."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=pairs)
    except RecursionError as error:
        raise ValueError("it nests too deep") from error


def parse_fields(text: str) -> dict[str, list[Any]] | None:
    """`json.Unmarshal` into a struct: by folded name all values of a field, in order; None for what is no object.

    Each of them is read into the field, so that one of a wrong type is an error wherever it stands.
    """
    found = parse_json(text, pairs=tuple)
    if not isinstance(found, tuple):
        return None
    fields: dict[str, list[Any]] = {}
    for name, value in found:
        fields.setdefault(name.casefold(), []).append(value)
    return fields


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
