"""`list_changes` of 100 changes against one: what is the same for all of them is asked, read and built once.

Each side is the first call of a server that has just been started, with all that it loads.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gitrepo import git, streamed
from measure import Cost, Ratio, median, timed
from modelling import DATABASES, FILES, database, files
from stdio import Server

CHANGES = 100
TIMES = 5
OPEN, MERGED = 3.0, 2.0


def measured() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder:
        for state, most in (("open", OPEN), ("merged", MERGED)):
            one, many = (_repository(Path(folder) / f"{state}-{count}", state, count) for count in (1, CHANGES))
            pairs = [(_listed(many, state, CHANGES), _listed(one, state, 1)) for _ in range(TIMES)]
            ours, baseline = (median([*side]) for side in zip(*pairs, strict=True))
            name = f"{FILES:,} files: list_changes with {CHANGES} {state} changes against one"
            yield Ratio(name, ours, baseline, most, cpu_only=True)


def _listed(checkout: Path, state: str, count: int) -> Cost:
    """The first call on a clone that has never seen a change, and knows the base."""
    (checkout / ".git/gitops-mcp-seen.json").unlink(missing_ok=True)
    nobodys = {"KUBECONFIG": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    with Server([sys.executable, "-m", "gitops_mcp", "--repo", str(checkout)], **nobodys) as server:
        server.initialize()
        listed: list[int] = []

        def call() -> None:
            listed.append(server.call("list_changes", state=state)["structuredContent"]["total"])

        cost = timed(call, pid=server.child.pid)
    assert listed == [count]
    return cost


def _repository(folder: Path, state: str, count: int) -> Path:
    """One with so many changes, which all left the base at its first commit; merged ones by merge commits."""
    checkout = streamed(folder, files())
    tip = git(checkout, "rev-parse", "origin/main")
    stream = [change_commit(tip, number) for number in range(count)]
    if state == "merged":
        stream += [merge_commit(tip, number, first=number == 0) for number in range(count)]
    git(folder / "remote.git", "fast-import", "--quiet", given="".join(stream).encode())
    return checkout


def change_commit(tip: str, number: int, name: str = "change", instances: int = 5) -> str:
    message = f"Scale db-{number}\n\nGitops-Mcp-Change: {name}-{number}\n"
    return _commit(
        f"gitops-mcp/{name}-{number}", 1_700_000_100 + 100 * number, message, f"from {tip}\n", number, instances
    )


def merge_commit(tip: str, number: int, *, first: bool, name: str = "change") -> str:
    above = f"from {tip}\n" if first else ""
    merge = f"merge refs/heads/gitops-mcp/{name}-{number}\n"
    return _commit("main", 1_700_000_150 + 100 * number, f"Merge {number}\n", above + merge, number)


def _commit(branch: str, when: int, message: str, parents: str, number: int, instances: int = 5) -> str:
    path, text = database(number % DATABASES, instances)
    return (
        f"commit refs/heads/{branch}\ncommitter Bench <bench@example.com> {when} +0000\n"
        f"data {len(message)}\n{message}{parents}M 100644 inline {path}\ndata {len(text)}\n{text}\n"
    )
