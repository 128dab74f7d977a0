"""The pull request on the road of a write: opened after the first push, and kept true after each further one.

What is to be read is decided before the push, so that behind it only the forge is left to fail. It may: what was pushed
stays, the answer says what is missing and where a person does it by hand, and the same request again finishes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitops_mcp.adapters.forge.interface import Forge
from gitops_mcp.adapters.forge.place import ForgePlace, NoForge
from gitops_mcp.adapters.forge.push_options import PrintedPull, body_room, printed_fault, printed_pull, push_options
from gitops_mcp.adapters.git.publishing.publish import PublishedCommit
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.pull_requests import ShownPullRequest
from gitops_mcp.answers.writes import WriteResult, WrittenPullRequest
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.remote_url import parse_remote_url
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.review_text.proposal import ProposedPart
from gitops_mcp.errors import GitOpsError, NotYet, Unavailable
from gitops_mcp.workflows.compare_page import compare_url, proposal_page
from gitops_mcp.workflows.newest_pull import NEEDS_API, PullSeen
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.delivery.pull_requests.proposals import Addition, proposal_of, with_live_appliers
from gitops_mcp.workflows.writing.delivery.pull_requests.review import FAILED, Done, Review, ReviewOutcome, again
from gitops_mcp.workflows.writing.delivery.which_change import DeliveryTarget

_ESCAPES = 600
"""Bytes that options add to a text in which the two characters of a line break stand."""


@dataclass(frozen=True)
class PullRequestStep:
    """What there is to do about the pull request once a branch is pushed."""

    ground: Ground
    target: DeliveryTarget
    forge: Forge | NoForge | None = None
    """None: no pull request is to be opened."""
    review: Review | None = None
    options: tuple[str, ...] = ()
    """Of the push."""
    unmet: tuple[str, ...] = ()
    """What they cannot say."""
    place: ForgePlace | None = None
    """Where the forge is, with or without a credential."""

    def write_body(self) -> None:
        """The text of the pull request, while git pushes: behind the push it is there already."""
        if self.review and self.forge and not isinstance(self.forge, NoForge):
            self.review.wanted(self.forge.name, self.forge.body_limit - 1)

    def after(self, published: PublishedCommit) -> ReviewOutcome:
        """What became of it. Raises nothing that is ours: the commit is pushed."""
        if not published.pushed:
            text = "is local only (nothing was pushed): ask a person to review, push and merge it"
            return ReviewOutcome(steps=(f"Branch {self.target.branch} {text}",))
        if isinstance(self.forge, NoForge):
            outcome = self._by_options(self.forge, published)
        else:
            outcome = self._settled(is_new=self.target.tip is None, committed=True)
        return replace(outcome, steps=outcome.steps or self._steps(outcome.pull, published))

    def again(self) -> ReviewOutcome:
        """The same where all that is asked for is pushed already."""
        outcome = self._settled(is_new=False, committed=False)
        return replace(outcome, steps=self._steps(outcome.pull) if outcome.pull else ())

    def _settled(self, *, is_new: bool, committed: bool) -> ReviewOutcome:
        if self.forge is None or isinstance(self.forge, NoForge) or self.review is None:
            return ReviewOutcome()
        try:
            if isinstance(fault := self.ground.pulls.get(self.target.branch), GitOpsError):
                raise fault
            pull = None if is_new else self.forge.pull_of(self.target.branch)
            return self.review.settle(self.forge, pull, committed=committed)
        except NotYet as error:
            text = f"the branch is pushed, and its pull request follows: {error}. The same request again opens it"
            return ReviewOutcome(notices=(Notice("pull-request-follows", text),))
        except GitOpsError as error:
            missing = "without its pull request" if is_new else "and its pull request could not be brought up to date"
            text = f"the branch is pushed and stays, {missing}: {error}{again(error)}"
            return ReviewOutcome(notices=(Notice(FAILED, text),))

    def _by_options(self, none: NoForge, published: PublishedCommit) -> ReviewOutcome:
        """What a push has said of a merge request; only what it names is there."""
        found = printed_pull(published.printed, self.target.branch)
        made = bool(self.options) and published.took_options
        if found is None:
            why = printed_fault(published.printed) or "the push says of none that it has opened" if made else none.why
            why = "the remote takes no push options" if self.options and not made else why
            return ReviewOutcome(steps=self._steps(None, published, f"{why}; {NEEDS_API}" if self.options else why))
        if made:
            pull = _printed(found, "created", by="whoever pushes, by options of the push")
            return ReviewOutcome(pull, tuple(Notice("pull-request-unmet", one) for one in self.unmet))
        text = f"the text of {found.url} is as it was before this commit: {NEEDS_API}"
        told = (Notice("pull-request-text", text),) if none.kind == "gitlab" else ()
        return ReviewOutcome(_printed(found, "unchanged"), told)

    def _steps(
        self, pull: WrittenPullRequest | None, published: PublishedCommit | None = None, why: str = ""
    ) -> tuple[str, ...]:
        base, branch = self.ground.base, self.target.branch
        if pull is not None:
            told = pull.step(base.branch)
            return (told,) if told else ()
        has_host = any(parse_remote_url(one).host for one in self.ground.urls)
        told = f" (none was opened: {why})" if why and has_host else ""
        url = compare_url(self.ground.url, base.branch, branch, fork=base.home_url, place=self.place)
        if url:
            step = f"Open a pull request for review: {url}{told}"
        else:
            step = f"Ask a person to review and merge branch {branch} into {base.branch}{told}"
        said = published.printed if published else ""
        return (step, f"The remote printed (untrusted text): {cut_text(redact_text(said), 600)}") if said else (step,)


def _printed(found: PrintedPull, outcome: Done, *, by: str | None = None) -> WrittenPullRequest:
    return WrittenPullRequest(number=found.number, url=found.url, state="open", outcome=outcome, by=by)


def with_its_pull_request(
    app: App, ground: Ground, view: View, target: DeliveryTarget, plan: Plan, done: WriteResult
) -> WriteResult:
    """The answer to a request of which all is pushed: what failed of its pull request the last time is done now."""
    step = pull_request_step(app, ground, view, target, plan, None, "")
    outcome = step.again()
    if isinstance(step.forge, NoForge) and step.forge.kind and target.tip:
        page = proposal_page(app, ground, target.branch, target.tip)
        needed = f"; {NEEDS_API}" if step.forge.kind == "gitlab" else ""
        outcome = replace(outcome, steps=(f"A person {page.step} ({step.forge.why}{needed})",) if page else ())
    told = {"warnings": [*outcome.notices, *done.warnings], "next": [*outcome.steps, *done.next]}
    return done.model_copy(update={"pull_request": outcome.pull, **told})


def pull_request_step(
    app: App, ground: Ground, view: View, target: DeliveryTarget, plan: Plan, after: Desired | None, message: str
) -> PullRequestStep:
    """What is to be said of a change, before anything is pushed; `after`: as the plan leaves it, where it changes."""
    if not ground.base.pushes or (after is not None and not plan.files):
        return PullRequestStep(ground, target)
    place = app.forge_place(ground)
    step = PullRequestStep(ground, target, place=place.place if isinstance(place, NoForge) else place)
    never = ground.settings.pull_requests.open == "never"
    if never and target.tip is None:
        return step
    forge = app.forge(ground)
    if never and isinstance(forge, NoForge):
        return step
    step = replace(step, forge=forge)
    none = forge if isinstance(forge, NoForge) else None
    if none and not (none.kind == "gitlab" and none.place and plan.files and _may_make_one(ground, target)):
        return step
    tip = target.open.tip if target.open else None
    added = None
    if after is not None and plan.files:
        part = _judged_by_plan(app, ground, view, plan, after) if tip is None else None
        added = Addition(message, plan, view.desired.commit, part)
    proposal = proposal_of(app, ground, change=target.change, branch=target.branch, tip=tip, added=added, api=view.api)
    step = replace(step, review=Review(ground, proposal, plan.warnings))
    return _with_options(step, none.place) if none and none.place else step


def _with_options(step: PullRequestStep, place: ForgePlace) -> PullRequestStep:
    if step.review is None:
        return step
    bare = replace(step.review.wanted("GitLab", 0, bytes_=True), body="")
    wanted = step.review.wanted("GitLab", body_room(bare, place) - _ESCAPES, bytes_=True)
    options = push_options(wanted, place)
    return replace(step, options=options.values, unmet=options.unmet)


def _may_make_one(ground: Ground, target: DeliveryTarget) -> bool:
    """Whether the branch is known to have no merge request, whose text options would write over."""
    if target.tip is None:
        return True
    heads = ground.repository.proposed(ground.git, ground.base)
    return heads is not None and target.change not in heads


def _judged_by_plan(app: App, ground: Ground, view: View, plan: Plan, after: Desired) -> ProposedPart:
    name, objects = view.environment.name, changed_objects(view.desired, after)
    part = ProposedPart(name, view.desired, after, objects, plan.impact, plan.validated_by, plan.operator)
    return with_live_appliers(app, ground, part, view.api)


def closed_pull(
    app: App, ground: Ground, branch: str, tip: str, seen: PullSeen, *, dry_run: bool
) -> tuple[ShownPullRequest | None, list[Notice]]:
    """The pull request of a change that is discarded, closed; of a dry run, the one that would be.

    It is closed before the branch goes: killed between the two, the same call finds the branch and goes on. Raises
    Unavailable where the forge does not answer; where it says no, the branch may go all the same.
    """
    if not ground.base.pushes:
        return None, []
    forge = app.forge(ground)
    if isinstance(forge, NoForge):
        return None, _left_open(app, ground, forge, branch, tip)
    try:
        if seen.fault:
            raise seen.fault
        if seen.pull is None or seen.pull.state != "open":
            return None, []
        pull = seen.pull if dry_run else forge.close(seen.pull)
    except Unavailable as error:
        raise Unavailable(f"nothing was changed, since its pull request comes first: {error}") from error
    except GitOpsError as error:
        text = f"its pull request was not closed, and the forge may do so when the branch goes: {error}"
        return None, [Notice("pull-request-open", text)]
    return ShownPullRequest.of(pull, base=ground.base.branch), []


def _left_open(app: App, ground: Ground, none: NoForge, branch: str, tip: str) -> list[Notice]:
    """What a person closes where nothing gives the right to."""
    page = proposal_page(app, ground, branch, tip) if none.kind else None
    if page and page.number:
        text = f"pull request #{page.number} of {branch} stays open, unless the forge closes it: {page.url}"
    elif none.kind == "gitlab" and ground.settings.pull_requests.open != "never":
        text = f"a merge request of {branch} stays open, if there is one, until a person closes it"
    else:
        return []
    return [Notice("pull-request-open", f"{text}: {NEEDS_API}" if none.kind == "gitlab" else text)]
