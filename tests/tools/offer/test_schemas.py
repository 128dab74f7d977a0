"""What converters for other APIs take of a tool, by their public rules, and that an answer's schema names all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import jsonschema
import pytest
import yaml

from gitops_mcp import tools
from gitops_mcp.tools.offer.inputs import argument_model
from gitops_mcp.tools.offer.schemas import input_schema, output_schema
from gitops_mcp.tools.registry import Tool

Schema = dict[str, Any]
ANSWERS = Path(__file__).parents[2] / "golden/answers"
EVERY = pytest.mark.parametrize("tool", tools.ALL, ids=lambda tool: tool.name)

# The fields of Schema in the Gemini API, https://ai.google.dev/api/caching#Schema, and `additionalProperties`, which
# https://github.com/googleapis/python-genai (google/genai/_mcp_utils.py) keeps for those models that know it and other
# converters drop. It refuses whatever else stands there, and an OBJECT without properties.
GEMINI = {
    *("type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties", "required"),
    *("minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example", "anyOf", "propertyOrdering"),
    *("default", "items", "minimum", "maximum", "additionalProperties"),
}
GEMINI_TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}
# https://docs.anthropic.com/en/docs/build-with-claude/tool-use: an object at the root without a union there; keys as
# its errors state their pattern.
ANTHROPIC_KEY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
ROOT_UNIONS = {"anyOf", "oneOf", "allOf"}
# https://platform.openai.com/docs/guides/structured-outputs#supported-schemas, and what
# https://github.com/openai/openai-agents-python (src/agents/strict_schema.py) refuses to make strict.
STRICT_REFUSES = {
    *("allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties"),
    *("propertyNames", "unevaluatedProperties", "unevaluatedItems", "contains", "minContains", "maxContains"),
    *("uniqueItems", "prefixItems", "const"),
}
STRICT_DEEPEST, STRICT_MOST = 10, 5_000
WITH_MAPPINGS = {
    *("create_postgres_cluster", "update_postgres_cluster", "update_postgres_database", "repeat_change"),
    *("create_postgres_object", "update_postgres_object", "create_postgres_pooler"),
}


def schema_of(tool: Tool) -> Schema:
    return input_schema(argument_model(tool.function))


def parts(schema: Schema, depth: int = 0) -> Iterator[tuple[Schema, int]]:
    """The schema and all in it."""
    yield schema, depth
    nested = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    nested += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    for one in nested:
        yield from parts(one, depth + 1)


@EVERY
def test_gemini_takes_it(tool: Tool) -> None:
    for part, _ in parts(schema_of(tool)):
        assert part.keys() <= GEMINI
        assert "anyOf" in part or part["type"] in GEMINI_TYPES, "one type, by its name"
        assert part.get("type") != "object" or part["properties"], "an object has properties"
        assert part.get("type") != "array" or part["items"], "a list says of what"
        assert all(isinstance(one, str) for one in part.get("enum", ()))
        assert set(part.get("required", ())) <= part.get("properties", {}).keys()


@EVERY
def test_anthropic_takes_it(tool: Tool) -> None:
    schema = schema_of(tool)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    assert not ROOT_UNIONS & schema.keys()
    assert all(ANTHROPIC_KEY.fullmatch(name) for part, _ in parts(schema) for name in part.get("properties", ()))
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", tool.name)


@EVERY
def test_openai_takes_it_and_makes_it_strict_where_it_has_no_mapping(tool: Tool) -> None:
    found = list(parts(schema_of(tool)))
    assert not {key for part, _ in found for key in part} & STRICT_REFUSES
    assert max(depth for _, depth in found) <= STRICT_DEEPEST
    assert sum(len(part.get("properties", ())) for part, _ in found) <= STRICT_MOST
    open_ = [
        part for part, _ in found if part.get("type") == "object" and part.get("additionalProperties") is not False
    ]
    assert bool(open_) == (tool.name in WITH_MAPPINGS)


def test_a_mapping_stays_one() -> None:
    named = {tool.name: schema_of(tool)["properties"] for tool in tools.ALL}
    taken = named["update_postgres_cluster"]
    jsonschema.validate({"shared_buffers": "1GB", "work_mem": None}, taken["parameters"])
    jsonschema.validate({}, taken["parameters"])
    jsonschema.validate(
        {"requests": {"cpu": "1", "hugepages-2Mi": "64Mi"}, "limits": {"memory": None}}, taken["resources"]
    )
    jsonschema.validate({"shared_buffers": "1GB"}, named["create_postgres_cluster"]["parameters"])
    refused: list[Schema] = [{"request": {}}, {"requests": {"cpu": 1}}]
    for one in refused:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(one, taken["resources"])


def answers() -> Iterator[tuple[str, Schema]]:
    """Every structured answer that has been recorded, with its tool."""
    for path in sorted(ANSWERS.rglob("*.txt")):
        for call in path.read_text().split(f"{'=' * 100}\n")[1:]:
            sections = re.split(r"^-+ (\w+)\n", call, flags=re.MULTILINE)
            said = dict(zip(sections[1::2], sections[2::2], strict=True))
            if "structure" in said:
                yield sections[0].partition(" ")[0], yaml.safe_load(said["structure"])


def test_the_schema_of_an_answer_names_all_that_it_has() -> None:
    schemas = {}
    for tool in tools.ALL:
        made = output_schema(_answer_of(tool))
        schemas[tool.name] = jsonschema.Draft202012Validator({**made, "additionalProperties": False})
    seen = set()
    for name, answer in answers():
        seen.add(name)
        assert [f"{name}: {one.message}" for one in schemas[name].iter_errors(answer)] == []
    assert seen >= {tool.name for tool in tools.ALL if tool.writes and tool.toolset != "direct"}


def _answer_of(tool: Tool) -> Any:
    return get_type_hints(tool.function)["return"]


@EVERY
def test_the_schema_of_an_answer_is_shallow(tool: Tool) -> None:
    made = output_schema(_answer_of(tool))
    assert list(made["properties"].values()) == [{}] * len(made["properties"])
    assert len(json.dumps(made)) < 700


def test_what_a_change_is_known_by_is_named() -> None:
    writing = next(tool for tool in tools.ALL if tool.name == "scale_postgres_cluster")
    named = output_schema(_answer_of(writing))["properties"]
    assert {"change", "branch", "commit", "diff", "warnings", "omitted"} <= named.keys()
