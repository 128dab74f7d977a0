"""A later change where the user has commit hooks, which run in a kept checkout of the base that moves by difference."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from gitrepo import made, with_files
from measure import PAIRS, Cost, Ratio, median, timed
from scaling import scale, served

SIZES = (100, 10_000)
MOST = 1.5


def measured() -> Iterator[Ratio | str]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder:
        small, large = (_later(made(Path(folder) / str(size), size)) for size in SIZES)
    yield Ratio("later change with hooks at 10,000 files against the same at 100", large, small, MOST)


def _later(checkout: Path) -> Cost:
    """Of a change on a base that has moved since the last one; the hook itself does nothing."""
    hook = checkout / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n")
    hook.chmod(0o755)
    costs = []
    with served(checkout) as server:
        scale(server, "warm", 9)
        for number in range(PAIRS):
            with_files(checkout, {f"apps/new-{number}.yaml": "a: 1\n"})
            costs.append(timed(lambda: scale(server, f"change-{number}", 4 + number % 5), pid=server.child.pid))  # noqa: B023 - called at once
    return median(costs)
