"""Charts of the repository whose templates make such objects, and charts that a kustomization inflates."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.reading import mappings_in, read_documents, texts_in
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.objects import at, list_at, mapping_at, text_at
from gitops_mcp.domain.repository.desired import Desired, MakerFile
from gitops_mcp.domain.repository.makers.mentions import find_mention, texts_inside
from gitops_mcp.domain.yaml.text import line_of_path

UNUSED = "nothing that was seen uses it"
_USERS_AT_MOST = 5


def makers_of_template(
    path: str, chart: str, files: Mapping[str, str], desired: Desired, name: str | None
) -> Iterator[MakerFile]:
    """A template, with who uses its chart, where the values of each stand, and which of them look like the answer."""
    own = posixpath.join(chart, "values.yaml")
    users = list(dict.fromkeys(_users_of_chart(chart, files, desired.engines)))
    values = [one for one in (own, *(user.partition(" ")[0] for user in users)) if one in files]
    more = f" and {len(users) - _USERS_AT_MOST} more" if len(users) > _USERS_AT_MOST else ""
    told = [f"{path} is a template of the Helm chart {chart}"]
    told += [f"its values are in {own}"] if own in files else []
    told += [f"it is used by {', '.join(users[:_USERS_AT_MOST])}{more}"] if users else [UNUSED]
    named = [place for each in values for place in _names_in_values(each, files[each], name)] if name else []
    told += [f"the name is at {' and '.join(named[:_USERS_AT_MOST])}"] if named else []
    yield MakerFile(path, "; ".join(told), f"{files[path]} {name if named else ''}")


def _names_in_values(path: str, text: str, name: str) -> Iterator[str]:
    """Where values say the name or what it begins or ends with, and what stands beside that."""
    for document in read_documents(text):
        for where, value in texts_inside(document.value):
            key = str(where[-1]).lower() if where else ""
            if len(value) > 1 and f"-{value}-" in f"-{name}-" and key.endswith(("name", "override", "cluster")):
                beside = [str(each) for each in mapping_at(document.value, *where[:-1]) if each != where[-1]]
                also = f" (beside {', '.join(beside[:_USERS_AT_MOST])})" if beside else ""
                yield f"{path}:{line_of_path(text, document.index, where)}{also}"


def _users_of_chart(chart: str, files: Mapping[str, str], engines: Iterable[EngineObject]) -> Iterator[str]:
    for one in engines:
        if one.chart is not None and one.chart.folder == chart:
            yield str(one)
        elif one.chart is not None and one.chart.folder is None and one.chart.name == _name_of(chart, files):
            layers = [f"{layer.place}" for layer in one.chart.values if layer.place is not None]
            values = f" with the values of {' and '.join(layers)}" if layers else ""
            yield f"{one}, where it is the chart of that name from {one.chart.repository}{values}"
    for path, text in files.items():
        if path.endswith("Chart.yaml") and "file://" in text:
            yield from _umbrellas(chart, path, text)
        elif is_kustomization(path) and "helmCharts" in text:
            for document in read_documents(text):
                home = str(at(document.value, "helmGlobals", "chartHome") or "charts")
                names = [str(each.get("name")) for each in mappings_in(at(document.value, "helmCharts"))]
                if chart in {join_path(posixpath.dirname(path), posixpath.join(home, name)) for name in names}:
                    yield f"{path} (helmCharts)"


def _name_of(chart: str, files: Mapping[str, str]) -> str:
    """As it is published."""
    documents = read_documents(files.get(posixpath.join(chart, "Chart.yaml"), ""))
    return next((name for each in documents if (name := text_at(each.value, "name"))), "") or posixpath.basename(chart)


def _umbrellas(chart: str, path: str, text: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    for document in read_documents(text):
        for each in mappings_in(at(document.value, "dependencies")):
            if join_path(folder, str(each.get("repository")).removeprefix("file://").rstrip("/")) == chart:
                yield f"{posixpath.join(folder, 'values.yaml')} (under {each.get('alias') or each.get('name')})"


def inflated_charts(path: str, text: str) -> Iterator[MakerFile]:
    for document in read_documents(text):
        for field in ("helmCharts", "helmChartInflationGenerator"):
            for index, each in enumerate(list_at(document.value, field)):
                if find_mention(f"{each}") is None:
                    continue
                name = text_at(each, "name") or text_at(each, "chartName") or "?"
                version = f" {each['version']}" if text_at(each, "version") else ""
                release = f", release {each['releaseName']}" if text_at(each, "releaseName") else ""
                inline = (field, index, "valuesInline" if each.get("valuesInline") else "values")
                files = [*texts_in([each.get("valuesFile")]), *texts_in(each.get("additionalValuesFiles"))]
                places = [posixpath.normpath(posixpath.join(posixpath.dirname(path), one)) for one in files]
                if at(document.value, *inline) and inline[2] == "valuesInline":
                    places.insert(0, f"valuesInline at {path}:{line_of_path(text, document.index, inline)}")
                line = line_of_path(text, document.index, (field, index))
                where = f"its values are in {' and '.join(places)}" if places else "it names no values of its own"
                reason = f"{path}:{line} inflates the Helm chart {name}{version}{release} by {field}: {where}"
                yield MakerFile(path, reason, f"{text} kind: Cluster" if name == "cluster" else text)
