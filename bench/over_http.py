"""Two replicas on one remote, and many callers: what they answer at half the rate that saturates them, and at it.

python bench/over_http.py [--seconds 120] [--callers 200]

Callers are connections that are kept, one request at a time each, nine reads to a write at every moment; every caller
has a change of its own. There is no Kubernetes API here, so what is measured is the server and Git. Exits 1 where
something is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measure import Cost, Ratio, paired, timed
from stdio import ENVIRONMENT, Server

ROOT = Path(__file__).parents[1]
WRITES = 10
"""One request in so many, by chance: callers that counted would go on in step once they have waited for one another,
and most of them would write in the same seconds."""
CORES = os.cpu_count() or 1
ALLOWED = {429, 503}
VERSION = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


def git(where: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=where, check=True, capture_output=True, text=True).stdout.strip()


def remote_with(folder: Path, clusters: int) -> Path:
    """A bare repository of so many Clusters."""
    work, remote = folder / "work", folder / "remote.git"
    git(folder, "init", "--quiet", "--initial-branch=main", str(work))
    for number in range(clusters):
        place = work / f"clusters/c-{number}.yaml"
        place.parent.mkdir(exist_ok=True)
        place.write_text(
            f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: c-{number}\n  namespace: shop\n"
            f"spec:\n  instances: 3\n  storage:\n    size: 10Gi\n"
        )
    git(work, "add", "--all")
    git(work, "-c", "user.name=Bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "--message", "Start")
    git(folder, "clone", "--quiet", "--bare", str(work), str(remote))
    return remote


@contextmanager
def replica(remote: Path, cache: Path) -> Iterator[Replica]:
    command = [sys.executable, "-m", "gitops_mcp", "--transport", "http", "--port", "0", "--log-level", "warning"]
    child = subprocess.Popen(
        [*command, "--repo", remote.as_uri(), "--cache-dir", str(cache)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**ENVIRONMENT, **surroundings()},
    )
    assert child.stderr is not None
    said = child.stderr.readline()
    found = re.search(r":(\d+)/mcp", said)
    assert found, said
    try:
        yield Replica(child, int(found[1]))
    finally:
        child.terminate()
        assert child.wait(60) == 0, "it did not end well"
        child.stderr.close()


def surroundings() -> dict[str, str]:
    names = {f"GIT_{who}_{what}": "bench@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return {"KUBECONFIG": "/nonexistent", "PYTHONPATH": str(ROOT), **names}


@dataclass(frozen=True)
class Replica:
    child: subprocess.Popen[str]
    port: int

    @property
    def rss(self) -> float:
        """MiB."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found
        return int(found[1]) / 1024


@dataclass
class Seen:
    """What callers were answered."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    committed: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return len(self.reads) + len(self.writes)


class Caller:
    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.name = f"c-{number}"
        self.change = f"bench-{number}"
        self._reader, self._writer = reader, writer
        self.instances = 3
        self._count = number

    @classmethod
    @asynccontextmanager
    async def at(cls, number: int, port: int) -> AsyncIterator[Caller]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield cls(number, reader, writer)
        finally:
            writer.close()

    async def next_request(self, seen: Seen) -> None:
        self._count += 1
        if random.random() * WRITES >= 1:  # noqa: S311 - mixes requests, no secret
            tool, arguments = ("get_cluster_status", "list_postgres_clusters")[self._count % 2], {}
            await self._timed(tool, {"name": self.name} if tool == "get_cluster_status" else arguments, seen)
            return
        self.instances = 3 + self.instances % 6
        await self.write(seen)

    async def write(self, seen: Seen) -> None:
        arguments = {"name": self.name, "instances": self.instances, "change": self.change, "confirm_deletion": True}
        await self._timed("scale_postgres_cluster", arguments, seen)

    async def _timed(self, tool: str, arguments: dict[str, Any], seen: Seen) -> None:
        began = time.perf_counter()
        status, answer = await self._asked(tool, arguments)
        spent = time.perf_counter() - began
        if status in ALLOWED:
            seen.refused[status] += 1
            await asyncio.sleep(1)
            return
        result = answer.get("result", {})
        if status != 200 or "error" in answer or result.get("isError"):
            seen.faults.append(f"{tool}: {status} {json.dumps(answer)[:300]}")
            return
        is_write = tool == "scale_postgres_cluster"
        (seen.writes if is_write else seen.reads).append(spent)
        seen.committed += is_write and result["structuredContent"]["outcome"] == "committed"

    async def _asked(self, tool: str, arguments: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        params = {"name": tool, "arguments": arguments, "_meta": META}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
        self._writer.write(
            f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {VERSION}\r\n"
            f"Mcp-Method: tools/call\r\nMcp-Name: {tool}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        status = int(head.split(" ", 2)[1])
        if length := re.search(r"(?i)\r\ncontent-length: (\d+)", head):
            data = await self._reader.readexactly(int(length[1]))
        else:
            data = b""
            while size := int(await self._reader.readline(), 16):
                data += (await self._reader.readexactly(size + 2))[:-2]
            await self._reader.readline()
            data = next(line[6:] for line in reversed(data.splitlines()) if line.startswith(b"data: "))
        return status, json.loads(data) if data else {}


async def closed_loop(callers: list[Caller], seconds: float) -> tuple[float, Seen]:
    """Each asks again as soon as it is answered: answers a second."""
    seen, began = Seen(), time.perf_counter()

    async def go_on(caller: Caller) -> None:
        while time.perf_counter() - began < seconds:
            await caller.next_request(seen)

    await asyncio.gather(*map(go_on, callers))
    return seen.answered / (time.perf_counter() - began), seen


async def at_rate(callers: list[Caller], rate: float, seconds: float, sample: Callable[[], float]) -> Rated:
    """Requests that begin at this rate, all callers together; `sample` is taken at a quarter and at the end."""
    seen, began, interval = Seen(), time.perf_counter(), len(callers) / rate
    early: list[float] = []

    async def go_on(caller: Caller) -> None:
        due = began + random.uniform(0, interval)  # noqa: S311 - spreads callers, no secret
        while due < began + seconds:
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            await caller.next_request(seen)
            due = max(due + interval * random.uniform(0.5, 1.5), time.perf_counter())  # noqa: S311 - the same

    async def look() -> None:
        await asyncio.sleep(seconds / 4)
        early.append(sample())

    await asyncio.gather(look(), *map(go_on, callers))
    return Rated(seen, early[0], sample())


@dataclass(frozen=True)
class Rated:
    seen: Seen
    early: float
    late: float


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


async def under_load(replicas: list[Replica], remote: Path, *, callers: int, seconds: float) -> list[str]:
    results: list[str] = []

    def told(name: str, value: float, most: float, text: str, *, least: bool = False) -> None:
        holds = value >= most if least else value <= most
        word = "least" if least else "most"
        results.append(f"{name}: {value:.2f}, at {word} {most:g}: {'holds' if holds else 'MISSED'} ({text})")

    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(Caller.at(number, replicas[number % len(replicas)].port))
            for number in range(callers)
        ]
        full_rate, full = await closed_loop(opened, max(seconds / 4, 5))
        # After it, so that what one caller meets is what all of them meet: as many open changes.
        one_rate, one = await closed_loop(opened[:1], max(seconds / 8, 3))
        rated = await at_rate(opened, full_rate / 2, seconds, lambda: sum(one.rss for one in replicas))
    half = rated.seen
    told(
        "p95 of a read at half the rate, against one caller's",
        p95(half.reads) / p95(one.reads),
        3,
        f"{p95(half.reads) * 1000:.0f} ms against {p95(one.reads) * 1000:.0f} ms, {len(half.reads)} reads",
    )
    told(
        "throughput at saturation, against one caller's and the cores",
        full_rate / one_rate / CORES,
        0.7,
        f"{full_rate:.1f} a second against {one_rate:.1f}, {CORES} cores",
        least=True,
    )
    told(
        "RSS at the end, against a quarter of the time",
        rated.late / rated.early,
        1.2,
        f"{rated.late:.0f} MiB against {rated.early:.0f}",
    )
    faults = [*one.faults, *full.faults, *half.faults]
    told("errors that are no stated limit", len(faults), 0, f"{faults[:1]}; limits {dict(full.refused + half.refused)}")
    committed = sum(seen.committed for seen in (one, full, half))
    tips = git(remote, "for-each-ref", "--format=%(refname)", "refs/heads/gitops-mcp/").split()
    there = int(git(remote, "rev-list", "--count", *tips, "^main")) if tips else 0
    told("changes that are lost", abs(committed - there), 0, f"{committed} answered, {there} on the remote")
    return results


def write_alone(folder: Path) -> Ratio:
    """The same write over HTTP and over stdio, each on a clone of its own."""
    with ExitStack() as stack:
        remotes = {}
        for transport in ("http", "stdio"):
            (folder / transport).mkdir()
            remotes[transport] = remote_with(folder / transport, 20)
        over_http = _http_write(stack.enter_context(replica(remotes["http"], folder / "http/cache")))
        clone = ("--repo", remotes["stdio"].as_uri(), "--cache-dir", str(folder / "stdio/cache"))
        stdio = stack.enter_context(Server([sys.executable, "-m", "gitops_mcp", *clone], **surroundings()))
        stdio.initialize()
        over_stdio = _stdio_write(stdio)
        for write in (over_http, over_stdio):
            write()
        return paired("a write over HTTP, against stdio", over_http, over_stdio, most=1.1)


def _http_write(server: Replica) -> Callable[[], Cost]:
    numbers = iter(range(1000))

    async def write() -> None:
        number = next(numbers)
        async with Caller.at(number % 20, server.port) as caller:
            caller.change, caller.instances = f"alone-{number}", 4 + number % 5
            seen = Seen()
            await caller.write(seen)
            assert seen.committed == 1, seen

    return lambda: timed(lambda: asyncio.run(write()), pid=server.child.pid)


def _stdio_write(server: Server) -> Callable[[], Cost]:
    numbers = iter(range(1000))

    def write() -> None:
        number = next(numbers)
        server.call(
            "scale_postgres_cluster", name=f"c-{number % 20}", instances=4 + number % 5, change=f"alone-{number}"
        )

    return lambda: timed(write, pid=server.child.pid)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--callers", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-http-") as name, ExitStack() as stack:
        folder = Path(name)
        results = [str(write_alone(folder))]
        print(results[0], flush=True)
        place = folder / "load"
        place.mkdir()
        remote = remote_with(place, given.callers)
        replicas = [stack.enter_context(replica(remote, place / f"cache-{number}")) for number in range(2)]
        results += asyncio.run(under_load(replicas, remote, callers=given.callers, seconds=given.seconds))
        print("\n".join(results[1:]), flush=True)
    return 1 if any("MISSED" in one for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
