"""What a template says, as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gitops_mcp.domain.engines.go_template.functions import FUNCTIONS
from gitops_mcp.domain.engines.go_template.lexer import Token, tokens
from gitops_mcp.domain.engines.go_template.literals import literal
from gitops_mcp.domain.engines.go_template.values import Fails, NotKnown

_DEEPEST = 60
_BLOCKS = frozenset({"if", "range", "with"})
_KEYWORDS = _BLOCKS | {"block", "define", "else", "end", "template"}
_OPERANDS = frozenset({"string", "char", "number", "variable", "field", "dot", "word", "open"})


@dataclass(frozen=True)
class Literal:
    value: Any


@dataclass(frozen=True)
class Nil:
    pass


@dataclass(frozen=True)
class Chain:
    """A value and fields of it; of `.` where the value is None."""

    of: Term | None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Variable:
    name: str


@dataclass(frozen=True)
class Function:
    name: str


@dataclass(frozen=True)
class Pipe:
    commands: tuple[tuple[Term, ...], ...]
    variables: tuple[str, ...] = ()
    assigns: bool = False


Term = Literal | Nil | Chain | Variable | Function | Pipe


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Jump:
    name: str
    """`break` or `continue`."""


@dataclass(frozen=True)
class Block:
    kind: str
    pipe: Pipe
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


Node = Text | Pipe | Jump | Block


@lru_cache(maxsize=2048)
def parse(text: str) -> tuple[Node, ...]:
    """Raises Fails where Go does not take it, NotKnown for what is not followed here."""
    return _Parser(list(tokens(text))).whole()


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.found = [*found, Token("eof", "the end")]
        self.at = 0
        self.variables = ["$"]
        self.depth = 0
        self.ranges = 0

    def whole(self) -> tuple[Node, ...]:
        nodes, stopped = self._nodes()
        if stopped != "eof":
            raise Fails(f"there is an {stopped} too many")
        return nodes

    def _nodes(self) -> tuple[tuple[Node, ...], str]:
        """Up to `else`, `end` or the end, which is told."""
        nodes: list[Node] = []
        while (token := self._next()).kind != "eof":
            if token.kind == "text":
                nodes.append(Text(token.value))
                continue
            word = self._skip_space()
            if word.kind == "word" and word.value in {"else", "end"}:
                self.at += 1
                return tuple(nodes), word.value
            nodes.append(self._action(word))
        return tuple(nodes), "eof"

    def _action(self, word: Token) -> Node:
        name = word.value if word.kind == "word" else ""
        if name in _BLOCKS:
            self.at += 1
            return self._block(name)
        if name in {"break", "continue"} and self.ranges:
            self.at += 1
            self._expect_end()
            return Jump(name)
        if name in {"block", "define", "template"}:
            raise NotKnown(f"`{name}` of its template is not followed")
        return self._pipe("end")

    def _block(self, kind: str) -> Block:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NotKnown(f"its template is nested more than {_DEEPEST} deep")
        known = len(self.variables)
        pipe = self._pipe("end", most=2 if kind == "range" else 1)
        self.ranges += kind == "range"
        body, stopped = self._nodes()
        self.ranges -= kind == "range"
        otherwise: tuple[Node, ...] = ()
        if stopped == "else":
            word = self._skip_space()
            if word.kind == "word" and word.value == kind and kind != "range":
                self.at += 1
                otherwise, stopped = (self._block(kind),), ""  # One `end` is for both.
            else:
                self._expect_end()
                otherwise, stopped = self._nodes()
        if stopped:
            if stopped != "end":
                raise Fails(f"`{kind}` does not end")
            self._expect_end()
        del self.variables[known:]
        self.depth -= 1
        return Block(kind, pipe, body, otherwise)

    def _pipe(self, end: str, *, most: int = 1) -> Pipe:
        variables, assigns = self._declarations(most)
        commands: list[tuple[Term, ...]] = []
        while (token := self._skip_space()).kind != end:
            if token.kind not in _OPERANDS:
                raise Fails(f"{token.value!r} stands where a value should")
            commands.append(self._command(end))
        self.at += 1
        if not commands:
            raise Fails("a value is missing")
        if any(isinstance(one[0], Literal | Nil) or one[0] == Chain(None) for one in commands[1:]):
            raise Fails("something that is not a function follows a `|`")
        return Pipe(tuple(commands), variables, assigns)

    def _declarations(self, most: int) -> tuple[tuple[str, ...], bool]:
        start, names = self.at, list[str]()
        while (token := self._skip_space()).kind == "variable":
            self.at += 1
            sign = self._skip_space()
            if sign.kind == "comma" and len(names) + 1 < most:
                names.append(token.value)
                self.at += 1
            elif sign.kind in {"declare", "assign"}:
                self.at += 1
                names.append(token.value)
                if sign.kind == "assign" and not set(names) <= set(self.variables):
                    raise Fails(f"the variable {token.value} is not declared")
                self.variables += names
                return tuple(names), sign.kind == "assign"
            else:
                break
        if names:
            raise Fails("`range` takes variables before `:=`")
        self.at = start
        return (), False

    def _command(self, end: str) -> tuple[Term, ...]:
        terms: list[Term] = []
        while (token := self._skip_space()).kind in _OPERANDS:
            self.at += 1
            terms.append(self._with_fields(self._term(token)))
            after = self.found[self.at]
            if after.kind in {"end", "close", "pipe"}:
                break
            if after.kind != "space":
                raise Fails(f"{after.value!r} follows a value")
        if (token := self._skip_space()).kind == "pipe":
            self.at += 1
            if self._skip_space().kind == end:
                raise Fails("a value is missing behind `|`")
        elif token.kind != end:
            raise Fails(f"{token.value!r} stands where a value should")
        return tuple(terms)

    def _with_fields(self, term: Term) -> Term:
        fields: list[str] = []
        while (token := self.found[self.at]).kind == "field":
            self.at += 1
            fields.append(token.value[1:])
        if not fields:
            return term
        if isinstance(term, Literal | Nil) or term == Chain(None):
            raise Fails(f"a field .{fields[0]} of what has none")
        if isinstance(term, Chain):
            return Chain(term.of, (*term.fields, *fields))
        return Chain(term, tuple(fields))

    def _term(self, token: Token) -> Term:
        value = token.value
        match token.kind:
            case "string" | "char" | "number":
                return Literal(literal(token.kind, value))
            case "variable":
                if value not in self.variables:
                    raise Fails(f"the variable {value} is not declared")
                return Variable(value)
            case "field" | "dot":
                return Chain(None, (value[1:],) if value[1:] else ())
            case "open":
                return self._parenthesis()
            case _:
                return self._word(value)

    def _parenthesis(self) -> Pipe:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NotKnown(f"its template is nested more than {_DEEPEST} deep")
        found = self._pipe("close")
        self.depth -= 1
        return found

    def _word(self, name: str) -> Term:
        if name in {"true", "false"}:
            return Literal(name == "true")
        if name == "nil":
            return Nil()
        if name in _KEYWORDS or name not in FUNCTIONS:
            raise Fails(f"there is no function `{name}`")
        return Function(name)

    def _next(self) -> Token:
        token = self.found[self.at]
        self.at += token.kind != "eof"
        return token

    def _skip_space(self) -> Token:
        while self.found[self.at].kind == "space":
            self.at += 1
        return self.found[self.at]

    def _expect_end(self) -> None:
        if self._skip_space().kind != "end":
            raise Fails(f"{self.found[self.at].value!r} stands before }}}}")
        self.at += 1
