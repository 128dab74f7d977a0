"""Up to where a Cluster is restored: what the caller says, and whether an archive can do it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from gitops_mcp.domain.cnpg.notation.moment import format_rfc3339, parse_time
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Object, at, text_at
from gitops_mcp.errors import InvalidRequest, Refused

Kind = Literal["latest", "time", "backup", "lsn", "restore_point"]
_LSN = re.compile(r"[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}")
_BACKUP_ID = re.compile(r"\d{8}T\d{6}")
_EXAMPLES: dict[Kind, str] = {
    "time": "2026-08-21T02:03:12Z",
    "backup": "the name of a Backup, as list_postgres_backups gives it, or a backup id such as 20260821T020001",
    "lsn": "0/42000158",
    "restore_point": "the name that pg_create_restore_point was given",
}
_NAME_MAX = 63


@dataclass(frozen=True)
class Target:
    kind: Kind = "latest"
    value: str = ""
    time: datetime | None = None

    def __str__(self) -> str:
        return "the latest that is archived" if self.kind == "latest" else f"{self.kind} {self.value}"


def checked_target(kind: Kind, value: str | None) -> Target:
    """Raises InvalidRequest for a value that is none of its kind."""
    if kind == "latest":
        if value:
            raise InvalidRequest("target_value: target 'latest' takes none; for a point in time say target='time'")
        return Target()
    if not value:
        raise InvalidRequest(f"target_value: target {kind!r} needs one: {_EXAMPLES[kind]}")
    match kind:
        case "time":
            return _checked_time(value)
        case "lsn" if not _LSN.fullmatch(value):
            raise InvalidRequest(f"target_value: {quote(value)} is not an LSN: use one such as '0/42000158'")
        case "restore_point" if len(value.encode()) > _NAME_MAX or not value.isprintable():
            raise InvalidRequest(f"target_value: a restore point is one line of at most {_NAME_MAX} bytes")
    return Target(kind, value)


def _checked_time(value: str) -> Target:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None:
        raise InvalidRequest(
            f"target_value: {quote(value)} is not a time: RFC 3339 with a zone, such as '{_EXAMPLES['time']}'"
        )
    if found.tzinfo is None:
        example = found.isoformat() + "Z"
        raise InvalidRequest(
            f"target_value: {quote(value)} has no time zone, and none is guessed: {example!r} is UTC, "
            f"'{found.isoformat()}+02:00' two hours before it"
        )
    utc = found.astimezone(UTC)
    text = utc.isoformat().replace("+00:00", "Z") if utc.microsecond else format_rfc3339(utc)
    return Target("time", text, utc)


@dataclass(frozen=True)
class Span:
    """The times that an archive can restore, as far as they are known."""

    where: str
    """`ObjectStore vault (server db)`"""
    first: datetime | None = None
    last: datetime | None = None
    """The last time that is surely archived; None: WAL is archived until now."""
    ends: str = ""
    """Why it ends, where it does."""
    newest: datetime | None = None
    """The end of the newest base backup."""

    def __str__(self) -> str:
        first = format_rfc3339(self.first) if self.first else "an unknown time"
        last = "now" if self.last is None else f"{'' if self.ends else 'at least '}{format_rfc3339(self.last)}"
        return f"{self.where} can restore from {first} to {last}{f' ({self.ends})' if self.ends else ''}"


def check_in_span(target: Target, span: Span | None, *, now: datetime) -> str:
    """What could not be told of it. Raises InvalidRequest for a time outside of what can be restored."""
    if target.time is not None and target.time > now:
        raise InvalidRequest(
            f"target_value: {target.value} is in the future, it is {format_rfc3339(now)} now: target='latest' restores "
            f"all that is archived{f'; {span}' if span else ''}"
        )
    if span is None or target.time is None:
        return ""
    if span.first is not None and target.time < span.first:
        raise InvalidRequest(
            f"target_value: {target.value} is before the end of the oldest backup: {span}. Take a time from then on"
        )
    if span.last is not None and target.time > span.last:
        if span.newest is not None and not span.ends:
            return f"whether WAL reaches {target.value} could not be determined"
        raise InvalidRequest(f"target_value: {target.value} is after what is archived: {span}; or target='latest'")
    return ""


def find_backup(backups: Iterable[Object], name: str) -> Object | None:
    """By its metadata.name, or the id that the archive knows it by."""
    return next((one for one in backups if name in {at(one, "metadata", "name"), at(one, "status", "backupId")}), None)


def is_backup_id(text: str) -> bool:
    return _BACKUP_ID.fullmatch(text) is not None


def check_usable(backup: Object) -> None:
    """Raises Refused where a Backup is not done, or has failed."""
    phase = text_at(backup, "status", "phase") or "pending"
    if phase != "completed":
        raise Refused(
            f"target_value: Backup {at(backup, 'metadata', 'name')} is {phase}, and only one that is completed can be "
            f"restored: list_postgres_backups names them"
        )


def base_backup(backups: Iterable[Object], target: Target) -> Object | None:
    """The one that a restore begins with: the newest that had ended by then; of a restore point the oldest.

    Where a point is in time its name does not say, so that all that a newer backup skips has to be looked through.
    """
    ended = [(end, one) for one in backups if (end := parse_time(at(one, "status", "stoppedAt"))) is not None]
    ended = [(end, one) for end, one in ended if target.time is None or end <= target.time]
    if not ended:
        return None
    choose = min if target.kind == "restore_point" else max
    return choose(ended, key=lambda pair: pair[0])[1]
