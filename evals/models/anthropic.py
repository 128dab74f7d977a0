"""The Messages API of Anthropic, and of what speaks like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.models.agent import Call, Reply
from evals.models.http import post
from evals.tools import Answer, ToolSpec
from evals.work import Unusable

URL = "https://api.anthropic.com"
_VERSION = "2023-06-01"
_OUTPUT_TOKENS = 8_192
_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


@dataclass(frozen=True)
class Anthropic:
    name: str
    key: str
    url: str = URL

    def begin(self, told: str, tools: Sequence[ToolSpec]) -> _Conversation:
        given = [{"name": one.name, "description": one.description, "input_schema": one.schema} for one in tools]
        return _Conversation(self, told, given)


@dataclass
class _Conversation:
    model: Anthropic
    told: str
    tools: list[dict[str, Any]]
    messages: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, request: str) -> Reply:
        return self._say([{"type": "text", "text": request}])

    def answer(self, answers: Sequence[tuple[Call, Answer]]) -> Reply:
        return self._say(
            [
                {"type": "tool_result", "tool_use_id": call.id, "content": one.text, "is_error": one.is_error}
                for call, one in answers
            ]
        )

    def _say(self, content: list[dict[str, Any]]) -> Reply:
        self.messages.append({"role": "user", "content": content})
        body = {
            "model": self.model.name,
            "max_tokens": _OUTPUT_TOKENS,
            # Instructions and tools are the same in each request of a conversation.
            "system": [{"type": "text", "text": self.told, "cache_control": {"type": "ephemeral"}}],
            "messages": self.messages,
            "tools": self.tools,
        }
        headers = {"x-api-key": self.model.key, "anthropic-version": _VERSION}
        given = post(f"{self.model.url.rstrip('/')}/v1/messages", body, headers)
        try:
            blocks, usage = given["content"], given["usage"]
            self.messages.append({"role": "assistant", "content": blocks})
            return Reply(
                "\n".join(one["text"] for one in blocks if one["type"] == "text"),
                [Call(one["id"], one["name"], one["input"]) for one in blocks if one["type"] == "tool_use"],
                sum(usage.get(name) or 0 for name in _INPUT),
                usage["output_tokens"],
            )
        except (KeyError, TypeError) as error:
            raise Unusable(f"{self.model.url}: no answer of the Messages API: {error!r}") from error
