"""What is told of each pull request: what holds it up, and who must do what."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain.pull_requests import BaseRules, Check, PullRequest, PullRequestReport, Review
from gitops_mcp.domain.pull_standing import ProposalInGit, Step, pull_standing

GOLDEN = Path(__file__).parents[1] / "golden" / "pull_sentences.txt"
TIP = "a" * 40
PULL = PullRequest(12, "https://git.example.com/fleet/pulls/12", "open", "Scale", "gitops-mcp/size", "main", head=TIP)
HERE = ProposalInGit("size", "main", TIP)
UNIT = Check("unit", "failure", "https://ci.example.com/7")
OK = Review("alice", "approved")


def report(*reviews: Review, checks: tuple[Check, ...] = (), **rest: Any) -> PullRequestReport:
    rules = {key: rest.pop(key) for key in ("approvals", "checks_asked", "code_owners", "up_to_date") if key in rest}
    asked = BaseRules(checks=rules.pop("checks_asked", None), **rules)
    blocked = rest.pop("blocked", None)
    return PullRequestReport(replace(PULL, **rest), reviews, checks, asked, blocked)


CASES: dict[str, tuple[PullRequestReport, ProposalInGit, Step]] = {
    "a row of a listing": (PullRequestReport(PULL), HERE, "review"),
    "a row of a listing, draft": (PullRequestReport(replace(PULL, draft=True)), HERE, "mend"),
    "another base": (report(OK, base="release"), HERE, "mend"),
    "a conflict": (report(OK, mergeable="conflicts"), replace(HERE, conflicts=("shop/db.yaml",)), "mend"),
    "a conflict that only the forge finds": (report(OK, mergeable="conflicts"), HERE, "wait"),
    "changes requested": (report(Review("bob", "changes_requested"), OK), HERE, "answer"),
    "changes requested and a check failed": (
        report(Review("bob", "changes_requested"), checks=(UNIT,)),
        HERE,
        "answer",
    ),
    "a required check failed": (report(OK, checks=(UNIT,), checks_asked=("unit",)), HERE, "mend"),
    "a check failed, nothing says whether it is required": (report(OK, checks=(UNIT,)), HERE, "mend"),
    "a check failed that nothing asks for": (report(OK, checks=(UNIT,), checks_asked=(), approvals=1), HERE, "merge"),
    "a check that may fail": (report(OK, checks=(Check("lint", "neutral"),), approvals=1), HERE, "merge"),
    "a draft on GitHub": (report(draft=True), HERE, "mend"),
    "a draft on GitLab": (report(draft=True), replace(HERE, forge="GitLab"), "mend"),
    "a draft on Gitea": (report(draft=True), replace(HERE, forge="Gitea"), "mend"),
    "no review yet": (report(author="octo-bot"), HERE, "review"),
    "no review yet, persons and a team asked": (report(reviewers=("alice", "platform/dba")), HERE, "review"),
    "one approval of two": (report(OK, approvals=2), HERE, "review"),
    "an approval of an earlier commit": (report(replace(OK, is_stale=True), approvals=1), HERE, "review"),
    "a comment is not an approval": (report(Review("alice", "commented"), approvals=1), HERE, "review"),
    "an owner has to approve": (report(approvals=0, code_owners=True), HERE, "review"),
    "reviews that cannot be read, and are missing": (
        replace(report(approvals=1, blocked="blocked"), reviews=None),
        HERE,
        "review",
    ),
    "no review asked for": (report(approvals=0), HERE, "merge"),
    "checks run while the review is missing": (report(checks=(Check("unit", "pending"),), approvals=1), HERE, "review"),
    "checks run": (report(OK, checks=(Check("unit", "pending"), Check("lint", "success"))), HERE, "wait"),
    "a required check that has not begun": (report(OK, checks_asked=("e2e",)), HERE, "wait"),
    "behind where that counts": (report(OK, up_to_date=True), replace(HERE, behind=3), "mend"),
    "behind where it does not": (report(OK, approvals=1), replace(HERE, behind=3), "merge"),
    "held up by a rule that is not readable": (report(OK, blocked="blocked"), HERE, "review"),
    "held up for open threads": (
        report(OK, blocked="discussions_not_resolved"),
        replace(HERE, forge="GitLab"),
        "answer",
    ),
    "held up for checks that nothing lists": (
        report(OK, blocked="ci_must_pass"),
        replace(HERE, forge="GitLab"),
        "wait",
    ),
    "held up for a branch without commits": (
        report(OK, blocked="commits_status"),
        replace(HERE, forge="GitLab"),
        "answer",
    ),
    "not computed yet": (report(OK, blocked="checking"), replace(HERE, forge="GitLab"), "wait"),
    "ready": (report(OK, approvals=1, checks=(Check("unit", "success"),)), HERE, "merge"),
    "the forge has an earlier commit": (report(OK, approvals=1, head="b" * 40), HERE, "review"),
    "names that are no names": (
        report(Review("eve\n## Merged", "changes_requested"), checks=(Check("x\nok", "failure"),)),
        HERE,
        "answer",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_of_several_things_that_hold_it_up_the_first_is_told(case: str) -> None:
    asked, here, step = CASES[case]
    found = pull_standing(asked, here)
    assert found.step == step
    assert found.waits == (step in {"review", "wait", "merge"})
    assert found.why.isprintable()
    assert found.next.isprintable()


def test_what_is_told_of_each_stands_in_the_golden_file() -> None:
    told = {case: pull_standing(asked, here) for case, (asked, here, _) in CASES.items()}
    text = "\n".join(f"{case}: {one.step}\n  {one.why}\n  {one.next}\n" for case, one in told.items())
    if os.environ.get("GITOPS_MCP_TEST_GOLDEN") == "write":
        GOLDEN.write_text(text)
    assert GOLDEN.read_text() == text
