from __future__ import annotations

import re
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.kustomize.regex import Unsupported, fullmatch, search

atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "[a-b-]", r"\.", r"\d", r"\w", "-", "^", "$"])
patterns = st.recursive(
    atoms,
    lambda part: st.one_of(
        st.lists(part, min_size=1, max_size=3).map("".join),
        st.tuples(part, part).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(part, st.sampled_from(["*", "+", "?", "{2}", "{0,1}", "{1,}"])).map(
            lambda two: f"(?:{two[0]}){two[1]}"
        ),
    ),
    max_leaves=5,
)


@given(patterns, st.text(alphabet="ab.-1", max_size=6))
def test_what_is_understood_matches_as_elsewhere(pattern: str, text: str) -> None:
    try:
        found = fullmatch(pattern, text), search(pattern, text)
    except Unsupported:
        return
    expected = re.fullmatch(pattern.replace("$", r"\Z"), text), re.search(pattern.replace("$", r"\Z"), text)
    assert found == tuple(map(bool, expected))


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|aa)+$b", "((a*)*)*b", "a{1000}" * 3, "(a?){1000}b", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)b"]
)
def test_no_pattern_takes_long(pattern: str) -> None:
    started = time.process_time()
    with suppress(Unsupported):
        assert not fullmatch(pattern, "a" * 250)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "[",
        "*",
        "a**",
        "(?i)a",
        "(?P<x>a)",
        r"\pL",
        r"\bx",
        "[[:alpha:]]",
        "a{2000}",
        "((((a))))",
        "x." * 600,
        r"[\x41]",
    ],
)
def test_what_is_not_understood_is_said(pattern: str) -> None:
    with pytest.raises(Unsupported, match="pattern"):
        fullmatch(pattern, "a")


def test_a_text_without_end_is_not_matched() -> None:
    with pytest.raises(Unsupported, match="1001 characters; up to 1000"):
        fullmatch("a.*", "a" * 1001)
