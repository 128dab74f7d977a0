"""Where a change stands: draft, pushed, merged, applied, healthy, closed or failed.

Git says whether it is merged, by ancestry or by content; the API says whether every field it changed is live. A state
that could not be seen is not claimed: without the API a merged change stays `merged`, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gitops_mcp.adapters.git.history import Commit
from gitops_mcp.answers.base import DIFF_MAX, TouchedFile, WarningRow, rows_that_fit, shorten_to_fit
from gitops_mcp.answers.changes import ChangeDetail, ChangeList, ChangeRow, LiveObject
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.writes import ImpactAnswer
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.cnpg.moment import moment
from gitops_mcp.domain.diff import shorten_diff
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.live.arrival import Arrival, arrival
from gitops_mcp.domain.live.engine_report import EngineState
from gitops_mcp.domain.names import check_change_name
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.changes import ObjectChange, changed_objects
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, NotInstalled, Refused, Unavailable
from gitops_mcp.workflows.compare_page import compare_url
from gitops_mcp.workflows.left_secrets import take_back_secrets
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.engines import engine_states
from gitops_mcp.workflows.reading.spans import (
    Span,
    State,
    closed_span,
    files_of,
    find_span,
    impact_of,
    impact_reasons,
    span_of,
)
from gitops_mcp.workflows.view import allowed_namespace, view_at

_RESOURCES = {resource.kind: resource for resource in CNPG_KINDS}
_FILTERS: dict[str, frozenset[str]] = {
    "open": frozenset({"draft", "pushed"}),
    "merged": frozenset({"merged", "applied", "healthy", "failed"}),
    "applied": frozenset({"applied", "healthy"}),
    "all": frozenset({"draft", "pushed", "merged", "applied", "healthy", "closed", "failed"}),
}
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_FILES_SHOWN = 50
_COMMITS_SHOWN = 20
_PAGE = 100
"""Rows that fit into one answer."""


def page_of_changes(app: App, *, state: str, limit: int, cursor: str | None) -> ChangeList:
    skip = _decode_skip(cursor, state)
    ground = app.ground(fetch=True)
    take_back_secrets(app, ground)
    warnings = base_warnings(ground)
    api = _ApiAnswers(app, ground)
    spans = [span_of(ground, found) for found in ground.repository.changes(ground.git, ground.base)]
    if state != "open":
        spans += [closed_span(ground, branch, tip) for branch, tip in ground.base.closed.items()]
    if state == "applied":
        spans = [_follow_span(api, span, warnings)[0] for span in spans if span.state == "merged"]
    spans = [span for span in spans if span.state in _FILTERS[state]]
    spans.sort(key=lambda span: (span.commits[0].committed if span.commits else "", span.name), reverse=True)
    shown = spans[skip : skip + min(limit, _PAGE)]
    if state in {"merged", "all"}:
        shown = [_follow_span(api, span, warnings)[0] if span.state == "merged" else span for span in shown]
    rows = rows_that_fit([_row(ground, span) for span in shown])
    rest = skip + len(rows) < len(spans)
    return ChangeList(
        base=ground.base.branch,
        base_commit=ground.base.commit,
        items=rows,
        total=len(spans),
        cursor=_encode_skip(state, skip + len(rows)) if rest else None,
        warnings=_without_repeats(warnings),
    )


def change_detail(app: App, name: str, *, detailed: bool) -> ChangeDetail:
    check_change_name(name)
    ground = app.ground(fetch=True)
    take_back_secrets(app, ground)
    warnings = base_warnings(ground)
    span, objects, engine = _follow_span(_ApiAnswers(app, ground), find_span(ground, name), warnings)
    paths = ground.repository.changed_files(span.start, span.tip) if span.start else ()
    files = files_of(ground, span, paths[:_FILES_SHOWN])
    conflicts = ground.repository.conflicts(ground.base.commit, span.tip) if span.state in _FILTERS["open"] else ()
    left = {
        "files": len(paths) - len(files),
        "objects": len(objects) - _FILES_SHOWN,
        "commits": len(span.commits) - _COMMITS_SHOWN,
        "conflicts": len(conflicts) - _COMMITS_SHOWN,
    }
    diff, omitted = shorten_diff("".join(one.diff for one in files), DIFF_MAX if detailed else DIFF_MAX // 2)
    impact = impact_of(span.commits)
    is_open = span.state in _FILTERS["open"]
    answer = ChangeDetail(
        change=name,
        branch=span.branch,
        state=span.state,
        why=span.why,
        base=ground.base.branch,
        base_commit=ground.base.commit,
        tip=span.tip,
        behind=ground.repository.ahead_behind(ground.base.commit, span.tip)[1] if is_open else 0,
        conflicts=[cut_text(path) for path in conflicts[:_COMMITS_SHOWN]],
        commits=[_commit_fields(one, detailed=detailed) for one in span.commits[:_COMMITS_SHOWN]],
        impact=ImpactAnswer(level=impact.label, reasons=impact_reasons(span.commits)),
        files=[TouchedFile(path=cut_text(one.path), action=one.action, line=one.line) for one in files],
        diff=diff or None,
        diff_omitted_lines=omitted or None,
        objects=objects[:_FILES_SHOWN],
        engine=cut_text(str(engine)) if engine else None,
        engine_revision=cut_text(str(engine.revision), 100) if engine and engine.revision else None,
        warnings=_without_repeats(warnings),
        next=_next_steps(ground, span),
        omitted={title: number for title, number in left.items() if number > 0},
    )
    return shorten_to_fit(answer, "files", "objects", "commits", "conflicts", "warnings")


@dataclass
class _ApiAnswers:
    """What the API said in this call: nothing is asked twice, and one that does not answer is left alone."""

    app: App
    ground: Ground
    _engines: dict[str, tuple[tuple[EngineState, ...], list[WarningRow]]] = field(default_factory=dict)
    _objects: dict[tuple[str, Identity], Object | None] = field(default_factory=dict)
    _down: dict[str, Unavailable] = field(default_factory=dict)

    def engines(self, environment: Environment) -> tuple[tuple[EngineState, ...], list[WarningRow]]:
        if environment.name not in self._engines:
            self._engines[environment.name] = engine_states(self.app, environment, self.ground.settings)
        return self._engines[environment.name]

    def live(self, environment: Environment, identity: Identity) -> Object | None:
        key = (environment.name, identity)
        if environment.name in self._down:
            raise self._down[environment.name]
        if key not in self._objects:
            try:
                self._objects[key] = _read_live(self.app, self.ground, environment, identity)
            except Unavailable as error:
                self._down[environment.name] = error
                raise
        return self._objects[key]


def _follow_span(
    api: _ApiAnswers, span: Span, warnings: list[WarningRow]
) -> tuple[Span, list[LiveObject], EngineState | None]:
    """The change with what the API says about its objects, and the engine that applies them."""
    app, ground = api.app, api.ground
    objects: list[LiveObject] = []
    arrivals: list[Arrival] = []
    unseen = False
    engine: EngineState | None = None
    for environment in ground.settings.environments.values():
        try:
            touched = _changed_objects(app, ground, environment, span)
        except Refused as error:  # its path is none; that of the others may be
            unseen = True
            warnings.append(WarningRow(id="environment-unreadable", message=f"environment {environment.name}: {error}"))
            continue
        if not touched:
            continue
        states, unread = api.engines(environment)
        warnings += unread
        engine = engine or (states[0] if states else None)
        now = {
            one.identity: one.object
            for one in view_at(app, ground, environment, ground.base.commit, proposed=False).desired.declarations
        }
        for one in touched:
            label = (
                f"{environment.name}: {one.identity}" if len(ground.settings.environments) > 1 else str(one.identity)
            )
            try:
                live = api.live(environment, one.identity)
            except GitOpsError as error:
                unseen = True
                warnings.append(WarningRow(id="live-unavailable", message=f"{label}: {error}"))
                objects.append(LiveObject(object=label, state="unknown", detail="it could not be read"))
                continue
            here = arrival(one, live, now.get(one.identity) if span.state == "merged" else None)
            arrivals.append(here)
            objects.append(LiveObject(object=label, state=here.state, detail=cut_text(here.detail)))
    if span.state != "merged":
        return span, objects, engine
    if not arrivals and not unseen and (engine := _engine_holding(api, span, warnings)) is not None:
        why = f"{span.why}; {engine.name} has applied {str(engine.revision)[:12]}, which holds it"
        return Span(span.name, span.branch, span.start, span.tip, "applied", why, span.commits), objects, engine
    state, why = _arrival_state(span, arrivals, engine, unseen=unseen)
    return Span(span.name, span.branch, span.start, span.tip, state, why, span.commits), objects, engine


def _engine_holding(api: _ApiAnswers, span: Span, warnings: list[WarningRow]) -> EngineState | None:
    """The engine object that has applied a commit with the change, where the change touches nothing that is read."""
    repository = api.ground.repository
    paths = repository.changed_files(span.start, span.tip) if span.start else ()
    for environment in api.ground.settings.environments.values():
        folder = f"{environment.path}/" if environment.path else ""
        if not any(path.startswith(folder) for path in paths):
            continue
        states, unread = api.engines(environment)
        warnings += unread
        for one in states:
            known = one.revision is not None and _COMMIT.fullmatch(one.revision)
            if known and not one.failing and repository.is_ancestor(span.tip, str(one.revision)):
                return one
    return None


def _arrival_state(
    span: Span, arrivals: Sequence[Arrival], engine: EngineState | None, *, unseen: bool
) -> tuple[State, str]:
    failed = next((one for one in arrivals if one.state == "failed"), None)
    if failed:
        return "failed", f"{span.why}; {failed.detail}"
    waiting = [one for one in arrivals if one.state == "not applied"]
    if waiting and engine and engine.failing:
        return "failed", f"{span.why}; the engine cannot apply it: {cut_text(engine.failing)}"
    if waiting or unseen or not arrivals:
        reason = (
            waiting[0].detail
            if waiting
            else "its objects could not be read"
            if unseen
            else "it touches no object of CloudNativePG, so that only the engine can say whether it is applied"
        )
        return "merged", f"{span.why}; {reason}"
    if all(one.state == "healthy" for one in arrivals):
        return "healthy", f"{span.why}; every changed field of its CloudNativePG objects is live, and they are healthy"
    unwell = next(one.detail for one in arrivals if one.state == "applied")
    return "applied", f"{span.why}; every changed field of its CloudNativePG objects is live, but: {unwell}"


def _changed_objects(app: App, ground: Ground, environment: Environment, span: Span) -> tuple[ObjectChange, ...]:
    if span.start is None:
        return ()
    before = view_at(app, ground, environment, span.start, proposed=False).desired
    return changed_objects(before, view_at(app, ground, environment, span.tip, proposed=True).desired)


def _read_live(app: App, ground: Ground, environment: Environment, identity: Identity) -> Object | None:
    resource = _RESOURCES.get(identity.kind)
    if resource is None:
        raise InvalidRequest(f"{identity.kind} is not a kind that is read")
    if resource.namespaced and identity.namespace is None:
        raise InvalidRequest("nothing in the repository says its namespace")
    if resource.namespaced:
        allowed_namespace(environment, identity.namespace)
    try:
        return app.kube(environment, ground.settings).get(resource, identity.namespace, identity.name)
    except NotInstalled:
        raise
    except NotFound:
        return None


def _row(ground: Ground, span: Span) -> ChangeRow:
    last = span.commits[0] if span.commits else None
    paths = ground.repository.changed_files(span.start, span.tip) if span.start else ()
    behind = ground.repository.ahead_behind(ground.base.commit, span.tip)[1] if span.state in _FILTERS["open"] else 0
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
    )


def _age(commit: Commit | None) -> str:
    made = moment(commit.committed, now=datetime.now(UTC)) if commit else None
    return made.age if made else ""


def _commit_fields(one: Commit, *, detailed: bool) -> dict[str, str]:
    shown = {
        "id": one.id,
        "subject": cut_text(redact_text(one.subject), 100),
        "committed": one.committed,
        "author": one.author,
    }
    return {**shown, "body": cut_text(redact_text(one.body), 1000)} if detailed else shown


def _next_steps(ground: Ground, span: Span) -> list[str]:
    if span.state == "pushed":
        url = compare_url(ground.url, ground.base.branch, span.branch)
        opened = f": {url}" if url else ""
        return [_with_conflicts(ground, span, f"merges it into {ground.base.branch}{opened}")]
    if span.state == "draft":
        return [_with_conflicts(ground, span, f"pushes it and merges it into {ground.base.branch}")]
    if span.state == "closed" and ground.repository.change(ground.git, ground.base, span.name):
        return ["discard_change removes its branch"]
    if span.state == "merged":
        return ["Call get_change again once the engine has applied it"]
    if span.state in {"applied", "failed"}:
        return ["get_cluster_status says how the cluster is, what is wrong and what to do"]
    return []


def _with_conflicts(ground: Ground, span: Span, then: str) -> str:
    if ground.repository.conflicts(ground.base.commit, span.tip):
        return (
            f"It conflicts with {ground.base.branch}: a person resolves that on branch {span.branch} and {then}, or "
            f"discard_change removes it and the request is made again"
        )
    return f"A person reviews branch {span.branch} and {then}"


def base_warnings(ground: Ground) -> list[WarningRow]:
    return [WarningRow(id="base-not-fetched", message=ground.base.warning)] if ground.base.warning else []


def _without_repeats(warnings: Iterable[WarningRow]) -> list[WarningRow]:
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
