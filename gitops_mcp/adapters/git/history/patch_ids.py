"""Patch ids: what a commit or a whole branch changes, which stays the same on another parent.

Any number is found by two processes. A commit that changes nothing has none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha1, sha256

from gitops_mcp.adapters.git.memory import Memory
from gitops_mcp.adapters.git.runner import Runner

_KEPT = 20_000
_TWO_TREES = re.compile(rb"^([0-9a-f]{40,64}) ([0-9a-f]{40,64})$", re.MULTILINE)
_SHAPE = ("-r", "-p", "--root", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")


@dataclass(frozen=True)
class PatchIds:
    runner: Runner
    _kept: Memory[str, str] = field(default_factory=lambda: Memory(_KEPT))
    """By a commit, or by two trees with a blank between them; empty: it changes nothing."""

    def of(self, commits: Collection[str], trees: Iterable[tuple[str, str]] = ()) -> Mapping[str, str]:
        """By commit, and by two trees with a blank between them."""
        asked = [*commits, *(" ".join(pair) for pair in trees)]
        known = {one: self._kept.get(one) for one in asked}
        if unknown := [one for one, patch in known.items() if patch is None]:
            found = self._found(unknown)
            known |= {one: self._kept.put(one, found.get(_named(one), "")) for one in unknown}
        return {one: patch for one, patch in known.items() if patch}

    def _found(self, asked: Iterable[str]) -> dict[str, str]:
        lines = "".join(f"{one}\n" for one in asked).encode()
        patches = self.runner.run("diff-tree", *_SHAPE, "--stdin", input=lines).stdout
        # `git patch-id` tells patches apart by the first id of their line, and branches may share that.
        single = _TWO_TREES.sub(lambda line: _named(line[0].decode()).encode(), patches)
        told = self.runner.run("patch-id", "--stable", input=single).text.splitlines()
        return {one: patch for patch, _, one in (line.partition(" ") for line in told)}


def _named(asked: str) -> str:
    """A commit as it is; two trees under an id of their own, as long as theirs."""
    if " " not in asked:
        return asked
    digest = sha1 if len(asked) == 2 * 40 + 1 else sha256
    return digest(asked.encode(), usedforsecurity=False).hexdigest()
