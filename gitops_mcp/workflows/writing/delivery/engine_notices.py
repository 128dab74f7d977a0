"""What will keep a change from arriving by itself once it is merged, as the live engine objects stand now."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_mcp.app import App, Ground
from gitops_mcp.domain.engines.left_out import leaving_out
from gitops_mcp.domain.kinds import BY_KIND
from gitops_mcp.domain.live.engine_states.standing import Question
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.engines import Engines
from gitops_mcp.workflows.view import View

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
        resource, written = BY_KIND.get(one.identity.kind), declared.get(one.identity)
        if resource is None or written is None or (written.applied is not None and written.applied.suspended):
            continue  # what Git itself suspends is told already
        try:
            live = view.api.get(resource, one.identity.namespace, one.identity.name) if one.before else None
        except GitOpsError:  # what needs it says so
            live = None
        if (told := _obstacle(engines, one, written, live)) is not None:
            found[Notice("engine-holds-up", told)] = None
    return tuple(found)


def _obstacle(engines: Engines, one: ObjectChange, declared: Declaration, live: Object | None) -> str | None:
    """What will keep a change that is not made yet from arriving by itself, as the engine object stands now."""
    engine = engines.applying(one.identity, declared, live, by_name=True)
    if engine is None or engine.object is None:
        return None
    by, said = declared.applied, declared.object  # what Git orders is told without the API
    bare = {**said, "metadata": {key: at(said, "metadata", key) for key in ("name", "namespace")}}
    for commits, states in ((False, {"needs a person", "not fetched"}), (True, {"left alone"})):
        asked = Question(
            one.identity,
            lambda _, holds=commits: holds,  # type: ignore[misc] # bound here
            "",
            engines.remotes,
            engines.branch,
            () if by and by.left else one.fields,
            bare,
            live,
            path="" if by and leaving_out(by.file_rules, declared.path) else declared.path,
        )
        found = engines.standing(engine, asked)
        if found.state in states:
            return f"{engine.name}: {found.rule}: {found.next}" if found.rule else f"{found.why}: {found.next}"
    return None
