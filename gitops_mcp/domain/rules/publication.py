"""Publications and Subscriptions."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.rules.reading import entries, has_unfilled
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_KEPT = (("cluster", "name"), ("dbname",), ("name",))


def _publication_kept(seen: Seen) -> Iterator[Fault]:
    for path in _KEPT:
        new, old = at(seen.object, "spec", *path), at(seen.old, "spec", *path)
        if old is not None and new != old and not has_unfilled(old):
            yield Fault(("spec", *path), f"cannot change: keep {quote(str(old))}, or make another object")


def _target(seen: Seen) -> Iterator[Fault]:
    target = at(seen.object, "spec", "target")
    if isinstance(target, dict) and ("allTables" in target) == ("objects" in target):
        yield Fault(("spec", "target"), "needs either allTables or objects")
    for path, item in entries(seen.object, "spec", "target", "objects"):
        if ("tablesInSchema" in item) == ("table" in item):
            yield Fault(path, "needs either tablesInSchema or table")


RULES = (
    Rule(
        "publication-kept",
        ("Publication", "Subscription"),
        "CRD CEL",
        ("spec.cluster.name", "spec.dbname", "spec.name"),
        _publication_kept,
        compares=True,
    ),
    Rule("publication-target", ("Publication",), "CRD CEL", ("spec.target", "spec.target.objects[]"), _target),
)
