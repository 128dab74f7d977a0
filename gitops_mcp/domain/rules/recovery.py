"""How a Cluster is restored: from which backup, and up to where."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_mcp.domain.cnpg.notation.golang import is_rfc3339, parse_integer
from gitops_mcp.domain.cnpg.releases import Releases
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.rules.bootstrap import missing_external
from gitops_mcp.domain.rules.reading import as_text, entries
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_PLACE: Path = ("spec", "bootstrap", "recovery")
_TARGET: Path = (*_PLACE, "recoveryTarget")
_TARGETS = ("targetImmediate", "targetLSN", "targetName", "targetTime", "targetXID")
_SINGLED = ("targetImmediate", "targetName", "targetXID")
"""Targets that no backup can be chosen from: the backup must be named."""
_VOLUMES = {("snapshot.storage.k8s.io", "VolumeSnapshot"), ("", "PersistentVolumeClaim")}
_LSN = re.compile(r"0*[0-9A-Fa-f]{1,16}/0*[0-9A-Fa-f]{1,16}")
_LSN_MOST = 8
"""Digits on each side; the webhook reads 16, PostgreSQL does not."""
_POSTGRES_TIME = re.compile(
    r"[0-9]{1,9}-[0-9]{2}-[0-9]{2}"
    r"( [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,18})?(Z|[+-][0-9]{2}(:[0-9]{2}(:[0-9]{2})?)?)?)?( BC)?"
)
_NAME_MAX = 63
_NAMES_READ = Releases(since=((1, 28, 3), (1, 29, 1), (1, 30, 0)))
_PARAMETERS_DO = Releases(until=((1, 27, 4), (1, 28, 2), (1, 29, 0)))


def _recovery_source(seen: Seen) -> Iterator[Fault]:
    given = at(seen.object, *_PLACE)
    if not isinstance(given, dict):
        return
    if given.get("backup") is not None and given.get("source"):
        yield Fault((*_PLACE, "backup"), "excludes source: keep one of them", ours=True)
    source = as_text(given.get("source"))
    if source and (text := missing_external(seen, source)):
        yield Fault((*_PLACE, "source"), text)
    for _, item in entries(seen.object, "spec", "externalClusters"):
        ways = [one for one in ("barmanObjectStore", "plugin") if item.get(one) is not None]
        if source and item.get("name") == source and item.get("connectionParameters") is not None and not ways:
            yield Fault(
                (*_PLACE, "source"),
                f"{quote(source)} has connectionParameters alone, from which older operators do not restore: "
                f"barmanObjectStore or plugin, or pg_basebackup in place of recovery",
                holds=_PARAMETERS_DO,
            )


def _snapshots(seen: Seen) -> Iterator[Fault]:
    given, place = at(seen.object, *_PLACE), (*_PLACE, "volumeSnapshots")
    if at(given, "volumeSnapshots") is None:
        return
    if given.get("backup") is not None:
        yield Fault((*_PLACE, "backup"), "excludes volumeSnapshots: keep one of them")
    if at(given, "recoveryTarget", "backupID"):
        yield Fault((*_TARGET, "backupID"), "excludes volumeSnapshots, which are the backup: leave it out")
    for name in ("storage", "walStorage"):
        volume = at(given, "volumeSnapshots", name)
        kind, group = as_text(at(volume, "kind")), as_text(at(volume, "apiGroup"))
        if isinstance(volume, dict) and (group, kind) not in _VOLUMES:
            yield Fault(
                (*place, name),
                f"{quote(kind)} of the API group {quote(group)} is not a volume to restore from: kind VolumeSnapshot "
                f"with "
                f"apiGroup snapshot.storage.k8s.io, or kind PersistentVolumeClaim with apiGroup ''",
            )
    if at(given, "volumeSnapshots", "walStorage") is not None and at(seen.object, "spec", "walStorage") is None:
        yield Fault((*place, "walStorage"), "needs spec.walStorage, the volume that it fills")


def _target(seen: Seen) -> Iterator[Fault]:
    target = at(seen.object, *_TARGET)
    if not isinstance(target, dict):
        return
    stated = [name for name in _TARGETS if target.get(name) not in (None, "")]
    for name in stated[1:]:
        yield Fault((*_TARGET, name), f"excludes {stated[0]}: keep one target")
    has_snapshots = at(seen.object, *_PLACE, "volumeSnapshots") is not None
    if not target.get("backupID") and not has_snapshots and any(name in _SINGLED for name in stated):
        yield Fault((*_TARGET, "backupID"), f"is needed with {stated[0]}, from which no backup can be chosen")
    line, lsn, time = (as_text(target.get(name)) for name in ("targetTLI", "targetLSN", "targetTime"))
    if line not in ("", "latest") and not (line.isdecimal() and (parse_integer(line) or 0) > 0):
        text = f"{quote(line)} is not a timeline: 'latest' or a number from 1"
        yield Fault((*_TARGET, "targetTLI"), text, ours=(parse_integer(line) or 0) > 0)
    if lsn and (not _LSN.fullmatch(lsn) or any(len(one) > _LSN_MOST for one in lsn.split("/"))):
        text = f"{quote(lsn)} is not an LSN: use one such as '0/42000158'"
        yield Fault((*_TARGET, "targetLSN"), text, ours=_LSN.fullmatch(lsn) is not None)
    if time and not is_target_time(time):
        yield Fault((*_TARGET, "targetTime"), f"{quote(time)} is not a time: use one such as '2026-08-21T02:03:12Z'")


def _target_names(seen: Seen) -> Iterator[Fault]:
    target: Object = at(seen.object, *_TARGET)
    name, number = as_text(at(target, "targetName")), as_text(at(target, "targetXID")) or "0"
    is_long = len(name.encode(errors="surrogatepass")) > _NAME_MAX
    is_refused = is_long or any(one < " " or one == "\x7f" for one in name)
    if is_refused or (name and not name.isprintable()):
        text = f"must be one line of at most {_NAME_MAX} bytes"
        yield Fault((*_TARGET, "targetName"), text, ours=not is_refused)
    value = parse_integer(number) if number.isdecimal() else None
    if value is None or value >= 2**32:
        yield Fault((*_TARGET, "targetXID"), f"{quote(number)} is not a transaction: a number below 2^32")


def is_target_time(text: str) -> bool:
    """What the operator reads as one (machinery's ParseTargetTime): as PostgreSQL writes times, or RFC 3339."""
    return _POSTGRES_TIME.fullmatch(text) is not None or is_rfc3339(text, needs_zone=False)


_ONE = ("Cluster",)

RULES = (
    Rule("recovery", _ONE, "webhook validateBootstrapRecoverySource", _recovery_source),
    Rule("recovery-snapshots", _ONE, "webhook validateBootstrapRecoveryDataSource", _snapshots),
    Rule("recovery-target", _ONE, "webhook validateRecoveryTarget", _target),
    Rule("recovery-target-names", _ONE, "webhook validateRecoveryTarget", _target_names, holds=_NAMES_READ),
)
