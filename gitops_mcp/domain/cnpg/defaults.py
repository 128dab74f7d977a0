"""What the operator's defaulting webhook writes into a Cluster before anything is validated: a pure function.

Its source is `api/v1/cluster_defaults.go` of CloudNativePG, and `CnpgConfigurationSettings` of
`pkg/postgres/configuration.go` for the parameters. The webhooks of Backup, ScheduledBackup and Database fill in nothing
(`internal/webhook/v1`), Pooler and the other kinds have none. What the CRDs fill in stands in their schemas. A section
of another shape than expected is left alone: the schema refuses it.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from gitops_mcp.domain.cnpg.cluster_spec import is_replica
from gitops_mcp.domain.cnpg.notation.golang import parse_boolean
from gitops_mcp.domain.cnpg.postgres.images import POSTGRES_IMAGES
from gitops_mcp.domain.cnpg.releases import Release, Releases
from gitops_mcp.domain.cnpg.version import major_of
from gitops_mcp.domain.objects import Object, as_int, at

PARAMETERS = {
    "archive_timeout": "5min",
    "dynamic_shared_memory_type": "posix",
    "full_page_writes": "on",
    "log_destination": "csvlog",
    "log_directory": "/controller/log",
    "log_filename": "postgres",
    "log_rotation_age": "0",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "false",
    "logging_collector": "on",
    "max_parallel_workers": "32",
    "max_replication_slots": "32",
    "max_worker_processes": "32",
    "shared_memory_type": "mmap",
    "shared_preload_libraries": "",
    "ssl_max_protocol_version": "TLSv1.3",
    "ssl_min_protocol_version": "TLSv1.3",
    "wal_keep_size": "512MB",
    "wal_level": "logical",
    "wal_log_hints": "on",
    "wal_receiver_timeout": "5s",
    "wal_sender_timeout": "5s",
}
"""`archive_mode` comes to these, whatever was stated; all others yield to what is stated."""

_IMAGES: tuple[tuple[str, Releases], ...] = tuple(
    (tag, Releases(since))
    for tag, since in (
        ("18.6-system-trixie", ((1, 31, 0),)),
        ("18.4-system-trixie", ((1, 28, 4), (1, 29, 2), (1, 30, 0))),
        ("18.3-system-trixie", ((1, 27, 4), (1, 28, 2), (1, 29, 0))),
        ("18.1-system-trixie", ((1, 26, 3), (1, 27, 2), (1, 28, 0))),
        ("18.0-system-trixie", ((1, 25, 4), (1, 26, 2), (1, 27, 1))),
        ("17.5", ((1, 25, 2),)),
        ("17.4", ((1, 25, 1),)),
        ("17.2", ()),
    )
)
"""The newest first; the major went from 17 to 18 within three lines."""
_NEWEST: Release = (1, 30, 0)
"""What an operator of unknown version is taken for."""
_ISOLATION_CHECK = Releases(((1, 27, 0),))
_QUORUM = Releases(((1, 28, 0),))
_PINGER = "alpha.cnpg.io/livenessPinger"
_FAILOVER_QUORUM = "alpha.cnpg.io/failoverQuorum"
_QUERIES = {"name": "cnpg-default-monitoring", "key": "queries"}


def fill_webhook_defaults(given: Object, *, operator: Release | None = None) -> Object:
    """The object as the webhook sends it on; the very same where it has nothing to add."""
    if at(given, "kind") != "Cluster" or not isinstance(given.get("spec"), dict):
        return given
    made = deepcopy(given)
    spec, release = made["spec"], operator or _NEWEST
    if spec.get("imageCatalogRef") is None:
        _fill(spec, "imageName", value=f"{POSTGRES_IMAGES}:{_default_tag(release)}")
    _fill_bootstrap(spec)
    if at(spec, "affinity", "enablePodAntiAffinity") is not False:
        _fill(spec, "affinity", "podAntiAffinityType", value="preferred")
    _fill_parameters(made)
    _fill(spec, "postgresql", "syncReplicaElectionConstraint", "enabled", value=False)
    _fill(spec, "resources", value={})
    _fill(spec, "logLevel", value="info")
    _fill_queries(spec)
    _fill(spec, "replicationSlots", "highAvailability", value={"enabled": True, "slotPrefix": "_cnpg_"})
    _fill(spec, "replicationSlots", "synchronizeReplicas", value={"enabled": True})
    if isinstance(spec.get("backup"), dict):
        _fill(spec, "backup", "target", value="prefer-standby")
    _fill_owners(spec)
    _fill_synchronous(made, operator)
    if _ISOLATION_CHECK.hold(release):
        _fill(spec, "probes", "liveness", "isolationCheck", value=_isolation_check(made))
    return given if made == given else made


def default_parameters(cluster: Object) -> dict[str, str]:
    """The parameters that a Cluster has before it states any."""
    mode = "always" if is_replica(cluster) else "on"
    annotations = at(cluster, "metadata", "annotations")
    return {**PARAMETERS, "archive_mode": "off" if at(annotations, "cnpg.io/skipWalArchiving") == "enabled" else mode}


def default_major(operator: Release | None) -> int:
    """The PostgreSQL of a Cluster that states neither an image nor a catalog."""
    return int(_default_tag(operator or _NEWEST).partition(".")[0])


def is_default_image(image: object) -> bool:
    """Whether some release of the operator fills in this image."""
    return image in {f"{POSTGRES_IMAGES}:{tag}" for tag, _ in _IMAGES}


def _default_tag(release: Release) -> str:
    return next(tag for tag, releases in _IMAGES if releases.hold(release))


def _fill(root: Object, *path: str, value: Any) -> None:
    """At the end of the path, unless something is there; nowhere, where the way is of another shape.

    A blank text counts as nothing where a text belongs; elsewhere the webhook cannot read it.
    """
    for step in path[:-1]:
        below: Any = root.get(step)
        below = {} if below is None else below
        if not isinstance(below, dict):
            return
        root[step] = root = below
    stated = root.get(path[-1])
    if stated is None or (stated == "" and isinstance(value, str)):
        root[path[-1]] = value


def _fill_bootstrap(spec: Object) -> None:
    method = next((one for one in ("recovery", "pg_basebackup") if at(spec, "bootstrap", one) is not None), "initdb")
    place = ("bootstrap", method)
    if method != "initdb" or at(spec, *place, "import", "type") != "monolith":
        _fill(spec, *place, "database", value="app")
    if database := at(spec, *place, "database"):
        _fill(spec, *place, "owner", value=database)
    if method == "initdb":
        for name, value in (("encoding", "UTF8"), ("localeCollate", "C"), ("localeCType", "C")):
            _fill(spec, *place, name, value=value)


def _fill_parameters(cluster: Object) -> None:
    """Only where the image says its major; else the webhook's own check of the image speaks."""
    spec = cluster["spec"]
    major = as_int(at(spec, "imageCatalogRef", "major")) or major_of(spec.get("imageName"))
    place = ("postgresql", "parameters")
    if major is None or not isinstance(at(spec, *place) or {}, dict):
        return
    defaults = default_parameters(cluster)
    for name, value in defaults.items():
        if name not in (at(spec, *place) or {}):
            _fill(spec, *place, name, value=value)
    if isinstance(at(spec, *place), dict) and isinstance(at(spec, *place, "archive_mode"), str | None):
        spec["postgresql"]["parameters"]["archive_mode"] = defaults["archive_mode"]


def _fill_queries(spec: Object) -> None:
    """In front of those that are stated, as an operator of the usual installation has default queries."""
    if at(spec, "monitoring", "disableDefaultQueries") is True:
        return
    _fill(spec, "monitoring", "customQueriesConfigMap", value=[])
    stated = at(spec, "monitoring", "customQueriesConfigMap")
    if isinstance(stated, list) and all(at(one, "name") != _QUERIES["name"] for one in stated):
        stated.insert(0, dict(_QUERIES))


def _fill_owners(spec: Object) -> None:
    tablespaces = spec.get("tablespaces")
    methods = ("recovery", "pg_basebackup", "initdb")
    owner = next((found for one in methods if (found := at(spec, "bootstrap", one, "owner"))), "postgres")
    for one in tablespaces if isinstance(tablespaces, list) else ():
        if isinstance(one, dict):
            _fill(one, "owner", "name", value=owner)


def _fill_synchronous(cluster: Object, operator: Release | None) -> None:
    spec = cluster["spec"]
    place = ("postgresql", "synchronous")
    if not isinstance(at(spec, *place), dict):
        return
    _fill(spec, *place, "dataDurability", value="required")
    stated = at(cluster, "metadata", "annotations", _FAILOVER_QUORUM)
    is_wanted = parse_boolean(stated) if isinstance(stated, str) else None
    is_readable = isinstance(at(spec, *place, "failoverQuorum"), bool | None)
    if is_wanted is not None and is_readable and _QUORUM.hold(operator or _NEWEST):
        spec["postgresql"]["synchronous"]["failoverQuorum"] = is_wanted
    elif operator is not None and _QUORUM.hold(operator):
        _fill(spec, *place, "failoverQuorum", value=False)


def _isolation_check(cluster: Object) -> Object:
    """As the annotation of older releases says it, if it can be read."""
    usual: Object = {"enabled": True, "requestTimeout": 1000, "connectionTimeout": 1000}
    stated = at(cluster, "metadata", "annotations", _PINGER)
    try:
        found = json.loads(stated) if isinstance(stated, str) else None
    except (ValueError, RecursionError):
        return usual
    is_enabled = at(found, "enabled")
    if not isinstance(is_enabled, bool):
        return usual
    return {key: at(found, key) or value for key, value in usual.items()} | {"enabled": is_enabled}
