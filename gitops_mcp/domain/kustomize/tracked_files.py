"""Files that remember who looked at them, so that what was made of them is made again only once one of them changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar
from weakref import ref

from gitops_mcp.domain.kustomize.tree import FileTree

Made = TypeVar("Made")


class TrackedFiles(Mapping[str, str]):
    """The texts of a tree, with all that was asked for: the text, or whether there is such a file."""

    def __init__(self, tree: FileTree) -> None:
        self._tree = tree
        self.seen: dict[str, str | bool] = {}

    def get(self, path: str, default: str | None = None) -> str | None:  # type: ignore[override]  # no other default
        found = self._tree.files.get(path)
        self.seen[path] = found if found is not None else path in self._tree.others
        return default if found is None else found

    def __getitem__(self, path: str) -> str:
        found = self.get(path)
        if found is None:
            raise KeyError(path)
        return found

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and self.get(path) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree.files)

    def __len__(self) -> int:
        return len(self._tree.files)

    @property
    def read(self) -> frozenset[str]:
        return frozenset(path for path, text in self.seen.items() if isinstance(text, str))


def is_unchanged(seen: Mapping[str, str | bool], tree: FileTree) -> bool:
    for path, text in seen.items():
        found = tree.files.get(path)
        if (found if found is not None else path in tree.others) != text:
            return False
    return True


def made_once(tree: FileTree, key: tuple[str, str], depends: object, make: Callable[[TrackedFiles], Made]) -> Made:
    """What is made of the files, made anew only where it depends on something else or a file that it asked for differs.

    `make` gets the files that remember what is asked for.
    """
    known = tree.memo.get(key)
    if known is None or known[0] != depends or not (known[3]() is tree or is_unchanged(known[1], tree)):
        files = TrackedFiles(tree)
        known = depends, files.seen, make(files)
    # One tree is looked at once.
    tree.memo[key] = (*known[:3], ref(tree))
    made: Made = known[2]
    return made
