"""What a plan that may lose data says of the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_mcp.domain.plans.plan import Plan

if TYPE_CHECKING:
    from gitops_mcp.domain.cnpg.backups.restorable import Restorable


def with_restore_note(plan: Plan, found: Restorable | None) -> Plan:
    """A backup is told to the reviewer; that there is none, or may be none, also to who confirms, and first of all."""
    if found is None or plan.unchanged:
        return plan
    if found.sources:
        return replace(plan, body=(*plan.body, f"{found}."))
    destroys, stops = (f"{said}; {found}" if said else None for said in (plan.destroys, plan.stops))
    caution = "; ".join(filter(None, (plan.caution, str(found))))
    return replace(plan, destroys=destroys, stops=stops, caution=caution)
