"""One look at a change: all that Git, the forge, the engine and the API say of it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gitops_mcp.answers.changes import LiveObject
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.live.engine_states.standing import AGAIN
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.pull_standing import PullStanding
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.compare_page import ProposalPage, proposal_page
from gitops_mcp.workflows.left_secrets import take_back_secrets
from gitops_mcp.workflows.newest_pull import PullSeen, span_seen
from gitops_mcp.workflows.notices import base_warnings
from gitops_mcp.workflows.outcomes import seen_at
from gitops_mcp.workflows.reading.changes.promotion import SeenPromotion, read_promotions
from gitops_mcp.workflows.reading.changes.pull import read_pull, standing_of
from gitops_mcp.workflows.reading.changes.state import Behind, follow_spans
from gitops_mcp.workflows.spans import Span, note_spans

OPEN = frozenset({"draft", "pushed", "in_review", "empty"})
_AFTERWARDS = {
    "applied": "get_cluster_status says how the cluster is, what is wrong and what to do",
    "failed": "get_cluster_status says how the cluster is, what is wrong and what to do",
    "reverted": "It is not waited for any more: make a new change, if it is still wanted",
    "superseded": "It is not waited for any more: the base has been changed since",
}


@dataclass(frozen=True)
class ChangeLook:
    ground: Ground
    span: Span
    objects: list[LiveObject]
    behind: Behind
    seen: PullSeen
    warnings: tuple[Notice, ...]
    conflicts: tuple[str, ...] = ()
    standing: PullStanding | None = None
    """Of its pull request, while that is open."""
    promotions: tuple[SeenPromotion, ...] = ()
    """What is left to be brought from one branch to another."""
    page: ProposalPage | None = None
    """Of an open change on the remote."""

    @property
    def is_open(self) -> bool:
        return self.span.state in OPEN

    @property
    def has_tip(self) -> bool:
        """Whether it is open, and Git has its last commit."""
        return self.is_open and self.span.start is not None


def look_at_change(app: App, name: str, known: PullSeen | None = None) -> ChangeLook:
    """`known`: what an earlier look has got from the forge and what cannot be otherwise by now."""
    ground = app.ground(fetch=True)
    take_back_secrets(app, ground)
    warnings = base_warnings(ground)
    apis = ApisOnce(app, ground.settings)
    seen = known or read_pull(app, ground, ground.git.prefix + name, warnings)
    found = span_seen(ground, name, seen)
    [(span, objects, behind)] = follow_spans(apis, ground, [found], warnings)
    note_spans(ground, [found], [one.object for one in objects])
    if span.start is None and (noted := seen_at(ground, name, span.tip)):
        lost = "git has garbage-collected the commits that say what it should be"
        objects = [LiveObject(object=one, state="unknown", detail=lost) for one in noted.objects]
    promotions = read_promotions(app, ground, behind.promotions, seen, warnings)
    told = tuple(without_repeats([*warnings, *apis.unreadable]))
    page = proposal_page(app, ground, span.branch, span.tip) if span.state == "pushed" else None
    return with_standing(ChangeLook(ground, span, objects, behind, seen, told, promotions=promotions, page=page))


def with_standing(look: ChangeLook) -> ChangeLook:
    """The same with what an open change conflicts with, and what its pull request waits for."""
    ground, span, pull = look.ground, look.span, look.span.pull
    conflicts = ground.repository.conflicts(ground.base.commit, span.tip) if look.has_tip else ()
    standing = standing_of(ground, span, look.seen, conflicts)
    if standing and pull:
        span = replace(span, why=standing.why + span.why.removeprefix(f"pull request #{pull.number} is open"))
    elif span.state == "pushed" and look.seen.forge and not look.seen.fault and pull is None:
        span = replace(span, why=f"{span.why}; no pull request of it is open")
    return replace(look, span=span, conflicts=conflicts, standing=standing)


def without_repeats(warnings: Iterable[Notice]) -> list[Notice]:
    return list(dict.fromkeys(warnings))[:20]


def next_steps(look: ChangeLook) -> list[str]:
    """Who has to do what."""
    span, base = look.span, look.ground.base.branch
    match span.state:
        case "in_review":
            steps = [look.standing.next] if look.standing else []
        case "pushed":
            steps = [_with_conflicts(look, f"merges it into {base}{_opening(look)}")]
        case "draft":
            steps = [_with_conflicts(look, f"pushes it and merges it into {base}")]
        case "empty":
            here = f"A request with change={span.name} starts there"
            steps = [f"{here}; discard_change removes a branch that this server made"]
        case "closed":
            steps = list(_after_closing(look))
        case _:
            steps = list(_after_merge(look))
    return steps


def _after_closing(look: ChangeLook) -> Iterator[str]:
    pull = look.span.pull
    if look.ground.repository.change(look.ground.git, look.ground.base, look.span.name):
        reopened = f"A person reopens pull request #{pull.number} at {pull.url}, or " if pull else ""
        yield f"{reopened}discard_change removes its branch"


def _after_merge(look: ChangeLook) -> Iterator[str]:
    state, step, pull = look.span.state, look.behind.next, look.span.pull
    if state == "merged" and look.promotions:
        yield from (_sentence(one.step) for one in look.promotions)
    elif state == "merged":
        yield _sentence(step or f"{AGAIN} once the engine has applied it")
    elif step and state in {"applied", "failed"}:
        yield _sentence(step)
    if state in _AFTERWARDS:
        yield _AFTERWARDS[state]
    if pull and pull.state == "open":
        yield f"A person closes pull request #{pull.number}, of which nothing is left to merge: {pull.url}"


def _opening(look: ChangeLook) -> str:
    """How it gets a pull request."""
    if look.seen.forge is not None and not look.seen.fault:
        return f"; open_pull_request change={look.span.name} opens its pull request"
    return f"; or {look.page.step}" if look.page else ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _with_conflicts(look: ChangeLook, then: str) -> str:
    if look.conflicts:
        return (
            f"It conflicts with {look.ground.base.branch}: refresh_change change={look.span.name} plans it again on "
            f"{look.ground.base.branch}; else a person resolves that on branch {look.span.branch} and {then}, or "
            f"discard_change removes it and the request is made again"
        )
    return f"A person reviews branch {look.span.branch} and {then}"
