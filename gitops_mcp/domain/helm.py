"""Where the values of CloudNativePG's `cluster` chart stand, for the fields that one value makes.

From the chart's templates as of 0.8 (templates/cluster.yaml, databases.yaml, _helpers.tpl). Nothing is rendered: what
is not in the table below comes from defaults of the chart, from several values at once or from a template, and is
refused with its path.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.applied import Applied, Files, Place, Values, joined, located, mappings, read
from gitops_mcp.domain.objects import Object, Path, at, dotted

CHART = "cluster"
IMAGE = "ghcr.io/cloudnative-pg/postgresql:"
"""What the chart puts before `version.postgresql` where no image is named."""

_ABSENT = object()
_MAPPED: dict[Path, Path] = {
    ("spec", "instances"): ("cluster", "instances"),
    ("spec", "storage", "size"): ("cluster", "storage", "size"),
    ("spec", "storage", "storageClass"): ("cluster", "storage", "storageClass"),
    ("spec", "walStorage", "size"): ("cluster", "walStorage", "size"),
    ("spec", "walStorage", "storageClass"): ("cluster", "walStorage", "storageClass"),
    ("spec", "imageName"): ("cluster", "imageName"),
    ("spec", "managed", "roles"): ("cluster", "roles"),
    ("spec", "managed", "services"): ("cluster", "services"),
    ("spec", "resources"): ("cluster", "resources"),
    ("spec", "affinity"): ("cluster", "affinity"),
    ("spec", "postgresql", "parameters"): ("cluster", "postgresql", "parameters"),
    ("spec", "postgresql", "synchronous"): ("cluster", "postgresql", "synchronous"),
    ("spec", "postgresql", "pg_hba"): ("cluster", "postgresql", "pg_hba"),
    ("spec", "postgresql", "pg_ident"): ("cluster", "postgresql", "pg_ident"),
    ("spec", "primaryUpdateMethod"): ("cluster", "primaryUpdateMethod"),
    ("spec", "primaryUpdateStrategy"): ("cluster", "primaryUpdateStrategy"),
    ("spec", "enableSuperuserAccess"): ("cluster", "enableSuperuserAccess"),
    ("spec", "enablePDB"): ("cluster", "enablePDB"),
    ("spec", "logLevel"): ("cluster", "logLevel"),
}
_DATABASE = frozenset(
    {"ensure", "owner", "template", "encoding", "databaseReclaimPolicy", "connectionLimit", "tablespace", "isTemplate"}
    | {"schemas", "extensions", "locale", "localeProvider", "localeCollate", "localeCType", "icuLocale", "icuRules"}
    | {"builtinLocale", "collationVersion"}
)
_KNOWN_HOMES = ("cloudnative-pg.github.io/charts", "cloudnative-pg/charts", "cloudnative-pg.io")


@dataclass(frozen=True)
class Release:
    """One use of the `cluster` chart: what one Cluster and its Databases come from."""

    applied: Applied
    namespace: str | None
    name: str | None
    """Of the Cluster; None where it cannot be told."""
    values: tuple[Values, ...]
    """In order, the last wins; everything that is set for the release, the chart's own defaults not among it."""
    prefix: Path
    """Before every path of the chart: the dependency's name or alias in an umbrella chart."""


@dataclass(frozen=True)
class ValuesPlace:
    """Where a value stands, or where it is to be added."""

    path: str
    document: int
    base: Path
    """In that document: the mapping of values, or the string that holds them."""
    inner: int | None
    """Which document of the string at `base`, where the values are text; None where they are YAML there."""
    values: Path
    """Of the value, below `base` or inside the text."""
    line: int
    present: bool
    """Whether it stands there already."""
    prefix: str = ""
    """The object's value is this and the value: an image from `version.postgresql`."""


def releases(applied: Applied, files: Files) -> tuple[Release, ...] | str:
    """The uses of the `cluster` chart by one engine object, or why what it applies is not that chart."""
    chart = applied.chart
    if chart is None:
        return "no Helm chart"
    if chart.folder is None:
        if chart.name != CHART or not any(home in str(chart.repository) for home in _KNOWN_HOMES):
            return (
                f"the chart {chart.name} of {chart.repository}; of charts only CloudNativePG's `{CHART}` is understood"
            )
        return (_release(applied, chart.values, (), CHART, files),)
    path = posixpath.join(chart.folder, "Chart.yaml")
    document = read(files[path])[0].value if path in files and read(files[path]) else None
    own = posixpath.join(chart.folder, "values.yaml")
    first = (Values("file", Place(own, 0, (), 1)),) if chart.has_own_values and own in files else ()
    used = [one for one in mappings(at(document, "dependencies")) if _is_chart(one)]
    if not used:
        return f"the chart in {chart.folder or 'the root folder'}, whose templates are not edited"
    names = [str(one.get("alias") or CHART) for one in used]
    return tuple(_release(applied, (*first, *chart.values), (name,), name, files) for name in names)


def values_at(
    release: Release, kind: str, path: Path, files: Files, *, database: str | None = None
) -> ValuesPlace | str:
    """Where the value that makes a field stands, or why a person has to change it; `database`: by its SQL name."""
    if release.applied.opaque:
        return release.applied.opaque
    if kind == "Database":
        return _database_at(release, path, files, database)
    whole = next((known for known in _MAPPED if path[: len(known)] == known), None)
    if kind != "Cluster" or whole is None:
        return f"{dotted(path)} of a {kind} is no single value of the chart `{CHART}`; see {_where(release, files)}"
    if whole == ("spec", "imageName"):
        return _image_at(release, files)
    if whole[1] == "walStorage" and effective(release, ("cluster", "walStorage", "enabled"), files) is not True:
        return f"cluster.walStorage.enabled is not true in {_where(release, files)}"
    return _found(release, _MAPPED[whole], path[len(whole) :], files)


def databases_at(release: Release, files: Files) -> ValuesPlace | str:
    """The list that makes the Databases."""
    return _found(release, ("databases",), (), files)


def effective(release: Release, path: Path, files: Files) -> Any:
    """What the layers together say, as Helm merges them; None where they say nothing or cannot be read."""
    result: Any = None
    for layer in release.values:
        found = _said(layer, (*release.prefix, *path), files)
        result = result if found is _ABSENT else _merged(result, found)
    return result


def objects(release: Release, files: Files) -> Iterator[Object]:
    """The Cluster and the Databases, with no more in them than what the values say one to one."""
    if release.name is None:
        return
    metadata = {"name": release.name, **({"namespace": release.namespace} if release.namespace else {})}
    cluster: Object = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": metadata, "spec": {}}
    for target, source in _MAPPED.items():
        found = effective(release, source, files)
        if found not in (None, "", [], {}):
            _put(cluster, target, found)
    if effective(release, ("cluster", "walStorage", "enabled"), files) is not True:
        cluster["spec"].pop("walStorage", None)
    version = effective(release, ("version", "postgresql"), files)
    if "imageName" not in cluster["spec"] and version and not _catalog(release, files):
        cluster["spec"]["imageName"] = f"{IMAGE}{version}"
    yield cluster
    for one in mappings(effective(release, ("databases",), files)):
        name = str(one.get("name"))
        spec = {"name": name, "cluster": {"name": release.name}} | {key: one[key] for key in one if key in _DATABASE}
        named = {**metadata, "name": f"{release.name}-{name.replace('_', '-')}"}
        yield {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Database", "metadata": named, "spec": spec}


def _release(applied: Applied, values: tuple[Values, ...], prefix: Path, chart: str, files: Files) -> Release:
    release = Release(applied, applied.default_namespace, None, values, prefix)
    full = effective(release, ("fullnameOverride",), files)
    name = str(effective(release, ("nameOverride",), files) or chart)
    made = applied.chart.release if applied.chart else None
    if not full and made:
        full = made if name in made else f"{made}-{name}"
    namespace = effective(release, ("namespaceOverride",), files) or applied.default_namespace
    told = str(full)[:63].removesuffix("-") if full and "{{" not in str(full) else None
    return Release(applied, namespace, told, values, prefix)


def _is_chart(dependency: Object) -> bool:
    repository = str(dependency.get("repository"))
    return dependency.get("name") == CHART and any(home in repository for home in _KNOWN_HOMES)


def _where(release: Release, files: Files) -> str:
    places = [located(layer.place, files) for layer in release.values if layer.place]
    return places[-1] if places else str(release.applied.place)


def _image_at(release: Release, files: Files) -> ValuesPlace | str:
    if (reason := _catalog(release, files)) is not None:
        return f"{reason} decides on the image; see {_where(release, files)}"
    kind, version = effective(release, ("type",), files), effective(release, ("version", "postgresql"), files)
    if effective(release, ("cluster", "imageName"), files) or version is None:
        return _found(release, ("cluster", "imageName"), (), files)
    if kind not in {None, "postgresql"}:
        return f"version.postgresql and version.{kind} together make the image; see {_where(release, files)}"
    found = _found(release, ("version", "postgresql"), (), files)
    return found if isinstance(found, str) else ValuesPlace(**{**vars(found), "prefix": IMAGE})


def _catalog(release: Release, files: Files) -> str | None:
    if effective(release, ("cluster", "imageCatalogRef", "name"), files):
        return "cluster.imageCatalogRef"
    create = effective(release, ("imageCatalog", "create"), files)
    return "imageCatalog" if effective(release, ("imageCatalog", "images"), files) and create is not False else None


def _database_at(release: Release, path: Path, files: Files, database: str | None) -> ValuesPlace | str:
    listed = effective(release, ("databases",), files)
    index = next((at for at, one in enumerate(mappings(listed)) if one.get("name") == database), None)
    if index is None:
        return f"no entry of databases is named {database} in {_where(release, files)}"
    if len(path) < 2 or path[0] != "spec" or path[1] not in _DATABASE:
        return f"{dotted(path)} of a Database is no single value of the chart `{CHART}`; see {_where(release, files)}"
    return _found(release, ("databases",), (index, *path[1:]), files)


def _found(release: Release, value: Path, rest: Path, files: Files) -> ValuesPlace | str:
    """The last layer that sets it; else the last that can take it."""
    path = (*release.prefix, *value)
    name = dotted(path)
    room: Values | None = None
    for layer in reversed(release.values):
        if layer.kind == "unread":
            return f"{name} may be set by {layer.name}, which is not read here and would win"
        if layer.kind == "parameter":
            if layer.name == name and not rest and layer.place:
                return ValuesPlace(
                    layer.place.path, layer.place.document, layer.place.base, None, (), _line(layer, files), True
                )
            if (
                layer.name.startswith(f"{name}.")
                or layer.name.startswith(f"{name}[")
                or name.startswith(f"{layer.name}.")
            ):
                return f"the Helm parameter {layer.name} sets a part of {name}; see {layer.place}"
            continue
        found = _said(layer, path, files)
        if found is not _ABSENT:
            return _place(layer, (*path, *rest), files, present=at({"": found}, "", *rest) is not None)
        room = room or (layer if _is_readable(layer, files) else None)
    if room is None:
        return f"{name} has no values to stand in; {release.applied} takes the chart's own"
    return _place(room, (*path, *rest), files, present=False)


def _place(layer: Values, path: Path, files: Files, *, present: bool) -> ValuesPlace:
    place = layer.place
    if place is None:
        raise AssertionError("only what is unread has no place")
    inner = 0 if layer.kind == "text" else None
    return ValuesPlace(place.path, place.document, place.base, inner, path, _line(layer, files, path), present)


def _line(layer: Values, files: Files, path: Path = ()) -> int:
    place = layer.place
    if place is None:
        return 1
    exact = place if layer.kind == "text" else place.below(*path)
    return int(located(exact, files).rpartition(":")[2])


def _is_readable(layer: Values, files: Files) -> bool:
    return isinstance(_content(layer, files), dict)


def _content(layer: Values, files: Files) -> Any:
    place = layer.place
    documents = read(files.get(place.path, "")) if place else ()
    found = at(documents[place.document].value, *place.base) if place and place.document < len(documents) else None
    if layer.kind == "text":
        inner = read(found) if isinstance(found, str) else ()
        return inner[0].value if inner else None
    return found


def _said(layer: Values, path: Path, files: Files) -> Any:
    """What one layer says at a path; `_ABSENT` where it says nothing."""
    if layer.kind == "parameter":
        return _content(layer, files) if layer.name == dotted(path) else _ABSENT
    value = None if layer.kind == "unread" else _content(layer, files)
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return _ABSENT
        value = value[step]
    return value


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return old | {key: _merged(old.get(key), value) for key, value in new.items()}


def _put(value: Object, path: Path, part: Any) -> None:
    for step in path[:-1]:
        value = value.setdefault(str(step), {})
    value[str(path[-1])] = part
