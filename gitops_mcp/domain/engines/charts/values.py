"""Layers of Helm values: what they say together, and which of them has the last word.

Later layers win; mappings are merged, everything else is replaced whole.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.engines.applies import EngineObject, ValuesLayer
from gitops_mcp.domain.engines.reading import Files, TextPlace, file_and_line, read_documents, value_at_place
from gitops_mcp.domain.objects import Path, at, dotted_path

_ABSENT = object()
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Release:
    """One use of a chart: what one Cluster and its Databases come from, or one object of a chart that is rendered."""

    applied: EngineObject
    namespace: str | None
    name: str | None
    """Of the Cluster; None where it cannot be told."""
    values: tuple[ValuesLayer, ...]
    """In order, the last wins; everything that is set for the release, the chart's own defaults not among it."""
    prefix: Path
    """Before every path of the chart: the dependency's name or alias in an umbrella chart."""
    template: str | None = None
    """The file whose rendering the object is; None where values are mapped to fields without one."""
    version: str | None = None
    """Of the chart, or the range of it; None where nothing says it."""


@dataclass(frozen=True)
class ValuesPlace:
    """Where a value stands, or where it is to be added."""

    path: str
    document: int
    base: Path
    """In that document: the mapping of values, or the string that holds them."""
    inner: int | None
    """Which document of the string at `base`, where the values are text; None where they are YAML there."""
    values: Path
    """Of the value, below `base` or inside the text."""
    line: int
    present: bool
    """Whether it stands there already."""
    is_text: bool = False
    """A Helm parameter: whatever the type, it is written as a string."""
    prefix: str = ""
    """The object's value is this, the value and `suffix`: an image from `version.postgresql`."""
    suffix: str = ""


class FilledIn(str):
    """Why a value is not edited where it stands: what stands there is filled in before Helm reads it."""

    __slots__ = ("place", "text")
    place: ValuesPlace
    text: str

    @classmethod
    def at(cls, place: ValuesPlace, text: str, why: str) -> FilledIn:
        made = cls(why)
        made.place, made.text = place, text
        return made


def layers_of_chart(one: EngineObject, files: Files) -> tuple[ValuesLayer, ...]:
    """All that is said in this repository, the chart's own values first."""
    chart = one.chart
    if chart is None or chart.folder is None:
        return chart.values if chart else ()
    own = posixpath.join(chart.folder, "values.yaml")
    has_own = chart.has_own_values and own in files
    return (*((ValuesLayer("file", TextPlace(own, 0, (), 1)),) if has_own else ()), *chart.values)


def effective_value(release: Release, path: Path, files: Files) -> Any:
    """What the layers together say, as Helm merges them; None where they say nothing or cannot be read."""
    result: Any = None
    for layer in release.values:
        found = _layer_value(layer, (*release.prefix, *path), files, written=False)
        result = result if found is _ABSENT else _merge_values(result, found)
    return result


def values_of_layer(layer: ValuesLayer, files: Files, *, written: bool = False) -> Any:
    """What a layer gives to Helm, or what its file says; None where that is not known."""
    found = value_at_place(layer.place, files) if layer.place else None
    if layer.value is not None and not written:
        found = layer.value
    if layer.kind == "text":
        inner = read_documents(found) if isinstance(found, str) else ()
        return inner[0].value if inner else None
    return found


def find_values_place(release: Release, value: Path, rest: Path, files: Files) -> ValuesPlace | str:
    """The last layer that sets a value, else the last that can take it; `rest`: the part of the value that is meant."""
    path = (*release.prefix, *value)
    name = dotted_path(path)
    room: ValuesLayer | None = None
    for layer in reversed(release.values):
        if layer.kind == "unread":
            return f"{name} may be set by {layer.name}, which is not read here and would win"
        if layer.kind == "parameter" and layer.name != name and _names_overlap(layer.name, name):
            return f"the Helm parameter {layer.name} sets a part of {name}; see {values_line(release, files)}"
        found = _layer_value(layer, path, files)
        if found is not _ABSENT:
            return _place_in_layer(release, layer, (*path, *rest), files, current=at({"": found}, "", *rest))
        if layer.kind != "parameter" and room is None and isinstance(values_of_layer(layer, files, written=True), dict):
            room = layer
    if room is None:
        return f"{name} is set nowhere in this repository: {release.applied} takes the chart's own"
    return _place_in_layer(release, room, (*path, *rest), files, current=None)


def values_line(release: Release, files: Files) -> str:
    """The last place of values, for a person to look at."""
    places = [file_and_line(layer.place, files) for layer in release.values if layer.place]
    return places[-1] if places else str(release.applied.place)


def _place_in_layer(
    release: Release, layer: ValuesLayer, path: Path, files: Files, *, current: Any
) -> ValuesPlace | str:
    place = layer.place
    if place is None:
        raise AssertionError("only what is unread has no place")
    exact = place if layer.kind not in {"mapping", "file"} else place.below(*path)
    line = file_and_line(exact, files)
    if release.applied.kind == "ApplicationSet" and layer.kind != "file":
        return f"{dotted_path(path)} is in {line} for every Application that {release.applied} makes"
    inner, values = (0 if layer.kind == "text" else None), (() if layer.kind == "parameter" else path)
    number = int(line.rpartition(":")[2])
    is_text = layer.kind == "parameter"
    found = ValuesPlace(place.path, place.document, place.base, inner, values, number, current is not None, is_text)
    if isinstance(current, str) and ("${" in current or "{{" in current):
        why = f"{dotted_path(path)} is {current} in {line}, which is filled in before Helm reads it"
        return FilledIn.at(found, current, why)
    return found


def _names_overlap(one: str, other: str) -> bool:
    return any(long.startswith((f"{short}.", f"{short}[")) for long, short in ((one, other), (other, one)))


def _layer_value(layer: ValuesLayer, path: Path, files: Files, *, written: bool = True) -> Any:
    """What one layer says at a path; `_ABSENT` where it says nothing."""
    value = None if layer.kind == "unread" else values_of_layer(layer, files, written=written)
    if layer.kind == "parameter":
        said = value if layer.is_text else _typed_parameter(value)
        return said if layer.name == dotted_path(path) else _ABSENT
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return _ABSENT
        value = value[step]
    return value


def _typed_parameter(value: Any) -> Any:
    """As `helm --set` reads it."""
    if not isinstance(value, str):
        return value
    return int(value) if _INTEGER.fullmatch(value) else _WORDS.get(value, value)


def _merge_values(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return old | {key: _merge_values(old.get(key), value) for key, value in new.items()}
