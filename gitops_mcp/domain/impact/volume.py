"""Volumes of a Cluster: what grows, what is added, and what counts for later ones only."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.impact.level import Impact, Level, impact
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.rules.reading import as_text, entries
from gitops_mcp.domain.rules.rollout import added_volumes, grown_volumes
from gitops_mcp.domain.rules.storage import storage_sections


def volume_impacts(before: Object, after: Object) -> Iterator[Impact]:
    for name in grown_volumes(before, after):
        yield impact(
            Level.NONE,
            f"{name}: volumes grow while in use where the StorageClass allows expansion, and stay where it does not; "
            f"they cannot shrink again",
        )
    for name in added_volumes(before, after):
        yield impact(Level.ROLLING_RESTART, f"{name}: every instance restarts to get the new volume")
    old = dict(storage_sections(before))
    for path, section in storage_sections(after):
        if path not in old:
            continue
        name = f"spec.{path[1]}" if len(path) == 2 else f"spec.tablespaces[{at(after, *path[:-1], 'name')}].storage"
        for field in ("storageClass", "pvcTemplate"):
            if at(old[path], field) != at(section, field):
                yield impact(Level.NONE, f"{name}.{field}: only volumes made from now on have it")
        if at(old[path], "resizeInUseVolumes") != at(section, "resizeInUseVolumes"):
            yield impact(Level.NONE, f"{name}.resizeInUseVolumes: counts for the next resize")
    yield from _tablespace_impacts(before, after)


def _tablespace_impacts(before: Object, after: Object) -> Iterator[Impact]:
    old = {as_text(item.get("name")): item for _, item in entries(before, "spec", "tablespaces")}
    for _, item in entries(after, "spec", "tablespaces"):
        name = as_text(item.get("name"))
        known = old.get(name)
        if known is not None and known.get("owner") != item.get("owner"):
            yield impact(Level.NONE, f"spec.tablespaces[{name}].owner: another role owns it, in place")
        if known is not None and known.get("temporary", False) != item.get("temporary", False):
            yield impact(Level.RELOAD, f"spec.tablespaces[{name}].temporary: temp_tablespaces changes, by a reload")
