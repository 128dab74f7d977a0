"""What a plan says of effects inside PostgreSQL: promised where the Cluster can do them, else with what comes first."""

from __future__ import annotations

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.rules.waiting import wait_of


def once_applied(desired: Desired, ref: ClusterRef, *, this: str = "") -> str:
    """How a promise begins: "Once applied", or "Once this is applied"."""
    wait = wait_of(_find_cluster(desired, ref))
    return f"Once {this}applied{f' and Cluster {ref} {wait.until}' if wait else ''}"


def waiting_notices(desired: Desired, ref: ClusterRef) -> tuple[Notice, ...]:
    """For an object that goes, of which no rule speaks."""
    wait = wait_of(_find_cluster(desired, ref))
    return (Notice("cluster-waits", f"Cluster {ref} {wait.why}"),) if wait else ()


def _find_cluster(desired: Desired, ref: ClusterRef) -> Object | None:
    places = (one for one in desired.clusters if one.identity.name == ref.name)
    return next((one.object for one in places if one.identity.namespace in {ref.namespace, None}), None)
