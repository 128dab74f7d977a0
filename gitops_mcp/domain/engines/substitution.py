"""What Flux's post-build substitution makes of an object, and which definition a value comes from.

Flux substitutes in the text that kustomize puts out, and that text has lost the quotes of the manifest: `"${N}"` is
written `${N}` there, so a value of `3` becomes a number. Each string is therefore written as kustomize writes it,
expanded, and read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gitops_mcp.domain import envsubst, yamltext
from gitops_mcp.domain.applied import Applied, Files, Place, Substitution, Variable, located
from gitops_mcp.domain.envsubst import Malformed
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.yamlparse import parsed
from gitops_mcp.domain.yamltext import Unparsable
from gitops_mcp.domain.yamltree import Node

_SWITCH = "kustomize.toolkit.fluxcd.io/substitute"
_NEVER_PLAIN_FIRST = frozenset("#,[]{}&*!|>'\"%@`")
_NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Scalar:
    """A string of a manifest after substitution."""

    text: str
    """As it is in the manifest."""
    value: Any
    """Typed as the engine sends it; the text itself where it cannot be known."""
    names: tuple[str, ...]
    """The variables it names."""
    unknown: str | None = None
    """Why its value cannot be known."""
    unsure: str | None = None
    """What could make the value another one: a name that nothing here defines may come from what cannot be read."""


@dataclass(frozen=True)
class Substituted:
    object: Object
    scalars: Mapping[Path, Scalar]
    """The strings that name a variable, by their path."""


@dataclass(frozen=True)
class Redefinition:
    """A value is changed by giving a variable's definition this text."""

    variable: Variable
    place: Place
    text: str


@dataclass(frozen=True)
class Rewriting:
    """A value is changed by giving the manifest's own string this text: `${SIZE:=20Gi}`."""

    text: str


def substituted(value: Object, substitution: Substitution) -> Substituted:
    """The object as the engine applies it; raises Malformed where the engine would fail."""
    metadata = (at(value, "metadata", "labels", _SWITCH), at(value, "metadata", "annotations", _SWITCH))
    if not substitution.is_active or "disabled" in metadata:
        return Substituted(value, {})
    scalars: dict[Path, Scalar] = {}
    return Substituted(_walked(value, (), substitution, scalars), scalars)


def scalar(text: str, substitution: Substitution) -> Scalar:
    """One string after substitution; raises Malformed where the engine would fail."""
    parts = envsubst.parsed(text)
    found = envsubst.names(parts)
    unknown = (_unknown(one, substitution) for one in envsubst.variables(parts))
    if reason := next((one for one in unknown if one), None):
        return Scalar(text, text, found, unknown=reason)
    open_names = [name for name in found if name not in substitution.variables]
    unsure = None
    if open_names and substitution.unread:
        unsure = f"{', '.join(open_names)} may come from {' or '.join(substitution.unread)}, not in this repository"
    return Scalar(text, _read_again(text, substitution), found, unsure=unsure)


def redefined(
    text: str, wanted: Any, substitution: Substitution, *, users: tuple[str, ...], files: Files
) -> Redefinition | Rewriting | str:
    """How a string that is one variable comes to mean another value, or why a person has to do it.

    `users`: every place that names the variable, this one included (see `users`).
    """
    parts = envsubst.parsed(text)
    only = parts[0] if len(parts) == 1 else None
    if not isinstance(only, envsubst.Variable) or (only.operator and only.operator not in envsubst.DEFAULTS):
        return f"it is {text}, only a part of which comes from {_named(text, substitution, files)}"
    variable = substitution.variables.get(only.name)
    if variable is None:
        return _other_default(text, only, wanted, substitution)
    where = _named(text, substitution, files)
    reason = _fixed(variable, users)
    if reason or variable.place is None:
        return f"it is {text}, which {where} defines{reason}"
    for candidate in _spellings(wanted):
        changed = Substitution({**substitution.variables, only.name: _with(variable, candidate)}, always=True)
        if yamltext.same(scalar(text, changed).value, wanted):
            return Redefinition(variable, variable.place, candidate)
    return f"it is {text}, which {where} defines, and no text there comes to mean this value"


def users(builds: Iterable[tuple[Applied, Iterable[str]]], files: Files) -> dict[Place, tuple[str, ...]]:
    """Where each definition is used, as `file:line`: `builds` are the Flux Kustomizations with the files they build."""
    found: dict[Place, dict[str, None]] = {}
    for applied, paths in builds:
        places = {name: one.place for name, one in applied.substitution.variables.items() if one.place}
        mentioned = [(name, f"{path}:{line}") for path in paths for name, line in mentions(files.get(path, ""))]
        for patch in applied.patches:
            mentioned += [(name, str(applied.place)) for name, _ in mentions(str(patch.get("patch", "")))]
        for name, mention in mentioned:
            if name in places:
                found.setdefault(places[name], {})[mention] = None
    return {place: tuple(sorted(each)) for place, each in found.items()}


@lru_cache(maxsize=4096)
def mentions(text: str) -> tuple[tuple[str, int], ...]:
    """Every variable that a file names, with its line; comments of YAML name none."""
    if "${" not in text:
        return ()
    try:
        leaves = parsed(text.removeprefix("\ufeff")).leaves
        strings = [(found.text, leaf.line) for leaf in leaves if (found := _scalar_of(leaf)) is not None]
    except Unparsable:
        strings = [(line, number) for number, line in enumerate(text.splitlines(), 1)]
    return tuple((name, line) for string, line in strings if "${" in string for name in _names(string))


def _scalar_of(leaf: Node) -> Node | None:
    found = leaf.target or leaf
    return found if found.kind == "scalar" else None


def _names(text: str) -> tuple[str, ...]:
    try:
        return envsubst.names(envsubst.parsed(text))
    except Malformed:
        return ()


def _walked(value: Any, path: Path, substitution: Substitution, scalars: dict[Path, Scalar]) -> Any:
    if isinstance(value, dict):
        return {
            str(_string(key, (*path, key), substitution, {})): _walked(one, (*path, key), substitution, scalars)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_walked(one, (*path, index), substitution, scalars) for index, one in enumerate(value)]
    return _string(value, path, substitution, scalars) if isinstance(value, str) else value


def _string(value: str, path: Path, substitution: Substitution, scalars: dict[Path, Scalar]) -> Any:
    if "$" not in value:
        return value
    found = scalar(value, substitution)
    if found.names:
        scalars[path] = found
    return found.value


def _unknown(one: envsubst.Variable, substitution: Substitution) -> str | None:
    variable = substitution.variables.get(one.name)
    if variable is not None:
        return f"{one.name} comes from {variable.origin}" if variable.value is None else None
    if substitution.unread and one.operator not in envsubst.DEFAULTS:
        sources = " or ".join(substitution.unread)
        return f"{one.name} is defined by nothing in this repository; it may come from {sources}"
    return None


def _read_again(text: str, substitution: Substitution) -> Any:
    def value(name: str) -> str:
        variable = substitution.variables.get(name)
        return (variable.value or "") if variable else ""

    if _is_literal(text):
        return envsubst.expanded(envsubst.parsed(text), value)
    written = text if _is_plain(text) else "'" + text.replace("'", "''") + "'"
    line = envsubst.expanded(envsubst.parsed(written), value)
    try:
        return at(yamltext.documents(f"value: {line}\n")[0].value, "value")
    except Unparsable as error:
        raise Malformed(f"{text} is no YAML once its variables are filled in") from error


def _is_literal(text: str) -> bool:
    """Written as a block, or in double quotes: what is filled in stays a part of the string."""
    return "\n" in text or not text.isprintable()


def _is_plain(text: str) -> bool:
    """Whether go-yaml writes a string that holds a variable without quotes, as a value of a block mapping."""
    if text[0] in _NEVER_PLAIN_FIRST or text != text.strip() or text.startswith(("---", "...", "- ", "? ", ": ")):
        return False
    return ": " not in text and " #" not in text and not text.endswith(":") and text not in {"-", "?", ":"}


def _named(text: str, substitution: Substitution, files: Files) -> str:
    found = []
    for name in envsubst.names(envsubst.parsed(text)):
        variable = substitution.variables.get(name)
        if variable is None:
            found.append(f"{name} (defined by nothing in this repository)")
        else:
            found.append(f"{variable.origin} ({located(variable.place, files)})" if variable.place else variable.origin)
    return " and ".join(found) or "no variable"


def _fixed(variable: Variable, users: tuple[str, ...]) -> str:
    """Why a definition is not changed here."""
    if variable.value is None or variable.place is None:
        return "; that value is not known here"
    if variable.hidden_by:
        return f", but {variable.hidden_by} may define it too and would win"
    if len(users) > 1:
        more = f" and {len(users) - _NAMED_AT_MOST} more" if len(users) > _NAMED_AT_MOST else ""
        return f" for {', '.join(users[:_NAMED_AT_MOST])}{more} alike"
    return ""


def _other_default(text: str, only: envsubst.Variable, wanted: Any, substitution: Substitution) -> Rewriting | str:
    """The default stands in the manifest itself, so that is where it changes."""
    if substitution.unread:
        return f"it is {text}, and {only.name} may come from {' or '.join(substitution.unread)}, not in this repository"
    if not only.operator or len(only.arguments) > 1 or any(len(one) != 1 for one in only.arguments):
        return f"it is {text}, and nothing in this repository defines {only.name}"
    for candidate in _spellings(wanted):
        rewritten = f"${{{only.name}{only.operator}{candidate}}}"
        if not set(candidate) & set("${}") and yamltext.same(scalar(rewritten, substitution).value, wanted):
            return Rewriting(rewritten)
    return f"it is {text}, and no default there comes to mean this value"


def _spellings(wanted: Any) -> tuple[str, ...]:
    """Texts that may come to mean a value once they stand in YAML; in quotes, `3` stays a string."""
    if isinstance(wanted, bool):
        return ("true" if wanted else "false",)
    if isinstance(wanted, int):
        return (str(wanted),)
    return (wanted, f'"{wanted}"') if isinstance(wanted, str) and wanted else ()


def _with(variable: Variable, value: str) -> Variable:
    return Variable(variable.name, value, variable.origin, variable.place)
