"""Merge requests by GitLab's API."""

from __future__ import annotations

from typing import Any

from gitops_mcp.sandbox.forges.gitlab.bodies import detailed_status, project_body, pull_body, row_body
from gitops_mcp.sandbox.forges.gitlab.rights import need_write, not_found, refusal, the_pull
from gitops_mcp.sandbox.forges.merging import MergeRefused, Way
from gitops_mcp.sandbox.forges.routing import Answer, Call, link_header, page_of
from gitops_mcp.sandbox.forges.values import Pull, Repository, User

BODY_LIMIT = 1_048_576
_COUNTED = 10_000
_SIMPLE = "id iid project_id title description state created_at updated_at web_url"
_STATES = {"opened": "opened", "closed": "closed", "merged": "merged"}
_REFUSED = {"head": (409, "SHA does not match HEAD of source branch"), "conflict": (422, "Branch cannot be merged")}


def rows_of_page(call: Call, rows: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """Above ten thousand nobody counts."""
    page = page_of(call, rows, size_name="per_page", default=20, most=100)
    counts = page.total <= _COUNTED
    order = ("prev", "next", "first", "last") if counts else ("prev", "next", "first")
    call.query.setdefault("per_page", str(page.size))
    headers = link_header(call, page, f"{call.api}{call.path}", order=order, by_name=True)
    headers |= {
        "X-Page": str(page.number),
        "X-Per-Page": str(page.size),
        "X-Next-Page": str(page.number + 1) if page.number < page.last else "",
        "X-Prev-Page": str(page.number - 1) if page.number > 1 else "",
    }
    if counts:
        headers |= {"X-Total": str(page.total), "X-Total-Pages": str(page.last)}
    return page.rows, headers


def get_project(call: Call) -> Answer:
    return Answer(200, project_body(call, call.repo))


def list_pulls(call: Call) -> Answer:
    """All states unless one is named; the filter by source branch goes across forks."""
    query, rows = call.query, list(call.repo.pulls.values())
    if state := _STATES.get(query.get("state", "all")):
        rows = [one for one in rows if _state(one) == state]
    if source := query.get("source_branch"):
        rows = [one for one in rows if one.branch == source]
    if target := query.get("target_branch"):
        rows = [one for one in rows if one.base == target]
    if author := query.get("author_username"):
        rows = [one for one in rows if one.user.login == author]
    if numbers := [value for name, value in query.items() if name.startswith("iids")]:
        rows = [one for one in rows if str(one.number) in numbers]
    by_update = query.get("order_by") == "updated_at"
    key = lambda one: (one.updated if by_update else one.created, one.number)  # noqa: E731
    rows.sort(key=key, reverse=query.get("sort", "desc") == "desc")
    if call.forge.lags.take("lists"):
        rows = []
    found, headers = rows_of_page(call, rows)
    bodies = [row_body(call, one) for one in found]
    if query.get("view") == "simple":
        bodies = [{name: one[name] for name in _SIMPLE.split()} for one in bodies]
    return Answer(200, bodies, headers)


def _state(pull: Pull) -> str:
    return "opened" if pull.is_open else "merged" if pull.merged else "closed"


def get_pull(call: Call) -> Answer:
    return Answer(200, pull_body(call, the_pull(call)))


def create_pull(call: Call) -> Answer:
    """Posted to the source's project; what is made belongs to the target's."""
    source, target = call.repo, _target(call)
    branch, base, title = call.given("source_branch"), call.given("target_branch"), call.given("title")
    for name, value in (("source_branch", branch), ("target_branch", base), ("title", title)):
        if value is None:
            raise refusal(400, f'400 (Bad request) "{name}" not given')
    need_write(call)
    if base not in target.tips:
        raise refusal(400, {"target_branch": ["can't be blank", "is invalid"]})
    if call.forge.lags.take("create") or branch not in source.tips:
        raise refusal(400, {"source_branch": ["does not exist"]})
    if (source, branch) == (target, base):
        raise refusal(422, ["You can't use same project/branch for source and target"])
    check_length(call)
    if found := call.forge.find_open(source, branch, base):
        raise refusal(409, [f"Another open merge request already exists for this source branch: !{found.number}"])
    body, by = call.given("description") or "", call.person.login
    pull = call.forge.open_pull(branch, by=by, title=title, body=body, base=base, source=source, target=target)
    apply_options(call, pull)
    return Answer(201, pull_body(call, pull, is_new=True))


def _target(call: Call) -> Repository:
    wanted = call.given("target_project_id")
    for one in call.forge.repositories:
        if str(one.id) == str(wanted or call.repo.id):
            return one
    raise not_found("Project Not Found")


def check_length(call: Call) -> None:
    if len(call.given("description") or "") > BODY_LIMIT:
        raise refusal(400, {"description": [f"is too long (maximum is {BODY_LIMIT} characters)"]})


def apply_options(call: Call, pull: Pull) -> None:
    """Persons are numbers, always the whole set; unknown labels are made."""
    if (labels := call.given("labels")) is not None:
        pull.labels[:] = _words(labels)
    pull.labels += [one for one in _words(call.given("add_labels", "")) if one not in pull.labels]
    pull.labels[:] = [one for one in pull.labels if one not in _words(call.given("remove_labels", ""))]
    for name in pull.labels:
        pull.target.labels.setdefault(name, call.forge.new_id())
    for name, persons in (("reviewer_ids", pull.reviewers), ("assignee_ids", pull.assignees)):
        if (given := call.given(name)) is not None:
            persons[:] = _users(call, given)
    if (given := call.given("assignee_id")) is not None:
        pull.assignees = _users(call, [given])
    pull.squash = bool(call.given("squash", pull.squash))
    pull.remove_branch = bool(call.given("remove_source_branch", pull.remove_branch))


def _words(given: str | list[str]) -> list[str]:
    words = given.split(",") if isinstance(given, str) else given
    return [one.strip() for one in words if one.strip()]


def _users(call: Call, numbers: list[Any]) -> list[User]:
    wanted = {str(one) for one in numbers}
    return [one for one in call.forge.users.values() if str(one.id) in wanted and one.login in call.repo.roles]


def edit_pull(call: Call) -> Answer:
    pull = the_pull(call)
    if not call.can_write and pull.user != call.user:
        raise refusal(403, "403 Forbidden")
    check_length(call)
    base, event = call.given("target_branch"), call.given("state_event")
    if base and base not in pull.target.tips:
        raise refusal(400, {"target_branch": ["can't be blank", "is invalid"]})
    call.forge.edit(pull, title=call.given("title"), body=call.given("description"), base=base)
    apply_options(call, pull)
    if event == "close":
        call.forge.close(pull)
    elif event == "reopen" and not pull.is_open:
        _reopen(call, pull)
    return Answer(200, pull_body(call, pull))


def _reopen(call: Call, pull: Pull) -> None:
    if found := call.forge.find_open(pull.source, pull.branch, pull.base):
        raise refusal(409, [f"Another open merge request already exists for this source branch: !{found.number}"])
    if pull.merged or pull.branch not in pull.source.tips:
        raise refusal(400, {"state_event": ["is not possible"]})
    call.forge.reopen(pull)


def merge_pull(call: Call) -> Answer:
    pull, settings = the_pull(call), call.repo.settings
    if not call.can_write:
        raise refusal(401, "401 Unauthorized")
    if pull.is_open and pull.trial is None:
        call.forge.mergeable(pull)
    if detailed_status(pull) not in {"mergeable", "conflict"}:
        raise refusal(405, "405 Method Not Allowed")
    way: Way = "fast-forward" if settings.merge_method == "ff" else "merge"
    if call.given("squash", pull.squash):
        way = "squash"
    message = call.given("squash_commit_message" if way == "squash" else "merge_commit_message")
    delete = call.given("should_remove_source_branch")
    try:
        head = call.given("sha")
        call.forge.merge(pull, way, by=call.person.login, message=message, head=head, delete=delete)
    except MergeRefused as error:
        raise refusal(*_REFUSED.get(error.why, (405, "405 Method Not Allowed"))) from error
    return Answer(200, pull_body(call, pull))


def rebase_pull(call: Call) -> Answer:
    pull = the_pull(call)
    need_write(call)
    call.forge.update_branch(pull, by=call.person.login, rebases=True)
    return Answer(202, {"rebase_in_progress": True})
