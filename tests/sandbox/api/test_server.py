"""What goes over the wire: bodies are written out as a kube-apiserver 1.36 answers them."""

from __future__ import annotations

import gzip
import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gitops_mcp.domain.kinds import CLUSTER, POD, SECRET
from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api import SandboxApi, Store
from tests.sandbox.conftest import Http, Serve, cluster

CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters"
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


def status(code: int, reason: str, message: str, details: Object | None = None) -> Object:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        **({"details": details} if details else {}),
        "code": code,
    }


def bad_option(field: str, message: str) -> Object:
    causes = [{"reason": "FieldValueNotSupported", "message": message, "field": field}]
    details = {"group": "meta.k8s.io", "kind": "CreateOptions", "causes": causes}
    return status(422, "Invalid", f'CreateOptions.meta.k8s.io "" is invalid: {field}: {message}', details)


GROUP = "postgresql.cnpg.io"
ORDERS = {"name": "orders", "group": GROUP, "kind": "clusters"}


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        pytest.param(
            "GET",
            f"{CLUSTERS}/nope",
            None,
            status(
                404,
                "NotFound",
                f'clusters.{GROUP} "nope" not found',
                {"name": "nope", "group": GROUP, "kind": "clusters"},
            ),
            id="not found",
        ),
        pytest.param(
            "POST",
            CLUSTERS,
            cluster(),
            status(409, "AlreadyExists", f'clusters.{GROUP} "orders" already exists', ORDERS),
            id="already exists",
        ),
        pytest.param(
            "PUT",
            f"{CLUSTERS}/orders",
            {**cluster(), "metadata": {"name": "orders", "resourceVersion": "1"}},
            status(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on clusters.{GROUP} "orders": the object has been modified; '
                "please apply your changes to the latest version and try again",
                ORDERS,
            ),
            id="outdated",
        ),
        pytest.param(
            "POST",
            "/apis/postgresql.cnpg.io/v1/namespaces/nons/clusters",
            cluster(namespace="nons"),
            status(404, "NotFound", 'namespaces "nons" not found', {"name": "nons", "kind": "namespaces"}),
            id="no such namespace",
        ),
        pytest.param(
            "POST",
            CLUSTERS,
            cluster("b", instances=0),
            status(
                422,
                "Invalid",
                f'Cluster.{GROUP} "b" is invalid: spec.instances: Invalid value: 0: spec.instances in body should be '
                "greater than or equal to 1",
                {
                    "name": "b",
                    "group": GROUP,
                    "kind": "Cluster",
                    "causes": [
                        {
                            "reason": "FieldValueInvalid",
                            "message": "Invalid value: 0: spec.instances in body should be greater than or equal to 1",
                            "field": "spec.instances",
                        }
                    ],
                },
            ),
            id="invalid",
        ),
        pytest.param(
            "POST",
            CLUSTERS,
            cluster("Bad_Name"),
            status(
                422,
                "Invalid",
                f'Cluster.{GROUP} "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": {SUBDOMAIN}',
                {
                    "name": "Bad_Name",
                    "group": GROUP,
                    "kind": "Cluster",
                    "causes": [
                        {
                            "reason": "FieldValueInvalid",
                            "message": f'Invalid value: "Bad_Name": {SUBDOMAIN}',
                            "field": "metadata.name",
                        }
                    ],
                },
            ),
            id="illegal name",
        ),
        pytest.param(
            "POST",
            f"{CLUSTERS}?fieldValidation=Strict",
            cluster("b", bogus=1),
            status(
                400,
                "BadRequest",
                'Cluster in version "v1" cannot be handled as a Cluster: strict decoding error: '
                'unknown field "spec.bogus"',
            ),
            id="unknown field",
        ),
        pytest.param(
            "GET",
            f"{CLUSTERS}?fieldSelector=spec.instances%3D3",
            None,
            status(400, "BadRequest", "field label not supported: spec.instances"),
            id="field selector",
        ),
        pytest.param(
            "GET",
            f"{CLUSTERS}?labelSelector=a%3Db%3Dc",
            None,
            status(400, "BadRequest", "found '=', expected: ',' or 'end of string'"),
            id="label selector",
        ),
        pytest.param(
            "GET",
            f"{CLUSTERS}?limit=few",
            None,
            status(400, "BadRequest", 'strconv.ParseInt: parsing "few": invalid syntax'),
            id="limit",
        ),
        pytest.param(
            "PATCH",
            f"{CLUSTERS}/orders/scaling",
            {},
            status(404, "NotFound", "the server could not find the requested resource"),
            id="no such subresource",
        ),
        pytest.param(
            "PUT",
            CLUSTERS,
            {},
            status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource"),
            id="a method that lists do not have",
        ),
        pytest.param(
            "POST",
            CLUSTERS,
            cluster(namespace="elsewhere"),
            status(
                400,
                "BadRequest",
                "the namespace of the provided object does not match the namespace sent on the request",
            ),
            id="another namespace",
        ),
        pytest.param(
            "PUT",
            f"{CLUSTERS}/orders",
            cluster("billing"),
            status(400, "BadRequest", "the name of the object (billing) does not match the name on the URL (orders)"),
            id="another name",
        ),
        pytest.param(
            "PUT",
            f"{CLUSTERS}/orders",
            {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster"},
            status(400, "BadRequest", "the name of the object (orders based on URL) was undeterminable"),
            id="no name",
        ),
        pytest.param(
            "GET",
            f"{CLUSTERS}?watch=true&sendInitialEvents=true",
            None,
            status(422, "Invalid", "sendInitialEvents is forbidden for watch"),
            id="a watch that also lists",
        ),
        pytest.param(
            "POST",
            f"{CLUSTERS}?dryRun=Some",
            cluster("b"),
            bad_option("dryRun", 'Unsupported value: ["Some"]: supported values: "All"'),
            id="half a dry run",
        ),
        pytest.param(
            "POST",
            f"{CLUSTERS}?fieldValidation=Lax",
            cluster("b"),
            bad_option("fieldValidation", 'Unsupported value: "Lax": supported values: "", "Ignore", "Strict", "Warn"'),
            id="lax validation",
        ),
        pytest.param(
            "DELETE",
            f"{CLUSTERS}/orders",
            {"propagationPolicy": "Sideways"},
            status(400, "BadRequest", 'invalid propagationPolicy: "Sideways"'),
            id="no such propagation",
        ),
        pytest.param(
            "POST",
            f"{CLUSTERS}/orders",
            {},
            status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource"),
            id="a method that objects do not have",
        ),
    ],
)
def test_a_failure_is_answered_as_the_real_server_answers_it(
    store: Store, http_: Http, method: str, path: str, body: Any, expected: Object
) -> None:
    store.create(CLUSTER, cluster())
    answer = http_(method, path, body)
    assert answer.media_type == "application/json"
    assert answer.body == expected
    assert answer.status == expected["code"]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"{CLUSTERS}xx", id="no such resource"),
        pytest.param("/apis/example.com/v1/namespaces/shop/things", id="no such group"),
        pytest.param("/apis/postgresql.cnpg.io/v2/namespaces/shop/clusters", id="no such version"),
        pytest.param("/apis/example.com", id="no such group to describe"),
        pytest.param("/apis/example.com/v1", id="no such version to describe"),
        pytest.param("/apis/postgresql.cnpg.io/v1/namespaces/shop/clusterimagecatalogs", id="in no namespace"),
        pytest.param("/apis/postgresql.cnpg.io/v1/clusters/orders", id="only in a namespace"),
        pytest.param("/metrics", id="nothing"),
    ],
)
def test_what_is_not_served_is_a_plain_404(http_: Http, path: str) -> None:
    answer = http_("GET", path)
    assert (answer.status, answer.media_type, answer.text) == (404, "text/plain", "404 page not found\n")


@pytest.mark.parametrize("token", [None, "wrong"])
def test_nobody_is_let_in_without_the_token(http_: Http, token: str | None) -> None:
    answer = Http(http_.url, token)("GET", CLUSTERS)
    assert answer.status == 401
    assert answer.body == status(401, "Unauthorized", "Unauthorized")


def test_whether_it_lives_may_be_asked_by_anybody(http_: Http) -> None:
    assert Http(http_.url, None)("GET", "/readyz").text == "ok"


def test_without_a_token_of_its_own_everybody_is_let_in(serve: Serve) -> None:
    assert Http(serve(token=None).url, None)("GET", CLUSTERS).status == 200


def test_a_list_has_its_kind_and_version(store: Store, http_: Http) -> None:
    made = store.create(CLUSTER, cluster())
    assert http_("GET", CLUSTERS).body == {
        "kind": "ClusterList",
        "apiVersion": "postgresql.cnpg.io/v1",
        "metadata": {"resourceVersion": str(store.version)},
        "items": [made],
    }


def test_the_items_of_a_built_in_list_do_not_repeat_their_kind(store: Store, http_: Http) -> None:
    made = store.create(POD, {"metadata": {"name": "p", "namespace": "shop"}})
    (item,) = http_("GET", "/api/v1/namespaces/shop/pods").body["items"]
    assert {"apiVersion": "v1", "kind": "Pod", **item} == made
    assert not item.keys() & {"apiVersion", "kind"}


def test_pages_together_are_the_list_as_it_was_when_it_began(store: Store, http_: Http) -> None:
    for name in ("a", "b", "c", "d", "e"):
        store.create(CLUSTER, cluster(name))
    first = http_("GET", f"{CLUSTERS}?limit=2").body
    assert [one["metadata"]["name"] for one in first["items"]] == ["a", "b"]
    assert first["metadata"]["remainingItemCount"] == 3
    store.delete(CLUSTER, "shop", "c")
    store.create(CLUSTER, cluster("bb"))
    store.merge(CLUSTER, "shop", "d", {"spec": {"instances": 9}})
    second = http_("GET", f"{CLUSTERS}?limit=2&continue={first['metadata']['continue']}").body
    assert [(one["metadata"]["name"], one["spec"]["instances"]) for one in second["items"]] == [("c", 3), ("d", 3)]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    third = http_("GET", f"{CLUSTERS}?limit=2&continue={second['metadata']['continue']}").body
    assert [one["metadata"]["name"] for one in third["items"]] == ["e"]
    assert "continue" not in third["metadata"]


def test_with_a_selector_the_rest_is_not_counted(store: Store, http_: Http) -> None:
    for name in ("a", "b", "c"):
        store.create(CLUSTER, {**cluster(name), "metadata": {"name": name, "namespace": "shop", "labels": {"l": "x"}}})
    page = http_("GET", f"{CLUSTERS}?limit=2&labelSelector=l%3Dx").body["metadata"]
    assert page["continue"]
    assert "remainingItemCount" not in page
    rest = http_("GET", f"{CLUSTERS}?limit=2&labelSelector=l%3Dx&continue={page['continue']}").body
    assert [one["metadata"]["name"] for one in rest["items"]] == ["c"]


def test_a_list_that_was_compacted_is_expired_and_may_go_on_inconsistently(store: Store, http_: Http) -> None:
    for name in ("a", "b", "c"):
        store.create(CLUSTER, cluster(name))
    token = http_("GET", f"{CLUSTERS}?limit=1").body["metadata"]["continue"]
    store.compact()
    expired = http_("GET", f"{CLUSTERS}?limit=1&continue={token}")
    assert (expired.status, expired.body["reason"]) == (410, "Expired")
    assert expired.body["message"].startswith("The provided continue parameter is too old")
    rest = http_("GET", f"{CLUSTERS}?continue={expired.body['metadata']['continue']}").body
    assert [one["metadata"]["name"] for one in rest["items"]] == ["b", "c"]


@pytest.mark.parametrize("token", ["Zm9v", "!!!", "e30"])
def test_a_token_that_is_none_is_a_bad_request(http_: Http, token: str) -> None:
    assert http_("GET", f"{CLUSTERS}?limit=1&continue={token}").status == 400


def test_a_deletion_answers_a_status_that_names_what_went(store: Store, http_: Http) -> None:
    uid = store.create(CLUSTER, cluster())["metadata"]["uid"]
    answer = http_("DELETE", f"{CLUSTERS}/orders")
    assert answer.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {**ORDERS, "uid": uid},
    }


def test_a_deleted_pod_is_answered_itself(store: Store, http_: Http) -> None:
    store.create(POD, {"metadata": {"name": "p", "namespace": "shop"}})
    assert http_("DELETE", "/api/v1/namespaces/shop/pods/p").body["kind"] == "Pod"
    assert store.list(POD) == ()


@pytest.mark.parametrize(
    ("path", "options"),
    [
        pytest.param(f"{CLUSTERS}/orders", {"propagationPolicy": "Orphan"}, id="in the body"),
        pytest.param(f"{CLUSTERS}/orders", {"orphanDependents": True}, id="in the old way"),
        pytest.param(f"{CLUSTERS}/orders?propagationPolicy=Orphan", None, id="in the query"),
    ],
)
def test_options_of_a_deletion_are_heard(store: Store, http_: Http, path: str, options: Object | None) -> None:
    owner = store.create(CLUSTER, cluster())["metadata"]["uid"]
    store.create(POD, {"metadata": {"name": "p", "namespace": "shop", "ownerReferences": [{"uid": owner}]}})
    assert http_("DELETE", path, options).status == 200
    assert [one["metadata"]["name"] for one in store.list(POD)] == ["p"]


@pytest.mark.parametrize("condition", ["uid", "resourceVersion"])
def test_only_the_object_that_is_meant_is_deleted(store: Store, http_: Http, condition: str) -> None:
    made = store.create(CLUSTER, cluster())["metadata"]
    answer = http_("DELETE", f"{CLUSTERS}/orders", {"preconditions": {condition: "other"}})
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")
    what = "UID" if condition == "uid" else "ResourceVersion"
    assert f"the {what} in the precondition (other) does not match the {what} in record" in answer.body["message"]
    assert len(store.list(CLUSTER)) == 1
    assert http_("DELETE", f"{CLUSTERS}/orders", {"preconditions": {condition: made[condition]}}).status == 200
    assert store.list(CLUSTER) == ()


METADATA = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"}


def test_of_an_object_or_a_list_only_metadata_is_answered_to_who_asks_for_it(store: Store, http_: Http) -> None:
    secret: Object = {"metadata": {"name": "s", "namespace": "shop"}, "stringData": {"password": "hunter2"}}
    made = store.create(SECRET, secret)
    head = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    answer = http_("GET", "/api/v1/namespaces/shop/secrets/s", headers=METADATA)
    assert answer.body == {**head, "metadata": made["metadata"]}
    answer = http_("GET", "/api/v1/namespaces/shop/secrets", headers=METADATA)
    assert (answer.body["kind"], answer.body["items"]) == (
        "PartialObjectMetadataList",
        [{**head, "metadata": made["metadata"]}],
    )
    other = {"Accept": "application/json, application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}
    assert http_("GET", "/api/v1/namespaces/shop/secrets/s", headers=other).body["kind"] == "Secret"


def test_the_crds_of_custom_kinds_can_be_read_and_not_written(http_: Http) -> None:
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    found = http_("GET", f"{path}/databaseroles.postgresql.cnpg.io").body
    [version] = found["spec"]["versions"]
    assert (found["kind"], version["name"], version["subresources"]) == (
        "CustomResourceDefinition",
        "v1",
        {"status": {}},
    )
    assert version["schema"]["openAPIV3Schema"]["properties"]["spec"]["required"] == ["cluster", "name"]
    assert found["status"]["conditions"][1]["type"] == "Established"
    assert http_("GET", f"{path}/ships.example.com").status == 404
    assert http_("DELETE", f"{path}/databaseroles.postgresql.cnpg.io").status == 405
    resources = http_("GET", "/apis/apiextensions.k8s.io/v1").body["resources"]
    assert [(one["name"], one["verbs"]) for one in resources] == [
        ("customresourcedefinitions", ["get", "list", "watch"])
    ]


def test_an_unknown_field_is_a_warning(http_: Http) -> None:
    answer = http_("POST", CLUSTERS, cluster(bogus=1))
    assert answer.status == 201
    assert answer.headers["Warning"] == '299 - "unknown field \\"spec.bogus\\""'


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        pytest.param(f"{CLUSTERS}/orders", "application/strategic-merge-patch+json", id="strategic, of a custom kind"),
        pytest.param(f"{CLUSTERS}/orders", "application/json", id="no patch at all"),
    ],
)
def test_a_patch_of_another_type_is_unsupported(store: Store, http_: Http, path: str, media_type: str) -> None:
    store.create(CLUSTER, cluster())
    answer = http_("PATCH", path, {}, media_type=media_type)
    assert (answer.status, answer.body["reason"]) == (415, "UnsupportedMediaType")


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"a": NaN}', b"\xff"])
def test_a_body_that_is_no_object_is_a_bad_request(http_: Http, raw: bytes) -> None:
    assert http_("POST", CLUSTERS, raw=raw).status == 400


def test_other_encodings_than_json_are_unsupported(http_: Http) -> None:
    answer = http_("POST", CLUSTERS, raw=b"k8s\0", media_type="application/vnd.kubernetes.protobuf")
    assert answer.status == 415


def test_scale_is_another_view_of_instances(store: Store, http_: Http) -> None:
    store.create(CLUSTER, cluster())
    store.merge(CLUSTER, "shop", "orders", {"status": {"instances": 2, "selector": "a=b"}}, subresource="status")
    shown = http_("GET", f"{CLUSTERS}/orders/scale").body
    assert (shown["kind"], shown["spec"], shown["status"]) == (
        "Scale",
        {"replicas": 3},
        {"replicas": 2, "selector": "a=b"},
    )
    shown["spec"]["replicas"] = 5
    assert http_("PUT", f"{CLUSTERS}/orders/scale", shown).body["spec"] == {"replicas": 5}
    assert store.get(CLUSTER, "shop", "orders")["spec"]["instances"] == 5
    assert http_("PUT", f"{CLUSTERS}/orders/scale", shown).status == 409
    patch = {"spec": {"replicas": 1}}
    http_("PATCH", f"{CLUSTERS}/orders/scale", patch, media_type="application/merge-patch+json")
    assert store.get(CLUSTER, "shop", "orders")["spec"]["instances"] == 1
    patch = {"spec": {"replicas": 0}}
    refused = http_("PATCH", f"{CLUSTERS}/orders/scale", patch, media_type="application/merge-patch+json")
    assert (refused.status, refused.body["details"]["causes"][0]["field"]) == (422, "spec.instances")


def test_an_unserved_kind_is_neither_discovered_nor_listed(http_: Http) -> None:
    groups = [group["name"] for group in http_("GET", "/apis").body["groups"]]
    assert "postgresql.cnpg.io" in groups
    assert groups == sorted(groups)
    served = http_("GET", "/apis/postgresql.cnpg.io/v1").body
    assert served["groupVersion"] == "postgresql.cnpg.io/v1"
    names = {one["name"]: one for one in served["resources"]}
    assert names["clusters"]["kind"] == "Cluster"
    assert names["clusters/scale"]["kind"] == "Scale"
    assert "imagecatalogs/status" not in names
    assert names["clusterimagecatalogs"]["namespaced"] is False


def test_openapi_is_indexed_and_says_that_patches_are_validated(http_: Http) -> None:
    paths = http_("GET", "/openapi/v3").body["paths"]
    document = http_("GET", paths["apis/postgresql.cnpg.io/v1"]["serverRelativeURL"]).body
    operation = document["paths"]["/apis/postgresql.cnpg.io/v1/namespaces/{namespace}/clusters/{name}"]["patch"]
    assert "fieldValidation" in [parameter["name"] for parameter in operation["parameters"]]
    schema = document["components"]["schemas"]["io.cnpg.postgresql.v1.Cluster"]
    kind = {"group": "postgresql.cnpg.io", "version": "v1", "kind": "Cluster"}
    assert schema["x-kubernetes-group-version-kind"] == [kind]
    assert schema["properties"]["spec"]["properties"]["instances"] == {"type": "integer", "default": 1, "minimum": 1}
    assert http_("GET", "/openapi/v3/apis/example.com/v1").status == 404


def test_every_request_is_logged_before_its_answer(store: Store, serve: Serve, log: Path) -> None:
    http_ = serve(requests_log=log)
    store.create(POD, {"metadata": {"name": "p", "namespace": "shop"}, "spec": {"containers": [{"name": "postgres"}]}})
    http_("GET", "/version")
    http_("GET", f"{CLUSTERS}?limit=5")
    http_("GET", "/api/v1/namespaces/shop/pods/p/log?tailLines=1")
    http_("POST", "/api/v1/namespaces/shop/secrets", {"metadata": {"name": "s"}, "stringData": {"p": "planted-secret"}})
    http_("DELETE", "/apis/postgresql.cnpg.io/v1/namespaces/shop/databases")
    http_("GET", "/api/v1/namespaces/nowhere")
    Http(http_.url, None)("GET", CLUSTERS)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    keys = ("verb", "method", "group", "resource", "subresource", "namespace", "name", "status")
    assert [tuple(line[key] for key in keys) for line in lines] == [
        ("get", "GET", None, None, None, None, None, 200),
        ("list", "GET", GROUP, "clusters", None, "shop", None, 200),
        ("get", "GET", "", "pods", "log", "shop", "p", 200),
        ("create", "POST", "", "secrets", None, "shop", None, 201),
        ("deletecollection", "DELETE", GROUP, "databases", None, "shop", None, 200),
        ("get", "GET", "", "namespaces", None, "nowhere", "nowhere", 404),
        ("list", "GET", GROUP, "clusters", None, "shop", None, 401),
    ]
    assert lines[1]["query"] == {"limit": "5"}
    assert lines[1]["path"] == CLUSTERS
    assert lines[0]["time"].endswith("Z")
    assert "planted-secret" not in log.read_text()


def test_a_stopped_api_is_gone(store: Store) -> None:
    api = SandboxApi(store, token=None)
    http_ = Http(api.start(), None)
    assert http_("GET", "/readyz").status == 200
    api.stop()
    with pytest.raises(ConnectionRefusedError):
        http_("GET", "/readyz")


def test_an_answer_is_compressed_in_chunks_for_who_takes_that_and_a_watch_never(http_: Http) -> None:
    path, accepting = urlsplit(http_.url), {"Accept-Encoding": "gzip", "Authorization": f"Bearer {http_.token}"}
    connection = http.client.HTTPConnection(path.hostname or "", path.port, timeout=10)
    connection.request("GET", CLUSTERS, headers=accepting)
    listed = connection.getresponse()
    assert (listed.headers["Content-Encoding"], listed.headers["Transfer-Encoding"]) == ("gzip", "chunked")
    assert json.loads(gzip.decompress(listed.read()))["kind"] == "ClusterList"
    connection.request("GET", f"{CLUSTERS}?watch=1&timeoutSeconds=1", headers=accepting)
    assert connection.getresponse().headers["Content-Encoding"] is None
    connection.close()
