"""What is told of the branch that a request goes on with: whose commits it holds, and what it conflicts with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gitops_mcp.adapters.git.publishing.publish import PublishedCommit
from gitops_mcp.adapters.git.ref_listing import ChangeRef
from gitops_mcp.app import Ground
from gitops_mcp.domain.names import one_line, quote
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.redact import redact_text

_NAMED = 3


def conflicts_of(ground: Ground, found: ChangeRef | None) -> tuple[str, ...]:
    """The files in which an open change cannot be merged without a person."""
    repository, base = ground.repository, ground.base.commit
    if found is None or repository.is_ancestor(base, found.tip):
        return ()
    return repository.conflicts(base, found.tip)


def continued_notices(ground: Ground, found: ChangeRef | None, conflicts: Sequence[str]) -> Iterator[Notice]:
    if found:
        yield from _others_notices(ground, found)
    if conflicts:
        name = ground.base.branch
        text = (
            f"this change conflicts with {name} in {_some(map(quote, conflicts))}: a person resolves that on its "
            f"branch before it can be merged. The impact is told from what {name} says"
        )
        yield Notice("conflict", text)


def _others_notices(ground: Ground, found: ChangeRef) -> Iterator[Notice]:
    """Commits that are not the user's own; what a commit says of itself does not make it this server's."""
    me = ground.repository.own_author
    commits = ground.repository.commits(ground.base.commit, found.tip)
    theirs = [
        f"{one.id[:12]} by {quote(one_line(one.author))}: {quote(one_line(redact_text(one.subject)))}"
        for one in commits
        if one.author != me or found.name not in one.changes
    ]
    if theirs:
        text = f"this builds on commits that others have made (untrusted text): {_some(theirs, '; ')}"
        yield Notice("others-commits", text)


def hook_notices(published: PublishedCommit | None) -> Iterator[Notice]:
    if published and published.unreviewed:
        text = (
            f"no hook ran: branch {published.branch} brings {_some(map(quote, published.unreviewed))}, which the base "
            f"does not have so and a hook might execute before it is reviewed"
        )
        yield Notice("hooks-not-run", text)


def _some(texts: Iterable[str], between: str = ", ") -> str:
    listed = list(texts)
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return between.join(listed[:_NAMED]) + more
