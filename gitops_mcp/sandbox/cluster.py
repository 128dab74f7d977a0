"""One turn of the operator for one Cluster: finish the step that was under way, begin the next, report.

Everything is read from the Store, so a turn needs to know nothing of those before it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import ApiError, Store
from gitops_mcp.sandbox.apply import apply_declared
from gitops_mcp.sandbox.cnpg import children
from gitops_mcp.sandbox.cnpg.children import CLUSTER_LABEL, INSTANCE_LABEL, instance_name, serial_of
from gitops_mcp.sandbox.cnpg.log_lines import first_words
from gitops_mcp.sandbox.cnpg.postgres import Postgres
from gitops_mcp.sandbox.cnpg.roles import managed_roles
from gitops_mcp.sandbox.cnpg.status import (
    APPLYING,
    CREATING_REPLICA,
    HEALTHY,
    INVALID,
    INVALID_CATALOG,
    MAJOR_UPGRADE,
    SETTING_UP_PRIMARY,
    UPGRADING,
    WAITING,
    ClusterPhase,
    SandboxInstance,
    cluster_status,
    is_resizing,
    known_versions,
    major_of,
    primary_of,
)

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
LOADED = "sandbox.gitops-mcp/configuration"
"""A pod's annotation: which configuration the instance has loaded."""
_CATALOGS = {
    kinds.IMAGE_CATALOG.kind: kinds.IMAGE_CATALOG,
    kinds.CLUSTER_IMAGE_CATALOG.kind: kinds.CLUSTER_IMAGE_CATALOG,
}


class ClusterTurn:
    def __init__(
        self,
        store: Store,
        cluster: Object,
        postgres: Postgres | None,
        *,
        version: str,
        archive_fault: str = "",
        not_restored: str | None = None,
    ) -> None:
        """`postgres` is what its instances hold; None until the first of them is up.

        `version` tells one state of what belongs to the Cluster from the next. `archive_fault`: why no WAL is archived;
        `not_restored`: why its first instance does not come out of its backup.
        """
        self._archive_fault = archive_fault
        self._not_restored = not_restored
        self._store = store
        self._postgres = postgres
        self._cluster = cluster
        self._spec: Object = cluster["spec"]
        self._namespace: str = cluster["metadata"]["namespace"]
        self._name: str = cluster["metadata"]["name"]
        self._version = version
        self._image = self._wanted_image()
        self._instances = self._present()

    def take(self) -> bool:
        """Whether a step was begun, which is over when the next turn is taken."""
        if unfit := self._unfit():
            self._report(unfit)
            return False
        self._finish()
        self._provide()
        if self._not_restored and not self._instances:
            self._report(self._fail_restore(self._not_restored))
            return False
        step = self._next()
        self._report(step or ClusterPhase(HEALTHY))
        return step is not None

    def _unfit(self) -> ClusterPhase | None:
        """What keeps a Cluster from being worked on at all; the webhook would have refused most of it."""
        if not self._image:
            return ClusterPhase(
                INVALID_CATALOG, "The image catalog does not exist or has no image for this major version"
            )
        unsized = [field for field, storage in children.storage_fields(self._cluster) if not children.size_of(storage)]
        return ClusterPhase(INVALID, f"{unsized[0]}.size: size not configured") if unsized else None

    def _fail_restore(self, why: str) -> ClusterPhase:
        """The job's pod tells; the status never says why."""
        name = instance_name(self._cluster, 1)
        pod = children.failed_job_pod(self._cluster, name, role="full-recovery")
        phase = ClusterPhase(SETTING_UP_PRIMARY, f"Creating primary instance {name}")
        if any(one["metadata"]["name"] == pod["metadata"]["name"] for one in self._owned(kinds.POD)):
            return phase
        self._create(kinds.POD, pod)
        self._set_status(kinds.POD, pod, pod["status"])
        line = {"level": "error", "logger": "instance-manager", "msg": "Error while restoring a backup", "error": why}
        self._store.print_log(self._namespace, pod["metadata"]["name"], [json.dumps(line)])
        return phase

    def _finish(self) -> None:
        """What was started or grown in the last step is up now."""
        for one in self._instances:
            if one.pod and not one.ready:
                self._set_status(kinds.POD, one.pod, children.running_status(one.pod))
                self._store.print_log(self._namespace, one.name, first_words(one.name, self._role(one.name)))
            for claim in one.claims:
                if is_resizing(claim):
                    self._set_status(kinds.PVC, claim, children.bound_status(claim))
        self._instances = self._present()

    def _next(self) -> ClusterPhase | None:
        steps = (
            self._primary,
            self._lost,
            self._replica,
            self._surplus,
            self._upgrade,
            self._growth,
            self._configuration,
        )
        phase = next((phase for step in steps if (phase := step())), None)
        self._instances = self._present()
        return phase

    def _primary(self) -> ClusterPhase | None:
        if self._instances:
            return None
        method = "recovery" if at(self._spec, "bootstrap", "recovery") else "initdb"
        self._tell("CreatingInstance", f"Primary instance ({method})")
        self._start(instance_name(self._cluster, 1), role="primary")
        return ClusterPhase(SETTING_UP_PRIMARY, "Creating primary instance " + instance_name(self._cluster, 1))

    def _lost(self) -> ClusterPhase | None:
        """An instance whose pod is gone is started again on its volumes."""
        lost = [one.name for one in self._instances if not one.pod]
        for name in lost:
            self._start(name, role=self._role(name))
        return ClusterPhase(WAITING, "Some instances are not yet active. Please wait.") if lost else None

    def _replica(self) -> ClusterPhase | None:
        if len(self._instances) >= self._spec["instances"]:
            return None
        taken = {serial_of(one.name) for one in self._instances}
        name = instance_name(self._cluster, next(n for n in range(1, len(taken) + 2) if n not in taken))
        self._tell("CreatingInstance", f"Creating instance {name}")
        self._start(name, role="replica")
        return ClusterPhase(CREATING_REPLICA, f"Creating replica {name}")

    def _surplus(self) -> ClusterPhase | None:
        """The newest replica goes, and its volumes with it."""
        least = self._spec.get("maxSyncReplicas", 0) + 1
        if self._spec["instances"] < least:
            self._tell(
                "NoScaleDown", f"Can't scale down lower than maxSyncReplicas, going back to {least}", warning=True
            )
            self._store.merge(kinds.CLUSTER, self._namespace, self._name, {"spec": {"instances": least}})
            return ClusterPhase(HEALTHY)
        if len(self._instances) <= self._spec["instances"]:
            return None
        primary = primary_of(self._cluster, self._instances)
        newest = max((one for one in self._instances if one.name != primary), key=lambda one: serial_of(one.name))
        self._tell("ScaleDown", f"Scaling down: removing instance {newest.name}")
        self._delete(kinds.POD, newest.name)
        for claim in newest.claims:
            self._delete(kinds.PVC, claim["metadata"]["name"])
        return ClusterPhase(HEALTHY)

    def _upgrade(self) -> ClusterPhase | None:
        """Replicas from the newest on, the primary last; all of them at once for another major version."""
        outdated = [one for one in self._instances if one.pod and self._is_outdated(one)]
        if not outdated:
            return None
        running = at(self._cluster, "status", "pgDataImageInfo", "majorVersion")
        if running and running != major_of(self._image):
            self._tell("UpgradingInstance", f"Upgrading PostgreSQL from {running} to {major_of(self._image)}")
            for one in self._instances:
                self._restart(one)
            return ClusterPhase(MAJOR_UPGRADE, f"Upgrading cluster to major version {major_of(self._image)}")
        primary = primary_of(self._cluster, self._instances)
        chosen = max(outdated, key=lambda one: (one.name != primary, serial_of(one.name)))
        self._tell("UpgradingInstance", f"Upgrading instance {chosen.name}")
        self._restart(chosen)
        why = "original and target PodSpec differ in containers: container postgres differs in image"
        return ClusterPhase(UPGRADING, f"Restarting instance {chosen.name}, because: {why}")

    def _growth(self) -> ClusterPhase | None:
        """Volumes that a changed size calls for, and those of a part that was added."""
        grown = False
        for one in self._instances:
            present = {claim["metadata"]["name"]: claim for claim in one.claims}
            for wanted in children.volume_claims(self._cluster, one.name):
                name, requests = wanted["metadata"]["name"], wanted["spec"]["resources"]
                if name not in present:
                    self._claim(wanted)
                elif present[name]["spec"]["resources"] != requests:
                    self._store.merge(kinds.PVC, self._namespace, name, {"spec": {"resources": requests}})
                    grown = True
        return ClusterPhase(HEALTHY) if grown else None

    def _configuration(self) -> ClusterPhase | None:
        wanted = self._configuration_hash()
        stale = [one.pod for one in self._instances if one.pod and _annotation(one.pod, LOADED) != wanted]
        for pod in stale:
            patch = {"metadata": {"annotations": {LOADED: wanted}}}
            self._store.merge(kinds.POD, self._namespace, pod["metadata"]["name"], patch)
        return ClusterPhase(APPLYING) if stale else None

    def _report(self, phase: ClusterPhase) -> None:
        present = {one["metadata"]["name"]: one for one in self._store.list(kinds.SECRET, self._namespace)}
        roles = managed_roles(self._cluster, self._postgres, present)
        now = datetime.now(UTC)
        image, instances = self._image, self._instances
        versions = known_versions(self._cluster, present, self._version)

        def reported(cluster: Object) -> Object:
            fault = self._archive_fault
            made = cluster_status(cluster, instances, phase, image=image, roles=roles, now=now, archive_fault=fault)
            return {**cluster, "status": made | versions}

        self._store.change(kinds.CLUSTER, self._namespace, self._name, reported, subresource="status")

    def _provide(self) -> None:
        """Secrets, services and disruption budgets, and none of those that are no longer wanted."""
        for resource, secret in children.generated_secrets(self._cluster):
            self._create(resource, secret)
        wanted = [*children.services(self._cluster), *children.disruption_budgets(self._cluster)]
        for resource, child in wanted:
            found = self._create(resource, child)
            if resource == kinds.PDB:
                pods = [one.pod for one in self._instances if one.pod]
                self._set_status(kinds.PDB, found, children.budget_status(found, pods))
        names = {child["metadata"]["name"] for _, child in wanted}
        for resource in (kinds.SERVICE, kinds.PDB):
            for child in self._owned(resource):
                if child["metadata"]["name"] not in names:
                    self._delete(resource, child["metadata"]["name"])

    def _start(self, name: str, *, role: str) -> None:
        present = {claim["metadata"]["name"] for one in self._instances for claim in one.claims}
        for claim in children.volume_claims(self._cluster, name):
            if claim["metadata"]["name"] not in present:
                self._claim(claim)
        self._create(kinds.POD, self._wanted_pod(name, role))

    def _restart(self, instance: SandboxInstance) -> None:
        self._delete(kinds.POD, instance.name)
        self._start(instance.name, role=self._role(instance.name))

    def _claim(self, claim: Object) -> None:
        self._set_status(kinds.PVC, self._create(kinds.PVC, claim), children.bound_status(claim))

    def _create(self, resource: Resource, child: Object) -> Object:
        """The child as it is live; one that is there already takes on what changed, but for secrets."""
        name = child["metadata"]["name"]
        try:
            return self._store.create(resource, child)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
        if resource == kinds.SECRET:
            return self._store.get(resource, self._namespace, name)
        return self._store.change(
            resource, self._namespace, name, lambda live: apply_declared(live, child, before=None)
        )

    def _delete(self, resource: Resource, name: str) -> None:
        try:
            self._store.delete(resource, self._namespace, name)
        except ApiError as error:
            if error.code != 404:
                raise

    def _set_status(self, resource: Resource, found: Object, wanted: Object) -> None:
        name = found["metadata"]["name"]
        self._store.merge(resource, self._namespace, name, {"status": wanted}, subresource="status")

    def _present(self) -> list[SandboxInstance]:
        owned = [pod for pod in self._owned(kinds.POD) if children.JOB_LABEL not in pod["metadata"]["labels"]]
        pods = {pod["metadata"]["name"]: pod for pod in owned}
        claims: dict[str, list[Object]] = defaultdict(list)
        for claim in self._owned(kinds.PVC):
            if instance := claim["metadata"]["labels"].get(INSTANCE_LABEL):
                claims[instance].append(claim)
        names = sorted(claims.keys() | pods.keys(), key=serial_of)
        return [SandboxInstance(name, pods.get(name), tuple(claims[name])) for name in names]

    def _owned(self, resource: Resource) -> Iterable[Object]:
        uid = self._cluster["metadata"]["uid"]
        for found in self._store.list(resource, self._namespace, labels=f"{CLUSTER_LABEL}={self._name}"):
            if any(owner["uid"] == uid for owner in found["metadata"].get("ownerReferences", ())):
                yield found

    def _wanted_pod(self, name: str, role: str) -> Object:
        made = children.starting_pod(self._cluster, name, image=self._image, role=role)
        made["metadata"]["annotations"][LOADED] = self._configuration_hash()
        if restarted := _annotation(self._cluster, RESTARTED_AT):
            made["metadata"]["annotations"][RESTARTED_AT] = restarted
        return made

    def _is_outdated(self, instance: SandboxInstance) -> bool:
        wanted = self._wanted_pod(instance.name, self._role(instance.name))
        if _annotation(wanted, RESTARTED_AT) not in {None, _annotation(instance.pod, RESTARTED_AT)}:
            return True
        return bool(at(instance.pod, "spec", "containers") != wanted["spec"]["containers"])

    def _role(self, name: str) -> str:
        return "primary" if name == primary_of(self._cluster, self._instances) else "replica"

    def _wanted_image(self) -> str:
        """Empty where a catalog is named that has none."""
        if "imageName" in self._spec:
            return str(self._spec["imageName"])
        wanted = self._spec["imageCatalogRef"]
        resource = _CATALOGS.get(wanted["kind"], kinds.IMAGE_CATALOG)
        catalogs = self._store.list(resource, self._namespace if resource.namespaced else None)
        images = [
            entry for one in catalogs if one["metadata"]["name"] == wanted["name"] for entry in one["spec"]["images"]
        ]
        return next((str(entry["image"]) for entry in images if entry["major"] == wanted["major"]), "")

    def _configuration_hash(self) -> str:
        text = json.dumps(self._spec.get("postgresql"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        metadata = self._cluster["metadata"]
        concerned = {key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion")}
        event = {
            "metadata": {"name": f"{self._name}.{secrets.token_hex(8)}", "namespace": self._namespace},
            "involvedObject": {"apiVersion": self._cluster["apiVersion"], "kind": self._cluster["kind"], **concerned},
            "type": "Warning" if warning else "Normal",
            "reason": reason,
            "message": message,
            "source": {"component": "cloudnative-pg"},
            "reportingComponent": "cloudnative-pg",
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        self._store.create(kinds.EVENT, event)


def _annotation(found: Object | None, key: str) -> str | None:
    value: str | None = at(found, "metadata", "annotations", key)
    return value
