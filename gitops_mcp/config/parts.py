"""What the models of our files have in common, and the JSON Schema that is made of one."""

from __future__ import annotations

import ast
import copy
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        alias_generator=to_camel,
    )
    title: ClassVar[str] = ""
    """Of a file as a whole."""


@cache
def file_schema(file: type[Part]) -> dict[str, Any]:
    """The JSON Schema (2020-12), without references, so that it can be read from top to bottom."""
    made = file.model_json_schema(by_alias=True)
    parts = {file.__name__: made, **made["$defs"]}
    for part, field, description in _descriptions(file):
        parts[part]["properties"][to_camel(field)]["description"] = description
    inlined = _inline_references(made, made.pop("$defs"))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": file.title, **inlined}


def _descriptions(file: type[Part]) -> Iterator[tuple[str, str, str]]:
    """What stands under each field of each model. Pydantic would look for it each time that the models are loaded."""
    source = ast.parse(inspect.getsource(sys.modules[file.__module__]))
    for part in (one for one in source.body if isinstance(one, ast.ClassDef)):
        for field, below in pairwise(part.body):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    yield part.name, name, inspect.cleandoc(text)
                case _:
                    continue


def _inline_references(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inline_references(part, definitions) for part in node]
    if not isinstance(node, dict):
        return node
    node = dict(node)
    if "$ref" in node:
        target = definitions[node.pop("$ref").rpartition("/")[2]]
        node = {**copy.deepcopy(target), **node}
    node.pop("title", None)
    if isinstance(node.get("default"), dict):
        del node["default"]  # what its keys' own defaults say already
    return {key: _inline_references(part, definitions) for key, part in node.items()}
