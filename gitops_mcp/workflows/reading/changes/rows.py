"""A change in a listing: what it is as a whole, not what its last commit says."""

from __future__ import annotations

from gitops_mcp.answers.changes import ChangeRow
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App
from gitops_mcp.domain.plans.message import message_parts
from gitops_mcp.domain.redact import words_of_others
from gitops_mcp.workflows.reading.changes.impact import impact_of_change
from gitops_mcp.workflows.reading.changes.look import ChangeLook
from gitops_mcp.workflows.reading.changes.pull import shown_pull
from gitops_mcp.workflows.reading.history.rows import age_of
from gitops_mcp.workflows.spans import Span, paths_of

_FILES = 5
_SUBJECTS = 3


def change_row(app: App, look: ChangeLook) -> ChangeRow:
    ground, span = look.ground, look.span
    last = span.commits[0] if span.commits else None
    paths = paths_of(ground, span)
    more = [f"and {len(paths) - _FILES} more"] if len(paths) > _FILES else []
    step = look.standing.next if look.standing else look.behind.next
    if span.state == "merged" and look.promotions:
        step = "; ".join(one.step for one in look.promotions)
    return ChangeRow(
        change=span.name,
        branch=span.branch,
        state=span.state,
        subject=subject_of(span),
        reason=reason_of(span),
        authors=[words_of_others(one, most=60) for one in _authors(span)],
        impact=impact_of_change(app, ground, span).level.label,
        conflicts=[cut_text(path, 200) for path in look.conflicts[:_FILES]] or None,
        pull_request=shown_pull(ground, span),
        commits=len(span.commits),
        files=[cut_text(path, 200) for path in paths[:_FILES]] + more,
        behind=ground.repository.behind(ground.base.commit, span.tip) if look.has_tip else 0,
        updated=last.committed if last else "",
        age=age_of(last.committed) if last else "",
        why=cut_text(span.why, 200),
        next=cut_text(step, 300) if step and span.state in {"in_review", "merged", "failed"} else None,
    )


def subject_of(span: Span) -> str:
    """The title of its pull request; else what its own commits say, the first one first."""
    if span.pull:
        return words_of_others(span.pull.title, most=100)
    own = [one for one in span.commits if span.name in one.changes] or list(span.commits)
    subjects = list(dict.fromkeys(words_of_others(one.subject, most=100) for one in reversed(own)))
    more = f" and {len(subjects) - _SUBJECTS} more" if len(subjects) > _SUBJECTS else ""
    return cut_text("; ".join(subjects[:_SUBJECTS]) + more, 200)


def reason_of(span: Span) -> str | None:
    """Why it was asked for, as its own commits say."""
    own = [one for one in reversed(span.commits) if span.name in one.changes]
    said = (message_parts(one.message) for one in own)
    reasons = dict.fromkeys(one.reason for one in said if one and one.reason)
    return words_of_others("; ".join(reasons), most=200) if reasons else None


def _authors(span: Span) -> list[str]:
    return list(dict.fromkeys(one.author.partition(" <")[0] for one in span.commits))[:_FILES]
