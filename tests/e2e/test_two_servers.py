"""Two servers that write at the same time: all changes arrive, none is lost, and each commit is one request's."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.adapters.git.conftest import CLUSTER, git, snapshot
from tests.conftest import examples
from tests.e2e.team import Team
from tests.e2e.wire import Wire

WRITES = max(8, examples(20))
"""Of each server."""
NUMBERS = range(2 * WRITES)
TOGETHER = "all-together"

Place = Literal["one checkout", "two clones", "no remote"]


@dataclass(frozen=True)
class Servers:
    team: Team
    home: Path
    """The repository that holds the branches."""
    checkouts: tuple[Path, ...]
    both: tuple[Wire, Wire]
    users: list[tuple[object, ...]]
    """What was theirs in the checkouts."""

    def write(self, change: str) -> None:
        """Every cluster scaled in a request of its own, the even ones by one server, the others by the other."""
        start = threading.Barrier(2)

        def half(which: int) -> None:
            start.wait()
            for number in NUMBERS[which::2]:
                asked = {"name": f"orders-{number}", "instances": 4, "change": change.format(number)}
                assert self.both[which].answer("scale_postgres_cluster", **asked)["outcome"] == "committed"

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(half, (0, 1)))

    def tip(self, change: str) -> str:
        return git(self.home, "rev-parse", "--verify", f"refs/heads/gitops-mcp/{change}")

    def changed(self, old: str, new: str) -> list[str]:
        return git(self.home, "diff", "--name-only", old, new).splitlines()

    def races(self) -> int:
        """Commits that were made for a branch which stood elsewhere by then."""
        log = self.team.log.read_text()
        return len(re.findall(r"git (?:push|update-ref): [1-9]", log))

    def check_nothing_left(self) -> None:
        assert [_of_user(checkout) for checkout in self.checkouts] == self.users
        for checkout in self.checkouts:
            assert not (checkout / ".git/gitops-mcp").exists()
            assert list((checkout / ".git").rglob("*.lock")) == []
            git(checkout, "fsck", "--strict", "--no-dangling")
        assert list(self.home.rglob("*.lock")) == []
        git(self.home, "fsck", "--strict", "--no-dangling")


@pytest.fixture(params=["one checkout", "two clones", "no remote"])
def place(request: pytest.FixtureRequest) -> Place:
    where: Place = request.param
    return where


@pytest.fixture
def servers(place: Place, tmp_path: Path) -> Iterator[Servers]:
    team = Team.of(tmp_path / "team", {_path(number): _cluster(number, 3) for number in NUMBERS})
    second = team.folder / "second" if place == "two clones" else team.checkout
    if place == "two clones":
        git(team.folder, "clone", "--quiet", str(team.remote), str(second))
    if place == "no remote":
        git(team.checkout, "remote", "remove", "origin")
    flags = ("--log-level", "debug")
    with (
        Wire(team.checkout, *flags, env=team.environment, log=team.log) as one,
        Wire(second, *flags, env=team.environment, log=team.log) as other,
    ):
        one.greet()
        other.greet()
        home = team.checkout if place == "no remote" else team.remote
        checkouts = (team.checkout, second)
        yield Servers(team, home, checkouts, (one, other), [_of_user(checkout) for checkout in checkouts])


@pytest.mark.few(1)
def test_on_the_same_change_every_write_is_one_commit_on_the_one_before(servers: Servers) -> None:
    servers.write(TOGETHER)

    tip = servers.tip(TOGETHER)
    commits = git(servers.home, "rev-list", "--reverse", f"main..{tip}").splitlines()
    parents = git(servers.home, "log", "--reverse", "--format=%P", f"main..{tip}").splitlines()
    assert parents == [git(servers.home, "rev-parse", "main"), *commits[:-1]]
    assert len(commits) == 2 * WRITES
    touched = [servers.changed(f"{commit}^", commit) for commit in commits]
    assert sorted(touched) == sorted([_path(number)] for number in NUMBERS)
    assert _texts(servers.home, tip) == {_path(number): _cluster(number, 4) for number in NUMBERS}
    assert servers.races() > 0
    servers.check_nothing_left()


@pytest.mark.parametrize(
    "place",
    ["two clones", *(pytest.param(place, marks=pytest.mark.thorough) for place in ("one checkout", "no remote"))],
    indirect=True,
)
@pytest.mark.thorough
def test_on_different_changes_every_write_is_a_branch(servers: Servers) -> None:
    servers.write("cluster-{}")

    assert len(git(servers.home, "for-each-ref", "refs/heads/gitops-mcp").splitlines()) == 2 * WRITES
    for number in NUMBERS:
        tip = servers.tip(f"cluster-{number}")
        assert git(servers.home, "rev-list", f"main..{tip}") == tip
        assert servers.changed("main", tip) == [_path(number)]
        assert git(servers.home, "cat-file", "blob", f"{tip}:{_path(number)}") + "\n" == _cluster(number, 4)
    servers.check_nothing_left()


def _of_user(checkout: Path) -> tuple[object, ...]:
    seen = snapshot(checkout)
    return seen.files, seen.index, seen.head, seen.config, seen.stash, seen.fetch_head


def _path(number: int) -> str:
    return f"clusters/prod/shop/orders-{number}.yaml"


def _cluster(number: int, instances: int) -> str:
    return CLUSTER.replace("name: orders", f"name: orders-{number}").replace("instances: 3", f"instances: {instances}")


def _texts(repository: Path, commit: str) -> dict[str, Any]:
    paths = git(repository, "ls-tree", "-r", "--name-only", commit).splitlines()
    return {path: git(repository, "cat-file", "blob", f"{commit}:{path}") + "\n" for path in paths}
