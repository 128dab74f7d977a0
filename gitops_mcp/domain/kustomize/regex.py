"""Regular expressions of a repository, matched in time that their author cannot stretch.

They are Go's (RE2), written by whoever may commit; Python's engine would follow a hostile one for hours. A pattern
becomes functions from the places where it may start to those where it may end, so no text costs more than
pattern x length squared. What is outside of this subset is `Unsupported`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from gitops_mcp.errors import InvalidRequest

Places = frozenset[int]
_Match = Callable[[str, Places], Places]

_MOST_REPEATS = 1000
_LONGEST = 1000
_DEEPEST = 3
_PLAIN = re.compile(r"[\w/-]*", re.ASCII)
_REPEAT = re.compile(r"\{(\d+)(,(\d*))?\}")
_CLASS = re.compile(r"\[\^?\]?(?:\\[\w\W]|[^\]\\\[])*\]")
_SETS = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}


class Unsupported(InvalidRequest):
    """A pattern or selector that is not understood here."""


def fullmatch(pattern: str, text: str) -> bool:
    if _PLAIN.fullmatch(pattern):
        return pattern == text
    return len(text) in compile_pattern(pattern)(_short_enough(text), frozenset({0}))


def search(pattern: str, text: str) -> bool:
    return bool(compile_pattern(pattern)(_short_enough(text), frozenset(range(len(text) + 1))))


def _short_enough(text: str) -> str:
    if len(text) > _LONGEST:
        raise Unsupported(f"a text of {len(text)} characters; up to {_LONGEST} are matched with a pattern")
    return text


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> _Match:
    if len(pattern) > _LONGEST:
        raise Unsupported(f"a pattern of {len(pattern)} characters; up to {_LONGEST} are understood")
    parser = _Parser(pattern)
    match = parser.alternatives()
    if parser.at < len(pattern):
        raise parser.unsupported()
    return match


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self.at = 0
        self._depth = 0

    def unsupported(self) -> Unsupported:
        return Unsupported(f"the pattern {self._pattern!r} at character {self.at + 1}")

    def _next(self) -> str:
        return self._pattern[self.at : self.at + 1]

    def alternatives(self) -> _Match:
        branches = [self._sequence()]
        while self._next() == "|":
            self.at += 1
            branches.append(self._sequence())
        return lambda text, places: frozenset().union(*(branch(text, places) for branch in branches))

    def _sequence(self) -> _Match:
        parts: list[_Match] = []
        while self._next() not in {"", "|", ")"}:
            parts.append(self._repeated(self._atom()))

        def match(text: str, places: Places) -> Places:
            for part in parts:
                places = part(text, places)
            return places

        return match

    def _atom(self) -> _Match:
        char = self._next()
        self.at += 1
        if char == "(":
            return self._group()
        if char == "[":
            self.at -= 1
            return self._class()
        if char == "\\":
            return self._escape()
        if char in "*+?{":
            self.at -= 1
            raise self.unsupported()
        return _SIMPLE.get(char) or _match_one(re.compile(re.escape(char)))

    def _group(self) -> _Match:
        if self._next() == "?":
            if not self._pattern.startswith("?:", self.at):
                raise self.unsupported()
            self.at += 2
        self._depth += 1
        inside = self.alternatives()
        if self._next() != ")" or self._depth > _DEEPEST:
            raise self.unsupported()
        self._depth -= 1
        self.at += 1
        return inside

    def _escape(self) -> _Match:
        char = self._next()
        if char.lower() in _SETS:
            self.at += 1
            return _match_one(re.compile(f"[{'^' if char.isupper() else ''}{_SETS[char.lower()]}]"))
        if not char or char.isalnum() or ord(char) > 127:
            raise self.unsupported()
        self.at += 1
        return _match_one(re.compile(re.escape(char)))

    def _class(self) -> _Match:
        found = _CLASS.match(self._pattern, self.at)
        if found is None or re.search(r"\\[^dDwWsS\W_]|--|&&|\|\||~~", found[0]):
            raise self.unsupported()
        try:
            one = re.compile(found[0], re.ASCII)
        except re.error as error:
            raise self.unsupported() from error
        self.at = found.end()
        return _match_one(one)

    def _repeated(self, part: _Match) -> _Match:
        counts = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(self._next())
        if counts is not None:
            self.at += 1
        elif found := _REPEAT.match(self._pattern, self.at):
            least = int(found[1])
            counts = (least, least if not found[2] else int(found[3]) if found[3] else None)
            if least > _MOST_REPEATS or (counts[1] or 0) > _MOST_REPEATS:
                raise self.unsupported()
            self.at = found.end()
        else:
            return part
        if self._next() == "?":
            # As few as possible: where it ends differs, whether it matches does not.
            self.at += 1
        if self._next() in {"*", "+", "?"} or _REPEAT.match(self._pattern, self.at):
            raise self.unsupported()
        return _match_many(part, *counts)


def _match_one(char: re.Pattern[str]) -> _Match:
    return lambda text, places: frozenset(at + 1 for at in places if char.match(text, at) and at < len(text))


def _match_many(part: _Match, least: int, most: int | None) -> _Match:
    def match(text: str, places: Places) -> Places:
        for _ in range(least):
            before, places = places, part(text, places)
            if places == before:
                break
        found, count = places, least
        while places and (most is None or count < most):
            places = part(text, places) - found
            found |= places
            count += 1
        return found

    return match


_SIMPLE: dict[str, _Match] = {
    "^": lambda _, places: places & {0},
    "$": lambda text, places: places & {len(text)},
    ".": _match_one(re.compile(".")),
}
