"""What a client may send, drawn at random, to the real server: each question one answer, and a refusal changes nothing.

`make fuzz` draws more of it, and other examples each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gitops_mcp import tools
from gitops_mcp.domain import kinds
from gitops_mcp.tools.offer.inputs import argument_model
from gitops_mcp.tools.offer.schemas import input_schema
from tests.conftest import examples
from tests.e2e.dev import Dev, dev
from tests.e2e.lines import Lines

CONFIGURATION = """environments:
  dev: {path: clusters/dev, delivery: direct, passwords: {provider: cluster}}
  prod: {path: clusters/prod}
"""
CLUSTER = """apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: dev}
spec: {instances: 3, storage: {size: 1Gi}}
"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
TEXTS = (
    *(
        "db",
        "dev",
        "prod",
        "app",
        "",
        " ",
        "null",
        "none",
        "auto",
        "../..",
        "-rf",
        "a\x00b",
        "é\u202e",
        "x" * 300,
        "18",
    ),
    *(
        "10Gi",
        "${X}",
        "{{ x }}",
        "concise",
        "detailed",
        "retain",
        "on",
        "all",
        "existing:db",
        "2030-01-01T00:00:00Z",
        "k: v",
    ),
)
NUMBERS = (-1, 0, 1, 2, 3, 5.0, 2.5, 101, 2**31, 1e300)
OFTEN: Mapping[str, tuple[Any, ...]] = {
    "name": ("db", "free"),
    "cluster_name": ("db",),
    "environment": ("dev", "prod"),
    "namespace": ("dev",),
    "instances": (1, 2, 4),
    "confirm_deletion": (True,),
    "wait": (False,),
    "role_name": ("clerk",),
    "password_source": ("none", "auto"),
    "change": ("grow",),
}
"""What a call may go far with; nothing here waits for what does not come."""


def values(name: str, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    by_type: dict[str, st.SearchStrategy[Any]] = {
        "string": st.sampled_from(TEXTS) | st.text(max_size=30),
        "integer": st.sampled_from(NUMBERS) | st.integers(),
        "boolean": st.booleans() if name != "wait" else st.just(False),
        "array": st.lists(st.sampled_from(TEXTS), max_size=3),
        "object": st.dictionaries(st.sampled_from(("work_mem", "requests", "in_progress", "")), JSON, max_size=2),
    }
    likely = [st.sampled_from(OFTEN[name])] * 3 if name in OFTEN else []
    chosen = st.sampled_from(schema["enum"]) if "enum" in schema else by_type[schema["type"]]
    return st.one_of(*likely, chosen, JSON if name != "wait" else st.text(max_size=3))


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    tool = draw(st.sampled_from(tools.ALL))
    schema = input_schema(argument_model(tool.function))
    arguments = {
        name: draw(values(name, one))
        for name, one in schema["properties"].items()
        if draw(st.integers(0, 9)) < (9 if name in schema.get("required", ()) or name in OFTEN else 3)
    }
    if draw(st.integers(0, 9)) == 0:
        arguments |= draw(st.dictionaries(st.text(max_size=12), JSON, max_size=2))
    return tool.name, arguments


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    files = {".gitops-mcp.yaml": CONFIGURATION, "clusters/prod/db.yaml": CLUSTER, "clusters/dev/.keep": ""}
    with dev(tmp_path_factory.mktemp("frames"), files=files) as made:
        yield made


@pytest.fixture(scope="module")
def lines(here: Dev) -> Iterator[Lines]:
    env = {**here.team.environment, "KUBECONFIG": str(here.team.folder.parent / "kubeconfig")}
    with Lines(here.team.checkout, env=env, capabilities={"elicitation": {}}) as made:
        yield made
        assert made.child.poll() is None
    assert "Traceback" not in (here.team.folder / "stderr").read_text()


def state(here: Dev) -> tuple[int, Mapping[str, str], str]:
    """All that a call may change: the API, the remote, and the branches of the checkout."""
    local = here.team.git(here.team.checkout, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads")
    return here.world.store.version, here.team.branches(), local


def fuzz(most: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=examples(most),
        deadline=None,
        suppress_health_check=checks,
        phases=[Phase.explicit, Phase.generate],
    )


@fuzz(120)
@given(asked=calls(), answer=st.fixed_dictionaries({}, optional={"result": JSON, "error": JSON}))
def test_a_call_with_any_arguments_has_one_answer_and_a_refusal_changes_nothing(
    here: Dev, lines: Lines, asked: tuple[str, dict[str, Any]], answer: dict[str, Any]
) -> None:
    before = state(here)
    frame = outcome(lines, *asked, answer=answer or {"error": None})
    result = frame.get("result")
    assert result is not None, frame
    assert "Error executing tool" not in result["content"][0]["text"]
    if result.get("isError"):
        assert state(here) == before, result


def outcome(lines: Lines, tool: str, arguments: Mapping[str, Any], *, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a call, during which every question is answered the same."""
    made = lines.ask("tools/call", name=tool, arguments=arguments)
    while (frame := lines.next_frame()).get("id") != made:
        if frame.get("method") == "elicitation/create":
            lines.send({"jsonrpc": "2.0", "id": frame["id"], **answer})
    return frame


ACTIONS = st.sampled_from(("accept", "decline", "cancel", "Accept", "")) | JSON
CONTENTS = st.fixed_dictionaries({}, optional={"agree": JSON, "Agree": st.just(True)}) | JSON


@fuzz(60)
@given(
    answer=st.fixed_dictionaries(
        {},
        optional={
            "result": st.fixed_dictionaries({}, optional={"action": ACTIONS, "content": CONTENTS, "_meta": JSON})
            | JSON,
            "error": st.fixed_dictionaries({}, optional={"code": JSON, "message": JSON, "data": JSON}) | JSON,
        },
    ).filter(bool)
)
def test_whatever_is_answered_to_a_question_but_a_yes_leaves_all_as_it_was(
    here: Dev, lines: Lines, answer: dict[str, Any]
) -> None:
    if here.live(kinds.CLUSTER, "kept") is None:
        here.put(kinds.CLUSTER, "kept", instances=2, storage={"size": "1Gi"})
    before = state(here)
    arguments = {"name": "kept", "environment": "dev", "confirm_deletion": True}
    result = outcome(lines, "delete_postgres_cluster", arguments, answer=answer)["result"]
    said = answer.get("result")
    content = said.get("content") if isinstance(said, dict) and said.get("action") == "accept" else None
    if isinstance(content, dict) and content.get("agree") is True:
        return
    assert result["isError"]
    assert result["content"][0]["text"].startswith("Refused: ")
    assert result["content"][0]["text"].endswith(": nothing was changed")
    assert state(here) == before


FRAMES: tuple[dict[str, Any], ...] = (
    {"jsonrpc": "2.0", "id": 7, "method": "ping"},
    {"jsonrpc": "2.0", "id": "x", "method": "tools/list", "params": {}},
    {"jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": {"name": "list_changes", "arguments": {"limit": 5}}},
    {"jsonrpc": "2.0", "id": 9, "method": "prompts/get", "params": {"name": "\\"}},
    {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}},
    {"jsonrpc": "2.0", "id": 99, "result": {"action": "accept"}},
)
PARTS = st.binary(max_size=4) | st.sampled_from(
    (
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\\",
        b"\\ud800",
        b"null",
        b"1e999",
        b'"id":7,',
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
    )
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    frame = draw(st.sampled_from(FRAMES))
    if draw(st.booleans()):
        frame = {
            **frame,
            **draw(st.dictionaries(st.sampled_from(("jsonrpc", "id", "method", "params", "result", "error")), JSON)),
        }
    line = json.dumps(frame).encode()
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(line)))
        end = start + draw(st.integers(0, 4))
        line = line[:start] + draw(PARTS) + line[end:]
    return line.replace(b"\n", b" ")


def answers_wanted(line: bytes) -> range:
    """How many answers there must be, said by the rules of JSON-RPC alone."""
    try:
        found = json.loads(line.decode())
    except ValueError:  # it may be an answer, or may have been one
        return range(2) if not line.strip() or b"result" in line or b"error" in line else range(1, 2)
    if not isinstance(found, dict):
        return range(1, 100)
    if "method" not in found:
        return range(1) if {"result", "error"} & found.keys() else range(1, 2)
    return range(1, 2) if "id" in found else range(2)


@fuzz(300)
@given(line=mutated())
def test_any_frame_has_as_many_answers_as_it_asks_for(lines: Lines, line: bytes) -> None:
    wanted = answers_wanted(line)
    found = lines.answers_to(line)
    while len(found) < wanted.start:
        found.append(lines.next_frame())
    assert len(found) in wanted, found
    assert all(("result" in one) != ("error" in one) for one in found)
