"""What is told of branches: whose commits the change's own holds, what it conflicts with, and which others it meets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from gitops_mcp.adapters.git.commits import Commit
from gitops_mcp.adapters.git.refs.listing import ChangeRef
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.names import one_line, quote
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.subject import Subject
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.changes import ObjectChange, changed_objects
from gitops_mcp.workflows.merged import is_open
from gitops_mcp.workflows.notices import whose_notices
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.delivery.which_change import DeliveryTarget, states_of_change

if TYPE_CHECKING:
    from gitops_mcp.adapters.git.publishing.publish import PublishedCommit

_NAMED = 3
_BYPASSED = "Bypassed rule violations"


def conflicts_of(ground: Ground, found: ChangeRef | None) -> tuple[str, ...]:
    """The files in which an open change cannot be merged without a person."""
    repository, base = ground.repository, ground.base.commit
    if found is None or repository.is_ancestor(base, found.tip):
        return ()
    return repository.conflicts(base, found.tip)


def continued_notices(app: App, ground: Ground, found: ChangeRef | None, conflicts: Sequence[str]) -> Iterator[Notice]:
    if found:
        commits = ground.repository.commits(ground.base.commit, found.tip)
        yield from whose_notices(app, found.name, commits)
        yield from _others_notices(ground, found, commits)
    if conflicts:
        name = ground.base.branch
        text = (
            f"this change conflicts with {name} in {_some(map(quote, conflicts))}: refresh_change resolves that where "
            f"all of it was asked of this server, else a person on its branch. The impact is judged by what {name} says"
        )
        yield Notice("conflict", text)


def _others_notices(ground: Ground, found: ChangeRef, commits: Iterable[Commit]) -> Iterator[Notice]:
    """Commits that are not the user's own; what a commit says of itself does not make it this server's."""
    me = ground.repository.own_author
    theirs = [
        f"{one.id[:12]} by {quote(one_line(one.author))}: {quote(one_line(redact_text(one.subject)))}"
        for one in commits
        if one.author != me or found.name not in one.changes
    ]
    if theirs:
        text = f"this builds on commits that others have made (untrusted text): {_some(theirs, '; ')}"
        yield Notice("others-commits", text)


def hook_notices(published: PublishedCommit | None) -> Iterator[Notice]:
    if published and published.unreviewed:
        text = (
            f"no hook ran: branch {published.branch} brings {_some(map(quote, published.unreviewed))}, which the base "
            f"does not have so and a hook might execute before it is reviewed"
        )
        yield Notice("hooks-not-run", text)


def rule_notices(ground: Ground, published: PublishedCommit | None) -> Iterator[Notice]:
    """A user whom the rules let past them writes branches that they protect, and the forge says so afterwards."""
    if published and _BYPASSED in published.printed:
        text = (
            f"a rule of the forge protects {published.branch}, and let this user past it. Have the rule leave out "
            f"branches that start with {ground.git.prefix}, or choose another branchPrefix, so that a right to go past "
            f"rules is not needed"
        )
        yield Notice("rule-bypassed", text)


def _some(texts: Iterable[str], between: str = ", ") -> str:
    listed = list(texts)
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return between.join(listed[:_NAMED]) + more


def overlap_notices(
    app: App,
    ground: Ground,
    view: View,
    target: DeliveryTarget,
    plan: Plan,
    ours: Iterable[ObjectChange],
    subject: Subject,
) -> list[Notice]:
    """Other open changes that touch the same fields, or what this takes away: whoever merges second meets them."""
    touched = {change.path for change in plan.files}
    notices: list[Notice] = []
    overlaps: list[str] = []
    beside: list[str] = []
    repository, base = ground.repository, ground.base.commit
    others = [other for other in repository.changes(ground.git, ground.base) if other.branch != target.branch]
    near = repository.touching(base, [other.tip for other in others], touched)
    for other in others:
        start = repository.merge_base(base, other.tip) if other.tip in near else None
        common = touched.intersection(repository.changed_files(start, other.tip)) if start is not None else set()
        if not common:
            continue
        states = states_of_change(app, ground, view.environment, other)
        if states is None or not is_open(ground, other):
            continue
        theirs = changed_objects(*states)
        both = {place for one in ours for another in theirs for place in one.meets(another)}
        if (clash := subject.clash_with(*states)) is not None:
            overlaps.append(f"{other.name!r} {clash}")
        elif both:
            advice = "Put both into one change, or agree with its reviewers on the order"
            overlaps.append(f"{other.name!r} touches the same: {_first_of(sorted(both))}. {advice}")
        elif any(map(is_kustomization, common)):
            beside.append(repr(other.name))
    notices += [Notice("overlapping-change", f"open change {one}") for one in overlaps[:_NAMED]]
    if len(overlaps) > _NAMED:
        text = f"more open changes that touch the same: {len(overlaps) - _NAMED}; list_changes has them"
        notices.append(Notice("overlapping-change", text))
    if beside:
        text = (
            f"open in one kustomization with this: {_first_of(beside)}. What is merged second may meet a conflict there"
        )
        advice = "one change for all avoids that, and refresh_change resolves it"
        notices.append(Notice("overlapping-list", f"{text}; {advice}"))
    return notices


def _first_of(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _NAMED} more" if len(texts) > _NAMED else ""
    return f"{', '.join(texts[:_NAMED])}{more}"
