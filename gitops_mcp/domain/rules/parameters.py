"""postgresql.conf as a Cluster states it, alone and with what else it says. Defaulting fills in what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_mcp.domain.cnpg.cluster_arguments import (
    FIXED_BY_SOME,
    FIXED_PARAMETERS,
    FLAGS,
    WAL_LEVELS,
    checked_parameters,
    parse_flag,
)
from gitops_mcp.domain.cnpg.cluster_spec import instance_count, is_replica, requested_size
from gitops_mcp.domain.cnpg.defaults import default_parameters
from gitops_mcp.domain.cnpg.notation.golang import parse_integer
from gitops_mcp.domain.cnpg.notation.quantity import is_memory_size, memory_bytes
from gitops_mcp.domain.cnpg.releases import ALL, Releases
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.rules.reading import annotations_of, as_text, has_unfilled, parameters_of
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen
from gitops_mcp.errors import InvalidRequest

_PLACE: Path = ("spec", "postgresql", "parameters")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?")
_NAMES_READ = Releases(since=((1, 28, 4), (1, 29, 2), (1, 30, 0)))
_FLAGS_READ = dict.fromkeys(("hot_standby_feedback", "sync_replication_slots"), Releases(((1, 27, 0),)))


def _each_parameter(seen: Seen) -> Iterator[Fault]:
    own = default_parameters(seen.object)
    for key, value in parameters_of(seen.object).items():
        # A fixed parameter may be stated as the operator has it, and archive_mode comes to that whatever is stated.
        if own.get(key) == value or key == "archive_mode":
            continue
        if key in FIXED_BY_SOME:
            text = f"{key} may not be set: the operator sets it itself; leave it out"
            yield Fault((*_PLACE, key), text, holds=FIXED_BY_SOME[key])
            continue
        try:
            checked_parameters({key: value}, instances=1, field="")
        except InvalidRequest as error:
            holds = _FLAGS_READ.get(key, ALL) if _NAME.fullmatch(key) else _NAMES_READ
            ours = not _is_refused_by_webhook(key, as_text(value))
            yield Fault((*_PLACE, key), str(error).removeprefix(": "), holds=holds, ours=ours)


def _archive_mode(seen: Seen) -> Iterator[Fault]:
    stated, own = parameters_of(seen.stated).get("archive_mode"), default_parameters(seen.stated)["archive_mode"]
    if stated not in {None, own}:
        text = f"is {quote(str(stated))}, and the operator writes '{own}' over it: it changes nothing; leave it out"
        yield Fault((*_PLACE, "archive_mode"), text, "warning")


def _is_refused_by_webhook(key: str, value: str) -> bool:
    """It asks less of names and values than this server does."""
    return (
        not _NAME.fullmatch(key)
        or key in FIXED_PARAMETERS
        or (key == "wal_level" and value not in WAL_LEVELS)
        or (key == "shared_buffers" and memory_bytes(value) is None)
        or (key in FLAGS and parse_flag(value) is None)
    )


def _wal_level(seen: Seen) -> Iterator[Fault]:
    given = parameters_of(seen.object)
    if given.get("wal_level") != "minimal":
        return
    field = (*_PLACE, "wal_level")
    count = instance_count(seen.object)
    if count is not None and count > 1:
        yield Fault(field, f"'minimal' works with one instance only, and there are {count}: use 'replica' or 'logical'")
    if annotations_of(seen.object).get("cnpg.io/skipWalArchiving") != "enabled":
        yield Fault(field, "'minimal' excludes WAL archiving, which is on: use 'replica' or 'logical'")
    if is_replica(seen.object):
        yield Fault(field, "'minimal' excludes a replica cluster: use 'replica' or 'logical'")
    if given.get("max_wal_senders") != "0":
        yield Fault((*_PLACE, "max_wal_senders"), "must be '0' where wal_level is 'minimal'")


def _wal_log_hints(seen: Seen) -> Iterator[Fault]:
    count = instance_count(seen.object)
    if count is not None and count > 1 and parse_flag(parameters_of(seen.object).get("wal_log_hints")) is False:
        yield Fault(
            (*_PLACE, "wal_log_hints"),
            "may not be off with more than one instance, as pg_rewind needs it: leave it out",
        )


def _wal_sizes(seen: Seen) -> Iterator[Fault]:
    given = parameters_of(seen.object)
    least, most = given.get("min_wal_size") or "80MB", given.get("max_wal_size") or "1GB"
    low, high, volume = memory_bytes(least), memory_bytes(most), requested_size(at(seen.object, "spec", "walStorage"))
    for key, value, size in (("min_wal_size", least, low), ("max_wal_size", most, high)):
        if size is None or not is_memory_size(value):
            text = f"{quote(str(value))} is not a size: a number with MB or GB, such as '1GB'"
            yield Fault((*_PLACE, key), text, ours=size is not None)
        if volume and size and given.get(key) and size >= volume:
            yield Fault((*_PLACE, key), f"{given[key]} must be less than spec.walStorage, the volume that it fills")
    if low and high and low >= high and not has_unfilled([least, most]):
        key = "min_wal_size" if "min_wal_size" in given else "max_wal_size"
        yield Fault(
            (*_PLACE, key),
            f"min_wal_size ({least}) must be less than max_wal_size ({most}; the defaults are 80MB and 1GB)",
        )


def _shared_buffers_unit(seen: Seen) -> Iterator[Fault]:
    stated = as_text(parameters_of(seen.object).get("shared_buffers"))
    if parse_integer(stated) is not None:
        yield Fault(
            (*_PLACE, "shared_buffers"),
            f"{stated} has no unit: the operator's webhook counts megabytes and PostgreSQL pages of 8 kB; such as "
            f"'{stated}MB'",
            "warning",
        )


def _wal_level_kept(seen: Seen) -> Iterator[Fault]:
    new, old = parameters_of(seen.object).get("wal_level"), parameters_of(seen.old).get("wal_level") or "logical"
    if new == "minimal" and seen.old is not None and old != "minimal":
        yield Fault(
            (*_PLACE, "wal_level"), f"may not become 'minimal' on a cluster that has {quote(str(old))}: keep that"
        )


def _failover_slots(seen: Seen) -> Iterator[Fault]:
    given = parameters_of(seen.object)
    if not any(str(key).startswith("pg_failover_slots.") for key in given):
        return
    if not parse_flag(given.get("hot_standby_feedback")):
        yield Fault((*_PLACE, "hot_standby_feedback"), "must be 'on' where pg_failover_slots is used")
    if at(seen.object, "spec", "replicationSlots", "highAvailability", "enabled") is False:
        yield Fault(
            ("spec", "replicationSlots", "highAvailability", "enabled"), "must be true where pg_failover_slots is used"
        )


_ONE = ("Cluster",)

RULES = (
    Rule("parameters", _ONE, "webhook validateConfiguration", _each_parameter),
    Rule("archive-mode", _ONE, "defaulting webhook", _archive_mode),
    Rule("wal-level", _ONE, "webhook validateConfiguration", _wal_level),
    Rule("wal-log-hints", _ONE, "webhook validateConfiguration", _wal_log_hints),
    Rule("wal-sizes", _ONE, "webhook validateWalSizeConfiguration", _wal_sizes),
    Rule("shared-buffers-unit", _ONE, "webhook warning", _shared_buffers_unit, holds=Releases(((1, 25, 2),))),
    Rule("wal-level-kept", _ONE, "webhook validateWALLevelChange", _wal_level_kept, compares=True),
    Rule("failover-slots", _ONE, "webhook validatePgFailoverSlots", _failover_slots),
)
