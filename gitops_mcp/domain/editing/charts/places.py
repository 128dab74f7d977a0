"""Where a value of a release can be said: in which of its layers, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gitops_mcp.domain.engines.applies import EngineObject, ValuesLayer
from gitops_mcp.domain.engines.charts.values import ValuesPlace, values_of_layer
from gitops_mcp.domain.engines.reading import file_and_line, value_at_place
from gitops_mcp.domain.objects import Path, at, dotted_path

_NOTHING: tuple[object, ...] = (None, "", {}, [])
_READ = frozenset({"mapping", "text", "file"})


def places_of_value(
    applied: EngineObject, layers: tuple[ValuesLayer, ...], path: Path, files: Mapping[str, str]
) -> Iterator[ValuesPlace | str]:
    """Places, and reasons why one is none.

    Where the value is said last; else, since that may be for others too, in a later layer, the one that has most of the
    way to it. What nothing says goes into such a layer, the chart's own values last.
    """
    name = dotted_path(path)
    parameters = [one for one in layers if one.kind == "parameter" and is_part(one.name, name)]
    if parameters:
        yield _place_in_parameter(applied, parameters[-1], name, files)
        return
    fixed = next((index + 1 for index, step in enumerate(path) if isinstance(step, int)), 0)
    unread = max((index for index, layer in enumerate(layers) if layer.kind == "unread"), default=-1)
    for index in _order(applied, layers, path, fixed, files):
        if index < unread:
            yield f"it may be set by {layers[unread].name}, which is not read here and would win"
        elif layers[index].kind in _READ:
            yield _place_in_layer(applied, layers[index], path, files)
    if not fixed and (room := _room_in_engine_object(applied, files)) is not None:
        yield _place_in_layer(applied, room, path, files)


def is_part(parameter: str, name: str) -> bool:
    """Whether a parameter says a value or a part of it."""
    return parameter == name or parameter.startswith((f"{name}.", f"{name}["))


def layers_of(applied: EngineObject) -> tuple[ValuesLayer, ...]:
    """All but the chart's own values."""
    return applied.chart.values if applied.chart else ()


def depth_in_layer(layer: ValuesLayer, path: Path, files: Mapping[str, str]) -> int:
    """How many steps of a path a layer has."""
    if layer.kind not in _READ:
        return -1
    value = values_of_layer(layer, files, written=True)
    for number, step in enumerate(path):
        is_there = step in value if isinstance(value, dict) else isinstance(value, list) and isinstance(step, int)
        if not is_there or (isinstance(step, int) and step >= len(value)):
            return number
        value = value[step]
    return len(path)


def _order(
    applied: EngineObject, layers: tuple[ValuesLayer, ...], path: Path, fixed: int, files: Mapping[str, str]
) -> list[int]:
    """`fixed`: how much of the path leads to a list, which one layer says as a whole."""
    depths = [depth_in_layer(layer, path, files) for layer in layers]
    if fixed:
        return [index for index, layer in enumerate(layers) if depth_in_layer(layer, path[:fixed], files) == fixed][-1:]
    said = [index for index, depth in enumerate(depths) if depth == len(path)]
    if said and at(values_of_layer(layers[said[-1]], files), *path) in _NOTHING:  # no more than room for it
        said = []
    later = range(said[-1] + 1 if said else 0, len(layers))
    is_own = [layer not in layers_of(applied) for layer in layers]
    return [*said[-1:], *sorted(later, key=lambda index: (is_own[index], -depths[index], -index))]


def _place_in_parameter(
    applied: EngineObject, layer: ValuesLayer, name: str, files: Mapping[str, str]
) -> ValuesPlace | str:
    place = layer.place
    if place is None:
        raise AssertionError("only what is unread has no place")
    line = file_and_line(place, files)
    if layer.name != name or applied.kind == "ApplicationSet":
        return f"the parameter {layer.name} of {applied} ({line}) sets it: change that by hand"
    number = int(line.rpartition(":")[2])
    return ValuesPlace(place.path, place.document, place.base, None, (), number, present=True, is_text=True)


def _place_in_layer(
    applied: EngineObject, layer: ValuesLayer, path: Path, files: Mapping[str, str]
) -> ValuesPlace | str:
    place = layer.place
    if place is None or place.path not in files:
        return f"{place.path if place else layer.name} is not in this repository"
    line = file_and_line(place if layer.kind == "text" else place.below(*path), files)
    current = at(values_of_layer(layer, files, written=True), *path)
    if isinstance(current, str) and ("${" in current or "{{" in current):
        return f"it is {current} in {line}, which is filled in later"
    if applied.kind == "ApplicationSet" and layer.kind != "file":
        return f"it stands in {line} for every Application that {applied} makes"
    inner = 0 if layer.kind == "text" else None
    number = int(line.rpartition(":")[2])
    return ValuesPlace(place.path, place.document, place.base, inner, path, number, current is not None)


def _room_in_engine_object(applied: EngineObject, files: Mapping[str, str]) -> ValuesLayer | None:
    """Inline values where there are none so far."""
    inline = {"mapping", "text"}
    if any(one.kind in inline and one.place and one.place.path == applied.place.path for one in layers_of(applied)):
        return None
    spec = applied.place.below("spec")
    if applied.kind == "HelmRelease":
        return ValuesLayer("mapping", spec.below("values"))
    if applied.kind != "Application" or value_at_place(spec.below("sources"), files):
        return None
    return ValuesLayer("mapping", spec.below("source", "helm", "valuesObject"))
