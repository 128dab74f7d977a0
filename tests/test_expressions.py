"""Regular expressions: none of others is read by Python's own engine, and none of ours takes a length's square."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]  # what a pattern is made of
from typing import Any

import pytest

import gitops_mcp
from tests.fuzz.limits import spent_by

_PACKAGE = Path(gitops_mcp.__file__).parent
_CALLS = frozenset({"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"})
_CONSTANT = re.compile(r"_*[A-Z][A-Z0-9_]*")
_OTHERS = frozenset({"fnmatch", "glob"})
"""Modules of Python that read patterns by backtracking."""
_TABLES = frozenset({"adapters/git/failures.py", "domain/cnpg/logs/findings.py"})
"""Modules that make patterns of a table which stands in them."""
_LENGTH = 20_000
_SLOW = 0.1
"""Seconds for that length, three times what the slowest takes; the cheapest square takes 0.2."""


def test_python_reads_no_pattern_of_others() -> None:
    """They go through `domain/regexp.py`, which is linear: a pattern given to `re` is written in our code."""
    assert list(_foreign_patterns()) == []


@pytest.mark.thorough
def test_each_expression_of_ours_takes_time_in_proportion_to_its_text() -> None:
    assert spent_by("tests.test_expressions", "slow_expressions").said == "[]"


def test_no_expression_of_ours_takes_a_group_possessively_or_has_an_atomic_one() -> None:
    """Python 3.11 before 3.11.5 gives such a group back, and fails to match; of single characters all do it right."""
    wrong = [
        name
        for name, pattern, _ in _own_expressions()
        if re.search(rb"\)[*+?]\+|\)\{[\d,]+\}\+|\(\?>", _bytes_of(pattern))
    ]
    assert wrong == []


def _bytes_of(pattern: re.Pattern[Any]) -> bytes:
    return pattern.pattern if isinstance(pattern.pattern, bytes) else pattern.pattern.encode()


def _foreign_patterns() -> Iterator[str]:
    for path in sorted(_PACKAGE.rglob("*.py")):
        if "sandbox" in path.parts:
            continue
        text = path.read_text()
        if not re.search(r"\b(re|fnmatch|glob)\b", text):
            continue
        for node in ast.walk(ast.parse(text)):
            place = f"{path.relative_to(_PACKAGE)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = (
                    {one.name.split(".")[0] for one in node.names} if isinstance(node, ast.Import) else {node.module}
                )
                if names & _OTHERS:
                    yield place
            elif _is_re_call(node) and str(path.relative_to(_PACKAGE)) not in _TABLES and not _is_ours(node.args[0]):  # type: ignore[attr-defined]  # a call
                yield place


def _is_re_call(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in _CALLS
    )


def _is_ours(node: ast.AST) -> bool:  # noqa: PLR0911 - one for each form
    """A pattern that is written in the code, with nothing of others in it but what `re.escape` made plain."""
    match node:
        case ast.Constant():
            return True
        case ast.Name():
            return _CONSTANT.fullmatch(node.id) is not None
        case ast.Attribute():
            return node.attr == "pattern" and isinstance(node.value, ast.Name) and _is_ours(node.value)
        case ast.JoinedStr():
            return all(_is_ours(part.value if isinstance(part, ast.FormattedValue) else part) for part in node.values)
        case ast.BinOp():
            return _is_ours(node.left) and _is_ours(node.right)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr="escape")):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=[each]):
            # What is joined is escaped, or a constant.
            return _is_ours(each.elt if isinstance(each, ast.GeneratorExp) else each)
        case _:
            return False


def slow_expressions() -> list[str]:
    """The expressions of the package that take long for one of the texts which are made to make them."""
    found = []
    for name, pattern, verbs in _own_expressions():
        for text in _texts_against(pattern):
            given: Any = text.encode(errors="replace") if isinstance(pattern.pattern, bytes) else text
            for verb in verbs:
                # What is slow is slow each time; a round of the garbage collector comes once.
                if all(_seconds(pattern, verb, given) > _SLOW for _ in range(3)):
                    found.append(f"{name} {verb} {text[:20]!r}")
                    break
            else:
                continue
            break
    return found


def _seconds(pattern: re.Pattern[Any], verb: str, text: Any) -> float:
    """Of CPU."""
    began = time.process_time()
    _apply(pattern, verb, text)
    return time.process_time() - began


def _apply(pattern: re.Pattern[Any], verb: str, text: Any) -> None:
    if verb in {"sub", "subn"}:
        getattr(pattern, verb)(lambda found: found[0], text)
    elif verb == "finditer":
        list(pattern.finditer(text))
    else:
        getattr(pattern, verb)(text)


def _own_expressions() -> Iterator[tuple[str, re.Pattern[Any], list[str]]]:
    """Each with how it is used, by the words of its module."""
    for info in pkgutil.walk_packages(gitops_mcp.__path__, "gitops_mcp."):
        if info.name.startswith(("gitops_mcp.sandbox", "gitops_mcp.demo")) or info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        source = Path(str(module.__file__)).read_text()
        for name, value in sorted(vars(module).items()):
            if isinstance(value, re.Pattern):
                verbs = sorted(set(re.findall(rf"\b{name}\.(\w+)\(", source)) & _CALLS)
                if verbs:
                    yield f"{info.name}.{name}", value, verbs
        for node in ast.walk(ast.parse(source)) if re.search(r"\bre\.", source) else ():
            if _is_re_call(node) and isinstance(node.args[0], ast.Constant) and node.func.attr != "compile":  # type: ignore[attr-defined]  # a call
                yield f"{info.name}:{node.lineno}", re.compile(node.args[0].value), [node.func.attr]  # type: ignore[attr-defined]  # likewise


def _texts_against(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Long texts of what the pattern itself takes, alone and in turn, which end in what fits nothing."""
    source = pattern.pattern
    tree = _parser.parse(source.decode("latin-1") if isinstance(source, bytes) else source, pattern.flags & ~re.DEBUG)
    atoms = sorted(set(_atoms(tree)) | {" ", "a", "A", "1", "-", "\n", ":", '"', "a ", "a.", "é"})
    chosen = random.Random(1)  # noqa: S311 - the same ones in each run
    words = [*atoms, *("".join(chosen.choices(atoms, k=2)) for _ in range(12))]
    for word in words:
        yield (word * (_LENGTH // max(len(word), 1) + 1))[:_LENGTH] + "\x00"
    head = "".join(atoms[:3])
    yield head + "a" * _LENGTH + "\x00"


def _atoms(tree: Any) -> Iterator[str]:
    """Single characters and runs of literals that a pattern names."""
    run = ""
    for code, told in tree:
        if code is _constants.LITERAL:
            run += chr(told)
            yield chr(told)
            continue
        if run:
            yield run
            run = ""
        yield from _atoms_of(code, told)
    if run:
        yield run


def _atoms_of(code: Any, told: Any) -> Iterator[str]:
    match str(code):
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            yield from _atoms(told[2])
        case "SUBPATTERN":
            yield from _atoms(told[3])
        case "BRANCH":
            for branch in told[1]:
                yield from _atoms(branch)
        case "ASSERT" | "ASSERT_NOT":
            yield from _atoms(told[1])
        case "ATOMIC_GROUP":
            yield from _atoms(told)
        case "IN":
            yield from (chr(one[1]) for one in told if one[0] is _constants.LITERAL)
            yield from (chr(one[1][0]) for one in told if one[0] is _constants.RANGE)


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("re.compile(r'a+')", True),
        ("re.compile(_KEY.pattern + r'x')", True),
        ("re.search(rf'\\b{re.escape(name)}\\b', text)", True),
        ("re.compile('|'.join(map(re.escape, parts)))", False),
        ("re.compile(pattern)", False),
        ("re.fullmatch(f'{name}.*', text)", False),
    ],
)
def test_the_check_tells_a_pattern_of_ours_from_one_of_others(code: str, ours: bool) -> None:
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert _is_ours(call.args[0]) is ours
