"""Full disks, missing descriptors, floods of output and odd files of our own: a clear error, and nothing half done."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitops_mcp.adapters.git import objects, runner
from gitops_mcp.adapters.git.lock import hold_lock, remove_leftovers
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import Unavailable
from tests.adapters.git.conftest import git, program, snapshot, write
from tests.adapters.git.publishing import BRANCH, ORDERS, SCALED, alone, executable, published

_LIMITED = """
import os, pathlib, resource, sys
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import GitOpsError
from tests.adapters.git.publishing import SCALED, ORDERS, published
here, name, most = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
Repository.open(here)
resource.setrlimit(getattr(resource, name), (most, most))
try:
    published(here, {ORDERS: SCALED * 1000})
except GitOpsError as error:
    print(type(error).__name__, error)
"""


def limited(here: Path, name: str, most: int) -> str:
    """What publishing says in a process that may write files of so many bytes, or open so many."""
    top = Path(__file__).parents[3]
    command = [sys.executable, "-c", _LIMITED, str(here), name, str(most)]
    ran = subprocess.run(command, cwd=top, env=os.environ, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


@pytest.mark.parametrize("most", [0, 5, 100, 1000])
@pytest.mark.few(1)
def test_a_disk_that_takes_no_more_is_told_and_nothing_is_half_done(most: int, checkout: Path, remote: Path) -> None:
    executable(checkout / ".git/hooks/pre-commit", "exit 0")
    before = snapshot(checkout)

    said = limited(checkout, "RLIMIT_FSIZE", most)

    assert said.startswith("Unavailable ")
    assert "File too large" in said or "File size limit exceeded" in said
    assert snapshot(checkout) == before
    assert git(remote, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert published(checkout, {ORDERS: SCALED}).pushed


@pytest.mark.parametrize("free", [0, 1, 2, 3, 5, 7])
@pytest.mark.few(2)
def test_without_descriptors_it_is_told_and_nothing_is_half_done(free: int, checkout: Path, remote: Path) -> None:
    before = snapshot(checkout)

    said = limited(checkout, "RLIMIT_NOFILE", 3 + free)

    assert "Too many open files" in said
    assert snapshot(checkout) == before
    assert git(remote, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_what_git_prints_is_bounded_and_the_error_says_what_it_was_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = alone(tmp_path)
    program(tmp_path / "bin/git", "yes")
    monkeypatch.setattr(runner, "MOST_PRINTED", 2**20)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    started = time.monotonic()

    with pytest.raises(Unavailable) as failed:
        runner.Runner(here).run("ls-tree", "-r", "HEAD")

    assert str(failed.value) == (
        "git ls-tree (to list the files of a commit) printed more than 1 MiB and was ended: the repository holds more "
        "than can be looked through here"
    )
    assert time.monotonic() - started < 10


def test_of_complaints_the_first_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin/git", "echo first >&2; head -c 5000000 /dev/zero >&2; echo out; cat")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")

    ran = runner.Runner(tmp_path).run("x", input=b"given" * 100_000)

    assert ran.stderr.startswith("first\n")
    assert len(ran.stderr) == runner.MOST_SAID
    assert ran.text == "out\n" + "given" * 100_000


def test_an_object_that_is_too_large_to_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "LARGEST", 1000)
    here = alone(tmp_path, {"big.yaml": "x" * 1001})
    repository = Repository.open(here)
    tip = git(here, "rev-parse", "HEAD")

    with pytest.raises(Unavailable, match=r"blob [0-9a-f]{40} has 1001 bytes, and files and folders"):
        repository.read(tip, "big.yaml")

    assert repository.read(tip, ORDERS) is not None


@pytest.mark.parametrize("where", ["gitops-mcp", "gitops-mcp/lock", "gitops-mcp/base", "gitops-mcp/base/files"])
def test_a_link_that_leads_out_of_our_folder_is_refused(where: str, tmp_path: Path) -> None:
    here = alone(tmp_path)
    executable(here / ".git/hooks/pre-commit", "exit 0")
    outside = tmp_path / "outside"
    outside.mkdir()
    write(outside / "mine", "x")
    link = here / ".git" / where
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside / "new" if where.endswith("lock") else outside)

    with pytest.raises(Unavailable, match="symbolic link"):
        published(here, {ORDERS: SCALED})

    assert [path.name for path in outside.iterdir()] == ["mine"]
    assert git(here, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_link_among_what_the_dead_left_is_removed_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    write(outside / "mine", "x")
    write(outside / "refs", "refs/heads/main\n")
    theirs = tmp_path / "refs/heads/main.lock"
    write(theirs, "")
    os.utime(theirs, (0, 0))
    (tmp_path / "gitops-mcp").mkdir()
    (tmp_path / "gitops-mcp/4711-dead").symlink_to(outside)

    with hold_lock(tmp_path, timeout=1):
        pass

    assert sorted(path.name for path in outside.iterdir()) == ["mine", "refs"]
    assert theirs.exists()
    assert not (tmp_path / "gitops-mcp").exists()


@pytest.mark.parametrize("kind", ["a pipe", "a link to a pipe", "a folder"])
def test_an_odd_file_of_what_was_seen_hinders_nobody(kind: str, tmp_path: Path) -> None:
    here = alone(tmp_path)
    path = here / ".git/gitops-mcp-seen.json"
    match kind:
        case "a pipe":
            os.mkfifo(path)
        case "a link to a pipe":
            os.mkfifo(tmp_path / "pipe")
            path.symlink_to(tmp_path / "pipe")
        case _:
            path.mkdir()

    published(here, {ORDERS: SCALED})

    base = Repository.open(here).base(GitSettings(), fetch=True)
    assert [change.branch for change in base.changes] == [BRANCH]


def test_the_lock_of_another_gits_fetch_into_a_shallow_clone_stays(tmp_path: Path) -> None:
    write(
        tmp_path / "gitops-mcp/4711-dead/refs", "refs/remotes/origin/main\n../../outside\n/etc/x\nrefs/../../outside\n"
    )
    theirs = tmp_path / "shallow.lock"
    write(theirs, "")
    os.utime(theirs, (0, 0))

    remove_leftovers(tmp_path)

    assert theirs.exists()


def test_a_note_of_the_dead_names_no_lock_outside_of_refs(tmp_path: Path) -> None:
    common = tmp_path / "a/b/git"
    write(common / "gitops-mcp/4711-dead/refs", "../../outside\nrefs/../../outside\nconfig\n")
    theirs = [tmp_path / "a/outside.lock", tmp_path / "a/b/outside.lock", common / "config.lock"]
    for path in theirs:
        write(path, "")
        os.utime(path, (0, 0))

    remove_leftovers(common)

    assert [path.exists() for path in theirs] == [True, True, True]
