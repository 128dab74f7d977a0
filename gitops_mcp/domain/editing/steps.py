"""Several edits of one change, each planned on what the ones before it leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from gitops_mcp.domain.editing.field import all_texts
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import FileChange


class EditSequence:
    def __init__(self, desired: Desired) -> None:
        self._first = desired
        self._after: dict[str, str | None] = {}
        self.desired = desired
        """What Git says once the edits so far are made."""

    def take(self, changes: Iterable[FileChange]) -> None:
        made = tuple(changes)
        self._after |= {one.path: one.after for one in made}
        if made:
            self.desired = desired_after(self.desired, made)

    def know(self, texts: Mapping[str, str]) -> None:
        """Files that are there too, where something may be written."""
        self._first = replace(self._first, texts={**texts, **self._first.texts})
        self.desired = replace(self.desired, texts={**texts, **self.desired.texts})

    def again(self, declared: Declaration) -> Declaration:
        """The same object as it is declared now."""
        found = [one for one in self.desired.declarations if one.identity == declared.identity]
        same_place = [one for one in found if (one.path, one.root) == (declared.path, declared.root)]
        return (same_place or found or [declared])[0]

    @property
    def changes(self) -> tuple[FileChange, ...]:
        before = all_texts(self._first)
        made = (FileChange(path, before.get(path), after) for path, after in sorted(self._after.items()))
        return tuple(one for one in made if one.before != one.after)
