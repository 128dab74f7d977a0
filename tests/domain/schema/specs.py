"""Schemas of a `spec`, written shortly."""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.schema import Schema, compile_schema

INTEGER = {"type": "integer"}
TEXT = {"type": "string"}


def obj(**properties: Object) -> Object:
    return {"type": "object", "properties": properties}


def listed(items: Object, **more: Any) -> Object:
    return {"type": "array", "items": items, **more}


def ruled(schema: Object, *rules: str, **more: Any) -> Object:
    return {**schema, "x-kubernetes-validations": [{"rule": rule, "message": "no", **more} for rule in rules]}


def of(spec: Object, key: str = "") -> Schema:
    """A kind whose `spec` is this."""
    return compile_schema({"type": "object", "properties": {"spec": spec}}, key=key or repr(spec))
