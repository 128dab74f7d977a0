"""A small operator: Clusters, Databases and DatabaseRoles get what CloudNativePG would give them, without PostgreSQL.

Level-triggered: each turn looks at what is there and does the one step that is due, so that a Cluster goes through
the phases of a real one, a step every few hundred milliseconds. It decides nothing that a person would: there is no
failover, no pod fails unless someone deletes it, and nothing is hibernated or fenced.
"""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import UTC, datetime

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.cluster import Turn
from gitops_mcp.sandbox.cnpg import inside
from gitops_mcp.sandbox.cnpg.children import OWNED, SECRET
from gitops_mcp.sandbox.cnpg.cron import next_run
from gitops_mcp.sandbox.cnpg.defaults import defaulted
from gitops_mcp.sandbox.controller import Controller

STEP = 0.3
"""Seconds that a step of a Cluster takes: the start of an instance, the growth of a volume."""

_Clusters = dict[tuple[str, str], Object]


class Operator(Controller):
    def __init__(self, store: Store, *, step: float = STEP) -> None:
        super().__init__(store)
        self._step = step
        self._due: dict[str, float] = {}
        """When a Cluster's step is over, by its uid."""
        self._seen: set[str] = set()
        """The uids of the Clusters of the last turn."""

    def reconcile(self) -> float | None:
        clusters = self.store.list(kinds.CLUSTER)
        present = {cluster["metadata"]["uid"] for cluster in clusters}
        if gone := self._seen - present:
            self._sweep(gone)
        self._seen = present
        self._due = {uid: due for cluster in clusters if (due := self._due.get(uid := cluster["metadata"]["uid"]))}
        for cluster in clusters:
            self._cluster(cluster)
        self._databases_and_roles()
        self._scheduled_backups()
        return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def _cluster(self, cluster: Object) -> None:
        metadata = cluster["metadata"]
        if "deletionTimestamp" in metadata or self._due.get(metadata["uid"], 0) > time.monotonic():
            return
        place = metadata["namespace"], metadata["name"]
        with self.attempt(f"Cluster {'/'.join(place)}"):
            self._due.pop(metadata["uid"], None)
            if Turn(self.store, self.store.change(kinds.CLUSTER, *place, defaulted)).take():
                self._due[metadata["uid"]] = time.monotonic() + self._step

    def _sweep(self, gone: set[str]) -> None:
        """The API removes what a Cluster owns; this is for what was still being made in that moment."""
        for resource in OWNED:
            for child in self.store.list(resource):
                metadata = child["metadata"]
                if any(owner["uid"] in gone for owner in metadata.get("ownerReferences", ())):
                    with self.attempt(f"{resource.kind} {metadata['name']}"):
                        self.store.delete(resource, metadata["namespace"], metadata["name"])

    def _databases_and_roles(self) -> None:
        clusters = {(c["metadata"]["namespace"], c["metadata"]["name"]): c for c in self.store.list(kinds.CLUSTER)}
        siblings = {resource: self._by_cluster(resource) for resource in (kinds.DATABASE_ROLE, kinds.DATABASE)}
        for resource, groups in siblings.items():
            for place, group in groups.items():
                cluster = clusters.get(place)
                for declared in group:
                    with self.attempt(
                        f"{resource.kind} {declared['metadata']['namespace']}/{declared['metadata']['name']}"
                    ):
                        self._inside(resource, declared, cluster, group, siblings[kinds.DATABASE_ROLE].get(place, []))

    def _inside(
        self, resource: Resource, declared: Object, cluster: Object | None, others: list[Object], roles: list[Object]
    ) -> None:
        if "deletionTimestamp" in declared["metadata"]:
            self._hold(resource, declared, held=False)
        elif cluster is None:
            if "status" in declared:
                self._set_status(
                    resource, declared, {**declared["status"], "applied": False, "message": inside.CLUSTER_GONE}
                )
                self._hold(resource, declared, held=False)
        elif inside.is_up(cluster):
            self._hold(resource, declared, held=True)
            if resource == kinds.DATABASE:
                known = inside.roles_of(cluster, roles)
                made = inside.database_status(declared, roles=known, others=others)
            else:
                seen = self._secret_versions(declared["metadata"]["namespace"])
                made = inside.role_status(declared, cluster, secrets_seen=seen, others=others, now=datetime.now(UTC))
            self._set_status(resource, declared, made)

    def _scheduled_backups(self) -> None:
        """It is noted when the schedule is next due; there is nothing here to back up, so nothing is."""
        for backup in self.store.list(kinds.SCHEDULED_BACKUP):
            name, spec, before = backup["metadata"]["name"], backup["spec"], backup.get("status", {})
            now = datetime.now(UTC)
            if "deletionTimestamp" in backup["metadata"] or spec.get("suspend"):
                continue
            due = next_run(spec["schedule"], now)
            wanted = {"nextScheduleTime": f"{due:%Y-%m-%dT%H:%M:%SZ}"} if due else {}
            if not before or wanted.get("nextScheduleTime") != before.get("nextScheduleTime"):
                with self.attempt(f"ScheduledBackup {backup['metadata']['namespace']}/{name}"):
                    checked = {"lastCheckTime": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
                    self._set_status(kinds.SCHEDULED_BACKUP, backup, {**checked, **wanted})

    def _by_cluster(self, resource: Resource) -> dict[tuple[str, str], list[Object]]:
        groups: dict[tuple[str, str], list[Object]] = defaultdict(list)
        for declared in self.store.list(resource):
            groups[declared["metadata"]["namespace"], declared["spec"]["cluster"].get("name", "")].append(declared)
        return groups

    def _secret_versions(self, namespace: str) -> dict[str, str]:
        found = self.store.list(SECRET, namespace)
        return {secret["metadata"]["name"]: secret["metadata"]["resourceVersion"] for secret in found}

    def _hold(self, resource: Resource, declared: Object, *, held: bool) -> None:
        """Whether the operator's finalizer keeps the object until what it stands for was dealt with."""
        ours = inside.DATABASE_FINALIZER if resource == kinds.DATABASE else inside.ROLE_FINALIZER

        def edited(live: Object) -> Object:
            others = [name for name in live["metadata"].get("finalizers", ()) if name != ours]
            return {**live, "metadata": {**live["metadata"], "finalizers": [*others, ours] if held else others}}

        if held != (ours in declared["metadata"].get("finalizers", ())):
            self.store.change(resource, declared["metadata"]["namespace"], declared["metadata"]["name"], edited)

    def _set_status(self, resource: Resource, declared: Object, wanted: Object) -> None:
        place = declared["metadata"]["namespace"], declared["metadata"]["name"]
        self.store.change(resource, *place, lambda live: {**live, "status": wanted}, subresource="status")
