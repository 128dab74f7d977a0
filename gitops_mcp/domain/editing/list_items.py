"""One item more or less in a list of a live object, where the text of just this list stands.

A list of CNPG is one value for every applier, but its text may have several authors: the document that begins it, a
merge patch that replaces it, operations of a JSON6902 patch that append to it. A new item goes behind the last one, by
that one's author. Everything is built again, and an edit that does more is not taken; neither is one that would begin
a list of this object's own by copying the items that it shares.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from gitops_mcp.domain import effects, jsonpatches, layered
from gitops_mcp.domain.kustomize import Produced, Word
from gitops_mcp.domain.objects import Object, Path, at, dotted
from gitops_mcp.domain.place import changed, files_of, standing
from gitops_mcp.domain.plan import Draft, FileChange
from gitops_mcp.domain.repository import Declaration, Desired
from gitops_mcp.domain.yamltext import Insert, Remove, Set
from gitops_mcp.errors import GitOpsError, Refused


def added(desired: Desired, declared: Declaration, path: Path, item: Object) -> tuple[FileChange, ...]:
    """The files with the item behind the last one. Raises Refused where no place is this object's own."""
    items = _items(declared, path)
    wanted = Insert(path, len(items), item)
    for draft in _appended(desired, declared, path, item) if items else ():
        if effects.effect(desired, draft.changes, declared, wanted).is_exact:
            return draft.changes
    _check_own(desired, declared, path)
    return changed(desired, declared, Set(path, [*items, item]))


def removed(desired: Desired, declared: Declaration, path: Path, index: int) -> tuple[FileChange, ...]:
    """The files without the item; the list, and a mapping that holds nothing else, go with the last one."""
    items = _items(declared, path)
    rest = [item for number, item in enumerate(items) if number != index]
    if not rest:
        _check_own(desired, declared, path)
        parent = path[:-1]
        whole = parent if len(at(declared.object, *parent) or {}) == 1 else path
        with suppress(Refused):  # an earlier layer's list would come through: then an empty one has to stand there
            return changed(desired, declared, Remove(whole))
        return changed(desired, declared, Remove((*path, index)))
    operation = _operation(declared.produced, (*path, index))
    if operation is None:
        return changed(desired, declared, Remove((*path, index)))
    produced, word = operation
    draft = Draft(files_of(desired))
    layered.edit(draft, produced.layers[word.layer], Remove(word.path[:1]))
    if effects.effect(desired, draft.changes, declared, Remove((*path, index))).is_exact:
        return draft.changes
    place = produced.layers[word.layer].place
    raise Refused(f"an operation of the patch at {place} adds it, and more depends on that: take it out there by hand")


def _items(declared: Declaration, path: Path) -> list[Object]:
    found = at(declared.object, *path)
    return list(found) if isinstance(found, list) else []


def _check_own(desired: Desired, declared: Declaration, path: Path) -> None:
    """Raises Refused where others have the items too: a patch would replace the list, and end what they share."""
    produced = declared.produced
    words = [produced.word((*path, index)) for index in range(len(_items(declared, path)))] if produced else []
    for index, word in enumerate(words):
        others = effects.sharing(desired, declared, produced.layers[word.layer]) if produced and word else ()
        if others:
            raise Refused(
                f"{dotted(path)} of {declared.label} stands at {standing(desired, declared, (*path, index))}, which is "
                f"shared: an edit there would change {effects.labels(others)} too. A patch can only replace the list "
                f"as a whole: whether this one gets a list of its own is for a person to say"
            )


def _appended(desired: Desired, declared: Declaration, path: Path, item: Object) -> Iterator[Draft]:
    produced = declared.produced
    last = produced.word((*path, len(_items(declared, path)) - 1)) if produced is not None else None
    if produced is None or last is None or not last.literal or declared.opaque or declared.encrypted:
        return
    layer = produced.layers[last.layer]
    draft = Draft(files_of(desired))
    with suppress(GitOpsError):  # it cannot be edited there, so it is no candidate
        if _operation(produced, (*path, len(_items(declared, path)) - 1)) is not None:
            operation = {"op": "add", "path": f"{jsonpatches.pointer(path)}/-", "value": item}
            layered.edit(draft, layer, Insert((), int(last.path[0]) + 1, operation))
        else:
            layered.edit(draft, layer, Insert(last.path[:-1], int(last.path[-1]) + 1, item))
        yield draft


def _operation(produced: Produced | None, path: Path) -> tuple[Produced, Word] | None:
    """The operation of a JSON6902 patch whose whole value is this item."""
    word = produced.word(path) if produced is not None else None
    if produced is None or word is None or produced.layers[word.layer].kind != "json patch":
        return None
    return (produced, word) if len(word.path) == 2 and word.path[1] == "value" else None
