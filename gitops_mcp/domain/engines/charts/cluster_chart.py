"""Where the values of CloudNativePG's `cluster` chart stand, for the fields that one value makes.

From the chart's templates as of 0.8 (templates/cluster.yaml, databases.yaml, _helpers.tpl). Nothing is rendered: what
is not in the table below comes from defaults of the chart, from several values at once or from a template, and is
refused with its path.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from gitops_mcp.domain.cnpg.images import POSTGRES_IMAGES
from gitops_mcp.domain.engines.applies import EngineObject, ValuesLayer
from gitops_mcp.domain.engines.charts.values import (
    Release,
    ValuesPlace,
    effective_value,
    find_values_place,
    values_line,
)
from gitops_mcp.domain.engines.reading import Files, TextPlace, mappings_in, read_documents
from gitops_mcp.domain.objects import Object, Path, at, dotted_path

CHART = "cluster"
IMAGE = f"{POSTGRES_IMAGES}:"
"""What the chart puts before `version.postgresql` where no image is named."""

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


def releases(applied: EngineObject, files: Files) -> tuple[Release, ...] | str:
    """The uses of the `cluster` chart by one engine object, or why what it applies is not that chart."""
    chart = applied.chart
    if chart is None:
        return "no Helm chart"
    if chart.folder is None:
        if chart.name != CHART or not any(home in str(chart.repository) for home in _KNOWN_HOMES):
            return f"{chart}; of charts from elsewhere only CloudNativePG's `{CHART}` is understood"
        return (_read_release(applied, chart.values, (), CHART, files),)
    path = posixpath.join(chart.folder, "Chart.yaml")
    document = read_documents(files[path])[0].value if path in files and read_documents(files[path]) else None
    own = posixpath.join(chart.folder, "values.yaml")
    first = (ValuesLayer("file", TextPlace(own, 0, (), 1)),) if chart.has_own_values and own in files else ()
    used = [one for one in mappings_in(at(document, "dependencies")) if _is_cluster_chart(one)]
    if not used:
        return f"the chart in {chart.folder or 'the root folder'}, whose templates are not edited"
    names = [str(one.get("alias") or CHART) for one in used]
    return tuple(_read_release(applied, (*first, *chart.values), (name,), name, files) for name in names)


def values_place_of_field(
    release: Release, kind: str, path: Path, files: Files, *, database: str | None = None
) -> ValuesPlace | str:
    """Where the value that makes a field stands, or why a person has to change it; `database`: by its SQL name."""
    if release.applied.opaque:
        return release.applied.opaque
    if kind == "Database":
        return _values_place_in_entry(release, path, files, database)
    whole = next((known for known in _MAPPED if path[: len(known)] == known), None)
    if kind != "Cluster" or whole is None:
        return (
            f"{dotted_path(path)} of a {kind} is no single value of the chart `{CHART}`; "
            f"see {values_line(release, files)}"
        )
    if whole == ("spec", "imageName"):
        return _values_place_of_image(release, files)
    if whole[1] == "walStorage" and effective_value(release, ("cluster", "walStorage", "enabled"), files) is not True:
        return f"cluster.walStorage.enabled is not true in {values_line(release, files)}"
    return find_values_place(release, _MAPPED[whole], path[len(whole) :], files)


def objects_of_release(release: Release, files: Files) -> Iterator[Object]:
    """The Cluster and the Databases, with no more in them than what the values say one to one."""
    if release.name is None:
        return
    metadata = {"name": release.name, **({"namespace": release.namespace} if release.namespace else {})}
    cluster: Object = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": metadata, "spec": {}}
    for target, source in _MAPPED.items():
        found = effective_value(release, source, files)
        if found not in (None, "", [], {}):
            _put_value(cluster, target, found)
    if effective_value(release, ("cluster", "walStorage", "enabled"), files) is not True:
        cluster["spec"].pop("walStorage", None)
    version = effective_value(release, ("version", "postgresql"), files)
    if "imageName" not in cluster["spec"] and version and not _deciding_catalog(release, files):
        cluster["spec"]["imageName"] = f"{IMAGE}{version}"
    yield cluster
    for one in mappings_in(effective_value(release, ("databases",), files)):
        name = str(one.get("name"))
        spec = {"name": name, "cluster": {"name": release.name}} | {key: one[key] for key in one if key in _DATABASE}
        named = {**metadata, "name": f"{release.name}-{name.replace('_', '-')}"}
        yield {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Database", "metadata": named, "spec": spec}


def _read_release(
    applied: EngineObject, values: tuple[ValuesLayer, ...], prefix: Path, chart: str, files: Files
) -> Release:
    release = Release(applied, applied.default_namespace, None, values, prefix)
    full = effective_value(release, ("fullnameOverride",), files)
    name = str(effective_value(release, ("nameOverride",), files) or chart)
    made = applied.chart.release if applied.chart else None
    if not full and made:
        full = made if name in made else f"{made}-{name}"
    namespace = effective_value(release, ("namespaceOverride",), files) or applied.default_namespace
    told = str(full)[:63].removesuffix("-") if full and "{{" not in str(full) else None
    return Release(applied, namespace, told, values, prefix)


def _is_cluster_chart(dependency: Object) -> bool:
    repository = str(dependency.get("repository"))
    return dependency.get("name") == CHART and any(home in repository for home in _KNOWN_HOMES)


def _values_place_of_image(release: Release, files: Files) -> ValuesPlace | str:
    if (reason := _deciding_catalog(release, files)) is not None:
        return f"{reason} decides on the image; see {values_line(release, files)}"
    kind, version = (
        effective_value(release, ("type",), files),
        effective_value(release, ("version", "postgresql"), files),
    )
    if effective_value(release, ("cluster", "imageName"), files) or version is None:
        return find_values_place(release, ("cluster", "imageName"), (), files)
    if kind not in {None, "postgresql"}:
        return f"version.postgresql and version.{kind} together make the image; see {values_line(release, files)}"
    found = find_values_place(release, ("version", "postgresql"), (), files)
    return found if isinstance(found, str) else replace(found, prefix=IMAGE)


def _deciding_catalog(release: Release, files: Files) -> str | None:
    if effective_value(release, ("cluster", "imageCatalogRef", "name"), files):
        return "cluster.imageCatalogRef"
    create = effective_value(release, ("imageCatalog", "create"), files)
    return (
        "imageCatalog" if effective_value(release, ("imageCatalog", "images"), files) and create is not False else None
    )


def _values_place_in_entry(release: Release, path: Path, files: Files, database: str | None) -> ValuesPlace | str:
    listed = effective_value(release, ("databases",), files)
    index = next((at for at, one in enumerate(mappings_in(listed)) if one.get("name") == database), None)
    if index is None:
        return f"no entry of databases is named {database} in {values_line(release, files)}"
    if len(path) < 2 or path[0] != "spec" or path[1] not in _DATABASE:
        return (
            f"{dotted_path(path)} of a Database is no single value of the chart `{CHART}`; "
            f"see {values_line(release, files)}"
        )
    return find_values_place(release, ("databases",), (index, *path[1:]), files)


def _put_value(value: Object, path: Path, part: object) -> None:
    for step in path[:-1]:
        value = value.setdefault(str(step), {})
    value[str(path[-1])] = part
