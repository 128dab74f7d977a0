"""postgresql.conf and pg_hba.conf as a Cluster states them, alone and with what else it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from gitops_mcp.domain.cnpg.cluster_arguments import checked_parameters
from gitops_mcp.domain.cnpg.cluster_spec import instance_count, is_replica, requested_size
from gitops_mcp.domain.cnpg.defaults import default_parameters
from gitops_mcp.domain.cnpg.quantity import quantity
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.rules.reading import (
    annotations_of,
    as_list,
    as_mapping,
    as_text,
    entries,
    has_unfilled,
    is_on,
    names_in,
    parameters_of,
    repeats,
)
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen
from gitops_mcp.errors import InvalidRequest

_PLACE: Path = ("spec", "postgresql", "parameters")
_HBA: Path = ("spec", "postgresql", "pg_hba")
_EXTENSIONS: Path = ("spec", "postgresql", "extensions")

_MEMORY = re.compile(r"(\d+(?:\.\d+)?) *(k|M|G|T)?B")
_UNITS = {"": 1, "k": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_SELECTOR = re.compile(r"\$\{podselector:([^}]*)\}")
_RECORDS = frozenset(
    {
        "local",
        "host",
        "hostssl",
        "hostnossl",
        "hostgssenc",
        "hostnogssenc",
        "include",
        "include_if_exists",
        "include_dir",
    }
)


def memory_bytes(text: object) -> Fraction | None:
    """Bytes, as CNPG's webhook reads a size of PostgreSQL: a bare number counts megabytes."""
    value = str(text).strip()
    if value.isdecimal():
        value += "MB"
    match = _MEMORY.fullmatch(value)
    return Fraction(match[1]) * _UNITS[match[2] or ""] if match else None


def _each_parameter(seen: Seen) -> Iterator[Fault]:
    own = default_parameters(seen.object)
    for key, value in parameters_of(seen.object).items():
        # A fixed parameter may be stated as the operator has it, and archive_mode comes to that whatever is stated.
        if own.get(key) == value or key == "archive_mode":
            continue
        try:
            checked_parameters({key: value}, instances=1, field="")
        except InvalidRequest as error:
            yield Fault((*_PLACE, key), str(error).removeprefix(": "))


def _wal_level(seen: Seen) -> Iterator[Fault]:
    given = parameters_of(seen.object)
    if given.get("wal_level") != "minimal":
        return
    field = (*_PLACE, "wal_level")
    count = instance_count(seen.object)
    if count is not None and count > 1:
        yield Fault(field, f"'minimal' works with one instance only, and there are {count}: 'replica' or 'logical'")
    if annotations_of(seen.object).get("cnpg.io/skipWalArchiving") != "enabled":
        yield Fault(field, "'minimal' excludes WAL archiving, which is on: 'replica' or 'logical'")
    if is_replica(seen.object):
        yield Fault(field, "'minimal' excludes a replica cluster: 'replica' or 'logical'")
    if str(given.get("max_wal_senders")) != "0":
        yield Fault((*_PLACE, "max_wal_senders"), "must be '0' where wal_level is 'minimal'")


def _wal_log_hints(seen: Seen) -> Iterator[Fault]:
    count = instance_count(seen.object)
    if count is not None and count > 1 and is_on(parameters_of(seen.object).get("wal_log_hints")) is False:
        yield Fault(
            (*_PLACE, "wal_log_hints"),
            "may not be off with more than one instance, as pg_rewind needs it: leave it out",
        )


def _wal_sizes(seen: Seen) -> Iterator[Fault]:
    given = parameters_of(seen.object)
    least, most = given.get("min_wal_size") or "80MB", given.get("max_wal_size") or "1GB"
    for key, value in (("min_wal_size", least), ("max_wal_size", most)):
        if memory_bytes(value) is None:
            yield Fault((*_PLACE, key), f"{quote(str(value))} is no size: a number with MB or GB, such as '1GB'")
    low, high, volume = memory_bytes(least), memory_bytes(most), requested_size(at(seen.object, "spec", "walStorage"))
    if low and high and low >= high and not has_unfilled([least, most]):
        key = "min_wal_size" if "min_wal_size" in given else "max_wal_size"
        yield Fault(
            (*_PLACE, key),
            f"min_wal_size ({least}) must be less than max_wal_size ({most}; the defaults are 80MB and 1GB)",
        )
    for key, value in (("min_wal_size", low), ("max_wal_size", high)):
        if volume and value and given.get(key) and value >= volume:
            yield Fault((*_PLACE, key), f"{given[key]} must be less than spec.walStorage, the volume that it fills")


def _shared_buffers(seen: Seen) -> Iterator[Fault]:
    buffers = memory_bytes(parameters_of(seen.object).get("shared_buffers"))
    resources = at(seen.object, "spec", "resources")
    requested = quantity(at(resources, "requests", "memory"))
    pages = any(
        (quantity(value) or 0) >= (buffers or 0)
        for part in ("requests", "limits")
        for name, value in as_mapping(at(resources, part)).items()
        if str(name).startswith("hugepages-")
    )
    if buffers and requested and buffers > requested and not pages:
        yield Fault(
            (*_PLACE, "shared_buffers"),
            f"{parameters_of(seen.object)['shared_buffers']} is more than the memory request "
            f"{at(resources, 'requests', 'memory')}: lower it, a quarter is usual, or raise "
            f"spec.resources.requests.memory",
        )


def _shared_buffers_unit(seen: Seen) -> Iterator[Fault]:
    stated = parameters_of(seen.object).get("shared_buffers")
    if isinstance(stated, str) and stated.isdecimal():
        yield Fault(
            (*_PLACE, "shared_buffers"),
            f"{stated} has no unit: the operator's webhook counts megabytes and PostgreSQL pages of 8 kB; such as "
            f"'{stated}MB'",
            "warning",
        )


def _wal_level_kept(seen: Seen) -> Iterator[Fault]:
    new, old = parameters_of(seen.object).get("wal_level"), parameters_of(seen.old).get("wal_level")
    if new == "minimal" and seen.old is not None and old not in (None, "minimal"):
        yield Fault(
            (*_PLACE, "wal_level"), f"may not become 'minimal' on a cluster that has {quote(str(old))}: keep that"
        )


def _failover_slots(seen: Seen) -> Iterator[Fault]:
    given = parameters_of(seen.object)
    if not any(str(key).startswith("pg_failover_slots.") for key in given):
        return
    if not is_on(given.get("hot_standby_feedback")):
        yield Fault((*_PLACE, "hot_standby_feedback"), "must be 'on' where pg_failover_slots is used")
    if at(seen.object, "spec", "replicationSlots", "highAvailability", "enabled") is False:
        yield Fault(
            ("spec", "replicationSlots", "highAvailability", "enabled"), "must be true where pg_failover_slots is used"
        )


def _pg_hba(seen: Seen) -> Iterator[Fault]:
    known = names_in(seen.object, "spec", "podSelectorRefs")
    for index, record in enumerate(as_list(at(seen.object, *_HBA))):
        field, text = (*_HBA, index), as_text(record).strip()
        for name in _SELECTOR.findall(text):
            if name not in known:
                yield Fault(field, f"no item of spec.podSelectorRefs is named {quote(name)}; {suggest(name, known)}")
        first = text.split(maxsplit=1)[0] if text else ""
        if text and not text.startswith("#") and first not in _RECORDS:
            yield Fault(
                field, f"{quote(first)} starts no record of pg_hba.conf: local, host, hostssl, hostnossl and their like"
            )


def _pg_hba_trust(seen: Seen) -> Iterator[Fault]:
    for index, record in enumerate(as_list(at(seen.object, *_HBA))):
        text = as_text(record).partition("#")[0]
        if "trust" in text.split():
            yield Fault((*_HBA, index), "'trust' lets in whoever reaches the port, without a password", "warning")


def _extension_names(seen: Seen) -> Iterator[Fault]:
    places = [((*path, "name"), as_text(item.get("name"))) for path, item in entries(seen.object, *_EXTENSIONS)]
    for path, name in repeats((path, name.replace("_", "-")) for path, name in places):
        yield Fault(path, f"{quote(name)} is there already, as '_' and '-' name the same volume: each once")


def _extension_images(seen: Seen) -> Iterator[Fault]:
    if at(seen.object, "spec", "imageCatalogRef") is not None:
        return
    for path, item in entries(seen.object, *_EXTENSIONS):
        if not at(item, "image", "reference"):
            yield Fault((*path, "image"), "needs a reference where no image catalog names one")


_ONE = ("Cluster",)

RULES = (
    Rule("parameters", _ONE, "webhook validateConfiguration", _each_parameter),
    Rule("wal-level", _ONE, "webhook validateConfiguration", _wal_level),
    Rule("wal-log-hints", _ONE, "webhook validateConfiguration", _wal_log_hints),
    Rule("wal-sizes", _ONE, "webhook validateConfiguration", _wal_sizes),
    Rule("shared-buffers", _ONE, "webhook validateResources", _shared_buffers),
    Rule("shared-buffers-unit", _ONE, "webhook warning", _shared_buffers_unit),
    Rule("wal-level-kept", _ONE, "webhook validateWALLevelChange", _wal_level_kept, compares=True),
    Rule("failover-slots", _ONE, "webhook validatePgFailoverSlots", _failover_slots),
    Rule("pg-hba", _ONE, "webhook", _pg_hba),
    Rule("pg-hba-trust", _ONE, "server", _pg_hba_trust),
    Rule("extensions", _ONE, "webhook validateExtensions", _extension_names),
    Rule("extension-images", _ONE, "webhook validateExtensions", _extension_images),
)
