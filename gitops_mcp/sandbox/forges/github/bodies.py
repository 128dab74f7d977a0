"""What GitHub's REST interface says of a thing."""

from __future__ import annotations

import hashlib
from typing import Any

from gitops_mcp.sandbox.forges.routing import Call
from gitops_mcp.sandbox.forges.rules import missing
from gitops_mcp.sandbox.forges.store import SandboxForge
from gitops_mcp.sandbox.forges.values import Comment, Pull, Repository, Review, Status, User, time
from gitops_mcp.sandbox.remote import git

Body = dict[str, Any]
_BLOCKS = {"approvals", "changes requested", "checks"}


def user_body(call: Call, user: User | None) -> Body | None:
    if user is None:
        return None
    return {
        "login": user.login,
        "id": user.id,
        "node_id": f"U_{user.id}",
        "type": "Bot" if user.login.endswith("[bot]") else "User",
        "url": f"{call.api}/users/{user.login}",
        "html_url": f"{call.web}/{user.login}",
        "site_admin": False,
    }


def repository_body(call: Call, repository: Repository, *, full: bool = False) -> Body:
    body = {
        "id": repository.id,
        "node_id": f"R_{repository.id}",
        "name": repository.name,
        "full_name": repository.full_name,
        "owner": user_body(call, call.forge.user(repository.owner)),
        "private": True,
        "fork": repository.parent is not None,
        "url": f"{call.api}/repos/{repository.full_name}",
        "html_url": f"{call.web}/{repository.full_name}",
        "clone_url": f"{call.web}/{repository.full_name}.git",
        "default_branch": repository.base,
        "archived": False,
        "disabled": False,
        "visibility": "private",
        "web_commit_signoff_required": False,
    }
    if full:
        role = repository.roles.get(call.user.login) if call.user else None
        body |= {
            "allow_squash_merge": True,
            "allow_merge_commit": True,
            "allow_rebase_merge": True,
            "allow_auto_merge": False,
            "allow_update_branch": False,
            "delete_branch_on_merge": False,
            "use_squash_pr_title_as_default": False,
            "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
            "squash_merge_commit_message": "COMMIT_MESSAGES",
            "merge_commit_title": "MERGE_MESSAGE",
            "merge_commit_message": "PR_TITLE",
            "permissions": {
                "admin": role == "admin",
                "maintain": role == "admin",
                "push": role in {"admin", "write"},
                "triage": role in {"admin", "write"},
                "pull": True,
            },
        }
        if repository.parent:
            body["parent"] = body["source"] = repository_body(call, repository.parent)
    return body


def label_body(call: Call, repository: Repository, name: str) -> Body:
    return {
        "id": repository.labels[name],
        "node_id": f"LA_{repository.labels[name]}",
        "url": f"{call.api}/repos/{repository.full_name}/labels/{name}",
        "name": name,
        "color": "ededed",
        "default": False,
        "description": None,
    }


def row_body(call: Call, pull: Pull) -> Body:
    """As it stands in a list: without `mergeable`, `merged` and the counts."""
    target, number = pull.target, pull.number
    api, web = f"{call.api}/repos/{target.full_name}", f"{call.web}/{target.full_name}"
    body = {
        "url": f"{api}/pulls/{number}",
        "id": pull.id,
        "node_id": f"PR_{pull.id}",
        "html_url": f"{web}/pull/{number}",
        "diff_url": f"{web}/pull/{number}.diff",
        "issue_url": f"{api}/issues/{number}",
        "number": number,
        "state": "open" if pull.is_open else "closed",
        "locked": False,
        "title": pull.title,
        "user": user_body(call, pull.user),
        "body": pull.body,
        "created_at": time(pull.created),
        "updated_at": time(pull.updated),
        "closed_at": time(pull.closed),
        "merged_at": time(pull.merged),
        "merge_commit_sha": pull.merge_commit or trial_commit(pull),
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [user_body(call, one) for one in pull.reviewers],
        "requested_teams": [team_body(call, one) for one in pull.teams],
        "labels": [label_body(call, target, one) for one in pull.labels],
        "milestone": None,
        "draft": pull.draft,
        "statuses_url": f"{api}/statuses/{pull.head}",
        "head": _side(call, pull.source, pull.branch, head_of(call.forge, pull)),
        "base": _side(call, target, pull.base, pull.base_commit),
        "_links": {
            "self": {"href": f"{api}/pulls/{number}"},
            "html": {"href": f"{web}/pull/{number}"},
            "issue": {"href": f"{api}/issues/{number}"},
            "comments": {"href": f"{api}/issues/{number}/comments"},
            "review_comments": {"href": f"{api}/pulls/{number}/comments"},
            "review_comment": {"href": f"{api}/pulls/comments{{/number}}"},
            "commits": {"href": f"{api}/pulls/{number}/commits"},
            "statuses": {"href": f"{api}/statuses/{pull.head}"},
        },
        "author_association": "MEMBER",
        "auto_merge": None,
        "active_lock_reason": None,
    }
    if call.headers.get("x-github-api-version") == "2026-03-10":
        del body["merge_commit_sha"], body["assignee"]
    return body


def pull_body(call: Call, pull: Pull, *, is_new: bool = False) -> Body:
    """The whole of one; just made, it is not known yet whether it can be merged."""
    mergeable = None if is_new or pull.merged else call.forge.mergeable(pull) if pull.is_open else pull.trial
    added, removed, files = changes(pull)
    return row_body(call, pull) | {
        "merged": pull.merged is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": merge_state(pull, mergeable),
        "merged_by": user_body(call, pull.merged_by),
        "comments": len(pull.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": int(git("rev-list", "--count", f"{pull.base_commit}..{pull.head}", cwd=pull.target.path)),
        "additions": added,
        "deletions": removed,
        "changed_files": files,
    }


def head_of(forge: SandboxForge, pull: Pull) -> str:
    """The commit before the last push where the forge lags behind."""
    return pull.head_before if pull.head_before and pull.is_open and forge.lags.take("heads") else pull.head


def changes(pull: Pull) -> tuple[int, int, int]:
    """Lines added and removed, and files."""
    lines = git("diff", "--numstat", f"{pull.base_commit}...{pull.head}", cwd=pull.target.path).decode().splitlines()
    counts = [tuple(int(part) if part.isdecimal() else 0 for part in line.split("\t")[:2]) for line in lines]
    return sum(one[0] for one in counts), sum(one[1] for one in counts), len(lines)


def merge_state(pull: Pull, mergeable: bool | None) -> str:
    """One word for what holds a merge up, not the reason; of a conflict before all else."""
    if mergeable is None:
        return "unknown"
    if not mergeable:
        return "dirty"
    if pull.draft:
        return "draft"
    still = set(missing(pull)) if pull.is_open else set()
    if still & _BLOCKS:
        return "blocked"
    if still:
        return "behind"
    passed = all(one.has_passed for one in pull.checks())
    return "clean" if passed else "unstable"


def trial_commit(pull: Pull) -> str | None:
    """What the trial merge is called: no merge of the base, though it looks like one."""
    if pull.trial is None:
        return None
    return hashlib.sha1(f"{pull.head} {pull.base_commit}".encode(), usedforsecurity=False).hexdigest()


def _side(call: Call, repository: Repository, branch: str, commit: str) -> Body:
    gone = repository.is_gone
    return {
        "label": None if gone else f"{repository.owner}:{branch}",
        "ref": branch,
        "sha": commit,
        "user": user_body(call, call.forge.user(repository.owner)),
        "repo": None if gone else repository_body(call, repository),
    }


def team_body(call: Call, team: str) -> Body:
    slug = team.rpartition("/")[2]
    return {"name": slug, "slug": slug, "html_url": f"{call.web}/orgs/{call.repo.owner}/teams/{slug}"}


def review_body(call: Call, review: Review) -> Body:
    body = {
        "id": review.id,
        "node_id": f"PRR_{review.id}",
        "user": user_body(call, review.user),
        "body": review.body,
        "state": "DISMISSED" if review.dismissed else review.verdict,
        "commit_id": review.commit,
        "author_association": "MEMBER",
    }
    return body if review.verdict == "PENDING" else body | {"submitted_at": time(review.at)}


def comment_body(call: Call, pull: Pull, comment: Comment) -> Body:
    name = pull.target.full_name
    return {
        "id": comment.id,
        "node_id": f"IC_{comment.id}",
        "url": f"{call.api}/repos/{name}/issues/comments/{comment.id}",
        "html_url": f"{call.web}/{name}/pull/{pull.number}#issuecomment-{comment.id}",
        "issue_url": f"{call.api}/repos/{name}/issues/{pull.number}",
        "user": user_body(call, comment.user),
        "created_at": time(comment.created),
        "updated_at": time(comment.updated),
        "author_association": "MEMBER",
        "body": comment.body,
    }


def status_body(call: Call, status: Status) -> Body:
    return {
        "url": f"{call.api}/repos/{call.repo.full_name}/statuses/{status.commit}",
        "id": status.id,
        "node_id": f"SC_{status.id}",
        "state": status.state,
        "description": status.description,
        "target_url": status.url or None,
        "context": status.name,
        "created_at": time(status.at),
        "updated_at": time(status.at),
    }


def run_body(call: Call, run: Status) -> Body:
    is_done = run.state != "pending"
    return {
        "id": run.id,
        "node_id": f"CR_{run.id}",
        "name": run.name,
        "head_sha": run.commit,
        "external_id": "",
        "url": f"{call.api}/repos/{call.repo.full_name}/check-runs/{run.id}",
        "html_url": run.url or f"{call.web}/{call.repo.full_name}/runs/{run.id}",
        "details_url": run.url or None,
        "status": "completed" if is_done else "in_progress",
        "conclusion": run.state if is_done else None,
        "started_at": time(run.at),
        "completed_at": time(run.at) if is_done else None,
        "app": {"id": 15368, "slug": "github-actions", "name": "GitHub Actions"},
        "check_suite": {"id": run.id},
        "pull_requests": [],
    }
