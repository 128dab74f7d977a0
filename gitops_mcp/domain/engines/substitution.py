"""What Flux's post-build substitution makes of an object, and which definition a value comes from.

Flux substitutes in the text that kustomize puts out, and that text has lost the quotes of the manifest: `"${N}"` is
written `${N}` there, so a value of `3` becomes a number. Each string is therefore written as kustomize writes it,
expanded, and read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from gitops_mcp.domain.engines import envsubst
from gitops_mcp.domain.engines.applies import EngineObject, FluxVariable, Substitution
from gitops_mcp.domain.engines.envsubst import Malformed
from gitops_mcp.domain.engines.reading import Files, TextPlace, file_and_line
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.yaml.parse import parse_yaml
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Node, Unparsable
from gitops_mcp.domain.yaml.values import is_same

_SWITCH = "kustomize.toolkit.fluxcd.io/substitute"
_NEVER_PLAIN_FIRST = frozenset("#,[]{}&*!|>'\"%@`")
_NAMED_AT_MOST = 5
_MARK = "gitops-mcp-mark"
_DOLLAR = re.compile(r"\$(?=[${])")
_UNDEFINED = "on which Flux 2.9 and newer fails the whole Kustomization; older ones fill in nothing"
"""What becomes of a variable without a value and without a default."""


@dataclass(frozen=True)
class SubstitutedString:
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

    @property
    def is_undefined(self) -> bool:
        return self.unknown is not None and self.unknown.endswith(_UNDEFINED)


@dataclass(frozen=True)
class SubstitutedObject:
    object: Object
    scalars: Mapping[Path, SubstitutedString]
    """The strings that name a variable, by their path."""


@dataclass(frozen=True)
class Redefinition:
    """A value is changed by giving a variable's definition this text."""

    variable: FluxVariable
    place: TextPlace
    text: str


@dataclass(frozen=True)
class Rewriting:
    """A value is changed by giving the manifest's own string this text: `${SIZE:=20Gi}`."""

    text: str


def substitute_object(value: Object, substitution: Substitution) -> SubstitutedObject:
    """The object as the engine applies it; raises Malformed where the engine would fail."""
    if not substitution.is_active or _is_switched_off(value):
        return SubstitutedObject(value, {})
    scalars: dict[Path, SubstitutedString] = {}
    return SubstitutedObject(_substitute_value(value, (), substitution, scalars), scalars)


def substitute_string(text: str, substitution: Substitution) -> SubstitutedString:
    """One string after substitution; raises Malformed where the engine would fail."""
    parts = envsubst.parse_parts(text)
    found = envsubst.variable_names(parts)
    unknown = (_why_unknown(one, substitution) for one in envsubst.variable_references(parts))
    if reason := next((one for one in unknown if one), None):
        return SubstitutedString(text, text, found, unknown=reason)
    open_names = [name for name in found if name not in substitution.variables]
    unsure = None
    if open_names and substitution.unread:
        unsure = f"{', '.join(open_names)} may come from {substitution.elsewhere}"
    return SubstitutedString(text, _expand_and_read(text, substitution), found, unsure=unsure)


def text_that_means(value: Any, by: EngineObject | None, target: Object) -> Any:
    """What is written so that a value of an object comes out of the variables as it is: `$${X}` for `${X}`."""
    if by is None or not by.substitution.is_active or _is_switched_off(target):
        return value
    return _escape_strings(value)


def _is_switched_off(value: Object) -> bool:
    return "disabled" in (at(value, "metadata", part, _SWITCH) for part in ("labels", "annotations"))


def _escape_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _escape_strings(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_escape_strings(part) for part in value]
    return _DOLLAR.sub("$$", value) if isinstance(value, str) else value


def find_redefinition(
    text: str, wanted: Any, substitution: Substitution, *, users: tuple[str, ...], files: Files
) -> Redefinition | Rewriting | str:
    """How a string that is one variable comes to mean another value, or why a person has to do it.

    `users`: every place that names the variable, this one included (see `users`).
    """
    parts = envsubst.parse_parts(text)
    only = parts[0] if len(parts) == 1 else None
    if not isinstance(only, envsubst.VariableReference) or (only.operator and only.operator not in envsubst.DEFAULTS):
        return f"it is {text}, only a part of which comes from {_name_definitions(text, substitution, files)}"
    variable = substitution.variables.get(only.name)
    if variable is None:
        return _rewrite_default(text, only, wanted, substitution)
    where = _name_definitions(text, substitution, files)
    reason = _why_fixed(variable, users)
    if reason or variable.place is None:
        return f"it is {text}, which {where} defines{reason}"
    for candidate in _yaml_spellings(wanted):
        changed = Substitution({**substitution.variables, only.name: _with_value(variable, candidate)}, always=True)
        if is_same(substitute_string(text, changed).value, wanted):
            return Redefinition(variable, variable.place, variable.before + candidate)
    return f"it is {text}, which {where} defines, and no text there comes to mean this value"


def text_to_define(text: str, name: str, wanted: Any, substitution: Substitution) -> str | None:
    """What a variable that nothing defines has to be for a string to mean a value; None where it cannot bring it."""

    def meaning(candidate: str) -> Any:
        defined = FluxVariable(name, candidate, "", None)
        return substitute_string(text, replace(substitution, variables={**substitution.variables, name: defined})).value

    before, _, after = str(meaning(_MARK)).partition(_MARK)
    part = str(wanted)
    candidates = _yaml_spellings(wanted) if not before and not after else ()
    if (before or after) and part.startswith(before) and part.endswith(after):
        candidates = (part[len(before) : len(part) - len(after)],)
    return next((one for one in candidates if one and is_same(meaning(one), wanted)), None)


def uses_of_definitions(
    builds: Iterable[tuple[EngineObject, Iterable[str]]], files: Files
) -> dict[TextPlace, tuple[str, ...]]:
    """Where each definition is used, as `file:line`: `builds` are the Flux Kustomizations with the files they build."""
    found: dict[TextPlace, dict[str, None]] = {}
    for applied, paths in builds:
        places = {name: one.place for name, one in applied.substitution.variables.items() if one.place}
        mentioned = [(name, f"{path}:{line}") for path in paths for name, line in mentions(files.get(path, ""))]
        for index, patch in enumerate(applied.patches):
            place = file_and_line(applied.place.below("spec", "patches", index, "patch"), files)
            mentioned += [(name, place) for name, _ in mentions(str(patch.get("patch", "")))]
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
        leaves = parse_yaml(text.removeprefix("\ufeff")).leaves
        strings = [(found.text, leaf.line) for leaf in leaves if (found := _scalar_node(leaf)) is not None]
    except Unparsable:
        strings = [(line, number) for number, line in enumerate(text.splitlines(), 1)]
    return tuple((name, line) for string, line in strings if "${" in string for name in _names_in_text(string))


def _scalar_node(leaf: Node) -> Node | None:
    found = leaf.target or leaf
    return found if found.kind == "scalar" else None


def _names_in_text(text: str) -> tuple[str, ...]:
    try:
        return envsubst.variable_names(envsubst.parse_parts(text))
    except Malformed:
        return ()


def _substitute_value(
    value: Any, path: Path, substitution: Substitution, scalars: dict[Path, SubstitutedString]
) -> Any:
    if isinstance(value, dict):
        return {
            str(_note_string(key, (*path, key), substitution, {})): _substitute_value(
                one, (*path, key), substitution, scalars
            )
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_substitute_value(one, (*path, index), substitution, scalars) for index, one in enumerate(value)]
    return _note_string(value, path, substitution, scalars) if isinstance(value, str) else value


def _note_string(value: str, path: Path, substitution: Substitution, scalars: dict[Path, SubstitutedString]) -> Any:
    if "$" not in value:
        return value
    found = substitute_string(value, substitution)
    if found.names:
        scalars[path] = found
    return found.value


def _why_unknown(one: envsubst.VariableReference, substitution: Substitution) -> str | None:
    variable = substitution.variables.get(one.name)
    if variable is not None:
        return f"{one.name} comes from {variable.origin}" if variable.value is None else None
    if one.operator in envsubst.DEFAULTS:
        return None
    sources = " or ".join(substitution.unread)
    if substitution.several:
        way = "An environment in .gitops-mcp.yaml whose path holds one of them says which"
        return f"{one.name} comes from one of several: {sources}. {way}"
    if sources:
        return f"{one.name} is defined by nothing in this repository; it may come from {sources}"
    return f"{one.name} is defined by nothing, {_UNDEFINED}"


def _expand_and_read(text: str, substitution: Substitution) -> Any:
    def value(name: str) -> str:
        variable = substitution.variables.get(name)
        return (variable.value or "") if variable else ""

    if _is_literal(text):
        return envsubst.expand_parts(envsubst.parse_parts(text), value)
    written = text if _is_plain(text) else "'" + text.replace("'", "''") + "'"
    line = envsubst.expand_parts(envsubst.parse_parts(written), value)
    try:
        return at(parse_documents(f"value: {line}\n")[0].value, "value")
    except Unparsable as error:
        raise Malformed(f"{text} is not YAML once its variables are filled in") from error


def _is_literal(text: str) -> bool:
    """Written as a block, or in double quotes: what is filled in stays a part of the string."""
    return "\n" in text or not text.isprintable()


def _is_plain(text: str) -> bool:
    """Whether go-yaml writes a string that holds a variable without quotes, as a value of a block mapping."""
    if text[0] in _NEVER_PLAIN_FIRST or text != text.strip() or text.startswith(("---", "...", "- ", "? ", ": ")):
        return False
    return ": " not in text and " #" not in text and not text.endswith(":") and text not in {"-", "?", ":"}


def _name_definitions(text: str, substitution: Substitution, files: Files) -> str:
    found = []
    for name in envsubst.variable_names(envsubst.parse_parts(text)):
        variable = substitution.variables.get(name)
        if variable is None:
            found.append(f"{name} (defined by nothing in this repository)")
        else:
            found.append(
                f"{variable.origin} ({file_and_line(variable.place, files)})" if variable.place else variable.origin
            )
    return " and ".join(found) or "no variable"


def _why_fixed(variable: FluxVariable, users: tuple[str, ...]) -> str:
    """Why a definition is not changed here."""
    if variable.value is None:
        return "; that value is not known here"
    if variable.place is None:
        return "; no place there says this value alone"
    if variable.hidden_by:
        return f", but {variable.hidden_by} may define it too and would win"
    if len(users) > 1:
        more = f" and {len(users) - _NAMED_AT_MOST} more" if len(users) > _NAMED_AT_MOST else ""
        return f" for {', '.join(users[:_NAMED_AT_MOST])}{more} alike"
    return ""


def _rewrite_default(
    text: str, only: envsubst.VariableReference, wanted: Any, substitution: Substitution
) -> Rewriting | str:
    """The default stands in the manifest itself, so that is where it changes."""
    if substitution.unread:
        return f"it is {text}, and {only.name} may come from {substitution.elsewhere}"
    if not only.operator or len(only.arguments) > 1 or any(len(one) != 1 for one in only.arguments):
        return f"it is {text}, and nothing in this repository defines {only.name}"
    for candidate in _yaml_spellings(wanted):
        rewritten = f"${{{only.name}{only.operator}{candidate}}}"
        if not set(candidate) & set("${}") and is_same(substitute_string(rewritten, substitution).value, wanted):
            return Rewriting(rewritten)
    return f"it is {text}, and no default there comes to mean this value"


def _yaml_spellings(wanted: Any) -> tuple[str, ...]:
    """Texts that may come to mean a value once they stand in YAML; in quotes, `3` stays a string."""
    if isinstance(wanted, bool):
        return ("true" if wanted else "false",)
    if isinstance(wanted, int):
        return (str(wanted),)
    return (wanted, f'"{wanted}"') if isinstance(wanted, str) and wanted else ()


def _with_value(variable: FluxVariable, value: str) -> FluxVariable:
    return replace(variable, value=value)
