"""`printf` and its like, as Go's fmt prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.engines.go_template.values import NotKnown, go_quoted, go_text, is_number, type_of

_VERB = re.compile(r"%([-+# 0]*)([0-9]*)(?:(\.)([0-9]*))?(.?)", re.DOTALL)
_WIDEST = 1000


def sprint(*values: Any) -> str:
    """A space between two of which none is a text."""
    parts = [go_text(one) for one in values]
    spaces = [
        " " if not isinstance(one, str) and not isinstance(other, str) else ""
        for one, other in zip(values, values[1:], strict=False)
    ]
    return "".join(part + space for part, space in zip(parts, [*spaces, ""], strict=True))


def println(*values: Any) -> str:
    return f"{' '.join(map(go_text, values))}\n"


def printf(form: str, *values: Any) -> str:
    return "".join(_parts(form, list(values)))


def _parts(form: str, values: list[Any]) -> Iterator[str]:
    at = count = 0
    for found in _VERB.finditer(form):
        yield form[at : found.start()]
        at = found.end()
        flags, width, dot, places, verb = found.groups()
        if int(width or 0) > _WIDEST or int(places or 0) > _WIDEST:
            raise NotKnown("what its template makes is too long")
        if verb == "%":
            yield "%"
        elif not verb:
            yield "%!(NOVERB)"
        elif verb not in "sdvqtfgexX":
            raise NotKnown(f"`printf` with %{verb} of its template is not evaluated")
        elif count >= len(values):
            yield f"%!{verb}(MISSING)"
        else:
            precision = int(places or 0) if dot else None
            yield _padded(_printed(verb, values[count], flags, precision), flags, int(width or 0), values[count])
            count += 1
    yield form[at:]
    if rest := values[count:]:
        yield f"%!(EXTRA {', '.join(f'{type_of(one)}={go_text(one)}' if one is not None else '<nil>' for one in rest)})"


def _padded(text: str, flags: str, width: int, value: Any) -> str:
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and is_number(value):
        sign = text[:1] if text[:1] in "+-" else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width, "0" if "0" in flags else " ")


def _printed(verb: str, value: Any, flags: str, places: int | None) -> str:
    if isinstance(value, list):
        return f"[{' '.join(_printed(verb, one, flags, places) for one in value)}]"
    if isinstance(value, dict):
        pairs = (
            f"{_printed(verb, key, flags, places)}:{_printed(verb, value[key], flags, places)}" for key in sorted(value)
        )
        return f"map[{' '.join(pairs)}]"
    sign = "+" if "+" in flags and is_number(value) and value >= 0 else ""
    if verb == "v" and places is None:
        return sign + go_text(value)
    if isinstance(value, str) and verb in "svqxX":
        cut = value if places is None else value[:places]
        if verb in "xX":
            return f"{cut.encode().hex()}" if verb == "x" else cut.encode().hex().upper()
        return go_quoted(cut) if verb == "q" else cut
    if isinstance(value, bool) and verb == "t":
        return go_text(value)
    if isinstance(value, int) and not isinstance(value, bool) and verb in "dxX" and places is None:
        return sign + format(int(value), verb)
    if isinstance(value, float) and verb in "fe":
        return sign + _with_exponent(format(value, f".{6 if places is None else places}{verb}"))
    if isinstance(value, float) and verb == "g" and places is None:
        return sign + go_text(value)
    if places is not None or flags.replace("-", "").replace("0", "") or (isinstance(value, float) and verb in "gxX"):
        raise NotKnown(f"`printf` with %{verb} of its template is not evaluated")
    return f"%!{verb}({type_of(value)}={go_text(value)})" if value is not None else f"%!{verb}(<nil>)"


def _with_exponent(text: str) -> str:
    return text
