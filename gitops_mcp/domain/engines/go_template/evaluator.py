"""A template with its data: the text that comes out."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.engines.go_template.calls import parameters, typed
from gitops_mcp.domain.engines.go_template.functions import FUNCTIONS
from gitops_mcp.domain.engines.go_template.parser import (
    Block,
    Chain,
    Function,
    Jump,
    Literal,
    Nil,
    Node,
    Pipe,
    Term,
    Text,
    Variable,
    parse,
)
from gitops_mcp.domain.engines.go_template.values import (
    MISSING,
    Fails,
    NotKnown,
    OpenMap,
    StringMap,
    Unknown,
    go_text,
    is_empty,
    kind_of,
    look_up,
    type_of,
)

_MOST_STEPS = 50_000
_MOST_TEXT = 1_000_000
_ABSENT = object()
_CHANGING = ("set", "unset", "merge", "Merge")


class _Jumped(Exception):
    def __init__(self, name: str) -> None:
        self.name = name


def render(text: str, data: dict[str, Any], *, missing_key: str = "default") -> str | Unknown:
    """The text of a template; raises Fails where the engine fails.

    `missing_key`: `default`, `zero` or `error`, as Go's option is called.
    """
    if "{{" not in text:
        return text
    changed = any(word in text for word in _CHANGING)
    made = _Evaluation(copy.deepcopy(data) if changed else data, missing_key)
    try:
        made.walk(parse(text), made.data)
    except NotKnown as error:
        return Unknown(error.reason, "".join(made.out) + error.start)
    except RecursionError:
        return Unknown("what its template makes is nested too deep", "".join(made.out))
    except _Jumped as error:
        raise Fails(f"`{error.name}` stands outside of a range") from error
    finally:
        spend(1 + made.steps // 2)
    return "".join(made.out)


@dataclass
class _Evaluation:
    data: dict[str, Any]
    missing_key: str
    out: list[str] = field(default_factory=list)
    size: int = 0
    steps: int = 0
    variables: list[tuple[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.variables.append(("$", self.data))

    def walk(self, nodes: Sequence[Node], dot: Any) -> None:
        for node in nodes:
            self._count(1)
            match node:
                case Text(text):
                    self._write(text)
                case Pipe():
                    value = self._pipe(node, dot)
                    if isinstance(value, Unknown) and not node.variables:
                        raise NotKnown(value.reason, value.start)
                    if not node.variables:
                        self._write("<no value>" if value is MISSING else go_text(self._known(value)))
                case Jump(name):
                    raise _Jumped(name)
                case Block(kind):
                    mark = len(self.variables)
                    (self._range if kind == "range" else self._condition)(node, dot)
                    del self.variables[mark:]

    def _condition(self, node: Block, dot: Any) -> None:
        value = self._pipe(node.pipe, dot)
        if is_empty(value):
            self.walk(node.otherwise, dot)
        else:
            self.walk(node.body, value if node.kind == "with" else dot)

    def _range(self, node: Block, dot: Any) -> None:
        names, assigns = node.pipe.variables, node.pipe.assigns
        pairs = self._pairs(self._pipe(Pipe(node.pipe.commands), dot), is_one=len(names) < 2)
        mark = len(self.variables)
        for key, one in pairs:
            for name, said in zip(names, (key, one)[2 - len(names) :], strict=True):
                self._assign(name, said) if assigns else self.variables.append((name, said))
            try:
                self.walk(node.body, one)
            except _Jumped as jump:
                if jump.name == "break":
                    break
            finally:
                del self.variables[mark:]
        if not pairs:
            self.walk(node.otherwise, dot)

    def _pairs(self, value: Any, *, is_one: bool) -> list[tuple[Any, Any]]:
        """What a range goes over; `is_one`: it takes no more than one variable."""
        if isinstance(value, Unknown | OpenMap):
            raise NotKnown(value.reason)
        if isinstance(value, dict):
            return sorted(value.items())
        if isinstance(value, list):
            return list(enumerate(value))
        if kind_of(value).startswith("int") and is_one:
            self._count(max(value, 0))
            return [(one, one) for one in range(value)]
        if value is MISSING:
            return []
        raise Fails(f"range goes over no {type_of(value)}")

    def _pipe(self, pipe: Pipe, dot: Any) -> Any:
        value: Any = _ABSENT
        for command in pipe.commands:
            value = self._command(command, dot, value)
            value = MISSING if value is None else value
        for name in pipe.variables:
            self._assign(name, value) if pipe.assigns else self.variables.append((name, value))
        return value

    def _assign(self, name: str, value: Any) -> None:
        for index in range(len(self.variables) - 1, -1, -1):
            if self.variables[index][0] == name:
                self.variables[index] = (name, value)
                return

    def _command(self, terms: tuple[Term, ...], dot: Any, final: Any) -> Any:
        first = terms[0]
        if isinstance(first, Function):
            return self._call(first.name, terms[1:], dot, final)
        if len(terms) > 1 or final is not _ABSENT:
            raise Fails("something that is not a function is given arguments")
        if isinstance(first, Nil):
            raise Fails("nil stands alone")
        return self._value(first, dot)

    def _value(self, term: Term, dot: Any) -> Any:
        self._count(1)
        match term:
            case Literal(value):
                return value
            case Variable(name):
                return next(value for known, value in reversed(self.variables) if known == name)
            case Chain(of, fields):
                value = dot if of is None else self._value(of, dot)
                for name in fields:
                    value = self._field(value, name)
                return value
            case Function(name):
                return self._call(name, (), dot, _ABSENT)
            case Pipe():
                return self._pipe(term, dot)
            case _:
                return None

    def _field(self, value: Any, name: str) -> Any:
        if isinstance(value, Unknown):
            return value
        if value is MISSING and self.missing_key != "error":
            return MISSING
        if not isinstance(value, dict):
            raise Fails(f"there is no field .{name} in {type_of(value)}")
        found = look_up(value, name, MISSING)
        if found is MISSING and self.missing_key == "error":
            raise Fails(f'there is no "{name}", and missingkey is error')
        if found is MISSING and self.missing_key == "zero":
            return "" if isinstance(value, StringMap) else None
        return found

    def _call(self, name: str, terms: tuple[Term, ...], dot: Any, final: Any) -> Any:
        self._count(1)
        if name in {"and", "or"}:
            return self._short_circuit(name, terms, dot, final)
        if (signature := FUNCTIONS[name]) is None:
            raise NotKnown(f"`{name}` of its template is not evaluated")
        takes = parameters(name, signature, len(terms) + (final is not _ABSENT))
        values = [self._argument(name, kind, term, dot) for kind, term in zip(takes, terms, strict=False)]
        if final is not _ABSENT:
            values.append(typed(name, takes[-1], final))
        unknown = next((one for one in zip(takes, values, strict=True) if isinstance(one[1], Unknown)), None)
        if unknown and (signature.looks_inside or unknown[0] not in "av"):
            return unknown[1]
        for value in values:
            self._known(value) if signature.looks_inside else self._count(_length(value) // 50)
        try:
            made = signature.run(*values)
        except (ArithmeticError, ValueError) as error:
            raise NotKnown(f"`{name}` of its template cannot be evaluated with what it is given") from error
        if isinstance(made, str) and len(made) > _MOST_TEXT:
            raise NotKnown("what its template makes is too long")
        return made

    def _short_circuit(self, name: str, terms: tuple[Term, ...], dot: Any, final: Any) -> Any:
        if not terms and final is _ABSENT:
            raise Fails(f"`{name}` takes at least 1 argument, not 0")
        value: Any = final
        for term in terms:
            value = self._value(term, dot)
            if is_empty(value) is (name == "and"):
                return value
        return value if final is _ABSENT else final

    def _argument(self, name: str, kind: str, term: Term, dot: Any) -> Any:
        if isinstance(term, Literal) and kind in "if" and type(term.value) in {int, float}:
            if kind == "f":
                return float(term.value)
            if int(term.value) == term.value:
                return int(term.value)
        return typed(name, kind, self._value(term, dot))

    def _known(self, value: Any) -> Any:
        """The value, where all that it holds is known, and it is no more than may be worked on."""
        waiting, steps = [value], 0
        while waiting:
            one = waiting.pop()
            if isinstance(one, Unknown | OpenMap):
                raise NotKnown(one.reason)
            steps += 1
            if isinstance(one, str):
                steps += len(one) // 100
            elif isinstance(one, dict):
                waiting += one.values()
            elif isinstance(one, list):
                waiting += one
            if steps > _MOST_STEPS:
                break
        self._count(steps)
        return value

    def _write(self, text: str) -> None:
        self.out.append(text)
        self.size += len(text)
        if self.size > _MOST_TEXT:
            raise NotKnown("what its template makes is too long")

    def _count(self, steps: int) -> None:
        self.steps += steps
        if self.steps > _MOST_STEPS:
            raise NotKnown(f"its template takes more than {_MOST_STEPS:,} steps")


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | list | dict) else 0
