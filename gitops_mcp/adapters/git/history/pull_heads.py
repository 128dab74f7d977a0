"""Changes by the pull requests that the remote shows as refs: their commits stay there when a branch is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_mcp.adapters.git.commits import Commit, ancestors_of
from gitops_mcp.adapters.git.contents.files import object_id
from gitops_mcp.adapters.git.history.history import History
from gitops_mcp.adapters.git.refs.remote import Remote
from gitops_mcp.errors import Unavailable

_NEWEST = 200
"""Requests that are looked at."""


@dataclass(frozen=True)
class PullHeads:
    history: History
    _changes: dict[str, Commit | None] = field(default_factory=dict)
    """By head its newest commit that names a change; None: it has none that the base lacks."""

    def by_change(self, remote: Remote, base: str) -> Mapping[str, str] | None:
        """The head of each change's newest request; None where the remote shows no requests, or not what they hold."""
        try:
            heads = [object_id(one) for one in [*remote.pull_heads().values()][:_NEWEST]]
            self._read([one for one in heads if one not in self._changes], remote, base)
        except Unavailable:
            return None
        found: dict[str, str] = {}
        recent = self.history.recent(base).by_id
        for head in reversed(heads):
            # One that was merged as it is tells of the last life too.
            if (commit := self._changes[head] or recent.get(head)) is not None:
                found |= dict.fromkeys(commit.changes, head)
        return found if heads else None

    def _read(self, heads: list[str], remote: Remote, base: str) -> None:
        if not heads:
            return
        there = self.history.files.existing(heads)
        if missing := [one for one in heads if one not in there]:
            remote.bring(missing)
        commits = {one.id: one for one in self.history.log_of(heads, base)}
        parents = {one.id: one.parents for one in commits.values()}
        for head in heads:
            own = ancestors_of(head, parents)
            self._changes[head] = next((one for one in commits.values() if one.id in own and one.changes), None)
