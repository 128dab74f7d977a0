"""A new role as a plan, in the form that fits: an entry of the Cluster's list, or a DatabaseRole object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from gitops_mcp.domain.cnpg.releases import Release, release_text
from gitops_mcp.domain.cnpg.role import RoleAttributes, role_manifest
from gitops_mcp.domain.editing.list_items import add_item
from gitops_mcp.domain.editing.placing.name_patterns import without_kind_words
from gitops_mcp.domain.editing.placing.new_document import put_document
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace, NewObject, candidate_places, find_siblings
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.kinds import DATABASE_ROLE
from gitops_mcp.domain.names import ClusterRef, quote
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.passwords.role_password import PasswordSource, RolePassword, with_secret
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import (
    ROLES,
    DeclaredRole,
    Form,
    LiveRoles,
    bootstrap_owner,
    declared_roles,
    find_role,
)
from gitops_mcp.domain.plans.roles.role_attributes import (
    NO_RESTART,
    VALIDATED,
    attribute_warnings,
    keep_order,
    non_default_attributes,
    quote_sql_name,
)
from gitops_mcp.domain.plans.roles.role_certificate import CERTIFICATE, certificate_lines, check_certificate
from gitops_mcp.domain.plans.waiting import once_applied
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.rules.operator import KINDS
from gitops_mcp.domain.rules.role import has_client_certificate
from gitops_mcp.errors import InvalidRequest, Refused


@dataclass(frozen=True)
class NewRole:
    name: str
    attributes: RoleAttributes
    adopt: bool
    client_certificate: bool = False


def form_of_new_role(desired: Desired, live: LiveRoles | None, operator: Release | None = None) -> tuple[Form, str]:
    """Which form a role gets that nothing manages yet, and why."""
    if live is not None:
        if live.objects is not None:
            return "DatabaseRole", "a DatabaseRole object, since that kind is installed there"
        return (
            "inline",
            "an entry of spec.managed.roles, since the kind DatabaseRole is not installed there (operator 1.30)",
        )
    if operator is not None and not KINDS[DATABASE_ROLE.kind].hold(operator):
        return "inline", f"an entry of spec.managed.roles, since operator {release_text(operator)} has no DatabaseRole"
    if any(one.identity.kind == DATABASE_ROLE.kind for one in desired.declarations):
        return (
            "DatabaseRole",
            "a DatabaseRole object, as the repository has others; what is installed could not be read",
        )
    return ("inline", "an entry of spec.managed.roles, which every operator takes; what is installed could not be read")


def is_declared_so(role: DeclaredRole, new: NewRole, secret: str | None) -> bool:
    """Whether Git says all of it. `secret`: the one that was asked for by name; "" for none; None for any."""
    same_secret = secret is None or (role.secret or "") == secret
    said = role.attributes
    asked = replace(new.attributes, in_roles=keep_order(new.attributes.in_roles, said.in_roles))
    same_certificate = not new.client_certificate or has_client_certificate(role.spec)
    return said == asked and same_secret and same_certificate and not role.is_absent


def check_new_role(
    desired: Desired, cluster: Declaration, ref: ClusterRef, new: NewRole, live: LiveRoles | None
) -> DeclaredRole | None:
    """The role where Git declares it already. Raises Refused where it exists and was not asked to be taken over."""
    check_cluster_alive(ref, live)
    known = find_role(desired, cluster, ref, new.name)
    if known is None and not new.adopt and (how := how_role_exists(cluster, ref, new.name, live)):
        listed = "; ".join(new.attributes.listed())
        raise Refused(
            f"role {new.name!r} exists in PostgreSQL already ({how}), and {desired.origin.name} does not describe it. "
            f"Taking it over sets every attribute and resets those that were not named, whatever they are now: "
            f"{listed}; memberships beyond in_roles are revoked, and its password is replaced by that of its Secret. "
            f"Ask the person; then repeat this with adopt=true and all attributes that it should keep"
        )
    return known


def check_cluster_alive(ref: ClusterRef, live: LiveRoles | None) -> None:
    if live is not None and at(live.cluster, "metadata", "deletionTimestamp"):
        raise Refused(
            f"the live Cluster {ref} is being deleted: nothing can be made in it any more; wait until it is gone"
        )


def how_role_exists(cluster: Declaration, ref: ClusterRef, name: str, live: LiveRoles | None) -> str | None:
    """How it is known that PostgreSQL has a role that Git does not describe."""
    if bootstrap_owner(cluster.object) == name:
        return "bootstrap made it as the owner of the application's database"
    if live is None:
        return None
    if live.named(ref, name) is not None:
        return "a live DatabaseRole manages it"
    if live.inline(name) is not None:
        return "the live Cluster manages it"
    return f"the operator reports it as {live.state(name)}" if live.exists(ref, name) else None


def plan_new_role(
    desired: Desired,
    cluster: Declaration,
    ref: ClusterRef,
    new: NewRole,
    password: RolePassword,
    *,
    form: Form,
    why: str,
    object_name: str,
    places: Iterable[FilePlace],
    live: LiveRoles | None,
    now: datetime,
) -> Plan:
    """The role in Git, with what makes its Secret. Raises Refused where no place is this Cluster's own."""
    if new.client_certificate:
        check_certificate(form=form, login=new.attributes.login)
    target = Identity(DATABASE_ROLE.kind, ref.namespace, object_name)
    secret_at = password.file.at.path if password.file else None
    how = how_role_exists(cluster, ref, new.name, live) if new.adopt else None
    explicit = form == "inline"
    spec: Object = {"name": new.name, **({"ensure": "present"} if explicit else {})}
    over = at(live.named(ref, new.name), "spec") if live else None
    certificate = {CERTIFICATE: {"enabled": True}} if new.client_certificate else {}
    spec |= {**new.attributes.spec(explicit=explicit, over=over), **certificate, **password.spec}
    warnings: list[Notice] = []
    if explicit:
        files = add_item(desired, cluster, ROLES, spec)
    else:
        put = put_document(
            desired,
            cluster,
            make_new_object(ref, object_name),
            role_manifest(object_name, ref.namespace, ref.name, spec),
            [place for place in places if place.appended or place.path != secret_at],
            defaults={"spec": {"ensure": "present", **new.attributes.spec(explicit=True)}},
        )
        files, warnings = put.changes, list(put.notices)
    verb = "Adopt" if how else "Create"
    adopted = (f"Takes over a role that exists ({how}); every attribute is set or reset:",) if how else ()
    plan = Plan(
        f"{verb} role {quote_sql_name(new.name)} of Cluster {ref}",
        target,
        files=files,
        impact=Impact(Level.NONE, (NO_RESTART,)),
        warnings=(
            *warnings,
            *_new_role_warnings(desired, cluster, ref, new, how, live),
            *attribute_warnings(new.attributes, RoleAttributes(), now=now),
            *password.warnings,
            *applier_notices(cluster, desired),
        ),
        body=(
            f"As {why}",
            *adopted,
            *(f"- {text}" for text in (new.attributes.listed() if how else non_default_attributes(new.attributes))),
            *(certificate_lines(object_name, wanted=True) if new.client_certificate else ()),
            *password.body,
            *applier_lines(cluster),
        ),
        next=(
            once_applied(
                desired, ref, f"the operator makes role {quote(new.name)}; list_postgres_roles shows it as reconciled"
            ),
            *password.next,
        ),
        validated_by=VALIDATED,
    )
    return with_secret(plan, desired, password)


def make_new_object(ref: ClusterRef, object_name: str, *, kind: str = DATABASE_ROLE.kind) -> NewObject:
    short = object_name.removeprefix(f"{ref.name}-")
    short = without_kind_words(object_name) if short == object_name else short
    return NewObject(kind, ref.namespace, object_name, short, ref.name)


def role_places(
    desired: Desired, cluster: Declaration, ref: ClusterRef, object_name: str, layout: str
) -> tuple[FilePlace, ...]:
    known = find_siblings(desired, DATABASE_ROLE.kind)
    return candidate_places(desired, cluster, make_new_object(ref, object_name), layout, known)


def _new_role_warnings(
    desired: Desired, cluster: Declaration, ref: ClusterRef, new: NewRole, how: str | None, live: LiveRoles | None
) -> Iterator[Notice]:
    if live is None:
        yield Notice(
            "maybe-existing",
            f"whether PostgreSQL has a role {quote(new.name)} already could not be read; if so, applying this takes it "
            f"over: every attribute is set or reset, and other memberships are revoked",
        )
    elif new.adopt and how is None:
        yield Notice("nothing-to-adopt", f"no role {quote(new.name)} was seen there, so it is created")
    twins = [
        one.name
        for one in declared_roles(desired, cluster, ref)
        if one.name != new.name and one.name.lower() == new.name.lower()
    ]
    if twins:
        yield Notice(
            "other-case",
            f"role {quote(twins[0])} exists too and differs only in upper and lower case: in SQL the one of the two "
            f"that is not in lower case must always be quoted",
        )


def plan_known_role(known: DeclaredRole, new: NewRole, source: PasswordSource, ref: ClusterRef) -> Plan:
    """Git declares it: nothing to do where it says the same, else another tool's work."""
    known.declared.check_stays()
    if is_declared_so(known, new, {"auto": None, "none": ""}.get(source.how, source.secret)):
        return plan_unchanged_role(known, ref)
    raise InvalidRequest(
        f"role_name: {known.label} of Cluster {ref} is declared already{known.declared.written}, with other "
        f"attributes: {'; '.join(non_default_attributes(known.attributes))}. Change it with update_postgres_role"
    )


def plan_unchanged_role(role: DeclaredRole, ref: ClusterRef) -> Plan:
    return Plan(
        f"Create role {quote_sql_name(role.name)} of Cluster {ref}",
        Identity(DATABASE_ROLE.kind, ref.namespace, f"{ref.name}-{role.name}"),
        unchanged=f"{role.label} says exactly this already",
        validated_by=VALIDATED,
    )
