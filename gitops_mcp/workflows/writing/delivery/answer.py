"""What a write in Git answers: what was committed, or would be, and who has to do what next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_mcp.answers.base import DIFF_MAX, TouchedFile, shorten_to_fit
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.diff import shorten_diff
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.workflows.writing.delivery.branch_notices import hook_notices, rule_notices
from gitops_mcp.workflows.writing.delivery.which_change import DeliveryTarget

if TYPE_CHECKING:
    from gitops_mcp.adapters.git.publishing.publish import PublishedCommit
    from gitops_mcp.workflows.writing.delivery.pull_requests.review import ReviewOutcome


def delivered_answer(
    ground: Ground,
    environment: Environment,
    target: DeliveryTarget,
    plan: Plan,
    published: PublishedCommit | None,
    review: ReviewOutcome | None = None,
    *,
    dry_run: bool = False,
) -> WriteResult:
    diff, omitted = shorten_diff(plan.diff, DIFF_MAX)
    summary = plan.headline
    if target.continues:
        summary = f"{'in' if plan.unchanged else 'adds to'} {target.continues}: {summary}"
    told = (*hook_notices(published), *rule_notices(ground, published))
    warnings = [*(review.notices if review else ()), *plan.warnings, *told]
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
        pull_request=review.pull if review else None,
        warnings=[replace(one, message=cut_text(one.message, 1000)) for one in warnings],
        next=[*(review.steps if review else ()), *plan.next, *_last_steps(target, published)],
    )
    return shorten_to_fit(answer, "files", "about", "warnings", "next")


def _last_steps(target: DeliveryTarget, published: PublishedCommit | None) -> list[str]:
    return [f"get_change change={target.change} says when it is merged, applied and healthy"] if published else []
