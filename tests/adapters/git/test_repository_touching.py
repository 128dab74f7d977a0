"""Which changes touch a file: told of all at once, since a repository may have many that are open."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_mcp.adapters.git.history import history
from gitops_mcp.adapters.git.repository import Repository
from tests.adapters.git.conftest import CLUSTER, commit_all, git, write

ORDERS = "shop/orders.yaml"
NAME = "shop/größe \t1.yaml"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    path = tmp_path / "desk"
    git(tmp_path, "init", "--quiet", str(path))
    write(path / ORDERS, CLUSTER)
    commit_all(path, "Start")
    return path


def on(desk: Path, branch: str, start: str, *paths: str) -> str:
    """The tip of a new branch with a commit for each of the paths."""
    git(desk, "switch", "--quiet", "-c", branch, start)
    for path in paths:
        write(desk / path, f"{path} on {branch}\n")
        commit_all(desk, f"Write {path}")
    return git(desk, "rev-parse", "HEAD")


def test_only_changes_that_touch_one_of_the_paths_are_named(desk: Path) -> None:
    orders = on(desk, "orders", "main", ORDERS)
    odd = on(desk, "odd", "main", "x.yaml", NAME, "y.yaml")
    other = on(desk, "other", "main", "x.yaml")

    touching = Repository.open(desk).touching(git(desk, "rev-parse", "main"), [orders, odd, other], {ORDERS, NAME})

    assert touching == {orders, odd}


def test_a_change_that_is_built_on_another_touches_what_that_one_does(desk: Path) -> None:
    first = on(desk, "first", "main", ORDERS)
    second = on(desk, "second", first, "x.yaml")

    touching = Repository.open(desk).touching(git(desk, "rev-parse", "main"), [first, second], {ORDERS})

    assert touching == {first, second}


def test_what_the_base_has_is_not_the_changes_own(desk: Path) -> None:
    early = on(desk, "early", "main", "x.yaml")
    git(desk, "switch", "--quiet", "main")
    write(desk / ORDERS, CLUSTER + "# later\n")
    base = commit_all(desk, "Move on")
    git(desk, "switch", "--quiet", "early")
    git(desk, "merge", "--quiet", "--no-edit", "main")
    late = git(desk, "rev-parse", "HEAD")

    touching = Repository.open(desk).touching(base, [early, late, base], {ORDERS})

    assert touching == frozenset()


def test_it_costs_the_same_for_any_number_of_changes_and_nothing_the_second_time(
    desk: Path, commands: list[str]
) -> None:
    tips = [on(desk, f"change-{number}", "main", f"{number}.yaml") for number in range(12)]
    repository, base = Repository.open(desk), git(desk, "rev-parse", "main")
    commands.clear()

    with repository.calls.one():
        assert repository.touching(base, tips, {"7.yaml"}) == {tips[7]}
        assert repository.touching(base, tips, {"8.yaml", "9.yaml"}) == {tips[8], tips[9]}
    assert commands == ["rev-list", "cat-file"]


def test_without_changes_git_is_not_asked(desk: Path, commands: list[str]) -> None:
    repository, base = Repository.open(desk), git(desk, "rev-parse", "main")
    commands.clear()

    assert repository.touching(base, [], {ORDERS}) == frozenset()
    assert commands == []


def test_with_too_many_commits_to_tell_every_change_counts(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_SEARCHED", 3)
    few, many = on(desk, "few", "main", "x.yaml"), on(desk, "many", "main", "a.yaml", "b.yaml", "c.yaml")
    repository, base = Repository.open(desk), git(desk, "rev-parse", "main")

    assert repository.touching(base, [few, many], {ORDERS}) == {few, many}
    assert repository.touching(base, [few], {ORDERS}) == frozenset()


def test_a_change_without_a_commit_in_common_with_the_base_is_seen_whole(desk: Path) -> None:
    git(desk, "switch", "--quiet", "--orphan", "stranger")
    write(desk / ORDERS, CLUSTER)
    stranger = commit_all(desk, "Start elsewhere")

    touching = Repository.open(desk).touching(git(desk, "rev-parse", "main"), [stranger], {ORDERS})

    assert touching == {stranger}


def test_where_changes_left_the_base_costs_the_same_for_any_number(desk: Path, commands: list[str]) -> None:
    start = git(desk, "rev-parse", "main")
    tips = [on(desk, f"change-{number}", start, f"{number}.yaml", f"{number}-b.yaml") for number in range(6)]
    git(desk, "switch", "--quiet", "main")
    git(desk, "merge", "--quiet", "--no-ff", "--no-edit", "change-0")
    base = git(desk, "rev-parse", "main")
    git(desk, "switch", "--quiet", "change-1")
    git(desk, "merge", "--quiet", "--no-edit", "main")
    refreshed = git(desk, "rev-parse", "HEAD")
    git(desk, "switch", "--quiet", "--orphan", "stranger")
    write(desk / ORDERS, CLUSTER)
    stranger = commit_all(desk, "Start elsewhere")
    repository = Repository.open(desk)
    commands.clear()

    with repository.calls.one():
        assert repository.starts(base, [*tips[:1], *tips[2:]]) == {
            tips[0]: tips[0],
            tips[2]: start,
            tips[3]: start,
            tips[4]: start,
            tips[5]: start,
        }
        assert commands == ["rev-list"]
        assert repository.starts(base, [*tips[2:], refreshed, stranger]) == {
            **dict.fromkeys(tips[2:], start),
            refreshed: base,
            stranger: None,
        }
        assert commands == ["rev-list", "rev-list", "merge-base", "merge-base"]
