"""Calls that ask the remote at the same time share its answers, and none sees less than it would alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.fetches import Fetches
from gitops_mcp.adapters.git.lock import hold_lock
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.adapters.git.turns import _LINES
from gitops_mcp.caller import CallEnd, Cancelled, call_until, wait_for
from gitops_mcp.errors import NotFound
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


def test_who_shares_a_fetch_sees_what_is_configured_when_it_asks(tmp_path: Path) -> None:
    team = Team.of(tmp_path / "team", {"a.yaml": "a: 1\n"})
    other = Team.of(tmp_path / "other", {"b.yaml": "b: 1\n"})
    repository = Repository.open(team.checkout)
    address = team.git(other.checkout, "config", "remote.origin.url").strip()
    with ThreadPoolExecutor(2) as pool:
        with hold_lock(repository.common_dir, timeout=1):
            first = pool.submit(repository.base, GitSettings(), fetch=True)
            _wait_until(lambda: _LINES[repository.common_dir / "gitops-mcp"]._fetches)
            team.git(team.checkout, "config", "remote.origin.url", address)
            second = pool.submit(repository.base, GitSettings(), fetch=True)
            _wait_until(lambda: repository.refs._fetches._coming[0].joined)
        assert second.result().url == first.result().url == address
        assert second.result().commit == other.branches()["main"]


def _wait_until(holds: Callable[[], object]) -> None:
    while not holds():
        threading.Event().wait(0.001)


class _Asking:
    """Calls that ask for what a fetch finds; the fetch goes on when it is let."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.fetches: Fetches[str] = Fetches()
        self.began: list[str] = []
        self.coming = threading.Event()
        self.may_begin = threading.Event()
        self._pool = pool

    def ask(self, name: str, end: CallEnd | None = None) -> Future[str]:
        def fetch(begins: Callable[[], bool]) -> str:
            self.coming.set()
            wait_for(self.may_begin)
            begins()
            self.began.append(name)
            if name == "refused":
                raise NotFound("no such branch")
            return f"what {name} found"

        def call() -> str:
            with call_until(end):
                return self.fetches.share("main", fetch)

        return self._pool.submit(call)

    def joined(self, count: int) -> None:
        _wait_until(lambda: len(self.fetches._coming[0].joined) == count)


def test_who_comes_before_a_fetch_begins_shares_it_and_who_comes_later_does_not() -> None:
    with ThreadPoolExecutor(8) as pool:
        asking = _Asking(pool)
        first = asking.ask("first")
        assert asking.coming.wait(30)
        others = [asking.ask(f"other {number}") for number in range(5)]
        asking.joined(5)
        asking.may_begin.set()

        assert [one.result() for one in (first, *others)] == ["what first found"] * 6
        assert asking.ask("later").result() == "what later found"
    assert asking.began == ["first", "later"]


def test_a_fault_is_shared_too() -> None:
    with ThreadPoolExecutor(8) as pool:
        asking = _Asking(pool)
        calls = [asking.ask("refused")]
        assert asking.coming.wait(30)
        calls += [asking.ask(f"other {number}") for number in range(5)]
        asking.joined(5)
        asking.may_begin.set()
        for call in calls:
            with pytest.raises(NotFound, match="no such branch"):
                call.result()
    assert asking.began == ["refused"]


def test_calls_whose_fetch_is_cancelled_share_another_one() -> None:
    end = CallEnd()
    with ThreadPoolExecutor(8) as pool:
        asking = _Asking(pool)
        first = asking.ask("first", end)
        assert asking.coming.wait(30)
        others = [asking.ask("other") for _ in range(5)]
        asking.joined(5)
        end.set()
        with pytest.raises(Cancelled):
            first.result()

        assert [one.result() for one in others] == ["what other found"] * 5
    assert "first" not in asking.began


def test_a_call_that_is_cancelled_while_it_shares_ends_and_the_fetch_goes_on() -> None:
    end = CallEnd()
    with ThreadPoolExecutor(8) as pool:
        asking = _Asking(pool)
        first = asking.ask("first")
        assert asking.coming.wait(30)
        other = asking.ask("other", end)
        asking.joined(1)
        end.set()
        with pytest.raises(Cancelled):
            other.result()
        asking.may_begin.set()

        assert first.result() == "what first found"
    assert asking.began == ["first"]
