"""Clusters: what restarts, what reloads, and what is gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.cnpg.cluster_spec import instance_count, with_instances
from gitops_mcp.domain.cnpg.postgres.parameters import is_read_at_start
from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.cnpg.scaling import Scaling
from gitops_mcp.domain.impact.annotation import annotation_impacts, hibernation_impacts
from gitops_mcp.domain.impact.cluster_fields import field_impacts
from gitops_mcp.domain.impact.level import Impact, Level, impact
from gitops_mcp.domain.impact.replica import replica_impacts
from gitops_mcp.domain.impact.role import login_impacts
from gitops_mcp.domain.impact.service import service_impacts
from gitops_mcp.domain.impact.volume import volume_impacts
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.objects import Object, as_int, at
from gitops_mcp.domain.rules.image import running_major, wanted_major
from gitops_mcp.domain.rules.reading import as_text, entries, parameters_of
from gitops_mcp.domain.rules.rollout import (
    HOT_STANDBY,
    changed_parameters,
    changed_preloads,
    grown_volumes,
    may_be_postmaster,
    pod_fields,
)
from gitops_mcp.domain.rules.together import RESIZE_SAFE
from gitops_mcp.errors import GitOpsError

_WAITING = "Waiting for user action"


def impacts(
    before: Object | None, after: Object | None, live: Object | None, operator: Release | None
) -> Iterator[Impact]:
    if after is None:
        yield impact(
            Level.DATA_LOSS,
            "deletes the Cluster with its pods, its PVCs and the data on them, its Services and the Secrets that the "
            "operator made",
        )
        return
    if before is None:
        count = instance_count(after)
        yield impact(Level.NONE, f"starts {pluralize(count or 1, 'new instance')}; nothing else is touched")
        return
    changes = [
        *_scaling_impacts(before, after, live),
        *_image_impacts(before, after, live),
        *volume_impacts(before, after),
        *_pod_impacts(before, after),
        *_parameter_impacts(before, after, live),
        *field_impacts(before, after),
        *annotation_impacts(before, after),
        *hibernation_impacts(before, after, live),
        *replica_impacts(before, after),
        *_access_impacts(before, after),
        *service_impacts(before, after),
        *_strategy_impacts(before, after, live),
    ]
    yield from changes
    level = max((change.level for change in changes), default=Level.NONE)
    if level is Level.ROLLING_RESTART:
        yield from _rollout_impacts(before, after, live)
    if (
        grown_volumes(before, after)
        and level is Level.ROLLING_RESTART
        and not (operator and RESIZE_SAFE.hold(operator))
    ):
        yield impact(level, "a resize and a restart in one change: older operators may wait for ever between the two")


def _scaling_impacts(before: Object, after: Object, live: Object | None) -> Iterator[Impact]:
    running = as_int(at(live, "spec", "instances")) or instance_count(before)
    wanted = instance_count(after)
    if running is None or wanted is None or instance_count(before) == wanted:
        return
    try:
        scaling = Scaling.of(with_instances(before, running), to=wanted, live=live)
    except GitOpsError:
        # The rules say why it is refused; this only says what it would have meant.
        scaling = Scaling(running, wanted, max(running - wanted, 0))
    if scaling.removed:
        text = f"removes {pluralize(scaling.removed, 'replica')} and deletes the PVCs with the data"
        for reason in scaling.reasons or (text,):
            yield impact(Level.DATA_LOSS, f"spec.instances {running} -> {wanted}: {reason}")
    else:
        for reason in scaling.reasons:
            yield impact(Level.NONE, f"spec.instances {running} -> {wanted}: {reason}")


def _image_impacts(before: Object, after: Object, live: Object | None) -> Iterator[Impact]:
    keys = ("imageName", "imageCatalogRef")
    old, new = ({key: at(side, "spec", key) for key in keys} for side in (before, after))
    if old == new:
        return
    if new == dict.fromkeys(keys):
        yield impact(
            Level.OUTAGE, "spec.imageName goes: the operator's own default takes its place, maybe of another major"
        )
        return
    field = "spec.imageName" if new["imageName"] is not None else "spec.imageCatalogRef"
    was, will = running_major(live) or wanted_major(before), wanted_major(after)
    anew = impact(Level.ROLLING_RESTART, f"{field}: every instance is recreated with the other image")
    if was is None or will is None:
        yield anew
    elif was < will:
        yield from _major_upgrade(f"{field}: PostgreSQL {was} -> {will}")
    elif was > will:
        never = "no data directory goes back, and the operator starts nothing on it"
        yield impact(Level.OUTAGE, f"{field}: PostgreSQL {was} -> {will}: {never}")
    elif live is not None and (asked := wanted_major(before) or will) > was:
        yield from _upgrade_taken_back(f"{field}: PostgreSQL {asked} -> {will}", live, new, will)
    else:
        yield anew


def _major_upgrade(what: str) -> Iterator[Impact]:
    yield Impact(
        Level.OUTAGE,
        (
            f"{what}: the whole cluster is down while pg_upgrade runs",
            "replicas' volumes are deleted and copied anew from the upgraded primary",
            "older backups do not reach across: give the backup plugin another serverName in the same change",
            "take a base backup and run ANALYZE afterwards; a failed upgrade is taken back by the old image",
            "the new image must be of the same distribution as the old one",
        ),
    )


def _upgrade_taken_back(what: str, live: Object, image: dict[str, Any], major: int) -> Iterator[Impact]:
    """`live`: with the data directory of `major`, whatever is asked for it.

    Source: handleRollbackIfNeeded of the operator, which deletes the job whether it failed or still runs.
    """
    if (wanted_major(live) or 0) > major:
        yield impact(
            Level.OUTAGE,
            f"{what}: cancels the major upgrade: its job is deleted, even one that still runs, and the instances, "
            f"which are all down for it, start on {major} again",
        )
    elif all(at(live, "spec", key) == value for key, value in image.items()):
        yield impact(Level.NONE, f"{what}: cancels the major upgrade before it has begun; what runs stays as it is")
    else:
        yield impact(
            Level.ROLLING_RESTART,
            f"{what}: cancels the major upgrade before it has begun; every instance is recreated with the other "
            f"image of {major}",
        )


def _pod_impacts(before: Object, after: Object) -> Iterator[Impact]:
    for field in pod_fields(before, after):
        yield impact(Level.ROLLING_RESTART, f"{field}: part of every pod, which is recreated")


def _parameter_impacts(before: Object, after: Object, live: Object | None) -> Iterator[Impact]:
    number = _major(before, after, live)
    changed = changed_parameters(before, after)
    restarting = [key for key in changed if is_read_at_start(key, number)]
    if restarting:
        yield impact(
            Level.ROLLING_RESTART, f"{_fields(restarting)}: read when PostgreSQL starts, so every instance restarts"
        )
    if lowered := _lowered_parameters(before, after, number):
        text = "lower than before, or maybe so, and no replica may have less than the primary runs with"
        yield impact(Level.ROLLING_RESTART, f"{_fields(lowered)}: {text}")
    if libraries := changed_preloads(before, after):
        yield impact(
            Level.ROLLING_RESTART,
            f"shared_preload_libraries: {', '.join(libraries)} comes or goes, so every instance restarts",
        )
    unknown = [key for key in changed if key not in restarting and may_be_postmaster(key)]
    if unknown:
        yield impact(
            Level.ROLLING_RESTART,
            f"{_fields(unknown)}: of an extension that is not known here, so every instance may have to restart",
        )
    reloading = [key for key in changed if key not in restarting and key not in unknown]
    if reloading:
        yield impact(Level.RELOAD, f"{_fields(reloading)}: a reload, without a restart")


def _major(before: Object, after: Object, live: Object | None) -> int | None:
    """The one whose parameters are in question."""
    return running_major(live) or wanted_major(after) or wanted_major(before)


def _lowered_parameters(before: Object, after: Object, major: int | None) -> list[str]:
    changed = changed_parameters(before, after)
    return [
        key for key in changed if key in HOT_STANDBY and is_read_at_start(key, major) and _is_lower(before, after, key)
    ]


def _fields(keys: list[str]) -> str:
    return f"spec.postgresql.parameters {', '.join(keys)}"


def _is_lower(before: Object, after: Object, key: str) -> bool:
    """A value that is left out may be lower than the one that was there."""
    old, new = (str(parameters_of(side).get(key, "")) for side in (before, after))
    return not (old.isdecimal() and new.isdecimal()) or int(new) < int(old)


def _access_impacts(before: Object, after: Object) -> Iterator[Impact]:
    if at(before, "spec", "enableSuperuserAccess") is True and at(after, "spec", "enableSuperuserAccess") is not True:
        yield impact(Level.NONE, "spec.enableSuperuserAccess: the password of postgres is disabled")
    elif at(before, "spec", "enableSuperuserAccess") != at(after, "spec", "enableSuperuserAccess"):
        yield impact(Level.NONE, "spec.enableSuperuserAccess: whether postgres may log in with a password")
    place = ("spec", "managed", "roles")
    old = {as_text(role.get("name")): role for _, role in entries(before, *place)}
    for _, role in entries(after, *place):
        name = as_text(role.get("name"))
        if role != old.get(name):
            yield from login_impacts(f"spec.managed.roles[{name}]", old.get(name), role)


def _strategy_impacts(before: Object, after: Object, live: Object | None) -> Iterator[Impact]:
    old, new = (at(side, "spec", "primaryUpdateStrategy") or "unsupervised" for side in (before, after))
    if old == new:
        return
    if new != "supervised" and at(live, "status", "phase") == _WAITING:
        yield impact(Level.ROLLING_RESTART, "spec.primaryUpdateStrategy: the primary, which waits for it, restarts now")
    else:
        text = "a person has to finish each update" if new == "supervised" else "updates finish by themselves"
        yield impact(Level.NONE, f"spec.primaryUpdateStrategy: {text}, from the next one on")


def _rollout_impacts(before: Object, after: Object, live: Object | None) -> Iterator[Impact]:
    """How the restarts go, which depends on the Cluster.

    A parameter that is lowered turns the order round: the instance manager restarts the primary, in place, and no
    replica before it. Source: processConfigReloadAndManageRestart and PendingRestartForDecrease of the operator.
    """
    level = Level.ROLLING_RESTART
    lowered = _lowered_parameters(before, after, _major(before, after, live))
    is_supervised = at(after, "spec", "primaryUpdateStrategy") == "supervised"
    if instance_count(after) == 1:
        yield impact(level, "with a single instance the database is down while it restarts")
    elif lowered and is_supervised:
        yield impact(
            level,
            "the primary comes first, and primaryUpdateStrategy is supervised: the phase is 'Waiting for user action' "
            "until a person restarts it; the replicas follow",
        )
    elif lowered:
        yield impact(level, "the primary restarts first, in place: writes pause while it does; the replicas follow")
    elif is_supervised:
        yield impact(
            level,
            "primaryUpdateStrategy is supervised: after the replicas the phase is 'Waiting for user action' until a "
            "person restarts the primary or promotes a replica",
        )
    elif at(after, "spec", "primaryUpdateMethod") == "switchover":
        yield impact(level, "the primary is updated by a switchover: connections to it are closed once")
    else:
        yield impact(level, "the primary restarts last: writes pause while it does")
    if lowered and instance_count(after) != 1 and list(pod_fields(before, after)):
        yield impact(level, "what is part of the pods makes each anew besides, so the primary may restart twice")
