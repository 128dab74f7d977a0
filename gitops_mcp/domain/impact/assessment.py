"""The impact of one object's change, by its kind.

Told from the objects before and after, and the live one where it is known. What is in doubt counts as the worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from gitops_mcp.domain.cnpg.protection import Engine
from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.impact import backup, catalog, cluster, database, pooler, replication, role
from gitops_mcp.domain.impact.level import NOTHING, Impact
from gitops_mcp.domain.objects import Object, at


def assess_impact(
    before: Object | None,
    after: Object | None,
    *,
    live: Object | None = None,
    operator: Release | None = None,
    engine: Engine | None = None,
) -> Impact:
    """`None` before: the object is new; after: it goes. `engine`: whose protections count; None: it may be either's."""
    return reduce(Impact.joined, each_impact(before, after, live=live, operator=operator, engine=engine), NOTHING)


def each_impact(
    before: Object | None,
    after: Object | None,
    *,
    live: Object | None = None,
    operator: Release | None = None,
    engine: Engine | None = None,
) -> Iterator[Impact]:
    """One effect at a time, each with its own level."""
    if before == after:
        return
    kind = at(after, "kind") or at(before, "kind")
    match kind:
        case "Cluster":
            yield from cluster.impacts(before, after, live, operator)
        case "Database" | "DatabaseRole" | "Publication" | "Subscription":
            yield from _INSIDE[kind](before, after, live, engine)
        case _ if kind in _BESIDE:
            yield from _BESIDE[kind](before, after)


_INSIDE = {
    "Database": database.impacts,
    "DatabaseRole": role.impacts,
    "Publication": replication.impacts,
    "Subscription": replication.impacts,
}
"""Of what lives in PostgreSQL, and may stay there without its object."""
_BESIDE = {
    "Pooler": pooler.impacts,
    "ImageCatalog": catalog.impacts,
    "ClusterImageCatalog": catalog.impacts,
    "ScheduledBackup": backup.schedule_impacts,
    "Backup": backup.backup_impacts,
    "ObjectStore": backup.store_impacts,
}
