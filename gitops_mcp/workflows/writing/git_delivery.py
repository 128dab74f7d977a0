"""plan -> check -> deliver: the one road for every write, and its end in Git; `direct` has the other one.

This module plans a request on the tip of the change that it belongs to, decides whether its plan may pass, and
publishes it: as one commit on the change's branch, by compare-and-swap. It is planned once an attempt; another
writer's faster push means another attempt on the branch's new tip.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from gitops_mcp.adapters.git.publishing.publish import PublishedCommit, publish
from gitops_mcp.adapters.git.ref_listing import ChangeRef
from gitops_mcp.answers.base import DIFF_MAX, TouchedFile, shorten_to_fit
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App, Ground
from gitops_mcp.caller import call_until, pause
from gitops_mcp.config import Environment
from gitops_mcp.domain.diff import shorten_diff
from gitops_mcp.domain.names import check_change_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.plans.asked import LONGEST
from gitops_mcp.domain.plans.confirmation import require_allowed_namespace, require_confirmation
from gitops_mcp.domain.plans.governing import check_governed, unchanged_off_base
from gitops_mcp.domain.plans.message import commit_message
from gitops_mcp.domain.plans.plaintext import check_no_plaintext
from gitops_mcp.domain.plans.plan import NO_TRAILERS, Plan
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.domain.repository.hydrated import check_not_written_by_hydrator, hydrated_by, hydrated_refusal
from gitops_mcp.errors import NotFound, NotSeen, Raced, Refused, Unavailable
from gitops_mcp.workflows.left_secrets import take_back_secrets
from gitops_mcp.workflows.notices import base_warnings, push_notices
from gitops_mcp.workflows.view import View, view_at
from gitops_mcp.workflows.writing.branch_notices import conflicts_of, continued_notices, hook_notices, overlap_notices
from gitops_mcp.workflows.writing.engine_notices import engine_notices
from gitops_mcp.workflows.writing.pull_requests.review import ReviewOutcome
from gitops_mcp.workflows.writing.pull_requests.step import pull_request_step, with_its_pull_request
from gitops_mcp.workflows.writing.request import PATIENCE, NotDelivered, Patience, Settle, WriteRequest, Writing
from gitops_mcp.workflows.writing.validation import Limits, validate_plan
from gitops_mcp.workflows.writing.which_change import DeliveryTarget, find_target, states_of_change


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
            standing = (ground.base.commit, ground.base.changes)
            if isinstance(error, NotSeen) and standing == seen:
                raise Refused(
                    f"{ground.base.home} has refused the push twice while a fetch saw its branches stand still, so "
                    f"what is pushed to is not what is fetched from (a mirror that lags?): {error}"
                ) from error
            seen = standing
            if attempt > 1 and patience.is_over:
                raise Unavailable(
                    f"others kept writing to the same place faster, {attempt} times in {PATIENCE:g} s: try again "
                    f"later. What happened last: {error}"
                ) from error
        pause(random.uniform(0, min(0.02 * attempt, 1.0)))  # noqa: S311 - spreads writers that raced, no secret


def _deliver_once(app: App, ground: Ground, request: WriteRequest, writing: Writing, patience: Patience) -> WriteResult:
    environment = app.environment(ground.settings, request.environment)
    if environment.delivery == "direct":
        from gitops_mcp.workflows.writing.direct.delivery import apply_directly

        return apply_directly(app, ground, environment, request, writing, patience)
    base = view_at(app, ground, environment, ground.base.commit, proposed=False)
    target = find_target(app, ground, request, base, writing)
    builds_on = None if writing.on_base else target.open
    view, conflicts = _view_to_plan_on(app, ground, base, target, builds_on), conflicts_of(ground, builds_on)
    plan = _run_planner(app, ground, base, view, writing, target)
    plan = require_allowed_namespace(plan, namespaces=environment.namespaces)
    check_no_plaintext(plan.files)
    if found := hydrated_by(view.desired, plan.contents):
        raise hydrated_refusal(ground.base.branch, found, view.source.read_files([found]).get(found, ""))
    check_not_written_by_hydrator(view.desired, ground.base.branch, plan.contents)
    if plan.writes and environment.protected:
        from gitops_mcp.workflows.writing.secrets import unprotected_only

        raise unprotected_only(environment)
    plan = plan.warned([*base_warnings(ground), *_folder_warnings(ground, view), *_wait_notices(request)])
    plan, after = unchanged_off_base(view.desired, plan), None
    if not plan.unchanged:
        after = desired_after(view.desired, plan.files)
        ours = changed_objects(view.desired, after)
        first = check_governed(view.desired, after, plan.files)
        plan = replace(plan, warnings=(*first, *(one for one in plan.warnings if one not in first)))
        plan = validate_plan(
            plan, ours, after, view.api, limits=Limits.of(view, from_base=bool(conflicts)), base=view.base
        )
        plan = require_confirmation(plan, confirmed=request.confirmed, dry_run=request.dry_run)
        plan = plan.warned(overlap_notices(app, ground, view, target, plan, ours, writing.about(view)))
        plan = plan.warned(engine_notices(app, ground, view, after, ours))
    plan = replace(plan, warnings=(*continued_notices(ground, builds_on, conflicts), *plan.warnings))
    requests, unkept = _kept_requests(app, environment, plan)
    plan = plan.warned([*view.api.unreadable, *(unkept if plan.files else ())])
    if plan.files:
        if ground.base.fault and ground.base.pushes and not request.dry_run:
            raise type(ground.base.fault)(f"nothing was pushed: {ground.base.fault}")
        ground.repository.check_push(ground.git, ground.base, target.branch)
        plan = plan.warned(push_notices(ground))
    if request.dry_run:
        ground.repository.check_writable(view.desired.commit, plan.contents)
    if plan.unchanged or request.dry_run:
        done = _write_result(ground, environment, target, plan, None, dry_run=request.dry_run)
        return (
            done if request.dry_run or not target.open else with_its_pull_request(app, ground, view, target, plan, done)
        )
    published = None
    with _written_secrets(app, ground, environment, plan, target.change) as trailers:
        message = commit_message(
            plan,
            tool=request.tool,
            change=target.change,
            reason=request.reason or plan.reason,
            requester=app.caller.name,
            trailers=trailers,
            requests=requests,
        )
        step = pull_request_step(app, ground, view, target, plan, after, message)
        if plan.files:
            published = publish(
                ground.repository,
                ground.git,
                base=ground.base,
                branch=target.branch,
                expected=target.tip,
                parent=builds_on.tip if builds_on else ground.base.commit,
                onto=target.tip if writing.on_base else None,
                files=plan.contents,
                message=message,
                options=step.options,
            )
    with call_until(None):
        return _write_result(ground, environment, target, plan, published, step.after(published) if published else None)


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
    from gitops_mcp.workflows.writing.secrets import write_secrets

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


def _write_result(
    ground: Ground,
    environment: Environment,
    target: DeliveryTarget,
    plan: Plan,
    published: PublishedCommit | None,
    review: ReviewOutcome | None = None,
    *,
    dry_run: bool = False,
) -> WriteResult:
    review = review or ReviewOutcome()
    diff, omitted = shorten_diff(plan.diff, DIFF_MAX)
    summary = plan.headline
    if target.continues:
        summary = f"{'in' if plan.unchanged else 'adds to'} {target.continues}: {summary}"
    is_there = target.open is not None or not plan.unchanged
    answer = WriteResult(
        environment=environment.name,
        outcome="committed" if published else "unchanged" if plan.unchanged else "dry_run" if dry_run else "applied",
        summary=summary,
        change=target.change if is_there else None,
        branch=target.branch if is_there else None,
        base=ground.base.branch,
        base_commit=ground.base.commit,
        commit=published.commit if published else None,
        files=[TouchedFile(path=one.path, action=one.action, line=one.line) for one in plan.files],
        diff=diff or None,
        diff_omitted_lines=omitted or None,
        impact=plan.impact,
        about=[cut_text(redact_text(text), 600) for text in plan.body],
        operator=plan.operator,
        validated_by=[*plan.validated_by, *(f"hook {name}" for name in (published.hooks if published else ()))],
        pull_request=review.pull,
        warnings=[
            replace(one, message=cut_text(one.message, 1000))
            for one in (*review.notices, *plan.warnings, *hook_notices(published))
        ],
        next=[*review.steps, *plan.next, *_last_steps(target, published)],
    )
    return shorten_to_fit(answer, "files", "about", "warnings", "next")


def _last_steps(target: DeliveryTarget, published: PublishedCommit | None) -> list[str]:
    return [f"get_change change={target.change} says when it is merged, applied and healthy"] if published else []
