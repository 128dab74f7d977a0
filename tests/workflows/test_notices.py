from __future__ import annotations

import shutil

from gitops_mcp.workflows.notices import base_warnings
from tests.workflows.conftest import Team, cluster


def test_a_base_that_could_not_be_fetched_is_told(team: Team) -> None:
    remote = team.root.parent / "remote.git"
    team.git("init", "--quiet", "--bare", str(remote))
    team.commit({"db.yaml": cluster()})
    team.git("remote", "add", "origin", str(remote))
    team.git("push", "--quiet", "origin", "main")
    app = team.app()
    assert base_warnings(app.ground(fetch=True)) == []
    shutil.rmtree(remote)
    (found,) = base_warnings(app.ground(fetch=True))
    assert found.id == "base-not-fetched"
    assert "origin" in found.message


def test_without_a_repository_nothing_is_told_of_its_base() -> None:
    assert base_warnings(None) == []
