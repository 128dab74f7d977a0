"""Roles of PostgreSQL: see them, create, update and delete them, and move them to objects of their own."""

from __future__ import annotations

from gitops_mcp.app import App
from gitops_mcp.domain.answers import RoleList, WriteResult
from gitops_mcp.tools import arguments as a
from gitops_mcp.tools.registry import Tool


def list_postgres_roles(
    app: App,
    cluster_name: a.ClusterName,
    namespace: a.Namespace = None,
    environment: a.Environment = None,
    limit: a.Limit = 50,
    cursor: a.Cursor = None,
) -> RoleList:
    """List a cluster's roles: form, attributes, the Secret of the password, state, and open changes that touch them.

    Joins what Git declares with what the operator reports. Passwords are never read.
    """
    from gitops_mcp.workflows import rolelist

    return rolelist.roles(app, cluster_name, namespace=namespace, environment=environment, limit=limit, cursor=cursor)


def create_postgres_role(
    app: App,
    cluster_name: a.ClusterName,
    role_name: a.RoleName,
    login: a.Login = True,
    superuser: a.Superuser = False,
    inherit: a.Inherit = True,
    createdb: a.Createdb = False,
    createrole: a.Createrole = False,
    replication: a.Replication = False,
    bypassrls: a.Bypassrls = False,
    connection_limit: a.ConnectionLimit = -1,
    valid_until: a.ValidUntil = None,
    in_roles: a.InRoles = None,
    comment: a.Comment = None,
    password_source: a.PasswordSource = "auto",  # noqa: S107 - a source, never a password
    adopt: a.Adopt = False,
    namespace: a.Namespace = None,
    environment: a.Environment = None,
    change: a.Change = None,
    reason: a.Reason = None,
    dry_run: a.DryRun = False,
) -> WriteResult:
    """Propose a new role, with a password that nobody sees: commit it on a branch of its own for review.

    As a DatabaseRole object or an entry of the Cluster, whichever fits. For a role that Git declares use
    update_postgres_role.
    """
    from gitops_mcp.workflows import roles
    from gitops_mcp.workflows.road import Request

    return roles.create(
        app,
        Request("create_postgres_role", environment, change=change, reason=reason, dry_run=dry_run),
        roles.Which(cluster_name, role_name, namespace),
        {
            "login": login,
            "superuser": superuser,
            "inherit": inherit,
            "createdb": createdb,
            "createrole": createrole,
            "replication": replication,
            "bypassrls": bypassrls,
            "connection_limit": connection_limit,
            "valid_until": valid_until,
            "in_roles": in_roles,
            "comment": comment,
        },
        password_source=password_source,
        adopt=adopt,
    )


def update_postgres_role(
    app: App,
    cluster_name: a.ClusterName,
    role_name: a.RoleName,
    login: a.MaybeFlag = None,
    superuser: a.MaybeFlag = None,
    inherit: a.MaybeFlag = None,
    createdb: a.MaybeFlag = None,
    createrole: a.MaybeFlag = None,
    replication: a.MaybeFlag = None,
    bypassrls: a.MaybeFlag = None,
    connection_limit: a.MaybeConnectionLimit = None,
    valid_until: a.NewValidUntil = None,
    in_roles: a.InRoles = None,
    comment: a.Comment = None,
    rotate_password: a.RotatePassword = False,
    namespace: a.Namespace = None,
    environment: a.Environment = None,
    change: a.Change = None,
    reason: a.Reason = None,
    dry_run: a.DryRun = False,
) -> WriteResult:
    """Propose other attributes of a role, or a new password: only the lines that change, on a branch for review.

    What is left out stays as it is. in_roles is the full list: what is not in it is revoked.
    """
    from gitops_mcp.workflows import roles
    from gitops_mcp.workflows.road import Request

    return roles.update(
        app,
        Request("update_postgres_role", environment, change=change, reason=reason, dry_run=dry_run),
        roles.Which(cluster_name, role_name, namespace),
        {
            "login": login,
            "superuser": superuser,
            "inherit": inherit,
            "createdb": createdb,
            "createrole": createrole,
            "replication": replication,
            "bypassrls": bypassrls,
            "connection_limit": connection_limit,
            "valid_until": valid_until,
            "in_roles": in_roles,
            "comment": comment,
        },
        rotate=rotate_password,
    )


def delete_postgres_role(
    app: App,
    cluster_name: a.ClusterName,
    role_name: a.RoleName,
    drop: a.DropRole = True,
    confirm_deletion: a.Confirm = False,
    namespace: a.Namespace = None,
    environment: a.Environment = None,
    change: a.Change = None,
    reason: a.Reason = None,
    dry_run: a.DryRun = False,
) -> WriteResult:
    """Propose the next step of taking a role away, for review; says which step it is and what becomes of the role.

    Dropping takes two changes: one asks for it, and once that is applied the next call removes the role from Git. With
    drop=false the role stays in PostgreSQL and can still log in.
    """
    from gitops_mcp.workflows import roles
    from gitops_mcp.workflows.road import Request

    request = Request(
        "delete_postgres_role", environment, change=change, reason=reason, dry_run=dry_run, confirmed=confirm_deletion
    )
    return roles.delete(app, request, roles.Which(cluster_name, role_name, namespace), drop=drop)


def migrate_postgres_roles(
    app: App,
    cluster_name: a.ClusterName,
    roles: a.InlineRoles = None,
    namespace: a.Namespace = None,
    environment: a.Environment = None,
    change: a.Change = None,
    reason: a.Reason = None,
    dry_run: a.DryRun = False,
) -> WriteResult:
    """Propose to turn a cluster's inline roles into DatabaseRole objects, attribute for attribute, in one change.

    The roles in PostgreSQL and their passwords stay as they are. Needs operator 1.30.
    """
    from gitops_mcp.workflows import roles as workflow
    from gitops_mcp.workflows.road import Request

    request = Request("migrate_postgres_roles", environment, change=change, reason=reason, dry_run=dry_run)
    return workflow.migrate(app, request, cluster_name, roles, namespace=namespace)


TOOLS = (
    Tool(list_postgres_roles, "List roles", "read"),
    Tool(create_postgres_role, "Create a role", "propose"),
    Tool(update_postgres_role, "Update a role", "propose"),
    Tool(delete_postgres_role, "Delete a role", "destroy"),
    Tool(migrate_postgres_roles, "Migrate inline roles", "propose"),
)
