"""What the samples of one instance say, and whether they may be believed.

`cnpg_collector_up` stays 1 while an instance is fenced, and is 0 where the exporter alone finds no connection; in both
cases what the last collection has found still stands on the page. So a value counts as of that time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from gitops_mcp.domain.cnpg.metrics.samples import Samples
from gitops_mcp.domain.objects import Object, at

_OWN_USERS = frozenset({"streaming_replica", "cnpg_metrics_exporter"})


@dataclass(frozen=True)
class Backend:
    """The longest transaction of a group of connections."""

    seconds: float
    user: str
    database: str
    state: str


@dataclass(frozen=True)
class Lagging:
    replica: str
    bytes: float
    seconds: float | None


@dataclass(frozen=True)
class Slot:
    name: str
    active: bool
    bytes: float
    """Of WAL that it keeps."""


@dataclass(frozen=True)
class InstanceMetrics:
    pod: str
    samples: Samples = field(repr=False)
    status: Object = field(default_factory=dict, repr=False)
    """What its instance manager answers at /pg/status; empty where nobody asked."""

    @property
    def stale(self) -> str | None:
        """Why the values are those of an earlier collection; None: they are as of now."""
        if self.fenced:
            return "the instance is fenced, so its PostgreSQL is stopped"
        if self.samples.value("collector_up") == 0 or (self.samples.value("collector_last_collection_error") or 0) > 0:
            return "the exporter cannot connect to PostgreSQL"
        return None if self.samples.value("collector_up") == 1 else "the exporter has collected nothing yet"

    @property
    def fenced(self) -> bool:
        return self.samples.value("collector_fencing_on") == 1

    @property
    def collected(self) -> datetime | None:
        seconds = self.samples.value("last_update_timestamp")
        return datetime.fromtimestamp(seconds, UTC) if seconds and 0 < seconds < 2**33 else None

    @property
    def is_primary(self) -> bool | None:
        found = self.samples.value("pg_replication_in_recovery")
        return None if found is None else found == 0

    @property
    def connections(self) -> float | None:
        return self.samples.total("backends_total")

    @property
    def max_connections(self) -> float | None:
        return self.samples.value("pg_settings_setting", name="max_connections")

    @property
    def oldest(self) -> Backend | None:
        """Of the applications; replication and the exporter have none of their own."""
        found = [
            Backend(
                one.value, one.labels.get("usename", ""), one.labels.get("datname", ""), one.labels.get("state", "")
            )
            for one in self.samples.series("backends_max_tx_duration_seconds")
            if one.labels.get("usename") not in _OWN_USERS
        ]
        return max(found, key=lambda one: one.seconds, default=None)

    @property
    def databases(self) -> dict[str, tuple[float, float | None]]:
        """Size and age of the oldest transaction id, by name."""
        ages = {one.labels.get("datname", ""): one.value for one in self.samples.series("pg_database_xid_age")}
        return {
            name: (one.value, ages.get(name))
            for one in self.samples.series("pg_database_size_bytes")
            if (name := one.labels.get("datname", ""))
        }

    @property
    def replicas(self) -> tuple[Lagging, ...]:
        """As the primary sees them: only those that are connected."""
        seconds = {
            one.labels.get("application_name"): one.value
            for one in self.samples.series("pg_stat_replication_replay_lag_seconds")
        }
        return tuple(
            # The seconds keep their last value while nothing is to be replayed.
            Lagging(name, one.value, seconds.get(name) if one.value else 0)
            for one in self.samples.series("pg_stat_replication_replay_diff_bytes")
            if (name := one.labels.get("application_name", "?"))
        )

    @property
    def slots(self) -> tuple[Slot, ...]:
        kept = {
            one.labels.get("slot_name"): one.value
            for one in self.samples.series("pg_replication_slots_pg_wal_lsn_diff")
        }
        return tuple(
            Slot(name, one.value == 1, kept.get(name, 0))
            for one in self.samples.series("pg_replication_slots_active")
            if (name := one.labels.get("slot_name", "?"))
        )

    @property
    def cache_hits(self) -> float | None:
        """The share of blocks that were found in memory, since the statistics began."""
        hit, read = self.samples.total("pg_stat_database_blks_hit"), self.samples.total("pg_stat_database_blks_read")
        return hit / (hit + read) if hit is not None and read is not None and hit + read else None

    @property
    def wal_bytes(self) -> float | None:
        return self.samples.value("collector_pg_wal", value="size")

    @property
    def waiting_wal(self) -> float | None:
        """WAL files that are to be archived."""
        return self.samples.value("collector_pg_wal_archive_status", value="ready")

    @property
    def archiving_fails(self) -> bool:
        """Whether the last try was a failure; -1 says that there was none."""
        failed = self.samples.value("pg_stat_archiver_seconds_since_last_failure")
        archived = self.samples.value("pg_stat_archiver_seconds_since_last_archival")
        return failed is not None and failed >= 0 and (archived is None or archived < 0 or failed < archived)

    @property
    def errors(self) -> list[str]:
        """What the exporter says of queries that failed. Text from the cluster."""
        return [one.labels.get("errorUserQueries") or str(one.labels) for one in self.samples.series("errors_total")]

    @property
    def version(self) -> str | None:
        found = self.samples.series("collector_postgres_version")
        return found[0].labels.get("full") if found else None

    def said(self, key: str) -> bool:
        """What /pg/status says of the instance; what it leaves out is false."""
        return at(self.status, key) is True
