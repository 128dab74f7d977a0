"""Roles, listed in a Cluster and as DatabaseRole: what both may say, and what neither may take from the other."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.notation.golang import is_rfc3339
from gitops_mcp.domain.cnpg.notation.sql import PREDEFINED_ROLES
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import Object, Path, as_int, at, list_at, mapping_at
from gitops_mcp.domain.rules.image import wanted_major
from gitops_mcp.domain.rules.reading import (
    as_text,
    cluster_of,
    entries,
    first_owners,
    has_unfilled,
    names_in,
    repeats,
    same_namespace,
    siblings,
)
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
                (*path, "name"),
                f"{quote(name)} is reserved ({', '.join(_RESERVED)}, pg_…, cnpg_…): use one such as 'app'",
            )


def _role_once(seen: Seen) -> Iterator[Fault]:
    places = [((*path, "name"), as_text(role.get("name"))) for path, role in entries(seen.object, *_LIST)]
    for path, name in repeats(places):
        yield Fault(path, f"{quote(name)} is there already: list each role once")


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
                f"{limit} is not a limit: a number from 0, or -1 for none",
                ours=at(seen.object, "kind") != "Cluster",
            )


def _role_expiry(seen: Seen) -> Iterator[Fault]:
    """The CRD takes small letters in a time too; the webhook, which reads a Cluster's before all else, does not."""
    for path, role in entries(seen.object, *_LIST):
        stated = as_text(role.get("validUntil"))
        if stated and not is_rfc3339(stated):
            yield Fault((*path, "validUntil"), f"{quote(stated)} is not a time: use one such as '2027-01-31T00:00:00Z'")


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


def _role_object(seen: Seen) -> Iterator[Fault]:
    """A role that is listed where an object of its own describes it already."""
    itself: Object = {**seen.object, "spec": {"cluster": {"name": at(seen.object, "metadata", "name")}}}
    objects = {at(one, "spec", "name"): one for one in siblings(itself, seen.neighbours, kind="DatabaseRole")}
    known = names_in(seen.before, *_LIST)
    for path, role in entries(seen.object, *_LIST):
        name = as_text(role.get("name"))
        if name in objects and name not in known:
            other = f"DatabaseRole {at(objects[name], 'metadata', 'name')}"
            yield Fault((*path, "name"), f"{other} has it already, and does nothing while it is listed here", "warning")


def has_client_certificate(spec: Object) -> bool:
    """Whether the operator makes one for a DatabaseRole; `enabled` is its default."""
    return at(spec, "clientCertificate") is not None and at(spec, "clientCertificate", "enabled") is not False


def has_certificate_line(cluster: Object, name: str) -> bool:
    """Whether a line of pg_hba lets a role in by its certificate."""
    for line in list_at(cluster, "spec", "postgresql", "pg_hba"):
        words = [one.strip('"') for one in as_text(line).split()]
        if words[:1] == ["hostssl"] and "cert" in words[3:] and words[2:3] and {"all", name} & set(words[2].split(",")):
            return True
    return False


def _role_certificate(seen: Seen) -> Iterator[Fault]:
    """What else a client certificate takes."""
    name, cluster = as_text(at(seen.object, "spec", "name")), cluster_of(seen.object, seen.neighbours)
    was, is_on = (has_client_certificate(mapping_at(one, "spec")) for one in (seen.before, seen.object))
    if cluster is None or was or not is_on:
        return
    field, which = ("spec", "clientCertificate"), f"Cluster {at(cluster, 'metadata', 'name')}"
    if not has_certificate_line(cluster, name):
        line = f"'hostssl all {name} all cert'"
        yield Fault(
            field, f"lets nobody in without a line such as {line} in spec.postgresql.pg_hba of {which}", "warning"
        )
    if at(cluster, "spec", "certificates", "clientCASecret"):
        text = f"is made only where the Secret of spec.certificates.clientCASecret of {which} has the CA's key"
        yield Fault(field, text, "warning")


def _unknown_roles(seen: Seen) -> Iterator[Fault]:
    """Memberships in roles that exist nowhere: the operator retries until there is one."""
    is_inline = at(seen.object, "kind") == "Cluster"
    cluster = seen.object if is_inline else cluster_of(seen.object, seen.neighbours)
    if cluster is None:
        return
    before = {as_text(role.get("name")): list_at(role.get("inRoles")) for _, role in _described_roles(seen.before)}
    known, major = _known_roles(seen, cluster), wanted_major(cluster)
    for path, role in _described_roles(seen.object):
        for index, name in enumerate(map(as_text, list_at(role.get("inRoles")))):
            why = _why_unknown(name, major) if name and name not in known else None
            if (
                why
                and name not in before.get(as_text(role.get("name")), ())
                and not has_unfilled([name, *sorted(known)])
            ):
                near = suggest(name, {*known, *PREDEFINED_ROLES} if name.startswith("pg_") else known)
                text = f"role {quote(name)} {why}; the operator retries until there is one; {near}"
                yield Fault((*path, "inRoles", index), text, "warning")


def _taken_over(seen: Seen) -> Iterator[Fault]:
    """A role that nobody declares and that is there: what is left out is set back."""
    cluster, name = cluster_of(seen.object, seen.neighbours), as_text(at(seen.object, "spec", "name"))
    if seen.before is None and seen.live is None and cluster is not None and name in first_owners(cluster):
        text = f"{quote(name)} is there from the beginning: this takes it over, and sets back all that it does not list"
        yield Fault(("spec", "name"), f"{text}, memberships too", "warning")


def _why_unknown(name: str, major: int | None) -> str | None:
    if name.startswith("pg_") and major is None:
        return None
    since = PREDEFINED_ROLES.get(name)
    if since is None:
        return "is declared nowhere, and was not seen live"
    return f"came with PostgreSQL {since}, and {major} runs" if major is not None and major < since else None


def _known_roles(seen: Seen, cluster: Object) -> set[str]:
    """Declared ones, and those that the operator has seen in PostgreSQL."""
    name = at(cluster, "metadata", "name")
    itself: Object = {**cluster, "spec": {"cluster": {"name": name}}}
    objects = siblings(itself, (*seen.neighbours, seen.object), kind="DatabaseRole")
    found = {*first_owners(cluster), *(as_text(at(one, "spec", "name")) for one in objects)}
    for one in (cluster, seen.live, *seen.neighbours):
        if at(one, "kind") == "Cluster" and at(one, "metadata", "name") == name and same_namespace(cluster, one or {}):
            states = mapping_at(one, "status", "managedRolesStatus", "byStatus")
            found |= {str(role) for state in states for role in list_at(states, state)}
            roles = [role for _, role in entries(one, *_LIST) if role.get("ensure") != "absent"]
            found |= {as_text(role.get("name")) for role in roles}
    return found - {""}


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
    Rule("role-taken-over", _ALONE, "operator", _taken_over, compares=True),
    Rule("unknown-role", _BOTH, "operator", _unknown_roles, compares=True),
    Rule("role-certificate", _ALONE, "operator", _role_certificate, compares=True),
    Rule("role-left", _INLINE, "operator", _role_left, compares=True),
    Rule("role-object", _INLINE, "operator", _role_object, compares=True),
    Rule("role-conflict", _ALONE, "operator", _role_conflict),
    Rule("role-inline", _ALONE, "operator", _role_inline),
)
