"""Values as YAML text that every reader takes for the same value.

YAML 1.1 and 1.2 disagree about `on`, `0644`, `1e3` and the like, and so do kubectl and kustomize: a string that
either might take for something else is always quoted.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.yaml.tree import DEEPEST
from gitops_mcp.domain.yaml.values import HIGHEST, LOWEST
from gitops_mcp.errors import InvalidRequest

_AMBIGUOUS = re.compile(
    r"y|n|yes|no|on|off|true|false|null|~|nan|=|<<|"
    r"[-+]?\.(?:inf|nan)|"
    r"[-+]?[.0-9][-+0-9_,.:]*(?:e[-+]?[0-9_.]*)?|"
    r"[-+]?0[xob][0-9a-f_]*|"
    r"\d{4}-\d\d?-\d\d?(?:t|\s).*",
    re.IGNORECASE,
)
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
_OPTION = re.compile(r"--?[A-Za-z]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\x1b": "\\e"}


@dataclass(frozen=True)
class Indentation:
    """How a file indents."""

    step: int = 2
    """From a key to the keys below it."""
    offset: int = 2
    """From a key to the dashes below it."""
    gap: int = 2
    """From a dash to its item."""
    literals: bool = True
    """Whether strings of several lines become block scalars."""


def render_manifest(value: Object, *, eol: str = "\n", indent: int = 2, indent_lists: bool = True) -> str:
    """A new manifest: one document in block style, without a `---`."""
    check_value(value)
    layout = Indentation(step=indent, offset=indent if indent_lists else 0)
    return "".join(line + eol for line in block(value, 0, layout))


def check_value(value: Any, depth: int = 0) -> None:
    """Whether it can stand in a manifest at all."""
    if depth >= DEEPEST // 2:
        raise InvalidRequest(f"a value is nested deeper than {DEEPEST // 2} levels")
    if isinstance(value, dict):
        for key, part in value.items():
            if not isinstance(key, str):
                raise InvalidRequest(f"the key {key!r} is not a string")
            _check_scalar(key)
            check_value(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            check_value(part, depth + 1)
    else:
        _check_scalar(value)


def _check_scalar(value: Any) -> None:
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise InvalidRequest("a string holds half of a character (a lone surrogate), which UTF-8 cannot carry")
    elif isinstance(value, int):
        if not LOWEST <= value <= HIGHEST:
            raise InvalidRequest(f"the number {hex(value)[:20]} does not fit into 64 bits")
    elif value is not None and not isinstance(value, float):
        raise InvalidRequest(f"a {type(value).__name__} cannot stand in a manifest")


def block(value: Any, column: int, layout: Indentation) -> list[str]:
    """The lines of a collection whose keys or dashes stand at a column."""
    if isinstance(value, dict) and value:
        return [line for key, part in value.items() for line in entry_lines(key, part, column, layout)]
    if isinstance(value, list) and value:
        return [line for part in value for line in item_lines(part, column, layout)]
    return [" " * column + scalar(value)]


def entry_lines(
    key: str, value: Any, column: int, layout: Indentation, *, style: str | None = None, key_style: str | None = None
) -> list[str]:
    first, rest = hang_on_key(value, column, layout, style=style)
    return [" " * column + scalar(key, style=key_style, key=True) + ":" + (f" {first}" if first else ""), *rest]


def item_lines(value: Any, column: int, layout: Indentation, *, style: str | None = None) -> list[str]:
    first, rest = hang_on_dash(value, column, layout, style=style)
    return [" " * column + "-" + " " * (layout.gap - 1) + first, *rest]


def hang_on_key(
    value: Any, column: int, layout: Indentation, *, style: str | None = None, body: int | None = None
) -> tuple[str, list[str]]:
    """What follows the colon on its line, and the lines below: of a value whose key stands at a column."""
    if isinstance(value, dict) and value:
        return "", block(value, column + layout.step, layout)
    if isinstance(value, list) and value:
        return "", block(value, column + layout.offset, layout)
    return _hang_scalar(value, column + layout.step if body is None else body, layout, style)


def hang_on_dash(
    value: Any, column: int, layout: Indentation, *, style: str | None = None, body: int | None = None
) -> tuple[str, list[str]]:
    """The same for an item whose dash stands at a column."""
    if isinstance(value, (dict, list)) and value:
        lines = block(value, column + layout.gap, layout)
        return lines[0].lstrip(" "), lines[1:]
    return _hang_scalar(value, column + layout.gap if body is None else body, layout, style)


def _hang_scalar(value: Any, column: int, layout: Indentation, style: str | None) -> tuple[str, list[str]]:
    # One line stays over lines where it would need quotes: a patch of one operation is easier to read so.
    is_long = isinstance(value, str) and ("\n" in value or (style == "|" and not _fits_plain(value, inside=False)))
    if not (is_long and layout.literals and style != '"' and _fits_literal(value)):
        return scalar(value, style=style), []
    lines = value.removesuffix("\n").split("\n")
    return "|" if value.endswith("\n") else "|-", [" " * column + line if line else "" for line in lines]


def _fits_literal(text: str) -> bool:
    """Shown as it is between the lines of a block scalar, with nothing that an editor would strip."""
    lines = text.removesuffix("\n").split("\n")
    filled = [line for line in lines if line]
    return (
        bool(filled)
        and bool(lines[-1])
        and not filled[0].startswith((" ", "\t"))
        and all(line[-1] not in " \t" and line.replace("\t", "").isprintable() for line in filled)
    )


def flow(value: Any, *, style: str | None = None) -> str:
    """Inside of brackets or braces."""
    if isinstance(value, dict):
        return "{" + ", ".join(flow_entry(key, part) for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value, style=style, inside=True)


def flow_entry(key: str, value: Any, *, style: str | None = None, key_style: str | None = None) -> str:
    return f"{scalar(key, style=key_style, inside=True)}: {flow(value, style=style)}"


def scalar(value: Any, *, style: str | None = None, inside: bool = False, key: bool = False) -> str:
    """On one line; `style` is the quote wished for, `inside` means in brackets or braces."""
    if isinstance(value, str):
        return _string(value, style, inside=inside or key)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, (dict, list)):
        return "{}" if isinstance(value, dict) else "[]"
    return "null" if value is None else str(value)


def _string(text: str, style: str | None, *, inside: bool) -> str:
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if style == '"' or not _fits_plain(text, inside=inside):
        return '"' + "".join(map(_escape_char, text)) + '"'
    return text


def _fits_plain(text: str, *, inside: bool) -> bool:
    return (
        bool(text)
        and text == text.strip()
        and text.isprintable()
        and (text[0] not in _INDICATORS or (_OPTION.match(text) is not None and not inside))
        and not _AMBIGUOUS.fullmatch(text)
        and ": " not in text
        and " #" not in text
        and not text.endswith(":")
        and not (inside and any(char in ",[]{}?:" for char in text))
    )


def _escape_char(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _float(number: float) -> str:
    if math.isnan(number):
        return ".nan"
    if math.isinf(number):
        return ".inf" if number > 0 else "-.inf"
    mantissa, exponent, power = repr(number).partition("e")
    # YAML 1.1 takes a number with an exponent for one only when it has a point.
    return mantissa + (".0" if exponent and "." not in mantissa else "") + exponent + power
