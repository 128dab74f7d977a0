from __future__ import annotations

import pytest

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.cnpg.defaults import with_defaults


def cluster(**spec: object) -> Object:
    metadata = {"name": "orders-db", "namespace": "shop"}
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": metadata,
        "spec": {"instances": 1, **spec},
    }


def test_a_bare_cluster_gets_an_image_a_database_and_the_operators_settings() -> None:
    spec = with_defaults(cluster())["spec"]
    assert spec["imageName"].startswith("ghcr.io/cloudnative-pg/postgresql:18.")
    assert spec["bootstrap"] == {
        "initdb": {"database": "app", "owner": "app", "encoding": "UTF8", "localeCollate": "C", "localeCType": "C"}
    }
    assert spec["affinity"] == {"podAntiAffinityType": "preferred"}
    assert spec["monitoring"]["customQueriesConfigMap"] == [{"name": "cnpg-default-monitoring", "key": "queries"}]
    assert spec["postgresql"]["parameters"]["max_worker_processes"] == "32"
    assert spec["replicationSlots"]["highAvailability"] == {"enabled": True, "slotPrefix": "_cnpg_"}


def test_what_is_said_stays() -> None:
    said = {
        "imageName": "registry.example/postgresql:17.5",
        "bootstrap": {"initdb": {"database": "orders", "owner": "orders_app"}},
        "postgresql": {"parameters": {"wal_keep_size": "1GB"}},
        "replicationSlots": {"highAvailability": {"enabled": False}},
        "monitoring": {"customQueriesConfigMap": [{"name": "own", "key": "queries"}]},
    }
    spec = with_defaults(cluster(**said))["spec"]
    assert spec["imageName"] == "registry.example/postgresql:17.5"
    assert at(spec, "bootstrap", "initdb", "database") == "orders"
    assert at(spec, "bootstrap", "initdb", "owner") == "orders_app"
    assert at(spec, "postgresql", "parameters", "wal_keep_size") == "1GB"
    assert at(spec, "replicationSlots", "highAvailability", "enabled") is False
    assert [source["name"] for source in spec["monitoring"]["customQueriesConfigMap"]] == [
        "cnpg-default-monitoring",
        "own",
    ]


def test_the_owner_of_a_database_is_by_default_named_after_it() -> None:
    spec = with_defaults(cluster(bootstrap={"initdb": {"database": "orders"}}))["spec"]
    assert spec["bootstrap"]["initdb"]["owner"] == "orders"


@pytest.mark.parametrize("method", ["recovery", "pg_basebackup"])
def test_a_cluster_that_is_restored_gets_no_initdb(method: str) -> None:
    spec = with_defaults(cluster(bootstrap={method: {"source": "old"}}))["spec"]
    assert spec["bootstrap"] == {method: {"source": "old", "database": "app", "owner": "app"}}


def test_a_catalog_is_not_overridden_by_an_image() -> None:
    assert "imageName" not in with_defaults(cluster(imageCatalogRef={"name": "all", "major": 17}))["spec"]


def test_defaults_are_added_once_and_to_a_copy() -> None:
    given = cluster()
    once = with_defaults(given)
    assert with_defaults(once) == once
    assert given == cluster()
