"""Chat completions as OpenAI defined them, which most other endpoints speak too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.models.agent import Call, Reply
from evals.models.http import post
from evals.tools import Answer, ToolSpec
from evals.work import Unusable

URL = "https://api.openai.com/v1"


@dataclass(frozen=True)
class OpenAi:
    name: str
    key: str
    url: str = URL

    def begin(self, told: str, tools: Sequence[ToolSpec]) -> _Conversation:
        given = [
            {
                "type": "function",
                "function": {"name": one.name, "description": one.description, "parameters": one.schema},
            }
            for one in tools
        ]
        return _Conversation(self, given, [{"role": "system", "content": told}])


@dataclass
class _Conversation:
    model: OpenAi
    tools: list[dict[str, Any]]
    messages: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, request: str) -> Reply:
        return self._say([{"role": "user", "content": request}])

    def answer(self, answers: Sequence[tuple[Call, Answer]]) -> Reply:
        return self._say([{"role": "tool", "tool_call_id": call.id, "content": one.text} for call, one in answers])

    def _say(self, messages: list[dict[str, Any]]) -> Reply:
        self.messages += messages
        body = {"model": self.model.name, "messages": self.messages, "tools": self.tools}
        headers = {"authorization": f"Bearer {self.model.key}"}
        given = post(f"{self.model.url.rstrip('/')}/chat/completions", body, headers)
        try:
            message, usage = given["choices"][0]["message"], given.get("usage") or {}
            calls = [
                Call(one["id"], one["function"]["name"], _arguments(one["function"]["arguments"]))
                for one in message.get("tool_calls") or ()
            ]
            text = message.get("content") or ""
        except (KeyError, IndexError, TypeError) as error:
            raise Unusable(f"{self.model.url}: no chat completion: {error!r}") from error
        self.messages.append(message)
        return Reply(text, calls, usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0)


def _arguments(text: str) -> dict[str, Any]:
    """What is no JSON object goes to the tool as it came, which then says what it wants."""
    try:
        given = json.loads(text or "{}")
    except ValueError:
        given = text
    return given if isinstance(given, dict) else {"arguments": given}
