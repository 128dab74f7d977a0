"""Which change a request belongs to: the named one, an open one that is about the same, or a new one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import count

from gitops_mcp.adapters.git.refs.listing import ChangeRef
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import GitOpsError, NotFound, Refused
from gitops_mcp.workflows.makers import with_makers
from gitops_mcp.workflows.merged import is_open
from gitops_mcp.workflows.newest_pull import forge_notice, newest_pull
from gitops_mcp.workflows.outcomes import Outcome, last_tips, outcome_of_branch, outcome_without_branch
from gitops_mcp.workflows.pull_outcomes import outcome_with_pull
from gitops_mcp.workflows.spans import check_within, is_outside
from gitops_mcp.workflows.view import View, read_texts
from gitops_mcp.workflows.writing.request import WriteRequest, Writing

_OTHERS = 20
"""Open changes that are looked through for what the base does not have."""


@dataclass(frozen=True)
class DeliveryTarget:
    """Where a plan goes: the change's name, and its branch when there is one already."""

    change: str
    branch: str
    open: ChangeRef | None
    tip: str | None = None
    """Where the branch stands. One that holds nothing of its own is there, and what is planned starts at the base."""
    continues: str | None = None
    """What is added to, where the caller did not name it."""
    notices: tuple[Notice, ...] = ()
    """Why the forge could not say what became of it."""


def find_target(app: App, ground: Ground, request: WriteRequest, base: View, writing: Writing) -> DeliveryTarget:
    """The change that a request belongs to.

    A named one continues where it is open, and is refused once it is merged. Without a name the request continues the
    open change of its own derived name (or -2, -3 ...) that is about the same already, so that a repeated creation or
    deletion meets its own change; else it takes the next free name. A name that a merged change has had is not free.
    """
    if request.change is not None:
        return _named_target(app, ground, request.change)
    try:
        subject = writing.about(base)
    except NotFound as error:
        raise _proposed_elsewhere(app, ground, request, base, writing, error) from error
    several = base.environment.name if len(base.settings.every_environment) > 1 else None
    for name in _numbered_names(subject.change_name(several)):
        found = ground.repository.change(ground.git, ground.base, name)
        if found is None:
            if is_outside(ground, name) or _was_merged(ground, name):
                continue
            return DeliveryTarget(name, ground.git.prefix + name, None)
        state = outcome_of_branch(ground, found).state
        if state == "empty":
            return DeliveryTarget(name, found.branch, None, found.tip)
        if state in {"merged", "closed"}:
            continue
        states = states_of_change(app, ground, base.environment, found, files=subject.files)
        if states is None or not subject.is_among(*states):
            continue
        unasked: list[Notice] = []
        if _outcome_now(app, ground, found, unasked).state != "merged":
            whose = _whose_change(ground, found)
            return DeliveryTarget(name, found.branch, found, found.tip, whose, tuple(unasked))
    raise AssertionError("numbers do not end")


def _named_target(app: App, ground: Ground, name: str) -> DeliveryTarget:
    check_within(ground, name)
    found = ground.repository.change(ground.git, ground.base, name)
    if found is None:
        return DeliveryTarget(name, ground.git.prefix + name, None)
    unasked: list[Notice] = []
    outcome = _outcome_now(app, ground, found, unasked)
    if outcome.state == "merged":
        raise Refused(
            f"change {name!r} is merged already ({outcome.why}): leave `change` out or name a new one to propose more"
        )
    is_empty = outcome.state == "empty"
    return DeliveryTarget(name, found.branch, None if is_empty else found, found.tip, notices=tuple(unasked))


def _outcome_now(app: App, ground: Ground, found: ChangeRef, unasked: list[Notice]) -> Outcome:
    """What became of a change with a branch: where Git takes it for open, the forge may know that it was merged."""
    outcome = outcome_of_branch(ground, found)
    if outcome.state != "pushed":
        return outcome
    seen = newest_pull(app, ground, found.branch, [])
    if seen.fault:
        unasked.append(forge_notice(seen.fault))
    joined = outcome_with_pull(ground, outcome, seen.pull, has_branch=True) if seen.pull else None
    return joined.outcome if joined and joined.outcome.state == "merged" else outcome


def _was_merged(ground: Ground, name: str) -> bool:
    """Whether a change of this name, whose branch is gone, is on the base."""
    if ground.repository.recent(ground.base.commit).naming(name):
        return True
    outcome = outcome_without_branch(ground, name, tips) if (tips := last_tips(ground, name, {})) else None
    return outcome is not None and outcome.state == "merged"


def _numbered_names(made: str) -> Iterator[str]:
    for number in count(1):
        suffix = "" if number == 1 else f"-{number}"
        yield made[: 63 - len(suffix)].rstrip("-") + suffix


def states_of_change(
    app: App, ground: Ground, environment: Environment, found: ChangeRef, *, files: Collection[str] = ()
) -> tuple[Desired, Desired] | None:
    """What Git says where a change began, and at its tip; None where it has no beginning in the base.

    `files` are known too, whatever they hold.
    """
    start = ground.repository.merge_base(ground.base.commit, found.tip)
    if start is None:
        return None
    before, after = (_desired_with_files(app, ground, environment, commit, files) for commit in (start, found.tip))
    return before, after


def _desired_with_files(
    app: App, ground: Ground, environment: Environment, commit: str, files: Collection[str]
) -> Desired:
    desired = app.desired(ground, environment.path, commit)
    return replace(desired, texts={**read_texts(ground, commit, files), **desired.texts}) if files else desired


def _whose_change(ground: Ground, found: ChangeRef) -> str:
    commits = ground.repository.commits(ground.base.commit, found.tip)
    authors = dict.fromkeys(one.author.partition(" <")[0] for one in commits)
    return f"open change {found.name!r} ({pluralize(len(commits), 'commit')}, by {', '.join(authors)})"


def _proposed_elsewhere(
    app: App, ground: Ground, request: WriteRequest, base: View, writing: Writing, error: NotFound
) -> NotFound:
    """The error, with the open change that adds what the base does not have yet, or what may make its Cluster.

    One that is merely behind has what the base deleted, from its start on, and adds nothing.
    """
    for other in ground.repository.changes(ground.git, ground.base)[:_OTHERS]:
        states = states_of_change(app, ground, base.environment, other)
        if states is None or not _is_found(base, writing, states[1]) or _is_found(base, writing, states[0]):
            continue
        if is_open(ground, other):
            name = other.name
            return NotFound(f"{error}; the open change {name!r} declares it: repeat this with change={name!r}")
    if request.cluster and not base.desired.named("Cluster", request.cluster):
        return with_makers(error, app, ground, base.environment, request.cluster)
    return error


def _is_found(base: View, writing: Writing, desired: Desired) -> bool:
    """Whether a state declares what the request is about."""
    try:
        writing.about(replace(base, desired=desired, proposed=True))
    except GitOpsError:
        return False
    return True
