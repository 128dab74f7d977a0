"""How a Cluster begins, and the other clusters that it names. All of bootstrap is read at creation only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Object, Path, as_int, at
from gitops_mcp.domain.rules.reading import as_list, as_mapping, as_text, entries, has_unfilled, names_in, repeats
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

METHODS = ("initdb", "recovery", "pg_basebackup")
_PLACE: Path = ("spec", "bootstrap")
_INITDB: Path = (*_PLACE, "initdb")
_IMPORT: Path = (*_INITDB, "import")
_RECOVERY: Path = (*_PLACE, "recovery")
_TARGET: Path = (*_RECOVERY, "recoveryTarget")
_OTHERS: Path = ("spec", "externalClusters")
_WAYS = ("connectionParameters", "barmanObjectStore", "plugin")
_TARGETS = ("targetImmediate", "targetLSN", "targetName", "targetTime", "targetXID")
_SINGLED = ("targetImmediate", "targetName", "targetXID")
"""Targets that no backup can be chosen from: the backup must be named."""
_LSN = re.compile(r"[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}:\d{2}(\.\d+)?( ?(Z|[+-]\d{2}(:?\d{2})?))?)?")
_NAME_MAX = 63


def bootstrap_methods(cluster: Object | None) -> tuple[str, ...]:
    given = as_mapping(at(cluster, *_PLACE))
    return tuple(name for name in METHODS if given.get(name) is not None)


def missing_external(seen: Seen, name: str) -> str | None:
    """What to say of an external cluster that is not there."""
    known = names_in(seen.object, *_OTHERS)
    if name in known or any(has_unfilled(one) for one in known):
        return None
    return f"no item of spec.externalClusters is named {quote(name)}; {suggest(name, known)}"


def _one_method(seen: Seen) -> Iterator[Fault]:
    found = bootstrap_methods(seen.stated)
    if len(found) > 1:
        yield Fault(_PLACE, f"{' and '.join(found)} exclude each other: keep one")


def _bootstrap_owners(seen: Seen) -> Iterator[Fault]:
    for name in METHODS:
        given = as_mapping(at(seen.object, *_PLACE, name))
        for one, other in (("owner", "database"), ("database", "owner")):
            if given.get(other) and not given.get(one):
                yield Fault((*_PLACE, name, one), f"is needed beside {other}: name both or neither")


def _wal_segment(seen: Seen) -> Iterator[Fault]:
    value = as_int(at(seen.object, *_INITDB, "walSegmentSize"))
    if value is not None and (not 1 <= value <= 1024 or value & (value - 1)):
        yield Fault((*_INITDB, "walSegmentSize"), f"{value} is no power of 2 from 1 to 1024 (megabytes): such as 16")


def _sql_references(seen: Seen) -> Iterator[Fault]:
    for name in ("postInitSQLRefs", "postInitTemplateSQLRefs", "postInitApplicationSQLRefs"):
        for kind in ("secretRefs", "configMapRefs"):
            for path, item in entries(seen.object, *_INITDB, name, kind):
                if not item.get("name") or not item.get("key"):
                    yield Fault(path, "needs both name and key")


def _initdb_import(seen: Seen) -> Iterator[Fault]:
    given = at(seen.object, *_IMPORT)
    if not isinstance(given, dict):
        return
    databases, roles = as_list(given.get("databases")), as_list(given.get("roles"))
    source = as_text(at(given, "source", "externalCluster"))
    if source and (text := missing_external(seen, source)):
        yield Fault((*_IMPORT, "source", "externalCluster"), text)
    if given.get("type") == "microservice":
        if len(databases) != 1 or "*" in as_text(databases[0]):
            yield Fault((*_IMPORT, "databases"), "'microservice' imports exactly one database, named without '*'")
        if roles:
            yield Fault((*_IMPORT, "roles"), "'microservice' imports no roles: leave it out, or use 'monolith'")
    if given.get("type") == "monolith":
        if not databases or ("*" in databases and len(databases) > 1):
            yield Fault((*_IMPORT, "databases"), "'monolith' needs names of databases, or '*' alone")
        if "*" in roles and len(roles) > 1:
            yield Fault((*_IMPORT, "roles"), "'*' stands alone: it means every role")
        if given.get("postImportApplicationSQL"):
            yield Fault((*_IMPORT, "postImportApplicationSQL"), "goes with 'microservice' only: leave it out")


def _recovery_source(seen: Seen) -> Iterator[Fault]:
    given = at(seen.object, *_RECOVERY)
    if not isinstance(given, dict):
        return
    if given.get("backup") and given.get("volumeSnapshots"):
        yield Fault((*_RECOVERY, "backup"), "excludes volumeSnapshots: keep one of them")
    if given.get("backup") and given.get("source"):
        yield Fault((*_RECOVERY, "backup"), "excludes source: keep one of them")
    source = as_text(given.get("source"))
    if source and (text := missing_external(seen, source)):
        yield Fault((*_RECOVERY, "source"), text)
    if at(given, "volumeSnapshots", "walStorage") and not at(seen.object, "spec", "walStorage"):
        yield Fault((*_RECOVERY, "volumeSnapshots", "walStorage"), "needs spec.walStorage, the volume that it fills")


def _target(seen: Seen) -> Iterator[Fault]:
    target = at(seen.object, *_TARGET)
    if not isinstance(target, dict):
        return
    stated = [name for name in _TARGETS if target.get(name) not in (None, "")]
    from_snapshots = bool(at(seen.object, *_RECOVERY, "volumeSnapshots"))
    for name in stated[1:]:
        yield Fault((*_TARGET, name), f"excludes {stated[0]}: keep one target")
    if not target.get("backupID") and not from_snapshots and any(name in _SINGLED for name in stated):
        yield Fault((*_TARGET, "backupID"), f"is needed with {stated[0]}, from which no backup can be chosen")
    if target.get("backupID") and from_snapshots:
        yield Fault((*_TARGET, "backupID"), "excludes volumeSnapshots, which are the backup: leave it out")
    yield from _target_values(target)


def _target_values(target: Object) -> Iterator[Fault]:
    line = str(target.get("targetTLI") or "latest")
    if line != "latest" and not (line.isdecimal() and int(line) > 0):
        yield Fault((*_TARGET, "targetTLI"), f"{quote(line)} is no timeline: 'latest' or a number from 1")
    name = as_text(target.get("targetName"))
    if name and (len(name.encode()) > _NAME_MAX or not name.isprintable()):
        yield Fault((*_TARGET, "targetName"), f"must be one line of at most {_NAME_MAX} bytes")
    number = str(target.get("targetXID") or "0")
    if not number.isdecimal() or int(number) >= 2**32:
        yield Fault((*_TARGET, "targetXID"), f"{quote(number)} is no transaction: a number below 2^32")
    if target.get("targetLSN") and not _LSN.fullmatch(str(target["targetLSN"])):
        yield Fault((*_TARGET, "targetLSN"), f"{quote(str(target['targetLSN']))} is no LSN: such as '0/42000158'")
    if target.get("targetTime") and not _TIME.fullmatch(str(target["targetTime"])):
        yield Fault(
            (*_TARGET, "targetTime"), f"{quote(str(target['targetTime']))} is no time: such as '2026-08-21T02:03:12Z'"
        )


def _base_backup(seen: Seen) -> Iterator[Fault]:
    given = at(seen.object, *_PLACE, "pg_basebackup")
    if isinstance(given, dict) and (text := missing_external(seen, as_text(given.get("source")))):
        yield Fault((*_PLACE, "pg_basebackup", "source"), text)


def _external_clusters(seen: Seen) -> Iterator[Fault]:
    found = list(entries(seen.object, *_OTHERS))
    for path, item in found:
        if not any(item.get(way) for way in _WAYS):
            yield Fault(path, f"needs one of {', '.join(_WAYS)}")
        name = as_text(item.get("name"))
        if not name or ".." in name or set(name) & set("/\\"):
            yield Fault((*path, "name"), f"{quote(name)} must be a name without '/', '\\' and '..'")
    for path, name in repeats(((*path, "name"), as_text(item.get("name"))) for path, item in found):
        yield Fault(path, f"{quote(name)} is there already: each name once")


def _too_late(seen: Seen) -> Iterator[Fault]:
    new, old = bootstrap_methods(seen.stated), bootstrap_methods(seen.old) or ("initdb",)
    if seen.old is None or not new or has_unfilled(at(seen.old, *_PLACE)):
        return
    if not set(new) <= set(old):
        # What Git stated goes from the API with its edit; what the webhook filled in stays there.
        was_stated = len(bootstrap_methods(seen.object)) == 1 and bool(bootstrap_methods(seen.before))
        why = "is read at creation only" if was_stated else f"the operator filled in {old[0]} and refuses both together"
        yield Fault(
            _PLACE,
            f"goes from {' and '.join(old)} to {' and '.join(new)} on a Cluster that exists: {why}. Restoring takes a "
            f"new Cluster with a name of its own",
            ours=was_stated,
        )
    elif seen.before is not None and at(seen.object, *_PLACE) != at(seen.before, *_PLACE):
        yield Fault(_PLACE, "is read at creation only: this edit changes nothing on a Cluster that exists", "warning")


_ONE = ("Cluster",)

RULES = (
    Rule("bootstrap-method", _ONE, "webhook validateBootstrapMethod", _one_method),
    Rule("bootstrap-owner", _ONE, "webhook validateApplicationDatabase", _bootstrap_owners),
    Rule("initdb-segment", _ONE, "webhook validateInitDB", _wal_segment),
    Rule("initdb-references", _ONE, "webhook validateInitDB", _sql_references),
    Rule("import", _ONE, "webhook validateImport", _initdb_import),
    Rule("recovery", _ONE, "webhook validateBootstrapRecoverySource", _recovery_source),
    Rule("recovery-target", _ONE, "webhook validateRecoveryTarget", _target),
    Rule("base-backup", _ONE, "webhook validateBootstrapPgBaseBackupSource", _base_backup),
    Rule("external-clusters", _ONE, "webhook validateExternalClusters", _external_clusters),
    Rule("bootstrap-once", _ONE, "webhook validateBootstrapMethod", _too_late, compares=True),
)
