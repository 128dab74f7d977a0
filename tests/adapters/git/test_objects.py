"""One process answers about the objects of a call: when it starts, what it may take, and when it ends."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.errors import Unavailable
from tests.adapters.git.conftest import CLUSTER, commit_all, git, program, write

ORDERS = "clusters/prod/shop/orders.yaml"


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git that runs `cat-file.sh` in its place and leaves its process id; the folder of both."""
    folder = tmp_path / "bin"
    real = shutil.which("git")
    program(
        folder / "git",
        f'case " $* " in *" cat-file "*) echo $$ >> {folder}/pids; . {folder}/cat-file.sh;; esac\nexec {real} "$@"',
    )
    write(folder / "cat-file.sh", "")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def _started(stand_in: Path) -> list[int]:
    return [int(line) for line in (stand_in / "pids").read_text().splitlines()]


def _is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_call_asks_one_process_which_ends_with_it(checkout: Path, stand_in: Path) -> None:
    repository, commit = Repository.open(checkout), git(checkout, "rev-parse", "origin/main")
    with repository.calls.one():
        assert repository.read(commit, ORDERS)
        assert repository.read(commit, "README.md")
        assert repository.changed_files(commit, git(checkout, "rev-parse", "stash")) == ("README.md",)
        (process,) = _started(stand_in)
        assert not _is_gone(process)
    assert _is_gone(process)


def test_it_ends_with_a_call_that_fails(checkout: Path, stand_in: Path) -> None:
    repository, commit = Repository.open(checkout), git(checkout, "rev-parse", "origin/main")
    with pytest.raises(Unavailable, match=r"f{40} is not in"), repository.calls.one():
        repository.files.tops([commit, "f" * 40])
    (process,) = _started(stand_in)
    assert _is_gone(process)


def test_one_that_does_not_answer_is_ended_after_the_time_out(checkout: Path, stand_in: Path) -> None:
    write(stand_in / "cat-file.sh", "exec sleep 600\n")
    repository, commit = Repository.open(checkout, timeout=0.2), git(checkout, "rev-parse", "origin/main")
    with repository.calls.one():
        with pytest.raises(Unavailable, match=r"git cat-file did not end within 0\.2 s and was ended"):
            repository.read(commit, ORDERS)
        (process,) = _started(stand_in)
        assert _is_gone(process)


def test_after_one_that_died_the_call_goes_on_with_another(checkout: Path, stand_in: Path) -> None:
    write(stand_in / "cat-file.sh", "echo fatal: out of memory >&2\nexit 128\n")
    repository, commit = Repository.open(checkout), git(checkout, "rev-parse", "origin/main")
    with repository.calls.one():
        with pytest.raises(Unavailable, match=r"git cat-file failed \(128\): fatal: out of memory"):
            repository.read(commit, ORDERS)
        write(stand_in / "cat-file.sh", "")
        assert repository.read(commit, ORDERS)
    assert len(_started(stand_in)) == 2
    assert all(_is_gone(process) for process in _started(stand_in))


def test_what_is_committed_and_packed_meanwhile_is_found(checkout: Path) -> None:
    repository, commit = Repository.open(checkout), git(checkout, "rev-parse", "origin/main")
    with repository.calls.one():
        repository.read(commit, ORDERS)
        write(checkout / "new.txt", "new\n")
        later = commit_all(checkout, "New")
        git(checkout, "gc", "--quiet", "--prune=now")
        file = repository.read(later, "new.txt")
    assert file
    assert file.data == b"new\n"


def test_many_objects_and_large_ones_come_whole(checkout: Path) -> None:
    large = {f"large/{number}.txt": f"{number}\n{CLUSTER}\n" * 20_000 for number in range(3)}
    small = {f"small/{number}.txt": f"{number}" for number in range(300)}
    for path, text in (large | small).items():
        write(checkout / path, text)
    commit = commit_all(checkout, "Many")
    files = Repository.open(checkout).read_many(commit, [*large, *small])
    assert {path: file.data.decode() for path, file in files.items()} == large | small
