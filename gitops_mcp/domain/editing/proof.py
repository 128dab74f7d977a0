"""What an edit does to everything that the repository produces, by building it again; one comparison for every edit.

An object is known by what makes it and what it is called then, so that a document which only moves inside of its file
is the same. Example: `base/db.yaml` is built by the overlays `dev` and `prod`, and `spec.instances` of Cluster shop/db
of `prod` is to become 5. Written into `base/db.yaml` the build makes two objects that differ, Cluster shop/db of
`prod` as wanted and that of `dev` besides: `others` names the latter, `is_exact` is False, and the edit is not taken.
The same value in a patch of `prod/kustomization.yaml` makes one object that differs, exactly as wanted: it is taken.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitops_mcp.domain.kustomize import Layer
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.objects import Identity, Path, dotted_path
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.edits import Edit, apply_edit, normalize_edit
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import Refused

_MISSING = object()
_LINE = re.compile(r":\d+")
_NAMED_AT_MOST = 8
_TEXTS = frozenset({"document", "merge patch", "json patch"})

_Key = tuple[object, ...]


@dataclass(frozen=True)
class ObjectPair:
    """One live object in two builds."""

    before: Declaration | None
    """None: it is new."""
    after: Declaration | None
    """None: it goes."""

    @property
    def known(self) -> Declaration:
        """As it is before, where it is."""
        found = self.before or self.after
        if found is None:
            raise AssertionError("an object is in one build at least")
        return found

    @property
    def differs(self) -> bool:
        was, now = self.before, self.after
        return was is None or now is None or not is_same(was.object, now.object) or _is_newly_opaque(was, now)

    def __str__(self) -> str:
        label = (self.after or self.known).label
        if self.before is None or self.after is None:
            return f"{label} would {'be new' if self.before is None else 'go'}"
        if _is_newly_opaque(self.before, self.after):
            return f"{label} could not be determined any more: {self.after.opaque}"
        return f"{dotted_paths(_differing_paths(self.before.object, self.after.object, ()))} of {label} would change"


@dataclass(frozen=True)
class EditEffect:
    after: Desired
    declared: Declaration | None
    """The object that was asked for, as it is then; None where it is there no more."""
    is_wanted: bool
    """It became what was asked for, in every field, by whatever root makes it."""
    fields: tuple[Path, ...]
    """Of that object: what changes besides the field."""
    others: tuple[Declaration, ...]
    """Other objects that change, come or go, as they are before where they are; not what comes later."""
    faults: tuple[str, ...]
    missed: tuple[Declaration, ...] = ()
    """The same live object as other roots make it, where that is not what was asked for."""

    @property
    def is_exact(self) -> bool:
        return self.is_wanted and not self.others and not self.faults


def prove_only_change(
    before: Desired,
    files: Iterable[FileChange],
    wanted: Identity,
    *also: Identity,
    elsewhere: Collection[Identity] = (),
) -> None:
    """Raises Refused where files do anything but let these objects of the environment come, go or change.

    `elsewhere`: objects of other environments that may do so too.
    """
    changes = tuple(files)
    after = desired_after(before, changes)
    changed = [pair for pair in _paired_objects(before, after) if pair.differs]
    own = {
        _builder_key(made)
        for desired in (before, after)
        for one in desired.declarations
        if one.identity in {wanted, *also}
        for made in (one, *desired.copies(one))
    }
    shown = ", ".join(change.path for change in changes)
    others = [pair for pair in changed if _builder_key(pair.known) not in own]
    beside = {str(pair): pair.known for pair in others if pair.known.identity not in elsewhere}
    found = [*_named(before, beside), *_new_faults(before, after)]
    if found:
        raise Refused(f"changing {shown} would not change just {wanted}: {_shortened(found)}. Make this change by hand")
    if all(pair.known.identity != wanted for pair in changed):
        raise Refused(f"changing {shown} would change nothing of {wanted} as it is applied. Make this change by hand")


def effect_of_edit(desired: Desired, changes: Iterable[FileChange], declared: Declaration, wanted: Edit) -> EditEffect:
    after = desired_after(desired, changes)
    pairs = _paired_objects(desired, after)
    asked = _object_key(declared)
    mine = [pair for pair in pairs if pair.before is not None and _object_key(pair.before) == asked]
    now = next((pair.after for pair in mine), None)
    if now is None:  # The edit gave it another name or namespace: an object that is new, of the same text.
        mine += [pair for pair in pairs if pair.before is None and _object_key(pair.known)[1:] == asked[1:]]
        now = mine[-1].after if mine else None
    is_wanted = now is not None and _is_edited(declared, now, wanted)
    copies = {_object_key(one) for one in desired.copies(declared)}
    theirs = [pair for pair in pairs if pair.before is not None and _object_key(pair.before) in copies]
    missed = tuple(
        pair.known for pair in theirs if pair.after is None or not _is_edited(pair.known, pair.after, wanted)
    )
    path, touched = wanted.path, _differing_paths(declared.object, now.object, ()) if now is not None else ()
    fields = tuple(one for one in touched if one[: len(path)] != path[: len(one)])
    others = tuple(
        pair.known
        for pair in pairs
        if all(pair is not one for one in (*mine, *theirs)) and pair.differs and not comes_later(pair.known, declared)
    )
    return EditEffect(after, now, is_wanted and not missed, fields, others, _new_faults(desired, after), missed)


def first_exact(
    desired: Desired, drafts: Iterable[DraftFiles], declared: Declaration, wanted: Edit
) -> tuple[FileChange, ...]:
    """What the first draft changes that does just what is wanted; nothing where none does."""
    for draft in drafts:
        if draft.changes and effect_of_edit(desired, draft.changes, declared, wanted).is_exact:
            return draft.changes
    return ()


def _is_edited(was: Declaration, now: Declaration, wanted: Edit) -> bool:
    normal = normalize_edit(was.object, wanted)
    expected = was.object if normal is None else apply_edit(was.object, normal)
    return is_same(now.object, expected) and not _is_newly_opaque(was, now)


def still_made(before: Desired, after: Desired, declared: Declaration) -> tuple[Declaration, ...]:
    """The object as roots still make it that made it before."""
    keys = {_builder_key(one) for one in (declared, *before.copies(declared))}
    return tuple(one for one in after.everything if _builder_key(one) in keys)


def labels_of(desired: Desired, others: Iterable[Declaration]) -> str:
    """Objects with what applies them, each once."""
    return _shortened(_named(desired, {one.label: one for one in others}))


def _named(desired: Desired, others: Mapping[str, Declaration]) -> list[str]:
    """By their words; of those that the caller may not know of, how many there are."""
    shown = [text for text, one in others.items() if desired.shows(one.identity)]
    hidden = len(others) - len(shown)
    return [*shown, *([f"{pluralize(hidden, 'object')} that you may not see"] if hidden else [])]


def dotted_paths(paths: Iterable[Path]) -> str:
    return ", ".join(map(dotted_path, paths))


def sharers_of_layer(desired: Desired, declared: Declaration, layer: Layer) -> tuple[Declaration, ...]:
    """Other live objects to which the text of a layer contributes, whether or not it has the last word there."""
    place, own = _layer_place(layer), {_object_key(one) for one in (declared, *desired.copies(declared))}
    return tuple(
        one
        for one in desired.everything
        if one.produced is not None
        and _object_key(one) not in own
        and any(_layer_place(theirs) == place for theirs in one.produced.layers)
    )


def comes_later(one: Declaration, asked: Declaration) -> bool:
    """What follows another branch or a tag gets what is done to an object of the base whenever that moves."""
    behind = [by is not None and by.is_off_base for by in (one.applied, asked.applied)]
    return behind == [True, False]


def _paired_objects(before: Desired, after: Desired) -> list[ObjectPair]:
    old, new = _objects_by_key(before), _objects_by_key(after)
    return [ObjectPair(old.get(key), new.get(key)) for key in dict.fromkeys([*old, *new])]


def _objects_by_key(desired: Desired) -> dict[_Key, Declaration]:
    """Every object of the repository, by what makes it and what it is called then; two of one kind are numbered."""
    found: dict[_Key, Declaration] = {}
    for one in desired.everything:
        number = 0
        while (key := (*_builder_key(one), number)) in found:
            number += 1
        found[key] = one
    return found


def _builder_key(one: Declaration) -> _Key:
    by = one.applied
    made = (by.engine, by.kind, by.namespace, by.name, by.generated, by.folder, by.place.path) if by else None
    return one.identity, made, one.root, "" if by else one.path


def _object_key(one: Declaration) -> _Key:
    """That, and where its text stands in one build."""
    return *_builder_key(one), one.path, one.document, one.base, one.database


def _is_newly_opaque(was: Declaration, now: Declaration) -> bool:
    """Lines are not compared, since an edit moves them."""
    return now.opaque is not None and _LINE.sub("", now.opaque) != _LINE.sub("", was.opaque or "")


def _new_faults(before: Desired, after: Desired) -> tuple[str, ...]:
    """What can be built no more."""
    known = {_LINE.sub("", note) for note in before.notes}
    return tuple(note for note in after.notes if _LINE.sub("", note) not in known)


def _differing_paths(was: object, now: object, path: Path) -> Iterator[Path]:
    """Where two values differ, as deep as their shapes agree; what is absent counts as an empty mapping."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*was, *now]):
            yield from _differing_paths(was.get(key, _MISSING), now.get(key, _MISSING), (*path, key))
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for index, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _differing_paths(one, other, (*path, index))
    elif was is _MISSING and isinstance(now, dict) and now:
        yield from _differing_paths({}, now, path)
    elif now is _MISSING and isinstance(was, dict) and was:
        yield from _differing_paths(was, {}, path)
    elif was is _MISSING or now is _MISSING or not is_same(was, now):
        yield path


def _shortened(found: Iterable[str]) -> str:
    texts = list(found)
    more = f" and {len(texts) - _NAMED_AT_MOST} more" if len(texts) > _NAMED_AT_MOST else ""
    return "; ".join(texts[:_NAMED_AT_MOST]) + more


def _layer_place(layer: Layer) -> _Key:
    return layer.path, layer.document, layer.base, layer.inner, layer.kind in _TEXTS
