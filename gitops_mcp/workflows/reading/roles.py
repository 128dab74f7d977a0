"""The roles of a cluster: what Git declares, what is live, and what open changes propose, joined by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.members import MemberState, RoleList, RoleRow
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.role import RoleAttributes
from gitops_mcp.domain.cnpg.status.reconciled import read_reconciliation
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plans.declared_roles import ROLES, DeclaredRole, LiveRoles, bootstrap_owner, declared_roles
from gitops_mcp.domain.plans.role_attributes import non_default_attributes
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.members import ClusterReading, read_cluster
from gitops_mcp.workflows.view import View

_TOOL = "list_postgres_roles"
_WAITING = "it is not applied yet as Git says it"


def list_roles(
    app: App, cluster: str, *, namespace: str | None, environment: str | None, limit: int, cursor: str | None
) -> RoleList:
    asked = [cluster, namespace, environment]
    skip = cursors.rows_to_skip(cursor, asked, _TOOL)
    seen = read_cluster(app, cluster, namespace=namespace, environment=environment)
    rows = sorted(_rows(seen), key=lambda row: (row.name, row.form or ""))
    shown, more = cursors.page_of_rows(rows, asked, skip=skip, limit=limit)
    return RoleList(
        environment=seen.environment.name,
        namespace=seen.ref.namespace,
        cluster=cluster,
        items=shown,
        total=len(rows),
        cursor=more,
        warnings=seen.warnings,
    )


def _rows(seen: ClusterReading) -> Iterator[RoleRow]:
    base = _in_git(seen)
    pending = _pending_by_name(seen)
    twice = {name for name in (one.name for one in base) if sum(one.name == name for one in base) > 1}
    known: set[tuple[str, str]] = set()
    for role in base:
        known.add((role.name, role.form))
        yield _declared_row(role, seen, pending.get(role.name, ()), twice=role.name in twice)
    names = {name for name, _ in known}
    for name, changes in pending.items():
        if name not in names:
            names.add(name)
            yield _proposed_row(name, changes)
    if seen.live is not None:
        yield from _only_live(seen, seen.live, known, names)


def _in_git(seen: ClusterReading) -> tuple[DeclaredRole, ...]:
    if seen.view is None or seen.declared is None:
        return ()
    there = [one for one in seen.view.desired.clusters if one.identity == seen.declared.identity]
    return declared_roles(seen.view.desired, there[0], seen.ref) if there else ()


def _pending_by_name(seen: ClusterReading) -> Mapping[str, tuple[tuple[str, DeclaredRole | None], ...]]:
    """By role the open changes that touch it, with what they say."""
    found: dict[str, list[tuple[str, DeclaredRole | None]]] = {}
    for change in seen.proposed:
        old, new = _roles_by_name(change.before, seen), _roles_by_name(change.after, seen)
        for name in dict.fromkeys([*old, *new]):
            was, now = old.get(name), new.get(name)
            if (was.spec if was else None) != (now.spec if now else None):
                found.setdefault(name, []).append((change.name, now))
    return {name: tuple(changes) for name, changes in found.items()}


def _roles_by_name(view: View, seen: ClusterReading) -> dict[str, DeclaredRole]:
    clusters = [one for one in view.desired.clusters if _is_it(one.identity, seen)]
    return {one.name: one for one in declared_roles(view.desired, clusters[0], seen.ref)} if clusters else {}


def _is_it(identity: object, seen: ClusterReading) -> bool:
    return getattr(identity, "name", None) == seen.ref.name and getattr(identity, "namespace", None) in {
        seen.ref.namespace,
        None,
    }


def _declared_row(
    role: DeclaredRole, seen: ClusterReading, pending: Iterable[tuple[str, object]], *, twice: bool
) -> RoleRow:
    state, message = _role_state(role, seen.live, seen)
    if twice:
        state, message = "failing", "it is declared twice, inline and as a DatabaseRole: remove one of them"
    return RoleRow(
        name=role.name,
        form=role.form,
        object=role.declared.identity.name if role.index is None else None,
        attributes=[cut_text(text) for text in non_default_attributes(role.attributes)],
        password=_password_text(role.spec),
        state=state,
        message=message,
        declared=role.place,
        pending=[change for change, _ in pending],
    )


def _role_state(role: DeclaredRole, live: LiveRoles | None, seen: ClusterReading) -> tuple[MemberState, str | None]:
    if live is None:
        return "unknown", None
    if role.index is not None:
        return _inline_state(role, live)
    found = live.named(seen.ref, role.name)
    if found is None:
        return "only_in_git", None
    return object_state(found, is_current=RoleAttributes.of(found["spec"]) == role.attributes)


def object_state(found: Object, *, is_current: bool) -> tuple[MemberState, str | None]:
    """Of a live object that the instance manager applies."""
    state = read_reconciliation(found)
    if state.deleting:
        return "pending", state.message or "it is being deleted"
    if state.applied is False:
        return "failing", state.message
    if not is_current:
        return "pending", _WAITING
    return ("reconciled", None) if state.done else ("pending", state.message)


def _inline_state(role: DeclaredRole, live: LiveRoles) -> tuple[MemberState, str | None]:
    entry = live.inline(role.name)
    if entry is None:
        return "only_in_git", None
    if errors := live.errors(role.name):
        return "failing", excerpt(errors[0])
    if RoleAttributes.of(entry) != role.attributes or (at(entry, "ensure") == "absent") != role.is_absent:
        return "pending", _WAITING
    if role.is_absent:
        gone = live.state(role.name) in {None, "reconciled"}
        return ("dropped", None) if gone else ("pending", "it is to be dropped")
    return ("reconciled" if live.state(role.name) == "reconciled" else "pending"), None


def _proposed_row(name: str, changes: Iterable[tuple[str, DeclaredRole | None]]) -> RoleRow:
    said = next((role for _, role in changes if role is not None), None)
    return RoleRow(
        name=name,
        form=said.form if said else None,
        object=said.declared.identity.name if said and said.index is None else None,
        attributes=[cut_text(text) for text in non_default_attributes(said.attributes)] if said else [],
        password=_password_text(said.spec) if said else None,
        state="proposed",
        pending=[change for change, _ in changes],
    )


def _only_live(
    seen: ClusterReading, live: LiveRoles, known: set[tuple[str, str]], names: set[str]
) -> Iterator[RoleRow]:
    listed = at(live.cluster, *ROLES)
    for entry in listed if isinstance(listed, list) else ():
        name = str(at(entry, "name"))
        if (name, "inline") not in known:
            names.add(name)
            errors = live.errors(name)
            state: MemberState = "reconciled" if live.state(name) == "reconciled" else "pending"
            yield RoleRow(
                name=name,
                form="inline",
                attributes=[cut_text(text) for text in non_default_attributes(RoleAttributes.of(entry))],
                password=_password_text(entry),
                state="failing" if errors else state if seen.is_direct else "only_live",
                message=excerpt(errors[0]) if errors else None,
            )
    for one in live.objects or ():
        name = str(at(one, "spec", "name"))
        if at(one, "spec", "cluster", "name") == seen.ref.name and (name, "DatabaseRole") not in known:
            names.add(name)
            state, message = object_state(one, is_current=True)
            yield RoleRow(
                name=name,
                form="DatabaseRole",
                object=one["metadata"]["name"],
                attributes=[cut_text(text) for text in non_default_attributes(RoleAttributes.of(one["spec"]))],
                password=_password_text(one["spec"]),
                state=state if seen.is_direct or state == "failing" else "only_live",
                message=message,
            )
    owner = bootstrap_owner(live.cluster) if live.cluster else None
    unmanaged = at(live.cluster, "status", "managedRolesStatus", "byStatus", "not-managed")
    for name in dict.fromkeys([*(unmanaged if isinstance(unmanaged, list) else ()), *([owner] if owner else ())]):
        if name not in names:
            yield RoleRow(name=str(name), state="unmanaged", origin="bootstrap" if name == owner else None)


def _password_text(spec: object) -> str:
    secret = at(spec, "passwordSecret", "name")
    if isinstance(secret, str):
        return f"Secret {secret}"
    return "disabled" if at(spec, "disablePassword") is True else "not set here"
