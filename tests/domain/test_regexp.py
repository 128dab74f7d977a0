"""Patterns as RE2 reads them."""

from __future__ import annotations

import time

import pytest

from gitops_mcp.domain.regexp import Unreadable, compiled, fullmatch, search


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        pytest.param(r"^[[:alpha:]]+$", "ab", ":", id="a class in brackets"),
        pytest.param(r"^\pL+$", "é", "1", id="letters of Unicode"),
        pytest.param(r"^\Qa.b\E$", "a.b", "axb", id="a quotation"),
        pytest.param(r"^a\z", "a", "ab", id="the end of the text"),
        pytest.param(r"^\d$", "3", "٣", id="digits are ASCII"),
        pytest.param(r"^\w$", "e", "é", id="words are ASCII"),
        pytest.param(r"^a$", "a", "a\n", id="the end is the end"),
        pytest.param("^.$", "é", "\n", id="a dot is a character, and no line break"),
        pytest.param("^.$", "\ud800", "", id="half a character is one"),
    ],
)
def test_a_pattern_is_read_as_re2_reads_it(pattern: str, good: str, bad: str) -> None:
    assert (search(pattern, good), search(pattern, bad)) == (True, False)


def test_a_match_is_of_the_whole_text_or_anywhere_in_it() -> None:
    assert [fullmatch("a|ab", text) for text in ("a", "ab", "abc", "xa")] == [True, True, False, False]
    assert [search("a|ab", text) for text in ("abc", "xa", "x")] == [True, True, False]


@pytest.mark.parametrize(
    "pattern",
    ["(?=a)", r"(a)\1", "(", "a{2000}", "a{99999999999}", "a{1,999999999}", r"\C", r"[\C]", r"\\\C", "(?P<é>a)"],
)
def test_a_pattern_that_re2_does_not_take_is_unreadable_and_nothing_is_printed(
    pattern: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Unreadable, match=r"."):
        compiled(pattern)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|aa)+$b", "((a*)*)*b", "(a?){1000}b", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)b"]
)
def test_no_pattern_takes_long(pattern: str) -> None:
    started = time.process_time()
    assert not fullmatch(pattern, "a" * 10_000)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("pattern", [r"\\C", r"\Q\C\E", "(?P<e>é)", r"\(?P<é>", r"a\{99999999999}", "[a{99999999999}]"])
def test_what_only_looks_like_that_is_read(pattern: str) -> None:
    assert not search(pattern, "")
