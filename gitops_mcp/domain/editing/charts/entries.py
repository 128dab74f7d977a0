"""Objects that a chart makes of an entry in its values: a Database of an item in `databases`, added or taken away.

As for a field, nothing is concluded from likeness: an entry is taken where with it exactly this object comes or goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice

from gitops_mcp.domain.editing.charts.candidates import GONE, Candidate, entry_lists, own_entries
from gitops_mcp.domain.editing.charts.list_values import list_values
from gitops_mcp.domain.editing.charts.trial import TRIED_AT_MOST, ChartTrial, WhyNot
from gitops_mcp.domain.editing.field import all_texts
from gitops_mcp.domain.editing.nested_text import edit_nested
from gitops_mcp.domain.editing.proof import prove_only_change
from gitops_mcp.domain.engines.charts import cluster_chart
from gitops_mcp.domain.engines.charts.values import Release, ValuesPlace
from gitops_mcp.domain.objects import Identity, Object, at, leaves
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.edits import Edit, Remove, Set
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import InvalidRequest, Refused


def add_entry(desired: Desired, cluster: Declaration, target: Identity, manifest: Object) -> tuple[FileChange, ...]:
    """The files with an entry of which the Cluster's chart makes just this object; nothing where there is none."""
    if cluster.release is None or cluster.opaque:
        return ()
    if not cluster.release.template:
        return _add_mapped(desired, cluster.release, target, manifest)
    chart = ChartTrial.of(desired, all_texts(desired), cluster)
    why_not, known = _only_these(desired, target), {one.key for one in chart.made.documents}
    for candidate in islice(_new_entries(chart, target.kind, manifest), TRIED_AT_MOST):
        after = chart.rendered_with(candidate)
        changed = chart.changed_keys(after) if after else []
        made = {one.key: one.object for one in after.documents} if after else {}
        if len(changed) != 1 or changed[0] in known or changed[0][1:3] != (target.kind, target.name):
            continue
        if all(is_same(at(made[changed[0]], *path), value) for path, value in leaves(manifest["spec"], ("spec",))):
            changes, _ = chart.write(candidate, why_not)
            if changes:
                return changes
    return ()


def remove_entry(desired: Desired, *going: Declaration) -> tuple[FileChange, ...]:
    """The files without the entry of which one chart makes just these objects; nothing where there is none."""
    first = going[0]
    if any(one.release is None or one.opaque or one.applied != first.applied for one in going):
        return ()
    if first.release is not None and not first.release.template:
        return _remove_mapped(desired, first, first.release) if len(going) == 1 else ()
    chart = ChartTrial.of(desired, all_texts(desired), first)
    keys = {one.key for one in chart.made.documents if any(is_same(one.object, gone.object) for gone in going)}
    why_not = _only_these(desired, *(one.identity for one in going))
    for path in islice(own_entries(chart.values, chart.mine.object), TRIED_AT_MOST):
        candidate = Candidate(path, GONE)
        after = chart.rendered_with(candidate)
        left = {one.key for one in after.documents} if after else keys
        if after is not None and left.isdisjoint(keys) and set(chart.changed_keys(after)) == keys:
            changes, _ = chart.write(candidate, why_not)
            if changes:
                return changes
    return ()


def _add_mapped(desired: Desired, release: Release, target: Identity, manifest: Object) -> tuple[FileChange, ...]:
    files = all_texts(desired)
    found = cluster_chart.entry_of_object(release, manifest, files)
    if found is None or isinstance(found[0], str):
        return ()
    place, entries = found[0], found[1]
    return _edited(desired, files, place, Set(place.values, entries), target)


def _remove_mapped(desired: Desired, declared: Declaration, release: Release) -> tuple[FileChange, ...]:
    files, name = all_texts(desired), declared.database or declared.identity.name
    place = cluster_chart.place_of_entry(release, declared.identity.kind, name, files)
    if place is None or isinstance(place, str):
        return ()
    return _edited(desired, files, place, Remove(place.values), declared.identity)


def _edited(
    desired: Desired, files: Mapping[str, str], place: ValuesPlace, edit: Edit, target: Identity
) -> tuple[FileChange, ...]:
    draft = DraftFiles(files)
    with suppress(InvalidRequest, Refused):  # then it is not what makes the object
        edit_nested(draft, place, edit)
        if _only_these(desired, target)(draft.changes, place.path) is None:
            return draft.changes
    return ()


def _only_these(desired: Desired, *identities: Identity) -> WhyNot:
    """That they come or go, and nothing else changes."""
    is_new = {one.identity for one in desired.declarations}.isdisjoint(identities)

    def why_not(changes: tuple[FileChange, ...], place: str) -> str | None:
        prove_only_change(desired, changes, *identities)
        after = {one.identity for one in desired_after(desired, changes).declarations}
        come = after.issuperset(identities) if is_new else after.isdisjoint(identities)
        return None if come else f"an edit at {place} does not change this field"

    return why_not


def _new_entries(chart: ChartTrial, kind: str, manifest: Object) -> Iterator[Candidate]:
    """Lists of values with one entry more, those first of which objects of the kind are made now."""
    cluster = at(manifest, "spec", "cluster", "name")
    known = [one.object for one in chart.made.documents if one.key[1] == kind]
    siblings = [_as_item(one) for one in known if at(one, "spec", "cluster", "name") == cluster]
    for path in entry_lists(chart.values, siblings, kind, chart.prefix, chart.templates):
        node = at(chart.values, *path) or []
        yield from (Candidate(path, value) for value in list_values(node, siblings, [*siblings, _as_item(manifest)]))


def _as_item(value: Object) -> Object:
    return {key: part for key, part in value["spec"].items() if key != "cluster"}
