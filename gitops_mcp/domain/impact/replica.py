"""Replica clusters: who takes writes, and whom a Cluster follows."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.cluster_spec import is_replica
from gitops_mcp.domain.impact.level import Impact, Level, impact
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.rules.reading import entries


def replica_impacts(before: Object, after: Object) -> Iterator[Impact]:
    was, will = is_replica(before), is_replica(after)
    if not was and will:
        yield impact(Level.OUTAGE, "spec.replica: the cluster becomes a replica, and takes no more writes")
    elif was and not will and at(after, "spec", "replica", "promotionToken"):
        yield impact(Level.OUTAGE, "spec.replica: the cluster becomes primary once it has what the token names")
    elif was and not will:
        yield impact(
            Level.DATA_LOSS,
            "spec.replica: the cluster becomes primary at once; what the old primary did not send is lost, and it is "
            "to be recreated",
        )
    elif at(before, "spec", "replica") != at(after, "spec", "replica"):
        yield impact(Level.RELOAD, "spec.replica: the settings of the replica change")
    old, new = ({one["name"]: one for one in _named_externals(side)} for side in (before, after))
    source = at(after, "spec", "replica", "source") if will else None
    for name in sorted({*old, *new}):
        if old.get(name) == new.get(name):
            continue
        if was and name == source:
            yield impact(Level.RELOAD, f"spec.externalClusters[{name}]: the replica connects to it anew, by a reload")
        else:
            text = "read when something uses it: a bootstrap, a Subscription, a replica"
            yield impact(Level.NONE, f"spec.externalClusters[{name}]: {text}")


def _named_externals(cluster: Object) -> list[Object]:
    return [one for _, one in entries(cluster, "spec", "externalClusters") if isinstance(one.get("name"), str)]
