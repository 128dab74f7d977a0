"""One writer at a time, nothing left behind, and what the dead left is swept."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.lock import hold_lock, remove_leftovers
from gitops_mcp.caller import CallEnd, Cancelled, call_until
from gitops_mcp.errors import Unavailable


class _Waiting(CallEnd):
    """The end of a call that tells when the call has begun to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.set()
        return super().wait(timeout)

    @contextmanager
    def waking(self, wake: object) -> Iterator[None]:
        self.waits.set()
        with super().waking(wake):  # type: ignore[arg-type]
            yield


class _InLine:
    """Threads that want the lock, each one started when the one before it waits."""

    def __init__(self, common: Path) -> None:
        self.common = common
        self.order: list[str] = []
        self.ends: dict[str, _Waiting] = {}
        self._threads: list[threading.Thread] = []

    def comes(self, name: str, **asked: bool) -> None:
        end = self.ends[name] = _Waiting()
        self._threads.append(threading.Thread(target=self._work, args=(name, end, asked)))
        self._threads[-1].start()
        assert end.waits.wait(30)

    def _work(self, name: str, end: CallEnd, asked: dict[str, bool]) -> None:
        try:
            with call_until(end), hold_lock(self.common, timeout=30, **asked):
                self.order.append(name)
        except Cancelled:
            self.order.append(f"{name} cancelled")

    def done(self) -> list[str]:
        for thread in self._threads:
            thread.join()
        return self.order


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


def test_writers_of_one_process_get_it_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    line = _InLine(tmp_path)
    names = [f"writer {number}" for number in range(12)]
    with hold_lock(tmp_path, timeout=1):
        for name in names:
            line.comes(name)

    assert line.done() == names
    assert list(tmp_path.iterdir()) == []


def test_none_of_many_writers_is_overtaken_again_and_again(tmp_path: Path) -> None:
    log: list[tuple[str, int]] = []

    def work(number: int) -> None:
        for _ in range(20):
            log.append(("comes", number))
            with hold_lock(tmp_path, timeout=60):
                log.append(("has it", number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    waits = [
        log.index(("has it", number), at) - at
        for at, (what, number) in enumerate(log)
        if what == "comes" and ("has it", number) in log[at:]
    ]
    # The other seven come and have it, and come anew; one more each where a thread had not come when it said so.
    assert max(waits) <= 32, waits


def test_a_fetch_lets_one_write_go_first_and_no_write_waits_for_two(tmp_path: Path) -> None:
    line = _InLine(tmp_path)
    with hold_lock(tmp_path, timeout=1):
        for number in range(3):
            line.comes(f"write {number}")
        for number in range(3):
            line.comes(f"fetch {number}", fetches=True)

    assert line.done() == ["fetch 0", "write 0", "fetch 1", "write 1", "fetch 2", "write 2"]


_BUSY = """
import sys, threading, time
from pathlib import Path
from gitops_mcp.adapters.git.lock import hold_lock

def work():
    while True:
        with hold_lock(Path(sys.argv[1]), timeout=60):
            print("has it", flush=True)
            time.sleep(0.03)

for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
sys.stdin.read()
"""
"""A process in which somebody always waits for the lock."""


def test_a_process_in_which_many_wait_lets_another_process_in(tmp_path: Path) -> None:
    common, printed = tmp_path / "git", tmp_path / "printed"
    common.mkdir()
    with printed.open("w") as out:
        busy = subprocess.Popen([sys.executable, "-c", _BUSY, str(common)], stdin=subprocess.PIPE, stdout=out)
    try:
        while not printed.stat().st_size:
            threading.Event().wait(0.001)
        overtaken = []
        for _ in range(10):
            before = printed.read_text().count("\n")
            with hold_lock(common, timeout=60):
                overtaken.append(printed.read_text().count("\n") - before)
    finally:
        busy.communicate()

    # The one at work, and one that has locked the second file already.
    assert max(overtaken) <= 2, overtaken


def test_what_a_killed_process_left_of_its_waiting_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "gitops-mcp").mkdir()
    (tmp_path / "gitops-mcp/next").touch()

    with hold_lock(tmp_path, timeout=1):
        pass

    assert list(tmp_path.iterdir()) == []


def test_who_is_cancelled_leaves_the_line_at_once_and_the_others_stay(tmp_path: Path) -> None:
    line = _InLine(tmp_path)
    with hold_lock(tmp_path, timeout=1):
        for name in ("one", "two", "three"):
            line.comes(name)
        line.ends["two"].set()
        while not line.order:
            threading.Event().wait(0.001)

    assert line.done() == ["two cancelled", "one", "three"]
    assert list(tmp_path.iterdir()) == []


def test_who_only_looks_for_leftovers_meets_no_fault_while_others_come_and_go(tmp_path: Path) -> None:
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            with hold_lock(tmp_path, timeout=60):
                pass

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(2000):
            remove_leftovers(tmp_path)
    finally:
        over.set()
        thread.join()
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
