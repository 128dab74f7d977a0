"""One cluster in depth: what the API alone gives, joined with what Git says; what is wrong, and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.answers import cluster_parts as parts
from gitops_mcp.answers.base import Answer, rows_of, shorten_to_fit
from gitops_mcp.answers.cluster_status import BackupFacts, ClusterFacts, ClusterInGit, ClusterStatus, DriftRow, Scalar
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.cnpg.status.problems import Problem, problems
from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.kinds import (
    BACKUP,
    CLUSTER,
    DATABASE,
    DATABASE_ROLE,
    EVENT,
    OBJECT_STORE,
    PDB,
    POD,
    POOLER,
    PVC,
    SCHEDULED_BACKUP,
    SERVICE,
)
from gitops_mcp.domain.live.drift import drift
from gitops_mcp.domain.live.engine_report import EngineState
from gitops_mcp.domain.names import check_cluster_name, suggest
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Resource, at, dotted_path
from gitops_mcp.domain.redact import redact_value
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotFound, NotInstalled, Unavailable
from gitops_mcp.workflows.merged import is_merged
from gitops_mcp.workflows.reading.engines import applied_by, base_warnings, engine_states, passed_over
from gitops_mcp.workflows.view import allowed_namespace, view_at

_MANY = 8
"""Requests to the API at once."""
_EVENTS = 1000
"""Events of the namespace that are looked through."""
_CONCISE = {"events": 5, "volumes": 6, "services": 4, "roles": 20, "databases": 20}
"""Entries of each part in a concise answer; 10 where nothing is said."""
_DETAILED = 50
_DIFFERENCES = 15
_OWN = {"pods": POD, "claims": PVC, "services": SERVICE, "budgets": PDB}
"""Objects that carry the Cluster's label."""
_NAMING = {
    "databases": DATABASE,
    "roles": DATABASE_ROLE,
    "poolers": POOLER,
    "backups": BACKUP,
    "scheduled_backups": SCHEDULED_BACKUP,
    "object_stores": OBJECT_STORE,
    "events": EVENT,
}
"""Objects of the namespace that may name it."""


def read_cluster_status(
    app: App, name: str, *, namespace: str | None, environment: str | None, detailed: bool
) -> ClusterStatus:
    check_cluster_name(name)
    settings, ground = app.settings(fetch=True)
    chosen = app.environment(settings, environment, reading=True)
    asked = allowed_namespace(chosen, namespace)
    kube = app.kube(chosen, settings)
    warnings = base_warnings(ground)
    live, unavailable = live_cluster(kube, chosen, name, asked)
    space = asked or at(live, "metadata", "namespace")
    declared = _declared_cluster(
        app, ground, chosen, name, space, warnings, known=live is not None or unavailable is not None
    )
    if declared and isinstance(unavailable, Forbidden) and not asked:
        # What may not be looked for in all namespaces may be read where Git says that it is.
        there, refused = live_cluster(kube, chosen, name, declared.identity.namespace)
        live, unavailable = (there, None) if refused is None else (None, unavailable)
    if unavailable:
        warnings.append(Notice("live-unavailable", str(unavailable)))
    if live is None and declared is None:
        raise unavailable or _unknown_cluster(kube, app, ground, chosen, name, asked)
    states, unread = engine_states(app, chosen, settings)
    shared = ClusterStatus(
        environment=chosen.name,
        namespace=at(live, "metadata", "namespace") or (declared.identity.namespace if declared else asked),
        name=name,
        live="available" if live else "unavailable" if unavailable else "absent",
        git=_git_says(app, ground, chosen, declared, live) if ground and declared else None,
        engines=[cut_text(str(one)) for one in states],
        warnings=[*warnings, *unread],
    )
    if live is None:
        found = [] if unavailable else rows_of(parts.ProblemRow, [_not_live(states)])
        told = shared.model_copy(update={"problems": found})
        return shorten_to_fit(told, "engines", "warnings")
    related, missing = _read_related(kube, live)
    seen = read_status(live, related, now=datetime.now(UTC), most_events=10 if detailed else _CONCISE["events"])
    return _fill_answer(shared, seen, declared, states, missing, detailed=detailed)


def live_cluster(
    kube: Kube, environment: Environment, name: str, namespace: str | None
) -> tuple[Object | None, GitOpsError | None]:
    """The live Cluster; None and why where the API could not be asked. Raises where several have the name."""
    try:
        if namespace:
            return kube.get(CLUSTER, namespace, name), None
        spaces: Sequence[str | None] = environment.namespaces or [None]
        found = [one for space in spaces for one in _clusters_named(kube, space, name)]
    except (NotInstalled, Forbidden, Unavailable) as error:
        return None, error
    except NotFound:
        return None, None
    if len(found) > 1:
        where = ", ".join(sorted(str(at(one, "metadata", "namespace")) for one in found))
        raise InvalidRequest(f"namespace: {environment.name} has a Cluster {name!r} in several: {where}; name one")
    return (found[0] if found else None), None


def _clusters_named(kube: Kube, space: str | None, name: str) -> tuple[Object, ...]:
    fields_ = f"metadata.name={name}"
    try:
        return kube.every(CLUSTER, space, fields=fields_)
    except Forbidden:
        own = kube.namespace() if space is None else None
        found = kube.every(CLUSTER, own, fields=fields_) if own else ()
        if not found:  # nobody looked in the others
            raise
        return found


def _declared_cluster(
    app: App,
    ground: Ground | None,
    environment: Environment,
    name: str,
    namespace: str | None,
    warnings: list[Notice],
    *,
    known: bool,
) -> Declaration | None:
    """What Git declares. That it is unclear is a warning where there is something else to tell, else the error."""
    if ground is None:
        warnings.append(Notice("no-repository", "there is no repository here that would say what is declared"))
        return None
    desired: Desired | None = None
    try:
        desired = view_at(app, ground, environment, ground.base.commit, proposed=False).desired
        found = desired.cluster(name, namespace, environment=environment.name)
    except NotFound:
        warnings += passed_over(desired) if desired else []
        return None
    except GitOpsError as error:
        if not known:
            raise
        warnings.append(Notice("git-unclear", str(error)))
        return None
    allowed_namespace(environment, found.identity.namespace)
    return found


def _unknown_cluster(
    kube: Kube, app: App, ground: Ground | None, environment: Environment, name: str, namespace: str | None
) -> NotFound:
    spaces: Sequence[str | None] = [namespace] if namespace else (environment.namespaces or [None])
    known: set[str] = set()
    for space in spaces:
        try:
            known |= {str(at(one, "metadata", "name")) for one in kube.page(CLUSTER, space, limit=500).items}
        except GitOpsError:  # near names are a courtesy; the answer is that there is none
            continue
    if ground:
        desired = view_at(app, ground, environment, ground.base.commit, proposed=False).desired
        known |= {one.identity.name for one in desired.clusters if namespace in {None, one.identity.namespace}}
    where = f"{environment.name}, namespace {namespace}" if namespace else environment.name
    return NotFound(f"no Cluster {name!r} in {where}, neither live nor in Git; {suggest(name, known)}")


def _git_says(
    app: App, ground: Ground, environment: Environment, declared: Declaration, live: Object | None
) -> ClusterInGit:
    differing = drift(declared.object, live) if live else ()
    unreached = view_at(app, ground, environment, ground.base.commit, proposed=False).desired.unreached
    pending = []
    for other in ground.repository.changes(ground.git, ground.base):
        start = ground.repository.merge_base(ground.base.commit, other.tip)
        touched = start and declared.path in ground.repository.changed_files(start, other.tip)
        if touched and not is_merged(ground, other):
            pending.append(other.name)
    return ClusterInGit(
        declared=declared.place,
        commit=ground.base.commit,
        namespace_from=declared.namespace_from,
        differs=[
            DriftRow(
                field=cut_text(dotted_path(one.path)),
                git=_shown_value(one.path, one.desired),
                live=_shown_value(one.path, one.live),
            )
            for one in differing[:_DIFFERENCES]
        ],
        differs_more=max(len(differing) - _DIFFERENCES, 0) or None,
        pending=pending[:20],
        made_by=[f"{one.kind} {one.place}" for one in (declared.produced.layers[1:] if declared.produced else ())][:20],
        applied_by=cut_text(applied_by(declared.applied)) if declared.applied else None,
        not_chosen=[cut_text(str(one)) for one in unreached if one.identity.name == declared.identity.name][:10],
    )


def _shown_value(path: Sequence[str | int], value: object) -> Scalar:
    """A field's value, bounded; what may hold a secret is not shown."""
    shown = redact_value(value, path)
    if shown is None or isinstance(shown, bool | int | float):
        return shown
    return cut_text(shown if isinstance(shown, str) else json.dumps(shown, default=str), 200)


def _not_live(states: Iterable[EngineState]) -> Problem:
    failing = next((one.failing for one in states if one.failing), None)
    what = "Git declares this cluster and there is no such live object"
    action = (
        "mend what the engine reports" if failing else "see whether the engine applies the folder it is declared in"
    )
    return Problem("warning", "not-live", what, action, failing)


def _read_related(kube: Kube, live: Object) -> tuple[Related, list[Notice]]:
    """The objects around a Cluster, read side by side; a part that may not be read is named."""
    namespace, name = at(live, "metadata", "namespace"), at(live, "metadata", "name")

    def read(part: tuple[str, Resource]) -> tuple[Object, ...] | GitOpsError:
        key, resource = part
        try:
            if resource is EVENT:
                return kube.page(resource, namespace, limit=_EVENTS).items
            labels = f"cnpg.io/cluster={name}" if key in _OWN else None
            return kube.every(resource, namespace, labels=labels)
        except GitOpsError as error:
            return error

    parts = [*_OWN.items(), *_NAMING.items()]
    with ThreadPoolExecutor(_MANY) as pool:
        answers = list(pool.map(read, parts))
    found: dict[str, tuple[Object, ...]] = {}
    warnings: list[Notice] = []
    absent: list[str] = []
    for (key, resource), answer in zip(parts, answers, strict=True):
        if isinstance(answer, NotInstalled):
            found[key] = ()
            absent.append(f"{resource.plural}.{resource.group}")
        elif isinstance(answer, GitOpsError):
            warnings.append(Notice("unreadable", f"{resource.plural} are missing here: {answer}"))
        else:
            found[key] = answer
    if absent:
        warnings.append(Notice("not-installed", f"not installed there: {', '.join(absent)}"))
    return Related(**found), warnings


def _fill_answer(
    shared: ClusterStatus,
    seen: Status,
    declared: Declaration | None,
    states: Sequence[EngineState],
    missing: Sequence[Notice],
    *,
    detailed: bool,
) -> ClusterStatus:
    top = seen.summary
    instances = f"{top.ready}/{top.instances} ready"
    found = [*problems(seen, desired=declared.object if declared else None), *_git_problems(shared, declared, states)]
    sections: dict[str, Sequence[Answer]] = {
        "conditions": rows_of(parts.ConditionRow, seen.conditions),
        "instances": rows_of(parts.InstanceRow, seen.instances),
        "certificates": rows_of(parts.CertificateRow, seen.certificates),
        "services": rows_of(parts.ServiceRow, seen.services),
        "volumes": rows_of(parts.VolumeRow, seen.volumes),
        "roles": [*rows_of(parts.InlineRoleRow, seen.inline_roles), *rows_of(parts.RoleObjectRow, seen.database_roles)],
        "databases": rows_of(parts.DatabaseObjectRow, seen.databases),
        "poolers": rows_of(parts.PoolerRow, seen.poolers),
        "others": [
            *rows_of(parts.TablespaceRow, seen.tablespaces),
            *rows_of(parts.PluginRow, seen.plugins),
            *rows_of(parts.BudgetRow, seen.budgets),
            *rows_of(parts.JobRow, seen.jobs),
        ],
        "events": rows_of(parts.EventRow, seen.events.items if seen.events else None),
    }
    omitted = {"events": seen.events.more} if seen.events and seen.events.more else {}
    for title, entries in sections.items():
        most = _DETAILED if detailed else _CONCISE.get(title, 10)
        if len(entries) > most:
            omitted[title] = omitted.get(title, 0) + len(entries) - most
            sections[title] = entries[:most]
    return shorten_to_fit(
        shared.model_copy(
            update={
                "phase": top.phase.name or "not reported",
                "phase_class": "hibernated" if top.hibernated else top.phase.kind,
                "healthy": top.healthy,
                "summary": rows_of(ClusterFacts, [top])[0].model_copy(update={"instances": instances}),
                "problems": rows_of(parts.ProblemRow, found[:30]),
                "backups": _backups(seen),
                **sections,
                "omitted": omitted,
                "warnings": [*shared.warnings, *missing],
            }
        ),
        *sections,
        "problems",
        "engines",
        "warnings",
    )


def _backups(seen: Status) -> BackupFacts:
    schedules, windows = seen.schedules or (), seen.windows or ()
    return BackupFacts(
        archiver=seen.archiver or "none",
        schedules=rows_of(parts.ScheduleRow, schedules[:10]) or None,
        more_schedules=max(len(schedules) - 10, 0) or None,
        completed=seen.backups.completed if seen.backups else None,
        recent=rows_of(parts.BackupRow, seen.backups.items[:5]) or None if seen.backups else None,
        older=seen.backups.more or None if seen.backups else None,
        recovery_windows=rows_of(parts.RestoreWindowRow, windows[:10]) or None,
    )


def _git_problems(
    shared: ClusterStatus, declared: Declaration | None, states: Sequence[EngineState]
) -> Iterator[Problem]:
    failing = next((one for one in states if one.failing), None)
    if failing:
        what = f"the engine cannot apply what Git says ({failing.name})"
        yield Problem("warning", "engine-failing", what, "mend what it reports with a new change", failing.failing)
    if shared.git and shared.git.differs:
        names = ", ".join(one.field for one in shared.git.differs[:5])
        yield Problem(
            "info",
            "differs-from-git",
            f"live differs from Git in {names}",
            "wait for the engine to apply it, or find out who changed it by hand",
        )
    unknown = any(one.id in {"git-unclear", "no-repository", "passed-over"} for one in shared.warnings)
    if shared.git is None and declared is None and not unknown:
        yield Problem(
            "info",
            "not-in-git",
            "no document of this environment's folder declares this cluster",
            "nothing can be proposed for it here until Git declares it",
        )
