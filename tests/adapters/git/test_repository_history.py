"""How a change stands to its base: ahead, behind, in conflict, or there already."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_mcp.adapters.git.commits import Commit
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import InvalidRequest, Unavailable
from tests.adapters.git.conftest import CLUSTER, commit_all, git, snapshot, write

ORDERS = "shop/orders.yaml"
CHANGE = "gitops-mcp/one"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A repository with one commit and no remote, `main` checked out and clean."""
    path = tmp_path / "desk"
    git(tmp_path, "init", "--quiet", str(path))
    write(path / ORDERS, CLUSTER)
    commit_all(path, "Start")
    return path


def on(desk: Path, branch: str, *edits: str, message: str = "Edit") -> str:
    """Commits each text of the Cluster in turn on a branch, which is made where `main` stands."""
    known = git(desk, "branch", "--list", branch)
    git(desk, "switch", "--quiet", *([branch] if known else ["-c", branch, "main"]))
    for text in edits:
        write(desk / ORDERS, text)
        commit_all(desk, message)
    tip = git(desk, "rev-parse", "HEAD")
    git(desk, "switch", "--quiet", "main")
    return tip


def instances(number: int) -> str:
    return CLUSTER.replace("instances: 3", f"instances: {number}")


def size(gigabytes: int) -> str:
    return CLUSTER.replace("10Gi", f"{gigabytes}Gi")


def main(desk: Path) -> str:
    return git(desk, "rev-parse", "main")


def is_merged(desk: Path, tip: str) -> bool:
    """The answer, having touched nothing of the user's."""
    before = snapshot(desk)
    answer = Repository.open(desk).merged_by_content(main(desk), tip)
    assert snapshot(desk) == before
    return answer


def test_an_open_change_is_not_merged(desk: Path) -> None:
    tip = on(desk, CHANGE, instances(5))
    assert not is_merged(desk, tip)
    write(desk / "README.md", "# Something else\n")
    commit_all(desk, "Add a README")
    assert not is_merged(desk, tip)


def test_a_merged_change_is_merged(desk: Path) -> None:
    tip = on(desk, CHANGE, instances(5))
    git(desk, "merge", "--quiet", "--no-ff", "--no-edit", CHANGE)
    assert is_merged(desk, tip)
    assert Repository.open(desk).is_ancestor(tip, main(desk))


def test_a_squashed_change_is_merged(desk: Path) -> None:
    tip = on(desk, CHANGE, instances(5), instances(5) + "# why\n")
    git(desk, "merge", "--quiet", "--squash", CHANGE)
    commit_all(desk, "Squashed")
    assert is_merged(desk, tip)
    assert not Repository.open(desk).is_ancestor(tip, main(desk))


def test_a_squashed_change_stays_merged_when_later_edits_undo_it(desk: Path) -> None:
    tip = on(desk, CHANGE, instances(4), instances(5))
    git(desk, "merge", "--quiet", "--squash", CHANGE)
    commit_all(desk, "Squashed")
    on(desk, "main", instances(7))
    assert is_merged(desk, tip)
    on(desk, "main", CLUSTER)
    assert is_merged(desk, tip)


def test_a_rebased_change_stays_merged_when_later_edits_undo_it(desk: Path) -> None:
    tip = on(desk, CHANGE, instances(5), instances(5) + "# why\n")
    write(desk / "README.md", "# Something else\n")
    commit_all(desk, "Add a README")
    git(desk, "cherry-pick", f"{CHANGE}~1", CHANGE)
    on(desk, "main", instances(7))
    assert is_merged(desk, tip)


def test_half_a_rebased_change_is_not_merged(desk: Path) -> None:
    tip = on(desk, CHANGE, instances(5), instances(5) + "# why\n")
    write(desk / "README.md", "# Something else\n")
    commit_all(desk, "Add a README")
    git(desk, "cherry-pick", f"{CHANGE}~1")
    assert not is_merged(desk, tip)


def test_what_somebody_else_did_by_hand_counts_as_merged(desk: Path) -> None:
    tip = on(desk, CHANGE, instances(5))
    on(desk, "main", size(20), size(20).replace("instances: 3", "instances: 5"))
    assert is_merged(desk, tip)


def test_a_change_without_any_difference_counts_as_merged(desk: Path) -> None:
    tip = on(desk, CHANGE, instances(5), CLUSTER)
    assert is_merged(desk, tip)
    on(desk, "main", instances(9))
    assert is_merged(desk, tip)


def test_the_same_edit_of_another_file_is_not_the_change(desk: Path) -> None:
    write(desk / "shop/billing.yaml", CLUSTER)
    commit_all(desk, "Add billing")
    tip = on(desk, CHANGE, instances(5))
    write(desk / "shop/billing.yaml", instances(5))
    commit_all(desk, "Scale billing")
    assert not is_merged(desk, tip)


def test_a_change_of_mode_alone_is_not_merged_before_it_is(desk: Path) -> None:
    git(desk, "switch", "--quiet", "-c", CHANGE)
    (desk / ORDERS).chmod(0o755)
    tip = commit_all(desk, "Make it executable")
    git(desk, "switch", "--quiet", "main")
    on(desk, "main", instances(5))
    assert not is_merged(desk, tip)


def test_a_change_that_is_nothing_but_a_merge_of_its_own_making_is_not_merged(desk: Path) -> None:
    start = main(desk)
    write(desk / "README.md", "# Something else\n")
    other = commit_all(desk, "Add a README")
    git(desk, "switch", "--quiet", "-c", CHANGE)
    write(desk / ORDERS, instances(5))
    git(desk, "add", "--all")
    tip = git(desk, "commit-tree", git(desk, "write-tree"), "-p", start, "-p", other, "-m", "Merge and edit")
    git(desk, "reset", "--quiet", "--hard", tip)
    git(desk, "switch", "--quiet", "main")
    on(desk, "main", size(20))
    assert not is_merged(desk, tip)


def test_unrelated_histories_are_not_merged_and_conflicts_say_why(desk: Path) -> None:
    git(desk, "switch", "--quiet", "--orphan", "other")
    tip = commit_all(desk, "Start elsewhere")
    git(desk, "switch", "--quiet", "main")
    repository = Repository.open(desk)
    assert repository.merge_base(main(desk), tip) is None
    assert not is_merged(desk, tip)
    with pytest.raises(Unavailable, match=r"have no commit in common here.*--unshallow"):
        repository.conflicts(main(desk), tip)


def test_how_far_a_change_is_off_base(desk: Path) -> None:
    start = main(desk)
    tip = on(desk, CHANGE, instances(5), instances(6), instances(7))
    on(desk, "main", size(20), size(30))
    repository = Repository.open(desk)
    assert repository.behind(main(desk), tip) == 2
    assert repository.behind(tip, main(desk)) == 3
    assert repository.merge_base(main(desk), tip) == start
    assert repository.is_ancestor(start, tip)
    assert not repository.is_ancestor(tip, start)


def test_conflicts_name_their_files(desk: Path) -> None:
    write(desk / "ünï code.yaml", "a: 1\n")
    commit_all(desk, "Add another file")
    git(desk, "switch", "--quiet", "-c", CHANGE)
    write(desk / ORDERS, instances(5))
    write(desk / "ünï code.yaml", "a: 2\n")
    write(desk / "fine.yaml", "a: 2\n")
    tip = commit_all(desk, "Edit")
    git(desk, "switch", "--quiet", "main")
    write(desk / ORDERS, instances(7))
    write(desk / "ünï code.yaml", "a: 3\n")
    commit_all(desk, "Edit the same")
    write(desk / "notes.txt", "mine\n")
    before = snapshot(desk)
    repository = Repository.open(desk)
    assert repository.conflicts(main(desk), tip) == (ORDERS, "ünï code.yaml")
    assert not repository.merged_by_content(main(desk), tip)
    assert snapshot(desk) == before


def test_no_conflicts_are_none(desk: Path) -> None:
    tip = on(desk, CHANGE, instances(5))
    assert Repository.open(desk).conflicts(main(desk), tip) == ()


def test_changed_files_name_both_ends_of_a_move(desk: Path) -> None:
    start = main(desk)
    (desk / ORDERS).rename(desk / "shop/ünï.yaml")
    end = commit_all(desk, "Move")
    assert Repository.open(desk).changed_files(start, end) == (ORDERS, "shop/ünï.yaml")
    assert Repository.open(desk).changed_files(end, end) == ()


def test_commits_of_a_change_are_told_newest_first_with_their_trailers(desk: Path) -> None:
    first = on(desk, CHANGE, instances(4), message="Scale shop/orders to 4")
    message = "Scale shop/orders to 5\n\nMore load.\n\nImpact: none\n\nGitops-Mcp-Tool: scale_postgres_cluster\nGitops-Mcp-Impact: none,\n because\n"
    second = on(desk, CHANGE, instances(5), message=message)
    found = Repository.open(desk).commits(main(desk), second)
    assert [commit.id for commit in found] == [second, first]
    assert found[0] == Commit(
        id=second,
        parents=(first,),
        subject="Scale shop/orders to 5",
        body="More load.\n\nImpact: none\n\nGitops-Mcp-Tool: scale_postgres_cluster\nGitops-Mcp-Impact: none,\n because",
        author="Test User <test@example.com>",
        committed=git(desk, "log", "-1", "--format=%cI", second),
        trailers=(("Gitops-Mcp-Tool", "scale_postgres_cluster"), ("Gitops-Mcp-Impact", "none, because")),
    )
    assert (found[1].subject, found[1].body, found[1].trailers) == ("Scale shop/orders to 4", "", ())
    assert Repository.open(desk).commits(second, second) == ()


def test_the_first_parents_of_a_tip_are_told_to_the_root(desk: Path) -> None:
    start = main(desk)
    tip = on(desk, CHANGE, instances(4))
    on(desk, "main", size(20))
    own = main(desk)
    git(desk, "merge", "--quiet", "--no-ff", "--strategy=ours", "--no-edit", CHANGE)
    found = Repository.open(desk).first_parents(main(desk))
    assert [(commit.id, commit.parents) for commit in found] == [(main(desk), (own, tip)), (own, (start,)), (start, ())]


def test_a_message_that_is_no_utf8_is_still_text(desk: Path) -> None:
    start = main(desk)
    raw = b"tree %b\nparent %b\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\ncaf\xe9\n"
    commit = raw % (git(desk, "rev-parse", "HEAD^{tree}").encode(), start.encode())
    (desk.parent / "raw").write_bytes(commit)
    tip = git(desk, "hash-object", "-t", "commit", "-w", str(desk.parent / "raw"))
    assert [found.subject for found in Repository.open(desk).commits(start, tip)] == ["caf\ufffd"]


def test_a_long_history_is_cut_at_100_commits(desk: Path) -> None:
    tree = git(desk, "rev-parse", "HEAD^{tree}")
    stream = "".join(
        f"commit refs/heads/long\ncommitter A <a@b> {1_700_000_000 + number} +0000\ndata <<E\nEdit {number}\nE\n"
        + (f"from {main(desk)}\n" if number == 0 else "")
        for number in range(130)
    )
    git(desk, "fast-import", "--quiet", input=stream)
    assert git(desk, "rev-parse", "long^{tree}") == tree
    found = Repository.open(desk).commits(main(desk), git(desk, "rev-parse", "long"))
    assert (len(found), found[0].subject, found[-1].subject) == (100, "Edit 129", "Edit 30")


def test_a_change_whose_branch_is_gone_is_found_by_what_the_base_says_of_it(desk: Path) -> None:
    named = on(desk, "main", instances(4), message="Scale to 4\n\nGitops-Mcp-Change: scale-orders\n")
    on(desk, "main", instances(5), message="Scale to 5\n\nGitops-Mcp-Change: scale-orders-2\n")
    on(desk, "main", instances(6), message="Talk of Gitops-Mcp-Change: scale-orders in a sentence\n")
    squashed = on(
        desk,
        "main",
        instances(7),
        message="Squash (#1)\n\n* Scale\n\nGitops-Mcp-Change: scale-orders\n\n* More\n\nmore\n",
    )
    repository = Repository.open(desk)
    assert [commit.id for commit in repository.commits_naming(main(desk), "scale-orders")] == [squashed, named]
    assert repository.commits_naming(main(desk), "scale") == ()
    assert repository.commits_naming(named, "scale-orders-2") == ()
    with pytest.raises(InvalidRequest, match="is not the name of a change"):
        repository.commits_naming(main(desk), ".*")


def test_the_users_configuration_does_not_change_an_answer(desk: Path) -> None:
    for key, value in {
        "log.showSignature": "true",
        "color.ui": "always",
        "diff.noprefix": "true",
        "diff.external": "false",
        "diff.context": "0",
        "grep.patternType": "perl",
        "merge.renames": "false",
        "format.pretty": "raw",
        "core.quotePath": "true",
        "log.follow": "true",
    }.items():
        git(desk, "config", key, value)
    tip = on(desk, CHANGE, instances(5), message="Scale\n\nGitops-Mcp-Change: one\n")
    git(desk, "merge", "--quiet", "--squash", CHANGE)
    commit_all(desk, "Squashed\n\nGitops-Mcp-Change: one\n")
    on(desk, "main", instances(7))
    assert is_merged(desk, tip)
    repository = Repository.open(desk)
    assert [commit.subject for commit in repository.commits(main(desk), tip)] == ["Scale"]
    assert [commit.subject for commit in repository.commits_naming(main(desk), "one")] == ["Squashed"]


def test_a_shallow_clone_answers_what_it_can(remote: Path, author: Path) -> None:
    write(author / "more.txt", "more\n")
    commit_all(author, "Go on")
    git(author, "push", "--quiet", "origin", "main")
    git(author, "switch", "--quiet", "-c", CHANGE)
    write(author / "change.txt", "change\n")
    tip = commit_all(author, "Change")
    git(author, "push", "--quiet", "origin", CHANGE)
    path = remote.parent / "shallow"
    git(remote.parent, "clone", "--quiet", "--depth=1", remote.as_uri(), str(path))
    before = snapshot(path)
    repository = Repository.open(path)
    base = repository.base(GitSettings(), fetch=True)
    assert repository.behind(base.commit, tip) == 0
    assert not repository.merged_by_content(base.commit, tip)
    assert repository.conflicts(base.commit, tip) == ()
    assert snapshot(path) == before


def test_answers_about_two_commits_are_kept(desk: Path, commands: list[str]) -> None:
    tip = on(desk, CHANGE, instances(5))
    on(desk, "main", size(20))
    base = main(desk)
    repository = Repository.open(desk)
    for _ in range(2):
        commands.clear()
        repository.behind(base, tip)
        repository.merged_by_content(base, tip)
        repository.conflicts(base, tip)
        repository.commits(base, tip)
        repository.commits_naming(base, "one")
        repository.merge_base(base, tip)
        repository.is_ancestor(tip, base)
        repository.changed_files(base, tip)
    assert commands == []
