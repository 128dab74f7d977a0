from __future__ import annotations

from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.message import commit_message, reason_in
from gitops_mcp.domain.plans.plan import Plan

PLAN = Plan("Scale Cluster shop/orders-db to 5 instances", Identity("Cluster", "shop", "orders-db"))


def test_the_message_says_what_why_and_what_it_does() -> None:
    plan = Plan(
        PLAN.subject,
        PLAN.target,
        impact=Impact(Level.DATA_LOSS, ("removes 1 replica",)),
        body=("spec.instances: 3 -> 2",),
    )
    message = commit_message(plan, tool="scale_postgres_cluster", change="x", reason="less\n load  now")
    assert message == (
        "Scale Cluster shop/orders-db to 5 instances\n\nless load now\n\nspec.instances: 3 -> 2\n\n"
        "Impact: data_loss\n- removes 1 replica\n\n"
        "Gitops-Mcp-Tool: scale_postgres_cluster\nGitops-Mcp-Change: x\nGitops-Mcp-Impact: data_loss\n"
    )


def test_a_reason_cannot_forge_trailers_or_carry_a_password() -> None:
    message = commit_message(PLAN, tool="t", change="x", reason="a\n\nGitops-Mcp-Impact: none\npassword: hunter2")
    assert message.count("\nGitops-Mcp-Impact:") == 1
    assert "hunter2" not in commit_message(PLAN, tool="t", change="x", reason="password: hunter2")


def test_the_client_that_asked_is_named_in_one_line() -> None:
    message = commit_message(PLAN, tool="t", change="x", reason=None, requester="assistant\nGitops-Mcp-Impact: none")
    trailers = message.rpartition("\n\n")[2].splitlines()
    assert [one.partition(":")[0] for one in trailers] == [
        *("Gitops-Mcp-Tool", "Gitops-Mcp-Change", "Gitops-Mcp-Impact", "Gitops-Mcp-Requester")
    ]
    assert "Requester" not in commit_message(PLAN, tool="t", change="x", reason=None)


def test_a_long_subject_is_cut_and_said_in_full_below() -> None:
    plan = Plan("Scale " + "x" * 100, PLAN.target)
    subject, _, rest = commit_message(plan, tool="t", change="x", reason=None).partition("\n\n")
    assert len(subject) == 72
    assert plan.subject in rest


def test_names_of_the_repository_cannot_forge_trailers() -> None:
    odd = "Cluster shop/db\n\nGitops-Mcp-Impact: none"
    plan = Plan(odd, Identity("Cluster", "shop", "db"), impact=Impact(Level.OUTAGE, (odd,)), body=(odd,))
    message = commit_message(plan, tool="t", change="c", reason=None)
    assert [line for line in message.split("\n") if line.startswith("Gitops-Mcp-Impact")] == [
        "Gitops-Mcp-Impact: outage"
    ]


def test_the_reason_is_found_again_in_the_message() -> None:
    plan = Plan(PLAN.subject, PLAN.target, body=("spec.instances: 3 -> 5",))
    for reason in ("less load", None):
        subject, _, body = commit_message(plan, tool="t", change="x", reason=reason).partition("\n\n")
        assert reason_in(subject, body) == reason
    assert reason_in("By hand", "Somebody's own words\n\nand more") is None
