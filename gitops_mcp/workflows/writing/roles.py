"""The tools for roles: what each is about, and what its planner needs of the API, Git and password providers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.notation.sql import checked_role_name
from gitops_mcp.domain.cnpg.role import (
    KEYS,
    RoleAttributes,
    checked_comment,
    checked_connection_limit,
    checked_in_roles,
    checked_valid_until,
)
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.kinds import CLUSTER, DATABASE_ROLE
from gitops_mcp.domain.names import check_cluster_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.object_names import role_object_name
from gitops_mcp.domain.plans.passwords.password_rotation import file_to_rewrite
from gitops_mcp.domain.plans.passwords.role_password import PasswordOwner, PasswordSource
from gitops_mcp.domain.plans.passwords.secret_removal import PasswordRemoval, RoleSecrets, plan_secret_removal
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import declared_roles, find_role, require_role, target_of_role
from gitops_mcp.domain.plans.roles.role import (
    NewRole,
    check_cluster_alive,
    check_new_role,
    form_of_new_role,
    how_role_exists,
    plan_known_role,
    plan_new_role,
    role_places,
)
from gitops_mcp.domain.plans.roles.role_certificate import CERTIFICATE
from gitops_mcp.domain.plans.roles.role_migration import (
    names_after_migration,
    plan_nothing_to_migrate,
    plan_role_migration,
    roles_to_migrate,
)
from gitops_mcp.domain.plans.roles.role_removal import (
    RoleDeletion,
    plan_role_deletion,
    role_at_base,
    time_since_last_write,
)
from gitops_mcp.domain.plans.roles.role_update import plan_role_update
from gitops_mcp.domain.plans.subject import FilePart, RolePart, Subject, SubjectPart
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.running_operator import running_operator
from gitops_mcp.workflows.secret_reports import read_secret_reports
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.passwords import find_secret_documents, password_of_new_role, rotated_password
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from gitops_mcp.workflows.writing.targets import live_roles, the_cluster


@dataclass(frozen=True)
class WhichRole:
    """A role as the caller names it."""

    cluster_name: str
    role_name: str
    namespace: str | None


def create_role(
    app: App,
    request: WriteRequest,
    which: WhichRole,
    given: Mapping[str, Any],
    *,
    password_source: str,
    adopt: bool,
    client_certificate: bool = False,
) -> WriteResult:
    check_cluster_name(which.cluster_name, field="cluster_name")
    attributes = replace(RoleAttributes(), **_named_attributes(which.role_name, given))
    new = NewRole(checked_role_name(which.role_name), attributes, adopt, client_certificate)
    source = PasswordSource.of(password_source)

    def about(view: View) -> Subject:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        known = find_role(view.desired, cluster, ref, new.name)
        is_object = known is not None and known.index is None
        name = known.declared.identity.name if known and is_object else role_object_name(view.desired, ref, new.name)
        return Subject("create-role", Identity(DATABASE_ROLE.kind, ref.namespace, name), (RolePart(ref, new.name),))

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        live, unread = live_roles(view, ref)
        known = check_new_role(view.desired, cluster, ref, new, live)
        if known is not None:
            return plan_known_role(known, new, source, ref).warned(unread)
        operator = running_operator(view.api, view.environment, ref.namespace, ref.name).release
        form, why = form_of_new_role(view.desired, live, operator)
        name = role_object_name(view.desired, ref, new.name, live)
        exists = how_role_exists(cluster, ref, new.name, live) is not None
        owner = PasswordOwner(cluster, ref, new.name, name)
        view, password = password_of_new_role(view, owner, source, exists=exists)
        places: tuple[FilePlace, ...] = ()
        if form == "DatabaseRole":
            candidates = role_places(view.desired, cluster, ref, name, view.settings.layout_role)
            view, places = view.with_places(Identity(DATABASE_ROLE.kind, ref.namespace, name), candidates)
        made = plan_new_role(
            view.desired,
            cluster,
            ref,
            new,
            password,
            form=form,
            why=why,
            object_name=name,
            places=places,
            live=live,
            now=view.now,
        )
        return made.warned(unread)

    return deliver(app, _about_cluster(request, which), Writing(about, plan))


def update_role(
    app: App,
    request: WriteRequest,
    which: WhichRole,
    given: Mapping[str, Any],
    *,
    rotate: bool,
    client_certificate: bool | None = None,
) -> WriteResult:
    check_cluster_name(which.cluster_name, field="cluster_name")
    checked_role_name(which.role_name)
    wanted = _named_attributes(which.role_name, given)
    if not rotate and not any(value is not None for value in (*given.values(), client_certificate)):
        what = f"{', '.join(KEYS)}, client_certificate, rotate_password"
        raise InvalidRequest(f"name at least one argument to update; there are: {what}")

    def about(view: View) -> Subject:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        role = require_role(view.desired, cluster, ref, which.role_name)
        parts: list[SubjectPart] = [RolePart(ref, role.name, KEYS[name]) for name in wanted]
        if client_certificate is not None:
            parts.append(RolePart(ref, role.name, CERTIFICATE))
        if rotate:
            _, found = find_secret_documents(view, cluster)
            path = file_to_rewrite(ref, role.secret, found)
            parts.append(FilePart(path) if path else RolePart(ref, role.name, "passwordSecret"))
        return Subject("update-role", target_of_role(role, ref), tuple(parts))

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        live, unread = live_roles(view, ref)
        check_cluster_alive(ref, live)
        role = require_role(view.desired, cluster, ref, which.role_name)
        password = None
        if rotate:
            is_object = role.index is None
            name = role.declared.identity.name if is_object else role_object_name(view.desired, ref, role.name, live)
            owner = PasswordOwner(cluster, ref, role.name, name)
            view, password = rotated_password(view, owner, role.secret, alone=not wanted)
            unread = (*unread, *_unmade_password(view, ref.namespace, str(role.secret)))
        made = plan_role_update(
            view.desired, ref, role, wanted, now=view.now, password=password, certificate=client_certificate
        )
        return made.warned(unread)

    return deliver(app, _about_cluster(request, which), Writing(about, plan))


def delete_role(app: App, request: WriteRequest, which: WhichRole, *, drop: bool) -> WriteResult:
    return deliver(app, _about_cluster(request, which), role_deletion(which, drop=drop))


def role_deletion(which: WhichRole, *, drop: bool) -> Writing:
    check_cluster_name(which.cluster_name, field="cluster_name")
    checked_role_name(which.role_name)

    def about(view: View) -> Subject:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        role = require_role(view.desired, cluster, ref, which.role_name)
        return Subject("delete-role", target_of_role(role, ref), (RolePart(ref, role.name),), removes=True)

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        live, unread = live_roles(view, ref)
        role = require_role(view.desired, cluster, ref, which.role_name)
        merged = role_at_base(role, view.base)
        deletion = RoleDeletion(role, ref, drop, live, merged, origin=view.desired.origin)
        deletion = replace(deletion, kept=view.source.why_kept(role.declared, deletion.seen))
        if live is not None and live.cluster is not None and role.form == "inline" and role.is_absent:
            # How long the list has been as it is decides whether an entry's role is dropped already.
            age = time_since_last_write(live.cluster or {}, datetime.now(UTC))
            deletion = replace(deletion, unchanged_for=age)
        removing = PasswordRemoval()
        if deletion.takes_secret:
            view, removing = _secret_removal(view, cluster, deletion)
        return plan_role_deletion(view.desired, deletion, removing).warned(unread)

    return Writing(about, plan)


def password_naming(which: WhichRole, secret: str) -> Writing:
    """That the role's password is that of another Secret, which somebody else provides."""
    source = PasswordSource.of(f"existing:{secret}")

    def about(view: View) -> Subject:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        role = require_role(view.desired, cluster, ref, which.role_name)
        return Subject("update-role", target_of_role(role, ref), (RolePart(ref, role.name, "passwordSecret"),))

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        live, unread = live_roles(view, ref)
        check_cluster_alive(ref, live)
        role = require_role(view.desired, cluster, ref, which.role_name)
        owner = PasswordOwner(cluster, ref, role.name, role.declared.identity.name)
        view, password = password_of_new_role(view, owner, source, exists=True)
        if role.secret == secret:
            text = f"{role.place} names Secret {secret} already"
            return Plan(f"Update role of Cluster {ref}", target_of_role(role, ref), unchanged=text)
        return plan_role_update(view.desired, ref, role, {}, now=view.now, password=password).warned(unread)

    return Writing(about, plan)


def migrate_roles(
    app: App, request: WriteRequest, cluster: str, roles: Sequence[str] | None, *, namespace: str | None
) -> WriteResult:
    check_cluster_name(cluster, field="cluster_name")
    wanted = (
        tuple(dict.fromkeys(checked_role_name(name, field="roles") for name in roles)) if roles is not None else None
    )

    def about(view: View) -> Subject:
        declared, ref = the_cluster(view, cluster, namespace)
        known = declared_roles(view.desired, declared, ref)
        names = [one.name for one in known if one.form == "inline" and (wanted is None or one.name in wanted)]
        target = Identity(CLUSTER.kind, ref.namespace, ref.name)
        return Subject("migrate-roles", target, tuple(RolePart(ref, name) for name in names))

    def plan(view: View) -> Plan:
        declared, ref = the_cluster(view, cluster, namespace)
        live, unread = live_roles(view, ref)
        inline = roles_to_migrate(view.desired, declared, ref, wanted, live)
        if not inline:
            return plan_nothing_to_migrate(view.desired, ref).warned(unread)
        names = names_after_migration(view.desired, ref, inline, live)

        def places(desired: Desired, cluster: Declaration, name: str) -> tuple[FilePlace, ...]:
            candidates = role_places(desired, cluster, ref, name, view.settings.layout_role)
            return view.source.places(Identity(DATABASE_ROLE.kind, ref.namespace, name), candidates)

        there = [place.path for name in names.values() for place in places(view.desired, declared, name)]
        desired = view.with_files(there).desired
        return plan_role_migration(desired, declared, ref, inline, names=names, places=places).warned(unread)

    return deliver(app, replace(request, cluster=cluster, namespace=namespace), Writing(about, plan))


def _unmade_password(view: View, namespace: str, secret: str) -> list[Notice]:
    """What keeps the password there is from coming may keep the next one too; where it may not be read, nothing."""
    reports, _ = read_secret_reports(view.api, namespace, {secret})
    return [Notice("password-not-made", one.told) for one in reports.values() if not one.is_made]


def _about_cluster(request: WriteRequest, which: WhichRole) -> WriteRequest:
    return replace(request, cluster=which.cluster_name, namespace=which.namespace)


def _named_attributes(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that were named, each legal; what clears one is its default."""
    made = {key: value for key, value in given.items() if value is not None}
    if "connection_limit" in made:
        checked_connection_limit(made["connection_limit"])
    if "valid_until" in made:
        made["valid_until"] = None if made["valid_until"] == "never" else checked_valid_until(made["valid_until"])
    if "in_roles" in made:
        made["in_roles"] = checked_in_roles(made["in_roles"], role=name)
    if "comment" in made:
        made["comment"] = checked_comment(made["comment"])
    return made


def _secret_removal(view: View, cluster: Declaration, deletion: RoleDeletion) -> tuple[View, PasswordRemoval]:
    view, found = find_secret_documents(view, cluster)
    secret = str(deletion.role.secret)
    secrets = RoleSecrets(deletion.ref, deletion.role, found, view.source.unmade(secret))
    if not secrets.makers:
        wrote = view.source.wrote_secret(view.api, deletion.ref.namespace, secret)
        secrets = replace(secrets, written_here=wrote)
    manifests = {name: view.source.manifests_with(name) for name in secrets.names}
    beside = view.source.generator_paths({one.path for one in secrets.own})
    return view, plan_secret_removal(view.desired, secrets, manifests, generator_paths=beside)
