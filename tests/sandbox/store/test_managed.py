"""Server-side apply over the wire, and who owns what after other writes."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.kinds import CLUSTER, SECRET
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.api import Store
from tests.sandbox.conftest import Answer, Http, cluster

CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters"
ORDERS = f"{CLUSTERS}/orders"
APPLY, MERGE = "application/apply-patch+yaml", "application/merge-patch+json"


def apply(http_: Http, manager: str, query: str = "", **spec: Any) -> Answer:
    """Apply a Cluster of just these fields."""
    metadata = {"name": "orders", "namespace": "shop"}
    value = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": metadata, "spec": spec}
    return http_("PATCH", f"{ORDERS}?fieldManager={manager}{query}", value, media_type=APPLY)


def owners(value: Object) -> dict[tuple[str, str], Object]:
    listed = value["metadata"].get("managedFields") or []
    return {(one["manager"], one["operation"]): one["fieldsV1"] for one in listed}


def test_an_apply_creates_and_owns_what_it_says_and_no_default(http_: Http) -> None:
    answer = apply(http_, "team", instances=2, storage={"size": "1Gi"})
    assert answer.status == 201
    assert answer.body["spec"]["enablePDB"] is True
    [entry] = answer.body["metadata"]["managedFields"]
    del entry["time"]
    assert entry == {
        "manager": "team",
        "operation": "Apply",
        "apiVersion": "postgresql.cnpg.io/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:instances": {}, "f:storage": {"f:size": {}}}},
    }


def test_the_same_apply_again_changes_nothing(store: Store, http_: Http) -> None:
    first = apply(http_, "team", instances=2)
    quiet = store.version
    again = apply(http_, "team", instances=2)
    assert (again.status, again.body, store.version) == (200, first.body, quiet)


def test_what_an_apply_no_longer_says_goes_unless_somebody_else_owns_it_too(http_: Http) -> None:
    apply(http_, "team", instances=2, description="ours", logLevel="debug")
    apply(http_, "other", logLevel="debug")
    made = apply(http_, "team", instances=2).body
    assert "description" not in made["spec"]
    assert made["spec"]["logLevel"] == "debug"
    assert owners(made) == {
        ("other", "Apply"): {"f:spec": {"f:logLevel": {}}},
        ("team", "Apply"): {"f:spec": {"f:instances": {}}},
    }


def test_a_field_that_another_set_otherwise_is_a_conflict_that_names_both(http_: Http) -> None:
    """As a real API server of 1.36 answers it."""
    http_("POST", f"{CLUSTERS}?fieldManager=unknown", cluster())
    answer = apply(http_, "other", instances=2)
    message = 'conflict with "unknown" using postgresql.cnpg.io/v1'
    assert answer.status == 409
    assert answer.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"Apply failed with 1 conflict: {message}: .spec.instances",
        "reason": "Conflict",
        "details": {"causes": [{"reason": "FieldManagerConflict", "message": message, "field": ".spec.instances"}]},
        "code": 409,
    }


def test_several_conflicts_are_listed_by_their_owners(http_: Http) -> None:
    apply(http_, "team", instances=2, logLevel="debug")
    http_("PATCH", f"{ORDERS}?fieldManager=kubectl-edit", {"spec": {"description": "x"}}, media_type=MERGE)
    answer = apply(http_, "other", instances=3, logLevel="info", description="y")
    assert answer.body["message"] == (
        'Apply failed with 3 conflicts: conflicts with "kubectl-edit" using postgresql.cnpg.io/v1:\n'
        '- .spec.description\nconflicts with "team":\n- .spec.instances\n- .spec.logLevel'
    )


def test_the_same_value_is_owned_together_and_force_takes_a_field_away(http_: Http) -> None:
    apply(http_, "team", instances=2, description="ours")
    assert apply(http_, "other", instances=2).status == 200
    made = apply(http_, "other", "&force=true", instances=3).body
    assert made["spec"]["instances"] == 3
    assert owners(made) == {
        ("team", "Apply"): {"f:spec": {"f:description": {}}},
        ("other", "Apply"): {"f:spec": {"f:instances": {}}},
    }


def test_an_update_owns_what_it_changed_and_takes_it_from_who_had_it(http_: Http) -> None:
    apply(http_, "team", instances=2, description="ours")
    headers = {"User-Agent": "kubectl/v1.36.0 (linux/amd64)"}
    made = http_("PATCH", ORDERS, {"spec": {"instances": 3}}, media_type=MERGE, headers=headers).body
    assert owners(made) == {
        ("team", "Apply"): {"f:spec": {"f:description": {}}},
        ("kubectl", "Update"): {"f:spec": {"f:instances": {}}},
    }
    made = http_("PATCH", ORDERS, {"spec": {"description": None}}, media_type=MERGE, headers=headers).body
    assert owners(made) == {("kubectl", "Update"): {"f:spec": {"f:instances": {}}}}


def test_status_has_owners_of_its_own(http_: Http) -> None:
    apply(http_, "team", instances=2)
    status = {"status": {"phase": "x"}}
    made = http_("PATCH", f"{ORDERS}/status?fieldManager=operator", status, media_type=MERGE).body
    [_, entry] = made["metadata"]["managedFields"]
    assert (entry["manager"], entry["subresource"], entry["fieldsV1"]) == (
        "operator",
        "status",
        {"f:status": {"f:phase": {}}},
    )


def test_labels_are_owned_one_by_one(http_: Http) -> None:
    def label(manager: str, key: str) -> Object:
        metadata = {"name": "orders", "namespace": "shop", "labels": {key: "x"}}
        value = {**cluster(), "metadata": metadata}
        made: Object = http_("PATCH", f"{ORDERS}?fieldManager={manager}", value, media_type=APPLY).body
        return made

    label("team", "a")
    made = label("other", "b")
    assert made["metadata"]["labels"] == {"a": "x", "b": "x"}
    assert owners(made)["other", "Apply"]["f:metadata"] == {"f:labels": {"f:b": {}}}


def test_the_sandboxs_own_writes_take_a_field_and_own_nothing(store: Store, http_: Http) -> None:
    apply(http_, "team", instances=2, description="ours")
    store.merge(CLUSTER, "shop", "orders", {"spec": {"instances": 5}})
    assert owners(store.get(CLUSTER, "shop", "orders")) == {("team", "Apply"): {"f:spec": {"f:description": {}}}}


def test_of_a_secret_data_is_owned_and_no_value_is_in_an_answer_about_owners(store: Store, http_: Http) -> None:
    value = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "hunter2"}}
    path = "/api/v1/namespaces/shop/secrets/s?fieldManager="
    assert http_("PATCH", f"{path}team", value, media_type=APPLY).status == 201
    assert owners(store.get(SECRET, "shop", "s")) == {("team", "Apply"): {"f:data": {"f:password": {}}}}
    answer = http_("PATCH", f"{path}other", {**value, "stringData": {"password": "swordfish"}}, media_type=APPLY)
    assert answer.body["message"] == 'Apply failed with 1 conflict: conflict with "team": .data.password'
    assert "hunter2" not in answer.text + str(owners(store.get(SECRET, "shop", "s")))


def test_a_dry_run_of_an_apply_stores_nothing(store: Store, http_: Http) -> None:
    assert apply(http_, "team", "&dryRun=All", instances=2).status == 201
    assert store.list(CLUSTER) == ()


def test_an_apply_may_be_yaml(http_: Http) -> None:
    text = b"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: orders}\nspec: {instances: 2}\n"
    answer = http_("PATCH", f"{ORDERS}?fieldManager=team", raw=text, media_type=APPLY)
    assert (answer.status, answer.body["spec"]["instances"]) == (201, 2)


@pytest.mark.parametrize(
    ("query", "metadata", "status", "message"),
    [
        pytest.param("", {}, 422, "fieldManager: Required value", id="nobody's"),
        pytest.param("?fieldManager=a", {"managedFields": [{"manager": "a"}]}, 400, "must be nil", id="owners told"),
        pytest.param("?fieldManager=a", {"name": "other"}, 400, "does not match the name on the URL", id="a name"),
        pytest.param("?fieldManager=" + "a" * 129, {}, 422, "may not be more than 128 bytes", id="a long manager"),
        pytest.param("?fieldManager=a", {"resourceVersion": "1"}, 409, "object has been modified", id="an old version"),
    ],
)
def test_an_apply_that_cannot_be_is_refused(
    store: Store, http_: Http, query: str, metadata: Object, status: int, message: str
) -> None:
    store.create(CLUSTER, cluster())
    value = {**cluster(), "metadata": {"name": "orders", **metadata}}
    answer = http_("PATCH", f"{ORDERS}{query}", value, media_type=APPLY)
    assert (answer.status, message in answer.body["message"]) == (status, True), answer.text
    assert at(store.get(CLUSTER, "shop", "orders"), "metadata", "managedFields") is None
