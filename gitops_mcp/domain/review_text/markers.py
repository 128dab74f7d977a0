"""The part of a body that is ours, between two comments that no forge shows; all else belongs to people.

The first comment holds a digest of the title as we wrote it, by which a title that a person has chosen is known, and
one of what the change comes to, by which a part that is true already is known whatever its words.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_BEGIN = re.compile(
    r"<!--[ \t]*gitops-mcp:begin(?:[ \t]+title=(?P<title>[0-9a-f]{12}))?(?:[ \t]+of=(?P<of>[0-9a-f]{12}))?[ \t]*-->"
)
_END = re.compile(r"<!--[ \t]*gitops-mcp:end[ \t]*-->")
_ANY = re.compile(r"<!--[ \t]*gitops-mcp:")


@dataclass(frozen=True)
class MarkedBody:
    """A body with one part that is ours."""

    before: str
    ours: str
    """With its markers."""
    after: str
    title: str | None
    """The digest of the title that went with it."""
    of: str | None = None
    """That of what it was written of."""

    @property
    def others(self) -> int:
        """Characters that are not ours."""
        return len(self.before) + len(self.after)

    def wrote_title(self, title: str) -> bool:
        return self.title == title_digest(title)

    def says(self, part: str) -> bool:
        """Whether our part is this already; a forge may give back other line ends."""
        return _lines(self.ours) == _lines(part)

    def with_part(self, part: str) -> str:
        return f"{self.before}{part}{self.after}"


def marked_part(text: str, *, title: str, of: str) -> str:
    """A text of ours between its markers; `of` is a digest."""
    return f"<!-- gitops-mcp:begin title={title_digest(title)} of={of} -->\n{text}\n<!-- gitops-mcp:end -->"


def find_marked(body: str | None) -> MarkedBody | None:
    """None: nothing in it is ours for sure, since a marker is missing, or there several times."""
    text = body or ""
    begins, ends = list(_BEGIN.finditer(text)), list(_END.finditer(text))
    if len(begins) != 1 or len(ends) != 1 or begins[0].end() > ends[0].start():
        return None
    first, last = begins[0].start(), ends[0].end()
    return MarkedBody(text[:first], text[first:last], text[last:], begins[0]["title"], begins[0]["of"])


def has_marker(body: str | None) -> bool:
    """Whether it is, or once was, of ours."""
    return _ANY.search(body or "") is not None


def title_digest(title: str) -> str:
    return hashlib.sha256(" ".join(title.split()).encode()).hexdigest()[:12]


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]
