"""How a Cluster begins, and the other clusters that it names. All of bootstrap is read at creation only."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.releases import Releases
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Object, Path, as_int, at, list_at, mapping_at
from gitops_mcp.domain.rules.reading import as_text, entries, has_unfilled, names_in, repeats
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

METHODS = ("initdb", "recovery", "pg_basebackup")
_PLACE: Path = ("spec", "bootstrap")
_INITDB: Path = (*_PLACE, "initdb")
_IMPORT: Path = (*_INITDB, "import")
_OTHERS: Path = ("spec", "externalClusters")
_FILES = ("sslCert", "sslKey", "sslRootCert")
_WAYS = ("connectionParameters", "barmanObjectStore", "plugin")


def bootstrap_methods(cluster: Object | None) -> tuple[str, ...]:
    given = mapping_at(cluster, *_PLACE)
    return tuple(name for name in METHODS if given.get(name) is not None)


def missing_external(seen: Seen, name: str) -> str | None:
    """What to say of an external cluster that is not there."""
    known = names_in(seen.object, *_OTHERS)
    if name in known or any(has_unfilled(one) for one in known):
        return None
    return f"no item of spec.externalClusters is named {quote(name)}; {suggest(name, known)}"


def _one_method(seen: Seen) -> Iterator[Fault]:
    found = bootstrap_methods(seen.stated)
    if len(found) > 1:
        yield Fault(_PLACE, f"{' and '.join(found)} exclude each other: keep one")


def _bootstrap_owners(seen: Seen) -> Iterator[Fault]:
    """Defaulting fills in both, save the database of such an import."""
    given = at(seen.object, *_INITDB)
    if at(given, "import", "type") == "monolith" and at(given, "owner") and not at(given, "database"):
        yield Fault((*_INITDB, "database"), "is needed beside owner in an import of type 'monolith': both or neither")


def _wal_segment(seen: Seen) -> Iterator[Fault]:
    value = as_int(at(seen.object, *_INITDB, "walSegmentSize"))
    if value is not None and (not 1 <= value <= 1024 or value & (value - 1)):
        yield Fault(
            (*_INITDB, "walSegmentSize"), f"{value} is not a power of 2 from 1 to 1024 (megabytes): use one such as 16"
        )


def _sql_references(seen: Seen) -> Iterator[Fault]:
    for name in ("postInitSQLRefs", "postInitTemplateSQLRefs", "postInitApplicationSQLRefs"):
        for kind in ("secretRefs", "configMapRefs"):
            for path, item in entries(seen.object, *_INITDB, name, kind):
                if not item.get("name") or not item.get("key"):
                    yield Fault(path, "needs both name and key", ours=name != "postInitApplicationSQLRefs")


def _initdb_import(seen: Seen) -> Iterator[Fault]:
    given = at(seen.object, *_IMPORT)
    if not isinstance(given, dict):
        return
    databases, roles = list_at(given.get("databases")), list_at(given.get("roles"))
    source = as_text(at(given, "source", "externalCluster"))
    if source and (text := missing_external(seen, source)):
        yield Fault((*_IMPORT, "source", "externalCluster"), text, ours=True)
    if given.get("type") == "microservice":
        if len(databases) != 1 or "*" in as_text(databases[0]):
            yield Fault((*_IMPORT, "databases"), "'microservice' imports exactly one database, named without '*'")
        if roles:
            yield Fault((*_IMPORT, "roles"), "'microservice' imports no roles: leave it out, or use 'monolith'")
    if given.get("type") == "monolith":
        if not databases or ("*" in databases and len(databases) > 1):
            yield Fault((*_IMPORT, "databases"), "'monolith' needs names of databases, or '*' alone")
        if "*" in roles and len(roles) > 1:
            yield Fault((*_IMPORT, "roles"), "'*' stands alone: it means every role")
        if given.get("postImportApplicationSQL"):
            yield Fault((*_IMPORT, "postImportApplicationSQL"), "goes with 'microservice' only: leave it out")


def _base_backup(seen: Seen) -> Iterator[Fault]:
    given = at(seen.object, *_PLACE, "pg_basebackup")
    if isinstance(given, dict) and (text := missing_external(seen, as_text(given.get("source")))):
        yield Fault((*_PLACE, "pg_basebackup", "source"), text)


def _external_clusters(seen: Seen) -> Iterator[Fault]:
    found = list(entries(seen.object, *_OTHERS))
    for path, item in found:
        if not any(item.get(way) for way in _WAYS):
            ours = any(item.get(way) is not None for way in _WAYS)
            yield Fault(path, f"needs one of {', '.join(_WAYS)}", ours=ours)
        if item.get("name") == "":
            yield Fault((*path, "name"), "is empty, and nothing could refer to it: use one such as 'origin'", ours=True)
    for path, name in repeats(((*path, "name"), as_text(item.get("name"))) for path, item in found):
        yield Fault(path, f"{quote(name)} is there already: use each name once")


def _external_names(seen: Seen) -> Iterator[Fault]:
    for path, item in entries(seen.object, *_OTHERS):
        places: list[Path] = [("name",), *((file, key) for file in _FILES for key in ("name", "key"))]
        for place in places:
            text = as_text(at(item, *place))
            if text in (".", "..") or set(text) & set("/\\"):
                yield Fault((*path, *place), f"{quote(text)} becomes the name of a file: without '/', '\\' and '..'")


def _too_late(seen: Seen) -> Iterator[Fault]:
    new, old = bootstrap_methods(seen.stated), bootstrap_methods(seen.old) or ("initdb",)
    if seen.old is None or not new or has_unfilled(at(seen.old, *_PLACE)):
        return
    if not set(new) <= set(old):
        # What Git stated goes from the API with its edit; what the webhook filled in stays there.
        was_stated = len(bootstrap_methods(seen.object)) == 1 and bool(bootstrap_methods(seen.before))
        why = "is read at creation only" if was_stated else f"the operator filled in {old[0]} and refuses both together"
        yield Fault(
            _PLACE,
            f"goes from {' and '.join(old)} to {' and '.join(new)} on a Cluster that exists: {why}. Restoring takes a "
            f"new Cluster with a name of its own",
            ours=was_stated,
        )
    elif seen.before is not None and at(seen.object, *_PLACE) != at(seen.before, *_PLACE):
        yield Fault(_PLACE, "is read at creation only: this edit changes nothing on a Cluster that exists", "warning")


_ONE = ("Cluster",)

RULES = (
    Rule("bootstrap-method", _ONE, "webhook validateBootstrapMethod", _one_method),
    Rule("bootstrap-owner", _ONE, "webhook validateApplicationDatabase", _bootstrap_owners),
    Rule("initdb-segment", _ONE, "webhook validateInitDB", _wal_segment),
    Rule("initdb-references", _ONE, "webhook validateInitDB", _sql_references),
    Rule("import", _ONE, "webhook validateImport", _initdb_import),
    Rule("base-backup", _ONE, "webhook validateBootstrapPgBaseBackupSource", _base_backup),
    Rule("external-clusters", _ONE, "webhook validateExternalClusters", _external_clusters),
    Rule(
        "external-cluster-names",
        _ONE,
        "webhook validateExternalCluster",
        _external_names,
        holds=Releases(since=((1, 28, 4), (1, 29, 2), (1, 30, 0))),
    ),
    Rule("bootstrap-once", _ONE, "webhook validateBootstrapMethod", _too_late, compares=True),
)
