"""Instances that are missing, volumes, and what a failure would take down."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.notation.quantity import grown_size
from gitops_mcp.domain.cnpg.status.conditions import SYSTEM_ID, find_condition
from gitops_mcp.domain.cnpg.status.phase import DISK_FULL
from gitops_mcp.domain.cnpg.status.problems.problem import Problem
from gitops_mcp.domain.cnpg.status.report import Status


def instance_problems(status: Status) -> Iterator[Problem]:
    seen = status.summary
    if seen.hibernated:
        return
    if seen.ready < seen.instances:
        reasons = [f"{one.name}: {one.waiting}" for one in status.instances if one.waiting]
        absent = [one.name for one in status.instances if one.pod == "missing"]
        reasons += [f"{name}: no pod" for name in absent]
        yield Problem(
            "critical" if seen.ready == 0 else "warning",
            "instances-missing",
            f"{seen.ready} of {seen.instances} instances are ready"
            + (", though the phase is healthy" if seen.phase.kind == "ok" else ""),
            "look at the pods, volumes and events of those that are not"
            + (
                "; wait, while the phase says that it goes on"
                if seen.phase.kind == "progressing" and not seen.not_ready_for
                else ""
            ),
            "; ".join(reasons) or None,
        )
    for job in status.jobs or ():
        if job.pod == "Failed" or job.waiting:
            yield Problem(
                "warning",
                "job-failing",
                f"the pod {job.name}, which does {job.role} for an instance, does not succeed ({job.pod})",
                "read its log; storage, image and credentials are the usual causes",
                job.waiting,
            )
    timelines = {one.timeline for one in status.instances if one.timeline is not None}
    if len(timelines) > 1:
        yield Problem(
            "warning",
            "timelines-differ",
            f"instances are on different timelines: {', '.join(str(one) for one in sorted(timelines))}",
            "wait; an instance that stays behind cannot follow the primary and has to be made again",
        )


def volume_problems(status: Status) -> Iterator[Problem]:
    if status.summary.phase.name == DISK_FULL:
        yield from _full_volumes(status)
    for one in status.volumes or ():
        if one.state == "unusable" or one.phase == "Lost":
            yield Problem(
                "critical",
                "volume-unusable",
                f"the volume {one.name} cannot be used ({one.phase}, {one.state})",
                "if another instance has the data, the operator can make this one anew: `kubectl cnpg destroy`",
            )
        elif one.phase == "Pending":
            yield Problem(
                "warning",
                "volume-pending",
                f"the volume {one.name} is not bound (StorageClass {one.storage_class or 'default'})",
                "check that the StorageClass exists and can make volumes, and the PVC's events",
            )
        elif one.state == "dangling" and not status.summary.hibernated:
            yield Problem(
                "warning",
                "volume-dangling",
                f"the volume {one.name} has no instance",
                "wait for the operator to use it again; a left-over one is removed with `kubectl cnpg destroy`",
            )
        if one.phase == "Bound" and (one.state == "resizing" or one.resizing or one.is_smaller_than_asked):
            yield Problem(
                "info",
                "volume-resizing",
                f"the volume {one.name} has {one.capacity or '?'} of the {one.requested or '?'} asked for",
                "wait; where the StorageClass has no allowVolumeExpansion it stays so until the instance is recreated",
                one.resizing,
            )


def _full_volumes(status: Status) -> Iterator[Problem]:
    """WAL is what the operator needs room for, so its own volume comes first."""
    for role, argument in (("PG_WAL", "wal_storage_size"), ("PG_DATA", "storage_size")):
        own = [one for one in status.volumes or () if one.role == role]
        size = next((found for one in own if (found := grown_size(one.capacity or one.requested))), None)
        if size:
            yield Problem(
                "critical",
                "volume-full",
                f"the volumes {', '.join(one.name for one in own)} ({own[0].capacity or '?'}) have no room for WAL",
                f"grow them in Git, by half or more: update_postgres_cluster {argument}={size!r}, and each PVC by hand "
                f"to the same size; they cannot shrink again. Then find what keeps WAL: archiving, or a slot",
            )
            return


def redundancy_problems(status: Status) -> Iterator[Problem]:
    seen = status.summary
    if seen.hibernated:
        return
    if seen.instances == 1:
        yield Problem(
            "info",
            "single-instance",
            "one instance: no failover, each restart is an outage, and its PodDisruptionBudget keeps the node from "
            "being drained",
            "scale to 3 where the data matters",
        )
    nodes = {one.node for one in status.instances if one.node}
    if len(nodes) == 1 and sum(one.node is not None for one in status.instances) > 1:
        yield Problem(
            "warning",
            "one-node",
            "all instances run on one node, so that its failure takes them all",
            "add nodes, or set affinity.podAntiAffinityType to 'required' in Git",
        )
    system = find_condition(status.conditions, SYSTEM_ID)
    if system and system.status == "False" and system.reason == "Mismatch":
        yield Problem(
            "critical",
            "system-id-mismatch",
            "instances are not copies of one database: their system identifiers differ",
            "find out which one holds the data before anything is removed",
            system.message,
        )
