"""What one forge's API is made of; the server asks nothing else of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gitops_mcp.sandbox.forges.routing import Answer, Call, Refused, Routes
from gitops_mcp.sandbox.forges.values import ForgeName, Repository, Token


@dataclass(frozen=True)
class Dialect:
    name: ForgeName
    prefix: str
    """The path of the API's address."""
    routes: Routes
    token_of: Callable[[Call], Token | None]
    """Raises Refused for a token that is none; None: nobody asks."""
    repository_of: Callable[[Call], Repository | None]
    """The one that the path names, if this person may know of it; raises Refused."""
    no_page: Callable[[], Refused]
    rewrite: Callable[[Call], None] = lambda _: None
    """Makes one of several ways to ask the same."""
    graph: str | None = None
    """Where GraphQL is, which is not below the prefix."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of every answer."""
    faults: Mapping[str, Answer] = field(default_factory=dict)
    """Ways to fail, by a name, as they were recorded."""

    def answer(self, call: Call) -> Answer:
        try:
            call.token = self.token_of(call)
            self.rewrite(call)
            found = self.routes.find(call.method, call.path)
            if found is None:
                raise self.no_page()
            handler, call.place = found
            call.repository = self.repository_of(call)
            answer = handler(call)
        except Refused as error:
            answer = error.answer
        return Answer(answer.status, answer.body, {**self.headers, **answer.headers}, answer.media)
