"""Databases in a Cluster that a Database object describes; the one that bootstrap made needs none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.status.reconciled import Reconciliation, objects_of_cluster, read_reconciliation
from gitops_mcp.domain.objects import Object, at

_PARTS = {"extensions": "extension", "schemas": "schema", "fdws": "fdw", "servers": "server"}


@dataclass(frozen=True)
class Database:
    name: str
    """In PostgreSQL."""
    object: str
    """The Database's own name."""
    owner: str | None
    ensure: Literal["present", "absent"]
    reclaim: Literal["retain", "delete"]
    state: Reconciliation
    failing: tuple[str, ...]
    """Extensions, schemas and the like that could not be made. Text from the cluster, cut."""


def databases(cluster: Object, objects: Iterable[Object]) -> tuple[Database, ...]:
    return tuple(
        Database(
            name=str(at(one, "spec", "name")),
            object=str(at(one, "metadata", "name")),
            owner=at(one, "spec", "owner"),
            ensure="absent" if at(one, "spec", "ensure") == "absent" else "present",
            reclaim="delete" if at(one, "spec", "databaseReclaimPolicy") == "delete" else "retain",
            state=read_reconciliation(one),
            failing=tuple(_failing_parts(one)),
        )
        for one in objects_of_cluster(cluster, objects)
    )


def _failing_parts(object_: Object) -> Iterator[str]:
    for key, word in _PARTS.items():
        for part in at(object_, "status", key) or ():
            if at(part, "applied") is False:
                yield excerpt(f"{word} {at(part, 'name')}: {at(part, 'message') or 'not applied'}") or word
