"""What the tests of all rules are made of: objects as a team writes them, and what is expected of a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Finding, Seen, Severity, findings

IMAGE = "example/postgresql"

OTHER: Object = {"name": "old", "connectionParameters": {"host": "old-rw"}}

PLUGIN: Object = {"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True}

STORE: Object = {
    "barmanObjectStore": {"destinationPath": "s3://backups/orders", "s3Credentials": {"inheritFromIAMRole": True}}
}

NEWEST: Release = (1, 30, 0)
"""For rules that came with a patch release: of an unknown operator they only warn."""

LOGIC: dict[str, Any] = {"hot_standby_feedback": "on", "sync_replication_slots": "on"}


@dataclass(frozen=True)
class Accepted:
    rule: str
    seen: Seen


@dataclass(frozen=True)
class Refused:
    rule: str
    seen: Seen
    field: str
    says: str
    """A regular expression."""
    severity: Severity = "error"


def findings_against(example: Accepted) -> list[str]:
    """What speaks against a good object: anything that its rule finds, and errors of all others."""
    found = findings(example.seen)
    return [str(one) for one in found if one.rule == example.rule or one.severity == "error"]


def findings_at_field(example: Refused) -> list[Finding]:
    """What its rule finds at the field."""
    return [one for one in findings(example.seen) if (one.rule, one.field) == (example.rule, example.field)]


def made(kind: str, name: str, spec: Object, annotations: Object | None = None) -> Object:
    metadata = {"name": name, "namespace": "shop", **({"annotations": annotations} if annotations else {})}
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def cluster(annotations: Object | None = None, *, name: str = "orders", **spec: Any) -> Object:
    given = {"instances": 3, "imageName": f"{IMAGE}:17.4", "storage": {"size": "10Gi"}, **spec}
    return made("Cluster", name, {key: value for key, value in given.items() if value is not None}, annotations)


def parameters(annotations: Object | None = None, /, *, spec: Object | None = None, **given: Any) -> Object:
    return cluster(annotations, **(spec or {}), postgresql={"parameters": given})


def synchronous(instances: int = 3, **given: Any) -> Object:
    return cluster(instances=instances, postgresql={"synchronous": {"method": "any", "number": 1, **given}})


def initdb(**given: Any) -> Object:
    return cluster(bootstrap={"initdb": given})


def inline(*roles: Object) -> Object:
    return cluster(managed={"roles": list(roles)})


def role(label: str = "orders-app", /, **spec: Any) -> Object:
    return made("DatabaseRole", label, {"cluster": {"name": "orders"}, "name": "app", **spec})


def database(label: str = "orders-shop", /, **spec: Any) -> Object:
    return made("Database", label, {"cluster": {"name": "orders"}, "name": "shop", "owner": "app", **spec})


def publication(**spec: Any) -> Object:
    given = {"cluster": {"name": "orders"}, "name": "all", "dbname": "shop", "target": {"allTables": True}, **spec}
    return made("Publication", "orders-all", given)


def subscription(**spec: Any) -> Object:
    given = {"cluster": {"name": "orders"}, "name": "all", "dbname": "shop", "publicationName": "all", **spec}
    return made("Subscription", "orders-all", {"externalClusterName": "old", **given})


def pooler(
    name: str = "orders-pooler", *, cluster: str = "orders", spec: Object | None = None, **bouncer: Any
) -> Object:
    given = {"cluster": {"name": cluster}, "pgbouncer": {"poolMode": "session", **bouncer}, **(spec or {})}
    return made("Pooler", name, given)


def scheduled(annotations: Object | None = None, **spec: Any) -> Object:
    given = {"cluster": {"name": "orders"}, "schedule": "0 0 2 * * *", **spec}
    return made("ScheduledBackup", "orders-nightly", given, annotations)


def backup(**spec: Any) -> Object:
    return made("Backup", "orders-now", {"cluster": {"name": "orders"}, **spec})


def catalog(*majors: int, **spec: Any) -> Object:
    images = [{"major": number, "image": f"{IMAGE}:{number}.1"} for number in majors]
    return made("ImageCatalog", "team", {"images": images, **spec})


def listed(major: Any = 17, **more: Any) -> Object:
    reference = {"apiGroup": "postgresql.cnpg.io", "kind": "ImageCatalog", "name": "team", "major": major, **more}
    return cluster(imageName=None, imageCatalogRef=reference)


def tablespaces(*names: str, size: str = "1Gi") -> Object:
    return cluster(tablespaces=[{"name": name, "storage": {"size": size}} for name in names])
