from __future__ import annotations

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


@pytest.mark.parametrize("pattern", ["(", ")", "[", "*", "a**", "(?=a)", r"(a)\1", "a{2000}", "a{1}{2}"])
def test_what_go_does_not_take_is_said(pattern: str) -> None:
    with pytest.raises(Unsupported, match="pattern"):
        fullmatch(pattern, "a")
