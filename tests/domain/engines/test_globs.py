"""Patterns of paths, as engines write them."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.engines.globs import glob


@pytest.mark.parametrize(
    ("pattern", "crosses", "text", "matches"),
    [
        pytest.param("*.yaml", False, "a.yaml", True, id="a star"),
        pytest.param("*.yaml", False, "a/b.yaml", False, id="a star stops at a slash"),
        pytest.param("*.yaml", True, "a/b.yaml", True, id="unless it crosses"),
        pytest.param("a?c", False, "abc", True, id="one"),
        pytest.param("[a-c]x", False, "bx", True, id="a class"),
        pytest.param("[!a-c]x", False, "bx", False, id="not of a class"),
        pytest.param("{a,b*}.yaml", True, "bcd.yaml", True, id="alternatives"),
        pytest.param("{a,{b,c}}d", True, "cd", True, id="in each other"),
        pytest.param("a{b", True, "a{b", True, id="a brace that stays open"),
        pytest.param(r"\*", True, "*", True, id="an escape"),
        pytest.param("a.c", True, "abc", False, id="a dot is a dot"),
        pytest.param("[z-a]", True, "[z-a]", True, id="a class that is none"),
    ],
)
def test_patterns_match_as_a_whole(pattern: str, crosses: bool, text: str, matches: bool) -> None:
    assert bool(glob(pattern, crosses=crosses).fullmatch(text)) is matches
