"""What is told of volumes that are to grow: whether their StorageClass can, and that they never shrink again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.cluster_spec import storage_size
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.rules.rollout import grown_volumes
from gitops_mcp.domain.rules.storage import storage_sections

_ROLES = {"storage": "PG_DATA", "walStorage": "PG_WAL", "tablespaces": "PG_TABLESPACE"}


@dataclass(frozen=True)
class Growing:
    """One section of a Cluster's storage, which is to become larger."""

    name: str
    role: str
    """Of its PVCs."""
    tablespace: str | None
    before: str | None
    section: Object

    def classes(self, claims: Iterable[Object]) -> tuple[str, ...]:
        """The StorageClasses of the volumes that are there, else the one that the Cluster states; none: the default."""
        labels = {"cnpg.io/pvcRole": self.role}
        labels |= {"cnpg.io/tablespaceName": self.tablespace} if self.tablespace else {}
        own = [one for one in claims if all(at(one, "metadata", "labels", key) == text for key, text in labels.items())]
        used = [at(one, "spec", "storageClassName") for one in own]
        stated = at(self.section, "storageClass") or at(self.section, "pvcTemplate", "storageClassName")
        return tuple(dict.fromkeys(str(one) for one in used if one)) or ((str(stated),) if stated else ())


def growing_volumes(before: Object | None, after: Object) -> Iterator[Growing]:
    larger, old = grown_volumes(before, after), dict(storage_sections(before))
    for path, section in storage_sections(after):
        space = str(at(after, *path[:-1], "name")) if path[1] == "tablespaces" else None
        name = f"spec.tablespaces[{space}]" if space else f"spec.{path[1]}"
        if name in larger:
            yield Growing(name, _ROLES[str(path[1])], space, storage_size(old.get(path)), section)


def growth_notices(
    growing: Iterable[Growing], claims: Iterable[Object], expandable: Mapping[str, bool | None]
) -> Iterator[Notice]:
    """`expandable`: by StorageClass whether it allows expansion; None: it could not be read."""
    claims = list(claims)
    for one in growing:
        grows = f"{one.name} {one.before} -> {storage_size(one.section)}"
        for used in one.classes(claims) or ("",):
            which = f"StorageClass {used}" if used else "the default StorageClass"
            yield Notice("volume-expansion", f"{grows}: {_what_happens(which, can=expandable.get(used))}")
        if at(one.section, "resizeInUseVolumes") is False:
            text = f"{one.name}.resizeInUseVolumes is false: volumes stay until each PVC with its pod is recreated"
            yield Notice("volume-expansion", text)


def _what_happens(which: str, *, can: bool | None) -> str:
    anew = "until each PVC with its pod is recreated (kubectl cnpg destroy)"
    if can:
        return f"{which} allows expansion, so the volumes grow while in use; they cannot shrink again"
    if can is None:
        return (
            f"whether {which} allows expansion is not known; where it does not, the volumes stay as they are "
            f"{anew}, and the size cannot be lowered again"
        )
    return (
        f"{which} does not allow expansion: the volumes stay as they are until it does (allowVolumeExpansion: true), "
        f"or {anew}, and the size cannot be lowered again"
    )
