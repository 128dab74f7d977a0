"""Servers that answer byte by byte, never to their end, or with what no API server says: no crash, no wait, no leak."""

from __future__ import annotations

import gzip
import json
import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.adapters.kube_start import kube_start
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.errors import Unavailable
from gitops_mcp.server import answer_of
from tests.fakes.api import Answer, ReplayingApi
from tests.fuzz.house import ObjectsApi, engine_states, open_house, seeds

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
@pytest.mark.few(2)
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


@pytest.mark.thorough
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


SECRET = "hunter2-not-to-be-seen"
STATUSES = (200, 200, 201, 302, 400, 401, 403, 404, 407, 409, 410, 413, 422, 429, 500, 503, 504, 299, 599)
BODIES = (
    *(
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"<html>log in</html>",
        b"404 page not found\n",
        b"[" * 200_000,
        b"1e999",
    ),
    *(b'{"kind": "List", "items": [null, 4, {}]}', b'{"kind": "Status", "details": [], "message": {}, "code": "x"}'),
    b'{"type": "ADDED", "object": {}}\n' * 3,
    b'{"kind": "Status", "message": "\x1b[31m%s ' % f"https://u:{SECRET}@db/ password={SECRET}".encode()
    + b"z" * 9000
    + b'"}',
)
HEADERS: tuple[dict[str, str], ...] = (
    *({}, {"Retry-After": "-1"}, {"Retry-After": "9" * 400}, {"Location": "/login"}, {"WWW-Authenticate": "x"}),
    *({"Content-Type": "application/json"}, {"Content-Type": "text/html; " + "x" * 9000}, {"Content-Encoding": "gzip"}),
    {"Warning": f'299 - "{"w" * 5000} password={SECRET}"'},
)


def spoilt(answer: Answer, dice: random.Random) -> Answer:
    """An answer with its status, its body or its headers in another's place, or cut, or packed otherwise than it says."""
    whole = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    at = dice.randrange(len(whole) + 1)
    body = dice.choice((answer.body, whole[:at], whole[:at] + b"\xff" + whole[at:], gzip.compress(whole), *BODIES))
    changed = {"status": dice.choice(STATUSES), "body": body, "headers": dice.choice(HEADERS)}
    some = dice.sample(sorted(changed), dice.randrange(1, 4))
    return replace(answer, **{name: changed[name] for name in some}, chunked=dice.random() < 0.3)  # type: ignore[arg-type] # fields of it


@pytest.mark.parametrize("seed", seeds(8))
def test_whatever_the_api_answers_a_tool_answers_or_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice, answer = random.Random(seed), ObjectsApi.answer  # noqa: S311 - to be had again by its seed

    def hostile(api: ObjectsApi, path: str) -> Answer:
        return spoilt(answer(api, path), dice) if dice.random() < 0.3 else answer(api, path)

    monkeypatch.setattr(ObjectsApi, "answer", hostile)
    with open_house(tmp_path, monkeypatch.setenv) as house:
        house.api.objects += [one for state in list(engine_states().values())[::9] for one in state]
        for environment in ("prod", "flux", "dev"):
            for tool, arguments in (*house.reads(environment), *house.plans(environment)):
                began = time.monotonic()
                told = answer_of(house.answer(tool, arguments))  # which raises what is no error of ours
                assert time.monotonic() - began < 60
                assert SECRET not in str(told)
                assert "\\x1b" not in str(told)
