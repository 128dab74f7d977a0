"""What the configuration allows of a Cluster; these rules are ours, not the operator's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gitops_mcp.domain.cnpg.status.backups import archiver
from gitops_mcp.domain.kinds import CLUSTER, SCHEDULED_BACKUP
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Path, at, dotted_path, list_at
from gitops_mcp.domain.rules.storage import storage_sections
from gitops_mcp.errors import InvalidRequest


def broken_limits(
    before: Object | None, after: Object, *, most: int, storage_classes: tuple[str, ...] | None
) -> tuple[str, ...]:
    """What a Cluster would have that `limits` of the configuration do not allow, unless it has it already."""
    if at(after, "kind") != CLUSTER.kind:
        return ()
    found = []
    instances = at(after, "spec", "instances")
    if isinstance(instances, int) and instances > most and instances != at(before, "spec", "instances"):
        found.append(
            f"spec.instances: {instances} is more than limits.maxInstances of .gitops-mcp.yaml allows; at most {most}"
        )
    had = {_volume_name(before, path): _storage_class(section) for path, section in storage_sections(before)}
    for path, section in storage_sections(after):
        volume, name = _volume_name(after, path), _storage_class(section)
        if storage_classes is None or name in storage_classes or (volume in had and name in {None, had[volume]}):
            continue
        field = f"{dotted_path(path)}.storageClass"
        what = f"{name!r} is not one" if name is not None else "names none, so the default would do, which is not one"
        found.append(
            f"{field}: {what} that limits.storageClasses of .gitops-mcp.yaml allows; there are: "
            f"{', '.join(storage_classes)}"
        )
    return tuple(found)


def _volume_name(cluster: Object | None, path: Path) -> str:
    """A tablespace by its name, as items move."""
    return str(at(cluster, *path[:-1], "name")) if path[1] == "tablespaces" else str(path[1])


def _storage_class(section: Object) -> Any:
    return section.get("storageClass") or at(section, "pvcTemplate", "storageClassName")


def notice_missing_backups(cluster: Object, near: Iterable[Object]) -> tuple[Notice, ...]:
    """A new Cluster of a protected environment without what its data could be restored from; siblings show a way."""
    if at(cluster, "kind") != CLUSTER.kind:
        return ()
    near = tuple(near)
    name = at(cluster, "metadata", "name")
    archived = archiver(cluster) is not None
    scheduled = any(
        at(one, "kind") == SCHEDULED_BACKUP.kind and at(one, "spec", "cluster", "name") == name for one in near
    )
    missing = [what for what, there in (("WAL archiver", archived), ("ScheduledBackup", scheduled)) if not there]
    if not missing:
        return ()
    stores = {
        str(store)
        for one in near
        for plugin in list_at(one, "spec", "plugins")
        if (store := at(plugin, "parameters", "barmanObjectName"))
    }
    way = f"; clusters beside it use ObjectStore {', '.join(sorted(stores))}" if stores else ""
    return (
        Notice(
            "no-backups",
            f"Cluster {name} is new in a protected environment and has no {' and no '.join(missing)}: nothing could be "
            f"restored{way}",
        ),
    )


def check_instances_limit(instances: int, *, most: int) -> int:
    """`limits.maxInstances` of the configuration."""
    if instances > most:
        raise InvalidRequest(
            f"instances: {instances} is more than limits.maxInstances of .gitops-mcp.yaml allows; at most {most}"
        )
    return instances


def check_storage_class_limit(name: str | None, *, allowed: tuple[str, ...] | None) -> str | None:
    """`limits.storageClasses` of the configuration. None, the cluster's default, is one only where nothing is set."""
    if allowed is None or name in allowed:
        return name
    if name is None:
        raise InvalidRequest(
            f"storage_class: limits.storageClasses of .gitops-mcp.yaml allows only {', '.join(allowed)}; name one"
        )
    raise InvalidRequest(
        f"storage_class: {name!r} is not one that limits.storageClasses of .gitops-mcp.yaml allows; "
        f"there are: {', '.join(allowed)}"
    )
