"""Notes of Secrets that are about to be made, for a server that is killed before the commit that goes with them.

A note lies beside the repository and is held locked as long as its writer lives; so whoever gets its lock knows that
the writer is dead.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gitops_mcp.adapters.file_lock import lock_file
from gitops_mcp.errors import Unavailable

log = logging.getLogger(__name__)

TRAILER = "Gitops-Mcp-Secret"
_LARGEST = 2**16
_FOLDER = "gitops-mcp-secrets"
"""In the common git folder, beside the one that whoever holds the lock sweeps."""
_MAY_ARRIVE = ".may-arrive.json"
GRACE = 1800.0
"""Seconds in which a push that had no answer may still arrive: hooks on a remote may take long."""


@dataclass(frozen=True)
class MadeSecret:
    """A Secret that a commit speaks of in its trailer."""

    environment: str
    namespace: str
    name: str
    request: str
    """The random id of the attempt that made it."""

    def __str__(self) -> str:
        return f"{self.environment} {self.namespace}/{self.name} {self.request}"

    @classmethod
    def of(cls, trailers: Iterable[tuple[str, str]]) -> MadeSecret | None:
        value = next((value for key, value in trailers if key == TRAILER), None)
        words = value.split(" ") if value else []
        if len(words) != 3 or words[1].count("/") != 1:
            return None
        namespace, _, name = words[1].partition("/")
        return cls(words[0], namespace, name, words[2])


@contextmanager
def keep_note(common: Path, made: MadeSecret, change: str) -> Iterator[Path]:
    """A note of what is about to be made, locked while this process lives. Who has settled it removes it."""
    path = common / _FOLDER / f"{made.request}.json"
    try:
        descriptor = _create_locked(path)
    except OSError as error:
        raise Unavailable(f"cannot write in {path.parent}: {error.strerror}") from error
    try:
        fields = [made.environment, made.namespace, made.name, made.request]
        try:
            os.write(descriptor, json.dumps({"made": fields, "change": change}).encode())
            os.fsync(descriptor)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise Unavailable(f"cannot write {path}: {error.strerror}; nothing was changed") from error
        yield path
    finally:
        os.close(descriptor)
        with suppress(OSError):
            path.parent.rmdir()


def spare_note(note: Path) -> None:
    """Keeps a note of what a push needs that may still arrive from being settled before that is over."""
    note.rename(note.with_suffix(_MAY_ARRIVE))


def _create_locked(path: Path) -> int:
    """A new file, locked. A sweeper may take it, or its folder, before the lock is there: then it is made again."""
    while True:
        with suppress(FileExistsError):
            path.parent.mkdir()
        if path.parent.is_symlink():
            raise OSError(errno.ELOOP, "it is a symbolic link: remove it")
        with suppress(FileNotFoundError):
            descriptor = lock_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, wait=True)
            if descriptor is not None:
                return descriptor


def sweep_notes(common: Path, settle: Callable[[MadeSecret, str], bool]) -> None:
    """Has every note settled whose writer is dead, with the name of its change; True takes the note away."""
    folder = common / _FOLDER
    try:
        paths = [] if folder.is_symlink() else sorted(path for path in folder.iterdir() if path.suffix == ".json")
    except (FileNotFoundError, NotADirectoryError):  # there is none, or another one's sweep has just emptied it
        return
    for path in paths:
        if path.name.endswith(_MAY_ARRIVE) and time.time() < _written(path) + GRACE:
            continue
        try:
            descriptor = lock_file(path, os.O_RDONLY, wait=False)
        except OSError:
            continue
        if descriptor is None:  # its writer lives, or it has been settled meanwhile
            continue
        try:
            text = os.read(descriptor, _LARGEST).decode(errors="replace")
            # Killed before the note was whole: then nothing had been made either.
            if not text.endswith("}") or ((note := _note_of(text)) and settle(*note)):
                path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)
    with suppress(OSError):
        folder.rmdir()


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # settled meanwhile
        return time.time()


def _note_of(text: str) -> tuple[MadeSecret, str] | None:
    """None: no note of this server's, which stays for a person to look at."""
    try:
        said = json.loads(text)
        environment, namespace, name, request = words = said["made"]
        if all(isinstance(one, str) for one in (*words, said["change"])):
            return MadeSecret(environment, namespace, name, request), said["change"]
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    log.warning("a note in %s is not a note of this server's, and left alone", _FOLDER)
    return None
