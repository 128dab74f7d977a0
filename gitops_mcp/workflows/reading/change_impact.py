"""What a change does to what runs, told from what its files declare: what its commits say of that binds nobody."""

from __future__ import annotations

from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import NOTHING, Impact
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.errors import Refused
from gitops_mcp.workflows.spans import Span, impact_of, impact_reasons

_MOST = 20
_COLLECTED = "as its commits said; git has collected them, so it was not looked at anew"


def impact_of_change(app: App, ground: Ground, span: Span) -> Impact:
    if span.start is None:
        return Impact(impact_of(span.commits), (_COLLECTED, *impact_reasons(span.commits)))
    found = NOTHING
    for environment in ground.settings.environments.values():
        try:
            before, after = (app.desired(ground, environment.path, commit) for commit in (span.start, span.tip))
        except Refused:  # its folder is none, which is told where its objects are
            continue
        for one in changed_objects(before, after):
            found = found.joined(assess_impact(one.before, one.after))
        known = {one.reason for one in before.hidden}
        unknown = (f"not judged: {one.reason}" for one in after.hidden if one.is_open and one.reason not in known)
        found = found.joined(Impact(NOTHING.level, tuple(unknown)))
    reasons = dict.fromkeys(cut_text(redact_text(one), 200) for one in found.reasons)
    return Impact(found.level, tuple(reasons)[:_MOST])
