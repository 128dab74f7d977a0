"""What may pass: rules with ids, asked of a plan before it is delivered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gitops_mcp.domain.cnpg.backups import archiver
from gitops_mcp.domain.kinds import CLUSTER, SCHEDULED_BACKUP
from gitops_mcp.domain.objects import Object, Path, at, dotted
from gitops_mcp.domain.plan import Notice, Plan
from gitops_mcp.domain.rules.storage import volumes
from gitops_mcp.errors import InvalidRequest, Refused


def confirmed(plan: Plan, *, confirmed: bool, dry_run: bool) -> Plan:
    """A plan that can destroy needs a person's word; a dry run shows it with what it would need."""
    if plan.destroys is None or confirmed:
        return plan
    if dry_run:
        return plan.warned([Notice("needs-confirmation", f"{plan.destroys}. Doing it takes confirm_deletion=true")])
    raise Refused(
        f"{plan.destroys}. This call would propose: {plan.subject}. Nothing was changed. Ask the person; with their "
        f"word repeat this with confirm_deletion=true (dry_run=true shows the diff without it)"
    )


def limited(plan: Plan, *, namespaces: tuple[str, ...] | None) -> Plan:
    """`namespaces` of the environment, asked of the object that is changed wherever its namespace came from."""
    namespace = plan.target.namespace
    if namespaces is None:
        return plan
    if namespace is None:
        return plan.warned(
            [
                Notice(
                    "namespace-unknown",
                    f"nothing in the repository says the namespace of {plan.target}; whether it is one of "
                    f"{', '.join(namespaces)} could not be checked",
                )
            ]
        )
    if namespace not in namespaces:
        raise Refused(
            f"{plan.target} is in namespace {namespace!r}, which this environment does not allow; there are: "
            f"{', '.join(namespaces)}"
        )
    return plan


def limits_kept(
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
    had = {_volume(before, path): _class(section) for path, section in volumes(before)}
    for path, section in volumes(after):
        volume, name = _volume(after, path), _class(section)
        if storage_classes is None or name in storage_classes or (volume in had and name in {None, had[volume]}):
            continue
        field = f"{dotted(path)}.storageClass"
        what = f"{name!r} is not one" if name is not None else "names none, so the default would do, which is not one"
        found.append(
            f"{field}: {what} that limits.storageClasses of .gitops-mcp.yaml allows; there are: "
            f"{', '.join(storage_classes)}"
        )
    return tuple(found)


def _volume(cluster: Object | None, path: Path) -> str:
    """A tablespace by its name, as items move."""
    return str(at(cluster, *path[:-1], "name")) if path[1] == "tablespaces" else str(path[1])


def _class(section: Object) -> Any:
    return section.get("storageClass") or at(section, "pvcTemplate", "storageClassName")


def unprotected_data(cluster: Object, near: Iterable[Object]) -> tuple[Notice, ...]:
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
        for plugin in at(one, "spec", "plugins") or ()
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


def instances_limited(instances: int, *, most: int) -> int:
    """`limits.maxInstances` of the configuration."""
    if instances > most:
        raise InvalidRequest(
            f"instances: {instances} is more than limits.maxInstances of .gitops-mcp.yaml allows; at most {most}"
        )
    return instances


def storage_class_limited(name: str | None, *, allowed: tuple[str, ...] | None) -> str | None:
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
