"""A small operator: Clusters, Databases and DatabaseRoles get what CloudNativePG would give them, without PostgreSQL.

Level-triggered: each turn looks at what is there and does the one step that is due, so that a Cluster goes through
the phases of a real one, a step every few hundred milliseconds. It decides nothing that a person would: there is no
failover, no pod fails unless someone deletes it, and nothing is hibernated or fenced.

What is inside PostgreSQL is kept here, in memory, for as long as the Cluster lives: it stands for the volumes. It does
as operator 1.30 does, but for two things. A password Secret is noticed at once, also without the label that asks for
it. And a Cluster's status is written anew after each change and deletion of anything that belongs to it, which the real
one does after most of them: `write_state` brings about the states that no run of this one would.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

from gitops_mcp.domain import kinds
from gitops_mcp.domain.cnpg.cluster_spec import is_disabled
from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.cnpg.postgres.images import POSTGRES_IMAGES
from gitops_mcp.domain.cnpg.releases import release_text
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.cluster import ClusterTurn
from gitops_mcp.sandbox.cnpg import RELEASE, database_roles, databases
from gitops_mcp.sandbox.cnpg.archives import Archives, own_archive
from gitops_mcp.sandbox.cnpg.backups import backup_status, first_run
from gitops_mcp.sandbox.cnpg.children import OWNED
from gitops_mcp.sandbox.cnpg.credentials import Secrets
from gitops_mcp.sandbox.cnpg.database_roles import database_role_outcome
from gitops_mcp.sandbox.cnpg.databases import database_outcome
from gitops_mcp.sandbox.cnpg.postgres import Postgres
from gitops_mcp.sandbox.cnpg.reconciled import ReconcileOutcome, is_up, outcome_without_cluster
from gitops_mcp.sandbox.controller import Controller

STEP = 0.3
"""Seconds that a step of a Cluster takes: the start of an instance, the growth of a volume."""

Place = tuple[str, str]
"""A namespace and a Cluster's name."""
_BELONGING = (
    kinds.DATABASE,
    kinds.DATABASE_ROLE,
    kinds.POOLER,
    kinds.SCHEDULED_BACKUP,
    kinds.BACKUP,
    kinds.PUBLICATION,
    kinds.SUBSCRIPTION,
)
_FINALIZERS = {kinds.DATABASE_ROLE: database_roles.FINALIZER, kinds.DATABASE: databases.FINALIZER}
"""What a Cluster's PostgreSQL holds besides its own list of roles, in the order in which they need each other."""


def operator_pod() -> Object:
    """As the release's own manifest labels it; what it runs is this process."""
    image = f"{POSTGRES_IMAGES.removesuffix('/postgresql')}/cloudnative-pg:{release_text(RELEASE)}"
    about = {
        "name": "cnpg-controller-manager-0",
        "namespace": "cnpg-system",
        "labels": {"app.kubernetes.io/name": "cloudnative-pg"},
    }
    return {
        "metadata": about,
        "spec": {"containers": [{"name": "manager", "image": image}]},
        "status": {"phase": "Running"},
    }


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
        self._turn = threading.Lock()
        self._archives = Archives()
        """What object stores hold; it outlives the Clusters."""
        self._left_alone: set[str] = set()
        """The uids of objects whose state was written for them."""

    def postgres(self, namespace: str, name: str) -> Postgres | None:
        """What is inside a Cluster; None before its primary is up."""
        return self._postgres.get(self.store.get(kinds.CLUSTER, namespace, name)["metadata"]["uid"])

    def write_state(self, resource: Resource, namespace: str, name: str, status: Object | None) -> Object:
        """Give an object the status that an operator once wrote, None for none, and leave it alone from then on."""
        with self._turn:
            self._left_alone.add(self.store.get(resource, namespace, name)["metadata"]["uid"])
            return self.store.change(
                resource,
                namespace,
                name,
                lambda live: {key: value for key, value in {**live, "status": status}.items() if value is not None},
                subresource="status",
            )

    def reconcile(self) -> float | None:
        with self._turn:
            return self._reconcile()

    def _reconcile(self) -> float | None:
        clusters = {cluster["metadata"]["uid"]: cluster for cluster in self.store.list(kinds.CLUSTER)}
        gone = {uid: place for uid, place in self._seen.items() if uid not in clusters}
        if gone:
            self._sweep(gone)
        self._seen = {uid: _place(cluster) for uid, cluster in clusters.items()}
        self._due = {uid: due for uid in clusters if (due := self._due.get(uid))}
        versions = self._versions()
        for uid, cluster in clusters.items():
            if uid not in self._left_alone and not is_disabled(cluster):
                self._cluster(cluster, versions.get(_place(cluster), ""))
        self._databases_and_roles(frozenset(gone.values()))
        self._backups()
        return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def _versions(self) -> dict[Place, str]:
        """A digest of all that names a Cluster: it is another one after each change and deletion."""
        found: dict[Place, list[str]] = defaultdict(list)
        for resource in _BELONGING:
            for place, group in self._by_cluster(resource).items():
                found[place] += [f"{one['metadata']['uid']} {one['metadata']['resourceVersion']}" for one in group]
        return {
            place: str(int(hashlib.sha256(" ".join(sorted(each)).encode()).hexdigest()[:8], 16))
            for place, each in found.items()
        }

    def _cluster(self, cluster: Object, version: str) -> None:
        metadata = cluster["metadata"]
        if "deletionTimestamp" in metadata or self._due.get(metadata["uid"], 0) > time.monotonic():
            return
        place = _place(cluster)
        with self.attempt(f"Cluster {'/'.join(place)}"):
            self._due.pop(metadata["uid"], None)
            live = self.store.change(kinds.CLUSTER, *place, fill_webhook_defaults)
            stores, inside = self._stores(), self._inside(live)
            fault = self._archives.write(live, stores, inside, datetime.now(UTC)) if is_up(live) else ""
            held = self._why_not_restored(live, stores)
            turn = ClusterTurn(self.store, live, inside, version=version, archive_fault=fault, not_restored=held)
            if turn.take():
                self._due[metadata["uid"]] = time.monotonic() + self._step

    def _stores(self) -> dict[Place, Object]:
        return {_place(one): one for one in self.store.list(kinds.OBJECT_STORE)}

    def _why_not_restored(self, cluster: Object, stores: dict[Place, Object]) -> str | None:
        if not at(cluster, "spec", "bootstrap", "recovery") or is_up(cluster):
            return None
        backups = self.store.list(kinds.BACKUP, cluster["metadata"]["namespace"])
        return self._archives.why_not_restored(cluster, stores, backups, self._seen)

    def _inside(self, cluster: Object) -> Postgres | None:
        uid = cluster["metadata"]["uid"]
        if uid not in self._postgres and is_up(cluster):
            backups = self.store.list(kinds.BACKUP, cluster["metadata"]["namespace"])
            restored = self._archives.restored(cluster, self._stores(), backups)
            self._postgres[uid] = restored or Postgres.bootstrapped(cluster)
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
                    if declared["metadata"]["uid"] in self._left_alone:
                        continue
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

    def _backups(self) -> None:
        """A schedule is looked at once, and runs then only where it asks for that; nobody waits here for its next run.

        There is nothing to back up, so a Backup that need not fail is done at once.
        """
        now = datetime.now(UTC)
        for schedule in self.store.list(kinds.SCHEDULED_BACKUP):
            passed = self._is_passed_over(schedule) or schedule["spec"].get("suspend")
            if not passed and "status" not in schedule:
                with self.attempt(f"ScheduledBackup {'/'.join(_place(schedule))}"):
                    status, backup = first_run(schedule, now)
                    if backup is not None:
                        self.store.create(kinds.BACKUP, backup)
                    self._set_status(kinds.SCHEDULED_BACKUP, schedule, status)
        clusters = {_place(cluster): cluster for cluster in self.store.list(kinds.CLUSTER)}
        stores = self._stores()
        for place, group in self._by_cluster(kinds.BACKUP).items():
            for backup in group:
                take = partial(self._archives.add_backup, stores=stores, now=now)
                wanted = None if self._is_passed_over(backup) else backup_status(backup, clusters.get(place), now, take)
                if wanted is not None and wanted != backup.get("status"):
                    with self.attempt(f"Backup {'/'.join(_place(backup))}"):
                        self._set_status(kinds.BACKUP, backup, wanted)
        for cluster in clusters.values():
            self._tell_window(cluster, stores)

    def _tell_window(self, cluster: Object, stores: dict[Place, Object]) -> None:
        """From when to when it can be restored: in the ObjectStore by the plugin, else in the Cluster's status."""
        window = self._archives.window(cluster, stores)
        name, server = own_archive(cluster)
        told_in = cluster if name is None else stores.get((cluster["metadata"]["namespace"], name))
        if window is None or told_in is None or self._is_passed_over(told_in):
            return
        if name is None:
            told = {"firstRecoverabilityPoint": window["first"], "lastSuccessfulBackup": window["last"]}
            if any(at(cluster, "status", key) != value for key, value in told.items()):
                self.store.merge(kinds.CLUSTER, *_place(cluster), {"status": told}, subresource="status")
            return
        said = {"firstRecoverabilityPoint": window["first"], "lastSuccessfulBackupTime": window["last"]}
        if at(told_in, "status", "serverRecoveryWindow", server) != said:
            patch = {"status": {"serverRecoveryWindow": {server: said}}}
            self.store.merge(kinds.OBJECT_STORE, *_place(told_in), patch, subresource="status")

    def _is_passed_over(self, found: Object) -> bool:
        return "deletionTimestamp" in found["metadata"] or found["metadata"]["uid"] in self._left_alone

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
