"""`printf` and its like, as Go's fmt prints."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.engines.go_template.values import NotKnown, go_quoted, go_text, is_number, type_of

_VERB = re.compile(r"%(?P<flags>[-+# 0]*)(?P<width>[0-9]*)(?:\.(?P<places>[0-9]*))?(?P<letter>.?)", re.DOTALL)
_WIDEST = 1000


@dataclass(frozen=True)
class _Verb:
    letter: str
    flags: str
    width: int
    places: int | None


def sprint(*values: Any) -> str:
    """A space between two of which none is a text."""
    parts = [go_text(one) for one in values]
    spaces = [
        " " if not isinstance(one, str) and not isinstance(other, str) else ""
        for one, other in itertools.pairwise(values)
    ]
    return "".join(part + space for part, space in itertools.zip_longest(parts, spaces, fillvalue=""))


def println(*values: Any) -> str:
    return f"{' '.join(map(go_text, values))}\n"


def printf(form: str, *values: Any) -> str:
    return "".join(_parts(form, list(values)))


def _parts(form: str, values: list[Any]) -> Iterator[str]:
    at = 0
    for found in _VERB.finditer(form):
        yield form[at : found.start()]
        at, letter = found.end(), found["letter"]
        places = None if found["places"] is None else int(found["places"] or 0)
        verb = _Verb(letter, found["flags"], int(found["width"] or 0), places)
        if verb.width > _WIDEST or (places or 0) > _WIDEST:
            raise NotKnown("what its template makes is too long")
        if letter in {"%", ""}:
            yield letter or "%!(NOVERB)"
        elif letter not in "sdvqtfegxX":
            raise NotKnown(f"`printf` with %{letter} is not evaluated")
        else:
            yield _printed(verb, values.pop(0)) if values else f"%!{letter}(MISSING)"
    yield form[at:]
    if values:
        told = (f"{type_of(one)}={go_text(one)}" if one is not None else "<nil>" for one in values)
        yield f"%!(EXTRA {', '.join(told)})"


def _printed(verb: _Verb, value: Any, *, inner: bool = False) -> str:
    if isinstance(value, list):
        return f"[{' '.join(_printed(verb, one, inner=True) for one in value)}]"
    if isinstance(value, dict):
        pairs = (f"{_printed(verb, key)}:{_printed(verb, value[key], inner=True)}" for key in sorted(value))
        return f"map[{' '.join(pairs)}]"
    text = _text_leaf(verb, value) if isinstance(value, str) else _other_leaf(verb, value)
    if text is None and value is None and inner:
        text = "<nil>"
    if text is None:
        if verb.width:
            raise NotKnown(f"`printf` with %{verb.letter} of a {type_of(value)} is not evaluated")
        told = f"{type_of(value)}={go_text(value)}" if value is not None else "<nil>"
        return f"%!{verb.letter}({told})"
    if "-" in verb.flags:
        return text.ljust(verb.width)
    if "0" not in verb.flags:
        return text.rjust(verb.width)
    sign = text[:1] if is_number(value) and text[:1] in "+-" else ""
    return sign + text[len(sign) :].rjust(verb.width - len(sign), "0")


def _text_leaf(verb: _Verb, value: str) -> str | None:
    text = value[: verb.places]
    match verb.letter:
        case "s" | "v":
            return text
        case "q":
            return go_quoted(text)
        case "x" | "X":
            return text.encode().hex() if verb.letter == "x" else text.encode().hex().upper()
        case _:
            return None


def _other_leaf(verb: _Verb, value: Any) -> str | None:
    sign = "+" if "+" in verb.flags and is_number(value) and value >= 0 else ""
    if isinstance(value, float) and verb.letter in "fe":
        return sign + format(value, f".{6 if verb.places is None else verb.places}{verb.letter}")
    if verb.places is not None or set(verb.flags) & {"#", " "} or (is_number(value) and verb.letter in "gxXq"):
        raise NotKnown(f"`printf` with %{verb.letter} of a number is not evaluated as it stands")
    if verb.letter == "v":
        return sign + go_text(value)
    whole = isinstance(value, int) and not isinstance(value, bool) and verb.letter == "d"
    return sign + go_text(value) if whole or (isinstance(value, bool) and verb.letter == "t") else None
