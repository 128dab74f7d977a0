"""How far an object that the instance manager reconciles is: Database, DatabaseRole, Publication, Subscription.

`observedGeneration` moves on success only, so an object is done when it is applied at its present generation. A
failure is retried every 30 seconds for ever. `applied` is absent while nobody knows, as on a replica cluster.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.objects import Object, at


@dataclass(frozen=True)
class Reconciliation:
    applied: bool | None
    """None: not told yet."""
    current: bool
    """Whether that was said of the object as it is now."""
    message: str | None
    """Text from the cluster, cut."""
    deleting: bool

    @property
    def done(self) -> bool:
        return self.applied is True and self.current and not self.deleting


def read_reconciliation(object_: Object) -> Reconciliation:
    observed = at(object_, "status", "observedGeneration")
    applied = at(object_, "status", "applied")
    return Reconciliation(
        applied=applied if isinstance(applied, bool) else None,
        current=observed is not None and observed == at(object_, "metadata", "generation"),
        message=excerpt(at(object_, "status", "message")),
        deleting=at(object_, "metadata", "deletionTimestamp") is not None,
    )


def objects_of_cluster(cluster: Object, objects: Iterable[Object]) -> list[Object]:
    """Those that name this Cluster in their spec, by name; such references stay in one namespace."""
    name, namespace = at(cluster, "metadata", "name"), at(cluster, "metadata", "namespace")
    own = [
        one
        for one in objects
        if at(one, "spec", "cluster", "name") == name and at(one, "metadata", "namespace") == namespace
    ]
    return sorted(own, key=lambda one: str(at(one, "metadata", "name")))
