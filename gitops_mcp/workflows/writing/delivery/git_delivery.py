"""plan -> check -> deliver: the one road for every write, and its end in Git; `direct` has the other one.

This module plans a request on the tip of the change that it belongs to, decides whether its plan may pass, and
publishes it: as one commit on the change's branch, by compare-and-swap. It is planned once an attempt; another
writer's faster push means another attempt on the branch's new tip.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops_mcp.adapters.git.refs.listing import ChangeRef
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App, Ground
from gitops_mcp.caller import call_until, pause
from gitops_mcp.config import Environment
from gitops_mcp.domain.names import check_change_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.plans.asked import LONGEST
from gitops_mcp.domain.plans.confirmation import require_allowed_namespace, require_confirmation
from gitops_mcp.domain.plans.governing import check_governed, unchanged_off_base
from gitops_mcp.domain.plans.message import commit_message
from gitops_mcp.domain.plans.plaintext import check_no_plaintext
from gitops_mcp.domain.plans.plan import NO_TRAILERS, Plan
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.hydrated import check_not_written_by_hydrator, hydrated_by, hydrated_refusal
from gitops_mcp.errors import NotFound, NotSeen, Raced, Refused, Unavailable
from gitops_mcp.watch import note
from gitops_mcp.workflows.left_secrets import take_back_secrets
from gitops_mcp.workflows.notices import base_warnings, push_notices
from gitops_mcp.workflows.view import View, view_at
from gitops_mcp.workflows.writing.delivery.answer import delivered_answer
from gitops_mcp.workflows.writing.delivery.branch_notices import conflicts_of, continued_notices, overlap_notices
from gitops_mcp.workflows.writing.delivery.engine_notices import engine_notices
from gitops_mcp.workflows.writing.delivery.validation import Limits, validate_plan
from gitops_mcp.workflows.writing.delivery.which_change import DeliveryTarget, find_target, states_of_change
from gitops_mcp.workflows.writing.request import PATIENCE, NotDelivered, Patience, Settle, WriteRequest, Writing

if TYPE_CHECKING:
    from gitops_mcp.adapters.git.publishing.publish import PublishedCommit
    from gitops_mcp.workflows.writing.delivery.pull_requests.review import ReviewOutcome
    from gitops_mcp.workflows.writing.delivery.pull_requests.step import PullRequestStep


def deliver(app: App, request: WriteRequest, writing: Writing | Settle) -> WriteResult:
    """What became of a request. Raises one of our errors, and then nothing has changed."""
    if app.replayed:
        raise NotDelivered(request, writing)
    if request.change is not None:
        check_change_name(request.change)
    patience = Patience(PATIENCE)
    attempt = 0
    seen: object = None
    while True:
        attempt += 1
        ground = app.ground(fetch=True)
        take_back_secrets(app, ground)
        try:
            settled = (request, writing) if isinstance(writing, Writing) else _settled(app, ground, writing)
            return _deliver_once(app, ground, *settled, patience)
        except Raced as error:
            note("race")
            standing = (ground.base.commit, ground.base.changes)
            if isinstance(error, NotSeen) and standing == seen:
                raise Refused(
                    f"{ground.base.home} has refused the push twice while a fetch saw its branches stand still, so "
                    f"what is pushed to is not what is fetched from (a mirror that lags?): {error}"
                ) from error
            seen = standing
            if attempt > 1 and patience.is_over:
                raise Unavailable(
                    f"other writers were faster, {attempt} times in {PATIENCE:g} s: try again "
                    f"later. What happened last: {error}"
                ) from error
        pause(random.uniform(0, min(0.02 * attempt, 1.0)))  # noqa: S311 - spreads writers that raced, no secret


def _deliver_once(app: App, ground: Ground, request: WriteRequest, writing: Writing, patience: Patience) -> WriteResult:
    environment = app.environment(ground.settings, request.environment)
    if environment.delivery == "direct":
        from gitops_mcp.workflows.writing.delivery.direct.delivery import apply_directly

        return apply_directly(app, ground, environment, request, writing, patience)
    attempt = _Attempt.of(app, ground, environment, request, writing)
    plan, after = attempt.judge(attempt.plan())
    plan = plan.warned(attempt.view.api.unreadable)
    requests, unkept = _kept_requests(app, environment, plan)
    if plan.files:
        plan = plan.warned(unkept)
        attempt.check_push()
        plan = plan.warned(push_notices(ground))
    if request.dry_run:
        ground.repository.check_writable(attempt.view.desired.commit, plan.contents)
        return attempt.answer(plan)
    if plan.unchanged:
        return attempt.unchanged(plan)
    return attempt.publish(plan, after, requests)


@dataclass(frozen=True)
class _Attempt:
    """A request on the ground of one attempt: the change that it belongs to, and what it is planned on."""

    app: App
    ground: Ground
    request: WriteRequest
    writing: Writing
    base: View
    target: DeliveryTarget
    builds_on: ChangeRef | None
    """The open change whose tip it is planned on; None: on the base."""
    view: View
    conflicts: tuple[str, ...]

    @classmethod
    def of(
        cls, app: App, ground: Ground, environment: Environment, request: WriteRequest, writing: Writing
    ) -> _Attempt:
        base = view_at(app, ground, environment, ground.base.commit, proposed=False)
        target = find_target(app, ground, request, base, writing)
        builds_on = None if writing.on_base else target.open
        view = _view_to_plan_on(app, ground, base, target, builds_on)
        conflicts = conflicts_of(ground, builds_on)
        return cls(app, ground, request, writing, base, target, builds_on, view, conflicts)

    def plan(self) -> Plan:
        """The plan, where it may be made at all."""
        ground, view, environment = self.ground, self.view, self.view.environment
        plan = _run_planner(self.app, ground, self.base, view, self.writing, self.target)
        plan = require_allowed_namespace(plan, namespaces=environment.namespaces, cut=environment.cut)
        check_no_plaintext(plan.files)
        if found := hydrated_by(view.desired, plan.contents):
            raise hydrated_refusal(ground.base.branch, found, view.source.read_files([found]).get(found, ""))
        check_not_written_by_hydrator(view.desired, ground.base.branch, plan.contents)
        if plan.writes and environment.protected:
            from gitops_mcp.workflows.writing.delivery.secrets import unprotected_only

            raise unprotected_only(environment)
        told = [*base_warnings(ground), *_folder_warnings(ground, view), *_wait_notices(self.request)]
        plan = plan.warned([*self.target.notices, *told])
        return unchanged_off_base(view.desired, plan)

    def judge(self, plan: Plan) -> tuple[Plan, Desired | None]:
        """The plan with its impact and what is to be minded, and what is declared then, where it changes anything."""
        after = None if plan.unchanged else desired_after(self.view.desired, plan.files)
        if after is not None:
            plan = self._judge_change(plan, after)
        noticed = continued_notices(self.app, self.ground, self.builds_on, self.conflicts)
        return replace(plan, warnings=(*noticed, *plan.warnings)), after

    def _judge_change(self, plan: Plan, after: Desired) -> Plan:
        app, ground, view, request = self.app, self.ground, self.view, self.request
        ours = changed_objects(view.desired, after)
        first = check_governed(view.desired, after, plan.files)
        plan = replace(plan, warnings=(*first, *(one for one in plan.warnings if one not in first)))
        limits = Limits.of(view, from_base=bool(self.conflicts))
        plan = validate_plan(plan, ours, after, view.api, limits=limits, base=view.base)
        plan = require_confirmation(
            plan, confirmed=request.confirmed, outage_confirmed=request.outage_confirmed, dry_run=request.dry_run
        )
        plan = plan.warned(overlap_notices(app, ground, view, self.target, plan, ours, self.writing.about(view)))
        return plan.warned(engine_notices(app, ground, view, after, ours))

    def check_push(self) -> None:
        """Raises where its commit could not go where it belongs."""
        base = self.ground.base
        if base.fault and base.pushes and not self.request.dry_run:
            raise type(base.fault)(f"nothing was pushed: {base.fault}")
        self.ground.repository.check_push(self.ground.git, base, self.target.branch)

    def unchanged(self, plan: Plan) -> WriteResult:
        done = self.answer(plan)
        if not self.target.open:
            return done
        from gitops_mcp.workflows.writing.delivery.pull_requests.step import with_its_pull_request

        return with_its_pull_request(self.app, self.ground, self.view, self.target, plan, done)

    def publish(self, plan: Plan, after: Desired | None, requests: list[str]) -> WriteResult:
        from gitops_mcp.workflows.writing.delivery.pull_requests.step import pull_request_step

        ground, target, request = self.ground, self.target, self.request
        with _written_secrets(self.app, ground, self.view.environment, plan, target.change) as trailers:
            message = commit_message(
                plan,
                tool=request.tool,
                change=target.change,
                reason=request.reason or plan.reason,
                requester=self.app.caller.name,
                trailers=trailers,
                requests=requests,
            )
            step = pull_request_step(self.app, ground, self.view, target, plan, after, message)
            published = self._commit(plan, message, step) if plan.files else None
        with call_until(None):
            return self.answer(plan, published, step.after(published) if published else None)

    def _commit(self, plan: Plan, message: str, step: PullRequestStep) -> PublishedCommit:
        from gitops_mcp.adapters.git.publishing.publish import publish

        ground, target = self.ground, self.target
        return publish(
            ground.repository,
            ground.git,
            base=ground.base,
            branch=target.branch,
            expected=target.tip,
            parent=self.builds_on.tip if self.builds_on else ground.base.commit,
            onto=target.tip if self.writing.on_base else None,
            files=plan.contents,
            message=message,
            options=step.options,
            meanwhile=step.write_body,
        )

    def answer(
        self, plan: Plan, published: PublishedCommit | None = None, review: ReviewOutcome | None = None
    ) -> WriteResult:
        environment, dry_run = self.view.environment, self.request.dry_run
        return delivered_answer(self.ground, environment, self.target, plan, published, review, dry_run=dry_run)


def _settled(app: App, ground: Ground, settle: Settle) -> tuple[WriteRequest, Writing]:
    request, writing = settle(ground)
    environment = app.environment(ground.settings, request.environment)
    if environment.delivery == "direct":
        raise Refused(
            f"{request.tool}: environment {environment.name!r} is changed directly, so nothing of it is a change in "
            f"Git; ask the tool for what is wanted there"
        )
    return request, writing


def _kept_requests(app: App, environment: Environment, plan: Plan) -> tuple[list[str], list[Notice]]:
    """The lines that the commit keeps of what was asked, and what is told where that is too long."""
    asked = plan.requests or ((app.asked.in_environment(environment.name),) if app.asked else ())
    lines = [one.line for one in asked]
    if all(len(line) <= LONGEST for line in lines):
        return lines, []
    text = f"the request is longer than a commit keeps ({LONGEST} characters)"
    return [], [Notice("request-not-kept", f"{text}, so refresh_change and repeat_change cannot follow it")]


def _view_to_plan_on(app: App, ground: Ground, base: View, target: DeliveryTarget, found: ChangeRef | None) -> View:
    if found is None:
        return base
    tip, branch = found.tip, target.branch
    return view_at(app, ground, base.environment, tip, proposed=True, branch=branch, api=base.api)


def _written_secrets(
    app: App, ground: Ground, environment: Environment, plan: Plan, change: str
) -> AbstractContextManager[Mapping[str, str]]:
    """What writes Secrets is loaded only where the plan has any."""
    if not plan.writes:
        return nullcontext(NO_TRAILERS)
    from gitops_mcp.workflows.writing.delivery.secrets import write_secrets

    return write_secrets(app, ground, environment, plan, change=change)


def _run_planner(app: App, ground: Ground, base: View, view: View, writing: Writing, target: DeliveryTarget) -> Plan:
    """The plan; what the change has taken away already is no fault of the request that asks for it once more."""
    try:
        return writing.plan(view)
    except NotFound:
        if target.open is None:
            raise
        subject, states = writing.about(base), states_of_change(app, ground, base.environment, target.open)
        if states is None or not subject.is_removed(*states):
            raise
        text = f"change {target.change!r} takes {subject.target} away already"
        return Plan(text, subject.target, unchanged=text)


def _folder_warnings(ground: Ground, view: View) -> list[Notice]:
    if ground.repository.has_folder(view.desired.commit, view.environment.path):
        return []
    where = f"the folder {view.environment.path} of environment {view.environment.name!r}"
    return [Notice("environment-folder-missing", f"{where} is not there yet: check its path in .gitops-mcp.yaml")]


def _wait_notices(request: WriteRequest) -> list[Notice]:
    text = "wait and timeout act in direct delivery only; nothing was waited for"
    return [Notice("wait", text)] if request.wait else []
