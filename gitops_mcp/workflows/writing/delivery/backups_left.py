"""What the API says of a Cluster's backups, asked before something is lost."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from gitops_mcp.domain.cnpg.backups.restorable import Restorable, restorable
from gitops_mcp.domain.cnpg.status.backups import BARMAN_PLUGIN
from gitops_mcp.domain.kinds import BACKUP, CLUSTER, OBJECT_STORE
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Identity, Object, Resource, at, list_at
from gitops_mcp.domain.plans.clusters.cluster import LiveCluster
from gitops_mcp.domain.plans.clusters.restore_note import with_restore_note
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.rules.image import is_major_upgrade
from gitops_mcp.errors import Forbidden, GitOpsError, NotInstalled, Unavailable
from gitops_mcp.workflows.api_once import ApiOnce


def with_ways_back(plan: Plan, changes: Iterable[ObjectChange], api: ApiOnce) -> Plan:
    """What each major upgrade could be mended from, whoever planned it."""
    for one in changes:
        if one.identity.kind != CLUSTER.kind or one.before is None or one.after is None or not one.identity.namespace:
            continue
        found = _find_cluster(api, one.identity)
        if is_major_upgrade(one.before, one.after, found.object if found else None):
            ref = ClusterRef(one.identity.namespace, one.identity.name)
            plan = with_restore_note(plan, read_restorable(api, ref, found))
    return plan


def _find_cluster(api: ApiOnce, identity: Identity) -> LiveCluster | None:
    try:
        return LiveCluster(api.get(CLUSTER, identity.namespace, identity.name))
    except GitOpsError:  # that it could not be read is told by who plans with it, and by the note
        return None


def read_restorable(
    api: ApiOnce, ref: ClusterRef, found: LiveCluster | None, *, deleted: bool = False
) -> Restorable | None:
    """None where there is no live Cluster. `found`: None where it could not be read; `deleted`: as it will be then."""
    if found is None:
        return Restorable(ref, unread="the live Cluster could not be read")
    if (live := found.object) is None:
        return None
    unread: list[str] = []

    def read(resource: Resource) -> tuple[Object, ...]:
        try:
            return api.every(resource, ref.namespace)
        except NotInstalled:
            return ()
        except (Forbidden, Unavailable) as error:
            unread.append(str(error))
            return ()

    has_store = any(at(one, "name") == BARMAN_PLUGIN for one in list_at(live, "spec", "plugins"))
    stores = read(OBJECT_STORE) if has_store else ()
    backups, now = read(BACKUP), datetime.now(UTC)
    return restorable(ref, live, backups, stores, now=now, deleted=deleted, unread="; ".join(unread))
