"""How many git processes a change starts, counted by a git on PATH that notes each of its starts.

What git itself runs (upload-pack, receive-pack) it finds beside itself, so only ours are counted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.adapters.git.conftest import CLUSTER, program
from tests.e2e.team import Team
from tests.e2e.wire import Wire

ORDERS = "clusters/prod/shop/orders.yaml"
BILLS = "clusters/prod/shop/bills.yaml"


@dataclass(frozen=True)
class Counted:
    team: Team
    server: Wire
    starts: Path

    def scale(self, change: str, instances: int) -> tuple[int, bool]:
        """The processes of one request, and whether it named a change that touches the same."""
        self.starts.write_text("")
        asked = {"name": "orders", "namespace": "shop", "instances": instances, "change": change}
        answer = self.server.answer("scale_postgres_cluster", **asked)
        assert answer["outcome"] == "committed"
        started = self.starts.read_text().splitlines()
        assert any(line.endswith(f"refs/heads/gitops-mcp/{change}") for line in started)
        return len(started), "overlapping-change" in [warning["id"] for warning in answer["warnings"]]

    def discard(self, change: str) -> None:
        self.server.answer("discard_change", change=change, confirm_deletion=True)


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    """A server without an API, on a clone without hooks that does not know the HEAD of its remote."""
    team = Team.of(tmp_path / "team", {ORDERS: CLUSTER, BILLS: CLUSTER.replace("name: orders", "name: bills")})
    team.git(team.checkout, "remote", "set-head", "origin", "--delete")
    shutil.rmtree(team.checkout / ".git/hooks")
    starts = tmp_path / "starts"
    program(tmp_path / "bin/git", f'echo "$*" >> {starts}\nexec {shutil.which("git")} "$@"')
    env = {**team.environment, "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    with Wire(team.checkout, env=env, log=team.log) as server:
        yield Counted(team, server, starts)


def test_a_change_starts_few_git_processes(counted: Counted) -> None:
    first, named = counted.scale("first", 5)
    assert (first <= 20, named) == (True, False), f"{first} for the first change of a server"
    counted.discard("first")

    alone, named = counted.scale("alone", 6)
    assert (alone <= 11, named) == (True, False), f"{alone} with no other change open"
    again, named = counted.scale("alone", 7)
    assert (again <= 11, named) == (True, False), f"{again} for a further commit"
    counted.discard("alone")


@pytest.mark.parametrize("base_moves", [False, True], ids=["on the base", "behind the base"])
@pytest.mark.few(1)
def test_another_open_change_costs_three_processes_more(counted: Counted, base_moves: bool) -> None:
    counted.scale("first", 5)
    counted.discard("first")
    theirs = {ORDERS: CLUSTER.replace("instances: 3", "instances: 4")}
    counted.team.commit(theirs, branch="gitops-mcp/theirs")
    if base_moves:
        counted.team.commit({BILLS: CLUSTER.replace("name: orders", "name: bills").replace("10Gi", "11Gi")})

    beside, named = counted.scale("beside", 6)

    assert (beside <= 14, named) == (True, True), f"{beside} beside a change that was not seen before"
