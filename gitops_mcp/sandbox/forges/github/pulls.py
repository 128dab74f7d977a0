"""Pull requests by GitHub's REST interface."""

from __future__ import annotations

from gitops_mcp.sandbox.forges.github.bodies import pull_body, repository_body, row_body
from gitops_mcp.sandbox.forges.github.rights import invalid, need, need_write, refusal, the_pull
from gitops_mcp.sandbox.forges.merging import MergeRefused, Way
from gitops_mcp.sandbox.forges.routing import Answer, Call, Page, link_header, page_of
from gitops_mcp.sandbox.forges.values import Pull, Repository
from gitops_mcp.sandbox.remote import git

BODY_LIMIT = 65_536
_WAYS: dict[str, Way] = {"merge": "merge", "squash": "squash", "rebase": "rebase"}
_REFUSED = {
    "closed": (405, "Pull Request is not mergeable"),
    "conflict": (405, "Pull Request is not mergeable"),
    "draft": (405, "Pull Request is still a draft"),
    "head": (409, "Head branch was modified. Review and try the merge again."),
    "approvals": (405, "At least 1 approving review is required by reviewers with write access."),
    "changes requested": (405, "Changes were requested by reviewers with write access."),
    "checks": (405, "Required status check is expected."),
    "behind": (405, "Head branch is out of date. Review and try the merge again."),
}


def rows_of_page(call: Call, rows: list[Pull] | list[object], most: int = 100) -> tuple[Page, dict[str, str]]:
    page = page_of(call, rows, size_name="per_page", default=30, most=most)
    rest = call.path.removeprefix(f"/repos/{call.repo.full_name}")
    return page, link_header(call, page, f"{call.api}/repositories/{call.repo.id}{rest}")


def list_pulls(call: Call) -> Answer:
    """`head` counts only with an owner before the colon; without, everybody's come."""
    need(call, "pull_requests=read")
    query, rows = call.query, list(call.repo.pulls.values())
    state, (owner, colon, branch) = query.get("state", "open"), query.get("head", "").partition(":")
    rows = [one for one in rows if state == "all" or one.is_open == (state != "closed")]
    if colon:
        rows = [one for one in rows if (one.source.owner, one.branch) == (owner, branch)]
    if base := query.get("base"):
        rows = [one for one in rows if one.base == base]
    by_update = query.get("sort") == "updated"
    descends = query.get("direction", "asc" if "sort" in query and query["sort"] != "created" else "desc") == "desc"
    rows.sort(key=lambda one: (one.updated if by_update else one.created, one.number), reverse=descends)
    if call.forge.lags.take("lists"):
        rows = []
    page, headers = rows_of_page(call, rows)
    return Answer(200, [row_body(call, one) for one in page.rows], headers)


def get_pull(call: Call) -> Answer:
    return Answer(200, pull_body(call, the_pull(call)))


def create_pull(call: Call) -> Answer:
    need(call, "pull_requests=write")
    source, branch = _head(call)
    base, title = str(call.given("base", "")), call.given("title")
    unseen = call.forge.lags.take("create")
    errors = [
        {"resource": "PullRequest", "field": field, "code": "invalid"}
        for field, is_there in (
            ("base", base in call.repo.tips),
            ("head", source is not None and branch in source.tips and not unseen),
        )
        if not is_there
    ]
    if errors or source is None:
        raise refusal(422, "Validation Failed", errors)
    if not title:
        raise invalid("PullRequest", code="missing_field", field="title")
    if call.given("draft") and not call.repo.settings.drafts:
        raise refusal(422, "Draft pull requests are not supported in this repository.")
    check_length(call)
    if call.forge.find_open(source, branch, base):
        raise invalid(
            "PullRequest", code="custom", message=f"A pull request already exists for {source.owner}:{branch}."
        )
    _check_commits(call, source, branch, base)
    pull = call.forge.open_pull(
        branch,
        by=call.person.login,
        title=title,
        body=call.given("body"),
        base=base,
        source=source,
        target=call.repo,
        draft=bool(call.given("draft")),
    )
    body = pull_body(call, pull, is_new=True)
    return Answer(201, body, {"Location": body["url"]})


def _head(call: Call) -> tuple[Repository | None, str]:
    """The repository of the head; None: it is no fork of this one, or not there."""
    owner, colon, branch = str(call.given("head", "")).partition(":")
    if not colon:
        owner, branch = call.repo.owner, owner
    for one in call.forge.repositories:
        if one.owner == owner and (one is call.repo or one.parent is call.repo):
            return one, branch
    return None, branch


def _check_commits(call: Call, source: Repository, branch: str, base: str) -> None:
    head, tip = source.tips[branch], call.repo.tips[base]
    if git("merge-base", head, tip, cwd=source.path, check=False).decode() == head:
        across = source is not call.repo
        names = (f"{call.repo.owner}:{base}", f"{source.owner}:{branch}") if across else (base, branch)
        raise invalid("PullRequest", code="custom", message=f"No commits between {names[0]} and {names[1]}")


def check_length(call: Call, resource: str = "PullRequest") -> None:
    if len(call.given("body") or "") > BODY_LIMIT:
        words = f"body is too long (maximum is {BODY_LIMIT} characters)"
        raise invalid(resource, code="custom", field="body", message=words)


def edit_pull(call: Call) -> Answer:
    need(call, "pull_requests=write")
    pull = the_pull(call)
    if not call.can_write and pull.user != call.user:
        raise refusal(403, "Must have push access to the repository.")
    check_length(call)
    base, state = call.given("base"), call.given("state")
    if base and base != pull.base:
        _check_base(call, pull, base)
    call.forge.edit(pull, title=call.given("title"), body=call.given("body"), base=base)
    if state == "closed":
        call.forge.close(pull)
    elif state == "open" and not pull.is_open:
        _reopen(call, pull)
    return Answer(200, pull_body(call, pull))


def _check_base(call: Call, pull: Pull, base: str) -> None:
    if not pull.is_open:
        error = {"resource": "PullRequest", "code": "invalid", "field": "base"}
        raise refusal(422, "Cannot change base branch of closed pull request", [error])
    if base not in call.repo.tips:
        words = f"Proposed base branch '{base}' was not found"
        raise invalid("PullRequest", code="invalid", field="base", message=words)
    if call.forge.find_open(pull.source, pull.branch, base):
        words = f"A pull request already exists for base branch '{base}' and head branch {pull.branch}"
        raise invalid("PullRequest", code="custom", message=words)


def _reopen(call: Call, pull: Pull) -> None:
    words = ""
    if pull.merged:
        words = "state cannot be changed. The pull request cannot be reopened."
    elif pull.branch not in pull.source.tips:
        words = f"state cannot be changed. The {pull.branch} branch has been deleted."
    elif pull.is_recreated:
        words = f"state cannot be changed. The {pull.branch} branch was force-pushed or recreated."
    elif call.forge.find_open(pull.source, pull.branch, pull.base):
        words = f"state cannot be changed. There is already an open pull request from {pull.branch} to {pull.base}."
    if words:
        raise invalid("PullRequest", code="custom", field="state", message=words)
    call.forge.reopen(pull)


def merge_pull(call: Call) -> Answer:
    need(call, "contents=write")
    pull = the_pull(call)
    need_write(call)
    title, text = call.given("commit_title"), call.given("commit_message")
    message = "\n\n".join(part for part in (title or f"{pull.title} (#{pull.number})", text) if part)
    try:
        call.forge.merge(
            pull,
            _WAYS[call.given("merge_method") or "merge"],
            by=call.person.login,
            message=message if title or text else None,
            head=call.given("sha"),
        )
    except MergeRefused as error:
        raise refusal(*_REFUSED[error.why]) from error
    return Answer(200, {"sha": pull.merge_commit, "merged": True, "message": "Pull Request successfully merged"})


def update_branch(call: Call) -> Answer:
    need(call, "pull_requests=write")
    pull = the_pull(call)
    need_write(call)
    if call.given("expected_head_sha", pull.head) != pull.head:
        raise refusal(422, "expected head sha didn\u2019t match current head ref.")
    call.forge.update_branch(pull, by=call.person.login)
    url = f"{call.api}/repos/{call.repo.full_name}/pulls/{pull.number}"
    return Answer(202, {"message": "Updating pull request branch.", "url": url})


def is_merged(call: Call) -> Answer:
    if the_pull(call).merged is None:
        raise refusal(404, "Not Found")
    return Answer(204)


def pulls_of_commit(call: Call) -> Answer:
    need(call, "pull_requests=read")
    wanted = call.place["ref"]
    rows = [one for one in call.repo.pulls.values() if wanted in {one.head, one.merge_commit}]
    page, headers = rows_of_page(call, rows)
    return Answer(200, [row_body(call, one) for one in page.rows], headers)


def get_repository(call: Call) -> Answer:
    return Answer(200, repository_body(call, call.repo, full=True))


def edit_repository(call: Call) -> Answer:
    need(call, "administration=write")
    if name := call.given("name"):
        call.forge.rename(f"{call.repo.owner}/{name}")
    return Answer(200, repository_body(call, call.repo, full=True))
