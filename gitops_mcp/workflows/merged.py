"""Whether a change is merged."""

from __future__ import annotations

from gitops_mcp.adapters.git.refs import ChangeRef
from gitops_mcp.app import Ground


def is_merged(ground: Ground, found: ChangeRef) -> bool:
    """By ancestry, or by content: a squash merge leaves nothing of the change to be merged."""
    repository, base = ground.repository, ground.base.commit
    return repository.is_ancestor(found.tip, base) or repository.merged_by_content(base, found.tip)
