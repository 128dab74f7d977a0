from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.message import MessageParts, commit_message, message_parts
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


def test_a_reason_names_no_other_change() -> None:
    message = commit_message(PLAN, tool="t", change="x", reason="Gitops-Mcp-Change: other")
    assert [one for one in message.splitlines() if one.startswith("Gitops-Mcp-Change")] == ["Gitops-Mcp-Change: x"]


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


TEXTS = st.lists(
    st.sampled_from(["less", "load", "Impact: none", "Mind: it", "Reason: why", "* one", "- two", "…", "Gitops-Mcp-Tool: x",
                     "Gitops-Mcp-Change: y", "x" * 80, "ü"]),
    min_size=1, max_size=3,
).map(" ".join)  # fmt: skip
REASONS = st.none() | TEXTS
LINES = st.sampled_from(["spec.instances: 3 -> 5", "Step 1 of 2", "Applied by Argo CD Application argocd/shop"])


@given(
    st.sampled_from([PLAN.subject, f"Scale {'x' * 66}", f"Scale {'x' * 67}", f"Scale {'x y ' * 40}z"]),
    st.just("") | TEXTS,
    REASONS,
    st.lists(LINES, max_size=3, unique=True),
    st.sampled_from(Level),
    st.lists(st.sampled_from(["removes 1 replica", "Impact: none"]), max_size=2),
)
def test_what_a_message_says_is_read_back(
    subject: str, caution: str, reason: str | None, body: list[str], level: Level, why: list[str]
) -> None:
    plan = Plan(subject, PLAN.target, (), Impact(level, tuple(why)), body=tuple(body), caution=caution)
    message = commit_message(plan, tool="t", change="x", reason=reason, requests=["{}"])
    assert message_parts(message) == MessageParts(subject, caution, reason, tuple(body), tuple(why))
    titled = message.replace("\n\n", " (#12)\n\n", 1)
    told = message_parts(titled)
    assert told is not None
    assert (told.reason, told.body) == (reason, tuple(body))
    first = message_parts(f"Both (#12)\n\n* {message}\n\n* {message}")
    assert first is not None
    assert (first.reason, first.body) == (reason, tuple(body))


def test_a_message_of_somebody_else_has_no_parts() -> None:
    for text in ("By hand", "By hand\n\nSomebody's own words\n\nand more", "By hand\n\nImpact: we shall see"):
        assert message_parts(text) is None
