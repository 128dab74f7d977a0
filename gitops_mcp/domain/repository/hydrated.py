"""Branches that machines write: what is changed there goes with the next hydration, or with the next promotion.

What Argo CD's source hydrator writes is known by its file, also where GitOps Promoter proposes it from `<branch>-next`;
what Kargo pushes for a Promotion by its name.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable

from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.objects import text_at
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.desired import Desired, folders_above
from gitops_mcp.errors import Refused

METADATA = "hydrator.metadata"
KARGO_BRANCHES = "kargo/promotion/"
"""What the names of those start with that Kargo makes, one for each Promotion."""


def hydrated_by(desired: Desired, paths: Iterable[str]) -> str | None:
    """The file of the hydrator at or above one of these paths."""
    others = desired.tree.others if desired.tree is not None else ()
    for path in paths:
        for folder in folders_above(posixpath.dirname(path), ""):
            found = posixpath.join(folder, METADATA)
            if found in desired.texts or found in others:
                return found
    return None


def hydrated_refusal(branch: str, place: str, text: str) -> Refused:
    """That a branch is no place for an edit, with where its dry side is; `text`: what the hydrator's file holds."""
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    url, commit = text_at(said, "repoURL"), text_at(said, "drySha")
    source = one_line(redact_text(f"{url or 'its dry source'}{f' at commit {commit}' if commit else ''}"))[:300]
    named = "the branch that the Application names in spec.sourceHydrator.drySource.targetRevision"
    return _refusal(branch, source, place, named)


def check_not_written_by_hydrator(desired: Desired, branch: str, paths: Iterable[str]) -> None:
    """Raises Refused where Kargo made this very branch, or an Application has Argo CD write a folder of it."""
    if branch.startswith(KARGO_BRANCHES):
        raise Refused(
            f"nothing was changed: branch {branch} was made by Kargo for one Promotion, and none that follows takes an "
            "edit from it. Change what its Warehouse watches: set --base, or `base` in .gitops-mcp.yaml, to that branch"
        )
    for one in desired.engines:
        for wet, folder in one.hydrates:
            if wet == branch and any(not folder or path.startswith(f"{folder}/") for path in paths):
                raise _refusal(branch, f"{one.folder or 'the root'} of branch {one.dry}", str(one), str(one.dry))


def _refusal(branch: str, source: str, place: str, named: str) -> Refused:
    return Refused(
        f"nothing was changed: branch {branch} is rendered by Argo CD's source hydrator from {source} ({place}), so "
        f"the next hydration would take an edit here back. Change the dry side: set --base, or `base` in "
        f".gitops-mcp.yaml, to {named}"
    )
