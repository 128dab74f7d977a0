"""Paths that a commit may hold, and what may stand where."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.paths import check_paths, folders_of
from gitops_mcp.errors import InvalidRequest, Refused
from tests.adapters.git.conftest import commit_all, git, write
from tests.adapters.git.publishing import ORDERS, alone, content, listed, published

FORBIDDEN = [
    pytest.param("/etc/passwd", "absolute", id="absolute"),
    pytest.param("", "empty", id="nothing"),
    pytest.param("a//b.yaml", "empty", id="empty part"),
    pytest.param("a/", "empty", id="a folder"),
    pytest.param("../a.yaml", "'..'", id="parent first"),
    pytest.param("a/../b.yaml", "'..'", id="parent inside"),
    pytest.param("./a.yaml", "'.'", id="here"),
    pytest.param("a/.git/config", "'.git'", id="git folder"),
    pytest.param(".GIT/config", "'.GIT'", id="another case"),
    pytest.param("git~1/config", "'git~1'", id="short name"),
    pytest.param("GIT~1", "'GIT~1'", id="short name, another case"),
    pytest.param(".git /config", "'.git '", id="trailing space"),
    pytest.param(".git.. ./config", "'.git.. .'", id="trailing dots and spaces"),
    pytest.param(".git::$INDEX_ALLOCATION/config", "'.git::$INDEX_ALLOCATION'", id="stream"),
    pytest.param(".git\\config", "git keeps", id="backslash"),
    pytest.param(".g\u200cit/config", "git keeps", id="ignored by HFS+"),
    pytest.param(".gi\ufefft", "git keeps", id="ignored by HFS+, the last one"),
]


@pytest.mark.parametrize(("path", "why"), FORBIDDEN)
def test_a_path_that_git_would_not_check_out_is_refused(path: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        check_paths([ORDERS, path])

    assert why in str(refused.value)


@pytest.mark.parametrize("path", [case.values[0] for case in FORBIDDEN if case.id != "backslash"])
@pytest.mark.few(4)
def test_git_itself_refuses_the_same_paths(path: str, tmp_path: Path) -> None:
    here = alone(tmp_path)
    blob = git(here, "rev-parse", f"main:{ORDERS}")
    options = ["-c", "core.protectNTFS=true", "-c", "core.protectHFS=true"]
    command = ["git", *options, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}"]

    assert subprocess.run(command, cwd=here, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize(
    "path",
    [
        ".github/x.yaml",
        ".gitattributes",
        "a/.gitignore",
        "git/x.yaml",
        "x.git/y",
        "..a/b..c",
        "a b/ü 😀.yaml",
        '"q".yaml',
        "-x",
        "git~2",
        "a*?[b].yaml",
        "#x",
        "!x",
    ],
)
@pytest.mark.few(4)
def test_unusual_paths_that_git_takes_are_written_as_they_are(path: str, tmp_path: Path) -> None:
    here = alone(tmp_path)

    done = published(here, {path: b"x: 1\n"})

    assert content(here, done.commit, path) == b"x: 1\n"
    assert sorted(listed(here, done.commit)) == sorted([ORDERS, path])


@pytest.mark.parametrize("path", ["a\nb.yaml", "a\tb", "a\0b", "\x7f"])
def test_a_control_character_in_a_path_is_refused(path: str) -> None:
    with pytest.raises(Refused, match="control character"):
        check_paths([path])


def test_two_paths_of_a_change_cannot_be_a_file_and_the_folder_it_lies_in(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="a file and a folder at once"):
        published(alone(tmp_path), {"new": b"x\n", "new/file.yaml": b"y\n"})


def test_the_folders_of_a_path_go_from_the_top_down() -> None:
    assert folders_of("a/b/c.yaml") == ("", "a", "a/b")
    assert folders_of("c.yaml") == ("",)


def test_the_mode_of_an_existing_file_stays_and_a_new_one_is_plain(tmp_path: Path) -> None:
    here = alone(tmp_path)
    (here / ORDERS).chmod(0o755)
    commit_all(here, "Make it executable")

    done = published(here, {ORDERS: b"x\n", "clusters/new.yaml": b"y\n"})

    assert git(here, "ls-tree", done.commit, ORDERS).startswith("100755 blob ")
    assert git(here, "ls-tree", done.commit, "clusters/new.yaml").startswith("100644 blob ")


def test_a_folder_goes_with_its_last_file(tmp_path: Path) -> None:
    here = alone(tmp_path, {"clusters/prod/keep.yaml": "x\n"})

    done = published(here, {ORDERS: None})

    assert listed(here, done.commit) == ["clusters/prod/keep.yaml"]
    assert git(here, "ls-tree", "--name-only", f"{done.commit}:clusters/prod") == "keep.yaml"


def test_the_last_file_of_a_repository_can_go(tmp_path: Path) -> None:
    here = alone(tmp_path)

    done = published(here, {ORDERS: None})

    assert git(here, "ls-tree", "-r", done.commit) == ""
    git(here, "fsck", "--strict")


def test_a_file_can_make_room_for_a_folder_only_in_a_change_of_its_own(tmp_path: Path) -> None:
    here = alone(tmp_path, {"infra": "a file\n"})

    with pytest.raises(Refused, match="infra is a file"):
        published(here, {"infra/x.yaml": b"x\n"})


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"clusters/prod is a folder"):
        published(alone(tmp_path), {"clusters/prod": b"x\n"})


def test_deleting_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"clusters/no\.yaml cannot be deleted: there is no such file"):
        published(alone(tmp_path), {"clusters/no.yaml": None})


def test_a_change_that_changes_nothing_is_no_commit(tmp_path: Path) -> None:
    here = alone(tmp_path)

    with pytest.raises(InvalidRequest, match="nothing to commit"):
        published(here, {ORDERS: (here / ORDERS).read_bytes()})

    assert git(here, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


@pytest.mark.parametrize("path", ["link/x.yaml", "link", "deep/link.yaml"])
def test_nothing_is_written_through_a_symbolic_link_or_over_one(path: str, tmp_path: Path) -> None:
    here = alone(tmp_path)
    (here / "link").symlink_to("clusters")
    (here / "deep").mkdir()
    (here / "deep/link.yaml").symlink_to("../" + ORDERS)
    commit_all(here, "Link")

    with pytest.raises(Refused, match="a symbolic link"):
        published(here, {path: b"x\n"})


@pytest.mark.parametrize("path", ["vendor/sub/x.yaml", "vendor/sub", "vendor/sub/a/b.yaml"])
def test_nothing_is_written_into_a_submodule_or_over_it(path: str, tmp_path: Path) -> None:
    here = _with_submodule(tmp_path)

    with pytest.raises(Refused, match="vendor/sub is a submodule"):
        published(here, {path: b"x\n"})


def test_a_submodule_beside_the_touched_file_stays(tmp_path: Path) -> None:
    here = _with_submodule(tmp_path)

    done = published(here, {"vendor/x.yaml": b"x\n"})

    assert git(here, "ls-tree", done.commit, "vendor/sub").startswith("160000 commit ")
    git(here, "fsck", "--strict")


def test_entries_are_in_gits_own_order(tmp_path: Path) -> None:
    """Git sorts a folder as if its name ended with a slash: `a.yaml`, `a/`, `a0`."""
    here = alone(tmp_path, {"a/x": "1\n", "a.yaml": "1\n", "a0": "1\n", "a-b": "1\n"})

    done = published(here, {"a/y": b"2\n", "a1": b"2\n", "a-": b"2\n"})

    assert listed(here, done.commit) == ["a-", "a-b", "a.yaml", "a/x", "a/y", "a0", "a1", ORDERS]
    git(here, "fsck", "--strict")


def _with_submodule(folder: Path) -> Path:
    other = folder / "other"
    other.mkdir()
    there = alone(other)
    here = alone(folder)
    write(here / "vendor/README", "x\n")
    git(here, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(there), "vendor/sub")
    commit_all(here, "Vendor")
    return here
