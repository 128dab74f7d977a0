"""What of a source its engine never sees."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.engines.left_out import FileRule, leaving_out


@pytest.mark.parametrize(
    ("patterns", "path", "left_out"),
    [
        pytest.param(["*.yaml"], "a/b/c.yaml", True, id="a name anywhere"),
        pytest.param(["/*.yaml"], "a/c.yaml", False, id="a name at the top alone"),
        pytest.param(["drafts"], "a/drafts/c.yaml", True, id="what is below a folder of that name"),
        pytest.param(["drafts/"], "a/drafts", False, id="a folder is not a file"),
        pytest.param(["drafts/"], "a/drafts/c.yaml", True, id="a folder"),
        pytest.param(["a/b"], "x/a/b", False, id="a path counts from the top"),
        pytest.param(["**/b"], "x/a/b", True, id="at any depth"),
        pytest.param(["a/**/c.yaml"], "a/c.yaml", True, id="with nothing between"),
        pytest.param(["a/**"], "a/b/c.yaml", True, id="all below"),
        pytest.param(["/*", "!/a"], "a/b.yaml", False, id="brought back"),
        pytest.param(["/*", "!/a"], "b/b.yaml", True, id="not brought back"),
        pytest.param(["!/a", "/*"], "a/b.yaml", True, id="the last one decides"),
        pytest.param(["/*/", "!/a/b/"], "a/b/c.yaml", False, id="of the folders that are checked out"),
        pytest.param(["/*/", "!/a/b/"], "a/c.yaml", True, id="beside the folders that are checked out"),
        pytest.param(["/*/", "!/a/b/"], "c.yaml", False, id="at the top, which is always checked out"),
    ],
)
def test_a_file_is_left_out_by_the_last_pattern_that_speaks_of_it(
    patterns: list[str], path: str, left_out: bool
) -> None:
    rules = [FileRule(pattern, "", f"x:{number}") for number, pattern in enumerate(patterns, 1)]
    assert (leaving_out(rules, path) is not None) == left_out


def test_a_rule_counts_below_its_own_folder() -> None:
    rule = FileRule("*.yaml", "a", "a/.sourceignore:1")
    assert leaving_out([rule], "a/b.yaml") == rule
    assert leaving_out([rule], "ab/b.yaml") is None
    assert str(rule) == "'*.yaml' at a/.sourceignore:1"
