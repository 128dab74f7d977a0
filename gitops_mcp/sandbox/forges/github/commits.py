"""Checks, the rules of branches, and branches themselves by GitHub's REST interface."""

from __future__ import annotations

from typing import Any

from gitops_mcp.sandbox.forges.github.bodies import run_body, status_body, user_body
from gitops_mcp.sandbox.forges.github.pulls import rows_of_page
from gitops_mcp.sandbox.forges.github.rights import invalid, need, need_write, not_found, refusal
from gitops_mcp.sandbox.forges.routing import Answer, Call, find_commit
from gitops_mcp.sandbox.forges.values import Status
from gitops_mcp.sandbox.remote import git


def commit_of(call: Call) -> str:
    if not (found := find_commit(call)):
        raise refusal(422, f"No commit found for SHA: {call.place['ref']}")
    return found


def newest_statuses(call: Call, commit: str, *, is_run: bool) -> list[Status]:
    """Of each name."""
    rows = [one for one in call.repo.statuses if one.commit == commit and one.is_run == is_run]
    return list({one.name: one for one in rows}.values())


def combined_status(call: Call) -> Answer:
    """Of a commit without any it is pending."""
    need(call, "statuses=read")
    commit = commit_of(call)
    rows = newest_statuses(call, commit, is_run=False)
    states = {one.state for one in rows}
    state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    page, headers = rows_of_page(call, list[object](rows))
    url = f"{call.api}/repos/{call.repo.full_name}/commits/{commit}"
    body = {
        "state": state,
        "statuses": [status_body(call, one) for one in page.rows],
        "sha": commit,
        "total_count": len(rows),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return Answer(200, body, headers)


def list_statuses(call: Call) -> Answer:
    """Every one ever set, the newest first."""
    need(call, "statuses=read")
    commit = commit_of(call)
    rows = [one for one in reversed(call.repo.statuses) if one.commit == commit and not one.is_run]
    page, headers = rows_of_page(call, list[object](rows))
    return Answer(200, [{**status_body(call, one), "creator": user_body(call, one.user)} for one in page.rows], headers)


def create_status(call: Call) -> Answer:
    need(call, "statuses=write")
    need_write(call)
    status = _keep(call, commit_of(call), call.given("state"), is_run=False)
    return Answer(201, {**status_body(call, status), "creator": user_body(call, status.user)})


def _keep(call: Call, commit: str, state: str, *, is_run: bool) -> Status:
    url, text = call.given("target_url") or call.given("details_url") or "", call.given("description") or ""
    if len(text) > 140:
        words = "description is too long (maximum is 140 characters)"
        raise invalid("Status", code="custom", field="description", message=words)
    name = call.given("name") or call.given("context") or "default"
    status = Status(call.forge.new_id(), commit, name, state, call.person, url, text, is_run=is_run)
    call.repo.statuses.append(status)
    return status


def list_runs(call: Call) -> Answer:
    """No permission of a fine-grained token lets it see them."""
    if call.token and call.token.kind == "fine-grained":
        headers = {"X-Accepted-GitHub-Permissions": "checks=read"}
        raise refusal(403, "Resource not accessible by personal access token", headers=headers)
    need(call, "checks=read")
    rows = newest_statuses(call, commit_of(call), is_run=True)
    page, headers = rows_of_page(call, list[object](rows))
    return Answer(200, {"total_count": len(rows), "check_runs": [run_body(call, one) for one in page.rows]}, headers)


def get_commit(call: Call) -> Answer:
    commit = commit_of(call)
    message = git("log", "-1", "--format=%B", commit, cwd=call.repo.path).decode()
    url = f"{call.api}/repos/{call.repo.full_name}/commits/{commit}"
    return Answer(200, {"sha": commit, "url": url, "commit": {"message": message}, "parents": []})


def branch_rules(call: Call) -> Answer:
    """Those of rulesets; classic protection has a page of its own, for admins."""
    rules = call.repo.rules.get(call.place["branch"])
    if rules is None or rules.classic:
        return Answer(200, [])
    source = {"ruleset_source_type": "Repository", "ruleset_source": call.repo.full_name, "ruleset_id": call.repo.id}
    found: list[dict[str, Any]] = [{"type": "deletion"}, {"type": "non_fast_forward"}]
    if rules.approvals or rules.code_owners:
        found.append(
            {
                "type": "pull_request",
                "parameters": {
                    "required_approving_review_count": rules.approvals,
                    "dismiss_stale_reviews_on_push": False,
                    "require_code_owner_review": rules.code_owners,
                    "require_last_push_approval": False,
                    "required_review_thread_resolution": False,
                },
            }
        )
    if rules.checks:
        contexts = [{"context": one} for one in rules.checks]
        parameters = {
            "strict_required_status_checks_policy": rules.up_to_date,
            "do_not_enforce_on_create": False,
            "required_status_checks": contexts,
        }
        found.append({"type": "required_status_checks", "parameters": parameters})
    return Answer(200, [{**one, **source} for one in found])


def get_branch(call: Call) -> Answer:
    name = call.place["branch"]
    if name not in call.repo.tips:
        raise refusal(404, "Branch not found")
    rules = call.repo.rules.get(name)
    url = f"{call.api}/repos/{call.repo.full_name}/branches/{name}"
    commit = {"sha": call.repo.tips[name], "url": f"{call.api}/repos/{call.repo.full_name}/commits/{name}"}
    body = {
        "name": name,
        "commit": commit,
        "protected": rules is not None,
        "protection": {"enabled": rules is not None},
        "protection_url": f"{url}/protection",
    }
    return Answer(200, {**body, "_links": {"self": url, "html": f"{call.web}/{call.repo.full_name}/tree/{name}"}})


def get_protection(call: Call) -> Answer:
    rules = call.repo.rules.get(call.place["branch"])
    if call.role != "admin":
        raise not_found()
    if rules is None or not rules.classic:
        raise refusal(404, "Branch not protected")
    url = f"{call.api}/repos/{call.repo.full_name}/branches/{call.place['branch']}/protection"
    body: dict[str, Any] = {"url": url, "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": False}}
    if rules.checks:
        checks = [{"context": one, "app_id": None} for one in rules.checks]
        body["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": rules.up_to_date,
            "contexts": list(rules.checks),
            "checks": checks,
        }
    if rules.approvals or rules.code_owners:
        body["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": False,
            "require_code_owner_reviews": rules.code_owners,
            "required_approving_review_count": rules.approvals,
        }
    return Answer(200, body)


def create_ref(call: Call) -> Answer:
    need(call, "contents=write")
    need_write(call)
    branch = str(call.given("ref", "")).removeprefix("refs/heads/")
    if branch in call.repo.tips:
        raise refusal(422, "Reference already exists")
    call.place["ref"] = str(call.given("sha"))
    git("update-ref", f"refs/heads/{branch}", commit_of(call), cwd=call.repo.path)
    call.forge.observe()
    return Answer(201, _ref_body(call, branch))


def delete_ref(call: Call) -> Answer:
    need(call, "contents=write")
    need_write(call)
    if call.place["branch"] not in call.repo.tips:
        raise refusal(422, "Reference does not exist")
    call.forge.delete_branch(call.place["branch"], call.repo)
    return Answer(204)


def _ref_body(call: Call, branch: str) -> dict[str, Any]:
    api, commit = f"{call.api}/repos/{call.repo.full_name}/git", call.repo.tips[branch]
    place = {"sha": commit, "type": "commit", "url": f"{api}/commits/{commit}"}
    return {"ref": f"refs/heads/{branch}", "url": f"{api}/refs/heads/{branch}", "object": place}
