"""What became of a change by its pull request as well: the forge knows what a squash takes out of Git.

A branch's name may be used again, so a pull request counts only for the life that it was opened in. What the forge
says and Git does not hold is told and moves no state: a merge that is not in the base as it was fetched, or that went
into another base.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitops_mcp.app import Ground
from gitops_mcp.domain.cnpg.notation.moment import parse_time
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.pull_requests import PullRequest
from gitops_mcp.domain.redact import words_of_others
from gitops_mcp.workflows.outcomes import Outcome

_LOST = "Git no longer has its commits, so there is no diff"


@dataclass(frozen=True)
class PulledOutcome:
    outcome: Outcome
    pull: PullRequest | None
    """None: it is of an earlier use of the branch's name."""


def outcome_with_pull(
    ground: Ground, outcome: Outcome | None, pull: PullRequest, *, has_branch: bool
) -> PulledOutcome | None:
    """The state by Git, joined with that of the branch's newest pull request. None: nothing is known of the change."""
    if pull.state == "open":
        return PulledOutcome(_of_open(outcome, pull, has_branch=has_branch), pull)
    head = (ground.repository.pull_head(ground.git, ground.base, pull.number) if has_branch else None) or pull.head
    if outcome is None or _is_of_this_life(ground, outcome, pull, head, has_branch=has_branch):
        made = _joined(ground, outcome, pull, head)
    elif has_branch or not _is_later(outcome, pull):
        return PulledOutcome(outcome, None)
    else:
        made = _joined(ground, None, pull, head)  # what Git knows is of an earlier life
    if made is None:
        return PulledOutcome(outcome, None) if outcome else None
    return PulledOutcome(made, pull)


def _joined(ground: Ground, outcome: Outcome | None, pull: PullRequest, head: str | None) -> Outcome | None:
    return _of_merged(ground, outcome, pull, head) if pull.state == "merged" else _of_closed(outcome, pull, head)


def _of_open(outcome: Outcome | None, pull: PullRequest, *, has_branch: bool) -> Outcome:
    opened = f"pull request #{pull.number} is open"
    if outcome is None:
        return Outcome("in_review", f"{opened}, and its branch is gone; {_LOST}", pull.head or "", None, ())
    if has_branch and outcome.state in {"draft", "pushed"}:
        return replace(outcome, state="in_review", why="; ".join(filter(None, (opened, _in_part(outcome)))))
    if not has_branch and outcome.state == "closed":
        return replace(outcome, state="in_review", why=f"{opened}, and its branch is gone{_after(outcome)}")
    return replace(outcome, why=f"{outcome.why}; {opened}")


def _of_closed(outcome: Outcome | None, pull: PullRequest, head: str | None) -> Outcome:
    closed = f"pull request #{pull.number} was closed without being merged"
    if outcome is None:
        return Outcome("closed", f"{closed}, and its branch is gone; {_LOST}", head or "", None, ())
    if outcome.state in {"draft", "pushed"}:
        return replace(outcome, state="closed", why=f"{closed}; its branch is there{_after(outcome)}")
    if outcome.state == "closed":
        return replace(outcome, why=f"{closed}; {outcome.why}")
    return replace(outcome, why=f"{outcome.why}; {closed.removesuffix(' without being merged')}")


def _of_merged(ground: Ground, outcome: Outcome | None, pull: PullRequest, head: str | None) -> Outcome | None:
    base, repository = ground.base, ground.repository
    merged = f"pull request #{pull.number} is merged"
    if pull.base != base.branch:
        merged += f" into {words_of_others(pull.base, most=100)}, not into {base.branch}"
        return replace(outcome, why=f"{outcome.why}; {merged}") if outcome else None
    if outcome and outcome.state == "merged":
        return replace(outcome, why=f"{outcome.why}; {merged}")
    if outcome and head and head != outcome.tip and repository.has(head):
        later = len(repository.commits(head, outcome.tip))
        if later and not repository.is_ancestor(outcome.tip, head):
            return replace(outcome, why=f"{outcome.why}; {merged}, without the last {pluralize(later, 'commit')}")
    commit = pull.merge_commit or head
    if commit is None or not repository.has(commit) or not repository.is_ancestor(commit, base.commit):
        here = f"which {base.branch} as it is known here does not hold"
        told = f"{merged} as commit {commit[:12]}, {here}" if commit else merged
        return replace(outcome, why=f"{outcome.why}; {told}") if outcome else None
    return _of_merge(ground, commit, head, f"{merged} as commit {commit[:12]} on {base.branch}")


def _of_merge(ground: Ground, commit: str, head: str | None, why: str) -> Outcome:
    """What a merge commit brought, or a squashed commit, or the last of those that were rebased."""
    repository = ground.repository
    chain = repository.first_parents(commit)
    last = chain[0]
    if len(last.parents) > 1:
        own = repository.commits(last.parents[0], last.parents[1])
        return Outcome("merged", why, last.parents[1], repository.merge_base(*last.parents[:2]), own)
    mine = repository.commits(ground.base.commit, head) if head and repository.has(head) else ()
    is_rebased = len(mine) > 1 and all(one.is_copy_of(his) for one, his in zip(chain, mine, strict=False))
    own = chain[: len(mine)] if is_rebased else (last,)
    return Outcome("merged", why, commit, next(iter(own[-1].parents), None), own)


def _is_of_this_life(
    ground: Ground, outcome: Outcome, pull: PullRequest, head: str | None, *, has_branch: bool
) -> bool:
    """By its last commit, which is among those of the change; without a branch also by when it was opened."""
    repository = ground.repository
    own = {outcome.tip, *(one.id for one in outcome.commits or ())}
    if not own.isdisjoint({head, pull.merge_commit}):
        return True
    is_open = outcome.state != "merged"
    if head is not None and is_open and outcome.start and repository.has(head) and repository.has(outcome.tip):
        held = repository.is_ancestor(head, outcome.tip) or repository.is_ancestor(outcome.tip, head)
        if held and not repository.is_ancestor(head, outcome.start):
            return True
    opened, commits = parse_time(pull.created_at), outcome.commits or ()
    if opened is None or not commits or (has_branch and head is not None):
        return False
    # A commit that names a merged change may have been made by the merge.
    return opened >= commits[-1].moment if is_open else opened <= commits[0].moment


def _is_later(outcome: Outcome, pull: PullRequest) -> bool:
    """Whether the pull request was opened after all that is known of the change."""
    opened = parse_time(pull.created_at)
    last = next(iter(outcome.commits or ()), None)
    return opened is not None and last is not None and opened > last.moment


def _in_part(outcome: Outcome) -> str:
    return outcome.why.partition("; ")[2] if "; in part" in outcome.why else ""


def _after(outcome: Outcome) -> str:
    return f"; {part}" if (part := _in_part(outcome)) else ""
