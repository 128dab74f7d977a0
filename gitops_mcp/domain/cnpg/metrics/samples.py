"""Samples of metrics, from the exporter's page or from a Prometheus: only those that are read here are kept.

The page is in Prometheus's text format (no timestamps, no exemplars, NaN occurs). A library that reads it would be
loaded for some twenty lines.
"""

from __future__ import annotations

import io
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

WANTED = frozenset({
    "cnpg_backends_max_tx_duration_seconds", "cnpg_backends_total", "cnpg_backends_waiting_total",
    "cnpg_collector_fencing_on", "cnpg_collector_last_collection_error", "cnpg_collector_manual_switchover_required",
    "cnpg_collector_pg_wal", "cnpg_collector_pg_wal_archive_status", "cnpg_collector_postgres_version",
    "cnpg_collector_sync_replicas", "cnpg_collector_up", "cnpg_errors_total", "cnpg_last_error",
    "cnpg_last_update_timestamp", "cnpg_pg_database_size_bytes", "cnpg_pg_database_xid_age",
    "cnpg_pg_replication_in_recovery", "cnpg_pg_replication_is_wal_receiver_up",
    "cnpg_pg_replication_lag", "cnpg_pg_replication_slots_active", "cnpg_pg_replication_slots_pg_wal_lsn_diff",
    "cnpg_pg_replication_streaming_replicas", "cnpg_pg_settings_setting",
    "cnpg_pg_stat_archiver_seconds_since_last_archival",
    "cnpg_pg_stat_archiver_seconds_since_last_failure", "cnpg_pg_stat_database_blks_hit",
    "cnpg_pg_stat_database_blks_read", "cnpg_pg_stat_replication_replay_diff_bytes",
    "cnpg_pg_stat_replication_replay_lag_seconds",
})  # fmt: skip
SETTINGS = frozenset({"max_connections"})
_SETTING = "cnpg_pg_settings_setting"
_SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*", re.ASCII)
_LABEL = re.compile(r'(?<!\w)([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?', re.ASCII)
_ESCAPED = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}
_MOST = 5_000
"""Samples that are kept of a page: a database or a connection pool may have thousands of series."""


@dataclass(frozen=True)
class Sample:
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Samples:
    """Those of one instance."""

    by_name: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)

    def series(self, name: str) -> tuple[Sample, ...]:
        return self.by_name.get(f"cnpg_{name}", ())

    def value(self, name: str, /, **labels: str) -> float | None:
        """The only one of that name and these labels; None where there is none, or no number."""
        found = next((one for one in self.series(name) if labels.items() <= one.labels.items()), None)
        return None if found is None else found.value

    def total(self, name: str) -> float | None:
        found = [one.value for one in self.series(name)]
        return sum(found) if found else None


def read_page(body: bytes) -> Samples:
    """Raises ValueError where it is no page of CNPG's exporter."""
    samples, is_exporter = [], False
    for raw in io.BytesIO(body):
        if not raw.startswith(b"cnpg_"):
            continue
        is_exporter = True
        if raw.split(b"{", 1)[0].split(b" ", 1)[0].decode(errors="replace") not in WANTED:
            continue
        if found := _SAMPLE.fullmatch(raw.decode(errors="replace")):
            samples.append((found[1], _labels(found[2] or ""), _number(found[3])))
    if not is_exporter:
        raise ValueError("there is no metric of CloudNativePG on it")
    return gather(samples)


def gather(samples: Iterable[tuple[str, Mapping[str, str], float | None]]) -> Samples:
    """Those that are read here; of the settings a few."""
    kept: dict[str, list[Sample]] = defaultdict(list)
    number = 0
    for name, labels, value in samples:
        is_wanted = name in WANTED and (name != _SETTING or labels.get("name") in SETTINGS)
        if is_wanted and value is not None and math.isfinite(value) and number < _MOST:
            kept[name].append(Sample(labels, value))
            number += 1
    return Samples({name: tuple(found) for name, found in kept.items()})


def _labels(text: str) -> dict[str, str]:
    return {
        found[1]: re.sub(r"\\.", lambda one: _ESCAPED.get(one[0], one[0]), found[2]) for found in _LABEL.finditer(text)
    }


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
