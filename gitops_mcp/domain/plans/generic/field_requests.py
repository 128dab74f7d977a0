"""What an update asks of an object, field by field: each path read by the schema, each value held against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from gitops_mcp.domain.objects import Identity, Path, at, dotted_path
from gitops_mcp.domain.plans.generic.field_path import FieldPath, key_of_item, read_path
from gitops_mcp.domain.plans.generic.refusals import check_no_secret, check_writable, name_beside
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.schema.node import SchemaNode
from gitops_mcp.domain.schema.structure import Found, examine, fill_defaults
from gitops_mcp.errors import InvalidRequest

_TOLD = 5
"""Faults of one value, and of one request."""


@dataclass(frozen=True)
class ObjectUpdate:
    """As the caller says it, each field by its path."""

    set: Mapping[str, Any]
    remove: Sequence[str]
    items: Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class FieldPart:
    """A field that a request means, wherever its item stands in a list by now."""

    identity: Identity
    path: FieldPath

    def read(self, desired: Desired) -> Any:
        found = next((one.object for one in desired.declarations if one.identity == self.identity), {})
        place = self.path.place_or_none(found)
        return None if place is None else at(found, *place)

    def is_in(self, desired: Desired) -> bool:
        return any(one.identity == self.identity for one in desired.declarations)


@dataclass(frozen=True)
class FieldRequest:
    """One field of an update, read by the schema."""

    how: Literal["set", "remove", "item"]
    path: FieldPath
    """Of an item with its key."""
    value: Any = None


def read_update(asked: ObjectUpdate, root: SchemaNode) -> tuple[FieldRequest, ...]:
    """What is asked for, field by field. Raises InvalidRequest with all that the schema does not allow, or Refused."""
    found: list[FieldRequest] = []
    faults: list[str] = []
    for read in _readers(asked, root):
        try:
            found += read()
        except InvalidRequest as error:
            faults.append(str(error))
    if faults:
        more = f"; and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
        raise InvalidRequest(f"{'; '.join(faults[:_TOLD])}{more}")
    if not found:
        raise InvalidRequest(
            'name at least one field to change: give set={"spec.path": value}, remove=["spec.path"] or '
            'items={"spec.list": [item]}'
        )
    for index, one in enumerate(found):
        for other in found[:index]:
            if _are_one(one.path, other.path):
                raise InvalidRequest(f"{other.path} and {one.path} are both asked for and overlap: name one of them")
    return tuple(found)


def _readers(asked: ObjectUpdate, root: SchemaNode) -> Iterator[Callable[[], Iterable[FieldRequest]]]:
    """One for each path that was given, in the order in which the edits are made."""
    for text, value in asked.set.items():
        yield partial(_read_set, root, text, value)
    for text, items in asked.items.items():
        yield partial(_read_items, root, text, items)
    for text in asked.remove:
        yield partial(_read_remove, root, text)


def _read_set(root: SchemaNode, text: str, value: Any) -> Iterator[FieldRequest]:
    path = read_path(root, text, argument="set")
    check_writable(path, value, argument="set")
    if value is None:
        raise InvalidRequest(f"set: {path} is null: to remove it, name it in remove")
    _check_value(path, value, argument="set")
    yield FieldRequest("set", path, value)


def _read_items(root: SchemaNode, text: str, items: Sequence[Any]) -> Iterator[FieldRequest]:
    path = read_path(root, text, argument="items")
    for item in items:
        one = path.below(key_of_item(path, item, argument="items"))
        _check_value(one, item, argument="items")
        yield FieldRequest("item", one, item)


def _read_remove(root: SchemaNode, text: str) -> Iterator[FieldRequest]:
    path = read_path(root, text, argument="remove")
    if path.is_required:
        raise InvalidRequest(f"remove: {path} is required by the schema of the kind: set another value")
    if path.names_item:
        raise InvalidRequest(f"remove: {path} is what names the item: remove {path.parent} as a whole")
    yield FieldRequest("remove", path)


def _check_value(path: FieldPath, value: Any, *, argument: str) -> None:
    check_no_secret(value, path.names, argument=argument, named=name_beside(path))
    found = Found()
    examine(path.node, fill_defaults(path.node, value), path.names, found)
    if found.faults:
        told = "; ".join(f"{path}{_below(one.path, path)}: {one.message}" for one in found.faults[:_TOLD])
        raise InvalidRequest(f"{argument}: {told}")


def _below(place: Path, path: FieldPath) -> str:
    rest = dotted_path(("x", *place[len(path.names) :]))
    return rest[1:]


def _are_one(one: FieldPath, other: FieldPath) -> bool:
    """Whether one is the other or a part of it."""
    length = min(len(one.steps), len(other.steps))
    return one.steps[:length] == other.steps[:length]
