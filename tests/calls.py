"""How each tool is called: one row a tool, which every test that holds of all tools takes.

A new tool gets its row here and is then proved to only read, to repeat no secret, to need no right that is not
granted, and so on. One that only reads and needs nothing but a cluster is called without a row. A row is a function
of its `Subject`, so the same calls go to the sandbox, to a planted repository, or to any layout. The first of a row is
the shortest that is accepted; one that may lose something says that it is confirmed. No row says `dry_run`, `reason`,
or which change a request goes into: whoever calls adds that.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_mcp import tools
from gitops_mcp.tools.registry import Tool

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """What the calls are about, all of which is there: a cluster, and what belongs to it."""

    cluster: str
    owner: str
    """A role of PostgreSQL that may own a database."""
    role: str
    """One that Git, or in direct delivery the API, describes."""
    database: str
    """The same, a Database object."""
    secret: str
    """With the username and password of a role."""
    change: str
    """An open one, which the last row discards."""
    namespace: str = ""
    """Empty: left out, as is the environment."""
    environment: str = ""

    @property
    def where(self) -> dict[str, str]:
        said = {"namespace": self.namespace, "environment": self.environment}
        return {name: value for name, value in said.items() if value}

    @property
    def on(self) -> dict[str, str]:
        return {"cluster_name": self.cluster, **self.where}

    @property
    def object(self) -> dict[str, str]:
        return {"name": self.cluster, **self.where}


LEVELS = ("concise", "detailed")
CONFIRMED = {"confirm_deletion": True}
POOL = {"instances": 1, "pgbouncer": {"poolMode": "session"}}
IMAGES = {"images": [{"major": 18, "image": "registry.example.com/pg:18.4"}]}

CALLS: dict[str, Callable[[Subject], list[dict[str, Any]]]] = {
    "list_postgres_clusters": lambda here: [
        *({**here.where, "detail_level": level} for level in LEVELS),
        {**here.where, "only": "unwell"},
    ],
    "get_cluster_status": lambda here: [
        *({**here.on, "detail_level": level} for level in LEVELS),
        {**here.on, "sections": ["roles", "git"]},
    ],
    "create_postgres_cluster": lambda here: [
        {**here.on, "cluster_name": "added-db"},
        {**here.on, "cluster_name": "waited-db", "parameters": {"work_mem": "8MB"}, "wait": True, "timeout": 30},
    ],
    "scale_postgres_cluster": lambda here: [{**here.on, "instances": 4}, {**here.on, "instances": 1, **CONFIRMED}],
    "update_postgres_cluster": lambda here: [
        {**here.on, "storage_size": "900Gi"},
        {**here.on, "parameters": {"work_mem": "8MB"}, "resources": {"requests": {"memory": "2Gi"}}},
    ],
    "delete_postgres_cluster": lambda here: [{**here.on, **CONFIRMED}],
    "create_postgres_role": lambda here: [
        {**here.on, "role_name": "added_role", "password_source": "none"},
        {**here.on, "role_name": "other_role", "password_source": f"existing:{here.secret}", "connection_limit": 3},
    ],
    "update_postgres_role": lambda here: [{**here.on, "role_name": here.role, "connection_limit": 7}],
    "delete_postgres_role": lambda here: [
        {**here.on, "role_name": here.role, **CONFIRMED},
        {**here.on, "role_name": here.role, "drop": False, **CONFIRMED},
    ],
    "migrate_postgres_roles": lambda here: [here.on],
    "create_postgres_database": lambda here: [
        {**here.on, "database_name": "added_database", "owner": here.owner},
        {**here.on, "database_name": "other_database", "owner": here.owner, "extensions": ["hstore"], "schemas": ["s"]},
    ],
    "update_postgres_database": lambda here: [
        {**here.on, "database_name": here.database, "connection_limit": 9},
        {**here.on, "database_name": here.database, "extensions": ["hstore", {"name": "citext", "schema": "public"}]},
    ],
    "delete_postgres_database": lambda here: [
        {**here.on, "database_name": here.database, **CONFIRMED},
        {**here.on, "database_name": here.database, "drop": True, **CONFIRMED},
    ],
    "create_postgres_object": lambda here: [
        {**here.where, "kind": "Pooler", "name": "added-pool", "spec": {"cluster": {"name": here.cluster}, **POOL}},
        {**here.where, "kind": "ImageCatalog", "name": "added-catalog", "spec": IMAGES},
    ],
    "update_postgres_object": lambda here: [
        {**here.object, "kind": "Cluster", "set": {"spec.logLevel": "debug"}},
        {**here.object, "kind": "Cluster", "items": {"spec.env": [{"name": "TZ", "value": "UTC"}]}},
    ],
    "delete_postgres_object": lambda here: [{**here.object, "kind": "Cluster", **CONFIRMED}],
    "schedule_postgres_backups": lambda here: [
        {**here.on, "schedule": "0 15 3 * * *"},
        {**here.on, "schedule": "@weekly", "suspended": True},
    ],
    "create_postgres_backup": lambda here: [{**here.on, "backup_name": "added-backup"}],
    "migrate_postgres_backups": lambda here: [here.on],
    "restore_postgres_cluster": lambda here: [
        {**here.on, "new_name": "restored-db", "target": "backup", "target_value": "20260101T000000"},
        {**here.on, "new_name": "drill-db", "target": "backup", "target_value": "20260101T000000", "drill": True},
    ],
    "create_postgres_pooler": lambda here: [
        here.on,
        {**here.on, "pooler_name": "added-pooler", "type": "r", "parameters": {"default_pool_size": "20"}},
    ],
    "check_setup": lambda _: [{}],
    "get_drift": lambda here: [{}, here.on],
    "adopt_live": lambda here: [{**here.on, **CONFIRMED}],
    "get_history": lambda here: [
        here.on,
        {**here.on, "field": "spec.instances", "limit": 1},
        {**here.on, "kind": "Database", "object": here.database},
    ],
    "explain_postgres_fields": lambda here: [
        {"kind": "Cluster"},
        {
            "kind": "Database",
            "path": "spec.extensions[name=x]",
            **{k: v for k, v in here.where.items() if k != "namespace"},
        },
    ],
    "get_postgres_object": lambda here: [{"kind": "Cluster", "name": here.cluster, **here.where}],
    "get_postgres_logs": lambda here: [here.on, {**here.on, "level": "info", "since": "1d", "limit": 500}],
    "promote_postgres_instance": lambda here: [{**here.on, "instance": f"{here.cluster}-2"}],
    "restart_postgres_instance": lambda here: [{**here.on, "instance": f"{here.cluster}-2"}],
    "list_changes": lambda _: [{"state": state} for state in ("open", "merged", "applied", "all")],
    "get_change": lambda here: [{"change": here.change, "detail_level": level} for level in LEVELS],
    "review_change": lambda here: [{"ref": f"gitops-mcp/{here.change}"}],
    "open_pull_request": lambda here: [
        {"change": here.change},
        {"change": here.change, "draft": True, "title": "Look"},
    ],
    "refresh_change": lambda here: [{"change": here.change, **CONFIRMED}],
    "repeat_change": lambda here: [{"change": here.change, **CONFIRMED}],
    "undo_change": lambda here: [{"change": here.change, **CONFIRMED}],
    "discard_change": lambda here: [{"change": here.change, **CONFIRMED}],
}


def calls_of(tool: Tool, here: Subject) -> list[dict[str, Any]]:
    """The row of a tool; none is a failure, so that no tool goes unproved."""
    if tool.name not in CALLS and _reads_a_cluster(tool):
        return [here.on]
    assert tool.name in CALLS, f"the tool {tool.name} has no row in tests/calls.py: say there how it is called"
    return CALLS[tool.name](here)


def _reads_a_cluster(tool: Tool) -> bool:
    """Whether a tool only reads, and the cluster is all that it has to be told."""
    _, *taken = inspect.signature(tool.function).parameters.values()
    return not tool.writes and [one.name for one in taken if one.default is one.empty] == ["cluster_name"]


def every_read(here: Subject) -> Iterator[tuple[Tool, dict[str, Any]]]:
    for tool in tools.ALL:
        if not tool.writes:
            yield from ((tool, arguments) for arguments in calls_of(tool, here))


def every_dry_run(here: Subject) -> Iterator[tuple[Tool, dict[str, Any]]]:
    """The calls of all that write, which leave everything as it is; not of those that no server offers by itself."""
    for tool in tools.ALL:
        if tool.writes and tool.toolset != "direct":
            yield from ((tool, {**arguments, "dry_run": True}) for arguments in calls_of(tool, here))


def every_write(here: Subject) -> Iterator[tuple[Tool, dict[str, Any]]]:
    """Each into a change of its own in git delivery, so that none stands in the way of another."""
    number = 0
    for tool in tools.ALL:
        if tool.writes and tool.toolset != "direct":
            for arguments in calls_of(tool, here):
                number += 1
                yield tool, {"change": f"call-{number}", **arguments}
