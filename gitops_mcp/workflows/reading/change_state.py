"""How far a merged change has come: what the API says about each object that it changed, and about the engine.

A state that could not be seen is not claimed: without the API a merged change stays `merged`, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from gitops_mcp.answers.changes import LiveObject
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.live.arrival import Arrival, arrival
from gitops_mcp.domain.live.engine_report import EngineState
from gitops_mcp.domain.live.secret_report import REPORTING
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.plans.passwords.built_secrets import build_with_makers
from gitops_mcp.domain.repository.changes import ObjectChange, changed_objects
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import GitOpsError, InvalidRequest, Refused
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.outcomes import State
from gitops_mcp.workflows.reading.engines import engine_states
from gitops_mcp.workflows.reading.later_commits import Standing, settle_span, standing_in
from gitops_mcp.workflows.secret_reports import unread_conditions
from gitops_mcp.workflows.spans import Span
from gitops_mcp.workflows.view import allowed_namespace, read_texts

_MAKERS = {resource.kind: resource for resource in REPORTING}
_RESOURCES = {resource.kind: resource for resource in CNPG_KINDS} | _MAKERS
_DETAIL = 900
"""Characters about one object: what a controller says of it, and what is said of that."""
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def follow_span(
    apis: ApisOnce, ground: Ground, span: Span, warnings: list[Notice]
) -> tuple[Span, list[LiveObject], EngineState | None]:
    """The change with what the API says about its objects, and the engine that applies them."""
    app = apis.app
    objects: list[LiveObject] = []
    arrivals: list[Arrival] = []
    unseen = unreadable = False
    standings: list[Standing] = []
    engine: EngineState | None = None
    for environment in ground.settings.environments.values():
        try:
            touched = _changed_objects(app, ground, environment, span)
        except Refused as error:  # its path is none; that of the others may be
            unseen = unreadable = True
            warnings.append(Notice("environment-unreadable", f"environment {environment.name}: {error}"))
            continue
        if not touched:
            continue
        states, unread = engine_states(apis, environment)
        warnings += unread
        engine = engine or (states[0] if states else None)
        paths = _secret_paths(ground, span)
        base = _desired_with_makers(app, ground, environment, ground.base.commit, paths)
        in_git = {one.identity: one.object for one in base.declarations}
        standings.append(
            standing_in(touched, base, partial(_desired_with_makers, app, ground, environment, paths=paths))
        )
        for one in standings[-1].followed if span.state == "merged" else touched:
            label = (
                f"{environment.name}: {one.identity}" if len(ground.settings.environments) > 1 else str(one.identity)
            )
            try:
                live = _read_live(apis, environment, one.identity)
            except GitOpsError as error:
                if one.identity.kind in _MAKERS:  # the right to read them is optional
                    notice = unread_conditions(error)
                    warnings += [] if notice.id in {known.id for known in warnings} else [notice]
                    continue
                unseen = True
                warnings.append(Notice("live-unavailable", f"{label}: {error}"))
                objects.append(LiveObject(object=label, state="unknown", detail="it could not be read"))
                continue
            declared = in_git.get(one.identity) if span.state == "merged" else None
            here = arrival(one, live, declared, now=datetime.now(UTC))
            arrivals.append(here)
            objects.append(LiveObject(object=label, state=here.state, detail=cut_text(here.detail, _DETAIL)))
    if span.state == "merged" and not unreadable:
        span = settle_span(ground, span, standings)
    if span.state != "merged":
        return span, objects, engine
    if not arrivals and not unseen and (engine := _engine_holding(apis, ground, span, warnings)) is not None:
        why = f"{span.why}; {engine.name} has applied {str(engine.revision)[:12]}, which holds it"
        return replace(span, state="applied", why=why), objects, engine
    state, why = _arrival_state(span, arrivals, engine, unseen=unseen)
    return replace(span, state=state, why=why), objects, engine


def _engine_holding(apis: ApisOnce, ground: Ground, span: Span, warnings: list[Notice]) -> EngineState | None:
    """The engine object that has applied a commit with the change, where the change touches nothing that is read."""
    repository = ground.repository
    paths = repository.changed_files(span.start, span.tip) if span.start else ()
    for environment in ground.settings.environments.values():
        folder = f"{environment.path}/" if environment.path else ""
        if not any(path.startswith(folder) for path in paths):
            continue
        states, unread = engine_states(apis, environment)
        warnings += unread
        for one in states:
            known = one.revision is not None and _COMMIT.fullmatch(one.revision)
            if known and not one.failing and repository.is_ancestor(span.tip, str(one.revision)):
                return one
    return None


def _arrival_state(
    span: Span, arrivals: Sequence[Arrival], engine: EngineState | None, *, unseen: bool
) -> tuple[State, str]:
    """The state of a merged change and why, from what was found of its objects.

    Of a change to Cluster db and Database books: books at the old value is `merged`, and `failed` where the engine
    cannot apply what Git says. Both at the new value is `applied` while db still restarts, `healthy` once it runs, and
    `failed` once an operator reports that it cannot do it. An object that could not be read keeps it at `merged`.
    """
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
    fields = "every changed field that still stands" if span.in_part else "every changed field"
    if all(one.state == "healthy" for one in arrivals):
        return "healthy", f"{span.why}; {fields} of its CloudNativePG objects is live, and they are healthy"
    unwell = next(one.detail for one in arrivals if one.state == "applied")
    return "applied", f"{span.why}; {fields} of its CloudNativePG objects is live, but: {unwell}"


def _changed_objects(app: App, ground: Ground, environment: Environment, span: Span) -> tuple[ObjectChange, ...]:
    if span.start is None:
        return ()
    paths = _secret_paths(ground, span)
    before, after = (_desired_with_makers(app, ground, environment, commit, paths) for commit in (span.start, span.tip))
    return tuple(one for one in changed_objects(before, after) if one.identity.kind in _RESOURCES)


def _secret_paths(ground: Ground, span: Span) -> list[str]:
    """The files that a change touches and that may make Secrets."""
    repository = ground.repository
    if span.start is None:
        return []
    makers = repository.snapshot(span.start).secrets | repository.snapshot(span.tip).secrets
    return [path for path in repository.changed_files(span.start, span.tip) if path in makers]


def _desired_with_makers(
    app: App, ground: Ground, environment: Environment, commit: str, paths: Sequence[str]
) -> Desired:
    """What is declared at a commit, with what makes Secrets in these files."""
    desired = app.desired(ground, environment.path, commit)
    texts = read_texts(ground, commit, paths) if paths else {}
    return build_with_makers(replace(desired, texts={**texts, **desired.texts})) if texts else desired


def _read_live(apis: ApisOnce, environment: Environment, identity: Identity) -> Object | None:
    resource = _RESOURCES.get(identity.kind)
    if resource is None:
        raise InvalidRequest(f"{identity.kind} is not a kind that is read")
    if resource.namespaced and identity.namespace is None:
        raise InvalidRequest("nothing in the repository says its namespace")
    if resource.namespaced:
        allowed_namespace(environment, identity.namespace)
    return apis.at_environment(environment).get(resource, identity.namespace, identity.name)
