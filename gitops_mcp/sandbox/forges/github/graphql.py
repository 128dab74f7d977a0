"""Just enough of GraphQL to answer a query over dictionaries: selections, arguments, variables, aliases, fragments.

An unknown field is an error, as it is for GitHub: a query that asks for what is not there must not look answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_PUNCTUATION = re.compile(r"([{}()\[\]:!=|]|\.\.\.|\"\"\"(?:.|\n)*?\"\"\"|\"(?:\\.|[^\"\\])*\"|[$@]?[\w-][\w.-]*)")
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None}


class GraphError(Exception):
    """One field cannot be answered: it is null, and the error names it."""

    def __init__(self, kind: str, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.kind, self.message, self.extensions = kind, message, extensions


class InvalidQuery(Exception):
    """Nothing is answered."""

    def __init__(self, message: str, **extensions: Any) -> None:
        super().__init__(message)
        self.message, self.extensions = message, extensions


@dataclass
class Selection:
    name: str
    """A field's, or the type of a fragment."""
    alias: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    selections: list[Selection] = field(default_factory=list)
    is_fragment: bool = False
    spread: str = ""


@dataclass
class _Parser:
    tokens: list[str]
    variables: Mapping[str, Any]
    at: int = 0
    fragments: dict[str, Selection] = field(default_factory=dict)

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self, *wanted: str) -> str:
        word = self.peek()
        if not word or (wanted and word not in wanted):
            raise InvalidQuery(f"Expected {' or '.join(wanted) or 'more'}, actual: {word or 'end of file'}")
        self.at += 1
        return word

    def document(self) -> Selection:
        """The operation; the first one where there are several."""
        operations = []
        while self.peek():
            word = "query" if self.peek() == "{" else self.next("query", "mutation", "fragment")
            name = self.next() if self.peek() not in {"{", "("} else ""
            if word == "fragment":
                self.next("on")
                self.fragments[name] = Selection(self.next(), is_fragment=True, selections=self.selections())
                continue
            self._defaults()
            operations.append(Selection(word, selections=self.selections()))
        if not operations:
            raise InvalidQuery("A query attribute must be specified and must be a string.")
        return operations[0]

    def _defaults(self) -> None:
        """The variables that are declared; a default counts where none was given."""
        if self.peek() != "(":
            return
        self.next("(")
        while self.peek() != ")":
            name = self.next()[1:]
            self.next(":")
            kind = ""
            while self.peek() in {"[", "]", "!"} or not kind or self.peek() == "!":
                kind += self.next()
            default = None
            if self.peek() == "=":
                self.next()
                default = self.value()
            elif kind.endswith("!") and self.variables.get(name) is None:
                raise InvalidQuery(f"Variable ${name} of type {kind} was provided invalid value")
            self.variables = {name: default, **self.variables}
        self.next(")")

    def selections(self) -> list[Selection]:
        self.next("{")
        found = []
        while self.peek() != "}":
            found.append(self._fragment() if self.peek() == "..." else self._field())
        self.next("}")
        return found

    def _fragment(self) -> Selection:
        self.next("...")
        if self.peek() == "on":
            self.next()
            return Selection(self.next(), is_fragment=True, selections=self.selections())
        return Selection("", is_fragment=True, spread=self.next())

    def _field(self) -> Selection:
        name = alias = self.next()
        if self.peek() == ":":
            self.next()
            name = self.next()
        found = Selection(name, alias)
        if self.peek() == "(":
            found.arguments = self._pairs("(", ")")
        if self.peek() == "{":
            found.selections = self.selections()
        return found

    def _pairs(self, first: str, last: str) -> dict[str, Any]:
        self.next(first)
        found = {}
        while self.peek() != last:
            name = self.next()
            self.next(":")
            found[name] = self.value()
        self.next(last)
        return found

    def value(self) -> Any:
        word = self.peek()
        if word == "{":
            return self._pairs("{", "}")
        self.at += 1
        if word == "[":
            found = []
            while self.peek() != "]":
                found.append(self.value())
            self.next("]")
            return found
        if word.startswith("$"):
            return self.variables.get(word[1:])
        if word.startswith('"'):
            return word.strip('"').replace('\\"', '"').replace("\\n", "\n")
        return _LITERALS[word] if word in _LITERALS else int(word) if re.fullmatch(r"-?\d+", word) else word


@dataclass
class _Run:
    fragments: Mapping[str, Selection]
    errors: list[dict[str, Any]] = field(default_factory=list)

    def select(self, source: Any, selections: list[Selection], path: tuple[str | int, ...]) -> Any:
        if source is None:
            return None
        if isinstance(source, list):
            return [self.select(one, selections, (*path, number)) for number, one in enumerate(source)]
        found: dict[str, Any] = {}
        for one in selections:
            if one.is_fragment:
                part = self.fragments[one.spread] if one.spread else one
                if part.name in {source["__typename"], "Node"}:
                    found |= self.select(source, part.selections, path)
            else:
                found[one.alias] = self._value(source, one, (*path, one.alias))
        return found

    def _value(self, source: Mapping[str, Any], one: Selection, path: tuple[str | int, ...]) -> Any:
        kind = source["__typename"]
        if one.name not in source:
            raise InvalidQuery(
                f"Field '{one.name}' doesn't exist on type '{kind}'",
                code="undefinedField",
                typeName=kind,
                fieldName=one.name,
            )
        try:
            value = source[one.name]
            value = value(one.arguments) if callable(value) else value
        except GraphError as error:
            self.errors.append(
                {
                    "type": error.kind,
                    "path": list(path),
                    **({"extensions": error.extensions} if error.extensions else {}),
                    "locations": [{"line": 1, "column": 1}],
                    "message": error.message,
                }
            )
            return None
        is_object = isinstance(value, dict) or (isinstance(value, list) and any(isinstance(row, dict) for row in value))
        if is_object != bool(one.selections) and value not in (None, []):
            raise InvalidQuery(f"Field '{one.name}' of {kind} {'must' if is_object else 'can not'} have selections")
        return self.select(value, one.selections, path) if one.selections else value


def execute(
    query: str, variables: Mapping[str, Any], roots: Mapping[str, Callable[[], dict[str, Any]]]
) -> dict[str, Any]:
    """What is answered, always with HTTP 200: `data`, `errors`, or both."""
    text = re.sub(r"#[^\n]*", "", query)
    parser = _Parser(_PUNCTUATION.findall(text), variables)
    try:
        operation = parser.document()
        run = _Run(parser.fragments)
        data = run.select(roots[operation.name](), operation.selections, ())
    except InvalidQuery as error:
        one = {"path": ["query"], "extensions": error.extensions, "locations": [{"line": 1, "column": 1}]}
        return {"errors": [{**one, "message": error.message}]}
    return {"data": data, **({"errors": run.errors} if run.errors else {})}
