from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitops_mcp.adapters.file_lock import lock_file


def test_one_has_the_lock_until_it_closes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = lock_file(path, os.O_RDWR | os.O_CREAT, wait=False)
    assert first is not None
    assert lock_file(path, os.O_RDWR, wait=False) is None
    os.close(first)
    again = lock_file(path, os.O_RDWR, wait=True)
    assert again is not None
    os.close(again)


def test_a_file_that_is_not_at_its_path_locks_nothing(tmp_path: Path) -> None:
    unnamed = os.O_RDWR | os.O_TMPFILE  # as if it had been unlinked once it was open
    assert lock_file(tmp_path, unnamed, wait=True) is None


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lock_file(tmp_path / "gone/lock", os.O_RDWR | os.O_CREAT, wait=False)
