"""Pull requests and branches by Gitea's API."""

from __future__ import annotations

import unicodedata
from typing import Any

from gitops_mcp.sandbox.forges.gitea.bodies import branch_body, pull_body, repository_body, row_body
from gitops_mcp.sandbox.forges.gitea.rights import need, need_write, not_found, refusal, the_pull
from gitops_mcp.sandbox.forges.merging import MergeRefused, Way
from gitops_mcp.sandbox.forges.routing import Answer, Call, Refused, link_header, page_of
from gitops_mcp.sandbox.forges.values import Pull, Repository

TITLE_COLUMNS = 252
_WAYS: dict[str, Way] = {
    "merge": "merge",
    "rebase": "rebase",
    "rebase-merge": "rebase-merge",
    "squash": "squash",
    "fast-forward-only": "fast-forward",
}
_REFUSED = {
    "draft": "Work in progress PRs cannot be merged",
    "approvals": "Does not have enough approvals",
    "changes requested": "Does not have enough approvals",
    "checks": "Not all required status checks successful",
}


def rows_of_page(call: Call, rows: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """The links repeat the size that was asked, though fewer are served."""
    page = page_of(call, rows, size_name="limit", default=30, most=50)
    order = ("next", "last", "first", "prev")
    links = link_header(call, page, f"{call.api}{call.path}", order=order, between=",", by_name=True)
    return page.rows, {"X-Total-Count": str(page.total), **links}


def get_repository(call: Call) -> Answer:
    need(call, "read:repository")
    return Answer(200, repository_body(call, call.repo))


def list_pulls(call: Call) -> Answer:
    """`head` and `base` filter nothing, nor does a state that there is not."""
    need(call, "read:repository")
    rows, state = list(call.repo.pulls.values()), call.query.get("state")
    rows = [one for one in rows if state not in {"open", "closed"} or one.is_open == (state == "open")]
    if poster := call.query.get("poster"):
        rows = [one for one in rows if one.user.login == poster]
    by_update = call.query.get("sort") == "recentupdate"
    rows.sort(key=lambda one: (one.updated if by_update else one.created, one.number), reverse=True)
    if call.forge.lags.take("lists"):
        rows = []
    found, headers = rows_of_page(call, rows)
    return Answer(200, [row_body(call, one) for one in found], headers)


def get_pull(call: Call) -> Answer:
    return Answer(200, pull_body(call, the_pull(call)))


def pull_of_branches(call: Call) -> Answer:
    """The oldest one of the two branches, in whatever state."""
    need(call, "read:repository")
    owner, colon, branch = call.place["head"].rpartition(":")
    for one in call.repo.pulls.values():
        of = {one.source.owner, one.source.full_name} if colon else {owner}
        across = one.source is not call.repo
        if (one.base, one.branch) == (call.place["base"], branch) and (owner in of if colon else not across):
            return Answer(200, pull_body(call, one))
    raise not_found(call)


def pull_of_commit(call: Call) -> Answer:
    """Of what a merge made, not of the branch's own commits."""
    need(call, "read:repository")
    for one in call.repo.pulls.values():
        if one.merge_commit == call.place["ref"]:
            return Answer(200, pull_body(call, one))
    words = f"pull request does not exist [id: 0, issue_id: 0, head_repo_id: 0, base_repo_id: {call.repo.id}"
    raise refusal(call, 404, f"{words}, head_branch: , base_branch: ]")


def create_pull(call: Call) -> Answer:
    need(call, "write:repository")
    source, branch = _head(call)
    base, title, labels = call.given("base"), call.given("title"), call.given("labels") or []
    unseen = call.forge.lags.take("create")
    if base not in call.repo.tips or source is None or unseen:
        raise not_found(call)
    if branch not in source.tips:
        raise not_found(call)
    if any(not isinstance(one, int) for one in labels):
        words = '[]: json: cannot unmarshal number " into Go struct field CreatePullRequestOption.Labels of type int64'
        raise refusal(call, 422, words)
    if not title:
        raise refusal(call, 422, "[Title]: Required")
    if found := call.forge.find_open(source, branch, base):
        ids = f"id: {found.id}, issue_id: {found.number}, head_repo_id: {source.id}, base_repo_id: {call.repo.id}"
        words = "pull request already exists for these targets"
        raise refusal(call, 409, f"{words} [{ids}, head_branch: {branch}, base_branch: {base}]")
    title, body = cut_title(title), call.given("body") or ""
    pull = call.forge.open_pull(
        branch, by=call.person.login, title=title, body=body, base=base, source=source, target=call.repo
    )
    _set_labels(call, pull, labels)
    return Answer(201, pull_body(call, pull))


def _head(call: Call) -> tuple[Repository | None, str]:
    owner, colon, branch = str(call.given("head", "")).rpartition(":")
    for one in call.forge.repositories:
        if one is call.repo and not colon:
            return one, branch
        if owner in {one.owner, one.full_name} and (one is call.repo or one.parent is call.repo):
            return one, branch
    return None, branch


def _set_labels(call: Call, pull: Pull, numbers: list[int]) -> None:
    """Those that there are not are dropped without a word."""
    known = {**call.repo.labels, **call.forge.organization_labels}
    pull.labels[:] = [name for name, number in known.items() if number in numbers]


def cut_title(title: str) -> str:
    """At so many columns, without a word; a wide character has two."""
    columns = 0
    for at, character in enumerate(title):
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if columns > TITLE_COLUMNS:
            return f"{title[:at]}…"
    return title


def edit_pull(call: Call) -> Answer:
    """Answered with 201."""
    pull = the_pull(call, "write:repository")
    if not call.can_write and pull.user != call.user:
        raise Refused(403, None)
    state, base, title = call.given("state"), call.given("base"), call.given("title")
    if state and pull.merged:
        raise refusal(call, 412, "cannot change state of this pull request, it was already merged")
    if state and state not in {"open", "closed"}:
        raise refusal(call, 412, f"unknown state: {state}")
    if base and base != pull.base and base not in call.repo.tips:
        raise not_found(call, "base 'branch' not exist", [base])
    call.forge.edit(pull, title=cut_title(title) if title else None, body=call.given("body"), base=base)
    if call.given("labels") is not None and call.can_write:
        _set_labels(call, pull, call.given("labels"))
    if state == "closed":
        call.forge.close(pull)
    elif state == "open" and not pull.is_open:
        call.forge.reopen(pull)
    return Answer(201, pull_body(call, pull))


def merge_pull(call: Call) -> Answer:
    pull, way = the_pull(call, "write:repository"), _WAYS.get(call.given("Do", ""))
    if way is None:
        raise refusal(call, 422, "[Do]: In")
    if pull.merged:
        raise refusal(call, 405, "The PR is already merged")
    if not pull.is_open:
        raise not_found(call)
    if not call.can_write:
        raise refusal(call, 405, "User not allowed to merge PR")
    title, text = call.given("MergeTitleField"), call.given("MergeMessageField")
    message = "\n\n".join(part for part in (title, text) if part) or None
    delete = call.given("delete_branch_after_merge")
    try:
        head = call.given("head_commit_id") or None
        call.forge.merge(pull, way, by=call.person.login, message=message, head=head, delete=delete)
    except MergeRefused as error:
        raise refusal(call, 405, _REFUSED.get(error.why, "Please try again later")) from error
    return Answer(200)


def is_merged(call: Call) -> Answer:
    if the_pull(call).merged is None:
        raise not_found(call)
    return Answer(204)


def list_branches(call: Call) -> Answer:
    need(call, "read:repository")
    found, headers = rows_of_page(call, sorted(call.repo.tips))
    return Answer(200, [branch_body(call, one) for one in found], headers)


def get_branch(call: Call) -> Answer:
    need(call, "read:repository")
    if call.place["branch"] not in call.repo.tips:
        raise not_found(call)
    return Answer(200, branch_body(call, call.place["branch"]))


def delete_branch(call: Call) -> Answer:
    """One that is not there is gone as well."""
    need(call, "write:repository")
    need_write(call)
    branch = call.place["branch"]
    if branch == call.repo.base:
        raise refusal(call, 403, "can not delete default or pull request target branch")
    if branch in call.repo.rules:
        raise refusal(call, 403, "branch protected")
    if branch in call.repo.tips:
        call.forge.delete_branch(branch, call.repo)
    return Answer(204)


def list_protections(call: Call) -> Answer:
    need(call, "read:repository")
    if call.role != "admin":
        words = "user should be an owner or a collaborator with admin write of a repository"
        raise refusal(call, 403, words)
    rows = [
        {
            "branch_name": branch,
            "rule_name": branch,
            "required_approvals": rules.approvals,
            "enable_status_check": bool(rules.checks or rules.any_checks),
            "status_check_contexts": list(rules.checks),
            "block_on_rejected_reviews": False,
            "block_on_outdated_branch": rules.up_to_date,
            "dismiss_stale_approvals": False,
        }
        for branch, rules in call.repo.rules.items()
    ]
    return Answer(200, rows)
