"""What an engine object says of a change that should come through it: exactly one state, and who must do what."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gitops_mcp.domain.cnpg.notation.moment import parse_time
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.live.engine_states.promotion import Promotion
from gitops_mcp.domain.objects import Identity, Object, Path, at, list_at
from gitops_mcp.domain.redact import words_of_others

State = Literal["not fetched", "waits", "refused", "left alone", "needs a person", "applied"]
STUCK: tuple[State, ...] = ("refused", "needs a person", "left alone")
"""What waiting does not end, the worst first."""
AGAIN = "Call get_change again"
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True)
class Standing:
    state: State
    why: str
    """The words of an engine in it are marked as such."""
    next: str
    """Who has to do what; to wait only where that helps."""
    cause: str | None = None
    """The earlier commit that keeps the change out."""
    rule: str = ""
    """What has it left alone, whatever else the engine has done."""
    promotion: Promotion | None = None
    """What it waits for, where somebody has to bring it from one branch to another."""


@dataclass(frozen=True)
class Question:
    """One object of a change, and what is known of it."""

    whom: Identity
    holds: Callable[[str], bool]
    """Whether a commit holds the change."""
    tip: str
    """Of the base."""
    remotes: tuple[str, ...]
    branch: str
    fields: tuple[Path, ...] = ()
    """Those that are not live as the change says; none for a whole object."""
    declared: Object | None = None
    """As Git says it now; None where it goes."""
    live: Object | None = None
    now: datetime | None = None
    """None: what passes with time, such as a window of Argo CD, is not asked about."""
    by: EngineObject | None = None
    """What Git says applies it."""
    path: str = ""
    """The file that declares it."""
    tip_made: Callable[[], datetime | None] = lambda: None
    """When the tip came onto the base, as far as its commit says so."""
    promoted: str | None = None
    """The tip of the branch that rendered manifests are promoted to, where that is known."""

    @property
    def removes(self) -> bool:
        return self.declared is None

    def has(self, commit: str | None) -> bool:
        """Whether this is a commit that holds the change."""
        return commit is not None and self.holds(commit)

    def is_past(self, time: object) -> bool:
        """Whether a report is older than the tip of the base, so that it cannot be of that."""
        made, when = self.tip_made(), parse_time(time)
        return made is not None and when is not None and when < made


def left_alone(done: str, rule: str, step: str) -> Standing:
    return Standing("left alone", f"{done} {rule}", step, rule=rule)


def commit_of(revision: object) -> str | None:
    """Of `main@sha1:<commit>`, as Flux writes it, or of a commit itself; None for a name, a version, and no text."""
    text = revision.rpartition(":")[2] if isinstance(revision, str) else ""
    return text if _COMMIT.fullmatch(text) else None


def condition(value: Object | None, kind: str) -> Object:
    return next((one for one in list_at(value, "status", "conditions") if at(one, "type") == kind), {})


def mend_by_change(name: str) -> str:
    return f"mend what {name} reports with a new change"


def said(text: object, *, by: str = "its words") -> str:
    """What an engine wrote, marked once as what it is."""
    words = str.__str__(text) if isinstance(text, str) else ""
    return f"{by} (untrusted text): {words_of_others(words or 'none')}"


def short(commit: str | None) -> str:
    return commit[:12] if commit else "no commit"


def label(value: Object) -> str:
    return f"{at(value, 'metadata', 'namespace')}/{at(value, 'metadata', 'name')}"
