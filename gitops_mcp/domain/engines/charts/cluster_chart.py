"""Where the values of CloudNativePG's `cluster` chart stand, for the fields that one value makes.

From the chart's templates as of 0.8 (templates/cluster.yaml, databases.yaml, pooler.yaml,
scheduled-backups.yaml, _helpers.tpl). Nothing is rendered: what
is not in the table below comes from defaults of the chart, from several values at once or from a template, and is
refused with its path.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gitops_mcp.domain.cnpg.postgres.images import POSTGRES_IMAGES
from gitops_mcp.domain.engines.applies import EngineObject, ValuesLayer
from gitops_mcp.domain.engines.charts.chart_releases import why_not_read
from gitops_mcp.domain.engines.charts.values import (
    FilledIn,
    Release,
    ValuesPlace,
    effective_value,
    find_values_place,
    layers_of_chart,
    values_line,
)
from gitops_mcp.domain.engines.reading import Files, mappings_in, read_documents
from gitops_mcp.domain.objects import Object, Path, at, dotted_path
from gitops_mcp.domain.yaml.values import is_same

CHART = "cluster"
IMAGE = f"{POSTGRES_IMAGES}:"
"""What the chart puts before `version.postgresql` where no image is named."""
_VERSION: Path = ("version", "postgresql")

_PASSED = (
    *("instances", "imageName", "resources", "affinity", "primaryUpdateMethod", "primaryUpdateStrategy", "logLevel"),
    *("enableSuperuserAccess", "enablePDB", "env", "envFrom", "imagePullPolicy", "imagePullSecrets", "certificates"),
    *("priorityClassName", "stopDelay", "replicationSlots", "serviceAccountTemplate", "podSecurityContext"),
    *("securityContext", "storage.size", "storage.storageClass", "walStorage.size", "walStorage.storageClass"),
    *("postgresql.parameters", "postgresql.synchronous", "postgresql.pg_hba", "postgresql.pg_ident", "postgresql.ldap"),
    *("monitoring.disableDefaultQueries", "monitoring.customQueriesSecret", "monitoring.tls.enabled"),
)
"""Fields of `spec` that stand in `cluster` under the same name."""
_MAPPED: dict[Path, Path] = {
    **{("spec", *one.split(".")): ("cluster", *one.split(".")) for one in _PASSED},
    # Those of `databases` get them too, where nothing reads them.
    ("metadata", "annotations"): ("cluster", "annotations"),
    ("spec", "managed", "roles"): ("cluster", "roles"),
    ("spec", "managed", "services"): ("cluster", "services"),
    ("spec", "superuserSecret", "name"): ("cluster", "superuserSecret"),
}


@dataclass(frozen=True)
class _Entries:
    """A list of values of which each entry makes one object."""

    values: Path
    infix: str
    """Between the Cluster's name and the entry's."""
    keys: Mapping[Path, str]
    """Which key of the entry makes a field of `spec`."""
    defaults: Mapping[Path, Any] = field(default_factory=dict)
    needs: Path = ()
    """What has to be true for the list to count."""


def _same_names(names: str) -> dict[Path, str]:
    return {(one,): one for one in names.split()}


_ENTRIES = {
    "Database": _Entries(
        ("databases",),
        "",
        _same_names(
            "name ensure owner template encoding databaseReclaimPolicy connectionLimit tablespace isTemplate schemas "
            "extensions locale localeProvider localeCollate localeCType icuLocale icuRules builtinLocale "
            "collationVersion allowConnections"
        ),
    ),
    "Pooler": _Entries(
        ("poolers",),
        "pooler-",
        {
            **_same_names("instances type template"),
            **{("pgbouncer", one): one for one in ("poolMode", "authQuerySecret", "authQuery", "parameters", "pg_hba")},
        },
        {("type",): "rw", ("pgbouncer", "poolMode"): "session"},
    ),
    "ScheduledBackup": _Entries(
        ("backups", "scheduledBackups"),
        "",
        _same_names("schedule method backupOwnerReference pluginConfiguration"),
        {("immediate",): True},
        ("backups", "enabled"),
    ),
}
_KNOWN_HOMES = ("cloudnative-pg.github.io/charts", "cloudnative-pg/charts", "cloudnative-pg.io")


def releases(applied: EngineObject, files: Files) -> tuple[Release, ...] | str:
    """The uses of the `cluster` chart by one engine object, or why what it applies is not that chart."""
    chart = applied.chart
    if chart is None:
        return "no Helm chart"
    if chart.folder is None:
        if chart.name != CHART or not is_of_cnpg(chart.repository):
            return f"{chart}; of charts from elsewhere only CloudNativePG's `{CHART}` is understood"
        return (_read_release(applied, chart.values, (), CHART, files, chart.version),)
    path = posixpath.join(chart.folder, "Chart.yaml")
    document = read_documents(files[path])[0].value if path in files and read_documents(files[path]) else None
    used = [one for one in mappings_in(at(document, "dependencies")) if _is_cluster_chart(one)]
    if not used:
        return f"the chart in {chart.folder or 'the root folder'}, whose templates are not edited"
    return tuple(
        _read_release(applied, layers_of_chart(applied, files), (name,), name, files, str(one.get("version") or ""))
        for one in used
        for name in [str(one.get("alias") or CHART)]
    )


def values_place_of_field(
    release: Release, kind: str, path: Path, files: Files, *, name: str | None = None
) -> ValuesPlace | str:
    """Where the value that makes a field stands, or why a person has to change it.

    `name`: of a Database that in PostgreSQL, of what else has entries its own.
    """
    if release.applied.opaque:
        return release.applied.opaque
    if kind in _ENTRIES:
        return _values_place_in_entry(release, kind, path, files, name)
    whole = next((known for known in _MAPPED if path[: len(known)] == known), None)
    if kind != "Cluster" or whole is None:
        return (
            f"{dotted_path(path)} of a {kind} is not a single value of the chart `{CHART}`; "
            f"see {values_line(release, files)}"
        )
    if whole == ("spec", "imageName"):
        return _values_place_of_image(release, files)
    if whole[1] == "walStorage" and effective_value(release, ("cluster", "walStorage", "enabled"), files) is not True:
        return f"cluster.walStorage.enabled is not true in {values_line(release, files)}"
    unread = why_not_read(_MAPPED[whole], release.version)
    return unread or find_values_place(release, _MAPPED[whole], path[len(whole) :], files)


def entry_of_object(release: Release, value: Object, files: Files) -> tuple[ValuesPlace | str, list[Object]] | None:
    """Where the list of values stands of which the chart makes such objects, and the list with this one added.

    None where no entry makes this object, under its name.
    """
    entries = _ENTRIES.get(value["kind"])
    if entries is None or (entries.needs and effective_value(release, entries.needs, files) is not True):
        return None
    if why_not_read(entries.values, release.version):
        return None
    spec = {key: part for key, part in value["spec"].items() if key != "cluster"}
    entry = {key: at(spec, *path) for path, key in entries.keys.items() if at(spec, *path) is not None}
    entry.setdefault("name", value["metadata"]["name"].removeprefix(f"{release.name}-{entries.infix}"))
    made = {"cluster": {"name": release.name}, **_spec_of_entry(entries, entry)}
    if not is_same({**_spec_of_entry(entries, {}), **value["spec"]}, made):
        return None
    if _name_of_entry(release, value["kind"], entry) != value["metadata"]["name"]:
        return None
    listed = list(mappings_in(effective_value(release, entries.values, files)))
    return find_values_place(release, entries.values, (), files), [*listed, entry]


def place_of_entry(release: Release, kind: str, name: str, files: Files) -> ValuesPlace | str | None:
    """Where the entry stands of which the chart makes an object; `name` as for `values_place_of_field`."""
    entries = _ENTRIES.get(kind)
    listed = mappings_in(effective_value(release, entries.values, files)) if entries else ()
    index = _index_of_entry(release, kind, name, listed)
    return find_values_place(release, entries.values, (index,), files) if entries and index is not None else None


def objects_of_release(release: Release, files: Files) -> Iterator[Object]:
    """The Cluster and what belongs to it, with no more in them than what the values say one to one."""
    if release.name is None:
        return
    metadata = {"name": release.name, **({"namespace": release.namespace} if release.namespace else {})}
    cluster: Object = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {**metadata}, "spec": {}}
    for target, source in _MAPPED.items():
        found = effective_value(release, source, files)
        if found not in (None, "", [], {}):
            _put_value(cluster, target, found)
    if effective_value(release, ("cluster", "walStorage", "enabled"), files) is not True:
        cluster["spec"].pop("walStorage", None)
    image = _made_image(release, files)
    if "imageName" not in cluster["spec"] and image and not _deciding_catalog(release, files):
        cluster["spec"]["imageName"] = f"{image[0]}{effective_value(release, _VERSION, files)}{image[1]}"
    yield cluster
    for kind, entries in _ENTRIES.items():
        is_on = not entries.needs or effective_value(release, entries.needs, files) is True
        if is_on and not why_not_read(entries.values, release.version):
            for one in mappings_in(effective_value(release, entries.values, files)):
                named = {**metadata, "name": _name_of_entry(release, kind, one)}
                spec = {"cluster": {"name": release.name}, **_spec_of_entry(entries, one)}
                yield {"apiVersion": "postgresql.cnpg.io/v1", "kind": kind, "metadata": named, "spec": spec}


def _spec_of_entry(entries: _Entries, one: Object) -> Object:
    spec: Object = {}
    said = {path: one[key] for path, key in entries.keys.items() if key in one}
    for path, value in {**entries.defaults, **said}.items():
        _put_value(spec, path, value)
    return spec


def _read_release(
    applied: EngineObject, values: tuple[ValuesLayer, ...], prefix: Path, chart: str, files: Files, version: str | None
) -> Release:
    release = Release(applied, applied.default_namespace, None, values, prefix)
    full = effective_value(release, ("fullnameOverride",), files)
    name = str(effective_value(release, ("nameOverride",), files) or chart)
    made = applied.chart.release if applied.chart else None
    if not full and made:
        full = made if name in made else f"{made}-{name}"
    namespace = effective_value(release, ("namespaceOverride",), files) or applied.default_namespace
    told = str(full)[:63].removesuffix("-") if full and "{{" not in str(full) else None
    return Release(applied, namespace, told, values, prefix, version=version)


def is_of_cnpg(repository: object) -> bool:
    return any(home in str(repository) for home in _KNOWN_HOMES)


def _is_cluster_chart(dependency: Object) -> bool:
    return dependency.get("name") == CHART and is_of_cnpg(dependency.get("repository"))


def _values_place_of_image(release: Release, files: Files) -> ValuesPlace | str:
    if (reason := _deciding_catalog(release, files)) is not None:
        return f"{reason} decides on the image; see {values_line(release, files)}"
    if effective_value(release, ("cluster", "imageName"), files) or effective_value(release, _VERSION, files) is None:
        return find_values_place(release, ("cluster", "imageName"), (), files)
    kind, made = effective_value(release, ("type",), files), _made_image(release, files)
    if made is None:
        return f"version.postgresql and version.{kind} together make the image; see {values_line(release, files)}"
    found = find_values_place(release, _VERSION, (), files)
    if isinstance(found, FilledIn):
        return FilledIn.at(replace(found.place, prefix=made[0], suffix=made[1]), found.text, found)
    return found if isinstance(found, str) else replace(found, prefix=made[0], suffix=made[1])


def _made_image(release: Release, files: Files) -> tuple[str, str] | None:
    """What stands before and after `version.postgresql` in the image that the chart makes of it."""
    if not effective_value(release, _VERSION, files):
        return None
    match effective_value(release, ("type",), files):
        case None | "postgresql":
            return IMAGE, ""
        case "postgis" if postgis := effective_value(release, ("version", "postgis"), files):
            return f"{IMAGE.replace('/postgresql:', '/postgis:')}", f"-{postgis}"
        case _:
            return None


def _deciding_catalog(release: Release, files: Files) -> str | None:
    if effective_value(release, ("cluster", "imageCatalogRef", "name"), files):
        return "cluster.imageCatalogRef"
    create = effective_value(release, ("imageCatalog", "create"), files)
    return (
        "imageCatalog" if effective_value(release, ("imageCatalog", "images"), files) and create is not False else None
    )


def _values_place_in_entry(
    release: Release, kind: str, path: Path, files: Files, name: str | None
) -> ValuesPlace | str:
    entries = _ENTRIES[kind]
    where, line = dotted_path(entries.values), values_line(release, files)
    listed = mappings_in(effective_value(release, entries.values, files))
    index = _index_of_entry(release, kind, name, listed)
    if index is None:
        return f"no entry of {where} is named {name} in {line}"
    known = next((one for one in entries.keys if path[1 : 1 + len(one)] == one), None)
    if path[0] != "spec" or known is None or known == ("name",):
        return f"{dotted_path(path)} of a {kind} is not a single value of the chart `{CHART}`; see {line}"
    rest = path[1 + len(known) :]
    return find_values_place(release, entries.values, (index, entries.keys[known], *rest), files)


def _index_of_entry(release: Release, kind: str, name: str | None, listed: tuple[Object, ...]) -> int | None:
    names = [one.get("name") if kind == "Database" else _name_of_entry(release, kind, one) for one in listed]
    return names.index(name) if name in names else None


def _name_of_entry(release: Release, kind: str, entry: Object) -> str:
    name = str(entry.get("name"))
    return f"{release.name}-{_ENTRIES[kind].infix}{name.replace('_', '-') if kind == 'Database' else name}"


def _put_value(value: Object, path: Path, part: object) -> None:
    for step in path[:-1]:
        value = value.setdefault(str(step), {})
    value[str(path[-1])] = part
