"""One cluster in depth: what the API alone gives, joined with what Git says; what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from gitops_mcp.answers.base import rows_of, shorten_to_fit
from gitops_mcp.answers.cluster_parts import ProblemRow
from gitops_mcp.answers.cluster_status import ClusterFacts, ClusterStatus, Section
from gitops_mcp.answers.history import HistoryRow
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.cnpg.status.problems import Problem, problems, without_git, worst_first
from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.live.drift import drift
from gitops_mcp.domain.live.engine_states.standing import Standing
from gitops_mcp.domain.live.refused import refused_fields
from gitops_mcp.domain.names import check_cluster_name, quote
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, at, list_at
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.domain.repository.namespaces import NAME_IT, why_namespace_is_open
from gitops_mcp.errors import Forbidden, GitOpsError
from gitops_mcp.workflows.api_once import ApiOnce, ApisOnce
from gitops_mcp.workflows.engines import Engines, SeenEngine
from gitops_mcp.workflows.notices import base_warnings
from gitops_mcp.workflows.reading.cluster_in_git import cluster_in_git, declared_cluster, unknown_cluster
from gitops_mcp.workflows.reading.clusters.status_sections import (
    EVERY,
    FEW,
    backups_of,
    rows_of_sections,
    with_asked_git,
)
from gitops_mcp.workflows.reading.history.last_change import last_change
from gitops_mcp.workflows.reading.live_cluster import live_cluster, read_ahead, read_related
from gitops_mcp.workflows.reading.observe.inside import Inside, look_inside, look_inside_anew
from gitops_mcp.workflows.reading.observe.running_cluster import as_remembered
from gitops_mcp.workflows.reading.standing_at_base import StandingAtBase
from gitops_mcp.workflows.secret_reports import read_secret_reports
from gitops_mcp.workflows.view import allowed_namespace

_BRIEF = 160
"""Characters of what engines say, in a concise answer."""
_UNKNOWN = "find out what applies it, and who changed it by hand: no engine object that does was found"


def read_cluster_status(
    app: App,
    name: str,
    *,
    namespace: str | None,
    environment: str | None,
    detailed: bool,
    sections: Sequence[Section] | None = None,
) -> ClusterStatus:
    """`sections`: those to tell in full; None: with `detailed` all of them, else state, Git and backups in short."""
    told = frozenset(sections) if sections is not None else EVERY if detailed else None
    check_cluster_name(name, field="cluster_name")
    settings, ground = app.settings(fetch=True)
    chosen = app.environment(settings, environment, reading=True)
    asked = allowed_namespace(chosen, namespace)
    apis = ApisOnce(app, settings)
    api = apis.at_environment(chosen)
    warnings = base_warnings(ground)
    inside = _read_ahead(app, ground, chosen, apis, name, asked)
    live, unavailable = live_cluster(api, chosen, name, asked)
    space = asked or at(live, "metadata", "namespace")
    is_known, engine_api = live is not None or unavailable is not None, apis.at_engine(chosen)
    declared = declared_cluster(app, ground, chosen, name, space, warnings, known=is_known, engine_api=engine_api)
    if declared and isinstance(unavailable, Forbidden) and not asked:
        # What may not be looked for in all namespaces may be read where Git says that it is.
        there, refused = live_cluster(api, chosen, name, declared.identity.namespace)
        live, unavailable = (there, None) if refused is None else (None, unavailable)
    if unavailable:
        warnings.append(Notice("live-unavailable", str(unavailable)))
    if ground and declared and declared.identity.namespace is None and not (asked or live):
        desired = app.desired(ground, chosen.path, ground.base.commit)
        warnings.append(Notice("namespace-unknown", f"{why_namespace_is_open(desired, declared)}; {NAME_IT}"))
    if live is None and declared is None:
        raise unavailable or unknown_cluster(api, app, ground, chosen, name, asked)
    engines = Engines.of(apis.at_engine(chosen), chosen, ground)
    whom = Identity(
        "Cluster", at(live, "metadata", "namespace") or (declared.identity.namespace if declared else asked), name
    )
    engine = engines.applying(whom, declared, live)
    last = _last_change(app, ground, chosen, declared, apis.at_engine(chosen), warnings) if declared else None
    shared = ClusterStatus(
        environment=chosen.name,
        namespace=at(live, "metadata", "namespace") or (declared.identity.namespace if declared else asked),
        name=name,
        live="available" if live else "unavailable" if unavailable else "absent",
        git=cluster_in_git(app, ground, chosen, declared, live, last) if ground and declared else None,
        engines=[cut_text(str(engine), 300 if told else _BRIEF)] if engine else [],
        warnings=warnings,
    )
    held = _standing(app, engines, engine, ground, declared, live, shared)
    unread_engines = [one for one in engines.unread if one.id != "engine-source-unreadable"]
    shared = shared.model_copy(update={"warnings": [*shared.warnings, *unread_engines]})
    if live is None:
        found = [] if unavailable else rows_of(ProblemRow, [_not_live(held)])
        told_of = with_asked_git(shared, told)
        told_of = told_of.model_copy(update={"problems": found, "warnings": [*shared.warnings, *apis.unreadable]})
        return shorten_to_fit(told_of, "engines", "warnings")
    related, missing = read_related(api, live)
    seen = read_status(live, related, now=datetime.now(UTC), most_events=10 if detailed else FEW["events"])
    unmade, unread = _unmade_passwords(api, live, related)
    unread_parts = [*missing, *unread, *apis.unreadable]
    is_direct = chosen.delivery == "direct"
    running, inside = look_inside_anew(app, api, settings, chosen, live, before=inside)
    app.asked_before.put((app.rights, chosen.name, name, asked), (apis.asked_of(chosen), running.remembered))
    shared = shared.model_copy(update={"not_read": sorted(inside.unread)})
    unmade += inside.problems(running, problems(seen), datetime.now(UTC))
    filled = _fill_answer(
        shared, seen, declared, held, unread_parts, unmade, told, detailed=detailed, is_direct=is_direct
    )
    return with_asked_git(filled, told)


def _read_ahead(
    app: App, ground: Ground | None, environment: Environment, apis: ApisOnce, name: str, asked: str | None
) -> Inside | None:
    """What would be asked of the APIs one after the other is asked at once: what it was the last time.

    The first time it is what lies around the Cluster, where Git or the caller says its namespace.
    """
    before = app.asked_before.get((app.rights, environment.name, name, asked))
    if before is not None:
        asked_then, remembered = before
        api = apis.at_environment(environment)
        running = as_remembered(api, apis.settings, environment, *remembered)

        def read(_: ApiOnce, again: bool) -> Inside | None:
            if not again:
                return look_inside(app, running)
            apis.ask_again(environment, asked_then)
            return None

        return api.side_by_side(read, [True, False])[1]
    try:
        known = app.desired(ground, environment.path, ground.base.commit).clusters if ground else ()
    except GitOpsError:  # told where it is wanted
        known = ()
    there = [one for one in known if one.identity.name == name and asked in {None, one.identity.namespace}]
    spaces = {asked} if asked else {one.identity.namespace for one in there}
    namespace = next(iter(spaces), None) if len(spaces) == 1 else None
    if namespace is None or (environment.namespaces is not None and namespace not in environment.namespaces):
        return None
    read_ahead(apis.at_environment(environment), environment, name, asked=asked, namespace=namespace)
    return None


def _last_change(
    app: App,
    ground: Ground | None,
    environment: Environment,
    declared: Declaration,
    engine_api: ApiOnce,
    warnings: list[Notice],
) -> HistoryRow | None:
    try:
        found = last_change(app, ground, environment, declared, engine_api) if ground else None
    except GitOpsError as error:  # all else is told still
        warnings.append(Notice("last-change-unknown", f"which commit changed it last could not be determined: {error}"))
        return None
    if found is None:
        text = "no commit that was looked at changed it: get_history looks further back, and says where this clone ends"
        warnings.append(Notice("last-change-unknown", text))
    return found


def _unmade_passwords(api: ApiOnce, live: Object, related: Related) -> tuple[list[Problem], list[Notice]]:
    """Secrets of the Cluster's roles that do not come, or not as they are meant."""
    name, namespace = live["metadata"]["name"], live["metadata"]["namespace"]
    objects = [one["spec"] for one in related.roles or () if at(one, "spec", "cluster", "name") == name]
    users: dict[str, list[str]] = {}
    for one in (*list_at(live, "spec", "managed", "roles"), *objects):
        if isinstance(secret := at(one, "passwordSecret", "name"), str):
            users.setdefault(secret, []).append(quote(str(at(one, "name"))))
    reports, unread = read_secret_reports(api, namespace, users)
    found = [
        Problem(
            "warning",
            "password-not-made",
            f"the password of {', '.join(users[one.secret])} does not come, or not a new one: {one.what or one.told}",
            "mend what the controller names; until then the role has the password that it had, or none",
            one.words or None,
        )
        for one in reports.values()
        if not one.is_made
    ]
    return found, unread


def _standing(
    app: App,
    engines: Engines,
    engine: SeenEngine | None,
    ground: Ground | None,
    declared: Declaration | None,
    live: Object | None,
    shared: ClusterStatus,
) -> Standing | None:
    """What its engine object says of it, where live it is not as Git says."""
    if engine is None or ground is None or declared is None or shared.live == "unavailable":
        return None
    fields = tuple(one.path for one in drift(declared.object, live)) if live else ()
    if live and not fields:
        return None
    known = app.desired(ground, engines.environment.path, ground.base.commit).engines
    return StandingAtBase(ground, engines, known).of(engine, declared.identity, declared, live, fields)[1]


def _not_live(held: Standing | None) -> Problem:
    what = "Git declares this cluster and there is no such live object"
    seek = "see whether the engine applies the folder it is declared in"
    return Problem("warning", "not-live", f"{what}: {held.why}" if held else what, held.next if held else seek)


def _fill_answer(
    shared: ClusterStatus,
    seen: Status,
    declared: Declaration | None,
    held: Standing | None,
    missing: Sequence[Notice],
    unmade: Sequence[Problem],
    told: frozenset[Section] | None,
    *,
    detailed: bool,
    is_direct: bool,
) -> ClusterStatus:
    top = seen.summary
    instances = f"{top.ready}/{top.instances} ready"
    own = problems(seen, desired=declared.object if declared else None)
    if is_direct:
        own = tuple(replace(one, action=without_git(one.action)) for one in own)
    in_git = _git_problems(shared, declared, held, live=seen.cluster, is_direct=is_direct)
    found = worst_first([*own, *unmade, *in_git])
    rows, omitted = rows_of_sections(seen, told, detailed=detailed)
    return shorten_to_fit(
        shared.model_copy(
            update={
                "phase": top.phase.name or "not reported",
                "phase_class": top.phase_class,
                "healthy": top.healthy,
                "summary": rows_of(ClusterFacts, [top])[0].model_copy(update={"instances": instances})
                if told is None or "state" in told
                else None,
                "problems": rows_of(ProblemRow, found[:30]),
                "backups": backups_of(seen, told),
                **rows,
                "omitted": omitted,
                "warnings": [*shared.warnings, *missing],
            }
        ),
        *rows,
        "problems",
        "engines",
        "warnings",
    )


def _git_problems(
    shared: ClusterStatus, declared: Declaration | None, held: Standing | None, *, live: Object, is_direct: bool
) -> Iterator[Problem]:
    if held and held.state == "refused":
        yield Problem("warning", "engine-failing", "the engine cannot apply what Git says", held.next, held.why)
    if shared.git and shared.git.differs:
        what = f"live differs from Git in {', '.join(one.field for one in shared.git.differs[:5])}"
        refused = refused_fields(declared.object, live) if declared else ()
        if refused:
            what = f"the API refuses what Git says of this Cluster, all of it: {'; '.join(refused[:3])}"
            action = "correct that in Git first; no change of it arrives before"
            yield Problem("warning", "refused-by-api", what, action)
        else:
            action = held.next.replace("get_change", "get_cluster_status") if held else _UNKNOWN
            action = f"{action}; get_drift says who set what, and what will happen to it"
            told = f"{what}; {held.why}" if held and held.state != "refused" and not is_direct else what
            if is_direct:
                action = "change Git too where anything is still made from it; a change here does not touch it"
            yield Problem("info", "differs-from-git", told, action)
    unknown = any(one.id in {"git-unclear", "no-repository", "passed-over"} for one in shared.warnings)
    if shared.git is None and declared is None and not (unknown or is_direct):
        what = "no document of this environment's folder declares this cluster"
        yield Problem("info", "not-in-git", what, "nothing can be proposed for it here until Git declares it")
