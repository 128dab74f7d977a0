"""Finding the repository, whatever kind it is, and saying what is wrong when there is none to work with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import InvalidRequest, Unavailable
from tests.adapters.git.conftest import CLUSTER, commit_all, git, program, snapshot, write

FOLDER = "clusters/prod"


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Puts a program named git before the real one; `$GIT` in it is the real one."""
    real = shutil.which("git")
    assert real
    program(folder / "git", f"GIT={real}\n{script}")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def declares_orders(repository: Repository) -> bool:
    base = repository.base(GitSettings(), fetch=True)
    return f"{FOLDER}/shop/orders.yaml" in repository.snapshot(base.commit).texts


def test_the_base_is_the_remotes_as_just_fetched_and_the_checkout_does_not_move(checkout: Path, author: Path) -> None:
    write(author / "new.txt", "new\n")
    newest = commit_all(author, "Add new.txt")
    git(author, "push", "--quiet", "origin", "main", "main:gitops-mcp/one", "main:gitops-mcp/Not_A_Change")
    before = snapshot(checkout)

    base = Repository.open(checkout).base(GitSettings(), fetch=True)

    assert (base.branch, base.remote, base.ref) == ("main", "origin", "refs/remotes/origin/main")
    assert (base.commit, base.fetched, base.warning, dict(base.closed)) == (newest, True, None, {})
    assert base.pushes
    assert [(change.name, change.branch, change.tip, change.ref) for change in base.changes] == [
        ("one", "gitops-mcp/one", newest, "refs/remotes/origin/gitops-mcp/one")
    ]
    assert snapshot(checkout) == before


def test_a_sub_folder_finds_its_repository(checkout: Path) -> None:
    before = snapshot(checkout)
    repository = Repository.open(checkout / FOLDER / "shop")
    assert repository.root == checkout
    assert repository.common_dir == checkout / ".git"
    assert declares_orders(repository)
    assert snapshot(checkout) == before


def test_a_linked_worktree_is_a_repository_and_shares_the_git_folder(checkout: Path) -> None:
    linked = checkout.parent / "linked"
    git(checkout, "worktree", "add", "--quiet", "-b", "elsewhere", str(linked))
    before = snapshot(checkout), snapshot(linked)
    repository = Repository.open(linked / "clusters")
    assert (repository.root, repository.common_dir) == (linked, checkout / ".git")
    assert declares_orders(repository)
    assert (snapshot(checkout), snapshot(linked)) == before


def test_a_bare_clone_is_a_repository_and_its_own_branches_do_not_move(remote: Path, author: Path) -> None:
    bare = remote.parent / "clone.git"
    git(remote.parent, "clone", "--quiet", "--bare", str(remote), str(bare))
    newest = commit_all(author, "Go on")
    git(author, "push", "--quiet", "origin", "main")
    before = snapshot(bare)
    repository = Repository.open(bare)
    assert (repository.root, repository.common_dir) == (bare, bare)
    assert repository.base(GitSettings(), fetch=True).commit == newest
    assert declares_orders(repository)
    assert snapshot(bare) == before


def test_a_mirror_keeps_its_branches_although_its_own_refspec_would_move_them(remote: Path, author: Path) -> None:
    mirror = remote.parent / "mirror.git"
    git(remote.parent, "clone", "--quiet", "--mirror", str(remote), str(mirror))
    newest = commit_all(author, "Go on")
    git(author, "push", "--quiet", "origin", "main")
    before = snapshot(mirror)
    assert Repository.open(mirror).base(GitSettings(), fetch=True).commit == newest
    assert snapshot(mirror) == before


def test_the_git_folder_of_a_checkout_will_do(checkout: Path) -> None:
    repository = Repository.open(checkout / ".git")
    assert repository.common_dir == checkout / ".git"
    assert declares_orders(repository)


def test_a_detached_head_does_not_matter(checkout: Path) -> None:
    git(checkout, "stash", "--quiet")
    git(checkout, "switch", "--quiet", "--detach")
    before = snapshot(checkout)
    assert declares_orders(Repository.open(checkout))
    assert snapshot(checkout) == before


def test_an_unborn_branch_does_not_matter_when_the_remote_has_a_base(remote: Path) -> None:
    path = remote.parent / "unborn"
    git(remote.parent, "init", "--quiet", str(path))
    git(path, "remote", "add", "origin", str(remote))
    before = snapshot(path)
    assert declares_orders(Repository.open(path))
    assert snapshot(path) == before


def test_an_empty_repository_is_told_to_make_a_first_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(InvalidRequest, match=r"has no commit yet.*make a first commit"):
        Repository.open(tmp_path).base(GitSettings(), fetch=True)
    with pytest.raises(InvalidRequest, match="has no commit yet"):
        Repository.open(tmp_path).base(GitSettings(base="main"), fetch=False)


def test_an_empty_remote_is_told_to_push_a_first_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(tmp_path, "clone", "--quiet", "remote.git", "checkout")
    repository = Repository.open(tmp_path / "checkout")
    with pytest.raises(InvalidRequest, match=r"make a first commit.*git push --set-upstream origin HEAD"):
        repository.base(GitSettings(), fetch=True)
    commit_all(tmp_path / "checkout", "Start")
    with pytest.raises(InvalidRequest, match=r"the remote 'origin'.*push it: git push --set-upstream origin HEAD"):
        repository.base(GitSettings(), fetch=True)
    git(tmp_path / "checkout", "push", "--quiet", "--set-upstream", "origin", "HEAD")
    assert repository.base(GitSettings(), fetch=True).branch == "main"


def test_a_first_commit_that_somebody_else_pushes_is_seen_by_who_has_asked_before(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=trunk", "remote.git")
    git(tmp_path, "clone", "--quiet", "remote.git", "checkout")
    repository = Repository.open(tmp_path / "checkout")
    with pytest.raises(InvalidRequest, match="has no commit yet"):
        repository.base(GitSettings(), fetch=True)
    git(tmp_path, "clone", "--quiet", "remote.git", "author")
    commit_all(tmp_path / "author", "Start")
    git(tmp_path / "author", "push", "--quiet", "origin", "HEAD:trunk")
    assert repository.base(GitSettings(), fetch=True).branch == "trunk"


def test_no_repository_is_an_error_that_names_the_flag(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=f"no Git repository at or above {tmp_path}.*--repo"):
        Repository.open(tmp_path)


def test_no_folder_is_an_error_that_names_the_flag(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"--repo: there is no folder .*/nowhere"):
        Repository.open(tmp_path / "nowhere")


def test_a_file_is_no_repository(checkout: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"--repo: .*README.md is not a folder"):
        Repository.open(checkout / "README.md")


def test_a_process_without_git_says_so(checkout: Path, tmp_path: Path) -> None:
    program = (
        "from pathlib import Path\n"
        "from gitops_mcp.adapters.git.repository import Repository\n"
        "from gitops_mcp.errors import Unavailable\n"
        "try:\n"
        f"    Repository.open(Path({str(checkout)!r}))\n"
        "except Unavailable as error:\n"
        "    print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PATH": str(tmp_path / "nothing"), "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "git was not found on PATH: install git 2.38 or newer\n"


def test_git_that_vanishes_later_is_named_too(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "git"
    there.symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(tmp_path))
    repository = Repository.open(checkout)
    there.unlink()
    with pytest.raises(Unavailable, match="git was not found on PATH"):
        repository.base(GitSettings(), fetch=True)


def test_a_checkout_that_vanishes_later_is_named(checkout: Path) -> None:
    repository = Repository.open(checkout)
    shutil.rmtree(checkout)
    with pytest.raises(Unavailable, match=f"the folder {checkout} is gone"):
        repository.base(GitSettings(), fetch=True)


def test_an_old_git_is_refused(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(
        tmp_path / "bin",
        monkeypatch,
        'case " $* " in *" version "*) echo git version 2.37.4;; *) exec $GIT "$@";; esac',
    )
    with pytest.raises(Unavailable, match=r"git 2\.38 or newer is needed; the one on PATH says 'git version 2\.37\.4'"):
        Repository.open(checkout)


def test_a_repository_of_another_owner_is_refused_in_gits_words(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path / "bin", monkeypatch, 'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec $GIT "$@"')
    with pytest.raises(Unavailable, match=r"dubious ownership(.|\n)*safe\.directory"):
        Repository.open(checkout)


def test_variables_of_a_calling_git_do_not_lead_elsewhere(
    checkout: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(remote))
    monkeypatch.setenv("GIT_WORK_TREE", str(remote))
    monkeypatch.setenv("GIT_INDEX_FILE", str(remote / "index"))
    repository = Repository.open(checkout / FOLDER)
    assert (repository.root, repository.common_dir) == (checkout, checkout / ".git")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--depth=1"], id="shallow"),
        pytest.param(["--filter=blob:none"], id="without blobs"),
        pytest.param(["--filter=tree:0"], id="without trees"),
        pytest.param(["--filter=blob:none", "--sparse"], id="sparse"),
        pytest.param(["--single-branch", "--no-tags"], id="one branch"),
        pytest.param(["--no-checkout"], id="nothing checked out"),
    ],
)
@pytest.mark.few(2)
def test_a_clone_that_lacks_things_is_read_all_the_same(remote: Path, author: Path, options: list[str]) -> None:
    path = remote.parent / "lacking"
    git(remote.parent, "clone", "--quiet", *options, remote.as_uri(), str(path))
    before = snapshot(path)
    assert declares_orders(Repository.open(path))
    write(author / FOLDER / "shop/more.yaml", CLUSTER.replace("orders", "more"))
    commit_all(author, "Add more")
    git(author, "push", "--quiet", "origin", "main")
    repository = Repository.open(path)
    base = repository.base(GitSettings(), fetch=True)
    assert {f"{FOLDER}/shop/more.yaml", f"{FOLDER}/shop/orders.yaml"} <= repository.snapshot(base.commit).texts.keys()
    assert snapshot(path) == before


def test_a_sha256_repository_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long"
    git(tmp_path, "init", "--quiet", "--object-format=sha256", str(path))
    write(path / FOLDER / "shop/orders.yaml", CLUSTER)
    commit = commit_all(path, "Start")
    repository = Repository.open(path)
    base = repository.base(GitSettings(), fetch=True)
    assert (base.commit, base.remote, base.fetched, base.ref) == (commit, None, False, "refs/heads/main")
    assert len(base.commit) == 64
    assert declares_orders(repository)
    assert repository.behind(commit, commit) == 0
