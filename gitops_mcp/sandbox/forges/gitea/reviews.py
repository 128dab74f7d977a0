"""Labels, reviewers, reviews, comments and statuses by Gitea's API."""

from __future__ import annotations

from gitops_mcp.sandbox.forges.gitea.bodies import (
    comment_body,
    label_body,
    repository_body,
    request_body,
    review_body,
    status_body,
    user_body,
)
from gitops_mcp.sandbox.forges.gitea.pulls import rows_of_page
from gitops_mcp.sandbox.forges.gitea.rights import commit_of, need, need_write, not_found, refusal, the_pull
from gitops_mcp.sandbox.forges.routing import Answer, Call, Refused
from gitops_mcp.sandbox.forges.values import Comment, Pull, Status, User, Verdict, now

_WORST = ("error", "failure", "pending", "warning", "success")
_EVENTS: dict[str, Verdict] = {"APPROVED": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def current_user(call: Call) -> Answer:
    need(call, "read:user")
    return Answer(200, user_body(call, call.user))


def labels_of_repository(call: Call) -> Answer:
    need(call, "read:issue")
    found, headers = rows_of_page(call, list(call.repo.labels))
    return Answer(200, [label_body(call, call.repo, one) for one in found], headers)


def labels_of_organization(call: Call) -> Answer:
    """Another list, with another scope."""
    need(call, "read:organization")
    rows = call.forge.organization_labels.items()
    url = f"{call.api}/orgs/{call.place['org']}/labels"
    found, headers = rows_of_page(
        call, [{"id": number, "name": name, "url": f"{url}/{number}"} for name, number in rows]
    )
    return Answer(200, found, headers)


def create_label(call: Call) -> Answer:
    need(call, "write:issue")
    need_write(call)
    call.repo.labels.setdefault(call.given("name"), call.forge.new_id())
    return Answer(201, label_body(call, call.repo, call.given("name")))


def list_labels(call: Call) -> Answer:
    return Answer(200, [label_body(call, call.repo, one) for one in the_pull(call, "read:issue").labels])


def add_labels(call: Call) -> Answer:
    """By number or name; what there is not is dropped without a word."""
    pull = the_pull(call, "write:issue")
    wanted = call.given("labels") or []
    if call.method == "PUT":
        pull.labels.clear()
    for name, number in {**call.repo.labels, **call.forge.organization_labels}.items():
        if {name, number} & set(wanted) and name not in pull.labels and call.can_write:
            pull.labels.append(name)
    return list_labels(call)


def request_reviewers(call: Call) -> Answer:
    """All or nobody; whoever is asked already is left out of the answer."""
    pull = the_pull(call, "write:repository")
    asked: list[User] = []
    for login in call.given("reviewers") or []:
        if login not in call.forge.users:
            raise not_found(call, f"User '{login}' not exist")
        user = call.forge.user(login)
        ids = f"[user_id: {user.id}, repo_id: {call.repo.id}]"
        if user == pull.user:
            raise refusal(call, 422, f"poster of pr can't be reviewer {ids}")
        if login not in call.repo.roles:
            raise refusal(call, 422, f"Reviewer can't read {ids}")
        if user not in pull.reviewers:
            asked.append(user)
    for team in call.given("team_reviewers") or []:
        if f"team:{team}" not in call.repo.roles:
            raise not_found(call, f"Team '{team}' not exist")
        pull.teams.append(team)
    pull.reviewers += asked
    return Answer(201, [request_body(call, pull, one) for one in asked])


def unrequest_reviewers(call: Call) -> Answer:
    pull = the_pull(call, "write:repository")
    pull.reviewers = [one for one in pull.reviewers if one.login not in (call.given("reviewers") or [])]
    return Answer(204)


def list_reviews(call: Call) -> Answer:
    """Every one, not the last of each; who was asked and has not answered is among them."""
    pull = the_pull(call)
    answered = {one.user for one in pull.reviews}
    rows = [request_body(call, pull, one) for one in pull.reviewers if one not in answered]
    rows += [review_body(call, pull, one) for one in pull.reviews]
    found, headers = rows_of_page(call, rows)
    return Answer(200, found, headers)


def create_review(call: Call) -> Answer:
    """Another event than these makes one that is pending: `APPROVE` is another."""
    pull, event = the_pull(call, "write:repository"), call.given("event", "")
    verdict = _EVENTS.get(event, "PENDING")
    if pull.user == call.user and verdict in {"APPROVED", "CHANGES_REQUESTED"}:
        what = "approve" if verdict == "APPROVED" else "reject"
        raise refusal(call, 422, f"{what} your own pull is not allowed")
    review = call.forge.review(pull, verdict, by=call.person.login, body=call.given("body") or "")
    return Answer(200, review_body(call, pull, review))


def dismiss_review(call: Call) -> Answer:
    pull = the_pull(call, "write:repository")
    if call.role != "admin":
        raise refusal(call, 403, "Must be repo admin")
    for one in pull.reviews:
        if str(one.id) == call.place["review"]:
            one.dismissed = True
            return Answer(200, review_body(call, pull, one))
    raise not_found(call)


def list_comments(call: Call) -> Answer:
    """All at once, whatever the limit says."""
    pull = the_pull(call, "read:issue")
    rows = [comment_body(call, pull, one) for one in pull.comments]
    return Answer(200, rows, {"X-Total-Count": str(len(rows))})


def create_comment(call: Call) -> Answer:
    pull, text = the_pull(call, "write:issue"), call.given("body")
    if not text:
        raise refusal(call, 422, "[Body]: Required")
    return Answer(201, comment_body(call, pull, call.forge.comment(pull, text, by=call.person.login)))


def _comment(call: Call) -> tuple[Pull, Comment]:
    for pull in call.repo.pulls.values():
        for one in pull.comments:
            if str(one.id) == call.place["id"]:
                return pull, one
    raise not_found(call, errors=[f"comment does not exist [id: {call.place['id']}, issue_id: 0]"])


def get_comment(call: Call) -> Answer:
    need(call, "read:issue")
    return Answer(200, comment_body(call, *_comment(call)))


def edit_comment(call: Call) -> Answer:
    need(call, "write:issue")
    pull, comment = _comment(call)
    if comment.user != call.user and not call.can_write:
        raise Refused(403, None)
    comment.body, comment.updated = call.given("body"), now()
    return Answer(200, comment_body(call, pull, comment))


def delete_comment(call: Call) -> Answer:
    need(call, "write:issue")
    pull, comment = _comment(call)
    pull.comments.remove(comment)
    return Answer(204)


def combined_status(call: Call) -> Answer:
    """The newest of each context, the newest first; the state is that of the page alone."""
    need(call, "read:repository")
    commit = commit_of(call)
    newest = {one.name: one for one in call.repo.statuses if one.commit == commit}
    found, headers = rows_of_page(call, sorted(newest.values(), key=lambda one: -one.id))
    states = {one.state for one in found}
    worst = next((one for one in _WORST if one in states), "pending" if states else "")
    url = f"{call.api}/repos/{call.repo.full_name}/commits/{commit}"
    body = {
        "state": "failure" if worst == "error" else worst,
        "sha": commit,
        "total_count": len(found),
        "statuses": [status_body(call, one) for one in found] or None,
        "repository": repository_body(call, call.repo),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return Answer(200, body, headers)


def list_statuses(call: Call) -> Answer:
    need(call, "read:repository")
    commit = commit_of(call)
    found, headers = rows_of_page(call, [one for one in reversed(call.repo.statuses) if one.commit == commit])
    return Answer(200, [status_body(call, one) for one in found], headers)


def create_status(call: Call) -> Answer:
    """Any word is taken for a state."""
    need(call, "write:repository")
    need_write(call)
    name, url, text = (call.given(key) or "" for key in ("context", "target_url", "description"))
    state = call.given("state")
    status = Status(call.forge.new_id(), commit_of(call), name or "default", state, call.person, url, text)
    call.repo.statuses.append(status)
    return Answer(201, status_body(call, status))
