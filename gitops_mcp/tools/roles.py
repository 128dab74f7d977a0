"""Roles of PostgreSQL: see them, create, update and delete them, and move them to objects of their own."""

from __future__ import annotations

from gitops_mcp.answers.members import RoleList
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    Adopt,
    Bypassrls,
    Change,
    ClientCertificate,
    ClusterName,
    Comment,
    Confirm,
    ConnectionLimit,
    Createdb,
    Createrole,
    Cursor,
    DropRole,
    DryRun,
    Environment,
    Inherit,
    InlineRoles,
    InRoles,
    Limit,
    Login,
    MaybeConnectionLimit,
    MaybeFlag,
    Namespace,
    NewValidUntil,
    PasswordSource,
    Reason,
    Replication,
    RoleName,
    RotatePassword,
    Superuser,
    ValidUntil,
)
from gitops_mcp.tools.registry import Tool


def list_postgres_roles(
    app: App,
    cluster_name: ClusterName,
    namespace: Namespace = None,
    environment: Environment = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RoleList:
    """List a cluster's roles: form, attributes, the Secret of the password, state, and open changes that touch them.

    Passwords are never read.
    """
    from gitops_mcp.workflows.reading.roles import list_roles

    return list_roles(app, cluster_name, namespace=namespace, environment=environment, limit=limit, cursor=cursor)


def create_postgres_role(
    app: App,
    cluster_name: ClusterName,
    role_name: RoleName,
    login: Login = True,
    superuser: Superuser = False,
    inherit: Inherit = True,
    createdb: Createdb = False,
    createrole: Createrole = False,
    replication: Replication = False,
    bypassrls: Bypassrls = False,
    connection_limit: ConnectionLimit = -1,
    valid_until: ValidUntil = None,
    in_roles: InRoles = None,
    comment: Comment = None,
    password_source: PasswordSource = "auto",  # noqa: S107 - a source, never a password
    client_certificate: ClientCertificate = False,
    adopt: Adopt = False,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose a new role, with a password that nobody sees."""
    from gitops_mcp.workflows.writing import roles
    from gitops_mcp.workflows.writing.request import WriteRequest

    return roles.create_role(
        app,
        WriteRequest("create_postgres_role", environment, change=change, reason=reason, dry_run=dry_run),
        roles.WhichRole(cluster_name, role_name, namespace),
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
        client_certificate=client_certificate,
    )


def update_postgres_role(
    app: App,
    cluster_name: ClusterName,
    role_name: RoleName,
    login: MaybeFlag = None,
    superuser: MaybeFlag = None,
    inherit: MaybeFlag = None,
    createdb: MaybeFlag = None,
    createrole: MaybeFlag = None,
    replication: MaybeFlag = None,
    bypassrls: MaybeFlag = None,
    connection_limit: MaybeConnectionLimit = None,
    valid_until: NewValidUntil = None,
    in_roles: InRoles = None,
    comment: Comment = None,
    client_certificate: MaybeFlag = None,
    rotate_password: RotatePassword = False,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose other attributes of a role, or a new password.

    What is not in in_roles is revoked.
    """
    from gitops_mcp.workflows.writing import roles
    from gitops_mcp.workflows.writing.request import WriteRequest

    return roles.update_role(
        app,
        WriteRequest("update_postgres_role", environment, change=change, reason=reason, dry_run=dry_run),
        roles.WhichRole(cluster_name, role_name, namespace),
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
        client_certificate=client_certificate,
    )


def delete_postgres_role(
    app: App,
    cluster_name: ClusterName,
    role_name: RoleName,
    drop: DropRole = True,
    confirm_deletion: Confirm = False,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose the next step of taking a role away.

    Dropping takes two changes: one asks for it, the next removes it from Git.
    """
    from gitops_mcp.workflows.writing import roles
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest(
        "delete_postgres_role", environment, change=change, reason=reason, dry_run=dry_run, confirmed=confirm_deletion
    )
    return roles.delete_role(app, request, roles.WhichRole(cluster_name, role_name, namespace), drop=drop)


def migrate_postgres_roles(
    app: App,
    cluster_name: ClusterName,
    roles: InlineRoles = None,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose to turn a cluster's inline roles into DatabaseRole objects, attribute for attribute, in one change.

    Roles and passwords in PostgreSQL stay. Needs operator 1.30.
    """
    from gitops_mcp.workflows.writing.request import WriteRequest
    from gitops_mcp.workflows.writing.roles import migrate_roles

    request = WriteRequest("migrate_postgres_roles", environment, change=change, reason=reason, dry_run=dry_run)
    return migrate_roles(app, request, cluster_name, roles, namespace=namespace)


TOOLS = (
    Tool(list_postgres_roles, "List roles", "read", toolset="roles"),
    Tool(create_postgres_role, "Create a role", "propose", toolset="roles"),
    Tool(update_postgres_role, "Update a role", "propose", toolset="roles"),
    Tool(delete_postgres_role, "Delete a role", "destroy", toolset="roles"),
    Tool(migrate_postgres_roles, "Migrate inline roles", "propose", toolset="roles"),
)
