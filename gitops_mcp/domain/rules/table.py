"""All rules, and what they find in one object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gitops_mcp.domain.cnpg.releases import ALL, SUPPORTED, Release, release_text
from gitops_mcp.domain.objects import Object, Path, at, dotted_path
from gitops_mcp.domain.rules import (
    annotation,
    archiving,
    backup,
    barman,
    bootstrap,
    catalog,
    cluster,
    database,
    extensions,
    image,
    metadata,
    operator,
    parameters,
    pod_patch,
    pooler,
    recovery,
    replica,
    resources,
    role,
    selectors,
    service,
    settings,
    slots,
    storage,
    synchronous,
    together,
    upgrade,
    waiting,
)
from gitops_mcp.domain.rules.reading import has_unfilled
from gitops_mcp.domain.rules.rule import Fault, Finding, Rule, Seen, Severity

RULES: tuple[Rule, ...] = (
    *metadata.RULES,
    *cluster.RULES,
    *archiving.RULES,
    *image.RULES,
    *upgrade.RULES,
    *storage.RULES,
    *parameters.RULES,
    *settings.RULES,
    *resources.RULES,
    *extensions.RULES,
    *selectors.RULES,
    *synchronous.RULES,
    *slots.RULES,
    *bootstrap.RULES,
    *recovery.RULES,
    *barman.RULES,
    *replica.RULES,
    *service.RULES,
    *role.RULES,
    *database.RULES,
    *pooler.RULES,
    *backup.RULES,
    *catalog.RULES,
    *annotation.RULES,
    *pod_patch.RULES,
    *operator.RULES,
    *together.RULES,
    *waiting.RULES,
)

_Place = tuple[Path, str]
_VALIDATION = "cnpg.io/validation"
"""Where it is 'disabled', the webhook accepts everything."""
OURS = "gitops-mcp refuses that; the API would take it"


def describe_standing(*, stands: bool) -> str:
    """What to say of a fault that was there: that the change is not to blame, or that it does not arrive either."""
    old = "it was so before this change"
    if not stands:
        return old
    return f"{old}, and every change of this object is refused until it is mended, so that this one does not arrive"


def findings(seen: Seen) -> tuple[Finding, ...]:
    """What the rules of the object's kind say, in the table's order.

    A fault that `before` has in the same field with the same value is a warning, as the change is not to blame for it;
    where the webhook would refuse every change for it, that is said. A rule counts for the releases that have it: of an
    unknown operator a fault that only some supported release refuses is a warning, and what none of them refuses is
    nothing. A value with a variable that nobody filled in is not judged.
    """
    kind, earlier = at(seen.object, "kind"), seen.earlier
    return tuple(one for rule in RULES if kind in rule.kinds for one in _rule_findings(rule, seen, earlier))


def _rule_findings(rule: Rule, seen: Seen, earlier: Seen | None) -> Iterator[Finding]:
    known: frozenset[_Place] = frozenset()
    is_bypassed = at(seen.object, "metadata", "annotations", _VALIDATION) == "disabled"
    if seen.before is not None and earlier is not None:
        # What compares does so with the live object, from which Git may have differed before the change already.
        earlier = replace(earlier, before=seen.before) if rule.compares else earlier
        known = frozenset(_place_key(seen.before, fault) for fault in rule.check(earlier))
    for fault in rule.check(seen):
        if not rule.reads_variables and has_unfilled(at(seen.object, *fault.field)):
            continue
        ours = rule.is_ours if fault.ours is None else fault.ours
        severity, why = _weight(rule, fault, seen.operator, ours=ours)
        if severity is None:
            continue
        if rule.by_webhook and is_bypassed:
            ours, severity, why = True, fault.severity, ""
        field, message = dotted_path(fault.field), fault.message + why
        if fault.severity == "error" and _place_key(seen.object, fault) in known:
            stands = severity == "error" and not ours
            message = f"{message} ({describe_standing(stands=stands)})"
            yield Finding(rule.id, "warning", field, message, is_old=True, stands_in_the_way=stands)
        else:
            message += f" ({OURS})" if ours and severity == "error" else ""
            yield Finding(rule.id, severity, field, message, ours=ours)


def _weight(rule: Rule, fault: Fault, operator: Release | None, *, ours: bool) -> tuple[Severity | None, str]:
    """How much a fault counts for an operator, and what is to be said of its release."""
    holds = rule.holds if fault.holds is None else fault.holds
    if ours or holds == ALL:
        return fault.severity, ""
    if operator is not None:
        return (fault.severity, "") if holds.hold(operator) else (None, "")
    if not holds.supported:
        return None, ""
    if holds.supported == SUPPORTED or fault.severity == "warning":
        return fault.severity, ""
    span = " and ".join(
        f"{word} {', '.join(map(release_text, marks))}"
        for word, marks in (("since", holds.since), ("before", holds.until))
        if marks
    )
    return "warning", f" (refused by operators {span}; which one runs here is not known)"


def _place_key(value: Object, fault: Fault) -> _Place:
    """The field without its place in a list, as items move, and what stands there."""
    return tuple(-1 if isinstance(step, int) else step for step in fault.field), repr(at(value, *fault.field))
