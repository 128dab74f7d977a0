"""Commits as they are read, the newest of a base among them, and how much of a change a base holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal

from gitops_mcp.domain.cnpg.notation.moment import parse_time

TRAILER = "Gitops-Mcp-Change"
_NAMING = re.compile(rf"^{TRAILER}: (\S+) *$", re.MULTILINE)
_NO_MOMENT = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Commit:
    id: str
    parents: tuple[str, ...]
    subject: str
    body: str
    author: str
    """Name and address, as `Name <address>`."""
    committed: str
    """RFC 3339."""
    trailers: tuple[tuple[str, str], ...]
    authored: str = field(default="", compare=False)
    """RFC 3339. A rebase and a cherry-pick keep it."""

    @property
    def message(self) -> str:
        return f"{self.subject}\n\n{self.body}"

    @property
    def moment(self) -> datetime:
        """When it was committed; one that says no such thing counts as older than all."""
        return parse_time(self.committed) or _NO_MOMENT

    @property
    def changes(self) -> frozenset[str]:
        """The changes that its message names. A forge that squashes moves trailers into the middle of it."""
        return frozenset((*_NAMING.findall(self.body), *(value for key, value in self.trailers if key == TRAILER)))

    def is_copy_of(self, other: Commit) -> bool:
        """Whether it is the other one on another parent, as far as who wrote it and when can tell."""
        return (self.author, self.authored, self.subject) == (other.author, other.authored, other.subject)


@dataclass(frozen=True)
class Patches:
    """What a branch changes, as patch ids, which stay the same on another parent."""

    whole: str
    each: tuple[str, ...]
    """Of its commits, without merges."""


@dataclass(frozen=True)
class Holding:
    """How much of a change a base has."""

    by: Literal["nothing", "content", "whole", "each", "part"]
    """`content`: merging would change nothing. `whole`: one commit makes the same change. `each`: one for each of its
    commits. `part`: for some."""
    commits: tuple[str, ...] = ()
    """Those of the base."""
    of: int = 0
    """Commits of the change that count."""
    near: bool = False
    """Whether the base has touched the same files since they parted."""

    @property
    def is_all(self) -> bool:
        return self.by in {"content", "whole", "each"}


@dataclass(frozen=True)
class RecentCommits:
    """The newest commits of a base, by id."""

    base: str
    by_id: Mapping[str, Commit]
    _since: dict[str, tuple[Commit, ...] | None] = field(default_factory=dict, compare=False)
    _brought: dict[tuple[str, str], tuple[Commit, ...]] = field(default_factory=dict, compare=False)
    _merges: dict[str, Commit | None] = field(default_factory=dict, compare=False)

    @cached_property
    def first_parents(self) -> tuple[str, ...]:
        """The base and its first parents, newest first, as far as they are known."""
        found: list[str] = []
        commit = self.base
        while commit in self.by_id:
            found.append(commit)
            commit = next(iter(self.by_id[commit].parents), "")
        return tuple(found)

    @cached_property
    def _changes(self) -> Mapping[str, tuple[Commit, ...]]:
        found: dict[str, list[Commit]] = {}
        for one in self.by_id.values():
            for name in one.changes:
                found.setdefault(name, []).append(one)
        return {name: tuple(commits) for name, commits in found.items()}

    def naming(self, change: str) -> tuple[Commit, ...]:
        """Those whose message names the change, newest first."""
        return self._changes.get(change, ())

    @property
    def changes(self) -> Iterable[str]:
        return self._changes

    def side_of(self, merge: Commit, commit: str) -> str:
        """The tip of the branch that a merge brought with that commit."""
        return next((one for one in merge.parents[1:] if commit in ancestors_of(one, self._parents)), commit)

    def brought_by(self, merge: Commit, tip: str) -> tuple[Commit, ...]:
        """What a merge of the branch at that tip brought, newest first."""
        key = merge.id, tip
        if key not in self._brought:
            own = ancestors_of(tip, self._parents) - ancestors_of(merge.parents[0], self._parents)
            self._brought[key] = tuple(one for one in self.by_id.values() if one.id in own)
        return self._brought[key]

    def since(self, commit: str) -> tuple[Commit, ...] | None:
        """What the base has and the commit lacks, newest first; None where that is older than what is known here."""
        if commit not in self._since:
            before = ancestors_of(commit, self._parents)
            later = tuple(one for one in self.by_id.values() if one.id not in before)
            whole = bool(before) and all(above in self.by_id for one in later for above in one.parents)
            self._since[commit] = later if whole else None
        return self._since[commit]

    def start_of(self, own: Iterable[Commit]) -> str | None:
        """Where commits left the base; None where that is not one commit, as far as is known here."""
        commits = {one.id: one for one in own}
        outside = {above for one in commits.values() for above in one.parents} - commits.keys()
        if len(outside) > 1:
            outside -= {one for other in outside for one in ancestors_of(other, self._parents) - {other}}
        return outside.pop() if len(outside) == 1 else None

    @cached_property
    def _parents(self) -> Mapping[str, tuple[str, ...]]:
        return {one.id: one.parents for one in self.by_id.values()}

    def merge_of(self, commit: str) -> Commit | None:
        """The oldest first parent that contains the commit: the one itself, or the merge that brought it."""
        if commit not in self._merges:
            after = ancestors_of(commit, self._children) if commit in self.by_id else frozenset()
            first = next((one for one in reversed(self.first_parents) if one in after), None)
            self._merges[commit] = self.by_id[first] if first else None
        return self._merges[commit]

    @cached_property
    def _children(self) -> Mapping[str, Iterable[str]]:
        found: dict[str, list[str]] = {one: [] for one in self.by_id}
        for one in self.by_id.values():
            for parent in one.parents:
                found.setdefault(parent, []).append(one.id)
        return found


def ancestors_of(tip: str, parents: Mapping[str, Iterable[str]]) -> set[str]:
    """The commits that lead to a tip, as far as their parents are known."""
    reached: set[str] = set()
    ahead = [tip]
    while ahead:
        commit = ahead.pop()
        if commit in parents and commit not in reached:
            reached.add(commit)
            ahead += parents[commit]
    return reached


def merged_by(tip: str, parents: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """By commit the merge that brought it to the first parents of a tip; those themselves are not among them."""
    chain: dict[str, None] = {}
    commit = tip
    while commit in parents and commit not in chain:
        chain[commit] = None
        commit = next(iter(parents[commit]), "")
    found: dict[str, str] = {}
    for merge in reversed(chain):
        ahead = [*parents[merge][1:]]
        while ahead:
            commit = ahead.pop()
            if commit in parents and commit not in chain and commit not in found:
                found[commit] = merge
                ahead += parents[commit]
    return found
