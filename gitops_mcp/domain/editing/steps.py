"""Several edits of one change, each planned on what the ones before it leave."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_mcp.domain.model import remodelled
from gitops_mcp.domain.place import files_of
from gitops_mcp.domain.plan import FileChange
from gitops_mcp.domain.repository import Declaration, Desired


class Steps:
    def __init__(self, desired: Desired) -> None:
        self._first = desired
        self._after: dict[str, str | None] = {}
        self.desired = desired
        """What Git says once the edits so far are made."""

    def take(self, changes: Iterable[FileChange]) -> None:
        made = tuple(changes)
        self._after |= {one.path: one.after for one in made}
        if made:
            self.desired = remodelled(self.desired, made)

    def again(self, declared: Declaration) -> Declaration:
        """The same object as it is declared now."""
        found = [one for one in self.desired.declarations if one.identity == declared.identity]
        same_place = [one for one in found if (one.path, one.root) == (declared.path, declared.root)]
        return (same_place or found or [declared])[0]

    @property
    def changes(self) -> tuple[FileChange, ...]:
        before = files_of(self._first)
        made = (FileChange(path, before.get(path), after) for path, after in sorted(self._after.items()))
        return tuple(one for one in made if one.before != one.after)
