from __future__ import annotations

import time

import pytest

from gitops_mcp.domain.kustomize.regex import Unsupported, fullmatch, search


@pytest.mark.parametrize(
    ("pattern", "whole", "part"),
    [
        ("orders", "orders", "orders-db"),
        ("orders.*", "orders-db", "my orders-db"),
        ("orders|billing", "billing", "billing-db"),
        ("(?i)DB", "db", "dbs"),
        (r"db-\d", "db-1", "db-10"),
        ("^db$", "db", None),
        ("[[:alpha:]]+", "db", "db-1"),
        ("(?P<team>a|b)-db", "b-db", "b-db-1"),
    ],
)
def test_a_selector_means_the_whole_text(pattern: str, whole: str, part: str | None) -> None:
    assert fullmatch(pattern, whole)
    assert search(pattern, whole)
    if part is not None:
        assert not fullmatch(pattern, part)
        assert search(pattern, part)


@pytest.mark.parametrize(("pattern", "text"), [("a$", "a\n"), (r"\d", "٣"), (r"\w", "é"), (".", "\n")])
def test_what_python_takes_and_go_does_not_is_not_matched(pattern: str, text: str) -> None:
    assert not fullmatch(pattern, text)


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|aa)+$b", "((a*)*)*b", "(a?){1000}b", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)b"]
)
def test_no_pattern_takes_long(pattern: str) -> None:
    started = time.process_time()
    assert not fullmatch(pattern, "a" * 10_000)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("pattern", ["(", ")", "[", "*", "a**", "(?=a)", r"(a)\1", "a{2000}", "a{1}{2}"])
def test_what_go_does_not_take_is_said(pattern: str) -> None:
    with pytest.raises(Unsupported, match="pattern"):
        fullmatch(pattern, "a")


def test_half_a_character_is_matched_without_an_exception() -> None:
    assert fullmatch(".", "\ud800")
