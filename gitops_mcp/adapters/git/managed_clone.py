"""A clone of the server's own, for where nobody has a checkout: made on first use, kept, and made anew where it breaks.

It is a checkout without files in it, so all that works in one works here. It has every commit and every file but those
above a mebibyte, which git brings when one is read. It is only ever there whole: what is cloned gets its name once it
is complete, and what is broken loses it before it is removed. Nothing of a user's is in it.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gitops_mcp.adapters.file_lock import lock_file
from gitops_mcp.adapters.git.failures import is_full_here, remote_error
from gitops_mcp.adapters.git.runner import GitFailed, Runner
from gitops_mcp.caller import check_wanted, pause
from gitops_mcp.domain.remote_url import parse_remote_url
from gitops_mcp.errors import GitOpsError, Refused, Unavailable

log = logging.getLogger(__name__)

_SECONDS = 900.0
"""For a clone, and for who waits for one that another process makes."""
_MOST_BYTES = 4 << 30
_LOOK_AGAIN = 30.0
"""Seconds between two examinations, where what failed need not be git."""
_MEASURE = 600.0
_MOST_PACKS = 40
"""Each fetch that brings something leaves one, and with two hundred of them a fetch takes twice the time."""
_SHARE = 10
_REST = 5.0
"""Tidying takes at most one part in so many of the time, and leaves so many seconds between two tries."""
_STALE = 900.0
"""Seconds after which a lock of git's has outlived whoever took it."""
_FILTER = "blob:limit=1m"
_NEEDED = ("HEAD", "config", "objects/pack")


class ManagedClone:
    def __init__(self, url: str, cache: Path | None, *, most_bytes: int = _MOST_BYTES) -> None:
        self.url = url
        self._most_bytes = most_bytes
        self._cache = cache
        self._lock = threading.Lock()
        self._examined = float("-inf")
        self._measured = time.monotonic()
        self._rests_until = float("-inf")
        """Nothing is tidied before that."""
        self._is_sound = False

    def folder(self) -> Path:
        """The clone, whole. Raises Unavailable or Refused where it cannot be had."""
        folder = self._place()
        with self._held():
            if not (self._is_sound and _has_parts(folder)):
                with _only_process(folder):
                    self._make_sound(folder)
                self._is_sound, self._examined = True, time.monotonic()
            if time.monotonic() > self._rests_until and self._is_untidy(folder):
                self._rests_until = float("inf")
                threading.Thread(target=self._tidy, args=(folder,), daemon=True).start()
        return folder

    def doubt(self, error: GitOpsError) -> None:
        """A call could not do its work, and that may be the clone's fault: the next one has it examined."""
        if isinstance(error, GitFailed) or time.monotonic() - self._examined > _LOOK_AGAIN:
            self._is_sound = False

    @contextmanager
    def _held(self) -> Iterator[None]:
        while not self._lock.acquire(timeout=0.2):
            check_wanted()
        try:
            yield
        finally:
            self._lock.release()

    def _place(self) -> Path:
        """A name of its own for each address; a part of it is for people."""
        name = re.sub(r"[^A-Za-z0-9.-]", "-", parse_remote_url(self.url).path.rpartition("/")[2])[:40].strip(".-")
        digest = hashlib.sha256(self.url.encode()).hexdigest()[:16]
        cache = (self._cache or _user_cache() / "clones").absolute()
        try:
            cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _not_writable(cache, error) from error
        return cache / f"{name or 'repository'}-{digest}"

    def _make_sound(self, folder: Path) -> None:
        try:
            for left in folder.parent.glob(f"{folder.name}.*-*"):
                _remove(left)
            if os.path.lexists(folder):
                _remove_stale_locks(folder)
                if (fault := self._fault(folder)) is None:
                    return
                log.warning("the clone %s is recreated: %s", folder, fault)
                gone = folder.with_name(f"{folder.name}.old-{os.getpid()}")
                folder.rename(gone)
                _remove(gone)
            self._clone(folder)
        except OSError as error:
            raise _not_writable(folder.parent, error) from error

    def _fault(self, folder: Path) -> str | None:
        """Why it cannot be used; None: it can."""
        if not _has_parts(folder):
            return "parts of it are missing"
        if _size(folder) > self._most_bytes:
            return f"it has more than {self._most_bytes >> 20} MiB"
        runner = Runner(folder, _SECONDS)
        try:
            said = runner.run("config", "--get", "remote.origin.url").text
            runner.run("fsck", "--no-dangling", "--no-progress")
            runner.run("rev-parse", "--verify", "--quiet", "refs/remotes/origin/HEAD^{commit}")
        except GitFailed as error:
            return error.said
        return None if said == self.url else "its origin is another address"

    def _clone(self, folder: Path) -> None:
        made = folder.with_name(f"{folder.name}.new-{os.getpid()}")
        options = ("--quiet", "--no-checkout", "--origin", "origin", f"--filter={_FILTER}", "--template=")
        try:
            Runner(folder.parent, _SECONDS).run("clone", *options, "--", self.url, str(made))
            if _size(made) > self._most_bytes:
                raise Refused(
                    f"--repo: the repository has more than {self._most_bytes >> 20} MiB without its large files, and "
                    f"no clone of that size is kept: name a checkout of it instead"
                )
            made.rename(folder)
        except GitFailed as error:
            raise _clone_error(folder.parent, error) from error
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def _is_untidy(self, folder: Path) -> bool:
        return time.monotonic() - self._measured > _MEASURE or _pack_count(folder) > _MOST_PACKS

    def _tidy(self, folder: Path) -> None:
        """What fetches leave behind becomes one pack; what nothing refers to goes after two days."""
        began = time.monotonic()
        try:
            with _only_process(folder):
                if _pack_count(folder) > _MOST_PACKS:
                    Runner(folder, _SECONDS).run("gc", "--quiet", "--prune=2.days.ago")
            if began - self._measured > _MEASURE:
                self._measured = began
                if _size(folder) > self._most_bytes:
                    self._is_sound = False
        except (GitOpsError, OSError) as error:
            log.warning("the clone %s was not tidied: %s", folder, error)
        finally:
            ended = time.monotonic()
            self._rests_until = ended + max((ended - began) * _SHARE, _REST)


@contextmanager
def _only_process(folder: Path) -> Iterator[None]:
    """The block is run by one process at a time."""
    path = folder.with_name(f"{folder.name}.lock")
    end = time.monotonic() + _SECONDS
    try:
        while (descriptor := lock_file(path, os.O_RDWR | os.O_CREAT, wait=False)) is None:
            if time.monotonic() > end:
                raise Unavailable(f"another server holds {path} since {_SECONDS:g} s, and no clone was made: try again")
            pause(0.2)
    except OSError as error:
        raise _not_writable(path, error) from error
    try:
        yield
    finally:
        os.close(descriptor)


def _has_parts(folder: Path) -> bool:
    return all((folder / ".git" / one).exists() for one in _NEEDED)


def _pack_count(folder: Path) -> int:
    with suppress(FileNotFoundError):
        return sum(one.name.endswith(".pack") for one in os.scandir(folder / ".git/objects/pack"))
    return 0


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink()


def _remove_stale_locks(folder: Path) -> None:
    """Git that was killed leaves them, and waits for nobody who might remove them."""
    before = time.time() - _STALE
    for lock in (folder / ".git").rglob("*.lock"):
        with suppress(FileNotFoundError):
            if lock.lstat().st_mtime < before:
                lock.unlink()


def _size(folder: Path) -> int:
    """Bytes."""
    found = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                found += os.lstat(f"{place}/{name}").st_size
    return found


def _user_cache() -> Path:
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(given) if given.startswith("/") else Path.home() / ".cache") / "gitops-mcp"
    except RuntimeError as error:
        raise Unavailable("nothing says where this user keeps caches: name a folder with --cache-dir") from error


def _not_writable(place: Path, error: OSError) -> Unavailable:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Unavailable(f"the disk of {place} is full: make room there, or name another folder with --cache-dir")
    return Unavailable(f"{place} cannot be written ({error.strerror}): name another folder with --cache-dir")


def _clone_error(cache: Path, error: GitFailed) -> GitOpsError:
    if is_full_here(error.ran.stderr):
        return _not_writable(cache, OSError(errno.ENOSPC, "full"))
    return remote_error("the clone of the repository that --repo names", error.ran.stderr)
