"""The objects that a Cluster owns: instances (a pod and its volumes), services, disruption budgets, secrets.

All of them carry an owner reference, so that they go when the Cluster goes, as the volumes of a real one do.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import string
from collections.abc import Iterable, Iterator

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at

Child = tuple[Resource, Object]

CLUSTER_LABEL = "cnpg.io/cluster"
INSTANCE_LABEL = "cnpg.io/instanceName"
ROLE_LABEL = "cnpg.io/instanceRole"
JOB_LABEL = "cnpg.io/jobRole"
OWNED = (kinds.POD, kinds.PVC, kinds.SERVICE, kinds.PDB, kinds.SECRET)
_ALPHANUMERIC = string.ascii_letters + string.digits


def instance_name(cluster: Object, serial: int) -> str:
    return f"{cluster['metadata']['name']}-{serial}"


def serial_of(instance: str) -> int:
    return int(instance.rpartition("-")[2])


def starting_pod(cluster: Object, instance: str, *, image: str, role: str) -> Object:
    """A pod that is still starting."""
    serial = serial_of(instance)
    labels = {INSTANCE_LABEL: instance, ROLE_LABEL: role, "role": role, "cnpg.io/podRole": "instance"}
    container = {
        "name": "postgres",
        "image": image,
        "resources": cluster["spec"].get("resources", {}),
        "ports": [
            {"containerPort": 5432, "name": "postgresql", "protocol": "TCP"},
            {"containerPort": 9187, "name": "metrics", "protocol": "TCP"},
            {"containerPort": 8000, "name": "status", "protocol": "TCP"},
        ],
    }
    made = _make_child(cluster, kinds.POD, instance, labels)
    made["metadata"]["annotations"] = {"cnpg.io/nodeSerial": str(serial), "cnpg.io/operatorVersion": "1.30.0"}
    made["spec"] = {"nodeName": f"sandbox-node-{serial}", "containers": [container], "hostname": instance}
    made["status"] = {"phase": "Pending", **_readiness(image, ready=False)}
    return made


def failed_job_pod(cluster: Object, instance: str, *, role: str) -> Object:
    """The pod of a job that makes an instance, and did not: of `full-recovery` when a restore fails."""
    made = _make_child(cluster, kinds.POD, f"{instance}-{role}", {INSTANCE_LABEL: instance, JOB_LABEL: role})
    made["spec"] = {"containers": [{"name": role, "image": "none"}], "restartPolicy": "Never"}
    made["status"] = {"phase": "Failed"}
    return made


def running_status(starting: Object) -> Object:
    """What the status of that pod is once PostgreSQL accepts connections."""
    image = starting["spec"]["containers"][0]["image"]
    address = f"10.42.{serial_of(starting['metadata']['name'])}.{2 + secrets.randbelow(250)}"
    return {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], **_readiness(image, ready=True)}


def _readiness(image: str, *, ready: bool) -> Object:
    state = {"running": {}} if ready else {"waiting": {"reason": "PodInitializing"}}
    status = "True" if ready else "False"
    return {
        "conditions": [{"type": kind, "status": status} for kind in ("Ready", "ContainersReady")],
        "containerStatuses": [
            {
                "name": "postgres",
                "image": image,
                "imageID": "",
                "ready": ready,
                "started": ready,
                "restartCount": 0,
                "state": state,
            }
        ],
    }


def is_ready(instance: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in at(instance, "status", "conditions") or ())


def volume_claims(cluster: Object, instance: str) -> Iterator[Object]:
    """The claims of one instance: data, WAL where it is apart, and one for each tablespace."""
    spec = cluster["spec"]
    yield _claim(cluster, instance, instance, "PG_DATA", spec.get("storage", {}))
    if "walStorage" in spec:
        yield _claim(cluster, instance, f"{instance}-wal", "PG_WAL", spec["walStorage"])
    for space in spec.get("tablespaces", ()):
        claim = _claim(cluster, instance, f"{instance}-tbs-{space['name']}", "PG_TABLESPACE", space["storage"])
        claim["metadata"]["labels"]["cnpg.io/tablespaceName"] = space["name"]
        yield claim


def storage_fields(cluster: Object) -> Iterator[tuple[str, Object]]:
    """Everything that becomes a volume, with the field that says how big."""
    spec = cluster["spec"]
    yield "spec.storage", spec.get("storage", {})
    if "walStorage" in spec:
        yield "spec.walStorage", spec["walStorage"]
    for index, space in enumerate(spec.get("tablespaces", ())):
        yield f"spec.tablespaces[{index}].storage", space["storage"]


def size_of(storage: Object) -> str | None:
    size: str | None = storage.get("size") or at(storage, "pvcTemplate", "resources", "requests", "storage")
    return size


def bound_status(claim: Object) -> Object:
    """What the status of a claim is once a volume of that size is there."""
    requests = at(claim, "spec", "resources", "requests")
    return {"phase": "Bound", "accessModes": claim["spec"]["accessModes"], "capacity": dict(requests)}


def _claim(cluster: Object, instance: str, name: str, role: str, storage: Object) -> Object:
    claim = _make_child(cluster, kinds.PVC, name, {INSTANCE_LABEL: instance, "cnpg.io/pvcRole": role})
    serial = str(serial_of(instance))
    claim["metadata"]["annotations"] = {"cnpg.io/nodeSerial": serial, "cnpg.io/pvcStatus": "ready"}
    template = storage.get("pvcTemplate", {})
    claim["spec"] = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage.get("storageClass") or template.get("storageClassName", "standard"),
        "resources": {"requests": {"storage": size_of(storage)}},
        "volumeName": f"pvc-{secrets.token_hex(8)}",
    }
    return claim


def services(cluster: Object) -> Iterator[Child]:
    name = cluster["metadata"]["name"]
    disabled = at(cluster, "spec", "managed", "services", "disabledDefaultServices") or ()
    for suffix, key, value in (
        ("rw", ROLE_LABEL, "primary"),
        ("r", "cnpg.io/podRole", "instance"),
        ("ro", ROLE_LABEL, "replica"),
    ):
        if suffix not in disabled:
            service = _make_child(cluster, kinds.SERVICE, f"{name}-{suffix}", {"cnpg.io/isManaged": "true"})
            port = {"name": "postgres", "port": 5432, "protocol": "TCP", "targetPort": 5432}
            chosen = {CLUSTER_LABEL: name, key: value}
            service["spec"] = {"type": "ClusterIP", "clusterIP": _address(service), "ports": [port], "selector": chosen}
            yield kinds.SERVICE, service


def _address(service: Object) -> str:
    """The same each time that the service is made: an address is never changed."""
    metadata = service["metadata"]
    digest = hashlib.sha256(f"{metadata['ownerReferences'][0]['uid']}/{metadata['name']}".encode()).digest()
    return f"10.96.{digest[0]}.{1 + digest[1] % 254}"


def disruption_budgets(cluster: Object) -> Iterator[Child]:
    """One that keeps the primary, and from three instances on one that keeps all but one of the replicas."""
    name, instances = cluster["metadata"]["name"], cluster["spec"]["instances"]
    if not cluster["spec"].get("enablePDB", True):
        return
    budgets = [(f"{name}-primary", "primary", 1)]
    if instances > 2:
        budgets.append((name, "replica", instances - 2))
    for budget, role, least in budgets:
        made = _make_child(cluster, kinds.PDB, budget, {})
        selector = {"matchLabels": {CLUSTER_LABEL: name, ROLE_LABEL: role}}
        made["spec"] = {"minAvailable": least, "selector": selector}
        yield kinds.PDB, made


def budget_status(budget: Object, pods: Iterable[Object]) -> Object:
    wanted = budget["spec"]["selector"]["matchLabels"].items()
    matched = [pod for pod in pods if wanted <= pod["metadata"]["labels"].items()]
    healthy, least = sum(map(is_ready, matched)), budget["spec"]["minAvailable"]
    return {
        "currentHealthy": healthy,
        "desiredHealthy": least,
        "disruptionsAllowed": max(0, healthy - least),
        "expectedPods": len(matched),
        "observedGeneration": budget["metadata"]["generation"],
    }


def generated_secrets(cluster: Object) -> Iterator[Child]:
    """Secrets with random values; no two sandboxes share one, and none of them opens anything."""
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    application = next(iter(spec["bootstrap"].values()))
    if "secret" not in application:
        yield kinds.SECRET, _login(cluster, "app", application["owner"], application["database"])
    if spec.get("enableSuperuserAccess") and "superuserSecret" not in spec:
        yield kinds.SECRET, _login(cluster, "superuser", "postgres", "*")
    for suffix, kind, keys in (
        ("ca", "Opaque", ("ca.crt", "ca.key")),
        ("server", "kubernetes.io/tls", ("tls.crt", "tls.key")),
        ("replication", "kubernetes.io/tls", ("tls.crt", "tls.key")),
    ):
        yield (
            kinds.SECRET,
            _make_secret(cluster, f"{name}-{suffix}", kind, {key: secrets.token_urlsafe(48) for key in keys}),
        )


def _login(cluster: Object, suffix: str, user: str, database: str) -> Object:
    metadata = cluster["metadata"]
    host, namespace = f"{metadata['name']}-rw", metadata["namespace"]
    password = "".join(secrets.choice(_ALPHANUMERIC) for _ in range(64))
    full = f"{host}.{namespace}.svc.cluster.local"
    return _make_secret(
        cluster,
        f"{metadata['name']}-{suffix}",
        "kubernetes.io/basic-auth",
        {
            "username": user,
            "user": user,
            "password": password,
            "dbname": database,
            "host": host,
            "port": "5432",
            "pgpass": f"{host}:5432:{database}:{user}:{password}\n",
            "uri": f"postgresql://{user}:{password}@{host}.{namespace}:5432/{database}",
            "jdbc-uri": f"jdbc:postgresql://{host}.{namespace}:5432/{database}?password={password}&user={user}",
            "fqdn-uri": f"postgresql://{user}:{password}@{full}:5432/{database}",
            "fqdn-jdbc-uri": f"jdbc:postgresql://{full}:5432/{database}?password={password}&user={user}",
        },
    )


def _make_secret(cluster: Object, name: str, kind: str, values: dict[str, str]) -> Object:
    made = _make_child(cluster, kinds.SECRET, name, {})
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return made | {"type": kind, "data": encoded}


def _make_child(cluster: Object, resource: Resource, name: str, labels: dict[str, str]) -> Object:
    owner = {
        "apiVersion": cluster["apiVersion"],
        "kind": cluster["kind"],
        "name": cluster["metadata"]["name"],
        "uid": cluster["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {
            "name": name,
            "namespace": cluster["metadata"]["namespace"],
            "labels": {CLUSTER_LABEL: cluster["metadata"]["name"], **labels},
            "ownerReferences": [owner],
        },
    }


def names_of(objects: Iterable[Object]) -> list[str]:
    return [found["metadata"]["name"] for found in objects]
