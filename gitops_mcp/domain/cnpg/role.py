"""What a role may be given: the attributes that inline entries and DatabaseRole objects share (RoleConfiguration)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from gitops_mcp.domain.cnpg.notation.sql import WORDS_FOR_ROLES, checked_sql_name
from gitops_mcp.domain.kinds import DATABASE_ROLE
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Object, at, list_at
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.errors import InvalidRequest

CONNECTIONS_MOST = 2**31 - 1
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})")
_POWERS = {
    "superuser": "may do everything, without any check of permissions",
    "createrole": "may make and change other roles",
    "replication": "may stream all data of the cluster and make backups of it",
    "bypassrls": "sees all rows, in spite of row-level security",
}


@dataclass(frozen=True)
class RoleAttributes:
    """Names are those of the tools; `KEYS` has the ones of the CRD."""

    login: bool = False
    superuser: bool = False
    inherit: bool = True
    createdb: bool = False
    createrole: bool = False
    replication: bool = False
    bypassrls: bool = False
    connection_limit: int = -1
    """-1: no limit."""
    valid_until: str | None = None
    """RFC 3339; None: the password never expires."""
    in_roles: tuple[str, ...] = ()
    """Roles that it is a member of: the full list, since the operator revokes what is not in it."""
    comment: str = ""

    @classmethod
    def of(cls, spec: object) -> RoleAttributes:
        """What an entry or a spec says, defaults filled in as the CRD would."""
        said = {name: at(spec, key) for name, key in KEYS.items()}
        del said["in_roles"]
        lists = [str(one) for one in list_at(spec, "inRoles")]
        return cls(**{name: value for name, value in said.items() if value is not None}, in_roles=tuple(lists))

    def spec(self, *, explicit: bool, over: object = None) -> Object:
        """The fields of the CRD. `explicit`: with those that it gives defaults to, as entries of an atomic list need.

        `over`: a live spec that this is applied over. An engine leaves a field alone that the manifest does not name,
        so a default is named where the live spec says something else.
        """
        made: Object = {}
        for name, key in KEYS.items():
            value = _json_value(getattr(self, name))
            is_said = value != _json_value(DEFAULTS[name]) or (explicit and key in _DEFAULTED)
            if is_said or (value is not None and at(over, key) not in (None, value)):
                made[key] = value
        return made

    @property
    def powers(self) -> tuple[str, ...]:
        """The attributes that a reviewer has to see."""
        return tuple(f"{name}: it {why}" for name, why in _POWERS.items() if getattr(self, name))

    def listed(self) -> tuple[str, ...]:
        """Every attribute, each with its value."""
        return tuple(f"{name}: {attribute_text(getattr(self, name))}" for name in KEYS)


KEYS = {
    "comment": "comment",
    "login": "login",
    "superuser": "superuser",
    "createdb": "createdb",
    "createrole": "createrole",
    "inherit": "inherit",
    "replication": "replication",
    "bypassrls": "bypassrls",
    "connection_limit": "connectionLimit",
    "valid_until": "validUntil",
    "in_roles": "inRoles",
}
"""In the order in which they are written."""
DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(RoleAttributes)}
_DEFAULTED = frozenset({"inherit", "connectionLimit"})
"""Those to which the CRD gives a default, as it does to `ensure`."""


def _json_value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def attribute_text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple() | list():
            return ", ".join(quote(str(one)) for one in value) or "none"
        case None:
            return "never"
        case "":
            return "none"
        case _:
            return str(value)


def role_manifest(name: str, namespace: str, cluster: str, spec: Object) -> Object:
    """A new DatabaseRole; `spec` without the reference to its Cluster."""
    return {
        "apiVersion": DATABASE_ROLE.api_version,
        "kind": DATABASE_ROLE.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"cluster": {"name": cluster}, **spec},
    }


def checked_connection_limit(value: int) -> int:
    if not -1 <= value <= CONNECTIONS_MOST:
        raise InvalidRequest(f"connection_limit: {value} is not a limit; -1 for none, or 0 and more, such as 20")
    return value


def checked_valid_until(value: str) -> str:
    """RFC 3339 (CRD, validUntil, format date-time)."""
    try:
        instant = datetime.fromisoformat(value) if _RFC3339.fullmatch(value) else None
    except ValueError:
        instant = None
    if instant is None:
        raise InvalidRequest(
            "valid_until: it is not a time as in RFC 3339, with date, time and zone, such as '2027-01-31T00:00:00Z'"
        )
    return value


def is_past(value: str | None, *, now: datetime) -> bool:
    return value is not None and datetime.fromisoformat(value) <= now


def checked_in_roles(names: Iterable[str], *, role: str) -> tuple[str, ...]:
    found = tuple(checked_sql_name(name, field="in_roles") for name in names)
    if role in found:
        raise InvalidRequest("in_roles: a role cannot be a member of itself; leave it out")
    for name in found:
        if name in WORDS_FOR_ROLES:
            raise InvalidRequest(f"in_roles: {name!r} is a keyword of SQL, not a role; leave it out")
    if len(set(found)) != len(found):
        raise InvalidRequest("in_roles: a role is named twice; name each once")
    return found


def checked_comment(text: str) -> str:
    """It is stored in PostgreSQL and in Git for all to read."""
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidRequest("comment: it holds a NUL or half of a character, which PostgreSQL does not take")
    if redact_text(text) != text:
        raise InvalidRequest(
            "comment: it looks as if it held a password or a token, which everybody could read from then on; leave "
            "that out"
        )
    return text
