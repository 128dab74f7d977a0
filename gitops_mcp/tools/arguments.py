"""The arguments of tools, said once: what each means, its type and its bounds, as they reach the JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, JsonValue, Strict, WithJsonSchema

from gitops_mcp.answers.cluster_status import Section

EMPTY_MEANS = frozenset({"comment"})
"""Optional arguments of which an empty text says something; of any other it says that it is left out."""


def _mapping(value: dict[str, Any], *keys: str, most: int) -> WithJsonSchema:
    """A free mapping, of which a few keys are named: converters for Gemini refuse an object without properties.

    What others hold is said again only where that is short.
    """
    others = {"additionalProperties": value} if "type" in value else {}
    return WithJsonSchema({"type": "object", "properties": dict.fromkeys(keys, value), **others, "maxProperties": most})


def _object(properties: dict[str, Any]) -> WithJsonSchema:
    closed = {"additionalProperties": False, "maxProperties": len(properties)}
    return WithJsonSchema({"type": "object", "properties": properties, **closed})


def _open_mapping(key: str, value: dict[str, Any], *, most: int) -> WithJsonSchema:
    """Of which one key is named, and every other may hold anything."""
    return WithJsonSchema({"type": "object", "properties": {key: value}, "maxProperties": most})


_TEXT: dict[str, Any] = {"type": "string"}
_NAMED = Annotated[
    str | dict[str, Any], WithJsonSchema({"anyOf": [_TEXT, {"type": "object", "properties": {"name": _TEXT}}]})
]
"""An item by its name alone, or with fields as the CRD has them."""
_ANY_VALUE: dict[str, Any] = {
    "anyOf": [*({"type": kind} for kind in ("string", "integer", "boolean", "null")), {"type": "array", "items": _TEXT}]
}
Strictly = Annotated[str, Strict()] | Annotated[int, Strict()] | Annotated[bool, Strict()] | None
_REMOVABLE: dict[str, Any] = {"anyOf": [_TEXT, {"type": "null"}]}
_AMOUNTS = {"type": "object", "properties": {"cpu": _REMOVABLE}}

Environment = Annotated[str | None, Field(description="If several", max_length=63)]
SomeEnvironment = Annotated[str | None, Field(description="If several; all: every one", max_length=63)]
Namespace = Annotated[str | None, Field(description="Else found", max_length=63)]
AllNamespaces = Annotated[str | None, Field(description="Left out: all allowed", max_length=63)]
ComparedNamespace = Annotated[str | None, Field(description="Left out: the cluster's, else all allowed", max_length=63)]
NewNamespace = Annotated[str | None, Field(description="Left out: the only one, else the context's", max_length=63)]
ClusterName = Annotated[str, Field(description="metadata.name", min_length=1, max_length=50)]
TheCluster = Annotated[ClusterName, Field(validation_alias=AliasChoices("cluster_name", "name"))]
"""In the tools of clusters, which took it as `name` first: that goes on, and no schema says it."""
OneCluster = Annotated[str | None, Field(description="Left out: everything in the environment", max_length=50)]
_Kind = Literal[
    "Cluster",
    "Database",
    "DatabaseRole",
    "Pooler",
    "ScheduledBackup",
    "Backup",
    "Publication",
    "Subscription",
    "ImageCatalog",
    "ClusterImageCatalog",
    "ObjectStore",
]
ObjectKind = Annotated[_Kind, Field(description="Its kind")]
KnownKind = Annotated[
    Annotated[_Kind, WithJsonSchema({"type": "string", "maxLength": 20})],
    Field(description="As ObjectStore or Cluster"),
]
"""The same, where an object of that kind is there: the list of kinds is long, and a wrong one is told with it."""
ObjectName = Annotated[str | None, Field(description="metadata.name; left out: the cluster's only one", max_length=253)]
OneObjectName = Annotated[str, Field(description="metadata.name", min_length=1, max_length=253)]
NamespaceOfNew = Annotated[str | None, Field(description="Left out: its Cluster's, else the only one", max_length=63)]
ObjectSpec = Annotated[
    dict[str, JsonValue],
    Field(description="As the CRD has it. Never a password", max_length=200),
    _open_mapping("cluster", {"type": "object", "properties": {"name": _TEXT}}, most=200),
]
SetFields = Annotated[
    Annotated[dict[str, JsonValue], Field(max_length=100), _open_mapping("spec.logLevel", _TEXT, most=100)] | None,
    Field(
        description='Values by path: {"spec.plugins[name=x].enabled": true, "metadata.labels[team]": "a"}. No password'
    ),
]
RemovedFields = Annotated[
    list[Annotated[str, Field(max_length=500)]] | None,
    Field(description='To take away: ["spec.plugins[name=x]"]', max_length=100),
]
KeyedItems = Annotated[
    Annotated[
        dict[str, Annotated[list[JsonValue], Field(max_length=200)]],
        Field(max_length=100),
        _open_mapping(
            "spec.env", {"type": "array", "items": {"type": "object", "properties": {"name": _TEXT}}}, most=100
        ),
    ]
    | None,
    Field(description='To add, or to replace by key: {"spec.env": [{"name": "TZ", "value": "UTC"}]}'),
]
ExplainedPath = Annotated[
    str | None, Field(description="Such as spec.storage.size or spec.plugins; left out: spec", max_length=500)
]
AdoptedFields = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=500)]] | None,
    Field(
        description='As get_drift names them, such as ["spec.instances"]; left out: all', min_length=1, max_length=100
    ),
]
Instances = Annotated[int, Strict(), Field(description="One primary, the others replicas", ge=1, le=100)]
InstanceName = Annotated[str, Field(description="Its pod, such as orders-2, or number", min_length=1, max_length=63)]
DetailLevel = Annotated[Literal["concise", "detailed"], Field(description="detailed: everything")]
Sections = Annotated[
    list[Section] | None, Field(description="Those to show in full, beside what is wrong", min_length=1, max_length=8)
]
Only = Annotated[Literal["all", "unwell"], Field(description="unwell: not healthy, or its backups fail")]
Limit = Annotated[int, Strict(), Field(description="Most items", ge=1, le=500)]
Cursor = Annotated[str | None, Field(description="From before", max_length=4096)]
Change = Annotated[str | None, Field(description="New or open", max_length=63)]
ChangeName = Annotated[str, Field(description="From list_changes", min_length=1, max_length=63)]
NextEnvironment = Annotated[str | None, Field(description="To repeat it in; left out: the only one", max_length=63)]
OtherNames = Annotated[
    Annotated[dict[str, str], Field(max_length=100), _mapping(_TEXT, "orders", most=100)] | None,
    Field(description='Whole names there: {"orders": "orders-staging"}'),
]
OtherValues = Annotated[
    Annotated[dict[str, Strictly | list[str]], Field(max_length=100), _mapping(_ANY_VALUE, "example", most=100)] | None,
    Field(description='That differ there: {"Cluster/orders:spec.instances": 1}; null removes'),
]
ChangeState = Annotated[
    Literal["open", "merged", "applied", "all"] | None,
    Field(description="merged: applied or not; left out: open or not arrived"),
]
WaitFor = Annotated[
    Literal["merged", "applied", "healthy"] | None, Field(description="Until then, or waiting does not help")
]
ChangeTimeout = Annotated[int | None, Strict(), Field(description="Seconds, with wait_for; default 300", ge=30, le=600)]
HistoryField = Annotated[str | None, Field(description="Such as spec.managed.roles[app]", max_length=500)]
Reason = Annotated[str | None, Field(description="Why; no secret", max_length=1000)]
DryRun = Annotated[bool, Strict(), Field(description="Only show it")]
Draft = Annotated[bool | None, Strict(), Field(description="Left out: as configured")]
ReviewedRef = Annotated[str | None, Field(description="Branch, tag or commit", max_length=300)]
PullRequestNumber = Annotated[
    Annotated[int, Strict(), Field(ge=1, le=2**31)] | None, Field(description="Its number, instead of ref")
]
PullRequestTitle = Annotated[str | None, Field(description="Left out: what changes. Never a secret", max_length=120)]
Confirm = Annotated[bool, Strict(), Field(description="The person agreed")]
ConfirmOutage = Annotated[bool, Strict(), Field(description="The person agreed")]
StorageSize = Annotated[str, Field(description="Volume of each instance; can grow later", max_length=32)]
PostgresVersion = Annotated[
    str, Field(description="Major, or a full image tag such as 18.4-standard-trixie", max_length=128)
]
StorageClass = Annotated[str | None, Field(description="Left out: the cluster's default", max_length=253)]
Parameters = Annotated[
    Annotated[dict[str, str], Field(max_length=200), _mapping(_TEXT, "max_connections", most=200)] | None,
    Field(description='As strings: {"max_connections": "200"}'),
]
DatabaseName = Annotated[str, Field(description="Made at bootstrap", min_length=1, max_length=63)]
Owner = Annotated[str | None, Field(description="Of database; left out: its name", max_length=63)]
Wait = Annotated[bool, Strict(), Field(description="Until healthy; in direct delivery only")]
Timeout = Annotated[
    int | None, Strict(), Field(description="Seconds, with wait; default 60 an instance", ge=30, le=600)
]
RoleName = Annotated[str, Field(description="As in PostgreSQL", max_length=255)]
Login = Annotated[bool, Strict(), Field(description="May log in")]
Superuser = Annotated[bool, Strict(), Field(description="May do everything")]
Inherit = Annotated[bool, Strict(), Field(description="Has the rights of in_roles")]
Createdb = Annotated[bool, Strict(), Field(description="May create databases")]
Createrole = Annotated[bool, Strict(), Field(description="May create roles")]
Replication = Annotated[bool, Strict(), Field(description="Streams all data")]
Bypassrls = Annotated[bool, Strict(), Field(description="Past row-level security")]
MaybeFlag = Annotated[bool | None, Strict(), Field(description="Else stays")]
ConnectionLimit = Annotated[int, Strict(), Field(description="-1: no limit", ge=-1, le=2**31 - 1)]
MaybeConnectionLimit = Annotated[int | None, Strict(), Field(description="-1: no limit", ge=-1, le=2**31 - 1)]
ValidUntil = Annotated[str | None, Field(description="When the password expires, RFC 3339", max_length=64)]
NewValidUntil = Annotated[str | None, Field(description="When the password expires, RFC 3339, or never", max_length=64)]
InRoles = Annotated[list[str] | None, Field(description="Roles it is a member of, all of them", max_length=100)]
Comment = Annotated[str | None, Field(description='"": none', max_length=1000)]
PasswordSource = Annotated[
    str, Field(description="auto (as here), none or existing:<Secret>; no password", max_length=300)
]
ClientCertificate = Annotated[bool, Strict(), Field(description="The operator makes one (1.30)")]
Adopt = Annotated[bool, Strict(), Field(description="Take over one that Git lacks, and reset it")]
RotatePassword = Annotated[bool, Strict(), Field(description="Make a new password, as the old was made")]
DropRole = Annotated[bool, Strict(), Field(description="false: leave it in PostgreSQL")]
InlineRoles = Annotated[list[str] | None, Field(description="Left out: all inline ones", max_length=500)]
NewDatabaseName = Annotated[str, Field(description="As in PostgreSQL", max_length=255)]
DatabaseOwner = Annotated[str, Field(description="Role that owns it", max_length=255)]
ReclaimPolicy = Annotated[Literal["retain", "delete"], Field(description="delete: dropped once its manifest goes")]
Extensions = Annotated[list[str] | None, Field(description="To create in it, such as pgcrypto", max_length=100)]
Schemas = Annotated[list[str] | None, Field(description="To create in it", max_length=100)]
NewDatabaseOwner = Annotated[str | None, Field(description="Another role to own it", max_length=255)]
NewExtensions = Annotated[
    list[_NAMED] | None, Field(description="Add or change: name, version, schema, ensure", max_length=100)
]
NewSchemas = Annotated[list[_NAMED] | None, Field(description="name, owner, ensure", max_length=100)]
Wrappers = Annotated[
    list[_NAMED] | None, Field(description="name, handler, validator, owner, options, ensure", max_length=100)
]
Servers = Annotated[list[_NAMED] | None, Field(description="name, fdw, options, ensure", max_length=100)]
FixedLocale = Annotated[str | None, Field(description="Refused: it cannot change", max_length=63)]
DropDatabase = Annotated[bool, Strict(), Field(description="true: drop it with all data")]
NewStorageSize = Annotated[str | None, Field(description="Of each volume, such as 20Gi; only up", max_length=32)]
WalStorageSize = Annotated[str | None, Field(description="Of the WAL's volume", max_length=32)]
NewPostgresVersion = Annotated[str | None, Field(description="Major, or a full image tag; only up", max_length=128)]
Image = Annotated[str | None, Field(description="Instead of postgres_version", max_length=512)]
NewParameters = Annotated[
    Annotated[dict[str, str | None], Field(max_length=200), _mapping(_REMOVABLE, "work_mem", most=200)] | None,
    Field(description='As strings: {"work_mem": "8MB"}; null removes'),
]
PodResources = Annotated[
    Annotated[
        dict[Literal["requests", "limits"], Annotated[dict[str, str | None], Field(max_length=20)]],
        _object({"requests": _AMOUNTS, "limits": _AMOUNTS}),
    ]
    | None,
    Field(description="Of the pods; null removes"),
]
Hibernation = Annotated[Literal["on", "off"] | None, Field(description="on: every pod stops, volumes stay")]
Restart = Annotated[bool, Strict(), Field(description="Every instance in turn")]
Reload = Annotated[bool, Strict(), Field(description="Configuration and certificates")]
MaintenanceWindow = Annotated[
    Annotated[
        dict[Literal["in_progress", "reuse_pvc"], Annotated[bool, Strict()]],
        _object({key: {"type": "boolean"} for key in ("in_progress", "reuse_pvc")}),
    ]
    | None,
    Field(description="For draining nodes"),
]
OneDatabase = Annotated[
    str | None, Field(description="Its name in PostgreSQL; left out: the application's", max_length=255)
]
LoginRole = Annotated[str | None, Field(description="To log in as; left out: the application's owner", max_length=255)]
OneInstance = Annotated[str | None, Field(description="Pod, such as orders-2; left out: all instances", max_length=253)]
Since = Annotated[str, Field(description="How far back: 30m, 2h, 1d, or a time with zone", min_length=1, max_length=40)]
LogLevel = Annotated[
    Literal["info", "warning", "error"] | None,
    Field(description="Lines at least so bad; left out: warning, with contains info"),
]
Contains = Annotated[str | None, Field(description="Only lines with it, in any case. Never a secret", max_length=200)]
BackupSchedule = Annotated[
    str, Field(description="Six fields, seconds first, UTC: 0 0 2 * * * (daily at 02:00)", max_length=100)
]
Retention = Annotated[str | None, Field(description="30d, 8w or 12m; left out: stays", max_length=16)]
BackupMethod = Annotated[
    Literal["plugin", "volumeSnapshot", "barmanObjectStore"] | None,
    Field(description="Left out: as set up, else plugin"),
]
ObjectStoreName = Annotated[str | None, Field(description="Its metadata.name", max_length=253)]
DestinationPath = Annotated[str | None, Field(description="Of a new ObjectStore: s3://BUCKET/FOLDER", max_length=512)]
EndpointUrl = Annotated[str | None, Field(description="Of S3 that is not AWS; no credentials", max_length=512)]
CredentialsSecret = Annotated[
    str | None,
    Field(description="With ACCESS_KEY_ID and ACCESS_SECRET_KEY; left out: the pod's identity", max_length=253),
]
BackupName = Annotated[str | None, Field(description="metadata.name; left out: from the time", max_length=63)]
RestoredName = Annotated[str, Field(description="Of the new Cluster", min_length=1, max_length=50)]
RestoreTarget = Annotated[
    Literal["latest", "time", "backup", "lsn", "restore_point"], Field(description="Up to where; latest: all of it")
]
RestoreValue = Annotated[
    str | None, Field(description="Time with zone (2026-08-21T02:03:12Z), Backup, LSN or restore point", max_length=253)
]
ServerName = Annotated[str | None, Field(description="The archive's name there; left out: as in Git", max_length=253)]
Drill = Annotated[bool, Strict(), Field(description="One small instance, to look and remove")]
PoolerType = Annotated[Literal["rw", "ro", "r"], Field(description="rw: primary, ro: replicas, r: all")]
PoolerInstances = Annotated[int, Strict(), Field(description="Pods of PgBouncer", ge=1, le=100)]
PoolMode = Annotated[Literal["session", "transaction"], Field(description="When connections go back to the pool")]
PgBouncerParameters = Annotated[
    Annotated[dict[str, str], Field(max_length=100), _mapping(_TEXT, "default_pool_size", most=100)] | None,
    Field(description='Of PgBouncer, as strings: {"default_pool_size": "20"}'),
]
PoolerName = Annotated[str | None, Field(description="metadata.name; left out: <cluster>-pooler-<type>", max_length=63)]
