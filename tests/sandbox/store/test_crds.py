"""What the sandbox serves: CloudNativePG's CRDs, and small schemas against the CRDs they stand for, where those are at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from gitops_mcp.crds import packaged_crd
from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api import ApiError, Store
from gitops_mcp.sandbox.api.openapi import OpenApi
from gitops_mcp.sandbox.store.resources import CRD, NAMESPACE

FOLDER = os.environ.get("GITOPS_MCP_TEST_CRDS")
REASON = "GITOPS_MCP_TEST_CRDS names no folder of CRDs"


@pytest.fixture(scope="module")
def full() -> Store:
    assert FOLDER
    store = Store(crds=Path(FOLDER))
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    return store


REFERENCE = {"cluster": {"name": "orders"}}
PLUGIN = {"name": "barman-cloud.cloudnative-pg.io", "parameters": {"barmanObjectName": "store"}}

GOOD = [
    pytest.param(kinds.CLUSTER, {"instances": 3, "storage": {"size": "1Gi"}}, id="a Cluster of few words"),
    pytest.param(
        kinds.CLUSTER,
        {
            "imageName": "example/postgresql:18",
            "storage": {"size": "1Gi", "storageClass": "fast"},
            "walStorage": {"size": "1Gi"},
            "bootstrap": {"initdb": {"database": "app", "owner": "app"}},
            "postgresql": {
                "parameters": {"shared_buffers": "1GB"},
                "synchronous": {"method": "any", "number": 1},
                "pg_hba": ["host all all all scram-sha-256"],
            },
            "managed": {"roles": [{"name": "app", "login": True, "passwordSecret": {"name": "s"}}]},
            "plugins": [PLUGIN],
            "backup": {"retentionPolicy": "30d"},
            "tablespaces": [{"name": "hot", "storage": {"size": "1Gi"}}],
            "monitoring": {},
            "nodeMaintenanceWindow": {},
            "replicationSlots": {"synchronizeReplicas": {}},
            "affinity": {"nodeSelector": {"a": "b"}},
            "resources": {"requests": {"memory": "1Gi"}},
        },
        id="a Cluster of many words",
    ),
    pytest.param(
        kinds.DATABASE, {**REFERENCE, "name": "a", "owner": "a", "extensions": [{"name": "x"}]}, id="Database"
    ),
    pytest.param(kinds.DATABASE_ROLE, {**REFERENCE, "name": "a", "inRoles": ["b"]}, id="DatabaseRole"),
    pytest.param(
        kinds.DATABASE_ROLE, {**REFERENCE, "name": "a", "login": True, "clientCertificate": {}}, id="a certificate"
    ),
    pytest.param(kinds.POOLER, {**REFERENCE, "pgbouncer": {"parameters": {"max_client_conn": "9"}}}, id="Pooler"),
    pytest.param(kinds.BACKUP, REFERENCE, id="Backup"),
    pytest.param(
        kinds.SCHEDULED_BACKUP,
        {**REFERENCE, "schedule": "0 0 2 * * *", "method": "plugin", "pluginConfiguration": PLUGIN},
        id="ScheduledBackup",
    ),
    pytest.param(kinds.IMAGE_CATALOG, {"images": [{"major": 18, "image": "x"}]}, id="ImageCatalog"),
    pytest.param(kinds.CLUSTER_IMAGE_CATALOG, {"images": [{"major": 18, "image": "x"}]}, id="ClusterImageCatalog"),
    pytest.param(
        kinds.PUBLICATION, {**REFERENCE, "name": "p", "dbname": "a", "target": {"allTables": True}}, id="Publication"
    ),
    pytest.param(
        kinds.SUBSCRIPTION,
        {**REFERENCE, "name": "s", "dbname": "a", "publicationName": "p", "externalClusterName": "e"},
        id="Subscription",
    ),
    pytest.param(kinds.OBJECT_STORE, {"configuration": {"destinationPath": "s3://x"}}, id="ObjectStore"),
    pytest.param(
        kinds.APPLICATION,
        {"project": "default", "source": {"repoURL": "x", "path": "y"}, "destination": {"namespace": "shop"}},
        id="Application",
    ),
    pytest.param(
        kinds.KUSTOMIZATION,
        {"interval": "1m", "prune": True, "sourceRef": {"kind": "GitRepository", "name": "x"}},
        id="Kustomization",
    ),
    pytest.param(
        kinds.HELM_RELEASE, {"interval": "1m", "chartRef": {"kind": "OCIRepository", "name": "x"}}, id="HelmRelease"
    ),
    pytest.param(
        kinds.EXTERNAL_SECRET,
        {
            "refreshPolicy": "CreatedOnce",
            "target": {"name": "s", "creationPolicy": "Orphan", "immutable": True, "template": {"data": {"a": "b"}}},
            "dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password", "name": "s"}}}],
        },
        id="ExternalSecret",
    ),
    pytest.param(kinds.EXTERNAL_SECRET, {}, id="an ExternalSecret of few words"),
    pytest.param(kinds.PASSWORD, {"length": 40, "symbols": 0}, id="Password"),
    pytest.param(
        kinds.SEALED_SECRET,
        {"encryptedData": {"a": "b"}, "template": {"type": "Opaque", "metadata": {"labels": {"a": "b"}}}},
        id="SealedSecret",
    ),
]

BAD = [
    pytest.param(kinds.CLUSTER, {"instances": "3"}, "spec.instances", id="a number in quotes"),
    pytest.param(kinds.CLUSTER, {"instances": 0}, "spec.instances", id="no instances"),
    pytest.param(kinds.CLUSTER, {"logLevel": "loud"}, "spec.logLevel", id="no such level"),
    pytest.param(
        kinds.CLUSTER,
        {"postgresql": {"parameters": {"max_connections": 100}}},
        "spec.postgresql.parameters.max_connections",
        id="a parameter without quotes",
    ),
    pytest.param(
        kinds.CLUSTER,
        {"managed": {"roles": [{"login": True}]}},
        "spec.managed.roles[0].name",
        id="a role without a name",
    ),
    pytest.param(kinds.CLUSTER, {"backup": {"retentionPolicy": "1y"}}, "spec.backup.retentionPolicy", id="years"),
    pytest.param(kinds.DATABASE, {**REFERENCE, "name": "a"}, "spec.owner", id="no owner"),
    pytest.param(kinds.DATABASE_ROLE, {"name": "a"}, "spec.cluster", id="no cluster"),
    pytest.param(
        kinds.DATABASE, {**REFERENCE, "name": "a", "owner": "a", "ensure": "gone"}, "spec.ensure", id="no such state"
    ),
    pytest.param(kinds.POOLER, REFERENCE, "spec.pgbouncer", id="a pooler of nothing"),
    pytest.param(kinds.SCHEDULED_BACKUP, REFERENCE, "spec.schedule", id="never"),
    pytest.param(kinds.IMAGE_CATALOG, {"images": []}, "spec.images", id="an empty catalog"),
    pytest.param(kinds.EXTERNAL_SECRET, {"refreshPolicy": "Once"}, "spec.refreshPolicy", id="no such policy"),
    pytest.param(
        kinds.EXTERNAL_SECRET,
        {"dataFrom": [{"sourceRef": {"generatorRef": {"kind": "Password"}}}]},
        "spec.dataFrom[0].sourceRef.generatorRef.name",
        id="a generator without a name",
    ),
    pytest.param(kinds.PASSWORD, {"encoding": "rot13"}, "spec.encoding", id="no such encoding"),
    pytest.param(kinds.SEALED_SECRET, {"template": {}}, "spec.encryptedData", id="nothing sealed"),
]


def small(examples: list[ParameterSet]) -> list[ParameterSet]:
    """Those of kinds that have a schema of our own."""
    return [one for one in examples if one.values[0] not in kinds.CNPG_KINDS]


def _manifest(resource: Resource, spec: Object) -> Object:
    metadata = {"name": "x", "namespace": "shop"}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": spec}


def _created(store: Store, resource: Resource, spec: Object) -> Object:
    from gitops_mcp.sandbox.api import WriteOptions

    made: Object = store.create(resource, _manifest(resource, spec), WriteOptions(dry_run=True, validation="Strict"))[
        "spec"
    ]
    return made


def _faults(store: Store, resource: Resource, spec: Object) -> list[Object]:
    with pytest.raises(ApiError) as caught:
        _created(store, resource, spec)
    assert caught.value.code == 422
    causes: list[Object] = caught.value.details["causes"]
    return causes


@pytest.mark.parametrize(("resource", "spec"), GOOD)
def test_what_the_project_writes_is_accepted(store: Store, resource: Resource, spec: Object) -> None:
    made = _created(store, resource, spec)
    assert made.keys() >= spec.keys()


@pytest.mark.parametrize(("resource", "spec", "field"), BAD)
def test_what_is_wrong_is_refused(store: Store, resource: Resource, spec: Object, field: str) -> None:
    assert field in [cause["field"] for cause in _faults(store, resource, spec)]


@pytest.mark.skipif(not FOLDER, reason=REASON)
@pytest.mark.parametrize(("resource", "spec"), small(GOOD))
def test_our_schemas_default_as_the_crds_do(store: Store, full: Store, resource: Resource, spec: Object) -> None:
    assert _created(store, resource, spec) == _created(full, resource, spec)


@pytest.mark.skipif(not FOLDER, reason=REASON)
@pytest.mark.parametrize(("resource", "spec", "field"), small(BAD))
def test_our_schemas_refuse_as_the_crds_do(
    store: Store, full: Store, resource: Resource, spec: Object, field: str
) -> None:
    assert _faults(store, resource, spec) == _faults(full, resource, spec)


@pytest.mark.parametrize("resource", kinds.CNPG_KINDS, ids=lambda resource: resource.kind)
def test_a_kind_of_cloudnativepg_is_served_as_its_crd_says(store: Store, resource: Resource) -> None:
    served, crd = store.serving(resource), packaged_crd(resource.plural)
    assert served.crd == crd
    assert store.get(CRD, None, f"{resource.plural}.{resource.group}")["spec"] == crd["spec"]
    assert served.resource == resource
    wanted = crd["spec"]["versions"][0].get("subresources", {})
    assert set(served.subresources) == set(wanted)


def test_the_rules_in_cel_are_in_the_crd_and_in_openapi_only_if_that_is_wanted(store: Store) -> None:
    crd = store.get(CRD, None, "databaseroles.postgresql.cnpg.io")
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    rules = "x-kubernetes-validations"
    assert schema["properties"]["spec"][rules]
    for wanted in (True, False):
        answer = OpenApi(store.served, rules=wanted).answer("apis/postgresql.cnpg.io/v1")
        assert answer
        told = json.loads(answer)["components"]["schemas"]["io.cnpg.postgresql.v1.DatabaseRole"]["properties"]["spec"]
        assert (rules in told) is wanted
        assert told["properties"].keys() == schema["properties"]["spec"]["properties"].keys()
