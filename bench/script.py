"""A change against the shell script that a person would write for it, and the start of the server against a bare one.

The script fetches, checks a new branch out in a standing worktree, edits with sed, commits and pushes. Of both sides
the CPU time of all processes counts, summed over the calls: what else runs on the machine only adds to wall time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from gitrepo import CLUSTER, git, made
from measure import Cost, Ratio, cpu_of
from startup import BARE, OURS
from stdio import Server

CALLS = 20
SIZES = (100, 10_000)
LATER, FIRST, WITH_API, LISTED = 1.2, 4.0, 1.0, 1.08
_SCRIPT = """\
set -e
git fetch --quiet origin
git checkout --quiet -B "$1" origin/main
sed -i "s/instances: .*/instances: $2/" {path}
git add {path}
git commit --quiet --message "Scale orders-db to $2"
git push --quiet origin "$1"
"""
_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def measured() -> Iterator[Ratio | str]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder, _api(Path(folder)) as kubeconfig:
        for size in SIZES:
            yield from _changes(Path(folder) / str(size), size, kubeconfig)
    pairs = [(_listed(OURS), _listed([sys.executable, "-c", BARE])) for _ in range(CALLS)]
    ours, bare = (sum(side) for side in zip(*pairs, strict=True))
    yield _ratio("start to tools/list against a bare server", ours, bare, LISTED)


def _changes(folder: Path, size: int, kubeconfig: Path) -> Iterator[Ratio | str]:
    script, later, first, with_api = _in_turn(folder, size, str(kubeconfig))
    if size > SIZES[0]:
        ratios = [
            f"{cost / script:.2f} {name}"
            for cost, name in ((later, "later"), (first, "first"), (with_api, "first with an API"))
        ]
        yield f"{size:,} files: {', '.join(ratios)}"
        return
    yield _ratio(f"{size:,} files: a later change against a shell script", later, script, LATER)
    yield _ratio(f"{size:,} files: the first change against a shell script", first, script, FIRST)
    yield _ratio(f"{size:,} files: the first change with an API", with_api, script, first / script + WITH_API)


def _in_turn(folder: Path, size: int, kubeconfig: str) -> list[float]:
    """What each of the four ways took in all; they take turns, so that a slow minute of the machine meets all."""
    script, standing, first, with_api = (made(folder / name, size) for name in ("script", "later", "first", "with-api"))
    git(script, "checkout", "--quiet", "main")
    with _server(standing, os.devnull) as server:
        _scale(server, "warm", 9)
        ways: tuple[Callable[[int], float], ...] = (
            lambda number: _scripted(script, number),
            lambda number: _scaled(server, number),
            lambda number: _first(first, os.devnull, number),
            lambda number: _first(with_api, kubeconfig, number),
        )
        return [sum(taken) for taken in zip(*([way(number) for way in ways] for number in range(CALLS)), strict=True)]


def _ratio(name: str, ours: float, baseline: float, most: float) -> Ratio:
    return Ratio(name, Cost(ours, ours), Cost(baseline, baseline), most)


def _scripted(checkout: Path, number: int) -> float:
    command = ["sh", "-c", _SCRIPT.format(path=CLUSTER), "change", f"gitops-mcp/change-{number}", str(4 + number % 5)]
    before = cpu_of(None)
    subprocess.run(command, cwd=checkout, check=True, env=_ENVIRONMENT, capture_output=True)
    return cpu_of(None) - before


def _first(checkout: Path, kubeconfig: str, number: int) -> float:
    with _server(checkout, kubeconfig) as server:
        return _scaled(server, number)


def _scaled(server: Server, number: int) -> float:
    before = cpu_of(server.child.pid)
    _scale(server, f"change-{number}", 4 + number % 5)
    return cpu_of(server.child.pid) - before


def _server(checkout: Path, kubeconfig: str) -> Server:
    nobodys = {"KUBECONFIG": kubeconfig, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    server = Server([sys.executable, "-m", "gitops_mcp", "--repo", str(checkout)], **nobodys)
    server.initialize()
    return server


def _scale(server: Server, change: str, instances: int) -> None:
    result = server.call("scale_postgres_cluster", name="orders-db", instances=instances, change=change)
    assert result["structuredContent"]["outcome"] == "committed"


def _listed(command: list[str]) -> float:
    with Server(command) as server:
        server.initialize()
        server.request("tools/list", {})
        return cpu_of(server.child.pid)


class _NotFound(BaseHTTPRequestHandler):
    """An API that answers, and has nothing: what is measured is the way to it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps({"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}).encode()
        self.send_response(404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def _api(folder: Path) -> Iterator[Path]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _NotFound)
    Thread(target=server.serve_forever, daemon=True).start()
    place = folder / "kubeconfig"
    here = {
        "current-context": "here",
        "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "me", "user": {"token": "t"}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me", "namespace": "shop"}}],
    }
    place.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **here}))
    try:
        yield place
    finally:
        server.shutdown()
        server.server_close()
