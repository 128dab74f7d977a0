"""Small schemas of our own for the custom kinds, for where their CRDs are not at hand.

They hold the fields of spec by name, and of those that the project reads or writes the type, the bounds and the
default that the CRDs of CloudNativePG 1.30, Argo CD, Flux, External Secrets and Sealed Secrets give them. Below the
fields of spec whatever is not described is kept as it came; a field of spec that is not named is unknown, as a
misspelt one is.
"""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.store.resources import Scale, Served
from gitops_mcp.sandbox.store.schema import PRESERVE

_ANY: Object = {PRESERVE: True}
_STATUS: Object = {"type": "object", PRESERVE: True}


def _text(default: str | None = None, **rules: Any) -> Object:
    return _of_type("string", default, rules)


def _number(default: int | None = None, **rules: Any) -> Object:
    return _of_type("integer", default, rules)


def _flag(default: bool | None = None) -> Object:
    return _of_type("boolean", default, {})


def _choice(*choices: str, default: str | None = None) -> Object:
    return _of_type("string", default, {"enum": list(choices)})


def _of_type(kind: str, default: Any, rules: Object) -> Object:
    return {"type": kind, **({} if default is None else {"default": default}), **rules}


def _list(item: Object | None = None, **rules: Any) -> Object:
    return {"type": "array", "items": item or _ANY, **rules}


def _open(*required: str, **fields: Object) -> Object:
    """An object of which only some fields are described; the others are kept."""
    return {**_exactly(*required, **fields), PRESERVE: True}


def _exactly(*required: str, **fields: Object) -> Object:
    """An object that has these fields and no others."""
    return {"type": "object", "properties": fields, **({"required": list(required)} if required else {})}


def _names(kind: Object, names: str) -> dict[str, Object]:
    return dict.fromkeys(names.split(), kind)


def _custom(resource: Resource, spec: Object, *, short: tuple[str, ...] = (), scale: Scale | None = None) -> Served:
    schema = _exactly("metadata", "spec", metadata={"type": "object"}, spec=spec, status=_STATUS)
    return Served(resource, short, schema=schema, status=True, scale=scale)


def _plain(resource: Resource, spec: Object, *, short: tuple[str, ...] = (), **others: Object) -> Served:
    """A kind without subresources: its status, if there is one, is a field like any other."""
    schema = _exactly("metadata", "spec", metadata={"type": "object"}, spec=spec, **others)
    return Served(resource, short, schema=schema)


_OBJECT: Object = {"type": "object", PRESERVE: True}
_NAME = _open("name", name=_text())
_REFERENCE = _open(name=_text(""))
"""CNPG's cluster references: a LocalObjectReference, whose name defaults to nothing."""
_ENSURE = _choice("present", "absent", default="present")
_RECLAIM = _choice("delete", "retain", default="retain")
_STORAGE = _open(size=_text(), storageClass=_text(), resizeInUseVolumes=_flag(True), pvcTemplate=_OBJECT)
_PLUGIN = _open("name", name=_text(), enabled=_flag(True), isWALArchiver=_flag(False), parameters=_OBJECT)
_RETENTION = _text(pattern="^[1-9][0-9]*[dwm]$")

_ROLE: dict[str, Object] = {
    "name": _text(),
    "ensure": _ENSURE,
    **_names(_flag(), "login superuser createdb createrole replication bypassrls disablePassword"),
    "inherit": _flag(True),
    "connectionLimit": _number(-1),
    "validUntil": _text(format="date-time"),
    "inRoles": _list(_text()),
    "comment": _text(),
    "passwordSecret": _NAME,
}

_CLUSTER_SPEC = _exactly(
    "instances",
    **_names(_OBJECT, "affinity certificates ephemeralVolumeSource ephemeralVolumesSizeLimit inheritedMetadata"),
    **_names(_OBJECT, "podSecurityContext primaryLease probes projectedVolumeTemplate resources seccompProfile"),
    **_names(_OBJECT, "securityContext serviceAccountTemplate"),
    **_names(_list(), "env envFrom imagePullSecrets podSelectorRefs topologySpreadConstraints"),
    **_names(_text(), "description imageName imagePullPolicy priorityClassName schedulerName serviceAccountName"),
    instances=_number(1, minimum=1),
    imageCatalogRef=_open("kind", "major", "name", kind=_text(), major=_number(), name=_text()),
    storage=_STORAGE,
    walStorage=_STORAGE,
    tablespaces=_list(_open("name", "storage", name=_text(), storage=_STORAGE, temporary=_flag(False))),
    postgresql=_open(
        parameters={"type": "object", "additionalProperties": _text()},
        pg_hba=_list(_text()),
        pg_ident=_list(_text()),
        shared_preload_libraries=_list(_text()),
        synchronous=_open(
            "method",
            "number",
            method=_choice("any", "first"),
            number=_number(),
            dataDurability=_choice("required", "preferred"),
        ),
    ),
    bootstrap=_open(initdb=_open(database=_text(), owner=_text(), secret=_NAME), recovery=_OBJECT),
    externalClusters=_list(_open("name", name=_text())),
    replica=_open("source", source=_text(minLength=1)),
    superuserSecret=_NAME,
    managed=_open(roles=_list(_open("name", **_ROLE)), services=_OBJECT),
    backup=_open(retentionPolicy=_RETENTION, target=_choice("primary", "prefer-standby", default="prefer-standby")),
    plugins=_list(_PLUGIN),
    monitoring=_open(enablePodMonitor=_flag(False), disableDefaultQueries=_flag(False)),
    nodeMaintenanceWindow=_open(inProgress=_flag(False), reusePVC=_flag(True)),
    replicationSlots=_open(
        highAvailability=_open(enabled=_flag(True), slotPrefix=_text("_cnpg_", pattern="^[0-9a-z_]*$"))
        | {"default": {"enabled": True}},
        synchronizeReplicas=_open(enabled=_flag(True)),
        updateInterval=_number(30, minimum=1),
    )
    | {"default": {"highAvailability": {"enabled": True}}},
    enablePDB=_flag(True),
    enableSuperuserAccess=_flag(False),
    failoverDelay=_number(0),
    livenessProbeTimeout=_number(),
    logLevel=_choice("error", "warning", "info", "debug", "trace", default="info"),
    maxSyncReplicas=_number(0, minimum=0),
    minSyncReplicas=_number(0, minimum=0),
    postgresGID=_number(26),
    postgresUID=_number(26),
    primaryUpdateMethod=_choice("switchover", "restart", default="restart"),
    primaryUpdateStrategy=_choice("unsupervised", "supervised", default="unsupervised"),
    smartShutdownTimeout=_number(180),
    startDelay=_number(3600),
    stopDelay=_number(1800),
    switchoverDelay=_number(3600),
)

_DATABASE_SPEC = _exactly(
    "cluster",
    "name",
    "owner",
    **_names(_text(), "builtinLocale collationVersion encoding icuLocale icuRules locale localeCType localeCollate"),
    **_names(_text(), "localeProvider name owner tablespace template"),
    **_names(_flag(), "allowConnections isTemplate"),
    **_names(_list(_open("name", name=_text(), ensure=_ENSURE)), "extensions schemas fdws servers"),
    cluster=_REFERENCE,
    connectionLimit=_number(),
    databaseReclaimPolicy=_RECLAIM,
    ensure=_ENSURE,
)

_DATABASE_ROLE_SPEC = _exactly(
    "cluster",
    "name",
    **_ROLE,
    cluster=_REFERENCE,
    databaseRoleReclaimPolicy=_RECLAIM,
    clientCertificate=_open(enabled=_flag(True)),
)

_POOLER_SPEC = _exactly(
    "cluster",
    "pgbouncer",
    **_names(_OBJECT, "deploymentStrategy monitoring serviceTemplate template"),
    cluster=_REFERENCE,
    instances=_number(1),
    pgbouncer=_open(paused=_flag(False), poolMode=_choice("session", "transaction", default="session")),
    serviceAccountName=_text(),
    type=_choice("rw", "ro", "r", default="rw"),
)

_BACKUP_FIELDS: dict[str, Object] = {
    "cluster": _REFERENCE,
    "method": _choice("barmanObjectStore", "volumeSnapshot", "plugin", default="barmanObjectStore"),
    "online": _flag(),
    "onlineConfiguration": _open(waitForArchive=_flag(True), immediateCheckpoint=_flag()),
    "pluginConfiguration": _open("name", name=_text(), parameters=_OBJECT),
    "target": _choice("primary", "prefer-standby"),
}

_SCHEDULED_BACKUP_SPEC = _exactly(
    "cluster",
    "schedule",
    **_BACKUP_FIELDS,
    backupOwnerReference=_choice("none", "self", "cluster", default="none"),
    immediate=_flag(),
    schedule=_text(),
    suspend=_flag(),
)

_CATALOG_SPEC = _exactly(
    "images",
    componentImages=_list(_open("image", "key", key=_text(), image=_text()), maxItems=32),
    images=_list(
        _open("image", "major", major=_number(minimum=10), image=_text(), extensions=_list()), minItems=1, maxItems=8
    ),
)

_PUBLICATION_SPEC = _exactly(
    "cluster",
    "dbname",
    "name",
    "target",
    **_names(_text(), "dbname name"),
    **_names(_OBJECT, "parameters target"),
    cluster=_REFERENCE,
    publicationReclaimPolicy=_RECLAIM,
)

_SUBSCRIPTION_SPEC = _exactly(
    "cluster",
    "dbname",
    "externalClusterName",
    "name",
    "publicationName",
    **_names(_text(), "dbname externalClusterName name publicationDBName publicationName"),
    cluster=_REFERENCE,
    parameters=_OBJECT,
    subscriptionReclaimPolicy=_RECLAIM,
)

_OBJECT_STORE_SPEC = _exactly(
    "configuration",
    configuration=_open("destinationPath", destinationPath=_text(minLength=1)),
    instanceSidecarConfiguration=_OBJECT,
    retentionPolicy=_RETENTION,
)

_APPLICATION_SPEC = _exactly(
    "destination",
    "project",
    **_names(_OBJECT, "destination source sourceHydrator syncPolicy"),
    **_names(_list(), "ignoreDifferences info sources"),
    project=_text(),
    revisionHistoryLimit=_number(),
)

_KUSTOMIZATION_SPEC = _open(
    "interval",
    "prune",
    "sourceRef",
    **_names(_flag(), "prune suspend wait"),
    **_names(_text(), "interval path targetNamespace timeout"),
    deletionPolicy=_choice("MirrorPrune", "Delete", "WaitForTermination", "Orphan"),
    force=_flag(False),
    sourceRef=_open("kind", "name", kind=_text(), name=_text()),
)

_HELM_RELEASE_SPEC = _open(
    "interval", **_names(_text(), "interval targetNamespace"), **_names(_OBJECT, "chart chartRef"), suspend=_flag()
)

_TEXTS: Object = {"type": "object", "additionalProperties": _text()}

_EXTERNAL_SECRET_SPEC = _exactly(
    **_names(_OBJECT, "secretStoreRef syncWindows"),
    data=_list(),
    dataFrom=_list(
        _open(
            sourceRef=_open(
                generatorRef=_open(
                    "kind",
                    "name",
                    apiVersion=_text(kinds.PASSWORD.api_version),
                    kind=_text(),
                    name=_text(minLength=1, maxLength=253),
                )
            )
        )
    ),
    refreshInterval=_text("1h0m0s"),
    refreshPolicy=_choice("CreatedOnce", "Periodic", "OnChange"),
    target=_open(
        name=_text(minLength=1, maxLength=253),
        creationPolicy=_choice("Owner", "Orphan", "Merge", "None", "CreateOrMerge", default="Owner"),
        deletionPolicy=_choice("Delete", "Merge", "Retain", default="Retain"),
        immutable=_flag(),
        template=_open(
            data=_TEXTS,
            engineVersion=_choice("v2", default="v2"),
            mergePolicy=_choice("Replace", "Merge", default="Replace"),
            metadata=_open(labels=_TEXTS, annotations=_TEXTS),
            type=_text(),
        ),
    )
    | {"default": {"creationPolicy": "Owner", "deletionPolicy": "Retain"}},
)

_PASSWORD_SPEC = _exactly(
    "allowRepeat",
    "length",
    "noUpper",
    **_names(_number(), "digits symbols"),
    allowRepeat=_flag(False),
    encoding=_choice("base64", "base64url", "base32", "hex", "raw", default="raw"),
    length=_number(24),
    noUpper=_flag(False),
    secretKeys=_list(_text(), minItems=1),
    symbolCharacters=_text(),
)

_SEALED_SECRET_SPEC = _exactly(
    "encryptedData",
    data=_text(),
    encryptedData=_TEXTS,
    template=_open(type=_text(), immutable=_flag(), data=_TEXTS, metadata=_open(labels=_TEXTS, annotations=_TEXTS)),
)

_INSTANCES = Scale(("spec", "instances"), ("status", "instances"))

OWN = (
    _custom(
        kinds.CLUSTER,
        _CLUSTER_SPEC,
        scale=Scale(("spec", "instances"), ("status", "instances"), ("status", "selector")),
    ),
    _custom(kinds.DATABASE, _DATABASE_SPEC),
    _custom(kinds.DATABASE_ROLE, _DATABASE_ROLE_SPEC),
    _custom(kinds.POOLER, _POOLER_SPEC, scale=_INSTANCES),
    _custom(kinds.SCHEDULED_BACKUP, _SCHEDULED_BACKUP_SPEC),
    _custom(kinds.BACKUP, _exactly("cluster", **_BACKUP_FIELDS)),
    _plain(kinds.IMAGE_CATALOG, _CATALOG_SPEC),
    _plain(kinds.CLUSTER_IMAGE_CATALOG, _CATALOG_SPEC),
    _custom(kinds.PUBLICATION, _PUBLICATION_SPEC),
    _custom(kinds.SUBSCRIPTION, _SUBSCRIPTION_SPEC),
    _custom(kinds.OBJECT_STORE, _OBJECT_STORE_SPEC),
    _plain(kinds.APPLICATION, _APPLICATION_SPEC, short=("app", "apps"), status=_STATUS, operation=_STATUS),
    _custom(kinds.KUSTOMIZATION, _KUSTOMIZATION_SPEC, short=("ks",)),
    _custom(kinds.HELM_RELEASE, _HELM_RELEASE_SPEC, short=("hr",)),
    _custom(kinds.EXTERNAL_SECRET, _EXTERNAL_SECRET_SPEC, short=("es",)),
    _custom(kinds.PASSWORD, _PASSWORD_SPEC),
    _custom(kinds.SEALED_SECRET, _SEALED_SECRET_SPEC),
)
