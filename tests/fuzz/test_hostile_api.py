"""A server that answers byte by byte, or never to its end, keeps nobody waiting longer than the time-out says."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.adapters.kube_start import kube_start
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.errors import Unavailable
from tests.fakes.api import Answer, ReplayingApi

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def connect(place: Path, url: str, monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> Kube:
    config = {
        "current-context": "dev",
        "clusters": [{"name": "here", "cluster": {"server": url}}],
        "contexts": [{"name": "dev", "context": {"cluster": "here"}}],
    }
    (place / "kubeconfig").write_text(json.dumps(config))
    monkeypatch.setenv("KUBECONFIG", str(place / "kubeconfig"))
    return Kube(context="dev", timeout=seconds, start=kube_start(service_account=place / "none"))


@pytest.mark.parametrize(
    ("first", "again"),
    [
        pytest.param(b"", b"H", id="the status line"),
        pytest.param(HEAD, b"x", id="a header that does not end"),
        pytest.param(HEAD, b"X-More: 1\r\n", id="one header after another"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="one interim answer after another"),
        pytest.param(HEAD + b"Content-Length: 100000\r\n\r\n", b" ", id="the body"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", id="one chunk after another"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0", id="the length of a chunk"),
    ],
)
def test_what_drips_in_is_given_up_after_the_time_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bytes, again: bytes
) -> None:
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                try:
                    connection.sendall(first)
                    while not gone.wait(0.05):
                        connection.sendall(again)
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        kube = connect(tmp_path, f"http://127.0.0.1:{server.getsockname()[1]}", monkeypatch, seconds=0.4)
        started = time.monotonic()
        threading.Timer(5, gone.set).start()
        with pytest.raises(Unavailable):
            kube.every(CLUSTER, "shop")
        spent = time.monotonic() - started
        gone.set()
        thread.join()
    assert spent < 3


def test_a_list_whose_pages_come_slowly_has_an_end_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Answer(200, {"kind": "ClusterList", "metadata": {"continue": "again"}, "items": []})

    class Slow(ReplayingApi):
        answer: Callable[[str], Answer] = staticmethod(lambda _: threading.Event().wait(0.1) or page)  # type: ignore[assignment]

    with Slow().running() as api:
        kube = connect(tmp_path, api.url, monkeypatch, seconds=0.3)
        started = time.monotonic()
        with pytest.raises(Unavailable, match=r"the list does not end within 1\.2 s"):
            kube.every(CLUSTER, "shop")
    assert time.monotonic() - started < 6
