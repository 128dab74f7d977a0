"""What a chart of this repository makes, by rendering it.

It is rendered twice, with versions of Kubernetes and groups that no cluster has both of. What differs between the two
is left out: it is random, or it hangs on the API server, which nobody asks here.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.engines.applies import EngineObject, ValuesLayer
from gitops_mcp.domain.engines.charts.engine import ChartRequest, Charts, NotRendered
from gitops_mcp.domain.engines.reading import Files, mappings_in, read_documents, value_at_place
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.objects import CNPG_GROUP, Object, at
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable
from gitops_mcp.domain.yaml.values import is_same

Key = tuple[str, str, str | None, str, int]
"""Template, kind, namespace, name, and a number where two have all of these."""

_CNPG = (CNPG_GROUP + "/v1", "barmancloud.cnpg.io/v1")
_OTHERS = ("monitoring.coreos.com/v1", "cert-manager.io/v1", "external-secrets.io/v1", "snapshot.storage.k8s.io/v1")
_CAPABILITIES = (("v1.36.0", (*_CNPG, *_OTHERS)), ("v1.27.0", _CNPG))
_COMMA = re.compile(r"(?<!\\),")
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_DEEPEST = 8
_FOR_A_RENDERING = 200


@dataclass(frozen=True)
class ChartDocument:
    key: Key
    object: Object
    """Without what differs between two renderings."""
    unsure: str | None = None
    """Why it may not be there."""


@dataclass(frozen=True)
class RenderedChart:
    documents: tuple[ChartDocument, ...]
    missing: tuple[Object, ...] = ()
    """Dependencies that are not in the repository, as `Chart.yaml` has them."""


def may_make_cnpg(folder: str, files: Files, charts: Charts) -> bool:
    """Whether something in the chart, or in what it depends on, speaks of CloudNativePG."""
    found, _ = chart_files(folder, files, charts)
    return any(not isinstance(one, str) or CNPG_GROUP in one for one in found.values())


def chart_files(folder: str, files: Files, charts: Charts) -> tuple[dict[str, str | bytes], tuple[Object, ...]]:
    """The chart as it is rendered, by path below its folder, and the dependencies that are not in the repository."""
    missing: list[Object] = []
    return dict(_chart_files(folder, "", files, charts, missing)), tuple(missing)


def chart_request(
    applied: EngineObject, files: Files, charts: Charts, values: tuple[str, ...] | None = None
) -> tuple[ChartRequest, tuple[Object, ...]] | str:
    """What is to be rendered, and what is missing of it; or why nothing is. `values`: in place of the layers'."""
    chart = applied.chart
    if chart is None or chart.folder is None:
        return "its chart is not in this repository"
    if charts.engine.missing:
        return f"{chart} may make objects of CloudNativePG. {charts.engine.missing}"
    if links := [one for one in charts.links if one.startswith(f"{chart.folder}/" if chart.folder else "")]:
        return f"{chart} holds the symlink {links[0]}, which is not followed"
    made, missing = chart_files(chart.folder, files, charts)
    own = posixpath.join(chart.folder, "values.yaml")
    read = {one.place.path for one in chart.values if one.place} | {own}
    if (changed := _unreviewed_file(chart.folder, files, charts, read)) is not None:
        return f"{changed} differs from the base's, and templates that nobody has reviewed are not run"
    if not chart.has_own_values:
        made["values.yaml"] = ""
    request = ChartRequest(
        made,
        values_texts(chart.values, files) if values is None else values,
        tuple(_parameters(chart.values, files)),
        chart.release or "release",
        applied.default_namespace or "default",
        *_CAPABILITIES[0],
    )
    return request, missing


def render_chart(
    applied: EngineObject, files: Files, charts: Charts, values: tuple[str, ...] | None = None
) -> RenderedChart | str:
    """What the chart makes; or why that cannot be told."""
    asked = chart_request(applied, files, charts, values)
    if isinstance(asked, str):
        return asked
    request, missing = asked
    spend(_FOR_A_RENDERING)
    both = [_render_once(replace(request, kubernetes=version, apis=apis), charts) for version, apis in _CAPABILITIES]
    first, second = both
    if isinstance(first, str) or isinstance(second, str):
        return f"{applied.chart}: {first if isinstance(first, str) else second}"
    return RenderedChart(tuple(_compared(first, second)), missing)


def template_path(folder: str, template: str, files: Files) -> str:
    """Where a template stands that Helm calls by the chart's name, and by the other name of a dependency."""
    _, *steps = template.split("/")
    while len(steps) > 2 and steps[0] == "charts":
        named = [one for one in _dependencies(folder, files) if steps[1] in {one.get("alias"), one.get("name")}]
        name = str(named[0].get("name")) if named else steps[1]
        inside = posixpath.join(folder, "charts", name)
        target = next((found for one in named if (found := _local_folder(folder, one)) is not None), inside)
        is_vendored = any(path.startswith(f"{inside}/") for path in files)
        folder, steps = inside if is_vendored else target, steps[2:]
    return posixpath.join(folder, *steps)


def values_of_layer(layer: ValuesLayer, files: Files) -> Any:
    """What a layer gives to Helm; None where that is not known."""
    found = value_at_place(layer.place, files) if layer.place else None
    if layer.value is not None:
        found = layer.value
    if layer.kind == "text":
        inner = read_documents(found) if isinstance(found, str) else ()
        return inner[0].value if inner else None
    return found


def _chart_files(
    folder: str, into: str, files: Files, charts: Charts, missing: list[Object], depth: int = 0
) -> Iterator[tuple[str, str | bytes]]:
    start = f"{folder}/" if folder else ""
    own: dict[str, str | bytes] = {path.removeprefix(start): path for path in files if path.startswith(start)}
    here: dict[str, str | bytes] = {inner: files[str(path)] for inner, path in own.items()}
    here |= {path.removeprefix(start): data for path, data in charts.binaries.items() if path.startswith(start)}
    dependencies, kept = _dependencies(folder, files), []
    for one in dependencies:
        name, target = str(one.get("name")), _local_folder(folder, one)
        if any(inner.startswith((f"charts/{name}/", f"charts/{name}-")) for inner in here):
            kept.append(one)
        elif target is not None and depth < _DEEPEST and posixpath.join(target, "Chart.yaml") in files:
            kept.append(one)
            yield from _chart_files(target, f"{into}charts/{name}/", files, charts, missing, depth + 1)
        else:
            missing.append(one)
    if len(kept) < len(dependencies):
        value = read_documents(files[posixpath.join(folder, "Chart.yaml")])[0].value
        here["Chart.yaml"] = json.dumps({**value, "dependencies": kept})
        here.pop("Chart.lock", None)
    yield from ((into + inner, content) for inner, content in here.items())


def _unreviewed_file(folder: str, files: Files, charts: Charts, values: set[str]) -> str | None:
    """A file that a person would have to look at first; of values what they make templates do with `tpl`."""
    if charts.reviewed is None:
        return None
    for path in sorted(_all_paths(folder, files, charts)):
        content = files.get(path, charts.binaries.get(path))
        before = charts.reviewed.get(path)
        if path in values and isinstance(content, str):
            continue
        if content != before:
            return path
    for path in sorted(values):
        known = set(_EXPRESSION.findall(str(charts.reviewed.get(path, ""))))
        if not known.issuperset(_EXPRESSION.findall(files.get(path, ""))):
            return path
    return None


def _all_paths(folder: str, files: Files, charts: Charts) -> Iterator[str]:
    """Of the chart and of those that it depends on by path."""
    waiting, seen = [folder], set()
    while waiting:
        if (here := waiting.pop()) in seen:
            continue
        seen.add(here)
        start = f"{here}/" if here else ""
        yield from (path for known in (files, charts.binaries) for path in known if path.startswith(start))
        targets = (_local_folder(here, one) for one in _dependencies(here, files))
        waiting += [target for target in targets if target is not None]


def _dependencies(folder: str, files: Files) -> tuple[Object, ...]:
    documents = read_documents(files.get(posixpath.join(folder, "Chart.yaml"), ""))
    return mappings_in(at(documents[0].value, "dependencies")) if documents else ()


def _local_folder(folder: str, dependency: Object) -> str | None:
    """Of a dependency by path."""
    repository = str(dependency.get("repository"))
    return join_path(folder, repository.removeprefix("file://")) if repository.startswith("file://") else None


def values_texts(layers: tuple[ValuesLayer, ...], files: Files) -> tuple[str, ...]:
    """What the layers say, as YAML each, the last wins."""
    return tuple(_values_text(one, files) for one in layers if one.kind in {"mapping", "text", "file"})


def _values_text(layer: ValuesLayer, files: Files) -> str:
    if layer.kind == "file" and layer.place is not None:
        return files.get(layer.place.path, "")
    if layer.kind == "text":
        found = layer.value if layer.value is not None else value_at_place(layer.place, files) if layer.place else ""
        return str(found)
    return json.dumps(values_of_layer(layer, files) or {}, default=str)


def _parameters(layers: tuple[ValuesLayer, ...], files: Files) -> Iterator[tuple[str, bool]]:
    for one in layers:
        if one.kind == "parameter":
            text = str(values_of_layer(one, files))
            # As Argo CD hands them to Helm: only what is in braces is a list.
            if not (text.startswith("{") and text.endswith("}")):
                text = _COMMA.sub(r"\,", text)
            yield f"{one.name}={text}", one.is_text


def _render_once(request: ChartRequest, charts: Charts) -> dict[Key, Object] | str:
    made = charts.engine.render(request)
    if isinstance(made, NotRendered):
        return made.reason
    found: dict[Key, Object] = {}
    for template, text in made.items():
        if template.endswith("NOTES.txt") or not text.strip():
            continue
        try:
            documents = parse_documents(text)
        except Unparsable as error:
            return f"{template} gives what is no YAML: {error}"
        for document in documents:
            for one in _objects(document.value):
                kind, metadata = str(one["kind"]), at(one, "metadata")
                key = (template, kind, at(metadata, "namespace"), str(at(metadata, "name")))
                number = 0
                while (*key, number) in found:
                    number += 1
                found[*key, number] = one
    return found


def _objects(value: Any) -> Iterator[Object]:
    if at(value, "kind") == "List":
        yield from (one for one in mappings_in(at(value, "items")) if isinstance(one.get("kind"), str))
    elif isinstance(value, dict) and isinstance(value.get("kind"), str):
        yield value


def _compared(first: Mapping[Key, Object], second: Mapping[Key, Object]) -> Iterator[ChartDocument]:
    for key in dict.fromkeys([*first, *second]):
        if key in first and key in second:
            yield ChartDocument(key, _same_part(first[key], second[key]))
        else:
            why = "whether it is there, or its name, hangs on the versions that the API server has, or is random"
            yield ChartDocument(key, first.get(key) or second[key], why)


def _same_part(one: Any, other: Any) -> Any:
    """What both say, mapping by mapping."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            key: _same_part(value, other[key])
            for key, value in one.items()
            if key in other
            and (is_same(value, other[key]) or (isinstance(value, dict) and isinstance(other[key], dict)))
        }
    return one
