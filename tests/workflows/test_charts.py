"""Charts of the team's repository, from the commit to the answer."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from gitops_mcp.app import App
from gitops_mcp.domain.editing.list_items import add_item
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import NotFound, Unavailable
from gitops_mcp.workflows.reading.cluster_in_git import cluster_in_git
from gitops_mcp.workflows.reading.clusters.cluster_list import list_clusters
from gitops_mcp.workflows.writing.clusters import scale_cluster
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.charts import REMOTE, application, chart, needs_helm
from tests.workflows.conftest import Team

TEMPLATE = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: {{ .Release.Name }}-db
spec:
  instances: {{ .Values.instances }}
"""
CHART = {
    "apps/shop.yaml": application(name="shop", path="charts/db"),
    "charts/db/Chart.yaml": chart("db"),
    "charts/db/values.yaml": "instances: 3\n",
    "charts/db/templates/cluster.yaml": TEMPLATE,
}
OTHER = {
    "apps/web.yaml": application(name="web", path="charts/web"),
    "charts/web/Chart.yaml": chart("web"),
    "charts/web/templates/web.yaml": "kind: Service\n",
}


def of_remote(team: Team, files: Mapping[str, str]) -> App:
    """The team's repository with these files, which its Applications call by the address of its remote."""
    team.commit(files)
    bare = team.root.parent / "remote.git"
    if not bare.exists():
        team.git("clone", "--quiet", "--bare", str(team.root), str(bare))
        team.git("remote", "add", "origin", REMOTE)
        team.git("config", f"url.{bare}.insteadOf", REMOTE)
    team.git("push", "--quiet", "origin", "HEAD:main")
    team.git("fetch", "--quiet", "origin")
    team.git("remote", "set-head", "origin", "main")
    return team.app()


def desired_at(app: App, commit: str | None = None) -> Desired:
    ground = app.ground(fetch=False)
    return app.desired(ground, "", commit or ground.base.commit)


def declared(desired: Desired) -> list[str]:
    return [f"{one.label}: {one.object['spec'].get('instances')}" for one in desired.clusters]


def packed(files: Mapping[str, str]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for path, text in files.items():
            about = tarfile.TarInfo(path)
            about.size = len(text.encode())
            archive.addfile(about, io.BytesIO(text.encode()))
    return made.getvalue()


@needs_helm
def test_a_chart_is_rendered_from_the_commit_with_all_its_files(team: Team) -> None:
    helpers = '{{ define "more" }}{{ .Files.Get "sizes.txt" | trim }}{{ end }}'
    template = TEMPLATE.replace("{{ .Values.instances }}", '{{ include "more" . }}')
    more = {"charts/db/templates/_more.tpl": helpers, "charts/db/sizes.txt": "7\n"}

    app = of_remote(team, {**CHART, **OTHER, **more, "charts/db/templates/cluster.yaml": template})

    assert declared(desired_at(app)) == [
        "Cluster shop/shop-db (charts/db/templates/cluster.yaml of Argo CD Application argocd/shop (apps/shop.yaml:1)): 7"
    ]


@needs_helm
def test_a_packed_dependency_is_rendered_and_its_new_version_too(team: Team) -> None:
    umbrella = {
        "apps/shop.yaml": application(name="shop", path="charts/all"),
        "charts/all/Chart.yaml": chart("all", '{name: db, version: ">0", repository: "https://charts.example.com"}'),
    }

    def pack(template: str) -> None:
        place = team.root / "charts/all/charts/db-0.1.0.tgz"
        place.parent.mkdir(parents=True, exist_ok=True)
        files = {
            "db/Chart.yaml": chart("db"),
            "db/values.yaml": "instances: 2\n",
            "db/templates/cluster.yaml": template,
        }
        place.write_bytes(packed(files))

    pack(TEMPLATE)
    app = of_remote(team, umbrella)
    first = [one.identity.name for one in desired_at(app).clusters]
    pack(TEMPLATE.replace("-db", "-other"))
    of_remote(team, {"README.md": "a newer one"})

    assert first == ["shop-db"]
    assert [one.identity.name for one in desired_at(app).clusters] == ["shop-other"]


@needs_helm
def test_templates_of_a_branch_are_not_run_before_they_are_reviewed(team: Team) -> None:
    app = of_remote(team, CHART)
    team.git("switch", "--quiet", "--create", "change")
    values = team.commit({"charts/db/values.yaml": "instances: 5\n"})
    template = team.commit({"charts/db/templates/cluster.yaml": TEMPLATE.replace("-db", "-{{ randAlpha 3 }}")})
    team.git("reset", "--quiet", "--hard", values)
    hidden = team.commit({"charts/db/values.yaml": 'instances: 5\nmore: "{{ evil }}"\n'})

    assert [one.rpartition(": ")[2] for one in declared(desired_at(app, values))] == ["5"]
    for commit, path, said in (
        (template, "charts/db/templates/cluster.yaml", "5"),
        (hidden, "charts/db/values.yaml", "3"),
    ):
        seen = desired_at(app, commit)
        reason = f"{path} differs from the base's, and templates that nobody has reviewed are not run"
        assert [(one.object["spec"]["instances"], one.opaque) for one in seen.clusters] == [(int(said), reason)]
        assert [one.reason for one in seen.hidden if one.is_open] == [
            f"apps/shop.yaml:1: the chart in charts/db: {reason}"
        ]

    inline = application('helm: {valuesObject: {more: "{{ evil }}"}}', name="shop", path="charts/db")
    team.git("reset", "--quiet", "--hard", values)
    with pytest.raises(NotFound, match=r"what values say at apps/shop\.yaml:1 differs from the base's"):
        desired_at(app, team.commit({"apps/shop.yaml": inline})).cluster("shop-db", "shop", environment="default")

    team.git("push", "--quiet", "origin", f"{hidden}:main")
    team.git("fetch", "--quiet", "origin")
    assert [one.rpartition(": ")[2] for one in declared(desired_at(app, hidden))] == ["5"]


@needs_helm
def test_a_chart_with_a_symlink_is_not_followed_out_of_the_repository(team: Team, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("secret")
    (team.root / "charts/db/templates").mkdir(parents=True)
    (team.root / "charts/db/templates/more.yaml").symlink_to(tmp_path / "secret.yaml")
    app = of_remote(team, CHART)

    with pytest.raises(NotFound, match=r"holds the symlink charts/db/templates/more.yaml, which is not followed"):
        desired_at(app).cluster("shop-db", "shop", environment="default")


def test_without_an_engine_for_templates_lists_and_edits_say_what_installs_one(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = shutil.which("git")
    assert git is not None
    monkeypatch.setattr("gitops_mcp.adapters.helm.MODULE", "no_such_module")
    monkeypatch.setenv("PATH", f"{team.root.parent}/bin")
    (team.root.parent / "bin").mkdir()
    (team.root.parent / "bin/git").symlink_to(git)
    app = of_remote(team, CHART)
    said = r"may make objects of CloudNativePG.*install gitops-mcp with its extra `helm`, or put `helm` on PATH"

    with pytest.raises(NotFound, match=said):
        desired_at(app).cluster("shop-db", "shop", environment="default")
    with pytest.raises(Unavailable, match=f"Git declares no Cluster there.*{said}"):
        list_clusters(app, environment=None, namespace=None, detailed=False, limit=10, cursor=None)


VALUES_REF = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: orders, namespace: argocd}
spec:
  destination: {namespace: shop}
  sources:
    - {repoURL: https://cloudnative-pg.github.io/charts, chart: cluster, targetRevision: 0.8.1}
    - {repoURL: https://git.example.com/platform/fleet.git, targetRevision: main, ref: files}
"""


def test_values_of_another_source_are_read_and_edited(team: Team) -> None:
    helm = 'helm: {valueFiles: ["$files/vals/orders.yaml"], valuesObject: {cluster: {storage: {size: 20Gi}}}}'
    values = "fullnameOverride: orders\ncluster:\n  instances: 5\n  roles:\n    - {name: keep, login: true}\n"
    text = VALUES_REF.replace("targetRevision: 0.8.1", f"targetRevision: 0.8.1, {helm}")
    app = of_remote(team, {"apps/orders.yaml": text, "vals/orders.yaml": values})
    desired = desired_at(app)
    declared = desired.cluster("orders", "shop", environment="default")

    changes = add_item(desired, declared, ("spec", "managed", "roles"), {"name": "new", "login": True})

    assert at(declared.object, "spec", "instances") == 5
    assert at(declared.object, "spec", "storage", "size") == "20Gi"
    assert {one.path: one.after for one in changes} == {
        "vals/orders.yaml": values + "    - name: new\n      login: true\n"
    }


def test_nothing_of_helm_is_started_for_charts_that_make_none(team: Team) -> None:
    app = of_remote(team, OTHER)

    desired = desired_at(app)

    assert app._helm == []
    assert (desired.clusters, desired.hidden) == ((), ())


@needs_helm
def test_template_and_values_are_named_and_changes_of_the_values_are_pending(team: Team) -> None:
    app = of_remote(team, CHART)
    settings, ground = app.settings()
    assert ground
    environment = app.environment(settings, None)
    found = app.desired(ground, "", ground.base.commit).cluster("shop-db", "shop", environment="default")
    scale_cluster(app, WriteRequest("scale_postgres_cluster", None), "shop-db", namespace=None, instances=4)
    _, ground = app.settings(fetch=True)
    assert ground

    git = cluster_in_git(app, ground, environment, found, None)

    assert git.declared == "apps/shop.yaml:1"
    assert git.made_by == ["template charts/db/templates/cluster.yaml", "values charts/db/values.yaml:1"]
    assert git.pending == ["scale-shop-shop-db"]
