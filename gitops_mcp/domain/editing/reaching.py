"""Whether a new document would be applied, by building everything with it."""

from __future__ import annotations

import posixpath

from gitops_mcp.domain.editing.proof import prove_only_change
from gitops_mcp.domain.editing.sibling_paths import FilePlace
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import Refused

_NAMED_AT_MOST = 3


def check_reached(desired: Desired, target: Identity, place: FilePlace, changes: tuple[FileChange, ...]) -> None:
    """Raises Refused where the files would be added and nothing would apply them, or something else would change."""
    if desired.tree is None:
        return
    after = desired_after(desired, changes)
    siblings = [one for one in desired.clusters if one.applied is not None]
    known = {_applier_key(one) for one in siblings}
    if siblings and not any(one.identity == target and _applier_key(one) in known for one in after.declarations):
        nearest = sorted(siblings, key=lambda one: -len(posixpath.commonpath([one.path, place.path])))
        named = list(dict.fromkeys(f"{one.applied} applies {one.place}" for one in nearest))
        raise Refused(
            f"nothing that applies Clusters here would apply {target} at {place.path}: "
            f"{'; '.join(named[:_NAMED_AT_MOST])}. None of these reaches {posixpath.dirname(place.path)}: add what "
            f"applies that folder first, or name another place in layout.cluster"
        )
    if siblings:
        prove_only_change(desired, changes, target, None)


def _applier_key(one: Declaration) -> tuple[str | None, ...]:
    """An ApplicationSet is one, whatever Applications it makes."""
    return (one.applied.kind, one.applied.namespace, one.applied.name, one.applied.place.path) if one.applied else ()
