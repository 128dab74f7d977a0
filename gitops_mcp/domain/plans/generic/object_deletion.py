"""An object of a kind that has no tool of its own taken out: what goes with it, and what still names it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from gitops_mcp.domain.cnpg.protection import Engine
from gitops_mcp.domain.editing.removal import remove_objects
from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.kinds import (
    CLUSTER_IMAGE_CATALOG,
    IMAGE_CATALOG,
    OBJECT_STORE,
    POOLER,
    PUBLICATION,
    SUBSCRIPTION,
)
from gitops_mcp.domain.objects import Identity, Object, at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices, removal_notices, stranding_notices
from gitops_mcp.domain.plans.clusters.cluster import LiveCluster
from gitops_mcp.domain.plans.clusters.cluster_deletion import plan_before_removal
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.pruning import engine_in_use
from gitops_mcp.domain.plans.removal_step import Kept
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.object_stores import stores_named_by
from gitops_mcp.errors import Refused

LOST = {
    POOLER.kind: "its Deployment and its Service are removed, so whoever connects through it is turned away",
    IMAGE_CATALOG.kind: "no Cluster finds its image by it any more",
    CLUSTER_IMAGE_CATALOG.kind: "no Cluster of any namespace finds its image by it any more",
    OBJECT_STORE.kind: "no Cluster archives to it or is restored from it any more; what is stored there stays",
}
_TOLD = 5
_POLICIES = {PUBLICATION.kind: "publicationReclaimPolicy", SUBSCRIPTION.kind: "subscriptionReclaimPolicy"}


def plan_object_deletion(
    declared: Declaration,
    desired: Desired,
    whom: Identity,
    *,
    live: LiveCluster | None,
    merged: Object | None,
    kept: Kept | None = None,
    configured: Engine | Literal["none", "auto"] = "auto",
) -> Plan:
    """The step that is due: first a protection against pruning goes, and once that is live the manifest.

    `live`: None where it could not be read; `merged`: what the base declares; `kept`: what keeps the live object
    although its manifest goes. Raises Refused where something names it.
    """
    if users := list(users_of(desired, whom)):
        more = f" and {len(users) - _TOLD} more" if len(users) > _TOLD else ""
        told = f"{whom} is named by {', '.join(users[:_TOLD])}{more}"
        raise Refused(f"{told}, which would not find it any more: change that first, then delete it")
    found = live.object if live else None
    lost = _what_is_lost(whom.kind, declared.object, found)
    plan = Plan(f"Delete {whom}", whom, validated_by=("built-in rules",), destroys=f"deleting {whom}: {lost}")
    engine = engine_in_use(declared, configured)
    tool = "delete_postgres_object"
    if (first := plan_before_removal(plan, declared, desired, live, merged, engine, tool=tool)) is not None:
        return first
    files = remove_objects(desired, declared)
    stays = f"the live {whom} stays, since {kept.why}: a person has to delete it" if kept else None
    return replace(
        plan,
        files=files,
        impact=assess_impact(declared.object, None, live=found, engine=engine),
        body=(f"{desired.origin.removes} {declared.title}", *applier_lines(declared)),
        warnings=(
            *removal_notices(desired, files, declared, found),
            *stranding_notices(desired, files, declared),
            *applier_notices(declared, desired),
        ),
        next=(stays[:1].upper() + stays[1:] if stays else f"{desired.origin.deletes} {whom}: {lost}",),
    )


def _what_is_lost(kind: str, declared: Object, live: Object | None) -> str:
    if (policy := _POLICIES.get(kind)) is None:
        return LOST.get(kind) or "; ".join(assess_impact(declared, None).reasons)
    if "delete" in {at(declared, "spec", policy), at(live, "spec", policy)}:
        return f"it is dropped in PostgreSQL ({policy} is delete), and replication by it ends"
    return "it stays in PostgreSQL, and nothing manages it any more"


def users_of(desired: Desired, whom: Identity) -> Iterator[str]:
    """What names the object, each with its place."""
    for one in desired.declarations:
        if (whom.namespace is None or one.identity.namespace in {whom.namespace, None}) and _names(one.object, whom):
            yield one.title


def _names(value: Object, whom: Identity) -> bool:
    spec = at(value, "spec")
    match whom.kind:
        case "ObjectStore":
            return whom.name in stores_named_by(value)
        case "Backup":
            return bool(at(spec, "bootstrap", "recovery", "backup", "name") == whom.name)
        case "ImageCatalog" | "ClusterImageCatalog":
            places = (at(spec, "imageCatalogRef"), at(spec, "pgbouncer", "imageCatalogRef"))
            return any((at(one, "kind"), at(one, "name")) == (whom.kind, whom.name) for one in places)
    return False
