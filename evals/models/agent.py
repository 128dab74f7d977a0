"""A model as an agent: it is asked, its calls are made, and it is asked again until it makes none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from evals.tools import Answer, ToolSpec
from evals.work import Agent, Work

TURNS = 60


@dataclass(frozen=True)
class Call:
    id: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Reply:
    text: str
    calls: Sequence[Call]
    input_tokens: int
    """All that was read, from a cache too."""
    output_tokens: int


class Conversation(Protocol):
    """One with a model, which remembers what was said."""

    def ask(self, request: str) -> Reply: ...

    def answer(self, answers: Sequence[tuple[Call, Answer]]) -> Reply: ...


class Model(Protocol):
    @property
    def name(self) -> str: ...

    def begin(self, told: str, tools: Sequence[ToolSpec]) -> Conversation: ...


def agent_of(model: Model, *, turns: int = TURNS) -> Agent:
    """It ends in the middle of its work where it makes calls in so many replies."""

    def work(given: Work) -> None:
        with given.open_tools() as tools:
            conversation = model.begin(given.told, tools.specs)
            reply = conversation.ask(given.request)
            for _ in range(turns):
                given.transcript.input_tokens += reply.input_tokens
                given.transcript.output_tokens += reply.output_tokens
                if reply.text:
                    given.transcript.add("said", reply.text)
                if not reply.calls:
                    return
                reply = conversation.answer([(call, tools.call(call.name, call.arguments)) for call in reply.calls])

    return work
