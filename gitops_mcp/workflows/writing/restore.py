"""What the API says of a Cluster's backups, asked before something is lost."""

from __future__ import annotations

from datetime import UTC, datetime

from gitops_mcp.domain.cnpg.restorable import Restorable, restorable
from gitops_mcp.domain.cnpg.status.backups import BARMAN_PLUGIN
from gitops_mcp.domain.kinds import BACKUP, OBJECT_STORE
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object, Resource, at, list_at
from gitops_mcp.domain.plans.clusters.cluster import LiveCluster
from gitops_mcp.errors import Forbidden, NotInstalled, Unavailable
from gitops_mcp.workflows.view import View


def read_restorable(
    view: View, ref: ClusterRef, found: LiveCluster | None, *, deleted: bool = False
) -> Restorable | None:
    """None where there is no live Cluster. `found`: None where it could not be read; `deleted`: as it will be then."""
    if found is None:
        return Restorable(ref, unread="the live Cluster could not be read")
    if (live := found.object) is None:
        return None
    unread: list[str] = []

    def read(resource: Resource) -> tuple[Object, ...]:
        try:
            return view.api.every(resource, ref.namespace)
        except NotInstalled:
            return ()
        except (Forbidden, Unavailable) as error:
            unread.append(str(error))
            return ()

    has_store = any(at(one, "name") == BARMAN_PLUGIN for one in list_at(live, "spec", "plugins"))
    stores = read(OBJECT_STORE) if has_store else ()
    backups, now = read(BACKUP), datetime.now(UTC)
    return restorable(ref, live, backups, stores, now=now, deleted=deleted, unread="; ".join(unread))
