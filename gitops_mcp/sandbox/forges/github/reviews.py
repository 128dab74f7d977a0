"""Labels, reviewers, reviews and comments by GitHub's REST interface."""

from __future__ import annotations

from typing import cast

from gitops_mcp.sandbox.forges.github.bodies import (
    comment_body,
    label_body,
    pull_body,
    review_body,
    row_body,
    team_body,
    user_body,
)
from gitops_mcp.sandbox.forges.github.pulls import check_length, rows_of_page
from gitops_mcp.sandbox.forges.github.rights import invalid, need, need_write, not_found, refusal, the_pull
from gitops_mcp.sandbox.forges.routing import Answer, Call
from gitops_mcp.sandbox.forges.values import Comment, Pull, Verdict, now

_EVENTS: dict[str, Verdict] = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
    "": "PENDING",
}


def _lag(call: Call, pull: Pull) -> None:
    if call.forge.lags.take("labels"):
        words = f"Could not resolve to a node with the global id of 'PR_{pull.id}'."
        raise invalid("Label", code="unprocessable", field="data", message=words)


def list_labels(call: Call) -> Answer:
    pull = the_pull(call)
    return Answer(200, [label_body(call, call.repo, one) for one in pull.labels])


def add_labels(call: Call) -> Answer:
    """Those that the repository does not have are made."""
    need(call, "issues=write", "pull_requests=write")
    pull = the_pull(call)
    need_write(call)
    _lag(call, pull)
    given = call.body if isinstance(call.body, list) else call.given("labels", [])
    names = [one["name"] if isinstance(one, dict) else one for one in given]
    for name in names:
        call.repo.labels.setdefault(name, call.forge.new_id())
    pull.labels[:] = list(dict.fromkeys((*(pull.labels if call.method == "POST" else ()), *names)))
    return list_labels(call)


def remove_label(call: Call) -> Answer:
    need(call, "issues=write", "pull_requests=write")
    pull, name = the_pull(call), call.place["name"]
    if name not in pull.labels:
        raise refusal(404, "Label does not exist")
    pull.labels.remove(name)
    return list_labels(call)


def list_requested(call: Call) -> Answer:
    pull = the_pull(call)
    users, teams = [user_body(call, one) for one in pull.reviewers], [team_body(call, one) for one in pull.teams]
    return Answer(200, {"users": users, "teams": teams})


def request_reviewers(call: Call) -> Answer:
    """All or nobody."""
    need(call, "pull_requests=write")
    pull = the_pull(call)
    need_write(call)
    _lag(call, pull)
    logins, teams = call.given("reviewers") or [], call.given("team_reviewers") or []
    if pull.user.login in logins:
        raise refusal(422, "Review cannot be requested from pull request author.")
    if any(one not in call.repo.roles for one in logins) or any(f"team:{one}" not in call.repo.roles for one in teams):
        words = "Reviews may only be requested from collaborators. One or more of the users or teams you specified is"
        raise refusal(422, f"{words} not a collaborator of the {call.repo.full_name} repository.")
    pull.reviewers += [user for one in logins if (user := call.forge.user(one)) not in pull.reviewers]
    pull.teams += [one for one in teams if one not in pull.teams]
    return Answer(201, row_body(call, pull))


def unrequest_reviewers(call: Call) -> Answer:
    need(call, "pull_requests=write")
    pull = the_pull(call)
    pull.reviewers = [one for one in pull.reviewers if one.login not in call.given("reviewers", [])]
    pull.teams = [one for one in pull.teams if one not in call.given("team_reviewers", [])]
    return Answer(200, pull_body(call, pull))


def list_reviews(call: Call) -> Answer:
    """The oldest first; a pending one is seen by its author only."""
    pull = the_pull(call)
    rows = [one for one in pull.reviews if one.verdict != "PENDING" or one.user == call.user]
    page, headers = rows_of_page(call, cast("list[object]", rows))
    return Answer(200, [review_body(call, one) for one in page.rows], headers)


def create_review(call: Call) -> Answer:
    need(call, "pull_requests=write")
    pull, verdict = the_pull(call), _EVENTS.get(call.given("event", ""))
    if verdict is None:
        raise invalid("PullRequestReview", code="invalid", field="event")
    if pull.user == call.user and verdict in {"APPROVED", "CHANGES_REQUESTED"}:
        what = "approve" if verdict == "APPROVED" else "request changes on"
        raise refusal(422, "Unprocessable Entity", [f"Can not {what} your own pull request"])
    review = call.forge.review(pull, verdict, by=call.person.login, body=call.given("body") or "")
    return Answer(200, review_body(call, review))


def dismiss_review(call: Call) -> Answer:
    need(call, "pull_requests=write")
    need_write(call)
    for one in the_pull(call).reviews:
        if str(one.id) == call.place["review"]:
            one.dismissed = True
            return Answer(200, review_body(call, one))
    raise not_found()


def list_comments(call: Call) -> Answer:
    pull = the_pull(call)
    page, headers = rows_of_page(call, cast("list[object]", pull.comments))
    return Answer(200, [comment_body(call, pull, one) for one in page.rows], headers)


def create_comment(call: Call) -> Answer:
    need(call, "issues=write", "pull_requests=write")
    pull, words = the_pull(call), _comment_text(call)
    if len(words) > 65_536:
        text = "Body is too long (maximum is 65536 characters)"
        raise invalid("IssueComment", code="unprocessable", field="data", message=text)
    return Answer(201, comment_body(call, pull, call.forge.comment(pull, words, by=call.person.login)))


def _comment_text(call: Call) -> str:
    text = call.given("body")
    if not text:
        raise invalid("IssueComment", code="missing_field", field="body")
    return str(text)


def _comment(call: Call) -> tuple[Pull, Comment]:
    need(call, "issues=read", "pull_requests=read")
    for pull in call.repo.pulls.values():
        for one in pull.comments:
            if str(one.id) == call.place["id"]:
                return pull, one
    raise not_found()


def get_comment(call: Call) -> Answer:
    return Answer(200, comment_body(call, *_comment(call)))


def edit_comment(call: Call) -> Answer:
    need(call, "issues=write", "pull_requests=write")
    pull, comment = _comment(call)
    if comment.user != call.user and not call.can_write:
        raise refusal(403, "Must have push access to the repository.")
    check_length(call, "IssueComment")
    comment.body, comment.updated = _comment_text(call), now()
    return Answer(200, comment_body(call, pull, comment))


def delete_comment(call: Call) -> Answer:
    need(call, "issues=write", "pull_requests=write")
    pull, comment = _comment(call)
    pull.comments.remove(comment)
    return Answer(204)
