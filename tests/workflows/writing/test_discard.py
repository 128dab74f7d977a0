from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitops_mcp.app import App
from gitops_mcp.errors import NotFound, Refused
from gitops_mcp.workflows.reading.changes.questions import change_detail, page_of_changes
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.discard import discard_branch
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.called_app import called_app

CLUSTER = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db, namespace: shop}\nspec: {instances: 3}\n"
)


def git(cwd: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(params=["auto", "never"])
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A checkout with a remote that is pushed to, or without any."""
    made = tmp_path / "checkout"
    git(tmp_path, "init", "--quiet", str(made))
    (made / "db.yaml").write_text(CLUSTER)
    git(made, "add", ".")
    git(made, "commit", "--quiet", "--message", "Start")
    if request.param == "auto":
        git(tmp_path, "init", "--quiet", "--bare", "remote.git")
        git(made, "remote", "add", "origin", str(tmp_path / "remote.git"))
        git(made, "push", "--quiet", "origin", "main")
    return made


@pytest.fixture
def app(checkout: Path) -> App:
    return called_app(checkout)


def proposed(app: App) -> str:
    request = WriteRequest("scale_postgres_cluster", None, change="mine")
    return clusters.scale_cluster(app, request, "db", namespace="shop", instances=4).commit or ""


def pushed_by_others(checkout: Path, parent: str) -> str:
    """A commit of somebody's own on the change's branch."""
    commit = git(checkout, "commit-tree", "-p", parent, "-m", "By hand", f"{parent}^{{tree}}")
    if git(checkout, "remote"):
        git(checkout, "push", "--quiet", "--force", "origin", f"{commit}:refs/heads/gitops-mcp/mine")
    else:
        git(checkout, "update-ref", "refs/heads/gitops-mcp/mine", commit)
    return commit


def test_discarding_asks_for_a_word_and_then_removes_the_branch(app: App, checkout: Path) -> None:
    tip = proposed(app)
    with pytest.raises(Refused, match=r"with 1 commit, the last one 'Scale Cluster shop/db.*confirm_deletion=true"):
        discard_branch(app, "mine", confirmed=False, dry_run=False)
    assert discard_branch(app, "mine", confirmed=False, dry_run=True).outcome == "dry_run"
    assert page_of_changes(app, state="open", limit=9, cursor=None).total == 1
    assert discard_branch(app, "mine", confirmed=True, dry_run=False).tip == tip
    assert page_of_changes(app, state="open", limit=9, cursor=None).total == 0


def test_a_discarded_change_is_closed(app: App) -> None:
    proposed(app)
    discard_branch(app, "mine", confirmed=True, dry_run=False)
    assert change_detail(app, "mine", detailed=False).state == "closed"
    assert [one.state for one in page_of_changes(app, state="all", limit=9, cursor=None).items] == ["closed"]
    with pytest.raises(NotFound):
        discard_branch(app, "mine", confirmed=True, dry_run=False)


def test_a_discarded_name_can_be_used_again(app: App) -> None:
    proposed(app)
    discard_branch(app, "mine", confirmed=True, dry_run=False)
    proposed(app)
    assert change_detail(app, "mine", detailed=False).state in {"draft", "pushed"}


def test_commits_of_others_on_the_branch_are_counted(app: App, checkout: Path) -> None:
    pushed_by_others(checkout, proposed(app))
    with pytest.raises(Refused, match="1 of them made by others"):
        discard_branch(app, "mine", confirmed=False, dry_run=False)
    assert [one.id for one in discard_branch(app, "mine", confirmed=True, dry_run=False).warnings] == ["others-commits"]


def test_a_branch_that_this_server_did_not_make_is_left_alone(app: App, checkout: Path) -> None:
    (checkout / "db.yaml").write_text(CLUSTER.replace("3", "5"))
    git(checkout, "commit", "--quiet", "--all", "--message", "By hand")
    commit = git(checkout, "rev-parse", "HEAD")
    git(checkout, "reset", "--quiet", "--hard", "HEAD~1")
    if git(checkout, "remote"):
        git(checkout, "push", "--quiet", "origin", f"{commit}:refs/heads/gitops-mcp/mine")
    else:
        git(checkout, "update-ref", "refs/heads/gitops-mcp/mine", commit)
    with pytest.raises(Refused, match="somebody else"):
        discard_branch(app, "mine", confirmed=True, dry_run=False)


@pytest.mark.parametrize("checkout", ["auto"], indirect=True)
def test_nothing_is_removed_once_the_fetch_was_refused(app: App, checkout: Path) -> None:
    """The remote is seen at one failure, which is told, and not at a second one."""
    proposed(app)
    remote = checkout.parent / "remote.git"
    no = checkout.parent / "no"
    no.write_text("#!/bin/sh\necho 'remote: Repository not found' >&2\nexit 128\n")
    no.chmod(0o755)
    git(checkout, "config", "remote.origin.uploadpack", str(no))
    with pytest.raises(Refused, match="nothing was removed: the fetch from origin failed: the repository is not there"):
        discard_branch(app, "mine", confirmed=True, dry_run=False)
    assert git(remote, "branch", "--list", "gitops-mcp/mine").strip() == "gitops-mcp/mine"
    assert discard_branch(app, "mine", confirmed=True, dry_run=True).outcome == "dry_run"


@pytest.mark.parametrize("checkout", ["auto"], indirect=True)
def test_a_change_that_could_not_be_looked_for_is_not_called_unknown(app: App, checkout: Path) -> None:
    proposed(app)
    (checkout.parent / "remote.git").rename(checkout.parent / "moved.git")
    with pytest.raises(Refused, match=r"whether there is a change 'other' is not known: .*the repository is not there"):
        discard_branch(app, "other", confirmed=True, dry_run=False)


def test_the_users_push_options_that_a_removal_goes_without_are_told(app: App, checkout: Path) -> None:
    proposed(app)
    git(checkout, "config", "push.pushOption", "repo.private=false")

    done = discard_branch(called_app(checkout), "mine", confirmed=True, dry_run=False)

    told = ["Git's configuration has push.pushOption, which is for your own pushes: those of this server go without it"]
    pushes = bool(git(checkout, "remote"))
    assert [one.message for one in done.warnings if one.id == "push-options-left-out"] == (told if pushes else [])
