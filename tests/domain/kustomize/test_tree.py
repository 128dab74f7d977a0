"""The files of a commit as a build sees them."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.kustomize.tree import FileTree, MissingFile, TrackedTree, UnreadFile, is_remote, join_path

TREE = FileTree({"a/x.yaml": "x: 1\n", "y.yaml": "y: 1\n"}, others=frozenset({"a/far.yaml"}))


@pytest.mark.parametrize(
    ("folder", "entry", "path"),
    [
        pytest.param("a/b", "c.yaml", "a/b/c.yaml", id="below"),
        pytest.param("a/b", "./c/", "a/b/c", id="a folder with a dot and a slash"),
        pytest.param("a/b", "../c", "a/c", id="beside"),
        pytest.param("", "c", "c", id="from the root"),
        pytest.param("a", "..", "", id="the root"),
        pytest.param("", ".", "", id="the root from the root"),
        pytest.param("a", "../..", None, id="above the root"),
        pytest.param("a", "../../b", None, id="beside the repository"),
        pytest.param("a", "../..b", "..b", id="a name that begins with dots"),
        pytest.param("a", "/b", None, id="a path of the machine"),
        pytest.param("a", "b\0", None, id="what no path holds"),
    ],
)
def test_an_entry_is_a_path_from_the_root_or_none_where_it_leaves_the_repository(
    folder: str, entry: str, path: str | None
) -> None:
    assert join_path(folder, entry) == path


def test_what_was_looked_at_is_kept() -> None:
    tree = TrackedTree(TREE, "any")
    assert tree.text(tree.file("a", "x.yaml")) == "x: 1\n"
    assert tree.exists("a", "far.yaml")
    assert not tree.exists("a", "../../y.yaml")
    assert tree.kustomizations("a") == []
    assert {path: found for path, found in tree.seen.items() if found is not False} == {
        "a/x.yaml": "x: 1\n",
        "a/far.yaml": True,
    }


def test_files_outside_of_the_folder_are_read_where_the_engine_reads_them() -> None:
    assert TrackedTree(TREE, "any").file("a", "../y.yaml") == "y.yaml"
    with pytest.raises(MissingFile, match=r"^y\.yaml is outside of a, where kustomize reads no files$"):
        TrackedTree(TREE, "root only").file("a", "../y.yaml")


@pytest.mark.parametrize(
    ("entry", "error", "told"),
    [
        pytest.param("none.yaml", MissingFile, "there is no file a/none.yaml", id="no file"),
        pytest.param(
            "../../none.yaml", MissingFile, "there is no file ../../none.yaml", id="outside of the repository"
        ),
        pytest.param("https://example.com/x.yaml", UnreadFile, "https://example.com/x.yaml is elsewhere", id="a URL"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(entry: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error) as raised:
        TrackedTree(TREE, "any").file("a", entry)
    assert str(raised.value) == told


@pytest.mark.parametrize(
    ("path", "error", "told"),
    [
        pytest.param("a/far.yaml", UnreadFile, "a/far.yaml was not read", id="known by name"),
        pytest.param("none.yaml", MissingFile, "there is no file none.yaml", id="not there"),
    ],
)
def test_a_text_that_is_not_here_says_why(path: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error) as raised:
        TrackedTree(TREE, "any").text(path)
    assert str(raised.value) == told


@pytest.mark.parametrize(
    ("entry", "remote"),
    [
        pytest.param("github.com/a/b//c?ref=v1", True, id="a repository"),
        pytest.param("git@example.com:a/b", True, id="over ssh"),
        pytest.param("../base", False, id="a folder"),
        pytest.param("db.yaml", False, id="a file"),
    ],
)
def test_an_entry_may_be_elsewhere(entry: str, *, remote: bool) -> None:
    assert is_remote(entry) is remote


def test_another_state_of_the_repository_shares_what_was_built() -> None:
    other = TREE.with_files({})
    assert (other.files, other.others, other.memo is TREE.memo) == ({}, TREE.others, True)
    assert TREE.with_files({}, frozenset()).others == frozenset()
