"""Roles in a Cluster: those of its own list, DatabaseRole objects, and what else PostgreSQL has.

The operator's report lists every role of PostgreSQL, and what once failed stays in it after the role has left the
list. Passwords and what proves them stay out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.status.reconciled import Reconciliation, objects_of_cluster, read_reconciliation
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at, text_at, texts_at

_MESSAGES = 5


@dataclass(frozen=True)
class InlineRole:
    """A role of `spec.managed.roles`."""

    name: str
    state: str
    """`reconciled` or `pending-reconciliation`, or what else the operator says of it."""
    errors: tuple[str, ...]
    """Why it cannot be reconciled. Text from the cluster, cut."""


@dataclass(frozen=True)
class UnmanagedRole:
    """A role in PostgreSQL that nothing in Kubernetes manages: its own ones, the application's owner, what SQL made."""

    name: str
    state: str
    """`not-managed` or `reserved`, as the operator says."""


@dataclass(frozen=True)
class DatabaseRole:
    name: str
    """In PostgreSQL."""
    object: str
    """The DatabaseRole's own name."""
    reclaim: Literal["retain", "delete"]
    state: Reconciliation


def inline_roles(cluster: Object) -> tuple[InlineRole, ...]:
    errors, states = mapping_at(cluster, "status", "managedRolesStatus", "cannotReconcile"), _reported_states(cluster)
    return tuple(
        InlineRole(name, states.get(name, "pending-reconciliation"), _error_texts(errors.get(name)))
        for name in sorted(_inline_names(cluster))
    )


def unmanaged_roles(cluster: Object, objects: Iterable[Object]) -> tuple[UnmanagedRole, ...]:
    """`objects` are the DatabaseRoles that were read: theirs are managed."""
    managed = {*_inline_names(cluster), *(text_at(one, "spec", "name") for one in objects_of_cluster(cluster, objects))}
    states = _reported_states(cluster)
    return tuple(UnmanagedRole(name, states[name]) for name in sorted(states.keys() - managed))


def _inline_names(cluster: Object) -> set[str]:
    return {name for one in list_at(cluster, "spec", "managed", "roles") if (name := text_at(one, "name"))}


def _reported_states(cluster: Object) -> dict[str, str]:
    reported = mapping_at(cluster, "status", "managedRolesStatus", "byStatus")
    return {name: str(state) for state in reported for name in texts_at(reported, state)}


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
