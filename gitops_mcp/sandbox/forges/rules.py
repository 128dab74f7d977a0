"""What the rules of a base still ask for before a merge."""

from __future__ import annotations

from gitops_mcp.domain.engines.globs import glob
from gitops_mcp.sandbox.forges.pushes import is_ancestor
from gitops_mcp.sandbox.forges.values import Pull, Rules


def missing(pull: Pull, *, patterns: bool = False) -> list[str]:
    """The first one first. `patterns`: names of checks are some, as on Gitea."""
    rules = pull.target.rules.get(pull.base)
    if rules is None:
        return []
    reviews = [one for one in pull.current_reviews() if one.official]
    approvals = sum(one.verdict == "APPROVED" for one in reviews)
    passed = {one.name for one in pull.checks() if one.has_passed}
    found = {
        "approvals": approvals < max(rules.approvals, rules.code_owners),
        "changes requested": any(one.verdict == "CHANGES_REQUESTED" for one in reviews),
        "checks": not passed.issuperset(_matched(rules, pull) if patterns else rules.checks),
        "behind": rules.up_to_date and is_behind(pull),
    }
    return [name for name, is_so in found.items() if is_so]


def _matched(rules: Rules, pull: Pull) -> list[str]:
    """The checks that patterns stand for; one that fits none stands for itself."""
    begun = [one.name for one in pull.checks()]
    found = {one: list(filter(glob(one, crosses=True).fullmatch, begun)) for one in rules.checks}
    if rules.any_checks:
        found["*"] = begun
    return [name for one, names in found.items() for name in names or [one]]


def is_behind(pull: Pull) -> bool:
    """Whether the base has what the head lacks."""
    return not is_ancestor(pull.target, pull.target.tips[pull.base], pull.head)
