"""Reads the configuration file: the model's values and lines, or every fault in words.

A fault says what the schema allows at that place, so an error cannot drift from what is published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gitops_mcp.config.file import ConfigFile
from gitops_mcp.config.parts import Part, file_schema
from gitops_mcp.config.rules import cite
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Path, dotted_path
from gitops_mcp.errors import InvalidRequest

if TYPE_CHECKING:
    from gitops_mcp.config.document import ConfigDocument

_MOST = 25
"""Faults that are listed: some clients cut an error at about 11,000 characters."""


_File = TypeVar("_File", bound=Part)
Fault = tuple[int, str]
"""A line, and what is wrong there."""


def read_config(text: str | None, *, name: str) -> tuple[ConfigFile, Mapping[Path, int]]:
    """The file and the line of each of its values; InvalidRequest names every fault."""
    return read_file(text, ConfigFile, name=name, faults_of=_layout_faults) if text else (ConfigFile(), {})


def read_file(
    text: str, model: type[_File], *, name: str, faults_of: Callable[[ConfigDocument, _File], Iterable[Fault]]
) -> tuple[_File, Mapping[Path, int]]:
    """`faults_of`: what is wrong between values that are each as they should be."""
    from gitops_mcp.config.document import read_document

    found = read_document(text)
    faults = list(found.faults)
    file = None
    try:
        file = model.model_validate({} if found.value is None else found.value)
    except ValidationError as error:
        faults += [_fault_at(found, details, file_schema(model)) for details in error.errors(include_url=False)]
    else:
        faults += faults_of(found, file)
    if faults or file is None:
        raise InvalidRequest(f"{name} has {_list_faults(name, sorted(set(faults)))}")
    return file, found.lines


def _list_faults(name: str, faults: list[tuple[int, str]]) -> str:
    lines = [f"{len(faults)} fault{'s' if len(faults) > 1 else ''}:"]
    file = name.rpartition(" ")[2]
    lines += [f"- {file}:{line}: {fault}" for line, fault in faults[:_MOST]]
    if len(faults) > _MOST:
        lines.append(f"- and {len(faults) - _MOST} more")
    return "\n".join(lines)


def _layout_faults(found: ConfigDocument, file: ConfigFile) -> list[tuple[int, str]]:
    """Faults of environments whose new Clusters would lie where that environment does not read."""
    template = file.layout.cluster
    if template.startswith("{path}/"):
        return []
    line = found.lines["layout", "cluster"]
    return [
        (line, f"layout.cluster: leaves {quote(part.path)}, the folder of environment {name}; start it with {{path}}/")
        for name, part in (file.environments or {}).items()
        if part.path and not template.startswith(f"{part.path}/")
    ]


def _fault_at(found: ConfigDocument, details: ErrorDetails, schema: Mapping[str, Any]) -> Fault:
    path = tuple(step for step in details["loc"] if step != "[key]")
    where = f"{quote(dotted_path(path), limit=120)[1:-1]}: " if path else ""
    line = next((found.lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in found.lines), 1)
    return line, where + _explain_fault(path, details, schema)


def _explain_fault(path: Path, details: ErrorDetails, schema: Mapping[str, Any]) -> str:
    kind, value = details["type"], details["input"]
    if kind == "value_error":
        return str(details["ctx"]["error"])
    if kind == "extra_forbidden":
        return f"unknown key; {suggest(str(path[-1]), _schema_at(path[:-1], schema)['properties'], most=16)}"
    if kind == "too_short":
        return "expected at least one entry; to set no bounds, leave the key out"
    expected = _expected_type(_schema_at(path, schema))
    if kind == "missing":
        return f"is missing; expected {expected}"
    is_hidden = any(_schema_at(path[:end], schema).get("writeOnly") for end in range(len(path) + 1))
    return f"expected {expected}, found {'a value that is not repeated here' if is_hidden else _describe_value(value)}"


def _schema_at(path: Path, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of what stands at a path of the file."""
    place = schema
    for step in path:
        place = next((choice for choice in place.get("anyOf", [place]) if choice.get("type") != "null"), place)
        place = place["items"] if isinstance(step, int) else _schema_below(place, step)
    return place


def _schema_below(place: Mapping[str, Any], key: str) -> dict[str, Any]:
    properties: Mapping[str, dict[str, Any]] = place.get("properties", {})
    if key in properties:
        return properties[key]
    any_name: dict[str, Any] = next(iter(place["patternProperties"].values()))
    return any_name


def _expected_type(place: Mapping[str, Any]) -> str:
    if "anyOf" in place:
        return " or ".join(_expected_type(choice) for choice in place["anyOf"])
    if "enum" in place:
        return f"one of {', '.join(place['enum'])}"
    if "const" in place:
        return str(place["const"])
    bounds = f" from {place['minimum']:g} to {place['maximum']:g}" if "minimum" in place else ""
    return _TYPES[place["type"]] + bounds


_TYPES = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}

_KINDS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (bool, lambda value: "true" if value else "false"),
    ((int, float), lambda value: f"{value:g}"),
    (str, cite),
    (list, lambda _: "a list"),
    (dict, lambda _: "a mapping"),
)


def _describe_value(value: Any) -> str:
    return next((say(value) for types, say in _KINDS if isinstance(value, types)), "nothing")
