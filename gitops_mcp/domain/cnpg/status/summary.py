"""A Cluster at a glance: what a list shows of it, and what a person has done to it that explains the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.domain.cnpg.cluster_spec import (
    fenced_instances,
    instance_count,
    is_hibernated,
    is_replica,
    storage_size,
)
from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.moment import Moment, moment
from gitops_mcp.domain.cnpg.status.phase import Phase, find_phase
from gitops_mcp.domain.cnpg.version import major_of
from gitops_mcp.domain.objects import Object, as_int, at

EVERY_INSTANCE = "*"


@dataclass(frozen=True, slots=True)
class Summary:
    """Each fact is read when it is asked for: a list of thousands asks for few."""

    cluster: Object
    now: datetime

    @property
    def namespace(self) -> str | None:
        found: str | None = at(self.cluster, "metadata", "namespace")
        return found

    @property
    def name(self) -> str:
        return str(at(self.cluster, "metadata", "name") or "")

    @property
    def instances(self) -> int:
        """As spec asks for; the API takes no other than a number."""
        return instance_count(self.cluster) or 1

    @property
    def ready(self) -> int:
        return as_int(at(self.cluster, "status", "readyInstances")) or 0

    @property
    def phase(self) -> Phase:
        return find_phase(at(self.cluster, "status", "phase"))

    @property
    def phase_reason(self) -> str | None:
        """Text from the cluster, cut."""
        return excerpt(at(self.cluster, "status", "phaseReason"))

    @property
    def primary(self) -> str | None:
        return at(self.cluster, "status", "currentPrimary") or None

    @property
    def switching_to(self) -> str | None:
        """The next primary while a switch goes on; `pending` where none is chosen yet."""
        target = at(self.cluster, "status", "targetPrimary")
        return target if target and target != self.primary else None

    @property
    def image(self) -> str | None:
        image = at(self.cluster, "status", "image") or at(self.cluster, "spec", "imageName")
        return image or _catalog_image(at(self.cluster, "spec"))

    @property
    def major(self) -> int | None:
        return (
            as_int(at(self.cluster, "status", "pgDataImageInfo", "majorVersion"))
            or major_of(at(self.cluster, "status", "image") or at(self.cluster, "spec", "imageName"))
            or as_int(at(self.cluster, "spec", "imageCatalogRef", "major"))
        )

    @property
    def storage(self) -> str | None:
        return storage_size(at(self.cluster, "spec", "storage"))

    @property
    def wal_storage(self) -> str | None:
        return storage_size(at(self.cluster, "spec", "walStorage"))

    @property
    def created(self) -> Moment | None:
        return moment(at(self.cluster, "metadata", "creationTimestamp"), now=self.now)

    @property
    def timeline(self) -> int | None:
        return as_int(at(self.cluster, "status", "timelineID"))

    @property
    def replica_of(self) -> str | None:
        """The external cluster that a replica cluster follows."""
        if not is_replica(self.cluster):
            return None
        replica = at(self.cluster, "spec", "replica")
        return str(at(replica, "source") or at(replica, "primary"))

    @property
    def hibernated(self) -> bool:
        return is_hibernated(self.cluster)

    @property
    def fenced(self) -> tuple[str, ...]:
        """Names of instances, or `*` for all."""
        return fenced_instances(self.cluster)

    @property
    def deleting(self) -> bool:
        return at(self.cluster, "metadata", "deletionTimestamp") is not None

    @property
    def healthy(self) -> bool:
        return self.phase.kind == "ok" and self.ready >= self.instances and not (self.fenced or self.deleting)


def _catalog_image(spec: object) -> str | None:
    ref = at(spec, "imageCatalogRef")
    return f"{at(ref, 'kind')} {at(ref, 'name')}, major {at(ref, 'major')}" if isinstance(ref, dict) else None
