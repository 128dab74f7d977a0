"""What the server says: one golden row a text, so that a change of words is read, and none grows too long to read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.said import VALUE, reads_as_prose, rows, sentences

_GOLDEN = Path(__file__).parent / "golden" / "said.txt"
_MOST_WORDS = 30


def test_the_golden_file_has_each_text_of_the_package() -> None:
    """To accept a change of words: GITOPS_MCP_TEST_GOLDEN=write, then read the diff."""
    found = "\n".join(rows()) + "\n"
    if os.environ.get("GITOPS_MCP_TEST_GOLDEN") == "write":
        _GOLDEN.write_text(found)
    assert _GOLDEN.read_text().splitlines() == found.splitlines()


def test_no_sentence_of_a_text_is_longer_than_thirty_words() -> None:
    """A value counts as one word."""
    long = [row for row in rows() for one in sentences(row.partition(": ")[2]) if len(one.split()) > _MOST_WORDS]
    assert long == []


def test_a_sentence_of_thirty_one_words_is_found() -> None:
    assert [len(one.split()) for one in sentences(f"{VALUE} is here. " + "word " * 31)] == [3, 31]


@pytest.mark.parametrize(
    ("text", "is_prose"),
    [
        pytest.param(f"no cluster {VALUE} in {VALUE}; there are: {VALUE}", True, id="an error"),
        pytest.param("the comment there would be lost", True, id="part of one"),
        pytest.param("spec.bootstrap.recovery", False, id="a path"),
        pytest.param(f"{VALUE} {VALUE}", False, id="only values"),
        pytest.param("refs/heads/", False, id="a ref"),
    ],
)
def test_prose_is_told_from_names(text: str, is_prose: bool) -> None:
    assert reads_as_prose(text) is is_prose
