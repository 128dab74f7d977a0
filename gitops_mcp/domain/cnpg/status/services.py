"""The services through which a Cluster is reached, and the budgets that keep its pods from being evicted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.status.pods import CLUSTER_LABEL
from gitops_mcp.domain.objects import Object, as_int, at, list_at

_SERVES = {"rw": "the primary: reads and writes", "ro": "replicas only: reads", "r": "any instance: reads"}


@dataclass(frozen=True)
class Service:
    name: str
    serves: str | None
    type: str
    host: str
    """The name inside the Kubernetes cluster."""
    ports: tuple[int, ...]
    external: tuple[str, ...]
    """Addresses of a load balancer."""


@dataclass(frozen=True)
class Budget:
    name: str
    allowed: int | None
    """Pods that may be evicted now."""
    healthy: int | None
    needed: int | None


def services(cluster: Object, objects: Iterable[Object]) -> tuple[Service, ...]:
    return tuple(_read_service(one, str(at(cluster, "metadata", "name"))) for one in _own_objects(cluster, objects))


def budgets(cluster: Object, objects: Iterable[Object]) -> tuple[Budget, ...]:
    return tuple(
        Budget(
            name=str(at(one, "metadata", "name")),
            allowed=as_int(at(one, "status", "disruptionsAllowed")),
            healthy=as_int(at(one, "status", "currentHealthy")),
            needed=as_int(at(one, "status", "desiredHealthy")),
        )
        for one in _own_objects(cluster, objects)
    )


def _own_objects(cluster: Object, objects: Iterable[Object]) -> list[Object]:
    name = at(cluster, "metadata", "name")
    own = [one for one in objects if at(one, "metadata", "labels", CLUSTER_LABEL) == name]
    return sorted(own, key=lambda one: str(at(one, "metadata", "name")))


def _read_service(service: Object, cluster: str) -> Service:
    name = str(at(service, "metadata", "name"))
    ingress = list_at(service, "status", "loadBalancer", "ingress")
    ports = [as_int(at(port, "port")) for port in list_at(service, "spec", "ports")]
    return Service(
        name=name,
        serves=_SERVES.get(name.removeprefix(f"{cluster}-")),
        type=str(at(service, "spec", "type") or "ClusterIP"),
        host=f"{name}.{at(service, 'metadata', 'namespace')}.svc",
        ports=tuple(port for port in ports if port is not None),
        external=tuple(str(at(one, "hostname") or at(one, "ip")) for one in ingress),
    )
