"""A chart with other values: what it would make, and the edit that gives it them."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from gitops_mcp.domain.editing.charts.candidates import GONE, Candidate
from gitops_mcp.domain.editing.charts.places import depth_in_layer, is_part, layers_of, places_of_value
from gitops_mcp.domain.editing.nested_text import edit_nested
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.charts.engine import Charts
from gitops_mcp.domain.engines.charts.layout import chart_files
from gitops_mcp.domain.engines.charts.own_chart import ChartDocument, Key, RenderedChart, render_chart, values_texts
from gitops_mcp.domain.engines.charts.values import Release, values_of_layer
from gitops_mcp.domain.engines.reading import file_and_line
from gitops_mcp.domain.objects import Path, dotted_path
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import GitOpsError, Refused

TRIED_AT_MOST = 30

WhyNot = Callable[[tuple[FileChange, ...], str], str | None]
"""What is wrong with an edit at a place; None where nothing is."""


@dataclass(frozen=True)
class ChartTrial:
    """The chart that makes an object, as it is now."""

    applied: EngineObject
    release: Release
    files: Mapping[str, str]
    charts: Charts
    made: RenderedChart
    mine: ChartDocument
    others: tuple[EngineObject, ...]
    """Whatever else installs a chart, of this repository or not."""

    @classmethod
    def of(cls, desired: Desired, files: Mapping[str, str], declared: Declaration) -> ChartTrial:
        """Raises Refused where it cannot be rendered any more."""
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
        others = tuple(one for one in desired.engines if one.chart and not one.excluded and _key(one) != _key(applied))
        return cls(applied, release, files, charts, made, mine, others)

    @cached_property
    def values(self) -> Any:
        """All layers together."""
        merged: Any = {}
        for layer in self.release.values:
            if layer.kind in {"mapping", "text", "file"}:
                merged = _merge(merged, values_of_layer(layer, self.files) or {})
        return merged

    @cached_property
    def templates(self) -> tuple[str, ...]:
        made, _ = chart_files(self.applied.folder or "", self.files, self.charts)
        return tuple(text for path, text in made.items() if isinstance(text, str) and "templates/" in path)

    @property
    def prefix(self) -> Path:
        """`d/charts/orders/templates/a.yaml`: a dependency sees the values below its name."""
        steps = self.mine.key[0].split("/")
        return tuple(steps[index + 1] for index, step in enumerate(steps[:-1]) if step == "charts")

    def rendered_with(self, candidate: Candidate) -> RenderedChart | None:
        """As if one more layer, behind all others, said the candidate; None where Helm refuses that."""
        layer = _nested(self.values, candidate.path, candidate.value)
        texts = (*values_texts(layers_of(self.applied), self.files), json.dumps(layer, default=str))
        applied = self.applied
        if applied.chart is not None:  # A parameter would beat it.
            name = dotted_path(candidate.path)
            rest = tuple(one for one in applied.chart.values if one.kind != "parameter" or not is_part(one.name, name))
            applied = replace(applied, chart=replace(applied.chart, values=rest))
        made = render_chart(applied, self.files, self.charts, texts)
        return None if isinstance(made, str) else made

    def changed_keys(self, after: RenderedChart) -> list[Key]:
        """The documents that differ, come or go."""
        old, new = ({one.key: one for one in made.documents} for made in (self.made, after))
        return [
            key
            for key in dict.fromkeys([*old, *new])
            if key not in old or key not in new or not is_same(old[key].object, new[key].object)
        ]

    def write(self, candidate: Candidate, why_not: WhyNot) -> tuple[tuple[FileChange, ...], str]:
        """The edit in the first layer where nothing is wrong with it, or why there is none."""
        reason = "no file of this repository that only this release reads can set it"
        for place in places_of_value(self.applied, self.release.values, candidate.path, self.files):
            if isinstance(place, str):
                reason = place
                continue
            if sharers := [one for one in self.others if place.path in _values_files(one)]:
                reason = f"{place.path}:{place.line} is shared: {sharers[0]} takes its values from there too"
                continue
            draft, value = DraftFiles(self.files), candidate.value
            if place.is_text and value is not GONE:
                value = value if isinstance(value, str) else json.dumps(value)
            try:
                edit_nested(draft, place, Remove(place.values) if value is GONE else Set(place.values, value))
                wrong = why_not(draft.changes, f"{place.path}:{place.line}")
            except GitOpsError as error:
                wrong = str(error)
            if wrong is None:
                return draft.changes, ""
            reason = wrong
        return (), reason

    def told(self, candidate: Candidate) -> str:
        """The value, with where it is said last."""
        return f"the value {dotted_path(candidate.path)}{next(self._lines(candidate.path), '')}"

    def _lines(self, path: Path) -> Iterator[str]:
        for layer in reversed(self.release.values):
            if layer.place and layer.kind != "text" and depth_in_layer(layer, path, self.files) == len(path):
                yield f" ({file_and_line(layer.place.below(*path), self.files)})"


def _key(one: EngineObject) -> tuple[str | None, ...]:
    return one.kind, one.namespace, one.name, one.generated, one.folder, str(one.place)


def _values_files(one: EngineObject) -> set[str]:
    found = {layer.place.path for layer in layers_of(one) if layer.kind == "file" and layer.place}
    own = one.chart.folder if one.chart and one.chart.has_own_values else None
    return found if own is None else found | {posixpath.join(own, "values.yaml")}


def _merge(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return old | {key: _merge(old.get(key), value) for key, value in new.items()}


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
