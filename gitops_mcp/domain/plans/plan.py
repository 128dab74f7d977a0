"""A planned change: what files hold before and after, what applying it does, and how it is told.

A plan is a value. It can be printed, tested and refused before anything has moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import MappingProxyType
from typing import Literal

from gitops_mcp.domain import yamltext
from gitops_mcp.domain.diff import first_changed_line, unified
from gitops_mcp.domain.names import line, slug
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.redact import redacted
from gitops_mcp.errors import GitOpsError, InvalidRequest

Label = Literal["none", "reload", "rolling_restart", "outage", "data_loss"]

SUBJECT_MAX = 72
"""Columns; git's own habit for the first line of a message."""


NO_TRAILERS: Mapping[str, str] = MappingProxyType({})


class Level(IntEnum):
    """What applying a change does to the running database, from harmless to final."""

    NONE = 0
    RELOAD = 1
    ROLLING_RESTART = 2
    OUTAGE = 3
    DATA_LOSS = 4

    @property
    def label(self) -> Label:
        return _LABELS[self]


_LABELS: dict[Level, Label] = {
    Level.NONE: "none",
    Level.RELOAD: "reload",
    Level.ROLLING_RESTART: "rolling_restart",
    Level.OUTAGE: "outage",
    Level.DATA_LOSS: "data_loss",
}


@dataclass(frozen=True)
class Impact:
    level: Level
    reasons: tuple[str, ...] = ()

    def joined(self, other: Impact) -> Impact:
        return Impact(max(self.level, other.level), (*self.reasons, *other.reasons))


@dataclass(frozen=True)
class Notice:
    """A warning with an id that stays the same between versions."""

    id: str
    message: str


@dataclass(frozen=True)
class FileChange:
    path: str
    before: str | None
    """None: the file is new."""
    after: str | None
    """None: the file goes."""

    @property
    def action(self) -> Literal["added", "modified", "deleted"]:
        if self.before is None:
            return "added"
        return "deleted" if self.after is None else "modified"

    @property
    def line(self) -> int:
        """Where to look first: the first changed line of what is left."""
        if self.before is None or self.after is None:
            return 1
        return first_changed_line(self.before, self.after)

    @property
    def diff(self) -> str:
        return unified(self.path, self.before, self.after)


@dataclass(frozen=True)
class SecretWrite:
    """A Secret that provider `cluster` writes to the API with the commit; its values are not here."""

    how: Literal["create", "rotate"]
    namespace: str
    name: str
    username: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Plan:
    verb: str
    """The words that name a change when the caller does not: `scale` in `scale-shop-orders-db`."""
    subject: str
    target: Identity
    files: tuple[FileChange, ...] = ()
    impact: Impact = field(default_factory=lambda: Impact(Level.NONE))
    warnings: tuple[Notice, ...] = ()
    destroys: str | None = None
    """What a person loses; such a plan needs a confirmation."""
    unchanged: str | None = None
    """Why there is nothing to commit."""
    body: tuple[str, ...] = ()
    """What a reviewer should know, for the message."""
    next: tuple[str, ...] = ()
    """What happens after the change is merged, and what to call then."""
    validated_by: tuple[str, ...] = ()
    writes: tuple[SecretWrite, ...] = ()
    """What goes to the API besides the commit."""

    @property
    def diff(self) -> str:
        return "".join(change.diff for change in self.files)

    @property
    def contents(self) -> dict[str, bytes | None]:
        return {change.path: None if change.after is None else change.after.encode("utf-8") for change in self.files}

    def warned(self, notices: Iterable[Notice]) -> Plan:
        return replace(self, warnings=(*self.warnings, *notices))


def change_slug(plan: Plan, environment: str | None) -> str:
    """The name of a change from its request without its values: `scale-shop-orders-db`."""
    parts = (plan.verb, environment, plan.target.namespace, plan.target.name)
    return slug("-".join(part for part in parts if part))


def commit_message(
    plan: Plan,
    *,
    tool: str,
    change: str,
    reason: str | None,
    requester: str | None = None,
    trailers: Mapping[str, str] = NO_TRAILERS,
) -> str:
    """Subject, reason, impact and trailers. `reason` is the caller's text: one paragraph, redacted.

    `requester` is the client that asked; the person is the commit's author.
    """
    full = line(plan.subject)
    paragraphs = [full if len(full) <= SUBJECT_MAX else full[: SUBJECT_MAX - 1] + "…"]
    if len(full) > SUBJECT_MAX:
        paragraphs.append(full)
    if reason:
        paragraphs.append(redacted(line(" ".join(reason.split()))))
    if plan.body:
        paragraphs.append("\n".join(line(text) for text in plan.body))
    impact = "\n".join(f"- {line(text)}" for text in plan.impact.reasons)
    paragraphs.append(f"Impact: {plan.impact.level.label}" + (f"\n{impact}" if impact else ""))
    said = {
        "Gitops-Mcp-Tool": tool,
        "Gitops-Mcp-Change": change,
        "Gitops-Mcp-Impact": plan.impact.level.label,
        **({"Gitops-Mcp-Requester": requester} if requester else {}),
        **trailers,
    }
    return "\n\n".join([*paragraphs, "\n".join(f"{key}: {line(value)}" for key, value in said.items())]) + "\n"


class Draft:
    """Files being planned: several edits of one file become one change."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._before = texts
        self._after: dict[str, str | None] = {}

    @property
    def before(self) -> Mapping[str, str]:
        return self._before

    def text(self, path: str) -> str | None:
        return self._after[path] if path in self._after else self._before.get(path)

    def edit(self, path: str, document: int, *edits: yamltext.Edit) -> None:
        """Raises InvalidRequest or Refused, with the file's name, where the edit cannot be proven right."""
        with _naming(path):
            self._after[path] = yamltext.edited(self._present(path), document, *edits)

    def append(self, path: str, value: Object) -> None:
        with _naming(path):
            self._after[path] = yamltext.with_document(self._present(path), value)

    def drop(self, path: str, *documents: int) -> None:
        """Removes documents; the file goes with its last one."""
        with _naming(path):
            self._after[path] = yamltext.without_document(self._present(path), *documents) or None

    def create(self, path: str, text: str) -> None:
        if self.text(path) is not None:
            raise InvalidRequest(f"{path} exists already: name another place in layout.cluster, or remove that file")
        self._after[path] = text

    def remove(self, path: str) -> None:
        self._after[path] = None

    @property
    def changes(self) -> tuple[FileChange, ...]:
        return tuple(
            FileChange(path, self._before.get(path), after)
            for path, after in sorted(self._after.items())
            if after != self._before.get(path)
        )

    def _present(self, path: str) -> str:
        text = self.text(path)
        if text is None:
            raise InvalidRequest("it is gone already")
        return text


class _naming:  # noqa: N801 - reads as a word in a with statement
    """Puts the file's name before an error that the editor raised."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, GitOpsError):
            raise type(error)(f"{self._path}: {error}") from error
