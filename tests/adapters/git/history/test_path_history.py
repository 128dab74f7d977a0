"""The commits behind a few files: which there are, what else they did, and which merge brought each."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_mcp.adapters.git.history.path_history import FileTouch
from gitops_mcp.adapters.git.repository import Repository
from tests.adapters.git.conftest import commit_all, git, write

FILE = "shop/db.yaml"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    path = tmp_path / "desk"
    git(tmp_path, "init", "--quiet", str(path))
    return path


def commit(desk: Path, message: str, **files: str) -> str:
    for name, text in files.items():
        write(desk / {"file": FILE, "other": "other.txt"}[name], text)
    return commit_all(desk, message)


def subjects(desk: Path, *, skip: int = 0, most: int = 100) -> list[str]:
    found = Repository.open(desk).path_history.touching_files(
        git(desk, "rev-parse", "HEAD"), [FILE], skip=skip, most=most
    )
    return [one.subject for one in found]


def test_commits_of_a_file_come_newest_first_in_portions(desk: Path) -> None:
    for number in range(4):
        commit(desk, f"File {number}", file=f"{number}\n")
        commit(desk, f"Other {number}", other=f"{number}\n")
    assert subjects(desk) == ["File 3", "File 2", "File 1", "File 0"]
    assert subjects(desk, skip=1, most=2) == ["File 2", "File 1"]


@pytest.mark.parametrize(
    "setting", ["log.follow=true", "log.showRoot=false", "log.diffMerges=on", "diff.renames=copies"]
)
@pytest.mark.few(2)
def test_no_setting_of_the_user_changes_that(desk: Path, setting: str) -> None:
    commit(desk, "Before", other="the same text\nof some lines\n")
    git(desk, "mv", "other.txt", "moved.txt")
    write(desk / FILE, "the same text\nof some lines\n")
    commit_all(desk, "Move")
    git(desk, "config", *setting.split("="))
    assert subjects(desk) == ["Move"]
    history, head = Repository.open(desk).path_history, git(desk, "rev-parse", "HEAD")
    touched = history.touched_between(git(desk, "rev-parse", "HEAD~1"), head, each=10)
    assert sorted(one.path for one in touched) == ["moved.txt", "other.txt", FILE]


def test_a_merge_is_told_with_all_its_parents_although_git_follows_one(desk: Path) -> None:
    start = commit(desk, "Start", file="1\n", other="1\n")
    git(desk, "switch", "--quiet", "--create", "side")
    side = commit(desk, "Side", file="2\n")
    git(desk, "switch", "--quiet", "main")
    main = commit(desk, "Main", other="2\n")
    git(desk, "merge", "--quiet", "--no-ff", "--message", "Merge side", "side")
    head = git(desk, "rev-parse", "HEAD")
    history = Repository.open(desk).path_history
    merge, mine, first = history.touching_files(head, [FILE], skip=0, most=10)
    assert (merge.id, merge.parents) == (head, (main, side))
    assert (mine.id, mine.parents, first.id, first.parents) == (side, (start,), start, ())
    assert history.merges_of(head, [mine, first], [merge]) == {side: merge}
    assert history.is_merged_as_is(merge, [FILE])


def test_the_merge_of_a_commit_deep_in_a_branch_is_the_one_on_the_first_parents(desk: Path) -> None:
    commit(desk, "Start", file="1\n", other="1\n")
    git(desk, "switch", "--quiet", "--create", "side")
    deep = commit(desk, "Deep", file="2\n")
    git(desk, "switch", "--quiet", "--create", "inner")
    commit(desk, "Inner", other="2\n")
    git(desk, "switch", "--quiet", "side")
    git(desk, "merge", "--quiet", "--no-ff", "--message", "Merge inner", "inner")
    git(desk, "switch", "--quiet", "main")
    git(desk, "merge", "--quiet", "--no-ff", "--message", "Merge side", "side")
    later = commit(desk, "Later", file="3\n")
    head = git(desk, "rev-parse", "HEAD")
    history = Repository.open(desk).path_history
    rows = history.touching_files(head, [FILE], skip=0, most=10)
    merges = [one for one in rows if len(one.parents) > 1]
    found = history.merges_of(head, [one for one in rows if one.id in {deep, later}], merges)
    assert {commit: merge.subject for commit, merge in found.items()} == {deep: "Merge side"}


def test_what_each_of_the_last_commits_did_is_told_and_of_those_before_the_difference(desk: Path) -> None:
    start = commit(desk, "Start", file="1\n", other="1\n")
    for number in range(2, 5):
        commit(desk, f"{number}", other=f"{number}\n")
    (desk / "other.txt").unlink()
    head = commit_all(desk, "Gone")
    history = Repository.open(desk).path_history
    blobs = {number: git(desk, "hash-object", "--stdin", input=f"{number}\n") for number in (1, 2, 3, 4)}
    each = [
        FileTouch("other.txt", blobs[4], None),
        FileTouch("other.txt", blobs[3], blobs[4]),
        FileTouch("other.txt", blobs[2], blobs[3]),
        FileTouch("other.txt", blobs[1], blobs[2]),
    ]
    assert history.touched_between(start, head, each=10) == each
    assert history.touched_between(start, head, each=2) == [*each[:2], FileTouch("other.txt", blobs[1], blobs[4])]
    assert history.gone_since(git(desk, "rev-parse", "HEAD~1"), head) == ["other.txt"]


def test_any_name_of_a_file_is_told_as_it_is(desk: Path) -> None:
    start = commit(desk, "Start", file="1\n")
    names = [":odd.yaml", "two\nlines.yaml", 'quo"te.yaml', "ü.yaml"]
    for name in names:
        write(desk / name, "x\n")
    head = commit_all(desk, "Odd")
    touched = Repository.open(desk).path_history.touched_between(start, head, each=10)
    assert sorted(one.path for one in touched) == sorted(names)


def test_no_program_that_the_repository_names_is_run_to_look_for_a_text(desk: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    git(desk, "config", "diff.odd.textconv", f"touch {trace}; cat")
    write(desk / ".gitattributes", "*.yaml diff=odd\n")
    added = commit(desk, "Add", file="name: db\n")
    head = commit(desk, "Other", other="1\n")
    [found] = Repository.open(desk).path_history.naming_text(head, "name: db", most=5)
    assert found.id == added
    assert not trace.exists()
