"""How far a merged change has come: what the API says about each object that it changed, and about the engine.

A state that could not be seen is not claimed: without the API a merged change stays `merged`, with a warning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from gitops_mcp.answers.changes import ChangeState, LiveObject
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.live.arrival import arrival
from gitops_mcp.domain.live.engine_states.arrival_by_engine import arrival_by_engine
from gitops_mcp.domain.live.engine_states.promotion import Promotion, promotion_of
from gitops_mcp.domain.live.engine_states.standing import STUCK, Question, Standing
from gitops_mcp.domain.live.secret_report import REPORTING
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.errors import GitOpsError, InvalidRequest, Refused
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.engines import Engines, SeenEngine, tip_made
from gitops_mcp.workflows.reading.changes.arrival import Seen, arrival_state
from gitops_mcp.workflows.reading.changes.impact import impact_of_change
from gitops_mcp.workflows.reading.changes.later_commits import Remainder, remainder_in, settle_span
from gitops_mcp.workflows.reading.changes.objects import Touched, desired_with_others, other_paths, touched_objects
from gitops_mcp.workflows.reading.changes.rendered_branches import RenderedBranches
from gitops_mcp.workflows.secret_reports import unread_conditions
from gitops_mcp.workflows.spans import Span
from gitops_mcp.workflows.view import allowed_namespace

_MAKERS = {resource.kind: resource for resource in REPORTING}
_RESOURCES = {resource.kind: resource for resource in CNPG_KINDS} | _MAKERS
_DETAIL = 900
"""Characters about one object: what a controller says of it, and what is said of that."""
_BY_NAME = 10
"""Objects of a kind and a namespace that are asked for one by one."""


@dataclass(frozen=True)
class Behind:
    """What applies a change, and what has to happen so that it goes on."""

    engine: SeenEngine | None = None
    """The one that holds it up, else the one that applies its first object."""
    next: str | None = None
    stuck: bool = False
    """Whether waiting does not bring it on."""
    awaited: bool = False
    """Whether something of it was seen not to have arrived."""
    promotions: tuple[Promotion, ...] = ()
    """What is left to be brought from one branch to another."""


@dataclass
class _Change:
    """A change, and what has been found of it."""

    span: Span
    seen: Seen
    touched: dict[str, tuple[Touched, ...]] = field(default_factory=dict)
    """By environment: what of it still stands, where it is merged."""
    remainders: list[Remainder] = field(default_factory=list)
    unreadable: bool = False


def follow_spans(
    apis: ApisOnce, ground: Ground, spans: Iterable[Span], warnings: list[Notice]
) -> list[tuple[Span, list[LiveObject], Behind]]:
    """The changes with what the API says about their objects, and what applies them.

    What many of them need of a kind is listed at once.
    """
    found = [_with_touched(apis, ground, span, warnings) for span in spans]
    for environment in ground.settings.environments.values():
        touched = [one for change in found for one in change.touched.get(environment.name, ())]
        Engines.of(apis.at_engine(environment), environment, ground).expect(one.declared for one in touched)
        _list_many(apis, environment, touched)
    rendered = RenderedBranches(ground)
    return [_follow(apis, rendered, one) for one in found]


def _with_touched(apis: ApisOnce, ground: Ground, span: Span, warnings: list[Notice]) -> _Change:
    found = _Change(span, Seen(warnings))
    for environment in ground.settings.environments.values():
        try:
            touched = tuple(touched_objects(apis, ground, environment, span))
        except Refused as error:  # its path is none; that of the others may be
            found.seen.unseen = found.unreadable = True
            warnings.append(Notice("environment-unreadable", f"environment {environment.name}: {error}"))
            continue
        if touched and span.state == "merged":
            found.remainders.append(_remainder(apis, ground, environment, span, touched))
            left = {one.identity for one in found.remainders[-1].followed}
            touched = tuple(one for one in touched if one.change.identity in left)
        found.touched[environment.name] = touched
    found.seen.several = sum(map(len, found.touched.values())) > 1
    impact_of_change(apis.app, ground, span)  # kept for its row, while what it is told from is at hand
    return found


def _follow(apis: ApisOnce, rendered: RenderedBranches, found: _Change) -> tuple[Span, list[LiveObject], Behind]:
    span, seen, ground = found.span, found.seen, rendered.ground
    for name, touched in found.touched.items():
        if touched:
            environment = ground.settings.environments[name]
            engines = Engines.of(apis.at_engine(environment), environment, ground)
            for one in touched:
                _look_at(apis, engines, rendered, span, one, seen)
            seen.warnings += [one for one in engines.unread if one.id != "engine-source-unreadable"]
    if span.state == "merged" and not found.unreadable:
        span = settle_span(ground, span, found.remainders)
    if span.state != "merged":
        return span, seen.objects, Behind(seen.engine)
    if not (seen.objects or seen.arrivals or seen.unseen):
        return _without_objects(apis, rendered, span, seen.warnings)
    state, why = arrival_state(span, seen)
    waiting = state in {"merged", "failed"} and bool(seen.held)
    if not waiting:
        awaited = any(one.state == "not applied" for one in (*seen.arrivals, *seen.by_engine))
        step = _search(seen.warnings) if state == "merged" and not seen.unseen else None
        behind = Behind(seen.engine, step, stuck=_ends_as(state, seen), awaited=awaited)
        return replace(span, state=state, why=why), seen.objects, behind
    [(held, engine), *_] = seen.held
    promotions = tuple(dict.fromkeys(one.promotion for one, _ in seen.held if one.promotion))
    behind = Behind(engine, held.next, stuck=held.state in STUCK, awaited=True, promotions=promotions)
    return replace(span, state=state, why=why), seen.objects, behind


def _search(warnings: Iterable[Notice]) -> str:
    """What to do where nothing says when it comes."""
    unread = any(one.id == "engine-unreadable" for one in warnings)
    why = "engine objects could not be read" if unread else "no engine object that does was found"
    return f"somebody finds out what applies it: {why}"


def _ends_as(state: ChangeState, seen: Seen) -> bool:
    """Whether a change that has been applied so stays as it is: no object says more, or waits for a person."""
    return state == "applied" and (not seen.arrivals or any(one.is_stuck for one in seen.arrivals))


def _look_at(
    apis: ApisOnce, engines: Engines, rendered: RenderedBranches, span: Span, one: Touched, seen: Seen
) -> None:
    identity, environment, ground = one.change.identity, engines.environment, rendered.ground
    label = f"{environment.name}: {identity}" if len(ground.settings.environments) > 1 else str(identity)
    live: Object | None = None
    if identity.kind in _RESOURCES:
        try:
            live = _read_live(apis, environment, identity)
        except GitOpsError as error:
            if identity.kind in _MAKERS:  # the right to read them is optional
                notice = unread_conditions(error)
                seen.warnings += [] if notice.id in {known.id for known in seen.warnings} else [notice]
                return
            seen.unseen = True
            seen.warnings.append(Notice("live-unavailable", f"{label}: {error}"))
            seen.objects.append(LiveObject(object=label, state="unknown", detail="it could not be read"))
            return
    engine = engines.applying(identity, one.declared, live)
    seen.engine = seen.engine or engine
    asked = _question(rendered, span, engines, one, live, engine)
    if identity.kind in _RESOURCES:
        here = arrival(one.change, live, one.in_git, now=datetime.now(UTC))
        seen.arrivals.append(seen.named(here, label))
    else:
        here = arrival_by_engine(engine.object if engine else None, asked)
        seen.by_engine.append(seen.named(here, label))
    if span.state == "merged" and here.state == "not applied" and engine is not None:
        asked = replace(asked, fields=here.waiting)
        seen.held.append((_standing(engines, ground, span, one, engine, asked), engine))
    seen.objects.append(LiveObject(object=label, state=here.state, detail=cut_text(here.detail, _DETAIL)))


def _standing(
    engines: Engines, ground: Ground, span: Span, one: Touched, engine: SeenEngine, asked: Question
) -> Standing:
    """What holds an object up: its engine object, or the parent where the change goes through that one first."""
    place = one.declared.applied.place.path if one.declared and one.declared.applied else ""
    changed = span.start is not None and place in ground.repository.changed_files(span.start, span.tip)
    above = engines.above(engine, place, one.engines) if changed or engine.object is None else ()
    found = engines.standing(engine, asked, above)
    return replace(found, why=f"{found.why}{_cause(ground, found.cause)}")


def _cause(ground: Ground, commit: str | None) -> str:
    """The change that brought an earlier commit onto the base."""
    try:
        merged = ground.repository.first_parents(commit)[0] if commit else None
        own = ground.repository.commits(merged.parents[0], merged.id) if merged and merged.parents else ()
    except GitOpsError:  # a commit that is not here
        return ""
    names = dict.fromkeys(name for one in own for name in sorted(one.changes))
    return f" (that commit is change {', '.join(names)})" if names else ""


def _question(
    rendered: RenderedBranches,
    span: Span,
    engines: Engines,
    one: Touched,
    live: Object | None,
    engine: SeenEngine | None = None,
) -> Question:
    ground, application = rendered.ground, engine.object if engine else None
    repository, base = ground.repository, ground.base
    promotion = promotion_of(application) if application and span.state == "merged" else None

    def holds(commit: str) -> bool:
        commit = rendered.dry_commit(application, commit) or commit
        if commit == base.commit:
            return span.state == "merged"
        try:
            return repository.is_ancestor(span.tip, commit) or (
                repository.is_ancestor(commit, base.commit) and repository.merged_by_content(commit, span.tip)
            )
        except GitOpsError:  # a commit that is not here
            return False

    declared = one.declared.object if one.declared and one.change.after is not None else None
    return Question(
        one.change.identity,
        holds,
        base.commit,
        engines.remotes,
        base.branch,
        declared=declared,
        live=live,
        now=datetime.now(UTC),
        by=one.declared.applied if one.declared else None,
        path=one.declared.path if one.declared else "",
        tip_made=lambda: tip_made(ground),
        promoted=rendered.tip(promotion.into) if promotion and promotion.staged else None,
    )


def _without_objects(
    apis: ApisOnce, rendered: RenderedBranches, span: Span, warnings: list[Notice]
) -> tuple[Span, list[LiveObject], Behind]:
    """Where the change touches no object: whether what applies its files has applied a commit with it."""
    ground = rendered.ground
    paths = ground.repository.changed_files(span.start, span.tip) if span.start else ()
    found, held = None, None
    for environment in ground.settings.environments.values():
        inside = [path for path in paths if not environment.path or path.startswith(f"{environment.path}/")]
        engines = Engines.of(apis.at_engine(environment), environment, ground)
        nothing = Touched(ObjectChange(Identity("", None, ""), None, None, ()), None, None)
        engine = engines.applying(nothing.change.identity, None, None, inside) if inside else None
        warnings += engines.unread
        asked = _question(rendered, span, engines, nothing, None, engine)
        if engine and asked.has(engine.revision):
            why = f"{span.why}; {engine.object_name} has applied {str(engine.revision)[:12]}, which holds it"
            return replace(span, state="applied", why=why), [], Behind(engine, stuck=True)
        if engine and found is None:
            found, held = engine, engines.standing(engine, replace(asked, declared={}, live={}))
    why = f"{span.why}; it touches no object that is read, so that only the engine can say whether it is applied"
    if held is None:
        return replace(span, why=why), [], Behind(None, _search(warnings), stuck=True)
    behind = Behind(found, held.next, stuck=held.state in STUCK, awaited=True)
    return replace(span, why=f"{why}; {held.why}"), [], behind


def _remainder(
    apis: ApisOnce, ground: Ground, environment: Environment, span: Span, touched: Sequence[Touched]
) -> Remainder:
    """What of the change still stands in the base."""
    paths = other_paths(ground, span.start, span.tip) if span.start else ()
    at = partial(desired_with_others, apis.app, ground, environment, paths=paths)
    return remainder_in([one.change for one in touched], at(ground.base.commit), at)


def _list_many(apis: ApisOnce, environment: Environment, touched: Sequence[Touched]) -> None:
    """Many objects of a kind in a namespace are listed at once; what may not be listed is asked for by name."""
    counted = Counter((one.change.identity.kind, one.change.identity.namespace) for one in touched)
    for (kind, namespace), number in counted.items():
        if number > _BY_NAME and kind in _RESOURCES and namespace:
            try:
                apis.at_environment(environment).for_one_part().every(_RESOURCES[kind], namespace)
            except GitOpsError:  # each of them is asked for, and tells what is wrong
                continue


def _read_live(apis: ApisOnce, environment: Environment, identity: Identity) -> Object | None:
    resource = _RESOURCES[identity.kind]
    if resource.namespaced and identity.namespace is None:
        raise InvalidRequest("nothing in the repository says its namespace")
    if resource.namespaced:
        allowed_namespace(environment, identity.namespace)
    return apis.at_environment(environment).get(resource, identity.namespace, identity.name)
