"""The JSON Schemas that clients are given: all that a model needs, in words that converters for other APIs keep.

Input schemas have no references, no lists of types and no constraint on names; a mapping names one of its keys, since
Gemini takes no object without properties. Output schemas name every field of an answer and say no more of it: every
model reads them, whether it calls the tool or not.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from gitops_mcp.answers.base import Answer


def input_schema(model: type[BaseModel]) -> dict[str, Any]:
    made: dict[str, Any] = _compact(model.model_json_schema())
    return made


def _compact(schema: Any) -> Any:
    """The schema without what a model does not need.

    Titles, null alternatives, defaults that are null or false, and lengths of 1: what is required is not empty.
    """
    if isinstance(schema, list):
        return [_compact(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: {name: _compact(part) for name, part in value.items()} if key == "properties" else _compact(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and value in (None, False))
        and not (key == "minLength" and value == 1)
    }
    alternatives = made.get("anyOf")
    if alternatives and {"type": "null"} in alternatives and "description" in made:
        others = [one for one in alternatives if one != {"type": "null"}]
        if len(others) == 1:
            del made["anyOf"]
            made = {**others[0], **made}
    return made


def output_schema(answer: type[Answer]) -> dict[str, Any]:
    """Every field that a result of the kind may have; clients that read a result by its schema pass over others."""
    names = [name for name, one in answer.model_fields.items() if not one.exclude]
    return {"type": "object", "properties": {name: {} for name in names}}
