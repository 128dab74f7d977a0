"""Whether an object that is not read, such as a Secret, has arrived: by the word of what applies it."""

from __future__ import annotations

from gitops_mcp.domain.live.arrival import Arrival
from gitops_mcp.domain.live.engine_states.applier import resource_entry
from gitops_mcp.domain.live.engine_states.argocd_operation import applied_commit
from gitops_mcp.domain.live.engine_states.flux_standing import last_applied
from gitops_mcp.domain.live.engine_states.standing import Question, label, short
from gitops_mcp.domain.objects import Object, at, mapping_at


def arrival_by_engine(engine: Object | None, asked: Question) -> Arrival:
    """Of Argo CD, that it is Synced after a whole operation with the change; of Flux, its inventory and revision."""
    unread = f"{asked.whom} is not read, so only the engine can say whether it is applied"
    if engine is None:
        return Arrival("unknown", f"{unread}, and none that says so was found")
    is_flux = "sourceRef" in mapping_at(engine, "spec")
    applied = last_applied(engine) if is_flux else applied_commit(engine)
    entry = resource_entry(engine, asked.whom)
    is_right = entry is None if asked.removes else entry is not None and (is_flux or at(entry, "status") == "Synced")
    if is_right and asked.has(applied):
        return Arrival("applied", f"{label(engine)} has applied {short(applied)}, which holds it")
    what = f"{label(engine)} does not say that {asked.whom} is applied as the change says it"
    return Arrival("not applied", f"{what} (it has applied {short(applied)})")
