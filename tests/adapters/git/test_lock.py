"""One writer at a time, nothing left behind, and what the dead left is swept."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.lock import hold_lock
from gitops_mcp.errors import Unavailable


def test_the_lock_and_its_work_folder_are_gone_afterwards(tmp_path: Path) -> None:
    with hold_lock(tmp_path, timeout=1) as lock:
        (lock.work / "deep/er").mkdir(parents=True)
        (lock.work / "deep/er/file").write_text("x")
        assert lock.work.parent == tmp_path / "gitops-mcp"
        assert lock.work.stat().st_mode & 0o777 == 0o700

    assert list(tmp_path.iterdir()) == []


def test_it_is_released_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="on purpose"), hold_lock(tmp_path, timeout=1):
        raise RuntimeError("on purpose")

    assert list(tmp_path.iterdir()) == []


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    entered = threading.Event()
    order = []

    def second() -> None:
        entered.set()
        with hold_lock(tmp_path, timeout=30):
            order.append("second")

    thread = threading.Thread(target=second)
    with hold_lock(tmp_path, timeout=1):
        thread.start()
        entered.wait()
        order.append("first")
    thread.join()

    assert order == ["first", "second"]
    assert list(tmp_path.iterdir()) == []


def test_many_writers_never_meet(tmp_path: Path) -> None:
    inside: list[int] = []
    most = []

    def work(number: int) -> None:
        for _ in range(20):
            with hold_lock(tmp_path, timeout=60):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1] * 160
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_waits_too_long_gives_up_and_leaves_the_first_alone(tmp_path: Path) -> None:
    with hold_lock(tmp_path, timeout=1) as first:
        with pytest.raises(Unavailable, match=r"another gitops-mcp process has been working in .* for 0.05 s"):
            hold_lock(tmp_path, timeout=0.05).__enter__()

        assert first.work.is_dir()
        assert (tmp_path / "gitops-mcp/lock").is_file()


def test_a_child_that_inherits_it_still_holds_it_when_its_owner_is_gone(tmp_path: Path) -> None:
    with hold_lock(tmp_path, timeout=1) as lock:
        held = os.dup(lock.descriptor)
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[held])
        os.close(held)
        # As a kill leaves it: the file stays, and only the child has the descriptor.
        (tmp_path / "gitops-mcp/lock").rename(tmp_path / "kept")
    (tmp_path / "gitops-mcp").mkdir(exist_ok=True)
    (tmp_path / "kept").rename(tmp_path / "gitops-mcp/lock")
    with pytest.raises(Unavailable):
        hold_lock(tmp_path, timeout=0.05).__enter__()

    child.communicate()

    with hold_lock(tmp_path, timeout=5):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_the_dead_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    dead = tmp_path / "gitops-mcp/4711-dead"
    dead.mkdir(parents=True)
    (dead / "refs").write_text("refs/heads/gitops-mcp/x\nrefs/remotes/origin/gitops-mcp/y\n")
    (dead / "tree").mkdir()
    ours = tmp_path / "refs/heads/gitops-mcp/x.lock"
    theirs = tmp_path / "refs/heads/main.lock"
    for file in (ours, theirs):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    with hold_lock(tmp_path, timeout=1) as lock:
        assert sorted(entry.name for entry in lock.work.parent.iterdir()) == sorted(["lock", lock.work.name])

    assert not ours.exists()
    assert theirs.exists()
    assert not (tmp_path / "gitops-mcp").exists()


def test_refs_that_were_intended_and_written_are_nothing_to_sweep(tmp_path: Path) -> None:
    lock_file = tmp_path / "refs/heads/gitops-mcp/x.lock"
    lock_file.parent.mkdir(parents=True)
    with hold_lock(tmp_path, timeout=1) as lock:
        lock.intend("refs/heads/gitops-mcp/x")
    lock_file.touch()

    with hold_lock(tmp_path, timeout=1):
        pass

    assert lock_file.exists()


def test_a_git_folder_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"the git folder .*/gone is gone"):
        hold_lock(tmp_path / "gone", timeout=1).__enter__()


def test_a_git_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Unavailable, match="cannot write in"):
        hold_lock(tmp_path / "file", timeout=1).__enter__()
