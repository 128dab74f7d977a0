"""Image catalogs: an edit reaches everybody who takes an image from there."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.impact.level import Impact, Level, impact
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules.reading import entries


def impacts(before: Object | None, after: Object | None) -> Iterator[Impact]:
    old, new = (_index_images(catalog, "images", "major") for catalog in (before, after))
    for number in sorted(old, key=str):
        if number not in new:
            yield impact(
                Level.NONE,
                f"PostgreSQL {number} is removed: Clusters that use it keep running, and cannot be changed or repaired",
            )
        elif old[number] != new[number]:
            yield impact(Level.ROLLING_RESTART, f"every Cluster with PostgreSQL {number} from here is updated at once")
    old, new = (_index_images(catalog, "componentImages", "key") for catalog in (before, after))
    for key in sorted(old, key=str):
        if key in new and old[key] != new[key]:
            yield impact(Level.ROLLING_RESTART, f"every Pooler that takes {key} from here is updated at once")


def _index_images(catalog: Object | None, section: str, key: str) -> dict[str, Object]:
    return {str(item.get(key)): item for _, item in entries(catalog, "spec", section)}
