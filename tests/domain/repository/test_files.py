"""Files being planned, and what they hold before and after."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.edits import Set
from gitops_mcp.errors import InvalidRequest


def test_several_edits_of_one_file_are_one_change() -> None:
    draft = DraftFiles({"a.yaml": "a: 1\nb: 2\n", "b.yaml": "c: 3\n"})
    draft.edit("a.yaml", 0, Set(("a",), 10))
    draft.edit("a.yaml", 0, Set(("b",), 20))
    draft.edit("b.yaml", 0, Set(("c",), 3))
    assert draft.changes == (FileChange("a.yaml", "a: 1\nb: 2\n", "a: 10\nb: 20\n"),)


def test_an_edit_that_fails_names_the_file() -> None:
    with pytest.raises(InvalidRequest, match=r"^a\.yaml:2: "):
        DraftFiles({"a.yaml": "a: [\n"}).edit("a.yaml", 0, Set(("a",), 1))


def test_a_new_file_does_not_overwrite_one() -> None:
    with pytest.raises(InvalidRequest, match=r"a\.yaml exists already"):
        DraftFiles({"a.yaml": "a: 1\n"}).create("a.yaml", "a: 2\n")


def test_a_document_that_was_the_last_takes_the_file_with_it() -> None:
    draft = DraftFiles({"a.yaml": "# all\na: 1\n"})
    draft.drop("a.yaml", 0)
    assert draft.changes == (FileChange("a.yaml", "# all\na: 1\n", None),)
    assert draft.changes[0].action == "deleted"


def test_a_document_more_stands_at_the_end_of_its_file() -> None:
    draft = DraftFiles({"a.yaml": "a: 1\n"})
    draft.append("a.yaml", {"b": 2})
    assert draft.text("a.yaml") == "a: 1\n---\nb: 2\n"


def test_a_file_that_went_is_not_edited_and_may_be_made_anew() -> None:
    draft = DraftFiles({"a.yaml": "a: 1\n"})
    draft.remove("a.yaml")
    with pytest.raises(InvalidRequest, match=r"^a\.yaml: it is gone already$"):
        draft.edit("a.yaml", 0, Set(("a",), 2))
    draft.create("a.yaml", "a: 2\n")
    assert (draft.before["a.yaml"], draft.changes[0].after) == ("a: 1\n", "a: 2\n")


@pytest.mark.parametrize(
    ("change", "action", "line"),
    [
        pytest.param(FileChange("a", None, "a: 1\n"), "added", 1, id="added"),
        pytest.param(FileChange("a", "a: 1\n", None), "deleted", 1, id="deleted"),
        pytest.param(FileChange("a", "a: 1\nb: 2\n", "a: 1\nb: 3\n"), "modified", 2, id="modified"),
    ],
)
def test_a_change_says_what_it_does_and_where_to_look(change: FileChange, action: str, line: int) -> None:
    assert (change.action, change.line) == (action, line)


def test_the_difference_is_shown_as_git_shows_it() -> None:
    assert FileChange("a.yaml", "a: 1\n", "a: 2\n").diff.splitlines()[-2:] == ["-a: 1", "+a: 2"]
