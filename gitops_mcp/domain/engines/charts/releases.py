"""What an engine object makes with a chart: rendered where the chart lies here, else as the `cluster` chart maps it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.charts import cluster_chart
from gitops_mcp.domain.engines.charts.engine import Charts
from gitops_mcp.domain.engines.charts.layout import may_make_cnpg, template_path
from gitops_mcp.domain.engines.charts.own_chart import RenderedChart, render_chart
from gitops_mcp.domain.engines.charts.values import Release, layers_of_chart, values_of_layer
from gitops_mcp.domain.engines.reading import Files, file_and_line
from gitops_mcp.domain.kinds import may_mean_cnpg
from gitops_mcp.domain.objects import CNPG_GROUP, Object, Path, at, dotted_path

_NAMES_OF_CNPG = ("cnpg", "cloudnativepg", "cloudnative-pg")
_ANSWERS = frozenset({"instances", "replicas", "size", "storageClass", "imageName", "roles", "databases", "parameters"})
_NAMED_AT_MOST = 6


@dataclass(frozen=True)
class MadeByChart:
    objects: tuple[tuple[Release, Object, str | None], ...] = ()
    """Each with why it may be otherwise."""
    notes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """Why what it may make beside them is not known."""


def made_by_chart(one: EngineObject, files: Files, charts: Charts) -> MadeByChart:
    chart = one.chart
    if chart is None:
        return MadeByChart()
    found = cluster_chart.releases(one, files)
    mapped = () if isinstance(found, str) else found
    if chart.folder is None:
        unknown = tuple(_of_unknown_chart(one, files)) if isinstance(found, str) else ()
        return replace(_mapped(one, mapped, files), unknown=unknown)
    if not may_make_cnpg(chart.folder, files, charts):
        return _mapped(one, mapped, files)
    rendered = render_chart(one, files, charts)
    if isinstance(rendered, str):
        return replace(_mapped(one, mapped, files), unknown=(rendered,))
    known = {release.prefix[0]: release for release in mapped}
    gone = {str(dependency.get("alias") or dependency.get("name")): dependency for dependency in rendered.missing}
    made = _mapped(one, (release for name, release in known.items() if name in gone), files)
    notes = (
        f"{one.place}: {chart} depends on {dependency.get('name')} of {dependency.get('repository')}, which is not in "
        f"this repository: what that makes is not told"
        for name, dependency in gone.items()
        if name not in known
    )
    unknown = (f"{chart}: {rendered.unreviewed}",) if rendered.unreviewed else ()
    return MadeByChart((*made.objects, *_objects_rendered(one, rendered, files)), (*made.notes, *notes), unknown)


def _of_unknown_chart(one: EngineObject, files: Files) -> Iterator[str]:
    """A chart from elsewhere that may make objects of CNPG, with what a person would edit."""
    chart = one.chart
    # CloudNativePG's own charts but for `cluster` make no Cluster.
    if chart is None or cluster_chart.is_of_cnpg(chart.repository):
        return
    values = [(layer, values_of_layer(layer, files)) for layer in chart.values if layer.place]
    named = _looks_like_cnpg(f"{chart.name} {chart.repository}")
    if not named and not any(_looks_like_cnpg(str(value)) and _may_hold_cnpg(value) for _, value in values):
        return
    places = [
        f"{dotted_path(path)} ({file_and_line(place if layer.kind == 'text' else place.below(*path), files)})"
        for layer, value in values
        for path in _paths_named(value, ())
        if (place := layer.place) is not None
    ]
    shown = ", ".join(places[:_NAMED_AT_MOST])
    look = f"the values that look like the answer: {shown}" if shown else "its values say nothing that looks like it"
    yield f"{one} installs {chart}, which is not in this repository and may make it; {look}"


def _looks_like_cnpg(text: str) -> bool:
    lower = text.lower()
    return any(name in lower for name in _NAMES_OF_CNPG)


def _may_hold_cnpg(value: object) -> bool:
    """An object of CNPG, or what is called so and says what one says; a host or a dashboard of that name is neither."""
    if isinstance(value, dict):
        return (
            str(value.get("apiVersion")).startswith(CNPG_GROUP)
            or any(_looks_like_cnpg(str(key)) and any(_paths_named(part, ())) for key, part in value.items())
            or any(map(_may_hold_cnpg, value.values()))
        )
    return isinstance(value, list) and any(map(_may_hold_cnpg, value))


def _paths_named(value: object, path: Path) -> Iterator[Path]:
    """The uppermost keys that are called as what is asked for."""
    for key, part in value.items() if isinstance(value, dict) else ():
        if key in _ANSWERS:
            yield (*path, str(key))
        else:
            yield from _paths_named(part, (*path, str(key)))


def _mapped(one: EngineObject, found: Iterable[Release], files: Files) -> MadeByChart:
    used = tuple(found)
    unnamed = (
        f"{one.place}: the name of what {one} makes cannot be determined" for release in used if release.name is None
    )
    objects = ((release, made, None) for release in used for made in cluster_chart.objects_of_release(release, files))
    return MadeByChart(tuple(objects), tuple(unnamed))


def _objects_rendered(
    one: EngineObject, rendered: RenderedChart, files: Files
) -> Iterator[tuple[Release, Object, str | None]]:
    layers = layers_of_chart(one, files)
    folder = one.chart.folder if one.chart and one.chart.folder else ""
    for document in rendered.documents:
        group, _, _ = str(document.object.get("apiVersion")).partition("/")
        kind, name = str(document.object.get("kind")), at(document.object, "metadata", "name")
        if may_mean_cnpg(group, kind) and isinstance(name, str):
            template = template_path(folder, document.key[0], files)
            yield Release(one, one.default_namespace, name, layers, (), template), document.object, document.unsure
