"""What opening a pull request adds to a push, against the same requests made bare.

The forge is a stand-in that takes as long over a request as a near one does. Each write is a change of its own, by a
server that has made one before. What it takes without a pull request is taken off round by round, since each round
leaves open changes that the next one has to look at; of the differences the median counts. The second ratio counts the
CPU of the server beside the time of the bare requests.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from measure import Cost, Ratio, timed
from stdio import Server

from gitops_mcp.sandbox.forges import ForgeServer, SandboxForge
from gitops_mcp.sandbox.forges.server import Asked
from gitops_mcp.sandbox.remote import SandboxRemote

MOST = 1.2
ANSWERS_IN = 0.1
"""Seconds; those of the public ones are two to eight times that."""
TIMES = 15
WRITTEN = "https://git.example.com/platform/fleet.git"


def measured() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder:
        stage = _Stage.opened(Path(folder))
        try:
            stage.write("warm", opens=True)
            stage.write("cold", opens=False)
            rounds = [stage.round(number) for number in range(TIMES)]
        finally:
            stage.end()
    bare = statistics.median(one[2].wall for one in rounds)
    longer = statistics.median(with_one.wall - without.wall for without, with_one, _ in rounds)
    added = sum(with_one.cpu - without.cpu for without, with_one, _ in rounds) / TIMES
    name = f"opening a pull request (answers in {ANSWERS_IN * 1000:.0f} ms) against its bare requests"
    yield Ratio(name, Cost(longer, bare + added), Cost(bare, bare), MOST)


@dataclass
class _Stage:
    folder: Path
    forge: ForgeServer
    token: str
    servers: dict[bool, Server]

    @classmethod
    def opened(cls, folder: Path) -> _Stage:
        remote = SandboxRemote.create(folder / "remote.git")
        forge = ForgeServer(SandboxForge(remote, "github"))
        forge.start()
        forge.fail("/api/v3/", delay=ANSWERS_IN)
        token = forge.forge.token()
        servers = {opens: _server(folder, remote, forge, token, opens=opens) for opens in (True, False)}
        return cls(folder, forge, token, servers)

    def round(self, number: int) -> tuple[Cost, Cost, Cost]:
        without = self.write(f"without-{number}", opens=False)
        before = len(self.forge.requests)
        with_one = self.write(f"with-{number}", opens=True)
        asked = [one for one in self.forge.requests[before:] if one.is_api]
        assert [one.method for one in asked] == ["POST"]
        assert asked[0].status == 201
        branch = f"bare-{number}"
        tip = f"refs/heads/gitops-mcp/with-{number}"
        subprocess.run(["git", "update-ref", f"refs/heads/{branch}", tip], cwd=self.folder / "remote.git", check=True)
        return without, with_one, self._bare(asked, branch)

    def write(self, change: str, *, opens: bool) -> Cost:
        server, answers = self.servers[opens], list[dict[str, Any]]()

        def call() -> None:
            answers.append(server.call("scale_postgres_cluster", name="orders-db", instances=4, change=change))

        cost = timed(call, pid=server.child.pid)
        assert ("pull_request" in answers[0]["structuredContent"]) is opens
        return cost

    def _bare(self, asked: list[Asked], branch: str) -> Cost:
        """The same requests by the standard library, over one connection as a client would keep it."""
        address = urlsplit(self.forge.url)
        bodies: list[Any] = [one.body | {"head": branch} for one in asked]
        connection = http.client.HTTPConnection(address.hostname or "", address.port)
        connection.connect()
        begun = time.perf_counter()
        for one, body in zip(asked, bodies, strict=True):
            headers = {
                "User-Agent": "bench",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
            }
            connection.request(one.method, one.path, json.dumps(body), headers)
            response = connection.getresponse()
            said = response.read()
            assert response.status == one.status, said
        taken = time.perf_counter() - begun
        connection.close()
        return Cost(taken, 0)

    def end(self) -> None:
        for server in self.servers.values():
            server.__exit__(None, None, None)
        self.forge.stop()


def _server(folder: Path, remote: SandboxRemote, forge: ForgeServer, token: str, *, opens: bool) -> Server:
    """Each with a checkout of its own: one configuration cannot say both."""
    checkout = folder / f"checkout-{opens}"
    remote.checkout(checkout)
    text = f"base: main-{opens}\nenvironments: {{prod: {{path: clusters/prod}}}}\n"
    text += f"forge: {{type: github, url: '{forge.url}'}}\n"
    text += "" if opens else "pullRequests: {open: never}\n"
    (checkout / ".gitops-mcp.yaml").write_text(text)
    for arguments in (
        ("checkout", "--quiet", "-b", f"main-{opens}"),
        ("commit", "--quiet", "--all", "--message=Configure"),
        ("push", "--quiet", "origin", f"main-{opens}"),
        ("config", f"url.{remote.path}.insteadOf", WRITTEN),
        ("remote", "set-url", "origin", WRITTEN),
    ):
        subprocess.run(["git", *arguments], cwd=checkout, check=True)
    nobodys = {"KUBECONFIG": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = [sys.executable, "-m", "gitops_mcp", "--repo", str(checkout), "--base", f"main-{opens}"]
    server = Server(command, GITHUB_TOKEN=token, **nobodys).__enter__()
    server.initialize()
    return server
