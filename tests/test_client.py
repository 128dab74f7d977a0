from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.server import Server, ServerRequestContext
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ElicitRequestParams,
    ElicitResult,
    ListToolsResult,
    PaginatedRequestParams,
)

from gitops_mcp import client
from gitops_mcp.caller import Nobody
from gitops_mcp.client import UsedAnswers, user_name
from gitops_mcp.domain.access.identity import IDENTITY, Identity
from gitops_mcp.errors import Refused

YES = {"action": "accept", "content": {"agree": True}}


def test_an_answer_is_taken_once_however_many_take_it_at_once() -> None:
    used, ready = UsedAnswers(), threading.Barrier(8)

    def take(_: int) -> bool:
        ready.wait()
        return used.take("token")

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert sorted(pool.map(take, range(8))) == [False] * 7 + [True]
    assert used.take("another")


def test_an_answer_that_could_not_be_given_any_more_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    used = UsedAnswers()
    monkeypatch.setattr(client, "SECONDS", -1.0)
    assert used.take("token")
    monkeypatch.undo()
    assert used.take("other")
    assert used._taken.keys() == {"other"}


def test_a_user_without_a_name_is_named_by_number() -> None:
    assert user_name(0) == "root"
    assert user_name(2**31 - 9) == "uid 2147483639"


def test_an_answer_to_one_caller_is_no_answer_to_another() -> None:
    """In the newer era, where the question and its answer come in two requests."""
    jane, bob = (Identity(one, "https://login.example.com", one) for one in ("jane", "bob"))

    def asks(whose: Identity, state: str | None) -> str:
        """What is left of a question; empty where the answer is taken."""
        params = CallToolRequestParams.model_validate(
            {"name": "t", "requestState": state, "inputResponses": {"consent": YES}} if state else {"name": "t"}
        )
        elicits = SimpleNamespace(elicitation=SimpleNamespace(form={}, url=None))
        session = SimpleNamespace(client_params=None, client_capabilities=elicits)
        request = SimpleNamespace(scope={IDENTITY: whose})
        context: Any = SimpleNamespace(session=session, request=request, protocol_version="2026-07-28")
        try:
            client.Client(context, params, used).agree("Delete db?", about={"delete": {"db": 1}}, instead="kubectl")
        except client.Asking as asking:
            return asking.result.request_state or ""
        return ""

    used = UsedAnswers()
    left = asks(jane, None)
    assert asks(bob, left) not in {"", left}
    assert asks(jane, left) == ""


HALF = "shop/caf\udce9.yaml"
"""A path of git's, which holds any byte."""


def test_half_a_character_in_a_question_is_replaced_in_the_newer_era() -> None:
    state = client._State(digest="d", token="t", about={"delete": {HALF: "x"}})
    asked = client._question_result(f"Delete {HALF}?", state)
    assert "Delete shop/caf?.yaml?" in asked.model_dump_json(by_alias=True)


def test_half_a_character_in_progress_and_in_a_question_is_replaced_in_the_older_era() -> None:
    heard: list[str | None] = []
    questions: list[str] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(message)

    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        questions.append(params.message)
        return ElicitResult(action="accept", content={"agree": True})

    async def on_call(context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        caller = client.Client(context, params, UsedAnswers())

        def work() -> None:
            with caller.waits():
                caller.told(1, 2, f"reads {HALF}")
                caller.agree(f"Delete {HALF}?", about={}, instead="kubectl")

        await anyio.to_thread.run_sync(work)
        return CallToolResult(content=[])

    async def on_list(context: ServerRequestContext[Any], params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[])

    async def run() -> None:
        server = Server[Any]("x", on_call_tool=on_call, on_list_tools=on_list)
        async with Client(server, mode="legacy", elicitation_callback=answer) as asks:
            await asks.call_tool("x", {}, progress_callback=hear)

    anyio.run(run)
    assert (heard, questions) == (["reads shop/caf?.yaml"], ["Delete shop/caf?.yaml?"])


def test_without_a_client_nobody_agrees() -> None:
    with pytest.raises(Refused, match=r"Delete it\? This client cannot ask a person.*kubectl delete it"):
        Nobody().agree("Delete it?", about={}, instead="kubectl delete it")
