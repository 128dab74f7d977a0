"""Files that remember who looked at them."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.kustomize import FileTree
from gitops_mcp.domain.kustomize.tracked_files import TrackedFiles, is_unchanged

TREE = FileTree({"a": "A", "b": "B"}, others=frozenset({"c"}))


def test_all_that_was_asked_for_is_remembered() -> None:
    files = TrackedFiles(TREE)
    assert files["a"] == "A"
    assert files.get("c") is None
    assert files.get("none", "else") == "else"
    assert "b" in files
    assert files.seen == {"a": "A", "c": True, "none": False, "b": "B"}
    assert files.read == {"a", "b"}


def test_a_file_that_is_not_there_is_asked_for_in_vain() -> None:
    files = TrackedFiles(TREE)
    with pytest.raises(KeyError):
        files["none"]
    assert (list(files), len(files)) == (["a", "b"], 2)


@pytest.mark.parametrize(
    ("tree", "unchanged"),
    [
        pytest.param(TREE, True, id="the same"),
        pytest.param(TREE.with_files({"a": "A", "b": "other"}), True, id="a file that nobody looked at"),
        pytest.param(TREE.with_files({"a": "other"}), False, id="a text"),
        pytest.param(TREE.with_files({}), False, id="a file that went"),
        pytest.param(TREE.with_files({"a": "A", "none": "N"}), False, id="a file that came"),
        pytest.param(TREE.with_files({"a": "A"}, frozenset()), False, id="a file that was there unread"),
    ],
)
def test_what_was_seen_tells_whether_anything_of_it_changed(tree: FileTree, *, unchanged: bool) -> None:
    assert is_unchanged({"a": "A", "c": True, "none": False}, tree) is unchanged
