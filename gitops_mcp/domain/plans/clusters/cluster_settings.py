"""What may be changed in a running Cluster: the arguments, each legal, and the fields of the object that they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Literal

from gitops_mcp.domain.cnpg.cluster_arguments import checked_parameters
from gitops_mcp.domain.cnpg.notation.moment import format_rfc3339
from gitops_mcp.domain.cnpg.notation.quantity import checked_storage_size, quantity
from gitops_mcp.domain.cnpg.version import parse_postgres_version
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Object, Path, at, dotted_path, mapping_at
from gitops_mcp.domain.plans.clusters.cluster_image import image_reference
from gitops_mcp.domain.redact import mark_outside, redact_text
from gitops_mcp.domain.rules.annotation import HIBERNATION, RELOADED, RESTARTED
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.errors import InvalidRequest

Part = Literal["requests", "limits"]
WindowPart = Literal["in_progress", "reuse_pvc"]

_PARAMETERS: Path = ("spec", "postgresql", "parameters")
WINDOW: Path = ("spec", "nodeMaintenanceWindow")
_WINDOW_KEYS: dict[WindowPart, tuple[str, bool]] = {
    "in_progress": ("inProgress", False),
    "reuse_pvc": ("reusePVC", True),
}
"""The field of each, and what the CRD makes of its absence."""
ANNOTATIONS: Path = ("metadata", "annotations")
_RESOURCES = ("cpu", "memory", "ephemeral-storage")
_HUGE_PAGES = "hugepages-"
_TOPICS = {"storage_size": "storage", "wal_storage_size": "storage", "postgres_version": "image"}


@dataclass(frozen=True)
class ClusterUpdate:
    """What to change; None and empty leave a field as it is. Raises InvalidRequest for what no Cluster could have."""

    storage_size: str | None = None
    wal_storage_size: str | None = None
    postgres_version: str | None = None
    """A major, or a full tag."""
    image: str | None = None
    """A full reference, instead of a version."""
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    """None removes one."""
    resources: Mapping[Part, Mapping[str, str | None]] = field(default_factory=dict)
    """None removes one."""
    hibernation: Literal["on", "off"] | None = None
    restart: bool = False
    reload: bool = False
    maintenance_window: Mapping[WindowPart, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.named:
            raise InvalidRequest(
                f"name at least one argument to update; there are: {', '.join(one.name for one in fields(self))}"
            )
        for name in ("storage_size", "wal_storage_size"):
            if (size := getattr(self, name)) is not None:
                checked_storage_size(size, field=name)
        if self.image is not None and self.postgres_version is not None:
            raise InvalidRequest("image: it and postgres_version name the same thing: keep one of them")
        if self.image is not None:
            image_reference(self.image)
        if self.postgres_version is not None:
            parse_postgres_version(self.postgres_version)
        # What depends on the Cluster, such as its number of instances, is asked of the rules for the whole object.
        checked_parameters({key: value for key, value in self.parameters.items() if value is not None}, instances=1)
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
            f"{place}: PostgreSQL's pods have no resource {quote(name)}; "
            f"{suggest(name, (*_RESOURCES, 'hugepages-2Mi'))}"
        )
    value = quantity(amount) if amount is not None else None
    if amount is not None and (value is None or value <= 0):
        raise InvalidRequest(
            f"{place}.{name}: {quote(amount)} is not an amount: use one such as '500m' for cpu or '4Gi' for memory"
        )


@dataclass(frozen=True)
class Setting:
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
        return f"metadata.annotations {self.path[-1]}" if self.path[:2] == ANNOTATIONS else dotted_path(self.path)

    def line(self, old: object) -> str:
        """`spec.storage.size: 10Gi -> 20Gi`, as a reviewer reads it."""
        return redact_text(f"{self.name}: {value_in_words(old)} -> {value_in_words(self.value, nothing='removed')}")


def value_in_words(value: object, *, nothing: str = "unset") -> str:
    return nothing if value is None else str(value).lower() if isinstance(value, bool) else str(mark_outside(value))


def asked_settings(
    cluster: Object, asked: ClusterUpdate, *, image: Iterable[tuple[Path, object]], live: Object | None, now: datetime
) -> tuple[Setting, ...]:
    """All that was asked for, also what is so already. `image`: the fields that name the image."""
    argument = "image" if asked.image is not None else "postgres_version"
    return (
        *_storage(cluster, asked),
        *(Setting(argument, path, value) for path, value in image),
        *_parameters(cluster, asked),
        *_resources(cluster, asked),
        *_annotations(cluster, live, asked, now),
        *_window(cluster, asked),
    )


def _storage(cluster: Object, asked: ClusterUpdate) -> Iterator[Setting]:
    for argument, name, wanted in (
        ("storage_size", "storage", asked.storage_size),
        ("wal_storage_size", "walStorage", asked.wal_storage_size),
    ):
        section = at(cluster, "spec", name)
        request: Path = ("pvcTemplate", "resources", "requests", "storage")
        rest = request if at(section, "size") is None and at(section, *request) is not None else ("size",)
        if wanted is None:
            continue
        yield Setting(argument, ("spec", name, *rest), _keep_equal_amount(at(section, *rest), wanted))
        kept = at(cluster, "spec", "storage", "storageClass")
        kept = kept or at(cluster, "spec", "storage", "pvcTemplate", "storageClassName")
        if section is None and kept:
            # Without one it would be the default of the Kubernetes cluster, which the data was kept from on purpose.
            yield Setting(argument, ("spec", name, "storageClass"), kept)


def _parameters(cluster: Object, asked: ClusterUpdate) -> Iterator[Setting]:
    spelled = {str(key).lower(): str(key) for key in mapping_at(cluster, *_PARAMETERS)}
    for key, value in asked.parameters.items():
        # PostgreSQL does not tell upper from lower case here, so another spelling would stand beside the first.
        yield Setting("parameters", (*_PARAMETERS, spelled.get(key.lower(), key)), value)


def _resources(cluster: Object, asked: ClusterUpdate) -> Iterator[Setting]:
    for part, wanted in asked.resources.items():
        for name, amount in wanted.items():
            path = ("spec", "resources", part, name)
            yield Setting("resources", path, _keep_equal_amount(at(cluster, *path), amount))


def _keep_equal_amount(old: object, wanted: str | None) -> object:
    """`1024Mi` where Git says `1Gi` is so already."""
    return old if wanted is not None and quantity(old) == quantity(wanted) else wanted


def _annotations(cluster: Object, live: Object | None, asked: ClusterUpdate, now: datetime) -> Iterator[Setting]:
    path = (*ANNOTATIONS, HIBERNATION)
    # Where neither says anything the cluster is not hibernated, and "off" is so already.
    if asked.hibernation == "on" or (asked.hibernation and (at(cluster, *path) or at(live, *path))):
        yield Setting("hibernation", path, asked.hibernation)
    for argument, name in (("restart", RESTARTED), ("reload", RELOADED)):
        if getattr(asked, argument):
            yield Setting(argument, (*ANNOTATIONS, name), format_rfc3339(now))


def _window(cluster: Object, asked: ClusterUpdate) -> Iterator[Setting]:
    for argument, wanted in asked.maintenance_window.items():
        key, default = _WINDOW_KEYS[argument]
        if at(cluster, *WINDOW, key) is not None or wanted != default:
            yield Setting("maintenance_window", (*WINDOW, key), wanted)
