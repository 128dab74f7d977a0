"""The PVCs of a Cluster, and what its status says of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.quantity import quantity
from gitops_mcp.domain.cnpg.status.pods import CLUSTER_LABEL, serial_order
from gitops_mcp.domain.objects import Object, at

_STATES = ("unusable", "dangling", "initializing", "resizing", "healthy")


@dataclass(frozen=True)
class Volume:
    name: str
    instance: str | None
    role: str
    """`PG_DATA`, `PG_WAL` or `PG_TABLESPACE`."""
    tablespace: str | None
    phase: str
    """`Bound`, `Pending` or `Lost`."""
    requested: str | None
    capacity: str | None
    storage_class: str | None
    state: str
    """`healthy`, `resizing`, `initializing`, `dangling`, `unusable`, as the operator sorts it; `unknown` otherwise."""
    resizing: str | None
    """How far the growth of a volume is, in the words of Kubernetes."""

    @property
    def is_smaller_than_asked(self) -> bool:
        wanted, there = quantity(self.requested), quantity(self.capacity)
        return wanted is not None and there is not None and there < wanted


def volumes(cluster: Object, claims: Iterable[Object]) -> tuple[Volume, ...]:
    name = at(cluster, "metadata", "name")
    states = {one: state for state in reversed(_STATES) for one in at(cluster, "status", f"{state}PVC") or ()}
    own = [claim for claim in claims if at(claim, "metadata", "labels", CLUSTER_LABEL) == name]
    return tuple(
        sorted(
            (_read_volume(claim, states) for claim in own), key=lambda one: (serial_order(one.instance or ""), one.name)
        )
    )


def _read_volume(claim: Object, states: dict[str, str]) -> Volume:
    labels = at(claim, "metadata", "labels") or {}
    name = str(at(claim, "metadata", "name"))
    return Volume(
        name=name,
        instance=labels.get("cnpg.io/instanceName"),
        role=str(labels.get("cnpg.io/pvcRole") or "unknown"),
        tablespace=labels.get("cnpg.io/tablespaceName"),
        phase=str(at(claim, "status", "phase") or "unknown"),
        requested=_as_text(at(claim, "spec", "resources", "requests", "storage")),
        capacity=_as_text(at(claim, "status", "capacity", "storage")),
        storage_class=at(claim, "spec", "storageClassName"),
        state=states.get(name, "unknown"),
        resizing=_resize_state(claim),
    )


def _resize_state(claim: Object) -> str | None:
    for condition in at(claim, "status", "conditions") or ():
        if at(condition, "status") == "True":
            message = at(condition, "message")
            return excerpt(f"{at(condition, 'type')}: {message}" if message else at(condition, "type"))
    return None


def _as_text(value: object) -> str | None:
    return None if value is None else str(value)
