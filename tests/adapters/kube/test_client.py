"""The adapter over a real socket, with the official client, against a server that replays answers."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.adapters.kube.kubeconfig import current_context
from gitops_mcp.adapters.kube_start import KubeStart, kube_start
from gitops_mcp.caller import CallEnd, Cancelled, call_until
from gitops_mcp.domain.kinds import CLUSTER, CLUSTER_IMAGE_CATALOG, POD
from gitops_mcp.domain.objects import Object
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
from tests.fakes.api import Answer, ReplayingApi, status

CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters"
ORDERS = f"{CLUSTERS}/orders"


@pytest.fixture
def api() -> Iterator[ReplayingApi]:
    with ReplayingApi().running() as running:
        yield running


def kubeconfig(server: str, *, user: Object | None = None, context: str = "kind-dev", **cluster: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [{"name": "here", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "alice", "user": user or {"token": "s3cret-token"}}],
        "contexts": [{"name": context, "context": {"cluster": "here", "user": "alice", "namespace": "shop"}}],
    }


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "kubeconfig"
    monkeypatch.setenv("KUBECONFIG", str(path))
    return path


def connected(config: Path, server: str, **more: Any) -> Kube:
    config.write_text(json.dumps(kubeconfig(server, **more)))
    return Kube(context=None, timeout=5, start=kube_start(service_account=config.parent / "none"))


def test_get_asks_for_one_object_as_this_user_and_drops_managed_fields(api: ReplayingApi, config: Path) -> None:
    api.answers[ORDERS] = Answer(200, {"kind": "Cluster", "metadata": {"name": "orders", "managedFields": [1]}})
    assert connected(config, api.url).get(CLUSTER, "shop", "orders") == {
        "kind": "Cluster",
        "metadata": {"name": "orders"},
    }
    (request,) = api.requests
    assert (request.method, request.headers["Authorization"]) == ("GET", "Bearer s3cret-token")
    assert request.headers["User-Agent"].startswith("gitops-mcp/")


def test_managed_fields_come_where_they_are_asked_for(api: ReplayingApi, config: Path) -> None:
    api.answers[ORDERS] = Answer(200, {"metadata": {"managedFields": [{"manager": "helm"}]}})
    found = connected(config, api.url).get(CLUSTER, "shop", "orders", managed_fields=True)
    assert found["metadata"]["managedFields"] == [{"manager": "helm"}]


def test_page_passes_limit_cursor_and_selectors_and_completes_items_of_builtin_lists(
    api: ReplayingApi, config: Path
) -> None:
    path = "/api/v1/namespaces/shop/pods?limit=1&continue=abc%3D&labelSelector=cnpg.io%2Fcluster%3Dorders&fieldSelector=a%3Db"
    api.answers[path] = Answer(
        200, {"metadata": {"continue": "next", "remainingItemCount": 4}, "items": [{"metadata": {"name": "orders-1"}}]}
    )
    page = connected(config, api.url).page(
        POD, "shop", limit=1, cursor="abc=", labels="cnpg.io/cluster=orders", fields="a=b"
    )
    assert page.items == ({"metadata": {"name": "orders-1"}, "apiVersion": "v1", "kind": "Pod"},)
    assert (page.cursor, page.remaining) == ("next", 4)


def test_a_list_of_all_namespaces_and_of_a_cluster_scoped_kind_have_no_namespace_in_their_path(
    api: ReplayingApi, config: Path
) -> None:
    api.answers["*"] = Answer(200, {"metadata": {}, "items": []})
    kube = connected(config, api.url)
    kube.page(CLUSTER, None)
    kube.page(CLUSTER_IMAGE_CATALOG, "shop")
    assert [request.path for request in api.requests] == [
        "/apis/postgresql.cnpg.io/v1/clusters",
        "/apis/postgresql.cnpg.io/v1/clusterimagecatalogs",
    ]


def test_every_follows_the_pages(api: ReplayingApi, config: Path) -> None:
    api.answers[f"{CLUSTERS}?limit=500"] = Answer(200, {"metadata": {"continue": "2"}, "items": [{"metadata": {}}]})
    api.answers[f"{CLUSTERS}?limit=500&continue=2"] = Answer(200, {"metadata": {}, "items": [{"metadata": {}}]})
    assert len(connected(config, api.url).every(CLUSTER, "shop")) == 2


def test_every_starts_once_more_when_the_snapshot_expires_half_way(api: ReplayingApi, config: Path) -> None:
    gone = status(410, "Expired", "The provided continue parameter is too old")
    first = Answer(200, {"metadata": {"continue": "2"}, "items": [{"metadata": {"name": "a"}}]})
    api.answers[f"{CLUSTERS}?limit=500"] = first
    api.answers[f"{CLUSTERS}?limit=500&continue=2"] = [gone, Answer(200, {"metadata": {}, "items": []})]
    assert [item["metadata"]["name"] for item in connected(config, api.url).every(CLUSTER, "shop")] == ["a"]
    assert len(api.requests) == 4


def test_credentials_that_end_between_two_pages_leave_no_half_of_a_list(api: ReplayingApi, config: Path) -> None:
    api.answers[f"{CLUSTERS}?limit=500"] = Answer(200, {"metadata": {"continue": "2"}, "items": [{"metadata": {}}]})
    api.answers[f"{CLUSTERS}?limit=500&continue=2"] = status(401, "Unauthorized", "Unauthorized")
    with pytest.raises(Unavailable, match="401, the credentials were refused as expired"):
        connected(config, api.url).every(CLUSTER, "shop")


NOT_FOUND = status(404, "NotFound", 'clusters.postgresql.cnpg.io "orders" not found', name="orders", kind="clusters")
INVALID = status(
    422,
    "Invalid",
    "Cluster is invalid",
    causes=[{"field": "spec.instances", "message": "Invalid value: 0: should be greater than or equal to 1"}],
)


@pytest.mark.parametrize(
    ("answer", "error", "parts"),
    [
        pytest.param(
            status(401, "Unauthorized", "Unauthorized"),
            Unavailable,
            ["401", "expired or invalid", "log in again", "user 'alice'", "context 'kind-dev'"],
            id="401 says how to log in",
        ),
        pytest.param(
            status(403, "Forbidden", 'clusters is forbidden: User "dev" cannot get resource'),
            Forbidden,
            [
                'apiGroups: ["postgresql.cnpg.io"], resources: [clusters], verbs: [get]',
                "Role of namespace 'shop'",
                "User 'dev'",
            ],
            id="403 names the missing rule",
        ),
        pytest.param(NOT_FOUND, NotFound, ["no Cluster shop/orders"], id="404 of an object"),
        pytest.param(
            Answer(404, b"404 page not found\n"),
            NotInstalled,
            ["CRD clusters.postgresql.cnpg.io is not installed"],
            id="404 of a kind that is not served",
        ),
        pytest.param(
            status(404, "NotFound", "the server could not find the requested resource"),
            NotInstalled,
            ["does not serve postgresql.cnpg.io/v1 Cluster"],
            id="404 in a Status that names no object",
        ),
        pytest.param(
            status(404, "NotFound", 'namespaces "shop" not found', name="shop", kind="namespaces"),
            NotFound,
            ["no namespace 'shop'"],
            id="404 of the namespace",
        ),
        pytest.param(
            Answer(404, b"<html>"), Unavailable, ["not in the form of a Kubernetes API"], id="404 of a web server"
        ),
        pytest.param(
            status(409, "AlreadyExists", 'clusters "orders" already exists'),
            Refused,
            ["exists already"],
            id="409 exists",
        ),
        pytest.param(status(409, "Conflict", "has been modified"), Raced, ["changed since"], id="409 conflict"),
        pytest.param(
            status(410, "Expired", "too old resource version"), InvalidRequest, ["start again without cursor"], id="410"
        ),
        pytest.param(INVALID, InvalidRequest, ["spec.instances: Invalid value: 0"], id="422 names field and rule"),
        pytest.param(
            status(400, "BadRequest", "continue key is not valid"),
            InvalidRequest,
            ["continue key is not valid"],
            id="400",
        ),
        pytest.param(
            Answer(429, b"", {"Retry-After": "7"}), Unavailable, ["slow down", "try again in 7 s"], id="429 says when"
        ),
        pytest.param(
            Answer(429, b"", {"Retry-After": "soon"}), Unavailable, ["in a few seconds"], id="429 says nonsense"
        ),
        pytest.param(status(500, "InternalError", "etcd is sad"), Unavailable, ["500", "etcd is sad"], id="500"),
        pytest.param(Answer(503, b"<html>upstream"), Unavailable, ["503", "/readyz"], id="503 of something before it"),
        pytest.param(Answer(302, b"", {"Location": "/login"}), Unavailable, ["redirect"], id="a login page"),
        pytest.param(
            Answer(200, b"<html>"), Unavailable, ["not a Kubernetes object", "text/plain"], id="200 that is not JSON"
        ),
        pytest.param(Answer(200, [1]), Unavailable, ["not a Kubernetes object"], id="200 that is not an object"),
    ],
)
def test_each_failure_has_its_own_error_with_the_next_step(
    api: ReplayingApi, config: Path, answer: Answer, error: type[GitOpsError], parts: list[str]
) -> None:
    api.answers[ORDERS] = answer
    with pytest.raises(error) as raised:
        connected(config, api.url).get(CLUSTER, "shop", "orders")
    assert type(raised.value) is error or error is InvalidRequest
    for part in parts:
        assert part in str(raised.value)


def test_a_body_that_is_no_status_is_not_repeated_and_a_long_message_is_cut(api: ReplayingApi, config: Path) -> None:
    api.answers[ORDERS] = [
        Answer(500, {"password": "hunter2"}),
        Answer(500, b"hunter2"),
        status(500, "InternalError", "x" * 5000),
    ]
    kube = connected(config, api.url)
    for _ in range(3):
        with pytest.raises(Unavailable) as raised:
            kube.get(CLUSTER, "shop", "orders")
        assert "hunter2" not in str(raised.value)
        assert len(str(raised.value)) < 800


def test_a_missing_rule_for_all_namespaces_asks_for_a_cluster_role(api: ReplayingApi, config: Path) -> None:
    api.answers["*"] = status(403, "Forbidden", "forbidden")
    with pytest.raises(Forbidden, match=r"list pods in all namespaces .*resources: \[pods\].*to a ClusterRole"):
        connected(config, api.url).every(POD, None)


def test_a_token_renewed_in_kubeconfig_is_tried_before_401_is_reported(api: ReplayingApi, config: Path) -> None:
    good = Answer(200, {"metadata": {}})
    api.answers[ORDERS] = [good, status(401, "Unauthorized", "Unauthorized"), good]
    kube = connected(config, api.url)
    kube.get(CLUSTER, "shop", "orders")
    config.write_text(json.dumps(kubeconfig(api.url, user={"token": "renewed"})))
    kube.get(CLUSTER, "shop", "orders")
    assert [request.headers["Authorization"] for request in api.requests] == [
        "Bearer s3cret-token",
        "Bearer s3cret-token",
        "Bearer renewed",
    ]


def test_a_server_that_is_down_is_tried_again_by_the_next_call(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kube = connected(config, f"http://127.0.0.1:{port}")
    with pytest.raises(Unavailable, match=r"cannot be reached \(Connection refused\): check that the cluster runs"):
        kube.get(CLUSTER, "shop", "orders")
    with ReplayingApi({ORDERS: Answer(200, {"metadata": {}})}).running() as api:
        config.write_text(json.dumps(kubeconfig(api.url)))
        assert kube.get(CLUSTER, "shop", "orders") == {"metadata": {}}


def test_a_server_that_does_not_answer_is_given_up_after_the_time_out(api: ReplayingApi, config: Path) -> None:
    done = threading.Event()
    api.answers[ORDERS] = Answer(200, {"metadata": {}}, drip=done)
    connected(config, api.url)
    kube = Kube(context="kind-dev", timeout=0.2)
    with pytest.raises(Unavailable, match=r"did not answer within 0.2 s: .*timeouts\.kubernetes"):
        kube.get(CLUSTER, "shop", "orders")
    done.set()


@pytest.mark.parametrize(
    ("scheme", "sent"),
    [
        pytest.param("http", b"", id="before the answer"),
        pytest.param("http", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{", id="in the body"),
        pytest.param("https", b"", id="while TLS begins"),
    ],
)
def test_a_read_that_blocks_ends_at_once_with_its_call(config: Path, scheme: str, sent: bytes) -> None:
    end = CallEnd()
    with socket.create_server(("127.0.0.1", 0)) as server:
        connected(config, f"{scheme}://127.0.0.1:{server.getsockname()[1]}")
        kube = Kube(context="kind-dev", timeout=60)

        def cancel() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1)
                connection.sendall(sent)
                end.set()
                while connection.recv(1_000):
                    pass

        thread = threading.Thread(target=cancel)
        thread.start()
        began = time.monotonic()
        with call_until(end), pytest.raises(Cancelled):
            kube.get(CLUSTER, "shop", "orders")
        assert time.monotonic() - began < 20
        thread.join()


def test_a_connection_that_breaks_off_is_said_so(config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(Unavailable, match="closed the connection"):
            connected(config, f"http://127.0.0.1:{server.getsockname()[1]}").get(CLUSTER, "shop", "orders")
        thread.join()


def test_one_connection_serves_many_requests_from_many_threads(api: ReplayingApi, config: Path) -> None:
    api.answers[ORDERS] = Answer(200, {"metadata": {"name": "orders"}})
    kube = connected(config, api.url)
    found: list[Object] = []
    threads = [threading.Thread(target=lambda: found.append(kube.get(CLUSTER, "shop", "orders"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{"metadata": {"name": "orders"}}] * 20


def test_no_kubeconfig_says_where_it_looked_and_a_later_one_is_used(api: ReplayingApi, config: Path) -> None:
    kube = Kube(context=None, timeout=5, start=kube_start(service_account=config.parent / "none"))
    with pytest.raises(Unavailable, match=r"no kubeconfig \(looked at .*/kubeconfig\): set KUBECONFIG"):
        kube.namespace()
    config.write_text(json.dumps(kubeconfig(api.url)))
    assert kube.namespace() == "shop"
    assert kube.description == "context 'kind-dev'"


def test_the_context_that_was_current_at_start_stays(api: ReplayingApi, config: Path) -> None:
    api.answers["*"] = Answer(200, {"metadata": {}})
    first = kubeconfig(api.url)
    config.write_text(json.dumps(first))
    start = kube_start(service_account=config.parent / "none")
    other = kubeconfig("http://127.0.0.1:1", context="prod")
    for key in ("clusters", "contexts"):
        other[key] += [{**entry, "name": entry["name"].replace("here", "there")} for entry in first[key]]
    other["contexts"][1]["context"]["cluster"] = "there"
    config.write_text(json.dumps(other))
    kube = Kube(context=None, timeout=5, start=start)
    assert current_context(start) == "kind-dev"
    assert kube.description == "context 'kind-dev'"
    kube.get(CLUSTER, "shop", "orders")


def test_a_token_file_of_a_pod_means_in_cluster_unless_a_context_is_named(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("pod-token\n")
    (tmp_path / "namespace").write_text("gitops")
    (tmp_path / "ca.crt").write_text("")
    config.write_text(json.dumps(kubeconfig("http://127.0.0.1:1")))
    start = kube_start(service_account=tmp_path)
    assert Kube(context="kind-dev", timeout=1, start=start).namespace() == "shop"
    kube = Kube(context=None, timeout=1, start=start)
    assert kube.description == "in-cluster"
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(Unavailable, match="KUBERNETES_SERVICE_HOST"):
        kube.namespace()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert kube.namespace() == "gitops"
    with pytest.raises(Unavailable, match="certificates of in-cluster cannot be loaded"):
        kube.get(CLUSTER, "shop", "orders")


def test_starting_and_making_the_adapter_imports_neither_the_client_nor_yaml(config: Path) -> None:
    config.write_text(json.dumps(kubeconfig("http://127.0.0.1:1")))
    code = """
        import sys
        from gitops_mcp.adapters.kube import Kube
        from gitops_mcp.adapters.kube_start import kube_start
        Kube(context=None, timeout=1, start=kube_start())
        print([name for name in ("kubernetes", "yaml", "urllib3") if name in sys.modules])
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


@pytest.fixture
def secure(authority: Path) -> Iterator[ReplayingApi]:
    """The same server behind TLS, wanting a client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "cert", authority / "key")
    context.load_verify_locations(authority / "cert")
    context.verify_mode = ssl.CERT_OPTIONAL
    with ReplayingApi({ORDERS: Answer(200, {"metadata": {}})}).running(tls=context) as api:
        yield api


def inline(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def test_tls_trusts_the_authority_of_kubeconfig_and_shows_an_inline_client_certificate(
    secure: ReplayingApi, config: Path, authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    user = {"client-certificate-data": inline(authority / "cert"), "client-key-data": inline(authority / "key")}
    ca = {"certificate-authority-data": inline(authority / "cert")}
    connected(config, secure.url, user=user, **ca).get(CLUSTER, "shop", "orders")
    assert secure.peers == ["here"]
    assert [path.name for path in tmp_path.iterdir()] == ["kubeconfig"]


def test_tls_reads_certificates_named_relative_to_kubeconfig(
    secure: ReplayingApi, config: Path, authority: Path
) -> None:
    (config.parent / "pki").symlink_to(authority)
    user = {"client-certificate": "pki/cert", "client-key": "pki/key"}
    connected(config, secure.url, user=user, **{"certificate-authority": "pki/cert"}).get(CLUSTER, "shop", "orders")
    assert secure.peers == ["here"]


def test_tls_with_another_authority_is_not_trusted(secure: ReplayingApi, config: Path) -> None:
    with pytest.raises(Unavailable, match=r"certificate of https://127.0.0.1:\d+ is not trusted \(self.signed"):
        connected(config, secure.url).get(CLUSTER, "shop", "orders")


def test_the_server_name_of_kubeconfig_is_the_one_that_the_certificate_must_have(
    secure: ReplayingApi, config: Path, authority: Path
) -> None:
    ca = {"certificate-authority": str(authority / "cert")}
    connected(config, secure.url, **ca, **{"tls-server-name": "kube.here"}).get(CLUSTER, "shop", "orders")
    with pytest.raises(Unavailable, match=r"is not trusted \(Hostname mismatch"):
        connected(config, secure.url, **ca, **{"tls-server-name": "elsewhere"}).get(CLUSTER, "shop", "orders")


def test_in_a_pod_the_service_accounts_token_is_used_and_read_again_when_it_is_refused(
    secure: ReplayingApi, authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ca.crt").write_bytes((authority / "cert").read_bytes())
    (tmp_path / "token").write_text("first\n")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", secure.url.rpartition(":")[2])
    good, refused = Answer(200, {"metadata": {}}), status(401, "Unauthorized", "Unauthorized")
    secure.answers[ORDERS] = [good, refused, good, refused]
    kube = Kube(context=None, timeout=5, start=kube_start(service_account=tmp_path))
    assert kube.namespace() is None
    kube.get(CLUSTER, "shop", "orders")
    (tmp_path / "token").write_text("renewed")
    kube.get(CLUSTER, "shop", "orders")
    assert [one.headers["Authorization"] for one in secure.requests] == ["Bearer first"] * 2 + ["Bearer renewed"]
    with pytest.raises(Unavailable, match="check the pod's service account"):
        kube.get(CLUSTER, "shop", "orders")
    (tmp_path / "token").unlink()
    with pytest.raises(Unavailable, match="token file of in-cluster cannot be read"):
        kube.get(CLUSTER, "shop", "orders")


def test_a_long_list_arrives_whole(api: ReplayingApi, config: Path) -> None:
    items = [{"metadata": {"name": f"orders-{number}", "annotations": {"x": "y" * 500}}} for number in range(1000)]
    api.answers[f"{CLUSTERS}?limit=500"] = Answer(200, {"metadata": {}, "items": items})
    assert [item["metadata"]["name"] for item in connected(config, api.url).every(CLUSTER, "shop")] == [
        f"orders-{number}" for number in range(1000)
    ]


@pytest.mark.parametrize("encoding", ["gzip", None])
@pytest.mark.parametrize("size", [100, 1 << 20])
def test_an_answer_in_chunks_is_read_as_it_was_compressed(
    api: ReplayingApi, config: Path, encoding: str | None, size: int
) -> None:
    api.answers[ORDERS] = Answer(
        200, {"kind": "Cluster", "metadata": {"name": "o" * size}}, encoding=encoding, chunked=True
    )
    assert connected(config, api.url).get(CLUSTER, "shop", "orders")["metadata"]["name"] == "o" * size
    assert api.requests[0].headers["Accept-Encoding"] == "gzip"


def test_without_a_current_context_the_choices_are_listed(api: ReplayingApi, config: Path) -> None:
    without = kubeconfig(api.url)
    del without["current-context"]
    config.write_text(json.dumps(without))
    kube = Kube(context=None, timeout=5, start=kube_start(service_account=config.parent / "none"))
    assert kube.description == "the current context"
    with pytest.raises(Unavailable, match="no current context; contexts: kind-dev: name one"):
        kube.namespace()


def test_tls_is_not_checked_where_kubeconfig_says_so(secure: ReplayingApi, config: Path) -> None:
    connected(config, secure.url, **{"insecure-skip-tls-verify": True}).get(CLUSTER, "shop", "orders")


def test_tls_to_a_server_that_speaks_plain_http_fails_by_name(api: ReplayingApi, config: Path) -> None:
    with pytest.raises(Unavailable, match=r"TLS with https://127.0.0.1:\d+ failed"):
        connected(config, api.url.replace("http:", "https:")).get(CLUSTER, "shop", "orders")


def test_certificates_that_are_none_are_reported_without_their_text(config: Path) -> None:
    user = {"client-certificate-data": "aHVudGVyMg==", "client-key-data": "aHVudGVyMg=="}
    with pytest.raises(Unavailable, match="certificates of context 'kind-dev' cannot be loaded") as raised:
        connected(config, "https://127.0.0.1:1", user=user).get(CLUSTER, "shop", "orders")
    assert "hunter2" not in str(raised.value)


def test_requests_go_through_the_proxy_that_kubeconfig_names(api: ReplayingApi, config: Path) -> None:
    url = "http://kubernetes.invalid"
    api.answers[url + ORDERS] = Answer(200, {"metadata": {}})
    connected(config, url, **{"proxy-url": api.url}).get(CLUSTER, "shop", "orders")
    assert api.requests[0].path == url + ORDERS


def test_a_server_may_lie_below_a_path(api: ReplayingApi, config: Path) -> None:
    api.answers[f"/k8s/clusters/c-1{ORDERS}"] = Answer(200, {"metadata": {}})
    assert connected(config, f"{api.url}/k8s/clusters/c-1/").get(CLUSTER, "shop", "orders") == {"metadata": {}}


def test_a_proxy_of_the_environment_is_not_used_for_this_machine(
    api: ReplayingApi, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    api.answers[ORDERS] = Answer(200, {"metadata": {}})
    connected(config, api.url).get(CLUSTER, "shop", "orders")


def test_no_credentials_are_sent_to_another_machine_in_the_clear(api: ReplayingApi, config: Path) -> None:
    url = "http://kubernetes.invalid"
    api.answers[url + ORDERS] = Answer(200, {"metadata": {}})
    connected(config, url, **{"proxy-url": api.url}).get(CLUSTER, "shop", "orders")
    assert "Authorization" not in api.requests[0].headers


def test_a_proxy_that_is_down_is_named_as_the_proxy(config: Path) -> None:
    with pytest.raises(Unavailable, match=r"the proxy of https://kubernetes.invalid cannot be used"):
        connected(config, "https://kubernetes.invalid", **{"proxy-url": "http://127.0.0.1:1"}).get(
            CLUSTER, "shop", "orders"
        )


def test_an_unknown_host_says_to_check_dns(config: Path) -> None:
    with pytest.raises(Unavailable, match=r"the name in http://kubernetes\.invalid is not known"):
        connected(config, "http://kubernetes.invalid").get(CLUSTER, "shop", "orders")


def test_nothing_secret_prints(config: Path, tmp_path: Path) -> None:
    config.write_text(json.dumps(kubeconfig("http://127.0.0.1:1")))
    start = kube_start(service_account=tmp_path / "none")
    assert "s3cret" not in repr(start)
    assert isinstance(start, KubeStart)
    assert os.environ["KUBECONFIG"] == str(config)


def test_as_many_reads_as_there_may_be_at_once_say_nothing_of_their_connections(
    config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    together = threading.Barrier(24, timeout=30)

    class Together(ReplayingApi):
        def answer(self, path: str) -> Answer:  # noqa: ARG002 - the same for each
            together.wait()
            return Answer(200, json.dumps({"kind": "Cluster", "metadata": {"name": "orders"}}).encode())

    with Together().running() as api:
        config.write_text(json.dumps(kubeconfig(api.url)))
        kube = Kube(context=None, timeout=30, start=kube_start(service_account=config.parent / "none"))
        with ThreadPoolExecutor(together.parties) as pool:
            names = [
                one["metadata"]["name"] for one in pool.map(lambda _: kube.get(CLUSTER, "shop", "orders"), range(24))
            ]
    assert names == ["orders"] * 24
    assert [one.getMessage() for one in caplog.records if one.levelname == "WARNING"] == []


def test_a_right_is_asked_for_by_a_review_of_ones_own_access(api: ReplayingApi, config: Path) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    said: list[Object] = [{"allowed": True}, {"allowed": False, "denied": True}, {}]
    api.answers[path] = [Answer(201, {"kind": "SelfSubjectAccessReview", "status": one}) for one in said]
    kube = connected(config, api.url)
    asked = [kube.may("get", POD, "shop", subresource="log"), kube.may("list", POD, None), kube.may("get", POD, "a")]
    assert asked == [True, False, False]
    assert [one.body["spec"]["resourceAttributes"] for one in api.requests[:2]] == [
        {"verb": "get", "resource": "pods", "namespace": "shop", "subresource": "log"},
        {"verb": "list", "resource": "pods"},
    ]


def test_who_asks_is_told_as_rbac_names_it(api: ReplayingApi, config: Path) -> None:
    told = {"kind": "SelfSubjectReview", "status": {"userInfo": {"username": "alice"}}}
    api.answers["/apis/authentication.k8s.io/v1/selfsubjectreviews"] = Answer(201, told)
    assert connected(config, api.url).user() == "alice"
