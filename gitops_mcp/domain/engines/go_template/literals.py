"""Numbers, texts and letters as a template writes them."""

from __future__ import annotations

import re

from gitops_mcp.domain.engines.go_template.values import Fails, float_number, whole_number

_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|.)", re.DOTALL
)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def literal(kind: str, text: str) -> str | int | float:
    if kind == "number":
        return _number(text)
    if kind == "char":
        return _code_point(text[1:-1])
    return text[1:-1].replace("\r", "") if text[0] == "`" else _unquoted(text[1:-1])


def _number(text: str) -> int | float:
    if (value := whole_number(text)) is not None:
        if not -(2**63) <= value < 2**63:
            raise Fails(f"{text} is too large")
        return value
    found = None if text.lstrip("+-").isdecimal() else float_number(text)
    if found is not None:
        return found
    raise Fails(f"{text} is not a number")


def _unquoted(text: str) -> str:
    return _ESCAPE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    letter, *codes = found.groups()
    if letter and letter != "'":
        return _ESCAPED.get(letter, letter)
    code = next(((one, 8 if index == 3 else 16) for index, one in enumerate(codes) if one), None)
    if code is None or int(*code) > 0x10FFFF or 0xD800 <= int(*code) < 0xE000:
        raise Fails(f"{found.group()} is not an escape of a text")
    return chr(int(*code))


def _code_point(text: str) -> int:
    found = "'" if text == "\\'" else _unquoted(text)
    if len(found) != 1:
        raise Fails(f"'{text}' is not a character")
    return ord(found)
