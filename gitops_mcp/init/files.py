"""Files that come into a folder all together, and over nothing that is there.

They are written to a folder of their own in it and then moved to their places. A file that a killed run has put there
is what is written now, so the next run takes it as it is.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from gitops_mcp.errors import InvalidRequest, Unavailable

_PREFIX = ".gitops-mcp-init-"


def check_free(folder: Path, files: Mapping[str, bytes]) -> None:
    """Raises InvalidRequest where something else is in the place of a file, or of a folder of one."""
    taken = sorted(set(_taken(folder, files)))
    if taken:
        raise InvalidRequest(
            f"DIR: {folder} has {', '.join(taken)} already, and nothing is written over: move "
            f"{'it' if len(taken) == 1 else 'them'} away, or name another folder"
        )


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """All of them, or none where one cannot be written."""
    check_free(folder, files)
    try:
        _write_staged(folder, files)
    except OSError as error:
        raise Unavailable(f"DIR: {error.filename or folder} cannot be written: {error.strerror}") from error


def is_leftover(name: str) -> bool:
    """What a killed run was writing."""
    return name.startswith(_PREFIX)


def _write_staged(folder: Path, files: Mapping[str, bytes]) -> None:
    made = _make_folders(folder)
    for left in (one for one in folder.iterdir() if is_leftover(one.name)):
        shutil.rmtree(left, ignore_errors=True)
    staged = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
    try:
        for path, content in files.items():
            (staged / path).parent.mkdir(parents=True, exist_ok=True)
            (staged / path).write_bytes(content)
        _put(staged, folder, files)
    except OSError:
        shutil.rmtree(staged, ignore_errors=True)
        _remove(made)
        raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _put(staged: Path, folder: Path, files: Mapping[str, bytes]) -> None:
    made: list[Path] = []
    try:
        for path in files:
            place = folder / path
            made += _make_folders(place.parent)
            if not os.path.lexists(place):
                (staged / path).rename(place)
                made.append(place)
    except OSError:
        _remove(made)
        raise


def _remove(made: list[Path]) -> None:
    for place in reversed(made):
        with suppress(OSError):
            place.rmdir() if place.is_dir() else place.unlink()


def _make_folders(folder: Path) -> list[Path]:
    if folder.is_dir():
        return []
    above = _make_folders(folder.parent)
    folder.mkdir()
    return [*above, folder]


def _taken(folder: Path, files: Mapping[str, bytes]) -> Iterator[str]:
    for path, content in files.items():
        *above, _ = [*reversed([one for one in Path(path).parents if one != Path()]), Path(path)]
        blocked = next((one for one in above if (folder / one).is_symlink() or (folder / one).is_file()), None)
        place = folder / path
        if blocked:
            yield blocked.as_posix()
        elif os.path.lexists(place) and not (
            place.is_file() and not place.is_symlink() and place.read_bytes() == content
        ):
            yield path
