from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.answers.drift import DriftReport
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import Forbidden, InvalidRequest, NotFound, Unavailable
from gitops_mcp.workflows.reading.drift import read_drift
from tests.fakes.api import Answer, status
from tests.workflows.conftest import FORBIDDEN, GROUP, Api, Team, application, cluster, listed, live

PLURALS = ("backups", "clusters", "databaseroles", "databases", "imagecatalogs", "poolers", "publications",
           "scheduledbackups", "subscriptions")  # fmt: skip
DATABASE = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {name: db-app, namespace: shop}\n"
    "spec: {cluster: {name: db}, name: app, owner: app}\n"
)
SHOP = ".gitops-mcp.yaml"
ONLY_SHOP = "environments: {prod: {namespaces: [shop]}}\n"


def drift(team: Team, name: str | None = None, **asked: Any) -> DriftReport:
    given = {"namespace": None, "environment": None, "limit": 50, "cursor": None, **asked}
    return read_drift(team.app(), name, **given)


def by(manager: str, fields: Object, found: Object) -> Object:
    entry = {"manager": manager, "operation": "Update", "time": "2026-03-01T10:00:00Z", "fieldsV1": fields}
    found["metadata"]["managedFields"] = [*found["metadata"].get("managedFields", ()), entry]
    return found


def other(kind: str, name: str, spec: Object, **metadata: Any) -> Object:
    about = {"name": name, "namespace": "shop", **metadata}
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": kind, "metadata": about, "spec": spec}


def serve(api: Api, **lists: Answer) -> None:
    """Every kind, in namespace shop; without a word it has nothing."""
    for plural in PLURALS:
        api.objects(plural, lists.get(plural, listed()))
    api.answers[f"{GROUP}/clusterimagecatalogs?limit=500"] = lists.get("clusterimagecatalogs", listed())
    api.answers["/apis/barmancloud.cnpg.io/v1/namespaces/shop/objectstores?limit=500"] = listed()


def told(report: DriftReport) -> list[tuple[str, str, str | None]]:
    return [(one.side, one.object, one.field) for one in report.items]


def test_kinds_that_may_not_be_read_are_named_and_the_others_compared(team: Team, api: Api) -> None:
    team.commit({SHOP: ONLY_SHOP, "db.yaml": cluster(), "app.yaml": DATABASE})
    serve(api, clusters=listed(by("k9s", {}, live(instances=5))), databases=FORBIDDEN, poolers=FORBIDDEN)
    report = drift(team)
    assert told(report) == [("differs", "Cluster shop/db", "spec.instances")]
    assert (report.complete, report.compared) == (False, 1)
    unread = [one.message for one in report.warnings if one.id == "unreadable"]
    assert [text.partition(" (")[0] for text in unread] == [
        "not compared: list databases.postgresql.cnpg.io in namespace 'shop'",
        "not compared: list poolers.postgresql.cnpg.io in namespace 'shop'",
    ]
    assert "not all could be read, so there may be more" in report.markdown()


def test_where_nothing_may_be_read_that_is_the_error(team: Team, api: Api) -> None:
    team.commit({SHOP: ONLY_SHOP})
    api.answers["*"] = FORBIDDEN
    with pytest.raises(Forbidden, match="list clusters"):
        drift(team)
    team.commit({"db.yaml": cluster()})
    report = drift(team)
    assert (report.total, report.compared, report.complete) == (0, 0, False)
    assert report.markdown().startswith("No difference seen between ")
    team.commit({"db.yaml": None})
    api.answers["*"] = status(503, "ServiceUnavailable", "down")
    with pytest.raises(Unavailable):
        drift(team, "db", namespace="shop")


def test_a_cluster_that_is_nowhere_is_not_found_and_without_a_repository_nothing_is_compared(
    team: Team, api: Api, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.commit({SHOP: ONLY_SHOP, "db.yaml": cluster()})
    serve(api)
    api.clusters("shop", listed(), named="bd")
    with pytest.raises(NotFound, match="there are: db"):
        drift(team, "bd")
    from gitops_mcp.app import App
    from gitops_mcp.config import Flags

    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(InvalidRequest, match="no repository here"):
        read_drift(App.open(Flags()), None, namespace=None, environment=None, limit=5, cursor=None)


def test_who_may_not_list_everywhere_is_told_that_other_namespaces_were_not_seen(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(namespace="billing")})
    api.answers["*"] = FORBIDDEN
    serve(api)
    api.objects("clusters", listed(by("k9s", {}, live(namespace="billing", instances=1))), namespace="billing")
    report = drift(team)
    assert told(report) == [("differs", "Cluster billing/db", "spec.instances")]
    assert not report.complete
    assert "name the namespaces that this user may read" in report.warnings[0].message


def test_what_is_on_one_side_only_is_told_but_for_what_controllers_and_schedules_make(team: Team, api: Api) -> None:
    team.commit({SHOP: ONLY_SHOP, "db.yaml": cluster(), "app.yaml": DATABASE})
    spec = {"cluster": {"name": "db"}}
    api.applications(listed(application()))
    serve(
        api,
        clusters=listed(by("k9s", {}, live())),
        backups=listed(
            by("manager", {}, other("Backup", "nightly-1", spec, labels={"cnpg.io/scheduled-backup": "nightly"})),
            by("manager", {}, other("Backup", "owned", spec, ownerReferences=[{"kind": "ScheduledBackup"}])),
            by("kubectl-cnpg", {}, other("Backup", "by-hand", spec)),
        ),
        poolers=listed(other("Pooler", "old", spec, labels={
            "kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"})),
        publications=listed(other("Publication", "pub", {"cluster": {"name": "else"}})),
    )  # fmt: skip
    report = drift(team, "db")
    assert told(report) == [
        ("only_in_git", "Database shop/db-app", None),
        ("only_live", "Backup shop/by-hand", None),
        ("orphan", "Pooler shop/old", None),
    ]
    assert [one.set_by for one in report.items] == [None, "kubectl-cnpg", None]
    assert [one.outcome for one in report.items] == ["created", "stays", "stays"]
    assert told(drift(team))[-1] == ("only_live", "Publication shop/pub", None)


def test_objects_of_another_environment_of_the_same_api_are_no_drift(team: Team, api: Api) -> None:
    both = "environments: {a: {path: a, namespaces: [shop]}, b: {path: b}}\n"
    team.commit({SHOP: both, "a/db.yaml": cluster(), "b/other.yaml": cluster("other")})
    found = [by("k9s", {}, live()), by("k9s", {}, live("other")), by("k9s", {}, live("third"))]
    serve(api, clusters=listed(*found))
    report = drift(team, environment="a")
    assert told(report) == [("only_live", "Cluster shop/third", None)]
    assert "adopt_live cluster_name=third namespace=shop environment=a" in report.items[0].next


def test_what_another_environment_declares_without_a_namespace_is_no_drift_where_it_may_be(
    team: Team, api: Api
) -> None:
    both = "environments: {{a: {{path: a, namespaces: [shop]}}, b: {{path: b{}}}}}\n"
    team.commit({SHOP: both.format(""), "a/db.yaml": cluster(), "b/other.yaml": cluster("other", None)})
    serve(api, clusters=listed(by("k9s", {}, live()), by("k9s", {}, live("other"))))
    assert told(drift(team, environment="a")) == []
    team.commit({SHOP: both.format(", namespaces: [billing]")})
    assert told(drift(team, environment="a")) == [("only_live", "Cluster shop/other", None)]


def test_an_environment_whose_path_is_a_file_hides_no_answer_about_another(team: Team, api: Api) -> None:
    both = "environments: {a: {path: a, namespaces: [shop]}, b: {path: b}}\n"
    team.commit({SHOP: both, "a/db.yaml": cluster(), "b": "a file\n"})
    serve(api, clusters=listed(by("k9s", {}, live(instances=5))))
    report = drift(team, environment="a")
    assert told(report) == [("differs", "Cluster shop/db", "spec.instances")]
    [why] = [one.message for one in report.warnings if one.id == "not-compared"]
    assert why.startswith("what environment 'b' declares is not known, so it may be told as only live: ")


def test_what_is_cluster_wide_is_not_asked_about_with_a_namespace(team: Team, api: Api) -> None:
    catalog = (
        "apiVersion: postgresql.cnpg.io/v1\nkind: ClusterImageCatalog\nmetadata: {name: all}\nspec: {images: []}\n"
    )
    team.commit({SHOP: ONLY_SHOP, "all.yaml": catalog})
    serve(api)
    assert told(drift(team)) == [("only_in_git", "ClusterImageCatalog all", None)]
    assert told(drift(team, namespace="shop")) == []


def test_open_changes_are_named_where_they_touch_the_same(team: Team, api: Api) -> None:
    team.commit({SHOP: ONLY_SHOP, "db.yaml": cluster(), "app.yaml": DATABASE})
    team.git("checkout", "-q", "-b", "gitops-mcp/scale-4")
    team.commit({"db.yaml": cluster(spec="{instances: 4, logLevel: debug}"), "app.yaml": None})
    team.git("checkout", "-q", "-")
    fields: Object = {"f:spec": {"f:instances": {}, "f:logLevel": {}, "f:enablePDB": {}}}
    seen = by("kubectl-edit", fields, live(instances=5, logLevel="debug", enablePDB=False))
    serve(api, clusters=listed(seen))
    rows = {one.field: one for one in drift(team).items}
    assert {field: row.pending for field, row in rows.items()} == {
        "spec.instances": ["scale-4 makes it 4"],
        "spec.logLevel": ["scale-4 makes it debug"],
        "spec.enablePDB": [],
        None: ["scale-4 removes the object"],
    }
    merge = "have change scale-4 merged, with which Git says what is live, or discard it"
    assert [field for field, row in rows.items() if row.next == merge] == ["spec.logLevel", None]


def test_a_row_says_who_when_where_and_what_to_do(team: Team, api: Api) -> None:
    team.commit({SHOP: ONLY_SHOP, "db.yaml": cluster()})
    seen = by("kubectl-edit", {"f:spec": {"f:instances": {}}}, live(instances=5))
    serve(api, clusters=listed(seen))
    (row,) = drift(team).items
    assert (row.git, row.live, row.set_by, row.set_at) == (3, 5, "kubectl-edit", "2026-03-01T10:00:00Z")
    assert row.declared == "db.yaml:4"
    assert (row.outcome, row.why) == ("stays", "no engine object was found that applies it")
    assert row.next == 'adopt_live cluster_name=db namespace=shop fields=["spec.instances"] to keep what is live'


def test_values_are_bounded_and_secrets_are_not_shown(team: Team, api: Api) -> None:
    team.commit({SHOP: ONLY_SHOP, "db.yaml": cluster()})
    env = [{"name": "PGPASSWORD", "value": "tops3cret-value"}]
    seen = by("k9s", {"f:spec": {"f:env": {}, "f:description": {}}}, live(env=env, description="long " * 1000))
    serve(api, clusters=listed(seen))
    report = drift(team)
    assert told(report) == [
        ("not_stated", "Cluster shop/db", "spec.env"),
        ("not_stated", "Cluster shop/db", "spec.description"),
    ]
    assert "tops3cret-value" not in report.markdown() + report.model_dump_json()
    assert len(str(report.items[1].live)) < 300


def test_pages_follow_each_other(team: Team, api: Api) -> None:
    team.commit({SHOP: ONLY_SHOP, "db.yaml": cluster()})
    labels = {f"l{number}": "x" for number in range(7)}
    seen = live()
    seen["metadata"]["labels"] = labels
    serve(api, clusters=listed(by("k9s", {"f:metadata": {"f:labels": {f"f:{key}": {} for key in labels}}}, seen)))
    first = drift(team, limit=4)
    second = drift(team, limit=4, cursor=first.cursor)
    assert (len(first.items), len(second.items), second.cursor, first.total) == (4, 3, None, 7)
    assert {one.field for one in (*first.items, *second.items)} == {f"metadata.labels.{key}" for key in labels}
    with pytest.raises(InvalidRequest, match="none of get_drift"):
        drift(team, "db", cursor=first.cursor)


def test_what_cannot_be_compared_is_said(team: Team, api: Api) -> None:
    kustomization = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\n"
        "spec: {path: ./apps, sourceRef: {kind: GitRepository, name: x}, postBuild: {substituteFrom: [{kind: Secret, name: s}]}}\n"
    )
    team.commit({"ks.yaml": kustomization,  "apps/db.yaml": cluster(spec="{instances: 3, logLevel: '${LEVEL}'}"),
                 "apps/loose.yaml": cluster("loose", None), SHOP: ONLY_SHOP})  # fmt: skip
    serve(api, clusters=listed(live(logLevel="info")))
    report = drift(team)
    assert told(report) == []
    found = {one.id: one.message for one in report.warnings if one.id in {"not-compared", "no-managers"}}
    assert found["no-managers"].startswith("nothing says who has set the fields of Cluster shop/db (managedFields)")
    messages = " ".join(one.message for one in report.warnings)
    assert "Cluster shop/db spec.logLevel: the engine fills it in, so it is not compared" in messages
    assert "Cluster loose at apps/loose.yaml:1 is not compared: nothing says its namespace: name it" in messages


def test_what_sops_has_encrypted_is_no_drift(team: Team, api: Api) -> None:
    external = "[{name: o, connectionParameters: {host: 'ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]'}}]"
    text = cluster(spec=f"{{instances: 3, externalClusters: {external}}}")
    team.commit({SHOP: ONLY_SHOP, "db.yaml": f"{text}\nsops: {{mac: x, version: 3.10.2}}\n"})
    origin = {"name": "o", "connectionParameters": {"host": "db.example.com"}}
    serve(api, clusters=listed(by("k9s", {}, live(instances=5, externalClusters=[origin]))))
    report = drift(team)
    assert told(report) == [("differs", "Cluster shop/db", "spec.instances")]
    assert "connectionParameters.host: the engine fills it in" in report.markdown()
    assert "db.example.com" not in report.markdown()


def test_what_comes_from_another_repository_is_counted_and_no_drift(team: Team, api: Api) -> None:
    team.commit({SHOP: ONLY_SHOP, "db.yaml": cluster()})
    team.git("clone", "-q", "--bare", ".", str(team.root.parent / "fleet.git"))
    team.git("config", f"url.{team.root.parent}/fleet.git.insteadOf", "https://git.example.com/fleet.git")
    team.git("remote", "add", "origin", "https://git.example.com/fleet.git")
    theirs = application(path="db")
    theirs["spec"]["source"]["repoURL"] = "https://git.example.com/another.git"
    tracked = live("theirs")
    tracked["metadata"]["annotations"] = {
        "argocd.argoproj.io/tracking-id": "apps:postgresql.cnpg.io/Cluster:shop/theirs"
    }
    api.answers[f"{GROUP.replace('postgresql.cnpg.io/v1', 'argoproj.io/v1alpha1')}/namespaces/argocd/applications/apps"] = Answer(200, {"kind": "Application", **theirs})  # fmt: skip
    serve(api, clusters=listed(by("k9s", {}, live()), by("argocd-controller", {}, tracked)))
    report = drift(team)
    assert told(report) == []
    assert [one.message for one in report.warnings if one.id == "not-compared"] == [
        "not compared: 1 live object of another repository, applied by Argo CD Application argocd/apps"
    ]


def test_an_object_of_two_documents_is_not_compared_with_either(team: Team, api: Api) -> None:
    team.commit({SHOP: ONLY_SHOP, "a.yaml": cluster(), "b.yaml": cluster(spec="{instances: 4}")})
    serve(api, clusters=listed(by("k9s", {}, live(instances=4))))
    report = drift(team)
    assert (told(report), report.compared) == ([], 0)
    (why,) = (one.message for one in report.warnings if one.id == "not-compared")
    assert why == (
        "Cluster shop/db at a.yaml:1 is not compared: a.yaml:1 and b.yaml:1 declare it, and whichever is applied last "
        "decides"
    )
