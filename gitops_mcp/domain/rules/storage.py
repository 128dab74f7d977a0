"""Volumes: their sizes, which only grow, and tablespaces, which only come."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_mcp.domain.cnpg.cluster_spec import requested_size
from gitops_mcp.domain.cnpg.notation.quantity import checked_storage_size, quantity
from gitops_mcp.domain.cnpg.releases import Releases
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Object, Path, at, mapping_at
from gitops_mcp.domain.rules.reading import as_text, entries, has_unfilled, names_in, repeats
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen
from gitops_mcp.errors import InvalidRequest

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}")


def storage_sections(cluster: Object | None) -> Iterator[tuple[Path, Object]]:
    """Every storage section, with its path."""
    for name in ("storage", "walStorage"):
        section = at(cluster, "spec", name)
        if isinstance(section, dict):
            yield ("spec", name), section
    for path, item in entries(cluster, "spec", "tablespaces"):
        yield (*path, "storage"), mapping_at(item.get("storage"))


def _storage_size(seen: Seen) -> Iterator[Fault]:
    if at(seen.object, "spec", "storage") is None:
        yield Fault(("spec", "storage", "size"), "is needed: use one such as 10Gi")
    for path, section in storage_sections(seen.object):
        stated = section.get("size")
        if not stated:
            if not requested_size(section):
                yield Fault((*path, "size"), "is needed, or a storage request in pvcTemplate: use one such as 10Gi")
            continue
        try:
            checked_storage_size(str(stated), field="")
        except InvalidRequest as error:
            yield Fault((*path, "size"), str(error).removeprefix(": "), ours=quantity(stated) is not None)


def _storage_twice(seen: Seen) -> Iterator[Fault]:
    for path, section in storage_sections(seen.object):
        if section.get("size") and at(section, "pvcTemplate", "resources", "requests", "storage"):
            yield Fault((*path, "size"), "wins over the storage request of pvcTemplate: leave that out", "warning")
        if section.get("storageClass") and at(section, "pvcTemplate", "storageClassName"):
            yield Fault((*path, "storageClass"), "wins over pvcTemplate.storageClassName: leave that out", "warning")


def _storage_shrink(seen: Seen) -> Iterator[Fault]:
    for name in ("storage", "walStorage"):
        yield from _smaller_size(("spec", name), at(seen.object, "spec", name), at(seen.old, "spec", name))
    old = {as_text(item.get("name")): item.get("storage") for _, item in entries(seen.old, "spec", "tablespaces")}
    for path, item in entries(seen.object, "spec", "tablespaces"):
        yield from _smaller_size((*path, "storage"), item.get("storage"), old.get(as_text(item.get("name"))))


def _smaller_size(path: Path, new: object, old: object) -> Iterator[Fault]:
    wanted, had = requested_size(new), requested_size(old)
    if wanted is None or had is None or wanted >= had:
        return
    was = at(old, "size") or at(old, "pvcTemplate", "resources", "requests", "storage")
    yield Fault(
        (*path, "size"),
        f"{at(new, 'size') or 'the request of pvcTemplate'} is less than {was}, and volumes do not shrink: at least "
        f"{was}, or a new Cluster that takes the data over",
    )


def _wal_kept(seen: Seen) -> Iterator[Fault]:
    if at(seen.old, "spec", "walStorage") is not None and at(seen.object, "spec", "walStorage") is None:
        yield Fault(("spec", "walStorage"), "cannot be removed once the cluster has it: keep it")


def _tablespaces_kept(seen: Seen) -> Iterator[Fault]:
    new = set(names_in(seen.object, "spec", "tablespaces"))
    if any(has_unfilled(name) for name in new):
        return
    for name in names_in(seen.old, "spec", "tablespaces"):
        if name not in new and not has_unfilled(name):
            yield Fault(("spec", "tablespaces"), f"{quote(name)} is gone, and the operator removes none: keep it")


def _tablespace_names(seen: Seen) -> Iterator[Fault]:
    places = [
        ((*path, "name"), as_text(item.get("name"))) for path, item in entries(seen.object, "spec", "tablespaces")
    ]
    for path, name in places:
        if not _IDENTIFIER.fullmatch(name) or name.startswith("pg_"):
            yield Fault(
                path,
                f"{quote(name)} is not a name of a tablespace: at most 63 letters, digits, '_' and '$', not starting "
                f"with "
                f"a digit or 'pg_'",
            )
    for path, name in repeats((path, name.lower()) for path, name in places):
        yield Fault(path, f"{quote(name)} is there already, as PostgreSQL ignores case: name it otherwise")


def _tablespace_volumes(seen: Seen) -> Iterator[Fault]:
    places = [
        ((*path, "name"), as_text(item.get("name"))) for path, item in entries(seen.object, "spec", "tablespaces")
    ]
    same = {path for path, _ in repeats((path, name.lower()) for path, name in places)}
    named = [(path, _volume_name(name)) for path, name in places if path not in same]
    for path, name in repeats(named):
        yield Fault(path, f"makes the volume tbs-{name}, as another one does: a name that differs by letters or digits")


def _volume_name(name: str) -> str:
    """What Kubernetes can hold of a name (`convertPostgresIDToK8sName`)."""
    return f"{'1' if name.startswith('_') else name[:1]}{name[1:]}".replace("$", "-").replace("_", "-").lower()


def _snapshot_classes(seen: Seen) -> Iterator[Fault]:
    place = ("spec", "backup", "volumeSnapshot", "tablespaceClassName")
    known = names_in(seen.object, "spec", "tablespaces")
    for name in mapping_at(seen.object, *place):
        if name not in known and not any(has_unfilled(one) for one in known):
            yield Fault((*place, name), f"no tablespace has this name; {suggest(name, known)}")


_ONE = ("Cluster",)

RULES = (
    Rule("storage-size", _ONE, "webhook validateStorageSize", _storage_size),
    Rule(
        "storage-twice", _ONE, "webhook warning", _storage_twice, holds=Releases(((1, 25, 4), (1, 26, 2), (1, 27, 0)))
    ),
    Rule("storage-shrink", _ONE, "webhook validateStorageChange", _storage_shrink, compares=True),
    Rule("wal-storage-kept", _ONE, "webhook validateWalStorageChange", _wal_kept, compares=True),
    Rule("tablespaces-kept", _ONE, "webhook validateTablespacesChange", _tablespaces_kept, compares=True),
    Rule("tablespace-names", _ONE, "webhook validateTablespaceNames", _tablespace_names),
    Rule(
        "tablespace-volumes",
        _ONE,
        "webhook validateTablespaceNames",
        _tablespace_volumes,
        holds=Releases(since=((1, 27, 4), (1, 28, 2), (1, 29, 0))),
    ),
    Rule("tablespace-snapshots", _ONE, "webhook validateTablespaceBackupSnapshot", _snapshot_classes),
)
