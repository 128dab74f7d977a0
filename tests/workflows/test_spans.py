from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_mcp.adapters.git.commits import Commit
from gitops_mcp.app import Ground
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.errors import NotFound
from gitops_mcp.workflows.spans import files_of, find_span, impact_of, impact_reasons, trailer_of
from tests.workflows.conftest import Team, cluster

MORE = {"db.yaml": cluster(spec="{instances: 4}")}


def commit(message: str, *trailers: tuple[str, str]) -> Commit:
    return Commit("c" * 40, (), "Scale", message, "Ann <ann@example.com>", "2026-01-01T00:00:00Z", trailers)


def proposed(team: Team, name: str = "more", files: dict[str, str | None] | None = None) -> str:
    team.git("checkout", "--quiet", "-b", f"gitops-mcp/{name}", "main")
    tip = team.commit(files or MORE)
    team.git("commit", "--quiet", "--amend", "--message", f"Scale\n\nGitops-Mcp-Change: {name}")
    tip = team.git("rev-parse", "HEAD")
    team.git("checkout", "--quiet", "main")
    return tip


def ground(team: Team) -> Ground:
    return team.app().ground(fetch=False)


@pytest.fixture
def base(team: Team) -> str:
    return team.commit({"db.yaml": cluster()})


def test_a_change_on_a_local_branch_is_a_draft(team: Team, base: str) -> None:
    tip = proposed(team)
    found = find_span(ground(team), "more")
    assert (found.state, found.branch, found.start, found.tip) == ("draft", "gitops-mcp/more", base, tip)
    assert [one.id for one in found.commits] == [tip]


def test_a_change_whose_files_are_those_of_the_base_is_closed(team: Team, base: str) -> None:
    team.git("checkout", "--quiet", "-b", "gitops-mcp/more", "main")
    team.commit({})
    team.git("checkout", "--quiet", "main")
    found = find_span(ground(team), "more")
    assert (found.state, found.why) == ("closed", "its commits cancel each other out, so nothing is left to merge")


@pytest.mark.parametrize(
    ("squash", "why"),
    [
        pytest.param(False, "main holds its last commit", id="by ancestry"),
        pytest.param(True, "main holds all that it changes (as after a squash merge)", id="by content"),
    ],
)
def test_a_merged_change_says_how_that_is_known(team: Team, base: str, squash: bool, why: str) -> None:
    proposed(team)
    team.merge("gitops-mcp/more", squash=squash)
    found = find_span(ground(team), "more")
    assert (found.state, found.why, found.start) == ("merged", why, base)


def test_of_a_merged_branch_only_the_commits_that_name_the_change_are_its_own(team: Team, base: str) -> None:
    first = proposed(team)
    team.git("merge", "--quiet", "--ff-only", "gitops-mcp/more")
    found = find_span(ground(team), "more")
    assert ([one.id for one in found.commits], found.start) == ([first], base)


def test_a_merged_change_whose_branch_is_gone_is_found_by_the_commits_that_name_it(team: Team, base: str) -> None:
    tip = proposed(team)
    team.merge("gitops-mcp/more")
    team.git("branch", "--quiet", "-D", "gitops-mcp/more")
    found = find_span(ground(team), "more")
    assert (found.state, found.start) == ("merged", base)
    assert found.why == f"commit {tip[:12]} on main names it; its branch is gone"


def test_of_a_name_that_was_used_twice_only_the_last_life_counts(team: Team, base: str) -> None:
    for instances in (4, 5):
        proposed(team, files={"db.yaml": cluster(spec=f"{{instances: {instances}}}")})
        team.git("merge", "--quiet", "--ff-only", "gitops-mcp/more")
        team.git("branch", "--quiet", "-D", "gitops-mcp/more")
        team.commit({f"notes-{instances}.txt": "of somebody else"})
    found = find_span(ground(team), "more")
    assert [one.id for one in found.commits] == [found.tip]
    assert found.start == team.git("rev-parse", "main~2")


def test_a_branch_that_went_without_being_merged_closed_its_change(team: Team, base: str) -> None:
    tip = proposed(team)
    team.app().ground(fetch=True)
    team.git("branch", "--quiet", "-D", "gitops-mcp/more")
    found = find_span(ground(team), "more")
    assert (found.tip, found.state, found.why) == (tip, "closed", "its branch was removed without being merged")


def test_a_branch_that_went_after_its_merge_left_a_merged_change(team: Team, base: str) -> None:
    proposed(team)
    team.app().ground(fetch=True)
    team.merge("gitops-mcp/more", squash=True)
    team.git("branch", "--quiet", "-D", "gitops-mcp/more")
    found = find_span(ground(team), "more")
    assert found.state == "merged"
    assert found.why == "main holds all that it changes (as after a squash merge); its branch is gone"


def test_an_unknown_change_is_told_with_near_names(team: Team, base: str) -> None:
    proposed(team, "scale-db")
    with pytest.raises(NotFound, match=r"there is no change 'scale-dv'; .*scale-db"):
        find_span(ground(team), "scale-dv")


def test_the_files_of_a_change_have_what_was_there_before(team: Team, base: str) -> None:
    proposed(team, files={**MORE, "new.yaml": cluster("new")})
    here = ground(team)
    span = find_span(here, "more")
    old, new = files_of(here, span, ["db.yaml", "new.yaml"])
    assert (old.before, old.after) == (cluster(), cluster(spec="{instances: 4}"))
    assert (new.before, new.after) == (None, cluster("new"))
    assert files_of(here, replace(span, start=None), ["db.yaml"]) == []


def test_the_impact_of_a_change_is_the_worst_that_its_commits_state() -> None:
    reload = commit("", ("Gitops-Mcp-Impact", "reload"))
    outage = commit("", ("Gitops-Mcp-Impact", "outage"))
    assert impact_of([reload, outage, commit("")]) is Level.OUTAGE
    assert impact_of([commit("", ("Gitops-Mcp-Impact", "of my own"))]) is Level.NONE
    assert impact_of([]) is Level.NONE


def test_reasons_are_those_below_the_impact_of_own_commits_each_once_and_redacted() -> None:
    body = "It grows.\n\nImpact: outage\n- every pod stops\n- password=hunter2hunter2\n\n- not a reason"
    own = commit(body, ("Gitops-Mcp-Impact", "outage"))
    assert impact_reasons([own, own, commit("Impact: outage\n- by somebody else")]) == [
        "every pod stops",
        "password=<redacted>",
    ]


def test_the_first_trailer_of_a_name_counts() -> None:
    found = commit("", ("Gitops-Mcp-Change", "one"), ("Gitops-Mcp-Change", "two"))
    assert (trailer_of(found, "Gitops-Mcp-Change"), trailer_of(found, "Gitops-Mcp-Secret")) == ("one", None)
