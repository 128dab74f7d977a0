"""Roles, listed in a Cluster and as DatabaseRole: what both may say, and what neither may take from the other."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.golang import is_rfc3339
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Object, Path, as_int, at, list_at
from gitops_mcp.domain.rules.reading import as_text, cluster_of, entries, has_unfilled, names_in, repeats, siblings
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_LIST: Path = ("spec", "managed", "roles")
_RESERVED = ("postgres", "streaming_replica")


def _described_roles(value: Object | None) -> Iterator[tuple[Path, Object]]:
    """The roles that an object describes: a Cluster several, a DatabaseRole itself."""
    if at(value, "kind") == "Cluster":
        yield from entries(value, *_LIST)
    elif isinstance(at(value, "spec"), dict):
        yield ("spec",), at(value, "spec")


def _role_name(seen: Seen) -> Iterator[Fault]:
    for path, role in entries(seen.object, *_LIST):
        name = as_text(role.get("name"))
        if not name:
            yield Fault((*path, "name"), "is needed: the role's name in PostgreSQL", ours=True)
        elif name in _RESERVED or name.startswith(("pg_", "cnpg_")):
            yield Fault(
                (*path, "name"), f"{quote(name)} is reserved ({', '.join(_RESERVED)}, pg_…, cnpg_…): such as 'app'"
            )


def _role_once(seen: Seen) -> Iterator[Fault]:
    places = [((*path, "name"), as_text(role.get("name"))) for path, role in entries(seen.object, *_LIST)]
    for path, name in repeats(places):
        yield Fault(path, f"{quote(name)} is there already: each role once")


def _role_password(seen: Seen) -> Iterator[Fault]:
    for path, role in entries(seen.object, *_LIST):
        if role.get("passwordSecret") and role.get("disablePassword") is True:
            yield Fault((*path, "disablePassword"), "excludes passwordSecret: keep one of them")


def _role_limit(seen: Seen) -> Iterator[Fault]:
    for path, role in _described_roles(seen.object):
        limit = as_int(role.get("connectionLimit"), default=-1)
        if limit is not None and limit < -1:
            yield Fault(
                (*path, "connectionLimit"),
                f"{limit} is no limit: a number from 0, or -1 for none",
                ours=at(seen.object, "kind") != "Cluster",
            )


def _role_expiry(seen: Seen) -> Iterator[Fault]:
    """The CRD takes small letters in a time too; the webhook, which reads a Cluster's before all else, does not."""
    for path, role in entries(seen.object, *_LIST):
        stated = as_text(role.get("validUntil"))
        if stated and not is_rfc3339(stated):
            yield Fault((*path, "validUntil"), f"{quote(stated)} is no time: such as '2027-01-31T00:00:00Z'")


def _role_danger(seen: Seen) -> Iterator[Fault]:
    for path, role in _described_roles(seen.object):
        if role.get("superuser") is True:
            yield Fault((*path, "superuser"), "a superuser may read and change everything in every database", "warning")
        if "postgres" in list_at(role.get("inRoles")):
            yield Fault((*path, "inRoles"), "membership in 'postgres' is as good as superuser", "warning")
        if role.get("ensure") == "absent":
            yield Fault((*path, "ensure"), "drops the role; it fails while the role owns anything", "warning")


def _role_left(seen: Seen) -> Iterator[Fault]:
    new = set(names_in(seen.object, *_LIST))
    for _, role in entries(seen.before, *_LIST):
        name = as_text(role.get("name"))
        if name not in new and role.get("ensure") != "absent" and not has_unfilled([name, *new]):
            yield Fault(
                _LIST,
                f"{quote(name)} is no longer listed, and stays in PostgreSQL as it is; `ensure: absent`, and only then "
                f"removing it, drops the role",
                "warning",
            )


def _role_conflict(seen: Seen) -> Iterator[Fault]:
    name = at(seen.object, "spec", "name")
    for other in siblings(seen.object, seen.neighbours):
        if at(other, "spec", "name") == name:
            yield Fault(
                ("spec", "name"),
                f"DatabaseRole {at(other, 'metadata', 'name')} has {quote(str(name))} already, and the operator lets "
                f"one object have a role: change that one",
            )


def _role_inline(seen: Seen) -> Iterator[Fault]:
    name = at(seen.object, "spec", "name")
    cluster = cluster_of(seen.object, seen.neighbours)
    if name in names_in(cluster, *_LIST):
        yield Fault(
            ("spec", "name"),
            f"{quote(str(name))} is listed in spec.managed.roles of Cluster {at(cluster, 'metadata', 'name')}, which "
            f"wins until it is removed there",
            "warning",
        )


_BOTH = ("Cluster", "DatabaseRole")
_INLINE = ("Cluster",)
_ALONE = ("DatabaseRole",)


RULES = (
    Rule("role-name", _INLINE, "webhook validateManagedRoles", _role_name),
    Rule("role-once", _INLINE, "webhook validateManagedRoles", _role_once),
    Rule("role-password", _INLINE, "webhook validateManagedRoles", _role_password),
    Rule("role-limit", _BOTH, "webhook validateManagedRoles", _role_limit),
    Rule("role-expiry", _INLINE, "defaulting webhook", _role_expiry),
    Rule("role-danger", _BOTH, "server", _role_danger),
    Rule("role-left", _INLINE, "operator", _role_left, compares=True),
    Rule("role-conflict", _ALONE, "operator", _role_conflict),
    Rule("role-inline", _ALONE, "operator", _role_inline),
)
