"""The clusters of an environment as they are live. Where the API cannot be reached, what Git declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gitops_mcp.adapters.kube import ObjectPage
from gitops_mcp.answers.base import rows_that_fit
from gitops_mcp.answers.cluster_parts import ConditionRow
from gitops_mcp.answers.clusters import ClusterList, ClusterRow
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.cnpg.cluster_spec import instance_count, storage_size
from gitops_mcp.domain.cnpg.status.backups import archiver
from gitops_mcp.domain.cnpg.status.conditions import conditions
from gitops_mcp.domain.cnpg.status.summary import Summary
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotInstalled, Unavailable
from gitops_mcp.workflows.api_once import ApiOnce, ApisOnce
from gitops_mcp.workflows.notices import base_warnings
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.engines import engine_states, passed_over
from gitops_mcp.workflows.view import allowed_namespace

_PAGE, _PAGE_DETAILED = 80, 30
"""Rows that fit into one answer: its text and its structured content are bounded."""
_CONDITIONS = 20


@dataclass(frozen=True)
class _Position:
    """How far a listing has come."""

    space: int = 0
    """Index of the namespace that is being listed."""
    token: str | None = None
    """The API's own cursor of the page to read next."""
    skip: int = 0
    """Items of that page that were shown already."""
    done: int = 0
    """Items shown so far."""
    declared: bool = False
    """They are what Git declares, since the API did not answer."""


def list_clusters(
    app: App, *, environment: str | None, namespace: str | None, detailed: bool, limit: int, cursor: str | None
) -> ClusterList:
    settings, ground = app.settings()
    if environment is not None and environment not in settings.environments:
        # One that was merged lately is known once the base is fetched.
        settings, ground = app.settings(fetch=True)
    chosen = app.environment(settings, environment, reading=True)
    checked = allowed_namespace(chosen, namespace)
    size = min(limit, _PAGE_DETAILED if detailed else _PAGE)
    asked = [chosen.name, checked, detailed, size]
    position = _decode_position(cursor, asked)
    if position.declared:
        why = Notice("live-unavailable", "this goes on with what Git declares; start again for live state")
        return _list_declared(app, chosen, checked, why, size, position, asked)
    apis = ApisOnce(app, settings)
    warnings: list[Notice] = []
    spaces: Sequence[str | None] = [checked] if checked else (chosen.namespaces or [None])
    if position.space >= len(spaces):
        raise InvalidRequest("cursor: the namespaces of the environment have changed; leave it out to start again")
    try:
        page = _next_page(apis.at_environment(chosen), spaces, position, size, warnings)
    except (NotInstalled, Unavailable, Forbidden) as error:
        if cursor is not None:
            raise
        if ground is None:
            raise type(error)(f"{error}; and there is no repository here that would say what is declared") from error
        why = Notice("not-installed" if isinstance(error, NotInstalled) else "live-unavailable", str(error))
        return _list_declared(app, chosen, checked, why, size, position, asked)
    now = datetime.now(UTC)
    delivery = _Delivery.of(apis, ground, chosen) if detailed else None
    rows = [_row(one, now, delivery) for one in page.items]
    kept = rows_that_fit(rows)
    after = page.after if len(kept) == len(rows) else page.within(len(kept))
    return ClusterList(
        environment=chosen.name,
        items=kept,
        total=page.total,
        cursor=_encode_position(asked, after) if after else None,
        warnings=[*warnings, *(delivery.warnings if delivery else [])],
    )


@dataclass(frozen=True)
class _ClusterPage:
    items: Sequence[Object]
    start: _Position
    after: _Position | None
    total: int | None

    def within(self, shown: int) -> _Position:
        """The same page again, from the first item that was not shown."""
        start = self.start
        return _Position(start.space, start.token, start.skip + shown, start.done + shown)


def _next_page(
    api: ApiOnce, spaces: Sequence[str | None], start: _Position, size: int, warnings: list[Notice]
) -> _ClusterPage:
    """The next page that holds anything; namespaces are listed one after the other.

    One that may not be listed is named; where that is all there is, Forbidden is raised.
    """
    position, unread = start, 0
    while True:
        space = spaces[position.space]
        try:
            found = api.page(CLUSTER, space, limit=size, cursor=position.token)
        except Forbidden as error:
            own = api.kube.namespace() if space is None else None
            if own:
                warnings.append(Notice("forbidden", f"only namespace {own} is listed: {error}"))
                spaces = [own]
                found = api.page(CLUSTER, own, limit=size, cursor=position.token)
            else:
                unread += 1
                if unread == len(spaces):
                    raise
                warnings.append(Notice("forbidden", str(error)))
                found = ObjectPage((), None, None)
        items = found.items[position.skip :]
        done = position.done + len(items)
        after = None
        if found.cursor:
            after = _Position(position.space, found.cursor, 0, done)
        elif position.space + 1 < len(spaces):
            after = _Position(position.space + 1, None, 0, done)
        if items or after is None:
            known = found.cursor is None or found.remaining is not None
            last = position.space + 1 == len(spaces)
            total = done + (found.remaining or 0) if known and last and not unread else None
            return _ClusterPage(items, position, after, total)
        position = after


@dataclass(frozen=True)
class _Delivery:
    """What the detailed list says of where a cluster comes from."""

    declared: Mapping[tuple[str | None, str], Declaration] | None
    """None where Git could not be asked."""
    engine: str | None
    warnings: list[Notice] = field(default_factory=list)

    @classmethod
    def of(cls, apis: ApisOnce, ground: Ground | None, environment: Environment) -> _Delivery:
        states, warnings = engine_states(apis, environment)
        declared: dict[tuple[str | None, str], Declaration] | None = None
        if ground:
            try:
                found = apis.app.desired(ground, environment.path, ground.base.commit).clusters
                declared = {(one.identity.namespace, one.identity.name): one for one in found}
            except GitOpsError as error:
                warnings.append(Notice("git-unavailable", str(error)))
        return cls(declared, cut_text(str(states[0])) if states else None, warnings)

    def place(self, namespace: str | None, name: str) -> str | None:
        if self.declared is None:
            return None
        found = self.declared.get((namespace, name)) or self.declared.get((None, name))
        return cut_text(found.place) if found else "not in Git"


def _row(cluster: Object, now: datetime, delivery: _Delivery | None) -> ClusterRow:
    seen = Summary(cluster, now)
    row = ClusterRow(
        namespace=seen.namespace,
        name=seen.name,
        instances=seen.instances,
        ready=seen.ready,
        phase=seen.phase.name or "not reported",
        phase_class=seen.phase_class,
        primary=seen.primary,
        image=cut_text(seen.image) if seen.image else None,
        storage=seen.storage,
    )
    if delivery is None:
        return row
    reported = conditions(cluster, now=now)
    last = next((one for one in reported if one.type == "LastBackupSucceeded"), None)
    told = f"last backup succeeded: {last.status}" if last else "no backup reported"
    return row.model_copy(
        update={
            "conditions": [
                ConditionRow(
                    type=one.type, status=one.status, reason=one.reason, since=one.since.age if one.since else None
                )
                for one in reported[:_CONDITIONS]
            ],
            "backups": f"archived by {archiver(cluster) or 'nothing'}; {told}",
            "declared": delivery.place(seen.namespace, seen.name),
            "delivery": delivery.engine,
        }
    )


def _list_declared(
    app: App,
    environment: Environment,
    namespace: str | None,
    why: Notice,
    size: int,
    position: _Position,
    asked: Sequence[object],
) -> ClusterList:
    """What Git declares, when the API does not answer."""
    _, ground = app.settings(fetch=True)
    if ground is None:
        raise InvalidRequest("cursor: the repository it belongs to is gone; leave it out to start again")
    desired = app.desired(ground, environment.path, ground.base.commit)
    allowed = {namespace} if namespace else {*environment.namespaces, None} if environment.namespaces else None
    found = [one for one in desired.clusters if allowed is None or one.identity.namespace in allowed]
    rows = [_declared_row(one) for one in found[position.done : position.done + size]]
    kept = rows_that_fit(rows)
    done = position.done + len(kept)
    return ClusterList(
        environment=environment.name,
        items=kept,
        total=len(found),
        cursor=_encode_position(asked, _Position(done=done, declared=True)) if done < len(found) else None,
        warnings=[why, *base_warnings(ground), *passed_over(desired)],
    )


def _declared_row(declared: Declaration) -> ClusterRow:
    size = storage_size(at(declared.object, "spec", "storage"))
    image = at(declared.object, "spec", "imageName")
    return ClusterRow(
        namespace=declared.identity.namespace,
        name=declared.identity.name,
        instances=instance_count(declared.object),
        image=cut_text(image) if isinstance(image, str) else None,
        storage=None if size is None else cut_text(size),
        declared=cut_text(declared.place),
        live="unavailable",
    )


def _encode_position(asked: Sequence[object], position: _Position) -> str:
    """The filters it belongs to and where to go on."""
    there = [position.space, position.token, position.skip, position.done, position.declared]
    return cursors.encode_cursor([*asked, *there])


def _decode_position(cursor: str | None, asked: Sequence[object]) -> _Position:
    if cursor is None:
        return _Position()
    tool = "list_postgres_clusters"
    *filters, space, token, skip, done, declared = cursors.decode_cursor(cursor, len(asked) + 5, tool)
    if not all(type(one) is int and one >= 0 for one in (space, skip, done)):
        raise cursors.unknown_cursor(tool)
    if not isinstance(token, str | None) or not isinstance(declared, bool):
        raise cursors.unknown_cursor(tool)
    if filters != list(asked):
        raise InvalidRequest(
            "cursor: it belongs to other arguments; repeat environment, namespace, detail_level and limit of the "
            "answer it came with, or leave it out to start again"
        )
    return _Position(space, token, skip, done, declared)
