"""Taking a database out: the step that is due, which is next, and what becomes of the data."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitops_mcp.domain.cnpg.status.reconciled import read_reconciliation
from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.editing.removal import remove_objects
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.names import ClusterRef, quote
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plans.applier_notes import removal_notices, stranding_notices
from gitops_mcp.domain.plans.databases.database import NO_RESTART, POLICY, is_database, sql_name_of
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.removal_step import Kept, Removal, RemovalStep, step_without_api
from gitops_mcp.domain.plans.waiting import once_applied, waiting_notices
from gitops_mcp.domain.repository.desired import GIT, Declaration, Desired, Origin
from gitops_mcp.domain.yaml.edits import Set


@dataclass(frozen=True)
class DatabaseDeletion(Removal):
    noun, kind, how = "database", "Database", "with all data"
    unseen = "no live Database says it"
    declared: Declaration
    ref: ClusterRef
    drop: bool
    live: tuple[Object, ...] | None
    """Databases of the namespace; None: the API could not be asked."""
    merged: Object | None = None
    kept: Kept | None = None
    origin: Origin = GIT

    @property
    def name(self) -> str:
        return sql_name_of(self.declared)

    @property
    def seen(self) -> Object | None:
        return next((one for one in self.live or () if is_database(one, self.ref, self.name)), None)

    @property
    def is_nowhere(self) -> bool:
        return self.live is not None and self.seen is None

    @property
    def drops_now(self) -> bool:
        """Whether it is dropped when this step is applied, or soon before."""
        return self.drops and not _is_absent(self.declared.object) and (self.step.due == "ask" or not self.survives)

    @property
    def survives(self) -> str | None:
        return None if _is_absent(self.seen) else self.stays

    def said(self) -> tuple[Object | None, Object | None]:
        return self.declared.object, self.seen

    def asks(self, said: Object | None) -> bool:
        return _is_absent(said) or _is_reclaimed(said)

    @property
    def step(self) -> RemovalStep:
        if self.is_nowhere:
            return RemovalStep(
                "remove", f"the only step: no live Database says this database, so only the {self.origin.manifest} goes"
            )
        if not self.drops:
            return self.goes_only
        if _is_absent(self.declared.object):
            return (
                step_without_api(is_merged=_is_absent(self.merged))
                if self.live is None
                else self._dropped(self.seen or {})
            )
        if self.drop:
            return RemovalStep("ask", "step 1 of 2: `ensure: absent`")
        return RemovalStep("remove", f"the only step: {self._asked_for}")

    @property
    def _asked_for(self) -> str:
        """What has it dropped although this call does not ask for that."""
        if _is_absent(self.seen):
            return "the live Database says `ensure: absent`, so it is dropped anyway"
        if _is_reclaimed(self.seen) or (self.live is None and _is_reclaimed(self.declared.object)):
            return "its reclaim policy is delete, so it is dropped anyway"
        said = "reclaim policy is delete" if _is_reclaimed(self.declared.object) else "manifest at the base asks for it"
        return f"its {said}, and once that is live it is dropped anyway"

    def _dropped(self, seen: Object) -> RemovalStep:
        state = read_reconciliation(seen)
        if not _is_absent(seen):
            return RemovalStep("wait", f"step 1 of 2 is in {self.origin.name} but not applied yet")
        if state.applied is False:
            said = state.message or "no reason given"
            return RemovalStep(
                "wait", f"step 1 of 2 is applied, but the database cannot be dropped. The operator says: {said}"
            )
        if not state.done:
            return RemovalStep("wait", "step 1 of 2 is applied, and the database is not dropped yet")
        return RemovalStep("remove", f"step 2 of 2: the database is dropped, so its {self.origin.manifest} goes")


def plan_database_deletion(desired: Desired, deletion: DatabaseDeletion) -> Plan:
    """The step that is due; the answer says which it is and what happens to the database in PostgreSQL."""
    declared, name = deletion.declared, quote(deletion.name)
    target = replace(declared.identity, namespace=deletion.ref.namespace)
    plan = deletion.plan(desired, target, declared, name=deletion.name, lost=_how_to_keep(deletion))
    if plan.unchanged:
        return plan
    if deletion.drops_now:
        impact = Impact(Level.DATA_LOSS, (f"database {name} is dropped with all data", NO_RESTART))
    else:
        impact = Impact(Level.NONE, (NO_RESTART,))
    plan = replace(plan, impact=impact)
    if deletion.step.due == "ask":
        return replace(
            plan,
            files=edit_fields(desired, declared, Set(("spec", "ensure"), "absent")),
            next=(
                once_applied(
                    desired, deletion.ref, f"the operator drops database {name} with all data", this="this is "
                ),
                "Once that is done, call delete_postgres_database again: step 2 removes the "
                + deletion.origin.manifest,
            ),
        )
    files = remove_objects(desired, declared)
    waits = waiting_notices(desired, deletion.ref) if deletion.drops_now else ()
    return replace(
        plan,
        files=files,
        next=(_fate_of_database(desired, deletion),),
        warnings=(
            *waits,
            *removal_notices(desired, files, declared),
            *stranding_notices(desired, files, declared),
            *plan.warnings,
        ),
    )


def _how_to_keep(deletion: DatabaseDeletion) -> str:
    """What a person would do about a drop that this call does not ask for."""
    place, applied = deletion.declared.place, deletion.origin.while_waiting(", and have that applied")
    if deletion.drop:
        return ""
    if _is_absent(deletion.declared.object):
        return f"; to keep it, first take `ensure: absent` out at {place}{applied}"
    if _is_absent(deletion.seen):
        return f"; its live Database says `ensure: absent`, which {place} does not"
    return f"; to keep it, first set {POLICY}: retain at {place}{applied}"


def _fate_of_database(desired: Desired, deletion: DatabaseDeletion) -> str:
    name, stays = quote(deletion.name), deletion.stays
    if _is_absent(deletion.seen) or (deletion.live is None and _is_absent(deletion.declared.object)):
        rest = f"; the live Database stays, since {stays}: a person has to delete it" if stays is not None else ""
        soon = deletion.origin.while_waiting(", or drops it before this is applied")
        return f"The operator has dropped database {name}{soon}{rest}"
    if (fate := deletion.fate_without_drop(name, nothing="Database says")) is not None:
        return fate
    if deletion.drops:
        sure = deletion.live is None or _is_reclaimed(deletion.seen)
        unless = "" if sure else ", unless the live policy is still retain then"
        text = f"the operator drops database {name} with all data{unless}"
        return once_applied(desired, deletion.ref, text, this="this is ")
    return f"Database {name} stays in PostgreSQL with all data; nothing manages it any more"


def _is_absent(one: Object | None) -> bool:
    return bool(at(one, "spec", "ensure") == "absent")


def _is_reclaimed(one: Object | None) -> bool:
    return bool(at(one, "spec", POLICY) == "delete")
