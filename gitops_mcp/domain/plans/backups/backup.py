"""One Backup as a plan: an object that asks for a backup once, and whose manifest stays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gitops_mcp.domain.cnpg.backups.archive import SNAPSHOT
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.kinds import BACKUP
from gitops_mcp.domain.names import OBJECT_NAME_MAX, ClusterRef
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.backups.method import Method, method_of
from gitops_mcp.domain.plans.backups.setup import Places, PlannedSteps
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.waiting import once_applied
from gitops_mcp.domain.repository.desired import Declaration, Desired


def backup_name(cluster: str, moment: datetime) -> str:
    """As `kubectl cnpg backup` calls one."""
    made = f"{cluster}-{moment:%Y%m%d%H%M%S}"
    if len(made) > OBJECT_NAME_MAX:
        raise AssertionError("no Cluster has so long a name")
    return made


@dataclass(frozen=True)
class BackupPart:
    """Any Backup of a Cluster: a change that asks for one is continued by who asks for one too."""

    cluster: ClusterRef

    def read(self, desired: Desired) -> Any:
        return sorted(declared_backups(desired, self.cluster)) or None

    def is_in(self, desired: Desired) -> bool:
        return self.read(desired) is not None


def declared_backups(desired: Desired, ref: ClusterRef) -> dict[str, Declaration]:
    return {one.identity.name: one for one in desired.of_cluster(BACKUP.kind, ref)}


def plan_backup(
    desired: Desired,
    cluster: Declaration,
    ref: ClusterRef,
    name: str,
    *,
    wanted: str | None,
    at_base: Collection[str],
    proposed: bool,
    places: Places,
) -> Plan:
    """`wanted`: the method, where one is asked for. `at_base`: the Backups that are merged.

    `proposed`: this is an open change, and what it asks for already is not asked for twice.
    """
    method = method_of(cluster.object, f"Cluster {ref}", wanted)
    target = Identity(BACKUP.kind, ref.namespace, name)
    known = [one for key, one in declared_backups(desired, ref).items() if key == name or key not in at_base]
    if proposed and known:
        told = f"it asks for Backup {known[0].identity.name} of Cluster {ref} already, at {known[0].place}"
        return Plan(
            f"Back up Cluster {ref}", known[0].identity, unchanged=told, next=_next_steps(desired, ref, name, method)
        )
    planned = PlannedSteps(EditSequence(desired), cluster, ref, places)
    planned.put(
        {
            "apiVersion": BACKUP.api_version,
            "kind": BACKUP.kind,
            "metadata": {"name": name, "namespace": ref.namespace},
            "spec": {"cluster": {"name": ref.name}, **method.spec},
        }
    )
    return Plan(
        f"Back up Cluster {ref}: Backup {name}",
        target,
        files=planned.steps.changes,
        impact=Impact(Level.NONE, ("a base backup reads all data of one instance; nothing restarts",)),
        warnings=(*planned.notices, *applier_notices(cluster, desired)),
        body=(f"- by {method}", *_what_stays(desired, method), *applier_lines(cluster)),
        next=_next_steps(desired, ref, name, method),
        validated_by=("built-in rules",),
    )


def _what_stays(desired: Desired, method: Method) -> tuple[str, ...]:
    if not desired.origin.once:
        return ()
    again = " (the plugin deletes it once its retention is over)" if method.plugin else ""
    text = f"the manifest stays in Git, and where the Backup object is deleted in the API{again} the engine makes it"
    return (f"- {text} again, which takes another backup: remove the manifest once the backup is done",)


def _next_steps(desired: Desired, ref: ClusterRef, name: str, method: Method) -> tuple[str, ...]:
    shown = once_applied(desired, ref, f"list_postgres_backups cluster_name={ref.name} shows how far it is")
    stays = "VolumeSnapshots that it owns go with it" if method.name == SNAPSHOT else "what is in object storage stays"
    what = "manifest" if desired.origin.once else "object"
    remove = f"delete_postgres_object kind=Backup name={name} removes the {what}; {stays}"
    return (shown, desired.origin.then("it is done", remove) if desired.origin.once else remove)
