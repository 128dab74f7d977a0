"""The HTTP face of a forge, on 127.0.0.1: its API in one dialect, its Git, and what a test may make go wrong.

It is for trying and testing only, and says so at its root.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gitops_mcp.sandbox.forges.dialect import Dialect
from gitops_mcp.sandbox.forges.git_http import GitRequest, answer_git
from gitops_mcp.sandbox.forges.gitea import GITEA
from gitops_mcp.sandbox.forges.github import GITHUB
from gitops_mcp.sandbox.forges.gitlab import GITLAB
from gitops_mcp.sandbox.forges.routing import Answer, Call
from gitops_mcp.sandbox.forges.store import SandboxForge
from gitops_mcp.sandbox.listener import Listener

DIALECTS: dict[str, Dialect] = {one.name: one for one in (GITHUB, GITLAB, GITEA)}
_ABOUT = (
    "A stand-in for {name}, for trying and testing gitops-mcp on this machine. It is no forge, and keeps nothing.\n"
)


@dataclass(frozen=True)
class Asked:
    """A request that came, whatever was answered."""

    method: str
    path: str
    status: int
    user: str | None
    is_api: bool
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """With the names in small letters."""

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


@dataclass
class _Fault:
    pattern: re.Pattern[str]
    answer: Answer | None
    delay: float
    left: int | None


class ForgeServer:
    def __init__(self, forge: SandboxForge) -> None:
        self.forge = forge
        self.dialect = DIALECTS[forge.name]
        self.url = ""
        self.requests: list[Asked] = []
        self._faults: list[_Fault] = []
        self._ending = threading.Event()
        self._listener = Listener(self, "sandbox-forge")

    @property
    def api(self) -> str:
        return f"{self.url}{self.dialect.prefix}"

    def start(self, *, port: int = 0) -> str:
        """Listen, on any free port unless told; the answer is the address for people and for Git."""
        self.url = self._listener.start(port=port)
        return self.url

    def stop(self) -> None:
        self._ending.set()
        self._listener.stop()

    def fail(
        self, what: str = "", how: str | Answer | None = None, *, times: int | None = None, delay: float = 0
    ) -> None:
        """From now on, or so many times, requests fail whose `METHOD path?query` the pattern is found in.

        `how` is a name in the dialect's faults, or an answer; None: it is only slow.
        """
        answer = self.dialect.faults[how] if isinstance(how, str) else how
        self._faults.append(_Fault(re.compile(what), answer, delay, times))

    def heal(self) -> None:
        self._faults.clear()

    @contextmanager
    def counted(self) -> Iterator[list[Asked]]:
        """The requests to the API that come meanwhile."""
        found: list[Asked] = []
        before = len(self.requests)
        yield found
        found += [one for one in self.requests[before:] if one.is_api]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        answer = await anyio.to_thread.run_sync(self._answer, request, body)
        response = Response(answer.content, answer.status, media_type=answer.media)
        for name, value in answer.headers.items():
            response.headers[name] = value
        if answer.status == 204:
            del response.headers["content-type"]
        await response(scope, receive, send)

    def _answer(self, request: Request, content: bytes) -> Answer:
        path, query = request.scope["raw_path"].decode(), request.scope["query_string"].decode()
        address = f"{path}{'?' if query else ''}{query}"
        headers = {name.lower(): value for name, value in request.headers.items()}
        below, call = self._below(path), None
        answer = self._fault(f"{request.method} {address}")
        if answer is None and below is not None:
            call = self._call(request, below, content, headers)
            answer = self._api(call) if call else Answer(400, {"message": "Problems parsing JSON"})
        elif answer is None:
            asked = GitRequest(request.method, path, query, headers, content)
            about = Answer(404, _ABOUT.format(name=self.dialect.name), media="text/plain")
            answer = answer_git(self.forge, self.url, asked) or about
        user, body = (call.user.login if call.user else None, call.body) if call else (None, None)
        status, is_api = answer.status, below is not None
        self.requests.append(Asked(request.method, address, status, user, is_api=is_api, body=body, headers=headers))
        return answer

    def _below(self, path: str) -> str | None:
        """The path in the API; None: it is not there."""
        if path == self.dialect.graph:
            return "/graphql"
        return path.removeprefix(self.dialect.prefix) or "/" if path.startswith(self.dialect.prefix) else None

    def _fault(self, asked: str) -> Answer | None:
        for one in self._faults:
            if one.left != 0 and one.pattern.search(asked):
                one.left = None if one.left is None else one.left - 1
                self._ending.wait(one.delay)
                return one.answer
        return None

    def _call(self, request: Request, path: str, content: bytes, headers: Mapping[str, str]) -> Call | None:
        """None: the body is no JSON."""
        body: Any = None
        if content:
            try:
                is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
                body = dict(parse_qsl(content.decode())) if is_form else json.loads(content)
            except ValueError:
                return None
        query, asked = dict(request.query_params), request.scope["query_string"].decode()
        return Call(self.forge, request.method, path, query, body, self.api, self.url, None, headers, asked)

    def _api(self, call: Call) -> Answer:
        with self.forge.lock:
            self.forge.observe()
            return self.dialect.answer(call)
