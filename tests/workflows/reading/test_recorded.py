"""What the reading tools answer of objects that a real operator wrote."""

from __future__ import annotations

import pytest

from gitops_mcp.answers.members import DatabaseList, RoleList
from gitops_mcp.domain.objects import Object
from gitops_mcp.workflows.reading.clusters.cluster_list import list_clusters
from gitops_mcp.workflows.reading.clusters.status import read_cluster_status
from gitops_mcp.workflows.reading.databases import list_databases
from gitops_mcp.workflows.reading.roles import list_roles
from tests.fakes.api import Answer
from tests.fakes.recorded import recorded, recorded_list, recorded_names
from tests.workflows.conftest import Api, Team, cluster, listed

DIRECT = {".gitops-mcp.yaml": "environments: {dev: {delivery: direct}}\n"}


def serve(api: Api, name: str = "cluster-managed-roles") -> Object:
    """A Cluster with all recorded Databases, roles and backups beside it."""
    found = recorded(name)
    api.cluster("bank", "ledger", Answer(200, found))
    api.clusters(None, listed(found), named="ledger")
    api.clusters(None, listed(found), limit=50)
    for plural, kind in (("databases", "database"), ("databaseroles", "databaserole"), ("backups", "backup")):
        api.objects(plural, listed(*map(recorded, recorded_names(kind))), namespace="bank")
    api.objects("scheduledbackups", listed(*map(recorded, recorded_names("scheduledbackup"))), namespace="bank")
    api.objects("poolers", listed(recorded("pooler")), namespace="bank")
    api.answers["/api/v1/namespaces/bank/events?limit=1000"] = listed(*recorded_list("events"))
    return found


def databases(team: Team) -> DatabaseList:
    return list_databases(team.app(), "ledger", namespace="bank", environment=None, limit=50, cursor=None)


def roles(team: Team) -> RoleList:
    return list_roles(team.app(), "ledger", namespace="bank", environment=None, limit=50, cursor=None)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("healthy", "3/3 Cluster in healthy state (ok)"),
        ("replica-unreachable", "1/2 Cluster in healthy state (degraded)"),
        ("fenced", "2/2 Cluster in healthy state (fenced)"),
        ("hibernated", "0/2 Cluster in healthy state (hibernated)"),
        ("deleted", "1/1 Cluster in healthy state (deleting)"),
        ("disabled", "0/1 not reported (blocked)"),
        ("statusdown", "1/2 Instance Status Extraction Error: HTTP communication issue (blocked)"),
        ("disk-full", "0/1 Not enough disk space (failed)"),
        ("supervised", "2/2 Waiting for user action (needs_human)"),
    ],
)
@pytest.mark.few(3)
def test_the_list_of_clusters_does_not_believe_the_phase_alone(team: Team, api: Api, name: str, row: str) -> None:
    team.commit({"other.yaml": cluster("other")})
    serve(api, f"cluster-{name}")
    found = list_clusters(team.app(), environment=None, namespace=None, detailed=False, limit=50, cursor=None)
    (one,) = found.items
    assert f"{one.ready}/{one.instances} {one.phase} ({one.phase_class})" == row


def test_the_detailed_list_says_that_nothing_is_archived(team: Team, api: Api) -> None:
    team.commit({"other.yaml": cluster("other")})
    found = serve(api)
    api.clusters(None, listed(found), limit=30)
    (one,) = list_clusters(team.app(), environment=None, namespace=None, detailed=True, limit=50, cursor=None).items
    assert (one.backups or "").startswith("archived by nothing")
    assert "no archive" in {row.status for row in one.conditions or () if row.type == "ContinuousArchiving"}


@pytest.mark.parametrize("name", recorded_names("cluster"))
@pytest.mark.few(6)
def test_every_recorded_cluster_has_a_status(team: Team, api: Api, name: str) -> None:
    team.commit({"ledger.yaml": cluster("ledger", "bank")})
    serve(api, name)
    found = read_cluster_status(team.app(), "ledger", namespace="bank", environment=None, detailed=True)
    assert found.live == "available"
    assert found.phase_class not in {None, "unknown"}
    assert all(one.what and one.action for one in found.problems)
    assert found.fits


def test_the_status_tells_roles_by_what_manages_them(team: Team, api: Api) -> None:
    team.commit({})
    serve(api)
    found = read_cluster_status(team.app(), "ledger", namespace="bank", environment=None, detailed=True)
    assert [(one.name, one.form) for one in found.roles or () if one.form != "DatabaseRole"] == [
        ("teller", "inline"),
        ("trainee", "inline"),
        ("app", "in PostgreSQL, not managed"),
        ("cnpg_metrics_exporter", "in PostgreSQL, not managed"),
        ("cnpg_pooler_pgbouncer", "in PostgreSQL, not managed"),
        ("postgres", "in PostgreSQL, not managed"),
        ("streaming_replica", "in PostgreSQL, not managed"),
    ]
    assert "stale" not in found.markdown()


@pytest.mark.parametrize(("files", "there"), [({}, "only_live"), (DIRECT, "reconciled")])
def test_databases_are_told_as_they_are_with_every_object_and_reason(
    team: Team, api: Api, files: dict[str, str], there: str
) -> None:
    team.commit(dict(files))
    serve(api)
    told = {row.object: (row.name, row.state, row.message) for row in databases(team).items}
    owner = 'while creating database "orphans": ERROR: role "nobody" does not exist (SQLSTATE 42704)'
    locale = 'while creating database "poems": ERROR: invalid locale name: "xx_YY" (SQLSTATE 42809)'
    template = 'while creating database "copies": ERROR: template database "nothing" does not exist (SQLSTATE 3D000)'
    extension = 'extension no_such_ext: ERROR: extension "no_such_ext" is not available (SQLSTATE 0A000)'
    assert told == {
        "ledger-absent": ("attic", "dropped", None),
        "ledger-app": ("app", there, None),
        "ledger-orders": ("books", there, None),
        "ledger-orders-2": ("books", "failing", '"books" is already managed by object "ledger-orders"'),
        "ledger-kept": ("stamps", there, None),
        "ledger-bad-ext": ("maps", "failing", f"database object reconciliation failed; {extension}"),
        "ledger-bad-locale": ("poems", "failing", locale),
        "ledger-bad-template": ("copies", "failing", template),
        "ledger-no-owner": ("orphans", "failing", owner),
    }


def test_a_second_object_of_a_database_that_git_declares_is_shown_too(team: Team, api: Api) -> None:
    document = (
        "apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {name: ledger-orders, namespace: bank}\n"
        "spec: {name: books, owner: app, cluster: {name: ledger}}\n"
    )
    team.commit({"ledger.yaml": cluster("ledger", "bank"), "books.yaml": document})
    team.git("checkout", "--quiet", "-b", "gitops-mcp/third", "main")
    team.commit({"third.yaml": document.replace("ledger-orders", "ledger-orders-3")})
    team.git("checkout", "--quiet", "main")
    serve(api)
    assert [(row.object, row.state, row.pending) for row in databases(team).items if row.name == "books"] == [
        ("ledger-orders", "reconciled", []),
        ("ledger-orders-2", "failing", []),
        ("ledger-orders-3", "proposed", ["third"]),
    ]


def test_roles_are_told_with_every_form_and_reason(team: Team, api: Api) -> None:
    team.commit({})
    serve(api)
    told = {(row.name, row.object): (row.form, row.state, row.message) for row in roles(team).items}
    group = 'while creating role intern with role reconciler: ERROR: role "nobody" does not exist (SQLSTATE 42704)'
    inline = 'could not perform CREATE on role trainee: role "nothing" does not exist'
    assert told == {
        ("teller", None): ("inline", "only_live", None),
        ("teller", "ledger-inline-ok"): (
            "DatabaseRole",
            "failing",
            "database role is already managed by the CNPG cluster",
        ),
        ("trainee", None): ("inline", "failing", inline),
        ("intern", "ledger-bad-group"): ("DatabaseRole", "failing", group),
        ("machine", "ledger-cert"): ("DatabaseRole", "only_live", None),
        ("guest", "ledger-no-secret"): ("DatabaseRole", "failing", 'secrets "not-there" not found'),
        ("cashier", "ledger-with-pass"): ("DatabaseRole", "only_live", None),
        ("clerk", "ledger-reader"): ("DatabaseRole", "only_live", None),
        ("clerk", "ledger-reader-2"): (
            "DatabaseRole",
            "failing",
            '"clerk" is already managed by object "ledger-reader"',
        ),
        ("director", "ledger-super"): ("DatabaseRole", "only_live", None),
        ("app", None): (None, "unmanaged", None),
    }


def test_a_second_object_of_a_role_that_git_declares_is_shown_too(team: Team, api: Api) -> None:
    document = (
        "apiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata: {name: ledger-reader, namespace: bank}\n"
        "spec: {name: clerk, login: true, comment: reads, cluster: {name: ledger}}\n"
    )
    team.commit({"ledger.yaml": cluster("ledger", "bank"), "clerk.yaml": document})
    serve(api)
    assert [(row.object, row.state) for row in roles(team).items if row.name == "clerk"] == [
        ("ledger-reader", "reconciled"),
        ("ledger-reader-2", "failing"),
    ]
