"""What answers in an API server's place, or answers as none would: each is told as what it is, over a real socket."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.adapters.kube import Kube, OutcomeUnknown
from gitops_mcp.adapters.kube_start import kube_start
from gitops_mcp.domain.kinds import CLUSTER, POD
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import Forbidden, GitOpsError, Unavailable
from tests.fakes.api import Answer, ReplayingApi, status

CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters"
ORDERS: Object = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "metadata": {"name": "orders", "namespace": "shop"},
    "spec": {"instances": 3},
}
LIST: Object = {"kind": "ClusterList", "metadata": {}, "items": [ORDERS]}
WATCH_EVENT: Object = {"type": "ADDED", "object": ORDERS}


@pytest.fixture
def api() -> Iterator[ReplayingApi]:
    with ReplayingApi().running() as running:
        yield running


@pytest.fixture
def connect(tmp_path: Path) -> Callable[[str], Kube]:
    def connect(url: str) -> Kube:
        config = {
            "current-context": "dev",
            "clusters": [{"name": "here", "cluster": {"server": url}}],
            "contexts": [{"name": "dev", "context": {"cluster": "here"}}],
        }
        (tmp_path / "kubeconfig").write_text(json.dumps(config))
        start = kube_start(service_account=tmp_path / "none")
        return Kube(context="dev", timeout=60, start=start)

    return connect


@pytest.fixture(autouse=True)
def _own_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))


def packed(data: bytes, encoding: str = "gzip", **headers: str) -> Answer:
    """Bytes that are sent as they are, under the name of an encoding."""
    return Answer(200, data, {"Content-Type": "application/json", "Content-Encoding": encoding, **headers})


PLAIN = json.dumps(LIST).encode()
HALVES = PLAIN[:50], PLAIN[50:]
RAW_DEFLATE = zlib.compressobj(wbits=-15)


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(packed(gzip.compress(PLAIN)), id="gzip"),
        pytest.param(packed(gzip.compress(HALVES[0]) + gzip.compress(HALVES[1])), id="gzip of two members"),
        pytest.param(packed(gzip.compress(PLAIN) + bytes(9)), id="gzip with zeros after its end"),
        pytest.param(packed(gzip.compress(PLAIN), "x-gzip"), id="the old name of gzip"),
        pytest.param(packed(zlib.compress(PLAIN), "deflate"), id="deflate"),
        pytest.param(packed(RAW_DEFLATE.compress(PLAIN) + RAW_DEFLATE.flush(), "deflate"), id="deflate without header"),
        pytest.param(packed(PLAIN, "identity"), id="identity"),
        pytest.param(packed(gzip.compress(b" " * (8 << 20) + PLAIN)), id="eight megabytes"),
    ],
)
def test_an_answer_is_read_however_it_is_packed(
    api: ReplayingApi, connect: Callable[[str], Kube], answer: Answer, *, chunked: bool
) -> None:
    api.answers["*"] = Answer(answer.status, answer.body, answer.headers, chunked=chunked)
    assert connect(api.url).every(CLUSTER, "shop") == (ORDERS,)


WHOLE = gzip.compress(json.dumps({**LIST, "items": [ORDERS] * 50}).encode())


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(packed(WHOLE[:150]), "JSON that is cut off or damaged", id="gzip that is cut off"),
        pytest.param(packed(WHOLE[:60] + b"\xff" * 40 + WHOLE[100:]), "cannot be decompressed", id="damaged gzip"),
        pytest.param(packed(PLAIN), "cannot be decompressed", id="no gzip although it is said"),
        pytest.param(packed(b"\xff" * 9, "deflate"), "cannot be decompressed", id="no deflate although it is said"),
        pytest.param(packed(b""), "the answer is empty", id="nothing under the name of gzip"),
        pytest.param(packed(gzip.compress(b"[" * 200_000)), "JSON that is cut off or damaged", id="too deep"),
        pytest.param(packed(gzip.compress(b" " * (129 << 20), 1)), "more than 134217728 bytes", id="a bomb"),
    ],
)
def test_what_cannot_be_unpacked_is_told_and_leaves_the_next_request_alone(
    api: ReplayingApi, connect: Callable[[str], Kube], answer: Answer, told: str, *, chunked: bool
) -> None:
    api.answers["*"] = [Answer(answer.status, answer.body, answer.headers, chunked=chunked), Answer(200, LIST)]
    kube = connect(api.url)
    with pytest.raises(Unavailable, match=told):
        kube.every(CLUSTER, "shop")
    assert kube.every(CLUSTER, "shop") == (ORDERS,)


def test_a_body_that_grows_without_end_is_given_up(connect: Callable[[str], Kube]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def pour() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                try:
                    while True:
                        connection.sendall(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
                except OSError:
                    return

        thread = threading.Thread(target=pour)
        thread.start()
        with pytest.raises(Unavailable, match="more than 134217728 bytes: check what answers there"):
            connect(f"http://127.0.0.1:{server.getsockname()[1]}").every(CLUSTER, "shop")
        thread.join()


def test_a_body_that_drips_in_is_given_up_after_the_time_out(connect: Callable[[str], Kube]) -> None:
    """Each byte comes in time, and all of them never."""
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                try:
                    while not gone.wait(0.05):
                        connection.sendall(b" ")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        connect(f"http://127.0.0.1:{server.getsockname()[1]}")
        kube = Kube(context="dev", timeout=0.3)
        started = time.monotonic()
        with pytest.raises(Unavailable, match=r"did not answer within 0\.3 s"):
            kube.every(CLUSTER, "shop")
        assert time.monotonic() - started < 3
        gone.set()
        thread.join()


def test_half_a_character_is_replaced(api: ReplayingApi, connect: Callable[[str], Kube]) -> None:
    body = json.dumps({**LIST, "items": [{**ORDERS, "metadata": {"name": "a\ud800b", "namespace": "shop"}}]})
    api.answers["*"] = Answer(200, body.encode(), {"Content-Type": "application/json"})
    assert [one["metadata"]["name"] for one in connect(api.url).every(CLUSTER, "shop")] == ["a?b"]


def test_a_list_whose_pages_have_too_many_bytes_together_is_given_up(
    api: ReplayingApi, connect: Callable[[str], Kube], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitops_mcp.adapters.kube.reader._LIST_BYTES", 1 << 20)
    large = {**ORDERS, "metadata": {"name": "large", "namespace": "shop", "annotations": {"a": "x" * 300_000}}}
    api.answers["*"] = Answer(200, {**LIST, "metadata": {"continue": "again"}, "items": [large]})
    with pytest.raises(Unavailable, match=r"the list does not end within .* or 1 MB"):
        connect(api.url).every(CLUSTER, "shop")
    assert len(api.requests) == 4


def test_a_list_without_end_is_given_up(api: ReplayingApi, connect: Callable[[str], Kube]) -> None:
    api.answers["*"] = Answer(200, {**LIST, "metadata": {"continue": "again"}})
    with pytest.raises(Unavailable, match="the list does not end within 240 s, 100,000 objects or 128 MB"):
        connect(api.url).every(CLUSTER, "shop")


NO_LIST = [
    pytest.param({}, "an object without a kind where a ClusterList was", id="nothing in it"),
    pytest.param({"metadata": {}}, "an object without a kind where a ClusterList was", id="no items"),
    pytest.param({"error": "log in"}, "an object without a kind where a ClusterList was", id="another API's words"),
    pytest.param(
        {"kind": "ClusterList", "metadata": {}}, "a list without a list of items", id="a list that is cut off"
    ),
    pytest.param({"kind": "ClusterList", "items": {}}, "where a ClusterList was", id="items are a mapping"),
    pytest.param({"kind": "ClusterList", "items": "x"}, "where a ClusterList was", id="items are a text"),
    pytest.param({"kind": "PodList", "items": []}, "a PodList where a ClusterList was", id="another kind"),
    pytest.param({"kind": "Table", "rows": []}, "a Table where a ClusterList was", id="a table"),
    pytest.param({"kind": "Status", "status": "Success"}, "a Status where a ClusterList was", id="a Status"),
    pytest.param(WATCH_EVENT, "a watch event where a ClusterList was", id="one watch event"),
    pytest.param({**LIST, "items": "x"}, "a list without a list of items", id="items that are a text"),
    pytest.param({**LIST, "items": [None]}, "no object where a Cluster was", id="an item that is null"),
    pytest.param({**LIST, "items": [[]]}, "no object where a Cluster was", id="an item that is a list"),
    pytest.param({**LIST, "items": ["orders"]}, "a text or a number where a Cluster was", id="an item that is a text"),
    pytest.param({**LIST, "items": [WATCH_EVENT]}, "a watch event where a Cluster was", id="items are watch events"),
    pytest.param({**LIST, "items": [{"metadata": []}]}, "metadata of the answer is not a mapping", id="metadata"),
    pytest.param({**LIST, "items": [{**ORDERS, "spec": "x"}]}, "spec of the answer is not a mapping", id="spec"),
    pytest.param({**LIST, "items": [{**ORDERS, "status": [1]}]}, "status of the answer is not a mapping", id="status"),
    pytest.param({**LIST, "items": [{"metadata": {"name": 5}}]}, "metadata.name of the answer is not text", id="name"),
    pytest.param(
        {**LIST, "items": [{"metadata": {"labels": ["a"]}}]}, "metadata.labels of the answer is not a map", id="labels"
    ),
    pytest.param({**LIST, "metadata": {"continue": {}}}, "metadata.continue of the answer is not text", id="cursor"),
    pytest.param([LIST], "not a Kubernetes object but application/json", id="a list of lists"),
    pytest.param(
        b'{"kind": "ClusterList", "items": [{"metadata": {}, "spec": {"instances": NaN}}]}',
        "not a Kubernetes object but text/plain",
        id="a number that JSON does not have",
    ),
]


@pytest.mark.parametrize(("body", "told"), NO_LIST)
def test_what_is_no_list_is_never_an_empty_one(
    api: ReplayingApi, connect: Callable[[str], Kube], body: Any, told: str
) -> None:
    api.answers["*"] = Answer(200, body)
    with pytest.raises(Unavailable) as raised:
        connect(api.url).every(CLUSTER, "shop")
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param({}, "an object without a kind where a Cluster was", id="nothing in it"),
        pytest.param({"kind": "Pod", "metadata": {}}, "a Pod where a Cluster was", id="another kind"),
        pytest.param(LIST, "a ClusterList where a Cluster was", id="a list"),
        pytest.param(WATCH_EVENT, "a watch event where a Cluster was", id="a watch event"),
        pytest.param({**ORDERS, "metadata": "x"}, "metadata of the answer is not a mapping", id="metadata"),
        pytest.param({**ORDERS, "status": "x"}, "status of the answer is not a mapping", id="status"),
    ],
)
def test_what_is_no_object_is_none(api: ReplayingApi, connect: Callable[[str], Kube], body: Any, told: str) -> None:
    api.answers["*"] = Answer(200, body)
    with pytest.raises(Unavailable) as raised:
        connect(api.url).get(CLUSTER, "shop", "orders")
    assert told in str(raised.value)


def test_an_empty_list_may_be_null_as_go_writes_it(api: ReplayingApi, connect: Callable[[str], Kube]) -> None:
    api.answers["*"] = Answer(200, {"kind": "PodList", "metadata": {}, "items": None})
    assert connect(api.url).every(POD, "shop") == ()


def test_a_stream_of_watch_events_is_no_list(api: ReplayingApi, connect: Callable[[str], Kube]) -> None:
    body = b"".join(json.dumps(WATCH_EVENT).encode() + b"\n" for _ in range(2))
    api.answers["*"] = Answer(200, body, {"Content-Type": "application/json"})
    with pytest.raises(Unavailable, match="JSON that is cut off or damaged"):
        connect(api.url).every(CLUSTER, "shop")


def test_a_write_that_is_answered_with_something_else_may_have_been_done(
    api: ReplayingApi, connect: Callable[[str], Kube]
) -> None:
    kube = connect(api.url)
    for body in (b"<html>", b"", {**ORDERS, "metadata": []}, packed(b"no gzip").body):
        api.answers["*"] = Answer(200, body)
        with pytest.raises(OutcomeUnknown, match="not known whether the write was done"):
            kube.create(CLUSTER, ORDERS)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(
            Answer(403, b"<html>Blocked by policy"), "403, but not in the form of a Kubernetes API", id="a portal"
        ),
        pytest.param(Answer(407, b""), "407, .*a proxy wants credentials", id="a proxy that wants to know who asks"),
        pytest.param(
            Answer(400, b"Client sent an HTTP request to an HTTPS server."),
            "400, but not in the form of a Kubernetes",
            id="TLS",
        ),
        pytest.param(Answer(413, b"<html>"), "413, but not in the form of a Kubernetes API", id="a limit of a proxy"),
        pytest.param(Answer(302, b"", {"Location": "/login"}), "302, a redirect", id="a redirect"),
        pytest.param(Answer(502, b"<html>"), "502, the API server or something before it", id="a gateway"),
        pytest.param(Answer(404, b"<html>"), "404, but not in the form of a Kubernetes API", id="a web server"),
    ],
)
def test_what_a_proxy_answers_is_no_word_of_the_api(
    api: ReplayingApi, connect: Callable[[str], Kube], answer: Answer, told: str
) -> None:
    api.answers["*"] = answer
    with pytest.raises(Unavailable, match=told) as raised:
        connect(api.url).every(CLUSTER, "shop")
    assert not isinstance(raised.value, Forbidden)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"407 Proxy Authentication Required", "Tunnel connection failed: 407 Proxy Authentication Required"),
        (b"502 Bad Gateway", "Tunnel connection failed: 502 Bad Gateway"),
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_told_with_its_reason(
    connect: Callable[[str], Kube], tmp_path: Path, line: bytes, told: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"HTTP/1.1 " + line + b"\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        kube = connect("https://kubernetes.invalid")
        config = json.loads((tmp_path / "kubeconfig").read_text())
        config["clusters"][0]["cluster"]["proxy-url"] = f"http://u:hunter2@127.0.0.1:{server.getsockname()[1]}"
        (tmp_path / "kubeconfig").write_text(json.dumps(config))
        with pytest.raises(Unavailable) as raised:
            kube.every(CLUSTER, "shop")
        thread.join()
    assert f"the proxy of https://kubernetes.invalid cannot be used ({told}): check proxy-url" in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "shape", [5, "x", [1], {"causes": 5}, {"causes": ["x", None]}, {"causes": {"a": 1}, "name": []}]
)
def test_a_status_whose_details_are_of_another_shape_is_told_by_its_code(
    api: ReplayingApi, connect: Callable[[str], Kube], shape: Any
) -> None:
    kube = connect(api.url)
    for code in (400, 401, 403, 404, 409, 410, 422, 429, 500):
        body = {"kind": "Status", "message": ["no text"], "reason": {}, "details": shape, "code": code}
        api.answers["*"] = Answer(code, body)
        for ask in (lambda: kube.every(CLUSTER, "shop"), lambda: kube.create(CLUSTER, ORDERS)):
            with pytest.raises(GitOpsError, match=f"{code}|does not serve"):
                ask()


def test_a_server_that_says_for_how_long_to_slow_down_is_asked_again(
    api: ReplayingApi, connect: Callable[[str], Kube]
) -> None:
    busy = status(429, "TooManyRequests", "Too many requests, please try again later.")
    api.answers["*"] = [Answer(429, busy.body, {"Retry-After": "1"}), Answer(200, LIST)]
    assert connect(api.url).every(CLUSTER, "shop") == (ORDERS,)
    assert len(api.requests) == 2


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3600"}, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}])
def test_a_server_that_asks_for_longer_or_does_not_say_is_not_asked_again(
    api: ReplayingApi, connect: Callable[[str], Kube], headers: dict[str, str]
) -> None:
    api.answers["*"] = Answer(429, b"", headers)
    with pytest.raises(Unavailable, match="429, the API server asks to slow down: try again in"):
        connect(api.url).every(CLUSTER, "shop")
    assert len(api.requests) == 1
