"""What the operator and Kubernetes last said about a Cluster and its parts. All of it is text from the cluster."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.notation.moment import Moment, moment, parse_time
from gitops_mcp.domain.objects import Object, as_int, at

_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    last: Moment | None
    warning: bool
    reason: str
    object: str
    """Kind and name of what it is about."""
    message: str | None
    count: int


@dataclass(frozen=True)
class Events:
    items: tuple[Event, ...]
    """Newest first."""
    more: int
    """How many older ones are left off."""


def events(
    objects: Iterable[Object], *, cluster: str, others: Collection[str] = (), now: datetime, most: int = 10
) -> Events:
    """Those about the Cluster, its instances, their volumes and jobs, and about `others` by name."""
    own = re.compile(rf"{re.escape(cluster)}(-\d+(-[a-z0-9.-]+)?)?")
    about = [one for one in objects if _is_about(one, own, others)]
    about.sort(key=lambda one: _last_time(one) or _START, reverse=True)
    return Events(tuple(_read_event(one, now=now) for one in about[:most]), max(len(about) - most, 0))


def _is_about(event: Object, own: re.Pattern[str], others: Collection[str]) -> bool:
    name = at(event, "involvedObject", "name")
    return isinstance(name, str) and (own.fullmatch(name) is not None or name in others)


def _last_time(event: Object) -> datetime | None:
    """Old events have lastTimestamp, new ones a series or only the time they were made."""
    return (
        parse_time(at(event, "series", "lastObservedTime"))
        or parse_time(at(event, "lastTimestamp"))
        or parse_time(at(event, "eventTime"))
        or parse_time(at(event, "metadata", "creationTimestamp"))
    )


def _read_event(event: Object, *, now: datetime) -> Event:
    when = _last_time(event)
    return Event(
        last=moment(when.isoformat(), now=now) if when else None,
        warning=at(event, "type") == "Warning",
        reason=excerpt(at(event, "reason"), limit=100) or "",
        object=excerpt(f"{at(event, 'involvedObject', 'kind')} {at(event, 'involvedObject', 'name')}") or "",
        message=excerpt(at(event, "message")),
        count=as_int(at(event, "series", "count")) or as_int(at(event, "count")) or 1,
    )
