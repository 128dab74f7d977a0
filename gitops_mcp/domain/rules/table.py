"""All rules, and what they find in one object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gitops_mcp.domain.objects import Object, Path, at, dotted_path
from gitops_mcp.domain.rules import (
    annotation,
    backup,
    bootstrap,
    catalog,
    cluster,
    database,
    image,
    operator,
    parameters,
    pooler,
    replica,
    role,
    service,
    slots,
    storage,
    synchronous,
    together,
)
from gitops_mcp.domain.rules.reading import has_unfilled
from gitops_mcp.domain.rules.rule import Fault, Finding, Rule, Seen

RULES: tuple[Rule, ...] = (
    *cluster.RULES,
    *image.RULES,
    *storage.RULES,
    *parameters.RULES,
    *synchronous.RULES,
    *slots.RULES,
    *bootstrap.RULES,
    *replica.RULES,
    *service.RULES,
    *role.RULES,
    *database.RULES,
    *pooler.RULES,
    *backup.RULES,
    *catalog.RULES,
    *annotation.RULES,
    *operator.RULES,
    *together.RULES,
)

_Place = tuple[Path, str]


def findings(seen: Seen) -> tuple[Finding, ...]:
    """What the rules of the object's kind say, in the table's order.

    A change is not blocked by what was there: a fault that `before` has in the same field with the same value is a
    warning. A value with a variable that nobody filled in is not judged.
    """
    kind = at(seen.object, "kind")
    return tuple(one for rule in RULES if kind in rule.kinds for one in _rule_findings(rule, seen))


def _rule_findings(rule: Rule, seen: Seen) -> Iterator[Finding]:
    known: frozenset[_Place] = frozenset()
    if seen.before is not None:
        # What compares does so with the live object, from which Git may have differed before the change already.
        earlier = replace(seen, object=seen.before, before=seen.before if rule.compares else None)
        known = frozenset(_place_key(seen.before, fault) for fault in rule.check(earlier))
    for fault in rule.check(seen):
        if has_unfilled(at(seen.object, *fault.field)):
            continue
        if fault.severity == "error" and _place_key(seen.object, fault) in known:
            yield Finding(
                rule.id,
                "warning",
                dotted_path(fault.field),
                f"{fault.message} (it was so before this change)",
                is_old=True,
            )
        else:
            yield Finding(rule.id, fault.severity, dotted_path(fault.field), fault.message)


def _place_key(value: Object, fault: Fault) -> _Place:
    """The field without its place in a list, as items move, and what stands there."""
    return tuple(-1 if isinstance(step, int) else step for step in fault.field), repr(at(value, *fault.field))
