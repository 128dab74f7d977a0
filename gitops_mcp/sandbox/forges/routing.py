"""A request to a forge's API, which function answers it, and what all dialects share of that: rights and pages."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from gitops_mcp.sandbox.forges.store import SandboxForge
from gitops_mcp.sandbox.forges.values import Pull, Repository, Token, User
from gitops_mcp.sandbox.remote import git


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: Any = None
    """JSON, or text where `media` says so, or bytes as they are; None: empty."""
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        if self.body is None and self.media == "application/json":
            return b""
        return (json.dumps(self.body) if self.media == "application/json" else str(self.body)).encode()


class Refused(Exception):
    """Answered in the place of what was asked."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(status, body)
        self.answer = Answer(status, body, headers or {}, **more)


@dataclass
class Call:
    forge: SandboxForge
    method: str
    path: str
    """Below the API's address, as it was sent."""
    query: dict[str, str]
    body: Any
    api: str
    """The API's address."""
    web: str
    token: Token | None
    headers: Mapping[str, str] = field(default_factory=dict)
    asked: str = ""
    """The query as it was sent."""
    place: dict[str, str] = field(default_factory=dict)
    """What the path names."""
    repository: Repository | None = None

    @property
    def user(self) -> User | None:
        return self.token.user if self.token else None

    @property
    def person(self) -> User:
        """Who must be somebody."""
        if self.token is None:
            raise Refused(401, {"message": "Requires authentication"})
        return self.token.user

    @property
    def repo(self) -> Repository:
        if self.repository is None:
            raise LookupError(self.path)
        return self.repository

    @property
    def role(self) -> str | None:
        return self.repo.roles.get(self.user.login) if self.user else None

    @property
    def can_write(self) -> bool:
        return self.role in {"admin", "write"}

    def given(self, key: str, default: Any = None) -> Any:
        return self.body.get(key, default) if isinstance(self.body, dict) else default

    def pull(self) -> Pull | None:
        return self.repo.pulls.get(int(self.place["number"])) if self.place["number"].isdecimal() else None


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Routes:
    """By method and path; `{name}` stands for one segment, `{name*}` for the rest."""

    table: Sequence[tuple[str, re.Pattern[str], Handler]]

    @classmethod
    def of(cls, rows: Mapping[str, Handler]) -> Routes:
        return cls([(*_compile_row(row), handler) for row, handler in rows.items()])

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]] | None:
        for verb, pattern, handler in self.table:
            if verb == method and (match := pattern.fullmatch(path)):
                return handler, {name: unquote(value) for name, value in match.groupdict().items()}
        return None


def _compile_row(row: str) -> tuple[str, re.Pattern[str]]:
    method, _, path = row.partition(" ")
    path = re.sub(r"\{(\w+)\*\}", r"(?P<\1>.+)", path)
    return method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


@dataclass(frozen=True)
class Page:
    """Some rows of a list, with the headers that lead to the others."""

    rows: list[Any]
    number: int
    size: int
    total: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))


def page_of(call: Call, rows: Sequence[Any], *, size_name: str, default: int, most: int) -> Page:
    """More than the most is cut to it, and what is no number, or too small, is the default."""
    size = _number(call.query.get(size_name)) or default
    number = _number(call.query.get("page")) or 1
    served = min(size, most)
    return Page(list(rows[(number - 1) * served : number * served]), number, served, len(rows))


def link_header(
    call: Call,
    page: Page,
    address: str,
    *,
    order: Sequence[str] = ("prev", "next", "last", "first"),
    between: str = ", ",
    by_name: bool = False,
) -> dict[str, str]:
    """Each forge has an order of its own; each address repeats what was asked, as it was asked or by name."""
    places = {"prev": page.number - 1, "next": page.number + 1, "last": page.last, "first": 1}
    wanted = [name for name in order if (page.number > 1 if name in {"prev", "first"} else page.number < page.last)]
    links = []
    for name in wanted:
        asked = {**call.query, "page": str(places[name])}
        links.append(f'<{address}?{urlencode(dict(sorted(asked.items())) if by_name else asked)}>; rel="{name}"')
    return {"Link": between.join(links)} if links else {}


def find_commit(call: Call) -> str:
    """That of a branch, or with such an id; empty: there is none."""
    ref = call.place["ref"]
    found = git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", cwd=call.repo.path, check=False)
    return "" if ref.startswith("-") else found.decode()


def basic_login(value: str) -> tuple[str, str] | None:
    """The user and the password of Basic credentials; None: they are none."""
    try:
        user, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
