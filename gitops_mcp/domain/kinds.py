"""The kinds that are read or written, as the API serves them."""

from __future__ import annotations

from gitops_mcp.domain.objects import CNPG_GROUP, Resource

CLUSTER = Resource(CNPG_GROUP, "v1", "clusters", "Cluster")
DATABASE = Resource(CNPG_GROUP, "v1", "databases", "Database")
DATABASE_ROLE = Resource(CNPG_GROUP, "v1", "databaseroles", "DatabaseRole")
POOLER = Resource(CNPG_GROUP, "v1", "poolers", "Pooler")
SCHEDULED_BACKUP = Resource(CNPG_GROUP, "v1", "scheduledbackups", "ScheduledBackup")
BACKUP = Resource(CNPG_GROUP, "v1", "backups", "Backup")
IMAGE_CATALOG = Resource(CNPG_GROUP, "v1", "imagecatalogs", "ImageCatalog")
CLUSTER_IMAGE_CATALOG = Resource(CNPG_GROUP, "v1", "clusterimagecatalogs", "ClusterImageCatalog", namespaced=False)
PUBLICATION = Resource(CNPG_GROUP, "v1", "publications", "Publication")
SUBSCRIPTION = Resource(CNPG_GROUP, "v1", "subscriptions", "Subscription")

CNPG_KINDS = (
    CLUSTER,
    DATABASE,
    DATABASE_ROLE,
    POOLER,
    SCHEDULED_BACKUP,
    BACKUP,
    IMAGE_CATALOG,
    CLUSTER_IMAGE_CATALOG,
    PUBLICATION,
    SUBSCRIPTION,
)

BY_KIND = {one.kind: one for one in CNPG_KINDS}
_CNPG_NAMES = frozenset({"FailoverQuorum", *BY_KIND})


def may_mean_cnpg(group: str | None, kind: str | None) -> bool:
    """Whether a group and a kind, None for any, may mean an object of CNPG."""
    return group in {None, CNPG_GROUP} and (kind is None or kind in _CNPG_NAMES)


OBJECT_STORE = Resource("barmancloud.cnpg.io", "v1", "objectstores", "ObjectStore")
NAMING_KINDS = (DATABASE, DATABASE_ROLE, POOLER, SCHEDULED_BACKUP, BACKUP, PUBLICATION, SUBSCRIPTION)
"""Those of one Cluster, which `spec.cluster.name` says."""

NAMESPACE = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
POD = Resource("", "v1", "pods", "Pod")
STORAGE_CLASS = Resource("storage.k8s.io", "v1", "storageclasses", "StorageClass", namespaced=False)
PVC = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
SERVICE = Resource("", "v1", "services", "Service")
EVENT = Resource("", "v1", "events", "Event")
PDB = Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")

SECRET = Resource("", "v1", "secrets", "Secret")
EXTERNAL_SECRET = Resource("external-secrets.io", "v1", "externalsecrets", "ExternalSecret")
PASSWORD = Resource("generators.external-secrets.io", "v1alpha1", "passwords", "Password")
"""External Secrets Operator's generator."""
SEALED_SECRET = Resource("bitnami.com", "v1alpha1", "sealedsecrets", "SealedSecret")

APP_PROJECT = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")
APPLICATION = Resource("argoproj.io", "v1alpha1", "applications", "Application")
APPLICATION_SET = Resource("argoproj.io", "v1alpha1", "applicationsets", "ApplicationSet")
KUSTOMIZATION = Resource("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization")
HELM_RELEASE = Resource("helm.toolkit.fluxcd.io", "v2", "helmreleases", "HelmRelease")
GIT_REPOSITORY = Resource("source.toolkit.fluxcd.io", "v1", "gitrepositories", "GitRepository")
OCI_REPOSITORY = Resource("source.toolkit.fluxcd.io", "v1", "ocirepositories", "OCIRepository")
BUCKET = Resource("source.toolkit.fluxcd.io", "v1", "buckets", "Bucket")
FLUX_SOURCES = (GIT_REPOSITORY, OCI_REPOSITORY, BUCKET)
