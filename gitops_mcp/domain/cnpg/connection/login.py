"""As whom a client logs in, and which Secret has the password: its name and its keys, never what it holds.

The operator makes `<cluster>-app` for the owner that bootstrap makes, unless bootstrap names a Secret or the Cluster
follows another, and `<cluster>-superuser` where `enableSuperuserAccess` says so. Of a role `passwordSecret` names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.domain.cnpg.cluster_spec import is_replica
from gitops_mcp.domain.cnpg.notation.moment import parse_time
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Object, at, mapping_at, text_at
from gitops_mcp.errors import InvalidRequest, NotFound

SUPERUSER = "postgres"
_OWN_ROLES = frozenset({"streaming_replica", "cnpg_metrics_exporter", "cnpg_pooler_pgbouncer"})
"""The operator's own: they log in by certificates that nobody else has."""
OPERATOR_KEYS = (
    "username", "user", "password", "dbname", "host", "port", "pgpass", "uri", "jdbc-uri", "fqdn-uri", "fqdn-jdbc-uri",
)  # fmt: skip
ROLE_KEYS = ("username", "password")


@dataclass(frozen=True)
class LoginSecret:
    name: str
    keys: tuple[str, ...]
    made_by: str
    password_key: str = "password"  # noqa: S105 - the name of a key


@dataclass(frozen=True)
class Login:
    user: str | None
    """None: nothing says who."""
    secret: LoginSecret | None = None
    certificate: str | None = None
    """The Secret with a client certificate of the role."""
    hindrances: tuple[tuple[str, str], ...] = ()
    """What is in the way, and what would help."""


def application(cluster: Object) -> tuple[str, str] | None:
    """The database that bootstrap makes and its owner; None where it makes none, as of a whole import."""
    methods = mapping_at(cluster, "spec", "bootstrap")
    if at(methods, "initdb", "import", "type") == "monolith":
        return None
    method = _method(methods)
    database = text_at(method, "database") or "app"
    return database, text_at(method, "owner") or database


def _method(methods: Object) -> Object:
    return next((mapping_at(methods, one) for one in ("recovery", "pg_basebackup", "initdb") if one in methods), {})


def login_of(
    cluster: Object,
    role: str | None,
    roles: Mapping[str, tuple[Object, str]],
    unmanaged: tuple[str, ...],
    *,
    now: datetime,
) -> Login:
    """`roles`: what is said of each by its name in PostgreSQL, with the name of its DatabaseRole or ''.

    `unmanaged`: those that PostgreSQL has and nothing describes. Raises NotFound with near names.
    """
    name = str(at(cluster, "metadata", "name"))
    made = application(cluster)
    asked = role or (made[1] if made else None)
    if asked is None:
        return Login(None, hindrances=(("bootstrap makes no role for an application here", "name one by `role`"),))
    if asked in _OWN_ROLES:
        raise InvalidRequest(
            f"role: {quote(asked)} is the operator's own and logs in by a certificate that nobody else has; name a "
            f"role of yours, such as {quote(made[1] if made else 'app')}"
        )
    if asked in roles:
        return _managed(asked, *roles[asked], now=now, owner=_bootstrap_secret(cluster, name, asked, made))
    if asked == SUPERUSER:
        return _superuser(cluster, name)
    if made and asked == made[1]:
        return _owner(cluster, name, asked)
    if asked in unmanaged:
        told = f"no object describes role {quote(asked)}, so no Secret of its password is known here"
        return Login(asked, hindrances=((told, "ask who made it; create_postgres_role with adopt=true takes it over"),))
    known = [*roles, *unmanaged, *([made[1]] if made else [])]
    raise NotFound(
        f"role: nothing describes a role {quote(asked)} of Cluster {name}; {suggest(asked, known)}. A role that was "
        f"made in SQL alone has no Secret that is known here: leave `role` out for hosts and ports"
    )


def _bootstrap_secret(cluster: Object, name: str, role: str, made: tuple[str, str] | None) -> LoginSecret | None:
    """Of a role that is managed, and is the application's owner too."""
    return _owner(cluster, name, role).secret if made and role == made[1] else None


def _owner(cluster: Object, name: str, role: str) -> Login:
    named = text_at(_method(mapping_at(cluster, "spec", "bootstrap")), "secret", "name")
    if named:
        return Login(role, LoginSecret(named, ROLE_KEYS, "your own, named by spec.bootstrap"))
    if is_replica(cluster):
        told = "a Cluster that follows another has no Secret of its own: users and passwords are those of its source"
        return Login(role, hindrances=((told, "read the Secret of the source"),))
    return Login(role, LoginSecret(f"{name}-app", OPERATOR_KEYS, "the operator"))


def _superuser(cluster: Object, name: str) -> Login:
    if at(cluster, "spec", "enableSuperuserAccess") is not True:
        told = "role 'postgres' has no password: spec.enableSuperuserAccess is not true"
        helps = f"`kubectl cnpg psql {name}` opens a superuser's session without one; applications use a role of theirs"
        return Login(SUPERUSER, hindrances=((told, helps),))
    if named := text_at(cluster, "spec", "superuserSecret", "name"):
        return Login(SUPERUSER, LoginSecret(named, ROLE_KEYS, "your own, named by spec.superuserSecret"))
    return Login(SUPERUSER, LoginSecret(f"{name}-superuser", OPERATOR_KEYS, "the operator"))


def _managed(role: str, spec: Object, object_: str, *, now: datetime, owner: LoginSecret | None) -> Login:
    told: list[tuple[str, str]] = []
    secret = owner
    if named := text_at(spec, "passwordSecret", "name"):
        secret = LoginSecret(named, ROLE_KEYS, "named by passwordSecret of the role")
    if at(spec, "ensure") == "absent":
        told.append((f"role {quote(role)} is to be dropped", "name another role"))
    elif at(spec, "login") is not True:
        told.append(
            (f"role {quote(role)} may not log in", "update_postgres_role with login=true, or name another role")
        )
    until = parse_time(at(spec, "validUntil"))
    if until is not None and until <= now:
        told.append(
            (f"the password of role {quote(role)} has expired", "update_postgres_role with a later valid_until")
        )
    certificate = None
    if (
        object_
        and isinstance(at(spec, "clientCertificate"), dict)
        and at(spec, "clientCertificate", "enabled") is not False
    ):
        certificate = f"{object_}-client-cert"
    if at(spec, "disablePassword") is True:
        secret = None
    if secret is None and certificate is None:
        told.append((
            f"role {quote(role)} has no password that is known here",
            "update_postgres_role with rotate_password=true makes one, or name a role that has one",
        ))  # fmt: skip
    return Login(role, secret, certificate, tuple(told))
