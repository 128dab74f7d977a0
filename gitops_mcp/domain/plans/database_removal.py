"""Taking a database out: the step that is due, which is next, and what becomes of the data."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitops_mcp.domain.cnpg.status.reconciled import read_reconciliation
from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.editing.removal import remove_objects
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.names import ClusterRef, quote
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.database import NO_RESTART, POLICY, is_database, sql_name_of
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.removal_step import RemovalStep, step_without_api
from gitops_mcp.domain.plans.role_attributes import VALIDATED, quote_sql_name
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.edits import Set


@dataclass(frozen=True)
class DatabaseDeletion:
    declared: Declaration
    ref: ClusterRef
    drop: bool
    live: tuple[Object, ...] | None
    """Databases of the namespace; None: the API could not be asked."""
    merged: Object | None = None
    """What the base declares of it, which an engine may apply at any time."""
    kept: str | None = None
    """What keeps the live object although its manifest goes."""

    @property
    def name(self) -> str:
        return sql_name_of(self.declared)

    @property
    def seen(self) -> Object | None:
        return next((one for one in self.live or () if is_database(one, self.ref, self.name)), None)

    @property
    def is_nowhere(self) -> bool:
        """The API was asked, and has no such object."""
        return self.live is not None and self.seen is None

    @property
    def drops(self) -> bool:
        """Whether the database is dropped in the end.

        What asks for that counts wherever it stands: what Git says may be applied at any time, and until then what is
        live holds.
        """
        declared = None if self.is_nowhere else self.declared.object
        asked = any(_is_absent(one) or _is_reclaimed(one) for one in (self.seen, declared, self.merged))
        return asked or (self.drop and not self.is_nowhere)

    @property
    def drops_now(self) -> bool:
        """Whether it is dropped when its manifest goes, or soon before."""
        is_due = self.drops and not _is_absent(self.declared.object)
        return is_due and (_is_absent(self.seen) or self.stays is None)

    @property
    def stays(self) -> str | None:
        """What keeps the live object although Git says nothing of it any more."""
        return None if self.is_nowhere else self.kept

    @property
    def step(self) -> RemovalStep:
        if self.is_nowhere:
            return RemovalStep(
                "remove", "the only step: no live Database says this database, so just the manifest goes"
            )
        if not self.drops:
            return RemovalStep("remove", "the only step: it goes from Git, and stays in PostgreSQL")
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
            return "the live Database says `ensure: absent`, so it is dropped all the same"
        if _is_reclaimed(self.seen) or (self.live is None and _is_reclaimed(self.declared.object)):
            return "its reclaim policy is delete, so it is dropped all the same"
        said = "reclaim policy is delete" if _is_reclaimed(self.declared.object) else "manifest at the base asks for it"
        return f"its {said}, and once that is live it is dropped all the same"

    def _dropped(self, seen: Object) -> RemovalStep:
        state = read_reconciliation(seen)
        if not _is_absent(seen):
            return RemovalStep("wait", "step 1 of 2 is in Git but not applied yet")
        if state.applied is False:
            said = state.message or "no reason given"
            return RemovalStep(
                "wait", f"step 1 of 2 is applied, but the database cannot be dropped. The operator says: {said}"
            )
        if not state.done:
            return RemovalStep("wait", "step 1 of 2 is applied, and the database is not dropped yet")
        return RemovalStep("remove", "step 2 of 2: the database is dropped, so its manifest goes")


def plan_database_deletion(desired: Desired, deletion: DatabaseDeletion) -> Plan:
    """The step that is due; the answer says which it is and what happens to the database in PostgreSQL."""
    declared, step = deletion.declared, deletion.step
    name = quote(deletion.name)
    is_dropped = deletion.drops and not (step.due == "remove" and deletion.stays and not _is_absent(deletion.seen))
    plan = Plan(
        f"{'Drop' if is_dropped else 'Release'} database {quote_sql_name(deletion.name)} of Cluster {deletion.ref}",
        replace(declared.identity, namespace=deletion.ref.namespace),
        validated_by=VALIDATED,
        destroys=_what_is_lost(deletion),
    )
    match step.due:
        case "wait":
            again = "Wait until it is applied (list_postgres_databases shows it), then call this again"
            return replace(plan, destroys=None, unchanged=step.why, next=(again,))
        case "ask":
            return replace(
                plan,
                files=edit_fields(desired, declared, Set(("spec", "ensure"), "absent")),
                body=(f"This is {step.why}", *applier_lines(declared)),
                impact=_drop_impact(name),
                warnings=applier_notices(declared, desired),
                next=(
                    f"Once this is applied, the operator drops database {name} with all data",
                    "Once that is done, call delete_postgres_database again: step 2 removes the manifest",
                ),
            )
        case "remove":
            return replace(
                plan,
                files=remove_objects(desired, declared),
                body=(f"This is {step.why}", *applier_lines(declared)),
                impact=_drop_impact(name) if deletion.drops_now else Impact(Level.NONE, (NO_RESTART,)),
                warnings=applier_notices(declared, desired),
                next=(_fate_of_database(deletion),),
            )


def _what_is_lost(deletion: DatabaseDeletion) -> str | None:
    if not deletion.drops:
        return None
    what, place = f"deleting database {quote(deletion.name)} of Cluster {deletion.ref}", deletion.declared.place
    if deletion.is_nowhere:
        return f"{what} may drop it with all data: no live Database says it, but the base asks for its drop"
    if deletion.step.due == "remove" and deletion.stays and not _is_absent(deletion.seen):
        return f"{what} would drop it with all data, but for this: {deletion.stays}"
    keep = "" if deletion.drop else f"; to keep it, first set {POLICY}: retain at {place}, and have that applied"
    if not deletion.drop and _is_absent(deletion.declared.object):
        keep = f"; to keep it, first take `ensure: absent` out at {place}, and have that applied"
    elif not deletion.drop and _is_absent(deletion.seen):
        keep = f"; its live Database says `ensure: absent`, which {place} does not"
    return f"{what} drops it with all data{keep}"


def _fate_of_database(deletion: DatabaseDeletion) -> str:
    name, stays = quote(deletion.name), deletion.stays
    if _is_absent(deletion.seen) or (deletion.live is None and _is_absent(deletion.declared.object)):
        rest = f"; the live Database stays, since {stays}: a person has to delete it" if stays is not None else ""
        return f"The operator has dropped database {name}, or drops it before this is applied{rest}"
    if stays is not None:
        return f"The live Database stays, and so does database {name}, since {stays}: a person has to delete it"
    if deletion.is_nowhere:
        unless = ", unless the base, which asks for it, is applied before this" if deletion.drops else ""
        return f"Nothing is dropped{unless}: no live Database says {name}; what PostgreSQL has under that name stays"
    if deletion.drops:
        sure = deletion.live is None or _is_reclaimed(deletion.seen)
        unless = "" if sure else ", unless the live policy is still retain then"
        return f"Once this is applied, the operator drops database {name} with all data{unless}"
    return f"Database {name} stays in PostgreSQL with all data; nothing manages it any more"


def _drop_impact(name: str) -> Impact:
    return Impact(Level.DATA_LOSS, (f"database {name} is dropped with all data", NO_RESTART))


def _is_absent(one: Object | None) -> bool:
    return bool(at(one, "spec", "ensure") == "absent")


def _is_reclaimed(one: Object | None) -> bool:
    return bool(at(one, "spec", POLICY) == "delete")
