"""A clone that the server keeps for itself: whole or not there, whatever happens to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.managed_clone import ManagedClone
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.errors import GitOpsError, Refused, Unavailable
from tests.e2e.team import Team

LARGE = b"\0large" * 400_000


@pytest.fixture
def team(tmp_path: Path) -> Team:
    made = Team.of(tmp_path / "team", {"db.yaml": "kind: Cluster\n", "dump.bin": LARGE})
    made.git(made.remote, "config", "uploadpack.allowFilter", "true")
    made.git(made.remote, "config", "uploadpack.allowAnySHA1InWant", "true")
    return made


def kept(team: Team, cache: Path, **more: int) -> ManagedClone:
    return ManagedClone(team.remote.as_uri(), cache, **more)


def names(cache: Path) -> list[str]:
    return sorted(one.name.partition("-")[0] + "".join(one.suffixes) for one in cache.iterdir())


def test_it_has_all_files_but_large_ones_which_come_when_they_are_read(team: Team, tmp_path: Path) -> None:
    folder = kept(team, tmp_path / "cache").folder()
    assert names(tmp_path / "cache") == ["remote", "remote.lock"]
    assert sorted(one.name for one in folder.iterdir()) == [".git"]
    assert _missing(team, folder) == [f"?{team.git(team.remote, 'rev-parse', 'main:dump.bin')}"]
    repository = Repository.open(folder)
    found = repository.read_many(team.branches()["main"], ["db.yaml", "dump.bin"])
    assert (found["db.yaml"].data, found["dump.bin"].data) == (b"kind: Cluster\n", LARGE)


def test_it_is_kept_for_the_next_process_and_for_another_one_at_the_same_time(team: Team, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        clones = [kept(team, tmp_path / "cache") for _ in range(4)]
        folders = list(pool.map(lambda one: one.folder(), clones))
    assert len(set(folders)) == 1
    inode = (folders[0] / ".git/HEAD").stat().st_ino
    assert (kept(team, tmp_path / "cache").folder() / ".git/HEAD").stat().st_ino == inode


def _truncated(folder: Path) -> None:
    for pack in (folder / ".git/objects/pack").glob("*.pack"):
        pack.chmod(0o600)
        os.truncate(pack, pack.stat().st_size // 2)


def _flipped(folder: Path) -> None:
    for pack in (folder / ".git/objects/pack").glob("*.pack"):
        pack.chmod(0o600)
        data = bytearray(pack.read_bytes())
        data[len(data) // 2] ^= 0xFF
        pack.write_bytes(data)


def _replaced_by_a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("")


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(_truncated, id="half of its objects", marks=pytest.mark.thorough),
        pytest.param(_flipped, id="a bit of an object"),
        pytest.param(lambda folder: shutil.rmtree(folder / ".git/objects"), id="no objects"),
        pytest.param(lambda folder: (folder / ".git/HEAD").unlink(), id="no HEAD", marks=pytest.mark.thorough),
        pytest.param(
            lambda folder: (folder / ".git/HEAD").write_bytes(b"\0" * 40),
            id="HEAD of zeros",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            lambda folder: (folder / ".git/config").write_text("[broken"),
            id="configuration",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            lambda folder: (folder / ".git/packed-refs").write_text("x" * 100), id="refs", marks=pytest.mark.thorough
        ),
        pytest.param(shutil.rmtree, id="not there", marks=pytest.mark.thorough),
        pytest.param(_replaced_by_a_file, id="a file"),
    ],
)
def test_one_that_is_broken_is_made_anew_as_a_whole(
    team: Team, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    cache = tmp_path / "cache"
    running = kept(team, cache)
    spoil(running.folder())
    folder = kept(team, cache).folder()
    team.git(folder, "fsck", "--no-dangling")
    assert Repository.open(folder).read(team.branches()["main"], "db.yaml") is not None
    assert names(cache) == ["remote", "remote.lock"]


def test_what_many_fetches_leave_is_packed_beside_the_calls(team: Team, tmp_path: Path) -> None:
    clone = kept(team, tmp_path / "cache")
    folder = clone.folder()
    for number in range(40):
        commit = team.git(team.remote, "commit-tree", "-p", "main", "-m", f"Number {number}", "main^{tree}")
        team.git(folder, "fetch", "--quiet", "--refmap=", "origin", f"{commit}:refs/remotes/origin/b-{number}")
    assert _packs(folder) == 41
    before = team.git(folder, "for-each-ref")

    assert clone.folder() == folder
    wait_until(lambda: _packs(folder) == 1)
    assert team.git(folder, "for-each-ref") == before
    team.git(folder, "fsck", "--no-dangling")
    assert _missing(team, folder) == [f"?{team.git(team.remote, 'rev-parse', 'main:dump.bin')}"]


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it never came about"
        threading.Event().wait(0.01)


def _packs(folder: Path) -> int:
    return len(list((folder / ".git/objects/pack").glob("*.pack")))


def _missing(team: Team, folder: Path) -> list[str]:
    listed = team.git(folder, "rev-list", "--objects", "--missing=print", "--all").splitlines()
    return [line for line in listed if line.startswith("?")]


def test_a_half_made_one_of_a_dead_process_goes(team: Team, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folder = kept(team, cache).folder()
    folder.rename(f"{folder}.new-1")
    assert kept(team, cache).folder() == folder
    assert names(cache) == ["remote", "remote.lock"]


def test_a_repository_above_the_bound_is_not_kept(team: Team, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="more than 0 MiB without its large files"):
        kept(team, tmp_path / "cache", most_bytes=1000).folder()
    assert names(tmp_path / "cache") == ["remote.lock"]


def test_a_remote_that_is_not_there_leaves_nothing(team: Team, tmp_path: Path) -> None:
    clone = ManagedClone((tmp_path / "nowhere.git").as_uri(), tmp_path / "cache")
    with pytest.raises(GitOpsError, match="the clone of the repository that --repo names failed"):
        clone.folder()
    assert names(tmp_path / "cache") == ["nowhere.lock"]


def test_a_place_that_cannot_be_written_is_named(team: Team, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=r"/file/cache cannot be written \(Not a directory\): name another folder"):
        kept(team, tmp_path / "file/cache").folder()


FULL = """
import sys
from pathlib import Path
from gitops_mcp.adapters.git.managed_clone import ManagedClone
from gitops_mcp.errors import GitOpsError
try:
    ManagedClone(sys.argv[1], Path(sys.argv[2])).folder()
except GitOpsError as error:
    print(error)
print(sorted(one.name for one in Path(sys.argv[2]).iterdir()))
"""


def test_a_full_disk_is_told_and_nothing_half_is_left(team: Team, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    team.commit({f"many/{number}.bin": os.urandom(100_000) for number in range(20)})
    mount = (
        f"mount -t tmpfs -o size=1m tmpfs {cache} && exec {sys.executable} -c '{FULL}' {team.remote.as_uri()} {cache}"
    )
    ran = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount],
        env={**team.environment, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        pytest.skip(f"this machine gives nobody a disk of their own: {ran.stderr}")
    error, left = ran.stdout.splitlines()
    assert error == f"the disk of {cache} is full: make room there, or name another folder with --cache-dir"
    assert [one for one in eval(left) if not one.endswith(".lock")] == []  # noqa: S307 - it is printed above
