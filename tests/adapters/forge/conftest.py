"""Each forge as the stand-in serves it, met through the adapter over a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.adapters.forge.interface import Forge
from gitops_mcp.adapters.forge.place import ForgePlace, NoForge, forge_place
from gitops_mcp.adapters.forge.registry import open_forge
from gitops_mcp.adapters.forge.wire import Access
from gitops_mcp.domain.pull_requests import NewPullRequest
from gitops_mcp.sandbox.forges.values import ForgeName
from tests.adapters.forge.real_gitea import ADDRESS, RealServed
from tests.fakes.forges import ForgeServers, ServedForge

FORGES: tuple[ForgeName, ...] = ("github", "gitlab", "gitea")
EACH = ("github", *(pytest.param(name, marks=pytest.mark.thorough) for name in ("gitlab", "gitea")))
"""What all of them have from the same part; one is enough where time is short."""
REAL = "real gitea"
VARIABLES = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "gitea": "GITEA_TOKEN"}


def open_at(kind: ForgeName, url: str, token: str, *, head: str = "platform/fleet", patience: float = 2) -> Forge:
    """The adapter with a token, for a forge at that address."""
    place = forge_place(
        kind,
        url=url,
        api=None,
        remotes=("https://git.example.com/platform/fleet.git",),
        homes=(f"https://git.example.com/{head}.git",),
        base="main",
    )
    assert isinstance(place, ForgePlace)
    found = open_forge(place, git=None, access=Access(), environ={VARIABLES[kind]: token}, patience=patience)
    assert not isinstance(found, NoForge)
    return found


@dataclass(frozen=True)
class Met:
    """A forge that is served, and the adapter that talks to it."""

    kind: ForgeName
    served: ServedForge

    def opened(self, token: str | None = None, **wanted: Any) -> Forge:
        token = self.served.forge.token("bot") if token is None else token
        return open_at(self.kind, self.served.url, token, **wanted)


@pytest.fixture
def meet(forge_server: ForgeServers) -> Callable[[ForgeName], Met]:
    return lambda kind: Met(kind, forge_server(kind))


@pytest.fixture(params=(*FORGES, *((REAL,) if ADDRESS else ())))
def met(request: pytest.FixtureRequest, forge_server: ForgeServers, tmp_path: Path) -> Iterator[Met]:
    if request.param != REAL:
        yield Met(request.param, forge_server(request.param))
        return
    served = RealServed.start(tmp_path)
    yield Met("gitea", served)  # type: ignore[arg-type] # it is asked the same
    served.forge.close_client()


def new(branch: str = "change", **wanted: Any) -> NewPullRequest:
    return NewPullRequest(branch, **{"base": "main", "title": "Scale orders to 5", "body": "Why.\n", **wanted})
