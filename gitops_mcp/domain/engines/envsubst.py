"""`${NAME}` in text, as Flux's post-build substitution expands it.

The grammar is that of fluxcd/pkg/envsubst, which looks like a shell's and is not: `${a-b}` is an error, `$a` is left
alone, `$$` is one dollar, `${a:b}` is a substring whose position is no number and so the whole value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.engines.globs import end_that_fits, start_that_fits
from gitops_mcp.errors import InvalidRequest


class Malformed(InvalidRequest):
    """The text is one that the engine fails on."""


@dataclass(frozen=True)
class VariableReference:
    """`${name<operator>argument...}`; an argument is text and variables in turn."""

    name: str
    operator: str
    arguments: tuple[Text, ...]


Text = tuple["str | VariableReference", ...]

DEFAULTS = frozenset({"=", ":=", ":-", ":?", ":+"})
"""The operators that give a value of their own to what has none (or, in Flux's reading, an empty one)."""

_DEEPEST = 20
_LONGEST = 1_500_000
"""What etcd takes as one object."""
_SHOWN = 200
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


def parse_parts(text: str) -> Text:
    """The parts of a text, `$$` already one dollar."""
    return _PartsReader(text).text()


def variable_references(parts: Text) -> Iterator[VariableReference]:
    """Every variable, in order, those in arguments too."""
    for part in parts:
        if isinstance(part, VariableReference):
            yield part
            for argument in part.arguments:
                yield from variable_references(argument)


def variable_names(parts: Text) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.name for one in variable_references(parts)))


def expand_parts(parts: Text, value: Callable[[str], str]) -> str:
    found, length = [], 0
    for part in parts:
        found.append(part if isinstance(part, str) else _evaluate_reference(part, value))
        length = _bounded_length(length + len(found[-1]))
        spend(1 + len(found[-1]) // 100)
    return "".join(found)


def _bounded_length(length: int) -> int:
    if length > _LONGEST:
        raise Malformed(f"its variables make a text of more than {_LONGEST:,} characters; no object can hold that")
    return length


class _PartsReader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def text(self) -> Text:
        parts: list[str | VariableReference] = []
        literal = ""
        while self._at < len(self._text):
            if self._text.startswith("${", self._at):
                parts += [literal] if literal else []
                literal = ""
                parts.append(self._variable())
                continue
            if self._text.startswith("$$", self._at):
                self._at += 1
            literal += self._text[self._at]
            self._at += 1
        return (*parts, literal) if literal else tuple(parts)

    def _variable(self) -> VariableReference:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Malformed(f"variables within variables, more than {_DEEPEST} deep")
        found = self._read_variable()
        self._depth -= 1
        return found

    def _read_variable(self) -> VariableReference:
        self._at += 2
        if self._peek() == "#":
            self._at += 1
            name = self._name()
            self._close()
            return VariableReference(name, "length", ())
        name = self._name()
        operator = self._operator()
        match operator:
            case "":
                arguments: tuple[Text, ...] = ()
            case "=" | ":=" | ":-" | ":?" | ":+":
                arguments = self._words()
            case ":":
                arguments = self._positions()
            case "," | ",," | "^" | "^^":
                arguments = ()
            case "#" | "##" | "%" | "%%":
                arguments = (self._argument("}", escapes=False),)
            case _:
                arguments = self._replacement()
        self._close()
        return VariableReference(name, operator, arguments)

    def _operator(self) -> str:
        two, one = self._text[self._at : self._at + 2], self._peek()
        if two in {":=", ":-", ":?", ":+", ",,", "^^", "##", "%%", "//", "/#", "/%"}:
            found = two
        elif one and one in ":=,^#%/":
            found = one
        else:
            return ""
        self._at += len(found)
        return found

    def _words(self) -> tuple[Text, ...]:
        found: list[Text] = []
        while self._peek() != "}":
            found.append(self._argument("}", escapes=False))
        return tuple(found)

    def _positions(self) -> tuple[Text, ...]:
        first = self._argument(":}", escapes=False)
        if self._peek() != ":":
            return (first,)
        while self._peek() == ":":
            self._at += 1
        return first, self._argument("}", escapes=False)

    def _replacement(self) -> tuple[Text, ...]:
        pattern: Text = () if self._peek() == "/" else self._argument("/", escapes=True)
        if self._peek() != "/":
            raise Malformed(f"a replacement without its second slash in {self._text[:_SHOWN]!r}")
        while self._peek() == "/":
            self._at += 1
        return (pattern,) if self._peek() == "}" else (pattern, self._argument("}", escapes=True))

    def _argument(self, ends: str, *, escapes: bool) -> Text:
        """One variable, or text up to the next one or to what ends it; never nothing."""
        if self._text.startswith("${", self._at):
            return (self._variable(),)
        start, found = self._at, ""
        while self._peek() and self._peek() not in ends and not self._text.startswith("${", self._at):
            if escapes and self._text[self._at : self._at + 2] in {"\\/", "\\\\", "$$"}:
                self._at += 1
            found += self._text[self._at]
            self._at += 1
        if self._at == start:
            raise Malformed(f"an argument is missing in {self._text[:_SHOWN]!r}")
        return (found,)

    def _name(self) -> str:
        start = self._at
        while self._peek() == "_" or self._peek().isalnum():
            self._at += 1
        if self._at == start:
            raise Malformed(f"${{ without the name of a variable in {self._text[:_SHOWN]!r}; $${{ keeps it as text")
        return self._text[start : self._at]

    def _close(self) -> None:
        if self._peek() != "}":
            raise Malformed(
                f"${{ that is not closed as the engine expects in {self._text[:_SHOWN]!r}; $${{ keeps it as text"
            )
        self._at += 1

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]


def _evaluate_reference(variable: VariableReference, value: Callable[[str], str]) -> str:  # noqa: PLR0911 - one for each operator
    found = value(variable.name)
    arguments = [expand_parts(one, value) for one in variable.arguments]
    match variable.operator, arguments:
        case "length", _:
            return str(len(found.encode()))
        case "," | "^", _:
            return (found[:1].lower() if variable.operator == "," else found[:1].upper()) + found[1:]
        case ",,", _:
            return found.lower()
        case "^^", _:
            return found.upper()
        case ":", _:
            return _substring(found, arguments)
        case "#" | "##", [pattern]:
            return found[start_that_fits(pattern, found, longest=variable.operator == "##") :]
        case "%" | "%%", [pattern]:
            return found[: end_that_fits(pattern, found, longest=variable.operator == "%%")]
        case "/" | "//" | "/#" | "/%", [pattern, *rest]:
            return _replace_pattern(found, variable.operator, pattern, rest[0] if rest else None)
        case _:
            return found or "".join(arguments)


def _substring(found: str, arguments: list[str]) -> str:
    if not all(_INTEGER.fullmatch(one) for one in arguments):
        return found
    start, *length = map(int, arguments)
    start = max(len(found) + start, 0) if start < 0 else start
    if not length:
        return found[start:]
    end = len(found) + length[0] if length[0] < 0 else start + length[0]
    return found[start:end] if end >= start else ""


def _replace_pattern(found: str, operator: str, pattern: str, new: str | None) -> str:
    match operator:
        case "//":
            _bounded_length(len(found) + found.count(pattern) * len(new or ""))
            return found.replace(pattern, new or "")
        case "/":
            return found.replace(pattern, new or "", 1)
        case "/#":
            return found if new is None or not found.startswith(pattern) else new + found[len(pattern) :]
        case _:
            return found if new is None or not found.endswith(pattern) else found[: len(found) - len(pattern)] + new
