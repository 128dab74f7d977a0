"""Branches that Argo CD's source hydrator writes: what is changed there goes with the next hydration."""

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
    """Raises Refused where an Application of the repository has Argo CD write a folder of this very branch."""
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
