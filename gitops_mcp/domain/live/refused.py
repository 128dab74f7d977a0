"""What Git says of a live object that the API would not take: then nothing of it arrives, however long one waits.

The webhook judges an object whole: a size below the live one refuses every later change of that Cluster as well.
"""

from __future__ import annotations

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules.rule import Seen
from gitops_mcp.domain.rules.table import RULES, findings


def refused_fields(declared: Object, live: Object) -> tuple[str, ...]:
    """Each fault that the API refuses the declared object for; none where only the operator or we would mind."""
    judges = {rule.id for rule in RULES if rule.source.startswith(("webhook", "CRD"))}
    found = findings(Seen(declared, live=live))
    return tuple(str(one) for one in found if one.severity == "error" and one.rule in judges)
