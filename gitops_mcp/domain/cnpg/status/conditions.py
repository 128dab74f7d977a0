"""The conditions of a Cluster. Those of archiving and backups are always told, since Ready says nothing of either."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.notation.moment import Moment, moment
from gitops_mcp.domain.cnpg.status.backups import archiver
from gitops_mcp.domain.objects import Object, list_at

READY = "Ready"
ARCHIVING = "ContinuousArchiving"
LAST_BACKUP = "LastBackupSucceeded"
SYSTEM_ID = "ConsistentSystemID"
NOT_REPORTED = "not reported"
NO_ARCHIVE = "no archive"
"""Of ContinuousArchiving, which the operator sets True in a Cluster without an archive too: its command succeeds there
and keeps nothing."""

_FIRST = (READY, ARCHIVING, LAST_BACKUP)


@dataclass(frozen=True)
class Condition:
    type: str
    status: str
    """`True`, `False`, `Unknown`, `not reported`, or `no archive`."""
    reason: str | None = None
    message: str | None = None
    """Text from the cluster, cut."""
    since: Moment | None = None


def conditions(cluster: Object, *, now: datetime) -> tuple[Condition, ...]:
    """All of them, the three that matter first."""
    found = {
        str(one.get("type")): Condition(
            type=str(one.get("type")),
            status=str(one.get("status") or NOT_REPORTED),
            reason=excerpt(one.get("reason"), limit=100),
            message=excerpt(one.get("message")),
            since=moment(one.get("lastTransitionTime"), now=now),
        )
        for one in list_at(cluster, "status", "conditions")
        if isinstance(one, dict)
    }
    archiving = found.get(ARCHIVING)
    if archiving and archiving.status == "True" and archiver(cluster) is None:
        found[ARCHIVING] = Condition(ARCHIVING, NO_ARCHIVE, since=archiving.since)
    first = [found.pop(name, Condition(name, NOT_REPORTED)) for name in _FIRST]
    return (*first, *found.values())


def find_condition(conditions_: tuple[Condition, ...], name: str) -> Condition | None:
    return next((one for one in conditions_ if one.type == name), None)
