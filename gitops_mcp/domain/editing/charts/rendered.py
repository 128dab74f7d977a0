"""Edits of the value that decides a field of a chart's rendering, whatever the templates do.

Which value that is, is tried: those that look like it are changed one after the other and the chart is rendered again.
One with which exactly the field becomes what was asked, and nothing else that the chart makes changes, is edited where
the last layer says it. Where that layer is others' too, a later one of this release alone gets the value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from gitops_mcp.domain.editing import proof
from gitops_mcp.domain.editing.charts.candidates import GONE, Candidate, Look, find_candidates
from gitops_mcp.domain.editing.charts.places import depth_in_layer, is_part, layers_of, places_of_value
from gitops_mcp.domain.editing.nested_text import edit_nested
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.charts.engine import Charts
from gitops_mcp.domain.engines.charts.layout import chart_files
from gitops_mcp.domain.engines.charts.own_chart import (
    ChartDocument,
    Key,
    RenderedChart,
    render_chart,
    values_of_layer,
    values_texts,
)
from gitops_mcp.domain.engines.charts.values import Release, values_line
from gitops_mcp.domain.engines.reading import file_and_line
from gitops_mcp.domain.objects import Object, Path, dotted_path
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.edits import Remove, Set, apply_edit, normalize_edit
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import GitOpsError, Refused

_TRIED_AT_MOST = 30
_NAMED_AT_MOST = 3


@dataclass(frozen=True)
class _Chart:
    """The chart that makes an object, as it is now."""

    applied: EngineObject
    release: Release
    files: Mapping[str, str]
    charts: Charts
    made: RenderedChart
    mine: ChartDocument

    def rendered_with(self, candidate: Candidate, values: Any) -> RenderedChart | str:
        """As if one more layer, behind all others, said the candidate."""
        layer = _nested(values, candidate.path, candidate.value)
        texts = (*values_texts(layers_of(self.applied), self.files), json.dumps(layer, default=str))
        applied = self.applied
        if applied.chart is not None:  # A parameter would beat it.
            name = dotted_path(candidate.path)
            rest = tuple(one for one in applied.chart.values if one.kind != "parameter" or not is_part(one.name, name))
            applied = replace(applied, chart=replace(applied.chart, values=rest))
        return render_chart(applied, self.files, self.charts, texts)


def edit_rendered_value(
    desired: Desired, files: Mapping[str, str], declared: Declaration, wanted: Set | Remove
) -> tuple[FileChange, ...]:
    """Raises Refused with what decides the field, where that cannot be edited."""
    chart = _chart_of(desired, files, declared)
    values = _merged_values(chart.release, files)
    expected = _expected_object(chart.mine.object, wanted)
    near: list[str] = []
    for candidate in islice(find_candidates(_look(chart, values, wanted)), _TRIED_AT_MOST):
        after = chart.rendered_with(candidate, values)
        if isinstance(after, str):
            continue
        also = _changes_besides(chart.made, after, chart.mine.key, expected)
        if also is None:
            continue
        if also:
            near.append(f"{_named(chart, candidate)} changes {', '.join(also[:_NAMED_AT_MOST])} too")
            continue
        changes, reason = _written(desired, files, declared, wanted, chart, candidate)
        if changes:
            return changes
        near.append(f"{_named(chart, candidate)} decides it, but {reason}")
    raise _refusal(declared, wanted, chart, near)


def _chart_of(desired: Desired, files: Mapping[str, str], declared: Declaration) -> _Chart:
    release, applied = declared.release, declared.applied
    charts = desired.tree.charts if desired.tree else None
    if release is None or applied is None or not isinstance(charts, Charts):
        raise AssertionError("only what a chart makes has values")
    made = render_chart(applied, files, charts)
    if isinstance(made, str):
        raise Refused(f"{declared.label} cannot be changed: {made}")
    mine = next((one for one in made.documents if is_same(one.object, declared.object)), None)
    if mine is None:
        raise AssertionError("it was rendered of the same files")
    return _Chart(applied, release, files, charts, made, mine)


def _merged_values(release: Release, files: Mapping[str, str]) -> Any:
    merged: Any = {}
    for layer in release.values:
        if layer.kind in {"mapping", "text", "file"}:
            merged = _merge(merged, values_of_layer(layer, files) or {})
    return merged


def _merge(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return old | {key: _merge(old.get(key), value) for key, value in new.items()}


def _look(chart: _Chart, values: Any, wanted: Set | Remove) -> Look:
    made, _ = chart_files(chart.applied.folder or "", chart.files, chart.charts)
    # `d/charts/orders/templates/a.yaml`: a dependency sees the values below its name.
    steps = chart.mine.key[0].split("/")
    prefix = tuple(steps[index + 1] for index, step in enumerate(steps[:-1]) if step == "charts")
    texts = tuple(text for path, text in made.items() if isinstance(text, str) and "templates/" in path)
    return Look(values, chart.mine.object, wanted, prefix, texts)


def _expected_object(value: Object, wanted: Set | Remove) -> Object:
    normal = normalize_edit(value, wanted)
    found: Object = apply_edit(value, normal) if normal is not None else value
    return found


def _changes_besides(before: RenderedChart, after: RenderedChart, mine: Key, expected: Object) -> list[str] | None:
    """What else changes where the object becomes what is expected; None where it does not."""
    old, new = ({one.key: one for one in made.documents} for made in (before, after))
    if mine not in new or not is_same(new[mine].object, expected):
        return None
    changed = [
        key
        for key in dict.fromkeys([*old, *new])
        if key != mine and (key not in old or key not in new or not is_same(old[key].object, new[key].object))
    ]
    return [f"{kind} {name}" for _, kind, name, _ in changed]


def _nested(values: Any, path: Path, value: Any) -> Any:
    """One more layer that says this; a list is said whole."""
    if not path:
        return None if value is GONE else value
    step, *rest = path
    if isinstance(step, int):
        items = list(values) if isinstance(values, list) else []
        if value is GONE and not rest:
            return items[:step] + items[step + 1 :]
        if step < len(items):
            part = _nested(items[step], tuple(rest), value)
            items[step] = _merge(items[step], part) if isinstance(part, dict) and rest else part
        return items
    return {step: _nested(values.get(step) if isinstance(values, dict) else None, tuple(rest), value)}


def _written(
    desired: Desired,
    files: Mapping[str, str],
    declared: Declaration,
    wanted: Set | Remove,
    chart: _Chart,
    candidate: Candidate,
) -> tuple[tuple[FileChange, ...], str]:
    """The edit in the first layer where it changes nothing else in the repository, or why there is none."""
    reason = "no file of this repository that this release alone reads can say it"
    for place in places_of_value(chart.applied, chart.release.values, candidate.path, files):
        if isinstance(place, str):
            reason = place
            continue
        draft = DraftFiles(files)
        value = candidate.value
        if place.is_text and value is not GONE:
            value = value if isinstance(value, str) else json.dumps(value)
        edit = Remove(place.values) if value is GONE else Set(place.values, value)
        try:
            edit_nested(draft, place, edit)
            effect = proof.effect_of_edit(desired, draft.changes, declared, wanted)
        except GitOpsError as error:
            reason = str(error)
            continue
        if effect.is_exact:
            return draft.changes, ""
        if effect.others:
            reason = f"an edit at {place.path}:{place.line} would change {proof.labels_of(effect.others)} too"
        elif effect.faults:
            reason = f"after an edit at {place.path}:{place.line}: {'; '.join(effect.faults)}"
        else:
            reason = f"what is said at {place.path}:{place.line} is not what decides"
    return (), reason


def _named(chart: _Chart, candidate: Candidate) -> str:
    path, files = candidate.path, chart.files
    said = [
        file_and_line(layer.place.below(*path), files)
        for layer in chart.release.values
        if layer.place and layer.kind != "text" and depth_in_layer(layer, path, files) == len(path)
    ]
    return f"the value {dotted_path(candidate.path)}{f' ({said[-1]})' if said else ''}"


def _refusal(declared: Declaration, wanted: Set | Remove, chart: _Chart, near: list[str]) -> Refused:
    field = f"{dotted_path(wanted.path)} of {declared.label}"
    found = "; ".join(dict.fromkeys(near[:_NAMED_AT_MOST]))
    if not found:
        found = "no value was found that changes this field and nothing else, so the template decides it"
    return Refused(
        f"{field} is rendered from {chart.release.template}: {found}. Its values stand in "
        f"{values_line(chart.release, chart.files)}; change it there, or in the template, by hand"
    )
