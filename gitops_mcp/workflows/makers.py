"""What of the repository may make something that was asked for and that no document declares."""

from __future__ import annotations

from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.notice import Notice
from gitops_mcp.errors import GitOpsError, NotFound

_TEXT_AT_MOST = 3000


def makers_notice(
    app: App, ground: Ground, environment: Environment, name: str | None = None, *, told: str = ""
) -> list[Notice]:
    """Looked for in the whole commit, which costs: only for what was not found.

    `name`: of what was asked for. `told`: what the answer says already; a file that it names is not named again.
    """
    from gitops_mcp.domain.repository.makers.mentions import MENTIONS
    from gitops_mcp.domain.repository.makers.search import SUBMODULES, claimed_groups, find_makers, told_makers

    if environment.cut:  # what else there is may be somebody else's
        return []
    repository, commit = ground.repository, ground.base.commit
    try:
        desired = app.desired(ground, environment.path, commit)
        files = repository.mentioning(commit, MENTIONS)
        if groups := claimed_groups(files):
            files |= repository.mentioning(commit, [f"{group}/" for group in sorted(groups)])
        submodules = repository.read(commit, SUBMODULES)
    except GitOpsError:  # the answer is that there is none; why Git cannot be asked is told by what asks it first
        return []
    text = submodules.data.decode(errors="replace") if submodules else ""
    found = [one for one in find_makers(desired, files, text, name) if one.path not in told]
    message = told_makers(found, name, environment.path)
    return [Notice("made-otherwise", cut_text(message, _TEXT_AT_MOST))] if message else []


def with_makers(error: NotFound, app: App, ground: Ground, environment: Environment, name: str) -> NotFound:
    """The error, with what may make the Cluster; a manifest of it that nothing applies is told already."""
    idle = app.desired(ground, environment.path, ground.base.commit).unreached
    if any((one.identity.kind, one.identity.name) == ("Cluster", name) for one in idle):
        return error
    found = makers_notice(app, ground, environment, name, told=str(error))
    return NotFound("; ".join([str(error), *(one.message for one in found)])) if found else error
