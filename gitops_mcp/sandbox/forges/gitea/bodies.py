"""What Gitea's API says of a thing."""

from __future__ import annotations

from typing import Any

from gitops_mcp.sandbox.forges.routing import Call
from gitops_mcp.sandbox.forges.values import Comment, Pull, Repository, Review, Status, User, time
from gitops_mcp.sandbox.remote import git

Body = dict[str, Any]
_STATES = {"APPROVED": "APPROVED", "CHANGES_REQUESTED": "REQUEST_CHANGES", "COMMENTED": "COMMENT", "PENDING": "PENDING"}


def user_body(call: Call, user: User | None) -> Body | None:
    if user is None:
        return None
    return {
        "id": user.id,
        "login": user.login,
        "login_name": "",
        "full_name": "",
        "email": user.email,
        "avatar_url": f"{call.web}/avatars/{user.id}",
        "html_url": f"{call.web}/{user.login}",
        "username": user.login,
    }


def repository_body(call: Call, repository: Repository) -> Body:
    role = repository.roles.get(call.user.login) if call.user else None
    name = repository.full_name
    return {
        "id": repository.id,
        "owner": user_body(call, call.forge.user(repository.owner)),
        "name": repository.name,
        "full_name": name,
        "empty": not repository.tips,
        "private": True,
        "fork": repository.parent is not None,
        "parent": repository_body(call, repository.parent) if repository.parent else None,
        "html_url": f"{call.web}/{name}",
        "url": f"{call.api}/repos/{name}",
        "clone_url": f"{call.web}/{name}.git",
        "default_branch": repository.base,
        "archived": False,
        "permissions": {"admin": role == "admin", "push": role in {"admin", "write"}, "pull": role is not None},
        "has_pull_requests": True,
        "allow_merge_commits": True,
        "allow_rebase": True,
        "allow_rebase_explicit": True,
        "allow_squash_merge": True,
        "allow_fast_forward_only_merge": True,
        "allow_manual_merge": False,
        "autodetect_manual_merge": False,
        "default_delete_branch_after_merge": False,
        "default_merge_style": "merge",
        "default_allow_maintainer_edit": False,
        "object_format_name": "sha1",
    }


def label_body(call: Call, repository: Repository, name: str) -> Body:
    number = repository.labels.get(name) or call.forge.organization_labels[name]
    url = f"{call.api}/repos/{repository.full_name}/labels/{number}"
    shown = {"exclusive": False, "is_archived": False, "color": "00aabb", "description": ""}
    return {"id": number, "name": name, **shown, "url": url}


def asked_reviewers(pull: Pull) -> list[User]:
    """Who was asked, and whoever reviewed: they stay in the list."""
    found = [*pull.reviewers, *(one.user for one in pull.current_reviews() if one.official)]
    return list(dict.fromkeys(found))


def row_body(call: Call, pull: Pull) -> Body:
    """As it stands in a list: without `changed_files`."""
    web = f"{call.web}/{pull.target.full_name}/pulls/{pull.number}"
    mergeable = call.forge.mergeable(pull) if pull.is_open else True
    tip = pull.source.tips.get(pull.branch)
    # A name that is used again shows the new branch's commit; one that is gone shows the ref that stays.
    ref, head = (pull.branch, tip) if tip or pull.is_open else (f"refs/pull/{pull.number}/head", pull.head)
    if pull.is_open and (pull.head_before and call.forge.lags.take("heads")):
        head = pull.head_before
    return {
        "id": pull.id,
        "url": web,
        "number": pull.number,
        "user": user_body(call, pull.user),
        "title": pull.title,
        "body": pull.body or "",
        "labels": [label_body(call, pull.target, one) for one in pull.labels],
        "milestone": None,
        "assignee": user_body(call, pull.assignees[0]) if pull.assignees else None,
        "assignees": [user_body(call, one) for one in pull.assignees],
        "requested_reviewers": [user_body(call, one) for one in asked_reviewers(pull)],
        "requested_reviewers_teams": [{"name": one} for one in pull.teams],
        "state": "open" if pull.is_open else "closed",
        "draft": pull.draft,
        "is_locked": False,
        "comments": len(pull.comments),
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "mergeable": bool(mergeable) and not (pull.draft and pull.is_open),
        "merged": pull.merged is not None,
        "merged_at": time(pull.merged),
        "merge_commit_sha": pull.merge_commit,
        "merged_by": user_body(call, pull.merged_by),
        "allow_maintainer_edit": False,
        "base": _side(call, pull.target, pull.base, pull.base, pull.target.tips.get(pull.base)),
        "head": _side(call, pull.source, _label(pull), ref, head or pull.head),
        "merge_base": pull.base_commit,
        "due_date": None,
        "created_at": time(pull.created),
        "updated_at": time(pull.updated),
        "closed_at": time(pull.closed),
        "pin_order": 0,
    }


def pull_body(call: Call, pull: Pull) -> Body:
    files = git("diff", "--name-only", f"{pull.base_commit}...{pull.head}", cwd=pull.target.path).splitlines()
    return row_body(call, pull) | {"changed_files": len(files), "review_comments": 0}


def _label(pull: Pull) -> str:
    return pull.branch if pull.source is pull.target else f"{pull.source.owner}:{pull.branch}"


def _side(call: Call, repository: Repository, label: str, ref: str, commit: str | None) -> Body:
    gone = repository.is_gone
    repo = None if gone else repository_body(call, repository)
    return {"label": label, "ref": ref, "sha": commit or "", "repo_id": 0 if gone else repository.id, "repo": repo}


def review_body(call: Call, pull: Pull, review: Review) -> Body:
    web = f"{call.web}/{pull.target.full_name}/pulls/{pull.number}"
    return {
        "id": review.id,
        "user": user_body(call, review.user),
        "team": None,
        "state": _STATES[review.verdict],
        "body": review.body,
        "commit_id": review.commit,
        "stale": review.stale,
        "official": review.official,
        "dismissed": review.dismissed,
        "comments_count": 0,
        "submitted_at": time(review.at),
        "updated_at": time(review.at),
        "html_url": f"{web}#issuecomment-{review.id}",
        "pull_request_url": web,
    }


def request_body(call: Call, pull: Pull, user: User) -> Body:
    """One who was asked stands among the reviews."""
    web = f"{call.web}/{pull.target.full_name}/pulls/{pull.number}"
    return {
        "id": user.id,
        "user": user_body(call, user),
        "team": None,
        "state": "REQUEST_REVIEW",
        "body": "",
        "commit_id": "",
        "stale": False,
        "official": pull.target.roles.get(user.login) in {"admin", "write"},
        "dismissed": False,
        "comments_count": 0,
        "submitted_at": time(pull.updated),
        "updated_at": time(pull.updated),
        "html_url": "",
        "pull_request_url": web,
    }


def comment_body(call: Call, pull: Pull, comment: Comment) -> Body:
    web = f"{call.web}/{pull.target.full_name}/pulls/{pull.number}"
    return {
        "id": comment.id,
        "html_url": f"{web}#issuecomment-{comment.id}",
        "pull_request_url": web,
        "issue_url": "",
        "user": user_body(call, comment.user),
        "original_author": "",
        "original_author_id": 0,
        "body": comment.body,
        "assets": [],
        "created_at": time(comment.created),
        "updated_at": time(comment.updated),
    }


def status_body(call: Call, status: Status) -> Body:
    return {
        "id": status.id,
        "status": status.state,
        "target_url": status.url,
        "description": status.description,
        "url": f"{call.api}/repos/{call.repo.full_name}/statuses/{status.commit}",
        "context": status.name,
        "creator": user_body(call, status.user),
        "created_at": time(status.at),
        "updated_at": time(status.at),
    }


def branch_body(call: Call, name: str) -> Body:
    """What the rule asks for is told to whoever may read; its name to admins."""
    commit, rules = call.repo.tips[name], call.repo.rules.get(name)
    at, _, message = git("log", "-1", "--format=%cI%n%B", commit, cwd=call.repo.path).decode().partition("\n")
    return {
        "name": name,
        "commit": {"id": commit, "message": f"{message}\n", "timestamp": at},
        "protected": rules is not None,
        "required_approvals": rules.approvals if rules else 0,
        "enable_status_check": bool(rules and (rules.checks or rules.any_checks)),
        "status_check_contexts": list(rules.checks) if rules else [],
        "user_can_push": call.can_write and rules is None,
        "user_can_merge": call.can_write,
        "effective_branch_protection_name": name if rules and call.role == "admin" else "",
    }
