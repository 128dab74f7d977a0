"""The roles of a cluster: what Git declares, what is live, and what open changes propose, joined by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.members import MemberState, RoleList, RoleRow
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.role import RoleAttributes
from gitops_mcp.domain.cnpg.status.reconciled import read_reconciliation
from gitops_mcp.domain.names import ClusterRef, UnplacedCluster
from gitops_mcp.domain.objects import Object, at, mapping_at, texts_at
from gitops_mcp.domain.plans.roles.declared_roles import (
    ROLES,
    DeclaredRole,
    Form,
    LiveRoles,
    bootstrap_owner,
    declared_roles,
)
from gitops_mcp.domain.plans.roles.role_attributes import non_default_attributes
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.members import ClusterReading, read_cluster
from gitops_mcp.workflows.secret_reports import read_secret_reports

_TOOL = "list_postgres_roles"
_WAITING = "it is not applied yet as Git says it"
_FROM = "Secret "
"""What the words on a password begin with that comes from one."""
_NOT_THERE = frozenset({"proposed", "dropped", "unknown"})


def list_roles(
    app: App, cluster: str, *, namespace: str | None, environment: str | None, limit: int, cursor: str | None
) -> RoleList:
    asked = [cluster, namespace, environment]
    skip = cursors.rows_to_skip(cursor, asked, _TOOL)
    seen = read_cluster(app, cluster, namespace=namespace, environment=environment)
    rows = sorted(_with_secret_reports(seen, tuple(_rows(seen))), key=lambda row: (row.name, row.form or ""))
    shown, more = cursors.page_of_rows(rows, asked, skip=skip, limit=limit)
    return RoleList(
        environment=seen.environment.name,
        namespace=seen.ref.namespace,
        cluster=cluster,
        items=shown,
        total=len(rows) if seen.whole or rows else None,
        cursor=more,
        warnings=[*seen.warnings, *seen.api.unreadable],
    )


def _rows(seen: ClusterReading) -> Iterator[RoleRow]:
    base = _in_git(seen)
    pending = seen.pending(lambda desired: _roles_by_name(desired, seen.ref), lambda role: role.spec)
    twice = {name for name in (one.name for one in base) if sum(one.name == name for one in base) > 1}
    known: set[tuple[str, str]] = set()
    for role in base:
        known.add((_object_name(role) or role.name, role.form))
        yield _declared_row(role, seen, pending.get(role.name, ()), twice=role.name in twice)
    names = {role.name for role in base}
    for name, changes in pending.items():
        if name not in names:
            names.add(name)
            yield _proposed_row(name, changes)
    if seen.live is not None:
        yield from _only_live(seen, seen.live, known, names)


def _with_secret_reports(seen: ClusterReading, rows: Sequence[RoleRow]) -> Iterator[RoleRow]:
    """A role whose password does not come, or whose new one does not, is failing whatever else is done of it."""
    secrets = {secret for row in rows if (secret := _live_secret_of(row))} if seen.live is not None else set()
    reports, unread = read_secret_reports(seen.api, seen.ref.namespace or "", secrets)
    seen.warnings.extend(unread)
    for row in rows:
        report = reports.get(_live_secret_of(row) or "")
        if report is None or report.is_made:
            yield row
            continue
        told = "; ".join(one for one in (row.message, report.told) if one)
        state = "failing" if report.is_final or row.state == "failing" else "pending"
        yield row.model_copy(update={"state": state, "message": told})


def _in_git(seen: ClusterReading) -> tuple[DeclaredRole, ...]:
    if seen.desired is None or seen.declared is None:
        return ()
    there = [one for one in seen.desired.clusters if one.identity == seen.declared.identity]
    return declared_roles(seen.desired, there[0], seen.ref) if there else ()


def _roles_by_name(desired: Desired, ref: ClusterRef | UnplacedCluster) -> dict[str, DeclaredRole]:
    found = [
        one
        for one in desired.clusters
        if one.identity.name == ref.name and one.identity.namespace in {ref.namespace, None}
    ]
    return {one.name: one for one in declared_roles(desired, found[0], ref)} if found else {}


def _declared_row(
    role: DeclaredRole, seen: ClusterReading, pending: Iterable[tuple[str, object]], *, twice: bool
) -> RoleRow:
    state, message = _role_state(role, seen.live, seen)
    if twice:
        state, message = "failing", "it is declared twice, inline and as a DatabaseRole: remove one of them"
    row = _row(role.name, role.form, role.spec, state=state, message=message, object_=_object_name(role))
    return row.model_copy(update={"declared": role.place, "pending": [change for change, _ in pending]})


def _row(
    name: str, form: Form, spec: Object, *, state: MemberState, message: str | None, object_: str | None = None
) -> RoleRow:
    return RoleRow(
        name=name,
        form=form,
        object=object_,
        attributes=_attributes_to_show(RoleAttributes.of(spec)),
        password=_password_text(spec),
        state=state,
        message=message,
    )


def _object_name(role: DeclaredRole) -> str | None:
    return role.declared.identity.name if role.index is None else None


def _role_state(role: DeclaredRole, live: LiveRoles | None, seen: ClusterReading) -> tuple[MemberState, str | None]:
    if live is None:
        return "unknown", None
    if role.index is not None:
        return _inline_state(role, live)
    own = (one for one in live.objects or () if at(one, "metadata", "name") == _object_name(role))
    found = next(own, None) or live.named(seen.ref, role.name)
    if found is None:
        return "only_in_git" if seen.whole else "unknown", None
    return object_state(found, is_current=RoleAttributes.of(at(found, "spec")) == role.attributes)


def object_state(found: Object, *, is_current: bool) -> tuple[MemberState, str | None]:
    """Of a live object that the instance manager applies."""
    state = read_reconciliation(found)
    if state.deleting:
        return "pending", state.why or "it is being deleted"
    if state.applied is False:
        return "failing", state.why
    if not is_current:
        return "pending", _WAITING
    absent = at(found, "spec", "ensure") == "absent"
    return ("dropped" if absent else "reconciled", None) if state.done else ("pending", state.why)


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


def _proposed_row(name: str, changes: Sequence[tuple[str, DeclaredRole | None]]) -> RoleRow:
    said = next((role for _, role in changes if role is not None), None)
    if said is None:
        row = RoleRow(name=name, state="proposed")
    else:
        row = _row(name, said.form, said.spec, state="proposed", message=None, object_=_object_name(said))
    return row.model_copy(update={"pending": [change for change, _ in changes]})


def _only_live(
    seen: ClusterReading, live: LiveRoles, known: set[tuple[str, str]], names: set[str]
) -> Iterator[RoleRow]:
    """Roles that are live and that the base does not declare in this form.

    `known`: the base's, each with its form; a DatabaseRole by the name of the object, since two may name one role.

    Git declares `app` inline. Live are the inline entries `app` and `clerk` and a DatabaseRole for `app`, and the
    operator reports `batch` as not managed. The rows: `clerk` inline, only_live; `app` as a DatabaseRole, only_live,
    since a role with two forms is what a reader has to see; `batch`, unmanaged. In direct delivery nothing is missing
    in Git, so `clerk` has the state that the operator reports.
    """
    listed = at(live.cluster, *ROLES)
    for entry in listed if isinstance(listed, list) else ():
        name = str(at(entry, "name"))
        if (name, "inline") not in known:
            names.add(name)
            errors = live.errors(name)
            state: MemberState = "reconciled" if live.state(name) == "reconciled" else "pending"
            told = seen.live_only_state("failing" if errors else state)
            yield _row(name, "inline", entry, state=told, message=excerpt(errors[0]) if errors else None)
    for one in live.objects or ():
        name = str(at(one, "spec", "name"))
        name_of = str(at(one, "metadata", "name"))
        if at(one, "spec", "cluster", "name") == seen.ref.name and (name_of, "DatabaseRole") not in known:
            names.add(name)
            state, message = object_state(one, is_current=True)
            told = seen.live_only_state(state)
            yield _row(name, "DatabaseRole", mapping_at(one, "spec"), state=told, message=message, object_=name_of)
    owner = bootstrap_owner(live.cluster) if live.cluster else None
    unmanaged = texts_at(live.cluster, "status", "managedRolesStatus", "byStatus", "not-managed")
    for name in dict.fromkeys([*unmanaged, *([owner] if owner else ())]):
        if name not in names:
            yield RoleRow(name=name, state="unmanaged", origin="bootstrap" if name == owner else None)


def _live_secret_of(row: RoleRow) -> str | None:
    """The Secret of a role that is there, or is to be."""
    if row.state in _NOT_THERE or not row.password or not row.password.startswith(_FROM):
        return None
    return row.password.removeprefix(_FROM)


def _password_text(spec: object) -> str:
    secret = at(spec, "passwordSecret", "name")
    if isinstance(secret, str):
        return f"{_FROM}{secret}"
    return "disabled" if at(spec, "disablePassword") is True else "not set here"


def _attributes_to_show(attributes: RoleAttributes) -> list[str]:
    """Those that are not the default; a comment is free text, in which somebody may have told a password."""
    return [cut_text(redact_text(text)) for text in non_default_attributes(attributes)]
