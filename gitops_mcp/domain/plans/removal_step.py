"""The step that is due where two changes drop a role or a database: one asks for it, the next removes the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.cnpg.protection import blockers, spell_out
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.repository.desired import Declaration


@dataclass(frozen=True)
class RemovalStep:
    due: Literal["ask", "wait", "remove"]
    """`ask`: Git says that it is to be dropped; `remove`: Git says nothing of it any more."""
    why: str


def step_without_api(*, is_merged: bool) -> RemovalStep:
    """Where the API could not be asked, what counts is whether the base asks for the drop."""
    if is_merged:
        return RemovalStep("remove", "step 2 of 2; whether step 1 has been applied could not be read")
    return RemovalStep("wait", "step 1 of 2 is proposed but not merged, and the API could not be read")


def why_not_pruned(declared: Declaration, live: Object | None) -> str | None:
    """What keeps a live object although Git says nothing of it any more; None: an engine that prunes deletes it."""
    held = blockers(live) or blockers(declared.object)
    by = declared.applied
    if held:
        return f"{spell_out(held)} protects it against pruning"
    return f"{by} does not prune by itself" if by is not None and not by.prunes else None
