"""Changes that are carried on where a forge has their pull requests: its word counts, and what it shows stays true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gitops_mcp import tools
from gitops_mcp.caller import Nobody
from gitops_mcp.errors import Refused
from gitops_mcp.sandbox.forges.values import Pull
from gitops_mcp.tools.offer.inputs import argument_model, read_arguments
from tests.fakes.forges import ForgeServers
from tests.fakes.proposing_team import ProposingTeam

FILE = "clusters/prod/shop/orders-db/cluster.yaml"
WORD = {"confirm_deletion": True}
BOTH = "{prod: {path: clusters/prod}, staging: {path: clusters/staging}}"
MOST = 2
"""Requests that tell what became of one change."""


@pytest.fixture(params=["github", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("gitlab", "gitea"))])
def team(request: pytest.FixtureRequest, forge_server: ForgeServers, monkeypatch: pytest.MonkeyPatch) -> ProposingTeam:
    made = ProposingTeam.of(forge_server(request.param))
    monkeypatch.setenv(made.variable, made.served.forge.token("bot"))
    return made


def ask(team: ProposingTeam, tool_name: str, /, **arguments: Any) -> Any:
    tool = next(one for one in tools.ALL if one.name == tool_name)
    with team.app().called(Nobody()) as app:
        return tool.call(app, read_arguments(argument_model(tool.function), {}, arguments))


def scaled(team: ProposingTeam, instances: int, **more: Any) -> Pull:
    """The pull request of change `size`, once it asks for so many."""
    ask(
        team,
        "scale_postgres_cluster",
        name="orders-db",
        instances=instances,
        change="size",
        reason="More load.",
        **more,
    )
    return team.pulls[-1]


def on_main(team: ProposingTeam, files: Mapping[str, str], message: str = "By hand") -> str:
    git = team.served.git
    git("fetch", "--quiet", "origin")
    git("checkout", "--quiet", "-B", "main", "origin/main")
    for path, text in files.items():
        place = team.served.checkout / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    git("add", "--all")
    git("commit", "--quiet", f"--message={message}")
    git("push", "--quiet", "origin", "main")
    return git("rev-parse", "HEAD")


def at(team: ProposingTeam, commit: str, path: str = FILE) -> str:
    team.served.git("fetch", "--quiet", "origin")
    return team.served.git("show", f"{commit}:{path}") + "\n"


def merged_otherwise(team: ProposingTeam, pull: Pull) -> None:
    """A squash whose message and content a person has written anew."""
    text = at(team, "origin/main").replace("instances: 3", "instances: 7")
    commit = on_main(team, {FILE: text}, "Make room")
    team.served.forge.observe()
    team.served.forge.end(pull, commit=commit, by="reviewer")


def merged_elsewhere(team: ProposingTeam, pull: Pull) -> None:
    team.served.git("push", "--quiet", "origin", "origin/main:refs/heads/release")
    team.served.forge.observe()
    team.served.forge.edit(pull, base="release")
    team.served.forge.merge(pull, "merge", delete=False)


def refs(team: ProposingTeam) -> str:
    return team.served.git("ls-remote", "origin", "refs/heads/*")


@pytest.mark.thorough
def test_what_was_merged_in_other_words_and_with_other_content_is_merged(team: ProposingTeam) -> None:
    merged_otherwise(team, scaled(team, 5))
    before = refs(team)
    for tool in ("refresh_change", "discard_change"):
        with pytest.raises(Refused, match=r"'size' is merged \(pull request #1 is merged as commit "):
            ask(team, tool, change="size", **WORD)
    with pytest.raises(Refused, match="is merged"):
        ask(team, "open_pull_request", change="size")
    for dry_run in (True, False):
        with pytest.raises(Refused, match=r"'size' is merged already \(pull request #1 is merged as commit "):
            ask(team, "scale_postgres_cluster", name="orders-db", instances=4, change="size", dry_run=dry_run)
    assert refs(team) == before
    with team.served.server.counted() as asked:
        planned = ask(team, "undo_change", change="size", dry_run=True, **WORD)
    assert len(asked) <= MOST
    assert {"-  instances: 7", "+  instances: 3"} <= {line[:15] for line in planned.diff.splitlines()}
    undone = ask(team, "undo_change", change="size", **WORD)
    assert undone.change == "undo-size"
    assert "overlapping-change" not in [one.id for one in undone.warnings]
    assert "instances: 3" in at(team, f"origin/{undone.branch}")
    body = team.pulls[-1].body or ""
    assert "takes back change size, which pull request #1 brought" in " ".join(body.replace("`", "").split())


def test_a_request_starts_anew_where_the_forge_says_that_the_change_of_its_name_is_merged(team: ProposingTeam) -> None:
    first = ask(team, "scale_postgres_cluster", name="orders-db", instances=5)
    merged_otherwise(team, team.pulls[-1])
    with team.served.server.counted() as asked:
        second = ask(team, "scale_postgres_cluster", name="orders-db", instances=5)
    assert (first.change, second.change) == ("scale-shop-orders-db", "scale-shop-orders-db-2")
    assert [pull.is_open for pull in team.pulls] == [False, True]
    assert len([one for one in asked if one.method == "GET" and "user" not in one.path]) <= MOST
    assert "  instances: 5" in at(team, f"origin/{second.branch}")


def test_a_change_whose_forge_does_not_answer_is_continued_by_what_git_says(team: ProposingTeam) -> None:
    scaled(team, 5)
    team.served.server.fail("/pulls|/merge_requests", "500")
    with team.served.server.counted() as asked:
        done = ask(team, "scale_postgres_cluster", name="orders-db", instances=4, change="size")
    assert done.outcome == "committed"
    assert {"pull-request-failed", "forge-unavailable"} < {one.id for one in done.warnings}
    assert len([one for one in asked if one.status == 500]) == 1


def test_what_was_closed_is_neither_brought_up_nor_taken_back(team: ProposingTeam) -> None:
    pull = scaled(team, 5)
    team.served.forge.close(pull)
    on_main(team, {"note": "x"})
    before = refs(team)
    with pytest.raises(Refused, match=r"pull request #1 was closed .* a person reopens it at http"):
        ask(team, "refresh_change", change="size", **WORD)
    with pytest.raises(Refused, match=r"closed .* nothing of it to take back"):
        ask(team, "undo_change", change="size", **WORD)
    assert refs(team) == before
    team.served.forge.reopen(pull)
    assert ask(team, "refresh_change", change="size").outcome == "committed"
    team.served.forge.close(pull)
    assert ask(team, "discard_change", change="size", **WORD).outcome == "discarded"


@pytest.mark.thorough
def test_what_was_merged_into_another_base_is_not_taken_back_on_its_branch(team: ProposingTeam) -> None:
    merged_elsewhere(team, scaled(team, 5))
    before = refs(team)
    with pytest.raises(Refused, match="pull request #1 is merged into release, not into main"):
        ask(team, "undo_change", change="size", **WORD)
    assert refs(team) == before
    on_main(team, {"note": "x"})
    again = ask(team, "refresh_change", change="size")
    assert (again.outcome, again.pull_request.outcome, again.pull_request.number) == ("committed", "created", 2)
    assert team.pulls[-1].base == "main"


def test_a_refresh_and_an_undo_keep_the_text_of_the_pull_request_true(team: ProposingTeam) -> None:
    pull = scaled(team, 4)
    scaled(team, 5)
    team.served.forge.edit(pull, body=f"Mind the sale.\n\n{pull.body}")
    text = at(team, "origin/main").replace("instances: 3", "instances: 2")
    on_main(team, {FILE: text})
    with team.served.server.counted() as asked:
        ask(team, "refresh_change", change="size", dry_run=True)
    assert len(asked) <= MOST
    done = ask(team, "refresh_change", change="size")
    assert (done.pull_request.number, done.pull_request.outcome) == (pull.number, "updated")
    assert "| `Cluster shop/orders-db` | `spec.instances` | `2` | `5` |" in (pull.body or "")
    assert (pull.body or "").startswith("Mind the sale.")
    assert pull.title == "Change Cluster shop/orders-db: spec.instances 2 -> 5"
    undone = ask(team, "undo_change", change="size", **WORD)
    assert undone.pull_request.number == pull.number
    assert "| `Cluster shop/orders-db` | `spec.instances` | `2` | `4` |" in (pull.body or "")
    assert pull.title == "Change Cluster shop/orders-db: spec.instances 2 -> 4"
    assert len(team.pulls) == 1


@pytest.mark.thorough
def test_what_is_repeated_is_named_in_its_pull_request(team: ProposingTeam) -> None:
    text = at(team, "origin/main").replace("namespace: shop", "namespace: shop-staging")
    on_main(team, {"clusters/staging/orders-db.yaml": text})
    team.configure(environments=BOTH)
    pull = scaled(team, 5, environment="prod")
    there: dict[str, Any] = {"change": "size", "environment": "staging", "reason": "Like prod."}
    with team.served.server.counted() as asked:
        ask(team, "repeat_change", **there, dry_run=True)
    assert len(asked) <= MOST
    merged_otherwise(team, pull)
    again = ask(team, "repeat_change", **there)
    assert "instances: 5" in at(team, f"origin/{again.branch}", "clusters/staging/orders-db.yaml")
    assert [one.id for one in again.warnings if one.id == "merged-otherwise"] == ["merged-otherwise"]
    body = " ".join((team.pulls[-1].body or "").replace("`", "").split())
    assert "repeats change size, which pull request #1 brought" in body
    assert "Like prod." in body


def test_a_forge_that_is_down_leaves_states_to_git_and_is_told(team: ProposingTeam) -> None:
    scaled(team, 5)
    on_main(team, {"note": "x"})
    team.served.server.stop()
    done = ask(team, "refresh_change", change="size", dry_run=True)
    assert "forge-unavailable" in [one.id for one in done.warnings]


@pytest.mark.thorough
def test_by_options_of_the_push_a_reviewer_reads_what_is_taken_back(forge_server: ForgeServers) -> None:
    """GitLab, with a credential for git alone."""
    made = ProposingTeam.of(forge_server("gitlab"))
    made.push_over_http(made.served.forge.token("bot", scopes=frozenset({"write_repository", "read_repository"})))
    pull = scaled(made, 4)
    made.served.forge.merge(pull, "merge", delete=True)
    done = ask(made, "undo_change", change="size", reason="The sale is over.", **WORD)
    assert (done.pull_request.outcome, done.pull_request.number) == ("created", 2)
    taken = made.pulls[-1]
    assert (taken.branch, taken.title) == ("gitops-mcp/undo-size", "Undo size")
    body = " ".join((taken.body or "").replace("`", "").split())
    assert "It takes back change size" in body
    assert "The sale is over." in body
    assert "| Cluster shop/orders-db | spec.instances | 4 | 3 |" in body
