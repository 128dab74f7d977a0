"""Backups and their schedules."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.cluster_spec import is_replica
from gitops_mcp.domain.cnpg.notation.golang import parse_integer
from gitops_mcp.domain.cnpg.status.backups import archiver
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.rules import schedule
from gitops_mcp.domain.rules.reading import annotations_of, as_text, cluster_of, entries
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_BARMAN = "barmanObjectStore"
_DEADLINE = "cnpg.io/volumeSnapshotDeadline"


def _schedule(seen: Seen) -> Iterator[Fault]:
    stated = as_text(at(seen.object, "spec", "schedule"))
    if text := schedule.schedule_fault(stated):
        yield Fault(("spec", "schedule"), text, ours=schedule.is_read_by_operator(stated))


def _schedule_due(seen: Seen) -> Iterator[Fault]:
    stated = as_text(at(seen.object, "spec", "schedule"))
    if schedule.schedule_fault(stated) is None and (text := schedule.odd_schedule(stated)):
        yield Fault(("spec", "schedule"), text, "warning")


def _backup_online(seen: Seen) -> Iterator[Fault]:
    if _backup_method(seen) != _BARMAN:
        return
    for name in ("online", "onlineConfiguration"):
        if at(seen.object, "spec", name) is not None:
            yield Fault(("spec", name), "works with method 'volumeSnapshot' only: leave it out")


def _backup_plugin(seen: Seen) -> Iterator[Fault]:
    """The webhook of ScheduledBackup lets it pass, and each Backup that it makes is refused then."""
    if _backup_method(seen) == "plugin" and not at(seen.object, "spec", "pluginConfiguration", "name"):
        yield Fault(
            ("spec", "pluginConfiguration"),
            "is needed with method 'plugin', such as name: barman-cloud.cloudnative-pg.io",
            ours=_is_scheduled(seen),
        )


def _backup_deadline(seen: Seen) -> Iterator[Fault]:
    """The webhook looks at that of a Backup alone."""
    stated = annotations_of(seen.object).get(_DEADLINE)
    ours = _is_scheduled(seen) or stated == ""
    if isinstance(stated, str) and parse_integer(stated) is None and not (ours and stated.isdecimal()):
        text = f"{quote(stated)} is not a number of minutes: use one such as '10'"
        yield Fault(("metadata", "annotations", _DEADLINE), text, ours=ours)


def _is_scheduled(seen: Seen) -> bool:
    return bool(at(seen.object, "kind") == "ScheduledBackup")


def _backup_configured(seen: Seen) -> Iterator[Fault]:
    cluster = cluster_of(seen.object, seen.neighbours)
    if cluster is None:
        return
    label = f"Cluster {at(cluster, 'metadata', 'name')}"
    match _backup_method(seen):
        case "barmanObjectStore" if not at(cluster, "spec", "backup", _BARMAN):
            yield Fault(
                ("spec", "method"),
                f"'{_BARMAN}', which is the default, needs spec.backup.{_BARMAN} of {label}, which has none: 'plugin' "
                f"or 'volumeSnapshot'",
                "warning",
            )
        case "volumeSnapshot" if not at(cluster, "spec", "backup", "volumeSnapshot"):
            yield Fault(("spec", "method"), f"'volumeSnapshot' needs spec.backup.volumeSnapshot of {label}", "warning")
        case "volumeSnapshot" if _needs_archive(seen, cluster) and archiver(cluster) is None:
            yield Fault(
                ("spec", "method"),
                f"a snapshot that is taken while PostgreSQL runs needs the WAL of that time, and nothing archives that "
                f"of {label}: it cannot be restored. Archive its WAL (schedule_postgres_backups method=plugin), or say "
                f"online: false",
                "warning",
            )
        case "plugin":
            wanted = as_text(at(seen.object, "spec", "pluginConfiguration", "name"))
            known = [
                as_text(one.get("name"))
                for _, one in entries(cluster, "spec", "plugins")
                if one.get("enabled") is not False
            ]
            if wanted and wanted not in known:
                yield Fault(
                    ("spec", "pluginConfiguration", "name"),
                    f"{label} enables no plugin {quote(wanted)}; {suggest(wanted, known)}",
                    "warning",
                )


def _needs_archive(seen: Seen, cluster: Object) -> bool:
    """A replica cluster's WAL is archived where it comes from."""
    online = at(seen.object, "spec", "online")
    online = at(cluster, "spec", "backup", "volumeSnapshot", "online") if online is None else online
    return online is not False and not is_replica(cluster)


def _backup_method(seen: Seen) -> str:
    return as_text(at(seen.object, "spec", "method")) or _BARMAN


_TWO = ("Backup", "ScheduledBackup")

RULES = (
    Rule("schedule", ("ScheduledBackup",), "webhook cron.Parse, and seconds first", _schedule),
    Rule("schedule-due", ("ScheduledBackup",), "operator", _schedule_due),
    Rule("backup-online", _TWO, "webhook validate", _backup_online),
    Rule("backup-plugin", _TWO, "webhook validate", _backup_plugin),
    Rule("backup-deadline", _TWO, "webhook validate", _backup_deadline),
    Rule("backup-configured", _TWO, "operator", _backup_configured),
)
