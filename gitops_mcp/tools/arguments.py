"""The arguments of tools, said once: what each means, its type and its bounds, as they reach the JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Strict, WithJsonSchema

EMPTY_MEANS = frozenset({"comment"})
"""Optional arguments of which an empty text says something; of any other it says that it is left out."""


def _mapping(value: dict[str, Any], *keys: str, most: int) -> WithJsonSchema:
    """A free mapping, of which a few keys are named: converters for Gemini refuse an object without properties."""
    named = {"properties": dict.fromkeys(keys, value), "additionalProperties": value}
    return WithJsonSchema({"type": "object", **named, "maxProperties": most})


def _object(properties: dict[str, Any]) -> WithJsonSchema:
    closed = {"additionalProperties": False, "maxProperties": len(properties)}
    return WithJsonSchema({"type": "object", "properties": properties, **closed})


_TEXT: dict[str, Any] = {"type": "string"}


def _named(more: dict[str, Any]) -> WithJsonSchema:
    """An item by its name alone, or with fields."""
    item = {"type": "object", "properties": {"name": _TEXT}, "additionalProperties": more}
    return WithJsonSchema({"anyOf": [_TEXT, item]})


_OPTIONS = {"type": "object", "properties": {"host": _TEXT}, "additionalProperties": _TEXT}
_Named = Annotated[str | dict[str, Any], _named(_TEXT)]
_WithOptions = Annotated[str | dict[str, Any], _named({"anyOf": [_TEXT, _OPTIONS]})]
_ANY_VALUE: dict[str, Any] = {
    "anyOf": [*({"type": kind} for kind in ("string", "integer", "boolean", "null")), {"type": "array", "items": _TEXT}]
}
Strictly = Annotated[str, Strict()] | Annotated[int, Strict()] | Annotated[bool, Strict()] | None
_REMOVABLE: dict[str, Any] = {"anyOf": [_TEXT, {"type": "null"}]}
_AMOUNTS = _mapping(_REMOVABLE, "cpu", "memory", most=20)

Environment = Annotated[str | None, Field(description="Environment; left out: the only one", max_length=63)]
Namespace = Annotated[str | None, Field(description="Namespace; left out: the only object of that name", max_length=63)]
AllNamespaces = Annotated[str | None, Field(description="Namespace; left out: all allowed", max_length=63)]
ComparedNamespace = Annotated[
    str | None, Field(description="Namespace; left out: that of the cluster, else all allowed", max_length=63)
]
NewNamespace = Annotated[
    str | None,
    Field(
        description="Namespace to create it in; left out: the environment's only one, else the context's", max_length=63
    ),
]
ClusterName = Annotated[
    str, Field(description="metadata.name of the Cluster: a DNS-1035 label", min_length=1, max_length=50)
]
OneCluster = Annotated[
    str | None,
    Field(description="metadata.name of the Cluster; left out: everything in the environment", max_length=50),
]
ObjectKind = Annotated[
    Literal[
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
    ],
    Field(description="Kind of the object"),
]
ObjectName = Annotated[
    str | None,
    Field(
        description="metadata.name of the object; left out: the Cluster, or its only object of that kind",
        max_length=253,
    ),
]
AdoptedFields = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=500)]] | None,
    Field(
        description='Fields as get_drift names them, such as ["spec.instances"]; left out: all that differ',
        min_length=1,
        max_length=100,
    ),
]
Instances = Annotated[
    int, Strict(), Field(description="PostgreSQL instances: one primary, the others replicas", ge=1, le=100)
]
DetailLevel = Annotated[
    Literal["concise", "detailed"], Field(description="concise: what one needs first; detailed: everything")
]
Only = Annotated[
    Literal["all", "unwell"], Field(description="unwell: those alone that are neither healthy nor hibernated")
]
Limit = Annotated[int, Strict(), Field(description="Most items in one answer", ge=1, le=500)]
Cursor = Annotated[
    str | None, Field(description="cursor of the answer before, with the same other arguments", max_length=4096)
]
Change = Annotated[
    str | None,
    Field(description="Change to put this into, new or open; left out: named after the request", max_length=63),
]
ChangeName = Annotated[
    str, Field(description="Name of the change, as list_changes gives it", min_length=1, max_length=63)
]
NextEnvironment = Annotated[
    str | None, Field(description="Environment to repeat it in; left out: the only one", max_length=63)
]
OtherNames = Annotated[
    Annotated[dict[str, str], Field(max_length=100), _mapping(_TEXT, "orders", most=100)] | None,
    Field(description='What is called otherwise there, whole names: {"orders": "orders-staging"}'),
]
OtherValues = Annotated[
    Annotated[dict[str, Strictly | list[str]], Field(max_length=100), _mapping(_ANY_VALUE, "example", most=100)] | None,
    Field(
        description='Fields that differ there, by Kind/name:path: {"Cluster/orders:spec.instances": 1}; null removes'
    ),
]
ChangeState = Annotated[
    Literal["open", "merged", "applied", "all"] | None,
    Field(description="open: not merged; merged: applied or not; applied: live as well; left out: open or not arrived"),
]
WaitFor = Annotated[
    Literal["merged", "applied", "healthy"] | None,
    Field(description="Answer once it is so, or cannot be by waiting; merged: wait for the review"),
]
ChangeTimeout = Annotated[int | None, Strict(), Field(description="Seconds, with wait_for; default 300", ge=30, le=600)]
HistoryField = Annotated[
    str | None,
    Field(description="Only commits that set it, such as spec.instances or spec.managed.roles[app]", max_length=500),
]
Reason = Annotated[
    str | None, Field(description="Why, in a sentence, for the commit message. Never a secret", max_length=1000)
]
DryRun = Annotated[bool, Strict(), Field(description="Show diff and checks, write nothing")]
Draft = Annotated[
    bool | None, Strict(), Field(description="true: not ready for review; left out: as the configuration says")
]
ReviewedRef = Annotated[
    str | None, Field(description="Branch, tag or commit to review; a remote's branch as it is now", max_length=300)
]
PullRequestNumber = Annotated[
    Annotated[int, Strict(), Field(ge=1, le=2**31)] | None,
    Field(description="Number of the pull request to review, in this repository; instead of ref"),
]
PullRequestTitle = Annotated[
    str | None, Field(description="Instead of the one that tells what changes. Never a secret", max_length=120)
]
Confirm = Annotated[bool, Strict(), Field(description="true only after the person has agreed to what would be lost")]
StorageSize = Annotated[
    str, Field(description="Volume of each instance, a Kubernetes quantity such as 10Gi; can grow later", max_length=32)
]
PostgresVersion = Annotated[
    str, Field(description="Major such as 18, or a full image tag such as 18.4-standard-trixie", max_length=128)
]
StorageClass = Annotated[str | None, Field(description="StorageClass; left out: the cluster's default", max_length=253)]
Parameters = Annotated[
    Annotated[dict[str, str], Field(max_length=200), _mapping(_TEXT, "max_connections", most=200)] | None,
    Field(description='postgresql.conf parameters, values as strings: {"max_connections": "200"}'),
]
DatabaseName = Annotated[str, Field(description="First database, made at bootstrap", min_length=1, max_length=63)]
Owner = Annotated[str | None, Field(description="Its owner; left out: named like the database", max_length=63)]
Wait = Annotated[bool, Strict(), Field(description="Acts in direct delivery only; here the call returns at once")]
Timeout = Annotated[
    int | None, Strict(), Field(description="Seconds to wait, with wait; default 60 an instance", ge=30, le=600)
]
RoleName = Annotated[
    str, Field(description="The role's name in PostgreSQL, exactly; upper case and spaces count", max_length=255)
]
Login = Annotated[bool, Strict(), Field(description="May log in")]
Superuser = Annotated[bool, Strict(), Field(description="May do everything, past all permissions")]
Inherit = Annotated[bool, Strict(), Field(description="Uses the rights of roles it is a member of")]
Createdb = Annotated[bool, Strict(), Field(description="May create databases")]
Createrole = Annotated[bool, Strict(), Field(description="May create and change roles")]
Replication = Annotated[bool, Strict(), Field(description="May stream all data of the cluster")]
Bypassrls = Annotated[bool, Strict(), Field(description="Sees all rows, past row-level security")]
MaybeFlag = Annotated[bool | None, Strict(), Field(description="Left out: stays as it is")]
ConnectionLimit = Annotated[
    int, Strict(), Field(description="Most connections at once; -1: no limit", ge=-1, le=2**31 - 1)
]
MaybeConnectionLimit = Annotated[
    int | None, Strict(), Field(description="Most connections at once; -1: no limit", ge=-1, le=2**31 - 1)
]
ValidUntil = Annotated[
    str | None, Field(description="When the password expires, RFC 3339; left out: never", max_length=64)
]
NewValidUntil = Annotated[str | None, Field(description="When the password expires, RFC 3339, or never", max_length=64)]
InRoles = Annotated[
    list[str] | None, Field(description="Roles it is a member of: the full list, others are revoked", max_length=100)
]
Comment = Annotated[
    str | None, Field(description='Comment on the role, kept in PostgreSQL and Git; "": none', max_length=1000)
]
PasswordSource = Annotated[
    str,
    Field(
        description="auto (as the repository makes Secrets), none, or existing:<name of a Secret>. Never a password",
        max_length=300,
    ),
]
ClientCertificate = Annotated[
    bool, Strict(), Field(description="The operator makes a TLS client certificate for it (operator 1.30)")
]
Adopt = Annotated[
    bool, Strict(), Field(description="Take over a role that exists and Git does not describe; resets its attributes")
]
RotatePassword = Annotated[bool, Strict(), Field(description="Make a new password by the provider that made the old")]
DropRole = Annotated[bool, Strict(), Field(description="true: drop it in PostgreSQL; false: leave it there")]
InlineRoles = Annotated[
    list[str] | None, Field(description="Names of the roles to move; left out: all inline ones", max_length=500)
]
NewDatabaseName = Annotated[
    str, Field(description="The database's name in PostgreSQL, exactly; upper case and spaces count", max_length=255)
]
DatabaseOwner = Annotated[str, Field(description="Role that owns it, by its name in PostgreSQL", max_length=255)]
ReclaimPolicy = Annotated[
    Literal["retain", "delete"],
    Field(description="What becomes of the database once its manifest goes: retain keeps it, delete drops it"),
]
Extensions = Annotated[
    list[str] | None, Field(description="Extensions to create in it, by name, such as pgcrypto", max_length=100)
]
Schemas = Annotated[list[str] | None, Field(description="Schemas to create in it", max_length=100)]
NewDatabaseOwner = Annotated[str | None, Field(description="Another role to own it", max_length=255)]
NewExtensions = Annotated[
    list[_Named] | None, Field(description="Add or change: name, version, schema, ensure", max_length=100)
]
NewSchemas = Annotated[list[_Named] | None, Field(description="name, owner, ensure", max_length=100)]
Wrappers = Annotated[
    list[_WithOptions] | None, Field(description="name, handler, validator, owner, options, ensure", max_length=100)
]
Servers = Annotated[list[_WithOptions] | None, Field(description="name, fdw, options, ensure", max_length=100)]
FixedLocale = Annotated[
    str | None, Field(description="Refused: locale, encoding and template cannot change", max_length=63)
]
DropDatabase = Annotated[bool, Strict(), Field(description="true: drop it with all data; false: leave it there")]
NewStorageSize = Annotated[
    str | None, Field(description="New size of each instance's volume, such as 20Gi; only up", max_length=32)
]
WalStorageSize = Annotated[
    str | None, Field(description="The same of the WAL's volume; adds one where there is none", max_length=32)
]
NewPostgresVersion = Annotated[
    str | None, Field(description="Full image tag, or a major such as 18; only up", max_length=128)
]
Image = Annotated[str | None, Field(description="Full image reference, instead of postgres_version", max_length=512)]
NewParameters = Annotated[
    Annotated[dict[str, str | None], Field(max_length=200), _mapping(_REMOVABLE, "work_mem", most=200)] | None,
    Field(description='postgresql.conf parameters to set, as strings: {"work_mem": "8MB"}; null removes'),
]
PodResources = Annotated[
    Annotated[
        dict[Literal["requests", "limits"], Annotated[dict[str, str | None], Field(max_length=20)]],
        _object({"requests": _AMOUNTS.json_schema, "limits": _AMOUNTS.json_schema}),
    ]
    | None,
    Field(description='{"requests": {"cpu": "500m", "memory": "4Gi"}, "limits": {…}}; null removes'),
]
Hibernation = Annotated[
    Literal["on", "off"] | None, Field(description="on stops every pod and keeps the volumes; off starts them")
]
Restart = Annotated[bool, Strict(), Field(description="Restart every instance in turn, the primary last")]
Reload = Annotated[bool, Strict(), Field(description="Read the configuration and certificates again")]
MaintenanceWindow = Annotated[
    Annotated[
        dict[Literal["in_progress", "reuse_pvc"], Annotated[bool, Strict()]],
        _object({key: {"type": "boolean"} for key in ("in_progress", "reuse_pvc")}),
    ]
    | None,
    Field(description='For draining nodes: {"in_progress": true, "reuse_pvc": false}'),
]
