"""Approvals, reviewers, notes, pipelines, branches and users by GitLab's API."""

from __future__ import annotations

from gitops_mcp.sandbox.forges.gitlab.bodies import (
    approvals_body,
    newest_statuses,
    note_body,
    status_body,
    time,
    user_body,
    users_body,
)
from gitops_mcp.sandbox.forges.gitlab.pulls import rows_of_page
from gitops_mcp.sandbox.forges.gitlab.rights import commit_of, need_write, not_found, refusal, the_pull
from gitops_mcp.sandbox.forges.routing import Answer, Call
from gitops_mcp.sandbox.forges.values import Comment, Pull, Status, now

_REVIEWED = {"APPROVED": "approved", "CHANGES_REQUESTED": "requested_changes", "DISMISSED": "unreviewed"}
_FROM = {"failed": "failure", "running": "pending", "canceled": "failure", "created": "pending"}
NOTE_LIMIT = 1_048_576


def current_user(call: Call) -> Answer:
    return Answer(200, {**(user_body(call, call.person) or {}), "email": call.person.email, "bot": False})


def list_users(call: Call) -> Answer:
    wanted = call.query.get("username", "").lower()
    found, headers = rows_of_page(call, [one for one in call.forge.users.values() if one.login.lower() == wanted])
    return Answer(200, users_body(call, found), headers)


def get_approvals(call: Call) -> Answer:
    return Answer(200, approvals_body(call, the_pull(call)))


def approve(call: Call) -> Answer:
    pull = the_pull(call)
    if not call.can_write or call.given("sha") not in {None, pull.head}:
        raise refusal(401, "401 Unauthorized") if not call.can_write else refusal(409, "SHA does not match HEAD")
    call.forge.approve(pull, by=call.person.login)
    return Answer(201, approvals_body(call, pull))


def unapprove(call: Call) -> Answer:
    pull = the_pull(call)
    for one in pull.current_reviews():
        if one.user == call.user:
            one.dismissed = True
    return Answer(201, approvals_body(call, pull))


def list_reviewers(call: Call) -> Answer:
    pull = the_pull(call)
    words = {one.user: _REVIEWED[one.verdict] for one in pull.current_reviews()}
    rows = [
        {"user": user_body(call, one), "state": words.get(one, "unreviewed"), "created_at": time(pull.created)}
        for one in pull.reviewers
    ]
    return Answer(200, rows)


def list_notes(call: Call) -> Answer:
    pull = the_pull(call)
    newest_first = call.query.get("sort", "desc") == "desc"
    found, headers = rows_of_page(call, sorted(pull.comments, key=lambda one: one.id, reverse=newest_first))
    return Answer(200, [note_body(call, pull, one) for one in found], headers)


def create_note(call: Call) -> Answer:
    pull, text = the_pull(call), call.given("body")
    if not text:
        raise refusal(400, '400 (Bad request) "body" not given')
    if len(text) > NOTE_LIMIT:
        raise refusal(400, {"note": [f"is too long (maximum is {NOTE_LIMIT} characters)"]})
    return Answer(201, note_body(call, pull, call.forge.comment(pull, text, by=call.person.login)))


def _note(call: Call) -> tuple[Pull, Comment]:
    pull = the_pull(call)
    for one in pull.comments:
        if str(one.id) == call.place["note"]:
            return pull, one
    raise not_found("Note Not Found")


def get_note(call: Call) -> Answer:
    return Answer(200, note_body(call, *_note(call)))


def edit_note(call: Call) -> Answer:
    pull, note = _note(call)
    if note.user != call.user:
        raise refusal(403, "403 Forbidden")
    note.body, note.updated = call.given("body"), now()
    return Answer(200, note_body(call, pull, note))


def delete_note(call: Call) -> Answer:
    pull, note = _note(call)
    pull.comments.remove(note)
    return Answer(204)


def list_statuses(call: Call) -> Answer:
    commit = commit_of(call)
    rows = newest_statuses(call.repo, commit)
    if call.query.get("all") == "true":
        rows = [one for one in call.repo.statuses if one.commit == commit]
    found, headers = rows_of_page(call, rows)
    return Answer(200, [status_body(call, one) for one in found], headers)


def create_status(call: Call) -> Answer:
    need_write(call)
    name = call.given("name") or call.given("context") or "default"
    state = _FROM.get(call.given("state"), call.given("state"))
    url, text = call.given("target_url") or "", call.given("description") or ""
    status = Status(call.forge.new_id(), commit_of(call), name, state, call.person, url, text)
    call.repo.statuses.append(status)
    return Answer(201, status_body(call, status))


def get_branch(call: Call) -> Answer:
    name = call.place["branch"]
    if name not in call.repo.tips:
        raise not_found("Branch Not Found")
    protected = name in call.repo.rules
    return Answer(
        200,
        {
            "name": name,
            "commit": {"id": call.repo.tips[name]},
            "merged": False,
            "protected": protected,
            "developers_can_push": not protected,
            "developers_can_merge": True,
            "can_push": call.can_write and not protected,
            "default": name == call.repo.base,
            "web_url": f"{call.web}/{call.repo.full_name}/-/tree/{name}",
        },
    )


def delete_branch(call: Call) -> Answer:
    need_write(call)
    name = call.place["branch"]
    if name not in call.repo.tips:
        raise not_found("Branch Not Found")
    if name in call.repo.rules or name == call.repo.base:
        raise refusal(403, "403 Forbidden")
    call.forge.delete_branch(name, call.repo)
    return Answer(204)


def get_protected(call: Call) -> Answer:
    rules = call.repo.rules.get(call.place["branch"])
    if rules is None:
        raise not_found()
    level = [{"access_level": 40, "access_level_description": "Maintainers"}]
    body = {"id": call.repo.id, "name": call.place["branch"], "push_access_levels": level}
    more = {"allow_force_push": False, "code_owner_approval_required": rules.code_owners}
    return Answer(200, {**body, "merge_access_levels": [{**level[0], "access_level": 30}], **more})
