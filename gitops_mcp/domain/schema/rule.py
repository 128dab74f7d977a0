"""One CEL rule of a schema (`x-kubernetes-validations`), compiled once.

The library knows the language itself and, as an option, the functions on strings and sets that Kubernetes has too; a
rule that calls another function (`quantity`, `url`, `ip`, `format` and so on) or is written in a syntax that the
library does not know is kept with its `trouble` and never counts as held.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gitops_mcp.domain.objects import Object, Path
from gitops_mcp.domain.regexp import search

if TYPE_CHECKING:
    from cel import Program

_OWN = {"size": "textual_size", "matches": "matches_of_re2"}
"""Functions of the language by the names of ours, for the library's cannot be replaced: it counts the bytes of a text
where CEL counts characters, and reads a pattern as Rust does, whose `\\d` is any digit of Unicode."""
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    _OWN["size"]: len,
    _OWN["matches"]: lambda text, pattern: search(pattern, text),
}
_NATIVE = frozenset(
    {"contains", "startsWith", "endsWith"}
    | {"int", "uint", "double", "string", "bytes", "timestamp", "duration", "type", "dyn"}
    | {"getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"}
    | {"getHours", "getMinutes", "getSeconds", "getMilliseconds"}
    | {"hasValue", "value", "orValue"}
)
_OPTIONAL = frozenset(
    {"charAt", "indexOf", "lastIndexOf", "substring", "replace", "split", "join", "lowerAscii", "upperAscii", "trim"}
    | {"min", "max", "sum", "sets.contains", "sets.equivalent", "sets.intersects"}
)
"""Of those that the library offers, the ones that mean in Kubernetes what they mean there."""
_SEARCHES = "@not_strictly_false"
"""`all` and `exists` in the library's list of functions."""


@dataclass(frozen=True, eq=False)
class CelRule:
    text: str
    message: str
    expression: str | None = None
    """The `messageExpression`."""
    field_path: Path = ()
    """Where the fault is told, below the place of the rule."""
    optional_old: bool = False
    program: Program | None = None
    """None where there is `trouble`."""
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    transition: bool = False
    """It compares with what was there before."""
    searches: bool = False
    """It calls `all` or `exists`: the library stops at an error in one item where another item may decide."""
    names: frozenset[str] = frozenset()
    """The identifiers and string literals in it, but those whose presence alone is asked for."""
    whole: bool = False
    """It uses a value as such, so that every part of it counts."""
    trouble: str = ""

    @classmethod
    def of(cls, stated: Object) -> CelRule:
        text = stated["rule"].strip()
        compiled = compile_rule(text)
        read = _PRESENCE.sub(r"\1", text)
        return cls(
            text=text,
            message=" ".join(stated.get("message", "").split()) or f"failed rule: {text}",
            expression=stated.get("messageExpression"),
            field_path=tuple(name or key for name, key in _STEP.findall(stated.get("fieldPath", ""))),
            optional_old=bool(stated.get("optionalOldSelf")),
            program=compiled.program,
            functions=compiled.functions,
            transition="oldSelf" in compiled.variables,
            searches=compiled.searches,
            names=frozenset(_WORD.findall(read)),
            whole=_is_whole(read),
            trouble=compiled.trouble,
        )


@dataclass(frozen=True)
class CompiledRule:
    program: Program | None = None
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    variables: frozenset[str] = frozenset()
    searches: bool = False
    trouble: str = ""


_LONGEST = 20_000
"""Characters of a rule."""


@lru_cache(maxsize=1024)
def compile_rule(text: str) -> CompiledRule:
    # The package loads its command line too, whose prompt and colours cost ten times the library.
    sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))
    import cel

    if len(text) > _LONGEST:
        return CompiledRule(trouble=f"it has more than {_LONGEST:,} characters")
    try:
        made = cel.compile(_TOKEN.sub(lambda found: _OWN.get(found["own"] or "", found[0]), text))
    except ValueError:
        variables = frozenset(_WORD.findall(_LITERAL.sub("", text)))
        return CompiledRule(variables=variables, trouble="the CEL library cannot read it")
    variables = frozenset(made.variables())
    called = {name for name in made.functions() if re.fullmatch(r"(?=[\d_.]*[A-Za-z])[\w.]+", name)}
    unknown = sorted(called - _NATIVE - _OPTIONAL - _FUNCTIONS.keys())
    if unknown:
        return CompiledRule(variables=variables, trouble=f"the CEL library does not know {', '.join(unknown)}")
    from cel.stdlib import STDLIB_FUNCTIONS

    functions = {name: STDLIB_FUNCTIONS[name] for name in called & _OPTIONAL}
    functions |= {name: made for name, made in _FUNCTIONS.items() if name in called}
    return CompiledRule(made, functions, variables, _SEARCHES in made.functions())


_LITERAL = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""")
_TOKEN = re.compile(_LITERAL.pattern + rf"|(?P<own>\b(?:{'|'.join(_OWN)})\b(?=\s*\())")
# `has` reads what stands around the field, and of the field itself only that it is there.
_PRESENCE = re.compile(r"\bhas\(\s*([\w.]+\.)\w+\s*\)")
_WORD = re.compile(r"[A-Za-z_]\w*")
_BARE = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?!\w)(?!\s*[.(])")
_BOUND = re.compile(r"(\.(?:all|exists|exists_one|filter|map)\(\s*)\w+\s*,")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\['([^']*)'\]")
_WORDS = frozenset({"true", "false", "null", "in"})


def _is_whole(text: str) -> bool:
    alone = _BOUND.sub(r"\1", _LITERAL.sub("", text))
    return not _WORDS.issuperset(_BARE.findall(alone))


_RESERVED = frozenset(
    {"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import"}
    | {"let", "loop", "package", "namespace", "return", "var", "void", "while"}
)
_ESCAPES = (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__"))


def escape_name(name: str) -> str:
    """How a rule spells a property that is no identifier of CEL."""
    if name in _RESERVED:
        return f"__{name}__"
    for given, taken in _ESCAPES:
        name = name.replace(given, taken)
    return name
