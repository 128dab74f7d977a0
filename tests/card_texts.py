"""The texts of the cards, found in their scripts: each string, and each template with `{…}` for its values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

VALUE = "{…}"
_NEXT = re.compile(
    r"""//[^\n]*|/\*.*?\*/|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<template>`)|(?P<opens>\{)|(?P<closes>\})
    |(?:(?<=[(,=\[])|(?<=[(,=\[][ ]))/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/""",
    re.DOTALL | re.VERBOSE,
)
"""What a string may stand beside: a comment, braces, or a regular expression, which follows what begins a value."""
_IN_TEMPLATE = re.compile(
    r"\\u(?P<code>[0-9a-f]{4})|\\(?P<escaped>.)|(?P<value>\$\{)|(?P<end>`)|[^\\`$]+|\$", re.DOTALL
)


def texts_of_script(script: str) -> list[str]:
    return list(_texts(script, [0]))


def _texts(script: str, at: list[int]) -> Iterator[str]:
    """Up to the brace that closes what was open before; `at` is where to read on."""
    depth = 0
    while found := _NEXT.search(script, at[0]):
        at[0] = found.end()
        if found["text"]:
            yield json.loads(found["text"])
        elif found["template"]:
            yield from _template(script, at)
        elif found["closes"] and not depth:
            return
        depth += bool(found["opens"]) - bool(found["closes"])


def _template(script: str, at: list[int]) -> Iterator[str]:
    said, inside = "", list[str]()
    while found := _IN_TEMPLATE.match(script, at[0]):
        at[0] = found.end()
        if found["end"]:
            break
        if found["value"]:
            inside += _texts(script, at)
        said += (
            VALUE if found["value"] else chr(int(found["code"], 16)) if found["code"] else found["escaped"] or found[0]
        )
    yield said
    yield from inside


_ATTRIBUTES = ("noopener noreferrer",)


def is_shown(text: str) -> bool:
    """Words, or one that begins as a heading does; not a class, an attribute or a name in a protocol."""
    words = [word.strip(".,:;()#\u201c\u201d") for word in text.replace(VALUE, " ").split()]
    plain = [word for word in words if word.isalpha() and not word.isupper()]
    return (
        bool(plain)
        and text not in _ATTRIBUTES
        and (len(plain) > 1 or plain[0].istitle() or (VALUE in text and " " in text))
    )
