"""What callers, repositories and machines get wrong: a clear error each time, and nothing changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.sandbox.run import World, start_sandbox
from tests.e2e.team import Assistant, Look, Team, assistant, look, text

CONFIGURATION = """\
environments:
  prod:
    path: clusters/prod
    namespaces: [shop, billing]
  dev:
    path: clusters/dev
  linked:
    path: clusters/linked
  open:
    path: clusters/open
"""


def cluster(name: str, namespace: str, *, instances: str = "3") -> str:
    return f"""\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: {name}
  namespace: {namespace}
spec:
  instances: {instances}
  storage:
    size: 1Gi
"""


FILES = {
    ".gitops-mcp.yaml": CONFIGURATION,
    "clusters/prod/shop/orders-db.yaml": cluster("orders-db", "shop"),
    "clusters/prod/shop/carts-db.yaml": cluster("carts-db", "shop"),
    "clusters/prod/shop/kustomization.yaml": "resources:\n  - carts-db.yaml\n  - orders-db.yaml\n",
    "clusters/prod/shop/twice-a.yaml": cluster("twice", "shop"),
    "clusters/prod/shop/twice-b.yaml": cluster("twice", "shop"),
    "clusters/prod/shop/template.yaml": cluster("template", "shop", instances="{{ .Values.instances }}"),
    "clusters/prod/shop/filled-in.yaml": cluster("filled-in", "shop", instances='"${INSTANCES}"'),
    "clusters/prod/shop/both.yaml": cluster("both", "shop"),
    "clusters/prod/billing/both.yaml": cluster("both", "billing"),
    "clusters/prod/billing/invoices-db.yaml": cluster("invoices-db", "billing"),
    "clusters/prod/billing/kustomization.yaml": "resources: [invoices-db.yaml\n",
}
PASSED_OVER = (
    "; 2 files passed over, the first clusters/prod/billing/kustomization.yaml:2: while parsing a flow sequence "
    "did not find expected ',' or ']'"
)


@dataclass(frozen=True)
class Desk:
    team: Team
    ask: Assistant
    world: World
    audit: Path

    def told(self) -> str:
        """Everything that the server has said besides its answers."""
        return self.team.log.read_text() + self.audit.read_text()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    place = tmp_path_factory.mktemp("bad")
    team = Team.of(place / "team", FILES)
    (team.author / "clusters/linked").symlink_to("prod")
    (team.author / "clusters/open").mkdir()
    (team.author / "clusters/open/outside").symlink_to("../../..")
    team.commit({"clusters/open/shop/open-db.yaml": cluster("open-db", "shop")})
    team.git(team.checkout, "pull", "--quiet")
    (team.checkout / "clusters/prod/shop/orders-db.yaml").write_text("mine\n")
    team.git(team.checkout, "add", "--all")
    (team.checkout / "notes.txt").write_text("mine\n")
    flags = ("--audit-log", str(place / "audit"), "--log-level", "debug")
    with (
        start_sandbox(place / "api", api_only=True) as world,
        assistant(team, *flags, kubeconfig=world.kubeconfig) as ask,
    ):
        yield Desk(team, ask, world, place / "audit")


@pytest.fixture(scope="module")
def before(desk: Desk) -> tuple[Look, dict[str, str]]:
    return look(desk.team.checkout), desk.team.branches()


def unchanged(desk: Desk, before: tuple[Look, dict[str, str]]) -> None:
    assert look(desk.team.checkout) == before[0]
    assert desk.team.branches() == before[1]
    assert not {asked["method"] for asked in desk.world.asked()} - {"GET", "POST"}


NAME = "at most 50 characters, lower-case letters, digits and '-', starting with a letter and ending with a letter or digit"
CHANGE = "is not the name of a change: 1 to 63 characters, lower-case letters, digits and '-', starting with a letter or digit"
NUMBER = "(a whole number from 1 to 100)"
SIZE = "is not a size: a number with a unit such as Gi or G, without spaces and without B"


NAMING: dict[str, dict[str, Any]] = {
    "create_postgres_cluster": {"namespace": "shop"},
    "scale_postgres_cluster": {"instances": 2},
    "delete_postgres_cluster": {"confirm_deletion": True},
    "get_cluster_status": {},
}


@pytest.mark.parametrize(
    ("tool", "given", "such_as"),
    [
        ("create_postgres_cluster", "Orders", "orders"),
        ("create_postgres_cluster", "1db", "db"),
        ("create_postgres_cluster", "-x", "x"),
        ("create_postgres_cluster", "a_b", "a-b"),
        ("create_postgres_cluster", "a.b", "a-b"),
        ("create_postgres_cluster", "db-", "db"),
        ("create_postgres_cluster", "../x", "x"),
        ("create_postgres_cluster", "a\nb", "a-b"),
        ("scale_postgres_cluster", "../x", "x"),
        ("delete_postgres_cluster", "-x", "x"),
        ("get_cluster_status", "orders db", "orders-db"),
    ],
)
@pytest.mark.few(3)
def test_a_name_that_is_no_label(
    desk: Desk, before: tuple[Look, dict[str, str]], tool: str, given: str, such_as: str
) -> None:
    told = desk.ask.refusal(tool, name=given, environment="prod", **NAMING[tool])
    assert told == f"InvalidRequest: cluster_name: {given!r} is not a Cluster name: {NAME}, such as {such_as!r}"
    unchanged(desk, before)


@pytest.mark.parametrize("given", ["../main", "-x", "Main", "a/b", "a..b", "main.lock", "a b", "@{1}", "HEAD"])
def test_a_name_that_is_no_change(desk: Desk, before: tuple[Look, dict[str, str]], given: str) -> None:
    calls: dict[str, dict[str, Any]] = {
        "scale_postgres_cluster": {"name": "orders-db", "instances": 2, "environment": "prod"},
        "get_change": {},
        "discard_change": {"confirm_deletion": True},
    }
    for tool, more in calls.items():
        told = desk.ask.refusal(tool, change=given, **more)
        assert told.startswith(f"InvalidRequest: change: {given!r} {CHANGE}, such as '")
    unchanged(desk, before)


def bad(tool: str, told: str, *, id: str, **arguments: Any) -> Any:  # noqa: A002 - as pytest.param has it
    return pytest.param(f"{tool}_postgres_cluster" if "_" not in tool else tool, arguments, told, id=id)


SCALE: dict[str, Any] = {"name": "orders-db", "environment": "prod"}
CHANGING: dict[str, dict[str, Any]] = {"scale": {"instances": 2}, "delete": {"confirm_deletion": True}}
WRITING: dict[str, dict[str, Any]] = {"create": {}, **CHANGING}
MEMBERS: dict[str, dict[str, Any]] = {
    "create_postgres_role": {"role_name": "reader", "password_source": "none", "environment": "prod"},
    "update_postgres_role": {"role_name": "reader", "createdb": True, "environment": "prod"},
    "delete_postgres_role": {"role_name": "reader", "confirm_deletion": True, "environment": "prod"},
    "migrate_postgres_roles": {"environment": "prod"},
    "create_postgres_database": {"database_name": "more", "owner": "app", "environment": "prod"},
    "delete_postgres_database": {"database_name": "more", "confirm_deletion": True, "environment": "prod"},
}
CREATE: dict[str, Any] = {"name": "new", "namespace": "shop", "environment": "prod"}


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        bad(
            "create",
            "InvalidRequest: name: string should have at most 50 characters",
            id="a name that is too long",
            **{**CREATE, "name": "x" * 51},
        ),
        bad(
            "scale",
            f"InvalidRequest: instances: input should be greater than or equal to 1 {NUMBER}",
            id="no instance",
            instances=0,
            **SCALE,
        ),
        bad(
            "scale",
            f"InvalidRequest: instances: input should be greater than or equal to 1 {NUMBER}",
            id="less than none",
            instances=-1,
            **SCALE,
        ),
        bad(
            "scale",
            f"InvalidRequest: instances: input should be less than or equal to 100 {NUMBER}",
            id="a huge number",
            instances=10**12,
            **SCALE,
        ),
        bad(
            "scale",
            "InvalidRequest: instances: 50 is more than limits.maxInstances of .gitops-mcp.yaml allows; at most 9",
            id="more than the limit",
            instances=50,
            **SCALE,
        ),
        *(
            bad(
                tool,
                f"InvalidRequest: instances: input should be a valid integer {NUMBER}",
                id=f"{tool} to {given!r} instances",
                instances=given,
                **arguments,
            )
            for given in ("three", "3", True, 2.5)
            for tool, arguments in (("scale", SCALE), ("create", CREATE))
        ),
        *(
            bad(
                "create",
                f"InvalidRequest: storage_size: {given!r} {why}",
                id=f"{given} of storage",
                storage_size=given,
                **CREATE,
            )
            for given, why in {
                "ten": f"{SIZE}; such as 10Gi",
                "10GB": f"{SIZE}; such as 10Gi",
                "-1Gi": "is not more than zero; such as 1Gi",
                "0": "is not more than zero; such as 10Gi",
                "10m": "is less than 1Mi; without a unit it counts bytes, and m means thousandths; such as 10Mi",
            }.items()
        ),
        bad(
            "scale",
            "InvalidRequest: there is no argument 'dryrun'; did you mean dry_run?",
            id="an argument that is nearly one",
            instances=2,
            dryrun=True,
            **SCALE,
        ),
        bad(
            "list_postgres_clusters",
            "InvalidRequest: there is no argument 'password'; there are: environment, namespace, only, detail_level, limit, "
            "cursor",
            id="an argument that is none",
            password="hunter2",
        ),
        bad(
            "list_postgres_clusters",
            "InvalidRequest: environment: no environment 'porduction'; there are: dev, linked, open, prod",
            id="an unknown environment",
            environment="porduction",
        ),
        bad(
            "scale",
            "InvalidRequest: environment: say which; there are: dev, linked, open, prod",
            id="an environment that is left open",
            name="orders-db",
            instances=2,
        ),
        bad(
            "scale",
            "InvalidRequest: namespace: 'shpo' is not one of environment 'prod'; there are: shop, billing",
            id="an unknown namespace",
            instances=2,
            namespace="shpo",
            **SCALE,
        ),
        bad(
            "create",
            "InvalidRequest: namespace: say in which namespace, since nothing else does; there are: shop, billing",
            id="a namespace that is left open",
            name="new",
            environment="prod",
        ),
        bad(
            "create",
            "InvalidRequest: cluster_name: Cluster shop/orders-db exists already, declared at clusters/prod/shop/orders-db.yaml:1. "
            "Choose another name, or change that one with scale_postgres_cluster",
            id="a cluster that exists",
            **{**CREATE, "name": "orders-db"},
        ),
        bad(
            "scale",
            f"NotFound: Git declares no Cluster 'ordres-db' in prod; there are: orders-db, invoices-db, carts-db, both, filled-in and 1 more{PASSED_OVER}",
            id="a cluster that does not exist",
            name="ordres-db",
            instances=2,
            environment="prod",
        ),
        bad(
            "scale",
            f"NotFound: Git declares no Cluster 'orders-db' in prod, namespace billing; there are: invoices-db, both{PASSED_OVER}",
            id="a cluster of another namespace",
            namespace="billing",
            instances=2,
            **SCALE,
        ),
        bad(
            "get_cluster_status",
            "NotFound: no Cluster 'ordres-db' in prod, neither live nor in Git; there are: orders-db, invoices-db, carts-db, both, filled-in and 1 more",
            id="the status of a cluster that does not exist",
            name="ordres-db",
            environment="prod",
        ),
        bad(
            "scale",
            "InvalidRequest: namespace: prod declares a Cluster 'both' in several: billing (clusters/prod/billing/both.yaml:1), "
            "shop (clusters/prod/shop/both.yaml:1); name one",
            id="a name in two namespaces",
            name="both",
            instances=2,
            environment="prod",
        ),
        *(
            bad(
                tool,
                "Refused: two documents declare Cluster 'twice' in prod: clusters/prod/shop/twice-a.yaml:1 and "
                "clusters/prod/shop/twice-b.yaml:1. Which of them is applied last decides, so neither is edited: remove "
                "one of them first",
                id=f"{tool} of a cluster that two documents declare",
                name="twice",
                environment="prod",
                **more,
            )
            for tool, more in CHANGING.items()
        ),
        *(
            bad(
                tool,
                "InvalidRequest: no Cluster 'template' was found in prod, but clusters/prod/shop/template.yaml mentions it "
                "and cannot be read: line 7: a key that is not a scalar (an unquoted {{ template }}?). Edit that file by hand",
                id=f"{tool} in a file that does not parse",
                name="template",
                environment="prod",
                **more,
            )
            for tool, more in CHANGING.items()
        ),
        bad(
            "create",
            "InvalidRequest: clusters/prod/shop/template.yaml exists already: name another place in layout of "
            ".gitops-mcp.yaml, or remove it",
            id="create over a file that does not parse",
            **{**CREATE, "name": "template"},
        ),
        *(
            bad(
                tool,
                "InvalidRequest: whether clusters/prod/billing/kustomization.yaml lists "
                f"clusters/prod/billing/{name}.yaml cannot be determined or changed, since it cannot be read: "
                "clusters/prod/billing/kustomization.yaml:2: while parsing a flow sequence did not find expected ',' "
                "or ']'. Mend that file first",
                id=f"{tool} beside a kustomization that does not parse, {len(more)} flags",
                name=name,
                namespace="billing",
                environment="prod",
                **more,
            )
            for tool, name in (("create", "new"), ("delete", "invoices-db"))
            for more in (WRITING[tool], {**WRITING[tool], "dry_run": True})
        ),
        bad(
            "scale",
            "Refused: spec.instances of Cluster shop/filled-in at clusters/prod/shop/filled-in.yaml:7 is "
            "'${INSTANCES}': it is filled in by something else, such as a variable; change it there, or write a value in its "
            "place by hand. INSTANCES is set by nothing that was read",
            id="a number that something else fills in",
            name="filled-in",
            instances=2,
            environment="prod",
        ),
        *(
            bad(
                tool,
                "Refused: path: clusters/linked is not a folder of the repository: clusters/linked is a symbolic link; name a folder",
                id=f"{tool} through a symlink, dry run {dry_run}",
                environment="linked",
                name="orders-db",
                namespace="shop",
                dry_run=dry_run,
                **more,
            )
            for dry_run in (True, False)
            for tool, more in WRITING.items()
        ),
        bad(
            "get_change",
            "NotFound: change: there is no change 'scale-nothing'; none is known here; list_changes state=all says which may not be",
            id="an unknown change",
            change="scale-nothing",
        ),
        bad(
            "discard_change",
            "NotFound: change: there is no change 'scale-nothing'; none is known here; list_changes state=all says which may not be",
            id="an unknown change to discard",
            change="scale-nothing",
            confirm_deletion=True,
        ),
        bad(
            "list_changes",
            "InvalidRequest: cursor: it is none of list_changes; leave it out to start again",
            id="a cursor that is none",
            cursor="xx",
        ),
        bad(
            "create",
            "InvalidRequest: postgres_version: 'eighteen' is not a version of PostgreSQL; a major such as '18', or a full tag "
            "such as '18.4-standard-trixie'",
            id="a version that is none",
            postgres_version="eighteen",
            **CREATE,
        ),
        bad(
            "create",
            "InvalidRequest: parameters: port may not be set: the operator sets it itself; leave it out",
            id="a parameter of the operator",
            parameters={"port": "1"},
            **CREATE,
        ),
        bad(
            "create",
            "InvalidRequest: parameters.max_connections: input should be a valid string (As strings: "
            '{"max_connections": "200"})',
            id="a parameter that is not a string",
            parameters={"max_connections": 200},
            **CREATE,
        ),
        *(
            bad(tool, told, id=f"{tool} in {what}", **{**MEMBERS[tool], "cluster_name": name, **more})
            for tool in MEMBERS
            for name, what, more, told in (
                (
                    "both",
                    "a cluster of two namespaces",
                    {},
                    (
                        "InvalidRequest: namespace: prod declares a Cluster 'both' in several: billing "
                        "(clusters/prod/billing/both.yaml:1), shop (clusters/prod/shop/both.yaml:1); name one"
                    ),
                ),
                (
                    "ordres-db",
                    "a cluster that does not exist",
                    {},
                    (
                        "NotFound: Git declares no Cluster 'ordres-db' in prod; there are: orders-db, invoices-db, "
                        f"carts-db, both, filled-in and 1 more{PASSED_OVER}"
                    ),
                ),
                (
                    "Orders_DB",
                    "a cluster whose name is none",
                    {},
                    f"InvalidRequest: cluster_name: 'Orders_DB' is not a Cluster name: {NAME}, such as 'orders-db'",
                ),
                (
                    "orders-db",
                    "an unknown namespace",
                    {"namespace": "shpo"},
                    "InvalidRequest: namespace: 'shpo' is not one of environment 'prod'; there are: shop, billing",
                ),
                (
                    "orders-db",
                    "an unknown environment",
                    {"environment": "porduction"},
                    "InvalidRequest: environment: no environment 'porduction'; there are: dev, linked, open, prod",
                ),
            )
        ),
        bad(
            "delete",
            "Refused: deleting Cluster shop/orders-db deletes its pods and PVCs with all data. This call would propose: Delete "
            "Cluster shop/orders-db. Nothing was changed. Ask the person; once they agree, repeat this with "
            "confirm_deletion=true (dry_run=true shows the diff without it)",
            id="a deletion that nobody has confirmed",
            **SCALE,
        ),
        bad(
            "scale",
            "Refused: no replica is left: the next failure of the instance or its node is an outage, and that of its volume loses data. This call would propose: Scale Cluster shop/orders-db to 1 instance. Nothing was changed. Ask the person; once they agree, repeat this with confirm_deletion=true (dry_run=true shows the diff without it)",
            id="the last replica without a confirmation",
            instances=1,
            **SCALE,
        ),
    ],
)
def test_what_cannot_be_done(
    desk: Desk, before: tuple[Look, dict[str, str]], tool: str, arguments: dict[str, Any], told: str
) -> None:
    assert desk.ask.refusal(tool, **arguments) == told
    unchanged(desk, before)


def test_many_faults_are_named_together_and_no_value_is_repeated(
    desk: Desk, before: tuple[Look, dict[str, str]]
) -> None:
    told = desk.ask.refusal("scale_postgres_cluster", instances="hunter2", token="hunter2", dry_run="hunter2")
    assert told == (
        f"InvalidRequest: cluster_name: is required; instances: input should be a valid integer {NUMBER}; dry_run: input should be "
        "a valid boolean (Only show it); there is no argument 'token'; there are: cluster_name, "
        "instances, confirm_deletion, namespace, environment, change, reason, dry_run"
    )
    assert "hunter2" not in told + desk.told()
    unchanged(desk, before)


def test_a_new_file_behind_a_symlink_is_refused_also_where_it_would_only_be_shown(
    desk: Desk, before: tuple[Look, dict[str, str]]
) -> None:
    for dry_run in (True, False):
        told = desk.ask.refusal(
            "create_postgres_cluster", name="new", namespace="outside", environment="open", dry_run=dry_run
        )
        assert (
            told
            == "Refused: clusters/open/outside/new.yaml cannot be written: clusters/open/outside is a symbolic link"
        )
    unchanged(desk, before)


def test_an_unknown_tool_is_an_error(desk: Desk, before: tuple[Look, dict[str, str]]) -> None:
    assert "drop_everything" in desk.ask.refusal("drop_everything", environment="prod")
    unchanged(desk, before)


SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("scale_postgres_cluster", {**SCALE, "instances": 2, "namespace": f"postgres://app:{SECRET}@db/x"}),
        ("create_postgres_cluster", {**CREATE, "storage_class": f"https://ci:{SECRET}@host"}),
        ("create_postgres_cluster", {**CREATE, "storage_size": f"password={SECRET}"}),
        ("create_postgres_cluster", {**CREATE, "parameters": {"primary_conninfo": f"password={SECRET}"}}),
        ("create_postgres_cluster", {**CREATE, "parameters": {f"https://ci:{SECRET}@host": "1"}}),
        ("get_change", {"change": f"https://{SECRET}@example.com/x"}),
        ("list_postgres_clusters", {"cursor": f"password: {SECRET}", "environment": "prod"}),
        ("list_postgres_clusters", {"password": SECRET}),
    ],
)
def test_a_secret_that_is_put_in_a_wrong_place_is_not_repeated(
    desk: Desk, before: tuple[Look, dict[str, str]], tool: str, arguments: dict[str, Any]
) -> None:
    told = desk.ask.refusal(tool, **arguments)
    assert told.startswith("InvalidRequest: ")
    assert SECRET not in told + desk.told()
    unchanged(desk, before)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A repository in which nothing is wrong."""
    return Team.of(
        tmp_path / "team",
        {
            ".gitops-mcp.yaml": "environments:\n  prod:\n    path: clusters/prod\n",
            "clusters/prod/shop/orders-db.yaml": cluster("orders-db", "shop"),
            "clusters/prod/shop/carts-db.yaml": cluster("carts-db", "shop"),
            "clusters/prod/shop/kustomization.yaml": "resources:\n  - carts-db.yaml\n  - orders-db.yaml\n",
        },
    )


def test_a_reason_may_hold_a_secret_that_goes_nowhere(team: Team, tmp_path: Path) -> None:
    reason = f"more load, PGPASSWORD={SECRET}1; see https://ci:{SECRET}2@example.com/x, the password is {SECRET}3"
    audit = tmp_path / "audit"
    with assistant(team, "--audit-log", str(audit), "--log-level", "debug") as ask:
        shown = text(ask.call("scale_postgres_cluster", name="orders-db", instances=5, reason=reason, dry_run=True))
        done = ask.call("scale_postgres_cluster", name="orders-db", instances=5, reason=reason)
        followed = ask.call("get_change", change="scale-shop-orders-db", detail_level="detailed")
    message = team.git(team.remote, "log", "-1", "--format=%B", "gitops-mcp/scale-shop-orders-db")
    assert (
        "more load, PGPASSWORD=<redacted>; see https://<redacted>@example.com/x, the password is <redacted>" in message
    )
    answers = shown + text(done) + text(followed) + json.dumps([done.structured_content, followed.structured_content])
    assert [json.loads(line)["outcome"] for line in audit.read_text().splitlines()] == ["dry_run", "committed", "ok"]
    assert SECRET not in answers + message + audit.read_text() + team.log.read_text()


WRITES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("create_postgres_cluster", {"name": "new", "namespace": "shop"}),
    ("scale_postgres_cluster", {"name": "orders-db", "instances": 5}),
    ("delete_postgres_cluster", {"name": "orders-db", "confirm_deletion": True}),
    ("create_postgres_role", {"cluster_name": "orders-db", "role_name": "reader", "password_source": "none"}),
    ("update_postgres_role", {"cluster_name": "orders-db", "role_name": "reader", "createdb": True}),
    ("delete_postgres_role", {"cluster_name": "orders-db", "role_name": "reader", "confirm_deletion": True}),
    ("migrate_postgres_roles", {"cluster_name": "orders-db"}),
    ("create_postgres_database", {"cluster_name": "orders-db", "database_name": "more", "owner": "app"}),
    ("delete_postgres_database", {"cluster_name": "orders-db", "database_name": "more", "confirm_deletion": True}),
    ("list_changes", {}),
    ("get_change", {"change": "x"}),
    ("discard_change", {"change": "x", "confirm_deletion": True}),
)


def test_without_git_every_tool_says_so(team: Team) -> None:
    before = look(team.checkout)
    with assistant(team, env={"PATH": "/nonexistent"}) as ask:
        for tool, arguments in (*WRITES, ("list_postgres_clusters", {}), ("get_cluster_status", {"name": "orders-db"})):
            told = ask.refusal(tool, **arguments)
            assert told == "Unavailable: git was not found on PATH: install git 2.38 or newer"
    assert look(team.checkout) == before


def test_without_a_repository_only_live_state_can_be_asked_for(team: Team, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with (
        start_sandbox(tmp_path / "api", api_only=True) as world,
        assistant(team, cwd=empty, kubeconfig=world.kubeconfig) as ask,
    ):
        for tool, arguments in WRITES:
            assert ask.refusal(tool, **arguments) == (
                f"InvalidRequest: no Git repository at or above {empty}: start in a checkout of the GitOps repository, or "
                f"name one with --repo (GITOPS_MCP_REPO)"
            )
        assert ask.answer("list_postgres_clusters")["items"] == []
    assert list(empty.iterdir()) == []


def test_without_a_repository_and_an_api_nothing_is_answered(team: Team, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with assistant(team, cwd=empty) as ask:
        told = ask.refusal("list_postgres_clusters")
    assert told.startswith("Unavailable: there is no kubeconfig (looked at ")
    assert told.endswith("there is no repository here that would say what is declared")


def test_a_repository_that_was_named_must_be_there(team: Team, tmp_path: Path) -> None:
    with assistant(team, repo=tmp_path / "nowhere") as ask:
        for tool, arguments in (*WRITES, ("list_postgres_clusters", {})):
            assert (
                ask.refusal(tool, **arguments) == f"InvalidRequest: --repo: there is no folder {tmp_path / 'nowhere'}"
            )


@pytest.fixture(params=["no kubeconfig", "an API that is down"])
def unreachable(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    if request.param == "an API that is down":
        with start_sandbox(tmp_path / "gone", api_only=True) as world:
            path.write_text(world.kubeconfig.read_text())
    return path


@pytest.mark.few(1)
def test_without_an_api_git_answers_and_is_changed_and_what_could_not_be_seen_is_said(
    team: Team, unreachable: Path
) -> None:
    before = look(team.checkout)
    base = team.branches()["main"]
    with assistant(team, kubeconfig=unreachable) as ask:
        listed = ask.answer("list_postgres_clusters", detail_level="detailed")
        assert listed["items"] == [
            {
                "namespace": "shop",
                "name": name,
                "instances": 3,
                "storage": "1Gi",
                "declared": f"clusters/prod/shop/{name}.yaml:1",
                "live": "unavailable",
            }
            for name in ("carts-db", "orders-db")
        ]
        assert "live-unavailable" in ids(listed)
        status = ask.call("get_cluster_status", name="orders-db")
        assert status.structured_content is not None
        assert status.structured_content["live"] == "unavailable"
        assert status.structured_content["git"]["declared"] == "clusters/prod/shop/orders-db.yaml:1"
        assert "nothing wrong was seen" not in text(status)

        roles = ask.answer("list_postgres_roles", cluster_name="orders-db")
        databases = ask.answer("list_postgres_databases", cluster_name="orders-db")
        assert roles["items"] == []
        assert [(one["name"], one["state"]) for one in databases["items"]] == [("app", "unknown")]
        assert "live-unavailable" in ids(roles)
        assert "live-unavailable" in ids(databases)

        created = ask.answer("create_postgres_cluster", name="new", namespace="shop")
        assert "live-unavailable" in ids(created)
        on = {"cluster_name": "orders-db", "change": "members"}
        role = ask.answer("create_postgres_role", **on, role_name="reader", password_source="none")
        assert {"live-unavailable", "maybe-existing"} <= ids(role)
        database = ask.answer("create_postgres_database", **on, database_name="more", owner="reader")
        assert "live-unavailable" in ids(database)
        assert len(team.commits(base, database["commit"])) == 2
        scaled = ask.answer("scale_postgres_cluster", name="orders-db", instances=5)
        deleted = ask.answer("delete_postgres_cluster", name="carts-db", confirm_deletion=True)
        assert "live-unavailable" in ids(deleted)
        for done in (created, scaled, deleted):
            assert team.commits(base, done["commit"]) == [done["commit"]]

        team.merge(scaled["branch"])
        merged = ask.answer("get_change", change=scaled["change"])
        assert merged["state"] == "merged"
        assert merged["objects"] == [
            {"object": "Cluster shop/orders-db", "state": "unknown", "detail": "it could not be read"}
        ]
        assert [one["state"] for one in ask.answer("list_changes", state="all")["items"]].count("merged") == 1
    assert look(team.checkout) == before


def ids(answer: dict[str, Any]) -> set[str]:
    return {one["id"] for one in answer["warnings"]}


def test_every_fault_of_the_configuration_is_named_and_a_mended_one_counts_at_once(team: Team) -> None:
    good = "environments:\n  prod:\n    path: clusters/prod\n"
    bad = (
        "environments:\n  prod:\n    path: ../outside\n    pth: clusters/prod\nlimits:\n  maxInstances: many\n"
        "base: main\nbase: other\n"
    )
    team.commit({".gitops-mcp.yaml": bad})
    team.git(team.checkout, "pull", "--quiet")
    before = look(team.checkout)
    with assistant(team) as ask:
        for tool, arguments in (*WRITES, ("list_postgres_clusters", {}), ("get_cluster_status", {"name": "orders-db"})):
            assert ask.refusal(tool, **arguments) == (
                "InvalidRequest: .gitops-mcp.yaml has 4 faults:\n"
                "- .gitops-mcp.yaml:3: environments.prod.path: '../outside' leaves the repository or is not a path in it: write it "
                "relative to the root with '/', without '..', such as clusters/prod\n"
                "- .gitops-mcp.yaml:4: environments.prod.pth: unknown key; there are: path, context, delivery, engine, metrics, "
                "namespaces, operator, passwords, protected\n"
                "- .gitops-mcp.yaml:6: limits.maxInstances: expected a whole number from 1 to 100, found 'many'\n"
                "- .gitops-mcp.yaml:8: base: stands twice, first in line 7; keep one"
            )
        assert list(team.branches()) == ["main"]
        team.commit({".gitops-mcp.yaml": good})
        assert ask.answer("scale_postgres_cluster", name="orders-db", instances=5)["outcome"] == "committed"
        team.commit({".gitops-mcp.yaml": f"{good}limits:\n  maxInstances: 4\n"})
        told = ask.refusal("scale_postgres_cluster", name="carts-db", instances=5)
        assert (
            told
            == "InvalidRequest: instances: 5 is more than limits.maxInstances of .gitops-mcp.yaml allows; at most 4"
        )
    assert look(team.checkout) == before
