"""What comes over HTTP and is no request: the right status, nothing of the inside, and the server lives on."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.team import Team
from tests.http.served import MOST_SECONDS, Mode, Served, answer_on, connected, exchange, frame, head, served

CLUSTER = """apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: shop}
spec: {instances: 2, storage: {size: 1Gi}}
"""
LIST = frame("tools/list")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    team = Team.of(tmp_path_factory.mktemp("bad") / "team", {"db.yaml": CLUSTER})
    with served("--repo", str(team.checkout), env=team.environment, cwd=team.folder) as made:
        yield made


@pytest.fixture(autouse=True)
def _lives_on(server: Served) -> Iterator[None]:
    yield
    status, answer = exchange(server.port, head(LIST, method="tools/list") + LIST)
    assert status == 200
    assert b"scale_postgres_cluster" in answer
    assert not [line for line in server.log if "Traceback" in line]


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> Mode:
    era: Mode = request.param
    return era


@pytest.mark.parametrize(
    ("body", "code", "about"),
    [
        pytest.param(b'{"jsonrpc": "2.0", "id": 7, "method": "tools/list"', -32700, 7, id="not whole"),
        pytest.param(b'{"jsonrpc": "2.0", "id": 7, "method": "x", "params": {"a": NaN}}', -32700, 7, id="no number"),
        pytest.param(b'{"jsonrpc": "2.0", "id": 7, "method": "x", "params": {"a": "\xff"}}', -32700, 7, id="no UTF-8"),
        pytest.param(
            b'{"jsonrpc": "2.0", "id": 7, "method": "x", "params": {"a": "\\ud800"}}', -32700, 7, id="half a pair"
        ),
        pytest.param(b'{"id": 7, "x":' + b"[" * 50_000 + b"]" * 50_000 + b"}", -32700, 7, id="too deep"),
        pytest.param(b'[{"jsonrpc": "2.0", "id": 7, "method": "tools/list"}]', -32600, 7, id="a batch"),
        pytest.param(b'{"jsonrpc": "2.0", "id": {}, "method": "tools/list"}', -32600, None, id="an odd id"),
        pytest.param(b'{"jsonrpc": "2.0", "id": 7, "method": 7}', -32600, 7, id="an odd method"),
        pytest.param(b"null", -32600, None, id="null"),
        pytest.param(b"", -32700, None, id="nothing"),
    ],
)
def test_what_is_no_frame_is_answered_as_over_stdio(
    server: Served, mode: Mode, body: bytes, code: int, about: int | None
) -> None:
    status, answer = exchange(server.port, head(body, mode) + body)
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert (status, told["error"]["code"], told["id"]) == (400, code, about)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        pytest.param({"host": "evil.example.com"}, 421, id="foreign Host"),
        pytest.param({"host": "localhost.evil.example.com:80"}, 421, id="Host that begins as ours"),
        pytest.param({"host": "127.0.0.1:80@evil.example.com"}, 421, id="Host with a login"),
        pytest.param({"host": "localhost\r\nHost: evil.example.com"}, 400, id="two Hosts"),
        pytest.param({"Origin": "https://evil.example.com"}, 403, id="foreign Origin"),
        pytest.param({"Origin": "http://localhost.evil.example.com"}, 403, id="Origin that begins as ours"),
        pytest.param({"Origin": "null"}, 403, id="Origin of a file"),
        pytest.param({"Origin": "http://localhost:3000"}, 200, id="Origin of this machine"),
        pytest.param({"host": "[::1]:99"}, 200, id="an address of this machine"),
    ],
)
def test_only_names_of_the_server_are_answered(server: Served, mode: Mode, more: dict[str, str], status: int) -> None:
    body = frame("tools/list", mode)
    told, answer = exchange(server.port, head(body, mode, method="tools/list", **more) + body)
    assert told == status, answer


@pytest.mark.parametrize(
    ("start", "status"),
    [
        pytest.param(b"GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", 405, id="GET"),
        pytest.param(b"DELETE /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, id="DELETE"),
        pytest.param(b"OPTIONS /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, id="OPTIONS"),
        pytest.param(b"GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, id="the older transport"),
        pytest.param(b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 404, id="metrics"),
        pytest.param(b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, id="a path"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, id="TLS"),
        pytest.param(b"nonsense\r\n\r\n", 400, id="no HTTP"),
    ],
)
def test_other_targets_say_where_mcp_is(server: Served, start: bytes, status: int) -> None:
    told, answer = exchange(server.port, start)
    assert told == status
    assert status != 405 or b"\r\nallow: post\r\n" in answer.lower()


def test_a_session_of_an_older_client_is_not_found(server: Served) -> None:
    body = frame("tools/list", "legacy")
    status, _ = exchange(server.port, head(body, "legacy", Mcp_Session_Id="0af7651916cd43dd8448eb211c80319c") + body)
    assert status == 404


def test_a_request_in_the_clothes_of_the_other_era_is_told_so(server: Served) -> None:
    greeting = frame(
        "initialize", "legacy", protocolVersion="2025-11-25", capabilities={}, clientInfo={"name": "x", "version": "1"}
    )
    status, answer = exchange(server.port, head(greeting, "auto", method="initialize") + greeting)
    assert status == 400, answer
    newer = frame("server/discover", "auto")
    status, answer = exchange(server.port, head(newer, "legacy") + newer)
    assert status == 200
    assert b'"error"' in answer


def test_a_body_above_the_limit_is_refused_whether_or_not_it_says_so(server: Served, mode: Mode) -> None:
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"a": "' + b"x" * (5 << 20) + b'"}}'
    assert exchange(server.port, head(body, mode), body)[0] == 413
    lines = head(b"", mode).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    chunks = b"".join(b"10000\r\n" + b"x" * 0x10000 + b"\r\n" for _ in range(70)) + b"0\r\n\r\n"
    assert exchange(server.port, lines, chunks)[0] == 413
    promised = head(b"", mode).replace(b"Content-Length: 0", b"Content-Length: 99999999999")
    assert exchange(server.port, promised)[0] == 413


def test_too_many_headers_are_refused(server: Served, mode: Mode) -> None:
    body = frame("tools/list", mode)
    lines = head(body, mode, method="tools/list").removesuffix(b"\r\n")
    assert exchange(server.port, lines + b"".join(b"X-%d: y\r\n" % number for number in range(200)) + b"\r\n")[0] == 431
    million = b"X-Y: z\r\n" * 1_000_000
    status, _ = exchange(server.port, lines, million, b"\r\n")
    assert status in {0, 400, 431}  # 0: the connection was cut while they were sent


@pytest.mark.thorough
def test_what_comes_too_slowly_is_cut_off(tmp_path: Path) -> None:
    team = Team.of(tmp_path / "team", {"db.yaml": CLUSTER})
    body = frame("tools/list")
    with served("--repo", str(team.checkout), env=team.environment, cwd=team.folder) as server:
        wires = [connected(server.port) for _ in range(3)]
        wires[0].sendall(head(body, method="tools/list") + body[:10])
        wires[1].sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        assert answer_on(wires[0])[0] == 408
        for silent in wires[1:]:
            silent.settimeout(MOST_SECONDS)
            assert silent.recv(100) == b""
        for wire in wires:
            wire.close()


def test_a_connection_that_is_cut_in_the_middle_of_a_body_leaves_nothing(server: Served, mode: Mode) -> None:
    body = frame("tools/call", mode, name="scale_postgres_cluster", arguments={"name": "db", "instances": 3})
    with connected(server.port) as wire:
        wire.sendall(head(body, mode, method="tools/call", name="scale_postgres_cluster") + body[:-5])
        wire.shutdown(socket.SHUT_WR)
        assert wire.recv(100) == b""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param({"name": "db", "dryrun": True}, "dryrun", id="unknown argument"),
        pytest.param({"name": "db", "instances": "many"}, "instances", id="ill-typed"),
    ],
)
def test_a_call_with_bad_arguments_is_an_error_of_the_tool(
    server: Served, mode: Mode, arguments: dict[str, object], says: str
) -> None:
    name = "scale_postgres_cluster"
    body = frame("tools/call", mode, name=name, arguments=arguments)
    status, answer = exchange(server.port, head(body, mode, method="tools/call", name=name) + body)
    assert status == 200
    assert b"InvalidRequest" in answer
    assert says.encode() in answer


def test_an_unknown_method_and_tool_are_told(server: Served, mode: Mode) -> None:
    body = frame("tools/steal", mode)
    status, answer = exchange(server.port, head(body, mode, method="tools/steal") + body)
    assert status == (404 if mode == "auto" else 200)
    assert b"-32601" in answer
    body = frame("tools/call", mode, name="nope", arguments={})
    assert b"nope" in exchange(server.port, head(body, mode, method="tools/call", name="nope") + body)[1]
