from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_mcp.domain.kinds import APPLICATION, CLUSTER, CLUSTER_IMAGE_CATALOG, DATABASE, HELM_RELEASE, POD, SECRET
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api import ApiError, Store, WriteOptions
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.sandbox.conftest import cluster

CREATED_BY_THE_SERVER = {"uid", "resourceVersion", "creationTimestamp", "generation"}


def test_a_created_object_has_what_only_the_server_can_give(store: Store) -> None:
    made = store.create(CLUSTER, cluster())
    assert made["metadata"].keys() == {"name", "namespace"} | CREATED_BY_THE_SERVER
    assert made["metadata"]["generation"] == 1
    assert made == store.get(CLUSTER, "shop", "orders")


def test_what_a_client_claims_of_itself_is_not_kept(store: Store) -> None:
    claimed = cluster()
    claimed["metadata"] |= {"uid": "mine", "generation": 9, "creationTimestamp": "2001-01-01T00:00:00Z"}
    metadata = store.create(CLUSTER, claimed)["metadata"]
    assert metadata["generation"] == 1
    assert metadata["uid"] != "mine"
    assert not metadata["creationTimestamp"].startswith("2001")


def test_an_object_can_be_made_older_than_it_is(store: Store) -> None:
    before = store.create(CLUSTER, cluster())
    made = store.backdate(CLUSTER, "shop", "orders", datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC))
    assert made["metadata"]["creationTimestamp"] == "2001-02-03T04:05:06Z"
    assert made["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"]
    assert {**made, "metadata": None} == {**before, "metadata": None}
    assert store.get(CLUSTER, "shop", "orders") == made


def test_what_is_stored_is_not_shared_with_whoever_sent_it(store: Store) -> None:
    sent = cluster()
    store.create(CLUSTER, sent)
    sent["spec"]["instances"] = 9
    assert store.get(CLUSTER, "shop", "orders")["spec"]["instances"] == 3


def test_a_snapshot_stays_as_it_was_while_the_object_changes(store: Store) -> None:
    before = store.create(CLUSTER, cluster())
    store.merge(CLUSTER, "shop", "orders", {"spec": {"instances": 5}})
    assert before["spec"]["instances"] == 3


@pytest.mark.parametrize(
    ("patch", "subresource", "generation"),
    [
        pytest.param({"spec": {"instances": 4}}, None, 2, id="spec"),
        pytest.param({"metadata": {"labels": {"a": "b"}}}, None, 1, id="labels"),
        pytest.param({"status": {"phase": "x"}}, "status", 1, id="status"),
        pytest.param({"spec": {"instances": 3}}, None, 1, id="what is already so"),
    ],
)
def test_generation_counts_changes_of_what_is_desired(
    store: Store, patch: Object, subresource: str | None, generation: int
) -> None:
    store.create(CLUSTER, cluster())
    made = store.merge(CLUSTER, "shop", "orders", patch, subresource=subresource)
    assert made["metadata"]["generation"] == generation


def test_a_change_that_changes_nothing_is_no_new_version(store: Store) -> None:
    made = store.create(CLUSTER, cluster())
    version = store.version
    assert store.merge(CLUSTER, "shop", "orders", {"spec": {"instances": 3}}) == made
    assert store.version == version


def test_status_and_the_rest_are_written_apart(store: Store) -> None:
    store.create(CLUSTER, {**cluster(), "status": {"phase": "born"}})
    assert "status" not in store.get(CLUSTER, "shop", "orders")
    store.merge(CLUSTER, "shop", "orders", {"spec": {"instances": 9}, "status": {"phase": "x"}}, subresource="status")
    made = store.merge(CLUSTER, "shop", "orders", {"spec": {"instances": 4}, "status": {"phase": "y"}})
    assert made["spec"]["instances"] == 4
    assert made["status"] == {"phase": "x"}


def test_status_without_a_subresource_is_a_field_like_any_other(store: Store) -> None:
    application = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "gitops", "namespace": "shop"},
        "spec": {"project": "default", "destination": {}},
    }
    store.create(APPLICATION, application)
    made = store.merge(APPLICATION, "shop", "gitops", {"status": {"sync": {"status": "Synced"}}})
    assert made["status"] == {"sync": {"status": "Synced"}}
    assert made["metadata"]["generation"] == 2


def test_an_outdated_version_is_a_conflict(store: Store) -> None:
    stale = store.create(CLUSTER, cluster())
    store.merge(CLUSTER, "shop", "orders", {"spec": {"instances": 4}})
    with pytest.raises(ApiError) as caught:
        store.replace(CLUSTER, stale)
    assert (caught.value.code, caught.value.reason) == (409, "Conflict")


def test_a_custom_object_is_replaced_only_by_who_says_which_version(store: Store) -> None:
    store.create(CLUSTER, cluster())
    with pytest.raises(ApiError, match="must be specified for an update"):
        store.replace(CLUSTER, cluster())


def test_another_object_of_the_same_name_is_a_conflict(store: Store) -> None:
    store.create(CLUSTER, cluster())
    with pytest.raises(ApiError, match=r"422 .*metadata\.uid: .*: field is immutable"):
        store.merge(CLUSTER, "shop", "orders", {"metadata": {"uid": "other"}})
    other = store.get(CLUSTER, "shop", "orders")
    with pytest.raises(ApiError, match=r"409 .*Precondition failed: UID in precondition: other"):
        store.replace(CLUSTER, {**other, "metadata": {**other["metadata"], "uid": "other"}})


def test_an_object_does_not_move_to_another_namespace(store: Store) -> None:
    store.create(CLUSTER, cluster())
    with pytest.raises(ApiError, match="does not match the namespace on the URL"):
        store.merge(CLUSTER, "shop", "orders", {"metadata": {"namespace": "elsewhere"}})


def test_true_and_one_are_different_values(store: Store) -> None:
    value = {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "x", "namespace": "shop"},
        "spec": {"interval": "1m", "values": {"on": True}},
    }
    store.create(HELM_RELEASE, value)
    made = store.merge(HELM_RELEASE, "shop", "x", {"spec": {"values": {"on": 1}}})
    assert made["spec"]["values"]["on"] is not True
    assert made["metadata"]["generation"] == 2


def test_a_dry_run_answers_what_would_be_and_stores_nothing(store: Store) -> None:
    dry = WriteOptions(dry_run=True)
    assert store.create(CLUSTER, cluster(), dry)["spec"]["logLevel"] == "info"
    with pytest.raises(ApiError, match="not found"):
        store.get(CLUSTER, "shop", "orders")
    store.create(CLUSTER, cluster())
    assert store.merge(CLUSTER, "shop", "orders", {"spec": {"instances": 5}}, how=dry)["spec"]["instances"] == 5
    store.delete(CLUSTER, "shop", "orders", dry_run=True)
    assert store.get(CLUSTER, "shop", "orders")["spec"]["instances"] == 3


@pytest.mark.parametrize(
    ("resource", "value", "message"),
    [
        pytest.param(SECRET, {**cluster(), "apiVersion": "v1"}, "cannot be handled as a Secret", id="another kind"),
        pytest.param(CLUSTER, {**cluster(), "apiVersion": "v1"}, "API version in the data (v1)", id="another version"),
        pytest.param(CLUSTER, {"metadata": {"name": "x", "namespace": "shop"}}, "'Kind' is missing", id="no kind"),
        pytest.param(CLUSTER, [], "cannot be handled as a Cluster", id="no object"),
        pytest.param(POD, {"metadata": []}, ".metadata of type", id="metadata that is a list"),
        pytest.param(POD, {"metadata": {"labels": {"a": 1}}}, "metadata.labels of type string", id="a label's type"),
        pytest.param(POD, {"metadata": {"name": 1}}, "metadata.name of type string", id="a name that is a number"),
        pytest.param(POD, {"metadata": {"name": "x"}}, "an empty namespace may not be set", id="no namespace"),
        pytest.param(
            POD,
            {"metadata": {"name": "x", "resourceVersion": "1"}},
            "resourceVersion should not be set",
            id="a version",
        ),
        pytest.param(
            SECRET,
            {"metadata": {"name": "x", "namespace": "shop"}, "data": {"password": "not base64"}},
            "illegal base64 data in data.password",
            id="a secret in clear text",
        ),
    ],
)
def test_what_cannot_be_decoded_is_a_bad_request(store: Store, resource: Resource, value: Any, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        store.create(resource, value)
    assert (caught.value.code, caught.value.reason) == (400, "BadRequest")
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("resource", "metadata"),
    [
        pytest.param(CLUSTER, {"name": "Orders"}, id="upper case"),
        pytest.param(CLUSTER, {"name": "o" * 254}, id="too long"),
        pytest.param(CLUSTER, {}, id="no name"),
        pytest.param(NAMESPACE, {"name": "a.b"}, id="a namespace with a dot"),
        pytest.param(
            Resource("", "v1", "services", "Service"), {"name": "1st"}, id="a service that begins with a digit"
        ),
        pytest.param(CLUSTER, {"name": "x", "labels": {"a": "b c"}}, id="a label's value with a blank"),
        pytest.param(CLUSTER, {"name": "x", "labels": {"a b": "c"}}, id="a label's key with a blank"),
    ],
)
def test_illegal_names_and_labels_are_invalid(store: Store, resource: Resource, metadata: Object) -> None:
    value = cluster() if resource == CLUSTER else {}
    with pytest.raises(ApiError) as caught:
        store.create(resource, {**value, "metadata": {"namespace": "shop", **metadata}})
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")


def test_a_role_may_have_a_colon_in_its_name(store: Store) -> None:
    role = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False)
    store.create(role, {"metadata": {"name": "system:reader"}})
    assert store.get(role, None, "system:reader")["metadata"]["name"] == "system:reader"


def test_generated_names_differ(store: Store) -> None:
    value = cluster()
    value["metadata"] = {"generateName": "orders-", "namespace": "shop"}
    names = {store.create(CLUSTER, value)["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("orders-") and len(name) == 12 for name in names)


def test_unknown_fields_are_pruned_with_a_warning_or_refused_when_strict(store: Store) -> None:
    warned = WriteOptions()
    made = store.create(CLUSTER, cluster(instnaces=3), warned)
    assert "instnaces" not in made["spec"]
    assert warned.warnings == ['unknown field "spec.instnaces"']
    with pytest.raises(ApiError, match=r'strict decoding error: unknown field "spec\.instnaces"'):
        store.create(CLUSTER, cluster("other", instnaces=3), WriteOptions(validation="Strict"))


def test_a_secret_is_written_as_text_and_read_as_base64(store: Store) -> None:
    sent = {"metadata": {"name": "s", "namespace": "shop"}, "data": {"a": "eA=="}, "stringData": {"b": "pw"}}
    made = store.create(SECRET, sent)
    assert "stringData" not in made
    assert made["data"] == {"a": "eA==", "b": "cHc="}
    assert made["type"] == "Opaque"


def test_an_immutable_secret_keeps_its_data_and_not_its_labels(store: Store) -> None:
    made: Object = {"metadata": {"name": "s", "namespace": "shop"}, "stringData": {"a": "1"}, "immutable": True}
    store.create(SECRET, made)
    store.merge(SECRET, "shop", "s", {"metadata": {"labels": {"team": "shop"}}})
    for patch, fields in (
        ({"stringData": {"a": "2"}}, ["data"]),
        ({"immutable": None}, ["immutable"]),
        ({"immutable": False, "data": {"a": None}}, ["immutable", "data"]),
    ):
        with pytest.raises(ApiError) as caught:
            store.merge(SECRET, "shop", "s", patch)
        assert (caught.value.code, [cause["field"] for cause in caught.value.details["causes"]]) == (422, fields)


def test_a_namespace_must_exist_before_its_objects(store: Store) -> None:
    with pytest.raises(ApiError) as caught:
        store.create(CLUSTER, cluster(namespace="nowhere"))
    assert caught.value.message == 'namespaces "nowhere" not found'


def test_lists_follow_the_order_of_etcd_and_the_selectors(store: Store) -> None:
    store.create(NAMESPACE, {"metadata": {"name": "shop-2"}})
    for namespace, name, label in (("shop", "b", "x"), ("shop-2", "a", "x"), ("shop", "a", "y")):
        value = cluster(name, namespace)
        value["metadata"]["labels"] = {"l": label}
        store.create(CLUSTER, value)
    # "-" sorts before "/", so shop-2/a comes before shop/a.
    assert _names(store.list(CLUSTER)) == ["shop-2/a", "shop/a", "shop/b"]
    assert _names(store.list(CLUSTER, "shop")) == ["shop/a", "shop/b"]
    assert _names(store.list(CLUSTER, labels="l=x")) == ["shop-2/a", "shop/b"]
    assert _names(store.list(CLUSTER, "shop", labels="l=x", fields="metadata.name=b")) == ["shop/b"]
    assert store.list(CLUSTER, "nowhere") == ()


def _names(values: tuple[Object, ...]) -> list[str]:
    return [f"{value['metadata']['namespace']}/{value['metadata']['name']}" for value in values]


def test_a_kind_without_a_namespace_has_none_even_if_one_is_sent(store: Store) -> None:
    value = {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "ClusterImageCatalog",
        "metadata": {"name": "c", "namespace": "shop"},
        "spec": {"images": [{"major": 18, "image": "x"}]},
    }
    assert "namespace" not in store.create(CLUSTER_IMAGE_CATALOG, value)["metadata"]
    assert store.get(CLUSTER_IMAGE_CATALOG, None, "c")


def test_the_resource_of_a_manifest_is_found(store: Store) -> None:
    assert store.resource_for("postgresql.cnpg.io/v1", "Database") == DATABASE
    assert store.resource_for("v1", "Pod") == POD
    assert store.resource_for("v1", "Database") is None


def test_a_resource_that_is_not_served_is_not_found(store: Store) -> None:
    with pytest.raises(ApiError) as caught:
        store.list(Resource("example.com", "v1", "things", "Thing"))
    assert caught.value.code == 404


def test_waiting_for_a_change_ends_with_the_change(store: Store) -> None:
    seen = store.version
    seen_later: list[int] = []
    waiter = threading.Thread(target=lambda: seen_later.append(store.changed(seen, 30)))
    waiter.start()
    store.create(CLUSTER, cluster())
    waiter.join(30)
    assert seen_later == [seen + 1]


def test_waiting_for_a_change_that_does_not_come_ends_in_time(store: Store) -> None:
    assert store.changed(store.version, 0.01) == store.version


def test_writers_in_many_threads_lose_nothing(store: Store) -> None:
    store.create(CLUSTER, cluster())

    def write(thread: int) -> None:
        for index in range(50):
            store.merge(CLUSTER, "shop", "orders", {"metadata": {"annotations": {f"t{thread}-{index}": "x"}}})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.get(CLUSTER, "shop", "orders")["metadata"]["annotations"]) == 200
