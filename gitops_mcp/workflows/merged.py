"""Whether a change is merged."""

from __future__ import annotations

from gitops_mcp.adapters.git.ref_listing import ChangeRef
from gitops_mcp.app import Ground
from gitops_mcp.workflows.outcomes import outcome_of_branch


def is_merged(ground: Ground, found: ChangeRef) -> bool:
    return outcome_of_branch(ground, found).state == "merged"


def is_open(ground: Ground, found: ChangeRef) -> bool:
    """Whether something of it is left to be merged."""
    return outcome_of_branch(ground, found).state in {"draft", "pushed"}
