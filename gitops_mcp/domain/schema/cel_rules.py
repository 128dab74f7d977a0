"""The CEL rules of a schema over one object, each where it stands, with what was there before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from gitops_mcp.domain.objects import Path, dotted_path
from gitops_mcp.domain.schema.cel_cost import takes_too_long
from gitops_mcp.domain.schema.checks import decode_base64, is_number, parse_rfc3339
from gitops_mcp.domain.schema.node import SchemaNode
from gitops_mcp.domain.schema.rule import CelRule, compile_rule, escape_name
from gitops_mcp.domain.schema.structure import Found, item_identity
from gitops_mcp.domain.schema.verdict import Unchecked

if TYPE_CHECKING:
    from cel import Context

_REFUSED = (KeyError, IndexError, ZeroDivisionError, OverflowError)
"""What an API server stumbles on too, and then refuses the object."""
_VARIABLE = "a part that it reads holds an unfilled variable"
_UNEVALUATED = "the CEL library could not evaluate it ({})"
_UNKNOWN = (RuntimeError, TypeError, ValueError, ArithmeticError, LookupError)


@dataclass(frozen=True)
class RulePlace:
    """A value, what was there before (None: nothing, or nothing that it can be matched with), and their variables."""

    node: SchemaNode
    value: Any
    old: Any
    path: Path
    unfilled: tuple[Path, ...]
    """Relative paths of the values that hold a `${NAME}`, old ones too."""

    def below(self, step: str | int, node: SchemaNode | None, old: Any) -> RulePlace | None:
        value = self.value[step]
        # The API server asks rules of values alone; one that wants to know of null stands further up.
        if node is None or value is None:
            return None
        unfilled = tuple(path[1:] for path in self.unfilled if path and path[0] == step)
        return RulePlace(node, value, old, (*self.path, step), unfilled)


def judge_rules(place: RulePlace, found: Found) -> None:
    if place.node.rules:
        _judge_here(place, found)
    if type(place.value) is dict:
        old = place.old if type(place.old) is dict else {}
        below = [place.below(key, place.node.below(key), old.get(key)) for key in place.value]
    elif type(place.value) is list:
        before = _by_identity(place)
        items = place.node.items
        below = [
            place.below(index, items, before.get(item_identity(place.node, item)) if before else None)
            for index, item in enumerate(place.value)
        ]
    else:
        return
    for part in below:
        if part is not None:
            judge_rules(part, found)


def _by_identity(place: RulePlace) -> dict[str, Any]:
    """Items are matched by the keys of a list-map; those of other lists have no earlier selves."""
    if not place.node.keys or type(place.old) is not list:
        return {}
    return {item_identity(place.node, item): item for item in place.old}


def _judge_here(place: RulePlace, found: Found) -> None:
    here = _Here(place)
    for rule in place.node.rules:
        if rule.transition and place.old is None and not rule.optional_old:
            continue
        outcome = _VARIABLE if _reads_variable(rule, place) else here.outcome(rule)
        if isinstance(outcome, Stumbled) and _is_faulty(place, found):
            outcome = "the faults of the value come first"
        if isinstance(outcome, str):
            found.unchecked.append(Unchecked(dotted_path(place.path), rule.text, outcome))
        elif outcome is not True:
            remark = outcome.remark if isinstance(outcome, Stumbled) else ""
            found.fault((*place.path, *rule.field_path), "cel", here.message(rule) + remark)


def _is_faulty(place: RulePlace, found: Found) -> bool:
    depth = len(place.path)
    return any(fault.rule != "cel" and fault.path[:depth] == place.path for fault in found.faults)


def _reads_variable(rule: CelRule, place: RulePlace) -> bool:
    for path in place.unfilled:
        name = _first_name(place.node, path)
        if name is None or rule.whole or escape_name(name) in rule.names:
            return True
    return False


def _first_name(node: SchemaNode | None, path: Path) -> str | None:
    """The first step that a rule has to name to get there; indexes and the keys of a map are found without."""
    for step in path:
        if node is None:
            return None
        if isinstance(step, str) and step in node.properties:
            return step
        node = node.items if isinstance(step, int) else node.others
    return None


@dataclass(frozen=True)
class Stumbled:
    """The rule cannot be evaluated on this value, and the API server cannot either."""

    remark: str


class _Here:
    """The rules of one place share what the library made of its value."""

    def __init__(self, place: RulePlace) -> None:
        self._place = place
        self._contexts: dict[tuple[bool, frozenset[str]], Context] = {}
        self._failed: list[str] = []
        """Errors of functions in Python, which the library would print, with values of the object, before it raises."""

    def outcome(self, rule: CelRule) -> bool | Stumbled | str:
        """Held, refused, or the reason why it is not known."""
        if rule.program is None:
            return rule.trouble
        if takes_too_long(rule.text, self._place.value, self._place.old):
            return "it would take too long on a value of this size"
        self._failed.clear()
        found: bool | Stumbled | str
        try:
            held = rule.program.execute(self._context(rule))
        except _REFUSED as error:
            found = "a value that it reads is not there" if rule.searches else Stumbled(_failure_remark(rule, error))
        except _UNKNOWN as error:
            # The library's words may hold values of the object.
            found = _UNEVALUATED.format(type(error).__name__)
        else:
            found = held if isinstance(held, bool) else "it answers neither true nor false"
        return _UNEVALUATED.format(self._failed[0]) if self._failed else found

    def message(self, rule: CelRule) -> str:
        if not rule.expression:
            return rule.message
        compiled = compile_rule(rule.expression)
        if compiled.program is None or takes_too_long(rule.expression, self._place.value, self._place.old):
            return rule.message
        self._failed.clear()
        try:
            text = compiled.program.execute(self._context(rule, also=compiled.functions))
        except _UNKNOWN:
            return rule.message
        is_usable = isinstance(text, str) and text.strip() and "\n" not in text
        return text if is_usable and not self._failed else rule.message

    def _context(self, rule: CelRule, *, also: Any = None) -> Context:
        from cel import Context, OptionalValue

        functions = {**rule.functions, **(also or {})}
        key = (rule.optional_old, frozenset(functions))
        if key not in self._contexts:
            node, old = self._place.node, self._place.old
            variables = {"self": _cel_value(node, self._place.value)}
            if rule.optional_old:
                variables["oldSelf"] = OptionalValue.none() if old is None else OptionalValue.of(_cel_value(node, old))
            elif old is not None:
                variables["oldSelf"] = _cel_value(node, old)
            heard: dict[str, Callable[..., Any]] = {name: partial(self._call, one) for name, one in functions.items()}
            self._contexts[key] = Context(variables, heard)
        return self._contexts[key]

    def _call(self, function: Callable[..., Any], *given: Any) -> Any:
        try:
            return function(*given)
        except (*_UNKNOWN, AttributeError) as error:
            self._failed.append(type(error).__name__)
            return None


def _failure_remark(rule: CelRule, error: Exception) -> str:
    name = error.args[0] if isinstance(error, KeyError) and error.args else None
    if isinstance(name, str) and name in rule.names:
        return f" (the rule reads {name}, which is not set)"
    return " (the rule cannot be evaluated on this value, which the API server refuses)"


def _cel_value(node: SchemaNode | None, value: Any) -> Any:
    """A value as CEL sees it: times and bytes of their own types, escaped names, sets and list-maps in one order.

    The order is there so that two of them that differ in nothing else are equal.
    """
    if node is None:
        return value
    if type(value) is dict:
        known = node.properties
        return {
            escape_name(key) if key in known else key: _cel_value(node.below(key), part) for key, part in value.items()
        }
    if type(value) is list:
        items = sorted(value, key=lambda item: item_identity(node, item)) if node.keys or node.is_set else value
        return [_cel_value(node.items, item) for item in items]
    return _cel_scalar(node, value)


def _cel_scalar(node: SchemaNode, value: Any) -> Any:
    if node.type == "number" and is_number(value):
        return float(value)
    if type(value) is str and node.format == "date-time":
        return parse_rfc3339(value) or value
    if type(value) is str and node.format == "byte":
        return decode_base64(value) or value
    return value
