"""The steps: what is asked, what is shown of the answer, and what has to be so afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gitops_mcp.demo.stage import Stage, ToolAnswer
from gitops_mcp.sandbox.remote import BASE

_NEW: dict[str, Any] = {
    "cluster_name": "sessions-db",
    "namespace": "shop",
    "storage_size": "5Gi",
    "database": "sessions",
    "reason": "Sessions move out of orders-db",
}


def _list_clusters(stage: Stage) -> None:
    answer = stage.ask("Which PostgreSQL clusters do we have, and are they well?", "list_postgres_clusters")
    _show(stage, answer)
    _show_live(stage)
    told = {f"{one['namespace']}/{one['name']}": one["ready"] for one in answer.content["items"]}
    stage.expect(
        told == {"billing/invoices-db": 2, "shop/orders-db": 3}, "the server tells what the API holds", found=told
    )


def _dry_run(stage: Stage) -> None:
    before = stage.refs()
    answer = stage.ask(
        "What would a cluster for the sessions look like?", "create_postgres_cluster", **_NEW, dry_run=True
    )
    _show(stage, answer)
    stage.expect(answer.content["outcome"] == "dry_run" and stage.refs() == before, "the remote has no new branch")


def _create_cluster(stage: Stage) -> None:
    main = stage.tip(BASE)
    answer = stage.ask("Good, propose it.", "create_postgres_cluster", **_NEW)
    _show(stage, answer, diff="as in the dry run")
    branch = answer.content["branch"]
    stage.show("show", "--stat", branch)
    _expect_one_commit(stage, answer, main)
    pull, told = stage.pull_of(branch), answer.content["pull_request"]
    stage.screen.block(
        "forge", [f"#{pull.number} {pull.title}", f"{branch} → {pull.base}, opened by {pull.user.login}"]
    )
    stage.expect(told["number"] == pull.number, f"{stage.cast.forge} has the pull request that was told: {told['url']}")
    stage.expect(stage.instances("shop", "sessions-db") is None, "the API has no sessions-db: nothing was applied")


def _review_change(stage: Stage) -> None:
    answer = stage.ask("What is waiting for review?", "get_change", change="create-shop-sessions-db")
    _show(stage, answer, diff="below, as git has it")
    stage.screen.says("person", "And what does the reviewer read?")
    body = stage.pull_of(answer.content["branch"]).body or ""
    stage.screen.block("forge", body.splitlines())
    stage.expect(_NEW["reason"] in body, "the pull request says why, in the words of the request")
    patch = stage.show("show", "--format=", answer.content["branch"], diff=True)
    if stage.cast.api_token:
        stage.expect(answer.content["state"] == "in_review", "its state is: in_review, and not merged")
    else:
        stage.expect(answer.content["state"] == "pushed", "its state is: pushed, which is all that Git tells")
    stage.expect(
        _changed_lines(patch) == _changed_lines(answer.content["diff"].splitlines()),
        "the server's diff is git's, line by line",
    )


def _merge_change(stage: Stage) -> None:
    stage.merge("gitops-mcp/create-shop-sessions-db")
    stage.screen.says("person", "Tell me when it is up.")
    stage.screen.says("calls", 'get_change(change="create-shop-sessions-db"), until it is healthy')
    stage.until_healthy("create-shop-sessions-db")
    answer = stage.ask("How is it?", "get_cluster_status", cluster_name="sessions-db")
    _show(stage, answer, most=9)
    _show_live(stage)
    stage.expect(stage.instances("shop", "sessions-db") == 3, "three instances of sessions-db are ready")


def _scale_cluster(stage: Stage) -> None:
    main = stage.tip(BASE)
    answer = stage.ask(
        "orders-db needs another replica before the sale.",
        "scale_postgres_cluster",
        cluster_name="orders-db",
        instances=4,
        reason="One more replica before the sale",
    )
    _show(stage, answer, diff="below, as git has it")
    branch = answer.content["branch"]
    patch = stage.show("show", "--format=", branch, diff=True)
    _expect_one_commit(stage, answer, main)
    stage.expect(
        _changed_lines(patch)
        == [
            "-  instances: 3 # on three nodes, where there are as many",
            "+  instances: 4 # on three nodes, where there are as many",
        ],
        "one line has changed, and its comment is still there",
        found=_changed_lines(patch),
    )
    stage.merge(branch)
    stage.screen.says("calls", f'get_change(change="{answer.content["change"]}"), until it is healthy')
    stage.until_healthy(answer.content["change"])
    _show_live(stage)
    stage.expect(stage.instances("shop", "orders-db") == 4, "four instances of orders-db are ready")


def _create_role(stage: Stage) -> None:
    main = stage.tip(BASE)
    answer = stage.ask(
        "The analysts need a login of their own that may read everything there.",
        "create_postgres_role",
        cluster_name="sessions-db",
        role_name="analysts",
        in_roles=["pg_read_all_data"],
        reason="Analysts read the sessions",
    )
    _show(stage, answer, diff="a DatabaseRole, and an ExternalSecret that has its password generated in the cluster")
    branch = answer.content["branch"]
    _expect_one_commit(stage, answer, main)
    stage.merge(branch)
    stage.screen.says("calls", f'get_change(change="{answer.content["change"]}"), until it is healthy')
    stage.until_healthy(answer.content["change"])
    roles = stage.ask("Is it there?", "list_postgres_roles", cluster_name="sessions-db")
    _show(stage, roles)
    stage.screen.block("live", [stage.secret("shop", "sessions-db-analysts-password")])
    states = {one["name"]: one["state"] for one in roles.content["items"]}
    stage.expect(states.get("analysts") == "reconciled", "the operator has made the role", found=states)
    stage.expect(
        not stage.tells_password("shop", "sessions-db-analysts-password"),
        "its password is in no object of the repository and in nothing that the server has said",
    )


def _refuse_deletion(stage: Stage) -> None:
    before = stage.refs()
    answer = stage.ask("Away with invoices-db!", "delete_postgres_cluster", cluster_name="invoices-db")
    _show(stage, answer)
    stage.expect(
        answer.refused and answer.text.startswith("Refused: ") and "confirm_deletion=true" in answer.text,
        "it was refused, and the refusal says what is missing",
    )
    stage.expect(stage.refs() == before, "no branch has moved and none was made")
    stage.expect(stage.instances("billing", "invoices-db") == 2, "invoices-db is as it was")


def _discard_change(stage: Stage) -> None:
    before, main = stage.refs(), stage.tip(BASE)
    proposed = stage.ask(
        "Then give invoices-db a third instance.", "scale_postgres_cluster", cluster_name="invoices-db", instances=3
    )
    _show(stage, proposed, diff="one line", most=6)
    _expect_one_commit(stage, proposed, main)
    change, pull = proposed.content["change"], stage.pull_of(proposed.content["branch"])
    answer = stage.ask("No, forget it.", "discard_change", change=change, confirm_deletion=True)
    _show(stage, answer)
    stage.expect(stage.refs() == before, "its branch is gone, and every other is where it was")
    stage.forge.observe()
    stage.expect(not pull.is_open, f"its pull request #{pull.number} is closed")
    stage.expect(stage.instances("billing", "invoices-db") == 2, "invoices-db has its two instances still")
    left = stage.ask("What has become of it all?", "list_changes", state="all")
    _show(stage, left)
    states = {one["change"]: one["state"] for one in left.content["items"]}
    stage.expect(states.pop(change, "closed") == "closed", f"{change} is not open", found=states)
    stage.expect(
        states
        == {
            "create-shop-sessions-db": "healthy",
            "scale-shop-orders-db": "healthy",
            "create-role-shop-sessions-db-analysts": "healthy",
        },
        "the three that were merged are healthy",
        found=states,
    )


def _expect_one_commit(stage: Stage, answer: ToolAnswer, main: str) -> None:
    """Holds where the branch is one commit ahead of the base, the one that was told, and the base has not moved."""
    branch, commit = answer.content["branch"], answer.content["commit"]
    ahead = stage.git("rev-list", f"{main}..{branch}")
    files = stage.git("diff", "--name-only", main, branch)
    stage.expect(
        ahead == [commit] and stage.git("rev-parse", f"{commit}^") == [main] and stage.tip(BASE) == main,
        f"{branch} is exactly one commit ahead of {BASE}, and {BASE} has not moved",
        found=ahead,
    )
    stage.expect(
        files == sorted(one["path"] for one in answer.content["files"]),
        f"the commit touches what was told and nothing else: {', '.join(files)}",
        found=files,
    )


def _changed_lines(diff: list[str]) -> list[str]:
    """The lines that a diff adds and removes."""
    return [line for line in diff if line[:1] in {"+", "-"} and line[:4] not in {"+++ ", "--- "}]


def _show(stage: Stage, answer: ToolAnswer, *, diff: str | None = None, most: int | None = None) -> None:
    """The server's text; its diff is left out where `diff` says where else it stands."""
    text = answer.text
    if diff and (diff_block := re.search(r"^```diff\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)):
        count = diff_block.group(1).count("\n")
        text = text.replace(diff_block.group(), f"[diff of {count} lines: {diff}]")
    stage.screen.block("refused" if answer.refused else "server", text.splitlines(), most=most)


def _show_live(stage: Stage) -> None:
    stage.screen.block("live", [*stage.clusters(), stage.engine()])


STEPS: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("List: what is running?", _list_clusters),
    ("Create, as a dry run: what would change?", _dry_run),
    ("Create: one commit on a branch of its own, and its pull request", _create_cluster),
    ("Review: what a person reads", _review_change),
    ("Merge: a person decides, {engine} applies", _merge_change),
    ("Scale: one line of a file that people write", _scale_cluster),
    ("Role: a password that nobody sees", _create_role),
    ("Delete without confirmation: refused", _refuse_deletion),
    ("Discard: a change that nobody wants", _discard_change),
)
