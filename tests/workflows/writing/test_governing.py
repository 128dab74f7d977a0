"""Where an engine object does not apply a folder, or follows another branch, an edit there is refused or says so first."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.errors import GitOpsError, Refused
from gitops_mcp.workflows.writing import clusters, databases
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.workflows.conftest import Team, cluster

Files = Mapping[str, str]

URL = "https://git.example.com/fleet.git"
OTHER = "https://git.example.com/other.git"


def application(
    more: str = "", *, url: str = URL, revision: str = "main", path: str = "store", at: str = "source"
) -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: argocd}\nspec:\n"
        f"  {at}: {{repoURL: '{url}', targetRevision: {revision}, path: {path}{more}}}\n"
        "  destination: {server: https://kubernetes.default.svc, namespace: shop}\n"
    )


def flux(reference: str) -> str:
    return (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: fleet, namespace: flux-system}\n"
        f"spec: {{url: '{URL}', ref: {reference}}}\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: shop, namespace: flux-system}\n"
        "spec: {path: ./store, targetNamespace: shop, prune: true, sourceRef: {kind: GitRepository, name: fleet}}\n"
    )


BARE = cluster(namespace=None)
LISTED = {"store/kustomization.yaml": "resources: [db.yaml]\n", "store/db.yaml": BARE}
SET = (
    "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all, namespace: argocd}\nspec:\n"
    "  generators: [{list: {elements: [{name: store}]}}]\n  template:\n    metadata: {name: '{{name}}'}\n    spec:\n"
    f"      source: {{repoURL: '{URL}', targetRevision: next, path: '{{{{name}}}}'}}\n"
    "      destination: {server: https://kubernetes.default.svc, namespace: shop}\n"
)
SHOP = "Argo CD Application argocd/shop (apps/shop.yaml:1)"
BEHIND = [
    pytest.param({"apps/shop.yaml": application(revision="v1"), **LISTED}, SHOP, "it applies v1, not main", id="a tag"),
    pytest.param(
        {"apps/shop.yaml": application(revision="release"), "store/db.yaml": BARE},
        SHOP,
        "it applies release, not main",
        id="a branch, and a folder of plain files",
    ),
    pytest.param(
        {
            "apps/shop.yaml": application(revision="v1"),
            "apps/web.yaml": application(path="web").replace("name: shop,", "name: web,"),
            **LISTED,
        },
        SHOP,
        "it applies v1, not main",
        id="beside one that follows the base",
    ),
    pytest.param(
        {"apps/all.yaml": SET, **LISTED},
        "Argo CD ApplicationSet argocd/all (apps/all.yaml:1)",
        "it applies next, not main",
        id="an ApplicationSet",
    ),
    pytest.param(
        {"fleet/shop.yaml": flux("{semver: '>=1'}"), **LISTED},
        "Flux Kustomization flux-system/shop (fleet/shop.yaml:6)",
        "it applies the semver >=1, not main",
        id="a range of tags, in Flux",
    ),
    pytest.param(
        {"fleet/shop.yaml": flux("{branch: release}"), "store/db.yaml": BARE},
        "Flux Kustomization flux-system/shop (fleet/shop.yaml:6)",
        "it applies release, not main",
        id="a branch, in Flux",
    ),
]


@pytest.fixture
def fleet(team: Team) -> Team:
    """Its remote is itself, under a name that engine objects know it by."""
    team.git("remote", "add", "origin", URL)
    team.git("config", f"url.{team.root}.insteadOf", URL)
    return team


def scaled(team: Team, name: str = "db", namespace: str | None = None) -> WriteResult:
    request = WriteRequest("scale_postgres_cluster", None, dry_run=True)
    return clusters.scale_cluster(team.app(), request, name, namespace=namespace, instances=5)


def with_database(team: Team) -> WriteResult:
    request = WriteRequest("create_postgres_database", None, dry_run=True)
    which = databases.WhichDatabase("db", "reports", None)
    return databases.create_database(
        team.app(), request, which, owner="app", reclaim_policy="retain", extensions=[], schemas=[]
    )


def with_cluster(team: Team) -> WriteResult:
    request = WriteRequest("create_postgres_cluster", None, dry_run=True)
    new = clusters.NewCluster("carts", "shop", 3, "1Gi", "18", None, {}, "app", None)
    return clusters.create_cluster(team.app(), request, new)


@pytest.mark.parametrize(("files", "who", "why"), BEHIND)
@pytest.mark.few(2)
def test_what_follows_another_branch_is_edited_and_says_first_that_it_waits(
    fleet: Team, files: Files, who: str, why: str
) -> None:
    fleet.commit(files)
    done = scaled(fleet)
    told = f"nothing changes in the cluster until what {who} follows moves to a commit with this: {why}"
    first = next(iter(done.blocks()))
    assert told in first
    assert "Cluster shop/db" in first
    assert [one.path for one in done.files] == ["store/db.yaml"]
    assert [one.message for one in done.warnings if one.id == "held-up"] == [told]


def test_new_objects_below_what_follows_another_branch_say_so_too(fleet: Team) -> None:
    fleet.commit({"apps/shop.yaml": application(revision="v1"), **LISTED})
    for done, path in (
        (with_database(fleet), "store/database-reports.yaml"),
        (with_cluster(fleet), "store/carts.yaml"),
    ):
        assert path in [one.path for one in done.files]
        assert "it applies v1, not main" in next(iter(done.blocks()))


def test_what_follows_the_base_is_edited_and_what_follows_a_tag_is_told_beside_it(fleet: Team) -> None:
    stage = (
        application(path="store")
        .replace("name: shop,", "name: stage,")
        .replace("namespace: shop}", "namespace: stage}")
    )
    fleet.commit({"apps/shop.yaml": application(revision="v1"), "apps/stage.yaml": stage, **LISTED})
    done = scaled(fleet, namespace="stage")
    assert [one.path for one in done.files] == ["store/db.yaml"]
    assert [one.message for one in done.warnings if one.id == "follows-later"] == [
        f"{SHOP} gets this too once what it follows moves to a commit with it: it applies v1, not main"
    ]
    with pytest.raises(Refused, match="Cluster stage/db"):
        scaled(fleet, namespace="shop")


@pytest.mark.parametrize("name", ["prod", "stage"])
def test_an_overlay_that_follows_a_tag_and_one_that_does_not_get_their_own_values(fleet: Team, name: str) -> None:
    files = {f"{one}/kustomization.yaml": f"namespace: {one}\nresources: [../store]\n" for one in ("prod", "stage")}
    prod = application(path="prod", revision="v1").replace("name: shop,", "name: prod,")
    fleet.commit({"apps/prod.yaml": prod, "apps/stage.yaml": application(path="stage"), **files, **LISTED})
    assert [one.path for one in scaled(fleet, namespace=name).files] == [f"{name}/kustomization.yaml"]


PATCHED = application(
    ", kustomize: {patches: [{patch: '{metadata: {name: db}, kind: Cluster, apiVersion: postgresql.cnpg.io/v1, spec: {instances: 2}}'}]}"
)
ROOT = application(path="apps").replace("name: shop,", "name: root,")
VARIABLE = {
    "store/db.yaml": cluster(namespace=None, spec="{instances: '${COUNT}'}"),
    "store/kustomization.yaml": "resources: [db.yaml]\n",
}
COUNTING = flux("{branch: main}").replace("prune: true", "postBuild: {substitute: {COUNT: '3'}}")
BOOTSTRAP = (
    flux("{branch: main}").replace("./store, targetNamespace: shop", "./fleet").replace("name: shop", "name: root")
)


@pytest.mark.parametrize(
    ("files", "path"),
    [
        pytest.param({"apps/shop.yaml": PATCHED, **LISTED}, "apps/shop.yaml", id="an Application"),
        pytest.param({"fleet/shop.yaml": COUNTING, **VARIABLE}, "fleet/shop.yaml", id="a Kustomization of Flux"),
    ],
)
def test_an_edit_in_the_manifest_of_an_engine_object_that_nothing_applies_is_refused(
    fleet: Team, files: Files, path: str
) -> None:
    fleet.commit(files)
    with pytest.raises(Refused, match=r"nothing in this repository applies that file") as told:
        scaled(fleet)
    assert path in str(told.value)


@pytest.mark.parametrize(
    ("files", "path"),
    [
        pytest.param({"apps/shop.yaml": PATCHED, "apps/kustomization.yaml": "resources: [shop.yaml]\n", **LISTED}, "apps/shop.yaml", id="listed"),
        pytest.param({"apps/shop.yaml": PATCHED, "root.yaml": ROOT, **LISTED}, "apps/shop.yaml", id="applied by a root"),
        pytest.param({"fleet/shop.yaml": COUNTING, "fleet/root.yaml": BOOTSTRAP, **VARIABLE}, "fleet/shop.yaml", id="applied by the bootstrap of Flux"),
    ],
)  # fmt: skip
def test_where_that_manifest_is_applied_it_is_edited(fleet: Team, files: Files, path: str) -> None:
    fleet.commit(files)
    done = scaled(fleet)
    assert ([one.path for one in done.files], [one.id for one in done.warnings if one.id == "held-up"]) == ([path], [])


def test_a_manifest_that_is_applied_from_a_tag_waits_for_that(fleet: Team) -> None:
    fleet.commit({"apps/shop.yaml": PATCHED, "root.yaml": ROOT.replace("main", "v1"), **LISTED})
    assert "what Argo CD Application argocd/root (root.yaml:1) follows moves" in scaled(fleet).summary


@pytest.mark.parametrize(
    ("files", "why"),
    [
        pytest.param({"apps/shop.yaml": application(url=OTHER), **LISTED}, "apps/shop.yaml:1) does not apply it: it applies https://git.example.com/other.git, another repository", id="another repository"),
        pytest.param({"docs/shop.yaml": application(), **LISTED}, "docs/shop.yaml:1) does not apply it: nothing applies docs/shop.yaml, and docs/ is not taken for live", id="an example"),
        pytest.param({"apps/kustomization.yaml": "resources: [web.yaml] # shop.yaml later\n# - shop.yaml\n", "apps/web.yaml": application(path="web").replace("name: shop,", "name: web,"), "root.yaml": ROOT, "apps/shop.yaml": application(), **LISTED}, "it is commented out at apps/kustomization.yaml:2", id="commented out"),
    ],
)  # fmt: skip
def test_what_an_engine_object_does_not_apply_is_refused_with_why(fleet: Team, files: Files, why: str) -> None:
    fleet.commit(files)
    for asked in (scaled, with_database):
        with pytest.raises(GitOpsError, match="no Cluster 'db' is applied in default") as told:
            asked(fleet)
        assert "store/db.yaml:1" in str(told.value)
        assert why in str(told.value)


def test_what_a_plugin_builds_is_named_and_nothing_is_put_there(fleet: Team) -> None:
    fleet.commit({"apps/shop.yaml": application(", plugin: {name: vault-yaml}"), "store/db.yaml": BARE})
    with pytest.raises(Refused, match="the config management plugin vault-yaml builds it"):
        scaled(fleet)
    with pytest.raises(Refused, match=r"what happens to store/database-reports\.yaml is not known"):
        with_database(fleet)


def test_what_git_says_already_may_wait_for_a_tag_too(fleet: Team) -> None:
    fleet.commit(
        {"apps/shop.yaml": application(revision="v1"), "store/db.yaml": BARE.replace("instances: 3", "instances: 5")}
    )
    done = scaled(fleet)
    assert done.outcome == "unchanged"
    assert f"until what {SHOP} follows moves to a commit with this: it applies v1, not main" in done.summary
