"""Bringing an open change up to the base: its requests are planned there again, and no line of it is merged by text.

The commit is a merge of the branch's tip and the base, so that the push is a fast-forward; its tree is the base with
what the requests change there.
"""

from __future__ import annotations

from dataclasses import replace

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.names import check_change_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.asked import AskedRequest
from gitops_mcp.domain.plans.confirmation import CHANGE
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.subject import Subject
from gitops_mcp.errors import GitOpsError, Refused
from gitops_mcp.workflows.newest_pull import ask_span
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.carried_on.replay import Believed, DraftRequest, Replay, joined_plan, subjects_of
from gitops_mcp.workflows.writing.carried_on.several import validated_there, view_there
from gitops_mcp.workflows.writing.carried_on.steps import check_has_branch, net_changes, steps_of
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.request import WriteRequest, Writing


def refresh_open_change(app: App, request: WriteRequest, change: str, draft: DraftRequest) -> WriteResult:
    check_change_name(change)

    def settle(ground: Ground) -> tuple[WriteRequest, Writing]:
        told: list[Notice] = []
        span = ask_span(app, ground, change, told)
        if span.state not in {"draft", "pushed", "in_review", "empty"}:
            is_closed = span.state == "closed" and span.pull is not None
            then = f"; a person reopens it at {span.pull.url} first" if is_closed and span.pull else ""
            raise Refused(
                f"change {change!r} is {span.state} ({span.why}): only an open one is brought up to the base{then}"
            )
        check_has_branch(ground, span)
        steps = steps_of(ground, span)
        replay = Replay(app, ground, draft, change)
        environment, *others = replay.environments_of(steps)

        def about(_: View) -> Subject:
            return Subject("refresh", Identity(CHANGE, None, change), ())

        def plan(view: View) -> Plan:
            base = ground.base
            if ground.repository.is_ancestor(base.commit, span.tip):
                target = Identity(CHANGE, None, change)
                text = f"change {change!r} has all of {base.branch}"
                return Plan(f"Refresh change {change!r}", target, unchanged=text).warned(told)
            planned = _planned_on_base(replay.sees(view), replay.believed(steps), environment)
            for name in others:
                planned = validated_there(view_there(app, ground, name, base.commit, proposed=False), planned)
            return planned.warned(told)

        settled = replace(request, change=change, environment=environment)
        return settled, Writing(about, plan, on_base=True)

    return deliver(app, request, settle)


def _planned_on_base(replay: Replay, believed: tuple[Believed, ...], name: str) -> Plan:
    base = replay.ground.base
    plans: list[Plan] = []
    requests: list[AskedRequest] = []
    tip = base.commit
    for one in believed:
        try:
            drafted = replay.plan(
                one.requests, tip, carried=one.carried, repeated=True, environment=name, as_then=one.as_then
            )
        except GitOpsError as error:
            raise error.with_text(
                f"nothing was changed: a request of change {replay.change!r} does not apply to {base.branch} any more: "
                f"{', '.join(map(str, one.requests))}: {error}"
            ) from error
        tip = drafted.tip
        plans += drafted.plans
        requests += one.requests
    files = net_changes(replay.ground, base.commit, tip)
    made = joined_plan(f"Refresh change {replay.change!r} on {base.branch}: {subjects_of(plans)}", plans, files)
    if not files:
        return replace(
            made, unchanged=f"{base.branch} has all that change {replay.change!r} asks for", destroys=None, stops=None
        )
    reasons = dict.fromkeys(one.reason for one in believed if one.reason)
    return replace(made, reason="; ".join(reasons), requests=tuple(requests), writes=())
