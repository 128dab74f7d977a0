"""Finding a repository, and where its base and its changes stand."""

from __future__ import annotations

from pathlib import Path

from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from tests.adapters.git.conftest import commit_all, git, snapshot, write


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
