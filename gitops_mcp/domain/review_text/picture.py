"""A Mermaid picture of a Cluster before and after: instances, poolers, backups, and whom it follows.

It is drawn where these differ. A name in it holds only what no label can break.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.cluster_spec import instance_count, is_hibernated, is_replica
from gitops_mcp.domain.cnpg.status.backups import archiver
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.objects import Identity, Object, at, mapping_at, text_at
from gitops_mcp.domain.repository.desired import Desired

_UNFIT = re.compile(r"[^\w .,:/*()-]", re.ASCII)
_PARTS = 12


@dataclass(frozen=True)
class _Part:
    """One box, and the arrow that ties it to the Cluster."""

    label: str
    arrow: str
    """`from`: the part goes to the primary; `to`: the primary goes to it."""
    text: str


def pictures(before: Desired, after: Desired, clusters: Iterable[Identity]) -> Iterator[str]:
    """The pictures of those Clusters for which there is something to see."""
    for cluster in clusters:
        old, new = (_parts(state, cluster) for state in (before, after))
        if old != new:
            yield "\n".join(_drawn(cluster, old, new))


def _parts(state: Desired, cluster: Identity) -> tuple[_Part, ...] | None:
    """None: there is no such Cluster. The first part is the primary."""
    found = next((one.object for one in state.declarations if one.identity == cluster), None)
    if found is None:
        return None
    own = [
        one.object
        for one in state.declarations
        if one.identity.namespace == cluster.namespace and at(one.object, "spec", "cluster", "name") == cluster.name
    ]
    return (*_instances(found), *_poolers(own), *_backups(found, own), *_source(found))


def _instances(cluster: Object) -> Iterator[_Part]:
    count = instance_count(cluster)
    asleep = ", hibernated" if is_hibernated(cluster) else ""
    yield _Part(f"{'designated primary' if is_replica(cluster) else 'primary'}{asleep}", "", "")
    if count is None:
        yield _Part("instances: a variable", "to", "streams WAL")
    elif count > 1:
        yield _Part(pluralize(count - 1, "replica"), "to", "streams WAL")


def _poolers(own: Iterable[Object]) -> Iterator[_Part]:
    for one in own:
        if one.get("kind") == "Pooler":
            spec = mapping_at(one, "spec")
            size = f"{spec.get('type') or 'rw'}, {pluralize(instance_count(one) or 0, 'pod')}"
            yield _Part(f"Pooler {_name(one)} ({size})", "from", "connects")


def _backups(cluster: Object, own: Iterable[Object]) -> Iterator[_Part]:
    if (by := archiver(cluster)) is not None:
        yield _Part(f"WAL archive ({by})", "to", "archives")
    for one in own:
        if one.get("kind") == "ScheduledBackup":
            paused = ", suspended" if at(one, "spec", "suspend") is True else ""
            yield _Part(f"ScheduledBackup {_name(one)} ({text_at(one, 'spec', 'schedule')}{paused})", "to", "backs up")


def _source(cluster: Object) -> Iterator[_Part]:
    if is_replica(cluster):
        yield _Part(f"source {at(cluster, 'spec', 'replica', 'source')}", "from", "is followed")


def _drawn(cluster: Identity, before: tuple[_Part, ...] | None, after: tuple[_Part, ...] | None) -> Iterator[str]:
    yield "flowchart LR"
    for side, parts in (("before", before), ("after", after)):
        if parts is None:
            continue
        yield f'  subgraph {side}["{side}: {_fit(cluster.name)}"]'
        yield "    direction LR"
        for number, part in enumerate(parts[:_PARTS]):
            yield f'    {side[0]}{number}["{_fit(part.label)}"]'
        for number, part in enumerate(parts[1:_PARTS], start=1):
            ends = (f"{side[0]}{number}", f"{side[0]}0")
            start, end = ends if part.arrow == "from" else ends[::-1]
            yield f"    {start} -->|{part.text}| {end}"
        if len(parts) > _PARTS:
            yield f'    {side[0]}more["and {len(parts) - _PARTS} more"]'
        yield "  end"


def _name(of: Object) -> str:
    return str(at(of, "metadata", "name"))


def _fit(text: str) -> str:
    fit = _UNFIT.sub("?", text)
    return fit if len(fit) <= 80 else f"{fit[:80]}..."
