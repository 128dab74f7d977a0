from __future__ import annotations

from pathlib import Path

import pytest

from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.errors import Refused, Unavailable
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.delivery import git_delivery
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.adapters.git.conftest import CLUSTER, commit_all, git, program, write

MINE = WriteRequest("scale_postgres_cluster", None, change="mine")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    made = tmp_path / "checkout"
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "remote.git"), str(made))
    write(made / "orders.yaml", CLUSTER)
    commit_all(made, "Start")
    git(made, "push", "--quiet", "origin", "main")
    git(made, "remote", "set-head", "origin", "main")
    return made


def test_a_lock_that_somebody_died_with_on_the_remote_is_named_once_patience_ends(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_delivery, "PATIENCE", 0.5)
    left = tmp_path / "remote.git/refs/heads/gitops-mcp/mine.lock"
    left.parent.mkdir()
    left.touch()
    app = App.open(Flags(repo=checkout))

    with pytest.raises(Unavailable, match=r"times in 0\.5 s: try again later(?s:.*)mine\.lock': File exists"):
        clusters.scale_cluster(app, MINE, "orders", namespace="shop", instances=4)

    left.unlink()
    assert clusters.scale_cluster(app, MINE, "orders", namespace="shop", instances=4).outcome == "committed"


def test_a_change_that_moves_while_it_is_written_is_planned_again_on_what_it_has_become(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer's commit arrives between the look and the push, again and again; each time it waits longer."""
    waits: list[float] = []
    monkeypatch.setattr(git_delivery, "pause", waits.append)
    app = App.open(Flags(repo=checkout))
    clusters.scale_cluster(app, MINE, "orders", namespace="shop", instances=4)
    remote = tmp_path / "remote.git"
    mine = f"git --git-dir={remote} update-ref refs/heads/gitops-mcp/mine"
    another = f"git --git-dir={remote} commit-tree -p gitops-mcp/mine -m Another gitops-mcp/mine^{{tree}}"
    program(
        checkout / ".git/hooks/pre-commit",
        f"""unset $(git rev-parse --local-env-vars)
echo >>{tmp_path}/tries
[ $(wc -l <{tmp_path}/tries) -gt 5 ] || {mine} $({another})""",
    )

    done = clusters.scale_cluster(app, MINE, "orders", namespace="shop", instances=5)

    subjects = git(remote, "log", "--format=%s", "main..gitops-mcp/mine").splitlines()
    assert done.commit == git(remote, "rev-parse", "gitops-mcp/mine")
    assert subjects[1:6] == ["Another"] * 5
    assert len(subjects) == 7
    assert (tmp_path / "tries").read_text() == "\n" * 6
    assert [0 <= wait <= 0.02 * number for number, wait in enumerate(waits, 1)] == [True] * 5


def test_a_mirror_that_shows_another_branch_than_it_takes_is_no_race(checkout: Path, tmp_path: Path) -> None:
    """Two pushes that are refused while nothing moves are enough to know it."""
    app = App.open(Flags(repo=checkout))
    clusters.scale_cluster(app, MINE, "orders", namespace="shop", instances=4)
    remote, mirror = tmp_path / "remote.git", tmp_path / "mirror.git"
    git(tmp_path, "clone", "--quiet", "--mirror", str(remote), str(mirror))
    git(remote, "update-ref", "refs/heads/gitops-mcp/mine", "main")
    program(tmp_path / "lagging", f'echo fetched >>{tmp_path}/fetches\nexec git-upload-pack "{mirror}"')
    git(checkout, "config", "remote.origin.uploadpack", str(tmp_path / "lagging"))

    with pytest.raises(Refused, match="origin has refused the push twice while a fetch saw its branches stand still"):
        clusters.scale_cluster(app, MINE, "orders", namespace="shop", instances=5)

    assert (tmp_path / "fetches").read_text() == "fetched\n" * 2


def test_nothing_is_pushed_once_the_fetch_was_refused(checkout: Path, tmp_path: Path) -> None:
    app = App.open(Flags(repo=checkout))
    program(tmp_path / "no", "echo 'remote: Repository not found' >&2\nexit 128")
    git(checkout, "config", "remote.origin.uploadpack", str(tmp_path / "no"))
    program(checkout / ".git/hooks/pre-push", f"touch {tmp_path}/pushed")

    with pytest.raises(Refused, match=r"nothing was pushed: the fetch from origin failed: the repository is not there"):
        clusters.scale_cluster(app, MINE, "orders", namespace="shop", instances=4)

    assert not (tmp_path / "pushed").exists()
    assert git(tmp_path / "remote.git", "for-each-ref", "refs/heads/gitops-mcp") == ""


def test_a_dry_run_beside_a_remote_that_cannot_be_asked_says_so_and_plans(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "remote.git").rename(tmp_path / "moved.git")
    request = WriteRequest("scale_postgres_cluster", None, change="mine", dry_run=True)

    done = clusters.scale_cluster(App.open(Flags(repo=checkout)), request, "orders", namespace="shop", instances=4)

    assert done.outcome == "dry_run"
    assert "base-not-fetched" in [one.id for one in done.warnings]
