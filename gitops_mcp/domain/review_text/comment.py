"""What a review says of a pull request, as one comment: the same parts as the body of one of ours.

It begins with a marker, by which a pipeline finds its comment again and writes it anew in its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.review_text.body import (
    HEADLINES,
    Bounds,
    alert,
    bullets,
    files_of,
    judgement_blocks,
    reasons_of,
    section,
    shortened_to_fit,
    table_of,
)
from gitops_mcp.domain.review_text.outside_text import code, prose
from gitops_mcp.domain.review_text.proposal import ForgeName
from gitops_mcp.domain.review_text.verdict import Judgement

MARKER = "<!-- gitops-mcp:review -->"


def comment_text(judgement: Judgement, forge: ForgeName, *, limit: int, reviewed: str) -> str:
    """`reviewed`: what was compared with what, as a sentence."""
    return shortened_to_fit(lambda bounds: _blocks(judgement, forge, bounds, reviewed), limit=limit)


def unjudged_text(why: str) -> str:
    """Where there is no verdict."""
    return f"{MARKER}\n## Review: could not judge\n\n{prose(why, most=2000)}"


def _blocks(judgement: Judgement, forge: ForgeName, bounds: Bounds, reviewed: str) -> Iterator[str]:
    proposal = judgement.proposal
    yield f"{MARKER}\n## Review: {judgement.verdict}"
    yield _headline(judgement, forge, bounds)
    yield from section("What changes", table_of(proposal, bounds), files_of(proposal, bounds))
    yield from judgement_blocks(proposal, bounds, judgement.notices)
    yield f"<sub>{prose(reviewed)} Rules and configuration are those of the base.</sub>"


def _headline(judgement: Judgement, forge: ForgeName, bounds: Bounds) -> str:
    kind, words = _words(judgement)
    told = bullets(
        [*(f"{prose(one.message)} ({one.id})" for one in judgement.errors), *reasons_of(judgement.proposal)], bounds
    )
    return alert(kind, words, told, forge)


def _words(judgement: Judgement) -> tuple[str, str]:
    impact = judgement.proposal.impact.level
    if judgement.errors:
        return "CAUTION", "A rule is broken: this is not to be merged as it is"
    if not judgement.proposal.files:
        return "NOTE", f"Nothing changes in {code(judgement.proposal.base)}"
    if not judgement.proposal.objects:
        words = "No object of CloudNativePG changes, as far as this repository tells"
        return ("IMPORTANT" if judgement.warnings else "NOTE"), words
    return HEADLINES[impact]
