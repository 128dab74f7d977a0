"""Every leaf of every kind's spec, generated from the CRDs: its path, values that fit it, and values that do not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from gitops_mcp.crds import packaged_crd, schema_in_crd
from gitops_mcp.domain.kinds import CNPG_KINDS, OBJECT_STORE
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.schema import Schema, compile_schema

KINDS = {one.kind: one for one in (*CNPG_KINDS, OBJECT_STORE)}
ABSENT: Any = object()
NOTHING: Mapping[str, Any] = MappingProxyType({})
_KEYS = ("name", "key", "major")
_PATTERNS = {"^[1-9][0-9]*[dwm]$": ("30d", "8w"), "^[a-zA-Z_][a-zA-Z0-9_]*$": ("ALPHA", "BETA")}
VALUES: Mapping[str, tuple[Any, Any]] = {
    "Cluster spec.imageCatalogRef.apiGroup": ("postgresql.cnpg.io", ABSENT),
    "Cluster spec.imageCatalogRef.kind": ("ImageCatalog", "ClusterImageCatalog"),
    "Pooler spec.pgbouncer.imageCatalogRef.apiGroup": ("postgresql.cnpg.io", ABSENT),
    "Pooler spec.pgbouncer.imageCatalogRef.kind": ("ImageCatalog", "ClusterImageCatalog"),
    "DatabaseRole spec.ensure": ("present", ABSENT),
}
"""Where the CRD's rules want certain ones. ABSENT: there is no second one."""
_API_GROUP = {"apiGroup": "postgresql.cnpg.io"}
BESIDE: Mapping[str, Object] = {
    "Cluster spec.bootstrap.initdb.builtinLocale": {"localeProvider": "builtin"},
    "Cluster spec.bootstrap.initdb.icuLocale": {"localeProvider": "icu"},
    "Cluster spec.bootstrap.initdb.icuRules": {"localeProvider": "icu"},
    "Cluster spec.postgresql.synchronous.standbyNamesPre[]": {"dataDurability": "required"},
    "Cluster spec.postgresql.synchronous.standbyNamesPost[]": {"dataDurability": "required"},
    "Database spec.builtinLocale": {"localeProvider": "builtin"},
    "Database spec.icuLocale": {"localeProvider": "icu"},
    "Database spec.icuRules": {"localeProvider": "icu"},
    "DatabaseRole spec.clientCertificate.enabled": {"login": True},
    **{f"Cluster spec.imageCatalogRef.{key}": _API_GROUP for key in ("kind", "major", "name")},
    **{f"Pooler spec.pgbouncer.imageCatalogRef.{key}": _API_GROUP for key in ("key", "kind", "name")},
}
"""What the CRD's rules want beside the field that the path names; of the last one, beside the field around it."""
_BY_RULE: Object = {"apiGroup": "postgresql.cnpg.io", "kind": "ImageCatalog"}
"""Required, and narrowed by rules."""


@dataclass(frozen=True)
class Leaf:
    kind: str
    steps: tuple[str, ...]
    """Properties, `*` for any key of a mapping, `[]` for an item."""
    schema: Object

    @property
    def label(self) -> str:
        text = f"{self.kind} spec"
        for step in self.steps:
            text += step if step == "[]" else f".{step}"
        return text

    @property
    def values(self) -> tuple[Any, Any]:
        return VALUES.get(self.label) or sample_values(self.schema)

    @property
    def wrong(self) -> list[Any]:
        """What the schema itself refuses there."""
        return list(_wrong_values(self.schema))


def spec_schema(kind: str) -> Object:
    found: Object = _whole_schema(kind)["properties"]["spec"]
    return found


def compiled(kind: str) -> Schema:
    return compile_schema(_whole_schema(kind), key=f"leaves {kind}")


@cache
def _whole_schema(kind: str) -> Object:
    """Of the packaged CRD, or of that in the folder that a variable of the tests names."""
    resource = KINDS[kind]
    place = Path(os.environ.get("GITOPS_MCP_TEST_CRDS", "")) / f"{resource.group}_{resource.plural}.yaml"
    crd = yaml.load(place.read_bytes(), Loader=yaml.CSafeLoader) if place.is_file() else packaged_crd(resource.plural)
    return schema_in_crd(crd, resource.version) or {}


def every_leaf() -> tuple[Leaf, ...]:
    return tuple(Leaf(kind, steps, schema) for kind in KINDS for steps, schema in _leaves(spec_schema(kind), ()))


def _leaves(schema: Object, steps: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Object]]:
    if schema.get("properties"):
        for key, part in schema["properties"].items():
            yield from _leaves(part, (*steps, key))
    elif isinstance(schema.get("additionalProperties"), dict):
        yield from _leaves(schema["additionalProperties"], (*steps, "*"))
    elif isinstance(schema.get("items"), dict):
        yield from _leaves(schema["items"], (*steps, "[]"))
    else:
        yield steps, schema


def sample_values(schema: Object) -> tuple[Any, Any]:
    """Two that the schema takes; ABSENT where there is no second one."""
    if "enum" in schema:
        return (*schema["enum"], ABSENT)[:2]
    if schema.get("format") == "date-time":
        return "2030-01-31T00:00:00Z", "2031-01-31T00:00:00Z"
    kind = "number" if schema.get("x-kubernetes-int-or-string") else schema["type"]
    low = schema.get("minimum", 1)
    samples: dict[str, tuple[Any, Any]] = {
        "number": (1, 2),
        "integer": (low, low + 1),
        "boolean": (True, False),
        "object": ({}, ABSENT),
    }
    return samples.get(kind) or _PATTERNS.get(schema.get("pattern", ""), ("alpha", "beta"))


def _wrong_values(schema: Object) -> Iterator[Any]:
    if schema.get("x-kubernetes-int-or-string"):
        yield from (True, ["1"], {"a": 1})
        yield from ("no quantity",) if "pattern" in schema else ()
        return
    yield {"string": 7, "integer": "7", "boolean": "true", "object": "text"}[schema["type"]]
    yield [{"a": 1}]
    if "enum" in schema:
        yield "no such choice"
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"] + 1
    if "pattern" in schema:
        yield "-not this-"
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)
    if schema.get("minLength"):
        yield ""


def minimal(schema: Object) -> Any:
    """The smallest value that the schema takes, and its rules."""
    if "allTables" in schema.get("properties", {}):
        return {"allTables": True}
    if "properties" in schema or schema.get("type") == "object":
        ruled = _BY_RULE if schema.get("x-kubernetes-validations") else {}
        return {key: ruled.get(key) or minimal(schema["properties"][key]) for key in schema.get("required", ())}
    if schema.get("type") == "array":
        return [minimal(schema["items"])] if schema.get("minItems") else []
    return sample_values(schema)[0]


def key_of_list(schema: Object) -> tuple[str, ...]:
    keys = schema.get("x-kubernetes-list-map-keys") if schema.get("x-kubernetes-list-type") == "map" else None
    known = schema["items"].get("properties", {})
    return tuple(keys or [key for key in _KEYS if key in known][:1])


def value_with(schema: Object, steps: tuple[str, ...], value: Any, beside: Mapping[str, Any] = NOTHING) -> Any:
    """The smallest value in which a place says this; ABSENT: it says nothing, and all of it may then be nothing.

    `beside`: what else stands where the last property does.
    """
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step == "*":
        found = value_with(schema["additionalProperties"], rest, value, beside)
        return ABSENT if found is ABSENT else {"example": found}
    if step == "[]":
        found = value_with(schema["items"], rest, value, beside)
        keyed = {key: minimal(schema["items"]["properties"][key]) for key in key_of_list(schema)} if rest else {}
        if isinstance(found, dict):
            return [keyed | found]
        return ABSENT if found is ABSENT and not keyed else [keyed if found is ABSENT else found]
    made = {} if step in {"allTables", "objects"} else minimal(schema)
    if step == "clientCertificate" or not any(one not in {"*", "[]"} for one in rest):
        made, beside = {**made, **beside}, NOTHING
    found = value_with(schema["properties"][step], rest, value, beside)
    if found is not ABSENT:
        made[step] = found
    elif not rest:
        made.pop(step, None)
    elif step == "target":
        made[step] = {}
    return made or ABSENT


@dataclass(frozen=True)
class Case:
    """A leaf as a caller names it: the path, which may stop at a list that is set whole, and the values for it."""

    leaf: Leaf
    path: str
    named: tuple[str, ...]
    """The steps of the leaf that the path names."""
    first: Any
    second: Any
    """ABSENT where there is no second one."""

    @classmethod
    def of(cls, leaf: Leaf) -> Case:
        path, schema = "spec", spec_schema(leaf.kind)
        for number, step in enumerate(leaf.steps):
            keys = key_of_list(schema) if step == "[]" else ()
            if step == "[]" and (number == len(leaf.steps) - 1 or not keys):
                return cls._set_whole(leaf, path, number, schema)
            if step == "[]":
                known = schema["items"]["properties"]
                path += f"[{','.join(f'{key}={minimal(known[key])}' for key in keys)}]"
            else:
                path += "[example]" if step == "*" else f".{step}"
            schema = _schema_below(schema, step)
        return cls._set_whole(leaf, path, len(leaf.steps), schema)

    @classmethod
    def _set_whole(cls, leaf: Leaf, path: str, number: int, schema: Object) -> Case:
        named, rest = leaf.steps[:number], leaf.steps[number:]
        values = (one if one is ABSENT else value_with(schema, rest, one) for one in leaf.values)
        return cls(leaf, path, named, *values)

    def spec(self, value: Any) -> Object:
        """The smallest whole spec in which the path says this."""
        made = value_with(spec_schema(self.leaf.kind), self.named, value, BESIDE.get(self.leaf.label, NOTHING))
        return {} if made is ABSENT else dict(made)

    def whole_value(self, value: Any) -> Any:
        """What the path is given so that the leaf says this."""
        schema = spec_schema(self.leaf.kind)
        for step in self.named:
            schema = _schema_below(schema, step)
        return value_with(schema, self.leaf.steps[len(self.named) :], value)

    @property
    def is_required(self) -> bool:
        """Of the mapping around it."""
        schema = spec_schema(self.leaf.kind)
        for step in self.named[:-1]:
            schema = _schema_below(schema, step)
        return self.named[-1] in schema.get("required", ())


def _schema_below(schema: Object, step: str) -> Object:
    below: Object = {"[]": schema.get("items"), "*": schema.get("additionalProperties")}.get(step) or schema[
        "properties"
    ][step]
    return below


def meaning(kind: str, spec: Object) -> Any:
    """With the CRD's defaults: an item of a list that is new says them."""
    return without_empty(compiled(kind).fill({"spec": without_empty(spec)})["spec"])


def without_empty(value: Any) -> Any:
    """Mappings that hold nothing say nothing."""
    if isinstance(value, dict):
        made = {key: without_empty(part) for key, part in value.items()}
        return {key: part for key, part in made.items() if part not in ({}, [])}
    return [without_empty(one) for one in value] if isinstance(value, list) else value
