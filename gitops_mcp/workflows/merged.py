"""Whether a change is merged."""

from __future__ import annotations

from gitops_mcp.adapters.git.refs.listing import ChangeRef
from gitops_mcp.app import Ground
from gitops_mcp.domain.pull_requests import PullRequest
from gitops_mcp.workflows.outcomes import outcome_of_branch
from gitops_mcp.workflows.spans import span_of


def is_merged(ground: Ground, found: ChangeRef) -> bool:
    return outcome_of_branch(ground, found).state == "merged"


def is_open(ground: Ground, found: ChangeRef) -> bool:
    """Whether something of it is left to be merged, by the forge as well where this call has asked it."""
    pull = ground.pulls.get(found.branch)
    if isinstance(pull, PullRequest):
        return span_of(ground, found, pull).state in {"draft", "pushed", "in_review"}
    return outcome_of_branch(ground, found).state in {"draft", "pushed"}
