"""Day-2 changes of a Cluster as one plan: storage, image, parameters, resources, hibernation, restart, reload.

Only what CNPG takes as desired state is here. A switchover or the restart of one instance is no state, so no edit
makes it. Each argument becomes fields of the live object, and only those that differ are edited, where the Cluster is
declared. Refused here is what the arguments alone rule out; whether the operator would accept the result, and all of
it in one change, is asked of its rules on the one road for writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from gitops_mcp.domain import yamledit
from gitops_mcp.domain.applying import applied, filled_in, notices
from gitops_mcp.domain.cnpg import rules
from gitops_mcp.domain.cnpg.moment import rfc3339
from gitops_mcp.domain.cnpg.quantity import quantity, storage_size
from gitops_mcp.domain.cnpg.version import postgres_version
from gitops_mcp.domain.drift import drift
from gitops_mcp.domain.image_change import ImageChange, image_change, image_reference
from gitops_mcp.domain.impact import impact
from gitops_mcp.domain.names import ClusterRef, near, shown
from gitops_mcp.domain.objects import Identity, Object, Path, at, dotted
from gitops_mcp.domain.place import changed
from gitops_mcp.domain.plan import Impact, Level, Notice, Plan
from gitops_mcp.domain.redact import redacted
from gitops_mcp.domain.repository import Declaration, Desired
from gitops_mcp.domain.rules.annotation import HIBERNATION, RELOADED, RESTARTED
from gitops_mcp.domain.rules.image import major, running_major
from gitops_mcp.domain.rules.reading import mapping, unfilled
from gitops_mcp.domain.rules.rollout import added_volumes, grown
from gitops_mcp.domain.yamltext import Remove, Set
from gitops_mcp.errors import InvalidRequest, Refused

_NOTHING: Mapping[str, object] = MappingProxyType({})
_PARAMETERS: Path = ("spec", "postgresql", "parameters")
_WINDOW: Path = ("spec", "nodeMaintenanceWindow")
_WINDOW_KEYS = {"in_progress": ("inProgress", False), "reuse_pvc": ("reusePVC", True)}
"""The field of each, and what the CRD makes of its absence."""
_ANNOTATIONS: Path = ("metadata", "annotations")
_RESOURCES = ("cpu", "memory", "ephemeral-storage")
_HUGE_PAGES = "hugepages-"
_DISK_FULL = "Not enough disk space"
_TOPICS = {"storage_size": "storage", "wal_storage_size": "storage", "postgres_version": "image"}


@dataclass(frozen=True)
class Update:
    """What to change; None and empty leave a field as it is. Raises InvalidRequest for what no Cluster could have."""

    storage_size: str | None = None
    wal_storage_size: str | None = None
    postgres_version: str | None = None
    """A major, or a full tag."""
    image: str | None = None
    """A full reference, instead of a version."""
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    """None removes one."""
    resources: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    """By `requests` and `limits`; None removes one."""
    hibernation: Literal["on", "off"] | None = None
    restart: bool = False
    reload: bool = False
    maintenance_window: Mapping[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.named:
            raise InvalidRequest(f"nothing to update was named; there are: {', '.join(one.name for one in fields(self))}")
        for name in ("storage_size", "wal_storage_size"):
            if (size := getattr(self, name)) is not None:
                storage_size(size, field=name)
        if self.image is not None and self.postgres_version is not None:
            raise InvalidRequest("image: it and postgres_version name the same thing: keep one of them")
        if self.image is not None:
            image_reference(self.image)
        if self.postgres_version is not None:
            postgres_version(self.postgres_version)
        # What depends on the Cluster, such as its number of instances, is asked of the rules for the whole object.
        rules.parameters({key: value for key, value in self.parameters.items() if value is not None}, instances=1)
        for part, wanted in self.resources.items():
            for name, amount in wanted.items():
                _check_resource(f"resources.{part}", name, amount)

    @property
    def named(self) -> tuple[str, ...]:
        """The arguments that were given."""
        return tuple(one.name for one in fields(self) if getattr(self, one.name) not in (None, False, {}))

    @property
    def verb(self) -> str:
        """One topic has a change of its own: the operator takes a resize and a restart one after the other."""
        topics = {_TOPICS.get(name, name.partition("_")[0]) for name in self.named}
        return f"update-{topics.pop()}" if len(topics) == 1 else "update"


def _check_resource(place: str, name: str, amount: str | None) -> None:
    if name not in _RESOURCES and not (name.startswith(_HUGE_PAGES) and quantity(name.removeprefix(_HUGE_PAGES))):
        raise InvalidRequest(
            f"{place}: PostgreSQL's pods have no resource {shown(name)}; {near(name, (*_RESOURCES, 'hugepages-2Mi'))}"
        )
    value = quantity(amount) if amount is not None else None
    if amount is not None and (value is None or value <= 0):
        raise InvalidRequest(f"{place}.{name}: {shown(amount)} is no amount: such as '500m' for cpu or '4Gi' for memory")


@dataclass(frozen=True)
class _Field:
    """A field of the live object that was asked for."""

    argument: str
    path: Path
    value: object
    """None: it goes."""

    @property
    def edit(self) -> Set | Remove:
        return Remove(self.path) if self.value is None else Set(self.path, self.value)

    @property
    def name(self) -> str:
        return f"metadata.annotations {self.path[-1]}" if self.path[:2] == _ANNOTATIONS else dotted(self.path)

    def told(self, old: object) -> str:
        return redacted(f"{self.name}: {_told(old, 'unset')} -> {_told(self.value, 'removed')}")


def _told(value: object, nothing: str) -> str:
    return nothing if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def update(
    declared: Declaration,
    desired: Desired,
    ref: ClusterRef,
    asked: Update,
    *,
    images: str,
    live: Object | None,
    now: datetime,
) -> Plan:
    """The fields that differ, set where the Cluster is declared, and nothing else.

    `images`: the repository for a Cluster that names no image. `live`: None where it could not be read, or is not
    there. Raises Refused where a field has no place of this Cluster's own.
    """
    before = declared.object
    image = _image(declared, desired, ref, asked, images)
    wanted = [
        *_storage(before, asked),
        *(_Field(asked.image and "image" or "postgres_version", path, value) for path, value in image.fields),
        *_parameters(before, asked),
        *_resources(before, asked),
        *_annotations(before, live, asked, now),
        *_window(before, asked),
    ]
    differing = [one for one in wanted if yamledit.normalized(before, one.edit) is not None]
    target = Identity("Cluster", ref.namespace, ref.name)
    plan = Plan(
        asked.verb,
        f"Update {target}: {', '.join(asked.named)}",
        target,
        warnings=(*image.notices, *_differs(declared, wanted, live)),
        validated_by=("built-in rules",),
    )
    if not differing:
        return replace(plan, unchanged=f"{declared.place} says so already: {', '.join(asked.named)}")
    _check_filled(declared, differing)
    edits, after = _edits(before, differing)
    effect = impact(before, after, live=live).joined(_window_effect(differing))
    stops = tuple(_stops(before, after, live))
    return replace(
        plan,
        files=changed(desired, declared, *edits),
        body=(
            *(one.told(at(before, *one.path)) for one in differing),
            *(text for one in differing for text in filled_in(declared, one.path)),
            *applied(declared),
        ),
        impact=effect,
        warnings=(
            *plan.warnings,
            *(Notice("outage", text) for text in stops),
            *_volume_notices(before, after, live),
            *_window_notices(after, differing),
            *notices(declared, desired),
        ),
        destroys=_destroys(effect, stops, ref),
        next=tuple(_next(differing, ref)),
    )


def _image(declared: Declaration, desired: Desired, ref: ClusterRef, asked: Update, images: str) -> ImageChange:
    if asked.image is None and asked.postgres_version is None:
        return ImageChange(())
    return image_change(declared, desired, ref, version=asked.postgres_version, image=asked.image, images=images)


def _storage(cluster: Object, asked: Update) -> Iterator[_Field]:
    for argument, name, wanted in (
        ("storage_size", "storage", asked.storage_size),
        ("wal_storage_size", "walStorage", asked.wal_storage_size),
    ):
        section = at(cluster, "spec", name)
        request: Path = ("pvcTemplate", "resources", "requests", "storage")
        rest = request if at(section, "size") is None and at(section, *request) is not None else ("size",)
        if wanted is None or quantity(wanted) == quantity(at(section, *rest)):
            continue
        yield _Field(argument, ("spec", name, *rest), wanted)
        kept = at(cluster, "spec", "storage", "storageClass")
        kept = kept or at(cluster, "spec", "storage", "pvcTemplate", "storageClassName")
        if section is None and kept:
            # Without one it would be the default of the Kubernetes cluster, which the data was kept from on purpose.
            yield _Field(argument, ("spec", name, "storageClass"), kept)


def _parameters(cluster: Object, asked: Update) -> Iterator[_Field]:
    spelled = {str(key).lower(): str(key) for key in mapping(at(cluster, *_PARAMETERS))}
    for key, value in asked.parameters.items():
        # PostgreSQL does not tell upper from lower case here, so another spelling would stand beside the first.
        yield _Field("parameters", (*_PARAMETERS, spelled.get(key.lower(), key)), value)


def _resources(cluster: Object, asked: Update) -> Iterator[_Field]:
    for part, wanted in asked.resources.items():
        for name, amount in wanted.items():
            path = ("spec", "resources", part, name)
            if amount is None or quantity(amount) != quantity(at(cluster, *path)):
                yield _Field("resources", path, amount)


def _annotations(cluster: Object, live: Object | None, asked: Update, now: datetime) -> Iterator[_Field]:
    path = (*_ANNOTATIONS, HIBERNATION)
    # Where neither says anything the cluster is not hibernated, and "off" is so already.
    if asked.hibernation == "on" or (asked.hibernation and (at(cluster, *path) or at(live, *path))):
        yield _Field("hibernation", path, asked.hibernation)
    for argument, name in (("restart", RESTARTED), ("reload", RELOADED)):
        if getattr(asked, argument):
            yield _Field(argument, (*_ANNOTATIONS, name), rfc3339(now))


def _window(cluster: Object, asked: Update) -> Iterator[_Field]:
    for argument, wanted in asked.maintenance_window.items():
        key, default = _WINDOW_KEYS[argument]
        if at(cluster, *_WINDOW, key) is not None or wanted != default:
            yield _Field("maintenance_window", (*_WINDOW, key), wanted)


def _differs(declared: Declaration, wanted: list[_Field], live: Object | None) -> Iterator[Notice]:
    """Where what runs is not what Git says, in a field that was asked for."""
    paths = [one.path for one in wanted]
    for one in drift(declared.object, live) if live is not None else ():
        if any(path[: len(one.path)] == one.path[: len(path)] for path in paths):
            text = redacted(f"{dotted(one.path)} is {_told(one.live, 'unset')} live where Git says {one.desired}")
            yield Notice("live-differs", text)


def _check_filled(declared: Declaration, differing: list[_Field]) -> None:
    for one in differing:
        old = at(declared.object, *one.path)
        if unfilled(old) and one.path not in declared.substituted:
            raise Refused(
                f"{one.name} of {declared.label} at {declared.place} is {old!r}: it is filled in by something else, "
                f"such as a variable; change it there"
            )


def _edits(before: Object, differing: list[_Field]) -> tuple[list[Set | Remove], Object]:
    """The edits, and the object after them. What a removal leaves empty goes with it."""
    after = before
    for one in differing:
        after = _with(after, one.edit)
    edits: list[Set | Remove] = []
    for one in differing:
        path = one.path
        while one.value is None and len(path) > 2 and at(after, *path[:-1]) == {}:
            path = path[:-1]
            after = _with(after, Remove(path))
        edit = Remove(path) if one.value is None else one.edit
        edits += [edit] if edit not in edits else []
    return edits, after


def _with(value: Object, edit: Set | Remove) -> Object:
    normal = yamledit.normalized(value, edit)
    made: Object = yamledit.applied(value, normal) if normal is not None else value
    return made


def _stops(before: Object, after: Object, live: Object | None) -> Iterator[str]:
    """What takes the database away for a time, so that a person has to agree."""
    path = (*_ANNOTATIONS, HIBERNATION)
    if at(after, *path) == "on" != at(before, *path):
        yield "hibernation stops every pod: nobody can connect until it is off again; the volumes stay"
    was, will = running_major(live) or major(before), major(after)
    if was is not None and will is not None and will > was:
        yield (
            f"PostgreSQL {was} -> {will} is a major upgrade: the whole cluster is down while pg_upgrade runs, and the "
            f"replicas' volumes are deleted and copied anew"
        )


def _destroys(effect: Impact, stops: tuple[str, ...], ref: ClusterRef) -> str | None:
    if stops:
        return f"the database of Cluster {ref} stops: {'; '.join(stops)}"
    return "; ".join(effect.reasons) if effect.level is Level.DATA_LOSS else None


def _volume_notices(before: Object, after: Object, live: Object | None) -> Iterator[Notice]:
    larger = grown(before, after)
    for name in larger:
        section = at(after, *name.split("."))
        storage_class = at(section, "storageClass") or at(section, "pvcTemplate", "storageClassName")
        which = f"StorageClass {storage_class}" if storage_class else "the default StorageClass"
        yield Notice(
            "volume-expansion",
            f"{name}: whether {which} allows expansion was not checked. Where it does not, the operator cannot grow "
            f"the volumes, until each PVC with its pod is made anew",
        )
        if at(section, "resizeInUseVolumes") is False:
            text = f"{name}.resizeInUseVolumes is false: volumes stay until each PVC with its pod is made anew"
            yield Notice("volume-expansion", text)
    if larger and at(live, "status", "phase") == _DISK_FULL:
        yield Notice(
            "disk-full",
            f"the live phase is {_DISK_FULL!r}: the operator has stopped there, so the PVCs may have to be enlarged by "
            f"hand as well (kubectl patch pvc), to the same size",
        )
    if "spec.walStorage" in added_volumes(before, after):
        text = "spec.walStorage is new: every instance restarts to move its WAL there, and it cannot be removed again"
        yield Notice("wal-storage", text)


def _window_effect(differing: list[_Field]) -> Impact:
    if not any(one.path[:2] == _WINDOW for one in differing):
        return Impact(Level.NONE)
    return Impact(Level.NONE, ("spec.nodeMaintenanceWindow: nothing restarts by it; it counts when a node is drained",))


def _window_notices(after: Object, differing: list[_Field]) -> Iterator[Notice]:
    window = at(after, *_WINDOW)
    if not any(one.path[:2] == _WINDOW for one in differing) or at(window, "inProgress") is not True:
        return
    if at(window, "reusePVC") is False:
        text = "a replica on a drained node is made anew elsewhere, on a new volume with a full copy of the data"
    else:
        text = "an instance on a drained node waits for that node, and with a single instance so does the database"
    yield Notice("maintenance-window", f"while spec.nodeMaintenanceWindow.inProgress is true, {text}; set it back after")


def _next(differing: list[_Field], ref: ClusterRef) -> Iterator[str]:
    changed_by = {one.argument: one.value for one in differing}
    if changed_by.get("hibernation") == "on":
        yield f'update_postgres_cluster name={ref.name} hibernation="off" starts it again'
    if not {"image", "postgres_version"}.isdisjoint(changed_by):
        yield "Once applied, get_cluster_status shows the image of every instance and the phase of the upgrade"
    elif not {"parameters", "resources", "restart"}.isdisjoint(changed_by):
        yield "Once applied, get_cluster_status shows the restarts that are under way or pending"
    if not {"storage_size", "wal_storage_size"}.isdisjoint(changed_by):
        yield "Once applied, get_cluster_status detail_level=detailed shows how far each volume has grown"
