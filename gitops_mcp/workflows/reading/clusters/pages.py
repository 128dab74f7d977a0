"""Pages of live Clusters: as many rows as were asked for, however many namespaces they come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
_CHOSEN_FROM = 500
"""Items of a page of which only some are wanted."""


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
    """Items shown or passed over so far."""
    partial: bool = False
    """Something could not be listed, so that nobody knows how many there are."""


@dataclass(frozen=True)
class ClusterPage:
    items: Sequence[Object]
    total: int | None
    refused: Mapping[Space, Forbidden]
    """Where nothing may be listed."""
    _places: Sequence[Position]
    """Of each item, where a listing goes on that has not shown it."""
    _after: Position | None

    def position_after(self, count: int) -> Position | None:
        """Where a listing goes on of which so many items were shown; None at the end."""
        return self._after if count == len(self.items) else self._places[count]


def read_cluster_page(
    api: ApiOnce,
    spaces: Sequence[Space],
    start: Position,
    size: int,
    *,
    wanted: Callable[[Object], bool] | None = None,
    marked: bool = True,
) -> ClusterPage:
    """The next Clusters, namespace by namespace. Raises Forbidden where none of the namespaces may be listed.

    `wanted`: the others are passed over; `marked`: as `ApiOnce.page` has it.
    """
    items: list[Object] = []
    places: list[Position] = []
    refused: dict[Space, Forbidden] = {}
    total: int | None = None
    position: Position | None = start
    for _ in range(len(spaces) + _EMPTY_PAGES):
        if position is None or len(items) == size:
            break
        room = size - len(items)
        try:
            most = _CHOSEN_FROM if wanted else room + position.skip
            found = api.page(CLUSTER, position.space, limit=most, cursor=position.token, marked=marked)
        except Forbidden as error:
            refused[position.space] = error
            if len(refused) == len(spaces):
                raise next(iter(refused.values())) from error
            found, position = ObjectPage((), None, None), replace(position, partial=True)
        looked_at = 0
        for looked_at, one in enumerate(found.items[position.skip :], 1):
            if wanted is None or wanted(one):
                items.append(one)
                places.append(_further(position, looked_at - 1))
            if len(items) == size:
                break
        total = _total(found, position, last=position.space == spaces[-1])
        position = _next_position(found, position, looked_at, spaces)
    return ClusterPage(items, total, refused, places, position)


def _further(position: Position, count: int) -> Position:
    return replace(position, skip=position.skip + count, done=position.done + count)


def _total(found: ObjectPage, position: Position, *, last: bool) -> int | None:
    """How many there are in all, known only in the last namespace, and where each could be listed."""
    if position.partial or not last or (found.cursor and found.remaining is None):
        return None
    return position.done - position.skip + len(found.items) + (found.remaining or 0)


def _next_position(found: ObjectPage, position: Position, taken: int, spaces: Sequence[Space]) -> Position | None:
    done = position.done + taken
    if position.skip + taken < len(found.items):
        return _further(position, taken)
    if found.cursor:
        return replace(position, token=found.cursor, skip=0, done=done)
    following = [*spaces[spaces.index(position.space) + 1 :]]
    return replace(position, space=following[0], token=None, skip=0, done=done) if following else None
