"""Where the values of CloudNativePG's `cluster` chart stand, for the fields that one value makes.

From the chart's templates as of 0.8 (templates/cluster.yaml, databases.yaml, _helpers.tpl). Nothing is rendered: what
is not in the table below comes from defaults of the chart, from several values at once or from a template, and is
refused with its path.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from gitops_mcp.domain.applied import Applied, Files, Place, Values, mappings, read
from gitops_mcp.domain.cnpg.images import POSTGRES_IMAGES
from gitops_mcp.domain.helmvalues import Release, ValuesPlace, effective, standing, where
from gitops_mcp.domain.objects import Object, Path, at, dotted

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
        return f"{dotted(path)} of a {kind} is no single value of the chart `{CHART}`; see {where(release, files)}"
    if whole == ("spec", "imageName"):
        return _image_at(release, files)
    if whole[1] == "walStorage" and effective(release, ("cluster", "walStorage", "enabled"), files) is not True:
        return f"cluster.walStorage.enabled is not true in {where(release, files)}"
    return standing(release, _MAPPED[whole], path[len(whole) :], files)


def databases_at(release: Release, files: Files) -> ValuesPlace | str:
    """The list that makes the Databases."""
    return standing(release, ("databases",), (), files)


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


def _image_at(release: Release, files: Files) -> ValuesPlace | str:
    if (reason := _catalog(release, files)) is not None:
        return f"{reason} decides on the image; see {where(release, files)}"
    kind, version = effective(release, ("type",), files), effective(release, ("version", "postgresql"), files)
    if effective(release, ("cluster", "imageName"), files) or version is None:
        return standing(release, ("cluster", "imageName"), (), files)
    if kind not in {None, "postgresql"}:
        return f"version.postgresql and version.{kind} together make the image; see {where(release, files)}"
    found = standing(release, ("version", "postgresql"), (), files)
    return found if isinstance(found, str) else replace(found, prefix=IMAGE)


def _catalog(release: Release, files: Files) -> str | None:
    if effective(release, ("cluster", "imageCatalogRef", "name"), files):
        return "cluster.imageCatalogRef"
    create = effective(release, ("imageCatalog", "create"), files)
    return "imageCatalog" if effective(release, ("imageCatalog", "images"), files) and create is not False else None


def _database_at(release: Release, path: Path, files: Files, database: str | None) -> ValuesPlace | str:
    listed = effective(release, ("databases",), files)
    index = next((at for at, one in enumerate(mappings(listed)) if one.get("name") == database), None)
    if index is None:
        return f"no entry of databases is named {database} in {where(release, files)}"
    if len(path) < 2 or path[0] != "spec" or path[1] not in _DATABASE:
        return f"{dotted(path)} of a Database is no single value of the chart `{CHART}`; see {where(release, files)}"
    return standing(release, ("databases",), (index, *path[1:]), files)


def _put(value: Object, path: Path, part: object) -> None:
    for step in path[:-1]:
        value = value.setdefault(str(step), {})
    value[str(path[-1])] = part
