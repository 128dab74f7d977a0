"""A plan that takes back what a change did, at the places where that stands today.

Where none of its files has changed since, their texts come back as they were, comments and all. Else each object is
edited where today's repository declares it. Either way everything is built again, and has to be what it was.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from gitops_mcp.domain.cnpg.protection import without_blocking
from gitops_mcp.domain.editing.field import all_texts, edit_fields
from gitops_mcp.domain.editing.list_items import add_item, remove_item
from gitops_mcp.domain.editing.placing.name_patterns import file_word
from gitops_mcp.domain.editing.placing.new_document import put_document, put_file, remove_documents
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace, NewObject, candidate_places, find_siblings
from gitops_mcp.domain.editing.proof import prove_only_change
from gitops_mcp.domain.editing.removal import remove_objects
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.kinds import OBJECT_STORE
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.objects import CNPG_GROUP, Identity, Object, at, dotted_path, list_at, text_at
from gitops_mcp.domain.plans.confirmation import CHANGE
from gitops_mcp.domain.plans.undo.inverse import AddItem, DropItem, UndoEdit, items_by_name, undo_edits, value_without
from gitops_mcp.domain.plans.undo.texts import text_without
from gitops_mcp.domain.redact import redact_value
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.changes import ObjectChange, changed_objects
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.repository.lapses import lapse_of
from gitops_mcp.domain.yaml.edits import Set
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import Refused


@dataclass(frozen=True)
class Done:
    """What a change did: the states before and after it, and its files, named as they would be today."""

    name: str
    changes: tuple[ObjectChange, ...]
    before: Desired
    files: tuple[FileChange, ...]
    elsewhere: frozenset[Identity] = frozenset()
    """Objects of other environments, which the same files change back."""

    @property
    def target(self) -> Identity:
        """What it is about first."""
        return self.changes[0].identity if self.changes else Identity(CHANGE, None, self.name)

    @classmethod
    def between(cls, name: str, before: Desired, after: Desired, files: tuple[FileChange, ...]) -> Done:
        return cls(name, changed_objects(before, after), before, files)


def check_still_stands(done: Done, now: Desired) -> None:
    """Raises Refused where the base has changed it since of anything that the change did."""
    here = {one.identity: one.object for one in now.declarations}
    found = [lapse_of(_beside_protection(one, here.get(one.identity)), here.get(one.identity)) for one in done.changes]
    lapses = [one for one in found if one is not None]
    if not lapses:
        return
    if len(lapses) == len(found) and all(one.is_reverted for one in lapses):
        raise Refused(f"change {done.name!r} is taken back already: all that it did is again as it was before")
    told = "; ".join(str(one) for one in lapses[:5])
    raise Refused(
        f"change {done.name!r} cannot be taken back as a whole: later changes touched the same: {told}. Change what is "
        f"left of it by the tools themselves"
    )


def undo_files(
    now: Desired, done: Done, today: Mapping[str, str], layouts: Mapping[str, str]
) -> tuple[FileChange, ...]:
    """`today`: what the files of the change hold now. Raises Refused where what it did cannot be taken back alone."""
    wanted = {one.identity: object_without(one, now) for one in done.changes}
    if all(today.get(one.path) == one.after for one in done.files):
        found = tuple(FileChange(one.path, one.after, one.before) for one in done.files)
        known = replace(now, texts={**today, **now.texts})
        if _is_as_wanted(known, found, wanted, done.elsewhere):
            return found
    with suppress(Refused):
        found = tuple(_without(one, today.get(one.path)) for one in done.files)
        if _is_as_wanted(replace(now, texts={**today, **now.texts}), found, wanted, done.elsewhere):
            return found
    return _by_objects(now, done, today, layouts, wanted)


def _without(file: FileChange, today: str | None) -> FileChange:
    return FileChange(file.path, today, file.before if today == file.after else text_without(file, today))


def object_without(change: ObjectChange, now: Desired) -> Object | None:
    """What an object is once the change is taken back, as built."""
    here = now.declared(change.identity)
    if change.before is None or change.after is None or here is None or is_same(here.object, change.after):
        return change.before
    made: Object = value_without(change.before, change.after, here.object)
    return made


def told_changes(done: Done, now: Desired) -> Iterator[str]:
    """What is set back, for a reviewer."""
    here = {one.identity: one.object for one in now.declarations}
    for one in done.changes:
        if one.before is None or one.after is None:
            yield f"{one.identity} {'goes' if one.before is None else 'comes back'}"
        for path in one.fields:
            old, new = (redact_value(at(value, *path), path) for value in (here.get(one.identity), one.before))
            yield f"{one.identity} {dotted_path(path)}: {_shown(old)} -> {_shown(new)}"
    yield from (f"{one} goes" for one in others_that_go(done, OBJECT_STORE.kind))


def _shown(value: Any) -> str:
    text = "(nothing)" if value is None else repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def _by_objects(
    now: Desired,
    done: Done,
    today: Mapping[str, str],
    layouts: Mapping[str, str],
    wanted: Mapping[Identity, Object | None],
) -> tuple[FileChange, ...]:
    known = replace(now, texts={**today, **now.texts})
    steps = EditSequence(known)
    for one in sorted(done.changes, key=lambda one: (one.before is None, one.identity.kind != "Cluster")):
        here = steps.desired.declared(one.identity)
        if one.before is None and here is not None:
            steps.take(remove_objects(steps.desired, here))
        elif one.after is None:
            steps.take(_put_back(steps.desired, done, one, layouts))
        elif here is not None:
            for edit in undo_edits(one.before, one.after, here.object):
                steps.take(_made_edit(steps.desired, steps.again(here), edit))
    for file in done.files:
        _undo_others(steps, file, today.get(file.path))
    if not _is_as_wanted(known, steps.changes, wanted, done.elsewhere):
        raise Refused(
            f"change {done.name!r} cannot be taken back here: what is built with its edits set back is not what was "
            f"before. Take it back by hand"
        )
    return steps.changes


def _made_edit(desired: Desired, declared: Declaration, edit: UndoEdit) -> tuple[FileChange, ...]:
    match edit:
        case AddItem(path, index, item):
            items = list_at(declared.object, *path)
            with suppress(Refused):
                return edit_fields(desired, declared, Set(path, [*items[:index], item, *items[index:]]))
            return add_item(desired, declared, path, item)
        case DropItem(path, name):
            return remove_item(
                desired, declared, path, list(items_by_name(at(declared.object, *path)) or ()).index(name)
            )
        case _:
            return edit_fields(desired, declared, edit)


def _put_back(desired: Desired, done: Done, change: ObjectChange, layouts: Mapping[str, str]) -> tuple[FileChange, ...]:
    """The object where it stood, else where its like stand today."""
    identity, manifest = change.identity, change.before or {}
    owner = text_at(manifest, "spec", "cluster", "name")
    is_cluster = identity.kind == "Cluster"
    cluster = next((one for one in desired.named("Cluster", owner or "")), None)
    short = file_word(at(manifest, "spec", "name"), identity.kind, identity.name, None if is_cluster else owner)
    namespace = str(identity.namespace)
    new = NewObject(identity.kind, namespace, identity.name, short, identity.name if is_cluster else owner)
    stood = next(one for one in done.before.declarations if one.identity == identity)
    path = next((one.path for one in done.files if posixpath.basename(one.path) == posixpath.basename(stood.path)), "")
    first = [FilePlace(path, appended=path in desired.texts)] if path else []
    layout = layouts.get(identity.kind, f"{{path}}/{{namespace}}/{{cluster}}/{identity.kind.lower()}-{{name}}.yaml")
    places = candidate_places(
        desired, None if is_cluster else cluster, new, layout, find_siblings(desired, identity.kind)
    )
    return put_document(desired, None if is_cluster else cluster, new, manifest, [*first, *places]).changes


def others_that_go(done: Done, kind: str) -> list[Identity]:
    """Those of another API group that the change declared first, and that go with its files, as they are written."""
    new, old = (
        {
            Identity(kind, text_at(one, "metadata", "namespace"), str(at(one, "metadata", "name")))
            for text in texts
            for one in _other_documents(text)
            if at(one, "kind") == kind
        }
        for texts in ([file.after for file in done.files], [file.before for file in done.files])
    )
    return sorted(new - old, key=str)


def _undo_others(steps: EditSequence, file: FileChange, today: str | None) -> None:
    """What a file of the change holds besides objects of CNPG: as a whole, where it holds nothing else."""
    if is_kustomization(file.path):
        return
    old, new = (_other_documents(text) for text in (file.before, file.after))
    if is_same(old, new):
        return
    text, here = file.before, all_texts(steps.desired).get(file.path)
    if today != file.after or _has_cnpg(file):
        text = text_without(file, here, lambda value: not _is_cnpg(value))
    if text is None:
        steps.take(remove_documents(steps.desired, file.path, range(len(parse_documents(here or "")))))
    elif here is None:
        steps.take(put_file(steps.desired, FilePlace(file.path), text).changes)
    else:
        steps.take([FileChange(file.path, here, text)])


def _other_documents(text: str | None) -> list[Any]:
    if text is None:
        return []
    try:
        found = [one.value for one in parse_documents(text)]
    except Unparsable:
        return [text]
    return [one for one in found if not _is_cnpg(one)]


def _has_cnpg(file: FileChange) -> bool:
    with suppress(Unparsable):
        return any(_is_cnpg(one.value) for text in (file.before, file.after) if text for one in parse_documents(text))
    return False


def _is_cnpg(value: Any) -> bool:
    return str(at(value, "apiVersion")).startswith(f"{CNPG_GROUP}/")


def _is_as_wanted(
    now: Desired,
    files: tuple[FileChange, ...],
    wanted: Mapping[Identity, Object | None],
    elsewhere: frozenset[Identity],
) -> bool:
    """Whether all that is built then is what is wanted, and nothing else is otherwise, here or elsewhere."""
    made = {one.identity: one.object for one in desired_after(now, files).declarations}
    if not all(_same(made.get(whom), one) for whom, one in wanted.items()):
        return False
    with suppress(Refused):
        if wanted:
            prove_only_change(now, files, *wanted, elsewhere=elsewhere)
        return True
    return False


def _same(one: Object | None, other: Object | None) -> bool:
    return one is other or (one is not None and other is not None and is_same(one, other))


def _beside_protection(change: ObjectChange, now: Object | None) -> ObjectChange:
    """A creation counts as standing though its protection against pruning has gone since: that is how it is deleted."""
    if change.before is not None or change.after is None or now is None:
        return change
    metadata = at(change.after, "metadata") or {}
    kept = {
        key: without_blocking(part) for key in ("annotations", "labels") if isinstance(part := metadata.get(key), dict)
    }
    bare = {**change.after, "metadata": {**metadata, **kept}}
    bare["metadata"] = {key: part for key, part in bare["metadata"].items() if part != {}}
    return replace(change, after=bare) if is_same(bare, now) else change
