"""Taking a role out: the step that is due, which is next, and what becomes of the role in PostgreSQL.

Removing an entry or an object from Git leaves the role as it is. To drop it Git first has to ask for that (`ensure:
absent`, or the reclaim policy `delete`), and what Git says counts once it is live. So dropping takes two changes, and
each call plans the one that is due.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.moment import parse_time
from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.editing.list_items import remove_item
from gitops_mcp.domain.editing.new_document import remove_documents
from gitops_mcp.domain.editing.removal import remove_objects
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.names import ClusterRef, quote
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.declared_roles import ROLES, DeclaredRole, LiveRoles, target_of_role
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.removal_step import RemovalStep, step_without_api
from gitops_mcp.domain.plans.role_attributes import NO_RESTART, VALIDATED, quote_sql_name
from gitops_mcp.domain.plans.secret_removal import PasswordRemoval
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.yaml.edits import Set

_POLICY = "databaseRoleReclaimPolicy"
_SETTLED = timedelta(minutes=1)
"""Until then a report may be of the list as it was. A Cluster's status says of no generation what it is about, and the
operator brings roles when the list changes and once a minute (internal/management/controller/roles/runnable.go)."""


@dataclass(frozen=True)
class RoleDeletion:
    role: DeclaredRole
    ref: ClusterRef
    drop: bool
    live: LiveRoles | None
    """None: the API could not be asked."""
    merged: Object | None = None
    """What the base declares of it, which an engine may apply at any time."""
    unchanged_for: timedelta | None = None
    """How long the live list has been as it is; None: nobody knows."""
    kept: str | None = None
    """What keeps the live object although its manifest goes."""

    @property
    def seen(self) -> Object | None:
        """The live entry or DatabaseRole."""
        if self.live is None:
            return None
        if self.role.form == "inline":
            return self.live.inline(self.role.name)
        return self.live.named(self.ref, self.role.name)

    @property
    def is_nowhere(self) -> bool:
        """The API was asked, and shows nothing of it. An inline role may also be there as one that is not managed."""
        if self.live is None or self.seen is not None:
            return False
        return self.role.form == "DatabaseRole" or not self.live.exists(self.ref, self.role.name)

    @property
    def drops(self) -> bool:
        """Whether the role is dropped in the end.

        What asks for that counts wherever it stands: what Git says may be applied at any time, and until then what is
        live holds.
        """
        declared = None if self.is_nowhere else self.role.spec
        asked = self.drop_is_live or self._asks(declared) or self._asks(self.merged)
        return asked or (self.drop and not self.is_nowhere)

    @property
    def drop_is_live(self) -> bool:
        return self._asks(self.seen if self.role.form == "inline" else at(self.seen, "spec"))

    @property
    def leaves_role(self) -> bool:
        """The role may be there afterwards and log in with its Secret."""
        return self.stays is not None or not (self.drop or self.drops)

    @property
    def takes_secret(self) -> bool:
        """Whether this step is the last, after which the role needs its Secret no more."""
        return self.role.secret is not None and self.step.due == "remove" and not self.leaves_role

    @property
    def stays(self) -> str | None:
        """What keeps the live DatabaseRole, and with it the role, although Git says nothing of it any more."""
        return None if self.role.form == "inline" or self.is_nowhere else self.kept

    def _asks(self, spec: Object | None) -> bool:
        """Whether an entry, or the spec of a DatabaseRole, says that the role is to be dropped."""
        key, value = ("ensure", "absent") if self.role.form == "inline" else (_POLICY, "delete")
        return bool(at(spec, key) == value)

    @property
    def step(self) -> RemovalStep:
        if self.is_nowhere:
            thing = "entry" if self.role.form == "inline" else "manifest"
            live = "Cluster or report of the operator" if self.role.form == "inline" else "DatabaseRole"
            return RemovalStep("remove", f"the only step: no live {live} says this role, so just the {thing} goes")
        if not self.drops:
            return RemovalStep("remove", "the only step: it goes from Git, and stays in PostgreSQL")
        return self._inline() if self.role.form == "inline" else self._object()

    def _inline(self) -> RemovalStep:
        if not self.role.is_absent:
            return RemovalStep("ask", "step 1 of 2: `ensure: absent`")
        if self.live is None:
            return step_without_api(is_merged=self._asks(self.merged))
        if not self.drop_is_live:
            return RemovalStep("wait", "step 1 of 2 is in Git but not applied yet")
        return self._reported(self.live)

    def _reported(self, live: LiveRoles) -> RemovalStep:
        """What the operator says of an entry that is to be absent."""
        failing = live.errors(self.role.name)
        if failing:
            said = excerpt(failing[0]) or "no reason given"
            return RemovalStep(
                "wait", f"step 1 of 2 is applied, but the role cannot be dropped. The operator says: {said}"
            )
        # One that is to be absent and is so counts as reconciled, as it did while it was to be there.
        if live.state(self.role.name) != "reconciled":
            return RemovalStep("wait", "step 1 of 2 is applied, and the role is not dropped yet")
        if self.unchanged_for is not None and self.unchanged_for < _SETTLED:
            seconds = int(_SETTLED.total_seconds())
            return RemovalStep(
                "wait", f"step 1 of 2 is applied, but not for {seconds} s yet: the report may be older than that"
            )
        return RemovalStep(
            "remove", "step 2 of 2: the role is dropped, as the operator last reported, so its entry goes"
        )

    def _object(self) -> RemovalStep:
        if not self.drop and (self.drop_is_live or self.live is None):
            return RemovalStep("remove", "the only step: its reclaim policy is delete, so it is dropped all the same")
        if not self.drop:
            return RemovalStep(
                "remove",
                "the only step: its reclaim policy is delete in Git, and once that is live it is dropped all the same",
            )
        if not self._asks(self.role.spec):
            return RemovalStep("ask", f"step 1 of 2: `{_POLICY}: delete`")
        if self.live is None:
            return step_without_api(is_merged=self._asks(self.merged))
        if not self.drop_is_live:
            return RemovalStep(
                "wait", "step 1 of 2 is in Git but not applied yet: the live policy is retain, which drops nothing"
            )
        return RemovalStep("remove", "step 2 of 2: the live policy is delete, so the role is dropped with its manifest")


def plan_role_deletion(desired: Desired, deletion: RoleDeletion, removing: PasswordRemoval) -> Plan:
    """The step that is due; the answer says which it is and what happens to the role in PostgreSQL."""
    role, ref, step = deletion.role, deletion.ref, deletion.step
    is_dropped = deletion.drops and not (step.due == "remove" and deletion.stays)
    plan = Plan(
        f"{'Drop' if is_dropped else 'Release'} role {quote_sql_name(role.name)} of Cluster {ref}",
        target_of_role(role, ref),
        validated_by=VALIDATED,
        destroys=_what_is_lost(deletion),
    )
    match step.due:
        case "wait":
            again = "Wait until it is applied (list_postgres_roles shows it), then call this again"
            return replace(plan, destroys=None, unchanged=step.why, next=(again,))
        case "ask":
            return _plan_drop_request(plan, desired, deletion)
        case "remove":
            return _plan_removal(plan, desired, deletion, removing)


def _what_is_lost(deletion: RoleDeletion) -> str | None:
    if not deletion.drops:
        return None
    what = f"deleting role {quote(deletion.role.name)} of Cluster {deletion.ref}"
    if deletion.stays is not None and deletion.step.due == "remove":
        return f"{what} would drop it in PostgreSQL, but for this: {deletion.stays}"
    if deletion.is_nowhere:
        return f"{what} may drop it in PostgreSQL: nothing of it is live, but the base asks for its drop"
    first = "take `ensure: absent` out" if deletion.role.form == "inline" else "set its reclaim policy to retain"
    keep = "" if deletion.drop else f"; to keep it, first {first} at {deletion.role.place}, and have that applied"
    return f"{what} drops it in PostgreSQL, with its grants and its password{keep}"


def _plan_drop_request(plan: Plan, desired: Desired, deletion: RoleDeletion) -> Plan:
    role, name = deletion.role, quote(deletion.role.name)
    inline = role.form == "inline"
    edit = Set((*role.path, "ensure"), "absent") if inline else Set(("spec", _POLICY), "delete")
    first = f"Once this is applied, the operator drops role {name}"
    if not inline:
        first = f"Nothing is dropped yet: role {name} goes with its manifest, in step 2"
    return replace(
        plan,
        files=edit_fields(desired, role.declared, edit),
        body=(f"This is {deletion.step.why}", *applier_lines(role.declared)),
        impact=_drop_impact(name) if inline else Impact(Level.NONE, (NO_RESTART,)),
        warnings=(*_owner_notice(desired, deletion), *applier_notices(role.declared, desired)),
        next=(
            first,
            "A role that owns objects cannot be dropped: give them to another role first (REASSIGN OWNED)",
            "Once this is merged and applied, call delete_postgres_role again: step 2 removes it from Git",
        ),
    )


def _plan_removal(plan: Plan, desired: Desired, deletion: RoleDeletion, removing: PasswordRemoval) -> Plan:
    role, steps = deletion.role, EditSequence(desired)
    if role.index is not None:
        steps.take(remove_item(desired, role.declared, ROLES, role.index))
    else:
        steps.take(remove_objects(desired, role.declared))
    for path, indexes in removing.documents:
        steps.take(remove_documents(steps.desired, path, indexes))
    told = removing.told
    if role.secret is not None and deletion.leaves_role:
        told = (f"Secret {role.secret} and what makes it stay: the role may log in with it",)
    drops_now = deletion.drops and role.form == "DatabaseRole" and deletion.stays is None
    return replace(
        plan,
        files=steps.changes,
        body=(f"This is {deletion.step.why}", *applier_lines(role.declared)),
        impact=_drop_impact(quote(role.name)) if drops_now else Impact(Level.NONE, (NO_RESTART,)),
        warnings=(*_owner_notice(desired, deletion), *applier_notices(role.declared, desired)),
        next=(_fate_of_role(deletion), *told),
    )


def _fate_of_role(deletion: RoleDeletion) -> str:
    role, name = deletion.role, quote(deletion.role.name)
    if (reason := deletion.stays) is not None:
        return f"The live DatabaseRole stays, and so does role {name}, since {reason}: a person has to delete it"
    if deletion.is_nowhere:
        unless = ", unless the base, which asks for it, is applied before this" if deletion.drops else ""
        later = ", or gets from the base before this is applied," if deletion.merged and not deletion.drops else ""
        return (
            f"Nothing is dropped{unless}: no live object says role {name}; what PostgreSQL has under that name{later} "
            f"stays"
        )
    if not deletion.drops:
        still = " and can still log in" if role.attributes.login else ""
        return f"Role {name} stays in PostgreSQL as it is{still}; nothing manages it any more"
    if role.form == "inline":
        return (
            f"The operator has dropped role {name}, as it last reported; once the entry is gone it drops nothing "
            f"any more, and a role that is still there is listed as unmanaged"
        )
    unless = "" if deletion.drop_is_live or deletion.live is None else ", unless the live policy is still retain then"
    return (
        f"Once this is applied, the operator drops role {name}{unless}; one that owns objects cannot be dropped, so it "
        f"and the DatabaseRole, in deletion, stay until these have another owner"
    )


def _drop_impact(name: str) -> Impact:
    return Impact(Level.DATA_LOSS, (f"role {name} is dropped with its grants and password; tables stay", NO_RESTART))


def _owner_notice(desired: Desired, deletion: RoleDeletion) -> tuple[Notice, ...]:
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
    owns = f"role {quote(name)} owns {', '.join(map(quote, databases))}, as Git declares it"
    return (Notice("owns-databases", f"{owns}: it cannot be dropped before these have another owner"),)


def role_at_base(role: DeclaredRole, base: Desired) -> Object | None:
    """The same role as the base declares it, which is nearer to what is live than a change is."""
    declared = next((one.object for one in base.declarations if one.identity == role.declared.identity), None)
    if role.index is None:
        found = at(declared, "spec")
        return found if isinstance(found, dict) else None
    listed = at(declared, *ROLES)
    return next((entry for entry in listed if at(entry, "name") == role.name), None) if listed else None


def time_since_last_write(cluster: Object, now: datetime) -> timedelta | None:
    """How long ago somebody last wrote the list of a live Cluster, or what else the same one manages of it."""
    written = [
        time
        for entry in at(cluster, "metadata", "managedFields") or ()
        if at(entry, "fieldsV1", "f:spec", "f:managed", "f:roles") is not None
        and (time := parse_time(at(entry, "time"))) is not None
    ]
    return now - max(written) if written else None
