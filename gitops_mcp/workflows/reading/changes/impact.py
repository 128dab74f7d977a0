"""What a change does to what runs, told from what its files declare: what its commits say of that binds nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import NOTHING, Impact
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.domain.repository.object_stores import MARK, with_object_stores
from gitops_mcp.errors import Refused
from gitops_mcp.workflows.spans import Span, impact_of, impact_reasons
from gitops_mcp.workflows.view import read_texts

_MOST = 20
_COLLECTED = "as its commits said; git has garbage-collected them, so it was not judged again"


def impact_of_change(app: App, ground: Ground, span: Span) -> Impact:
    if span.start is None:
        return Impact(impact_of(span.commits), (_COLLECTED, *impact_reasons(span.commits)))
    folders = (one.path for one in ground.settings.environments.values())
    key = ("impact", ground.repository.root, ground.base.commit, span.start, span.tip, *folders)
    found: Impact = app.kept.made(key, partial(_impact_between, app, ground, span.start, span.tip))
    return found


def _impact_between(app: App, ground: Ground, start: str, tip: str) -> Impact:
    found, whose, unknown = NOTHING, dict[str, list[str]](), list[str]()
    if start == tip:
        return found
    paths = ground.repository.changed_files(start, tip)
    stores = {commit: _stores_in(ground, commit, paths) for commit in (start, tip)}
    for environment in ground.settings.environments.values():
        try:
            before, after = (
                with_object_stores(app.desired(ground, environment.path, commit), texts)
                for commit, texts in stores.items()
            )
        except Refused:  # its folder is none, which is told where its objects are
            continue
        for one in changed_objects(before, after):
            impact = assess_impact(one.before, one.after)
            found = found.joined(impact)
            for reason in impact.reasons:
                whose.setdefault(cut_text(redact_text(reason), 200), []).append(str(one.identity))
        known = {one.reason for one in before.hidden}
        unknown += [one.reason for one in after.hidden if one.is_open and one.reason not in known]
    told = (*_told_of(whose), *(cut_text(redact_text(f"not judged: {one}"), 200) for one in dict.fromkeys(unknown)))
    return Impact(found.level, told[:_MOST])


def _stores_in(ground: Ground, commit: str, changed: Sequence[str]) -> dict[str, str]:
    """The changed files that hold an ObjectStore."""
    paths = [path for path in changed if path.endswith((".yaml", ".yml"))]
    texts = read_texts(ground, commit, paths) if paths else {}
    return {path: text for path, text in texts.items() if MARK in text}


def _told_of(whose: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Reasons with the objects that they are about, where the change is about several."""
    several = len({one for objects in whose.values() for one in objects}) > 1
    for reason, objects in whose.items():
        more = f" and {len(objects) - 3} more" if len(objects) > 3 else ""
        yield f"{', '.join(objects[:3])}{more}: {reason}" if several else reason
