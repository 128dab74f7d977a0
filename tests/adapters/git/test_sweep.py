"""What a writer leaves that was killed together with its git: found by what it had said it was about to write."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.lock import hold_lock, remove_leftovers
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from tests.adapters.git.conftest import git

OF_CHANGES = "refs/remotes/origin/gitops-mcp/*"


def _died(common: Path, *refs: str) -> None:
    folder = common / "gitops-mcp/4711-dead"
    folder.mkdir(parents=True)
    (folder / "refs").write_text("".join(f"{ref}\n" for ref in refs))


def _lock_file(common: Path, name: str, *, age: float = 60) -> Path:
    path = common / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (time.time() - age,) * 2)
    return path


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("refs/remotes/origin/main.lock", id="a ref that was named"),
        pytest.param("refs/remotes/origin/gitops-mcp/x.lock", id="one of those that start so"),
        pytest.param("refs/remotes/origin/gitops-mcp/team/x.lock", id="one deeper"),
        pytest.param("packed-refs.lock", id="the lock under which a ref is deleted"),
        pytest.param("packed-refs.new", id="what is written under it"),
        pytest.param("reftable/tables.list.lock", id="the one lock of a reftable"),
    ],
)
def test_what_a_killed_fetch_leaves_is_removed(name: str, tmp_path: Path) -> None:
    _died(tmp_path, "refs/remotes/origin/main", OF_CHANGES)
    left = _lock_file(tmp_path, name)

    with hold_lock(tmp_path, timeout=1):
        assert not left.exists()


@pytest.mark.parametrize(
    "name",
    [
        "refs/remotes/origin/mine.lock",
        "refs/remotes/origin/gitops-mcp.lock",
        "refs/heads/gitops-mcp/x.lock",
        "index.lock",
        "HEAD.lock",
        "config.lock",
    ],
)
def test_what_it_cannot_have_held_stays(name: str, tmp_path: Path) -> None:
    _died(tmp_path, "refs/remotes/origin/main", OF_CHANGES)
    theirs = _lock_file(tmp_path, name)

    with hold_lock(tmp_path, timeout=1):
        assert theirs.exists()


def test_who_died_before_it_wrote_any_ref_left_no_lock_of_git(tmp_path: Path) -> None:
    (tmp_path / "gitops-mcp/4711-dead/tree").mkdir(parents=True)
    theirs = _lock_file(tmp_path, "packed-refs.lock")

    with hold_lock(tmp_path, timeout=1):
        assert theirs.exists()


def test_a_fresh_lock_file_is_given_the_time_that_a_living_git_would_need(tmp_path: Path) -> None:
    _died(tmp_path, "refs/remotes/origin/main")
    fresh = _lock_file(tmp_path, "packed-refs.lock", age=0)
    written = fresh.stat().st_mtime

    with hold_lock(tmp_path, timeout=1):
        assert time.time() - written >= 1
        assert not fresh.exists()


def test_a_lock_file_of_the_future_is_not_waited_for_until_then(tmp_path: Path) -> None:
    _died(tmp_path, "refs/remotes/origin/main")
    _lock_file(tmp_path, "packed-refs.lock", age=-3600)
    started = time.monotonic()

    with hold_lock(tmp_path, timeout=1):
        assert not (tmp_path / "packed-refs.lock").exists()
    assert time.monotonic() - started < 60


def test_sweeping_without_a_lock_removes_what_the_dead_left(tmp_path: Path) -> None:
    _died(tmp_path, "refs/heads/gitops-mcp/x")

    remove_leftovers(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_sweeping_leaves_a_living_writer_alone(tmp_path: Path) -> None:
    with hold_lock(tmp_path, timeout=1) as lock:
        remove_leftovers(tmp_path)

        assert lock.work.is_dir()
        assert (tmp_path / "gitops-mcp/lock").is_file()


def test_sweeping_what_is_clean_writes_nothing(tmp_path: Path) -> None:
    before = tmp_path.stat().st_mtime_ns

    remove_leftovers(tmp_path)

    assert tmp_path.stat().st_mtime_ns == before


@pytest.mark.parametrize("fetch", [False, True])
def test_a_request_that_only_reads_sweeps_a_repository_without_a_remote(fetch: bool, author: Path) -> None:
    git(author, "remote", "remove", "origin")
    _died(author / ".git", "refs/heads/gitops-mcp/x")
    left = _lock_file(author / ".git", "refs/heads/gitops-mcp/x.lock")

    Repository.open(author).base(GitSettings(), fetch=fetch)

    assert not left.exists()
    assert not (author / ".git/gitops-mcp").exists()
