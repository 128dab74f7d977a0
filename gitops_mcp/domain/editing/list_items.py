"""One item more or less in a list of a live object, where the text of just this list stands.

A list of CNPG is one value for every applier, but its text may have several authors: the document that begins it, a
merge patch that replaces it, operations of a JSON6902 patch that append to it. A new item goes behind the last one, by
that one's author. Everything is built again, and an edit that does more is not taken; neither is one that would begin
a list of this object's own by copying the items that it shares.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from gitops_mcp.domain.editing import proof
from gitops_mcp.domain.editing.field import all_texts, edit_fields, text_of_value, where_field_stands
from gitops_mcp.domain.editing.json_patch import pointer
from gitops_mcp.domain.editing.nested_text import edit_nested
from gitops_mcp.domain.kustomize import Produced, Word
from gitops_mcp.domain.objects import Object, Path, at, dotted_path, mapping_at
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.edits import Insert, Remove, Set
from gitops_mcp.errors import GitOpsError, Refused


def add_item(desired: Desired, declared: Declaration, path: Path, item: Object) -> tuple[FileChange, ...]:
    """The files with the item behind the last one. Raises Refused where no place is this object's own."""
    items = _list_items(declared, path)
    wanted = Insert(path, len(items), item)
    drafts = _drafts_with_item(desired, declared, path, text_of_value(declared, item)) if items else ()
    if changes := proof.first_exact(desired, drafts, declared, wanted):
        return changes
    _check_own_list(desired, declared, path)
    return edit_fields(desired, declared, Set(path, [*items, item]))


def remove_item(desired: Desired, declared: Declaration, path: Path, index: int) -> tuple[FileChange, ...]:
    """The files without the item; the list, and a mapping that holds nothing else, go with the last one."""
    items = _list_items(declared, path)
    rest = [item for number, item in enumerate(items) if number != index]
    if not rest:
        _check_own_list(desired, declared, path)
        parent = path[:-1]
        whole = parent if len(mapping_at(declared.object, *parent)) == 1 else path
        with suppress(Refused):  # an earlier layer's list would come through: then an empty one has to stand there
            return edit_fields(desired, declared, Remove(whole))
        return edit_fields(desired, declared, Remove((*path, index)))
    operation = _adding_operation(declared.produced, (*path, index))
    if operation is None:
        return edit_fields(desired, declared, Remove((*path, index)))
    produced, word = operation
    draft = DraftFiles(all_texts(desired))
    edit_nested(draft, produced.layers[word.layer], Remove(word.path[:1]))
    if proof.effect_of_edit(desired, draft.changes, declared, Remove((*path, index))).is_exact:
        return draft.changes
    place = produced.layers[word.layer].place
    raise Refused(f"an operation of the patch at {place} adds it, and more depends on that: take it out there by hand")


def _list_items(declared: Declaration, path: Path) -> list[Object]:
    found = at(declared.object, *path)
    return list(found) if isinstance(found, list) else []


def _check_own_list(desired: Desired, declared: Declaration, path: Path) -> None:
    """Raises Refused where others have the items too: a patch would replace the list, and end what they share."""
    produced = declared.produced
    words = [produced.word((*path, index)) for index in range(len(_list_items(declared, path)))] if produced else []
    for index, word in enumerate(words):
        others = proof.sharers_of_layer(desired, declared, produced.layers[word.layer]) if produced and word else ()
        if others:
            raise Refused(
                f"{dotted_path(path)} of {declared.label} is at "
                f"{where_field_stands(desired, declared, (*path, index))}, which is shared: an edit there would "
                f"change {proof.labels_of(desired, others)} too. A patch can only replace the list as a whole: a "
                f"person has to decide whether this one gets a list of its own"
            )


def _drafts_with_item(desired: Desired, declared: Declaration, path: Path, item: Object) -> Iterator[DraftFiles]:
    produced = declared.produced
    last = produced.word((*path, len(_list_items(declared, path)) - 1)) if produced is not None else None
    if produced is None or last is None or not last.literal or declared.opaque or declared.encrypted:
        return
    layer = produced.layers[last.layer]
    draft = DraftFiles(all_texts(desired))
    with suppress(GitOpsError):  # it cannot be edited there, so it is no candidate
        if _adding_operation(produced, (*path, len(_list_items(declared, path)) - 1)) is not None:
            operation = {"op": "add", "path": f"{pointer(path)}/-", "value": item}
            edit_nested(draft, layer, Insert((), int(last.path[0]) + 1, operation))
        else:
            edit_nested(draft, layer, Insert(last.path[:-1], int(last.path[-1]) + 1, item))
        yield draft


def _adding_operation(produced: Produced | None, path: Path) -> tuple[Produced, Word] | None:
    """The operation of a JSON6902 patch whose whole value is this item."""
    word = produced.word(path) if produced is not None else None
    if produced is None or word is None or produced.layers[word.layer].kind != "json patch":
        return None
    return (produced, word) if len(word.path) == 2 and word.path[1] == "value" else None
