"""A lock that a process holds as long as it lives: a flock on a file that others may take away.

Who has the lock may unlink the file, so one that is no longer at its path locks nothing: who waited for it starts over.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path


def lock_file(path: Path, flags: int, *, wait: bool) -> int | None:
    """A descriptor of the file, locked; None where another process has it, or where it is not at its path any more.

    Raises OSError where it cannot be opened with these flags, and where something else than a file stands there.
    """
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        check_regular(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        if os.path.samestat(path.stat(), os.fstat(descriptor)):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def check_regular(descriptor: int) -> None:
    """Raises OSError for a pipe, a device or a folder, which has no end to read to, or blocks."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
