"""What Git says of a Cluster: where it is declared, in what live differs, and which open changes touch it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence

from gitops_mcp.answers.base import rows_of
from gitops_mcp.answers.cluster_status import ClusterInGit, DriftRow, LastChange, Scalar
from gitops_mcp.answers.history import HistoryRow
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.editing.field import all_texts
from gitops_mcp.domain.engines.reading import file_and_line
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.live.drift import drift
from gitops_mcp.domain.names import suggest
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at, dotted_path
from gitops_mcp.domain.redact import mark_outside, redact_value
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import GitOpsError, NotFound
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.makers import with_makers
from gitops_mcp.workflows.merged import is_open
from gitops_mcp.workflows.reading.engines import applied_by, passed_over
from gitops_mcp.workflows.view import allowed_namespace, desired_here

_DIFFERENCES = 15


def declared_cluster(
    app: App,
    ground: Ground | None,
    environment: Environment,
    name: str,
    namespace: str | None,
    warnings: list[Notice],
    *,
    known: bool,
    engine_api: ApiOnce | None = None,
) -> Declaration | None:
    """What Git declares. That it is unclear is a warning where there is something else to tell, else the error."""
    if ground is None:
        warnings.append(Notice("no-repository", "there is no repository here that would say what is declared"))
        return None
    desired: Desired | None = None
    try:
        desired = desired_here(app, ground, environment, ground.base.commit, engine_api)
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


def unknown_cluster(
    api: ApiOnce, app: App, ground: Ground | None, environment: Environment, name: str, namespace: str | None
) -> NotFound:
    """With near names of what is live and, where that is what is changed, in Git."""
    declared: tuple[Declaration, ...] = ()
    if ground and environment.delivery == "git":
        declared = app.desired(ground, environment.path, ground.base.commit).clusters
    known = {one.identity.name for one in declared if namespace in {None, one.identity.namespace}}
    where = f"{environment.name}, namespace {namespace}" if namespace else environment.name
    near = near_names(api, environment, name, namespace, known)
    nowhere = "neither live nor in Git" if environment.delivery == "git" else "none is live"
    error = NotFound(f"no Cluster {name!r} in {where}, {nowhere}; {near}")
    return with_makers(error, app, ground, environment, name) if ground and environment.delivery == "git" else error


def near_names(
    api: ApiOnce, environment: Environment, name: str, namespace: str | None, known: Collection[str] = ()
) -> str:
    """What to offer for a name that is nowhere; that there is none only where the lists could be read."""
    found = set(known)
    unread = ""
    for space in [namespace] if namespace else (environment.namespaces or [None]):
        try:
            found |= {str(at(one, "metadata", "name")) for one in api.every(CLUSTER, space)}
        except GitOpsError as error:  # the answer is that there is none of this name
            unread = unread or f"other live names could not be looked for: {error}"
    return "; ".join([*([suggest(name, found)] if found or not unread else []), *([unread] if unread else [])])


def cluster_in_git(
    app: App,
    ground: Ground,
    environment: Environment,
    declared: Declaration,
    live: Object | None,
    last: HistoryRow | None = None,
) -> ClusterInGit:
    """`last`: the last commit that changed it."""
    differing = drift(declared.object, live) if live else ()
    desired = app.desired(ground, environment.path, ground.base.commit)
    paths, pending = {declared.path}, []
    if declared.release is not None:
        paths |= {one.place.path for one in declared.release.values if one.place}
    repository, others = ground.repository, ground.repository.changes(ground.git, ground.base)
    starts = repository.starts(ground.base.commit, [one.tip for one in others])
    repository.learn_files((start, tip) for tip, start in starts.items() if start)
    for other in others:
        start = starts[other.tip]
        touched = start and not paths.isdisjoint(repository.changed_files(start, other.tip))
        if touched and is_open(ground, other):
            pending.append(other.name)
    return ClusterInGit(
        declared=declared.place,
        commit=last.commit if last else None,
        last_change=rows_of(LastChange, [last])[0] if last else None,
        namespace_from=declared.namespace_from,
        differs=[
            DriftRow(
                field=cut_text(dotted_path(one.path)),
                git=shown_value(one.path, one.desired),
                live=shown_value(one.path, one.live),
            )
            for one in differing[:_DIFFERENCES]
        ],
        differs_more=max(len(differing) - _DIFFERENCES, 0) or None,
        pending=pending[:20],
        made_by=list(_parts(declared, all_texts(desired)))[:20],
        applied_by=cut_text(applied_by(declared.applied)) if declared.applied else None,
        not_chosen=[cut_text(str(one)) for one in desired.not_chosen(declared)][:10],
    )


def _parts(declared: Declaration, files: Mapping[str, str]) -> Iterator[str]:
    """What makes it beside where it is declared: patches, or a chart's template and values."""
    for layer in declared.produced.layers[1:] if declared.produced else ():
        yield f"{layer.kind} {layer.place}"
    if declared.release is not None:
        yield from (f"template {one}" for one in [declared.release.template] if one)
        yield from (f"values {file_and_line(one.place, files)}" for one in declared.release.values if one.place)


def shown_value(path: Sequence[str | int], value: object) -> Scalar:
    """A field's value, bounded; what may hold a secret is not shown."""
    shown = redact_value(value, path)
    if shown is None or isinstance(shown, bool | int | float):
        return shown
    return cut_text(mark_outside(shown if isinstance(shown, str) else json.dumps(shown, default=str)), 200)
