"""Assistants of several people at one server over HTTP, each signed in with a token of their own."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from anyio.from_thread import start_blocking_portal
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from gitops_mcp.config.options import CHOSEN
from tests.e2e.conftest import Mode
from tests.e2e.team import Assistant, Team
from tests.http.served import served


def token_of(name: str) -> str:
    return f"token-of-{name}-".ljust(40, "x")


def machine(name: str, *groups: str, scopes: str = "[read, propose, apply]") -> str:
    """A line of `tokens`."""
    digest = hashlib.sha256(token_of(name).encode()).hexdigest()
    return f"  - {{name: {name}, sha256: {digest}, scopes: {scopes}, groups: [{', '.join(groups)}]}}\n"


@dataclass(frozen=True)
class HttpSite:
    url: str

    @contextmanager
    def assistant(self, name: str, mode: Mode = "auto") -> Iterator[Assistant]:
        fault: Exception | None = None
        with (
            start_blocking_portal() as portal,
            portal.wrap_async_context_manager(_client(self.url, token_of(name), mode)) as client,
        ):
            try:
                yield Assistant(portal, client)
            except Exception as error:  # noqa: BLE001 - raised below: the client's task groups would wrap it
                fault = error
        if fault:
            raise fault


@asynccontextmanager
async def _client(url: str, token: str, mode: Mode) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client


@contextmanager
def http_site(team: Team, config: str, kubeconfig: Path) -> Iterator[HttpSite]:
    """A server on the team's checkout until the block ends."""
    file = team.folder / "http.yaml"
    file.write_text(f"{config}limits: {{requestsPerMinute: 100000, atOnce: 1000}}\n")
    flags = ("--http-config", str(file), "--repo", str(team.checkout), "--audit-log", str(team.folder / "audit"))
    env = {**team.environment, "KUBECONFIG": str(kubeconfig)}
    with served(*flags, "--toolsets", ",".join(CHOSEN), env=env, cwd=team.folder) as running:
        yield HttpSite(running.url)
