"""What the API serves: the built-in kinds that the project meets, and custom ones with their schemas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from uuid import uuid4

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Path, Resource
from gitops_mcp.domain.schema import Schema, compile_schema

_ALWAYS = frozenset({"metadata.name", "metadata.namespace"})
_OWN_SUBRESOURCES = {kinds.POD: ("log", "proxy"), kinds.SERVICE: ("proxy",)}


@dataclass(frozen=True)
class Scale:
    """Where a kind keeps what its scale subresource shows."""

    spec: Path
    status: Path
    selector: Path | None = None


@dataclass(frozen=True, eq=False)
class Served:
    """A resource and how the API treats it."""

    resource: Resource
    short_names: tuple[str, ...] = ()
    schema: Object | None = None
    """A structural schema makes a kind custom: pruned, defaulted, validated."""
    status: bool = False
    """Whether status is a subresource, which the main one then leaves alone."""
    scale: Scale | None = None
    generation: bool = True
    """Whether metadata.generation counts the changes of what is desired."""
    fields: frozenset[str] = field(default=_ALWAYS)
    """What a field selector may ask for."""
    answers_deleted: bool = False
    """Whether a deletion answers the object rather than a Status."""
    born: Object = field(default_factory=dict)
    """What the API fills in at creation."""
    fixed: bool = False
    """Whether clients can only read it."""
    crd: Object | None = None
    """The CustomResourceDefinition of a kind that was read from one."""

    @property
    def custom(self) -> bool:
        return self.schema is not None

    @cached_property
    def ready(self) -> Schema:
        """The schema made ready, where there is one."""
        return compile_schema(self.schema or {}, key=f"sandbox {uuid4()}")

    @property
    def singular(self) -> str:
        return self.resource.kind.lower()

    @property
    def subresources(self) -> tuple[str, ...]:
        own = _OWN_SUBRESOURCES.get(self.resource, ())
        return (*(("status",) if self.status else ()), *(("scale",) if self.scale else ()), *own)


NAMESPACE = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
CONFIG_MAP = Resource("", "v1", "configmaps", "ConfigMap")
SERVICE_ACCOUNT = Resource("", "v1", "serviceaccounts", "ServiceAccount")
LEASE = Resource("coordination.k8s.io", "v1", "leases", "Lease")
JOB = Resource("batch", "v1", "jobs", "Job")
CRD = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False)
_RBAC = "rbac.authorization.k8s.io"
ROLE = Resource(_RBAC, "v1", "roles", "Role")
ROLE_BINDING = Resource(_RBAC, "v1", "rolebindings", "RoleBinding")
CLUSTER_ROLE = Resource(_RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDING = Resource(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)


def _fields(*names: str) -> frozenset[str]:
    return _ALWAYS | frozenset(names)


BUILT_IN = (
    Served(
        NAMESPACE,
        ("ns",),
        status=True,
        generation=False,
        fields=_fields("status.phase"),
        answers_deleted=True,
        born={"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}},
    ),
    Served(
        kinds.POD,
        ("po",),
        status=True,
        fields=_fields(
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
        ),
        answers_deleted=True,
        born={"status": {"phase": "Pending", "qosClass": "BestEffort"}},
    ),
    Served(
        kinds.SERVICE,
        ("svc",),
        status=True,
        generation=False,
        fields=_fields("spec.clusterIP", "spec.type"),
        answers_deleted=True,
        born={"spec": {"type": "ClusterIP", "sessionAffinity": "None"}, "status": {"loadBalancer": {}}},
    ),
    Served(
        kinds.PVC,
        ("pvc",),
        status=True,
        generation=False,
        answers_deleted=True,
        born={"spec": {"volumeMode": "Filesystem"}, "status": {"phase": "Pending"}},
    ),
    Served(kinds.SECRET, generation=False, fields=_fields("type"), born={"type": "Opaque"}),
    Served(CONFIG_MAP, ("cm",), generation=False),
    Served(
        kinds.EVENT,
        ("ev",),
        generation=False,
        fields=_fields(
            *(f"involvedObject.{part}" for part in ("apiVersion", "fieldPath", "kind", "name", "namespace", "uid")),
            "reason",
            "reportingComponent",
            "source",
            "type",
        ),
    ),
    Served(SERVICE_ACCOUNT, ("sa",), generation=False, answers_deleted=True),
    Served(kinds.PDB, ("pdb",), status=True),
    Served(JOB, status=True, fields=_fields("status.successful")),
    Served(LEASE, generation=False),
    Served(
        kinds.STORAGE_CLASS,
        ("sc",),
        generation=False,
        born={"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
    ),
    Served(ROLE, generation=False),
    Served(ROLE_BINDING, generation=False),
    Served(CLUSTER_ROLE, generation=False),
    Served(CLUSTER_ROLE_BINDING, generation=False),
    Served(CRD, ("crd", "crds"), fixed=True),
)


_WITHOUT_NAMESPACE = frozenset(
    [
        *(
            "APIService",
            "CSIDriver",
            "CustomResourceDefinition",
            "GatewayClass",
            "IngressClass",
            "MutatingWebhookConfiguration",
        ),
        *("Node", "PersistentVolume", "PriorityClass", "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy"),
        *("ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeSnapshotClass"),
    ]
)


def served_as_it_comes(group: str, version: str, kind: str) -> Served:
    """A kind of which nothing is known but its name: kept as it is written, and nothing is done with it."""
    word = kind.lower()
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}es" if word.endswith(("s", "x", "ch")) else f"{word}s"
    is_namespaced = not (kind.startswith("Cluster") or kind in _WITHOUT_NAMESPACE)
    return Served(Resource(group, version, plural, kind, namespaced=is_namespaced))


def override_served(served: Iterable[Served], by: Iterable[Served]) -> tuple[Served, ...]:
    """All of both; the second's where both serve the same resource."""
    table = {(one.resource.group, one.resource.plural): one for one in (*served, *by)}
    return tuple(table.values())
