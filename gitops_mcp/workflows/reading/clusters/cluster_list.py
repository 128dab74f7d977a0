"""The clusters of an environment as they are live. Where the API cannot be reached, what Git declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime

from gitops_mcp.answers.base import rows_that_fit
from gitops_mcp.answers.cluster_parts import ConditionRow
from gitops_mcp.answers.clusters import ClusterList, ClusterRow, UnappliedRow
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.cnpg.cluster_spec import instance_count, storage_size
from gitops_mcp.domain.cnpg.status.backups import archiver
from gitops_mcp.domain.cnpg.status.conditions import conditions
from gitops_mcp.domain.cnpg.status.problems import problems
from gitops_mcp.domain.cnpg.status.report import Related, read_status
from gitops_mcp.domain.cnpg.status.summary import Summary
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, at, list_at, mapping_at, text_at
from gitops_mcp.domain.redact import mark_outside
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.roots.not_applied import chart_of_template
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotInstalled, Unavailable
from gitops_mcp.workflows.api_once import ApiOnce, ApisOnce
from gitops_mcp.workflows.engines import Engines
from gitops_mcp.workflows.makers import makers_notice
from gitops_mcp.workflows.notices import base_warnings, forbidden_everywhere
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.clusters.pages import ClusterPage, Position, Space, read_cluster_page
from gitops_mcp.workflows.reading.engines import nothing_applied, outside_notices, passed_over
from gitops_mcp.workflows.view import allowed_namespace, desired_here

_PAGE, _PAGE_DETAILED = 80, 30
"""Rows that fit into one answer: its text and its structured content are bounded."""
_CONDITIONS = 20
_FINDINGS = 3
_JUDGED_FOR = 300
"""Seconds after which time alone may have made a finding."""
_UNAPPLIED = 8
_TOOL = "list_postgres_clusters"


@dataclass(frozen=True)
class _Question:
    """What a listing is of, as far as its cursor must belong to it."""

    environment: Environment
    namespace: str | None
    detailed: bool
    unwell: bool
    """Only those that are not as they should be."""
    size: int

    @property
    def spaces(self) -> Sequence[Space]:
        return [self.namespace] if self.namespace else [*dict.fromkeys(self.environment.namespaces or [None])]

    @property
    def filters(self) -> list[object]:
        return [self.environment.name, self.namespace, self.detailed, self.unwell, self.size]


def list_clusters(
    app: App,
    *,
    environment: str | None,
    namespace: str | None,
    detailed: bool,
    limit: int,
    cursor: str | None,
    unwell: bool = False,
) -> ClusterList:
    """`unwell`: those that are worse than healthy, or whose archive or backups fail; hibernation was asked for."""
    settings, ground = app.settings()
    if environment is not None and environment not in settings.environments:
        # One that was merged lately is known once the base is fetched.
        settings, ground = app.settings(fetch=True)
    chosen = app.environment(settings, environment, reading=True)
    size = min(limit, _PAGE_DETAILED if detailed else _PAGE)
    asked = _Question(chosen, allowed_namespace(chosen, namespace), detailed, unwell, size)
    position, declared = _decode_position(cursor, asked)
    if declared:
        why = Notice("live-unavailable", "this goes on with what Git declares; start again for live state")
        return _list_declared(app, asked, position.done, why)
    apis = ApisOnce(app, settings)
    try:
        page, warnings = _read_page(apis, ground, asked, position)
    except (NotInstalled, Unavailable, Forbidden) as error:
        if unwell:
            raise error.with_text(f"{error}; which Clusters are unwell only the API says: leave `only` out") from error
        if cursor is not None:
            raise
        if ground is None:
            raise error.with_text(
                f"{error}; and there is no repository here that would say what is declared"
            ) from error
        why = Notice("not-installed" if isinstance(error, NotInstalled) else "live-unavailable", str(error))
        listed = _list_declared(app, asked, 0, why)
        if not listed.items and not listed.not_applied:
            told = "; ".join(["and Git declares no Cluster there", *(one.message for one in listed.warnings[1:])])
            raise error.with_text(f"{error}; {told}") from error
        return listed
    now = datetime.now(UTC)
    delivery = _Delivery.of(apis, ground, chosen) if detailed else None
    rows = [_row(app, one, now, delivery) for one in page.items]
    kept = rows_that_fit(rows)
    after = page.position_after(len(kept))
    desired = None
    if cursor is None and not unwell and (detailed or not kept):
        desired = _desired(app, ground, chosen)
        warnings += nothing_applied(desired, chosen) if desired else []
    warnings += [] if cursor or not chosen.cut else outside_notices(_desired(app, ground, chosen))
    idle, more = _not_applied(desired, asked)
    if not kept and not idle and cursor is None and not unwell and ground and chosen.delivery == "git":
        warnings += makers_notice(app, ground, chosen)
    return ClusterList(
        environment=chosen.name,
        items=kept,
        not_applied=idle,
        not_applied_more=more,
        total=None if unwell else page.total,
        examined=(after.done if after else page.total) if unwell else None,
        cursor=_encode_position(asked, after) if after else None,
        warnings=[*warnings, *(delivery.warnings if delivery else []), *apis.unreadable],
    )


def _is_unwell(cluster: Object) -> bool:
    now = datetime.now(UTC)
    standing = Summary(cluster, now).phase_class
    failed = any(at(one, "status") == "False" for one in list_at(cluster, "status", "conditions"))
    return standing not in {"ok", "hibernated"} or (
        standing == "ok" and failed and "critical" in _name_findings(cluster, now)
    )


def _read_page(
    apis: ApisOnce, ground: Ground | None, asked: _Question, position: Position
) -> tuple[ClusterPage, list[Notice]]:
    if position.space in asked.spaces:
        try:
            page = _page(apis.at_environment(asked.environment), asked, asked.spaces, position)
        except Forbidden as error:
            if position.space is not None:
                raise
            return _read_nearby(apis, ground, asked, None, forbidden_everywhere(error))
        return page, [Notice("forbidden", str(error)) for error in page.refused.values()]
    if asked.spaces != [None]:
        raise InvalidRequest("cursor: the namespaces of the environment have changed; leave it out to start again")
    return _read_nearby(apis, ground, asked, position, None)


def _page(api: ApiOnce, asked: _Question, spaces: Sequence[Space], start: Position) -> ClusterPage:
    wanted = _is_unwell if asked.unwell else None
    return read_cluster_page(api, spaces, start, asked.size, wanted=wanted, marked=asked.detailed)


def _read_nearby(
    apis: ApisOnce, ground: Ground | None, asked: _Question, position: Position | None, why: Forbidden | None
) -> tuple[ClusterPage, list[Notice]]:
    """For who may not list all namespaces: the own one, and those where Git declares Clusters."""
    api = apis.at_environment(asked.environment)
    declared = _declared_namespaces(apis.app, ground, asked.environment)
    near = [*dict.fromkeys(one for one in (api.namespace(), *declared) if one)]
    start = position or Position(next(iter(near), None), partial=True)
    if start.space not in near:
        raise why or cursors.unknown_cursor(_TOOL)
    try:
        page = _page(api, asked, near, start)
    except Forbidden as error:
        raise why or error from error
    listed = ", ".join(one for one in near if one not in page.refused)
    told = f"only {listed} could be listed, of all namespaces{f': {why}' if why else ''}"
    unseen = [Notice("forbidden", str(error)) for space, error in page.refused.items() if space in declared]
    return page, [Notice("forbidden", told), *unseen]


def _desired(app: App, ground: Ground | None, environment: Environment) -> Desired | None:
    """What Git says; nothing where Git cannot be asked, which others tell."""
    try:
        return app.desired(ground, environment.path, ground.base.commit) if ground else None
    except GitOpsError:
        return None


def _declared_namespaces(app: App, ground: Ground | None, environment: Environment) -> tuple[str, ...]:
    """Where Git declares Clusters."""
    desired = _desired(app, ground, environment)
    found = desired.clusters if desired else ()
    return tuple(sorted({one.identity.namespace for one in found if one.identity.namespace}))


@dataclass(frozen=True)
class _Delivery:
    """What the detailed list says of where a cluster comes from."""

    declared: Mapping[tuple[str | None, str], Declaration] | None
    """None where Git could not be asked."""
    engines: Engines
    nowhere: str | None
    """What is said of one that Git does not declare; nothing where it need not."""
    warnings: list[Notice] = field(default_factory=list)

    @classmethod
    def of(cls, apis: ApisOnce, ground: Ground | None, environment: Environment) -> _Delivery:
        warnings: list[Notice] = []
        engines = Engines.of(apis.at_engine(environment), environment, ground)
        declared: dict[tuple[str | None, str], Declaration] | None = None
        if ground:
            try:
                api = apis.at_engine(environment)
                found = desired_here(apis.app, ground, environment, ground.base.commit, api).clusters
                declared = {(one.identity.namespace, one.identity.name): one for one in found}
                engines.expect(found)
            except GitOpsError as error:
                warnings.append(Notice("git-unavailable", str(error)))
        nowhere = "not in Git" if environment.delivery == "git" else None
        return cls(declared, engines, nowhere, warnings)

    def engine(self, live: Object) -> str | None:
        whom = Identity("Cluster", at(live, "metadata", "namespace"), str(at(live, "metadata", "name")))
        found = self.engines.applying(whom, self._of(whom.namespace, whom.name), live)
        self.warnings[:] = dict.fromkeys([*self.warnings, *self.engines.unread])
        return cut_text(str(found)) if found else None

    def _of(self, namespace: str | None, name: str) -> Declaration | None:
        known = self.declared or {}
        return known.get((namespace, name)) or known.get((None, name))

    def place(self, namespace: str | None, name: str) -> str | None:
        if self.declared is None:
            return None
        found = self._of(namespace, name)
        return cut_text(found.place) if found else self.nowhere


def _row(app: App, cluster: Object, now: datetime, delivery: _Delivery | None) -> ClusterRow:
    status = mapping_at(cluster, "status")
    if "phase" in status:  # before it is read: what the operator's own phases say is no text of others
        status["phase"] = mark_outside(status["phase"])
    seen = Summary(cluster, now)
    row = ClusterRow(
        namespace=seen.namespace,
        name=seen.name,
        instances=seen.instances,
        ready=seen.ready,
        phase=seen.phase.name or "not reported",
        phase_class=seen.phase_class,
        findings=_findings(app, cluster, now) or None,
        primary=mark_outside(seen.primary),
        image=cut_text(mark_outside(seen.image)) if seen.image else None,
        storage=mark_outside(seen.storage),
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
            "delivery": delivery.engine(cluster),
        }
    )


def _findings(app: App, cluster: Object, now: datetime) -> str:
    """By what the Cluster says alone: nothing around it is read for a list. What it says again is not judged again."""
    uid, version = (text_at(cluster, "metadata", key) for key in ("uid", "resourceVersion"))
    if not (uid and version):
        return _name_findings(cluster, now)
    key = (uid, version, int(now.timestamp()) // _JUDGED_FOR)
    return app.findings.made(key, lambda: _name_findings(cluster, now))


def _name_findings(cluster: Object, now: datetime) -> str:
    found = [one for one in problems(read_status(cluster, Related(), now=now)) if one.severity != "info"]
    told = ", ".join(f"critical {one.id}" if one.severity == "critical" else one.id for one in found[:_FINDINGS])
    return f"{told} and {len(found) - _FINDINGS} more" if len(found) > _FINDINGS else told


def _list_declared(app: App, asked: _Question, done: int, why: Notice) -> ClusterList:
    """What Git declares, when the API does not answer: how many there are live is not known."""
    environment, namespace = asked.environment, asked.namespace
    _, ground = app.settings(fetch=True)
    if ground is None:
        raise InvalidRequest("cursor: the repository it belongs to is gone; leave it out to start again")
    desired = app.desired(ground, environment.path, ground.base.commit)
    unsaid = () if environment.cut else (None,)
    allowed = {namespace} if namespace else {*environment.namespaces, *unsaid} if environment.namespaces else None
    found = [one for one in desired.clusters if allowed is None or one.identity.namespace in allowed]
    kept = rows_that_fit([_declared_row(one) for one in found[done : done + asked.size]])
    idle, more = _not_applied(None if done else desired, asked)
    done += len(kept)
    return ClusterList(
        environment=environment.name,
        items=kept,
        cursor=_encode_position(asked, Position(done=done), declared=True) if done < len(found) else None,
        not_applied=idle,
        not_applied_more=more,
        warnings=[
            why,
            *base_warnings(ground),
            *passed_over(desired),
            *nothing_applied(desired, environment),
            *(makers_notice(app, ground, environment) if not found else []),
        ],
    )


def _not_applied(desired: Desired | None, asked: _Question) -> tuple[list[UnappliedRow] | None, int | None]:
    """Clusters that files of the environment declare and nothing applies: apart, so that nobody counts them."""
    if desired is None or asked.environment.delivery == "direct":
        return None, None
    allowed = {asked.namespace} if asked.namespace else {*(asked.environment.namespaces or ())}
    found = [
        one
        for one in desired.unreached
        if one.identity.kind == "Cluster"
        and (not allowed or one.identity.namespace in {*allowed, *(() if asked.environment.cut else (None,))})
        and chart_of_template(one.path, desired.texts) is None
    ]
    rows = [
        UnappliedRow(
            namespace=one.identity.namespace,
            name=one.identity.name,
            declared=cut_text(one.place),
            reason=cut_text(one.reason, 400),
        )
        for one in found[:_UNAPPLIED]
    ]
    return rows or None, max(len(found) - _UNAPPLIED, 0) or None


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


def _encode_position(asked: _Question, position: Position, *, declared: bool = False) -> str:
    """The filters it belongs to and where to go on; `declared`: in what Git declares."""
    return cursors.encode_cursor([*asked.filters, *astuple(position), declared])


def _decode_position(cursor: str | None, asked: _Question) -> tuple[Position, bool]:
    if cursor is None:
        return Position(asked.spaces[0]), False
    count = len(asked.filters) + 6
    *filters, space, token, skip, done, partial, declared = cursors.decode_cursor(cursor, count, _TOOL)
    if not all(type(one) is int and one >= 0 for one in (skip, done)):
        raise cursors.unknown_cursor(_TOOL)
    if not all(isinstance(one, str | None) for one in (space, token)) or not (type(partial) is type(declared) is bool):
        raise cursors.unknown_cursor(_TOOL)
    if filters != asked.filters:
        raise InvalidRequest(
            "cursor: it belongs to other arguments; repeat environment, namespace, detail_level, only and limit of the "
            "answer it came with, or leave it out to start again"
        )
    return Position(space, token, skip, done, partial), declared
