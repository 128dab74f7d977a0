r"""GitLab's way without an API token: a merge request by options of the push, and what a push prints about one.

An option holds no line break. GitLab makes one of the two characters `\n` in a description and knows no escape for
them, so a text that means them gets a character between them that nobody sees. A failure never fails the push, and an
option that a server does not know is dropped without a word: only the printed address tells that there is one. The
options of a later push would change what people have written since, so they are for a branch without a merge request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

from gitops_mcp.adapters.forge.place import ForgePlace
from gitops_mcp.domain.pull_requests import NewPullRequest
from gitops_mcp.domain.redact import words_of_others

MOST_BYTES = 60_000
"""Of all options together; git itself breaks between 65,000 and 70,000."""
_FOR_LABELS = 10_000
"""Of these."""
_BETWEEN = "\u200b"
_VIEW = re.compile(r"View merge request for (\S+):\s+(https?://\S+/merge_requests/(\d+))(?!\S)")
_VISIT = re.compile(r"Visit the existing pull request:\s+(https?://\S+/pulls/(\d+))(?!\S)")
_FAULT = re.compile(r"Error encountered with push options\s*(?:'[^']*'\s*)*(?:\.\.\.)?:?\s*(.*?)(?:={4,}|$)", re.DOTALL)


@dataclass(frozen=True)
class PushOptions:
    values: tuple[str, ...]
    unmet: tuple[str, ...] = ()
    """Sentences: what of the wish no option can say."""


@dataclass(frozen=True)
class PrintedPull:
    number: int
    url: str


def push_options(new: NewPullRequest, place: ForgePlace) -> PushOptions:
    """Those that open a merge request together with the branch's first push."""
    unmet = []
    if new.reviewers:
        unmet.append(f"push options cannot ask reviewers ({', '.join(new.reviewers)}): a token with scope api can")
    if missed := len(new.labels) - len(_labels_with_room(new)):
        unmet.append(
            f"push options had no room for {missed} of {len(new.labels)} labels: a token with scope api can set them"
        )
    body = _on_one_line(new.body)
    if len(body.encode()) > body_room(new, place):
        unmet.append(
            "the description is too long for push options, so the merge request has none: a token with scope "
            "api can write it"
        )
        body = ""
    return PushOptions((*_beside_the_body(new, place), *((f"{_BODY}{body}",) if body else ())), tuple(unmet))


def body_room(new: NewPullRequest, place: ForgePlace) -> int:
    """Bytes that are left for a description, in which each line break takes two."""
    return MOST_BYTES - 1 - sum(len(one.encode()) + 1 for one in _beside_the_body(new, place)) - len(_BODY)


_BODY = "merge_request.description="


def _beside_the_body(new: NewPullRequest, place: ForgePlace) -> tuple[str, ...]:
    title = " ".join(new.title.split())
    across = (f"merge_request.target_project={place.path}",) if place.is_across else ()
    return (
        "merge_request.create",
        f"merge_request.target={new.base}",
        *across,
        f"merge_request.title={title}",
        *(("merge_request.draft",) if new.draft else ()),
        *_labels_with_room(new),
    )


def _labels_with_room(new: NewPullRequest) -> tuple[str, ...]:
    named = [f"merge_request.label={' '.join(label.split())}" for label in new.labels]
    sizes = accumulate(len(one.encode()) + 1 for one in named)
    return tuple(one for one, size in zip(named, sizes, strict=True) if size <= _FOR_LABELS)


def _on_one_line(body: str) -> str:
    escaped = body.replace("\0", "").replace("\\n", f"\\{_BETWEEN}n").strip()
    return "\\n".join(escaped.splitlines())


def printed_pull(said: str, branch: str) -> PrintedPull | None:
    """The merge or pull request of a branch that a remote named on a push; its page to open one is none."""
    for found in _VIEW.finditer(said):
        if found[1] == branch:
            return PrintedPull(int(found[3]), found[2])
    known = _VISIT.search(said)
    return PrintedPull(int(known[2]), known[1]) if known else None


def printed_fault(said: str) -> str | None:
    """Why GitLab did not act on the options, from the box that it draws."""
    text = " ".join(said.split())
    found = _FAULT.search(text)
    return words_of_others(found[1].strip(), most=300) or "it gives no reason" if found else None
