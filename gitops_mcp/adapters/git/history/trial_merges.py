"""Trial merges: what merging two commits would make, of which nothing but objects remains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gitops_mcp.adapters.git.memory import Memory
from gitops_mcp.adapters.git.runner import GitFailed, Runner

_SHAPE = ("--write-tree", "-z", "--name-only", "--no-messages")

_NOBODY = {"NAME": "gitops-mcp", "EMAIL": "gitops-mcp@localhost", "DATE": "1970-01-01T00:00:00Z"}


@dataclass(frozen=True)
class TrialMerge:
    tree: str
    conflicts: tuple[str, ...]


@dataclass
class TrialMerges:
    runner: Runner
    _kept: Memory[tuple[str, str], TrialMerge] = field(default_factory=lambda: Memory(1000))
    _takes_many: bool = True
    """Git 2.38 has no `--stdin`."""

    def merged(self, base: str, tip: str) -> TrialMerge:
        return self._kept.made((base, tip), lambda: self._merged(base, tip))

    def commit(self, base: str, tip: str, tree: str) -> str:
        """A merge of the two with this tree, the same each time; nothing refers to it."""
        who = {f"GIT_{one}_{part}": value for one in ("AUTHOR", "COMMITTER") for part, value in _NOBODY.items()}
        return self.runner.run("commit-tree", "-p", base, "-p", tip, "-m", "Trial merge", tree, env=who).text.strip()

    def learn(self, base: str, tips: Iterable[str]) -> None:
        """Makes those of many tips by one process, where git can."""
        unknown = [tip for tip in tips if self._kept.get((base, tip)) is None]
        if len(unknown) < 2 or not self._takes_many:
            return
        lines = "".join(f"{base} {tip}\n" for tip in unknown).encode()
        ran = self.runner.run("merge-tree", "--stdin", *_SHAPE[1:], input=lines, check=False)
        if ran.returncode:
            self._takes_many = False
            return
        for tip, merge in zip(unknown, _parse_many(ran.text), strict=True):
            self._kept.put((base, tip), merge)

    def _merged(self, base: str, tip: str) -> TrialMerge:
        ran = self.runner.run("merge-tree", *_SHAPE, base, tip, check=False)
        if ran.returncode not in {0, 1}:
            raise GitFailed("merge-tree", ran)
        return _parse(ran.text.split("\0"))


def _parse(parts: list[str]) -> TrialMerge:
    tree, *conflicts = parts
    return TrialMerge(tree, tuple(path for path in conflicts if path))


def _parse_many(text: str) -> Iterator[TrialMerge]:
    """Each is a digit, the tree, the files in conflict, and an empty part."""
    parts: list[str] = []
    for part in text.removesuffix("\0").split("\0"):
        if part:
            parts.append(part)
        else:
            yield _parse(parts[1:])
            parts = []
