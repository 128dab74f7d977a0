"""What became of a change where the forge knows its pull request: with what Git knows, and where Git knows nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_mcp.app import App
from gitops_mcp.domain.pull_requests import PullRequest, State
from gitops_mcp.errors import NotFound
from gitops_mcp.workflows.spans import Span, find_span
from tests.workflows.conftest import cluster
from tests.workflows.test_outcomes import (
    BRANCH,
    FILE,
    NAME,
    OTHER,
    STATES,
    Forge,
    Way,
    merge_commit,
    rebase,
    sized,
    squash,
    squash_of_other_content,
    unmerged,
)


@pytest.fixture(scope="module")
def first_forge(tmp_path_factory: pytest.TempPathFactory) -> Forge:
    return Forge.first(tmp_path_factory.mktemp("first") / "forge", tmp_path_factory.mktemp("home"))


@pytest.fixture
def forge(tmp_path: Path, first_forge: Forge) -> Forge:
    return first_forge.copy(tmp_path / "forge")


def pull(forge: Forge, state: State, *, head: str, number: int = 1, **rest: str | None) -> PullRequest:
    """One that was opened just now."""
    opened = forge.git("show", "--no-patch", "--format=%cI", head, where="remote.git")
    made = PullRequest(number, f"https://git.example.com/pulls/{number}", state, "Scale", BRANCH, "main", head=head)
    return replace(made, created_at=opened, **rest)  # type: ignore[arg-type] # by name


def found(app: App, given: PullRequest | None) -> Span:
    return find_span(app.ground(fetch=True), NAME, given)


def landed(forge: Forge, way: Way) -> str:
    way(forge)
    forge.push("main")
    return forge.git("rev-parse", "HEAD")


def rewritten(forge: Forge) -> None:
    """A squash whose title, trailers and content a person has written anew."""
    forge.on_main()
    forge.commit({FILE: sized(6, "3Gi")}, "Make room (#1)")


def test_an_open_pull_request_is_in_review_whoever_opened_it(forge: Forge) -> None:
    head = forge.propose()
    span = found(forge.app(), pull(forge, "open", head=head))
    assert (span.state, span.why, span.tip) == ("in_review", "pull request #1 is open", head)
    assert span.pull is not None


def test_an_open_one_whose_branch_is_gone_is_told_as_that(forge: Forge) -> None:
    head = forge.propose()
    app = forge.app()
    found(app, None)
    forge.drop()
    span = found(app, pull(forge, "open", head=head))
    assert (span.state, span.why) == ("in_review", "pull request #1 is open, and its branch is gone")


@pytest.mark.parametrize("is_there", [True, False], ids=["branch there", "branch gone"])
@pytest.mark.few(1)
def test_a_closed_one_closes_the_change(forge: Forge, is_there: bool) -> None:
    head = forge.propose()
    app = forge.app()
    found(app, None)
    if not is_there:
        forge.drop()
    for asked in (app, forge.newcomer()):
        span = found(asked, pull(forge, "closed", head=head))
        assert (span.state, len(span.commits)) == ("closed", 2)
        assert span.why.startswith("pull request #1 was closed without being merged; its branch ")


def test_one_that_is_open_again_is_in_review_again(forge: Forge) -> None:
    head = forge.propose()
    app = forge.app()
    assert found(app, pull(forge, "closed", head=head)).state == "closed"
    assert found(app, pull(forge, "open", head=head)).state == "in_review"


@pytest.mark.parametrize("is_there", [True, False], ids=["branch there", "branch gone"])
@pytest.mark.parametrize(
    "way", [merge_commit, squash, squash_of_other_content, rebase, rewritten], ids=lambda way: way.__name__
)
@pytest.mark.few(3)
def test_a_merged_one_is_merged_in_each_way_for_whoever_asks(forge: Forge, way: Way, is_there: bool) -> None:
    """Also where nothing of its content and none of its trailers are in the base, and no server saw it before."""
    head = forge.propose()
    witness = forge.app()
    found(witness, None)
    merge = landed(forge, way)
    if not is_there:
        forge.drop()
    forge.hide_requests()
    for app in (witness, forge.newcomer()):
        span = found(app, pull(forge, "merged", head=head, merge_commit=merge))
        assert span.state == "merged", span.why
        assert "pull request #1 is merged" in span.why
        assert span.pull is not None
        assert span.start is not None
        ground = app.ground(fetch=False)
        assert ground.repository.changed_files(span.start, span.tip) == (FILE,)


def test_a_rebased_one_that_nobody_saw_has_all_its_commits_where_git_has_the_branch(forge: Forge) -> None:
    head = forge.propose()
    merge = landed(forge, rebase)
    forge.drop()
    span = found(forge.newcomer(), pull(forge, "merged", head=head, merge_commit=merge))
    assert (span.state, len(span.commits)) == ("merged", 2)


def test_what_came_after_the_merge_is_not_merged(forge: Forge) -> None:
    head = forge.propose()
    merge = landed(forge, squash)
    forge.git("checkout", "--quiet", "--detach", f"origin/{BRANCH}")
    forge.commit({FILE: sized(9, "2Gi")}, f"Scale again\n\nGitops-Mcp-Change: {NAME}")
    forge.push(BRANCH)
    span = found(forge.app(), pull(forge, "merged", head=head, merge_commit=merge))
    assert span.state == "pushed"
    assert span.why.endswith("pull request #1 is merged, without the last 1 commit")


def test_a_merge_into_another_base_is_no_merge_here(forge: Forge) -> None:
    head = forge.propose()
    span = found(forge.app(), pull(forge, "merged", head=head, base="release", merge_commit=head))
    assert span.state == "pushed"
    assert span.why.endswith("pull request #1 is merged into release, not into main")


def test_a_merge_that_the_base_does_not_hold_here_is_told_and_not_believed(forge: Forge) -> None:
    head = forge.propose()
    elsewhere = forge.commit({OTHER: cluster("other", spec="{instances: 1}")}, "Elsewhere")
    span = found(forge.app(), pull(forge, "merged", head=head, merge_commit=elsewhere))
    assert span.state == "pushed"
    assert span.why.endswith(f"#1 is merged as commit {elsewhere[:12]}, which main as it is known here does not hold")


@pytest.mark.parametrize("state", ["closed", "merged"])
@pytest.mark.few(1)
def test_one_of_an_earlier_life_says_nothing_of_this_one(forge: Forge, state: State) -> None:
    """Also on a forge that shows an old one with the last commit of the new branch: git has the right one."""
    old = forge.propose()
    app = forge.app()
    found(app, None)
    merge = landed(forge, squash if state == "merged" else unmerged)
    first = pull(forge, state, head=old, merge_commit=merge if state == "merged" else None)
    forge.drop()
    found(app, first)
    new = forge.propose(4, "7Gi", request=2)
    for asked in (app, forge.newcomer()):
        for given in (first, replace(first, head=new)):
            span = found(asked, given)
            assert (span.state, span.pull, span.tip) == ("pushed", None, new)


def test_a_second_life_that_was_closed_is_closed_where_the_first_was_merged(forge: Forge) -> None:
    """And nothing but the forge knows of the second: its branch is gone, and the remote shows no pull requests."""
    forge.propose()
    landed(forge, rebase)
    forge.drop()
    head = forge.propose(4, "7Gi", request=2)
    given = pull(forge, "closed", head=head, number=2)
    forge.drop()
    forge.hide_requests()
    app = forge.newcomer()
    assert found(app, None).state == "merged"
    span = found(app, given)
    assert span.state == "closed"
    assert span.why.startswith(
        "pull request #2 was closed without being merged, and its branch is gone; Git no longer has its"
    )


def test_one_that_nobody_knows_is_not_found(forge: Forge) -> None:
    with pytest.raises(NotFound, match="there is no change 'size'"):
        found(forge.app(), None)


@pytest.mark.parametrize("way", [way for way in STATES if STATES[way][0] == "merged"], ids=lambda way: way.__name__)
@pytest.mark.few(2)
def test_what_git_holds_is_merged_though_its_pull_request_is_open(forge: Forge, way: Callable[[Forge], None]) -> None:
    head = forge.propose()
    given = pull(forge, "open", head=head)
    app = forge.app()
    found(app, given)
    landed(forge, way)
    span = found(app, given)
    assert span.state == "merged"
    assert span.why.endswith("; pull request #1 is open")
