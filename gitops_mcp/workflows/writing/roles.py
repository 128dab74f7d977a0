"""What writing tools for roles need beside the road: which Cluster, which form, which password, what the API adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gitops_mcp.app import App
from gitops_mcp.domain import role_changes, role_deletion, secretfiles
from gitops_mcp.domain.answers import WriteResult
from gitops_mcp.domain.cnpg import role as rules
from gitops_mcp.domain.cnpg.role import Attributes
from gitops_mcp.domain.cnpg.sql import role_name
from gitops_mcp.domain.kinds import CLUSTER, DATABASE_ROLE
from gitops_mcp.domain.names import ClusterRef, cluster_name, near, object_name, shown
from gitops_mcp.domain.plan import Plan
from gitops_mcp.domain.repository import Declaration
from gitops_mcp.domain.role_changes import NewRole
from gitops_mcp.domain.role_deletion import Deletion, Removing
from gitops_mcp.domain.roles import DeclaredRole, LiveRoles, declared_roles, existing_secret_users, one_role
from gitops_mcp.domain.secretfiles import SecretDocument
from gitops_mcp.domain.steps import Steps
from gitops_mcp.errors import InvalidRequest, Refused
from gitops_mcp.workflows import passwords
from gitops_mcp.workflows.deliver import deliver
from gitops_mcp.workflows.members import live_roles, taken, the_cluster
from gitops_mcp.workflows.passwords import Asked, Kept, Prepared, Source
from gitops_mcp.workflows.road import Request, View


@dataclass(frozen=True)
class Which:
    """A role as the caller names it."""

    cluster_name: str
    role_name: str
    namespace: str | None


def create(
    app: App, request: Request, which: Which, given: Mapping[str, Any], *, password_source: str, adopt: bool
) -> WriteResult:
    cluster_name(which.cluster_name, field="cluster_name")
    new = NewRole(role_name(which.role_name), _attributes(which.role_name, given), adopt)
    source = Source.of(password_source)
    kept = Kept()

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        live, unread = live_roles(view, ref)
        known = role_changes.check_new(view.desired, cluster, ref, new, live)
        if known is not None:
            return _known(known, new, source, ref).warned(unread)
        form, why = role_changes.form_of_new(view.desired, live)
        name = _object_name(view, ref, new.name, live)
        view, found = passwords.documents(view, cluster) if source.how != "none" else (view, ())
        adopts = role_changes.existing(cluster, ref, new.name, live) is not None
        prepared = passwords.for_new(Asked(view, cluster, ref, new.name, name), source, found, kept, adopts=adopts)
        layout = view.settings.layout_role
        tried = role_changes.places(view.desired, cluster, ref, name, layout) if form != "inline" else ()
        view = view.with_files(place.path for place in (*tried, *prepared.tried) if not place.appended)
        made = role_changes.create(
            view.desired,
            cluster,
            ref,
            new,
            prepared.password,
            form=form,
            why=why,
            object_name=name,
            layout=layout,
            live=live,
            now=datetime.now(UTC),
        )
        return _with_secret(view, made, prepared).warned(unread)

    return deliver(app, _about(request, which), plan)


def update(app: App, request: Request, which: Which, given: Mapping[str, Any], *, rotate: bool) -> WriteResult:
    cluster_name(which.cluster_name, field="cluster_name")
    role_name(which.role_name)
    wanted = _wanted(which.role_name, given)
    if not rotate and not any(value is not None for value in given.values()):
        raise InvalidRequest(f"nothing to update was named; there are: {', '.join(rules.KEYS)}, rotate_password")
    kept = Kept()

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        live, unread = live_roles(view, ref)
        role_changes.check_alive(ref, live)
        role = one_role(view.desired, cluster, ref, which.role_name)
        prepared: Prepared | None = None
        if rotate:
            view, found = passwords.documents(view, cluster)
            name = role.declared.identity.name if role.index is None else _object_name(view, ref, role.name, live)
            asked = Asked(view, cluster, ref, role.name, name)
            prepared = passwords.rotated(asked, role.secret, found, kept, alone=not wanted)
            view = view.with_files(place.path for place in prepared.tried if not place.appended)
        password = prepared.password if prepared else None
        made = role_changes.update(
            view.desired, cluster, ref, role, wanted, live=live, now=datetime.now(UTC), password=password
        )
        return (_with_secret(view, made, prepared) if prepared else made).warned(unread)

    return deliver(app, _about(request, which), plan)


def delete(app: App, request: Request, which: Which, *, drop: bool) -> WriteResult:
    cluster_name(which.cluster_name, field="cluster_name")
    role_name(which.role_name)

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        live, unread = live_roles(view, ref)
        role = one_role(view.desired, cluster, ref, which.role_name)
        base = view.at_base().desired if view.proposed else view.desired
        live, age = _dated(view, ref, role, live)
        merged = role_deletion.merged(role, base)
        deletion = Deletion(role, ref, drop, live, merged, unchanged_for=age, is_direct=view.is_live)
        removing = Removing()
        if role.secret is not None and deletion.step.due == "remove" and deletion.leaves_role:
            removing = Removing(told=(f"Secret {role.secret} and what makes it stay: the role may log in with it",))
        elif role.secret is not None and deletion.step.due == "remove":
            view, removing = _removing(view, cluster, ref, role)
        return role_deletion.delete(view.desired, deletion, removing).warned(unread)

    return deliver(app, _about(request, which), plan)


def migrate(
    app: App, request: Request, cluster: str, roles: Sequence[str] | None, *, namespace: str | None
) -> WriteResult:
    cluster_name(cluster, field="cluster_name")
    wanted = tuple(dict.fromkeys(role_name(name, field="roles") for name in roles)) if roles is not None else None

    def plan(view: View) -> Plan:
        declared, ref = the_cluster(view, cluster, namespace)
        live, unread = live_roles(view, ref)
        role_changes.check_alive(ref, live)
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
                f"roles: {', '.join(map(shown, missing))} is no inline role of Cluster {ref}; {near(missing[0], names)}"
            )
        if not inline:
            return role_changes.nothing_to_migrate(ref).warned(unread)
        role_changes.check_migratable(inline)
        names_of: dict[str, str] = {}
        for one in inline:
            names_of[one.name] = _object_name(view, ref, one.name, live, also=names_of.values())
        layout = view.settings.layout_role
        tried = [
            place
            for name in names_of.values()
            for place in role_changes.places(view.desired, declared, ref, name, layout)
        ]
        view = view.with_files(place.path for place in tried if not place.appended)
        return role_changes.migrate(view.desired, declared, ref, inline, names=names_of, layout=layout).warned(unread)

    return deliver(app, replace(request, cluster=cluster, namespace=namespace), plan)


def _about(request: Request, which: Which) -> Request:
    return replace(request, cluster=which.cluster_name, namespace=which.namespace)


def _attributes(name: str, given: Mapping[str, Any]) -> Attributes:
    return replace(Attributes(), **_wanted(name, given))


def _wanted(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that were named, each legal; what clears one is its default."""
    made = {key: value for key, value in given.items() if value is not None}
    if "connection_limit" in made:
        rules.connection_limit(made["connection_limit"])
    if "valid_until" in made:
        made["valid_until"] = None if made["valid_until"] == "never" else rules.valid_until(made["valid_until"])
    if "in_roles" in made:
        made["in_roles"] = rules.in_roles(made["in_roles"], role=name)
    if "comment" in made:
        made["comment"] = rules.comment(made["comment"])
    return made


def _known(known: DeclaredRole, new: NewRole, source: Source, ref: ClusterRef) -> Plan:
    """Git declares it: nothing to do where it says the same, else another tool's work."""
    secret = {"auto": None, "none": ""}.get(source.how, source.secret)
    if role_changes.already_so(known, new, secret):
        return role_changes.unchanged(known, ref)
    raise InvalidRequest(
        f"role_name: {known.label} of Cluster {ref} is declared already, with other attributes: "
        f"{'; '.join(role_changes.told(known.attributes))}. Change it with update_postgres_role"
    )


def _object_name(
    view: View, ref: ClusterRef, name: str, live: LiveRoles | None, *, also: Sequence[str] | Any = ()
) -> str:
    """metadata.name of the DatabaseRole: the one that says this role already, else a free one."""
    known = taken(view, ref, DATABASE_ROLE.kind, (live.objects or ()) if live else ())
    own = [made for made, said in known.items() if said == (ref.name, name)]
    return own[0] if own else object_name(ref.name, name, taken={*known, *also, *_inline_names(view, ref, name)})


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
    return {object_name(ref.name, other, taken=()) for other in others if other != name}


def _with_secret(view: View, plan: Plan, prepared: Prepared) -> Plan:
    steps = Steps(view.desired)
    steps.take(plan.files)
    found = prepared.write(steps) if prepared.write else ()
    return replace(plan, files=steps.changes, writes=prepared.writes).warned(
        one for one in found if one not in plan.warnings
    )


def _dated(
    view: View, ref: ClusterRef, role: DeclaredRole, live: LiveRoles | None
) -> tuple[LiveRoles | None, timedelta | None]:
    """The same live roles with the age of the Cluster's list, where that decides whether a role is dropped already."""
    if live is None or live.cluster is None or role.form != "inline" or not role.is_absent:
        return live, None
    cluster = view.look.kube.get(CLUSTER, ref.namespace, ref.name, managed_fields=True)
    return replace(live, cluster=cluster), role_deletion.unchanged_for(cluster, datetime.now(UTC))


def _removing(view: View, cluster: Declaration, ref: ClusterRef, role: DeclaredRole) -> tuple[View, Removing]:
    """The documents that this server made for the role's password, where nothing else needs their Secret."""
    secret = str(role.secret)
    view, found = passwords.documents(view, cluster)
    makers = [one for one in found if one.makes(ref.namespace, secret)]
    command = f"kubectl -n {ref.namespace} delete secret {secret}"
    users = _users(view, ref, secret, role)
    if users:
        return view, Removing(told=(f"Secret {secret} stays: {', '.join(users)} uses it",))
    if not makers:
        stays = f"Secret {secret} is not made by Git and stays"
        if view.is_live:
            stays = f"No object of this server's that could be read makes Secret {secret}, so it stays"
        return view, Removing(told=(f"{stays}; when nothing needs it: {command}",))
    if not all(one.is_ours for one in makers):
        return view, Removing(told=(f"Secret {secret} stays: {makers[0].place} makes it, which is not this server's",))
    stem = secretfiles.family(secret)
    own = [
        one
        for one in found
        if one.is_ours
        and one.namespace in {ref.namespace, None}
        and secretfiles.family(one.secret) == stem
        and (one.secret == secret or not _users(view, ref, one.secret, role))
    ]
    going = _documents(view, own)
    names = ", ".join(sorted(one.secret for one in own))
    told = (f"Secret {names} goes too, with what makes it: {', '.join(going)}",)
    return view, Removing(tuple(going.items()), told)


def _documents(view: View, own: Sequence[SecretDocument]) -> dict[str, tuple[int, ...]]:
    """Those that make the Secrets, and their generators, by path."""
    found: dict[str, tuple[int, ...]] = {}
    for path in sorted(view.desired.texts if view.is_live else {one.path for one in own}):
        # A generator stands beside its ExternalSecret in Git; in the API each object is by itself.
        names = [one.secret for one in own if view.is_live or one.path == path]
        made = secretfiles.generators(view.desired.texts, path, names)
        indexes = {*(one.document for one in own if one.path == path), *made}
        found |= {path: tuple(sorted(indexes))} if indexes else {}
    return found


def _users(view: View, ref: ClusterRef, secret: str, role: DeclaredRole) -> tuple[str, ...]:
    """What else needs a Secret, in the Cluster's namespace: objects of CNPG, and whatever else stands in Git."""
    declared = existing_secret_users(view.desired, ref.namespace, secret, but=role)
    role_at = role.place.rpartition(":")[0]
    return (*declared, *secretfiles.users(view.naming(secret), ref.namespace, secret, role_at=role_at))
