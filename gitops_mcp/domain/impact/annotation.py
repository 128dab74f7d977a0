"""Annotations of a Cluster by which somebody asks the operator for something: what that takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.cnpg.cluster_spec import is_hibernated
from gitops_mcp.domain.impact.level import Impact, Level, impact
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import annotation
from gitops_mcp.domain.rules.pod_patch import POD_PATCH
from gitops_mcp.domain.rules.reading import annotations_of
from gitops_mcp.domain.rules.waiting import unhealthy_phase

_RESTART_NOTES = {
    annotation.SKIP_ARCHIVING: "archive_mode changes with it, which PostgreSQL reads when it starts",
    POD_PATCH: "every pod is recreated with the patch",
    annotation.RESTARTED: "asks for a restart of every instance",
}


def annotation_impacts(before: Object, after: Object) -> Iterator[Impact]:
    old, new = annotations_of(before), annotations_of(after)
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield from _annotation_impact(name, old.get(name), new.get(name))


def hibernation_impacts(before: Object, after: Object, live: Object | None) -> Iterator[Impact]:
    if is_hibernated(after) and not is_hibernated(before):
        when = " once the cluster is healthy, which it is not now," if unhealthy_phase(after, live) else ""
        field = f"metadata.annotations {annotation.HIBERNATION}"
        yield impact(Level.OUTAGE, f"{field}: every pod is stopped{when} until it is 'off' again; volumes stay")


def _annotation_impact(name: str, old: Any, new: Any) -> Iterator[Impact]:
    field = f"metadata.annotations {name}"
    match name:
        case annotation.HIBERNATION if old == "on":
            yield impact(Level.NONE, f"{field}: the hibernated cluster starts again")
        case annotation.FENCED:
            stopped = [
                name for name in annotation.parse_fenced(new) or () if name not in (annotation.parse_fenced(old) or ())
            ]
            if stopped or (new is not None and annotation.parse_fenced(new) is None):
                yield impact(
                    Level.OUTAGE,
                    f"{field}: PostgreSQL stops on {', '.join(stopped) or 'what it names'}; where that is the primary, "
                    f"nothing takes over",
                )
            else:
                yield impact(Level.NONE, f"{field}: PostgreSQL starts again where it was fenced")
        case annotation.RELOADED if new is not None:
            yield impact(Level.RELOAD, f"{field}: asks for a reload of every instance")
        case annotation.RESTARTED if new is None:
            pass
        case _ if name in _RESTART_NOTES:
            yield impact(Level.ROLLING_RESTART, f"{field}: {_RESTART_NOTES[name]}")
        case annotation.RECONCILIATION if new == "disabled":
            yield impact(Level.NONE, f"{field}: the operator stops caring for the cluster, failover included")
        case _:
            pass
