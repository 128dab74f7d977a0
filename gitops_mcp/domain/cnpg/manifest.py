"""A new Cluster as it is written to Git: what was asked for and nothing that the operator fills in itself.

Webhook defaults in Git would only go stale. Exactly the keys of `cluster_manifest`, in this order.
"""

from __future__ import annotations

from collections.abc import Mapping

from gitops_mcp.domain.cnpg.cluster_arguments import (
    INSTANCES_MOST,
    checked_first_database,
    checked_first_owner,
    checked_instances,
    checked_parameters,
    checked_storage_class,
)
from gitops_mcp.domain.cnpg.notation.quantity import checked_storage_size as legal_size
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.names import check_cluster_name, check_namespace_name
from gitops_mcp.domain.objects import CNPG_GROUP, Object


def image_catalog_ref(kind: str, name: str, major: int) -> Object:
    """A reference to an ImageCatalog or ClusterImageCatalog, all its fields required by the CRD."""
    return {"apiGroup": CNPG_GROUP, "kind": kind, "name": name, "major": major}


def cluster_manifest(
    name: str,
    namespace: str,
    *,
    instances: int,
    image: str | None = None,
    image_catalog_ref: Object | None = None,
    database: str,
    owner: str | None,
    storage_size: str,
    storage_class: str | None = None,
    parameters: Mapping[str, object] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Object:
    """Raises InvalidRequest, naming the tool's argument, for anything the CRD or the webhook would refuse.

    One of `image` and `image_catalog_ref`, since CNPG allows no more; with neither the operator would choose, and
    choose anew when it is upgraded. `owner` None: named like the database.
    """
    if (image is None) == (image_catalog_ref is None):
        raise ValueError("one of image and image_catalog_ref")
    metadata: Object = {"name": check_cluster_name(name), "namespace": check_namespace_name(namespace)}
    if annotations:
        metadata["annotations"] = dict(annotations)
    initdb = {
        "database": checked_first_database(database),
        "owner": checked_first_owner(owner if owner is not None else database),
    }
    storage = {"size": legal_size(storage_size)}
    if storage_class is not None:
        storage["storageClass"] = checked_storage_class(storage_class)
    spec: Object = {
        "instances": checked_instances(instances, most=INSTANCES_MOST),
        **({"imageName": image} if image is not None else {"imageCatalogRef": image_catalog_ref}),
        "bootstrap": {"initdb": initdb},
        "storage": storage,
    }
    if parameters:
        spec["postgresql"] = {"parameters": checked_parameters(parameters, instances=instances)}
    return {"apiVersion": CLUSTER.api_version, "kind": CLUSTER.kind, "metadata": metadata, "spec": spec}
