"""Whether the operator would accept an object: the rules of CNPG's webhooks, asked before a commit.

A git change meets them only when it is applied, after its review. Each rule is one row of `RULES`. What the CRDs say in
every supported version of the operator is left to them: a schema is judged too, the packaged one where no other is.
"""

from gitops_mcp.domain.rules.rule import Finding, Rule, Seen, Severity
from gitops_mcp.domain.rules.table import RULES, findings

__all__ = ["RULES", "Finding", "Rule", "Seen", "Severity", "findings"]
