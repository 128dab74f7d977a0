from __future__ import annotations

import pytest

from gitops_mcp.workflows.merged import is_merged
from tests.workflows.conftest import Team, cluster


def merged(team: Team) -> bool:
    ground = team.app().ground(fetch=False)
    (found,) = ground.repository.changes(ground.git, ground.base)
    return is_merged(ground, found)


@pytest.fixture
def change(team: Team) -> str:
    team.commit({"db.yaml": cluster()})
    team.git("checkout", "--quiet", "-b", "gitops-mcp/more", "main")
    team.commit({"db.yaml": cluster(spec="{instances: 4}")})
    team.git("checkout", "--quiet", "main")
    return "gitops-mcp/more"


def test_a_change_on_its_branch_is_not_merged(team: Team, change: str) -> None:
    assert merged(team) is False


@pytest.mark.parametrize("squash", [False, True], ids=["by ancestry", "by content"])
def test_a_change_that_the_base_holds_is_merged(team: Team, change: str, squash: bool) -> None:
    team.merge(change, squash=squash)
    team.commit({"other.yaml": cluster("other")})
    assert merged(team) is True
