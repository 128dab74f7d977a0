"""An object against the structure of a schema: what the API server fills in first, then what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gitops_mcp.domain.objects import Object, Path, dotted_path
from gitops_mcp.domain.regexp import Unreadable
from gitops_mcp.domain.schema.checks import is_number
from gitops_mcp.domain.schema.node import SchemaNode
from gitops_mcp.domain.schema.unfilled import is_unfilled
from gitops_mcp.domain.schema.verdict import RuleName, SchemaFault, Unchecked


@dataclass
class Found:
    faults: list[SchemaFault] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)

    def fault(self, path: Path, rule: RuleName, message: str) -> None:
        self.faults.append(SchemaFault(path, message, rule))


_SHOWN = 80
"""Characters of a value that is at fault."""


def fill_defaults(node: SchemaNode, value: Any) -> Any:
    """With defaults, and without the nulls that the API server drops; what was given is left as it is."""
    if type(value) is dict:
        return _fill_object(node, value)
    if type(value) is list and node.items is not None:
        items = node.items
        return [fill_defaults(items, item) for item in value]
    return value


def examine(node: SchemaNode, value: Any, path: Path, found: Found) -> None:
    """Faults of one value and what is below it. A value of a wrong type is looked at no further."""
    if value is None and node.nullable:
        return
    if is_unfilled(value) and _is_narrow(node):
        found.skipped.append(path)
        return
    if node.type and not _is_type(value, node.type):
        found.fault(path, "type", _wrong_type(value, node.type))
        return
    if node.enum is not None and value not in node.enum:
        choices = ", ".join(str(choice) for choice in node.enum)
        found.fault(path, "enum", f"{_show(value)} is not one of: {choices}")
    _run_checks(node, value, path, found)
    if node.unread and isinstance(value, str):
        found.unchecked.append(Unchecked(dotted_path(path), *node.unread))
    _examine_alternatives(node, value, path, found)
    if type(value) is dict:
        _examine_object(node, value, path, found)
    elif type(value) is list:
        _examine_list(node, value, path, found)


def _run_checks(node: SchemaNode, value: Any, path: Path, found: Found) -> None:
    for check in node.checks:
        try:
            if not check.holds(value):
                found.fault(path, check.rule, f"must {check.wanted}{_found_instead(value)}")
        except Unreadable as error:
            found.unchecked.append(Unchecked(dotted_path(path), check.wanted, str(error)))


def _fill_object(node: SchemaNode, value: Object) -> Object:
    made: Object = {}
    for key, part in value.items():
        below = node.below(key)
        if below is None:
            made[key] = part
        elif part is not None or below.nullable or below.type is None:
            made[key] = fill_defaults(below, part) if type(part) in {dict, list} else part
    for key, default in node.defaults.items():
        if key not in made:
            made[key] = fill_defaults(node.properties[key], default)
    return made


def null_paths(node: SchemaNode, value: Any, path: Path) -> Iterator[Path]:
    """Of fields only: what stands for an item of a list is judged as one."""
    if type(value) is dict:
        for key, part in value.items():
            below = node.below(key)
            if below is None or (part is None and (below.nullable or below.type is None or key in node.defaults)):
                continue
            if part is None:
                yield (*path, key)
            else:
                yield from null_paths(below, part, (*path, key))
    elif type(value) is list and node.items is not None:
        for index, item in enumerate(value):
            yield from null_paths(node.items, item, (*path, index))


def _is_narrow(node: SchemaNode) -> bool:
    """Not every text will do."""
    return bool(
        node.type not in {None, "string", "int-or-string"}
        or node.enum is not None
        or node.checks
        or node.unread
        or node.all_of
        or node.any_of
        or node.one_of
        or node.none_of
    )


_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
    "integer": (int,),
    "int-or-string": (int, str),
}
_ARTICLES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "boolean": "true or false",
    "number": "a number",
    "integer": "an integer",
    "int-or-string": "an integer or a string",
}


_BEYOND = 2**63
"""What is no integer of 64 bits is a floating number to the API server."""


def _is_type(value: Any, wanted: str) -> bool:
    if type(value) is bool:
        return wanted == "boolean"
    if type(value) in {int, float} and wanted in {"integer", "int-or-string"}:
        return bool(-_BEYOND <= value < _BEYOND and value == int(value))
    return isinstance(value, _TYPES.get(wanted, (object,)))


def _wrong_type(value: Any, wanted: str) -> str:
    hint = ""
    if isinstance(value, str) and wanted in {"integer", "number", "boolean"} and _reads_as(value, wanted):
        hint = "; write it without quotes"
    elif type(value) in {int, float, bool} and wanted == "string":
        hint = "; write it in quotes"
    return f"must be {_ARTICLES.get(wanted, wanted)}, found {_kind_name(value)}{hint}"


def _reads_as(text: str, wanted: str) -> bool:
    try:
        return _is_type(json.loads(text), wanted)
    except ValueError:
        return False


def _kind_name(value: Any) -> str:
    if value is None:
        return "null"
    names = {
        bool: "a boolean",
        int: "an integer",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "a mapping",
    }
    return names.get(type(value), f"a {type(value).__name__}")


def _show(value: Any) -> str:
    if isinstance(value, str) and len(value) > _SHOWN:
        value = f"{value[:_SHOWN]}…"
    return json.dumps(value, ensure_ascii=False) if type(value) in {str, int, float, bool} else _kind_name(value)


def _found_instead(value: Any) -> str:
    """A number, or how much there is of something; a text may be a secret and is left out."""
    if is_number(value):
        return f", found {value}"
    return f", found {len(value)}" if type(value) in {list, dict} else ""


def _examine_alternatives(node: SchemaNode, value: Any, path: Path, found: Found) -> None:
    for part in node.all_of:
        examine(part, value, path, found)
    if node.any_of and not any(_may_hold(part, value) for part in node.any_of):
        found.fault(path, "alternatives", f"fits none of {len(node.any_of)} alternatives{_with_hint(node.any_of)}")
    if node.one_of:
        outcomes = [_outcome(part, value) for part in node.one_of]
        # An undecided one may turn out either way.
        if outcomes.count(True) > 1 or (True not in outcomes and None not in outcomes):
            fit = outcomes.count(True) or "none"
            found.fault(path, "alternatives", f"fits {fit} of the alternatives, must fit one{_with_hint(node.one_of)}")
    if node.none_of and _outcome(node.none_of, value):
        found.fault(path, "alternatives", "fits what the schema excludes")


def _may_hold(node: SchemaNode, value: Any) -> bool:
    return _outcome(node, value) is not False


def _outcome(node: SchemaNode, value: Any) -> bool | None:
    """None where it hangs on a variable, or on a pattern that cannot be read."""
    found = Found()
    examine(node, value, (), found)
    if found.faults:
        return False
    return None if found.skipped or found.unchecked else True


def _with_hint(nodes: Iterable[SchemaNode]) -> str:
    named = [" and ".join(node.required) for node in nodes if node.required]
    return f" (with {', or '.join(named)})" if named else ""


def _examine_object(node: SchemaNode, value: Object, path: Path, found: Found) -> None:
    for key in node.required:
        if key not in value:
            found.fault((*path, key), "required", "is required")
    for key, part in value.items():
        below = node.below(key)
        if below is not None:
            examine(below, part, (*path, key), found)
        elif not node.open:
            _examine_unknown(node, key, path, found)


def _examine_unknown(node: SchemaNode, key: str, path: Path, found: Found) -> None:
    if is_unfilled(key):
        found.skipped.append((*path, key))
        return
    from difflib import get_close_matches

    near = get_close_matches(str(key), node.properties, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    found.fault((*path, key), "unknown field", f"is not a field of {dotted_path(path) or 'this kind'}{hint}")


def _examine_list(node: SchemaNode, value: list[Any], path: Path, found: Found) -> None:
    seen: dict[str, int] = {}
    for index, item in enumerate(value):
        place = (*path, index)
        if node.items is not None:
            examine(node.items, item, place, found)
        if node.keys or node.is_set:
            identity = item_identity(node, item)
            if identity in seen:
                what = ", ".join(f"{key} {_show(item.get(key))}" for key in node.keys) if type(item) is dict else "it"
                found.fault(place, "duplicate", f"{what} is there already at {dotted_path((*path, seen[identity]))}")
            seen.setdefault(identity, index)


def item_identity(node: SchemaNode, item: Any) -> str:
    """What is the same for two items that may not both be in a list."""
    shown = [item.get(key) for key in node.keys] if node.keys and type(item) is dict else item
    return json.dumps(shown, sort_keys=True, default=str)
