"""A person is asked before something could be lost: in both eras of the protocol, once for each thing, as it was seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.types import CallToolResult, ElicitRequest, ElicitResult, InputRequiredResult

from gitops_mcp import client as client_of_a_call
from gitops_mcp import server
from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.domain import kinds
from tests.e2e.dev import NO, YES, Dev, Mode, Person, client, dev
from tests.e2e.lines import Lines
from tests.e2e.team import Assistant, text

STORAGE = {"size": "1Gi"}
DELETE = "delete_postgres_cluster"
SCALE = "scale_postgres_cluster"


@pytest.fixture(scope="module", params=["auto", "legacy"])
def here(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """The same questions in both eras."""
    mode: Mode = request.param
    with dev(tmp_path_factory.mktemp(f"consent-{mode}"), mode=mode) as made:
        yield made


def put(here: Dev, name: str, instances: int = 2) -> None:
    here.put(kinds.CLUSTER, name, instances=instances, storage=STORAGE)
    here.person.asked.clear()
    here.person.reply = lambda _: YES


@pytest.mark.few(1)
def test_what_a_person_agrees_to_happens(here: Dev) -> None:
    put(here, "agreed")
    here.applied(SCALE, name="agreed", instances=1, confirm_deletion=True)
    assert here.cluster("agreed")["spec"]["instances"] == 1
    (question,) = here.person.asked
    assert question == (
        "In environment dev, at once and without review: Scale Cluster dev/agreed to 1 instance (no replica is left: "
        "the next failure of the instance or its node is an outage, and that of its volume loses data). Go on?"
    )
    here.applied(DELETE, name="agreed", confirm_deletion=True)
    assert here.live(kinds.CLUSTER, "agreed") is None
    (question,) = here.person.asked[1:]
    assert question == (
        "In environment dev, at once and without review: Delete Cluster dev/agreed (deleting Cluster dev/agreed deletes "
        "its pods and PVCs with all data; there is no backup that Cluster dev/agreed could be restored from: nothing "
        "archives its WAL, and it has no Backup). Go on?"
    )


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        pytest.param(ElicitResult(action="decline"), "the person said no", id="declined"),
        pytest.param(ElicitResult(action="cancel"), "the person did not answer", id="cancelled"),
        pytest.param(NO, "the person said no", id="accepted without agreeing"),
    ],
)
@pytest.mark.few(2)
def test_without_a_yes_nothing_happens(here: Dev, reply: ElicitResult, why: str) -> None:
    name = f"kept-{why.rpartition(' ')[2]}-{reply.action}"
    put(here, name)
    here.person.reply = lambda _: reply
    assert here.refused(DELETE, name=name, confirm_deletion=True) == f"Refused: {why}: nothing was changed"
    assert here.refused(SCALE, name=name, instances=1, confirm_deletion=True).startswith(f"Refused: {why}")
    assert len(here.person.asked) == 2


@pytest.mark.parametrize(
    "content",
    [{}, {"agree": "yes"}, {"agree": 1}, {"agree": None}, None],
    ids=["nothing", "text", "one", "null", "none"],
)
@pytest.mark.few(3)
def test_an_answer_that_is_no_plain_yes_is_none(here: Dev, content: dict[str, Any] | None) -> None:
    name = f"odd-{str(content).lower().translate({ord(one): None for one in str(content) if not one.isalnum()})}x"
    put(here, name)
    here.person.reply = lambda _: ElicitResult(action="accept", content=content)
    told = here.refused(DELETE, name=name, confirm_deletion=True)
    assert told.startswith("Refused: ")
    assert "nothing was changed" in told


def test_what_is_not_confirmed_is_refused_before_anybody_is_asked(here: Dev) -> None:
    put(here, "unconfirmed")
    for tool, more in ((DELETE, {}), (SCALE, {"instances": 1})):
        told = here.refused(tool, name="unconfirmed", **more)
        assert "confirm_deletion=true" in told
    shown = here.ask.answer(DELETE, name="unconfirmed", dry_run=True, confirm_deletion=True)
    assert shown["outcome"] == "dry_run"
    assert here.person.asked == []


def test_nobody_is_asked_about_what_loses_nothing(here: Dev) -> None:
    put(here, "safe")
    here.applied(SCALE, name="safe", instances=3)
    here.applied("update_postgres_cluster", name="safe", parameters={"work_mem": "8MB"})
    assert here.person.asked == []


def test_what_changes_while_the_person_thinks_is_asked_anew(here: Dev) -> None:
    put(here, "moving")

    def meanwhile(_question: str) -> ElicitResult:
        if len(here.person.asked) == 1:
            here.set(kinds.CLUSTER, "moving", {"spec": {"logLevel": "debug"}})
        return YES

    here.person.reply = meanwhile
    here.applied(SCALE, name="moving", instances=1, confirm_deletion=True)
    assert len(here.person.asked) == 2
    spec = here.cluster("moving")["spec"]
    assert (spec["instances"], spec["logLevel"]) == (1, "debug")


def test_what_is_gone_while_the_person_thinks_is_told(here: Dev) -> None:
    put(here, "fleeting")

    def meanwhile(_question: str) -> ElicitResult:
        here.world.store.delete(kinds.CLUSTER, "dev", "fleeting")
        return YES

    here.person.reply = meanwhile
    told = here.ask.refusal(DELETE, name="fleeting", confirm_deletion=True)
    assert "fleeting" in told
    assert len(here.person.asked) == 1


def test_git_delivery_asks_nobody_since_a_person_reviews(here: Dev, tmp_path: Path) -> None:
    put(here, "reviewed")
    here.team.commit(
        {
            ".gitops-mcp.yaml": "environments: {dev: {path: clusters/dev, delivery: direct}, prod: {path: clusters/prod}}\n",
            "clusters/prod/db.yaml": (
                "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db, namespace: shop}\n"
                "spec: {instances: 2, storage: {size: 1Gi}}\n"
            ),
        }
    )
    done = here.ask.answer(DELETE, name="db", environment="prod", confirm_deletion=True)
    assert (done["delivery"], done["outcome"]) == ("git", "committed")
    assert here.person.asked == []
    here.applied(DELETE, name="reviewed", environment="dev", confirm_deletion=True)
    assert len(here.person.asked) == 1


def test_a_client_that_can_ask_nobody_is_told_what_a_person_would_run(here: Dev, tmp_path: Path) -> None:
    put(here, "unasked")
    mode: Mode = "legacy" if "legacy" in str(here.world.directory) else "auto"
    with client(here.team, "--environment", "dev", config=here.team.folder.parent / "kubeconfig", mode=mode) as mute:
        written = len(here.writes())
        told = mute.refusal(DELETE, name="unasked", confirm_deletion=True)
        assert "this client cannot ask one" in told
        assert told.endswith("A person would run: kubectl -n dev delete clusters.postgresql.cnpg.io unasked")
        told = mute.refusal(SCALE, name="unasked", instances=1, confirm_deletion=True)
        assert "kubectl -n dev patch clusters.postgresql.cnpg.io unasked --type=json -p '[" in told
        assert len(here.writes()) == written


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """The newer era, where a question and its answer are two calls."""
    with dev(tmp_path_factory.mktemp("rounds")) as made:
        yield made


def asked(ask: Assistant, tool: str, **arguments: Any) -> InputRequiredResult:
    """The first round: the question, and the state that goes with it."""
    result = _round(ask, tool, arguments)
    assert isinstance(result, InputRequiredResult), result
    return result


def answered(ask: Assistant, question: InputRequiredResult, tool: str, **arguments: Any) -> CallToolResult:
    """The second round, with a yes."""
    result = _round(ask, tool, arguments, input_responses={"consent": YES}, request_state=question.request_state)
    assert isinstance(result, CallToolResult), result
    return result


def _round(ask: Assistant, tool: str, arguments: dict[str, Any], **more: Any) -> CallToolResult | InputRequiredResult:
    async def call() -> Any:
        with anyio.fail_after(60):
            return await ask.client.session.call_tool(tool, arguments, allow_input_required=True, **more)

    result: CallToolResult | InputRequiredResult = ask.portal.call(call)
    return result


def test_an_answer_counts_once(rounds: Dev) -> None:
    put(rounds, "once")
    arguments = {"name": "once", "confirm_deletion": True}
    question = asked(rounds.ask, DELETE, **arguments)
    assert not answered(rounds.ask, question, DELETE, **arguments).is_error
    assert rounds.live(kinds.CLUSTER, "once") is None
    put(rounds, "once")
    result = _round(
        rounds.ask, DELETE, arguments, input_responses={"consent": YES}, request_state=question.request_state
    )
    assert isinstance(result, InputRequiredResult), "another object of that name is another question"
    assert rounds.live(kinds.CLUSTER, "once") is not None


def test_an_answer_that_was_used_for_what_failed_is_used(rounds: Dev) -> None:
    put(rounds, "failing")
    arguments = {"name": "failing", "confirm_deletion": True}
    question = asked(rounds.ask, DELETE, **arguments)
    rounds.wires.cut(1, "before")
    assert "not known" in text(answered(rounds.ask, question, DELETE, **arguments))
    replayed = answered(rounds.ask, question, DELETE, **arguments)
    assert replayed.is_error
    assert "used already" in text(replayed)
    assert rounds.live(kinds.CLUSTER, "failing") is not None


def test_an_answer_to_one_request_is_none_to_another(rounds: Dev) -> None:
    put(rounds, "this")
    put(rounds, "that")
    question = asked(rounds.ask, DELETE, name="this", confirm_deletion=True)
    written = len(rounds.writes())
    for tool, arguments in (
        (DELETE, {"name": "that", "confirm_deletion": True}),
        (DELETE, {"name": "this", "confirm_deletion": True, "reason": "changed"}),
        (SCALE, {"name": "this", "instances": 1, "confirm_deletion": True}),
    ):
        with pytest.raises(MCPError):
            answered(rounds.ask, question, tool, **arguments)
    forged = question.model_copy(update={"request_state": f"{question.request_state}x"})
    with pytest.raises(MCPError):
        answered(rounds.ask, forged, DELETE, name="this", confirm_deletion=True)
    assert len(rounds.writes()) == written


def test_an_answer_without_a_question_is_a_question(rounds: Dev) -> None:
    put(rounds, "unbidden")
    arguments = {"name": "unbidden", "confirm_deletion": True}
    result = _round(rounds.ask, DELETE, arguments, input_responses={"consent": YES})
    assert isinstance(result, InputRequiredResult)
    assert rounds.live(kinds.CLUSTER, "unbidden") is not None


def test_an_object_that_changed_between_the_rounds_is_asked_about_anew(rounds: Dev) -> None:
    put(rounds, "between")
    arguments = {"name": "between", "confirm_deletion": True}
    first = asked(rounds.ask, DELETE, **arguments)
    rounds.set(kinds.CLUSTER, "between", {"metadata": {"labels": {"keep": "me"}}})
    second = _round(rounds.ask, DELETE, arguments, input_responses={"consent": YES}, request_state=first.request_state)
    assert isinstance(second, InputRequiredResult)
    assert rounds.live(kinds.CLUSTER, "between") is not None
    assert not answered(rounds.ask, second, DELETE, **arguments).is_error
    assert rounds.live(kinds.CLUSTER, "between") is None


def test_the_question_is_one_yes_or_no(rounds: Dev) -> None:
    put(rounds, "shown")
    question = asked(rounds.ask, DELETE, name="shown", confirm_deletion=True)
    assert question.input_requests is not None
    (request,) = question.input_requests.values()
    assert isinstance(request, ElicitRequest)
    schema = request.params.requested_schema  # type: ignore[union-attr] # a form
    assert schema["required"] == ["agree"]
    assert schema["properties"]["agree"]["type"] == "boolean"


def test_an_answer_that_comes_too_late_is_not_taken(
    rounds: Dev, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In process, since how long an answer is taken is nobody's option."""
    put(rounds, "late")
    monkeypatch.setattr(server, "SECONDS", 1e-6)
    monkeypatch.setenv("KUBECONFIG", str(rounds.team.folder.parent / "kubeconfig"))
    made = server.build_server(App.open(Flags(repo=rounds.team.checkout)))
    arguments = {"name": "late", "confirm_deletion": True}

    async def late() -> None:
        async with Client(made, elicitation_callback=Person().answer) as direct:
            call = direct.session.call_tool
            first = await call(DELETE, arguments, allow_input_required=True)
            assert isinstance(first, InputRequiredResult)
            with pytest.raises(MCPError):
                await call(
                    DELETE,
                    arguments,
                    input_responses={"consent": YES},
                    request_state=first.request_state,
                    allow_input_required=True,
                )

    anyio.run(late)
    assert rounds.live(kinds.CLUSTER, "late") is not None


def test_who_does_not_answer_in_time_has_not_agreed_in_the_older_era_either(
    rounds: Dev, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In process, as above."""
    put(rounds, "silent")
    monkeypatch.setattr(client_of_a_call, "SECONDS", 0.2)
    monkeypatch.setenv("KUBECONFIG", str(rounds.team.folder.parent / "kubeconfig"))
    made = server.build_server(App.open(Flags(repo=rounds.team.checkout)))

    async def never(context: object, params: object) -> ElicitResult:
        await anyio.sleep_forever()
        raise AssertionError

    async def wait() -> CallToolResult:
        async with Client(made, mode="legacy", elicitation_callback=never) as direct:
            with anyio.fail_after(30):
                return await direct.call_tool(DELETE, {"name": "silent", "confirm_deletion": True})

    told = text(anyio.run(wait))
    assert told == "Refused: nobody answered within 0.2 seconds: nothing was changed"
    assert rounds.live(kinds.CLUSTER, "silent") is not None


@pytest.fixture(scope="module")
def older(rounds: Dev) -> Iterator[Lines]:
    """A client of the older era that answers in bytes."""
    env = {**rounds.team.environment, "KUBECONFIG": str(rounds.team.folder.parent / "kubeconfig")}
    with Lines(rounds.team.checkout, env=env, capabilities={"elicitation": {}}) as made:
        yield made


UNREADABLE = "the answer could not be read"
ERROR = "the client answered the question with an error"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"error": {"code": -32603, "message": "the form cannot be shown"}}, ERROR),
        ({"error": {"code": -32601, "message": "Method not found", "data": {"x": [1]}}}, ERROR),
        ({"error": "no"}, ERROR),
        ({"result": 5}, ERROR),
        ({"result": None}, ERROR),
        ({"result": {"action": "accept", "content": {"agree": True, "note": float("-inf")}}}, ERROR),
        ({"result": {}}, UNREADABLE),
        ({"result": {"action": "agree"}}, UNREADABLE),
        ({"result": {"action": "accept"}}, UNREADABLE),
        ({"result": {"action": "accept", "content": {"agree": "true"}}}, UNREADABLE),
        ({"result": {"action": "accept", "content": [True]}}, UNREADABLE),
        ({"result": {"action": "accept", "content": {"agree": {"agree": True}}}}, UNREADABLE),
        ({"result": {"action": "accept", "content": {"agree": True, "note": "\\ud800"}}}, ERROR),
        ({"result": {"action": "decline", "content": {"agree": True}}}, "the person said no"),
        ({"result": {"action": "cancel"}}, "the person did not answer"),
    ],
)
@pytest.mark.few(4)
def test_whatever_a_client_answers_but_a_yes_is_a_refusal(
    rounds: Dev, older: Lines, answer: dict[str, Any], why: str
) -> None:
    put(rounds, "odd")
    written = len(rounds.writes())
    asked = older.ask("tools/call", name=DELETE, arguments={"name": "odd", "confirm_deletion": True})
    question = older.next_frame()
    raw = json.dumps({"jsonrpc": "2.0", "id": question["id"], **answer}).replace("\\\\ud800", "\\ud800")
    older.write(raw.encode())
    told = older.answer_to(asked)
    assert told["result"]["isError"]
    assert told["result"]["content"][0]["text"] == f"Refused: {why}: nothing was changed"
    assert len(rounds.writes()) == written
    rounds.world.store.delete(kinds.CLUSTER, "dev", "odd")


@pytest.mark.parametrize(
    "answers",
    [
        5,
        [],
        {"consent": 5},
        {"consent": {}},
        {"consent": {"action": "agree"}},
        {"consent": {"action": "accept", "content": "yes"}},
        {"consent": {"action": "accept", "content": {"agree": [[True]]}}},
        {"consent": {"action": "accept", "content": {"agree": 1}}},
        {"consent": {"roots": []}},
    ],
)
@pytest.mark.few(1)
def test_the_same_holds_of_the_newer_era(rounds: Dev, answers: Any) -> None:
    put(rounds, "newer")
    arguments = {"name": "newer", "confirm_deletion": True}
    question = asked(rounds.ask, DELETE, **arguments)
    params = {"name": DELETE, "arguments": arguments, "requestState": question.request_state, "inputResponses": answers}

    async def send() -> dict[str, Any]:
        session: Any = rounds.ask.client.session
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
        }
        answer: dict[str, Any] = await session._dispatcher.send_raw_request("tools/call", {**params, "_meta": meta})
        return answer

    told = rounds.ask.portal.call(send)
    assert told["isError"], told
    assert told["content"][0]["text"] == "Refused: the answer could not be read: nothing was changed"
    assert rounds.live(kinds.CLUSTER, "newer") is not None
    rounds.world.store.delete(kinds.CLUSTER, "dev", "newer")
