"""Label selectors on what a generator gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.engines.go_template.values import Fails, Unknown, go_text
from gitops_mcp.domain.engines.reading import mappings_in, string_values, texts_in
from gitops_mcp.domain.objects import Object


def why_left_out(selector: Object, labels: dict[str, Any]) -> Unknown | bool:
    """Whether a selector leaves labels out; Unknown where one that it asks for is."""
    unknown: Unknown | bool = False
    for key, operator, values in _requirements(selector):
        found = labels.get(key)
        if isinstance(found, Unknown):
            unknown = found
            continue
        is_in = key in labels and (not values or found in values)
        if is_in is (operator in {"NotIn", "DoesNotExist"}):
            return True
    return unknown


def _requirements(selector: Object) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for key, value in string_values(selector.get("matchLabels")).items():
        yield key, "In", (value,)
    for one in mappings_in(selector.get("matchExpressions")):
        key, operator, values = str(one.get("key")), one.get("operator"), texts_in(one.get("values"))
        if operator not in {"In", "NotIn", "Exists", "DoesNotExist"}:
            raise Fails(f"a selector has the operator {operator}")
        if bool(values) is (operator in {"Exists", "DoesNotExist"}):
            raise Fails(f"a selector has {'values for' if values else 'no values for'} {operator}")
        yield key, operator, values


def flat_labels(value: Any, name: str = "") -> dict[str, Any]:
    """Nested parameters by dotted names, each as a text."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not isinstance(value, dict | list) or (name and isinstance(value, list) and name.endswith("path.segments")):
        return {name: value if isinstance(value, Unknown) else go_text(value)}
    return {
        key: one
        for inner, part in parts
        for key, one in flat_labels(part, f"{name}.{inner}" if name else str(inner)).items()
    }
