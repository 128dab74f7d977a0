"""Shell patterns as Argo CD and Flux read them, which is not as Python's fnmatch does: RE2 matches them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from gitops_mcp.domain import regexp

_DEEPEST = 9


@dataclass(frozen=True)
class Glob:
    pattern: str
    """As RE2 reads it."""

    def fullmatch(self, text: str) -> bool:
        return regexp.fullmatch(f"(?s){self.pattern}", text)


@lru_cache(maxsize=1024)
def glob(pattern: str, *, crosses: bool, braces: bool = True) -> Glob:
    """A pattern that must match as a whole; `crosses`: whether `*` and `?` go over a slash.

    Braces hold alternatives, which may be patterns themselves. A pattern that ends in the middle of something matches
    what it says literally.
    """
    text, _ = _sequence_regex(pattern, 0, crosses=crosses, braces=braces, depth=0)
    return Glob(text if regexp.is_readable(f"(?s){text}") else re.escape(pattern))


def start_that_fits(pattern: str, text: str, *, longest: bool) -> int:
    """How many of the first characters fit a pattern; 0 where none do."""
    found = glob(pattern, crosses=True, braces=False).pattern
    if not longest:
        # A star that takes as little as it can: pieces of fixed length then stand as early as they can.
        found = f"{'.' if found == '.*' else found.replace('.*', '.*?')}"
    span = regexp.find_span(rf"(?s)\A({found})", text)
    return span[1] if span else 0


def end_that_fits(pattern: str, text: str, *, longest: bool) -> int:
    """Where the last characters that fit a pattern begin; the length of the text where none do."""
    found = glob(pattern, crosses=True, braces=False).pattern
    before = "" if longest else r"\A.*"
    span = regexp.find_span(rf"(?s){before}({'.' if found == '.*' and not longest else found})\z", text)
    return span[0] if span else len(text)


def _sequence_regex(pattern: str, at: int, *, crosses: bool, braces: bool, depth: int) -> tuple[str, int]:
    parts: list[str] = []
    any_one = "." if crosses else "[^/]"
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            while pattern.startswith("*", at):
                at += 1
            parts.append(any_one + "*")
        elif char == "?":
            parts.append(any_one)
        elif char == "[" and (end := pattern.find("]", at + 1)) > 0:
            parts.append(_class_regex(pattern[at:end]))
            at = end + 1
        elif char == "{" and braces and depth < _DEEPEST and "}" in pattern[at:]:
            inner, at = _sequence_regex(pattern, at, crosses=crosses, braces=braces, depth=depth + 1)
            parts.append(f"(?:{inner})")
        elif char == "}" and depth:
            return "".join(parts), at
        elif char == "," and depth:
            parts.append("|")
        elif char == "\\" and at < len(pattern):
            parts.append(re.escape(pattern[at]))
            at += 1
        else:
            parts.append(re.escape(char))
    return "".join(parts), at


def _class_regex(inner: str) -> str:
    negated = inner.startswith(("!", "^"))
    body = inner[1:] if negated else inner
    escaped = "".join(char if char == "-" else re.escape(char) for char in body).replace("--", r"\--")
    return f"[{'^' if negated else ''}{escaped}]" if body else re.escape(f"[{inner}]")
