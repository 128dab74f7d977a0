"""Cluster.status, derived from the pods and claims that are there, and from the status before."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.cnpg.children import CLUSTER_LABEL, is_ready, names_of, serial_of

HEALTHY = "Cluster in healthy state"
SETTING_UP_PRIMARY = "Setting up primary"
CREATING_REPLICA = "Creating a new replica"
WAITING = "Waiting for the instances to become active"
UPGRADING = "Upgrading cluster"
MAJOR_UPGRADE = "Upgrading Postgres major version"
APPLYING = "Applying configuration"
INVALID = "Invalid cluster definition"
INVALID_CATALOG = "Cluster has incomplete or invalid image catalog"

_CERTIFICATE_DAYS = 90
_PLUGIN_VERSION = "0.14.0"


@dataclass(frozen=True)
class SandboxInstance:
    name: str
    pod: Object | None
    claims: tuple[Object, ...]

    @property
    def ready(self) -> bool:
        return self.pod is not None and is_ready(self.pod)


@dataclass(frozen=True)
class ClusterPhase:
    name: str
    reason: str = ""


def cluster_status(
    cluster: Object,
    instances: Iterable[SandboxInstance],
    phase: ClusterPhase,
    *,
    image: str,
    roles: Object | None,
    now: datetime,
    archive_fault: str = "",
) -> Object:
    """`roles` is what the instance manager reports of the roles in the Cluster's list.

    `archive_fault`: why no WAL is archived.
    """
    before: Object = cluster.get("status", {})
    name = cluster["metadata"]["name"]
    present = sorted(instances, key=lambda one: serial_of(one.name))
    primary = primary_of(cluster, present)
    claims = [claim for one in present for claim in one.claims]
    made = {
        **before,
        "phase": phase.name,
        "phaseReason": phase.reason,
        "instances": len(present),
        "readyInstances": sum(one.ready for one in present),
        "instanceNames": [one.name for one in present],
        "instancesStatus": _by_health(present),
        "instancesReportedState": {one.name: _instance_report(one, primary) for one in present if one.ready},
        "selector": f"{CLUSTER_LABEL}={name},cnpg.io/podRole=instance",
        "targetPrimary": primary,
        "timelineID": 1,
        "systemID": before.get("systemID") or str(7_500_000_000_000_000_000 + secrets.randbelow(10**17)),
        "writeService": f"{name}-rw",
        "readService": f"{name}-r",
        "image": image,
        "pgDataImageInfo": {"image": image, "majorVersion": major_of(image)} if image else None,
        "pvcCount": len(claims),
        "healthyPVC": names_of(claim for one in present if one.pod for claim in one.claims),
        "danglingPVC": names_of(claim for one in present if not one.pod for claim in one.claims),
        "resizingPVC": names_of(claim for claim in claims if is_resizing(claim)),
        "latestGeneratedNode": max((serial_of(one.name) for one in present), default=0),
        "topology": _topology(present),
        "managedRolesStatus": roles or {},
        "certificates": _certificates(cluster, before, now),
        "pluginStatus": _plugins(cluster),
        "onlineUpdateEnabled": False,
        "switchReplicaClusterStatus": {},
        "conditions": _conditions(
            before,
            healthy=phase.name == HEALTHY,
            ready=any(o.ready for o in present),
            now=now,
            archive_fault=archive_fault,
        ),
    }
    if any(one.ready and one.name == primary for one in present) and before.get("currentPrimary") != primary:
        made |= {
            "currentPrimary": primary,
            "currentPrimaryTimestamp": _micro_time(now),
            "targetPrimaryTimestamp": _micro_time(now),
        }
    return {key: value for key, value in made.items() if value not in ([], None)}


def known_versions(cluster: Object, present: dict[str, Object], version: str) -> Object:
    """The versions that the operator has seen, of Secrets and ConfigMaps; `present` are the namespace's Secrets.

    That of the ConfigMap of queries is the operator's own state here: it moves with all that belongs to the Cluster.
    """
    name, spec = cluster["metadata"]["name"], cluster["spec"]
    own = {
        "applicationSecretVersion": f"{name}-app",
        "clientCaSecretVersion": f"{name}-ca",
        "replicationSecretVersion": f"{name}-replication",
        "serverCaSecretVersion": f"{name}-ca",
        "serverSecretVersion": f"{name}-server",
        "superuserSecretVersion": f"{name}-superuser",
    }
    seen = {key: present[secret]["metadata"]["resourceVersion"] for key, secret in own.items() if secret in present}
    asked = [at(one, "passwordSecret", "name") for one in at(spec, "managed", "roles") or ()]
    managed = {secret: present[secret]["metadata"]["resourceVersion"] for secret in asked if secret in present}
    metrics = f"{cluster['metadata'].get('generation', 1)}{version}"
    return {
        "secretsResourceVersion": seen | ({"managedRoleSecretVersion": managed} if managed else {}),
        "configMapResourceVersion": {"metrics": {"cnpg-default-monitoring": metrics}},
        "poolerIntegrations": {"pgBouncerIntegration": {}},
        "availableArchitectures": [{"goArch": "amd64", "hash": "0" * 64}],
        "cloudNativePGCommitHash": "none",
    }


def primary_of(cluster: Object, instances: Iterable[SandboxInstance]) -> str | None:
    """The primary while it exists, else the oldest instance."""
    present = [one.name for one in sorted(instances, key=lambda one: serial_of(one.name))]
    current = at(cluster, "status", "currentPrimary")
    return current if current in present else next(iter(present), None)


def major_of(image: str) -> int:
    """The major version an image's tag starts with; 0 for a tag that names none."""
    match = re.match(r"\d+", image.rpartition(":")[2])
    return int(match[0]) if match else 0


def is_resizing(claim: Object) -> bool:
    wanted = at(claim, "spec", "resources", "requests", "storage")
    return bool(at(claim, "status", "capacity", "storage") != wanted)


def _plugins(cluster: Object) -> list[Object]:
    """Every plugin that is asked for is taken to be installed."""
    asked: list[Object] = at(cluster, "spec", "plugins") or []
    return [
        {"name": one["name"], "version": _PLUGIN_VERSION, "status": ""} for one in asked if one.get("enabled", True)
    ]


def _by_health(instances: Iterable[SandboxInstance]) -> Object:
    present = list(instances)
    groups = {
        "healthy": [one.name for one in present if one.ready],
        "replicating": [one.name for one in present if one.pod and not one.ready],
        "failed": [one.name for one in present if not one.pod],
    }
    return {health: members for health, members in groups.items() if members}


def _instance_report(instance: SandboxInstance, primary: str | None) -> Object:
    return {"isPrimary": instance.name == primary, "timeLineID": 1, "ip": at(instance.pod, "status", "podIP")}


def _topology(instances: Iterable[SandboxInstance]) -> Object:
    nodes = {one.name: at(one.pod, "spec", "nodeName") for one in instances if one.pod}
    return {
        "successfullyExtracted": True,
        "nodesUsed": len(set(nodes.values())),
        "instances": {name: {"kubernetes.io/hostname": node} for name, node in nodes.items()},
    }


def _certificates(cluster: Object, before: Object, now: datetime) -> Object:
    name, namespace = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
    until = f"{now + timedelta(days=_CERTIFICATE_DAYS):%Y-%m-%d %H:%M:%S} +0000 UTC"
    made = {f"{name}-{suffix}": until for suffix in ("ca", "server", "replication")}
    host = f"{name}-rw"
    return {
        "clientCASecret": f"{name}-ca",
        "serverCASecret": f"{name}-ca",
        "serverTLSSecret": f"{name}-server",
        "replicationTLSSecret": f"{name}-replication",
        "serverAltDNSNames": [
            host,
            f"{host}.{namespace}",
            f"{host}.{namespace}.svc",
            f"{host}.{namespace}.svc.cluster.local",
        ],
        "expirations": at(before, "certificates", "expirations") or made,
    }


def _conditions(before: Object, *, healthy: bool, ready: bool, now: datetime, archive_fault: str) -> list[Object]:
    made = [
        ("Ready", healthy, "ClusterIsReady", "ClusterIsNotReady", "Cluster is Ready", "Cluster Is Not Ready"),
        (
            "Initialized",
            ready or _condition_holds(before, "Initialized"),
            "BootstrapCompleted",
            "BootstrapPending",
            "Cluster has been bootstrapped",
            "Cluster is being bootstrapped",
        ),
    ]
    if ready:
        message = "A single, unique system ID was found across reporting instances."
        made.append(("ConsistentSystemID", True, "Unique", "NotFound", message, ""))
        # True without an archive too: the archive command succeeds there, and keeps nothing.
        message = "Continuous archiving is working"
        words = ("ContinuousArchivingSuccess", "ContinuousArchivingFailing", message, archive_fault)
        made.append(("ContinuousArchiving", not archive_fault, *words))
    known = {condition["type"]: condition for condition in before.get("conditions", ())}
    fresh = {
        kind: {
            "type": kind,
            "status": "True" if holds else "False",
            "reason": yes if holds else no,
            "message": good if holds else bad,
            "lastTransitionTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        }
        for kind, holds, yes, no, good, bad in made
    }
    for kind, condition in fresh.items():
        if kind in known and known[kind]["status"] == condition["status"]:
            condition["lastTransitionTime"] = known[kind]["lastTransitionTime"]
    return list((known | fresh).values())


def _condition_holds(before: Object, kind: str) -> bool:
    return any(c["type"] == kind and c["status"] == "True" for c in before.get("conditions", ()))


def _micro_time(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H:%M:%S.%fZ}"
