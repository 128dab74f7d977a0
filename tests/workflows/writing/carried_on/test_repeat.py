from __future__ import annotations

import json
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Refused
from tests.workflows.writing.carried_on.conftest import House

ON = {"cluster_name": "db", "namespace": "shop", "environment": "prod", "change": "mine"}
NAMES = {"db": "db-staging", "shop": "shop-staging"}


@pytest.fixture
def proposed(house: House) -> House:
    """An open change of three requests."""
    house.ask("scale_postgres_cluster", name="db", environment="prod", instances=5, change="mine", reason="load")
    house.ask("create_postgres_role", role_name="clerk", password_source="none", connection_limit=3, **ON)
    house.ask("create_postgres_database", database_name="one", owner="clerk", extensions=["hstore"], **ON)
    return house


def specs(house: House, commit: str, environment: str) -> dict[str, Object]:
    """By kind and name, with the names of prod."""
    renamed = json.dumps(
        [
            [one.kind, one.name.replace("db-staging", "db"), made["spec"]]
            for one, made in house.objects(commit, environment).items()
        ]
    ).replace("db-staging", "db")
    return {f"{kind} {name}": spec for kind, name, spec in json.loads(renamed)}


@pytest.mark.parametrize("how", ["open", "merge", pytest.param("squash", marks=pytest.mark.thorough), "rebase"])
@pytest.mark.few(1)
def test_the_same_objects_come_out_in_another_layout(proposed: House, how: str) -> None:
    wanted = specs(proposed, "gitops-mcp/mine", "prod")
    if how != "open":
        proposed.commit({"note": "x"})
        proposed.merge("mine", how)
    made = proposed.ask("repeat_change", change="mine", environment="staging", names=NAMES)
    assert (made.outcome, made.change, made.environment) == ("committed", "repeat-mine-in-staging", "staging")
    branch = f"gitops-mcp/{made.change}"
    assert specs(proposed, branch, "staging") == wanted
    assert "\n\nload\n\n" in proposed.git("remote.git", "log", "-1", "--format=%b", branch)
    again = proposed.ask("repeat_change", change="mine", environment="staging", names=NAMES)
    assert (again.outcome, again.change) == ("unchanged", made.change)
    proposed.commit({"note": "y"})
    assert proposed.ask("refresh_change", change=made.change).outcome == "committed"
    assert specs(proposed, branch, "staging") == wanted


@pytest.mark.thorough
def test_a_branch_that_is_gone_after_a_squash_is_told_by_the_commit_on_the_base(proposed: House) -> None:
    proposed.merge("mine", "squash")
    proposed.git("author", "push", "--quiet", "origin", ":gitops-mcp/mine")
    proposed.git("", "clone", "--quiet", "remote.git", "other")
    (proposed.folder / "desk").rename(proposed.folder / "old")
    (proposed.folder / "other").rename(proposed.folder / "desk")
    made = proposed.ask("repeat_change", change="mine", environment="staging", names=NAMES)
    assert specs(proposed, f"gitops-mcp/{made.change}", "staging") == specs(proposed, "main", "prod")


def test_values_differ_there(proposed: House) -> None:
    values = {"Cluster/db:spec.instances": 2, "Database/db-staging-one:spec.owner": "app"}
    made = proposed.ask("repeat_change", change="mine", environment="staging", names=NAMES, values=values)
    found = specs(proposed, f"gitops-mcp/{made.change}", "staging")
    assert found["Cluster db"]["instances"] == 2
    assert found["Database db-one"]["owner"] == "app"
    proposed.commit({"note": "y"})
    assert proposed.ask("refresh_change", change=made.change).outcome == "committed"
    assert specs(proposed, f"gitops-mcp/{made.change}", "staging") == found


@pytest.mark.parametrize(
    ("arguments", "kind", "told"),
    [
        ({"environment": "staging"}, NotFound, "cannot be repeated in staging: .*'db'"),
        ({"environment": "nowhere"}, InvalidRequest, "there are: prod, staging"),
        ({"environment": "staging", "names": {**NAMES, "x": "y"}}, InvalidRequest, "names: no request of it names 'x'"),
        (
            {"environment": "staging", "names": NAMES, "values": {"Cluster/other:spec.instances": 1}},
            InvalidRequest,
            "values: this changes no 'Cluster/other'; there are: .*Cluster/db-staging",
        ),
        (
            {"environment": "staging", "names": NAMES, "values": {"Cluster/db:kind": "Pooler"}},
            InvalidRequest,
            "values: 'kind' is not a field that may differ",
        ),
    ],
)
@pytest.mark.few(2)
def test_what_is_not_there_is_named(
    proposed: House, arguments: dict[str, Any], kind: type[GitOpsError], told: str
) -> None:
    before = proposed.refs()
    with pytest.raises(kind, match=told):
        proposed.ask("repeat_change", change="mine", **arguments)
    assert proposed.refs() == before


def test_commits_of_others_are_named(proposed: House) -> None:
    theirs = proposed.commit({"prod/x.txt": "x"}, branch="gitops-mcp/mine", message="A reviewer's")
    before = proposed.refs()
    with pytest.raises(Refused, match=theirs[:12]):
        proposed.ask("repeat_change", change="mine", environment="staging", names=NAMES)
    assert proposed.refs() == before


def test_a_change_that_claims_to_repeat_itself_is_named(house: House) -> None:
    line = '{"arguments":{"change":"mine","environment":"staging"},"tool":"repeat_change"}'
    message = f"Odd\n\nGitops-Mcp-Request: {line}"
    house.commit({"prod/x.txt": "x"}, branch="gitops-mcp/mine", start="main", message=message)
    with pytest.raises(Refused, match="it repeats change 'mine', of which it is a part"):
        house.ask("repeat_change", change="mine", environment="staging")


@pytest.mark.thorough
def test_what_was_taken_back_in_the_change_is_not_asked_for_again(proposed: House) -> None:
    proposed.ask("undo_change", change="mine")
    made = proposed.ask("repeat_change", change="mine", environment="staging", names=NAMES)
    assert "Database db-one" not in specs(proposed, f"gitops-mcp/{made.change}", "staging")
    proposed.commit({"note": "y"})
    assert proposed.ask("refresh_change", change=made.change).outcome == "committed"
