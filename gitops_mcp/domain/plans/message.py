"""The commit message of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.plans.asked import TRAILER
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
    requests: Iterable[str] = (),
) -> str:
    """Subject, caution, reason, impact and trailers. `reason` is the caller's text: one paragraph, redacted.

    `requester` is the client that asked; the person is the commit's author. `requests`: lines of JSON.
    """
    paragraphs = _paragraphs(plan, reason)
    said = {
        "Gitops-Mcp-Tool": tool,
        "Gitops-Mcp-Change": change,
        "Gitops-Mcp-Impact": plan.impact.level.label,
        **({"Gitops-Mcp-Requester": requester} if requester else {}),
        **trailers,
    }
    lines = [*(f"{key}: {one_line(value)}" for key, value in said.items()), *(f"{TRAILER}: {one}" for one in requests)]
    return "\n\n".join([*paragraphs, "\n".join(lines)]) + "\n"


def kept_reason(body: str, plan: Plan) -> str:
    """The reason in the message of a commit that was planned so: what is neither of the plan nor its impact."""
    before, impact, _ = f"\n{body}".partition("\nImpact: ")
    known = set(_paragraphs(plan, None))
    found = [one for one in before.strip("\n").split("\n\n") if one and one not in known] if impact else []
    return found[0] if len(found) == 1 else ""


def _paragraphs(plan: Plan, reason: str | None) -> list[str]:
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
    return paragraphs


def reason_in(subject: str, body: str) -> str | None:
    """The caller's words in such a message: the paragraph before the one that says what changes."""
    before, impact, _ = f"\n{body}".partition("\nImpact: ")
    paragraphs = [one for one in before.strip("\n").split("\n\n") if one]
    *above, _ = paragraphs[1:] if subject.endswith("…") and paragraphs[1:] else paragraphs or [""]
    return one_line(above[-1]) if impact and above else None
