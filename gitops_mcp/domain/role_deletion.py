"""Taking a role out: the step that is due, which is next, and what becomes of the role in PostgreSQL.

Removing an entry or an object from Git leaves the role as it is. To drop it Git first has to ask for that (`ensure:
absent`, or the reclaim policy `delete`), and what Git says counts once it is live. So dropping takes two changes, and
each call plans the one that is due.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from gitops_mcp.domain import belonging, listitems
from gitops_mcp.domain.applying import applied, notices
from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.protection import blocking, described
from gitops_mcp.domain.names import ClusterRef, shown
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.place import changed
from gitops_mcp.domain.plan import Impact, Level, Notice, Plan
from gitops_mcp.domain.removal import remove_objects
from gitops_mcp.domain.repository import Desired
from gitops_mcp.domain.role_changes import NO_RESTART, VALIDATED, line_of, target_of
from gitops_mcp.domain.roles import ROLES, DeclaredRole, LiveRoles
from gitops_mcp.domain.steps import Steps
from gitops_mcp.domain.yamltext import Set

_POLICY = "databaseRoleReclaimPolicy"


@dataclass(frozen=True)
class Removing:
    """What goes with the last step: documents that this server made for the role's password."""

    documents: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """Files, with the documents of each that go."""
    told: tuple[str, ...] = ()
    """What that means for the Secret, and what becomes of one that Git does not make."""


@dataclass(frozen=True)
class Step:
    due: Literal["ask", "wait", "remove"]
    """`ask`: Git says that it is to be dropped; `remove`: Git says nothing of it any more."""
    why: str


@dataclass(frozen=True)
class Deletion:
    role: DeclaredRole
    ref: ClusterRef
    drop: bool
    live: LiveRoles | None
    """None: the API could not be asked."""
    merged: Object | None = None
    """What the base declares of it: what counts where the API could not be asked."""

    @property
    def seen(self) -> Object | None:
        """The live entry or DatabaseRole."""
        if self.live is None:
            return None
        if self.role.form == "inline":
            return self.live.inline(self.role.name)
        return self.live.named(self.ref, self.role.name)

    @property
    def drops(self) -> bool:
        """Whether the role is dropped in the end. The policy that counts is the live one."""
        if self.drop:
            return True
        if self.role.form == "inline":
            return self.role.is_absent or at(self.seen, "ensure") == "absent"
        policy = at(self.seen, "spec", _POLICY) if self.seen else at(self.role.spec, _POLICY)
        return bool(policy == "delete")

    @property
    def step(self) -> Step:
        if not self.drops:
            return Step("remove", "it goes from Git, and stays in PostgreSQL")
        return self._inline() if self.role.form == "inline" else self._object()

    def _inline(self) -> Step:
        if not self.role.is_absent:
            return Step("ask", "step 1 of 2: `ensure: absent`")
        if self.live is None:
            return self._unread(is_merged=at(self.merged, "ensure") == "absent")
        failing = self.live.errors(self.role.name)
        if failing:
            said = excerpt(failing[0]) or "no reason given"
            return Step("wait", f"step 1 of 2 is applied, but the role cannot be dropped. The operator says: {said}")
        if self.seen is not None and at(self.seen, "ensure") != "absent":
            return Step("wait", "step 1 of 2 is in Git but not applied yet")
        if self.live.state(self.role.name) in {"pending-reconciliation", "not-managed"}:
            return Step("wait", "step 1 of 2 is applied, and the role is not dropped yet")
        return Step("remove", "step 2 of 2: the role is dropped, so its entry goes")

    def _object(self) -> Step:
        if self.live is not None and self.seen is None:
            return Step("remove", "the only step: no live DatabaseRole says this role, so just the manifest goes")
        if not self.drop:
            return Step("remove", "the only step: its reclaim policy is delete, so it is dropped all the same")
        if at(self.role.spec, _POLICY) != "delete":
            return Step("ask", f"step 1 of 2: `{_POLICY}: delete`")
        if self.live is None:
            return self._unread(is_merged=at(self.merged, _POLICY) == "delete")
        if at(self.seen, "spec", _POLICY) != "delete":
            return Step(
                "wait", "step 1 of 2 is in Git but not applied yet: the live policy is retain, which drops nothing"
            )
        return Step("remove", "step 2 of 2: the live policy is delete, so the role is dropped with its manifest")

    def _unread(self, *, is_merged: bool) -> Step:
        if is_merged:
            return Step("remove", "step 2 of 2; whether step 1 has been applied could not be read")
        return Step("wait", "step 1 of 2 is proposed but not merged, and the API could not be read")


def delete(desired: Desired, deletion: Deletion, removing: Removing) -> Plan:
    """The step that is due; the answer says which it is and what happens to the role in PostgreSQL."""
    role, ref, step = deletion.role, deletion.ref, deletion.step
    plan = Plan(
        "delete-role",
        f"{'Drop' if deletion.drops else 'Release'} role {line_of(role.name)} of Cluster {ref}",
        target_of(role, ref),
        validated_by=VALIDATED,
        destroys=_lost(deletion),
    )
    match step.due:
        case "wait":
            again = "Wait until it is applied (list_postgres_roles shows it), then call this again"
            return replace(plan, destroys=None, unchanged=step.why, next=(again,))
        case "ask":
            return _asked(plan, desired, deletion)
        case "remove":
            return _removed(plan, desired, deletion, removing)


def _lost(deletion: Deletion) -> str | None:
    if not deletion.drops:
        return None
    first = "take `ensure: absent` out" if deletion.role.form == "inline" else "set its reclaim policy to retain"
    keep = "" if deletion.drop else f"; to keep it, first {first} at {deletion.role.place}"
    return (
        f"deleting role {shown(deletion.role.name)} of Cluster {deletion.ref} drops it in PostgreSQL, with its grants "
        f"and its password{keep}"
    )


def _asked(plan: Plan, desired: Desired, deletion: Deletion) -> Plan:
    role, name = deletion.role, shown(deletion.role.name)
    inline = role.form == "inline"
    edit = Set((*role.path, "ensure"), "absent") if inline else Set(("spec", _POLICY), "delete")
    first = f"Once this is applied, the operator drops role {name}"
    if not inline:
        first = f"Nothing is dropped yet: role {name} goes with its manifest, in step 2"
    return replace(
        plan,
        files=changed(desired, role.declared, edit),
        body=(f"This is {deletion.step.why}", *applied(role.declared)),
        impact=_dropping(name) if inline else Impact(Level.NONE, (NO_RESTART,)),
        warnings=(*_owned(desired, deletion), *notices(role.declared, desired)),
        next=(
            first,
            "A role that owns objects cannot be dropped: give them to another role first (REASSIGN OWNED)",
            "Once this is merged and applied, call delete_postgres_role again: step 2 removes it from Git",
        ),
    )


def _removed(plan: Plan, desired: Desired, deletion: Deletion, removing: Removing) -> Plan:
    role, steps = deletion.role, Steps(desired)
    if role.index is not None:
        steps.take(listitems.removed(desired, role.declared, ROLES, role.index))
    else:
        steps.take(remove_objects(desired, role.declared))
    for path, indexes in removing.documents:
        steps.take(belonging.without_documents(steps.desired, path, indexes))
    drops_now = deletion.drops and role.form == "DatabaseRole" and _stays(deletion) is None
    return replace(
        plan,
        files=steps.changes,
        body=(f"This is {deletion.step.why}", *applied(role.declared)),
        impact=_dropping(shown(role.name)) if drops_now else Impact(Level.NONE, (NO_RESTART,)),
        warnings=(*_owned(desired, deletion), *notices(role.declared, desired)),
        next=(_fate(deletion), *removing.told),
    )


def _fate(deletion: Deletion) -> str:
    role, name = deletion.role, shown(deletion.role.name)
    if (reason := _stays(deletion)) is not None:
        return f"The live DatabaseRole stays, and so does role {name}, since {reason}: a person has to delete it"
    if not deletion.drops:
        still = " and can still log in" if role.attributes.login else ""
        return f"Role {name} stays in PostgreSQL as it is{still}; nothing manages it any more"
    if role.form == "inline":
        return f"The operator has dropped role {name}, or drops it before this is applied"
    return (
        f"Once this is applied, the operator drops role {name}; one that owns objects cannot be dropped, so it and the "
        f"DatabaseRole, in deletion, stay until these have another owner"
    )


def _stays(deletion: Deletion) -> str | None:
    """What keeps the live object although Git says nothing of it any more."""
    role = deletion.role
    if role.form == "inline" or (deletion.live is not None and deletion.seen is None):
        return None
    held = blocking(deletion.seen) or blocking(role.declared.object)
    by = role.declared.applied
    if held:
        return f"{described(held)} protects it against pruning"
    return f"{by} does not prune by itself" if by is not None and not by.prunes else None


def _dropping(name: str) -> Impact:
    return Impact(Level.DATA_LOSS, (f"role {name} is dropped with its grants and password; tables stay", NO_RESTART))


def _owned(desired: Desired, deletion: Deletion) -> tuple[Notice, ...]:
    ref, name = deletion.ref, deletion.role.name
    databases = [
        str(at(one.object, "spec", "name"))
        for one in desired.declarations
        if one.identity.kind == "Database"
        and at(one.object, "spec", "cluster", "name") == ref.name
        and at(one.object, "spec", "owner") == name
        and one.identity.namespace in {ref.namespace, None}
    ]
    if not databases or not deletion.drops:
        return ()
    owns = f"role {shown(name)} owns {', '.join(map(shown, databases))}, as Git declares it"
    return (Notice("owns-databases", f"{owns}: it cannot be dropped before these have another owner"),)


def merged(role: DeclaredRole, base: Desired) -> Object | None:
    """The same role as the base declares it, which is nearer to what is live than a change is."""
    declared = next((one.object for one in base.declarations if one.identity == role.declared.identity), None)
    if role.index is None:
        found = at(declared, "spec")
        return found if isinstance(found, dict) else None
    listed = at(declared, *ROLES)
    return next((entry for entry in listed if at(entry, "name") == role.name), None) if listed else None
