"""A Cluster at a glance: what a list shows of it, and what a person has done to it that explains the rest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.moment import Moment, moment
from gitops_mcp.domain.cnpg.phase import Phase, phase
from gitops_mcp.domain.cnpg.version import major_of
from gitops_mcp.domain.objects import Object, at

EVERY_INSTANCE = "*"


@dataclass(frozen=True)
class Summary:
    namespace: str | None
    name: str
    instances: int
    """As spec asks for."""
    ready: int
    phase: Phase
    phase_reason: str | None
    """Text from the cluster, cut."""
    primary: str | None
    switching_to: str | None
    """The next primary while a switch goes on; `pending` where none is chosen yet."""
    image: str | None
    major: int | None
    storage: str | None
    wal_storage: str | None
    created: Moment | None
    timeline: int | None
    replica_of: str | None
    """The external cluster that a replica cluster follows."""
    hibernated: bool
    fenced: tuple[str, ...]
    """Names of instances, or `*` for all."""
    deleting: bool

    @property
    def healthy(self) -> bool:
        return self.phase.kind == "ok" and self.ready >= self.instances and not (self.fenced or self.deleting)


def summary(cluster: Object, *, now: datetime) -> Summary:
    status, spec = cluster.get("status") or {}, cluster.get("spec") or {}
    current, target = at(status, "currentPrimary"), at(status, "targetPrimary")
    image = at(status, "image") or at(spec, "imageName")
    return Summary(
        namespace=at(cluster, "metadata", "namespace"),
        name=str(at(cluster, "metadata", "name") or ""),
        instances=wanted(cluster),
        ready=number(at(status, "readyInstances")) or 0,
        phase=phase(at(status, "phase")),
        phase_reason=excerpt(at(status, "phaseReason")),
        primary=current or None,
        switching_to=target if target and target != current else None,
        image=image or _catalog(spec),
        major=number(at(status, "pgDataImageInfo", "majorVersion"))
        or major_of(image)
        or number(at(spec, "imageCatalogRef", "major")),
        storage=_size(at(spec, "storage")),
        wal_storage=_size(at(spec, "walStorage")),
        created=moment(at(cluster, "metadata", "creationTimestamp"), now=now),
        timeline=number(at(status, "timelineID")),
        replica_of=_followed(cluster),
        hibernated=at(cluster, "metadata", "annotations", "cnpg.io/hibernation") == "on",
        fenced=fenced(cluster),
        deleting=at(cluster, "metadata", "deletionTimestamp") is not None,
    )


def wanted(cluster: Object) -> int:
    """`spec.instances`; the CRD's default is one."""
    return number(at(cluster, "spec", "instances")) or 1


def fenced(cluster: Object) -> tuple[str, ...]:
    """The annotation holds a JSON list; the operator ignores what it cannot read, so that is no fencing."""
    value = at(cluster, "metadata", "annotations", "cnpg.io/fencedInstances")
    try:
        listed = json.loads(value) if isinstance(value, str) else []
    except ValueError:
        return ()
    return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()


def number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _followed(cluster: Object) -> str | None:
    """Distributed topologies name a primary, standalone replica clusters are enabled by hand."""
    replica = at(cluster, "spec", "replica")
    primary = at(replica, "primary")
    itself = at(replica, "self") or at(cluster, "metadata", "name")
    follows = primary != itself if primary else at(replica, "enabled") is True
    return str(at(replica, "source") or primary) if follows else None


def _size(storage: object) -> str | None:
    size = at(storage, "size") or at(storage, "pvcTemplate", "resources", "requests", "storage")
    return None if size is None else str(size)


def _catalog(spec: Object) -> str | None:
    ref = at(spec, "imageCatalogRef")
    return f"{at(ref, 'kind')} {at(ref, 'name')}, major {at(ref, 'major')}" if isinstance(ref, dict) else None
