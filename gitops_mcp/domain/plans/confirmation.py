"""What may pass: rules with ids, asked of a plan before it is delivered."""

from __future__ import annotations

from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.errors import Refused

CHANGE = "Change"
"""What a plan is about that says no more than a change of Git does."""


def require_confirmation(
    plan: Plan, *, confirmed: bool, dry_run: bool, outage_confirmed: bool = False, does: str = "propose"
) -> Plan:
    """A plan that can destroy or stop a database needs a person's word; a dry run shows it with what it would need.

    `confirmed`: the word for a loss; until the next major version it counts for an outage too. `does`: what the call
    would do with it.
    """
    missing = {}
    if plan.destroys and not confirmed:
        missing["confirm_deletion=true"] = plan.destroys
    if plan.stops and not (confirmed or outage_confirmed):
        missing["confirm_outage=true"] = plan.stops
    if not missing:
        return plan
    at_stake, words = "; ".join(missing.values()), " and ".join(missing)
    if dry_run:
        return plan.warned([Notice("needs-confirmation", f"{at_stake}. Doing it takes {words}")])
    raise Refused(
        f"{at_stake}. This call would {does}: {plan.subject}. Nothing was changed. Ask the person; once they agree, "
        f"repeat this with {words} (dry_run=true shows the diff without it)"
    )


def require_allowed_namespace(plan: Plan, *, namespaces: tuple[str, ...] | None, cut: bool = False) -> Plan:
    """`namespaces` of the environment, asked of the object that is changed wherever its namespace came from.

    `cut`: they are where the caller's rights end, so that what cannot be told is refused.
    """
    namespace = plan.target.namespace
    if namespaces is None or plan.target.kind == CHANGE:
        return plan
    if namespace is None and not cut:
        return plan.warned(
            [
                Notice(
                    "namespace-unknown",
                    f"nothing in the repository says the namespace of {plan.target}; whether it is one of "
                    f"{', '.join(namespaces)} could not be checked",
                )
            ]
        )
    if namespace not in namespaces:
        where = f"in namespace {namespace!r}" if namespace else "in a namespace that nothing says"
        raise Refused(
            f"{plan.target} is {where}, which this environment does not allow; there are: {', '.join(namespaces)}"
        )
    return plan
