"""Pages of live Clusters: as many rows as were asked for, however many namespaces they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_mcp.adapters.kube import ObjectPage
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import Forbidden
from gitops_mcp.workflows.api_once import ApiOnce

Space = str | None
"""A namespace; None: all of them in one list."""
_EMPTY_PAGES = 20
"""Pages with few items or none that are read for one of ours; it is shown as far as it came then."""


@dataclass(frozen=True)
class Position:
    """How far a listing has come."""

    space: Space = None
    """The one that is being listed."""
    token: str | None = None
    """The API's own cursor of the page to read next."""
    skip: int = 0
    """Items of that page that were shown already."""
    done: int = 0
    """Items shown so far."""
    partial: bool = False
    """Something could not be listed, so that nobody knows how many there are."""


@dataclass(frozen=True)
class ClusterPage:
    items: Sequence[Object]
    total: int | None
    refused: Mapping[Space, Forbidden]
    """Where nothing may be listed."""
    _starts: Sequence[Position]
    """Of each request, where its items begin."""
    _after: Position | None

    def position_after(self, count: int) -> Position | None:
        """Where a listing goes on of which so many items were shown; None at the end."""
        if count == len(self.items):
            return self._after
        done = self._starts[0].done + count
        start = next(one for one in reversed(self._starts) if one.done <= done)
        return replace(start, skip=start.skip + done - start.done, done=done)


def read_cluster_page(api: ApiOnce, spaces: Sequence[Space], start: Position, size: int) -> ClusterPage:
    """The next Clusters, namespace by namespace. Raises Forbidden where none of the namespaces may be listed."""
    items: list[Object] = []
    starts: list[Position] = []
    refused: dict[Space, Forbidden] = {}
    total: int | None = None
    position: Position | None = start
    for _ in range(len(spaces) + _EMPTY_PAGES):
        if position is None or len(items) == size:
            break
        room = size - len(items)
        try:
            found = api.page(CLUSTER, position.space, limit=room + position.skip, cursor=position.token)
        except Forbidden as error:
            refused[position.space] = error
            if len(refused) == len(spaces):
                raise next(iter(refused.values())) from error
            found, position = ObjectPage((), None, None), replace(position, partial=True)
        taken = found.items[position.skip :][:room]
        starts.append(position)
        items += taken
        total = _total(found, position, last=position.space == spaces[-1])
        position = _next_position(found, position, len(taken), spaces)
    return ClusterPage(items, total, refused, starts, position)


def _total(found: ObjectPage, position: Position, *, last: bool) -> int | None:
    """How many there are in all, known only in the last namespace, and where each could be listed."""
    if position.partial or not last or (found.cursor and found.remaining is None):
        return None
    return position.done - position.skip + len(found.items) + (found.remaining or 0)


def _next_position(found: ObjectPage, position: Position, taken: int, spaces: Sequence[Space]) -> Position | None:
    done = position.done + taken
    if position.skip + taken < len(found.items):
        return replace(position, skip=position.skip + taken, done=done)
    if found.cursor:
        return replace(position, token=found.cursor, skip=0, done=done)
    following = [*spaces[spaces.index(position.space) + 1 :]]
    return replace(position, space=following[0], token=None, skip=0, done=done) if following else None
