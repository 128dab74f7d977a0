"""Changing a role where it is declared: the attributes that were named, or another password."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from gitops_mcp.domain.cnpg.role import DEFAULTS, KEYS, RoleAttributes, attribute_text
from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.passwords.role_password import RolePassword, with_secret
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import DeclaredRole, target_of_role
from gitops_mcp.domain.plans.roles.role_attributes import (
    NO_RESTART,
    VALIDATED,
    attribute_warnings,
    keep_order,
    membership_changes,
    quote_sql_name,
)
from gitops_mcp.domain.plans.roles.role_certificate import certificate_edits, certificate_lines, check_certificate
from gitops_mcp.domain.plans.waiting import once_applied
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.errors import Refused


def plan_role_update(
    desired: Desired,
    ref: ClusterRef,
    role: DeclaredRole,
    wanted: Mapping[str, Any],
    *,
    now: datetime,
    password: RolePassword | None = None,
    certificate: bool | None = None,
) -> Plan:
    """The attributes that were named, set where the role is declared. `password`: another Secret for it.

    `wanted` holds just those; a `valid_until` of None there clears it. `certificate`: whether the operator
    is to make one.
    """
    old = role.attributes
    new = replace(old, **wanted)
    new = replace(new, in_roles=keep_order(new.in_roles, old.in_roles))
    if certificate:
        check_certificate(form=role.form, login=new.login)
    certified = list(certificate_edits(role, certificate))
    edits = [*_attribute_edits(role, old, new), *certified, *_password_edits(role, password)]
    plan = Plan(
        f"Update role {quote_sql_name(role.name)} of Cluster {ref}",
        target_of_role(role, ref),
        impact=Impact(Level.NONE, (NO_RESTART,)),
        validated_by=VALIDATED,
    )
    if role.is_absent:
        raise Refused(
            f"{role.label} says `ensure: absent`, so it is being dropped: finish that with delete_postgres_role, then "
            f"create it again"
        )
    if not edits and password is None:
        named = [*wanted, *(["client_certificate"] if certificate is not None else [])]
        return replace(plan, unchanged=": ".join(filter(None, [f"{role.place} says so already", ", ".join(named)])))
    same = [name for name in wanted if getattr(old, name) == getattr(new, name)]
    granted, revoked = membership_changes(new, old)
    differing = [name for name in KEYS if getattr(old, name) != getattr(new, name)]
    plan = replace(
        plan,
        files=edit_fields(desired, role.declared, *edits) if edits else (),
        body=(
            *(
                f"{name}: {attribute_text(getattr(old, name))} -> {attribute_text(getattr(new, name))}"
                for name in differing
                if name != "in_roles"
            ),
            *granted,
            *(certificate_lines(role.declared.identity.name, wanted=bool(certificate)) if certified else ()),
            *(password.body if password else ()),
            *applier_lines(role.declared),
        ),
        warnings=(
            *((Notice("already-so", f"{role.place} says so already: {', '.join(same)}"),) if same else ()),
            *attribute_warnings(new, old, now=now),
            *revoked,
            *(password.warnings if password else ()),
            *applier_notices(role.declared, desired),
        ),
        next=(
            once_applied(desired, ref, "the operator alters the role; list_postgres_roles shows it as reconciled"),
            *(password.next if password else ()),
        ),
    )
    return with_secret(plan, desired, password) if password else plan


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
