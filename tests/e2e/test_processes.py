"""How many git processes a change starts, counted by a git on PATH that notes each of its starts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.adapters.git.conftest import git, program
from tests.e2e.wire import Wire

pytest_plugins = ("tests.adapters.git.conftest",)


@dataclass(frozen=True)
class Counted:
    server: Wire
    log: Path

    def scaled(self, change: str, instances: int) -> tuple[int, list[str]]:
        """The processes of one request, and the ids of its warnings about other changes."""
        self.log.write_text("")
        answer = self.server.answer(
            "scale_postgres_cluster", name="orders", namespace="shop", instances=instances, change=change
        )
        assert answer["outcome"] == "committed"
        started = self.log.read_text().splitlines()
        assert started[-1].endswith(" push"), "what is counted is the whole of it"
        return len(started), [one["id"] for one in answer["warnings"] if one["id"] == "overlapping-change"]

    def discarded(self, change: str) -> None:
        self.server.answer("discard_change", change=change, confirm_deletion=True)


@pytest.fixture
def counted(checkout: Path, tmp_path: Path) -> Iterator[Counted]:
    """A server without an API, on a clone without hooks that does not know the HEAD of its remote."""
    shutil.rmtree(checkout / ".git/hooks")
    git(checkout, "remote", "set-head", "origin", "--delete")
    log = tmp_path / "started"
    program(
        tmp_path / "bin/git",
        f'for word; do case $word in push) echo "git push" >> {log}; break;; version|rev-parse|config|for-each-ref'
        f'|*) ;; esac; done\nexec {shutil.which("git")} "$@"',
    )
    program(tmp_path / "bin/git", f'echo $* >> {log}\nexec {shutil.which("git")} "$@"')
    env = {**os.environ, "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    with Wire(checkout, env=env, log=tmp_path / "log") as server:
        yield Counted(server, log)


def test_a_change_starts_as_few_git_processes_as_it_can(counted: Counted, author: Path) -> None:
    assert counted.scaled("first", 5) == (18, [])
    counted.discarded("first")
    assert counted.scaled("later", 6) == (9, [])
    assert counted.scaled("later", 7) == (11, []), "its own commit is looked at"
    counted.discarded("later")
