"""A file without what a change did to it, where it holds more since: each of its documents by what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.objects import Identity, at, text_at
from gitops_mcp.domain.plans.undo.inverse import value_without
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.repository.lapses import lapse_of
from gitops_mcp.domain.yaml.edits import Set
from gitops_mcp.domain.yaml.text import edit_text, parse_documents, with_document, without_document
from gitops_mcp.domain.yaml.tree import Unparsable
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import Refused


@dataclass(frozen=True)
class _Document:
    index: int
    value: Any


def text_without(file: FileChange, now: str | None, counts: Callable[[Any], bool] = lambda _: True) -> str | None:
    """What a file holds without the change; None: there is none then. `counts`: the documents that are meant.

    Raises Refused where later changes touched the same.
    """
    if now is None or (file.after is None and now):
        raise changed_since(file.path)
    old, new, here = (_documents(file.path, text, counts) for text in (file.before, file.after, now))
    text = now
    for key in old.keys() & new.keys():
        text = _document_without(file.path, text, old[key].value, new[key].value, here.get(key))
    added = [here[key].index for key in new if key in here and key not in old]
    if any(key not in old and (key not in here or not is_same(here[key].value, new[key].value)) for key in new):
        raise changed_since(file.path)
    if any(key in here for key in old if key not in new):
        raise changed_since(file.path)
    text = without_document(text, *added) if added else text
    for key in (one for one in old if one not in new):
        text = with_document(text, old[key].value)
    return text or None


def changed_since(path: str, what: object = "") -> Refused:
    which = f" ({what})" if what else ""
    return Refused(
        f"{path} has changed since{which}, and holds what cannot be taken back by itself: take that back by hand"
    )


def _document_without(path: str, text: str, old: Any, new: Any, here: _Document | None) -> str:
    if is_same(old, new):
        return text
    if here is None:
        raise changed_since(path)
    parsed = [_with_nested(value) for value in (old, new, here.value)]
    if is_same(value_without(*parsed), parsed[2]):
        return text  # the object that is made of it has been edited already
    whom = _identity(new)
    if (lapse := lapse_of(ObjectChange(whom, old, new, ()), here.value)) is not None:
        raise changed_since(path, lapse)
    return edit_text(text, here.index, Set((), value_without(old, new, here.value)))


def _documents(path: str, text: str | None, counts: Callable[[Any], bool]) -> Mapping[Identity | int, _Document]:
    """By what identifies them, else in their order."""
    found: dict[Identity | int, _Document] = {}
    try:
        read = parse_documents(text or "")
    except Unparsable as error:
        raise changed_since(path) from error
    for one in read:
        if one.value is None or not counts(one.value):
            continue
        key = _identity(one.value) if at(one.value, "kind") else len(found)
        if key in found or not isinstance(one.value, dict | list):
            raise changed_since(path)
        found[key] = _Document(one.index, one.value)
    return found


def _identity(value: Any) -> Identity:
    metadata = [text_at(value, "metadata", key) for key in ("namespace", "name")]
    return Identity(str(at(value, "kind") or "the file"), metadata[0], metadata[1] or "")


def _with_nested(value: Any) -> Any:
    """With texts that are YAML themselves as what they say."""
    match value:
        case dict():
            return {key: _with_nested(one) for key, one in value.items()}
        case list():
            return [_with_nested(one) for one in value]
        case str() if "\n" in value:
            try:
                said = [one.value for one in parse_documents(value)]
            except Unparsable:
                return value
            return dict(enumerate(said)) if any(isinstance(one, dict | list) for one in said) else value
        case _:
            return value
