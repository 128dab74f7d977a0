"""JSON and YAML, as the functions of templates read and write them."""

from __future__ import annotations

import json
from typing import Any

from gitops_mcp.domain.engines.go_template.values import Fails, NotKnown, float_text, go_value


def json_text(value: Any, indent: int | None = None, level: int = 0) -> str:
    """As Go writes JSON: keys sorted, and numbers as JavaScript has them."""
    if isinstance(value, dict | list) and value:
        inner = "" if indent is None else f"\n{' ' * indent * (level + 1)}"
        outer = inner and f"\n{' ' * indent * level}" if indent else ""
        colon = ":" if indent is None else ": "
        parts = [json_text(one, indent, level + 1) for one in (value if isinstance(value, list) else ())]
        if isinstance(value, dict):
            parts = [
                f"{json.dumps(key, ensure_ascii=False)}{colon}{json_text(value[key], indent, level + 1)}"
                for key in sorted(value)
            ]
        ends = "[]" if isinstance(value, list) else "{}"
        return f"{ends[0]}{inner}{f',{inner}'.join(parts)}{outer}{ends[1]}"
    if isinstance(value, float):
        return float_text(value, least=-6, most=21).replace("e-0", "e-")
    return json.dumps(value, ensure_ascii=False)


def escaped_json(value: Any, indent: int | None = None) -> str:
    text = json_text(value, indent)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def from_json(text: str) -> Any:
    try:
        return go_value(json.loads(text))
    except ValueError:
        return None


def must_from_json(text: str) -> Any:
    try:
        return go_value(json.loads(text))
    except ValueError as error:
        raise Fails("`mustFromJson` is given no JSON") from error


def to_yaml(value: Any) -> str:
    from gitops_mcp.domain.yaml.render import Indentation, block

    text = "\n".join(block(_for_yaml(value), 0, Indentation(offset=0)))
    if isinstance(value, str) and text != value:
        raise NotKnown("which quotes `toYaml` takes is not evaluated")
    return text


def _for_yaml(value: Any) -> Any:
    """Sorted, and a whole number without a point."""
    if isinstance(value, dict):
        return {key: _for_yaml(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_for_yaml(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else value


def _from_yaml(text: str) -> Any:
    from gitops_mcp.domain.yaml.text import parse_documents
    from gitops_mcp.domain.yaml.tree import Unparsable

    try:
        documents = parse_documents(text)
    except Unparsable as error:
        raise Fails("`fromYaml` is given no YAML") from error
    return go_value(documents[0].value) if documents else None


def yaml_map(text: str) -> dict[str, Any]:
    found = _from_yaml(text)
    if found is not None and not isinstance(found, dict):
        raise Fails("`fromYaml` is given no map")
    return found or {}


def yaml_list(text: str) -> list[Any]:
    found = _from_yaml(text)
    if found is not None and not isinstance(found, list):
        raise Fails("`fromYamlArray` is given no list")
    return found or []
