"""The Services that lead to a Cluster: the operator's own, managed ones, and poolers.

What the API lists counts; where it could not be asked, what the operator makes of the Cluster (`<cluster>-rw`, `-r` and
`-ro`, but for `disabledDefaultServices`), of `managed.services.additional` and of each Pooler. The server's certificate
names these Services, not a Pooler's, nor the address of a load balancer unless `serverAltDNSNames` does
(`Cluster.GetClusterAltDNSNames`, CNPG api/v1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gitops_mcp.domain.cnpg.cluster_spec import instance_count
from gitops_mcp.domain.cnpg.status.pods import CLUSTER_LABEL
from gitops_mcp.domain.names import is_namespace_name
from gitops_mcp.domain.objects import Object, as_int, at, list_at, mapping_at, text_at, texts_at

PORT = 5432
SERVES = {"rw": "the primary: reads and writes", "ro": "replicas only: reads", "r": "any instance: reads"}
_SELECTED = {"primary": "rw", "replica": "ro"}
_NOT_YET = "it is declared, and its Service is not there yet"
POOLER_LABEL = "cnpg.io/poolerName"


@dataclass(frozen=True)
class Endpoint:
    name: str
    """Of the Service: it resolves in the Cluster's namespace."""
    kind: str
    """`service`, `managed service` or `pooler`."""
    serves: str
    host: str
    """It resolves from every namespace."""
    port: int = PORT
    type: str = "ClusterIP"
    sslmode: str = "verify-full"
    """The strictest that works by this name."""
    external: tuple[str, ...] = ()
    """Addresses outside of the Kubernetes cluster."""
    note: str | None = None
    """Why nothing may answer there, or what else to know."""


def endpoints(
    cluster: Object, namespace: str, services: Iterable[Object] | None, poolers: Iterable[Object]
) -> tuple[Endpoint, ...]:
    """The one that writes first. Without `services`, which are not there yet or could not be read, those to come."""
    name = str(at(cluster, "metadata", "name"))
    own_poolers = {
        str(at(one, "metadata", "name")): one for one in poolers if at(one, "spec", "cluster", "name") == name
    }
    found = {one.name: one for one in (*_of_cluster(cluster, name, namespace), *_of_poolers(own_poolers, namespace))}
    if services:
        seen = {str(at(one, "metadata", "name")): one for one in services if _belongs(one, name)}
        found = {
            # The Service of a pooler carries the Cluster's label in newer operators alone.
            **{key: one for key, one in found.items() if one.kind == "pooler"},
            **{key: replace(one, note=_NOT_YET) for key, one in found.items() if one.kind == "managed service"},
            # `-any` is not for clients: instances find each other by it.
            **{
                key: _as_seen(one, found.get(key), cluster, namespace)
                for key, one in seen.items()
                if key != f"{name}-any"
            },
        }
    noted = [_with_note(one, cluster, own_poolers.get(one.name)) for one in found.values()]
    order = [SERVES["rw"], SERVES["ro"], SERVES["r"]]
    kinds = ["service", "pooler", "managed service"]
    return tuple(sorted(noted, key=lambda one: (kinds.index(one.kind), order.index(one.serves), one.name)))


def _belongs(service: Object, cluster: str) -> bool:
    return bool(at(service, "metadata", "labels", CLUSTER_LABEL) == cluster)


def _of_cluster(cluster: Object, name: str, namespace: str) -> Iterator[Endpoint]:
    managed = at(cluster, "spec", "managed", "services")
    left_out = texts_at(managed, "disabledDefaultServices")
    for suffix, serves in SERVES.items():
        if suffix not in left_out:
            yield _named(f"{name}-{suffix}", "service", serves, namespace)
    for one in list_at(managed, "additional"):
        service = text_at(one, "serviceTemplate", "metadata", "name")
        if service and is_namespace_name(service):  # any other is no Service's, nor a host
            serves = SERVES.get(str(at(one, "selectorType")), SERVES["rw"])
            kind = text_at(one, "serviceTemplate", "spec", "type") or "ClusterIP"
            yield replace(_named(service, "managed service", serves, namespace), type=kind)


def _of_poolers(poolers: dict[str, Object], namespace: str) -> Iterator[Endpoint]:
    for name, one in poolers.items():
        serves = SERVES.get(str(at(one, "spec", "type") or "rw"), SERVES["rw"])
        kind = text_at(one, "spec", "serviceTemplate", "spec", "type") or "ClusterIP"
        yield replace(_named(name, "pooler", serves, namespace), type=kind, sslmode="verify-ca")


def _named(name: str, kind: str, serves: str, namespace: str) -> Endpoint:
    return Endpoint(name, kind, serves, f"{name}.{namespace}.svc")


def _as_seen(service: Object, known: Endpoint | None, cluster: Object, namespace: str) -> Endpoint:
    """A Service as it is live; what it is for, where nothing declares it, by whom it selects."""
    name = str(at(service, "metadata", "name"))
    selector = mapping_at(service, "spec", "selector")
    if known is None:
        kind = "pooler" if POOLER_LABEL in selector else "managed service"
        serves = (
            SERVES[_SELECTED.get(str(selector.get("cnpg.io/instanceRole")), "r")] if kind != "pooler" else SERVES["rw"]
        )
        known = _named(name, kind, serves, namespace)
        known = replace(known, sslmode="verify-ca") if kind == "pooler" else known
    port = next((found for one in list_at(service, "spec", "ports") if (found := as_int(at(one, "port")))), PORT)
    ingress = list_at(service, "status", "loadBalancer", "ingress")
    external = tuple(str(at(one, "hostname") or at(one, "ip")) for one in ingress)
    return replace(
        known,
        port=port,
        type=text_at(service, "spec", "type") or known.type,
        external=external,
        note=_outside(service, external, cluster),
    )


def _outside(service: Object, external: tuple[str, ...], cluster: Object) -> str | None:
    kind = at(service, "spec", "type")
    if kind == "LoadBalancer" and not external:
        return "its load balancer has no address yet"
    if kind == "NodePort":
        ports = [found for one in list_at(service, "spec", "ports") if (found := as_int(at(one, "nodePort")))]
        return f"from outside at port {ports[0]} of a node" if ports else None
    named = texts_at(cluster, "spec", "certificates", "serverAltDNSNames")
    unnamed = [one for one in external if one not in named]
    return "from outside verify-full needs its name in spec.certificates.serverAltDNSNames" if unnamed else None


def _with_note(one: Endpoint, cluster: Object, pooler: Object | None) -> Endpoint:
    note = None
    if one.kind == "pooler":
        if at(pooler, "spec", "pgbouncer", "paused") is True:
            note = "this pooler is paused: clients wait"
        elif pooler is not None and (as_int(at(pooler, "spec", "instances"), default=1) or 0) == 0:
            note = "this pooler has no instances: nothing answers"
        elif mode := text_at(pooler, "spec", "pgbouncer", "poolMode"):
            note = f"pool mode {mode}"
    elif one.serves == SERVES["ro"] and (instance_count(cluster) or 1) == 1:
        note = "with one instance there is no replica: nothing answers"
    return replace(one, note="; ".join(filter(None, (note, one.note))) or None)
