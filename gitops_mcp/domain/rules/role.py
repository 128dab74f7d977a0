"""Roles, listed in a Cluster and as DatabaseRole: what both may say, and what neither may take from the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_mcp.domain.names import shown
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.rules.reading import cluster_of, entries, items, named, repeated, siblings, unfilled, whole, word
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_LIST: Path = ("spec", "managed", "roles")
_RESERVED = ("postgres", "streaming_replica")
_KEPT = {"name": ("name",), "cluster": ("cluster", "name")}
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")


def _roles(value: Object | None) -> Iterator[tuple[Path, Object]]:
    """The roles that an object describes: a Cluster several, a DatabaseRole itself."""
    if at(value, "kind") == "Cluster":
        yield from entries(value, *_LIST)
    elif isinstance(at(value, "spec"), dict):
        yield ("spec",), at(value, "spec")


def _name(seen: Seen) -> Iterator[Fault]:
    for path, role in _roles(seen.object):
        name = word(role.get("name"))
        if not name:
            yield Fault((*path, "name"), "is needed: the role's name in PostgreSQL")
        elif name in _RESERVED or name.startswith(("pg_", "cnpg_")):
            yield Fault(
                (*path, "name"), f"{shown(name)} is reserved ({', '.join(_RESERVED)}, pg_…, cnpg_…): such as 'app'"
            )


def _once(seen: Seen) -> Iterator[Fault]:
    places = [((*path, "name"), word(role.get("name"))) for path, role in entries(seen.object, *_LIST)]
    for path, name in repeated(places):
        yield Fault(path, f"{shown(name)} is there already: each role once")


def _password(seen: Seen) -> Iterator[Fault]:
    for path, role in _roles(seen.object):
        if role.get("passwordSecret") and role.get("disablePassword") is True:
            yield Fault((*path, "disablePassword"), "excludes passwordSecret: keep one of them")


def _limit(seen: Seen) -> Iterator[Fault]:
    for path, role in _roles(seen.object):
        limit = whole(role.get("connectionLimit"), default=-1)
        if limit is not None and limit < -1:
            yield Fault((*path, "connectionLimit"), f"{limit} is no limit: a number from 0, or -1 for none")


def _until(seen: Seen) -> Iterator[Fault]:
    for path, role in _roles(seen.object):
        stated = role.get("validUntil")
        if isinstance(stated, str) and not _TIME.fullmatch(stated):
            yield Fault((*path, "validUntil"), f"{shown(stated)} is no time: such as '2027-01-31T00:00:00Z'")


def _danger(seen: Seen) -> Iterator[Fault]:
    for path, role in _roles(seen.object):
        if role.get("superuser") is True:
            yield Fault((*path, "superuser"), "a superuser may read and change everything in every database", "warning")
        if "postgres" in items(role.get("inRoles")):
            yield Fault((*path, "inRoles"), "membership in 'postgres' is as good as superuser", "warning")
        if role.get("ensure") == "absent":
            yield Fault((*path, "ensure"), "drops the role; it fails while the role owns anything", "warning")


def _left(seen: Seen) -> Iterator[Fault]:
    new = set(named(seen.object, *_LIST))
    for _, role in entries(seen.before, *_LIST):
        name = word(role.get("name"))
        if name not in new and role.get("ensure") != "absent" and not unfilled([name, *new]):
            yield Fault(
                _LIST,
                f"{shown(name)} is no longer listed, and stays in PostgreSQL as it is; `ensure: absent`, and only then "
                f"removing it, drops the role",
                "warning",
            )


def _absent(seen: Seen) -> Iterator[Fault]:
    if at(seen.object, "spec", "ensure") == "absent":
        yield Fault(
            ("spec", "ensure"),
            "'absent' is for roles listed in a Cluster: delete the DatabaseRole, with databaseRoleReclaimPolicy "
            "'delete' where the role is to go too",
        )


def _certificate(seen: Seen) -> Iterator[Fault]:
    certificate = at(seen.object, "spec", "clientCertificate")
    is_wanted = isinstance(certificate, dict) and certificate.get("enabled") is not False
    if is_wanted and at(seen.object, "spec", "login") is not True:
        yield Fault(("spec", "clientCertificate"), "is for roles that log in: set login true, or leave it out")


def _kept(seen: Seen) -> Iterator[Fault]:
    for what, path in _KEPT.items():
        new, old = at(seen.object, "spec", *path), at(seen.old, "spec", *path)
        if old is not None and new != old and not unfilled(old):
            yield Fault(
                ("spec", *path), f"the {what} cannot change: keep {shown(str(old))}, or make another DatabaseRole"
            )


def _conflict(seen: Seen) -> Iterator[Fault]:
    name = at(seen.object, "spec", "name")
    for other in siblings(seen.object, seen.neighbours):
        if at(other, "spec", "name") == name:
            yield Fault(
                ("spec", "name"),
                f"DatabaseRole {at(other, 'metadata', 'name')} has {shown(str(name))} already, and the operator lets "
                f"one object have a role: change that one",
            )


def _inline(seen: Seen) -> Iterator[Fault]:
    name = at(seen.object, "spec", "name")
    cluster = cluster_of(seen.object, seen.neighbours)
    if name in named(cluster, *_LIST):
        yield Fault(
            ("spec", "name"),
            f"{shown(str(name))} is listed in spec.managed.roles of Cluster {at(cluster, 'metadata', 'name')}, which "
            f"wins until it is removed there",
            "warning",
        )


_BOTH = ("Cluster", "DatabaseRole")
_ALONE = ("DatabaseRole",)


def _in_both(*names: str) -> tuple[str, ...]:
    return tuple(f"spec.{prefix}{name}" for name in names for prefix in ("managed.roles[].", ""))


RULES = (
    Rule("role-name", _BOTH, "webhook validateManagedRoles, CRD CEL", _in_both("name"), _name),
    Rule("role-once", ("Cluster",), "webhook validateManagedRoles", ("spec.managed.roles[].name",), _once),
    Rule("role-password", _BOTH, "webhook validateManagedRoles, CRD CEL", _in_both("disablePassword"), _password),
    Rule("role-limit", _BOTH, "webhook validateManagedRoles", _in_both("connectionLimit"), _limit),
    Rule("role-valid-until", _BOTH, "operator", _in_both("validUntil"), _until),
    Rule("role-danger", _BOTH, "server", _in_both("superuser", "inRoles", "ensure"), _danger),
    Rule("role-left", ("Cluster",), "operator", ("spec.managed.roles",), _left, compares=True),
    Rule("role-absent", _ALONE, "CRD CEL", ("spec.ensure",), _absent),
    Rule("role-certificate", _ALONE, "CRD CEL", ("spec.clientCertificate",), _certificate),
    Rule("role-kept", _ALONE, "CRD CEL", ("spec.name", "spec.cluster.name"), _kept, compares=True),
    Rule("role-conflict", _ALONE, "operator", ("spec.name",), _conflict),
    Rule("role-inline", _ALONE, "operator", ("spec.name",), _inline),
)
