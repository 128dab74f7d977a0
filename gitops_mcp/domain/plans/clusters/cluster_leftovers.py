"""What still names a Cluster that is gone: the rest of a deletion that an outage has stopped, or that kubectl began."""

from __future__ import annotations

from gitops_mcp.domain.editing.removal import remove_objects
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.clusters.cluster_deletion import going_lines
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import InvalidRequest


def plan_leftover_removal(desired: Desired, name: str) -> Plan:
    """The end of a Cluster's deletion; every declaration names the Cluster."""
    spaces = sorted({str(one.identity.namespace) for one in desired.declarations})
    if len(spaces) > 1:
        raise InvalidRequest(
            f"namespace: there is no Cluster {name!r}, and {', '.join(spaces)} have objects that name one; name one of "
            f"them"
        )
    ref = ClusterRef(spaces[0], name)
    left = desired.declarations
    named = ", ".join(str(one.identity) for one in left)
    return Plan(
        f"Delete what is left of Cluster {ref}",
        Identity(CLUSTER.kind, ref.namespace, ref.name),
        files=remove_objects(desired, *left),
        impact=Impact(Level.NONE, (f"Cluster {ref} is gone, and what these declare with it",)),
        destroys=f"Cluster {ref} is gone, and this deletes what still names it: {named}",
        body=tuple(going_lines(desired, left)),
        validated_by=("built-in rules",),
    )
