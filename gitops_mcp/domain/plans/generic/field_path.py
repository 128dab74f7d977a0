"""Fields of an object as a caller names them, read by the schema of its kind: `spec.plugins[name=x].enabled`.

Behind a dot stands a field; in brackets the key of a mapping, or what names an item of a list. That is the CRD's own
key, else `name`, `key` or `major`; a list whose items have none of these is one value. Where the keys of a mapping are
free and its values plain, all that is left of a path is the key, so that `spec.postgresql.parameters.auto_explain.x`
means what it seems to. Below a node that a schema leaves open nothing is known, and every word is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.schema.node import SchemaNode
from gitops_mcp.errors import InvalidRequest, Refused

EXAMPLES = (
    "spec.resources.limits[memory], spec.plugins[name=barman-cloud.cloudnative-pg.io].enabled or "
    "metadata.annotations[cnpg.io/hibernation]"
)
_WORD = re.compile(
    r"(?P<dot>\.?)(?P<name>[^.\[\]\"'\s]+)|\[(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\[\]]*))\]"
)
_KEYS = ("name", "key", "major")
_TEXTS = SchemaNode(type="object", open=False, others=SchemaNode(type="string"))
_METADATA = SchemaNode(type="object", open=False, properties={"labels": _TEXTS, "annotations": _TEXTS})
_LONGEST = 500


@dataclass(frozen=True)
class ItemKey:
    """The item of a list of which these fields say this."""

    said: tuple[tuple[str, str], ...]
    defaults: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"[{','.join(f'{key}={value}' for key, value in self.said)}]"

    def fits(self, item: Any) -> bool:
        return isinstance(item, dict) and all(
            str(item.get(key, self.defaults.get(key))) == value for key, value in self.said
        )


@dataclass(frozen=True)
class FieldPath:
    steps: tuple[str | ItemKey, ...]
    nodes: tuple[SchemaNode, ...]
    """What the schema says of each step's surroundings, and at last of the field itself."""

    @property
    def node(self) -> SchemaNode:
        return self.nodes[-1]

    @property
    def parent(self) -> FieldPath:
        return FieldPath(self.steps[:-1], self.nodes[:-1])

    @property
    def is_required(self) -> bool:
        return isinstance(self.steps[-1], str) and self.steps[-1] in self.nodes[-2].required

    @property
    def names_item(self) -> bool:
        """Whether it is a part of what tells an item from the others of its list."""
        before, last = self.steps[-2], self.steps[-1]
        return isinstance(before, ItemKey) and any(key == last for key, _ in before.said)

    @property
    def names(self) -> Path:
        """As the path of a value in an object, by which what is secret is known: 0 for any item."""
        return tuple(step if isinstance(step, str) else 0 for step in self.steps)

    def __str__(self) -> str:
        text = ""
        for step, node in zip(self.steps, self.nodes, strict=False):
            is_key = isinstance(step, str) and step not in node.properties and (node.others is not None or "." in step)
            text += str(step) if isinstance(step, ItemKey) else f"[{step}]" if is_key else f".{step}" if text else step
        return text

    def below(self, key: str | ItemKey) -> FieldPath:
        node = self.node.items if isinstance(key, ItemKey) else self.node.below(key)
        return FieldPath((*self.steps, key), (*self.nodes, node or SchemaNode()))

    def place_in(self, value: Object) -> Path:
        """Where that is in an object. Raises InvalidRequest where an item on the way is not there."""
        found = self.place_or_none(value)
        if found is None:
            raise InvalidRequest(self._missing_item(value))
        return found

    def place_or_none(self, value: Object) -> Path | None:
        """None: there is no such item. Raises InvalidRequest where several items are of one key."""
        path: Path = ()
        for number, step in enumerate(self.steps):
            if isinstance(step, str):
                path = (*path, step)
                continue
            items = at(value, *path)
            fitting = [index for index, item in enumerate(items if isinstance(items, list) else ()) if step.fits(item)]
            if not fitting:
                return None
            if len(fitting) > 1:
                whole = FieldPath(self.steps[:number], self.nodes[: number + 1])
                raise InvalidRequest(f"{whole} has {len(fitting)} items {step}: set the whole list instead")
            path = (*path, fitting[0])
        return path

    def _missing_item(self, value: Object) -> str:
        for number, step in enumerate(self.steps):
            part = FieldPath(self.steps[: number + 1], self.nodes[: number + 2])
            if isinstance(step, ItemKey) and part.place_or_none(value) is None:
                items = at(value, *part.parent.place_in(value))
                keys = [key for key, _ in step.said]
                known = (
                    [",".join(str(at(one, key)) for key in keys) for one in items] if isinstance(items, list) else []
                )
                told = suggest(",".join(text for _, text in step.said), known)
                add = f'add one with items={{"{part.parent}": [...]}}'
                return f"{part.parent} has no item {quote(str(step))}; {told}; {add}"
        raise AssertionError("every item is there")


def read_path(root: SchemaNode, text: str, *, argument: str) -> FieldPath:
    """The field that is named below `spec`, `metadata.labels` or `metadata.annotations`.

    Raises InvalidRequest, with near names, for what is no field of the kind, and Refused for what is not to be written.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        raise InvalidRequest(f"{argument}: a path has at most {_LONGEST} characters, such as {EXAMPLES}")
    _check_beginning(text, argument)
    metadata = SchemaNode(
        type="object", open=False, properties={"metadata": _METADATA, "spec": root.below("spec") or SchemaNode()}
    )
    found = FieldPath((), (metadata,))
    place = 0
    while place < len(text):
        word = _WORD.match(text, place)
        if word is None or (bool(word["dot"]) == (place == 0) and word["name"] is not None):
            raise InvalidRequest(
                f"{argument}: {quote(text)} is not a path of a field at character {place + 1}: {EXAMPLES}"
            )
        if word["name"] is None:
            found, place = _step_in_brackets(found, _bracketed(word), argument), word.end()
        else:
            found, place = (
                _step_behind_dot(found, word["name"], text[word.end() - len(word["name"]) :], argument),
                (word.end()),
            )
            if found.steps[-1] != word["name"]:
                break
    if len(found.steps) < 2 or (found.steps[0] == "metadata" and len(found.steps) < 3 and found.node is not _TEXTS):
        raise InvalidRequest(
            f"{argument}: {quote(text)} holds too much for one request: name a field below it, such as {EXAMPLES}"
        )
    return found


def keys_of_list(node: SchemaNode) -> tuple[str, ...]:
    """What names an item; nothing: the list is one value."""
    if node.keys or node.items is None:
        return node.keys
    item = node.items
    known = [key for key in _KEYS if key in item.properties]
    return tuple(known[:1]) or (("name",) if item.open and item.type is None else ())


def key_of_item(path: FieldPath, item: Any, *, argument: str) -> ItemKey:
    """What names an item that is to be in a list. Raises InvalidRequest where the list or the item has no key."""
    node = path.node
    keys = keys_of_list(node) or (("name",) if node.type is None else ())
    if not keys:
        what = "a list whose items have no key" if node.type == "array" else "not a list"
        raise InvalidRequest(f"{argument}: {path} is {what}: set it whole, with set")
    defaults = node.items.defaults if node.items else {}
    said = [(key, item.get(key, defaults.get(key)) if isinstance(item, dict) else None) for key in keys]
    if missing := [key for key, value in said if value is None or isinstance(value, dict | list)]:
        raise InvalidRequest(f"{argument}: each item of {path} needs {' and '.join(missing)}, which names it")
    return ItemKey(tuple((key, str(value)) for key, value in said), defaults)


def _check_beginning(text: str, argument: str) -> None:
    first = re.split(r"[.\[]", text, maxsplit=1)[0]
    if first == "status":
        raise Refused(f"{argument}: status is what the operator reports, and no change sets it: name a field of spec")
    if text in {"metadata.name", "metadata.namespace"}:
        raise InvalidRequest(
            f"{argument}: {text} cannot change: no object is renamed or moved. A Cluster is restored under its new name"
            " (restore_postgres_cluster), clients go there, then the old one is deleted (delete_postgres_cluster); any "
            "other object is created anew (create_postgres_object)"
        )
    if not text.startswith(("spec.", "metadata.labels", "metadata.annotations", "spec[")):
        raise InvalidRequest(
            f"{argument}: {quote(text)} begins with neither spec, metadata.labels nor metadata.annotations, of which "
            f"alone a field can be changed: use one such as {EXAMPLES}"
        )


def _bracketed(word: re.Match[str]) -> str:
    return next(one for one in (word["double"], word["single"], word["bare"]) if one is not None)


def _step_behind_dot(path: FieldPath, name: str, rest: str, argument: str) -> FieldPath:
    """`rest`: the name and all that is behind it."""
    node = path.node
    if name in node.properties:
        return path.below(name)
    if node.others is not None:
        is_plain = node.others.type not in {None, "object", "array"} and "[" not in rest
        return path.below(rest if is_plain else name)
    if node.type == "array":
        raise InvalidRequest(f"{argument}: {path} is a list: {_how_to_name(path)}")
    if node.open and node.type in {None, "object"}:
        return path.below(name)
    if node.type != "object":
        raise InvalidRequest(f"{argument}: {path} is of type {node.type}, and there is no {quote(name)} below it")
    raise InvalidRequest(f"{argument}: {quote(name)} is not a field of {path}; {suggest(name, node.properties)}")


def _step_in_brackets(path: FieldPath, text: str, argument: str) -> FieldPath:
    node = path.node
    if node.type == "array":
        return path.below(_item_key(path, text, argument))
    if node.others is not None or (node.open and node.type in {None, "object"} and not node.properties):
        if node.others is None and "=" in text:
            return path.below(_item_key(path, text, argument))
        if not text:
            raise InvalidRequest(f"{argument}: {path}[] names no key: use one such as {EXAMPLES}")
        return path.below(text)
    raise InvalidRequest(
        f"{argument}: {path} has fields of its own, so write the one below it after a dot; "
        f"{suggest(text, node.properties)}"
    )


def _item_key(path: FieldPath, text: str, argument: str) -> ItemKey:
    keys = keys_of_list(path.node) or (("name",) if path.node.type is None else ())
    said = tuple(_pairs(text, keys))
    known = path.node.items.properties if path.node.items else {}
    is_number = (text == "*" or text.isdecimal()) and not any(
        key in known and known[key].type == "integer" for key in keys
    )
    if not keys or not said or is_number or any(key not in keys or not value for key, value in said):
        raise InvalidRequest(f"{argument}: {path}[{quote(text)[1:-1]}] names no item: {_how_to_name(path)}")
    return ItemKey(said, path.node.items.defaults if path.node.items else {})


def _pairs(text: str, keys: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if len(keys) == 1:
        name, sign, value = text.partition("=")
        yield (name.strip(), value.strip().strip("\"'")) if sign else (keys[0], text)
        return
    for part in text.split(","):
        name, _, value = part.partition("=")
        yield name.strip(), value.strip().strip("\"'")


def _how_to_name(path: FieldPath) -> str:
    keys = keys_of_list(path.node)
    if not keys:
        return "its items have no key, so set it whole"
    return f"its items are named by {' and '.join(keys)}, as {path}[{','.join(f'{key}=...' for key in keys)}]"
