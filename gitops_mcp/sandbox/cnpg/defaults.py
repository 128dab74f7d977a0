"""What the mutating webhook adds, so that live objects differ from Git in the way real ones do.

The defaults of the schema are the API's; these are the webhook's (CloudNativePG, `api/v1/cluster_defaults.go`).
"""

from __future__ import annotations

import copy
from typing import Any

from gitops_mcp.domain.cnpg.images import POSTGRES_IMAGES
from gitops_mcp.domain.objects import Object

IMAGE = f"{POSTGRES_IMAGES}:18.4-system-trixie"
"""What an operator of 1.30 runs where neither imageName nor a catalog is named."""

PARAMETERS = {
    "archive_mode": "on",
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
_QUERIES = {"name": "cnpg-default-monitoring", "key": "queries"}
_SLOTS = {"highAvailability": {"enabled": True, "slotPrefix": "_cnpg_"}, "synchronizeReplicas": {"enabled": True}}
_PROBES = {"liveness": {"isolationCheck": {"enabled": True, "requestTimeout": 1000, "connectionTimeout": 1000}}}
_INITDB = {"encoding": "UTF8", "localeCollate": "C", "localeCType": "C"}


def with_defaults(cluster: Object) -> Object:
    """The Cluster as the webhook lets it into the API."""
    made = copy.deepcopy(cluster)
    spec = made["spec"]
    if "imageCatalogRef" not in spec:
        spec.setdefault("imageName", IMAGE)
    _set_bootstrap(spec)
    _set_missing(spec, {"affinity": {"podAntiAffinityType": "preferred"}, "logLevel": "info"})
    _set_missing(spec, {"postgresql": {"parameters": PARAMETERS}, "replicationSlots": _SLOTS, "probes": _PROBES})
    if "backup" in spec:
        spec["backup"].setdefault("target", "prefer-standby")
    monitoring = spec.setdefault("monitoring", {})
    queries = monitoring.get("customQueriesConfigMap", [])
    if not monitoring.get("disableDefaultQueries") and _QUERIES not in queries:
        monitoring["customQueriesConfigMap"] = [dict(_QUERIES), *queries]
    return made


def _set_bootstrap(spec: Object) -> None:
    bootstrap = spec.setdefault("bootstrap", {})
    method = next((other for other in ("recovery", "pg_basebackup") if other in bootstrap), "initdb")
    chosen = bootstrap.setdefault(method, {})
    chosen.setdefault("database", "app")
    chosen.setdefault("owner", chosen["database"])
    if method == "initdb":
        _set_missing(chosen, _INITDB)


def _set_missing(value: Object, defaults: dict[str, Any]) -> None:
    for key, default in defaults.items():
        if isinstance(default, dict):
            _set_missing(value.setdefault(key, {}), default)
        else:
            value.setdefault(key, default)
