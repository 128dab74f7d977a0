"""What GitLab's API says of a thing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gitops_mcp.sandbox.forges.routing import Call
from gitops_mcp.sandbox.forges.rules import is_behind, missing
from gitops_mcp.sandbox.forges.values import Comment, Pull, Repository, Status, User
from gitops_mcp.sandbox.remote import git

Body = dict[str, Any]
_LEVELS = {"admin": 40, "write": 30, "read": 20}
_STATES = {"failure": "failed", "error": "failed", "pending": "running", "skipped": "skipped", "neutral": "success"}


def time(at: datetime | None) -> str | None:
    return f"{at.strftime('%Y-%m-%dT%H:%M:%S')}.{at.microsecond // 1000:03}Z" if at else None


def user_body(call: Call, user: User | None) -> Body | None:
    if user is None:
        return None
    return {
        "id": user.id,
        "username": user.login,
        "name": user.login,
        "state": "active",
        "locked": False,
        "avatar_url": None,
        "web_url": f"{call.web}/{user.login}",
    }


def users_body(call: Call, users: Iterable[User]) -> list[Body | None]:
    return [user_body(call, one) for one in users]


def project_body(call: Call, repository: Repository) -> Body:
    role = repository.roles.get(call.user.login) if call.user else None
    name, settings = repository.full_name, repository.settings
    body = {
        "id": repository.id,
        "name": repository.name,
        "path": repository.name,
        "path_with_namespace": name,
        "default_branch": repository.base,
        "visibility": "private",
        "web_url": f"{call.web}/{name}",
        "http_url_to_repo": f"{call.web}/{name}.git",
        "archived": False,
        "empty_repo": not repository.tips,
        "merge_requests_enabled": True,
        "merge_requests_access_level": "enabled",
        "merge_method": settings.merge_method,
        "squash_option": "default_off",
        "only_allow_merge_if_pipeline_succeeds": any(one.checks for one in repository.rules.values()),
        "allow_merge_on_skipped_pipeline": None,
        "only_allow_merge_if_all_discussions_are_resolved": False,
        "remove_source_branch_after_merge": False,
        "printing_merge_request_link_enabled": settings.prints_links,
        "merge_commit_template": None,
        "squash_commit_template": None,
        "permissions": {
            "project_access": {"access_level": _LEVELS[role], "notification_level": 3} if role else None,
            "group_access": None,
        },
    }
    if repository.parent:
        parent = repository.parent
        body["forked_from_project"] = {"id": parent.id, "path_with_namespace": parent.full_name}
    return body


def detailed_status(pull: Pull) -> str:
    """The first check that fails, in a fixed order; of those behind it nothing is told."""
    if not pull.is_open:
        return "not_open"
    if pull.trial is None:
        return "checking" if pull.asked else "unchecked"
    still = missing(pull)
    is_running = any(one.state == "pending" for one in pull.checks())
    rebases = pull.target.settings.merge_method != "merge" and is_behind(pull)
    found = {
        "draft_status": pull.draft,
        "commits_status": pull.head == pull.base_commit or pull.branch not in pull.source.tips,
        "ci_still_running": "checks" in still and is_running,
        "ci_must_pass": "checks" in still,
        "not_approved": "approvals" in still,
        "requested_changes": "changes requested" in still,
        "conflict": not pull.trial,
        "need_rebase": rebases or "behind" in still,
    }
    return next((word for word, is_so in found.items() if is_so), "mergeable")


def row_body(call: Call, pull: Pull) -> Body:
    """As it stands in a list, where the status is the one computed last."""
    target = pull.target
    commit = pull.head_before if pull.head_before and call.forge.lags.take("heads") else pull.head
    is_ff = pull.merge_commit == pull.head or target.settings.merge_method == "ff"
    conflicts = pull.trial is False or (pull.trial is not None and pull.head == pull.base_commit)
    merge_status = "cannot_be_merged" if conflicts else "unchecked" if pull.trial is None else "can_be_merged"
    reference = f"!{pull.number}"
    return {
        "id": pull.id,
        "iid": pull.number,
        "project_id": target.id,
        "title": pull.title,
        "description": pull.body or "",
        "state": "opened" if pull.is_open else "merged" if pull.merged else "closed",
        "created_at": time(pull.created),
        "updated_at": time(pull.updated),
        "merged_by": user_body(call, pull.merged_by),
        "merge_user": user_body(call, pull.merged_by),
        "merged_at": time(pull.merged),
        "closed_by": None,
        "closed_at": None if pull.merged else time(pull.closed),
        "target_branch": pull.base,
        "source_branch": pull.branch,
        "user_notes_count": len(pull.comments),
        "upvotes": 0,
        "downvotes": 0,
        "author": user_body(call, pull.user),
        "assignees": users_body(call, pull.assignees),
        "assignee": user_body(call, pull.assignees[0]) if pull.assignees else None,
        "reviewers": users_body(call, pull.reviewers),
        "source_project_id": None if pull.source.is_gone else pull.source.id,
        "target_project_id": target.id,
        "labels": pull.labels,
        "draft": pull.draft,
        "work_in_progress": pull.draft,
        "milestone": None,
        "merge_when_pipeline_succeeds": False,
        "merge_status": merge_status,
        "detailed_merge_status": detailed_status(pull),
        "sha": commit,
        "merge_commit_sha": None if is_ff else pull.merge_commit,
        "squash_commit_sha": pull.squash_commit,
        "discussion_locked": None,
        "should_remove_source_branch": None,
        "force_remove_source_branch": pull.remove_branch or None,
        "prepared_at": time(pull.created),
        "reference": reference,
        "references": {"short": reference, "relative": reference, "full": f"{target.full_name}{reference}"},
        "web_url": f"{call.web}/{target.full_name}/-/merge_requests/{pull.number}",
        "squash": pull.squash,
        "squash_on_merge": pull.squash,
        "has_conflicts": conflicts,
        "blocking_discussions_resolved": True,
        "imported": False,
        "imported_from": "none",
        "approvals_before_merge": None,
        **({} if pull.source is target else {"allow_collaboration": False, "allow_maintainer_to_push": False}),
    }


def pull_body(call: Call, pull: Pull, *, is_new: bool = False) -> Body:
    """The whole of one; asking for it computes whether it can be merged."""
    if is_new:
        pull.asked = 0
    elif pull.is_open:
        call.forge.mergeable(pull)
    files = git("diff", "--name-only", f"{pull.base_commit}...{pull.head}", cwd=pull.target.path).splitlines()
    pipeline = pipeline_body(call, pull.target, pull.head, pull.branch)
    return row_body(call, pull) | {
        "merge_error": None,
        "changes_count": str(len(files)) if files else None,
        "head_pipeline": pipeline,
        "pipeline": pipeline,
        "diff_refs": {"base_sha": pull.base_commit, "head_sha": pull.head, "start_sha": pull.base_commit},
        "first_contribution": False,
        "user": {"can_merge": call.can_write},
        **({"merge_status": "checking", "detailed_merge_status": "preparing"} if is_new else {}),
    }


def pipeline_body(call: Call, repository: Repository, commit: str, ref: str) -> Body | None:
    """Statuses from outside make one too."""
    rows = newest_statuses(repository, commit)
    if not rows:
        return None
    states = {_STATES.get(one.state, one.state) for one in rows}
    status = next((one for one in ("failed", "running", "success", "skipped") if one in states), "success")
    number = repository.id * 1000 + min(one.id for one in rows)
    url = f"{call.web}/{repository.full_name}/-/pipelines/{number}"
    body = {"id": number, "iid": 1, "project_id": repository.id, "sha": commit, "ref": ref, "status": status}
    return {**body, "source": "push", "web_url": url}


def newest_statuses(repository: Repository, commit: str) -> list[Status]:
    """Of each name."""
    return list({one.name: one for one in repository.statuses if one.commit == commit}.values())


def status_body(call: Call, status: Status) -> Body:
    return {
        "id": status.id,
        "name": status.name,
        "status": _STATES.get(status.state, status.state),
        "allow_failure": status.state == "neutral",
        "description": status.description,
        "ref": None,
        "sha": status.commit,
        "target_url": status.url or None,
        "web_url": status.url or None,
        "coverage": None,
        "created_at": time(status.at),
        "started_at": None,
        "finished_at": time(status.at),
        "author": user_body(call, status.user),
    }


def note_body(call: Call, pull: Pull, note: Comment) -> Body:
    return {
        "id": note.id,
        "type": None,
        "body": note.body,
        "system": False,
        "noteable_type": "MergeRequest",
        "noteable_iid": pull.number,
        "resolvable": False,
        "confidential": False,
        "created_at": time(note.created),
        "updated_at": time(note.updated),
        "author": user_body(call, note.user),
    }


def approvals_body(call: Call, pull: Pull) -> Body:
    """Without a rule nothing is required, and one approval is enough for `approved`."""
    rules = pull.target.rules.get(pull.base)
    required = rules.approvals if rules else 0
    given = [one.user for one in pull.current_reviews() if one.verdict == "APPROVED"]
    left = max(0, required - len(given))
    kept = ("id", "iid", "project_id", "title", "description", "state", "created_at", "updated_at", "merge_status")
    row = row_body(call, pull)
    return {name: row[name] for name in kept} | {
        "approved": left == 0 if required else bool(given),
        "approvals_required": required,
        "approvals_left": left,
        "require_password_to_approve": False,
        "approved_by": [{"user": user_body(call, one)} for one in given],
        "suggested_approvers": [],
        "approvers": [],
        "approver_groups": [],
        "user_has_approved": call.user in given,
        "user_can_approve": call.can_write and call.user != pull.user and call.user not in given,
        "approval_rules_left": [],
        "has_approval_rules": required > 0,
        "merge_request_approvers_available": required > 0,
        "multiple_approval_rules_available": required > 0,
        "invalid_approvers_rules": [],
    }
