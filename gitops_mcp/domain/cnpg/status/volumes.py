"""The PVCs of a Cluster, and what its status says of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.notation.quantity import quantity
from gitops_mcp.domain.cnpg.status.pods import CLUSTER_LABEL, serial_order
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at, text_at, texts_at

_STATES = ("unusable", "dangling", "initializing", "resizing", "healthy")
TERMINATING = "Terminating"


@dataclass(frozen=True)
class Volume:
    name: str
    instance: str | None
    role: str
    """`PG_DATA`, `PG_WAL` or `PG_TABLESPACE`."""
    tablespace: str | None
    phase: str
    """`Bound`, `Pending`, `Lost`, or `Terminating` once it is being deleted, as kubectl shows it."""
    requested: str | None
    capacity: str | None
    storage_class: str | None
    state: str
    """`healthy`, `resizing`, `initializing`, `dangling`, `unusable`, as the operator sorts it; else `deleting` where it
    goes, `unknown` otherwise."""
    resizing: str | None
    """How far the growth of a volume is, in the words of Kubernetes."""

    @property
    def is_smaller_than_asked(self) -> bool:
        wanted, there = quantity(self.requested), quantity(self.capacity)
        return wanted is not None and there is not None and there < wanted


def volumes(cluster: Object, claims: Iterable[Object]) -> tuple[Volume, ...]:
    name = at(cluster, "metadata", "name")
    states = {one: state for state in reversed(_STATES) for one in texts_at(cluster, "status", f"{state}PVC")}
    own = [claim for claim in claims if at(claim, "metadata", "labels", CLUSTER_LABEL) == name]
    return tuple(
        sorted(
            (_read_volume(claim, states) for claim in own), key=lambda one: (serial_order(one.instance or ""), one.name)
        )
    )


def _read_volume(claim: Object, states: dict[str, str]) -> Volume:
    labels = mapping_at(claim, "metadata", "labels")
    name = str(at(claim, "metadata", "name"))
    going = at(claim, "metadata", "deletionTimestamp") is not None
    return Volume(
        name=name,
        instance=text_at(labels, "cnpg.io/instanceName"),
        role=str(labels.get("cnpg.io/pvcRole") or "unknown"),
        tablespace=text_at(labels, "cnpg.io/tablespaceName"),
        phase=TERMINATING if going else text_at(claim, "status", "phase") or "unknown",
        requested=_as_text(at(claim, "spec", "resources", "requests", "storage")),
        capacity=_as_text(at(claim, "status", "capacity", "storage")),
        storage_class=text_at(claim, "spec", "storageClassName"),
        state=states.get(name, "deleting" if going else "unknown"),
        resizing=_resize_state(claim),
    )


def _resize_state(claim: Object) -> str | None:
    for condition in list_at(claim, "status", "conditions"):
        if at(condition, "status") == "True":
            message = at(condition, "message")
            return excerpt(f"{at(condition, 'type')}: {message}" if message else at(condition, "type"))
    return None


def _as_text(value: object) -> str | None:
    return None if value is None else str(value)
