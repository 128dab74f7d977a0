"""How full the volumes of a Cluster are.

Only the kubelet knows, and a Prometheus that reads it. Without one, what PostgreSQL says it has there is the least that
is used: databases and WAL, where that has no volume of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gitops_mcp.domain.cnpg.metrics.amounts import share_text, size_text
from gitops_mcp.domain.cnpg.metrics.instance import InstanceMetrics
from gitops_mcp.domain.cnpg.notation.quantity import quantity
from gitops_mcp.domain.cnpg.status.volumes import Volume


@dataclass(frozen=True)
class VolumeFill:
    name: str
    instance: str | None
    role: str
    capacity: float | None
    used: float | None
    at_least: bool = False
    """`used` is what PostgreSQL has there; there may be more."""
    asked: bool = False
    """Whether a Prometheus was asked what the kubelets say."""

    @property
    def share(self) -> float | None:
        return self.used / self.capacity if self.used is not None and self.capacity else None

    def __str__(self) -> str:
        if self.used is None or not self.capacity:
            missing = "the Prometheus has no kubelet_volume_stats_* of it: have it read the kubelets"
            return (
                f"unknown, since {missing if self.asked else 'only the kubelet knows it: configure metrics.prometheus'}"
            )
        told = f"{share_text(self.used, self.capacity)}: {size_text(self.used)} of {size_text(self.capacity)}"
        return f"at least {told}" if self.at_least else told


def volume_fills(
    volumes: Iterable[Volume], metrics: Iterable[InstanceMetrics], kubelet: Mapping[str, tuple[float, float]] | None
) -> tuple[VolumeFill, ...]:
    """`kubelet`: used and capacity by the name of the claim; None: no Prometheus was asked."""
    known = {one.pod: one for one in metrics if one.stale is None}
    found = list(volumes)
    beside = {(one.instance, one.role) for one in found}
    fills = (_fill(one, known.get(one.instance or ""), (kubelet or {}).get(one.name), beside) for one in found)
    return tuple(replace(one, asked=kubelet is not None) for one in fills)


def _fill(
    volume: Volume,
    metrics: InstanceMetrics | None,
    kubelet: tuple[float, float] | None,
    beside: set[tuple[str | None, str]],
) -> VolumeFill:
    if kubelet is not None:
        return VolumeFill(volume.name, volume.instance, volume.role, kubelet[1], kubelet[0])
    size = quantity(volume.capacity)
    used = _least_used(volume, metrics, beside) if metrics else None
    return VolumeFill(
        volume.name, volume.instance, volume.role, float(size) if size else None, used, at_least=used is not None
    )


def _least_used(volume: Volume, metrics: InstanceMetrics, beside: set[tuple[str | None, str]]) -> float | None:
    data, wal = metrics.samples.total("pg_database_size_bytes"), metrics.wal_bytes
    if volume.role == "PG_WAL":
        return wal
    # What lies in tablespaces counts among the databases, so with them nothing is known of the rest.
    if volume.role != "PG_DATA" or data is None or (volume.instance, "PG_TABLESPACE") in beside:
        return None
    return data if (volume.instance, "PG_WAL") in beside else data + (wal or 0)
