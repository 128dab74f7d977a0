"""The commit message of a plan."""

from __future__ import annotations

from collections.abc import Mapping

from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.plans.plan import NO_TRAILERS, Plan
from gitops_mcp.domain.redact import redact_text

SUBJECT_MAX = 72
"""Columns; git's own habit for the first line of a message."""


def commit_message(
    plan: Plan,
    *,
    tool: str,
    change: str,
    reason: str | None,
    requester: str | None = None,
    trailers: Mapping[str, str] = NO_TRAILERS,
) -> str:
    """Subject, caution, reason, impact and trailers. `reason` is the caller's text: one paragraph, redacted.

    `requester` is the client that asked; the person is the commit's author.
    """
    full = one_line(plan.subject)
    paragraphs = [full if len(full) <= SUBJECT_MAX else full[: SUBJECT_MAX - 1] + "…"]
    if len(full) > SUBJECT_MAX:
        paragraphs.append(full)
    if plan.caution:
        paragraphs.append(one_line(plan.caution))
    if reason:
        paragraphs.append(redact_text(one_line(" ".join(reason.split()))))
    if plan.body:
        paragraphs.append("\n".join(one_line(text) for text in plan.body))
    impact = "\n".join(f"- {one_line(text)}" for text in plan.impact.reasons)
    paragraphs.append(f"Impact: {plan.impact.level.label}" + (f"\n{impact}" if impact else ""))
    said = {
        "Gitops-Mcp-Tool": tool,
        "Gitops-Mcp-Change": change,
        "Gitops-Mcp-Impact": plan.impact.level.label,
        **({"Gitops-Mcp-Requester": requester} if requester else {}),
        **trailers,
    }
    return "\n\n".join([*paragraphs, "\n".join(f"{key}: {one_line(value)}" for key, value in said.items())]) + "\n"


def reason_in(subject: str, body: str) -> str | None:
    """The caller's words in such a message: the paragraph before the one that says what changes."""
    before, impact, _ = f"\n{body}".partition("\nImpact: ")
    paragraphs = [one for one in before.strip("\n").split("\n\n") if one]
    *above, _ = paragraphs[1:] if subject.endswith("…") and paragraphs[1:] else paragraphs or [""]
    return one_line(above[-1]) if impact and above else None
