from __future__ import annotations

from gitops_mcp.answers.base import TouchedFile
from gitops_mcp.answers.writes import DiscardResult, WriteResult
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.notice import Notice
from tests.answers.rendering import shown

NOTHING = Impact(Level.NONE)


def test_a_commit_is_told_with_what_to_look_at_before_what_was_done() -> None:
    answer = WriteResult(
        environment="prod",
        outcome="committed",
        summary="Scale Cluster shop/db to 5",
        change="scale-shop-db",
        branch="gitops-mcp/scale-shop-db",
        base="main",
        base_commit="0123456789abcdef",
        commit="fedcba",
        files=[TouchedFile(path="a/db.yaml", action="modified", line=3)],
        diff="-  instances: 3\n+  instances: 5\n```\n# not a heading\n",
        diff_omitted_lines=2,
        impact=Impact(Level.RELOAD, ("a standby more",)),
        about=["spec.instances 3 -> 5"],
        validated_by=["rules", "schema"],
        warnings=[Notice("overlap", "another change\n# touches it")],
        next=["Ask a person"],
        omitted={"files": 4},
    )
    assert shown(answer) == [
        ("paragraph", ["Committed (prod, git): Scale Cluster shop/db to 5"]),
        ("paragraph", ["impact: reload"]),
        ("bullet_list", ["a standby more"]),
        ("heading", ["Warnings"]),
        ("bullet_list", ["overlap: another change # touches it"]),
        ("heading", ["Change"]),
        (
            "bullet_list",
            [
                "change scale-shop-db, branch gitops-mcp/scale-shop-db against main at 0123456789ab",
                "commit fedcba",
                "spec.instances 3 -> 5",
                "validated by: rules, schema",
            ],
        ),
        ("heading", ["Files"]),
        ("bullet_list", ["modified a/db.yaml:3", "and 4 more"]),
        ("fence", ["-  instances: 3\n+  instances: 5\n```\n# not a heading\n"]),
        ("paragraph", ["(2 more lines of diff)"]),
        ("heading", ["Next"]),
        ("bullet_list", ["Ask a person"]),
    ]


def test_what_was_applied_directly_is_told_in_order() -> None:
    done = ["created Cluster dev/db, now at resourceVersion 7", "patched Cluster dev/db"]
    answer = WriteResult(
        environment="dev", delivery="direct", outcome="applied", summary="Create", applied=done, impact=NOTHING
    )
    assert shown(answer)[2:] == [("heading", ["Done"]), ("bullet_list", done)]
    assert "branch" not in answer.structured()


def test_nothing_to_do_is_told_in_two_lines() -> None:
    answer = WriteResult(environment="dev", delivery="direct", outcome="unchanged", summary="it is so", impact=NOTHING)
    assert answer.markdown() == "**Nothing to do** (dev, direct): it is so\n\nimpact: none"


def test_a_change_that_is_discarded_is_told_with_what_is_left() -> None:
    warning = Notice("secret-left", "Secret shop/x stays")
    answer = DiscardResult(change="c", branch="b/c", outcome="dry_run", tip="t", commits=1, warnings=[warning])
    assert shown(answer) == [
        ("paragraph", ["Dry run, nothing removed: change c, branch b/c (1 commit, tip t)"]),
        ("heading", ["Warnings"]),
        ("bullet_list", ["secret-left: Secret shop/x stays"]),
    ]
