"""Edits of the values from which CloudNativePG's `cluster` chart makes a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gitops_mcp.domain.editing.nested_text import edit_nested
from gitops_mcp.domain.engines.charts.cluster_chart import values_place_of_field
from gitops_mcp.domain.engines.charts.values import FilledIn, Release, ValuesPlace
from gitops_mcp.domain.engines.reading import file_and_line
from gitops_mcp.domain.engines.substitution import substitute_string
from gitops_mcp.domain.objects import dotted_path
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles
from gitops_mcp.domain.repository.roots.environment_roots import EnvironmentRoots
from gitops_mcp.domain.yaml.edits import Edit, Remove, Set
from gitops_mcp.errors import Refused


def edit_chart_value(
    desired: Desired, files: Mapping[str, str], declared: Declaration, wanted: Edit
) -> tuple[DraftFiles, str]:
    """The edit made where the value stands, or its variable, and that place."""
    release = declared.release
    if release is None:
        raise AssertionError("only what a chart makes has values")
    field = f"{dotted_path(wanted.path)} of {declared.label}"
    kind, name = declared.identity.kind, declared.database or declared.identity.name
    found = values_place_of_field(release, kind, wanted.path, files, name=name)
    if isinstance(found, FilledIn) and release.applied.engine == "flux":
        return _edit_variable(desired, files, declared, wanted, found)
    if isinstance(found, str):
        raise Refused(
            f"{field} is made by a Helm chart: {found}. Its values are in {list_values_places(release, files)}"
        )
    place = f"{found.path}:{found.line}"
    if found.is_text:
        name = dotted_path(wanted.path[1:])
        raise Refused(
            f"{field} is set by an entry of helm.parameters ({_parameter_name(release, found) or name}) at {place}, "
            f"which overrides all values and is text in a list of names: change it there by hand"
        )
    draft = DraftFiles(files)
    match wanted:
        case Set(_, value):
            edit_nested(draft, found, Set(found.values, _part_of_value(field, found, value)))
        case Remove() if not found.prefix:
            edit_nested(draft, found, Remove(found.values))
        case _:
            raise Refused(f"{field} is made by the value at {place}: change it there by hand")
    return draft, place


def _edit_variable(
    desired: Desired, files: Mapping[str, str], declared: Declaration, wanted: Edit, found: FilledIn
) -> tuple[DraftFiles, str]:
    from gitops_mcp.domain.editing import variables

    place, field = found.place, f"{dotted_path(wanted.path)} of {declared.label}"
    at = f"{place.path}:{place.line}"
    roots = desired.roots
    above = roots.appliers(place.path) if isinstance(roots, EnvironmentRoots) else []
    by = [one for one in above if one.substitution.is_active]
    if len(by) != 1 or not isinstance(wanted, Set):
        raise variables.unfilled_refusal(desired, field, found.text, at)
    scalar = substitute_string(found.text, by[0].substitution)
    value = _part_of_value(field, place, wanted.value)
    if isinstance(scalar.value, int) and isinstance(value, str) and value.isdecimal():
        value = int(value)  # `17` of an image, which the variable says as a number
    mention = variables.Mention(scalar, at, place, place.values, by[0], value)
    return variables.draft_at_source(desired, files, declared, wanted, mention), at


def _part_of_value(field: str, found: ValuesPlace, value: object) -> object:
    """Of an image, what the version in the values says."""
    if not found.prefix:
        return value
    if not isinstance(value, str) or not (value.startswith(found.prefix) and value.endswith(found.suffix)):
        around = f"{found.prefix}{'…' * bool(found.suffix)}{found.suffix}"
        raise Refused(f"{field} is {around} and the value at {found.path}:{found.line}, which cannot become {value!r}")
    return value.removeprefix(found.prefix).removesuffix(found.suffix)


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
