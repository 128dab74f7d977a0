"""Warnings that more than one workflow gives."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_mcp.adapters.git.commits import Commit
from gitops_mcp.adapters.git.refs.base_faults import follow_head
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.plans.message import person_in
from gitops_mcp.domain.redact import words_of_others
from gitops_mcp.errors import Forbidden


def whose_notices(app: App, change: str, commits: Iterable[Commit]) -> list[Notice]:
    """That a change is somebody else's too, by what its commits say of who asked for them."""
    own = app.caller.identity
    people = dict.fromkeys(filter(None, (person_in(one.body) for one in commits)))
    others = [words_of_others(one, most=100) for one in people if own is None or one != str(own)]
    if not others:
        return []
    text = f"change {change!r} was asked for by {', '.join(others[:3])}{' and others' if others[3:] else ''}"
    return [Notice("anothers-change", f"{text}, as its commits say: tell them")]


def base_warnings(ground: Ground | None) -> list[Notice]:
    """What is told of a base that could not be fetched, or that is the remote's default branch no more."""
    if ground is None:
        return []
    base = ground.base
    found = [Notice("base-not-fetched", base.warning)] if base.warning else []
    if base.switched and base.remote:
        by = ground.git.base_from if ground.git.base else ""
        remedy = (
            f"{by} names the base: name {base.switched} there; to keep {base.branch} and hear of it no more, run "
            f"{follow_head(base.remote)}"
            if by
            else f"{follow_head(base.remote)} moves the base to {base.switched}; `base: {base.branch}` in "
            f".gitops-mcp.yaml keeps it"
        )
        text = (
            f"the default branch of remote {base.remote} is {base.switched} now, and changes are still proposed "
            f"against {base.branch}, which it was when this clone last looked. {remedy}"
        )
        found.append(Notice("default-branch-switched", text))
    return found


def push_notices(ground: Ground) -> list[Notice]:
    """What of Git's configuration a push of ours leaves out, without what it says."""
    if not ground.base.pushes or not ground.repository.has_push_options:
        return []
    text = "Git's configuration has push.pushOption, which is for your own pushes: those of this server go without it"
    return [Notice("push-options-left-out", text)]


def forbidden_everywhere(error: Forbidden) -> Forbidden:
    """A refusal to list all namespaces, with the other way out: to ask for some of them only."""
    return Forbidden(f"{error}; or name the namespaces that this user may read in `namespaces:` of .gitops-mcp.yaml")
