"""Day-2 changes of a Cluster as one plan: storage, image, parameters, resources, hibernation, restart, reload.

Only what CNPG takes as desired state is here. A switchover or the restart of one instance is no state, so no edit
makes it. Each argument becomes fields of the live object, and only those that differ are edited, where the Cluster is
declared. Refused here is what the arguments alone rule out; whether the operator would accept the result, and all of
it in one change, is asked of its rules on the one road for writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.cnpg.status.phase import DISK_FULL
from gitops_mcp.domain.editing.field import edit_fields, where_field_stands
from gitops_mcp.domain.editing.variables import unfilled_refusal
from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.live.drift import drift
from gitops_mcp.domain.names import ClusterRef, quote
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Path, at, dotted_path
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices, variable_lines
from gitops_mcp.domain.plans.clusters.cluster_image import ImageChange, image_change
from gitops_mcp.domain.plans.clusters.cluster_settings import (
    ANNOTATIONS,
    WINDOW,
    ClusterUpdate,
    Setting,
    asked_settings,
    value_in_words,
)
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.desired import Declaration, Desired, Origin
from gitops_mcp.domain.rules.annotation import HIBERNATION
from gitops_mcp.domain.rules.image import is_major_upgrade, running_major, wanted_major
from gitops_mcp.domain.rules.reading import has_unfilled
from gitops_mcp.domain.rules.rollout import added_volumes, grown_volumes
from gitops_mcp.domain.rules.waiting import unhealthy_phase
from gitops_mcp.domain.yaml.edits import Remove, Set, apply_edit, normalize_edit


def plan_cluster_update(
    declared: Declaration,
    desired: Desired,
    ref: ClusterRef,
    asked: ClusterUpdate,
    *,
    images: str,
    live: Object | None,
    operator: Release | None,
    now: datetime,
) -> Plan:
    """The fields that differ, set where the Cluster is declared, and nothing else.

    `images`: the repository for a Cluster that names no image. `live`: None where it could not be read, or is not
    there; `operator`: its version, where known. Raises Refused where a field has no place of this Cluster's own.
    """
    before = declared.object
    image = _wanted_image(declared, desired, ref, asked, images)
    wanted = asked_settings(before, asked, image=image.fields, live=live, now=now)
    differing = [one for one in wanted if normalize_edit(before, one.edit) is not None]
    target = Identity("Cluster", ref.namespace, ref.name)
    plan = Plan(
        f"Update {target}: {', '.join(asked.named)}",
        target,
        warnings=(*image.notices, *_live_differs_notices(declared, wanted, live, desired.origin.name)),
        validated_by=("built-in rules",),
    )
    if not differing:
        return replace(plan, unchanged=f"{declared.place} says so already: {', '.join(asked.named)}")
    same = [one.name for one in wanted if one not in differing]
    _check_not_filled_in(desired, declared, differing)
    edits, after = _edits(before, differing)
    upgrade = tuple(reasons_of_upgrade(before, after, live, desired.origin))
    stops = (*_reasons_of_hibernation(before, after, live), *upgrade)
    effect = assess_impact(before, after, live=live, operator=operator)
    effect = effect.joined(Impact(Level.OUTAGE)) if stops else effect
    return replace(
        plan,
        files=edit_fields(desired, declared, *edits),
        body=(
            *(one.line(at(before, *one.path)) for one in differing),
            *(text for one in differing for text in variable_lines(declared, one.path)),
            *applier_lines(declared),
        ),
        impact=effect,
        warnings=(
            *plan.warnings,
            *((Notice("already-so", f"{declared.place} says so already: {', '.join(same)}"),) if same else ()),
            *(Notice("outage", text) for text in stops),
            *volume_notices(before, after, live),
            *_window_notices(after, differing),
            *applier_notices(declared, desired),
        ),
        destroys="; ".join(effect.reasons) if effect.level is Level.DATA_LOSS else None,
        stops=f"the database of Cluster {ref} stops: {'; '.join(stops)}" if stops else None,
        next=tuple(_next_steps(differing, ref, desired.origin)),
    )


def paths_of_update(
    declared: Declaration, desired: Desired, ref: ClusterRef, asked: ClusterUpdate, *, images: str, now: datetime
) -> tuple[Path, ...]:
    """The fields of the live object that were asked for, whether or not they differ."""
    image = _wanted_image(declared, desired, ref, asked, images)
    wanted = asked_settings(declared.object, asked, image=image.fields, live=None, now=now)
    return tuple(one.path for one in wanted)


def _wanted_image(
    declared: Declaration, desired: Desired, ref: ClusterRef, asked: ClusterUpdate, images: str
) -> ImageChange:
    if asked.image is None and asked.postgres_version is None:
        return ImageChange(())
    return image_change(declared, desired, ref, version=asked.postgres_version, image=asked.image, images=images)


def _live_differs_notices(
    declared: Declaration, wanted: Sequence[Setting], live: Object | None, where: str
) -> Iterator[Notice]:
    """Where what runs is not what Git says, in a field that was asked for."""
    paths = [one.path for one in wanted]
    for one in drift(declared.object, live) if live is not None else ():
        if any(path[: len(one.path)] == one.path[: len(path)] for path in paths):
            text = redact_text(
                f"{dotted_path(one.path)} is {value_in_words(one.live)} live where {where} says {one.desired}"
            )
            yield Notice("live-differs", text)


def _check_not_filled_in(desired: Desired, declared: Declaration, differing: Sequence[Setting]) -> None:
    for one in differing:
        old = at(declared.object, *one.path)
        if has_unfilled(old) and one.path not in declared.substituted:
            place = where_field_stands(desired, declared, one.path)
            raise unfilled_refusal(desired, f"{one.name} of {declared.label}", old, place)


def _edits(before: Object, differing: Sequence[Setting]) -> tuple[list[Set | Remove], Object]:
    """The edits, and the object after them. What a removal leaves empty goes with it."""
    after = before
    for one in differing:
        after = _with_edit(after, one.edit)
    edits: list[Set | Remove] = []
    for one in differing:
        path = one.path
        while one.value is None and len(path) > 2 and at(after, *path[:-1]) == {}:
            path = path[:-1]
            after = _with_edit(after, Remove(path))
        edit = Remove(path) if one.value is None else one.edit
        edits += [edit] if edit not in edits else []
    return edits, after


def _with_edit(value: Object, edit: Set | Remove) -> Object:
    normal = normalize_edit(value, edit)
    made: Object = apply_edit(value, normal) if normal is not None else value
    return made


def _reasons_of_hibernation(before: Object, after: Object, live: Object | None) -> Iterator[str]:
    """What takes the database away for a time, so that a person has to agree."""
    path = (*ANNOTATIONS, HIBERNATION)
    if at(after, *path) == "on" != at(before, *path):
        phase = unhealthy_phase(after, live)
        when = f" once the cluster is healthy (its phase is {quote(phase)} now)" if phase else ""
        yield f"hibernation stops every pod{when}: nobody can connect until it is off again; the volumes stay"


def reasons_of_upgrade(before: Object, after: Object, live: Object | None, origin: Origin) -> Iterator[str]:
    """The same, of another major or what may be one."""
    if not is_major_upgrade(before, after, live):
        return
    was, will = running_major(live) or wanted_major(before), wanted_major(after)
    if was is None:
        nothing = origin.while_waiting("neither Git nor the API") or "nothing live"
        yield (
            f"PostgreSQL {will} may be a major upgrade, since {nothing} says which major runs, and the "
            f"whole cluster is down then"
        )
    else:
        yield (
            f"PostgreSQL {was} -> {will} is a major upgrade: the whole cluster is down while pg_upgrade runs, and the "
            f"replicas' volumes are deleted and copied anew"
        )


def volume_notices(before: Object, after: Object, live: Object | None) -> Iterator[Notice]:
    larger = grown_volumes(before, after)
    if larger and at(live, "status", "phase") == DISK_FULL:
        yield Notice(
            "disk-full",
            f"the live phase is {DISK_FULL!r}: the operator has stopped there, so the PVCs may have to be enlarged by "
            f"hand as well (kubectl patch pvc), to the same size",
        )
    if "spec.walStorage" in added_volumes(before, after):
        text = "spec.walStorage is new: every instance restarts to move its WAL there, and it cannot be removed again"
        yield Notice("wal-storage", text)


def _window_notices(after: Object, differing: Sequence[Setting]) -> Iterator[Notice]:
    window = at(after, *WINDOW)
    if not any(one.path[:2] == WINDOW for one in differing) or at(window, "inProgress") is not True:
        return
    if at(window, "reusePVC") is False:
        text = "a replica on a drained node is recreated elsewhere, on a new volume with a full copy of the data"
    else:
        text = "an instance on a drained node waits for that node, and with a single instance so does the database"
    yield Notice(
        "maintenance-window", f"while spec.nodeMaintenanceWindow.inProgress is true, {text}; set it back after"
    )


def _next_steps(differing: Sequence[Setting], ref: ClusterRef, origin: Origin) -> Iterator[str]:
    changed_by = {one.argument: one.value for one in differing}
    if changed_by.get("hibernation") == "on":
        yield f'update_postgres_cluster cluster_name={ref.name} hibernation="off" starts it again'
    if not {"image", "postgres_version"}.isdisjoint(changed_by):
        yield origin.then(
            "applied", "get_cluster_status shows the image of every instance and the phase of the upgrade"
        )
    elif not {"parameters", "resources", "restart"}.isdisjoint(changed_by):
        yield origin.then("applied", "get_cluster_status shows the restarts that are under way or pending")
    if not {"storage_size", "wal_storage_size"}.isdisjoint(changed_by):
        yield origin.then("applied", "get_cluster_status detail_level=detailed shows how far each volume has grown")
