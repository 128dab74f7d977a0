"""Which paths a commit of ours may hold: those that every git would check out, inside the repository.

`mktree` checks no names, so what `git add` would refuse is refused here: `.git` in any case and in the spellings that
NTFS and HFS+ take for it, which a checkout elsewhere would write into.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from gitops_mcp.errors import Refused

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# HFS+ ignores these code points in names: git's utf8.c, next_hfs_char.
_IGNORED_BY_HFS = dict.fromkeys((*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF))
_GIT_FOLDER = frozenset({".git", "git~1"})


def check_paths(paths: Collection[str]) -> None:
    """Raises Refused naming the first path that may not be written, and why."""
    for path in paths:
        fault = _path_fault(path)
        if fault:
            raise Refused(f"{path!r} cannot be written: {fault}; a path is relative to the top of the repository")
    for path in paths:
        inside = next((other for other in paths if other.startswith(f"{path}/")), None)
        if inside:
            raise Refused(f"{path} cannot be a file and a folder at once: the same change writes {inside}")


def folders_of(path: str) -> tuple[str, ...]:
    """The folders a path lies in, from the top of the repository (`""`) down."""
    parts = path.split("/")[:-1]
    return tuple("/".join(parts[:depth]) for depth in range(len(parts) + 1))


def _path_fault(path: str) -> str | None:
    if path.startswith("/"):
        return "it is absolute"
    if _CONTROL.search(path):
        return "it holds a control character"
    for part in path.split("/"):
        if not part:
            return "a part of it is empty"
        if part in {".", ".."}:
            return f"it goes through {part!r}"
        if _is_git_folder(part):
            return f"git keeps {part!r} for itself"
    return None


def _is_git_folder(name: str) -> bool:
    seen_by_hfs = name.translate(_IGNORED_BY_HFS).lower()
    # NTFS ends a name at a backslash or at the colon of a stream, and drops spaces and dots before that.
    seen_by_ntfs = re.split(r"[\\:]", name)[0].rstrip(" .").lower()
    return seen_by_hfs in _GIT_FOLDER or seen_by_ntfs in _GIT_FOLDER
