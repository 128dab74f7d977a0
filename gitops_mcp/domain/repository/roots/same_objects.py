"""Which declarations make one live object.

A Kustomization for everything and another one for an application may both build the application's folder: what they
make of it is one object, as long as they work in one cluster. Example: `apps/kustomization.yaml` lists `orders`, and
an Application applies `apps/orders`: Cluster shop/orders is one. `clusters/prod/apps.yaml` and
`clusters/test/apps.yaml` both declare Kustomization flux-system/apps, which cannot be twice in a cluster: what they
build of one folder are two.
"""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cache

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.reading import TextPlace
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.domain.repository.render import RenderedRoot

_OWN_CLUSTER = frozenset({"in-cluster", "https://kubernetes.default.svc"})

_Root = tuple[int | None, Declaration, RenderedRoot]
"""An object with what makes it: the index of its engine object, None where no engine object builds that."""


def number_objects(
    engines: Sequence[EngineObject],
    applied: Mapping[int, RenderedRoot],
    free: Iterable[RenderedRoot],
    here: Container[int],
) -> dict[int, int]:
    """By the `id` of a declaration, the number of a live object that several roots make. `here`: the environment's."""
    roots: list[tuple[int | None, RenderedRoot]] = [*applied.items(), *((None, made) for made in free)]
    given = {_text_of(one): one.identity for made in applied.values() for one in made.declarations}
    by_identity: dict[Identity, list[_Root]] = {}
    for index, made in roots:
        for one in made.declarations:
            if one.release is None:
                # Where nothing says a namespace, it is that of what applies the same text.
                is_open = index is None and one.identity.namespace is None
                identity = given.get(_text_of(one), one.identity) if is_open else one.identity
                by_identity.setdefault(identity, []).append((index, one, made))
    clusters = _Clusters(engines, applied, here)
    numbers: dict[int, int] = {}
    for found in by_identity.values():
        groups: list[list[_Root]] = []
        spend(len(found) ** 2 // 4)
        for root in found if len(found) > 1 else ():
            group = next((one for one in groups if all(clusters.is_one(root, other) for other in one)), None)
            groups.append([root]) if group is None else group.append(root)
        for group in groups:
            if len(group) > 1:
                number = len(numbers)
                numbers |= {id(one): number for _, one, _ in group}
    return numbers


def _text_of(one: Declaration) -> tuple[object, ...]:
    return one.identity.kind, one.identity.name, one.path, one.document, one.base


class _Clusters:
    """Whether two engine objects work in one cluster, as far as the repository tells them apart."""

    def __init__(
        self, engines: Sequence[EngineObject], applied: Mapping[int, RenderedRoot], here: Container[int]
    ) -> None:
        self._engines, self._applied, self._here = engines, applied, here
        self.is_one_cluster = cache(self._is_one_cluster)
        self._chain = cache(self._chain_of)

    def is_one(self, root: _Root, other: _Root) -> bool:
        """Whether both make the same object, given that it has one identity."""
        (index, one, made), (theirs, another, built) = root, other
        if index is not None and theirs is not None:
            return self.is_one_cluster(index, theirs)
        if (index is None and theirs is None) or (another if index is None else one).identity.namespace is None:
            return False
        return self._gathers(made, one, another) if index is None else self._gathers(built, another, one)

    def _gathers(self, made: RenderedRoot, one: Declaration, applied: Declaration) -> bool:
        """Whether a folder that no engine object builds only lists what one applies from below it."""
        folder = applied.applied.folder if applied.applied else None
        if folder is None or one.root is None or not f"{folder}/".startswith(f"{one.root}/" if one.root else ""):
            return False
        inside = f"{folder}/" if folder else ""
        return folder != one.root and (
            applied.path.startswith(inside)
            or any(path.startswith(inside) and "/" not in path.removeprefix(inside) for path in made.reached)
        )

    def _is_one_cluster(self, index: int, other: int) -> bool:
        """Where something says so, and nothing says otherwise."""
        if (index in self._here) != (other in self._here) or self._targets(index) != self._targets(other):
            return False
        folders = {posixpath.dirname(self._engines[each].place.path) for each in (index, other)}
        if len(folders) > 1 and set(self._chain(index)).isdisjoint(self._chain(other)):
            return False
        known: dict[tuple[object, ...], TextPlace] = {}
        for chain in (self._chain(index), self._chain(other)):
            for by in (self._engines[each] for each in chain):
                if known.setdefault((by.engine, by.kind, by.namespace, by.name, by.generated), by.place) != by.place:
                    return False
        return True

    def _targets(self, index: int) -> frozenset[str]:
        """The clusters that it writes to, in the words of the engine objects that say one."""
        own = self._engines[index].destination
        if own is not None and own not in _OWN_CLUSTER:
            return frozenset({own})
        chain = (self._engines[each].destination for each in self._chain(index))
        return frozenset(found for found in chain if found is not None) - _OWN_CLUSTER

    def _chain_of(self, index: int) -> tuple[int, ...]:
        """The engine object, what applies that, and so on."""
        found, waiting = {index: None}, [index]
        while waiting:
            path = self._engines[waiting.pop()].place.path
            spend(len(self._applied))
            more = [each for each, made in self._applied.items() if path in made.reached and each not in found]
            found |= dict.fromkeys(more)
            waiting += more
        return tuple(found)
