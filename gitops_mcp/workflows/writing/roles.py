"""What writing tools for roles need beside the road: which Cluster, which form, which password, what the API adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.role import (
    KEYS,
    RoleAttributes,
    checked_comment,
    checked_connection_limit,
    checked_in_roles,
    checked_valid_until,
)
from gitops_mcp.domain.cnpg.sql import checked_role_name
from gitops_mcp.domain.editing.sibling_paths import FilePlace
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.kinds import CLUSTER, DATABASE_ROLE
from gitops_mcp.domain.names import ClusterRef, check_cluster_name, make_object_name, quote, suggest
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.declared_roles import (
    DeclaredRole,
    LiveRoles,
    declared_roles,
    find_role,
    objects_naming_secret,
    require_role,
)
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.role import (
    NewRole,
    check_cluster_alive,
    check_migratable,
    check_new_role,
    form_of_new_role,
    how_role_exists,
    is_declared_so,
    non_default_attributes,
    plan_new_role,
    plan_nothing_to_migrate,
    plan_role_migration,
    plan_role_update,
    plan_unchanged_role,
    role_places,
    target_of_role,
)
from gitops_mcp.domain.plans.role_removal import (
    PasswordRemoval,
    RoleDeletion,
    plan_role_deletion,
    role_at_base,
    time_since_last_write,
)
from gitops_mcp.domain.plans.secret_documents import (
    SecretDocument,
    first_secret_name,
    indexes_of_generators,
    places_naming_secret,
)
from gitops_mcp.domain.plans.subject import RolePart, Subject
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import InvalidRequest, Refused
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing import passwords
from gitops_mcp.workflows.writing.git_delivery import deliver
from gitops_mcp.workflows.writing.passwords import PasswordRequest, PasswordSource, PreparedPassword, SecretTexts
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from gitops_mcp.workflows.writing.targets import live_roles, taken_names, the_cluster


@dataclass(frozen=True)
class WhichRole:
    """A role as the caller names it."""

    cluster_name: str
    role_name: str
    namespace: str | None


def create_role(
    app: App, request: WriteRequest, which: WhichRole, given: Mapping[str, Any], *, password_source: str, adopt: bool
) -> WriteResult:
    check_cluster_name(which.cluster_name, field="cluster_name")
    new = NewRole(checked_role_name(which.role_name), _attributes_from(which.role_name, given), adopt)
    source = PasswordSource.of(password_source)
    kept = SecretTexts()

    def about(view: View) -> Subject:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        known = find_role(view.desired, cluster, ref, new.name)
        name = (
            known.declared.identity.name if known and known.index is None else _object_name(view, ref, new.name, None)
        )
        return Subject("create-role", Identity(DATABASE_ROLE.kind, ref.namespace, name), (RolePart(ref, new.name),))

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        live, unread = live_roles(view, ref)
        known = check_new_role(view.desired, cluster, ref, new, live)
        if known is not None:
            return _plan_for_known(known, new, source, ref).warned(unread)
        form, why = form_of_new_role(view.desired, live)
        name = _object_name(view, ref, new.name, live)
        view, found = passwords.find_secret_documents(view, cluster) if source.how != "none" else (view, ())
        adopts = how_role_exists(cluster, ref, new.name, live) is not None
        prepared = passwords.prepare_password(
            PasswordRequest(view, cluster, ref, new.name, name), source, found, kept, adopts=adopts
        )
        candidates = (
            role_places(view.desired, cluster, ref, name, view.settings.layout_role) if form != "inline" else ()
        )
        view, places = view.with_places(Identity(DATABASE_ROLE.kind, ref.namespace, name), candidates)
        view = view.with_files(place.path for place in prepared.tried if not place.appended)
        made = plan_new_role(
            view.desired,
            cluster,
            ref,
            new,
            prepared.password,
            form=form,
            why=why,
            object_name=name,
            places=places,
            live=live,
            now=datetime.now(UTC),
        )
        return _with_secret(view, made, prepared).warned(unread)

    return deliver(app, _about_cluster(request, which), Writing(about, plan))


def update_role(
    app: App, request: WriteRequest, which: WhichRole, given: Mapping[str, Any], *, rotate: bool
) -> WriteResult:
    check_cluster_name(which.cluster_name, field="cluster_name")
    checked_role_name(which.role_name)
    wanted = _named_attributes(which.role_name, given)
    if not rotate and not any(value is not None for value in given.values()):
        raise InvalidRequest(f"nothing to update was named; there are: {', '.join(KEYS)}, rotate_password")
    kept = SecretTexts()

    def about(view: View) -> Subject:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        role = require_role(view.desired, cluster, ref, which.role_name)
        keys = [KEYS[name] for name in wanted] + (["passwordSecret"] if rotate else [])
        parts = tuple(RolePart(ref, role.name, key) for key in keys)
        return Subject("update-role", target_of_role(role, ref), parts)

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        live, unread = live_roles(view, ref)
        check_cluster_alive(ref, live)
        role = require_role(view.desired, cluster, ref, which.role_name)
        prepared: PreparedPassword | None = None
        if rotate:
            view, found = passwords.find_secret_documents(view, cluster)
            name = role.declared.identity.name if role.index is None else _object_name(view, ref, role.name, live)
            asked = PasswordRequest(view, cluster, ref, role.name, name)
            prepared = passwords.prepare_rotation(asked, role.secret, found, kept, alone=not wanted)
            view = view.with_files(place.path for place in prepared.tried if not place.appended)
        password = prepared.password if prepared else None
        made = plan_role_update(
            view.desired, cluster, ref, role, wanted, live=live, now=datetime.now(UTC), password=password
        )
        return (_with_secret(view, made, prepared) if prepared else made).warned(unread)

    return deliver(app, _about_cluster(request, which), Writing(about, plan))


def delete_role(app: App, request: WriteRequest, which: WhichRole, *, drop: bool) -> WriteResult:
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
        live, age = _with_list_age(view, ref, role, live)
        merged = role_at_base(role, view.base)
        deletion = RoleDeletion(role, ref, drop, live, merged, unchanged_for=age, origin=view.desired.origin)
        deletion = replace(deletion, kept=view.source.why_kept(role.declared, deletion.seen))
        removing = PasswordRemoval()
        if role.secret is not None and deletion.step.due == "remove" and deletion.leaves_role:
            removing = PasswordRemoval(
                told=(f"Secret {role.secret} and what makes it stay: the role may log in with it",)
            )
        elif role.secret is not None and deletion.step.due == "remove":
            view, removing = _secret_removal(view, cluster, ref, role)
        return plan_role_deletion(view.desired, deletion, removing).warned(unread)

    return deliver(app, _about_cluster(request, which), Writing(about, plan))


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
        check_cluster_alive(ref, live)
        if live is not None and live.objects is None:
            raise Refused(
                "the kind DatabaseRole is not installed there: it comes with operator 1.30. Upgrade the operator first"
            )
        known = declared_roles(view.desired, declared, ref)
        inline = [one for one in known if one.form == "inline" and (wanted is None or one.name in wanted)]
        missing = [name for name in wanted or () if name not in {one.name for one in inline}]
        if missing:
            names = [one.name for one in known if one.form == "inline"]
            raise InvalidRequest(
                f"roles: {', '.join(map(quote, missing))} is no inline role of Cluster {ref}; "
                f"{suggest(missing[0], names)}"
            )
        if not inline:
            return plan_nothing_to_migrate(view.desired, ref).warned(unread)
        check_migratable(inline)
        names_of: dict[str, str] = {}
        for one in inline:
            names_of[one.name] = _object_name(view, ref, one.name, live, also=names_of.values())
        for name in names_of.values():
            candidates = role_places(view.desired, declared, ref, name, view.settings.layout_role)
            view, _ = view.with_places(Identity(DATABASE_ROLE.kind, ref.namespace, name), candidates)

        def places(desired: Desired, cluster: Declaration, name: str) -> tuple[FilePlace, ...]:
            candidates = role_places(desired, cluster, ref, name, view.settings.layout_role)
            return view.source.places(Identity(DATABASE_ROLE.kind, ref.namespace, name), candidates)

        return plan_role_migration(view.desired, declared, ref, inline, names=names_of, places=places).warned(unread)

    return deliver(app, replace(request, cluster=cluster, namespace=namespace), Writing(about, plan))


def _about_cluster(request: WriteRequest, which: WhichRole) -> WriteRequest:
    return replace(request, cluster=which.cluster_name, namespace=which.namespace)


def _attributes_from(name: str, given: Mapping[str, Any]) -> RoleAttributes:
    return replace(RoleAttributes(), **_named_attributes(name, given))


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


def _plan_for_known(known: DeclaredRole, new: NewRole, source: PasswordSource, ref: ClusterRef) -> Plan:
    """Git declares it: nothing to do where it says the same, else another tool's work."""
    secret = {"auto": None, "none": ""}.get(source.how, source.secret)
    if is_declared_so(known, new, secret):
        return plan_unchanged_role(known, ref)
    raise InvalidRequest(
        f"role_name: {known.label} of Cluster {ref} is declared already, with other attributes: "
        f"{'; '.join(non_default_attributes(known.attributes))}. Change it with update_postgres_role"
    )


def _object_name(
    view: View, ref: ClusterRef, name: str, live: LiveRoles | None, *, also: Sequence[str] | Any = ()
) -> str:
    """metadata.name of the DatabaseRole: the one that says this role already, else a free one."""
    known = taken_names(view, ref, DATABASE_ROLE.kind, (live.objects or ()) if live else ())
    own = [made for made, said in known.items() if said == (ref.name, name)]
    return own[0] if own else make_object_name(ref.name, name, taken={*known, *also, *_inline_names(view, ref, name)})


def _inline_names(view: View, ref: ClusterRef, name: str) -> set[str]:
    """What the other inline roles of the Cluster would be called: their Secrets are named so."""
    cluster = next(
        (
            one
            for one in view.desired.clusters
            if (one.identity.namespace, one.identity.name) == (ref.namespace, ref.name)
        ),
        None,
    )
    if cluster is None:
        return set()
    others = [one.name for one in declared_roles(view.desired, cluster, ref) if one.form == "inline"]
    return {make_object_name(ref.name, other, taken=()) for other in others if other != name}


def _with_secret(view: View, plan: Plan, prepared: PreparedPassword) -> Plan:
    steps = EditSequence(view.desired)
    steps.take(plan.files)
    found = prepared.write(steps) if prepared.write else ()
    return replace(plan, files=steps.changes, writes=prepared.writes).warned(
        one for one in found if one not in plan.warnings
    )


def _with_list_age(
    view: View, ref: ClusterRef, role: DeclaredRole, live: LiveRoles | None
) -> tuple[LiveRoles | None, timedelta | None]:
    """The same live roles with the age of the Cluster's list, where that decides whether a role is dropped already."""
    if live is None or live.cluster is None or role.form != "inline" or not role.is_absent:
        return live, None
    cluster = view.api.kube.get(CLUSTER, ref.namespace, ref.name, managed_fields=True)
    return replace(live, cluster=cluster), time_since_last_write(cluster, datetime.now(UTC))


def _secret_removal(
    view: View, cluster: Declaration, ref: ClusterRef, role: DeclaredRole
) -> tuple[View, PasswordRemoval]:
    """The documents that this server made for the role's password, where nothing else needs their Secret."""
    secret = str(role.secret)
    view, found = passwords.find_secret_documents(view, cluster)
    makers = [one for one in found if one.makes(ref.namespace, secret)]
    command = f"kubectl -n {ref.namespace} delete secret {secret}"
    users = _secret_users(view, ref, secret, role)
    if users:
        return view, PasswordRemoval(told=(f"Secret {secret} stays: {', '.join(users)} uses it",))
    if not makers:
        stays = f"Secret {secret} is not made by Git and stays"
        if view.source.keeps_leftovers:
            stays = f"No object of this server's that could be read makes Secret {secret}, so it stays"
        return view, PasswordRemoval(told=(f"{stays}; when nothing needs it: {command}",))
    if not all(one.is_ours for one in makers):
        return view, PasswordRemoval(
            told=(f"Secret {secret} stays: {makers[0].place} makes it, which is not this server's",)
        )
    stem = first_secret_name(secret)
    own = [
        one
        for one in found
        if one.is_ours
        and one.namespace in {ref.namespace, None}
        and first_secret_name(one.secret) == stem
        and (one.secret == secret or not _secret_users(view, ref, one.secret, role))
    ]
    going = _documents_by_path(view, own)
    names = ", ".join(sorted(one.secret for one in own))
    told = (f"Secret {names} goes too, with what makes it: {', '.join(going)}",)
    return view, PasswordRemoval(tuple(going.items()), told)


def _documents_by_path(view: View, own: Sequence[SecretDocument]) -> dict[str, tuple[int, ...]]:
    """Those that make the Secrets, and their generators, by path."""
    found: dict[str, tuple[int, ...]] = {}
    for path in sorted(view.desired.texts if view.source.keeps_leftovers else {one.path for one in own}):
        # A generator stands beside its ExternalSecret in Git; in the API each object is by itself.
        names = [one.secret for one in own if view.source.keeps_leftovers or one.path == path]
        made = indexes_of_generators(view.desired.texts, path, names)
        indexes = {*(one.document for one in own if one.path == path), *made}
        found |= {path: tuple(sorted(indexes))} if indexes else {}
    return found


def _secret_users(view: View, ref: ClusterRef, secret: str, role: DeclaredRole) -> tuple[str, ...]:
    """What else needs a Secret, in the Cluster's namespace: objects of CNPG, and whatever else stands in Git."""
    declared = objects_naming_secret(view.desired, ref.namespace, secret, but=role)
    role_at = role.place.rpartition(":")[0]
    return (
        *declared,
        *places_naming_secret(view.source.manifests_with(secret), ref.namespace, secret, role_at=role_at),
    )
