"""Whatever a person's checkout looks like, a change is published from it and nothing of it moves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.settings import GitSettings
from tests.adapters.git.conftest import CLUSTER, commit_all, git, snapshot, write
from tests.adapters.git.publishing import BRANCH, ORDERS, SCALED, alone, changed, content, listed, published

NEW = "clusters/prod/shop/new.yaml"


def _dirty(checkout: Path) -> Path:
    return checkout


def _in_a_merge(checkout: Path) -> Path:
    git(checkout, "reset", "--quiet", "--hard")
    git(checkout, "switch", "--quiet", "--create", "other")
    write(checkout / "README.md", "# Other\n")
    commit_all(checkout, "Other")
    git(checkout, "switch", "--quiet", "main")
    write(checkout / "README.md", "# Mine\n")
    git(checkout, "commit", "--quiet", "--all", "--message", "Mine")
    with pytest.raises(AssertionError, match="git merge other"):
        git(checkout, "merge", "other")
    assert (checkout / ".git/MERGE_HEAD").exists()
    return checkout


def _detached(checkout: Path) -> Path:
    git(checkout, "checkout", "--quiet", "--detach")
    return checkout


def _on_an_unborn_branch(checkout: Path) -> Path:
    git(checkout, "symbolic-ref", "HEAD", "refs/heads/not-yet")
    return checkout


def _in_a_sub_folder(checkout: Path) -> Path:
    return checkout / "clusters/prod"


def _in_a_linked_worktree(checkout: Path) -> Path:
    linked = checkout.parent / "linked"
    git(checkout, "worktree", "add", "--quiet", str(linked), "-b", "mine")
    write(linked / "README.md", "# Linked\n")
    return linked


def _clone(checkout: Path, *options: str) -> Path:
    there = checkout.parent / "clone"
    git(checkout.parent, "clone", "--quiet", *options, f"file://{checkout.parent}/remote.git", str(there))
    return there


def _bare(checkout: Path) -> Path:
    return _clone(checkout, "--bare")


def _mirror(checkout: Path) -> Path:
    return _clone(checkout, "--mirror")


def _sparse(checkout: Path) -> Path:
    there = _clone(checkout, "--sparse")
    assert not (there / "clusters").exists()
    return there


def _shallow(checkout: Path) -> Path:
    return _clone(checkout, "--depth=1")


def _blobless(checkout: Path) -> Path:
    return _clone(checkout, "--filter=blob:none", "--no-checkout")


def _treeless(checkout: Path) -> Path:
    return _clone(checkout, "--filter=tree:0", "--no-checkout")


KINDS = [
    _dirty,
    _in_a_merge,
    _detached,
    _on_an_unborn_branch,
    _in_a_sub_folder,
    _in_a_linked_worktree,
    _bare,
    _sparse,
    _shallow,
    _blobless,
    _treeless,
]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__.strip("_") for kind in KINDS])
@pytest.mark.few(4)
def test_a_change_is_pushed_and_the_checkout_stays_as_it_was(
    kind: Callable[[Path], Path], checkout: Path, remote: Path
) -> None:
    here = kind(checkout)
    top = here if kind is _bare else Path(git(here, "rev-parse", "--show-toplevel"))
    git(here, "gc", "--quiet")  # a packed repository, so that new files of git's are only those of this change
    before = snapshot(top)

    done = published(here, {ORDERS: SCALED, NEW: b"new: 1\n"})

    assert snapshot(top) == before
    assert git(remote, "rev-parse", BRANCH) == done.commit
    assert git(here, "rev-parse", f"refs/remotes/origin/{BRANCH}") == done.commit
    assert done.ref == f"refs/remotes/origin/{BRANCH}"
    assert git(here, "for-each-ref", f"refs/heads/{BRANCH}") == ""
    assert changed(remote, done) == ["1\t0\tclusters/prod/shop/new.yaml", f"1\t1\t{ORDERS}"]
    assert git(remote, "rev-parse", f"{done.commit}^") == git(remote, "rev-parse", "main")
    assert not (Path(git(here, "rev-parse", "--path-format=absolute", "--git-common-dir")) / "gitops-mcp").exists()
    git(remote, "fsck", "--strict")


@pytest.mark.parametrize("kind", [_in_a_linked_worktree, _bare, _sparse, _shallow, _blobless])
@pytest.mark.few(2)
def test_a_change_that_is_not_pushed_is_one_local_branch(kind: Callable[[Path], Path], checkout: Path) -> None:
    here = kind(checkout)
    git(here, "gc", "--quiet")
    before = snapshot(here)

    done = published(here, {ORDERS: SCALED}, settings=GitSettings(push="never"))

    assert git(here, "rev-parse", BRANCH) == done.commit
    assert (done.ref, done.pushed) == (f"refs/heads/{BRANCH}", False)
    git(here, "update-ref", "-d", f"refs/heads/{BRANCH}")
    assert snapshot(here) == before
    assert git(here, "for-each-ref", f"refs/remotes/origin/{BRANCH}") == ""


def test_a_mirror_pushes_the_one_branch_and_deletes_none(checkout: Path, remote: Path) -> None:
    here = _mirror(checkout)
    git(remote, "branch", "not-in-the-mirror", "main")

    done = published(here, {ORDERS: SCALED})

    assert git(remote, "for-each-ref", "--format=%(refname:short)").splitlines() == [
        BRANCH,
        "main",
        "not-in-the-mirror",
    ]
    assert git(remote, "rev-parse", BRANCH) == done.commit


def test_a_blobless_clone_fetches_nothing_but_what_the_change_needs(checkout: Path, author: Path) -> None:
    for number in range(20):
        write(author / f"clusters/prod/shop/other-{number}.yaml", f"n: {number}\n")
    commit_all(author, "More")
    git(author, "push", "--quiet", "origin", "main")
    here = _blobless(checkout)
    missing = _missing(here)
    assert len(missing) == 23

    done = published(here, {ORDERS: SCALED})

    # What the push makes its delta from.
    assert missing - _missing(here) == {git(author, "rev-parse", f"main:{ORDERS}")}
    assert content(here, done.commit, ORDERS) == SCALED


def _missing(clone: Path) -> set[str]:
    listed = git(clone, "rev-list", "--objects", "--missing=print", "main").splitlines()
    return {line.removeprefix("?") for line in listed if line.startswith("?")}


def test_a_repository_with_sha256_ids(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "here")
    here = tmp_path / "here"
    write(here / ORDERS, CLUSTER)
    commit_all(here, "Start")

    done = published(here, {ORDERS: SCALED, NEW: b"x\n"})

    assert len(done.commit) == 64
    assert listed(here, done.commit) == [NEW, ORDERS]
    git(here, "fsck", "--strict")


def test_the_commit_holds_nothing_that_is_only_in_the_index_or_the_working_files(checkout: Path) -> None:
    write(checkout / "staged.yaml", "staged\n")
    git(checkout, "add", "staged.yaml")

    done = published(checkout, {NEW: b"new: 1\n"})

    assert changed(checkout, done) == [f"1\t0\t{NEW}"]
    assert content(checkout, done.commit, ORDERS) == CLUSTER.encode()


def test_a_repository_that_was_cloned_with_a_separate_git_folder(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", f"--separate-git-dir={tmp_path / 'elsewhere'}", "here")
    here = tmp_path / "here"
    write(here / ORDERS, CLUSTER)
    commit_all(here, "Start")

    done = published(here, {ORDERS: SCALED})

    assert content(here, done.commit, ORDERS) == SCALED


def test_the_number_of_processes_and_objects_does_not_grow_with_the_repository(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here = alone(tmp_path, {f"folder-{number % 40}/sub-{number % 7}/{number}.yaml": "x\n" for number in range(2000)})
    caplog.set_level("DEBUG", "gitops_mcp.adapters.git.runner")
    caplog.clear()
    before = int(git(here, "count-objects").split()[0])

    published(here, {ORDERS: SCALED})

    ran = [record.getMessage().split(":")[0] for record in caplog.records]
    assert ran[-8:] == [
        "git worktree",
        "git config",
        "git check-attr",
        "git hash-object",
        "git mktree",
        "git commit-tree",
        "git update-ref",
        "git cat-file",
    ]
    assert int(git(here, "count-objects").split()[0]) == before + 6  # a blob, four trees and a commit
