"""What is told of a role's attributes, whichever plan sets them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gitops_mcp.domain.cnpg.role import RoleAttributes, is_past
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.notice import Notice

VALIDATED = ("built-in rules",)
NO_RESTART = "roles are changed while the cluster runs; nothing restarts"


def quote_sql_name(name: str) -> str:
    """A SQL name in a commit's subject: quoted where it could be read as something else."""
    return name if name.replace("_", "a").replace("-", "a").isalnum() else quote(name)


def non_default_attributes(attributes: RoleAttributes) -> tuple[str, ...]:
    """The attributes that are not the default."""
    default = RoleAttributes().listed()
    return tuple(text for text in attributes.listed() if text not in default) or ("all attributes are the defaults",)


def attribute_warnings(new: RoleAttributes, old: RoleAttributes, *, now: datetime) -> Iterator[Notice]:
    """What a reviewer has to see of attributes that are given."""
    for text in new.powers:
        if text not in old.powers:
            yield Notice("powerful-role", f"{text}; give it only where it is needed")
    if "postgres" in new.in_roles and "postgres" not in old.in_roles:
        yield Notice(
            "powerful-role", "in_roles: a member of postgres may do everything, without any check of permissions"
        )
    if new.valid_until != old.valid_until and is_past(new.valid_until, now=now):
        yield Notice("expired", f"valid_until {new.valid_until} is in the past: the password no longer works")


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


def keep_order(wanted: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """Memberships are a set: those that are there keep their lines, whatever the order in which they are asked for."""
    return (*(name for name in known if name in wanted), *(name for name in wanted if name not in known))
