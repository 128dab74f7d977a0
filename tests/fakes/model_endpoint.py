"""An endpoint that plays a model, as the Messages API of Anthropic and the chat completions of OpenAI have one.

It makes the calls that it was given for a request, and hands in the commit that the last answer holds.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from evals.hand_in import HandIn

_COMMIT = re.compile(r"\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b")


@dataclass(frozen=True)
class Part:
    """What is played for a request that holds `about`."""

    about: str
    call: tuple[str, Mapping[str, Any]]
    hand_in: HandIn

    def last_message(self, answer: str) -> str:
        found = _COMMIT.findall(answer)
        commit = found[-1] if self.hand_in.commit and found else None
        return f"Done.\n```json\n{self.hand_in.model_copy(update={'commit': commit}).model_dump_json()}\n```"


@dataclass
class Endpoint:
    url: str
    parts: list[Part]
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)
    """The statuses that the next requests are answered with."""

    def _part(self, text: str) -> Part:
        return next(part for part in self.parts if part.about in text)

    def as_anthropic(self, body: Mapping[str, Any]) -> dict[str, Any]:
        usage = {"input_tokens": 100, "cache_read_input_tokens": 20, "output_tokens": 10}
        first, *others = body["messages"]
        part = self._part(first["content"][0]["text"])
        if not others:
            name, arguments = part.call
            assert name in {one["name"] for one in body["tools"]}
            content = [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "call-1", "name": name, "input": arguments},
            ]
            return {"content": content, "usage": usage}
        [result] = others[-1]["content"]
        assert result["tool_use_id"] == "call-1"
        return {"content": [{"type": "text", "text": part.last_message(result["content"])}], "usage": usage}

    def as_openai(self, body: Mapping[str, Any]) -> dict[str, Any]:
        usage = {"prompt_tokens": 120, "completion_tokens": 10}
        system, first, *others = body["messages"]
        assert system["role"] == "system"
        part = self._part(first["content"])
        if not others:
            name, arguments = part.call
            assert name in {one["function"]["name"] for one in body["tools"]}
            call = {"name": name, "arguments": json.dumps(arguments)}
            message = {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "call-1", "type": "function", "function": call}],
            }
            return {"choices": [{"message": message}], "usage": usage}
        assert others[-1]["tool_call_id"] == "call-1"
        message = {"role": "assistant", "content": part.last_message(others[-1]["content"])}
        return {"choices": [{"message": message}], "usage": usage}


@contextmanager
def model_endpoint(parts: list[Part]) -> Iterator[Endpoint]:
    """It listens on 127.0.0.1 until the block ends."""
    made = Endpoint("", parts)
    roads: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
        "/v1/messages": made.as_anthropic,
        "/v1/chat/completions": made.as_openai,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            made.bodies.append(body)
            made.headers.append({name.lower(): value for name, value in self.headers.items()})
            status = made.faults.pop(0) if made.faults else 200
            text = json.dumps(roads[self.path](body) if status == 200 else {"error": "not now"}).encode()
            self.send_response(status)
            self.send_header("retry-after", "0")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Nothing: the tests look at what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
