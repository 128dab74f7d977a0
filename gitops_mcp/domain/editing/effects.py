"""What an edit does to everything that the repository produces, by building it again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gitops_mcp.domain.kustomize import Layer
from gitops_mcp.domain.objects import Path, dotted_path, leaves
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.yaml.edits import Edit, apply_edit, normalize_edit
from gitops_mcp.domain.yaml.values import is_same

_MOST = 8
_LINE = re.compile(r":\d+")
_TEXTS = frozenset({"document", "merge patch", "json patch"})


@dataclass(frozen=True)
class EditEffect:
    after: Desired
    declared: Declaration | None
    """The object that was asked for, as it is then; None where it is there no more."""
    is_wanted: bool
    """It became what was asked for, in every field."""
    fields: tuple[Path, ...]
    """Of that object: what changes besides the field."""
    others: tuple[Declaration, ...]
    """Other objects that change, come or go, as they are before where they are."""
    faults: tuple[str, ...]
    """What can be built no more."""

    @property
    def is_exact(self) -> bool:
        return self.is_wanted and not self.others and not self.faults


def effect_of_edit(desired: Desired, changes: Iterable[FileChange], declared: Declaration, wanted: Edit) -> EditEffect:
    after = desired_after(desired, changes)
    before_all = {_object_key(one): one for one in desired.everything}
    after_all = {_object_key(one): one for one in after.everything}
    asked = _object_key(declared)
    now = after_all.get(asked) or _find_renamed(declared, before_all, after_all)
    others = [
        before_all.get(key) or after_all[key]
        for key in (*before_all, *(key for key in after_all if key not in before_all))
        if key not in {asked, _object_key(now) if now else None}
        and _object_differs(before_all.get(key), after_all.get(key))
    ]
    expected = declared.object
    normal = normalize_edit(expected, wanted)
    if normal is not None:
        expected = apply_edit(expected, normal)
    is_wanted = (
        now is not None and is_same(now.object, expected) and (now.opaque is None or now.opaque == declared.opaque)
    )
    known = {_LINE.sub("", note) for note in desired.notes}
    faults = tuple(note for note in after.notes if _LINE.sub("", note) not in known)
    return EditEffect(after, now, is_wanted, _other_changed_fields(declared, now, wanted.path), tuple(others), faults)


def labels_of(others: Iterable[Declaration]) -> str:
    """Objects with what applies them, each once."""
    found = tuple(dict.fromkeys(one.label for one in others))
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return "; ".join(found[:_MOST]) + more


def _find_renamed(
    declared: Declaration,
    before: Mapping[tuple[object, ...], Declaration],
    after: Mapping[tuple[object, ...], Declaration],
) -> Declaration | None:
    """The object under the name or namespace that the edit gave it."""
    rest = _object_key(declared)[:-1]
    return next((one for key, one in after.items() if key not in before and key[:-1] == rest), None)


def _object_differs(before: Declaration | None, after: Declaration | None) -> bool:
    return before is None or after is None or not is_same(before.object, after.object) or before.opaque != after.opaque


def _other_changed_fields(before: Declaration, after: Declaration | None, path: Path) -> tuple[Path, ...]:
    if after is None:
        return ()
    old, new = dict(leaves(before.object)), dict(leaves(after.object))
    changed = [place for place in {**old, **new} if not is_same(old.get(place), new.get(place))]
    return tuple(place for place in changed if place[: len(path)] != path[: len(place)])


def dotted_paths(paths: Iterable[Path]) -> str:
    return ", ".join(dotted_path(path) for path in paths)


def _object_key(one: Declaration) -> tuple[object, ...]:
    by = one.applied
    engine = (by.place.path, by.place.document, by.kind, by.name, by.destination, by.generated) if by else ()
    return (*engine, one.root, one.path, one.document, one.base, one.database, one.identity)


def sharers_of_layer(desired: Desired, declared: Declaration, layer: Layer) -> tuple[Declaration, ...]:
    """Other live objects to which the text of a layer contributes, whether or not it has the last word there."""
    place = _layer_place(layer)
    return tuple(
        one
        for one in desired.everything
        if one.produced is not None
        and _object_key(one) != _object_key(declared)
        and any(_layer_place(theirs) == place for theirs in one.produced.layers)
    )


def _layer_place(layer: Layer) -> tuple[object, ...]:
    return layer.path, layer.document, layer.base, layer.inner, layer.kind in _TEXTS
