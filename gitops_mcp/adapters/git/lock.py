"""One writer at a time in a repository, and a folder for what it needs meanwhile.

Both live in `<common git folder>/gitops-mcp/`, away from the checkout. The lock is a flock on a file whose descriptor
git's processes inherit: when a server is killed while its push still runs, the next one waits for that push. Who waits
has a turn among those of its process, and locks a second file, so that no process comes first again and again. Whoever
gets the lock knows that every other work folder belongs to the dead, and sweeps it. On release nothing stays behind but
a checkout of the base, where commit hooks need one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gitops_mcp.adapters.file_lock import lock_file
from gitops_mcp.adapters.git.turns import turn
from gitops_mcp.caller import pause
from gitops_mcp.errors import Unavailable

_FOLDER = "gitops-mcp"
_FILE = "lock"
_NEXT = "next"
"""Locked by the process that waits for the lock: one that has had it comes after that."""
_INTENDED = "refs"
_BASE = "base"
"""What goes from holder to holder: a checkout of the base, where there are commit hooks."""
_SHARED = ("packed-refs.new", "packed-refs.lock", "reftable/tables.list.lock")
"""What git may hold while it writes any ref. `shallow.lock` is not among them: a fetch holds it as long as it takes."""
_STALE = 1.0
"""Seconds. No git holds a lock for longer than it waits for one itself (core.packedRefsTimeout)."""


@dataclass(frozen=True)
class Lock:
    descriptor: int
    common: Path
    work: Path
    """A folder of this holder's own; it goes when the lock is released."""

    def base(self, *, keep: bool) -> Path:
        """A folder for files of the base; kept, it is there for the next holder."""
        kept = real_path(self.work.parent / _BASE)
        return kept if keep or kept.is_dir() else self.work / _BASE

    def intend(self, *refs: str) -> None:
        """Notes refs about to be written, so that a lock file git leaves on them when killed is known to be ours.

        One that ends in `*` stands for all that start so.
        """
        with (self.work / _INTENDED).open("a") as file:
            file.writelines(f"{ref}\n" for ref in refs)


@contextmanager
def hold_lock(common: Path, *, timeout: float, fetches: bool = False) -> Iterator[Lock]:
    """The lock of a repository, waited for at most `timeout` seconds; a fetch, for which many wait, lets few go first.

    Raises Unavailable when others hold it for longer, or when the folder cannot be written.
    """
    folder = real_path(common / _FOLDER)
    deadline = time.monotonic() + timeout
    with turn(folder, seconds=timeout, fetches=fetches) as came:
        descriptor = _acquire_lock(folder, deadline) if came else None
        if descriptor is None:
            raise Unavailable(
                f"another gitops-mcp process has been working in {common} for {timeout:g} s: try again later"
            )
        with _locked(folder, common, descriptor) as lock:
            yield lock


@contextmanager
def _locked(folder: Path, common: Path, descriptor: int) -> Iterator[Lock]:
    try:
        _clear_lock_folder(folder, common)
        work = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=folder))
        try:
            yield Lock(descriptor, common, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        # A full disk, a quota, no descriptors left: of all that is done under the lock the commit point comes last.
        raise Unavailable(f"cannot work in {folder}: {error.strerror}; nothing was changed") from error
    finally:
        # Unlinked while held: who waits on this file sees that it is no longer the one at the path, and starts over.
        (folder / _FILE).unlink(missing_ok=True)
        os.close(descriptor)
        _remove_if_empty(folder)


def real_path(path: Path) -> Path:
    """The path, unless it leads elsewhere: what is swept and written there is ours alone."""
    if path.is_symlink():
        raise Unavailable(f"{path} is a symbolic link: remove it; the server keeps files of its own there")
    return path


def remove_leftovers(common: Path) -> None:
    """Removes what the dead left, where nobody is at work: for those who only read, and so take no lock."""
    folder = common / _FOLDER
    with suppress(FileNotFoundError, NotADirectoryError):  # a holder that ends removes it
        if any(entry.name != _BASE for entry in folder.iterdir()):
            with suppress(Unavailable), hold_lock(common, timeout=0):
                pass


def _acquire_lock(folder: Path, deadline: float) -> int | None:
    """Its descriptor; None where other processes have it until then."""
    waits = _locked_file(folder, _NEXT, deadline)
    if waits is None:
        return None
    try:
        return _locked_file(folder, _FILE, deadline)
    finally:
        (folder / _NEXT).unlink(missing_ok=True)
        os.close(waits)


def _locked_file(folder: Path, name: str, deadline: float) -> int | None:
    seconds = 0.001
    while True:
        try:
            # Not exist_ok: that fails when the last holder removes the folder meanwhile.
            with suppress(FileExistsError):
                folder.mkdir()
            descriptor = lock_file(folder / name, os.O_RDWR | os.O_CREAT, wait=False)
        except FileNotFoundError as error:
            if not folder.parent.is_dir():
                raise Unavailable(f"the git folder {folder.parent} is gone") from error
            continue  # its last holder removed the folder between the two calls
        except OSError as error:
            raise Unavailable(f"cannot write in {folder}: {error.strerror}") from error
        if descriptor is not None or time.monotonic() > deadline:
            return descriptor
        pause(seconds)
        seconds = min(seconds * 2, 0.01)


def _clear_lock_folder(folder: Path, common: Path) -> None:
    """Removes what dead holders left: their folders, and lock files of git for the refs they were about to write.

    A checkout that one of them was at work in goes, too.
    """
    left = [entry for entry in folder.iterdir() if entry.name not in {_FILE, _NEXT, _BASE}]
    for entry in left:
        intended = entry / _INTENDED
        if not entry.is_symlink() and intended.is_file():
            for lock in _lock_files(common, intended.read_text().splitlines()):
                _remove_stale(lock)
        _remove_all(entry)
    if left:
        _remove_all(folder / _BASE)


def _remove_all(path: Path) -> None:
    """A link itself, and not what it leads to."""
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    shutil.rmtree(path, ignore_errors=True)


def _lock_files(common: Path, refs: Iterable[str]) -> Iterator[Path]:
    for ref in refs:
        if not ref.startswith("refs/") or ".." in ref:
            continue
        if ref.endswith("*"):
            folder = common / ref.rpartition("/")[0]
            yield from (path for path in folder.rglob("*.lock") if str(path).startswith(f"{common}/{ref[:-1]}"))
        else:
            yield common / f"{ref}.lock"
    yield from (common / name for name in _SHARED)


def _remove_stale(left: Path) -> None:
    """A fresh one may be held by the user's own git: it is given the time to go."""
    deadline = time.monotonic() + _STALE
    with suppress(FileNotFoundError):
        while time.time() - left.stat().st_mtime < _STALE and time.monotonic() < deadline:
            pause(0.02)
        left.unlink()


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # another process waits with its own file in it
