"""Taking a change back: its branch, and the Secrets that were made for it."""

from __future__ import annotations

from gitops_mcp.adapters.git.publishing.publish import remove_branch
from gitops_mcp.adapters.git.refs.listing import ChangeRef
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.writes import DiscardResult
from gitops_mcp.app import App, Ground
from gitops_mcp.caller import call_until
from gitops_mcp.domain.names import check_change_name, pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.errors import GitOpsError, Refused
from gitops_mcp.workflows.left_secrets import take_back_secrets
from gitops_mcp.workflows.newest_pull import PullSeen, newest_pull
from gitops_mcp.workflows.notices import base_warnings, push_notices, whose_notices
from gitops_mcp.workflows.spans import check_within, span_of, unknown_change
from gitops_mcp.workflows.writing.delivery.pull_requests.step import closed_pull
from gitops_mcp.workflows.writing.delivery.secrets import discard_secrets


def discard_branch(app: App, name: str, *, confirmed: bool, dry_run: bool) -> DiscardResult:
    check_change_name(name)
    ground = app.ground(fetch=True)
    take_back_secrets(app, ground)
    check_within(ground, name)
    found = ground.repository.change(ground.git, ground.base, name)
    if found is None:
        raise unknown_change(ground, name)
    seen = newest_pull(app, ground, found.branch, []) if ground.base.pushes else PullSeen()
    span = span_of(ground, found, seen.pull)
    if span.state == "merged":
        raise Refused(f"change {name!r} is merged ({span.why}): nothing is left to discard; undo_change takes it back")
    theirs = [one for one in span.commits if name not in one.changes]
    ours = len(theirs) < len(span.commits) or (span.state == "empty" and _was_made_here(ground, found))
    if not ours:
        raise Refused(
            f"branch {found.branch} holds no commit of this server, so it belongs to somebody else: a person deletes "
            f"it with git push --delete, if nobody needs it"
        )
    if not confirmed and not dry_run:
        lost = pluralize(len(span.commits), "commit") + (f", {len(theirs)} of them made by others" if theirs else "")
        last = f", the last one {cut_text(redact_text(span.commits[0].subject), 100)!r}" if span.commits else ""
        whose = "".join(f" {one.message}." for one in whose_notices(app, name, span.commits))
        raise Refused(
            f"discarding change {name!r} deletes branch {found.branch} with {lost}{last}. Nothing was changed.{whose} "
            f"Ask the person; once they agree, repeat this with confirm_deletion=true"
        )
    if (fault := ground.base.fault) and ground.base.pushes and not dry_run:
        raise fault.with_text(f"nothing was removed: {fault}")
    warnings = [*whose_notices(app, name, span.commits), *base_warnings(ground), *push_notices(ground)]
    if theirs:
        text = f"{pluralize(len(theirs), 'commit')} of that branch were made by others, the last {theirs[0].id[:12]}"
        warnings.append(Notice("others-commits", text))
    done: list[str] = []
    pull, left_open = closed_pull(app, ground, found.branch, found.tip, seen, dry_run=dry_run)
    warnings += left_open
    if not dry_run:
        try:
            remove_branch(ground.repository, ground.git, branch=found.branch, expected=found.tip)
        except GitOpsError as error:
            if pull is None:
                raise
            raise error.with_text(f"{error}. Its pull request is closed already: {pull.url}") from error
        with call_until(None):
            removed, left = discard_secrets(app, ground, span.commits, change=name)
        done = [f"Removed Secret {one}, which was made for this change" for one in removed]
        warnings += [Notice("secret-left", text) for text in left]
    return DiscardResult(
        change=name,
        branch=found.branch,
        outcome="dry_run" if dry_run else "discarded",
        tip=found.tip,
        commits=len(span.commits),
        pull_request=pull,
        warnings=warnings,
        next=[] if dry_run else [*done, f"The last commit was {found.tip}; git keeps it for a while where it was made"],
    )


def _was_made_here(ground: Ground, found: ChangeRef) -> bool:
    """Whether a branch that holds nothing any more once held a commit of the change: what was seen, read again."""
    seen = ground.base.seen.get(found.branch)
    tips = (seen.tip, *seen.former) if seen else ()
    repository = ground.repository
    commits = (one for tip in tips if repository.has(tip) for one in repository.commits(found.tip, tip))
    return any(found.name in one.changes for one in commits)
