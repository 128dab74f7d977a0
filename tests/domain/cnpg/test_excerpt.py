from __future__ import annotations

from gitops_mcp.domain.cnpg.excerpt import LIMIT, excerpt


def test_text_of_the_cluster_is_one_line_and_cut() -> None:
    assert excerpt("a\n\tb\x1b[31m  c") == "a b [31m c"
    assert excerpt("x" * 400) == "x" * 300 + "…"
    assert excerpt("") is excerpt(" \n") is excerpt(None) is excerpt(3) is None


def test_credentials_in_a_text_of_the_cluster_are_masked() -> None:
    assert excerpt("login failed: password=hunter2hunter2") == "login failed: password=<redacted>"


def test_a_text_may_be_cut_shorter() -> None:
    assert (excerpt("abcdef", limit=3), excerpt("abc", limit=3), LIMIT) == ("abc…", "abc", 300)
