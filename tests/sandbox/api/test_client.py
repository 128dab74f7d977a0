"""Through the official client, over a socket, by the kubeconfig that the sandbox writes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes
import pytest

from gitops_mcp.domain.kinds import CLUSTER, EVENT, POD
from gitops_mcp.sandbox.api import SandboxApi, Store, kubeconfig_text
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.sandbox.conftest import TOKEN, cluster

CLIENT: Any = kubernetes
"""Untyped: its types cover the models, but neither what loads a configuration nor what is answered."""
client, config, dynamic, watch = CLIENT.client, CLIENT.config, CLIENT.dynamic, CLIENT.watch

GROUP = "postgresql.cnpg.io"
PLACE = (GROUP, "v1", "shop", "clusters")


@pytest.fixture
def api_client(store: Store, tmp_path: Path) -> Iterator[Any]:
    api = SandboxApi(store, token=TOKEN)
    path = tmp_path / "kubeconfig"
    path.write_text(kubeconfig_text(api.start(), TOKEN, namespace="shop"))
    configuration = client.Configuration()
    config.load_kube_config(str(path), client_configuration=configuration)
    with client.ApiClient(configuration) as made:
        yield made
        made.rest_client.pool_manager.clear()
    api.stop()


@pytest.fixture
def custom(api_client: Any) -> Any:
    return client.CustomObjectsApi(api_client)


@pytest.fixture
def core(api_client: Any) -> Any:
    return client.CoreV1Api(api_client)


def test_the_kubeconfig_names_its_context_and_namespace(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(kubeconfig_text("http://127.0.0.1:1", TOKEN, namespace="shop"))
    _, active = config.list_kube_config_contexts(str(path))
    assert active == {"name": "sandbox", "context": {"cluster": "sandbox", "user": "sandbox", "namespace": "shop"}}


def test_a_cluster_is_created_changed_and_deleted(custom: Any) -> None:
    custom.create_namespaced_custom_object(*PLACE, cluster())
    made = custom.get_namespaced_custom_object(*PLACE, "orders")
    made["spec"]["instances"] = 5
    assert custom.replace_namespaced_custom_object(*PLACE, "orders", made)["spec"]["instances"] == 5
    patched = custom.patch_namespaced_custom_object(*PLACE, "orders", {"spec": {"logLevel": "debug"}})
    assert (patched["spec"]["instances"], patched["spec"]["logLevel"]) == (5, "debug")
    custom.patch_namespaced_custom_object_status(*PLACE, "orders", {"status": {"phase": "x"}})
    assert custom.get_namespaced_custom_object_status(*PLACE, "orders")["status"] == {"phase": "x"}
    custom.delete_namespaced_custom_object(*PLACE, "orders")
    assert custom.list_namespaced_custom_object(*PLACE)["items"] == []


def test_secrets_pods_and_events_are_typed(store: Store, core: Any) -> None:
    core.create_namespaced_secret("shop", client.V1Secret(metadata={"name": "s"}, string_data={"password": "pw"}))
    assert base64.b64decode(core.read_namespaced_secret("s", "shop").data["password"]) == b"pw"
    core.patch_namespaced_secret("s", "shop", {"metadata": {"labels": {"a": "b"}}})
    assert core.list_namespaced_secret("shop", label_selector="a=b").items[0].metadata.name == "s"
    for name, phase in (("p", "Running"), ("q", "Failed")):
        store.create(
            POD,
            {"metadata": {"name": name, "namespace": "shop"}, "spec": {"nodeName": f"node-{name}", "containers": []}},
        )
        store.merge(POD, "shop", name, {"status": {"phase": phase}}, subresource="status")
        involved = {"kind": "Pod", "name": name, "namespace": "shop"}
        store.create(EVENT, {"metadata": {"name": f"e-{name}", "namespace": "shop"}, "involvedObject": involved})
    pods = core.list_namespaced_pod("shop", field_selector="status.phase=Running,spec.nodeName=node-p").items
    assert [(pod.metadata.name, pod.status.phase) for pod in pods] == [("p", "Running")]
    events = core.list_namespaced_event("shop", field_selector="involvedObject.name=q,involvedObject.kind=Pod").items
    assert [event.involved_object.name for event in events] == ["q"]


def test_the_dynamic_client_finds_every_kind(api_client: Any) -> None:
    found = dynamic.DynamicClient(api_client).resources.get(api_version=f"{GROUP}/v1", kind="ClusterImageCatalog")
    assert (found.name, found.namespaced) == ("clusterimagecatalogs", False)


def test_it_says_who_asks(api_client: Any) -> None:
    review = client.AuthenticationV1Api(api_client).create_self_subject_review({})
    assert review.status.user_info.username == "sandbox"


def _watched(custom: Any, most: int, **options: Any) -> list[tuple[str, str]]:
    stream = watch.Watch()
    events = []
    for event in stream.stream(custom.list_namespaced_custom_object, *PLACE, **options):
        events.append((event["type"], event["object"]["metadata"]["name"]))
        if len(events) == most:
            stream.stop()
    return events


def test_a_watch_tells_what_changes_from_a_version_on(store: Store, custom: Any) -> None:
    store.create(CLUSTER, cluster("before"))
    version = store.version
    store.create(NAMESPACE, {"metadata": {"name": "elsewhere"}})
    store.create(CLUSTER, cluster("unseen", "elsewhere"))
    store.create(CLUSTER, cluster("a"))
    stream = watch.Watch()
    listing = custom.list_namespaced_custom_object
    seen = []
    for event in stream.stream(listing, *PLACE, resource_version=str(version), timeout_seconds=20):
        seen.append((event["type"], event["object"]["metadata"]["name"]))
        match event["type"]:
            case "ADDED":
                store.merge(CLUSTER, "shop", "a", {"spec": {"instances": 4}})
            case "MODIFIED":
                store.delete(CLUSTER, "shop", "a")
            case _:
                stream.stop()
    assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_a_watch_without_a_version_begins_with_what_is_there(store: Store, custom: Any) -> None:
    store.create(CLUSTER, cluster("a"))
    store.create(CLUSTER, cluster("b"))
    assert _watched(custom, 2, timeout_seconds=20) == [("ADDED", "a"), ("ADDED", "b")]


def test_a_watch_ends_when_its_time_is_over(custom: Any) -> None:
    assert _watched(custom, 1, resource_version="0", timeout_seconds=1) == []


def test_to_a_selector_objects_come_and_go(store: Store, custom: Any) -> None:
    store.create(CLUSTER, cluster("a"))
    store.create(CLUSTER, cluster("b"))
    version = store.version
    store.merge(CLUSTER, "shop", "a", {"metadata": {"labels": {"l": "x"}}})
    store.merge(CLUSTER, "shop", "b", {"spec": {"instances": 4}})
    store.merge(CLUSTER, "shop", "a", {"spec": {"instances": 5}})
    store.merge(CLUSTER, "shop", "a", {"metadata": {"labels": {"l": None}}})
    events = _watched(custom, 3, resource_version=str(version), label_selector="l=x", timeout_seconds=20)
    assert events == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_a_watch_of_one_name_sees_that_one_only(store: Store, custom: Any) -> None:
    version = store.version
    store.create(CLUSTER, cluster("a"))
    store.create(CLUSTER, cluster("b"))
    events = _watched(custom, 1, resource_version=str(version), field_selector="metadata.name=b", timeout_seconds=20)
    assert events == [("ADDED", "b")]
