"""Reading objects that anybody may have written: of another shape than expected means absent, never an exception."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_mcp.domain.objects import Object, Path, at, list_at, mapping_at
from gitops_mcp.domain.schema.unfilled import is_unfilled


def has_unfilled(value: object) -> bool:
    """Whether a value, or one inside it, holds a variable that an engine fills in: nobody knows what it will be."""
    if isinstance(value, str):
        return is_unfilled(value)
    if isinstance(value, dict):
        return any(has_unfilled(part) for part in value.values())
    return isinstance(value, list) and any(has_unfilled(part) for part in value)


def entries(value: Object | None, *path: str | int) -> Iterator[tuple[Path, Object]]:
    """The mappings of a list, each with its own path from the object's root."""
    for index, item in enumerate(list_at(value, *path)):
        if isinstance(item, dict):
            yield (*path, index), item


def names_in(value: Object | None, *path: str | int) -> list[str]:
    """The names of a list of mappings, in order."""
    return [item["name"] for _, item in entries(value, *path) if isinstance(item.get("name"), str)]


def as_text(value: object) -> str:
    """A text, or nothing for all else."""
    return value if isinstance(value, str) else ""


def repeats(names: Iterable[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    """Each that was there already."""
    seen: set[str] = set()
    for path, name in names:
        if name in seen:
            yield path, name
        seen.add(name)


def parameters_of(cluster: Object | None) -> Object:
    return {str(key): value for key, value in mapping_at(cluster, "spec", "postgresql", "parameters").items()}


def annotations_of(value: Object | None) -> Object:
    return {str(key): text for key, text in mapping_at(value, "metadata", "annotations").items()}


def same_namespace(one: Object, other: Object) -> bool:
    """An object without a namespace may be anywhere."""
    first, second = at(one, "metadata", "namespace"), at(other, "metadata", "namespace")
    return first is None or second is None or first == second


def cluster_of(value: Object, neighbours: Iterable[Object]) -> Object | None:
    """The Cluster that `spec.cluster.name` means, if it is among the neighbours."""
    name = at(value, "spec", "cluster", "name")
    for other in neighbours:
        if at(other, "kind") == "Cluster" and at(other, "metadata", "name") == name and same_namespace(value, other):
            return other
    return None


def siblings(value: Object, neighbours: Iterable[Object], *, kind: str | None = None) -> Iterator[Object]:
    """Other objects of a kind, its own if none is named, that belong to the same Cluster."""
    wanted = kind or at(value, "kind")
    for other in neighbours:
        if (
            at(other, "kind") == wanted
            and at(other, "spec", "cluster", "name") == at(value, "spec", "cluster", "name")
            and same_namespace(value, other)
            and (wanted != at(value, "kind") or at(other, "metadata", "name") != at(value, "metadata", "name"))
        ):
            yield other


def first_owners(cluster: Object) -> Iterator[str]:
    """The roles that a Cluster has from the beginning."""
    yield "postgres"
    methods = mapping_at(cluster, "spec", "bootstrap") or {"initdb": {}}
    yield from (as_text(at(one, "owner")) or "app" for one in methods.values())
