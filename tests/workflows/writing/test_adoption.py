"""What is live taken into Git: where it is written, what is refused, and what a person has to agree to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import Forbidden, InvalidRequest, NotFound, Refused
from gitops_mcp.tools.arguments import ObjectKind
from gitops_mcp.workflows.differences import KINDS
from gitops_mcp.workflows.writing.adoption import WhichObject, adopt_object
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer, status
from tests.workflows.conftest import FORBIDDEN, GROUP, Api, Team, cluster, listed, live

DATABASE = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {name: db-app, namespace: shop}\n"
    "spec: {cluster: {name: db}, name: app, owner: app}\n"
)
ABSENT = status(404, "NotFound", "not found", name="db-app", kind="databases")
SHOP = {".gitops-mcp.yaml": "environments: {prod: {namespaces: [shop]}}\n"}
FULL = "{instances: 3, storage: {size: 10Gi}, imageName: 'ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie'}"


def adopt(
    team: Team,
    fields: Sequence[str] | None = None,
    kind: str = "Cluster",
    name: str | None = None,
    *,
    change: str | None = None,
    confirmed: bool = False,
    dry_run: bool = False,
    environment: str | None = None,
) -> WriteResult:
    request = WriteRequest("adopt_live", environment, change=change, confirmed=confirmed, dry_run=dry_run)
    return adopt_object(team.app(), request, WhichObject("db", "shop", kind, name), fields)


def serve(api: Api, found: Object | None, *others: Object) -> None:
    """The live Cluster, and live Databases."""
    if found is not None:
        api.cluster("shop", "db", Answer(200, found))
    api.clusters("shop", listed(*([found] if found else [])), named="db")
    api.objects("databases", listed(*others))
    for one in others:
        api.answers[f"{GROUP}/namespaces/shop/databases/{one['metadata']['name']}"] = Answer(200, one)


def set_by(manager: str, found: Object, *fields: str) -> Object:
    tree: Object = {}
    for path in fields:
        here = tree
        for step in path.split("/"):
            here = here.setdefault(f"f:{step}", {})
    entry = {"manager": manager, "operation": "Update", "time": "2026-03-01T10:00:00Z", "fieldsV1": tree}
    found["metadata"]["managedFields"] = [entry]
    return found


def full(**spec: object) -> Object:
    image = "ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie"
    found = live(storage={"size": "10Gi"}, imageName=image)
    return {**found, "spec": {**found["spec"], **spec}}


def database(object_name: str, **spec: object) -> Object:
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Database",
        "metadata": {"name": object_name, "namespace": "shop"},
        "spec": {"cluster": {"name": "db"}, "name": object_name, "owner": "app", "ensure": "present", **spec},
    }


def diff(done: WriteResult) -> list[str]:
    lines = (done.diff or "").splitlines()
    return [one for one in lines if one[:1] in "+-" and not one.startswith(("---", "+++"))]


def test_a_live_value_goes_where_the_last_word_stands(team: Team, api: Api) -> None:
    overlay = "resources: [../base]\npatches:\n- patch: |-\n    - {op: replace, path: /spec/instances, value: 4}\n  target: {kind: Cluster}\n"
    team.commit(
        {
            ".gitops-mcp.yaml": "environments: {prod: {path: prod, namespaces: [shop]}}\n",
            "base/db.yaml": cluster(spec=FULL),
            "base/kustomization.yaml": "resources: [db.yaml]\n",
            "prod/kustomization.yaml": overlay,
        }
    )
    serve(api, set_by("k9s", full(instances=5, logLevel="debug"), "spec/logLevel"))
    done = adopt(team, ["spec.instances"])
    assert diff(done) == [
        "-    - {op: replace, path: /spec/instances, value: 4}",
        "+    - {op: replace, path: /spec/instances, value: 5}",
    ]
    assert done.about[0] == "spec.instances: 4 -> 5, as it is live"
    further = adopt(team, ["spec.logLevel"])
    assert further.about[0] == "spec.logLevel: not stated -> debug, as it is live, set by k9s at 2026-03-01T10:00:00Z"
    assert [one.path for one in further.files] == ["base/db.yaml"]


def test_a_field_that_does_not_differ_is_refused_with_those_that_do(team: Team, api: Api) -> None:
    team.commit({**SHOP, "db.yaml": cluster(spec=FULL)})
    serve(api, set_by("k9s", full(instances=5, logLevel="debug"), "spec/logLevel"))
    with pytest.raises(
        InvalidRequest, match=r"'spec\.storage' of Cluster shop/db does not differ .*: spec\.instances, spec\.logLevel"
    ):
        adopt(team, ["spec.storage"])
    done = adopt(team, ["spec"], change="all")
    assert diff(done) == [
        "-spec: {instances: 3, storage: {size: 10Gi}, imageName: 'ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie'}",
        "+spec: {instances: 5, storage: {size: 10Gi}, imageName: 'ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie', logLevel: 'debug'}",
    ]  # fmt: skip
    again = adopt(team, ["spec.instances"], change="all")
    assert (again.outcome, again.summary) == ("unchanged", "db.yaml:1 says what is live")


@pytest.mark.parametrize(
    "field",
    [
        "metadata.annotations.cnpg.io/hibernation",
        'metadata.annotations["cnpg.io/hibernation"]',
        "metadata.annotations[cnpg.io/hibernation]",
        "/metadata/annotations/cnpg.io~1hibernation",
        "metadata",
    ],
)
@pytest.mark.few(2)
def test_a_field_may_be_named_as_people_and_models_write_it(team: Team, api: Api, field: str) -> None:
    team.commit({**SHOP, "db.yaml": cluster(spec=FULL)})
    found = full()
    found["metadata"]["annotations"] = {"cnpg.io/hibernation": "off"}
    entry = {"manager": "kubectl-cnpg", "fieldsV1": {"f:metadata": {"f:annotations": {"f:cnpg.io/hibernation": {}}}}}
    found["metadata"]["managedFields"] = [entry]
    serve(api, found)
    done = adopt(team, [field], dry_run=True)
    assert diff(done)[1] == '+metadata: {name: db, namespace: shop, annotations: {cnpg.io/hibernation: "off"}}'


def test_a_list_that_is_one_value_is_meant_by_its_items(team: Team, api: Api) -> None:
    team.commit({**SHOP, "db.yaml": cluster(spec=FULL)})
    serve(api, set_by("k9s", full(managed={"roles": [{"name": "a", "login": True}]}), "spec/managed/roles"))
    done = adopt(team, ["spec.managed.roles[0].login"], dry_run=True)
    assert done.about[0].startswith("spec.managed.roles: not stated -> ")


def test_what_loses_something_needs_a_word(team: Team, api: Api) -> None:
    team.commit({**SHOP, "db.yaml": cluster(spec=FULL)})
    serve(api, full(instances=1))
    with pytest.raises(Refused, match="no replica is left"):
        adopt(team)
    assert adopt(team, confirmed=True).outcome == "committed"


def test_a_secret_is_refused_and_not_repeated(team: Team, api: Api) -> None:
    team.commit({**SHOP, "db.yaml": cluster(spec=FULL)})
    serve(api, set_by("k9s", full(env=[{"name": "PGPASSWORD", "value": "tops3cret-value"}]), "spec/env"))
    with pytest.raises(Refused, match="may hold a secret") as raised:
        adopt(team, ["spec.env"])
    assert "tops3cret-value" not in str(raised.value)
    passed = adopt(team)
    assert (passed.outcome, [one.id for one in passed.warnings]) == ("unchanged", ["not-adopted"])


def test_the_only_object_of_a_kind_is_meant_and_of_several_one_has_to_be_named(team: Team, api: Api) -> None:
    team.commit({**SHOP, "db.yaml": cluster(spec=FULL), "app.yaml": DATABASE})
    serve(api, full(), set_by("k9s", database("db-app", name="app", connectionLimit=5), "spec/connectionLimit"))
    assert adopt(team, kind="Database").about[0].startswith("spec.connectionLimit: not stated -> 5")
    serve(api, full(), database("db-app", name="app"), database("extra"))
    with pytest.raises(InvalidRequest, match="name the Database of Cluster 'db'; there are: db-app, extra"):
        adopt(team, kind="Database")


def test_an_object_that_only_live_has_is_written_and_one_that_only_git_has_goes(team: Team, api: Api) -> None:
    team.commit({**SHOP, "db.yaml": cluster(spec=FULL), "app.yaml": DATABASE})
    serve(api, full(), database("extra", databaseReclaimPolicy="retain"))
    api.answers[f"{GROUP}/namespaces/shop/databases/db-app"] = ABSENT
    with pytest.raises(InvalidRequest, match="fields: Database shop/extra is on one side only"):
        adopt(team, ["spec.owner"], "Database", "extra")
    made = adopt(team, None, "Database", "extra")
    assert [one.action for one in made.files] == ["added"]
    written = [line[1:] for line in diff(made)]
    assert written[-5:] == ["spec:", "  cluster:", "    name: db", "  name: extra", "  owner: app"]
    with pytest.raises(Refused, match="Database shop/db-app goes from Git: it is not live now"):
        adopt(team, None, "Database", "db-app")
    gone = adopt(team, None, "Database", "db-app", confirmed=True)
    assert [(one.action, one.path) for one in gone.files] == [("deleted", "app.yaml")]


def test_what_cannot_be_read_is_not_taken_for_absent(team: Team, api: Api) -> None:
    team.commit({**SHOP, "db.yaml": cluster(spec=FULL), "app.yaml": DATABASE})
    serve(api, full())
    api.answers[f"{GROUP}/namespaces/shop/databases/db-app"] = FORBIDDEN
    with pytest.raises(Forbidden):
        adopt(team, None, "Database", "db-app", confirmed=True)
    api.answers[f"{GROUP}/namespaces/shop/databases/none"] = ABSENT
    with pytest.raises(NotFound, match="neither Git nor the API has Database shop/none in prod"):
        adopt(team, None, "Database", "none")


def test_nothing_is_adopted_where_changes_go_to_the_api(team: Team, api: Api) -> None:
    direct = {".gitops-mcp.yaml": "environments: {dev: {namespaces: [shop], delivery: direct}}\n"}
    team.commit({**direct, "db.yaml": cluster(spec=FULL)})
    serve(api, full(instances=5))
    with pytest.raises(Refused, match="environment 'dev' is changed in the API"):
        adopt(team)


def test_every_kind_that_is_compared_may_be_adopted() -> None:
    offered, _ = get_args(ObjectKind)
    assert set(get_args(offered)) == set(KINDS)


CATALOG = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: ClusterImageCatalog\nmetadata: {name: house}\n"
    "spec:\n  images:\n  - {major: 18, image: 'ghcr.io/cloudnative-pg/postgresql:18.1-standard-trixie'}\n"
)
FROM_CATALOG = (
    "{instances: 3, storage: {size: 10Gi}, imageCatalogRef: {apiGroup: postgresql.cnpg.io, kind: ClusterImageCatalog, "
    "name: house, major: 18}}"
)


def catalog(tag: str = "18.4-standard-trixie") -> Object:
    images = [{"major": 18, "image": f"ghcr.io/cloudnative-pg/postgresql:{tag}"}]
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "ClusterImageCatalog",
        "metadata": {"name": "house"},
        "spec": {"images": images},
    }


def serve_catalog(api: Api, found: Object | None) -> None:
    group, name = "postgresql.cnpg.io", "clusterimagecatalogs"
    reference = {"apiGroup": group, "kind": "ClusterImageCatalog", "name": "house", "major": 18}
    serve(api, live(storage={"size": "10Gi"}, imageCatalogRef=reference))
    api.answers[f"{GROUP}/{name}?limit=500"] = listed(*([found] if found else []))
    missing = status(404, "NotFound", "not found", name="house", kind=name)
    api.answers[f"{GROUP}/{name}/house"] = Answer(200, found) if found else missing


@pytest.mark.parametrize("named", ["house", None])
def test_a_catalog_of_no_namespace_is_adopted(team: Team, api: Api, named: str | None) -> None:
    """The only one that the Cluster refers to is meant, where none is named."""
    team.commit({**SHOP, "db.yaml": cluster(spec=FROM_CATALOG), "house.yaml": CATALOG})
    serve_catalog(api, catalog())
    done = adopt(team, None, "ClusterImageCatalog", named)
    assert [one.path for one in done.files] == ["house.yaml"]
    assert diff(done) == [
        "-  - {major: 18, image: 'ghcr.io/cloudnative-pg/postgresql:18.1-standard-trixie'}",
        "+  - {major: 18, image: 'ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie'}",
    ]


def test_a_catalog_that_only_live_has_is_written_without_a_namespace_and_one_that_only_git_has_goes(
    team: Team, api: Api
) -> None:
    team.commit({**SHOP, "db.yaml": cluster(spec=FROM_CATALOG)})
    serve_catalog(api, catalog())
    made = adopt(team, None, "ClusterImageCatalog", "house", change="mine")
    assert [one.action for one in made.files] == ["added"]
    assert [line[1:] for line in diff(made)] == [
        "apiVersion: postgresql.cnpg.io/v1",
        "kind: ClusterImageCatalog",
        "metadata:",
        "  name: house",
        "spec:",
        "  images:",
        "    - major: 18",
        "      image: ghcr.io/cloudnative-pg/postgresql:18.4-standard-trixie",
    ]
    team.commit({"house.yaml": CATALOG})
    serve_catalog(api, None)
    gone = adopt(team, None, "ClusterImageCatalog", "house", confirmed=True)
    assert [(one.action, one.path) for one in gone.files] == [("deleted", "house.yaml")]
