"""Which change a request without one belongs to, and how often it is planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.clusters.cluster import INSTANCES, plan_scaling
from gitops_mcp.domain.plans.clusters.cluster_settings import ClusterUpdate
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.subject import ObjectPart, Subject
from gitops_mcp.errors import InvalidRequest, NotFound
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing import clusters, databases, roles
from gitops_mcp.workflows.writing.cluster_update import update_cluster
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from tests.adapters.git.conftest import CLUSTER, commit_all, git, program, write
from tests.fakes.called_app import called_app
from tests.workflows.conftest import Team, cluster

WHICH_ROLE = roles.WhichRole("db", "ada", "shop")
WHICH_DATABASE = databases.WhichDatabase("db", "sales", "shop")
NOTHING = {"login": None, "createdb": None}


def asking(tool: str, change: str | None = None) -> WriteRequest:
    return WriteRequest(tool, None, change=change, confirmed=True)


def updated(team: Team, change: str | None = None, **parameters: str) -> WriteResult:
    asked = ClusterUpdate(parameters=parameters)
    return update_cluster(team.app(), asking("update_postgres_cluster", change), "db", asked, namespace="shop")


def created(team: Team, instances: int = 1) -> WriteResult:
    new = clusters.NewCluster("new", "shop", instances, "1Gi", "18", None, {}, "app", None)
    return clusters.create_cluster(team.app(), asking("create_postgres_cluster"), new)


def deleted(team: Team) -> WriteResult:
    return clusters.delete_cluster(team.app(), asking("delete_postgres_cluster"), "db", namespace="shop")


def scaled(team: Team, name: str = "db", instances: int = 4) -> WriteResult:
    return clusters.scale_cluster(
        team.app(), asking("scale_postgres_cluster"), name, namespace=None, instances=instances
    )


def role_created(team: Team) -> WriteResult:
    app, request = team.app(), asking("create_postgres_role")
    return roles.create_role(app, request, WHICH_ROLE, {}, password_source="none", adopt=False)


def role_updated(team: Team, **given: object) -> WriteResult:
    return roles.update_role(team.app(), asking("update_postgres_role"), WHICH_ROLE, given, rotate=False)


def role_deleted(team: Team) -> WriteResult:
    return roles.delete_role(team.app(), asking("delete_postgres_role"), WHICH_ROLE, drop=False)


def database_created(team: Team) -> WriteResult:
    app, request = team.app(), asking("create_postgres_database")
    return databases.create_database(
        app, request, WHICH_DATABASE, owner="app", reclaim_policy="retain", extensions=(), schemas=()
    )


def database_deleted(team: Team) -> WriteResult:
    return databases.delete_database(team.app(), asking("delete_postgres_database"), WHICH_DATABASE, drop=False)


@pytest.fixture
def team_with_cluster(team: Team) -> Team:
    team.commit({"db.yaml": cluster()})
    return team


def test_two_requests_for_different_parameters_are_two_changes(team_with_cluster: Team) -> None:
    first = updated(team_with_cluster, work_mem="8MB")
    second = updated(team_with_cluster, jit="off")
    assert (first.change, second.change) == ("update-parameters-shop-db", "update-parameters-shop-db-2")
    assert "work_mem" not in str(second.diff)
    assert second.summary == "Update Cluster shop/db: parameters"


def test_the_same_parameter_again_continues_the_change_that_sets_it(team_with_cluster: Team) -> None:
    updated(team_with_cluster, work_mem="8MB")
    updated(team_with_cluster, jit="off")
    again = updated(team_with_cluster, work_mem="16MB")
    other = updated(team_with_cluster, jit="on")
    assert (again.change, other.change) == ("update-parameters-shop-db", "update-parameters-shop-db-2")
    assert again.summary == (
        "adds to open change 'update-parameters-shop-db' (1 commit, by Test User): Update Cluster shop/db: parameters"
    )
    assert again.markdown().splitlines()[0].endswith(again.summary)
    third = updated(team_with_cluster, work_mem="32MB")
    assert "(2 commits, by Test User)" in third.summary


def test_a_request_for_more_than_a_change_sets_starts_another(team_with_cluster: Team) -> None:
    updated(team_with_cluster, work_mem="8MB")
    both = updated(team_with_cluster, work_mem="8MB", jit="off")
    assert both.change == "update-parameters-shop-db-2"


def test_what_a_change_sets_as_it_was_asked_for_is_unchanged(team_with_cluster: Team) -> None:
    updated(team_with_cluster, work_mem="8MB")
    again = updated(team_with_cluster, work_mem="8MB")
    assert (again.change, again.outcome, again.commit) == ("update-parameters-shop-db", "unchanged", None)
    assert again.summary.startswith("in open change 'update-parameters-shop-db' (1 commit, by Test User): ")


def test_a_number_of_instances_continues_its_own_change(team_with_cluster: Team) -> None:
    assert [scaled(team_with_cluster, instances=number).change for number in (4, 5)] == ["scale-shop-db"] * 2


def test_a_request_for_what_the_base_says_already_names_no_change(team_with_cluster: Team) -> None:
    done = scaled(team_with_cluster, instances=3)
    assert (done.outcome, done.change, done.branch) == ("unchanged", None, None)


def test_a_request_without_a_name_starts_on_a_branch_of_its_name_that_holds_nothing(team_with_cluster: Team) -> None:
    team_with_cluster.git("branch", "gitops-mcp/scale-shop-db")
    base = team_with_cluster.commit({"README.md": "Shop\n"})
    done = scaled(team_with_cluster)
    assert (done.change, done.summary) == ("scale-shop-db", "Scale Cluster shop/db to 4 instances")
    assert team_with_cluster.git("rev-parse", "gitops-mcp/scale-shop-db~1") == base


def test_a_merged_change_is_not_continued(team_with_cluster: Team) -> None:
    first = updated(team_with_cluster, work_mem="8MB")
    assert first.branch
    team_with_cluster.merge(first.branch)
    assert updated(team_with_cluster, work_mem="16MB").change == "update-parameters-shop-db-2"


def test_a_named_change_takes_whatever_is_asked_of_it(team_with_cluster: Team) -> None:
    updated(team_with_cluster, "mine", work_mem="8MB")
    second = updated(team_with_cluster, "mine", jit="off")
    assert (second.change, second.outcome) == ("mine", "committed")
    assert "adds to" not in second.summary


Asked = Callable[[Team], WriteResult]


@pytest.mark.parametrize(
    ("before", "asked"),
    [
        pytest.param((), created, id="a Cluster that is created"),
        pytest.param((), deleted, id="a Cluster that is deleted"),
        pytest.param((), role_created, id="a role that is created"),
        pytest.param((role_created,), role_deleted, id="a role that is deleted"),
        pytest.param((), database_created, id="a database that is created"),
        pytest.param((database_created,), database_deleted, id="a database that is deleted"),
    ],
)
@pytest.mark.few(2)
def test_a_repeated_creation_or_deletion_meets_its_own_open_change(
    team_with_cluster: Team, before: tuple[Asked, ...], asked: Asked
) -> None:
    for one in before:
        team_with_cluster.merge(str(one(team_with_cluster).branch))
    first = asked(team_with_cluster)
    again = asked(team_with_cluster)
    assert (first.outcome, again.outcome) == ("committed", "unchanged")
    assert again.change == first.change
    assert again.summary.startswith(f"in open change {first.change!r} (1 commit, by Test User): ")


def test_a_creation_that_differs_from_its_open_change_is_refused_there(team_with_cluster: Team) -> None:
    created(team_with_cluster)
    with pytest.raises(InvalidRequest, match="cluster_name: Cluster shop/new exists already, declared at "):
        created(team_with_cluster, instances=2)


@pytest.mark.parametrize(
    ("makes", "asked"),
    [
        pytest.param(created, lambda team: scaled(team, "new"), id="Cluster"),
        pytest.param(role_created, lambda team: role_updated(team, createdb=True), id="role"),
        pytest.param(database_created, database_deleted, id="database"),
    ],
)
def test_the_open_change_that_adds_an_object_is_proposed(team_with_cluster: Team, makes: Asked, asked: Asked) -> None:
    made = makes(team_with_cluster)
    with pytest.raises(NotFound, match=f"the open change '{made.change}' declares it: repeat this with change="):
        asked(team_with_cluster)


@pytest.mark.parametrize(
    ("makes", "asked", "path"),
    [
        pytest.param(created, lambda team: scaled(team, "new"), "shop/new/cluster.yaml", id="Cluster"),
        pytest.param(role_created, lambda team: role_updated(team, createdb=True), None, id="role"),
        pytest.param(database_created, database_deleted, None, id="database"),
    ],
)
@pytest.mark.few(1)
def test_a_change_that_is_merely_behind_is_not_proposed(
    team_with_cluster: Team, makes: Asked, asked: Asked, path: str | None
) -> None:
    """It still has what the base has deleted since, and adds none of it."""
    team = team_with_cluster
    before = team.git("rev-parse", "HEAD")
    team.merge(str(makes(team).branch))
    updated(team, "behind", jit="off")
    for gone in team.git("diff", "--name-only", "--diff-filter=A", before, "HEAD").splitlines():
        team.commit({gone: None})
    kept = team.git("diff", "--name-only", "--diff-filter=M", before, "HEAD").splitlines()
    if kept:
        team.git("checkout", "--quiet", before, "--", *kept)
        team.commit({})
    with pytest.raises(NotFound) as error:
        asked(team)
    assert "behind" not in str(error.value)


@dataclass
class CountedScaling:
    """A scaling that counts how often it was planned."""

    instances: int
    planned: int = 0
    seen: list[bool] = field(default_factory=list)
    """Whether it was planned on an open change, each time."""

    def about(self, view: View) -> Subject:
        identity = self._identity(view)
        return Subject("scale", identity, (ObjectPart(identity, INSTANCES),))

    def plan(self, view: View) -> Plan:
        self.planned += 1
        self.seen.append(view.proposed)
        declared = view.desired.cluster("orders", "shop", environment=view.environment.name)
        return plan_scaling(declared, view.desired, namespace="shop", instances=self.instances)

    def _identity(self, view: View) -> Identity:
        return view.desired.cluster("orders", "shop", environment=view.environment.name).identity

    def delivered(self, app: App, *, change: str | None = None) -> WriteResult:
        return deliver(app, WriteRequest("scale_postgres_cluster", None, change=change), Writing(self.about, self.plan))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    made = tmp_path / "checkout"
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "remote.git"), str(made))
    write(made / "orders.yaml", CLUSTER)
    commit_all(made, "Start")
    git(made, "push", "--quiet", "origin", "main")
    return made


@pytest.mark.parametrize("change", [None, "mine"])
def test_a_request_is_planned_once_also_where_its_change_is_open(checkout: Path, change: str | None) -> None:
    app = called_app(checkout)
    for number, is_open in ((4, False), (5, True), (5, True)):
        scaling = CountedScaling(number)
        scaling.delivered(app, change=change)
        assert scaling.seen == [is_open]


def test_a_request_is_planned_once_where_another_open_change_touches_the_same(checkout: Path) -> None:
    app = called_app(checkout)
    CountedScaling(4).delivered(app, change="theirs")
    mine = CountedScaling(5)
    assert "overlapping-change" in [one.id for one in mine.delivered(app, change="mine").warnings]
    assert mine.planned == 1


@pytest.mark.thorough
def test_a_request_is_planned_once_more_for_each_race_that_it_loses(checkout: Path, tmp_path: Path) -> None:
    app = called_app(checkout)
    CountedScaling(4).delivered(app, change="mine")
    remote = tmp_path / "remote.git"
    another = f"git --git-dir={remote} commit-tree -p gitops-mcp/mine -m Another gitops-mcp/mine^{{tree}}"
    program(
        checkout / ".git/hooks/pre-commit",
        f"""unset $(git rev-parse --local-env-vars)
echo >>{tmp_path}/tries
[ $(wc -l <{tmp_path}/tries) -gt 2 ] || git --git-dir={remote} update-ref refs/heads/gitops-mcp/mine $({another})""",
    )
    scaling = CountedScaling(5)
    assert scaling.delivered(app, change="mine").outcome == "committed"
    assert scaling.planned == 3
