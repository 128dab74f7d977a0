"""Live objects beside one that is judged, which Git need not declare: its Cluster, and the catalog of its image."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_mcp.domain.kinds import BY_KIND, CLUSTER, CLUSTER_IMAGE_CATALOG, DATABASE_ROLE, IMAGE_CATALOG
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.api_once import ApiOnce


def live_neighbours(change: ObjectChange, near: Iterable[Object], api: ApiOnce) -> tuple[Object, ...]:
    """`near`: what Git declares there."""
    cluster, catalog = _cluster_of_role(change), _catalog_of_cluster(change, near)
    wanted = [(CLUSTER, cluster)] if cluster is not None else []
    wanted += [catalog] if catalog is not None else []
    return tuple(one for kind, name in wanted if (one := _live(api, kind, change, name)) is not None)


def _cluster_of_role(change: ObjectChange) -> str | None:
    """That of a DatabaseRole, whose status tells which roles PostgreSQL has."""
    name = at(change.after, "spec", "cluster", "name")
    return name if change.identity.kind == DATABASE_ROLE.kind and isinstance(name, str) else None


def _catalog_of_cluster(change: ObjectChange, near: Iterable[Object]) -> tuple[Resource, str] | None:
    """Where the change names it, and Git does not declare it."""
    given = at(change.after, "spec", "imageCatalogRef")
    resource, name = BY_KIND.get(str(at(given, "kind"))), at(given, "name")
    is_asked = change.identity.kind == CLUSTER.kind and given != at(change.before, "spec", "imageCatalogRef")
    if not is_asked or resource not in {IMAGE_CATALOG, CLUSTER_IMAGE_CATALOG} or not isinstance(name, str):
        return None
    known = [(at(one, "kind"), at(one, "metadata", "name")) for one in near]
    return None if (resource.kind, name) in known else (resource, name)


def _live(api: ApiOnce, resource: Resource, change: ObjectChange, name: str) -> Object | None:
    namespace = change.identity.namespace if resource.namespaced else None
    if resource.namespaced and namespace is None:
        return None
    try:
        return api.get(resource, namespace, name)
    except GitOpsError:  # that the API could not be read is told by who plans with it
        return None
