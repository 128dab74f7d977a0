"""What history costs: the first page of one cluster's against `git log -- its files`, and what long ones cost the rest.

Of a page each call of a standing server asks for another cluster, so that nothing is known of it; the baseline prints
the ids of all commits of the same file. A history with 1,000 merged changes stands beside one with a single one.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gitrepo import git, streamed
from measure import PAIRS, Cost, Ratio, median, paired, timed
from stdio import Server

FILES, COMMITS, ENTRIES, MERGED = 10_000, 20_000, 100, 1_000
PAGE, STATUS = 3.0, 1.2
_HOME = {"KUBECONFIG": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
_BY = "committer Bench <bench@example.com>"


def measured() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder:
        yield _first_pages(_repository(Path(folder) / "long", FILES, COMMITS))
        few, many = (_merged(Path(folder) / f"merged-{count}", count) for count in (1, MERGED))
        yield from _beside(few, many)


def _first_pages(checkout: Path) -> Ratio:
    with _server(checkout) as server:
        _history(server, PAIRS)
        numbers = iter(range(PAIRS))

        def ours() -> Cost:
            number = next(numbers)
            return timed(lambda: _history(server, number), pid=server.child.pid)

        def baseline() -> Cost:
            return timed(lambda: git(checkout, "log", "--format=%H", "origin/main", "--", _path(PAIRS)))

        name = f"{FILES:,} files, {COMMITS:,} commits: the first 20 of a cluster's history against git log"
        return paired(name, ours, baseline, most=PAGE)


def _beside(few: Path, many: Path) -> Iterator[Ratio]:
    for tool, asked in (("get_history", {"cluster_name": "db-0"}), ("get_cluster_status", {"cluster_name": "db-0"})):
        with _server(few) as one, _server(many) as other:
            pairs = [(_called(other, tool, asked), _called(one, tool, asked)) for _ in range(PAIRS * 3)]
        ours, baseline = (median([*side]) for side in zip(*pairs[1:], strict=True))
        yield Ratio(f"{tool} with {MERGED:,} merged changes in history against one", ours, baseline, STATUS)


def _called(server: Server, tool: str, asked: dict[str, str]) -> Cost:
    return timed(lambda: server.call(tool, **asked), pid=server.child.pid)


def _history(server: Server, number: int) -> None:
    answer = server.call("get_history", cluster_name=f"db-{number}")["structuredContent"]
    assert len(answer["items"]) == 20


def _server(checkout: Path) -> Server:
    server = Server([sys.executable, "-m", "gitops_mcp", "--repo", str(checkout)], **_HOME)
    server.initialize()
    return server


def _path(number: int) -> str:
    return f"clusters/prod/shop/db-{number}/cluster.yaml"


def _cluster(number: int, size: int) -> str:
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: db-{number}\n"
        f"spec:\n  instances: 3 # one in each zone\n  storage:\n    size: {size}Gi\n"
    )


def _deployment(number: int, version: int) -> tuple[str, str]:
    path = f"apps/team-{number // 1000:03}/app-{number // 10:05}/part-{number % 10}.yaml"
    return (
        path,
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: app-{number}}}\nspec: {{replicas: {version}}}\n",
    )


def _start(files: int) -> Iterator[tuple[str, str]]:
    listed = "".join(f"  - db-{number}/cluster.yaml\n" for number in range(PAIRS + 1))
    yield "clusters/prod/kustomization.yaml", "resources:\n  - shop\n"
    yield "clusters/prod/shop/kustomization.yaml", f"namespace: shop\nresources:\n{listed}"
    yield from ((_path(number), _cluster(number, 10)) for number in range(PAIRS + 1))
    yield from (_deployment(number, 1) for number in range(files))


def _repository(folder: Path, files: int, commits: int) -> Path:
    """Most commits roll an application out; each cluster has its own, spread over all of them."""
    checkout = streamed(folder, _start(files))
    every = commits // (ENTRIES * (PAIRS + 1))
    stream = []
    for number in range(commits):
        turn, rest = divmod(number, every)
        path, text = _deployment(number * 7919 % files, number)
        if not rest:
            path, text = _path(turn % (PAIRS + 1)), _cluster(turn % (PAIRS + 1), 11 + turn)
        stream.append(_commit("main", number, f"Change {number}", "" if number else _tip(checkout), path, text))
    return _streamed(checkout, stream)


def _merged(folder: Path, count: int) -> Path:
    """So many changes of other clusters, merged; the cluster that is asked for was changed before them."""
    checkout = streamed(folder, _start(100))
    tip = _tip(checkout)
    stream = [
        _commit("main", number, f"Size {number}", "" if number else tip, _path(0), _cluster(0, 20 + number))
        for number in range(30)
    ]
    for number in range(count):
        path, text = _path(1 + number % PAIRS), _cluster(1 + number % PAIRS, 11 + number)
        change = f"gitops-mcp/change-{number}"
        message = f"Size\n\nGitops-Mcp-Change: change-{number}\n"
        stream.append(_commit(change, 100 + 2 * number, message, "from refs/heads/main\n", path, text))
        stream.append(
            _commit(
                "main", 101 + 2 * number, f"Merge pull request #{number}", f"merge refs/heads/{change}\n", path, text
            )
        )
        stream.append(f"reset refs/heads/{change}\nfrom {'0' * 40}\n\n")
    return _streamed(checkout, stream)


def _tip(checkout: Path) -> str:
    return f"from {git(checkout, 'rev-parse', 'origin/main')}\n"


def _commit(branch: str, number: int, message: str, parents: str, path: str, text: str) -> str:
    return (
        f"commit refs/heads/{branch}\n{_BY} {1_700_001_000 + number * 60} +0000\ndata {len(message)}\n{message}\n"
        f"{parents}M 100644 inline {path}\ndata {len(text)}\n{text}\n"
    )


def _streamed(checkout: Path, stream: list[str]) -> Path:
    git(checkout.parent / "remote.git", "fast-import", "--quiet", given="".join(stream).encode())
    git(checkout, "fetch", "--quiet", "origin")
    return checkout
