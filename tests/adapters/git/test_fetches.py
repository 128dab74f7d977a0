"""Calls that ask the remote at the same time share its answers, and none sees less than it would alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from tests.e2e.team import Team


def test_many_that_ask_at_once_are_answered_by_few_fetches_that_began_later(tmp_path: Path) -> None:
    team = Team.of(tmp_path / "team", {"a.yaml": "a: 1\n"})
    counter, program = tmp_path / "fetches", tmp_path / "upload-pack"
    program.write_text(f'#!/bin/sh\necho >> {counter}\nexec git-upload-pack "$@"\n')
    program.chmod(0o755)
    team.git(team.checkout, "config", "remote.origin.uploadpack", str(program))
    repository = Repository.open(team.checkout)
    repository.base(GitSettings(), fetch=True)
    counter.unlink()
    barrier = threading.Barrier(24)

    def ask(_: int) -> tuple[bool, str]:
        barrier.wait()
        base = repository.base(GitSettings(), fetch=True)
        return base.fetched, base.commit

    with ThreadPoolExecutor(24) as pool:
        for turn in range(3):
            expected = team.commit({"a.yaml": f"a: {turn + 2}\n"})
            assert set(pool.map(ask, range(24))) == {(True, expected)}
    # Without sharing 72; of those that ask together some may come when the first fetch has begun.
    assert 3 <= len(counter.read_text().splitlines()) <= 15


def test_a_fetch_for_other_branches_is_not_shared(tmp_path: Path) -> None:
    team = Team.of(tmp_path / "team", {"a.yaml": "a: 1\n"})
    other = team.commit({"b.yaml": "b: 1\n"}, branch="other")
    repository = Repository.open(team.checkout)
    main = team.branches()["main"]
    with ThreadPoolExecutor(8) as pool:
        settings = [GitSettings(base=("main", "other")[number % 2]) for number in range(8)]
        found = list(pool.map(lambda one: repository.base(one, fetch=True), settings))
    assert [one.commit for one in found] == [main, other] * 4
    assert all(one.fetched for one in found)
