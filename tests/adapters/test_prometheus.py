"""A Prometheus is asked at the configured address alone, without credentials but for a host that was named."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.adapters.prometheus import Prometheus
from gitops_mcp.errors import Refused, Unavailable
from tests.fakes.api import Answer, ReplayingApi

ASKED = "/api/v1/query?query=up"
TOKEN = "Xy7Qm2Lp9Rt4Z0x-token"


@pytest.fixture
def api() -> Iterator[ReplayingApi]:
    with ReplayingApi().running() as running:
        yield running


def vector(*series: tuple[dict[str, str], str]) -> Answer:
    result = [{"metric": labels, "value": [1, value]} for labels, value in series]
    return Answer(200, {"status": "success", "data": {"resultType": "vector", "result": result}})


def host(api: ReplayingApi) -> str:
    return api.url.partition("//")[2]


def refused(prometheus: Prometheus, told: str, kind: type[Exception] = Unavailable) -> None:
    with pytest.raises(kind, match=told) as error:
        prometheus.query("up")
    assert TOKEN not in str(error.value)


def test_a_vector_is_read_without_credentials(api: ReplayingApi) -> None:
    api.answers[ASKED] = vector(({"__name__": "up", "pod": "db-1"}, "1"), ({"pod": "db-2"}, "NaN"), ({}, "x"))
    first, second, third = Prometheus(api.url, None).query("up")
    assert first == ({"__name__": "up", "pod": "db-1"}, 1.0)
    assert second[1] != second[1]
    assert third[1] is None
    assert "Authorization" not in api.requests[0].headers


def test_a_token_goes_to_the_host_that_was_named_and_to_no_other(api: ReplayingApi, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    api.answers[ASKED] = vector()
    Prometheus(api.url, (host(api), file)).query("up")
    for other in ("prometheus.example.com", host(api).partition(":")[0], f"{host(api)}0"):
        Prometheus(api.url, (other, file)).query("up")
    assert [one.headers.get("Authorization") for one in api.requests] == [f"Bearer {TOKEN}", None, None, None]
    file.write_text(f"{TOKEN}\nsecond")
    refused(Prometheus(api.url, (host(api), file)), "holds more than a token on one line")
    refused(Prometheus(api.url, (host(api), tmp_path / "none")), "cannot be read: No such file")
    own = f"the file for {host(api)} cannot be read"
    refused(
        Prometheus(api.url, (host(api), Path(TOKEN))), f"--prometheus-token: {own}: No such file"
    )  # itself for its file
    refused(Prometheus(api.url, (host(api), Path(TOKEN * 20))), f"--prometheus-token: {own}: File name too long")
    refused(Prometheus("http://prometheus.test", ("prometheus.test", file)), "a token is not sent over http", Refused)


@pytest.mark.parametrize(
    ("answer", "told", "kind"),
    [
        (Answer(200, b"<html>log in</html>", {"Content-Type": "text/html"}), "it answered text/html, which is not an answer of a Prometh", Unavailable),
        (Answer(200, {"status": "success", "data": {"resultType": "matrix", "result": []}}), "it answered application/json", Unavailable),
        (Answer(200, [1]), "it answered application/json", Unavailable),
        (Answer(302, b"", {"Location": "http://127.0.0.1:1/"}), "302, a redirect, which is not followed", Unavailable),
        (Answer(401, b"no"), "it wants credentials: name its host and the file of a token by --prometheus-token", Refused),
        (Answer(422, {"status": "error", "error": "too much\n- do this"}), r"422: too much - do this \(untrusted text\)", Unavailable),
        (Answer(503, b"down"), "503, it answered", Unavailable),
        (Answer(200, b"x" * (6 << 20)), "the answer has more than 5 MB", Unavailable),
    ],
)  # fmt: skip
def test_what_is_no_answer_of_a_prometheus_is_told_as_such(
    api: ReplayingApi, answer: Answer, told: str, kind: type[Exception]
) -> None:
    api.answers[ASKED] = answer
    refused(Prometheus(api.url, None), told, kind)
    assert len(api.requests) == 1


def test_one_that_does_not_answer_ends_in_time(api: ReplayingApi) -> None:
    held: Any = threading.Event()
    api.answers[ASKED] = Answer(200, b"{}", drip=held)
    try:
        refused(Prometheus(api.url, None, seconds=0.2), "no answer within 0.2 s")
    finally:
        held.set()
    refused(Prometheus("http://127.0.0.1:1", None), "it cannot be reached")


def test_one_that_drips_leaves_no_thread_behind() -> None:
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            with server.accept()[0] as asking, suppress(OSError):
                asking.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n")
                while not ended.wait(0.02):
                    asking.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
            refused(Prometheus(url, None, seconds=0.2), "no answer within 0.2 s")
            working = [one for one in threading.enumerate() if one.name == "in-time"]
            for one in working:
                one.join(2)
            assert not [one for one in working if one.is_alive()]
        finally:
            ended.set()
            thread.join()
