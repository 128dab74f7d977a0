"""A small operator: Clusters, Databases and DatabaseRoles get what CloudNativePG would give them, without PostgreSQL.

Level-triggered: each turn looks at what is there and does the one step that is due, so that a Cluster goes through
the phases of a real one, a step every few hundred milliseconds. It decides nothing that a person would: there is no
failover, no pod fails unless someone deletes it, and nothing is hibernated or fenced.

What is inside PostgreSQL is kept here, in memory, for as long as the Cluster lives: it stands for the volumes. It does
as operator 1.30 does, but for one thing: a password Secret is noticed at once, also without the label that asks for it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

from gitops_mcp.domain import kinds
from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.cluster import ClusterTurn
from gitops_mcp.sandbox.cnpg import database_roles, databases
from gitops_mcp.sandbox.cnpg.children import OWNED
from gitops_mcp.sandbox.cnpg.credentials import Secrets
from gitops_mcp.sandbox.cnpg.cron import next_run
from gitops_mcp.sandbox.cnpg.database_roles import database_role_outcome
from gitops_mcp.sandbox.cnpg.databases import database_outcome
from gitops_mcp.sandbox.cnpg.postgres import Postgres
from gitops_mcp.sandbox.cnpg.reconciled import ReconcileOutcome, is_up, outcome_without_cluster
from gitops_mcp.sandbox.controller import Controller

STEP = 0.3
"""Seconds that a step of a Cluster takes: the start of an instance, the growth of a volume."""

Place = tuple[str, str]
"""A namespace and a Cluster's name."""
_FINALIZERS = {kinds.DATABASE_ROLE: database_roles.FINALIZER, kinds.DATABASE: databases.FINALIZER}
"""What a Cluster's PostgreSQL holds besides its own list of roles, in the order in which they need each other."""


class Operator(Controller):
    def __init__(self, store: Store, *, step: float = STEP) -> None:
        super().__init__(store)
        self._step = step
        self._due: dict[str, float] = {}
        """When a Cluster's step is over, by its uid."""
        self._seen: dict[str, Place] = {}
        """The Clusters of the last turn by their uids."""
        self._postgres: dict[str, Postgres] = {}
        """What is inside each Cluster whose primary has been up, by its uid; it goes when the Cluster goes."""

    def postgres(self, namespace: str, name: str) -> Postgres | None:
        """What is inside a Cluster; None before its primary is up."""
        return self._postgres.get(self.store.get(kinds.CLUSTER, namespace, name)["metadata"]["uid"])

    def reconcile(self) -> float | None:
        clusters = {cluster["metadata"]["uid"]: cluster for cluster in self.store.list(kinds.CLUSTER)}
        gone = {uid: place for uid, place in self._seen.items() if uid not in clusters}
        if gone:
            self._sweep(gone)
        self._seen = {uid: _place(cluster) for uid, cluster in clusters.items()}
        self._due = {uid: due for uid in clusters if (due := self._due.get(uid))}
        for cluster in clusters.values():
            self._cluster(cluster)
        self._databases_and_roles(frozenset(gone.values()))
        self._scheduled_backups()
        return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def _cluster(self, cluster: Object) -> None:
        metadata = cluster["metadata"]
        if "deletionTimestamp" in metadata or self._due.get(metadata["uid"], 0) > time.monotonic():
            return
        place = _place(cluster)
        with self.attempt(f"Cluster {'/'.join(place)}"):
            self._due.pop(metadata["uid"], None)
            live = self.store.change(kinds.CLUSTER, *place, fill_webhook_defaults)
            if ClusterTurn(self.store, live, self._inside(live)).take():
                self._due[metadata["uid"]] = time.monotonic() + self._step

    def _inside(self, cluster: Object) -> Postgres | None:
        uid = cluster["metadata"]["uid"]
        if uid not in self._postgres and is_up(cluster):
            self._postgres[uid] = Postgres.bootstrapped(cluster)
        return self._postgres.get(uid)

    def _sweep(self, gone: Iterable[str]) -> None:
        """The API removes what a Cluster owns; this is for what was still being made in that moment."""
        for uid in gone:
            self._postgres.pop(uid, None)
        for resource in OWNED:
            for child in self.store.list(resource):
                metadata = child["metadata"]
                if any(owner["uid"] in gone for owner in metadata.get("ownerReferences", ())):
                    with self.attempt(f"{resource.kind} {metadata['name']}"):
                        self.store.delete(resource, metadata["namespace"], metadata["name"])

    def _databases_and_roles(self, gone: frozenset[Place]) -> None:
        """`gone` are the Clusters that went since the last turn, though there may be new ones of their names."""
        clusters = {_place(cluster): cluster for cluster in self.store.list(kinds.CLUSTER)}
        for resource in _FINALIZERS:
            for place, group in self._by_cluster(resource).items():
                cluster = None if place in gone else clusters.get(place)
                for number, declared in enumerate(group):
                    with self.attempt(f"{resource.kind} {'/'.join(_place(declared))}"):
                        outcome = self._outcome(resource, declared, cluster, group)
                        self._settle(resource, declared, outcome)
                        # Those that follow see what this one has applied.
                        group[number] = {**declared, "status": outcome.status or declared.get("status") or {}}

    def _outcome(
        self, resource: Resource, declared: Object, cluster: Object | None, others: list[Object]
    ) -> ReconcileOutcome:
        if cluster is None:
            return outcome_without_cluster(declared)
        postgres = self._inside(cluster)
        if postgres is None:
            return ReconcileOutcome(None)
        if resource == kinds.DATABASE:
            return database_outcome(declared, cluster, postgres, others=others)
        secrets = self._secrets(declared["metadata"]["namespace"])
        now = datetime.now(UTC)
        return database_role_outcome(declared, cluster, postgres, secrets=secrets, others=others, now=now)

    def _settle(self, resource: Resource, declared: Object, outcome: ReconcileOutcome) -> None:
        """The status first: an object that is let go may be gone with it."""
        if outcome.status is not None and outcome.status != declared.get("status"):
            self._set_status(resource, declared, outcome.status)
        if outcome.held is not None:
            self._hold(resource, declared, held=outcome.held)

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

    def _by_cluster(self, resource: Resource) -> dict[Place, list[Object]]:
        groups: dict[Place, list[Object]] = defaultdict(list)
        for declared in self.store.list(resource):
            groups[declared["metadata"]["namespace"], declared["spec"]["cluster"].get("name", "")].append(declared)
        return groups

    def _secrets(self, namespace: str) -> Secrets:
        return {secret["metadata"]["name"]: secret for secret in self.store.list(kinds.SECRET, namespace)}

    def _hold(self, resource: Resource, declared: Object, *, held: bool) -> None:
        """Whether the operator's finalizer keeps the object until what it stands for was dealt with."""
        ours = _FINALIZERS[resource]
        if held != (ours in declared["metadata"].get("finalizers", ())):
            edited = partial(_with_finalizer, name=ours, held=held)
            self.store.change(resource, *_place(declared), edited)

    def _set_status(self, resource: Resource, declared: Object, wanted: Object) -> None:
        self.store.change(resource, *_place(declared), lambda live: {**live, "status": wanted}, subresource="status")


def _place(found: Object) -> Place:
    return found["metadata"]["namespace"], found["metadata"]["name"]


def _with_finalizer(live: Object, *, name: str, held: bool) -> Object:
    others = [one for one in live["metadata"].get("finalizers", ()) if one != name]
    return {**live, "metadata": {**live["metadata"], "finalizers": [*others, name] if held else others}}
