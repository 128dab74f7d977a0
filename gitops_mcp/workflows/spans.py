"""The commits of a change, with what became of it, and what can be read from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_mcp.adapters.git.commits import Commit
from gitops_mcp.adapters.git.contents.files import GitFile
from gitops_mcp.adapters.git.refs.listing import ChangeRef
from gitops_mcp.adapters.git.refs.seen import first_seen
from gitops_mcp.answers.changes import ChangeState
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import Ground
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.names import is_change_name, suggest
from gitops_mcp.domain.plans.message import message_parts
from gitops_mcp.domain.pull_requests import PullRequest
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import GitOpsError, NotFound, Refused
from gitops_mcp.workflows.outcomes import last_tips, outcome_of_branch, outcome_without_branch, seen_at
from gitops_mcp.workflows.pull_outcomes import PulledOutcome, outcome_with_pull

_NO_HEADS: Mapping[str, str] = {}


_LATER = re.compile(r"; (?:its branch is gone|pull request #)")
"""What is told anew each time, behind how the base holds a change."""


@dataclass(frozen=True)
class Span:
    """The commits of a change: all that came after `start`, up to `tip`."""

    name: str
    branch: str
    start: str | None
    tip: str
    state: ChangeState
    why: str
    commits: tuple[Commit, ...]
    in_part: bool = False
    """Whether the base has since changed a part of it."""
    pull: PullRequest | None = None
    half: bool = False
    """It is open, and a part of it is on the base."""


def find_span(ground: Ground, name: str, pull: PullRequest | None = None) -> Span:
    """A change by its branch, else by all that is known of it still; `pull` is the forge's newest of that branch."""
    if found := ground.repository.change(ground.git, ground.base, name):
        span: Span | None = span_of(ground, found, pull)
    else:
        check_within(ground, name)
        heads = ground.repository.proposed(ground.git, ground.base) or _NO_HEADS
        span = span_without_branch(ground, name, heads, pull)
    if span is None:
        raise unknown_change(ground, name)
    if not is_within(ground, span):
        raise _outside(name)
    return span


def is_within(ground: Ground, span: Span) -> bool:
    """Whether the caller may know of a change: all that it touches lies within their rights."""
    return ground.reach is None or ground.reach.holds_change(span.start, span.tip, span.commits)


def shown_commit(ground: Ground, commit: Commit) -> Commit:
    """A commit of the base as the caller may read of it: of one that reaches outside of their rights, no words."""
    if ground.reach is None or ground.reach.holds_commit(commit):
        return commit
    return replace(commit, subject="(it changes objects outside of what you may see too)", body="", trailers=())


def is_outside(ground: Ground, name: str) -> bool:
    """Whether there is a change with this name that the caller may not know more of."""
    if (whole := ground.whole) is None:
        return False
    if found := ground.repository.change(ground.git, ground.base, name):
        return not is_within(ground, span_of(ground, found))
    return whole.repository.change(whole.git, whole.base, name) is not None


def check_within(ground: Ground, name: str) -> None:
    """Raises Refused for the name of a change that lies outside of what the caller may know."""
    if is_outside(ground, name):
        raise _outside(name)


def _outside(name: str) -> Refused:
    return Refused(
        f"change {name!r} touches objects that lie outside of what you may see or change, so nothing of it is shown "
        f"or done. Ask somebody whose groups have all of them, or name another change"
    )


def span_of(ground: Ground, found: ChangeRef, pull: PullRequest | None = None) -> Span:
    outcome = outcome_of_branch(ground, found)
    joined = outcome_with_pull(ground, outcome, pull, has_branch=True) if pull else None
    return _span(ground, found.name, joined or PulledOutcome(outcome, None))


def span_without_branch(
    ground: Ground, name: str, heads: Mapping[str, str], pull: PullRequest | None = None
) -> Span | None:
    """A change whose branch is gone; `heads` are the last commits of pull requests, by change."""
    outcome = outcome_without_branch(ground, name, last_tips(ground, name, heads))
    joined = outcome_with_pull(ground, outcome, pull, has_branch=False) if pull else None
    joined = joined or (PulledOutcome(outcome, None) if outcome else None)
    return _span(ground, name, joined) if joined else None


def _span(ground: Ground, name: str, joined: PulledOutcome) -> Span:
    outcome, commits = joined.outcome, joined.outcome.commits
    if commits is None:
        commits = ground.repository.commits(ground.base.commit, outcome.tip)
    branch = ground.git.prefix + name
    return Span(
        name,
        branch,
        outcome.start,
        outcome.tip,
        outcome.state,
        outcome.why,
        commits,
        half=outcome.half,
        pull=joined.pull,
    )


def note_spans(ground: Ground, spans: Iterable[Span], objects: Sequence[str] = ()) -> None:
    """Keeps what tells later, without the commits, what became of these changes."""
    repository, base = ground.repository, ground.base
    new = {}
    for span in spans:
        place = base.home if base.home and base.pushes else ""
        seen = base.seen.get(span.branch) or first_seen(span.tip, place)
        if span.branch not in base.seen and span.tip in repository.recent(base.commit).by_id:
            continue  # the base itself tells
        if span.start is None or seen.tip != span.tip or not span.commits or (seen.start and seen.merged):
            continue
        if not seen.start:
            patches = repository.patches(base.commit, span.tip)
            own = tuple(replace(one, body="") for one in span.commits[:20])
            files = repository.changed_files(span.start, span.tip)
            seen = replace(seen, start=span.start, patches=patches, commits=own, files=files)
        if span.state == "merged":
            seen = replace(seen, merged=base.commit, why=_LATER.split(span.why, maxsplit=1)[0])
        new[span.branch] = replace(seen, objects=tuple(objects) or seen.objects)
    repository.note(ground.git, base, new)


def paths_of(ground: Ground, span: Span) -> tuple[str, ...]:
    """The files that a change touches, also where git has collected its commits."""
    if span.start:
        return ground.repository.changed_files(span.start, span.tip)
    seen = seen_at(ground, span.name, span.tip)
    return seen.files if seen else ()


def files_of(ground: Ground, span: Span, paths: Sequence[str]) -> list[FileChange]:
    if span.start is None:
        return []
    old = ground.repository.read_many(span.start, paths)
    new = ground.repository.read_many(span.tip, paths)

    def text(files: dict[str, GitFile], path: str) -> str | None:
        return files[path].data.decode("utf-8", errors="replace") if path in files else None

    return [FileChange(path, text(old, path), text(new, path)) for path in paths]


def trailer_of(commit: Commit, key: str) -> str | None:
    return next((value for name, value in commit.trailers if name == key), None)


def impact_of(commits: Iterable[Commit]) -> Level:
    levels: dict[str, Level] = {level.label: level for level in Level}
    return max(
        (levels.get(trailer_of(one, "Gitops-Mcp-Impact") or "", Level.NONE) for one in commits), default=Level.NONE
    )


def impact_reasons(commits: Iterable[Commit]) -> list[str]:
    """The lines below `Impact:` in the messages of this server's own commits."""
    own = (message_parts(one.message) for one in commits if trailer_of(one, "Gitops-Mcp-Impact") is not None)
    reasons = (cut_text(redact_text(text), 200) for one in own if one for text in one.impact)
    return list(dict.fromkeys(reasons))[:20]


def unknown_change(ground: Ground, name: str) -> GitOpsError:
    if fault := ground.base.fault:
        return fault.with_text(f"change: whether there is a change {name!r} is not known: {fault}")
    named = ground.repository.recent(ground.base.commit).changes if ground.reach is None else ()
    recent = filter(is_change_name, named)
    open_ones = (one for one in ground.base.changes if ground.reach is None or is_within(ground, span_of(ground, one)))
    known = [*(one.name for one in open_ones), *recent]
    near = suggest(name, known) if known else "none is known here; list_changes state=all says which may not be"
    return NotFound(f"change: there is no change {name!r}; {near}")
