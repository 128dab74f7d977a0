"""What the server says to people: each string of the package that reads as prose, found in the syntax trees.

A value in an f-string is `{…}`. Strings that are added to each other are one row; a string inside a value of another
is a row of its own. What a syntax tree does not show is which rows one text is joined of at last: a row may be half a
sentence, so limits are checked a row at a time. The texts of the cards stand in their scripts. Documentation, patterns, lines of the log, descriptions of parameters
(they stand in the golden schema) and the stand-ins of the sandbox are not said to the reader of an answer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import gitops_mcp
from tests import card_texts

VALUE = card_texts.VALUE
PACKAGE = Path(gitops_mcp.__file__).parent
NOT_ANSWERS = frozenset({"sandbox", "demo", "init", "repo_template", "docs", "command_line.py"})
"""What reaches no client: stand-ins of other servers, what talks at a terminal only, and data."""
_NOT_SAID = frozenset({
    "compile", "debug", "info", "warning", "exception", "Field", "add_argument", "TypeVar", "cast", "encode", "split",
    "getLogger", "AssertionError",
})  # fmt: skip
_STRINGS = (ast.Constant, ast.JoinedStr, ast.BinOp)


@cache
def rows() -> tuple[str, ...]:
    """`module: text`, sorted, each once."""
    return tuple(sorted({f"{module}: {text}" for module, text in _said()}))


def _said() -> Iterator[tuple[str, str]]:
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE)
        if not NOT_ANSWERS & set(place.parts):
            for text in texts_of(ast.parse(path.read_text())):
                if reads_as_prose(text):
                    yield place.as_posix(), text.replace("\n", "\\n")
    for path in PACKAGE.glob("ui/*.js"):
        shown = filter(card_texts.is_shown, card_texts.texts_of_script(path.read_text()))
        yield from ((f"ui/{path.name}", text) for text in shown)


def texts_of(node: ast.AST) -> Iterator[str]:
    """The texts under a node from outside to inside, without those of `_NOT_SAID`."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Call) and _name(node.func) in _NOT_SAID:
        return
    text = _text(node) if isinstance(node, _STRINGS) else None
    if text is not None:
        yield text
        for part in _values(node):
            yield from texts_of(part)
        return
    for child in ast.iter_child_nodes(node):
        yield from texts_of(child)


def _name(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _text(node: ast.AST) -> str | None:
    """None: no string, or a sum in which none is written out."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) or VALUE for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            texts = _text(left), _text(right)
            return None if texts == (None, None) else "".join(VALUE if text is None else text for text in texts)
        case _:
            return None


def _values(node: ast.AST) -> Iterator[ast.AST]:
    """What stands for `{…}` in the text of a node."""
    match node:
        case ast.JoinedStr(values=parts):
            for part in parts:
                yield from _values(part)
        case ast.FormattedValue(value=value):
            yield value
        case ast.BinOp(left=left, right=right):
            for side in (left, right):
                if _text(side) is None:
                    yield side
                else:
                    yield from _values(side)


def reads_as_prose(text: str) -> bool:
    """Two words of small letters, or one beside a value, as no name, path, pattern or table of settings has them."""
    words = [word.strip(".,:;()'\"`") for word in text.replace(VALUE, " ").split()]
    plain = sum(word.isalpha() and word.islower() for word in words)
    return (plain >= 2 or (plain == 1 and VALUE in text and " " in text)) and not _is_table(text)


def _is_table(text: str) -> bool:
    """The table of PostgreSQL's settings, and the patterns of what Git and forges print."""
    return "=ui:" in text or text.count("|") > 5


def sentences(text: str) -> Iterator[str]:
    """Each ends with a full stop, a semicolon or its line: a message is one line in which these part the thoughts."""
    for line in text.split("\\n"):
        for part in line.replace("; ", ". ").split(". "):
            if part.strip():
                yield part.strip()
