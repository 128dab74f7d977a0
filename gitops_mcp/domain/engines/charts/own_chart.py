"""What a chart of this repository makes, by rendering it.

It is rendered twice, with versions of Kubernetes and groups that no cluster has both of. What differs between the two
is left out: it is random, or it hangs on the API server, which nobody asks here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.engines.applies import EngineObject, ValuesLayer
from gitops_mcp.domain.engines.charts.engine import ChartRequest, Charts, NotRendered
from gitops_mcp.domain.engines.charts.layout import chart_files, reviewed_chart, unreviewed_inline_values
from gitops_mcp.domain.engines.charts.values import values_of_layer
from gitops_mcp.domain.engines.reading import Files, mappings_in, read_documents, value_at_place
from gitops_mcp.domain.objects import CNPG_GROUP, Object, at
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable
from gitops_mcp.domain.yaml.values import is_same

Key = tuple[str, str, str, int]
"""Template, kind, name, and a number where two have all of these."""

_CNPG = (CNPG_GROUP + "/v1", "barmancloud.cnpg.io/v1")
_OTHERS = ("monitoring.coreos.com/v1", "cert-manager.io/v1", "external-secrets.io/v1", "snapshot.storage.k8s.io/v1")
_CAPABILITIES = (("v1.36.0", (*_CNPG, *_OTHERS)), ("v1.27.0", _CNPG))
_BETWEEN = re.compile(r"(?m)^---.*\n?")
_COMMA = re.compile(r"(?<!\\),")
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
    unreviewed: str | None = None
    """Why it was rendered with the base's templates, where this commit has others."""


def render_chart(
    applied: EngineObject, files: Files, charts: Charts, values: tuple[str, ...] | None = None
) -> RenderedChart | str:
    """What the chart makes; or why that cannot be told. `values`: in place of the layers'."""
    chart = applied.chart
    if chart is None or chart.folder is None:
        return "its chart is not in this repository"
    if charts.engine.missing:
        return f"{chart} may make objects of CloudNativePG. {charts.engine.missing}"
    if links := [one for one in charts.links if one.startswith(f"{chart.folder}/" if chart.folder else "")]:
        return f"{chart} holds the symlink {links[0]}, which is not followed"
    if (inline := unreviewed_inline_values(chart, charts)) is not None:
        return f"{chart}: {inline}"
    files, charts, unreviewed = reviewed_chart(chart, files, charts)
    made, missing = chart_files(chart.folder, files, charts)
    if not chart.has_own_values:
        made["values.yaml"] = ""
    texts = values_texts(chart.values, files) if values is None else values
    parameters, release = tuple(_parameters(chart.values, files)), chart.release or "release"
    spend(_FOR_A_RENDERING)
    found: list[dict[Key, Object]] = []
    for number, (version, apis) in enumerate(_CAPABILITIES):
        # A namespace that is not known is another one each time, so that nothing is told of it.
        namespace = applied.default_namespace or f"unknown-{number}"
        once = _render_once(ChartRequest(made, texts, parameters, release, namespace, version, apis), charts)
        if isinstance(once, str):
            unread = ", ".join(one.name for one in chart.values if one.kind == "unread")
            return f"{chart}: {once}{f' (what {unread} says is not known here)' if unread else ''}"
        found.append(once)
    documents = tuple(_compared(*found))
    if unreviewed is not None:
        documents = tuple(replace(one, unsure=unreviewed) for one in documents)
    return RenderedChart(documents, missing, unreviewed)


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
        for one in _objects_of(template, text):
            if isinstance(one, str):
                return one
            key = (template, str(one["kind"]), str(at(one, "metadata", "name")))
            number = 0
            while (*key, number) in found:
                number += 1
            found[*key, number] = one
    return found


def _objects_of(template: str, text: str) -> Iterator[Object | str]:
    """The objects, or why they cannot be told. Of others than CNPG's the text counts where it is no strict YAML."""
    try:
        # Most templates give what they gave before.
        values = [document.value for document in read_documents(text) or parse_documents(text)]
    except Unparsable as error:
        parts = _BETWEEN.split(text)
        if len(parts) > 1:
            for part in parts:
                yield from _objects_of(template, part)
        elif CNPG_GROUP in text:
            yield f"{template} gives what is not YAML: {error}"
        else:
            yield {"kind": "the text of", "metadata": {"name": template}, "text": text}
        return
    for value in values:
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
