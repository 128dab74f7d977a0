"""A person is asked over HTTP, whichever replica answers the second half of the call; an older client asks nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from tests.e2e.dev import Dev, Person, dev
from tests.e2e.signed_in import machine, token_of
from tests.http.served import Served, exchange, frame, head, http_client, served

DELETE, SCALE = "delete_postgres_cluster", "scale_postgres_cluster"
CAPABLE: dict[str, Any] = {"_meta": {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}}}
YES = {"consent": {"action": "accept", "content": {"agree": True}}}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    with dev(tmp_path_factory.mktemp("consent")) as made:
        yield made


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("keys") / "keys"
    made.write_text(f"{'a' * 64}\n{'b' * 64}\n")
    return made


def replica(here: Dev, *flags: str) -> Iterator[Served]:
    place = here.team.folder.parent
    env = {**here.team.environment, "KUBECONFIG": str(place / "kubeconfig")}
    with served("--repo", str(here.team.checkout), *flags, env=env, cwd=place) as made:
        yield made


@pytest.fixture(scope="module")
def one(here: Dev, keys: Path) -> Iterator[Served]:
    yield from replica(here, "--state-key-file", str(keys))


@pytest.fixture(scope="module")
def other(here: Dev, keys: Path) -> Iterator[Served]:
    yield from replica(here, "--state-key-file", str(keys))


@pytest.fixture(scope="module")
def stranger(here: Dev) -> Iterator[Served]:
    yield from replica(here)


def ask(server: Served, tool: str, arguments: dict[str, Any], *, who: str = "", **more: Any) -> dict[str, Any]:
    body = frame("tools/call", name=tool, arguments=arguments, **CAPABLE, **more)
    token = {"Authorization": f"Bearer {token_of(who)}"} if who else {}
    _, answer = exchange(server.port, head(body, "auto", method="tools/call", name=tool, **token) + body)
    text = answer.partition(b"\r\n\r\n")[2]
    told: dict[str, Any] = json.loads(text[text.index(b"{") : text.rindex(b"}") + 1])
    return told


def put(here: Dev, name: str) -> dict[str, Any]:
    here.put(kinds.CLUSTER, name, instances=2, storage={"size": "1Gi"})
    return {"name": name, "confirm_deletion": True}


def test_another_replica_takes_the_answer_and_no_replica_takes_it_twice(here: Dev, one: Served, other: Served) -> None:
    arguments = {**put(here, "shared"), "instances": 1}
    state = ask(one, SCALE, arguments)["result"]["requestState"]
    done = ask(other, SCALE, arguments, requestState=state, inputResponses=YES)["result"]
    assert done["structuredContent"]["outcome"] == "applied"
    here.set(kinds.CLUSTER, "shared", {"spec": {"instances": 2}})
    for server in (one, other):
        again = ask(server, SCALE, arguments, requestState=state, inputResponses=YES)["result"]
        assert "structuredContent" not in again, again
        assert here.cluster("shared")["spec"]["instances"] == 2


@pytest.mark.thorough
def test_replicas_share_the_keys_that_their_file_names_and_a_caller_answers_for_themselves(
    here: Dev, keys: Path, tmp_path: Path
) -> None:
    (tmp_path / "http.yaml").write_text(f"tokens:\n{machine('ada')}{machine('bob')}stateKeyFile: {keys}\n")
    flags = ("--http-config", str(tmp_path / "http.yaml"))
    arguments = {**put(here, "signed"), "instances": 1}
    with contextmanager(replica)(here, *flags) as first, contextmanager(replica)(here, *flags) as second:
        state = ask(first, SCALE, arguments, who="ada")["result"]["requestState"]
        told = ask(second, SCALE, arguments, who="bob", requestState=state, inputResponses=YES)["error"]
        assert told["message"] == "Invalid or expired requestState"
        done = ask(second, SCALE, arguments, who="ada", requestState=state, inputResponses=YES)["result"]
    assert done["structuredContent"]["outcome"] == "applied"


def test_a_state_of_another_key_is_no_state(here: Dev, one: Served, stranger: Served) -> None:
    arguments = put(here, "foreign")
    state = ask(stranger, DELETE, arguments)["result"]["requestState"]
    told = ask(one, DELETE, arguments, requestState=state, inputResponses=YES)["error"]
    assert told["message"] == "Invalid or expired requestState"
    assert here.live(kinds.CLUSTER, "foreign") is not None


def test_a_state_is_for_its_own_arguments(here: Dev, one: Served, other: Served) -> None:
    arguments, others = put(here, "meant"), put(here, "unmeant")
    state = ask(one, DELETE, arguments)["result"]["requestState"]
    assert "error" in ask(other, DELETE, others, requestState=state, inputResponses=YES)
    assert here.live(kinds.CLUSTER, "unmeant") is not None


def test_a_person_says_yes_through_the_client(here: Dev, one: Served) -> None:
    arguments, person = put(here, "asked"), Person()
    with http_client(one.url, "auto", person) as client:
        assert client.answer(DELETE, **arguments)["outcome"] == "applied"
    assert len(person.asked) == 1
    assert here.live(kinds.CLUSTER, "asked") is None


def test_an_older_client_is_told_that_it_cannot_ask_over_http(here: Dev, one: Served) -> None:
    arguments, person = put(here, "older"), Person()
    with http_client(one.url, "legacy", person) as client:
        told = client.refusal(DELETE, **arguments)
        assert (
            "over HTTP only a client that speaks MCP 2026-07-28 or newer can ask one (this one speaks 2025-11-25)"
            in told
        )
        assert client.answer("get_cluster_status", name="older")["name"] == "older"
    assert person.asked == []
    assert here.live(kinds.CLUSTER, "older") is not None


@pytest.mark.parametrize(
    "content", [b"", b"short\n", b"a" * 64 + b"\n" + b"a" * 64 + b"\n"], ids=["empty", "short", "twice"]
)
def test_a_file_of_keys_that_is_none_ends_the_start_without_being_repeated(
    here: Dev, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "keys"
    file.write_bytes(content)
    with pytest.raises(RuntimeError, match="it ended with 2") as told:
        next(replica(here, "--state-key-file", str(file)))
    assert "--state-key-file" in str(told.value)
    assert content.decode().strip() == "" or content.decode().splitlines()[0] not in str(told.value)
