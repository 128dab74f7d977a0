"""Edits of the values from which CloudNativePG's `cluster` chart makes a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gitops_mcp.domain.editing.nested_text import edit_nested
from gitops_mcp.domain.engines.charts.cluster_chart import values_place_of_field
from gitops_mcp.domain.engines.charts.values import Release, ValuesPlace
from gitops_mcp.domain.engines.reading import file_and_line
from gitops_mcp.domain.objects import dotted_path
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.domain.repository.files import DraftFiles
from gitops_mcp.domain.yaml.edits import Edit, Remove, Set
from gitops_mcp.errors import Refused


def edit_chart_value(files: Mapping[str, str], declared: Declaration, wanted: Edit) -> tuple[DraftFiles, str]:
    """The edit made where the value stands, and that place."""
    release = declared.release
    if release is None:
        raise AssertionError("only what a chart makes has values")
    field = f"{dotted_path(wanted.path)} of {declared.label}"
    kind, name = declared.identity.kind, declared.database or declared.identity.name
    found = values_place_of_field(release, kind, wanted.path, files, name=name)
    if isinstance(found, str):
        raise Refused(
            f"{field} is made by a Helm chart: {found}. Its values stand in {list_values_places(release, files)}"
        )
    place = f"{found.path}:{found.line}"
    if found.is_text:
        name = dotted_path(wanted.path[1:])
        raise Refused(
            f"{field} is set by an entry of helm.parameters ({_parameter_name(release, found) or name}) at {place}, "
            f"which beats all values and is text in a list of names: change it there by hand"
        )
    draft = DraftFiles(files)
    match wanted:
        case Set(_, value):
            if found.prefix:
                around = f"{found.prefix}{'…' * bool(found.suffix)}{found.suffix}"
                if not isinstance(value, str) or not (value.startswith(found.prefix) and value.endswith(found.suffix)):
                    raise Refused(f"{field} is {around} and the value at {place}, which cannot become {value!r}")
                value = value.removeprefix(found.prefix).removesuffix(found.suffix)
            edit_nested(draft, found, Set(found.values, value))
        case Remove() if not found.prefix:
            edit_nested(draft, found, Remove(found.values))
        case _:
            raise Refused(f"{field} is made by the value at {place}: change it there by hand")
    return draft, place


def list_values_places(release: Release, files: Mapping[str, str]) -> str:
    found = [file_and_line(layer.place, files) for layer in release.values if layer.place]
    read_elsewhere = [layer.name for layer in release.values if layer.kind == "unread"]
    if read_elsewhere and release.applied.kind == "HelmRelease":
        found.append(f"what valuesFrom of {release.applied} names: {', '.join(read_elsewhere)}")
    return ", ".join(dict.fromkeys(found))


def _parameter_name(release: Release, found: ValuesPlace) -> str:
    names: Iterator[str] = (
        layer.name
        for layer in release.values
        if layer.kind == "parameter" and layer.place and layer.place.base == found.base
    )
    return next(names, "")
