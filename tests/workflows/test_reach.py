"""A change lies within a caller's rights where all that its files hold does, whatever that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gitops_mcp.app import App
from gitops_mcp.domain.access.rights import Grant, Rights, with_those_before
from gitops_mcp.errors import NotFound, Refused
from gitops_mcp.workflows.reading.changes.questions import change_detail
from gitops_mcp.workflows.writing.discard import discard_branch
from tests.workflows.conftest import Team, cluster

CONFIG = "environments:\n  prod: {path: prod}\n  dev: {path: dev}\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: {0}}}\nstringData: {{a: b}}\n"
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 1}\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m, namespace: {0}}}\n"
TO_DB = """{{target: {{kind: Cluster, name: all}}, patch: '[{{"op": "replace", "path": "/spec/instances", "value": {0}}}]'}}"""
TO_BANK = """{target: {kind: ConfigMap}, patch: '[{"op": "add", "path": "/data", "value": {"a": "c"}}]'}"""


def listing(resources: str, patches: str = TO_DB.format(4)) -> Mapping[str, str]:
    """A kustomization without a namespace."""
    return {"prod/all/kustomization.yaml": f"resources: [{resources}]\npatches: [{patches}]\n"}


SHOP, BANK = (cluster(namespace=one) for one in ("shop", "bank"))
BASE = {
    ".gitops-mcp.yaml": CONFIG,
    "README.md": "ours\n",
    "prod/both.yaml": f"{SHOP}---\n{BANK}",
    "prod/jobs/kustomization.yaml": "namespace: shop\nresources: [job.yaml]\n",
    "prod/jobs/job.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\n",
    "prod/plain.yaml": SECRET.format("shop"),
    "dev/db.yaml": SHOP,
    "base/db.yaml": cluster("shared", None),
    "base/kustomization.yaml": "resources: [db.yaml]\n",
    "base/unused.yaml": BANK,
    "prod/app/kustomization.yaml": "namespace: shop\nresources: [../../base]\npatches: [{path: patch.yaml, target: {kind: Cluster}}]\n",
    "prod/app/patch.yaml": "- {op: replace, path: /spec/instances, value: 5}\n",
    "prod/bank/kustomization.yaml": "namespace: bank\nresources: [map.yaml, deployment.yaml]\n",
    "prod/bank/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: b}\n",
    "prod/bank/deployment.yaml": DEPLOYMENT,
    **listing("bank.yaml, shop.yaml, db.yaml"),
    "prod/all/bank.yaml": MAP.format("bank"),
    "prod/all/unlisted.yaml": MAP.format("bank-two"),
    "prod/all/shop.yaml": MAP.format("shop"),
    "prod/all/db.yaml": cluster("all"),
    "prod/large.yaml": f"{BANK}# {'x' * 2**20}\n",
    "prod/broken-before.yaml": "a: [\n",
}
SEES_SHOP = Grant(with_those_before(["propose"]), frozenset({"prod"}), ("shop",))


def app(team: Team, *grants: Grant) -> App:
    return replace(team.app(), rights=Rights(grants, SEES_SHOP.scopes, "jane"))


def changes(app: App) -> list[str]:
    return [one.name for one in app.ground(fetch=False).base.changes]


def propose(team: Team, *commits: Mapping[str, str | None]) -> None:
    team.commit(BASE)
    team.git("checkout", "--quiet", "-b", "gitops-mcp/one")
    for files in commits:
        team.commit(files)
    team.git("checkout", "--quiet", "-")


FOUR = SHOP.replace("instances: 3", "instances: 4")
ONE = {"prod/both.yaml": f"{FOUR}---\n{BANK}"}
"""One field of what is inside."""


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"prod/both.yaml": f"{FOUR}---\n{BANK}"}, id="its document of two"),
        pytest.param({"prod/new.yaml": cluster("new")}, id="a new object"),
        pytest.param(
            {"prod/plain.yaml": SECRET.format("shop").replace("a: b", "a: c")}, id="an object of another kind"
        ),
        pytest.param(
            {"prod/jobs/job.yaml": BASE["prod/jobs/job.yaml"].replace("j}", "k}")}, id="a namespace of a kustomization"
        ),
        pytest.param({"prod/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"}, id="its Namespace"),
        pytest.param({"prod/plain.yaml": None}, id="an object that goes"),
        pytest.param(
            {"base/db.yaml": cluster("shared", None, "{instances: 5, logLevel: debug}")},
            id="a base that is built there",
        ),
        pytest.param({"prod/app/patch.yaml": "- {op: replace, path: /spec/instances, value: 6}\n"}, id="a patch"),
        pytest.param({"prod/jobs/job.yaml": None, "prod/jobs/kustomization.yaml": None}, id="a folder that goes"),
        pytest.param({"prod/plain.yaml": f"# hm\n{SECRET.format('shop')}"}, id="a comment on what is inside"),
        pytest.param(listing("bank.yaml, shop.yaml, db.yaml", TO_DB.format(6)), id="a patch of a list for all"),
        pytest.param({**listing("bank.yaml, shop.yaml, db.yaml, s"), "prod/all/s/kustomization.yaml": "resources: [s.yaml]\n", "prod/all/s/s.yaml": SECRET.format("shop")}, id="a folder in a list for all"),
        pytest.param(listing("bank.yaml, db.yaml"), id="an entry less in a list for all"),
    ],
)  # fmt: skip
def test_what_lies_inside_is_shown(team: Team, files: Mapping[str, str | None]) -> None:
    propose(team, files)
    assert changes(app(team, SEES_SHOP)) == ["one"]


@pytest.mark.parametrize(
    "commits",
    [
        pytest.param([{"prod/both.yaml": f"{SHOP}---\n{BANK.replace('3', '4')}"}], id="the other document of two"),
        pytest.param([{"prod/both.yaml": f"{FOUR}---\n{BANK.replace('3', '4')}"}], id="both"),
        pytest.param([{"prod/secret.yaml": SECRET.format("bank")}], id="a Secret of another namespace"),
        pytest.param([{"prod/list.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s, namespace: bank}}\n"}], id="in a List"),
        pytest.param([{"prod/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: bank}\n"}], id="a Namespace"),
        pytest.param([{"prod/r.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n"}], id="an object without a namespace"),
        pytest.param([{"prod/plain.yaml": SECRET.format("bank")}], id="one that moves away"),
        pytest.param([{"dev/db.yaml": FOUR}], id="the namespace in another environment"),
        pytest.param([{"base/unused.yaml": FOUR}], id="a base that nothing builds"),
        pytest.param([{"base/db.yaml": cluster("shared", None, "{instances: 5, logLevel: debug}") + "---\n" + SECRET.format("shop")}], id="a base with more in it"),
        pytest.param([{"prod/jobs/job.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, namespace: bank}\n"}], id="what says another namespace than its kustomization"),
        pytest.param([{"README.md": "theirs\n"}], id="a file that is not a manifest"),
        pytest.param([{"prod/values.yaml": "a: 1\n"}], id="YAML that is not an object"),
        pytest.param([{"prod/broken.yaml": "a: [\n"}], id="no YAML"),
        pytest.param([{".gitops-mcp.yaml": f"{CONFIG}base: main\n"}], id="the configuration"),
        pytest.param([{"prod/jobs/kustomization.yaml": "namespace: bank\nresources: [job.yaml]\n"}], id="a kustomization by itself"),
        pytest.param([{"prod/jobs/kustomization.yaml": "namespace: bank\nresources: [job.yaml]\n", "prod/new.yaml": cluster("new")}], id="a kustomization beside what is inside"),
        pytest.param([{"prod/both.yaml": f"{FOUR}---\n{BANK}"}, {"prod/s.yaml": SECRET.format("bank")}, {"prod/s.yaml": None}], id="what a commit took back"),
        pytest.param([{**ONE, "prod/bank/kustomization.yaml": "namespace: bank\nresources: [deployment.yaml]\n"}], id="an entry less of another namespace"),
        pytest.param([{**ONE, "prod/bank/kustomization.yaml": f"namespace: bank\nresources: [map.yaml, deployment.yaml]\npatches: [{TO_BANK}]\n"}], id="a patch in another namespace"),
        pytest.param([{**ONE, **listing("shop.yaml, db.yaml")}], id="an entry less of a list for all"),
        pytest.param([{**ONE, **listing("bank.yaml, unlisted.yaml, shop.yaml, db.yaml")}], id="an entry more of a list for all"),
        pytest.param([{**ONE, **listing("https://git.example.com/x.git, bank.yaml, shop.yaml, db.yaml")}], id="an entry from elsewhere"),
        pytest.param([{**ONE, **listing("bank.yaml, shop.yaml, db.yaml", f"{TO_DB.format(4)}, {TO_BANK}")}], id="a patch of another kind in a list for all"),
        pytest.param([{**ONE, "prod/two/kustomization.yaml": "resources: [../all/unlisted.yaml]\n"}], id="a kustomization that comes and lists what was there"),
        pytest.param([{**ONE, "prod/two/kustomization.yaml": "configMapGenerator: [{name: m, namespace: bank}]\n"}], id="a kustomization that comes and generates"),
        pytest.param([{"prod/large.yaml": FOUR.replace("db", "large")}], id="a file that was too large to be read"),
        pytest.param([{"prod/broken-before.yaml": FOUR.replace("db", "was")}], id="a file that could not be read"),
        pytest.param([{"prod/both.yaml": f"{FOUR}---\n# theirs\n{BANK}"}], id="a comment on what is outside"),
    ],
)  # fmt: skip
def test_what_reaches_outside_is_not(team: Team, commits: list[Mapping[str, str | None]]) -> None:
    propose(team, *commits)
    assert changes(app(team, SEES_SHOP)) == []
    assert changes(app(team, Grant(SEES_SHOP.scopes))) == ["one"]


def test_each_caller_has_an_answer_of_their_own(team: Team) -> None:
    propose(team, {"prod/both.yaml": f"{FOUR}---\n{BANK}"})
    one = app(team, SEES_SHOP)
    other = replace(one, rights=Rights((replace(SEES_SHOP, namespaces=("bank",)),), SEES_SHOP.scopes, "bob"))
    for _ in range(2):
        assert changes(one) == ["one"]
        assert changes(other) == []
        assert [part.namespaces for part in other.settings()[0].environments.values()] == [("bank",)]


def test_a_merged_change_outside_is_not_told_while_its_branch_stays(team: Team) -> None:
    propose(team, {"prod/both.yaml": f"{SHOP}---\n{BANK.replace('3', '4')}"})
    team.merge("gitops-mcp/one")
    asks = app(team, SEES_SHOP)
    with pytest.raises(Refused, match="change 'one' touches objects that lie outside of what you may see or change"):
        change_detail(asks, "one", detailed=True)
    with pytest.raises(Refused, match="lie outside of what you may see or change"):
        discard_branch(asks, "one", confirmed=True, dry_run=True)
    with pytest.raises(NotFound, match="there is no change 'onn'; none is known here"):
        change_detail(asks, "onn", detailed=True)
    assert change_detail(app(team, Grant(SEES_SHOP.scopes)), "one", detailed=True).state == "merged"


def test_a_merged_change_inside_is_told(team: Team) -> None:
    propose(team, {"prod/both.yaml": f"{FOUR}---\n{BANK}"})
    team.merge("gitops-mcp/one")
    asks = app(team, SEES_SHOP)
    assert change_detail(asks, "one", detailed=True).state == "merged"
    with pytest.raises(NotFound, match=r"there is no change 'onn'; there are: one"):
        change_detail(asks, "onn", detailed=True)
