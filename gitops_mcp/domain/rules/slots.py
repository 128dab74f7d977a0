"""Replication slots that the operator keeps on every instance."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain import regexp
from gitops_mcp.domain.cnpg.cluster_arguments import parse_flag
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Object, Path, at, list_at
from gitops_mcp.domain.rules.image import wanted_major
from gitops_mcp.domain.rules.reading import as_text, parameters_of
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_PLACE: Path = ("spec", "replicationSlots")
_HA: Path = (*_PLACE, "highAvailability")
_DEFAULT = "_cnpg_"
_BUILT_IN_SINCE = 17
"""PostgreSQL itself copies logical slots to standbys from here on."""


def _slot_patterns(seen: Seen) -> Iterator[Fault]:
    field = (*_PLACE, "synchronizeReplicas", "excludePatterns")
    if all(at(seen.object, *_PLACE, name, "enabled") is False for name in ("highAvailability", "synchronizeReplicas")):
        return
    for index, pattern in enumerate(list_at(seen.object, *field)):
        try:
            regexp.compiled(as_text(pattern))
        except regexp.Unreadable as error:
            yield Fault((*field, index), f"{quote(as_text(pattern))} is not a regular expression: {error}")


def _logical_slots(seen: Seen) -> Iterator[Fault]:
    if at(seen.object, *_HA, "synchronizeLogicalDecoding") is not True:
        return
    given, number = parameters_of(seen.object), wanted_major(seen.object)
    if number is None or any(str(key).startswith("pg_failover_slots.") for key in given):
        return
    if number < _BUILT_IN_SINCE:
        yield Fault(
            (*_HA, "synchronizeLogicalDecoding"),
            f"needs PostgreSQL {_BUILT_IN_SINCE}, and this is {number}: use the extension pg_failover_slots",
        )
        return
    for key in ("hot_standby_feedback", "sync_replication_slots"):
        if not parse_flag(given.get(key)):
            yield Fault(
                ("spec", "postgresql", "parameters", key), "must be 'on' where synchronizeLogicalDecoding is true"
            )


def _prefix_kept(seen: Seen) -> Iterator[Fault]:
    if seen.old is None or at(seen.old, *_HA, "enabled") is False:
        return
    new, old = (_slot_prefix(one) for one in (seen.object, seen.old))
    if new != old:
        yield Fault(
            (*_HA, "slotPrefix"),
            f"cannot change while highAvailability is enabled, or old slots stay and hold WAL: keep {quote(str(old))}, "
            f"or set enabled false in a change of its own first",
        )


def _slot_prefix(cluster: Object | None) -> object:
    stated = at(cluster, *_HA, "slotPrefix")
    return _DEFAULT if stated is None else stated


_ONE = ("Cluster",)

RULES = (
    Rule("slot-patterns", _ONE, "webhook validateReplicationSlots", _slot_patterns),
    Rule("logical-slots", _ONE, "webhook validateSynchronizeLogicalDecoding", _logical_slots),
    Rule("slot-prefix-kept", _ONE, "webhook validateReplicationSlotsChange", _prefix_kept, compares=True),
)
