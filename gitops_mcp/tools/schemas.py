"""The JSON Schemas that clients are given: all that a model needs, in words that converters for other APIs keep.

Input schemas have no references, no lists of types and no constraint on names; a mapping names one of its keys, since
Gemini takes no object without properties. Output schemas name every field of an answer and say no more of it.
"""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from gitops_mcp.answers.base import Answer

_JSON_TYPES: dict[Any, str] = {str: "string", int: "integer", bool: "boolean", list: "array", dict: "object"}


def input_schema(model: type[BaseModel]) -> dict[str, Any]:
    made: dict[str, Any] = _compact(model.model_json_schema())
    return made


def _compact(schema: Any) -> Any:
    """The schema without what a model does not need: titles, null alternatives and defaults that are null."""
    if isinstance(schema, list):
        return [_compact(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: {name: _compact(part) for name, part in value.items()} if key == "properties" else _compact(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    alternatives = made.get("anyOf")
    if alternatives and {"type": "null"} in alternatives and "description" in made:
        others = [one for one in alternatives if one != {"type": "null"}]
        if len(others) == 1:
            del made["anyOf"]
            made = {**others[0], **made}
    return made


def output_schema(answer: type[Answer]) -> dict[str, Any]:
    """Every field that a result of the kind may have, with its JSON type; what is inside explains itself."""
    hints = get_type_hints(answer)
    return {
        "type": "object",
        "properties": {
            name: {"type": _json_type(hints[name])} for name, one in answer.model_fields.items() if not one.exclude
        },
        "required": [name for name, field in answer.model_fields.items() if field.is_required()],
    }


def _json_type(hint: Any) -> str:
    arguments = [one for one in get_args(hint) if one is not type(None)]
    origin = get_origin(hint)
    if origin is Annotated or (arguments and origin not in {list, dict} and not isinstance(arguments[0], str)):
        return _json_type(arguments[0])
    if arguments and isinstance(arguments[0], str):
        return "string"
    return _JSON_TYPES.get(origin or hint, "object")
