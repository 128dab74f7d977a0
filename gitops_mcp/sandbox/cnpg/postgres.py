"""What exists inside PostgreSQL: the roles and databases of one Cluster, which outlive the manifests they came from.

There is no PostgreSQL here. This keeps what its catalogue would, and refuses what it would refuse, in its words. No
password is kept: only whether there is one, and the version of the Secret it came from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gitops_mcp.domain.objects import Object, at

RESERVED = ("cnpg_metrics_exporter", "postgres", "streaming_replica")
"""The roles that are the operator's own."""
NEVER = "infinity"
_FLAGS = ("superuser", "createdb", "createrole", "login", "replication", "bypassrls")


@dataclass(eq=False)
class SqlError(Exception):
    """What PostgreSQL answers; a client prints it with its code."""

    code: str
    message: str
    detail: str = ""

    def __str__(self) -> str:
        return f"ERROR: {self.message} (SQLSTATE {self.code})"


@dataclass(frozen=True)
class SqlAttributes:
    """What CREATE ROLE and ALTER ROLE set, but for the password."""

    flags: frozenset[str] = frozenset()
    """`login`, `superuser` and the like; what is not here is NOLOGIN, NOSUPERUSER."""
    inherit: bool = True
    connection_limit: int = -1
    valid_until: str | None = None
    """None: it was never set; once it was, PostgreSQL only goes back to `infinity`."""

    @classmethod
    def wanted(cls, spec: Object, *, before: SqlAttributes | None) -> SqlAttributes:
        """What a role configuration asks for, of a role that may be there: what is left out is reset."""
        until = spec.get("validUntil") or (NEVER if before and before.valid_until else None)
        return cls(
            frozenset(flag for flag in _FLAGS if spec.get(flag)),
            inherit=spec.get("inherit", True),
            connection_limit=spec.get("connectionLimit", -1),
            valid_until=until,
        )


@dataclass(frozen=True)
class SqlPassword:
    """Where the password of a role came from."""

    version: str
    """The resourceVersion of its Secret."""


@dataclass(frozen=True)
class SqlRole:
    attributes: SqlAttributes = field(default_factory=SqlAttributes)
    in_roles: frozenset[str] = frozenset()
    comment: str = ""
    password: SqlPassword | None = None
    transaction: int = 0
    """The transaction that last wrote the role's row."""


@dataclass(frozen=True)
class SqlDatabase:
    owner: str
    schemas: Mapping[str, str] = field(default_factory=dict)
    """The owner of each schema that somebody made."""
    parts: frozenset[tuple[str, str]] = frozenset()
    """Extensions, foreign data wrappers and servers: the list of the Database they are in, and the name."""


class Postgres:
    """One data directory. Each method is a statement, which either holds or raises SqlError and changes nothing."""

    def __init__(self) -> None:
        self._transaction = 700
        self._roles = {name: SqlRole(SqlAttributes(frozenset({"superuser", "login"}))) for name in RESERVED}
        self._databases = {name: SqlDatabase("postgres") for name in ("postgres", "template0", "template1")}

    @classmethod
    def bootstrapped(cls, cluster: Object) -> Postgres:
        """As bootstrap leaves it: the application's database and its owner."""
        made = cls()
        for method in (at(cluster, "spec", "bootstrap") or {}).values():
            if owner := method.get("owner"):
                made.create_role(owner, SqlAttributes(frozenset({"login"})), (), password=SqlPassword("bootstrap"))
                made.create_database(method.get("database") or owner, owner)
        return made

    @property
    def roles(self) -> Mapping[str, SqlRole]:
        return dict(self._roles)

    @property
    def databases(self) -> Mapping[str, SqlDatabase]:
        return dict(self._databases)

    def create_role(
        self, name: str, attributes: SqlAttributes, in_roles: Iterable[str], *, password: SqlPassword | None
    ) -> None:
        groups = frozenset(in_roles)
        self._check_roles(sorted(groups))
        if name in self._roles:
            raise SqlError("42710", f'role "{name}" already exists')
        self._roles[name] = SqlRole(attributes, groups, password=password, transaction=self._next())

    def alter_role(self, name: str, attributes: SqlAttributes, *, password: SqlPassword | None) -> None:
        role = self._role(name)
        self._roles[name] = replace(role, attributes=attributes, password=password, transaction=self._next())

    def comment_on_role(self, name: str, comment: str) -> None:
        self._roles[name] = replace(self._role(name), comment=comment)

    def set_memberships(self, name: str, in_roles: Iterable[str]) -> None:
        """Grants and revokes in one transaction."""
        role, groups = self._role(name), frozenset(in_roles)
        self._check_roles(sorted(groups - role.in_roles))
        if name in groups:
            raise SqlError("0LP01", f'role "{name}" is a member of role "{name}"')
        self._roles[name] = replace(role, in_roles=groups)

    def drop_role(self, name: str) -> None:
        self._role(name)
        if depends := "\n".join(self._owned(name)):
            message = f'role "{name}" cannot be dropped because some objects depend on it'
            raise SqlError("2BP01", message, depends)
        del self._roles[name]
        for other, role in self._roles.items():
            self._roles[other] = replace(role, in_roles=role.in_roles - {name})

    def create_database(self, name: str, owner: str) -> None:
        self._role(owner)
        self._databases[name] = SqlDatabase(owner)

    def alter_database_owner(self, name: str, owner: str) -> None:
        self._role(owner)
        self._databases[name] = replace(self._databases[name], owner=owner)

    def drop_database(self, name: str) -> None:
        """IF EXISTS."""
        self._databases.pop(name, None)

    def set_schema(self, database: str, name: str, owner: str) -> None:
        self._role(owner)
        found = self._databases[database]
        self._databases[database] = replace(found, schemas={**found.schemas, name: owner})

    def drop_schema(self, database: str, name: str) -> None:
        """IF EXISTS; nothing is known of what would be in it."""
        found = self._databases[database]
        left = {schema: owner for schema, owner in found.schemas.items() if schema != name}
        self._databases[database] = replace(found, schemas=left)

    def set_part(self, database: str, kind: str, name: str, *, present: bool) -> None:
        """CREATE or DROP IF EXISTS of an extension, a foreign data wrapper or a server: all are available here."""
        found, part = self._databases[database], frozenset({(kind, name)})
        self._databases[database] = replace(found, parts=found.parts | part if present else found.parts - part)

    def _owned(self, role: str) -> Iterator[str]:
        """What depends on a role, as DROP ROLE lists it from the database `postgres`."""
        yield from (f"owner of database {name}" for name, one in self._databases.items() if one.owner == role)
        for name, one in self._databases.items():
            if count := Counter(one.schemas.values())[role]:
                yield f"{count} object{'' if count == 1 else 's'} in database {name}"

    def _role(self, name: str) -> SqlRole:
        self._check_roles([name])
        return self._roles[name]

    def _check_roles(self, names: Iterable[str]) -> None:
        for name in names:
            # The roles that PostgreSQL itself brings are not listed here.
            if name not in self._roles and not name.startswith("pg_"):
                raise SqlError("42704", f'role "{name}" does not exist')

    def _next(self) -> int:
        self._transaction += 1
        return self._transaction
