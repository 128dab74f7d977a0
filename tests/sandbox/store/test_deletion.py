from __future__ import annotations

import pytest

from gitops_mcp.domain.kinds import CLUSTER, POD, PVC
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api import ApiError, Store
from gitops_mcp.sandbox.store.resources import NAMESPACE
from gitops_mcp.sandbox.store.store import Preconditions
from tests.sandbox.conftest import cluster


def owned(store: Store, resource: Resource, name: str, *owners: Object, finalizers: tuple[str, ...] = ()) -> Object:
    references = [{"kind": one["kind"], "uid": one["metadata"]["uid"]} for one in owners]
    metadata = {"name": name, "namespace": "shop", "ownerReferences": references, "finalizers": list(finalizers)}
    return store.create(resource, {"metadata": metadata})


def names(store: Store, resource: Resource) -> list[str]:
    return [one["metadata"]["name"] for one in store.list(resource, "shop")]


def test_what_an_object_owns_goes_with_it_down_to_the_last(store: Store) -> None:
    orders, other = store.create(CLUSTER, cluster()), store.create(CLUSTER, cluster("other"))
    pod = owned(store, POD, "orders-1", orders)
    owned(store, PVC, "of-the-pod", pod)
    owned(store, POD, "other-1", other)
    store.delete(CLUSTER, "shop", "orders")
    assert names(store, CLUSTER) == ["other"]
    assert names(store, POD) == ["other-1"]
    assert names(store, PVC) == []


def test_what_has_another_owner_stays_and_keeps_that_one(store: Store) -> None:
    first, second = store.create(CLUSTER, cluster("a")), store.create(CLUSTER, cluster("b"))
    owned(store, POD, "shared", first, second)
    store.delete(CLUSTER, "shop", "a")
    references = store.get(POD, "shop", "shared")["metadata"]["ownerReferences"]
    assert [one["uid"] for one in references] == [second["metadata"]["uid"]]
    store.delete(CLUSTER, "shop", "b")
    assert names(store, POD) == []


def test_orphans_stay_without_their_owner(store: Store) -> None:
    owned(store, POD, "orders-1", store.create(CLUSTER, cluster()))
    store.delete(CLUSTER, "shop", "orders", propagation="Orphan")
    assert "ownerReferences" not in store.get(POD, "shop", "orders-1")["metadata"]


def test_in_the_foreground_the_owner_goes_last(store: Store) -> None:
    owned(store, POD, "orders-1", store.create(CLUSTER, cluster()), finalizers=("example.com/hold",))
    left = store.delete(CLUSTER, "shop", "orders", propagation="Foreground")
    assert left["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert names(store, CLUSTER) == ["orders"]
    store.merge(POD, "shop", "orders-1", {"metadata": {"finalizers": None}})
    assert names(store, POD) == []
    assert names(store, CLUSTER) == []


def test_a_finalizer_holds_an_object_until_it_is_taken_away(store: Store) -> None:
    value = cluster()
    value["metadata"]["finalizers"] = ["example.com/hold"]
    store.create(CLUSTER, value)
    left = store.delete(CLUSTER, "shop", "orders")["metadata"]
    assert left["deletionTimestamp"]
    assert left["generation"] == 2
    assert store.delete(CLUSTER, "shop", "orders")["metadata"] == left
    store.merge(CLUSTER, "shop", "orders", {"metadata": {"finalizers": []}})
    assert names(store, CLUSTER) == []


def test_an_object_that_is_going_takes_no_new_finalizers(store: Store) -> None:
    value = cluster()
    value["metadata"]["finalizers"] = ["example.com/hold"]
    store.create(CLUSTER, value)
    store.delete(CLUSTER, "shop", "orders")
    with pytest.raises(ApiError, match="no new finalizers can be added"):
        store.merge(CLUSTER, "shop", "orders", {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}})


def test_a_namespace_goes_with_all_that_is_in_it(store: Store) -> None:
    store.create(NAMESPACE, {"metadata": {"name": "shop-2"}})
    store.create(CLUSTER, cluster(namespace="shop-2"))
    pod = owned(store, POD, "orders-1", store.create(CLUSTER, cluster()))
    owned(store, PVC, "of-the-pod", pod)
    left = store.delete(NAMESPACE, None, "shop")
    assert left["status"]["phase"] == "Terminating"
    assert [one["metadata"]["namespace"] for one in store.list(CLUSTER)] == ["shop-2"]
    assert not store.list(POD)
    assert not store.list(PVC)
    with pytest.raises(ApiError, match="not found"):
        store.get(NAMESPACE, None, "shop")


def test_a_namespace_waits_for_its_last_object_and_takes_no_new_ones(store: Store) -> None:
    value = cluster()
    value["metadata"]["finalizers"] = ["example.com/hold"]
    store.create(CLUSTER, value)
    store.delete(NAMESPACE, None, "shop")
    assert store.get(NAMESPACE, None, "shop")["status"] == {"phase": "Terminating"}
    with pytest.raises(ApiError) as caught:
        store.create(CLUSTER, cluster("late"))
    assert (caught.value.code, caught.value.reason) == (403, "Forbidden")
    assert "because it is being terminated" in caught.value.message
    store.merge(CLUSTER, "shop", "orders", {"metadata": {"finalizers": None}})
    with pytest.raises(ApiError, match="not found"):
        store.get(NAMESPACE, None, "shop")


@pytest.mark.parametrize("only", [Preconditions(uid="other"), Preconditions(version="1")])
def test_only_the_object_that_is_meant_is_deleted(store: Store, only: Preconditions) -> None:
    made = store.create(CLUSTER, cluster())
    with pytest.raises(ApiError) as caught:
        store.delete(CLUSTER, "shop", "orders", only=only)
    assert (caught.value.code, caught.value.reason) == (409, "Conflict")
    metadata = made["metadata"]
    store.delete(CLUSTER, "shop", "orders", only=Preconditions(metadata["uid"], metadata["resourceVersion"]))
    assert names(store, CLUSTER) == []


def test_many_are_deleted_by_selector(store: Store) -> None:
    for name, label in (("a", "x"), ("b", "y"), ("c", "x")):
        value = cluster(name)
        value["metadata"]["labels"] = {"l": label}
        store.create(CLUSTER, value)
    gone = store.delete_all(CLUSTER, "shop", labels="l=x")
    assert [one["metadata"]["name"] for one in gone] == ["a", "c"]
    assert names(store, CLUSTER) == ["b"]
