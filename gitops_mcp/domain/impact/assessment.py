"""The impact of one object's change, by its kind.

Told from the objects before and after, and the live one where it is known. What is in doubt counts as the worse.
"""

from __future__ import annotations

from functools import reduce

from gitops_mcp.domain.cnpg.protection import Engine
from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.impact import catalog, cluster, database, pooler, role
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
    kind = at(after, "kind") or at(before, "kind")
    if before == after:
        return NOTHING
    match kind:
        case "Cluster":
            found = cluster.impacts(before, after, live, operator)
        case "Database":
            found = database.impacts(before, after, live, engine)
        case "DatabaseRole":
            found = role.impacts(before, after, live, engine)
        case "Pooler":
            found = pooler.impacts(before, after)
        case "ImageCatalog" | "ClusterImageCatalog":
            found = catalog.impacts(before, after)
        case _:
            found = iter(())
    return reduce(Impact.joined, found, NOTHING)
