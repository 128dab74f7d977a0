"""Which files make a chart: its own, those of what it depends on, and of a branch the ones that are reviewed."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.engines.applies import HelmChart
from gitops_mcp.domain.engines.charts.engine import Charts
from gitops_mcp.domain.engines.reading import Files, mappings_in, read_documents
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.objects import CNPG_GROUP, Object, at, strings_in

_CODE = ("templates/", "charts/")
_CODE_FILES = frozenset({"Chart.yaml", "requirements.yaml", ".helmignore", "values.schema.json"})
_NOT_RUN = "differs from the base's, and templates that nobody has reviewed are not run"
_DEEPEST = 8
_PATHS_A_STEP = 20


def may_make_cnpg(folder: str, files: Files, charts: Charts) -> bool:
    """Whether something in the chart, or in what it depends on, speaks of CloudNativePG."""
    found, _ = chart_files(folder, files, charts)
    return any(not isinstance(one, str) or CNPG_GROUP in one for one in found.values())


def chart_files(folder: str, files: Files, charts: Charts) -> tuple[dict[str, str | bytes], tuple[Object, ...]]:
    """The chart as it is rendered, by path below its folder, and the dependencies that are not in the repository."""
    missing: list[Object] = []
    return dict(_chart_files(folder, "", files, charts, missing)), tuple(missing)


def unreviewed_inline_values(chart: HelmChart, charts: Charts) -> str | None:
    """Where inline values bring in an expression, which `tpl` would evaluate, that the base does not have there."""
    for layer in chart.values if charts.reviewed is not None else ():
        known = _expressions(charts.reviewed.get(layer.place.path)) if layer.place and charts.reviewed else set()
        if layer.value is not None and any(_expressions(text) - known for text in strings_in(layer.value)):
            return f"what values say at {layer.place} {_NOT_RUN}"
    return None


def reviewed_chart(chart: HelmChart, files: Files, charts: Charts) -> tuple[Files, Charts, str | None]:
    """The chart with the templates that the base has, and why these are not the commit's.

    Values are the commit's as long as they bring in no expression.
    """
    if charts.reviewed is None or chart.folder is None:
        return files, charts, None
    paths = dict(_code_by_path(chart.folder, files, charts))
    paths |= {one.place.path: False for one in chart.values if one.place and one.place.path not in paths}
    texts: dict[str, str] = {}
    binaries: dict[str, bytes] = {}
    differing: list[str] = []
    for path, is_code in sorted(paths.items()):
        content: str | bytes | None = files.get(path, charts.binaries.get(path))
        before = charts.reviewed.get(path)
        if content != before and (is_code or _expressions(content) - _expressions(before)):
            differing.append(path)
            content = before
        if isinstance(content, str):
            texts[path] = content
        elif content is not None:
            binaries[path] = content
    if not differing:
        return files, charts, None
    return texts, replace(charts, binaries=binaries), f"{differing[0]} {_NOT_RUN}"


def _expressions(content: str | bytes | None) -> set[str]:
    """What stands between two pairs of braces; an end that is missing counts as that of the text."""
    return {part.partition("}}")[0] for part in content.split("{{")[1:]} if isinstance(content, str) else set()


def _code_by_path(folder: str, files: Files, charts: Charts) -> Iterator[tuple[str, bool]]:
    """The files of a chart and of those that it depends on by path, here and at the base; whether they are run."""
    reviewed: Mapping[str, str | bytes] = charts.reviewed or {}
    texts = {path: text for path, text in reviewed.items() if isinstance(text, str)}
    waiting, seen = [folder], set()
    while waiting:
        if (here := waiting.pop()) in seen:
            continue
        seen.add(here)
        start = f"{here}/" if here else ""
        for path in {path for known in (files, charts.binaries, reviewed) for path in known if path.startswith(start)}:
            inner = path.removeprefix(start)
            yield path, inner in _CODE_FILES or inner.startswith(_CODE)
        for state in (files, texts):
            targets = (_local_folder(here, one) for one in _dependencies(here, state))
            waiting += [target for target in targets if target is not None]


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


def _chart_files(
    folder: str, into: str, files: Files, charts: Charts, missing: list[Object], depth: int = 0
) -> Iterator[tuple[str, str | bytes]]:
    start = f"{folder}/" if folder else ""
    spend(len(files) // _PATHS_A_STEP)
    here: dict[str, str | bytes] = {path.removeprefix(start): files[path] for path in files if path.startswith(start)}
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


def _dependencies(folder: str, files: Files) -> tuple[Object, ...]:
    documents = read_documents(files.get(posixpath.join(folder, "Chart.yaml"), ""))
    return mappings_in(at(documents[0].value, "dependencies")) if documents else ()


def _local_folder(folder: str, dependency: Object) -> str | None:
    """Of a dependency by path."""
    repository = str(dependency.get("repository"))
    return join_path(folder, repository.removeprefix("file://")) if repository.startswith("file://") else None
