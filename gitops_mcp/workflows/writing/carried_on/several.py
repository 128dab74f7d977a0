"""A plan that reaches further environments than the one in which it is delivered: judged as it would be there."""

from __future__ import annotations

from gitops_mcp.app import App, Ground
from gitops_mcp.domain.plans.governing import check_governed
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.errors import Refused
from gitops_mcp.workflows.view import View, view_at
from gitops_mcp.workflows.writing.delivery.validation import Limits, validate_plan


def view_there(app: App, ground: Ground, name: str, commit: str, *, proposed: bool) -> View:
    """Raises Refused for an environment that is not changed in Git."""
    environment = app.environment(ground.settings, name)
    if environment.delivery == "direct":
        raise Refused(
            f"nothing was changed: environment {name!r} is changed directly, so nothing of it is a change in Git; ask "
            f"the tools for what is wanted there"
        )
    return view_at(app, ground, environment, commit, proposed=proposed)


def validated_there(view: View, plan: Plan) -> Plan:
    after = desired_after(view.desired, plan.files)
    plan = plan.warned(check_governed(view.desired, after, plan.files))
    ours = changed_objects(view.desired, after)
    return validate_plan(plan, ours, after, view.api, limits=Limits.of(view), base=view.base)
