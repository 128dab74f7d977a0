"""What was left in a folder is noticed, also right after it was noted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.publishing.leftovers import is_as_noted, note_folders


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    for path in ("a/b/one.yaml", "a/two.yaml", "three.yaml"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("a: 1\n")
    return folder


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    return tmp_path / "folders"


def _deep(tree: Path) -> None:
    (tree / "a/b/left").mkdir()


def _renamed(tree: Path) -> None:
    (tree / "a/two.yaml").rename(tree / "a/too.yaml")


def _gone(tree: Path) -> None:
    shutil.rmtree(tree / "a")


def _ignored(tree: Path) -> None:
    (tree / ".cache").write_text("")


@pytest.mark.parametrize("leave", [_deep, _renamed, _gone, _ignored])
@pytest.mark.parametrize("old", [True, False], ids=["old", "just made"])
def test_a_name_that_came_or_went_is_noticed(
    leave: Callable[[Path], None], tree: Path, noted: Path, *, old: bool
) -> None:
    while old and not _is_noted_by_time(tree, noted):
        os.sched_yield()
    note_folders(tree, noted, changed=None)
    assert is_as_noted(tree, noted)
    leave(tree)
    assert not is_as_noted(tree, noted)


def _is_noted_by_time(tree: Path, noted: Path) -> bool:
    note_folders(tree, noted, changed=None)
    return "[" not in noted.read_text()


def test_files_that_were_written_by_name_are_noted_with_the_folders_that_they_made(tree: Path, noted: Path) -> None:
    note_folders(tree, noted, changed=None)
    (tree / "c/d").mkdir(parents=True)
    (tree / "c/d/four.yaml").write_text("a: 1\n")
    (tree / "a/five.yaml").write_text("a: 1\n")
    assert not is_as_noted(tree, noted)
    note_folders(tree, noted, changed=["c/d/four.yaml", "a/five.yaml"])
    assert is_as_noted(tree, noted)
    (tree / "c/left").write_text("")
    assert not is_as_noted(tree, noted)


def test_what_is_written_into_a_file_is_left_to_the_comparison(tree: Path, noted: Path) -> None:
    note_folders(tree, noted, changed=None)
    (tree / "a/two.yaml").write_text("a: 2\n")
    assert is_as_noted(tree, noted)


@pytest.mark.parametrize("text", [None, "", "[", '"x"'])
def test_a_note_that_is_not_there_or_cannot_be_read_says_nothing(text: str | None, tree: Path, noted: Path) -> None:
    if text is not None:
        noted.write_text(text)
    assert not is_as_noted(tree, noted)
    note_folders(tree, noted, changed=["three.yaml"])
    assert is_as_noted(tree, noted)
