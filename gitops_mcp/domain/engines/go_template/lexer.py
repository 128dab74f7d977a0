"""The words of a template: text as it is, and what stands between `{{` and `}}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gitops_mcp.domain.engines.go_template.values import Fails

_SPACES = " \t\r\n"
_WORD = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<string>"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`)
      | (?P<char>'(?:[^'\\\n]|\\[^\n])*')
      | (?P<declare>:=) | (?P<assign>=) | (?P<pipe>\|) | (?P<comma>,) | (?P<open>\() | (?P<close>\))
      | (?P<number>[+-]?(?:\.[0-9]|[0-9])[0-9A-Za-z_.]*(?:(?<=[eE])[+-][0-9]+)?)
      | (?P<variable>\$\w*)
      | (?P<field>\.\w+)
      | (?P<dot>\.)
      | (?P<word>[^\W\d]\w*)""",
    re.VERBOSE,
)
_ENDS_WORDS = re.compile(r"[ \t\r\n.,|:()]|\Z")


class Token(NamedTuple):
    kind: str
    """`text`, `begin` and `end` of an action, and the names of the groups above."""
    value: str


def tokens(text: str) -> Iterator[Token]:
    at = 0
    trims = False
    while (begin := text.find("{{", at)) >= 0:
        inside = begin + 2
        trims_left = text[inside : inside + 1] == "-" and text[inside + 1 : inside + 2] in set(_SPACES)
        yield from _text(text[at:begin], left=trims, right=trims_left)
        inside += 2 if trims_left else 0
        if text.startswith("/*", inside):
            at, trims = _after_comment(text, inside)
            continue
        yield Token("begin", "{{")
        at = inside
        while (end := _end_of_action(text, at)) is None:
            token, at = _next_word(text, at)
            yield token
        yield Token("end", "}}")
        at, trims = end
    yield from _text(text[at:], left=trims, right=False)


def _text(found: str, *, left: bool, right: bool) -> Iterator[Token]:
    found = found.lstrip(_SPACES) if left else found
    found = found.rstrip(_SPACES) if right else found
    if found:
        yield Token("text", found)


def _after_comment(text: str, at: int) -> tuple[int, bool]:
    close = text.find("*/", at + 2)
    if close < 0:
        raise Fails("a comment does not end")
    found = _end_of_action(text, close + 2)
    if found is None:
        raise Fails("something stands between a comment and its }}")
    return found


def _end_of_action(text: str, at: int) -> tuple[int, bool] | None:
    """Behind `}}`, and whether it takes the space that follows, where one is here."""
    if text.startswith("}}", at):
        return at + 2, False
    if text[at : at + 1] in set(_SPACES) and text.startswith("-}}", at + 1):
        return at + 4, True
    return None


def _next_word(text: str, at: int) -> tuple[Token, int]:
    found = _WORD.match(text, at)
    if found is None:
        raise Fails(f"{text[at : at + 20]!r} cannot be read" if text[at:] else "an action does not end")
    kind, end = str(found.lastgroup), found.end()
    if kind == "space" and text.startswith("-}}", end):
        end -= 1  # This one belongs to the marker.
        if end == at:
            raise Fails("an action does not end")
    if kind in {"variable", "field", "word"} and not _ENDS_WORDS.match(text, end) and not text.startswith("}}", end):
        raise Fails(f"{text[at : end + 1]!r} cannot be read")
    return Token(kind, text[at:end]), end
