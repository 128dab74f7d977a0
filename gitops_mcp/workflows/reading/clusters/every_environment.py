"""The clusters of every environment in one list: an environment after the other, each as it is listed alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from gitops_mcp.answers.base import rows_that_fit
from gitops_mcp.answers.clusters import ClusterList, ClusterRow, UnappliedRow
from gitops_mcp.app import App
from gitops_mcp.domain.notice import Notice
from gitops_mcp.errors import GitOpsError, InvalidRequest
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.clusters.cluster_list import list_clusters

ALL = "all"
_TOOL = "list_postgres_clusters"


@dataclass
class _Listing:
    """What has been listed so far."""

    rows: list[ClusterRow] = field(default_factory=list)
    idle: list[UnappliedRow] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)
    failed: list[GitOpsError] = field(default_factory=list)
    total: int | None = 0

    def add(self, name: str, found: ClusterList) -> bool:
        """False, and nothing is added, where it does not fit beside what is there."""
        here = [one.model_copy(update={"environment": name}) for one in found.items]
        if self.rows and len(rows_that_fit([*self.rows, *here])) < len(self.rows) + len(here):
            return False
        self.rows += here
        self.idle += found.not_applied or []
        self.warnings += [Notice(one.id, f"{name}: {one.message}") for one in found.warnings]
        self.total = self.total + found.total if self.total is not None and found.total is not None else None
        return True

    def fail(self, name: str, error: GitOpsError) -> None:
        self.failed.append(error)
        self.warnings.append(Notice("live-unavailable", f"{name}: {error}"))
        self.total = None


def list_all_clusters(
    app: App, *, namespace: str | None, detailed: bool, limit: int, cursor: str | None, unwell: bool
) -> ClusterList:
    """One that cannot be read is a warning; raises what the first says where none can be.

    An environment that is called so is meant itself.
    """
    settings, _ = app.settings(fetch=True)
    one_by_one = partial(list_clusters, app, namespace=namespace, detailed=detailed, unwell=unwell)
    if ALL in settings.environments:
        return one_by_one(environment=ALL, limit=limit, cursor=cursor)
    names, filters = list(settings.environments), [namespace, detailed, unwell, limit]
    number, size, inner = _position(cursor, filters, names, limit)
    made = _Listing()
    while number < len(names) and len(made.rows) < limit:
        name = names[number]
        try:
            found = one_by_one(environment=name, limit=size, cursor=inner)
        except GitOpsError as error:
            made.fail(name, error)
            inner = None
        else:
            if not made.add(name, found):
                break
            inner = found.cursor
        number, size = (number, size) if inner else (number + 1, limit - len(made.rows))
        if inner:
            break
    if len(made.failed) == len(names):
        raise made.failed[0]
    goes_on = number < len(names)
    return ClusterList(
        environment=ALL,
        items=made.rows,
        total=made.total if cursor is None and not goes_on else None,
        cursor=cursors.encode_cursor([*filters, names[number], size if inner else limit, inner]) if goes_on else None,
        not_applied=made.idle or None,
        warnings=list(dict.fromkeys(made.warnings)),
    )


def _position(
    cursor: str | None, filters: Sequence[object], names: list[str], limit: int
) -> tuple[int, int, str | None]:
    """Which environment is listed next, with how many rows, and where its own listing goes on."""
    if cursor is None:
        return 0, limit, None
    *named, name, size, inner = cursors.decode_cursor(cursor, len(filters) + 3, _TOOL)
    if named != [*filters]:
        raise InvalidRequest(
            "cursor: it belongs to other arguments; repeat environment, namespace, detail_level, only and limit of the "
            "answer it came with, or leave it out to start again"
        )
    is_ours = type(size) is int and 0 < size <= limit and (inner is None or isinstance(inner, str))
    if name not in names or not is_ours:
        raise cursors.unknown_cursor(_TOOL)
    return names.index(name), size, inner
