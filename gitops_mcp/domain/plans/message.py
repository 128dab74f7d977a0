"""The commit message of a plan, and its parts as they are read back from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.plans.asked import TRAILER
from gitops_mcp.domain.plans.plan import NO_TRAILERS, Plan
from gitops_mcp.domain.redact import redact_text

SUBJECT_MAX = 72
"""Columns; git's own habit for the first line of a message."""
_CAUTION, _REASON = "Mind: ", "Reason: "
"""What a paragraph begins with that could be taken for another one."""
_LOOKS_LIKE_OURS = re.compile(r"(?:Mind|Reason|Impact|Gitops-Mcp-[\w-]+):|\* ")
_PERSON = re.compile(r"^Gitops-Mcp-Requester: (.+) through .*$", re.MULTILINE)
_IMPACTS = frozenset(f"Impact: {one.label}" for one in Level)


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

    `requester` is the client that asked, where the person is the commit's author; over HTTP both stand in it.
    `requests`: lines of JSON.
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


def _paragraphs(plan: Plan, reason: str | None) -> list[str]:
    full = one_line(plan.subject)
    paragraphs = [_short(full)]
    if len(full) > SUBJECT_MAX:
        paragraphs.append(full)
    if plan.caution:
        paragraphs.append(_CAUTION + one_line(plan.caution))
    body = "\n".join(filter(None, map(one_line, plan.body)))
    if said := redact_text(one_line(" ".join((reason or "").split()))):
        paragraphs.append(said if body and not _LOOKS_LIKE_OURS.match(said) else _REASON + said)
    if body:
        paragraphs.append(body)
    impact = "\n".join(f"- {one_line(text)}" for text in plan.impact.reasons)
    paragraphs.append(f"Impact: {plan.impact.level.label}" + (f"\n{impact}" if impact else ""))
    return paragraphs


def _short(subject: str) -> str:
    return subject if len(subject) <= SUBJECT_MAX else subject[: SUBJECT_MAX - 1] + "…"


@dataclass(frozen=True)
class MessageParts:
    """What a message of ours says, each part as it went in."""

    subject: str
    caution: str = ""
    reason: str | None = None
    body: tuple[str, ...] = ()
    impact: tuple[str, ...] = ()
    """Why it is so large."""


def person_in(message: str) -> str | None:
    """Who was signed in and asked for a commit, as its last trailer says."""
    found = _PERSON.findall(message)
    return found[-1] if found else None


def _tells_impact(paragraph: str) -> bool:
    first, *reasons = paragraph.splitlines()
    return first in _IMPACTS and all(one.startswith("- ") for one in reasons)


def message_parts(message: str) -> MessageParts | None:
    """A message that `commit_message` wrote, also below the title that a forge gave it; None: it is none.

    Of several that a forge has put together it is the first.
    """
    subject, *rest = [one.strip("\n") for one in re.split(r"\n(?:[ \t]*\n)+", message.strip("\n"))]
    own = [*takewhile(lambda one: not one.startswith("Gitops-Mcp-Tool: "), rest)]
    at = max((index for index, one in enumerate(own) if _tells_impact(one)), default=None)
    if at is None:
        return None
    said, impact = own[:at], own[at].splitlines()[1:]
    if said and said[0].startswith("* "):
        subject = said.pop(0)[2:]
    if said and len(said[0]) > SUBJECT_MAX and subject.startswith(_short(said[0])):
        subject, *said = said
    caution = said.pop(0).removeprefix(_CAUTION) if said and said[0].startswith(_CAUTION) else ""
    reason, body = _reason_and_body(said)
    return MessageParts(subject, caution, reason, tuple(body.splitlines()), tuple(one[2:] for one in impact))


def _reason_and_body(said: list[str]) -> tuple[str | None, str]:
    if not said:
        return None, ""
    *above, last = said
    if last.startswith(_REASON):
        return last.removeprefix(_REASON), ""
    return above[-1].removeprefix(_REASON) if above else None, last
