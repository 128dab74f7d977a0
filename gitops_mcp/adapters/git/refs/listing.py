"""One look at the refs: where the base and the branches of changes stand here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gitops_mcp.adapters.git.lock import Lock
from gitops_mcp.adapters.git.refs.remote import Remote
from gitops_mcp.domain.names import is_change_name


@dataclass(frozen=True)
class ChangeRef:
    name: str
    branch: str
    tip: str
    ref: str
    """Where it stands here: under refs/remotes/<remote>/ when changes are pushed, else under refs/heads/."""


@dataclass(frozen=True)
class RefListing:
    """One look at the refs, and what follows from it and the remotes."""

    branch: str
    remote: Remote | None
    home: Remote | None
    """Where changes are pushed to."""
    pushes: bool
    refs: Mapping[str, str]
    heads: frozenset[str]
    """The default branches of remotes, as they are known here."""
    prefix: str
    """What the branches of changes start with."""

    @property
    def ref(self) -> str:
        return self.remote.ref(self.branch) if self.remote else f"refs/heads/{self.branch}"

    @property
    def place(self) -> str:
        """The remote that holds the branches of changes; empty: they are local."""
        return self.home.name if self.home and self.pushes else ""

    @cached_property
    def changes(self) -> Mapping[str, ChangeRef]:
        """By branch. A branch whose last part is no legal name is somebody else's."""
        start = self.home.ref(self.prefix) if self.home and self.pushes else f"refs/heads/{self.prefix}"
        passed = {self.branch, *self.heads}
        found = {}
        for ref, tip in sorted(self.refs.items()):
            if ref.startswith(start) and is_change_name(name := ref.removeprefix(start)):
                branch = self.prefix + name
                if branch not in passed:
                    found[branch] = ChangeRef(name, branch, tip, ref)
        return found

    def fetch(self, lock: Lock) -> bool:
        """Whether the base or a change moved."""
        if self.remote is None or self.home is None:
            return False
        if self.home.name == self.remote.name:
            return self.remote.fetch([self.branch, f"{self.prefix}*"], lock)
        moved = self.remote.fetch([self.branch], lock)
        return self.home.fetch([f"{self.prefix}*"], lock) or moved
