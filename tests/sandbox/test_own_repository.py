"""A repository of the user's own as what the sandbox starts from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from gitops_mcp.domain import kinds
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.sandbox.own_repository import OwnRepository
from gitops_mcp.sandbox.run import start_sandbox
from tests.e2e.team import Files, Team, look
from tests.sandbox.test_remote import git

URL = "git@github.com:team/fleet.git"
CLUSTER = """apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: orders, namespace: shop}
spec: {instances: 1, storage: {size: 1Gi}}
"""
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
APPS = {"apps/shop/namespace.yaml": NAMESPACE, "apps/shop/orders.yaml": CLUSTER}
LISTED = "resources: [namespace.yaml, orders.yaml]\n"


def application(name: str, path: str, url: str = URL) -> str:
    return f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}, namespace: argocd}}
spec:
  project: default
  destination: {{server: https://kubernetes.default.svc}}
  source: {{repoURL: "{url}", path: {path}, targetRevision: main}} # ours
  syncPolicy: {{automated: {{prune: true}}}}
"""


SOURCE = f"""apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {{name: flux-system, namespace: flux-system}}
spec:
  interval: 1m
  url: ssh://{URL.replace(":", "/")}
  ref: {{branch: main}}
"""


def kustomization(name: str, path: str) -> str:
    return f"""apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: flux-system}}
spec: {{interval: 1m, path: {path}, prune: true, sourceRef: {{kind: GitRepository, name: flux-system}}}}
"""


BOOTSTRAP = {
    **APPS,
    "apps/shop/kustomization.yaml": f"{LISTED}labels: [{{pairs: {{team: shop}}}}]\n",
    "clusters/prod/apps.yaml": kustomization("apps", "./apps/shop"),
    "clusters/prod/flux-system/gotk-components.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: flux-system}\n",
    "clusters/prod/flux-system/gotk-sync.yaml": f"{SOURCE}---\n{kustomization('flux-system', './clusters/prod')}",
    "clusters/prod/flux-system/kustomization.yaml": "resources: [gotk-components.yaml, gotk-sync.yaml]\n",
}
APP_OF_APPS = {
    **APPS,
    "apps/shop/kustomization.yaml": LISTED,
    "root.yaml": application("root", "argocd"),
    "argocd/shop.yaml": application("shop", "apps/shop"),
}
PLAIN = {
    "prod/kustomization.yaml": LISTED,
    **{path.replace("apps/shop", "prod"): text for path, text in APPS.items()},
    ".gitops-mcp.yaml": "# Ours.\nforge: {type: gitlab}\nenvironments: {prod: {path: prod, context: prod-admin}}\n",
}


@pytest.mark.parametrize(
    ("files", "objects", "forge"),
    [
        pytest.param(
            BOOTSTRAP, ["apps", "flux-system"], "github", id="flux after a bootstrap", marks=pytest.mark.thorough
        ),
        pytest.param(APP_OF_APPS, ["root", "shop"], "github", id="app of apps"),
        pytest.param(PLAIN, ["prod"], "gitlab", id="no engine object in Git"),
    ],
)
def test_what_is_committed_is_applied_by_its_own_engine_objects(
    files: Files, objects: list[str], forge: str, tmp_path: Path
) -> None:
    mine = Team.of(tmp_path / "mine", files)
    mine.git(mine.checkout, "config", "remote.origin.url", f"https://{URL.partition('@')[2].replace(':', '/')}")
    (mine.checkout / "not-committed.yaml").write_text("a: 1\n")
    (mine.checkout / ".git/hooks/pre-push").write_text("#!/bin/sh\nexit 1\n")
    (mine.checkout / ".git/hooks/pre-push").chmod(0o755)
    before = look(mine.checkout)
    with start_sandbox(tmp_path / "world", repo=mine.checkout, step=0.02, poll=0.02) as world:
        assert world.forge
        assert world.forge.server.forge.name == forge
        assert world.store.get(kinds.CLUSTER, "shop", "orders")["spec"]["instances"] == 1
        engines = (*world.store.list(kinds.APPLICATION), *world.store.list(kinds.KUSTOMIZATION))
        assert sorted(one["metadata"]["name"] for one in engines) == objects
        configuration = yaml.safe_load((world.checkout / ".gitops-mcp.yaml").read_text())
        assert configuration["forge"] == {"type": forge, "url": world.forge.server.url, "api": world.forge.server.api}
        assert not (world.checkout / "not-committed.yaml").exists()
        assert URL not in git(
            "grep", "-h", "-I", "-e", "apiVersion", "-e", "URL", "-e", "url", "main", cwd=world.remote
        )
        contexts = [one["name"] for one in yaml.safe_load(world.kubeconfig.read_text())["contexts"]]
        assert contexts == ["sandbox", *(["prod-admin"] if "prod/kustomization.yaml" in files else [])]
        assert json.loads(world.mcp.read_text())["mcpServers"]["gitops-mcp"]["args"][-1] == str(world.checkout)
    assert look(mine.checkout) == before


def test_another_repository_that_an_engine_reads_keeps_its_address(tmp_path: Path) -> None:
    other = "https://github.com/team/charts.git"
    files = {
        **APP_OF_APPS,
        "argocd/other.yaml": application("other", "a", other).replace("automated: {prune: true}", ""),
    }
    mine = Team.of(tmp_path / "mine", files)
    mine.git(mine.checkout, "config", "remote.origin.url", URL)
    own = OwnRepository.look(mine.checkout)
    remote = own.push_to(tmp_path / "bare.git")
    own.name_stand_ins(remote, {"type": "gitea", "url": "http://127.0.0.1:1", "api": "http://127.0.0.1:1/api/v1"})
    named = git("grep", "-h", "-o", "repoURL: [^,]*", "main", cwd=remote.path).splitlines()
    assert sorted(named) == sorted([f'repoURL: "{other}"', *[f'repoURL: "{remote.url}"'] * 2])


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(str, "is no folder: name a checkout", id="nothing there"),
        pytest.param(lambda path: path.mkdir(), "is no git repository: `gitops-mcp init", id="no repository"),
        pytest.param(lambda path: git("init", "-q", str(path), cwd=path.parent), "has no commit yet", id="no commit"),
    ],
)
def test_what_cannot_be_started_from_is_refused_before_anything_is_made(
    make: object, told: str, tmp_path: Path
) -> None:
    assert callable(make)
    make(tmp_path / "mine")
    with pytest.raises(InvalidRequest, match=told), start_sandbox(tmp_path / "world", repo=tmp_path / "mine"):
        pass
    assert not (tmp_path / "world").exists()


def test_another_base_is_refused(tmp_path: Path) -> None:
    mine = Team.of(tmp_path / "mine", {**PLAIN, ".gitops-mcp.yaml": "base: trunk\n"})
    started = start_sandbox(tmp_path / "world", repo=mine.checkout)
    with pytest.raises(InvalidRequest, match="has base: trunk, and the sandbox's base is main alone"), started:
        pass
