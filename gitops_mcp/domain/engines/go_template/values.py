"""Values as Go's templates have them, and how Go prints them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

_WHOLE = re.compile(
    r"[+-]?(?:[1-9][0-9]*(?:_[0-9]+)*|0[xX](?:_?[0-9a-fA-F])+|0[oO]?(?:_?[0-7])+|0[bB](?:_?[01])+|0)", re.ASCII
)
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_LONGEST = 100
"""Characters of a number."""


class Fails(Exception):
    """The engine fails at this template too."""


@dataclass(frozen=True)
class Unknown:
    """A value that nothing here can tell."""

    reason: str
    start: str = ""
    """Of a text: what it begins with."""


class NotKnown(Exception):
    """A text of a template that cannot be known."""

    def __init__(self, reason: str, start: str = "") -> None:
        super().__init__(reason)
        self.reason, self.start = reason, start


@dataclass(frozen=True)
class Signature:
    """What a function takes: `s` a text, `i` an int, `f` a float, `b` a bool, `m` a map, `l` a list, `a` anything.

    `v` is anything too, and a value that is missing stays so. With a star, any number of the last one.
    """

    takes: str
    run: Callable[..., Any]
    looks_inside: bool = True
    """It needs to know all that its arguments hold."""


class Missing:
    """What a map does not have: Go's zero Value, which is not nil."""


MISSING = Missing()


class Int64(int):
    """What arithmetic gives; a parameter of type int does not take it."""


class StringMap(dict[str, str]):
    """A `map[string]string`; functions of dictionaries do not take it."""


class OpenMap(dict[str, Any]):
    """A map that has more than is known."""

    def __init__(self, known: dict[str, Any], reason: str) -> None:
        super().__init__(known)
        self.reason = reason


def look_up(found: dict[str, Any], key: str, otherwise: Any) -> Any:
    if key in found:
        return found[key]
    return Unknown(found.reason) if isinstance(found, OpenMap) else otherwise


def go_value(value: Any) -> Any:
    """A value of JSON or YAML as Go reads it; keys are texts, every number is a float."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else go_text(key): go_value(one) for key, one in value.items()}
    if isinstance(value, list):
        return [go_value(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value if value is None or isinstance(value, str | bool | float) else str(value)


def why_unknown(value: Any) -> str | None:
    """Why something in a value is not known."""
    if isinstance(value, Unknown | OpenMap):
        return value.reason
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((why for one in parts if (why := why_unknown(one)) is not None), None)


def is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def kind_of(value: Any) -> str:
    names = {str: "string", bool: "bool", int: "int", Int64: "int64", float: "float64", list: "slice"}
    if value is None or value is MISSING:
        return "invalid"
    return "map" if isinstance(value, dict) else names[type(value)]


def type_of(value: Any) -> str:
    if isinstance(value, StringMap):
        return "map[string]string"
    return {"map": "map[string]interface {}", "slice": "[]interface {}", "invalid": "<nil>"}.get(
        kind := kind_of(value), kind
    )


def is_empty(value: Any) -> bool:
    """Zero of its type, as Go and sprig ask for it."""
    if isinstance(value, Unknown) or (isinstance(value, OpenMap) and not value):
        raise NotKnown(value.reason)
    return value is MISSING or not value


def is_same(one: Any, other: Any) -> bool:
    """Equal in type too, in all parts."""
    if isinstance(one, dict) and isinstance(other, dict):
        return (
            isinstance(one, StringMap) is isinstance(other, StringMap)
            and one.keys() == other.keys()
            and all(is_same(value, other[key]) for key, value in one.items())
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return type(one) is type(other) and bool(one == other)


def go_text(value: Any) -> str:
    """As `%v` prints it."""
    if isinstance(value, list):
        return f"[{' '.join(map(go_text, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{go_text(value[key])}' for key in sorted(value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    return "<nil>" if value is None or value is MISSING else str(value)


def float_text(value: float, *, least: int = -4, most: int = 6) -> str:
    """The shortest digits that say it, with an exponent where that is less than `least` or not less than `most`."""
    if value != value:  # noqa: PLR0124 - not a number
        return "NaN"
    if value in {float("inf"), float("-inf")}:
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if str(value).startswith("-") else "0"
    sign, (mantissa, _, power) = "-" if value < 0 else "", repr(abs(value)).partition("e")
    whole, _, part = mantissa.partition(".")
    figures = (whole + part).lstrip("0")
    point = int(power or 0) + len(whole) - len(whole + part) + len(figures)
    figures = figures.rstrip("0")
    if not least <= point - 1 < most:
        return f"{sign}{figures[0]}{'.' if figures[1:] else ''}{figures[1:]}e{point - 1:+03d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{figures}"
    figures = figures.ljust(point, "0")
    return f"{sign}{figures[:point]}{'.' if figures[point:] else ''}{figures[point:]}"


def go_quoted(text: str) -> str:
    """As `%q` and `strconv.Quote` write it."""
    return f'"{"".join(_quoted_parts(text))}"'


def _quoted_parts(text: str) -> Iterator[str]:
    short = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
    for one in text:
        if one in '"\\':
            yield f"\\{one}"
        elif one in short:
            yield short[one]
        elif one.isprintable():
            yield one
        elif ord(one) < 0x80:
            yield f"\\x{ord(one):02x}"
        else:
            yield f"\\u{ord(one):04x}" if ord(one) < 0x10000 else f"\\U{ord(one):08x}"


def whole_number(text: str) -> int | None:
    """As Go reads the base from its start: `0x1f`, `017`, `42`."""
    if len(text) > _LONGEST or not _WHOLE.fullmatch(text):
        return None
    is_old_octal = re.fullmatch(r"[+-]?0[0-7_]+", text) is not None
    return int(text, 8 if is_old_octal else 0)


def float_number(text: str) -> float | None:
    found = float(text) if len(text) <= _LONGEST and _FLOAT.fullmatch(text) else None
    return found if found is None or math.isfinite(found) else None


def int64(value: Any) -> Int64:
    """What cast makes of it: 0 where it is no number."""
    if isinstance(value, str):
        whole, _, rest = value.partition(".")
        found = whole_number(value if rest.strip("0") else whole) or 0
        return Int64(found if -(2**63) <= found < 2**63 else 0)
    return Int64(int(value)) if isinstance(value, bool | int | float) else Int64(0)


def byte_slice(text: str, start: int | None, end: int | None) -> str:
    """A part of a text, counted in bytes."""
    if text.isascii():
        return text[start:end]
    return text.encode(errors="surrogatepass")[start:end].decode(errors="replace")


def merge_maps(into: dict[str, Any], more: dict[str, Any], *, overwrite: bool) -> None:
    """As mergo merges maps: what is empty may always be filled, and lists are taken as a whole."""
    for key, value in more.items():
        was = into.get(key)
        if value is None:
            if overwrite:
                into[key] = None
        elif isinstance(value, dict) and isinstance(was, dict) and was:
            if isinstance(was, StringMap) and not isinstance(value, StringMap):
                raise Fails(f"{key} of two generators cannot be merged: one holds texts only, the other anything")
            merge_maps(was, value, overwrite=overwrite)
        elif overwrite or is_empty(was):
            into[key] = value
    if isinstance(more, OpenMap):
        raise NotKnown(more.reason)
