from __future__ import annotations

import json
from typing import Any

import pytest

from gitops_mcp.domain.cnpg.manifest import cluster_manifest, image_catalog_ref
from gitops_mcp.domain.cnpg.protection import protecting_annotations
from gitops_mcp.errors import InvalidRequest

GIVEN: dict[str, Any] = {
    "instances": 3,
    "image": "registry.example/postgresql:18.4-standard-trixie",
    "database": "app",
    "owner": None,
    "storage_size": "10Gi",
}


def test_what_create_writes_is_exactly_this_in_this_order() -> None:
    made = cluster_manifest(
        "orders-db",
        "shop",
        **{**GIVEN, "database": "orders", "owner": "orders_app"},
        storage_class="fast",
        parameters={"max_connections": "200"},
        annotations=protecting_annotations("argocd"),
    )
    expected = {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {
            "name": "orders-db",
            "namespace": "shop",
            "annotations": {"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=confirm"},
        },
        "spec": {
            "instances": 3,
            "imageName": "registry.example/postgresql:18.4-standard-trixie",
            "bootstrap": {"initdb": {"database": "orders", "owner": "orders_app"}},
            "storage": {"size": "10Gi", "storageClass": "fast"},
            "postgresql": {"parameters": {"max_connections": "200"}},
        },
    }
    assert json.dumps(made) == json.dumps(expected)


def test_nothing_that_was_not_asked_for_is_written() -> None:
    made = cluster_manifest("orders-db", "shop", **GIVEN)
    assert list(made["metadata"]) == ["name", "namespace"]
    assert made["spec"] == {
        "instances": 3,
        "imageName": "registry.example/postgresql:18.4-standard-trixie",
        "bootstrap": {"initdb": {"database": "app", "owner": "app"}},
        "storage": {"size": "10Gi"},
    }


def test_an_image_catalog_takes_the_place_of_the_image() -> None:
    ref = image_catalog_ref("ImageCatalog", "postgresql", 18)
    made = cluster_manifest("orders-db", "shop", **{**GIVEN, "image": None}, image_catalog_ref=ref)
    assert made["spec"]["imageCatalogRef"] == {
        "apiGroup": "postgresql.cnpg.io",
        "kind": "ImageCatalog",
        "name": "postgresql",
        "major": 18,
    }
    assert "imageName" not in made["spec"]
    with pytest.raises(ValueError, match="one of image"):
        cluster_manifest("orders-db", "shop", **GIVEN, image_catalog_ref=ref)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"database": "postgres"}, "^database: ", id="database"),
        pytest.param({"owner": "pg_owner"}, "^owner: ", id="owner"),
        pytest.param({"owner": ""}, "^owner: ", id="empty owner"),
        pytest.param({"database": "pg_data"}, "^owner: 'pg_data' is reserved", id="owner left out, named like that"),
        pytest.param({"storage_size": "10GB"}, "^storage_size: ", id="size"),
        pytest.param({"storage_class": "Fast"}, "^storage_class: ", id="class"),
        pytest.param({"instances": 0}, "^instances: ", id="instances"),
        pytest.param({"parameters": {"port": "1"}}, "^parameters: ", id="parameters"),
    ],
)
def test_a_bad_argument_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        cluster_manifest("orders-db", "shop", **{**GIVEN, **change})
