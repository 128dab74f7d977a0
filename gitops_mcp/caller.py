"""Who asked, as far as work that is under way needs to know: whom to tell how far it is, and whom to ask.

The server gives each call its own; outside of one nobody is told and nobody can be asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from gitops_mcp.errors import Refused


class Caller(Protocol):
    @property
    def requester(self) -> str:
        """Who asks, for the record."""

    @property
    def name(self) -> str | None:
        """What the client calls itself, where it says so: one line, without what may be a secret."""

    def told(self, done: float, total: float, message: str) -> None:
        """Progress, for a client that asked for it."""

    def agree(self, question: str, *, about: Mapping[str, Mapping[str, object]], instead: str) -> bool:
        """Returns once the person at the client has said yes to this very question about exactly this.

        `about` is what was judged, by what is done and by name: the answer holds for nothing else, and who is asked
        anew is told what is otherwise by then. Raises Refused where the person says no, does not answer, or cannot be
        asked; `instead` is then what a person would run. True: that took a person's time, so look at all of it again.
        """


class Nobody:
    """No client: nothing is told, and what needs a person's word is refused."""

    requester = "nobody"
    name = None

    def told(self, done: float, total: float, message: str) -> None:
        """Nobody listens."""

    def agree(self, question: str, *, about: Mapping[str, Mapping[str, object]], instead: str) -> bool:  # noqa: ARG002 - nobody answers
        raise Refused(f"{question} This client cannot ask a person. Nothing was changed. A person would run: {instead}")
