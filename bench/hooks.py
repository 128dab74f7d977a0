"""A later change where the user has commit hooks, which run in a kept checkout of the base that moves by difference."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gitrepo import made, with_files
from measure import Cost, Ratio, paired, timed
from scaling import scale, served
from stdio import Server

SIZES = (100, 10_000)
MOST = 1.5


def measured() -> Iterator[Ratio | str]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder, ExitStack() as stack:
        small, large = (_Later.prepared(made(Path(folder) / str(size), size), stack) for size in SIZES)
        name = f"later change with hooks at {SIZES[1]:,} files against the same at {SIZES[0]}"
        yield paired(name, large.change, small.change, most=MOST)


@dataclass
class _Later:
    """Changes on a base that has moved since the last one; the hook itself does nothing."""

    checkout: Path
    server: Server
    made: int = 0

    @classmethod
    def prepared(cls, checkout: Path, stack: ExitStack) -> _Later:
        hook = checkout / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\nexit 0\n")
        hook.chmod(0o755)
        later = cls(checkout, stack.enter_context(served(checkout)))
        later.change()
        return later

    def change(self) -> Cost:
        number = self.made
        self.made += 1
        with_files(self.checkout, {f"apps/new-{number}.yaml": "a: 1\n"})
        asked = partial(scale, self.server, f"change-{number}", 4 + number % 5)
        return timed(asked, pid=self.server.child.pid)
