"""Documents of a text: found, placed, added and taken away."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.objects import Path
from gitops_mcp.domain.yaml.text import line_of_path, parse_documents, with_document, without_document
from gitops_mcp.errors import InvalidRequest

TWO = "# licence\n\n# about a\na: 1\n# still a\n\n# about b\n---\n# inside b\nb: 1\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("# only\n", [], id="only comments"),
        pytest.param("---\n", [(1, None)], id="only a marker"),
        pytest.param("a: 1\n---\n---\n# c\n--- # d\nb: 1\n", [(1, {"a": 1}), (2, None), (3, None), (6, {"b": 1})], id="empty ones"),
        pytest.param("a: 1\n...\n---\nb: 1\n", [(1, {"a": 1}), (4, {"b": 1})], id="an end marker"),
        pytest.param("\ufeff# c\n%YAML 1.1\n--- !!map\na: 1\n", [(3, {"a": 1})], id="mark, directive and tag"),
        pytest.param("a: 1\r\n---\r\nb: 😀\r\n", [(1, {"a": 1}), (3, {"b": "😀"})], id="CRLF and emoji"),
        pytest.param("--- x\n--- |\n a\n--- [1]\n", [(1, "x"), (2, "a\n"), (4, [1])], id="on the marker's line"),
    ],
)  # fmt: skip
def test_every_document_has_its_line_and_value(text: str, expected: list[tuple[int, object]]) -> None:
    assert [(found.line, found.value) for found in parse_documents(text)] == expected
    assert [found.index for found in parse_documents(text)] == list(range(len(expected)))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param((), 2, id="the document"),
        pytest.param(("a",), 2, id="a key"),
        pytest.param(("a", "roles"), 3, id="a key below"),
        pytest.param(("a", "roles", 1), 6, id="an item"),
        pytest.param(("a", "roles", 1, "name"), 6, id="a key beside a dash"),
        pytest.param(("a", "roles", 1, "login"), 7, id="a key of an item"),
        pytest.param(("a", "roles", 5, "login"), 3, id="an item that is not there"),
        pytest.param(("a", "gone", "far"), 2, id="keys that are not there"),
        pytest.param(("b", "roles", 0), 4, id="through an alias"),
        pytest.param(("c", "roles"), 3, id="through a merge"),
        pytest.param(("c", "own"), 11, id="beside a merge"),
        pytest.param(("zz",), 2, id="nothing at all"),
    ],
)
@pytest.mark.parametrize("mark", [pytest.param("", id="plain"), pytest.param("\ufeff", id="BOM")])
def test_the_line_of_a_place_is_where_it_is_written(path: Path, line: int, mark: str) -> None:
    text = (
        "# c\na: &x\n  roles:\n    - one\n    # two\n    - name: two\n      login: yes\nb: *x\nc:\n  <<: *x\n  own: 1\n"
    )
    assert line_of_path(mark + text, 0, path) == line


def test_the_line_of_a_place_in_a_later_document_counts_from_the_start_of_the_text() -> None:
    assert line_of_path("a: 1\n---\nb:\n  c: 1\n", 1, ("b", "c")) == 4


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "a: 1\n", id="to nothing"),
        pytest.param("b: 1\n", "b: 1\n---\na: 1\n", id="after one"),
        pytest.param("b: 1", "b: 1\n---\na: 1", id="no final newline"),
        pytest.param("b: 1\r\n", "b: 1\r\n---\r\na: 1\r\n", id="CRLF"),
        pytest.param("b: 1\r\nc: 1", "b: 1\r\nc: 1\r\n---\r\na: 1", id="CRLF, no final newline"),
        pytest.param("\ufeffb: 1\n", "\ufeffb: 1\n---\na: 1\n", id="BOM"),
        pytest.param("# only\n", "# only\n---\na: 1\n", id="to comments"),
        pytest.param("b: 1\n...\n", "b: 1\n...\n---\na: 1\n", id="after an end marker"),
        pytest.param("b: |\n  x", "b: |-\n  x\n---\na: 1", id="after a block scalar that ended with the file"),
        pytest.param("b: |+\n  x\n\n", "b: |+\n  x\n\n---\na: 1\n", id="after kept blank lines"),
    ],
)
def test_a_document_is_appended_behind_a_marker(before: str, after: str) -> None:
    assert with_document(before, {"a": 1}) == after


def test_a_document_is_written_in_the_style_of_the_text() -> None:
    text = "a:\n    b:\n    - 1\n"
    assert with_document(text, {"c": {"d": ["e"]}}) == text + "---\nc:\n    d:\n    - e\n"


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        pytest.param("b: 1\n", 0, "a: 1\n---\nb: 1\n", id="before one without a marker"),
        pytest.param("# c\n---\nb: 1\n", 0, "# c\n---\na: 1\n---\nb: 1\n", id="before one with a marker"),
        pytest.param("b: 1\n--- # c\nc: 1\n", 1, "b: 1\n---\na: 1\n--- # c\nc: 1\n", id="between two"),
        pytest.param("b: 1\n", 1, "b: 1\n---\na: 1\n", id="at the end"),
        pytest.param("%YAML 1.1\n---\nb: 1\n", 0, "---\na: 1\n...\n%YAML 1.1\n---\nb: 1\n", id="before a directive"),
    ],
)
def test_a_document_is_put_before_another(before: str, index: int, after: str) -> None:
    assert with_document(before, {"a": 1}, index=index) == after


def test_a_document_past_the_end_is_an_invalid_request() -> None:
    with pytest.raises(InvalidRequest, match="there are 1 documents, so none can be put at 2"):
        with_document("b: 1\n", {"a": 1}, index=2)


@pytest.mark.parametrize(
    ("text", "document", "after"),
    [
        pytest.param(TWO, 0, "# licence\n\n# about b\n---\n# inside b\nb: 1\n", id="the first and the comment on it"),
        pytest.param(TWO, 1, "# licence\n\n# about a\na: 1\n# still a\n\n", id="the last and the comments on it"),
        pytest.param("a: 1\n---\nb: 1\n--- # c\nc: 1\n", 1, "a: 1\n--- # c\nc: 1\n", id="the middle"),
        pytest.param("# licence\n---\na: 1\n---\nb: 1\n", 0, "# licence\n---\nb: 1\n", id="the head of the file stays"),
        pytest.param("a: 1\n# a too\n---\nb: 1\n", 1, "a: 1\n# a too\n", id="a comment that belongs to the one before"),
        pytest.param("a: 1\n---\n# c\n---\nb: 1\n", 1, "a: 1\n---\nb: 1\n", id="one of comments"),
        pytest.param("a: 1\n---\n# c\n---\nb: 1\n", 2, "a: 1\n---\n# c\n", id="after one of comments"),
        pytest.param("a: 1\n...\n%YAML 1.1\n---\nb: 1\n", 1, "a: 1\n...\n", id="with its directive"),
        pytest.param("a: 1\n---\nb: 1", 0, "---\nb: 1", id="no final newline"),
        pytest.param("a: 1\n---\nb: 1", 1, "a: 1", id="the last without a final newline"),
        pytest.param("\ufeffa: 1\r\n---\r\nb: 1\r\n", 0, "\ufeff---\r\nb: 1\r\n", id="BOM and CRLF"),
        pytest.param("a: 1\n", 0, "", id="the only one"),
        pytest.param("# licence\n---\n---\na: 1\n---\n# c\n", 1, "", id="the only one that holds anything"),
        pytest.param("---\n---\na: 1\n", 0, "---\na: 1\n", id="an empty one"),
    ],
)
def test_a_document_goes_with_its_marker_and_comments(text: str, document: int, after: str) -> None:
    assert without_document(text, document) == after


def test_several_documents_go_in_one_pass_with_what_is_attached_to_them() -> None:
    text = "# file\n---\na: 1\n\n# of b\n---\nb: 1\n---\nc: 1\n\n# of d\n---\nd: 1\n"
    assert without_document(text, 1, 3) == "# file\n---\na: 1\n\n---\nc: 1\n\n"
    assert without_document(text, 3, 1) == without_document(without_document(text, 3), 1)
    assert without_document(text, 0, 1, 2, 3) == ""
