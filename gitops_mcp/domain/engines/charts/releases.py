"""What an engine object makes with a chart: rendered where the chart lies here, else as the `cluster` chart maps it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitops_mcp.domain.engines.applies import EngineObject, ValuesLayer
from gitops_mcp.domain.engines.charts import cluster_chart
from gitops_mcp.domain.engines.charts.engine import Charts
from gitops_mcp.domain.engines.charts.own_chart import RenderedChart, may_make_cnpg, render_chart
from gitops_mcp.domain.engines.charts.values import Release
from gitops_mcp.domain.engines.reading import Files, TextPlace
from gitops_mcp.domain.kinds import may_mean_cnpg
from gitops_mcp.domain.objects import Object, at


@dataclass(frozen=True)
class MadeByChart:
    objects: tuple[tuple[Release, Object, str | None], ...] = ()
    """Each with why it may be otherwise."""
    notes: tuple[str, ...] = ()


def made_by_chart(one: EngineObject, files: Files, charts: Charts) -> MadeByChart:
    chart = one.chart
    if chart is None:
        return MadeByChart()
    if chart.folder is None or not may_make_cnpg(chart.folder, files, charts):
        found = cluster_chart.releases(one, files)
        if isinstance(found, str):  # What speaks of nothing of CNPG needs no note.
            return MadeByChart(notes=(f"{one.place}: {found}",) if chart.folder is None else ())
        return _mapped(one, found, files)
    rendered = render_chart(one, files, charts)
    found = cluster_chart.releases(one, files)
    mapped = () if isinstance(found, str) else found
    if isinstance(rendered, str):
        made = _mapped(one, mapped, files)
        return MadeByChart(made.objects, (*made.notes, f"{one.place}: {rendered}"))
    gone = {str(dependency.get("alias") or dependency.get("name")) for dependency in rendered.missing}
    made = _mapped(one, (release for release in mapped if release.prefix[0] in gone), files)
    known = {release.prefix[0] for release in mapped}
    notes = (
        f"{one.place}: {chart} depends on {dependency.get('name')} of {dependency.get('repository')}, which is not in "
        f"this repository: what that makes is not told"
        for dependency in rendered.missing
        if str(dependency.get("alias") or dependency.get("name")) not in known
    )
    return MadeByChart((*made.objects, *_objects_rendered(one, rendered, files)), (*made.notes, *notes))


def _mapped(one: EngineObject, found: Iterable[Release], files: Files) -> MadeByChart:
    used = tuple(found)
    unnamed = (f"{one.place}: the name of what {one} makes cannot be told" for release in used if release.name is None)
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
            template = posixpath.join(folder, document.key[0].partition("/")[2])
            yield Release(one, one.default_namespace, name, layers, (), template), document.object, document.unsure


def layers_of_chart(one: EngineObject, files: Files) -> tuple[ValuesLayer, ...]:
    """All that is said in this repository, the chart's own values first."""
    chart = one.chart
    if chart is None or chart.folder is None:
        return chart.values if chart else ()
    own = posixpath.join(chart.folder, "values.yaml")
    has_own = chart.has_own_values and own in files
    return (*((ValuesLayer("file", TextPlace(own, 0, (), 1)),) if has_own else ()), *chart.values)
