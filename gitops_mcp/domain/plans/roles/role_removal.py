"""Taking a role out: Git asks for its drop with `ensure: absent`, or with the reclaim policy `delete` of its object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.notation.moment import parse_time
from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.editing.list_items import remove_item
from gitops_mcp.domain.editing.placing.new_document import remove_documents
from gitops_mcp.domain.editing.removal import remove_objects
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.names import ClusterRef, quote
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at, list_at
from gitops_mcp.domain.plans.applier_notes import removal_notices, stranding_notices
from gitops_mcp.domain.plans.passwords.secret_removal import PasswordRemoval
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.removal_step import Kept, Removal, RemovalStep, step_without_api
from gitops_mcp.domain.plans.roles.declared_roles import ROLES, DeclaredRole, LiveRoles, target_of_role
from gitops_mcp.domain.plans.roles.role_attributes import NO_RESTART
from gitops_mcp.domain.plans.waiting import once_applied, waiting_notices
from gitops_mcp.domain.repository.desired import GIT, Desired, Origin
from gitops_mcp.domain.yaml.edits import Set

_POLICY = "databaseRoleReclaimPolicy"
_SETTLED = timedelta(minutes=1)
"""Until then a report may be of the list as it was. A Cluster's status says of no generation what it is about, and the
operator brings roles when the list changes and once a minute (internal/management/controller/roles/runnable.go)."""


@dataclass(frozen=True)
class RoleDeletion(Removal):
    noun, kind, how = "role", "DatabaseRole", "in PostgreSQL"
    unseen = "nothing of it is live"
    role: DeclaredRole
    ref: ClusterRef
    drop: bool
    live: LiveRoles | None
    """None: the API could not be asked."""
    merged: Object | None = None
    unchanged_for: timedelta | None = None
    """How long the live list has been as it is; None: nobody knows."""
    kept: Kept | None = None
    origin: Origin = GIT

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
        """An inline role may also be there as one that is not managed."""
        if self.live is None or self.seen is not None:
            return False
        return self.role.form == "DatabaseRole" or not self.live.exists(self.ref, self.role.name)

    @property
    def drop_is_live(self) -> bool:
        return self.asks(self.said()[1])

    @property
    def drops_now(self) -> bool:
        """Whether it is dropped once this step is applied: an entry asks for that, an object takes it along."""
        if self.role.form == "inline":
            return self.step.due == "ask"
        return self.step.due == "remove" and self.drops and self.survives is None

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
        return None if self.role.form == "inline" else super().stays

    def said(self) -> tuple[Object | None, Object | None]:
        return self.role.spec, self.seen if self.role.form == "inline" else at(self.seen, "spec")

    def asks(self, said: Object | None) -> bool:
        key, value = ("ensure", "absent") if self.role.form == "inline" else (_POLICY, "delete")
        return bool(at(said, key) == value)

    @property
    def step(self) -> RemovalStep:
        inline = self.role.form == "inline"
        if self.is_nowhere:
            thing = "entry" if inline else self.origin.manifest
            live = "Cluster or report of the operator" if inline else "DatabaseRole"
            return RemovalStep("remove", f"the only step: no live {live} says this role, so only the {thing} goes")
        if not self.drops:
            return self.goes_only
        return self._inline() if inline else self._object()

    def _inline(self) -> RemovalStep:
        if not self.role.is_absent:
            return RemovalStep("ask", "step 1 of 2: `ensure: absent`")
        if self.live is None:
            return step_without_api(is_merged=self.asks(self.merged))
        if not self.drop_is_live:
            return RemovalStep("wait", f"step 1 of 2 is in {self.origin.name} but not applied yet")
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
            return RemovalStep("remove", "the only step: its reclaim policy is delete, so it is dropped anyway")
        if not self.drop:
            return RemovalStep(
                "remove",
                "the only step: its reclaim policy is delete in Git, and once that is live it is dropped anyway",
            )
        if not self.asks(self.role.spec):
            return RemovalStep("ask", f"step 1 of 2: `{_POLICY}: delete`")
        if self.live is None:
            return step_without_api(is_merged=self.asks(self.merged))
        if not self.drop_is_live:
            return RemovalStep(
                "wait",
                f"step 1 of 2 is in {self.origin.name} but not applied yet: the live policy is retain, which drops "
                f"nothing",
            )
        thing = self.origin.manifest
        return RemovalStep("remove", f"step 2 of 2: the live policy is delete, so the role is dropped with its {thing}")


def plan_role_deletion(desired: Desired, deletion: RoleDeletion, removing: PasswordRemoval) -> Plan:
    """The step that is due; the answer says which it is and what happens to the role in PostgreSQL."""
    role = deletion.role
    first = "take `ensure: absent` out" if role.form == "inline" else "set its reclaim policy to retain"
    applied = deletion.origin.while_waiting(", and have that applied")
    keep = "" if deletion.drop else f"; to keep it, first {first} at {role.place}{applied}"
    lost = f", with its grants and its password{keep}"
    target = target_of_role(role, deletion.ref)
    plan = deletion.plan(desired, target, role.declared, name=role.name, lost=lost)
    if plan.unchanged:
        return plan
    if deletion.drops_now:
        dropped = f"role {quote(role.name)} is dropped with its grants and password; tables stay"
        impact = Impact(Level.DATA_LOSS, (dropped, NO_RESTART))
    else:
        impact = Impact(Level.NONE, (NO_RESTART,))
    plan = replace(plan, impact=impact, warnings=(*_owner_notice(desired, deletion), *plan.warnings))
    if deletion.step.due == "ask":
        return _plan_drop_request(plan, desired, deletion)
    return _plan_last_step(plan, desired, deletion, removing)


def _plan_drop_request(plan: Plan, desired: Desired, deletion: RoleDeletion) -> Plan:
    role, name = deletion.role, quote(deletion.role.name)
    if role.form == "inline":
        edit = Set((*role.path, "ensure"), "absent")
        first = once_applied(desired, deletion.ref, f"the operator drops role {name}", this="this is ")
    else:
        edit = Set(("spec", _POLICY), "delete")
        first = f"Nothing is dropped yet: role {name} goes with its {deletion.origin.manifest}, in step 2"
    return replace(
        plan,
        files=edit_fields(desired, role.declared, edit),
        next=(
            first,
            "A role that owns objects cannot be dropped: give them to another role first (REASSIGN OWNED)",
            deletion.origin.then(
                f"this is {deletion.origin.applied}",
                f"call delete_postgres_role again: step 2 removes it from {deletion.origin.name}",
                at_once="Then ",
            ),
        ),
    )


def _plan_last_step(plan: Plan, desired: Desired, deletion: RoleDeletion, removing: PasswordRemoval) -> Plan:
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
    waits = waiting_notices(desired, deletion.ref) if deletion.drops_now else ()
    return replace(
        plan,
        files=steps.changes,
        next=(_fate_of_role(desired, deletion), *told),
        warnings=(
            *waits,
            *removal_notices(desired, steps.changes, role.declared),
            *stranding_notices(desired, steps.changes, role.declared),
            *plan.warnings,
        ),
        writes=removing.writes,
    )


def _fate_of_role(desired: Desired, deletion: RoleDeletion) -> str:
    role, name = deletion.role, quote(deletion.role.name)
    later = ", or gets from the base before this is applied," if deletion.merged and not deletion.drops else ""
    if (fate := deletion.fate_without_drop(name, nothing="object says role", later=later)) is not None:
        return fate
    if not deletion.drops:
        still = " and can still log in" if role.attributes.login else ""
        return f"Role {name} stays in PostgreSQL as it is{still}; nothing manages it any more"
    if role.form == "inline":
        return (
            f"The operator has dropped role {name}, as it last reported; once the entry is gone it drops nothing "
            f"any more, and a role that is still there is listed as unmanaged"
        )
    unless = "" if deletion.drop_is_live or deletion.live is None else ", unless the live policy is still retain then"
    return once_applied(
        desired,
        deletion.ref,
        f"the operator drops role {name}{unless}; one that owns objects cannot be dropped, so it and the DatabaseRole, "
        f"in deletion, stay until these have another owner",
        this="this is ",
    )


def _owner_notice(desired: Desired, deletion: RoleDeletion) -> tuple[Notice, ...]:
    ref, name = deletion.ref, deletion.role.name
    databases = [
        str(at(one.object, "spec", "name"))
        for one in desired.of_cluster("Database", ref)
        if at(one.object, "spec", "owner") == name
    ]
    if not databases or not deletion.drops:
        return ()
    owns = f"role {quote(name)} owns {', '.join(map(quote, databases))}, as {desired.origin.declares} it"
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
        for entry in list_at(cluster, "metadata", "managedFields")
        if at(entry, "fieldsV1", "f:spec", "f:managed", "f:roles") is not None
        and (time := parse_time(at(entry, "time"))) is not None
    ]
    return now - max(written) if written else None
