"""A scale request against the raw git commands of the same commit, in repositories of growing size."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gitrepo import CLUSTER, git, made
from measure import PAIRS, Cost, Ratio, median, timed
from stdio import Server

SIZES = (100, 10_000, 100_000)


def measured() -> Iterator[Ratio | str]:
    later: dict[int, Cost] = {}
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder:
        for size in SIZES:
            checkout = made(Path(folder) / str(size), size)
            first, fresh, ours, raw, grep = _measured(checkout)
            later[size] = ours
            baseline = Cost(grep.wall + raw.wall, grep.cpu + raw.cpu)
            name = f"{size:,} files: first request, libraries loaded, against git grep and the raw commands"
            yield Ratio(name, first, baseline, 2.5) if size > SIZES[0] else f"{name}: {first.wall / baseline.wall:.2f}"
            yield f"{size:,} files: the same with the libraries to load: {fresh.wall / baseline.wall:.2f}"
            yield Ratio(f"{size:,} files: later request against the raw git commands", ours, raw, 2.5)
    yield Ratio("later request at 100,000 files against the same at 100", later[100_000], later[100], 3.0)


def _measured(checkout: Path) -> tuple[Cost, Cost, Cost, Cost, Cost]:
    firsts, freshes, greps = [], [], []
    for number in range(5):
        with served(checkout) as server:
            # Loads the libraries and fetches, and looks at no manifest.
            server.call("list_changes")
            pid = server.child.pid
            firsts.append(timed(lambda: scale(server, "first", 5 + number % 2), pid=pid))  # noqa: B023 - called at once
        with served(checkout) as server:
            pid = server.child.pid
            freshes.append(timed(lambda: scale(server, "fresh", 5 + number % 2), pid=pid))  # noqa: B023 - called at once
        greps.append(timed(lambda: git(checkout, "grep", "-lF", "postgresql.cnpg.io/", "origin/main", "--", ".")))
    ours, raw = [], []
    tip = git(checkout, "rev-parse", "origin/main")
    with served(checkout) as server:
        pid = server.child.pid
        scale(server, "warm", 9)
        for number in range(PAIRS):
            ours.append(timed(lambda: scale(server, "warm", 4 + number % 5), pid=pid))  # noqa: B023 - called at once
            tips: list[str] = []
            raw.append(timed(lambda: tips.append(_raw(checkout, tip, 4 + number % 5))))  # noqa: B023 - called at once
            tip = tips[0]
    return median(firsts), median(freshes), median(ours), median(raw), median(greps)


def served(checkout: Path) -> Server:
    nobodys = {"KUBECONFIG": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    server = Server([sys.executable, "-m", "gitops_mcp", "--repo", str(checkout)], **nobodys)
    server.initialize()
    return server


def scale(server: Server, change: str, instances: int) -> None:
    result = server.call("scale_postgres_cluster", name="orders-db", instances=instances, change=change)
    assert result["structuredContent"]["outcome"] == "committed"


def _raw(checkout: Path, tip: str, instances: int) -> str:
    """The commands that make the same commit and push it: no check, no lock, no attributes."""
    git(checkout, "fetch", "--quiet", "--no-tags", "origin", "+refs/heads/main:refs/remotes/origin/main")
    parts = CLUSTER.split("/")
    folders = ["/".join(parts[:depth]) for depth in range(len(parts))]
    listings = [git(checkout, "ls-tree", "-z", f"{tip}:{folder}") for folder in folders]
    old = git(checkout, "cat-file", "blob", f"{tip}:{CLUSTER}") + "\n"
    new = "\n".join(
        f"  instances: {instances} # one in each zone" if "instances:" in line else line for line in old.split("\n")
    )
    made_id = git(checkout, "hash-object", "-w", "--stdin", given=new.encode())
    for depth in range(len(parts) - 1, -1, -1):
        made_id = _tree(checkout, listings[depth], parts[depth], made_id)
    commit = git(checkout, "commit-tree", made_id, "-p", tip, "-m", f"Scale to {instances}")
    git(checkout, "push", "--quiet", "origin", f"{commit}:refs/heads/raw")
    return commit


def _tree(checkout: Path, listing: str, name: str, made_id: str) -> str:
    lines = []
    for entry in listing.split("\0"):
        head, _, base = entry.partition("\t")
        if base == name:
            mode, kind, _ = head.split()
            head = f"{mode} {kind} {made_id}"
        lines.append(f"{head}\t{base}\0" if base else "")
    return git(checkout, "mktree", "-z", given="".join(lines).encode())
