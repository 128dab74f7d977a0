"""What the API says of the volumes that a change makes larger."""

from __future__ import annotations

from gitops_mcp.domain.cnpg.status.pods import CLUSTER_LABEL
from gitops_mcp.domain.kinds import PVC, STORAGE_CLASS
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plans.clusters.volume_growth import growing_volumes, growth_notices
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.rules.reading import has_unfilled
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.api_once import ApiOnce


def volume_growth_notices(change: ObjectChange, live: Object | None, api: ApiOnce) -> tuple[Notice, ...]:
    if change.identity.kind != "Cluster" or change.before is None or change.after is None:
        return ()
    growing = list(growing_volumes(change.before, change.after))
    if not growing:
        return ()
    claims = _claims(change, api) if live is not None else ()
    names = {name for one in growing for name in one.classes(claims) if not has_unfilled(name)}
    expandable = {name: _is_expandable(name, api) for name in sorted(names)}
    return tuple(growth_notices(growing, claims, expandable))


def _claims(change: ObjectChange, api: ApiOnce) -> tuple[Object, ...]:
    try:
        return api.every(PVC, change.identity.namespace, labels=f"{CLUSTER_LABEL}={change.identity.name}")
    except GitOpsError:  # what Git states of the class is taken then
        return ()


def _is_expandable(name: str, api: ApiOnce) -> bool | None:
    try:
        found = api.get(STORAGE_CLASS, None, name)
    except GitOpsError:  # the notice says that it could not be read
        return None
    return None if found is None else at(found, "allowVolumeExpansion") is True
