"""How far an object that the instance manager reconciles is: Database, DatabaseRole, Publication, Subscription.

`observedGeneration` moves on success only, so an object is done when it is applied at its present generation, and a
failure carries none, or that of the last success: nobody can tell whether it is of the object as it is now. A failure
is retried every 30 seconds for ever. `applied` is absent while nobody knows, as on a replica cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.objects import Object, at, list_at, text_at

_PARTS = {"extensions": "extension", "schemas": "schema", "fdws": "fdw", "servers": "server"}


@dataclass(frozen=True)
class Reconciliation:
    applied: bool | None
    """None: not told yet."""
    stale: bool
    """Whether it was applied, and only as it was before."""
    message: str | None
    """Text from the cluster, cut."""
    failing: tuple[str, ...]
    """Parts of a Database that could not be made. Text from the cluster, cut."""
    deleting: bool

    @property
    def done(self) -> bool:
        return self.applied is True and not (self.stale or self.deleting)

    @property
    def why(self) -> str | None:
        """The message, with what the parts say: of them it says no more than that one has failed."""
        return excerpt("; ".join(one for one in (self.message, *self.failing) if one))


def read_reconciliation(object_: Object) -> Reconciliation:
    applied = at(object_, "status", "applied")
    observed = at(object_, "status", "observedGeneration")
    return Reconciliation(
        applied=applied if isinstance(applied, bool) else None,
        stale=applied is True and (observed is None or observed != at(object_, "metadata", "generation")),
        message=excerpt(at(object_, "status", "message")),
        failing=tuple(_failing_parts(object_)),
        deleting=at(object_, "metadata", "deletionTimestamp") is not None,
    )


def _failing_parts(object_: Object) -> Iterator[str]:
    for key, word in _PARTS.items():
        for part in list_at(object_, "status", key):
            if at(part, "applied") is False:
                about = f"{word} {at(part, 'name')}", text_at(part, "message") or "not applied"
                yield excerpt(": ".join(about)) or word


def objects_of_cluster(cluster: Object, objects: Iterable[Object]) -> list[Object]:
    """Those that name this Cluster in their spec, by name; such references stay in one namespace."""
    name, namespace = at(cluster, "metadata", "name"), at(cluster, "metadata", "namespace")
    own = [
        one
        for one in objects
        if at(one, "spec", "cluster", "name") == name and at(one, "metadata", "namespace") == namespace
    ]
    return sorted(own, key=lambda one: str(at(one, "metadata", "name")))
