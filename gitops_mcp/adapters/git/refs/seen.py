"""What was seen of changes: `<common git folder>/gitops-mcp-seen.json`, which outlives the server.

A branch that a fetch finds gone leaves nothing behind in Git, and its commits are collected in time. So what tells
whether it was merged is kept. It is written under the repository's lock and replaced as a whole; a file that cannot be
read is as none. It is a hint: nothing is deleted or pushed because it stands here.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from gitops_mcp.adapters.git.commits import Commit, Patches
from gitops_mcp.adapters.git.lock import Lock

_FILE = "gitops-mcp-seen.json"
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_KEPT = 1000
_FORMER = 5
_LARGEST = 64 * 2**20


@dataclass(frozen=True)
class SeenChange:
    tip: str
    """The last commit that its branch was seen at, and that was not just the base."""
    home: str
    """The remote whose branch it was; empty: a local one."""
    seen: str
    """RFC 3339."""
    former: tuple[str, ...] = ()
    """Tips before that, newest first."""
    start: str | None = None
    """Where it left the base. None: its commits have not been looked at yet."""
    patches: Patches | None = None
    commits: tuple[Commit, ...] = ()
    """The newest, without their bodies."""
    files: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    """The objects and fields that it changes."""
    merged: str = ""
    """A commit of the base by which all of it had arrived."""
    why: str = ""
    """How that was known."""

    def at(self, tip: str, home: str) -> SeenChange:
        """The same once its branch stands there."""
        if (tip, home) == (self.tip, self.home):
            return self
        return replace(first_seen(tip, home), former=(self.tip, *self.former)[:_FORMER])

    @cached_property
    def as_json(self) -> str:
        """Kept, since of many changes one moves at a time, and the file is written as a whole."""
        return json.dumps(asdict(self))


def first_seen(tip: str, home: str) -> SeenChange:
    return SeenChange(tip, home, datetime.now(UTC).isoformat(timespec="seconds"))


class SeenChanges:
    """By branch. Threads may share it: what is kept is replaced, never changed."""

    def __init__(self, common: Path) -> None:
        self._path = common / _FILE
        self._kept: Mapping[str, SeenChange] = {}
        self._stamp: tuple[int, int, int] | None = None
        self.fault: str | None = None
        """Why what was seen will be forgotten at the end of this process."""

    def read(self) -> Mapping[str, SeenChange]:
        try:
            stamp = _stamp_of(self._path)
            if stamp != self._stamp:
                self._kept, self._stamp = {**self._kept, **_parse_seen(self._path.read_text())}, stamp
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass  # there is none, or none that can be read
        return self._kept

    def note(self, lock: Lock, changes: Mapping[str, SeenChange]) -> None:
        """Keeps them. Where the file cannot be written this process still knows, and `fault` says why."""
        before = self.read()
        if all(before.get(branch) == change for branch, change in changes.items()) and not self.fault:
            return
        kept = sorted({**before, **changes}.items(), key=lambda one: one[1].seen)[-_KEPT:]
        self._kept = dict(kept)
        try:
            draft = lock.work / _FILE
            rows = ", ".join(f"{json.dumps(branch)}: {change.as_json}" for branch, change in kept)
            draft.write_text(f'{{"changes": {{{rows}}}}}')
            draft.replace(self._path)
        except OSError as error:
            self.fault = f"{self._path} cannot be written: {error.strerror}"
            return
        self._stamp, self.fault = _stamp_of(self._path), None


def _stamp_of(path: Path) -> tuple[int, int, int]:
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST:
        raise ValueError(f"{path} is not a file of this server's")
    return about.st_mtime_ns, about.st_size, about.st_ino


def _parse_seen(text: str) -> dict[str, SeenChange]:
    return {branch: _seen_change(fields) for branch, fields in json.loads(text)["changes"].items()}


def _seen_change(fields: dict[str, Any]) -> SeenChange:
    patches = fields.pop("patches")
    commits = tuple(_commit(one) for one in fields.pop("commits"))
    lists = {name: tuple(map(str, fields[name])) for name in ("former", "files", "objects")}
    made = Patches(patches["whole"], tuple(patches["each"])) if patches else None
    found = SeenChange(**{**fields, **lists}, patches=made, commits=commits)
    _check_texts(found.tip, found.home, found.seen, found.start or "", found.merged, found.why)
    named = (found.tip, *found.former, found.start, found.merged, *(one.id for one in commits))
    if not all(_ID.fullmatch(one) for one in named if one):
        raise ValueError(found.tip)
    if datetime.fromisoformat(found.seen).tzinfo is None:
        raise ValueError(found.seen)
    return found


def _commit(fields: dict[str, Any]) -> Commit:
    trailers = tuple((str(key), str(value)) for key, value in fields.pop("trailers"))
    _check_texts(*(value for key, value in fields.items() if key != "parents"))
    return Commit(**{**fields, "parents": tuple(map(str, fields["parents"])), "trailers": trailers})


def _check_texts(*values: object) -> None:
    if not all(isinstance(one, str) for one in values):
        raise TypeError(values)
