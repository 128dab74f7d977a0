"""Objects of any kind where an environment is changed directly: the live object is the state before."""

from __future__ import annotations

import os
from typing import Any

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.domain.kinds import (
    BACKUP,
    CLUSTER,
    CLUSTER_IMAGE_CATALOG,
    DATABASE,
    IMAGE_CATALOG,
    OBJECT_STORE,
    POOLER,
    SUBSCRIPTION,
)
from gitops_mcp.domain.plans.generic.field_requests import ObjectUpdate
from gitops_mcp.errors import InvalidRequest, NotFound, Refused
from gitops_mcp.workflows.writing.object_targets import NamedObject
from gitops_mcp.workflows.writing.objects import create_object, delete_object, update_object
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.workflows.writing.conftest import Direct

STORAGE: dict[str, Any] = {"size": "1Gi"}
POOL: dict[str, Any] = {"cluster": {"name": "db"}, "instances": 1, "pgbouncer": {"poolMode": "session"}}
REFERENCE: dict[str, Any] = {"apiGroup": "postgresql.cnpg.io", "kind": "ImageCatalog", "name": "pg"}
IMAGES: dict[str, Any] = {"images": [{"major": 17, "image": "pg:17.6"}, {"major": 18, "image": "pg:18.4"}]}


def request(tool: str, *, confirmed: bool = False) -> WriteRequest:
    return WriteRequest(tool, None, confirmed=confirmed)


def update(direct: Direct, kind: str, name: str, values: dict[str, Any], *, confirmed: bool = False) -> WriteResult:
    asked = ObjectUpdate(values, (), {})
    return update_object(
        direct.app(), request("update_postgres_object", confirmed=confirmed), NamedObject(kind, name, None), asked
    )


def test_a_field_of_any_kind_is_patched_alone(direct: Direct) -> None:
    direct.put(CLUSTER, "db", instances=2, storage=STORAGE)
    direct.put(POOLER, "pool", **POOL)
    direct.put(IMAGE_CATALOG, "pg", **IMAGES)
    spec: dict[str, Any] = {
        "cluster": {"name": "db"},
        "dbname": "app",
        "name": "s",
        "publicationName": "p",
        "externalClusterName": "o",
    }
    direct.put(SUBSCRIPTION, "sub", **spec)
    done = update(direct, "Pooler", "pool", {"spec.pgbouncer.poolMode": "transaction"})
    assert done.applied[0].startswith("change spec.pgbouncer.poolMode of Pooler dev/pool, now at resourceVersion")
    done = update(direct, "ImageCatalog", "pg", {"spec.images[major=18].image": "pg:18.5"})
    assert done.applied[0].startswith("change spec.images[1].image of ImageCatalog dev/pg")
    done = update(direct, "Subscription", "sub", {"spec.publicationDBName": "orders"})
    assert done.applied[0].startswith("change spec.publicationDBName of Subscription dev/sub")
    with pytest.raises(NotFound, match="no Pooler 'pol'"):
        update(direct, "Pooler", "pol", {"spec.instances": 2})


def test_scaling_is_scaling_there_too(direct: Direct) -> None:
    direct.put(CLUSTER, "db", instances=2, storage=STORAGE)
    done = update(direct, "Cluster", "db", {"spec.instances": 3})
    assert done.about[0] == "spec.instances is planned as scale_postgres_cluster plans it"
    assert done.applied[0].startswith("change spec.instances of Cluster dev/db")


def test_an_object_is_created_where_none_is_and_made_once(direct: Direct) -> None:
    direct.put(CLUSTER, "db", instances=2, storage=STORAGE)
    named = NamedObject("Backup", "db-now", None)
    spec = {
        "cluster": {"name": "db"},
        "method": "plugin",
        "pluginConfiguration": {"name": "barman-cloud.cloudnative-pg.io"},
    }
    done = create_object(direct.app(), request("create_postgres_object"), named, spec)
    assert done.applied[0].startswith("create Backup dev/db-now")
    assert direct.kube().get(BACKUP, "dev", "db-now")["spec"]["method"] == "plugin"
    with pytest.raises(InvalidRequest, match="Backup dev/db-now exists already"):
        create_object(direct.app(), request("create_postgres_object"), named, spec)
    shared = NamedObject("ClusterImageCatalog", "all", None)
    done = create_object(direct.app(), request("create_postgres_object"), shared, IMAGES)
    assert done.applied[0].startswith("create ClusterImageCatalog all")
    assert direct.kube().get(CLUSTER_IMAGE_CATALOG, None, "all")["spec"] == IMAGES
    done = update(direct, "ClusterImageCatalog", "all", {"spec.images[major=17].image": "pg:17.7"})
    assert done.applied[0].startswith("change spec.images[0].image of ClusterImageCatalog all")


def test_a_deletion_is_asked_of_a_person_and_refused_while_something_names_the_object(direct: Direct) -> None:
    reference: dict[str, Any] = {"apiGroup": "postgresql.cnpg.io", "kind": "ImageCatalog", "name": "pg", "major": 18}
    direct.put(IMAGE_CATALOG, "pg", **IMAGES)
    direct.put(CLUSTER, "db", instances=2, storage=STORAGE, imageCatalogRef=reference)
    direct.put(DATABASE, "db-app", cluster={"name": "db"}, name="app", owner="app")
    asked = request("delete_postgres_object", confirmed=True)
    with pytest.raises(Refused, match="ImageCatalog dev/pg is named by the live Cluster dev/db"):
        delete_object(direct.app(), asked, NamedObject("ImageCatalog", "pg", None))
    done = delete_object(direct.app(), asked, NamedObject("Database", "db-app", None))
    assert done.applied == ["delete Database dev/db-app"]
    direct.put(POOLER, "pool", **POOL)
    with pytest.raises(Refused, match="This client cannot ask a person"):
        delete_object(direct.app(), asked, NamedObject("Pooler", "pool", None))


@pytest.mark.skipif("GITOPS_MCP_TEST_CRDS" not in os.environ, reason="GITOPS_MCP_TEST_CRDS names no folder of CRDs")
def test_an_object_store_is_written_in_its_own_group(direct: Direct) -> None:
    named = NamedObject("ObjectStore", "archive", "dev")
    spec: dict[str, Any] = {"configuration": {"destinationPath": "s3://backups/orders"}, "retentionPolicy": "30d"}
    made = create_object(direct.app(), request("create_postgres_object"), named, spec)
    assert made.applied[0].startswith("create ObjectStore dev/archive")
    assert "+apiVersion: barmancloud.cnpg.io/v1" in str(made.diff)
    done = update(direct, "ObjectStore", "archive", {"spec.retentionPolicy": "60d"})
    assert done.applied[0].startswith("change spec.retentionPolicy of ObjectStore dev/archive")
    assert direct.kube().get(OBJECT_STORE, "dev", "archive")["spec"] == {**spec, "retentionPolicy": "60d"}
    with pytest.raises(InvalidRequest, match=r"spec\.retentionPolicy: must match"):
        update(direct, "ObjectStore", "archive", {"spec.retentionPolicy": "30days"})


def test_the_catalog_that_a_cluster_is_to_use_is_looked_at(direct: Direct) -> None:
    direct.put(CLUSTER, "db", instances=2, storage=STORAGE, imageCatalogRef={**REFERENCE, "major": 17})
    direct.put(IMAGE_CATALOG, "pg", images=[{"major": 17, "image": "pg:17.6"}, {"major": 18, "image": "pg:16.4"}])
    for major, told in (
        (16, "goes from PostgreSQL 17 to 16"),
        (18, "is of 16 by its tag"),
        (19, "has no image of PostgreSQL 19"),
    ):
        with pytest.raises(InvalidRequest, match=told):
            update(direct, "Cluster", "db", {"spec.imageCatalogRef.major": major}, confirmed=True)
