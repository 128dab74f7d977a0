"""A branch moves by compare-and-swap, only forward, and only if it is one of ours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.publishing.publish import PublishedCommit, publish, remove_branch
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Raced, Refused, Unavailable
from tests.adapters.git.conftest import commit_all, git, snapshot, write
from tests.adapters.git.publishing import BRANCH, ORDERS, SCALED, alone, changed, content, executable, listed, published

REF = f"refs/heads/{BRANCH}"
NEW = "clusters/prod/shop/new.yaml"


def test_without_a_remote_a_change_is_a_local_branch_with_a_reflog(tmp_path: Path) -> None:
    here = alone(tmp_path)
    git(here, "config", "core.logAllRefUpdates", "false")

    done = published(here, {ORDERS: SCALED})

    assert git(here, "rev-parse", BRANCH) == done.commit
    assert done == PublishedCommit(done.commit, BRANCH, REF, pushed=False, printed="", hooks=(), signed=False)
    assert changed(here, done) == [f"1\t1\t{ORDERS}"]
    assert git(here, "reflog", "show", "--format=%H %gs", BRANCH) == f"{done.commit} gitops-mcp: commit"


def test_an_open_change_gets_a_further_commit(tmp_path: Path) -> None:
    here = alone(tmp_path)
    first = published(here, {ORDERS: SCALED})

    second = published(here, {NEW: b"new: 1\n"}, expected=first.commit)

    assert git(here, "rev-list", BRANCH).splitlines()[:2] == [second.commit, first.commit]
    assert content(here, second.commit, ORDERS) == SCALED
    assert listed(here, second.commit) == [NEW, ORDERS]


@pytest.mark.parametrize("what", ["made", "moved", "deleted", "locked"])
@pytest.mark.few(2)
def test_a_branch_that_another_writer_touched_meanwhile_is_a_race_and_stays_as_they_left_it(
    what: str, tmp_path: Path
) -> None:
    here = alone(tmp_path)
    base = git(here, "rev-parse", "main")
    theirs = commit_all(here, "Theirs")
    git(here, "update-ref", REF, theirs)
    expected: str | None = base
    match what:
        case "made":
            expected = None
        case "deleted":
            git(here, "update-ref", "-d", REF)
        case "locked":
            write(here / f".git/{REF}.lock", "")
            expected = theirs
        case _:
            pass
    before = git(here, "for-each-ref")

    with pytest.raises(Raced, match=rf"{BRANCH} was moved by another writer") as raced:
        published(here, {ORDERS: SCALED}, expected=expected)

    assert git(here, "for-each-ref") == before
    if what == "locked":
        assert f"{REF}.lock" in str(raced.value)
        assert (here / f".git/{REF}.lock").exists()


def test_a_branch_beside_one_that_has_the_name_of_its_folder_is_refused(tmp_path: Path) -> None:
    here = alone(tmp_path)
    git(here, "branch", "gitops-mcp")

    with pytest.raises(Refused, match=r"(?s)cannot stand beside another one.*'refs/heads/gitops-mcp' exists"):
        published(here, {ORDERS: SCALED})


def test_a_tip_that_was_never_fetched_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"commit f{40} is not in .*/here: fetch, and try again"):
        published(alone(tmp_path), {ORDERS: SCALED}, expected="f" * 40)


def test_a_commit_that_would_not_contain_the_tip_is_never_made(tmp_path: Path) -> None:
    here = alone(tmp_path)
    first = published(here, {ORDERS: SCALED})
    repository = Repository.open(here)
    base = repository.base(GitSettings(), fetch=False)

    with pytest.raises(ValueError, match="without containing it"):
        publish(
            repository,
            GitSettings(),
            base=base,
            branch=BRANCH,
            expected=first.commit,
            parent=base.commit,
            files={ORDERS: None},
            message="Force",
        )

    assert git(here, "rev-parse", BRANCH) == first.commit


@pytest.mark.parametrize("branch", ["main", "feature/x", "gitops-mcp", "gitops-mcp/", "gitops-mcpx"])
@pytest.mark.few(2)
def test_a_branch_outside_the_prefix_is_refused(branch: str, checkout: Path) -> None:
    before = snapshot(checkout)

    with pytest.raises(Refused, match=r"changes live on branches that start with 'gitops-mcp/'"):
        published(checkout, {ORDERS: SCALED}, branch=branch)

    assert snapshot(checkout) == before


def test_the_base_is_refused_even_where_it_has_the_prefix(tmp_path: Path) -> None:
    here = alone(tmp_path)
    git(here, "branch", "--move", "main", "live/main")
    before = git(here, "for-each-ref")

    with pytest.raises(Refused, match="the base 'live/main' is never one of them"):
        published(
            here,
            {ORDERS: SCALED},
            branch="live/main",
            settings=GitSettings(prefix="live/", base="live/main"),
            expected=git(here, "rev-parse", "live/main"),
        )

    assert git(here, "for-each-ref") == before


@pytest.mark.parametrize("name", ["a..b", "a b", "a~1", "a:b", "a\\b", "x.lock", ".x", "a@{b", "a//b", "x/", "a\nb"])
@pytest.mark.few(3)
def test_a_name_that_git_does_not_take_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="is not a branch name"):
        published(alone(tmp_path), {ORDERS: SCALED}, branch=f"gitops-mcp/{name}")


@pytest.mark.parametrize("where", ["here", "in a linked worktree"])
def test_a_branch_that_is_checked_out_is_refused(where: str, tmp_path: Path) -> None:
    here = alone(tmp_path)
    first = published(here, {ORDERS: SCALED})
    if where == "here":
        git(here, "switch", "--quiet", BRANCH)
    else:
        git(here, "worktree", "add", "--quiet", str(tmp_path / "linked"), BRANCH)
    before = snapshot(here)

    with pytest.raises(
        Refused, match=rf"{BRANCH} is checked out in {here if where == 'here' else tmp_path / 'linked'}"
    ):
        published(here, {NEW: b"x\n"}, expected=first.commit)
    with pytest.raises(Refused, match=f"{BRANCH} is checked out"):
        remove_branch(Repository.open(here), GitSettings(), branch=BRANCH, expected=first.commit)

    assert snapshot(here) == before


def test_writers_of_one_branch_take_turns_and_exactly_one_wins_each_round(tmp_path: Path) -> None:
    here = alone(tmp_path)

    def attempt(number: int) -> PublishedCommit | GitOpsError:
        try:
            return published(here, {f"n/{number}.yaml": b"x\n"})
        except GitOpsError as error:
            return error

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(attempt, range(6)))

    won = [result for result in results if isinstance(result, PublishedCommit)]
    assert [type(result) for result in results if result not in won] == [Raced] * 5
    assert [done.commit for done in won] == [git(here, "rev-parse", BRANCH)]
    assert not (here / ".git/gitops-mcp").exists()


def test_writers_of_different_branches_all_succeed(checkout: Path, remote: Path) -> None:
    def attempt(number: int) -> str:
        return published(checkout, {f"n/{number}.yaml": b"x\n"}, branch=f"gitops-mcp/n-{number}").commit

    with ThreadPoolExecutor(4) as pool:
        commits = list(pool.map(attempt, range(8)))

    assert [git(remote, "rev-parse", f"gitops-mcp/n-{number}") for number in range(8)] == commits


def test_removing_a_local_branch_takes_its_reflog_along(tmp_path: Path) -> None:
    here = alone(tmp_path)
    done = published(here, {ORDERS: SCALED})

    remove_branch(Repository.open(here), GitSettings(), branch=BRANCH, expected=done.commit)

    assert git(here, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert not (here / f".git/logs/{REF}").exists()
    with pytest.raises(NotFound, match=f"no branch {BRANCH}: it has been deleted already"):
        remove_branch(Repository.open(here), GitSettings(), branch=BRANCH, expected=done.commit)


def test_a_local_branch_that_moved_is_not_removed(tmp_path: Path) -> None:
    here = alone(tmp_path)
    first = published(here, {ORDERS: SCALED})
    second = published(here, {NEW: b"x\n"}, expected=first.commit)

    with pytest.raises(Raced):
        remove_branch(Repository.open(here), GitSettings(), branch=BRANCH, expected=first.commit)

    assert git(here, "rev-parse", BRANCH) == second.commit


def test_the_base_is_not_removed(tmp_path: Path) -> None:
    here = alone(tmp_path)

    with pytest.raises(Refused, match="is never one of them"):
        remove_branch(Repository.open(here), GitSettings(), branch="main", expected=git(here, "rev-parse", "main"))


def test_a_reference_transaction_hook_that_refuses_leaves_no_branch(tmp_path: Path) -> None:
    here = alone(tmp_path)
    executable(here / ".git/hooks/reference-transaction", "echo 'refs are frozen' >&2; exit 1")

    with pytest.raises(GitOpsError, match=r"(?s)was not moved: .*refs are frozen"):
        published(here, {ORDERS: SCALED})

    assert git(here, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
