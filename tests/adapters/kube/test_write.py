"""Writes over a real socket: what goes over the wire, what each refusal says, and what the sandbox makes of them."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.adapters.kube import Kube, OutcomeUnknown, WriteAnswer
from gitops_mcp.adapters.kube.wire import HttpRequest
from gitops_mcp.domain.kinds import CLUSTER, POD
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.errors import (
    Forbidden,
    GitOpsError,
    InvalidRequest,
    NotFound,
    NotInstalled,
    Raced,
    Refused,
    Unavailable,
)
from gitops_mcp.sandbox.api import SandboxApi, Store, kubeconfig_text
from tests.fakes.api import Answer, ReplayingApi, status
from tests.fakes.full_listener import full_listener

SECRET = Resource("", "v1", "secrets", "Secret")
CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters"
ORDERS = f"{CLUSTERS}/orders"
OPTIONS = "fieldManager=gitops-mcp&fieldValidation=Strict"
UNKNOWN = "not known whether the write was done"
TOKEN = "letmein"


def cluster(name: str = "orders", **spec: Any) -> Object:
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"instances": 3, "storage": {"size": "1Gi"}, **spec},
    }


def secret() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "clerk", "namespace": "shop"},
        "stringData": {"password": "hunter2"},
    }


@pytest.fixture
def api() -> Iterator[ReplayingApi]:
    with ReplayingApi().running() as running:
        yield running


Connect = Callable[[str], Kube]


@pytest.fixture
def connected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connect:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))

    def connected(url: str, *, token: str = TOKEN, timeout: float = 5) -> Kube:
        (tmp_path / "kubeconfig").write_text(kubeconfig_text(url, token, namespace="shop"))
        return Kube(context=None, timeout=timeout)

    return connected


@pytest.fixture
def kube(api: ReplayingApi, connected: Connect) -> Kube:
    return connected(api.url)


def create(kube: Kube, *, dry_run: bool = False) -> WriteAnswer:
    return kube.create(CLUSTER, cluster(), dry_run=dry_run)


def patch(kube: Kube, *, dry_run: bool = False) -> WriteAnswer:
    operation = {"op": "replace", "path": "/spec/instances", "value": 5}
    return kube.patch(CLUSTER, "shop", "orders", [operation], dry_run=dry_run)


def merge(kube: Kube, *, dry_run: bool = False) -> WriteAnswer:
    return kube.merge(CLUSTER, "shop", "orders", {"spec": {"instances": 5}}, dry_run=dry_run)


def delete(kube: Kube, *, dry_run: bool = False) -> WriteAnswer:
    return kube.delete(CLUSTER, "shop", "orders", uid="u-1", version="7", dry_run=dry_run)


Write = Callable[..., WriteAnswer]
WRITES = [create, patch, merge, delete]


@pytest.mark.parametrize(
    ("write", "method", "path", "content_type", "body"),
    [
        pytest.param(create, "POST", f"{CLUSTERS}?{OPTIONS}", "application/json", cluster(), id="create"),
        pytest.param(
            patch,
            "PATCH",
            f"{ORDERS}?{OPTIONS}",
            "application/json-patch+json",
            [{"op": "replace", "path": "/spec/instances", "value": 5}],
            id="patch",
        ),
        pytest.param(
            merge,
            "PATCH",
            f"{ORDERS}?{OPTIONS}",
            "application/merge-patch+json",
            {"spec": {"instances": 5}},
            id="merge",
        ),
        pytest.param(
            delete,
            "DELETE",
            f"{ORDERS}?propagationPolicy=Background",
            "application/json",
            {
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "propagationPolicy": "Background",
                "preconditions": {"uid": "u-1", "resourceVersion": "7"},
            },
            id="delete",
        ),
    ],
)
def test_each_write_is_one_request_of_its_own_kind(
    api: ReplayingApi, kube: Kube, write: Write, method: str, path: str, content_type: str, body: Any
) -> None:
    api.answers[path] = Answer(200, {"kind": "Cluster", "metadata": {"name": "orders", "managedFields": [1]}})
    assert write(kube) == WriteAnswer({"kind": "Cluster", "metadata": {"name": "orders"}}, ())
    [request] = api.requests
    assert (request.method, request.path, request.body) == (method, path, body)
    assert request.headers["Content-Type"] == content_type


@pytest.mark.parametrize("write", WRITES)
def test_a_dry_run_says_so_where_no_proxy_drops_it(api: ReplayingApi, kube: Kube, write: Write) -> None:
    api.answers["*"] = Answer(200, {"metadata": {}})
    write(kube, dry_run=True)
    [request] = api.requests
    assert "dryRun=All" in request.path.partition("?")[2].split("&")
    assert request.method != "DELETE" or request.body["dryRun"] == ["All"]


def test_a_deletion_without_conditions_sends_none(api: ReplayingApi, kube: Kube) -> None:
    gone = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": {"uid": "u-1"}}
    api.answers["*"] = Answer(200, gone)
    assert kube.delete(CLUSTER, "shop", "orders").object == gone
    assert "preconditions" not in api.requests[0].body


@pytest.mark.parametrize(
    ("header", "told"),
    [
        pytest.param('299 - "unknown field \\"spec.bogus\\""', ('unknown field "spec.bogus"',), id="one, escaped"),
        pytest.param(
            '299 - "a, b", 299 sandbox "c" "Sat, 25 Aug 2026 23:34:45 GMT"', ("a, b", "c"), id="two, one dated"
        ),
        pytest.param("none of that form", (), id="no warning"),
        pytest.param(", ".join(['299 - "w"', '299 - "v"'] * 8), ("w", "v"), id="the same again"),
        pytest.param(
            ", ".join(f'299 - "w{n}"' for n in range(23)),
            (*(f"w{n}" for n in range(20)), "and 3 more warnings"),
            id="many",
        ),
        pytest.param(f'299 - "{"x" * 4000}"', ("x" * 600 + "…",), id="long"),
        pytest.param('299 - "größer".'.encode().decode("latin-1"), ("größer",), id="in UTF-8, as the server writes it"),
        pytest.param('299 - "so password: hunter2"', ("so password: <redacted>",), id="with a secret"),
    ],
)
def test_what_the_server_warns_of_comes_with_the_object(
    api: ReplayingApi, kube: Kube, header: str, told: tuple[str, ...]
) -> None:
    api.answers["*"] = Answer(201, {"metadata": {}}, {"Warning": header})
    assert create(kube).warnings == told


UID = "Precondition failed: UID in precondition: u-1, UID in object meta: u-2"
OLDER_UID = "the UID in the precondition (u-1) does not match the UID in record (u-2)"
VERSION = "Precondition failed: ResourceVersion in precondition: 7, ResourceVersion in object meta: 9"


@pytest.mark.parametrize(
    ("write", "answer", "error", "parts"),
    [
        pytest.param(
            merge,
            status(409, "Conflict", "the object has been modified"),
            Raced,
            ["has changed since it was read", "read it again"],
            id="409 of an old version",
        ),
        pytest.param(delete, status(409, "Conflict", VERSION), Raced, ["read it again"], id="409 version precondition"),
        pytest.param(delete, status(409, "Conflict", UID), Refused, ["object that was read is gone"], id="409 uid"),
        pytest.param(
            delete, status(409, "Conflict", OLDER_UID), Refused, ["object that was read is gone"], id="409 uid, older"
        ),
        pytest.param(
            create,
            status(409, "AlreadyExists", 'clusters "orders" already exists'),
            Refused,
            ["exists already", "another name"],
            id="409 exists",
        ),
        pytest.param(
            create,
            status(409, "AlreadyExists", 'object is being deleted: clusters "orders" already exists'),
            Unavailable,
            ["still being deleted", "wait until it is gone"],
            id="409 is still going",
        ),
        pytest.param(
            create,
            status(422, "Invalid", "no", causes=[{"field": "spec.instances", "message": "Invalid value: 0"}]),
            InvalidRequest,
            ["spec.instances: Invalid value: 0"],
            id="422 names field and rule",
        ),
        pytest.param(
            patch,
            status(422, "Invalid", "the server rejected our request due to an error in our request"),
            Raced,
            ["does not fit the object as it is now"],
            id="422 of an operation that fails",
        ),
        pytest.param(
            create,
            status(400, "BadRequest", 'strict decoding error: unknown field "spec.bogus"'),
            InvalidRequest,
            ['400 BadRequest: strict decoding error: unknown field "spec.bogus"'],
            id="400 of an unknown field",
        ),
        pytest.param(
            create,
            status(
                403, "Forbidden", 'clusters is forbidden: User "dev" cannot create resource "clusters" in API group'
            ),
            Forbidden,
            ['apiGroups: ["postgresql.cnpg.io"], resources: [clusters], verbs: [create]', "User 'dev'"],
            id="403 of a create",
        ),
        pytest.param(
            patch,
            status(403, "Forbidden", 'clusters is forbidden: User "dev" cannot patch resource "clusters" in API group'),
            Forbidden,
            ["verbs: [patch]"],
            id="403 of a patch",
        ),
        pytest.param(
            patch,
            status(403, "Forbidden", 'clusters.postgresql.cnpg.io "orders" is forbidden: '),
            Forbidden,
            ["verbs: [patch]", "Role of namespace 'shop'"],
            id="403 without a reason",
        ),
        pytest.param(
            delete,
            status(403, "Forbidden", 'clusters is forbidden: User "dev" cannot delete resource "clusters"'),
            Forbidden,
            ["verbs: [delete]"],
            id="403 of a deletion",
        ),
        pytest.param(
            create,
            status(403, "Forbidden", 'admission webhook "cost.example" denied the request: too large'),
            Refused,
            ["policy or webhook", 'webhook "cost.example" denied the request: too large'],
            id="403 of a webhook is not a missing rule",
        ),
        pytest.param(
            create,
            status(403, "Forbidden", 'clusters "orders" is forbidden: exceeded quota: clusters, limited: 3'),
            Refused,
            ["exceeded quota: clusters"],
            id="403 of a quota",
        ),
        pytest.param(
            create,
            status(404, "NotFound", 'namespaces "shop" not found', name="shop", kind="namespaces"),
            NotFound,
            ["no namespace 'shop'"],
            id="404 of the namespace",
        ),
        pytest.param(
            delete,
            status(404, "NotFound", 'clusters "orders" not found', name="orders", kind="clusters"),
            NotFound,
            ["no Cluster shop/orders"],
            id="404 of the object",
        ),
        pytest.param(create, Answer(404, b"404 page not found\n"), NotInstalled, ["CRD"], id="404 of the kind"),
        pytest.param(
            patch, Answer(429, b"", {"Retry-After": "7"}), Unavailable, ["try again in 7 s"], id="429: nothing was done"
        ),
        pytest.param(
            create, status(500, "InternalError", "etcdserver: timed out"), OutcomeUnknown, [UNKNOWN], id="500"
        ),
        pytest.param(create, Answer(502, b"<html>"), OutcomeUnknown, [UNKNOWN], id="502"),
        pytest.param(create, Answer(200, b"<html>"), OutcomeUnknown, [UNKNOWN], id="200 that is not an object"),
    ],
)
def test_each_refusal_has_its_own_error_with_the_next_step(
    api: ReplayingApi, kube: Kube, write: Write, answer: Answer, error: type[GitOpsError], parts: list[str]
) -> None:
    api.answers["*"] = answer
    with pytest.raises(error) as raised:
        write(kube)
    assert type(raised.value) is error
    assert len(api.requests) == 1
    for part in parts:
        assert part in str(raised.value)


QUOTED = 'Invalid value: "hunter2": too short'


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        pytest.param(
            status(
                422,
                "Invalid",
                f'Secret "clerk" is invalid: data[password]: {QUOTED}',
                causes=[{"field": "data[password]", "reason": "FieldValueInvalid", "message": QUOTED}],
            ),
            "data[password]: FieldValueInvalid",
            id="422",
        ),
        pytest.param(status(422, "Invalid", QUOTED), "not repeated", id="422 without causes"),
        pytest.param(status(400, "BadRequest", QUOTED), "400 BadRequest: the server's words", id="400"),
        pytest.param(status(403, "Forbidden", f"denied the request: {QUOTED}"), "policy or webhook", id="403"),
        pytest.param(status(409, "Conflict", QUOTED), "changed since", id="409"),
        pytest.param(status(409, "AlreadyExists", QUOTED), "exists already", id="409 exists"),
        pytest.param(status(500, "InternalError", QUOTED), UNKNOWN, id="500"),
    ],
)
def test_a_refused_secret_is_not_repeated(api: ReplayingApi, kube: Kube, answer: Answer, shown: str) -> None:
    api.answers["*"] = answer
    with pytest.raises(GitOpsError) as raised:
        kube.create(SECRET, secret())
    assert shown in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_no_value_of_a_secret_comes_back_or_is_logged(
    api: ReplayingApi, kube: Kube, caplog: pytest.LogCaptureFixture
) -> None:
    stored = secret() | {"data": {"password": "aHVudGVyMg=="}}
    stored["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "hunter2", "a": "b"}
    api.answers["*"] = Answer(201, stored, {"Warning": '299 - "hunter2 is a weak password"'})
    api.answers["/api/v1/namespaces/shop/secrets"] = Answer(200, {"metadata": {}, "items": [stored]})
    with caplog.at_level(logging.DEBUG):
        written = kube.create(SECRET, secret())
        read = kube.metadata(SECRET, "shop", "clerk")
        whole = kube.get(SECRET, "shop", "clerk")
        [listed] = kube.page(SECRET, "shop").items
    assert written == WriteAnswer(read, ())
    assert read == whole == listed
    assert read == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "clerk", "namespace": "shop", "annotations": {"a": "b"}},
    }
    assert "POST /api/v1/namespaces/shop/secrets?" in caplog.text
    assert "hunter2" not in caplog.text + repr(written)
    assert "aHVudGVyMg" not in caplog.text


def test_metadata_is_asked_for_alone_and_kept_alone(api: ReplayingApi, kube: Kube) -> None:
    api.answers[ORDERS] = Answer(200, {**cluster(), "metadata": {"name": "orders", "managedFields": [1]}})
    assert kube.metadata(CLUSTER, "shop", "orders") == {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "orders"},
    }
    assert api.requests[0].headers["Accept"].startswith("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,")


def hanging_up(server: socket.socket) -> Iterator[bytes]:
    """The requests that came before each connection was closed without an answer."""
    while True:
        connection, _ = server.accept()
        with connection:
            yield connection.recv(1 << 16)


@pytest.mark.parametrize("write", WRITES)
def test_a_write_whose_answer_is_lost_may_have_been_done_and_is_not_sent_again(
    connected: Connect, write: Write
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        came: list[bytes] = []

        def take_two() -> None:
            requests = hanging_up(server)
            came.extend(next(requests) for _ in range(2))

        thread = threading.Thread(target=take_two, daemon=True)
        thread.start()
        kube = connected(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(OutcomeUnknown, match=f"closed the connection .*{UNKNOWN}"):
            write(kube)
        with pytest.raises(Unavailable, match=r"closed the connection .*: try again") as raised:
            write(kube, dry_run=True)
        thread.join()
    assert type(raised.value) is Unavailable
    assert len(came) == 2
    assert b"dryRun" not in came[0]
    assert b"dryRun" in came[1]


def test_a_write_that_is_not_answered_in_time_may_have_been_done(api: ReplayingApi, connected: Any) -> None:
    done = threading.Event()
    api.answers["*"] = Answer(201, {"metadata": {}}, drip=done)
    with pytest.raises(OutcomeUnknown, match=rf"did not answer within 0.2 s: .*{UNKNOWN}"):
        create(connected(api.url, timeout=0.2))
    done.set()


@pytest.mark.parametrize("addresses", [1, 3])
@pytest.mark.few(1)
def test_a_write_whose_connection_hangs_ends_in_time_and_was_not_done(
    connected: Any, monkeypatch: pytest.MonkeyPatch, addresses: int
) -> None:
    find = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **more: find(*asked, **more) * addresses)
    with full_listener() as address:
        began = time.monotonic()
        with pytest.raises(Unavailable, match=r"127.0.0.1:\d+ did not answer within 0.5 s") as raised:
            create(connected(f"http://{address}", timeout=0.5))
    assert type(raised.value) is Unavailable
    assert time.monotonic() - began < 1.5


def test_a_write_that_reached_nobody_was_not_done(connected: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match="cannot be reached") as raised:
        create(connected(f"http://127.0.0.1:{port}"))
    assert type(raised.value) is Unavailable


def test_a_write_is_repeated_only_where_the_server_refused_the_credentials(api: ReplayingApi, connected: Any) -> None:
    refused, made = status(401, "Unauthorized", "Unauthorized"), Answer(201, {"metadata": {}})
    api.answers["*"] = [made, refused, made]
    kube = connected(api.url)
    create(kube)
    connected(api.url, token="renewed")
    create(kube)
    sent = [request.headers["Authorization"] for request in api.requests]
    assert sent == ["Bearer letmein", "Bearer letmein", "Bearer renewed"]
    assert [request.body for request in api.requests] == [cluster()] * 3


EXTERNALS = Resource("external-secrets.io", "v1", "externalsecrets", "ExternalSecret")
NO_PAGE = Answer(404, b"404 page not found\n")


def discovered(*kinds: str) -> Answer:
    resources = [{"name": f"{kind.lower()}s", "kind": kind} for kind in kinds]
    return Answer(200, {"kind": "APIResourceList", "resources": resources})


@pytest.mark.parametrize(
    ("answer", "is_served"),
    [
        pytest.param(discovered("ClusterSecretStore", "ExternalSecret"), True, id="served"),
        pytest.param(discovered("ClusterSecretStore"), False, id="other kinds of the version"),
        pytest.param(NO_PAGE, False, id="no such version any more"),
    ],
)
def test_discovery_names_what_is_served(api: ReplayingApi, kube: Kube, answer: Answer, is_served: bool) -> None:
    api.answers["/apis/external-secrets.io/v1"] = answer
    assert kube.serves(EXTERNALS) is is_served
    assert [request.path for request in api.requests] == ["/apis/external-secrets.io/v1"]


def test_the_versions_that_are_served_are_those_that_have_the_kind(api: ReplayingApi, kube: Kube) -> None:
    versions = [{"groupVersion": f"external-secrets.io/{one}", "version": one} for one in ("v1", "v1beta1", "v1alpha1")]
    api.answers["/apis/external-secrets.io"] = Answer(200, {"kind": "APIGroup", "versions": versions})
    api.answers["/apis/external-secrets.io/v1"] = discovered("ClusterSecretStore")
    api.answers["/apis/external-secrets.io/v1beta1"] = discovered("ExternalSecret")
    assert kube.served_versions(EXTERNALS) == ("v1beta1",)
    del api.answers["/apis/external-secrets.io"]
    assert kube.served_versions(EXTERNALS) == ()


def test_whether_a_kind_is_served_is_not_guessed_without_an_answer(api: ReplayingApi, kube: Kube) -> None:
    api.answers["*"] = status(503, "ServiceUnavailable", "starting")
    with pytest.raises(Unavailable):
        kube.serves(EXTERNALS)


@pytest.mark.parametrize("listed", [5, "externalsecrets", {}, ["externalsecrets"], [{"name": "a"}, None]])
def test_what_lists_no_kinds_is_no_word_on_what_is_served(api: ReplayingApi, kube: Kube, listed: object) -> None:
    api.answers["*"] = Answer(200, {"kind": "APIResourceList", "resources": listed, "versions": listed})
    with pytest.raises(Unavailable, match="the answer is a APIResourceList that lists no resources"):
        kube.serves(EXTERNALS)
    with pytest.raises(Unavailable, match="that lists no versions"):
        kube.served_versions(EXTERNALS)


INDEX = "/openapi/v3"
KEY = "apis/postgresql.cnpg.io/v1"


def index(hash_: str) -> Answer:
    return Answer(200, {"paths": {KEY: {"serverRelativeURL": f"/openapi/v3/{KEY}?hash={hash_}"}}})


def test_a_groups_openapi_document_is_read_once_for_each_hash(api: ReplayingApi, kube: Kube) -> None:
    api.answers[INDEX] = [index("A1"), index("A1"), index("B2")]
    api.answers[f"{INDEX}/{KEY}?hash=A1"] = Answer(200, {"openapi": "3.0.0", "info": {"version": "1"}})
    api.answers[f"{INDEX}/{KEY}?hash=B2"] = Answer(200, {"openapi": "3.0.0", "info": {"version": "2"}})
    versions = [kube.openapi("postgresql.cnpg.io", "v1")["info"]["version"] for _ in range(3)]
    assert versions == ["1", "1", "2"]
    assert [request.path for request in api.requests] == [
        INDEX,
        f"{INDEX}/{KEY}?hash=A1",
        INDEX,
        INDEX,
        f"{INDEX}/{KEY}?hash=B2",
    ]


def test_a_document_without_a_hash_is_read_each_time(api: ReplayingApi, kube: Kube) -> None:
    api.answers[INDEX] = Answer(200, {"paths": {"api/v1": {"serverRelativeURL": f"{INDEX}/api/v1"}}})
    api.answers[f"{INDEX}/api/v1"] = [Answer(200, {"n": 1}), Answer(200, {"n": 2})]
    assert [kube.openapi("", "v1")["n"], kube.openapi("", "v1")["n"]] == [1, 2]


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        pytest.param(
            status(403, "Forbidden", 'forbidden: User "dev" cannot get path "/openapi/v3"'),
            Forbidden,
            r'get /openapi/v3 .*User \'dev\'.*nonResourceURLs: \["/openapi/v3"\], verbs: \[get\].*a ClusterRole',
            id="forbidden",
        ),
        pytest.param(
            Answer(200, {"paths": {}}), NotInstalled, f"does not serve {KEY}", id="a group that is not served"
        ),
        pytest.param(Answer(404, b"404 page not found\n"), NotInstalled, "OpenAPI v3 documents", id="an old server"),
        pytest.param(
            Answer(200, {"paths": {KEY: {"serverRelativeURL": "@evil.example/x"}}}),
            Unavailable,
            "points to another server",
            id="an index that points to another server",
        ),
    ],
)
def test_an_openapi_document_that_cannot_be_had_is_told_why(
    api: ReplayingApi, kube: Kube, answer: Answer, error: type[GitOpsError], said: str
) -> None:
    api.answers[INDEX] = answer
    with pytest.raises(error, match=said):
        kube.openapi("postgresql.cnpg.io", "v1")
    assert len(api.requests) == 1


def test_a_crd_is_read_by_its_name_and_one_that_is_missing_is_not_installed(api: ReplayingApi, kube: Kube) -> None:
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clusters.postgresql.cnpg.io"
    missing = status(404, "NotFound", "not found", name="clusters.postgresql.cnpg.io", kind="customresourcedefinitions")
    denied = status(403, "Forbidden", 'User "dev" cannot get resource "customresourcedefinitions"')
    api.answers[path] = [Answer(200, {"spec": {"group": "g"}}), missing, denied]
    assert kube.crd("clusters", "postgresql.cnpg.io") == {"spec": {"group": "g"}}
    with pytest.raises(NotInstalled, match=r"the CRD clusters\.postgresql\.cnpg\.io is not installed"):
        kube.crd("clusters", "postgresql.cnpg.io")
    with pytest.raises(Forbidden, match=r"resources: \[customresourcedefinitions\], verbs: \[get\].*a ClusterRole"):
        kube.crd("clusters", "postgresql.cnpg.io")


PROXIED = "/api/v1/namespaces/kube-system/services/http:sealed-secrets-controller:/proxy/v1/cert.pem"


def certificate(kube: Kube) -> bytes:
    return kube.proxied("kube-system", "sealed-secrets-controller", "/v1/cert.pem")


NO_ENDPOINTS = status(503, "ServiceUnavailable", 'no endpoints available for service "http:sealed-secrets-controller:"')


def test_a_port_with_the_name_http_is_tried_where_there_is_none_without_a_name(api: ReplayingApi, kube: Kube) -> None:
    named = PROXIED.replace("controller:/", "controller:http/")
    api.answers |= {PROXIED: NO_ENDPOINTS, named: Answer(200, b"-----BEGIN CERTIFICATE-----\n")}
    assert certificate(kube) == b"-----BEGIN CERTIFICATE-----\n"
    assert [request.path for request in api.requests] == [PROXIED, named]


def test_another_fault_behind_a_port_is_told_at_once(api: ReplayingApi, kube: Kube) -> None:
    api.answers["*"] = status(503, "ServiceUnavailable", "the controller is starting")
    with pytest.raises(Unavailable, match="the controller is starting"):
        certificate(kube)
    assert len(api.requests) == 1


def test_what_a_service_answers_comes_as_it_is(api: ReplayingApi, kube: Kube) -> None:
    api.answers[PROXIED] = Answer(200, b"-----BEGIN CERTIFICATE-----\n")
    assert certificate(kube) == b"-----BEGIN CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        pytest.param(
            status(403, "Forbidden", 'User "dev" cannot get resource "services/proxy"'),
            Forbidden,
            '- {apiGroups: [""], resources: [services/proxy], resourceNames: ["http:sealed-secrets-controller:", "http:sealed-secrets-controller:http"], verbs: [get]}',
            id="forbidden: the rule is for this service alone",
        ),
        pytest.param(
            status(404, "NotFound", "not found", name="sealed-secrets-controller", kind="services"),
            NotFound,
            "no Service kube-system/sealed-secrets-controller",
            id="no such service",
        ),
        pytest.param(
            Answer(404, b"404 page not found\n"), NotFound, "the service itself answers 404", id="another service"
        ),
        pytest.param(
            status(503, "ServiceUnavailable", 'no endpoints available for service "http:sealed-secrets-controller:"'),
            Unavailable,
            "no endpoints available for service 'sealed-secrets-controller' at a port without a name nor at one named http",
            id="no pod behind it",
        ),
        pytest.param(Answer(200, b"x" * (2 << 20)), Unavailable, "more than 1048576 bytes", id="endless"),
    ],
)
def test_a_service_that_cannot_be_reached_is_told_why(
    api: ReplayingApi, kube: Kube, answer: Answer, error: type[GitOpsError], said: str
) -> None:
    api.answers |= {PROXIED: answer, PROXIED.replace("controller:/", "controller:http/"): answer}
    with pytest.raises(error, match=re.escape(said)) as raised:
        certificate(kube)
    assert type(raised.value) is error


@pytest.fixture(scope="module")
def sandbox() -> Iterator[tuple[SandboxApi, Store, str]]:
    store = Store()
    store.create(Resource("", "v1", "namespaces", "Namespace", namespaced=False), {"metadata": {"name": "shop"}})
    api = SandboxApi(store, token=TOKEN)
    yield api, store, api.start()
    api.stop()


@pytest.fixture
def live(sandbox: tuple[SandboxApi, Store, str], connected: Connect) -> Iterator[Kube]:
    _, store, url = sandbox
    yield connected(url)
    store.delete_all(CLUSTER, "shop")
    store.delete_all(SECRET, "shop")


def test_what_is_created_is_there_once(live: Kube) -> None:
    made = live.create(CLUSTER, cluster())
    assert live.get(CLUSTER, "shop", "orders") == made.object
    with pytest.raises(Refused, match="exists already"):
        live.create(CLUSTER, cluster())
    with pytest.raises(NotFound, match="no namespace 'nowhere'"):
        live.create(CLUSTER, {**cluster(), "metadata": {"name": "orders", "namespace": "nowhere"}})


def test_a_field_that_the_server_does_not_know_is_refused_and_not_dropped(live: Kube) -> None:
    with pytest.raises(InvalidRequest, match=r'unknown field "spec\.bogus"'):
        live.create(CLUSTER, cluster(bogus=True))
    with pytest.raises(NotFound):
        live.get(CLUSTER, "shop", "orders")


def test_a_patch_applies_to_the_object_that_was_read_or_not_at_all(live: Kube) -> None:
    version = live.create(CLUSTER, cluster()).object["metadata"]["resourceVersion"]
    same = {"op": "test", "path": "/metadata/resourceVersion", "value": version}
    grow = {"op": "replace", "path": "/spec/instances", "value": 5}
    assert live.patch(CLUSTER, "shop", "orders", [same, grow]).object["spec"]["instances"] == 5
    with pytest.raises(Raced, match="does not fit"):
        live.patch(CLUSTER, "shop", "orders", [same, {**grow, "value": 7}])
    assert live.get(CLUSTER, "shop", "orders")["spec"]["instances"] == 5


def test_a_merge_that_names_a_version_applies_to_that_one_only(live: Kube) -> None:
    version = live.create(CLUSTER, cluster()).object["metadata"]["resourceVersion"]
    change = {"metadata": {"resourceVersion": version}, "spec": {"instances": 5}}
    assert live.merge(CLUSTER, "shop", "orders", change).object["spec"]["instances"] == 5
    with pytest.raises(Raced, match="has changed since it was read"):
        live.merge(CLUSTER, "shop", "orders", {**change, "spec": {"instances": 1}})
    assert live.get(CLUSTER, "shop", "orders")["spec"]["instances"] == 5


def test_a_deletion_takes_the_object_that_was_meant_and_no_other(live: Kube) -> None:
    first = live.create(CLUSTER, cluster()).object["metadata"]
    live.delete(CLUSTER, "shop", "orders", uid=first["uid"], version=first["resourceVersion"])
    second = live.create(CLUSTER, cluster()).object["metadata"]
    with pytest.raises(Refused, match="is gone"):
        live.delete(CLUSTER, "shop", "orders", uid=first["uid"])
    with pytest.raises(Raced, match="read it again"):
        live.delete(CLUSTER, "shop", "orders", uid=second["uid"], version=first["resourceVersion"])
    assert live.delete(CLUSTER, "shop", "orders", uid=second["uid"]).object["status"] == "Success"
    with pytest.raises(NotFound, match="no Cluster shop/orders"):
        live.delete(CLUSTER, "shop", "orders")


def test_the_schema_of_a_kind_is_in_its_groups_document_and_in_its_crd(live: Kube) -> None:
    document = live.openapi("postgresql.cnpg.io", "v1")
    kinds = {
        one["kind"]
        for schema in document["components"]["schemas"].values()
        for one in schema.get("x-kubernetes-group-version-kind", [])
    }
    assert {"Cluster", "Database"} <= kinds
    assert live.crd("clusters", "postgresql.cnpg.io")["spec"]["names"]["kind"] == "Cluster"
    with pytest.raises(NotInstalled, match=r"CRD ships\.postgresql\.cnpg\.io is not installed"):
        live.crd("ships", "postgresql.cnpg.io")


def test_dry_runs_change_nothing(sandbox: tuple[SandboxApi, Store, str], live: Kube) -> None:
    _, store, _ = sandbox
    live.create(CLUSTER, cluster())
    before = store.version
    live.create(CLUSTER, cluster("ledger"), dry_run=True)
    assert patch(live, dry_run=True).object["spec"]["instances"] == 5
    live.delete(CLUSTER, "shop", "orders", dry_run=True)
    assert store.version == before


def test_a_secret_is_written_and_known_by_its_metadata_alone(live: Kube) -> None:
    live.create(SECRET, secret())
    found = live.metadata(SECRET, "shop", "clerk")
    assert set(found) == {"apiVersion", "kind", "metadata"}
    live.delete(SECRET, "shop", "clerk", uid=found["metadata"]["uid"])
    with pytest.raises(NotFound, match="no Secret shop/clerk"):
        live.metadata(SECRET, "shop", "clerk")


def test_the_right_that_is_missing_is_named(connected: Connect) -> None:
    verbs = ("create", "patch", "delete")
    api = SandboxApi(Store(), token=TOKEN, deny=[(verb, "", "pods") for verb in verbs])
    kube = connected(api.start())
    pod = {"metadata": {"name": "p", "namespace": "default"}, "spec": {"containers": []}}
    writes: tuple[Callable[[], WriteAnswer], ...] = (
        lambda: kube.create(POD, pod),
        lambda: kube.patch(POD, "default", "p", []),
        lambda: kube.delete(POD, "default", "p"),
    )
    for verb, write in zip(verbs, writes, strict=True):
        with pytest.raises(Forbidden, match=rf'apiGroups: \[""\], resources: \[pods\], verbs: \[{verb}\]'):
            write()
    api.stop()


def test_a_request_prints_without_its_body() -> None:
    assert "hunter2" not in repr(HttpRequest("POST", body=secret()))
