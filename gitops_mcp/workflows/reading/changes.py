"""The changes of a repository and one of them in full, each with what became of it.

Git says whether it is merged, by ancestry or by content; the API says whether every field it changed is live.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import get_args

from gitops_mcp.adapters.git.commits import Commit
from gitops_mcp.answers.base import DIFF_MAX, TouchedFile, rows_that_fit, shorten_to_fit
from gitops_mcp.answers.changes import ChangeDetail, ChangeList, ChangeRow, CommitRow, LiveObject
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.cnpg.moment import moment
from gitops_mcp.domain.diff import shorten_diff
from gitops_mcp.domain.live.standing import AGAIN
from gitops_mcp.domain.names import check_change_name, is_change_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.redact import redact_text, words_of_others
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.compare_page import compare_url
from gitops_mcp.workflows.left_secrets import take_back_secrets
from gitops_mcp.workflows.notices import base_warnings
from gitops_mcp.workflows.outcomes import State, seen_at
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.change_impact import impact_of_change
from gitops_mcp.workflows.reading.change_state import Behind, follow_spans
from gitops_mcp.workflows.spans import Span, files_of, find_span, note_spans, paths_of, span_of, span_without_branch

_FILTERS: dict[str, frozenset[str]] = {
    "open": frozenset({"draft", "pushed", "empty"}),
    "merged": frozenset({"merged", "applied", "healthy", "failed", "superseded", "reverted"}),
    "applied": frozenset({"applied", "healthy"}),
    "all": frozenset(get_args(State)),
}
_AFTERWARDS = {
    "applied": "get_cluster_status says how the cluster is, what is wrong and what to do",
    "failed": "get_cluster_status says how the cluster is, what is wrong and what to do",
    "reverted": "Nothing of it is waited for any more: a new change asks for it again, if it is still wanted",
    "superseded": "Nothing of it is waited for any more: what the base says now counts",
}
_FILES_SHOWN = 50
_COMMITS_SHOWN = 20
_PAGE = 100
"""Rows that fit into one answer."""


def page_of_changes(app: App, *, state: str, limit: int, cursor: str | None) -> ChangeList:
    skip = _decode_skip(cursor, state)
    ground = app.ground(fetch=True)
    take_back_secrets(app, ground)
    warnings = base_warnings(ground)
    apis = ApisOnce(app, ground.settings)
    branches = ground.repository.changes(ground.git, ground.base)
    heads = ground.repository.proposed(ground.git, ground.base) if state != "open" else None
    gone = (*ground.base.closed.values(), *(heads or {}).values()) if state != "open" else ()
    ground.repository.learn(ground.base.commit, [*(found.tip for found in branches), *gone])
    spans = [span_of(ground, found) for found in branches]
    if state != "open":
        spans += _spans_without_branch(ground, heads or {})
    ground.repository.learn_files((span.start, span.tip) for span in spans if span.start)
    note_spans(ground, spans)
    steps: dict[str, str | None] = {}

    def followed(wanted: list[Span]) -> list[Span]:
        found = follow_spans(apis, ground, (span for span in wanted if span.state == "merged"), warnings)
        steps.update({span.name: behind.next for span, _, behind in found if span.state in {"merged", "failed"}})
        settled = {span.name: span for span, _, _ in found}
        return [settled.get(span.name, span) for span in wanted]

    if state == "applied":
        spans = followed([span for span in spans if span.state == "merged"])
    spans = [span for span in spans if span.state in _FILTERS[state]]
    spans.sort(key=lambda span: (span.commits[0].committed if span.commits else "", span.name), reverse=True)
    shown = spans[skip : skip + min(limit, _PAGE)]
    if state in {"merged", "all"}:
        shown = followed(shown)
    rows = rows_that_fit([_row(ground, span, steps.get(span.name)) for span in shown])
    rest = skip + len(rows) < len(spans)
    return ChangeList(
        base=ground.base.branch,
        base_commit=ground.base.commit,
        items=rows,
        total=len(spans),
        unlisted=_what_is_unlisted(ground, state, shows_requests=heads is not None),
        cursor=_encode_skip(state, skip + len(rows)) if rest else None,
        warnings=_without_repeats([*warnings, *apis.unreadable]),
    )


def change_detail(app: App, name: str, *, detailed: bool) -> ChangeDetail:
    check_change_name(name)
    ground = app.ground(fetch=True)
    take_back_secrets(app, ground)
    warnings = base_warnings(ground)
    apis = ApisOnce(app, ground.settings)
    found = find_span(ground, name)
    [(span, objects, behind)] = follow_spans(apis, ground, [found], warnings)
    note_spans(ground, [found], [one.object for one in objects])
    if span.start is None and (seen := seen_at(ground, name, span.tip)):
        lost = "git has collected the commits that say how it was to be"
        objects = [LiveObject(object=one, state="unknown", detail=lost) for one in seen.objects]
    paths = paths_of(ground, span)
    files = files_of(ground, span, paths[:_FILES_SHOWN])
    conflicts = ground.repository.conflicts(ground.base.commit, span.tip) if span.state in _FILTERS["open"] else ()
    left = {
        "files": len(paths) - len(files),
        "objects": len(objects) - _FILES_SHOWN,
        "commits": len(span.commits) - _COMMITS_SHOWN,
        "conflicts": len(conflicts) - _COMMITS_SHOWN,
    }
    diff, omitted = shorten_diff("".join(one.diff for one in files), DIFF_MAX if detailed else DIFF_MAX // 2)
    is_open = span.state in _FILTERS["open"]
    answer = ChangeDetail(
        change=name,
        branch=span.branch,
        state=span.state,
        why=span.why,
        base=ground.base.branch,
        base_commit=ground.base.commit,
        tip=span.tip,
        behind=ground.repository.behind(ground.base.commit, span.tip) if is_open else 0,
        conflicts=[cut_text(path) for path in conflicts[:_COMMITS_SHOWN]],
        commits=[_commit_row(one, detailed=detailed) for one in span.commits[:_COMMITS_SHOWN]],
        impact=impact_of_change(app, ground, span),
        files=[TouchedFile(path=cut_text(one.path), action=one.action, line=one.line) for one in files],
        diff=diff or None,
        diff_omitted_lines=omitted or None,
        objects=objects[:_FILES_SHOWN],
        engine=cut_text(str(behind.engine)) if behind.engine else None,
        engine_revision=behind.engine.revision if behind.engine else None,
        warnings=_without_repeats([*warnings, *apis.unreadable]),
        next=_next_steps(ground, span, behind),
        omitted={title: number for title, number in left.items() if number > 0},
    )
    return shorten_to_fit(answer, "files", "objects", "commits", "conflicts", "warnings")


def _spans_without_branch(ground: Ground, heads: Mapping[str, str]) -> Iterator[Span]:
    """Changes that were seen, that pull requests hold, or that the base's last commits name."""
    there = {one.name for one in ground.base.changes}
    seen = [branch.removeprefix(ground.git.prefix) for branch in ground.base.closed]
    for name in dict.fromkeys([*seen, *heads, *ground.repository.recent(ground.base.commit).changes]):
        if name not in there and is_change_name(name) and (span := span_without_branch(ground, name, heads)):
            yield span


def _what_is_unlisted(ground: Ground, state: str, *, shows_requests: bool) -> str | None:
    """Which changes an answer cannot have, so that it does not speak of all."""
    base = ground.base
    if base.fault:
        return f"what is new on the remote {base.home!r}, which could not be asked"
    if state == "open":
        return None
    if base.forgetful:
        return f"changes whose branch went while another server ran, since {base.forgetful}"
    if base.remote and not shows_requests:
        return (
            f"changes whose branch was gone before this clone looked, and that no commit of the last 1,000 on "
            f"{base.branch} names"
        )
    return None


def _row(ground: Ground, span: Span, step: str | None) -> ChangeRow:
    last = span.commits[0] if span.commits else None
    paths = paths_of(ground, span)
    behind = ground.repository.behind(ground.base.commit, span.tip) if span.state in _FILTERS["open"] else 0
    return ChangeRow(
        change=span.name,
        branch=span.branch,
        state=span.state,
        subject=cut_text(redact_text(last.subject), 100) if last else "",
        commits=len(span.commits),
        files=[cut_text(path, 200) for path in paths[:5]] + ([f"and {len(paths) - 5} more"] if len(paths) > 5 else []),
        behind=behind,
        updated=last.committed if last else "",
        age=_age(last),
        why=cut_text(span.why, 200),
        next=cut_text(step, 200) if step else None,
    )


def _age(commit: Commit | None) -> str:
    made = moment(commit.committed, now=datetime.now(UTC)) if commit else None
    return made.age if made else ""


def _commit_row(one: Commit, *, detailed: bool) -> CommitRow:
    return CommitRow(
        id=one.id,
        subject=cut_text(redact_text(one.subject), 100),
        committed=one.committed,
        author=words_of_others(one.author, most=100),
        body=cut_text(redact_text(one.body), 600) if detailed else None,
    )


def _next_steps(ground: Ground, span: Span, behind: Behind) -> list[str]:
    if span.state == "pushed":
        url = compare_url(ground.url, ground.base.branch, span.branch, fork=ground.base.home_url)
        opened = f": {url}" if url else ""
        return [_with_conflicts(ground, span, f"merges it into {ground.base.branch}{opened}")]
    if span.state == "draft":
        return [_with_conflicts(ground, span, f"pushes it and merges it into {ground.base.branch}")]
    if span.state == "empty":
        return [
            f"A request with change={span.name} starts there; discard_change removes a branch that this server made"
        ]
    if span.state == "closed" and ground.repository.change(ground.git, ground.base, span.name):
        return ["discard_change removes its branch"]
    if span.state == "merged":
        return [_sentence(behind.next or f"{AGAIN} once the engine has applied it")]
    held = [_sentence(behind.next)] if behind.next and span.state in {"applied", "failed"} else []
    return [*held, *([_AFTERWARDS[span.state]] if span.state in _AFTERWARDS else [])]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _with_conflicts(ground: Ground, span: Span, then: str) -> str:
    if ground.repository.conflicts(ground.base.commit, span.tip):
        return (
            f"It conflicts with {ground.base.branch}: a person resolves that on branch {span.branch} and {then}, or "
            f"discard_change removes it and the request is made again"
        )
    return f"A person reviews branch {span.branch} and {then}"


def _without_repeats(warnings: Iterable[Notice]) -> list[Notice]:
    return list(dict.fromkeys(warnings))[:20]


def _encode_skip(state: str, skip: int) -> str:
    return cursors.encode_cursor(["changes", state, skip])


def _decode_skip(cursor: str | None, state: str) -> int:
    if cursor is None:
        return 0
    kind, of, skip = cursors.decode_cursor(cursor, 3, "list_changes")
    if kind != "changes" or of not in tuple(_FILTERS) or type(skip) is not int or skip < 0:
        raise cursors.unknown_cursor("list_changes")
    if of != state:
        raise InvalidRequest(f"cursor: it belongs to state={of}; repeat that, or leave the cursor out to start again")
    return skip
