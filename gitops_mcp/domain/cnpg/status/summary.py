"""A Cluster at a glance: what a list shows of it, and what a person has done to it that explains the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gitops_mcp.domain.cnpg.cluster_spec import (
    fenced_instances,
    instance_count,
    is_hibernated,
    is_replica,
    storage_size,
)
from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.notation.moment import Moment, format_age, moment, parse_time
from gitops_mcp.domain.cnpg.status.phase import RESTORE_STEP, SETTING_UP, WAIT, Phase, PhaseClass, phase_of
from gitops_mcp.domain.cnpg.version import major_of
from gitops_mcp.domain.objects import Object, as_int, at, list_at, text_at

EVERY_INSTANCE = "*"
LONG = timedelta(minutes=15)
"""How long a step of the operator may take before it is told that it lasts."""


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
        return phase_of(self.cluster)

    @property
    def phase_class(self) -> PhaseClass | Literal["deleting", "hibernated", "fenced"]:
        """The class of the phase, as far as the rest of the object bears it out.

        The phase stays healthy in a Cluster that is hibernated, fenced or in deletion, and for more than a minute in
        one that has lost a replica.
        """
        if self.deleting:
            return "deleting"
        if self.hibernated:
            return "hibernated"
        kind = self.phase.kind
        if kind != "ok":
            return kind
        return "fenced" if self.fenced else "degraded" if self.ready < self.instances else "ok"

    @property
    def not_ready_for(self) -> str | None:
        """How long it has not been ready, where that is long: `64m`."""
        ready = next((one for one in list_at(self.cluster, "status", "conditions") if at(one, "type") == "Ready"), None)
        since = parse_time(at(ready, "lastTransitionTime")) if at(ready, "status") == "False" else None
        return format_age(since, self.now) if since and self.now - since >= LONG else None

    @property
    def next_step(self) -> str:
        """What a person should do about the phase: one that lasts is no longer waited for."""
        if self.not_ready_for is None:
            return self.phase.action
        return RESTORE_STEP if self.restores else self.phase.action.removeprefix(WAIT)

    @property
    def restores(self) -> bool:
        """Whether its first instance is still to come out of a backup."""
        restoring = at(self.cluster, "spec", "bootstrap", "recovery") is not None and not self.primary
        return restoring and self.phase.name == SETTING_UP

    @property
    def phase_reason(self) -> str | None:
        """Text from the cluster, cut."""
        return excerpt(at(self.cluster, "status", "phaseReason"))

    @property
    def primary(self) -> str | None:
        return text_at(self.cluster, "status", "currentPrimary")

    @property
    def switching_to(self) -> str | None:
        """The next primary while a switch goes on; `pending` where none is chosen yet."""
        target = text_at(self.cluster, "status", "targetPrimary")
        return target if target != self.primary else None

    @property
    def image(self) -> str | None:
        image = text_at(self.cluster, "status", "image") or text_at(self.cluster, "spec", "imageName")
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
        """Whether it is asked for and no instance runs any more: the operator hibernates a healthy Cluster only."""
        return is_hibernated(self.cluster) and self.ready == 0 and self.hibernation_waits is None

    @property
    def hibernation_waits(self) -> str | None:
        """What keeps a hibernation that is asked for from being done. Text from the cluster, cut."""
        listed = list_at(self.cluster, "status", "conditions")
        found = next((one for one in listed if at(one, "type") == "cnpg.io/hibernation"), None)
        return excerpt(at(found, "message")) if at(found, "status") == "False" else None

    @property
    def fenced(self) -> tuple[str, ...]:
        """Names of instances, or `*` for all."""
        return fenced_instances(self.cluster)

    @property
    def is_made_replica(self) -> bool:
        """Whether the operator has fenced all instances itself, to make the Cluster follow its source."""
        listed = list_at(self.cluster, "status", "conditions")
        return any(at(one, "type") == "ReplicaClusterFencing" and at(one, "status") == "True" for one in listed)

    @property
    def deleting(self) -> bool:
        return at(self.cluster, "metadata", "deletionTimestamp") is not None

    @property
    def healthy(self) -> bool:
        return self.phase_class == "ok"


def _catalog_image(spec: object) -> str | None:
    ref = at(spec, "imageCatalogRef")
    return f"{at(ref, 'kind')} {at(ref, 'name')}, major {at(ref, 'major')}" if isinstance(ref, dict) else None
