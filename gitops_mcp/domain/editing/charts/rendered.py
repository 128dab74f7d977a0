"""Edits of the value that decides a field of a chart's rendering, whatever the templates do.

Which value that is, is tried: those that look like it are changed one after the other and the chart is rendered again.
One with which exactly the field becomes what was asked, and nothing else that the chart makes changes, is edited where
the last layer says it. Where that layer is others' too, a later one of this release alone gets the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from gitops_mcp.domain.editing import proof
from gitops_mcp.domain.editing.charts.candidates import Look, find_candidates
from gitops_mcp.domain.editing.charts.trial import TRIED_AT_MOST, ChartTrial
from gitops_mcp.domain.engines.charts.values import values_line
from gitops_mcp.domain.objects import Object, dotted_path
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.yaml.edits import Remove, Set, apply_edit, normalize_edit
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import Refused

_NAMED_AT_MOST = 3


def edit_rendered_value(
    desired: Desired, files: Mapping[str, str], declared: Declaration, wanted: Set | Remove
) -> tuple[FileChange, ...]:
    """Raises Refused with what decides the field, where that cannot be edited."""
    chart = ChartTrial.of(desired, files, declared)
    expected = _expected_object(chart.mine.object, wanted)

    def why_not(changes: tuple[FileChange, ...], place: str) -> str | None:
        effect = proof.effect_of_edit(desired, changes, declared, wanted)
        if effect.is_exact:
            return None
        if effect.others:
            return f"an edit at {place} would change {proof.labels_of(desired, effect.others)} too"
        return f"after an edit at {place}: {'; '.join(effect.faults) or 'something else decides'}"

    near: list[str] = []
    look = Look(chart.values, chart.mine.object, wanted, chart.prefix, chart.templates)
    for candidate in islice(find_candidates(look), TRIED_AT_MOST):
        after = chart.rendered_with(candidate)
        now = {one.key: one for one in after.documents} if after else {}
        if after is None or chart.mine.key not in now or not is_same(now[chart.mine.key].object, expected):
            continue
        also = [
            f"{kind} {name}" for key in chart.changed_keys(after) if key != chart.mine.key for _, kind, name, _ in [key]
        ]
        if also:
            near.append(f"{chart.told(candidate)} changes {', '.join(also[:_NAMED_AT_MOST])} too")
            continue
        changes, reason = chart.write(candidate, why_not)
        if changes:
            return changes
        near.append(f"{chart.told(candidate)} decides it, but {reason}")
    raise _refusal(declared, wanted, chart, near)


def _expected_object(value: Object, wanted: Set | Remove) -> Object:
    normal = normalize_edit(value, wanted)
    found: Object = apply_edit(value, normal) if normal is not None else value
    return found


def _refusal(declared: Declaration, wanted: Set | Remove, chart: ChartTrial, near: list[str]) -> Refused:
    field = f"{dotted_path(wanted.path)} of {declared.label}"
    found = "; ".join(dict.fromkeys(near[:_NAMED_AT_MOST]))
    if not found:
        found = "no value was found that changes this field and nothing else, so the template decides it"
    return Refused(
        f"{field} is rendered from {chart.release.template}: {found}. Its values are in "
        f"{values_line(chart.release, chart.files)}; change it there, or in the template, by hand"
    )
