"""Edits of the values from which CloudNativePG's `cluster` chart makes a field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gitops_mcp.domain import layered
from gitops_mcp.domain.applied import located
from gitops_mcp.domain.helm import values_at
from gitops_mcp.domain.helmvalues import Release, ValuesPlace
from gitops_mcp.domain.objects import dotted
from gitops_mcp.domain.plan import Draft
from gitops_mcp.domain.repository import Declaration
from gitops_mcp.domain.yamltext import Edit, Remove, Set
from gitops_mcp.errors import Refused


def revalued(files: Mapping[str, str], declared: Declaration, wanted: Edit) -> tuple[Draft, str]:
    """The edit made where the value stands, and that place."""
    release = declared.release
    if release is None:
        raise AssertionError("only what a chart makes has values")
    field = f"{dotted(wanted.path)} of {declared.label}"
    found = values_at(release, declared.identity.kind, wanted.path, files, database=declared.database)
    if isinstance(found, str):
        raise Refused(f"{field} is made by a Helm chart: {found}. Its values stand in {places(release, files)}")
    place = f"{found.path}:{found.line}"
    if found.is_text:
        name = dotted(wanted.path[1:])
        raise Refused(
            f"{field} is set by an entry of helm.parameters ({_parameter(release, found) or name}) at {place}, "
            f"which beats all values and is text in a list of names: change it there by hand"
        )
    draft = Draft(files)
    match wanted:
        case Set(_, value):
            if found.prefix:
                if not isinstance(value, str) or not value.startswith(found.prefix):
                    raise Refused(f"{field} is {found.prefix} and the value at {place}, which cannot become {value!r}")
                value = value.removeprefix(found.prefix)
            layered.edit(draft, found, Set(found.values, value))
        case Remove() if not found.prefix:
            layered.edit(draft, found, Remove(found.values))
        case _:
            raise Refused(f"{field} is made by the value at {place}: change it there by hand")
    return draft, place


def places(release: Release, files: Mapping[str, str]) -> str:
    found = [located(layer.place, files) for layer in release.values if layer.place]
    read_elsewhere = [layer.name for layer in release.values if layer.kind == "unread"]
    if read_elsewhere and release.applied.kind == "HelmRelease":
        found.append(f"what valuesFrom of {release.applied} names: {', '.join(read_elsewhere)}")
    return ", ".join(dict.fromkeys(found))


def _parameter(release: Release, found: ValuesPlace) -> str:
    names: Iterator[str] = (
        layer.name
        for layer in release.values
        if layer.kind == "parameter" and layer.place and layer.place.base == found.base
    )
    return next(names, "")
