"""The changes of a role as plans: create, update, and the move from inline entries to DatabaseRole objects.

Each takes what Git declares and what the API said, and gives the edits; none looks at anything else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gitops_mcp.domain.cnpg.role import DEFAULTS, KEYS, RoleAttributes, attribute_text, is_past, role_manifest
from gitops_mcp.domain.cnpg.sql import RESERVED_PREFIXES
from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.editing.list_items import add_item, remove_item
from gitops_mcp.domain.editing.new_document import put_document
from gitops_mcp.domain.editing.sibling_paths import FilePlace, NewObject, candidate_places, find_siblings
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.kinds import DATABASE_ROLE
from gitops_mcp.domain.names import ClusterRef, pluralize, quote, suggest
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.declared_roles import (
    ROLES,
    DeclaredRole,
    Form,
    LiveRoles,
    bootstrap_owner,
    declared_roles,
    find_role,
)
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.errors import InvalidRequest, Refused

_COMMENT = re.compile(r"(?m)(?:^|\s)#.*$")
VALIDATED = ("built-in rules",)
NO_RESTART = "roles are changed while the cluster runs; nothing restarts"


@dataclass(frozen=True)
class RolePassword:
    """What a role says of its password, and what that means; never the password."""

    secret: str | None
    """The Secret that holds it; None: the role has none, and cannot log in with one."""
    body: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()

    @property
    def spec(self) -> Object:
        return {"passwordSecret": {"name": self.secret}} if self.secret else {"disablePassword": True}


@dataclass(frozen=True)
class NewRole:
    name: str
    attributes: RoleAttributes
    adopt: bool


def form_of_new_role(desired: Desired, live: LiveRoles | None) -> tuple[Form, str]:
    """Which form a role gets that nothing manages yet, and why."""
    if live is not None:
        if live.objects is not None:
            return "DatabaseRole", "a DatabaseRole object, since that kind is installed there"
        return (
            "inline",
            "an entry of spec.managed.roles, since the kind DatabaseRole is not installed there (operator 1.30)",
        )
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
    asked = replace(new.attributes, in_roles=_keep_order(new.attributes.in_roles, said.in_roles))
    return said == asked and same_secret and not role.is_absent


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
    """The role in Git, without the file of its Secret. Raises Refused where no place is this Cluster's own."""
    target = Identity(DATABASE_ROLE.kind, ref.namespace, object_name)
    how = how_role_exists(cluster, ref, new.name, live) if new.adopt else None
    explicit = form == "inline"
    spec: Object = {"name": new.name, **({"ensure": "present"} if explicit else {})}
    over = at(live.named(ref, new.name), "spec") if live else None
    spec |= {**new.attributes.spec(explicit=explicit, over=over), **password.spec}
    warnings: list[Notice] = []
    if explicit:
        files = add_item(desired, cluster, ROLES, spec)
    else:
        put = put_document(
            desired,
            cluster,
            make_new_object(ref, object_name),
            role_manifest(object_name, ref.namespace, ref.name, spec),
            places,
        )
        files, warnings = put.changes, list(put.notices)
    verb = "Adopt" if how else "Create"
    adopted = (f"Takes over a role that exists ({how}); every attribute is set or reset:",) if how else ()
    return Plan(
        f"{verb} role {quote_sql_name(new.name)} of Cluster {ref}",
        target,
        files=files,
        impact=Impact(Level.NONE, (NO_RESTART,)),
        warnings=(
            *warnings,
            *_new_role_warnings(desired, cluster, ref, new, how, live),
            *attribute_warnings(desired, cluster, ref, new.attributes, RoleAttributes(), live, now=now),
            *password.warnings,
            *applier_notices(cluster, desired),
        ),
        body=(
            f"As {why}",
            *adopted,
            *(f"- {text}" for text in (new.attributes.listed() if how else non_default_attributes(new.attributes))),
            *password.body,
            *applier_lines(cluster),
        ),
        next=(
            f"Once applied, the operator makes role {quote(new.name)}; list_postgres_roles shows it as reconciled",
            *password.next,
        ),
        validated_by=VALIDATED,
    )


def make_new_object(ref: ClusterRef, object_name: str, *, kind: str = DATABASE_ROLE.kind) -> NewObject:
    short = object_name.removeprefix(f"{ref.name}-")
    return NewObject(kind, ref.namespace, object_name, short, ref.name)


def role_places(
    desired: Desired, cluster: Declaration, ref: ClusterRef, object_name: str, layout: str
) -> tuple[FilePlace, ...]:
    known = find_siblings(desired, DATABASE_ROLE.kind)
    return candidate_places(desired, cluster, make_new_object(ref, object_name), layout, known)


def quote_sql_name(name: str) -> str:
    """A SQL name in a commit's subject: quoted where it could be read as something else."""
    return name if name.replace("_", "a").replace("-", "a").isalnum() else quote(name)


def non_default_attributes(attributes: RoleAttributes) -> tuple[str, ...]:
    """The attributes that are not the default."""
    default = RoleAttributes().listed()
    return tuple(text for text in attributes.listed() if text not in default) or ("all attributes are the defaults",)


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
        yield Notice("nothing-to-adopt", f"no role {quote(new.name)} was seen there, so it is made anew")
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


def attribute_warnings(
    desired: Desired,
    cluster: Declaration,
    ref: ClusterRef,
    new: RoleAttributes,
    old: RoleAttributes,
    live: LiveRoles | None,
    *,
    now: datetime,
) -> Iterator[Notice]:
    """What a reviewer has to see of attributes that are given."""
    for text in new.powers:
        if text not in old.powers:
            yield Notice("powerful-role", f"{text}; give it only where it is needed")
    if "postgres" in new.in_roles and "postgres" not in old.in_roles:
        yield Notice("powerful-role", "in_roles: a member of postgres may do everything, past all permissions")
    if new.valid_until != old.valid_until and is_past(new.valid_until, now=now):
        yield Notice("expired", f"valid_until {new.valid_until} is in the past: the password works no more")
    known = {one.name for one in declared_roles(desired, cluster, ref)} | {bootstrap_owner(cluster.object) or ""}
    for name in new.in_roles:
        is_own = name.startswith(RESERVED_PREFIXES) or name == "postgres"
        if name in old.in_roles or name in known or is_own or (live is not None and live.exists(ref, name)):
            continue
        yield Notice(
            "unknown-role",
            f"in_roles: no role {quote(name)} is declared or was seen live; the operator retries until there is one; "
            f"{suggest(name, known - {''})}",
        )


def membership_changes(new: RoleAttributes, old: RoleAttributes) -> tuple[tuple[str, ...], tuple[Notice, ...]]:
    """Each grant and each revoke; a revoke is a warning."""
    grants = [name for name in new.in_roles if name not in old.in_roles]
    revokes = [name for name in old.in_roles if name not in new.in_roles]
    body = (
        *(f"grants membership in {quote(name)}" for name in grants),
        *(f"revokes membership in {quote(name)}" for name in revokes),
    )
    warned = (
        (
            Notice(
                "revokes",
                f"in_roles is the full list: membership in {', '.join(map(quote, revokes))} is revoked, with what it "
                f"allowed",
            ),
        )
        if revokes
        else ()
    )
    return body, warned


def plan_role_update(
    desired: Desired,
    cluster: Declaration,
    ref: ClusterRef,
    role: DeclaredRole,
    wanted: Mapping[str, Any],
    *,
    live: LiveRoles | None,
    now: datetime,
    password: RolePassword | None = None,
) -> Plan:
    """The attributes that were named, set where the role is declared. `password`: another Secret for it.

    `wanted` holds just those; a `valid_until` of None there clears it.
    """
    old = role.attributes
    new = replace(old, **wanted)
    new = replace(new, in_roles=_keep_order(new.in_roles, old.in_roles))
    edits = [*_attribute_edits(role, old, new), *_password_edits(role, password)]
    plan = Plan(
        f"Update role {quote_sql_name(role.name)} of Cluster {ref}",
        target_of_role(role, ref),
        impact=Impact(Level.NONE, (NO_RESTART,)),
        validated_by=VALIDATED,
    )
    if role.is_absent:
        raise Refused(
            f"{role.label} says `ensure: absent`, so it is being dropped: finish that with delete_postgres_role, then "
            f"create it anew"
        )
    if not edits and password is None:
        return replace(plan, unchanged=f"{role.place} says so already")
    granted, revoked = membership_changes(new, old)
    differing = [name for name in KEYS if getattr(old, name) != getattr(new, name)]
    return replace(
        plan,
        files=edit_fields(desired, role.declared, *edits) if edits else (),
        body=(
            *(
                f"{name}: {attribute_text(getattr(old, name))} -> {attribute_text(getattr(new, name))}"
                for name in differing
                if name != "in_roles"
            ),
            *granted,
            *(password.body if password else ()),
            *applier_lines(role.declared),
        ),
        warnings=(
            *attribute_warnings(desired, cluster, ref, new, old, live, now=now),
            *revoked,
            *(password.warnings if password else ()),
            *applier_notices(role.declared, desired),
        ),
        next=(
            "Once applied, the operator alters the role; list_postgres_roles shows it as reconciled",
            *(password.next if password else ()),
        ),
    )


def _keep_order(wanted: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """Memberships are a set: those that are there keep their lines, whatever the order in which they are asked for."""
    return (*(name for name in known if name in wanted), *(name for name in wanted if name not in known))


def target_of_role(role: DeclaredRole, ref: ClusterRef) -> Identity:
    """What the change is named after."""
    name = role.declared.identity.name if role.index is None else f"{ref.name}-{role.name}"
    return Identity(DATABASE_ROLE.kind if role.index is None else "Cluster", ref.namespace, name)


def _attribute_edits(role: DeclaredRole, old: RoleAttributes, new: RoleAttributes) -> Iterator[Set | Remove]:
    for name, key in KEYS.items():
        value = getattr(new, name)
        if value == getattr(old, name):
            continue
        is_default = value == DEFAULTS[name] and not isinstance(value, bool | int)
        path = (*role.path, key)
        yield Remove(path) if is_default else Set(path, list(value) if isinstance(value, tuple) else value)


def _password_edits(role: DeclaredRole, password: RolePassword | None) -> Iterator[Set | Remove]:
    if password is None or password.secret in {None, role.secret}:
        return
    yield Set((*role.path, "passwordSecret", "name"), password.secret)
    if at(role.spec, "disablePassword") is not None:
        yield Remove((*role.path, "disablePassword"))


def plan_role_migration(
    desired: Desired,
    cluster: Declaration,
    ref: ClusterRef,
    inline: Sequence[DeclaredRole],
    *,
    names: Mapping[str, str],
    places: Callable[[Desired, Declaration, str], Iterable[FilePlace]],
) -> Plan:
    """Inline entries as DatabaseRole objects, attribute for attribute; `names`: metadata.name by name in PostgreSQL."""
    steps, put_notices = EditSequence(desired), []
    for role in inline:
        if _is_moved(desired, cluster, ref, role):
            continue
        spec = {key: value for key, value in role.spec.items() if key != "ensure"}
        name = names[role.name]
        put = put_document(
            steps.desired,
            steps.again(cluster),
            make_new_object(ref, name),
            role_manifest(name, ref.namespace, ref.name, spec),
            places(steps.desired, steps.again(cluster), name),
        )
        steps.take(put.changes)
        put_notices += [one for one in put.notices if one not in put_notices]
    for index in sorted((role.index or 0 for role in inline), reverse=True):
        steps.take(remove_item(steps.desired, steps.again(cluster), ROLES, index))
    count = f"{len(inline)} roles" if len(inline) != 1 else "1 role"
    return Plan(
        f"Move {count} of Cluster {ref} to DatabaseRole objects",
        Identity("Cluster", ref.namespace, ref.name),
        files=steps.changes,
        impact=Impact(Level.NONE, (NO_RESTART, "the roles stay as they are: nothing is dropped, no password changes")),
        warnings=(
            *put_notices,
            *_lost_comment_notices(steps.changes),
            Notice(
                "one-owner",
                "until the entry has gone from the live Cluster, the operator reports the DatabaseRole as already "
                "managed by the CNPG cluster; it tries again every 30 s",
            ),
            Notice(
                "not-continuous",
                "a DatabaseRole is applied when it or its Secret changes; unlike an inline entry it does not take back "
                "what somebody changes by hand with ALTER ROLE",
            ),
            *applier_notices(cluster, desired),
        ),
        body=(
            *(f"- {quote_sql_name(role.name)}: DatabaseRole {names[role.name]}" for role in inline),
            *applier_lines(cluster),
        ),
        next=("Once applied, list_postgres_roles shows each of them as a DatabaseRole that is reconciled",),
        validated_by=VALIDATED,
    )


def _is_moved(desired: Desired, cluster: Declaration, ref: ClusterRef, role: DeclaredRole) -> bool:
    """Whether a DatabaseRole says the same already, so that only the entry is left. Raises Refused where it differs."""
    known = declared_roles(desired, cluster, ref)
    there = next((one for one in known if one.form == "DatabaseRole" and one.name == role.name), None)
    if there is None:
        return False
    plain = {*KEYS.values(), "ensure", "disablePassword"}
    own = [key for key in dict.fromkeys(["passwordSecret", *role.spec]) if key not in plain]
    inline, other = _attribute_texts(role, own), _attribute_texts(there, own)
    if inline != other:
        raise Refused(
            f"role {role.name!r} of Cluster {ref} is declared twice, with different attributes: inline at {role.place} "
            f"({'; '.join(inline)}), and by {there.declared.identity} at {there.place} ({'; '.join(other)}). Make the "
            f"two the same, or remove one of them, first"
        )
    return True


def _attribute_texts(role: DeclaredRole, keys: Iterable[str]) -> tuple[str, ...]:
    """Its attributes, and what it says under keys that are none of them."""
    disabled = ("disablePassword",) if at(role.spec, "disablePassword") else ()
    return (
        *non_default_attributes(role.attributes),
        *disabled,
        *(f"{key} {at(role.spec, key)}" for key in keys if key in role.spec),
    )


def _lost_comment_notices(changes: Iterable[FileChange]) -> Iterator[Notice]:
    """A list of attributes can move, what people wrote beside it cannot."""
    for one in changes:
        lines, left = (Counter(_COMMENT.findall(text or "")) for text in (one.before, one.after))
        lost = (lines - left).total()
        if lost:
            yield Notice(
                "comments-go",
                f"{pluralize(lost, 'comment')} in {one.path} would go with the entries: copy what is still true into "
                f"the new documents",
            )


def plan_unchanged_role(role: DeclaredRole, ref: ClusterRef) -> Plan:
    return Plan(
        f"Create role {quote_sql_name(role.name)} of Cluster {ref}",
        Identity(DATABASE_ROLE.kind, ref.namespace, f"{ref.name}-{role.name}"),
        unchanged=f"{role.label} says exactly this already",
        validated_by=VALIDATED,
    )


def plan_nothing_to_migrate(desired: Desired, ref: ClusterRef) -> Plan:
    return Plan(
        f"Move roles of Cluster {ref} to DatabaseRole objects",
        Identity("Cluster", ref.namespace, ref.name),
        unchanged=f"Cluster {ref} has no inline roles in {desired.origin.name}",
        validated_by=VALIDATED,
    )


def check_migratable(roles: Sequence[DeclaredRole]) -> None:
    absent = [role for role in roles if role.is_absent]
    if absent:
        raise InvalidRequest(
            f"roles: {', '.join(quote(one.name) for one in absent)} says `ensure: absent`, which a DatabaseRole cannot "
            f"say: finish dropping it with delete_postgres_role first, or leave it out of roles"
        )
