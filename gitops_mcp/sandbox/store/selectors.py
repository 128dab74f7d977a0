"""Label and field selectors, parsed as the API server parses them; what it refuses is refused here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.store.errors import bad_request

Wanted = Callable[[Object], bool]

_TOKEN = re.compile(r"\s*(?:(==|!=|=|!|,|\(|\)|<|>)|([^\s=!,()<>]+))")
_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_FIELD = re.compile(r"([^=!,]+?)(==|!=|=)([^,]*)")
_END = "end of string"


def everything(_: Object) -> bool:
    return True


def by_labels(text: str | None) -> Wanted:
    """`app=a,tier in (gold,silver),!old`: all of its parts must hold."""
    requirements = tuple(_Labels(text).requirements()) if text and text.strip() else ()
    if not requirements:
        return everything

    def wanted(value: Object) -> bool:
        labels = value["metadata"].get("labels") or {}
        return all(requirement.holds(labels) for requirement in requirements)

    return wanted


def by_fields(text: str | None, supported: frozenset[str]) -> Wanted:
    """`metadata.name=orders`, and what the kind lets be selected by; nothing else."""
    if not text or not text.strip():
        return everything
    terms: list[tuple[tuple[str, ...], str, bool]] = []
    for part in text.split(","):
        match = _FIELD.fullmatch(part.strip())
        if not match:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        field, operator, value = match.groups()
        if field not in supported:
            raise bad_request(f"field label not supported: {field}")
        terms.append((tuple(field.split(".")), value, operator != "!="))

    def wanted(value: Object) -> bool:
        return all((str(at(value, *path) or "") == right) is equal for path, right, equal in terms)

    return wanted


@dataclass(frozen=True)
class _Requirement:
    key: str
    values: frozenset[str] | None
    """None: only whether the label is there."""
    positive: bool

    def holds(self, labels: Mapping[str, str]) -> bool:
        if self.values is None:
            return (self.key in labels) is self.positive
        return (self.key in labels and labels[self.key] in self.values) is self.positive


class _Labels:
    """Reads one requirement after the other from the text."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = next(self._tokens)

    def _take(self) -> str:
        token, self._next = self._next, next(self._tokens, _END)
        return token

    def requirements(self) -> Iterator[_Requirement]:
        while True:
            yield self._requirement()
            separator = self._take()
            if separator == _END:
                return
            if separator != ",":
                raise bad_request(f"found '{separator}', expected: ',' or 'end of string'")

    def _requirement(self) -> _Requirement:
        if self._next == "!":
            self._take()
            return _Requirement(self._key(), None, positive=False)
        key = self._key()
        match self._next:
            case "," | "end of string":
                return _Requirement(key, None, positive=True)
            case "=" | "==" | "!=":
                positive = self._take() != "!="
                return _Requirement(key, frozenset({self._value()}), positive=positive)
            case "in" | "notin":
                positive = self._take() == "in"
                return _Requirement(key, frozenset(self._values()), positive=positive)
            case found:
                raise bad_request(
                    f"unable to parse requirement: found '{found}', expected: in, notin, =, ==, !=, gt, lt"
                )

    def _key(self) -> str:
        key = self._take()
        if not _KEY.fullmatch(key):
            raise bad_request(
                f"unable to parse requirement: found '{key}', expected: !, identifier, or 'end of string'"
            )
        return key

    def _value(self) -> str:
        if self._next in {",", _END}:
            return ""
        value = self._take()
        if not _VALUE.fullmatch(value):
            raise bad_request(f'unable to parse requirement: values: Invalid value: "{value}"')
        return value

    def _values(self) -> Iterator[str]:
        if (opened := self._take()) != "(":
            raise bad_request(f"unable to parse requirement: found '{opened}' expected: '('")
        while True:
            yield self._value() if self._next != ")" else ""
            match self._take():
                case ")":
                    return
                case ",":
                    continue
                case found:
                    raise bad_request(f"unable to parse requirement: found '{found}', expected: ',' or ')'")


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while match := _TOKEN.match(text, position):
        position = match.end()
        yield match[1] or match[2]
    yield _END
