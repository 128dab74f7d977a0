"""Roles in a Cluster: those of its own list, and DatabaseRole objects. Passwords and what proves them stay out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.status.reconciled import Reconciliation, objects_of_cluster, read_reconciliation
from gitops_mcp.domain.objects import Object, at

_MESSAGES = 5


@dataclass(frozen=True)
class InlineRole:
    name: str
    state: str
    """`reconciled`, `pending-reconciliation`, `not-managed` or `reserved`."""
    errors: tuple[str, ...]
    """Why it cannot be reconciled. Text from the cluster, cut."""


@dataclass(frozen=True)
class DatabaseRole:
    name: str
    """In PostgreSQL."""
    object: str
    """The DatabaseRole's own name."""
    reclaim: Literal["retain", "delete"]
    state: Reconciliation


def inline_roles(cluster: Object) -> tuple[InlineRole, ...]:
    status = at(cluster, "status", "managedRolesStatus") or {}
    errors = at(status, "cannotReconcile") or {}
    states = {str(name): str(state) for state, names in (at(status, "byStatus") or {}).items() for name in names or ()}
    return tuple(
        InlineRole(name, states.get(name, "pending-reconciliation"), _error_texts(errors.get(name)))
        for name in sorted({*states, *errors})
    )


def database_roles(cluster: Object, objects: Iterable[Object]) -> tuple[DatabaseRole, ...]:
    return tuple(
        DatabaseRole(
            name=str(at(one, "spec", "name")),
            object=str(at(one, "metadata", "name")),
            reclaim="delete" if at(one, "spec", "databaseRoleReclaimPolicy") == "delete" else "retain",
            state=read_reconciliation(one),
        )
        for one in objects_of_cluster(cluster, objects)
    )


def _error_texts(messages: object) -> tuple[str, ...]:
    listed = messages if isinstance(messages, list) else []
    return tuple(text for text in (excerpt(one) for one in listed[:_MESSAGES]) if text)
