"""What belongs to a Cluster: certificates, roles, databases, poolers, plugins, and what is being deleted."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.status.problems.problem import Problem, Severity
from gitops_mcp.domain.cnpg.status.reconciled import Reconciliation
from gitops_mcp.domain.cnpg.status.report import Status
from gitops_mcp.domain.objects import at

_SOON, _VERY_SOON = 30, 7
"""Days that a certificate has left; the operator renews its own at seven."""
_OWN_FINALIZERS = ("kubernetes.io/", "cnpg.io/", "foregroundDeletion", "orphan")
"""Those that Kubernetes and the operator set, and remove when their work is done."""


def certificate_problems(status: Status) -> Iterator[Problem]:
    for one in status.certificates:
        if one.days_left is None or one.days_left >= _SOON:
            continue
        left = f"in {one.days_left} days" if one.days_left >= 0 else f"{-one.days_left} days ago"
        renewal = (
            "the operator renews it at 7 days; if it has not, read the operator's log"
            if one.renewed_by_operator
            else "renew it where it comes from: the operator does not"
        )
        calm: Severity = "info" if one.renewed_by_operator else "warning"
        yield Problem(
            "critical" if one.days_left < _VERY_SOON else calm,
            "certificate-ends",
            f"the certificate in Secret {one.secret} ends {left} ({one.expires})",
            renewal,
        )


def role_problems(status: Status) -> Iterator[Problem]:
    for role in status.inline_roles:
        if role.errors:
            yield Problem(
                "warning",
                "role-not-reconciled",
                f"the role {role.name} of spec.managed.roles cannot be reconciled",
                "correct it in Git, or what it needs: other roles, its Secret, objects that it owns",
                "; ".join(role.errors),
            )
    for one in status.database_roles or ():
        yield from _unapplied_problems(f"DatabaseRole {one.object} (role {one.name})", one.state)


def database_problems(status: Status) -> Iterator[Problem]:
    for one in status.databases or ():
        yield from _unapplied_problems(f"Database {one.object} (database {one.name})", one.state)
        if one.state.failing and one.state.applied is not False:
            yield Problem(
                "warning",
                "database-parts",
                f"parts of Database {one.object} could not be created",
                "correct them in Git: an extension must be in the image, an owner must exist",
                "; ".join(one.state.failing[:5]),
            )


def _unapplied_problems(what: str, state: Reconciliation) -> Iterator[Problem]:
    if state.deleting:
        yield Problem(
            "warning",
            "stuck-deleting",
            f"{what} is being deleted",
            "if it stays, it is still needed in PostgreSQL: a role may own objects",
            state.why,
        )
    elif state.applied is False:
        yield Problem(
            "warning",
            "not-applied",
            f"{what} is not applied; the operator tries again every 30 seconds",
            "correct in Git what the message names"
            + (": an extension must be in the image, an owner must exist" if state.failing else ""),
            state.why,
        )
    elif not state.done:
        yield Problem(
            "info", "not-applied-yet", f"{what} is not applied in its present form yet", "wait", state.message
        )


def going_problems(status: Status) -> Iterator[Problem]:
    """What is being deleted, and what holds it: kubectl shows it as Terminating, the operator waits without a word."""
    for one in status.going:
        if one.kind in {"Database", "DatabaseRole"}:
            continue  # told with what the operator says of them
        since = f"has been in deletion for {one.since.age}" if one.since else "is in deletion"
        held = f", held by {', '.join(one.held_by[:5])}" if one.held_by else ""
        if one.kind == "Cluster":
            what, action = (f"the Cluster {since}, with all its volumes{held}", "nothing, if this is intended")
        else:
            what, action = f"{one.kind} {one.name} {since}{held}: what needs its name waits", "wait"
        foreign = [name for name in one.held_by if not name.startswith(_OWN_FINALIZERS)]
        if "kubernetes.io/pvc-protection" in one.held_by:
            action += "; a claim stays as long as a pod uses it"
        if foreign:
            action += f"; what set the finalizer {foreign[0]} has to remove it"
        yield Problem("warning", "deleting", what, action)


def other_problems(status: Status) -> Iterator[Problem]:
    for one in status.tablespaces:
        if one.error:
            yield Problem(
                "warning",
                "tablespace-failing",
                f"the tablespace {one.name} is {one.state}",
                "correct it in Git",
                one.error,
            )
    for plugin in status.plugins:
        if plugin.version is None and at(status.cluster, "status", "phase"):
            yield Problem(
                "warning",
                "plugin-missing",
                f"the plugin {plugin.name} of spec.plugins is not known to the operator",
                "install it in the operator's namespace, or remove it from Git",
            )
    for pooler in status.poolers or ():
        if pooler.phase in {"failed", "inactive"}:
            yield Problem(
                "warning", "pooler", f"the Pooler {pooler.name} is {pooler.phase}", "look at its pods", pooler.reason
            )
