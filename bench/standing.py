"""A later call in which nothing moved, on a forge and with an engine: 100 open changes, and a long history.

The forge and the API are stand-ins in this process, so that their work is not counted; Git is the server's.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from changes import change_commit, merge_commit
from gitrepo import git, streamed
from measure import Cost, Ratio, median, timed
from modelling import FILES, files
from stdio import Server

from gitops_mcp.domain.kinds import APPLICATION, CLUSTER
from gitops_mcp.sandbox.api import SandboxApi, kubeconfig_text
from gitops_mcp.sandbox.forges import ForgeServer, SandboxForge
from gitops_mcp.sandbox.remote import SandboxRemote
from gitops_mcp.sandbox.store.store import Store

OPEN, MERGED, CALLS, TIMES = 100, 1_000, 5, 3
_URL = "https://git.example.com/platform/fleet.git"


def measured() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder, _api(Path(folder)) as kubeconfig:
        cases = {"one": (1, 1), "many": (OPEN, 1), "old": (1, MERGED)}
        costs = {}
        for name, (opened, merged) in cases.items():
            with _served(Path(folder) / name, opened, merged, kubeconfig) as server:
                costs[name] = median([_again(server, opened + 1) for _ in range(TIMES)])
        label = f"{FILES:,} files, a forge and an engine: list_changes again,"
        yield Ratio(f"{label} {OPEN} open changes against one", costs["many"], costs["one"], 2.0, cpu_only=True)
        yield Ratio(f"{label} {MERGED:,} merged ones in history against one", costs["old"], costs["one"], 1.1, cpu_only=True)


def _again(server: Server, total: int) -> Cost:
    def call() -> None:
        for _ in range(CALLS):
            found = server.call("list_changes", limit=100)["structuredContent"]
            assert found["total"] == total, found

    return timed(call, pid=server.child.pid)


@contextmanager
def _served(folder: Path, opened: int, merged: int, kubeconfig: Path) -> Iterator[Server]:
    """A server that has listed them already; of the merged ones the last is not live yet."""
    remote = folder / "remote.git"
    checkout = streamed(folder, files())
    forge = ForgeServer(SandboxForge(SandboxRemote(remote), "github"))
    forge.start()
    _history(checkout, forge, opened, merged)
    for number in range(opened):
        forge.forge.open_pull(f"gitops-mcp/change-{number}", title=f"Scale db-{number}")
    git(checkout, "config", f"url.{remote}.insteadOf", _URL)
    git(checkout, "remote", "set-url", "origin", _URL)
    nobodys = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "KUBECONFIG": str(kubeconfig)}
    command = [sys.executable, "-m", "gitops_mcp", "--repo", str(checkout)]
    with Server(command, **nobodys, GITHUB_TOKEN=forge.forge.token()) as server:
        server.initialize()
        _again(server, opened + 1)
        yield server
    forge.stop()


def _history(checkout: Path, forge: ForgeServer, opened: int, merged: int) -> None:
    """Merged changes whose branches are gone, and open ones that left the base behind them."""
    remote = checkout.parent / "remote.git"
    tip = git(checkout, "rev-parse", "origin/main")
    numbers = range(opened, opened + merged)
    stream = [change_commit(tip, number % 300, name=f"old-{number}") for number in numbers]
    stream += [merge_commit(tip, number, first=number == opened, name=f"old-{number}") for number in numbers]
    git(remote, "fast-import", "--quiet", given="".join(stream).encode())
    for number in numbers:
        git(remote, "update-ref", "-d", f"refs/heads/gitops-mcp/old-{number}")


@contextmanager
def _api(folder: Path) -> Iterator[Path]:
    store = Store()
    api = SandboxApi(store, token="bench")
    place = folder / "kubeconfig"
    place.write_text(kubeconfig_text(api.start(), "bench"))
    yield place
    api.stop()
