"""What will keep a change from arriving by itself once it is merged, as the live engine objects stand now."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_mcp.app import App, Ground
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.engines import Engines
from gitops_mcp.workflows.view import View

_KINDS = {one.kind: one for one in CNPG_KINDS}
_ASKED = 3
"""Objects of one change whose engine object is looked at."""


def engine_notices(
    app: App, ground: Ground, view: View, after: Desired, ours: Sequence[ObjectChange]
) -> tuple[Notice, ...]:
    kube = app.engine_kube(view.environment, ground.settings)
    api = view.api if kube is view.api.kube else ApiOnce(kube, app.schemas)
    engines = Engines.of(api, view.environment, ground)
    declared = {one.identity: one for one in (*view.desired.declarations, *after.declarations)}
    found: dict[Notice, None] = {}
    for one in ours[:_ASKED]:
        resource, written = _KINDS.get(one.identity.kind), declared.get(one.identity)
        if resource is None or written is None or (written.applied is not None and written.applied.suspended):
            continue  # what Git itself suspends is told already
        try:
            live = view.api.get(resource, one.identity.namespace, one.identity.name) if one.before else _bare(written)
        except GitOpsError:  # what needs it says so
            live = None
        if (told := engines.obstacle(one.identity, written, live, one.fields)) is not None:
            found[Notice("engine-holds-up", told)] = None
    return tuple(found)


def _bare(written: Declaration) -> Object:
    """A new object, as if it was live: that the engine does not have it yet is no sign that something leaves it out."""
    metadata = {"name": written.identity.name, "namespace": written.identity.namespace}
    return {**written.object, "metadata": metadata}
