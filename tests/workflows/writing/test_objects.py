"""Objects of any kind, and any field of them, on the road of every write: made, changed, deleted, and refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.domain.plans.generic.field_requests import ObjectUpdate
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Refused
from gitops_mcp.workflows.writing.clusters import scale_cluster
from gitops_mcp.workflows.writing.object_targets import NamedObject
from gitops_mcp.workflows.writing.objects import create_object, delete_object, update_object
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer
from tests.workflows.conftest import Api, Team, cluster, live

FULL = """
  instances: 3
  storage: {size: 10Gi}
  imageName: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie
  plugins:
    - name: barman-cloud.cloudnative-pg.io
      parameters: {barmanObjectName: archive}
  managed:
    roles:
      - name: clerk
        login: true
        passwordSecret: {name: clerk-password}
"""
STORE = (
    "apiVersion: barmancloud.cnpg.io/v1\nkind: ObjectStore\nmetadata: {name: archive, namespace: shop}\n"
    "spec:\n  configuration: {destinationPath: 's3://backups/orders'} # of the team\n  retentionPolicy: 30d\n"
)


def of_kind(kind: str, name: str, spec: str, *, namespace: str | None = "shop", annotations: str = "{}") -> str:
    space = f", namespace: {namespace}" if namespace else ""
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: {kind}\n"
        f"metadata: {{name: {name}{space}, annotations: {annotations}}}\nspec: {spec}\n"
    )


CATALOG = of_kind("ImageCatalog", "pg", "{images: [{major: 18, image: 'pg:18.4'}, {major: 17, image: 'pg:17.6'}]}")
POOLER = of_kind("Pooler", "db-pool", "{cluster: {name: db}, instances: 2, pgbouncer: {poolMode: session}}")
DATABASE = of_kind("Database", "db-app", "{cluster: {name: db}, name: app, owner: app}")
ROLE = of_kind("DatabaseRole", "db-reader", "{cluster: {name: db}, name: reader, login: true}")
FILES = {
    "db.yaml": cluster(spec=FULL),
    "pool.yaml": POOLER,
    "catalog.yaml": CATALOG,
    "app.yaml": DATABASE,
    "reader.yaml": ROLE,
    "store.yaml": STORE,
}


def asking(tool: str, change: str | None, confirmed: bool, environment: str | None) -> WriteRequest:
    return WriteRequest(tool, environment, change=change, confirmed=confirmed)


def update(
    team: Team,
    kind: str,
    name: str,
    set_: Mapping[str, Any] | None = None,
    *,
    remove: Sequence[str] = (),
    items: Mapping[str, Sequence[Any]] | None = None,
    namespace: str | None = "shop",
    change: str | None = None,
    confirmed: bool = False,
    environment: str | None = None,
) -> WriteResult:
    request = asking("update_postgres_object", change, confirmed, environment)
    asked = ObjectUpdate(set_ or {}, remove, items or {})
    return update_object(team.app(), request, NamedObject(kind, name, namespace), asked)


def create(
    team: Team,
    kind: str,
    name: str,
    spec: dict[str, Any],
    *,
    namespace: str | None = "shop",
    change: str | None = None,
    environment: str | None = None,
) -> WriteResult:
    request = asking("create_postgres_object", change, confirmed=False, environment=environment)
    return create_object(team.app(), request, NamedObject(kind, name, namespace), spec)


def delete(
    team: Team,
    kind: str,
    name: str,
    *,
    namespace: str | None = "shop",
    confirmed: bool = True,
    change: str | None = None,
) -> WriteResult:
    request = asking("delete_postgres_object", change, confirmed, None)
    return delete_object(team.app(), request, NamedObject(kind, name, namespace))


def lines(done: WriteResult) -> list[str]:
    """The lines of the diff that come or go."""
    found = (done.diff or "").splitlines()
    return [one for one in found if one[:1] in "+-" and one[:3] not in {"---", "+++"}]


@pytest.mark.parametrize(
    ("kind", "name", "asked", "changed", "told"),
    [
        pytest.param(
            "Pooler",
            "db-pool",
            {"set_": {"spec.pgbouncer.paused": True}, "confirmed": True},
            [
                "-spec: {cluster: {name: db}, instances: 2, pgbouncer: {poolMode: session}}",
                "+spec: {cluster: {name: db}, instances: 2, pgbouncer: {poolMode: session, paused: true}}",
            ],
            "spec.pgbouncer.paused: not stated -> true",
            id="a pooler is paused",
        ),
        pytest.param(
            "Cluster",
            "db",
            {"set_": {"spec.plugins[name=barman-cloud.cloudnative-pg.io].isWALArchiver": True}},
            ["+      isWALArchiver: true"],
            "spec.plugins[name=barman-cloud.cloudnative-pg.io].isWALArchiver: not stated -> true",
            id="a field of an item",
        ),
        pytest.param(
            "ImageCatalog",
            "pg",
            {"set_": {"spec.images[major=17].image": "pg:17.7"}},
            [
                "-spec: {images: [{major: 18, image: 'pg:18.4'}, {major: 17, image: 'pg:17.6'}]}",
                "+spec: {images: [{major: 18, image: 'pg:18.4'}, {major: 17, image: 'pg:17.7'}]}",
            ],
            "spec.images[major=17].image: pg:17.6 -> pg:17.7",
            id="an item that a number names",
        ),
        pytest.param(
            "ObjectStore",
            "archive",
            {"set_": {"spec.retentionPolicy": "60d"}},
            ["-  retentionPolicy: 30d", "+  retentionPolicy: 60d"],
            "spec.retentionPolicy: 30d -> 60d",
            id="an ObjectStore, which is of another group",
        ),
        pytest.param(
            "Cluster",
            "db",
            {"items": {"spec.env": [{"name": "TZ", "value": "UTC"}]}},
            ["+  env:", "+    - name: TZ", "+      value: <redacted>"],
            'spec.env[name=TZ]: {"name": "TZ", "value": "<redacted>"} is added',
            id="an item of a list that is not there yet",
        ),
    ],
)
@pytest.mark.few(2)
def test_a_field_of_any_kind_is_changed_alone(
    team: Team, api: Api, kind: str, name: str, asked: dict[str, Any], changed: list[str], told: str
) -> None:
    team.commit(FILES)
    done = update(team, kind, name, **asked)
    assert lines(done) == changed
    assert done.about[0] == told
    again = update(team, kind, name, **asked)
    assert (again.outcome, again.change) == ("unchanged", done.change)


@pytest.mark.parametrize(
    ("kind", "asked", "error", "told"),
    [
        ("Cluster", {"spec.instnces": 3}, InvalidRequest, "'instnces' is not a field of spec; there are: instances"),
        ("Cluster", {"spec.storage.size": 10}, InvalidRequest, "spec.storage.size: must be a string, found an integer"),
        ("Cluster", {"spec.instances": None}, InvalidRequest, "to remove it, name it in remove"),
        ("Cluster", {"spec.logLevel": "loud"}, InvalidRequest, '"loud" is not one of: error, warning, info, debug, trace'),
        ("Cluster", {"spec.plugins[name=x].enabled": True}, InvalidRequest, "there are: barman-cloud.cloudnative-pg.io"),
        ("Cluster", {"status.phase": "well"}, Refused, "status is what the operator reports"),
        ("Cluster", {"metadata.name": "other"}, InvalidRequest, "metadata.name cannot change: no object is renamed"),
        ("Cluster", {"metadata.annotations[cnpg.io/validation]": "disabled"}, Refused, "switches the operator's checks"),
        ("Cluster", {"metadata.labels[cnpg.io/podRole]": "x"}, Refused, "is written by the operator"),
        ("Cluster", {"metadata.annotations": {"a": "b", "cnpg.io/validation": "disabled"}}, Refused, "switches the operator's checks"),
        ("Cluster", {"metadata.annotations": {"argocd.argoproj.io/tracking-id": "x"}}, Refused, "is written by Argo CD"),
        ("Cluster", {"metadata.labels": {"cnpg.io/podRole": "x"}}, Refused, "is written by the operator"),
        ("Cluster", {"metadata.labels": "x"}, InvalidRequest, "metadata.labels: must be a mapping"),
        ("Cluster", {"spec.postgresUID": 27}, InvalidRequest, "postgresUID"),
        ("Cluster", {"spec.tablespaces": [{"name": "a", "storage": {"size": "1Gi"}}, {"name": "a", "storage": {"size": "1Gi"}}]}, InvalidRequest, "tablespaces"),
        ("Database", {"spec.name": "other"}, InvalidRequest, "name is immutable"),
        ("Pooler", {"spec.pgbouncer.poolMode": "statement"}, InvalidRequest, "is not one of: session, transaction"),
    ],
)  # fmt: skip
@pytest.mark.few(4)
def test_what_the_kind_does_not_allow_is_refused_with_what_it_does(
    team: Team, api: Api, kind: str, asked: dict[str, Any], error: type[GitOpsError], told: str
) -> None:
    head = team.commit(FILES)
    name = {"Cluster": "db", "Database": "db-app", "Pooler": "db-pool"}[kind]
    with pytest.raises(error) as raised:
        update(team, kind, name, asked)
    assert told in str(raised.value)
    assert (team.git("rev-parse", "HEAD"), team.git("branch", "--list", "gitops-mcp/*")) == (head, "")


@pytest.mark.parametrize(
    "asked",
    [
        {
            "spec.externalClusters": [
                {"name": "old", "connectionParameters": {"host": "h", "password": "s3cr3t-of-old"}}
            ]
        },
        {"spec.env": [{"name": "APP_PASSWORD", "value": "s3cr3t-of-old"}]},
        {"metadata.annotations[note]": "password=s3cr3t-of-old"},
        {"spec.bootstrap.initdb.postInitSQL": ["ALTER ROLE app PASSWORD 's3cr3t-of-old'"]},
    ],
)
@pytest.mark.few(2)
def test_a_secret_is_refused_wherever_it_is_set_and_not_repeated(team: Team, api: Api, asked: dict[str, Any]) -> None:
    team.commit(FILES)
    with pytest.raises(Refused, match="looks like a password or a token") as raised:
        update(team, "Cluster", "db", asked)
    assert "s3cr3t" not in str(raised.value)
    with pytest.raises(Refused, match="looks like a password or a token") as raised:
        create(
            team, "Pooler", "new", {"cluster": {"name": "db"}, "pgbouncer": {"parameters": {"x": "password=s3cr3t"}}}
        )
    assert "s3cr3t" not in str(raised.value)


def test_the_number_of_instances_is_planned_as_scaling_plans_it(team: Team, api: Api) -> None:
    team.commit(FILES)
    with pytest.raises(Refused, match="no replica is left"):
        update(team, "Cluster", "db", {"spec.instances": 1})
    done = update(team, "Cluster", "db", {"spec.instances": 5})
    assert done.about[0] == "spec.instances is planned as scale_postgres_cluster plans it"
    assert (done.change, done.summary) == ("scale-shop-db", "Scale Cluster shop/db to 5 instances")
    again = scale_cluster(team.app(), WriteRequest("scale_postgres_cluster", None), "db", namespace="shop", instances=5)
    assert (again.outcome, again.change) == ("unchanged", "scale-shop-db")


def test_a_number_of_instances_that_a_variable_gives_is_written_as_any_field(team: Team, api: Api) -> None:
    team.commit(FILES)
    done = update(team, "Cluster", "db", {"spec.instances": "${N}"}, confirmed=True)
    assert lines(done) == ["-  instances: 3", "+  instances: ${N}"]


def test_what_has_a_tool_of_its_own_and_what_has_not_go_in_one_change(team: Team, api: Api) -> None:
    team.commit(FILES)
    done = update(team, "Cluster", "db", {"spec.instances": 4, "spec.logLevel": "debug"})
    assert lines(done) == ["-  instances: 3", "+  instances: 4", "+  logLevel: debug"]
    assert done.summary == "Scale Cluster shop/db to 4 instances; Update Cluster shop/db: spec.logLevel"
    assert done.impact.level.label == "rolling_restart"


def test_the_password_of_a_role_is_planned_as_that_of_roles(team: Team, api: Api) -> None:
    team.commit(FILES)
    inline = update(team, "Cluster", "db", {"spec.managed.roles[name=clerk].passwordSecret.name": "clerk-next"})
    assert lines(inline) == [
        "-        passwordSecret: {name: clerk-password}",
        "+        passwordSecret: {name: clerk-next}",
    ]
    assert "is planned as update_postgres_role plans it" in inline.about[0]
    done = update(team, "DatabaseRole", "db-reader", {"spec.passwordSecret": {"name": "reader-password"}})
    assert "passwordSecret: {name: reader-password}" in lines(done)[1]
    assert any("must be of type kubernetes.io/basic-auth" in one for one in done.next)


def test_an_inline_role_that_is_removed_goes_as_the_tool_for_roles_releases_it(team: Team, api: Api) -> None:
    team.commit(FILES)
    done = update(team, "Cluster", "db", remove=["spec.managed.roles[name=clerk]"])
    assert done.about[0] == "spec.managed.roles[name=clerk] is planned as delete_postgres_role with drop=false plans it"
    assert lines(done)[0] == "-  managed:"


def test_a_new_object_is_put_where_its_like_is_and_belongs_to_a_cluster(team: Team, api: Api) -> None:
    team.commit({"shop/db.yaml": cluster(spec=FULL), "shop/pool.yaml": POOLER})
    spec = {"cluster": {"name": "db"}, "instances": 1, "type": "ro", "pgbouncer": {"poolMode": "transaction"}}
    done = create(team, "Pooler", "db-ro", spec, namespace=None)
    assert [(one.path, one.action) for one in done.files] == [("shop/ro.yaml", "added")]
    assert [one[1:] for one in lines(done)][:6] == [
        "apiVersion: postgresql.cnpg.io/v1",
        "kind: Pooler",
        "metadata:",
        "  name: db-ro",
        "  namespace: shop",
        "spec:",
    ]
    assert create(team, "Pooler", "db-ro", spec, namespace=None).outcome == "unchanged"
    with pytest.raises(NotFound, match="no Cluster 'dbb'"):
        create(team, "Pooler", "other", {**spec, "cluster": {"name": "dbb"}}, namespace=None)
    with pytest.raises(InvalidRequest, match="a Pooler belongs to one Cluster: say which"):
        create(team, "Pooler", "other", {"pgbouncer": {}})
    with pytest.raises(InvalidRequest, match=r"spec\.pgbouncer: is required"):
        create(team, "Pooler", "other", {"cluster": {"name": "db"}})
    with pytest.raises(InvalidRequest, match="change that one with update_postgres_object"):
        create(team, "Pooler", "db-pool", spec)


def test_the_order_in_which_a_caller_gives_keys_makes_no_difference(team: Team, api: Api) -> None:
    """A commit keeps what was asked in an order of its own, and has to give the same when it is asked again."""
    team.commit(FILES)
    one = {"spec.logLevel": "debug", "spec.affinity": {"topologyKey": "zone", "nodeSelector": {"disk": "ssd"}}}
    other = {"spec.affinity": {"nodeSelector": {"disk": "ssd"}, "topologyKey": "zone"}, "spec.logLevel": "debug"}
    assert lines(update(team, "Cluster", "db", one, change="a")) == [
        *("+  affinity:", "+    nodeSelector:", "+      disk: ssd", "+    topologyKey: zone", "+  logLevel: debug")
    ]
    assert lines(update(team, "Cluster", "db", other, change="b")) == lines(
        update(team, "Cluster", "db", one, change="c")
    )
    made = create(team, "ImageCatalog", "other", {"images": [{"image": "pg:18.4", "major": 18}]})
    assert lines(made)[-2:] == ["+    - major: 18", "+      image: pg:18.4"]


def test_a_second_object_for_the_same_database_is_refused(team: Team, api: Api) -> None:
    team.commit(FILES)
    with pytest.raises(InvalidRequest, match=r"app\.yaml:1 declares the same of PostgreSQL already, as Database shop/"):
        create(team, "Database", "again", {"cluster": {"name": "db"}, "name": "app", "owner": "app"})


def test_a_new_cluster_is_protected_as_others_are(team: Team, api: Api) -> None:
    team.commit(FILES)
    done = create(team, "Cluster", "next", {"instances": 1, "storage": {"size": "1Gi"}})
    assert "+    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm" in lines(done)


def test_a_new_object_store_is_of_its_own_group(team: Team, api: Api) -> None:
    team.commit(FILES)
    done = create(team, "ObjectStore", "other", {"configuration": {"destinationPath": "s3://b/o"}})
    assert lines(done)[:3] == ["+---", "+apiVersion: barmancloud.cnpg.io/v1", "+kind: ObjectStore"]
    assert "schema-unavailable" in [one.id for one in done.warnings]
    assert done.impact.reasons == ("a place for backups; nothing uses it until a Cluster names it",)


def test_a_kind_without_namespace_is_for_environments_that_are_not_restricted(team: Team, api: Api) -> None:
    images = {"images": [{"major": 18, "image": "pg:18.4"}]}
    team.commit(FILES)
    with pytest.raises(InvalidRequest, match="a ClusterImageCatalog has none: leave it out"):
        create(team, "ClusterImageCatalog", "all", images)
    done = create(team, "ClusterImageCatalog", "all", images, namespace=None)
    assert "+  name: all" in lines(done)
    assert not any("namespace" in one for one in lines(done))
    team.commit({".gitops-mcp.yaml": "environments: {prod: {namespaces: [shop]}}\n"})
    with pytest.raises(Refused, match=r"is restricted to shop\. Use an ImageCatalog"):
        create(team, "ClusterImageCatalog", "more", images, namespace=None)


def test_a_deletion_says_what_goes_and_asks_for_a_word(team: Team, api: Api) -> None:
    team.commit(FILES)
    with pytest.raises(Refused, match=r"its Deployment and its Service are removed.*confirm_deletion=true"):
        delete(team, "Pooler", "db-pool", confirmed=False)
    done = delete(team, "Pooler", "db-pool")
    assert [(one.path, one.action) for one in done.files] == [("pool.yaml", "deleted")]
    assert done.impact.level.label == "outage"
    with pytest.raises(Refused, match=r"ObjectStore shop/archive is named by Cluster shop/db, db\.yaml:1"):
        delete(team, "ObjectStore", "archive")


def test_what_an_engine_does_not_prune_is_told_to_stay(team: Team, api: Api) -> None:
    application = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: apps, namespace: argocd}\n"
        "spec:\n  source: {repoURL: https://git.example.com/fleet.git, path: shop, targetRevision: HEAD}\n  destination: {namespace: shop}\n  syncPolicy: {automated: {}}\n"
    )
    team.git("remote", "add", "origin", "https://git.example.com/fleet.git")
    team.git("config", f"url.{team.root}.insteadOf", "https://git.example.com/fleet.git")
    team.commit({"apps.yaml": application, "shop/db.yaml": cluster(spec=FULL), "shop/pool.yaml": POOLER})
    done = delete(team, "Pooler", "db-pool")
    assert any("The live Pooler shop/db-pool stays, since" in one for one in done.next)


def test_what_is_protected_against_pruning_is_deleted_in_two_steps(team: Team, api: Api) -> None:
    kept = CATALOG.replace("annotations: {}", "annotations: {argocd.argoproj.io/sync-options: Prune=false}")
    team.commit({**FILES, "catalog.yaml": kept})
    first = delete(team, "ImageCatalog", "pg", change="go")
    assert first.summary == "Remove the protection of ImageCatalog shop/pg against pruning"
    assert any("call delete_postgres_object again" in one for one in first.next)
    assert "proposed but not merged" in delete(team, "ImageCatalog", "pg", change="go").summary


@pytest.mark.parametrize(
    ("kind", "name", "tool", "summary"),
    [
        ("Database", "db-app", "delete_postgres_database with drop=false", "Release database app of Cluster shop/db"),
        ("DatabaseRole", "db-reader", "delete_postgres_role with drop=false", "Release role reader of Cluster shop/db"),
        ("Cluster", "db", "delete_postgres_cluster", "Delete Cluster shop/db"),
    ],
)
def test_what_has_a_tool_of_its_own_is_deleted_as_that_plans_it(
    team: Team, api: Api, kind: str, name: str, tool: str, summary: str
) -> None:
    team.commit(FILES)
    done = delete(team, kind, name)
    assert done.about[0].endswith(f"is deleted as {tool} plans it")
    assert done.summary.startswith(summary)
    if kind == "Cluster":
        with pytest.raises(Refused, match="deletes"):
            delete(team, kind, name, confirmed=False, change="other")


def test_a_major_upgrade_says_what_it_could_be_mended_from(team: Team, api: Api) -> None:
    team.commit(FILES)
    api.cluster("shop", "db", Answer(200, live()))
    image = {"spec.imageName": "ghcr.io/cloudnative-pg/postgresql:19.1-standard-trixie"}
    with pytest.raises(Refused, match=r"PostgreSQL 18 -> 19: the whole cluster is down.*backup"):
        update(team, "Cluster", "db", image)


def test_what_is_live_otherwise_than_git_says_is_told_of_the_fields_that_are_asked_for(team: Team, api: Api) -> None:
    team.commit(FILES)
    api.cluster("shop", "db", Answer(200, live(logLevel="trace", storage={"size": "20Gi"})))
    done = update(team, "Cluster", "db", {"spec.storage.size": "30Gi"})
    told = [one.message for one in done.warnings if one.id == "live-differs"]
    assert told == ["spec.storage.size is 20Gi live where Git says 10Gi"]


def test_a_new_object_says_the_defaults_of_lists_that_engines_compare_whole(team: Team, api: Api) -> None:
    team.commit(FILES)
    spec = {"cluster": {"name": "db"}, "name": "sales", "owner": "app", "schemas": [{"name": "x"}]}
    done = create(team, "Database", "db-sales", spec)
    assert lines(done)[-3:] == ["+  schemas:", "+    - name: x", "+      ensure: present"]


def test_without_the_api_the_packaged_crd_judges_an_object_store(team: Team) -> None:
    team.commit(FILES)
    for values, told in (
        ({"spec.retentionPolicy": "30days"}, r"spec\.retentionPolicy: must match"),
        ({"spec.retention": "30d"}, "'retention' is not a field of spec; there are: retentionPolicy"),
        ({"spec.configuration.serverName": "x"}, r"use the 'serverName' plugin parameter"),
    ):
        with pytest.raises(InvalidRequest, match=told):
            update(team, "ObjectStore", "archive", values)
    done = update(team, "ObjectStore", "archive", {"spec.retentionPolicy": "60d"})
    assert lines(done) == ["-  retentionPolicy: 30d", "+  retentionPolicy: 60d"]
    (one,) = (one for one in done.warnings if one.id == "schema-unavailable")
    assert one.message.startswith(
        "the packaged CRD (plugin Barman Cloud 0.14.0) judged, since the schema of ObjectStore"
    )


def test_a_name_in_postgresql_is_no_path(team: Team, api: Api) -> None:
    team.commit({"clusters/shop/db.yaml": cluster(spec=FULL)})
    spec = {"cluster": {"name": "db"}, "name": "x/../../../../.github/workflows/evil", "owner": "app"}
    done = create(team, "Database", "db-sales", spec)
    assert [one.path for one in done.files] == ["clusters/shop/database-sales.yaml"]
