"""What an instance serves: its exporter's page at port 9187, and at port 8000 what its instance manager says of it.

Names, labels and units are those of operator 1.30; the numbers are of a database that nobody uses. Nothing is measured.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.cnpg.children import CLUSTER_LABEL, ROLE_LABEL, is_ready
from gitops_mcp.sandbox.cnpg.postgres import Postgres
from gitops_mcp.sandbox.store.store import Store

_DATABASE_BYTES = 7_658_855
_SEGMENT = 16 << 20
_DATABASES = ("app", "postgres", "template1")
"""Where nothing says which there are."""
Line = tuple[str, Mapping[str, str], float]


class Exporter:
    def __init__(self, store: Store, inside: Callable[[str, str], Postgres | None]) -> None:
        """`inside`: what there is in the PostgreSQL of a Cluster, by namespace and name."""
        self._store = store
        self._inside = inside

    def pages(self, pod: Object, port: str) -> Mapping[str, bytes] | None:
        """By path; None where no instance listens at that port."""
        cluster = at(pod, "metadata", "labels", CLUSTER_LABEL)
        if cluster is None or not is_ready(pod) or at(pod, "metadata", "labels", "cnpg.io/podRole") != "instance":
            return None
        match port:
            case "9187":
                lines = self._lines(pod, str(cluster))
                return {"metrics": "".join(_text(*line) for line in sorted(lines, key=lambda one: one[0])).encode()}
            case "8000":
                return {"pg/status": json.dumps(_status(pod)).encode(), "healthz": b"OK", "readyz": b"OK"}
            case _:
                return None

    def _lines(self, pod: Object, cluster: str) -> Iterator[Line]:
        metadata = pod["metadata"]
        is_primary = metadata["labels"].get(ROLE_LABEL) == "primary"
        namespace, now = metadata["namespace"], time.time()
        yield from _of_every_instance(cluster, is_primary=is_primary, now=now)
        inside = self._inside(namespace, cluster)
        for name in inside.databases if inside else _DATABASES:
            if name != "template0":
                labels = {"datname": name}
                yield "cnpg_pg_database_size_bytes", labels, _DATABASE_BYTES
                yield "cnpg_pg_database_xid_age", labels, 42
                yield "cnpg_pg_stat_database_blks_hit", labels, 83_957
                yield "cnpg_pg_stat_database_blks_read", labels, 621
        if is_primary:
            pods = self._store.list(kinds.POD, namespace, labels=f"{CLUSTER_LABEL}={cluster}")
            replicas = [one["metadata"]["name"] for one in pods if one["metadata"]["name"] != metadata["name"]]
            yield from _of_the_primary(replicas)


def _of_every_instance(cluster: str, *, is_primary: bool, now: float) -> Iterator[Line]:
    none: dict[str, str] = {}
    backend = {"application_name": "cnpg_metrics_exporter", "datname": "app", "state": "active"}
    backend["usename"] = "cnpg_metrics_exporter"
    yield "cnpg_collector_up", {"cluster": cluster}, 1
    for name in ("fencing_on", "last_collection_error", "manual_switchover_required", "replica_mode"):
        yield f"cnpg_collector_{name}", none, 0
    yield "cnpg_collector_postgres_version", {"cluster": cluster, "full": "18.1"}, 18.1
    yield "cnpg_last_error", none, 0
    yield "cnpg_last_update_timestamp", none, now
    yield "cnpg_backends_total", backend, 1
    yield "cnpg_backends_max_tx_duration_seconds", backend, 0
    yield "cnpg_backends_waiting_total", none, 0
    yield "cnpg_pg_settings_setting", {"name": "max_connections"}, 100
    yield "cnpg_pg_replication_in_recovery", none, 0 if is_primary else 1
    yield "cnpg_pg_replication_is_wal_receiver_up", none, 0 if is_primary else 1
    yield "cnpg_pg_replication_lag", none, 0
    for value, number in (("count", 3), ("size", 3 * _SEGMENT), ("volume_size", math.nan)):
        yield "cnpg_collector_pg_wal", {"value": value}, number
    yield "cnpg_collector_pg_wal_archive_status", {"value": "ready"}, 0
    yield "cnpg_collector_pg_wal_archive_status", {"value": "done"}, 2


def _of_the_primary(replicas: list[str]) -> Iterator[Line]:
    none: dict[str, str] = {}
    yield "cnpg_pg_replication_streaming_replicas", none, len(replicas)
    for name, number in (("archived_count", 2), ("failed_count", 0)):
        yield f"cnpg_pg_stat_archiver_{name}", none, number
    yield "cnpg_pg_stat_archiver_seconds_since_last_archival", none, 30
    yield "cnpg_pg_stat_archiver_seconds_since_last_failure", none, -1
    for replica in replicas:
        seen = {"application_name": replica, "client_addr": "10.42.0.9/32", "usename": "streaming_replica"}
        yield "cnpg_pg_stat_replication_replay_diff_bytes", seen, 0
        yield "cnpg_pg_stat_replication_replay_lag_seconds", seen, 0
        slot = {"slot_name": f"_cnpg_{replica.replace('-', '_')}", "slot_type": "physical", "database": ""}
        yield "cnpg_pg_replication_slots_active", slot, 1
        yield "cnpg_pg_replication_slots_pg_wal_lsn_diff", slot, 0


_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


def _text(name: str, labels: Mapping[str, str], value: float) -> str:
    given = ",".join(f'{key}="{text.translate(_ESCAPES)}"' for key, text in labels.items())
    number = "NaN" if math.isnan(value) else repr(value)
    return f"{name}{{{given}}} {number}\n" if given else f"{name} {number}\n"


def _status(pod: Object) -> Object:
    """What is false is left out of some fields, as there."""
    is_primary = pod["metadata"]["labels"].get(ROLE_LABEL) == "primary"
    return {
        "isPrimary": is_primary,
        "replayPaused": False,
        "pendingRestart": False,
        "mightBeUnavailable": False,
        **({"isArchivingWAL": True} if is_primary else {}),
        "timeLineID": 1,
        "instanceManagerVersion": "1.30.0",
    }
