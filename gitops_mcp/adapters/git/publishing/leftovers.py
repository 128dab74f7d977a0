"""Whether something was left in the kept checkout: a folder tells by its change time that it got or lost a name.

To ask the folders costs a quarter of what `git clean` costs, which reads them all. What is written into a file of the
base changes no folder; that is for the comparison after the hooks.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

_SECOND = 10**9
_SAME = _SECOND // 20
"""Nanoseconds within which two changes of a folder may have the same time: some ticks of the kernel's clock."""
_SAME_COARSE = 2 * _SECOND
"""The same where a file system keeps no fractions of a second."""
_Seen = int | list[str]
"""A folder's change time; its names, where the time is too young to tell it from a later one."""


def note_folders(folder: Path, noted: Path, *, changed: Iterable[str] | None) -> None:
    """Writes into `noted` how the folders of a checkout stand.

    `changed`: the files that were written since it was noted last; None where that is unknown.
    """
    known = _read(noted) if changed is not None else None
    if changed is None or known is None:
        look = _folders(folder)
    else:
        look = {str(parent) for path in changed for parent in Path(path).parents}
        look |= {path for path, seen in known.items() if not isinstance(seen, int)}
    now = time.time_ns()
    seen = {**(known or {}), **{path: _seen(folder / path, now) for path in look}}
    noted.write_text(json.dumps(seen), encoding="utf-8", errors="surrogateescape")


def is_as_noted(folder: Path, noted: Path) -> bool:
    """Whether no folder has got or lost a name since. False where nothing was noted."""
    known = _read(noted)
    try:
        return known is not None and all(_is_so(f"{folder}/{path}", seen) for path, seen in known.items())
    except OSError:
        return False


def _is_so(folder: str, seen: _Seen) -> bool:
    if isinstance(seen, int):
        return os.stat(folder).st_ctime_ns == seen  # noqa: PTH116 - a thousand of them, at a third of the cost
    return sorted(os.listdir(folder)) == seen  # noqa: PTH208 - the same


def _seen(folder: Path, now: int) -> _Seen:
    changed = folder.stat().st_ctime_ns
    same = _SAME if changed % _SECOND else _SAME_COARSE
    return changed if changed < now - same else sorted(os.listdir(folder))  # noqa: PTH208 - names


def _folders(folder: Path) -> set[str]:
    return {os.path.relpath(path, folder) for path, _, _ in os.walk(folder)}


def _read(noted: Path) -> Mapping[str, _Seen] | None:
    with suppress(OSError, ValueError):
        found = json.loads(noted.read_text(encoding="utf-8", errors="surrogateescape"))
        return found if isinstance(found, dict) else None
    return None
