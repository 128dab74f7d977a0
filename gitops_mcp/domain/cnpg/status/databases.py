"""Databases in a Cluster that a Database object describes; the one that bootstrap made needs none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.cnpg.status.reconciled import Reconciliation, objects_of_cluster, read_reconciliation
from gitops_mcp.domain.objects import Object, at, text_at


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


def databases(cluster: Object, objects: Iterable[Object]) -> tuple[Database, ...]:
    return tuple(
        Database(
            name=str(at(one, "spec", "name")),
            object=str(at(one, "metadata", "name")),
            owner=text_at(one, "spec", "owner"),
            ensure="absent" if at(one, "spec", "ensure") == "absent" else "present",
            reclaim="delete" if at(one, "spec", "databaseReclaimPolicy") == "delete" else "retain",
            state=read_reconciliation(one),
        )
        for one in objects_of_cluster(cluster, objects)
    )
