"""What no client should send, and some do: each frame that asks for an answer gets one, and the server lives on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.frames import MOST_BYTES, read_frame
from gitops_mcp.server import build_server
from tests.e2e.lines import Lines
from tests.e2e.team import Team

PARSE, INVALID = -32700, -32600


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lines]:
    team = Team.of(tmp_path_factory.mktemp("frames") / "team", {"a.yaml": "kind: Namespace\n"})
    with Lines(team.checkout, env=team.environment) as made:
        yield made


def deep(levels: int) -> bytes:
    return b'{"params":{"a":' + b"[" * levels + b"]" * levels + b'},"jsonrpc":"2.0","id":7,"method":"ping"}'


FRAMES = [
    pytest.param(b"{", PARSE, [None], id="half of an object"),
    pytest.param(b"not JSON", PARSE, [None], id="no JSON"),
    pytest.param(b'{"jsonrpc":"2.0","id":7,"method":"ping"', PARSE, [7], id="cut off after its id"),
    pytest.param(b'{"jsonrpc":"2.0","id":7', PARSE, [None], id="cut off within its id"),
    pytest.param(b'{"jsonrpc":"2.0","id":7,"method":"ping",}', PARSE, [7], id="broken after its id"),
    pytest.param(b'{"params":{"id":9},"id":"x-1","method":ping}', PARSE, ["x-1"], id="an id inside is not the frame's"),
    pytest.param(b'{"params":{"id":9},"method":ping}', PARSE, [None], id="only an id inside"),
    pytest.param(
        b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"list_changes","arguments":{"cursor":"\\ud800"}}}',
        PARSE,
        [7],
        id="half of a surrogate pair",
    ),
    pytest.param(b'{"jsonrpc":"2.0","id":"\\udfff","method":"ping"}', PARSE, [None], id="half of one in the id"),
    pytest.param(b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":"\xff"}}', PARSE, [7], id="not UTF-8"),
    pytest.param(b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":NaN}}', PARSE, [7], id="NaN"),
    pytest.param(
        b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":' + b"9" * 5000 + b"}}", PARSE, [7], id="5,000 digits"
    ),
    pytest.param(deep(150), PARSE, [7], id="deep"),
    pytest.param(deep(100_000), PARSE, [7], id="very deep"),
    pytest.param(b"[" * 100_000, PARSE, [None], id="only brackets"),
    pytest.param(b'{"id":7,"x":"' + b"y" * (MOST_BYTES + 9) + b'"}', PARSE, [7], id="too long"),
    pytest.param(b"[]", INVALID, [None], id="an empty batch"),
    pytest.param(
        b'[{"jsonrpc":"2.0","id":7,"method":"ping"},{"jsonrpc":"2.0","id":8,"method":"ping"}]',
        INVALID,
        [7, 8],
        id="a batch",
    ),
    pytest.param(b'"ping"', INVALID, [None], id="a text"),
    pytest.param(b"null", INVALID, [None], id="null"),
    pytest.param(b"7", INVALID, [None], id="a number"),
    pytest.param(b"{}", INVALID, [None], id="an empty object"),
    pytest.param(b'{"jsonrpc":"2.0","id":7}', INVALID, [7], id="no method"),
    pytest.param(b'{"jsonrpc":"1.0","id":7,"method":"ping"}', INVALID, [7], id="another version"),
    pytest.param(b'{"id":7,"method":"ping"}', INVALID, [7], id="no version"),
    pytest.param(b'{"jsonrpc":"2.0","id":7,"method":5}', INVALID, [7], id="a method that is not text"),
    pytest.param(b'{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}', INVALID, [7], id="params by position"),
    pytest.param(b'{"jsonrpc":"2.0","id":7,"method":"ping","result":{}}', INVALID, [7], id="a request and an answer"),
    pytest.param(b'{"jsonrpc":"2.0","id":null,"method":"ping"}', INVALID, [None], id="id null"),
    pytest.param(b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', INVALID, [None], id="id 1.5"),
    pytest.param(b'{"jsonrpc":"2.0","id":true,"method":"ping"}', INVALID, [None], id="id true"),
    pytest.param(b'{"jsonrpc":"2.0","id":[7],"method":"ping"}', INVALID, [None], id="id in a list"),
]


@pytest.mark.parametrize(("frame", "code", "ids"), FRAMES)
@pytest.mark.few(12)
def test_a_frame_that_cannot_be_read_is_answered_for_the_id_that_can(
    lines: Lines, frame: bytes, code: int, ids: list[Any]
) -> None:
    found = lines.answers_to(frame)
    assert [one["id"] for one in found] == ids
    assert {one["error"]["code"] for one in found} == {code}


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"", id="an empty line"),
        pytest.param(b'{"jsonrpc":"2.0","method":"notifications/unknown"}', id="an unknown notification"),
        pytest.param(
            b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":[1]}}', id="cancels nothing"
        ),
        pytest.param(
            b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":{}}}', id="progress"
        ),
        pytest.param(b'{"jsonrpc":"2.0","id":99,"result":{}}', id="an answer to nothing"),
        pytest.param(b'{"jsonrpc":"2.0","id":99,"result":5}', id="an answer that is not an object"),
        pytest.param(b'{"jsonrpc":"2.0","id":99,"error":"no"}', id="an error that is not an object"),
        pytest.param(b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}', id="an error without an id"),
    ],
)
def test_what_asks_for_no_answer_gets_none(lines: Lines, frame: bytes) -> None:
    assert lines.answers_to(frame) == []


@pytest.mark.parametrize("made", [0, -1, 2**40, 10**30, "", "7", "é", "a" * 1000, "9" * 5000])
def test_every_id_that_may_be_is_answered(lines: Lines, made: Any) -> None:
    frame = json.dumps({"jsonrpc": "2.0", "id": made, "method": "ping"}).encode()
    assert lines.answers_to(frame) == [{"jsonrpc": "2.0", "id": made, "result": {}}]


def test_two_requests_with_one_id_get_two_answers(lines: Lines) -> None:
    frame = b'{"jsonrpc":"2.0","id":7,"method":"tools/list"}'
    assert [one["id"] for one in lines.answers_to(frame, frame)] == [7, 7]


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("prompts/get", {"name": "x"}, -32602),
        ("prompts/get", {"name": "review_health", "arguments": {"namespace": 5}}, -32602),
        ("resources/read", {"uri": "file:///etc/passwd"}, -32602),
        ("resources/subscribe", {"uri": "file:///etc/passwd"}, -32601),
        ("completion/complete", {"ref": {"type": "ref/prompt"}, "argument": {"name": "a", "value": "b"}}, -32602),
        ("logging/setLevel", {"level": "debug"}, -32601),
        ("no/such", {}, -32601),
        ("tools/call", {}, -32602),
        ("tools/call", {"name": 5}, -32602),
        ("tools/call", {"name": "list_changes", "arguments": [1]}, -32602),
    ],
)
def test_a_method_that_is_not_there_says_so(lines: Lines, method: str, params: dict[str, Any], code: int) -> None:
    assert lines.request(method, **params)["error"]["code"] == code


def test_a_tool_that_is_not_there_is_named_with_those_that_are(lines: Lines) -> None:
    result = lines.call("list_clusters")
    assert result["isError"]
    assert "no tool 'list_clusters'" in result["content"][0]["text"]
    assert "list_postgres_clusters" in result["content"][0]["text"]


def test_no_list_is_claimed_to_change_and_nothing_to_be_subscribed_to(lines: Lines) -> None:
    assert lines.said["capabilities"] == {
        "completions": {},
        "prompts": {"listChanged": False},
        "resources": {"listChanged": False, "subscribe": False},
        "tools": {"listChanged": False},
    }


def test_completions_of_what_is_not_there_are_none(lines: Lines) -> None:
    asked = {"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "a", "value": "b"}}
    found = lines.request("completion/complete", **asked)
    assert found["result"]["completion"] == {"values": [], "total": 0, "hasMore": False}


@pytest.mark.anyio
async def test_the_newer_era_claims_as_little(tmp_path: Path) -> None:
    async with Client(build_server(App.open(Flags(repo=tmp_path)))) as client:
        claimed = client.server_capabilities
        assert claimed is not None
        assert claimed.tools is not None
        assert claimed.prompts is not None
        assert claimed.resources is not None
        lists = (claimed.tools, claimed.prompts, claimed.resources)
        assert not [one for one in lists if one.list_changed]
        assert (claimed.resources.subscribe or None, claimed.logging) == (None, None)


def test_an_answer_that_cannot_be_read_reaches_who_asked_as_an_error() -> None:
    passed, answers = read_frame(b'{"jsonrpc":"2.0","id":3,"result":5}')
    assert passed is not None
    assert json.loads(passed)["error"]["code"] == INVALID
    assert (json.loads(passed)["id"], answers) == (3, [])


@pytest.mark.parametrize(
    ("flood", "told"),
    [
        pytest.param(b'{"id":1,"a":' + b"[{" * 500_000, 1, id="brackets"),
        pytest.param(b'{"id":1,"a":"' + rb"\"" * 1_000_000, 1, id="a text of quotes that does not end"),
        pytest.param(b'{"id":1,' + b'"a" ' * 500_000, 1, id="keys without a value"),
        pytest.param(b'{"a"' + b" " * 2_000_000, None, id="blanks"),
        pytest.param(b'{"id":' + b"1" * 2_000_000, None, id="digits"),
    ],
)
@pytest.mark.few(2)
def test_a_flood_costs_no_more_than_its_length(flood: bytes, told: int | None) -> None:
    began = time.process_time()
    _, (answer,) = read_frame(flood)
    assert (answer.id, answer.error.code) == (told, PARSE)
    assert time.process_time() - began < 5
