"""The changes of a repository and one of them in full, each with what became of it.

Git says whether it is merged, by ancestry or by content, and the forge says it with its pull request; the API says
whether every field it changed is live.
"""

from __future__ import annotations

from typing import get_args

from gitops_mcp.adapters.git.commits import Commit
from gitops_mcp.answers.base import DIFF_MAX, TouchedFile, rows_that_fit, shorten_to_fit
from gitops_mcp.answers.changes import ChangeDetail, ChangeList, ChangeState, CommitRow
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.diff import shorten_diff
from gitops_mcp.domain.names import check_change_name
from gitops_mcp.domain.redact import redact_text, words_of_others
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.changes.change_wait import Goal, wait_for_change
from gitops_mcp.workflows.reading.changes.impact import impact_of_change
from gitops_mcp.workflows.reading.changes.listing import read_listing
from gitops_mcp.workflows.reading.changes.look import OPEN, look_at_change, next_steps, without_repeats
from gitops_mcp.workflows.reading.changes.pull import shown_pull
from gitops_mcp.workflows.reading.changes.rows import change_row
from gitops_mcp.workflows.spans import files_of, paths_of

CURRENT = "current"
"""What is open, and what is merged and was seen not to have arrived."""
_FILTERS: dict[str, frozenset[str]] = {
    CURRENT: OPEN | {"merged", "failed"},
    "open": OPEN,
    "merged": frozenset({"merged", "applied", "healthy", "failed", "superseded", "reverted"}),
    "applied": frozenset({"applied", "healthy"}),
    "all": frozenset(get_args(ChangeState)),
}
_FILES_SHOWN = 50
_COMMITS_SHOWN = 20
_PAGE = 100
"""Rows that fit into one answer."""


def page_of_changes(app: App, *, state: str, limit: int, cursor: str | None) -> ChangeList:
    skip = _decode_skip(cursor, state)
    listing = read_listing(app, closed=state not in {"open", CURRENT}, lately=state == CURRENT)
    ground, spans = listing.ground, listing.spans
    if state == CURRENT:
        spans = [*(span for span in spans if span.state in OPEN), *listing.stuck()]
    elif state == "applied":
        spans = listing.followed([span for span in spans if span.state == "merged"])
    spans = [span for span in spans if span.state in _FILTERS[state]]
    spans.sort(key=lambda span: (span.commits[0].committed if span.commits else "", span.name), reverse=True)
    shown = spans[skip : skip + min(limit, _PAGE)]
    if state in {"merged", "all"}:
        shown = listing.followed(shown)
    rows = rows_that_fit([change_row(app, listing.look(span)) for span in shown])
    rest = skip + len(rows) < len(spans)
    return ChangeList(
        base=ground.base.branch,
        base_commit=ground.base.commit,
        items=rows,
        total=len(spans),
        unlisted=_what_is_unlisted(ground, state, shows_requests=listing.shows_requests),
        cursor=_encode_skip(state, skip + len(rows)) if rest else None,
        warnings=without_repeats([*listing.warnings, *listing.apis.unreadable]),
    )


def change_detail(
    app: App, name: str, *, detailed: bool, wait_for: Goal | None = None, seconds: int | None = None
) -> ChangeDetail:
    check_change_name(name)
    look, waited = (
        (look_at_change(app, name), None) if wait_for is None else wait_for_change(app, name, wait_for, seconds=seconds)
    )
    ground, span, behind = look.ground, look.span, look.behind
    paths = paths_of(ground, span)
    files = files_of(ground, span, paths[:_FILES_SHOWN])
    left = {
        "files": len(paths) - len(files),
        "objects": len(look.objects) - _FILES_SHOWN,
        "commits": len(span.commits) - _COMMITS_SHOWN,
        "conflicts": len(look.conflicts) - _COMMITS_SHOWN,
    }
    diff, omitted = shorten_diff("".join(one.diff for one in files), DIFF_MAX if detailed else DIFF_MAX // 2)
    answer = ChangeDetail(
        change=name,
        branch=span.branch,
        state=span.state,
        why=span.why,
        waited=waited,
        base=ground.base.branch,
        base_commit=ground.base.commit,
        tip=span.tip,
        behind=ground.repository.behind(ground.base.commit, span.tip) if look.has_tip else 0,
        pull_request=shown_pull(ground, span, look.seen.report),
        promotions=[one.shown() for one in look.promotions[:_COMMITS_SHOWN]],
        conflicts=[cut_text(path) for path in look.conflicts[:_COMMITS_SHOWN]],
        commits=[_commit_row(one, detailed=detailed) for one in span.commits[:_COMMITS_SHOWN]],
        impact=impact_of_change(app, ground, span),
        files=[TouchedFile(path=cut_text(one.path), action=one.action, line=one.line) for one in files],
        diff=diff or None,
        diff_omitted_lines=omitted or None,
        objects=look.objects[:_FILES_SHOWN],
        engine=cut_text(str(behind.engine)) if behind.engine else None,
        engine_revision=behind.engine.revision if behind.engine else None,
        warnings=list(look.warnings),
        next=next_steps(look),
        omitted={title: number for title, number in left.items() if number > 0},
    )
    return shorten_to_fit(answer, "files", "objects", "commits", "conflicts", "warnings")


def _what_is_unlisted(ground: Ground, state: str, *, shows_requests: bool) -> str | None:
    """Which changes an answer cannot have, so that it does not speak of all."""
    base = ground.base
    if base.fault:
        return f"what is new on the remote {base.home!r}, which could not be asked"
    if state in {"open", CURRENT}:
        return None
    if base.forgetful:
        return f"changes whose branch went while another server ran, since {base.forgetful}"
    if base.remote and not shows_requests:
        return (
            f"changes whose branch was gone before this clone looked, and that no commit of the last 1,000 on "
            f"{base.branch} names"
        )
    return None


def _commit_row(one: Commit, *, detailed: bool) -> CommitRow:
    return CommitRow(
        id=one.id,
        subject=cut_text(redact_text(one.subject), 100),
        committed=one.committed,
        author=words_of_others(one.author, most=100),
        body=cut_text(redact_text(one.body), 600) if detailed else None,
    )


def _encode_skip(state: str, skip: int) -> str:
    return cursors.encode_cursor(["changes", state, skip])


def _decode_skip(cursor: str | None, state: str) -> int:
    if cursor is None:
        return 0
    kind, of, skip = cursors.decode_cursor(cursor, 3, "list_changes")
    if kind != "changes" or of not in tuple(_FILTERS) or type(skip) is not int or skip < 0:
        raise cursors.unknown_cursor("list_changes")
    if of != state:
        whose = "a call without state" if of == CURRENT else f"state={of}"
        raise InvalidRequest(f"cursor: it belongs to {whose}; repeat that, or leave the cursor out to start again")
    return skip
