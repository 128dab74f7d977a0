"""A field as a schema states it, for somebody who asks what may stand there: type, default, rules.

A path is read leniently, since nothing is written by it: what names an item of a list may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Object, list_at, mapping_at, text_at
from gitops_mcp.errors import InvalidRequest

ITEM = "[]"
"""The step of a path that stands for any item of a list."""
_STEP = re.compile(r"\[[\"']?(?P<key>[^\[\]\"']*)[\"']?\]|\.?(?P<name>[^.\[\]]+)")
_RULES = "x-kubernetes-validations"
_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_KEYS = ("name", "key", "major")
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_METADATA = {"type": "object", "properties": {"labels": _TEXTS, "annotations": _TEXTS}}
_UNCHANGED = re.compile(r"self(?P<below>[.\w]*) == oldSelf(?P=below)|oldSelf(?P<other>[.\w]*) == self(?P=other)")
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "pattern": "matches {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} keys",
    "maxProperties": "at most {} keys",
}


@dataclass(frozen=True)
class StatedField:
    steps: tuple[str, ...]
    """Names, keys of mappings in brackets, and ITEM for any item of a list."""
    schemas: tuple[Object, ...]
    """Those on the way, from the object's to the field's own."""

    @property
    def schema(self) -> Object:
        return self.schemas[-1]

    @property
    def path(self) -> str:
        text = ""
        for step in self.steps:
            text += step if step.startswith("[") or not text else f".{step}"
        return text

    @property
    def is_required(self) -> bool:
        return len(self.schemas) > 1 and self.steps[-1] in list_at(self.schemas[-2], "required")

    @property
    def rules(self) -> tuple[str, ...]:
        """In words: bounds, and what rules say that look at the field, its own and those around it."""
        own = [text.format(self.schema[key]) for key, text in _BOUNDS.items() if key in self.schema]
        said = (str(one.get("message") or one.get("rule")) for _, one in self._rules())
        return tuple(dict.fromkeys([*own, *said]))

    @property
    def is_immutable(self) -> bool:
        return any(
            found is not None and (found["below"] or found["other"] or "").strip(".") in {"", rest}
            for rest, one in self._rules()
            for found in [_UNCHANGED.fullmatch(str(one.get("rule")).strip())]
        )

    @property
    def item_keys(self) -> tuple[str, ...]:
        """What names an item of the list that it is; nothing: the list is set whole."""
        if self.schema.get("type") != "array":
            return ()
        keyed = list_at(self.schema, "x-kubernetes-list-map-keys")
        known = mapping_at(self.schema, "items", "properties")
        return tuple(keyed) or tuple(key for key in _KEYS if key in known)[:1]

    def below(self) -> dict[str, Object]:
        """The fields of the object that it is, or that each of its items or values is."""
        inner = self.schema
        while not inner.get("properties") and isinstance(inside := _inside(inner), dict):
            inner = inside
        return mapping_at(inner, "properties")

    @property
    def required_below(self) -> list[Any]:
        inner = self.schema
        while not inner.get("properties") and isinstance(inside := _inside(inner), dict):
            inner = inside
        return list_at(inner, "required")

    def _rules(self) -> Iterator[tuple[str, Object]]:
        """Each with what of the path lies below its place: all of the field's own, of others those that name it."""
        for depth, schema in enumerate(self.schemas):
            rest = ".".join(self.steps[depth:])
            for one in list_at(schema, _RULES):
                text = str(one.get("rule")).strip()
                whole = _UNCHANGED.fullmatch(text)
                names_it = rest and re.search(rf"\.{re.escape(self.steps[depth])}\b", text)
                if not rest or names_it or (whole and not (whole["below"] or whole["other"])):
                    yield rest, one


def find_stated(schema: Object, path: str) -> StatedField:
    """Raises InvalidRequest, with near names, for what is no field of the kind."""
    root = {**schema, "properties": {**mapping_at(schema, "properties"), "metadata": _METADATA}}
    found, place = StatedField((), (root,)), 0
    while place < len(path):
        step = _STEP.match(path, place)
        if step is None:
            raise InvalidRequest(
                f"path: {quote(path)} is not a path at character {place + 1}: use one such as spec.storage.size"
            )
        name, place = step["name"], step.end()
        if name is None:
            found = _in_brackets(found, step["key"])
            continue
        while found.schema.get("type") == "array":
            found = _down(found, ITEM, _inside(found.schema))
        values = _inside(found.schema)
        if (
            name not in mapping_at(found.schema, "properties")
            and isinstance(values, dict)
            and values.get("type") not in {"object", "array"}
        ):
            return _down(found, f"[{name}{path[place:]}]", values)
        found = _by_name(found, name)
    return found


def type_text(schema: Object) -> str:
    """`list of object`, `map of string`, `integer or string`."""
    if schema.get("x-kubernetes-int-or-string"):
        return "integer or string"
    kind, inside = text_at(schema, "type") or "anything", _inside(schema)
    if kind == "array":
        return f"list of {type_text(inside or {})}"
    return f"map of {type_text(inside)}" if kind == "object" and isinstance(inside, dict) else kind


def _inside(schema: Object) -> Object | None:
    """Of each item of a list, or of each value of a mapping."""
    found = schema.get("items") if schema.get("type") == "array" else schema.get("additionalProperties")
    return found if isinstance(found, dict) else None


def _in_brackets(found: StatedField, key: str) -> StatedField:
    inside = _inside(found.schema)
    if inside is not None:
        return _down(found, ITEM if found.schema.get("type") == "array" else f"[{key}]", inside)
    return _by_name(found, key)


def _by_name(found: StatedField, name: str) -> StatedField:
    known = mapping_at(found.schema, "properties")
    if name in known:
        return _down(found, name, known[name])
    if (inside := _inside(found.schema)) is not None:
        return _down(found, f"[{name}]", inside)
    if found.schema.get(_PRESERVE) or not (known or found.schema.get("type")):
        return _down(found, name, {})
    where = found.path or "the object"
    if not known:
        raise InvalidRequest(f"path: {where} is of type {type_text(found.schema)}, and nothing is below it")
    raise InvalidRequest(f"path: {quote(name)} is not a field of {where}; {suggest(name, known)}")


def _down(found: StatedField, step: str, schema: Object | None) -> StatedField:
    return StatedField((*found.steps, step), (*found.schemas, schema or {}))
