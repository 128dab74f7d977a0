"""One cluster in depth: what the API alone gives, joined with what Git says; what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from gitops_mcp.answers.base import Section, shorten_to_fit
from gitops_mcp.answers.clusters import ClusterStatus
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.moment import Moment
from gitops_mcp.domain.cnpg.status.problems import Problem, problems
from gitops_mcp.domain.cnpg.status.reconciled import Reconciliation
from gitops_mcp.domain.cnpg.status.report import Status, read_status
from gitops_mcp.domain.live.engine_report import EngineState
from gitops_mcp.domain.names import check_cluster_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.errors import Forbidden
from gitops_mcp.workflows.api_once import Looks
from gitops_mcp.workflows.notices import base_warnings, warning_rows
from gitops_mcp.workflows.reading.cluster_in_git import cluster_in_git, declared_cluster, unknown_cluster
from gitops_mcp.workflows.reading.engines import engine_states
from gitops_mcp.workflows.reading.live_cluster import live_cluster, read_related
from gitops_mcp.workflows.view import allowed_namespace

_CONCISE = {"events": 5, "volumes": 6, "services": 4, "roles": 20, "databases": 20}
"""Entries of each part in a concise answer; 10 where nothing is said."""
_DETAILED = 50


def read_cluster_status(
    app: App, name: str, *, namespace: str | None, environment: str | None, detailed: bool
) -> ClusterStatus:
    check_cluster_name(name)
    settings, ground = app.settings(fetch=True)
    chosen = app.environment(settings, environment, reading=True)
    asked = allowed_namespace(chosen, namespace)
    api = Looks(app, settings)
    look = api.at_environment(chosen)
    warnings = base_warnings(ground)
    live, unavailable = live_cluster(look, chosen, name, asked)
    space = asked or at(live, "metadata", "namespace")
    declared = declared_cluster(
        app, ground, chosen, name, space, warnings, known=live is not None or unavailable is not None
    )
    if declared and isinstance(unavailable, Forbidden) and not asked:
        # What may not be looked for in all namespaces may be read where Git says that it is.
        there, refused = live_cluster(look, chosen, name, declared.identity.namespace)
        live, unavailable = (there, None) if refused is None else (None, unavailable)
    if unavailable:
        warnings.append(Notice("live-unavailable", str(unavailable)))
    if live is None and declared is None:
        raise unavailable or unknown_cluster(look, app, ground, chosen, name, asked)
    states, unread = engine_states(api, chosen)
    shared = ClusterStatus(
        environment=chosen.name,
        namespace=at(live, "metadata", "namespace") or (declared.identity.namespace if declared else asked),
        name=name,
        live="available" if live else "unavailable" if unavailable else "absent",
        git=cluster_in_git(app, ground, chosen, declared, live) if ground and declared else None,
        engines=[cut_text(str(one)) for one in states],
        warnings=warning_rows([*warnings, *unread]),
    )
    if live is None:
        told = shared.model_copy(
            update={
                "problems": []
                if unavailable
                else _records([_not_live(next((one.failing for one in states if one.failing), None))])
            }
        )
        return shorten_to_fit(told, "engines", "warnings")
    related, missing = read_related(look, live)
    seen = read_status(live, related, now=datetime.now(UTC), most_events=10 if detailed else _CONCISE["events"])
    return _fill_answer(shared, seen, declared, states, missing, detailed=detailed)


def _not_live(failing: str | None) -> Problem:
    what = "Git declares this cluster and there is no such live object"
    seek = "see whether the engine applies the folder it is declared in"
    return Problem("warning", "not-live", what, "mend what the engine reports" if failing else seek, failing)


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
    of_live = problems(seen, desired=declared.object if declared else None)
    found = _records([*of_live, *_git_problems(shared, declared, states)])
    sections = {
        "conditions": _records(seen.conditions),
        "instances": _records(seen.instances),
        "certificates": _records(seen.certificates),
        "services": _records(seen.services),
        "volumes": _records(seen.volumes),
        "roles": [*_records(seen.inline_roles, form="inline"), *_records(seen.database_roles, form="DatabaseRole")],
        "databases": _records(seen.databases),
        "poolers": _records(seen.poolers),
        "others": [
            *_records(seen.tablespaces, kind="tablespace"),
            *_records(seen.plugins, kind="plugin"),
            *_records(seen.budgets, kind="PodDisruptionBudget"),
            *_records(seen.jobs, kind="job"),
        ],
        "events": _records(seen.events.items if seen.events else None),
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
                "summary": _summary(seen),
                "problems": found[:30],
                "backups": _backups(seen),
                **sections,
                "omitted": omitted,
                "warnings": [*shared.warnings, *warning_rows(missing)],
            }
        ),
        *sections,
        "problems",
        "engines",
        "warnings",
    )


def _summary(seen: Status) -> dict[str, Any]:
    top = seen.summary
    facts = {
        "instances": f"{top.ready}/{top.instances} ready",
        "phase_reason": top.phase_reason,
        "primary": top.primary,
        "switching_to": top.switching_to,
        "timeline": top.timeline,
        "postgres": top.major,
        "image": top.image,
        "storage": top.storage,
        "wal_storage": top.wal_storage,
        "created": top.created.age if top.created else None,
        "replica_of": top.replica_of,
        "fenced": list(top.fenced) or None,
        "hibernated": top.hibernated or None,
        "deleting": top.deleting or None,
    }
    return {name: _short(value) for name, value in facts.items() if value is not None}


def _backups(seen: Status) -> dict[str, Any]:
    facts: dict[str, Any] = {"archiver": seen.archiver or "none"}
    if seen.schedules:
        facts["schedules"] = _records(seen.schedules[:10])
        facts |= {"more_schedules": len(seen.schedules) - 10} if len(seen.schedules) > 10 else {}
    if seen.backups is not None:
        facts["completed"] = seen.backups.completed
        facts |= {"recent": _records(seen.backups.items[:5])} if seen.backups.items else {}
        facts |= {"older": seen.backups.more} if seen.backups.more else {}
    if seen.windows:
        facts["recovery_windows"] = _records(seen.windows[:10])
    return facts


def _git_problems(
    shared: ClusterStatus, declared: Declaration | None, states: Iterable[EngineState]
) -> Iterator[Problem]:
    if failing := next((one for one in states if one.failing), None):
        what = f"the engine cannot apply what Git says ({failing.name})"
        yield Problem("warning", "engine-failing", what, "mend what it reports with a new change", failing.failing)
    if shared.git and shared.git.differs:
        what = f"live differs from Git in {', '.join(one['field'] for one in shared.git.differs[:5])}"
        action = "wait for the engine to apply it, or find out who changed it by hand"
        yield Problem("info", "differs-from-git", what, action)
    unknown = any(one.id in {"git-unclear", "no-repository", "passed-over"} for one in shared.warnings)
    if shared.git is None and declared is None and not unknown:
        what = "no document of this environment's folder declares this cluster"
        yield Problem("info", "not-in-git", what, "nothing can be proposed for it here until Git declares it")


def _records(values: Iterable[object] | None, **first: str) -> Section:
    return [{**first, **_record(one)} for one in values or ()]


def _record(value: object) -> dict[str, Any]:
    """A value of the domain as a flat record without what is empty."""
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"no record can be made of {type(value)}")
    record: dict[str, Any] = {}
    for field in fields(value):
        part = getattr(value, field.name)
        if isinstance(part, Moment):
            record[field.name] = f"{part.at} ({part.age})"
        elif isinstance(part, Reconciliation):
            record |= _reconciled_fields(part)
        elif isinstance(part, tuple):
            record |= {field.name: _short(list(part))} if part else {}
        elif part is not None and part != "":
            record[field.name] = _short(part)
    return record


def _short(value: Any) -> Any:
    """What the API, or who wrote to it, made longer than one reads."""
    if isinstance(value, list):
        return [_short(part) for part in value[:20]] + ([f"and {len(value) - 20} more"] if len(value) > 20 else [])
    return cut_text(value) if isinstance(value, str) else value


def _reconciled_fields(state: Reconciliation) -> dict[str, Any]:
    applied = "unknown" if state.applied is None else "yes" if state.done else "no"
    return {
        "applied": applied,
        **({"stale": True} if state.applied is not None and not state.current else {}),
        **({"message": state.message} if state.message else {}),
        **({"deleting": True} if state.deleting else {}),
    }
