"""From the start of the process to the replies of `initialize` and `tools/list`, against a bare server of the SDK."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from measure import PAIRS, Cost, Ratio, cpu_of, median, timed
from stdio import ENVIRONMENT, Server

BARE = """
from typing import Annotated
from mcp.server import MCPServer
from pydantic import Field
server = MCPServer("bare")
@server.tool()
def echo(text: Annotated[str, Field(description="What to say")]) -> str:
    "Say it again."
    return text
server.run("stdio")
"""
_LIST_MOST, _TOOL_MOST = 64_000, 2_900
OURS = [sys.executable, "-m", "gitops_mcp"]


def measured() -> Iterator[Ratio | str]:
    ours: list[tuple[Cost, Cost]] = []
    bare: list[tuple[Cost, Cost]] = []
    _started(OURS)  # compiles the bytecode
    for _ in range(PAIRS):
        ours.append(_started(OURS))
        bare.append(_started([sys.executable, "-c", BARE]))
    for index, name in enumerate(("initialize", "tools/list")):
        yield Ratio(
            f"start to {name}", median([one[index] for one in ours]), median([one[index] for one in bare]), 1.25
        )
    yield f"peak memory: {_peak(OURS) / _peak([sys.executable, '-c', BARE]):.2f} of the bare server's"
    with Server(OURS) as server:
        server.initialize()
        tools = server.request("tools/list", {})["tools"]
    sizes = [len(json.dumps(one, separators=(",", ":"), ensure_ascii=False).encode()) for one in tools]
    verdict = "holds" if sum(sizes) <= _LIST_MOST and max(sizes) <= _TOOL_MOST else "MISSED"
    yield (
        f"tools/list: {sum(sizes)} bytes for {len(tools)} tools, the largest {max(sizes)}, at most {_LIST_MOST} and "
        f"{_TOOL_MOST}: {verdict}"
    )


def _started(command: list[str]) -> tuple[Cost, Cost]:
    servers: list[Server] = []

    def start() -> None:
        server = Server(command)
        servers.append(server)
        server.initialize()

    first = timed(start)
    server = servers[0]
    ready = cpu_of(server.child.pid)
    second = timed(lambda: server.request("tools/list", {}))
    listed = cpu_of(server.child.pid)
    server.end()
    return Cost(first.wall, ready), Cost(first.wall + second.wall, listed)


def _peak(command: list[str]) -> int:
    """Peak resident memory of a server that has listed its tools, in the unit of getrusage."""
    measure = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); from stdio import ENVIRONMENT, Server; import json;"
        "server = Server(json.loads(sys.argv[2])); server.initialize(); server.request('tools/list', {}); server.end();"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    folder = str(Path(__file__).parent)
    ran = subprocess.run(
        [sys.executable, "-c", measure, folder, json.dumps(command)], capture_output=True, check=True, env=ENVIRONMENT
    )
    return int(ran.stdout)
