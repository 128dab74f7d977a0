"""The template as a team with one engine object an app has it: the apps' manifests beside the folder of the root.

`clusters/prod` holds what the root applies: an Application or a Kustomization for each app, and for Flux what
`flux bootstrap` commits of itself. The apps are `apps/billing` and `apps/shop`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.domain.yaml.text import render_manifest
from gitops_mcp.sandbox.remote import BASE, SandboxRemote, git

EngineName = Literal["argocd", "app-of-apps", "flux", "hydrator"]

ROOT = "clusters/prod"
SYNCED = "env/prod"
"""What the engine syncs where its source is hydrated."""
FLUX, ARGOCD = "flux-system", "argocd"
FINALIZER = "resources-finalizer.argocd.argoproj.io"
_APPS = ("billing", "shop")


def lay_out_apps(remote: SandboxRemote, engine: EngineName) -> None:
    """Commit the layout of an engine that applies app by app; one Application for everything needs none."""
    if engine in {"argocd", "hydrator"}:
        return
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-") as folder:
        tree = Path(folder) / "tree"
        git("clone", "--quiet", "--template=", str(remote.path), str(tree))
        (tree / "apps").mkdir()
        git("mv", *(f"{ROOT}/{app}" for app in _APPS), "apps", cwd=tree)
        (tree / ROOT / "kustomization.yaml").unlink()
        (tree / ROOT).mkdir(exist_ok=True)
        for path, declared in _declarations(remote, engine).items():
            (tree / ROOT / path).parent.mkdir(exist_ok=True)
            (tree / ROOT / path).write_text("".join(f"---\n{render_manifest(one)}" for one in declared))
        git("add", "--all", cwd=tree)
        git("commit", "--quiet", "--message=Apply each app by an object of its own", cwd=tree)
        git("push", "--quiet", "origin", BASE, cwd=tree)


def _declarations(remote: SandboxRemote, engine: EngineName) -> dict[str, list[Object]]:
    if engine == "app-of-apps":
        return {f"{app}.yaml": [application(remote, app, f"apps/{app}")] for app in _APPS}
    listed = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": ["gotk-sync.yaml"]}
    bootstrap = {f"{FLUX}/gotk-sync.yaml": flux_root(remote), f"{FLUX}/kustomization.yaml": [listed]}
    return bootstrap | {f"{app}.yaml": [kustomization(app, f"./apps/{app}")] for app in _APPS}


def flux_root(remote: SandboxRemote) -> list[Object]:
    source = {"interval": "1m0s", "ref": {"branch": BASE}, "url": remote.url}
    return [_manifest(kinds.GIT_REPOSITORY, FLUX, FLUX, source), kustomization(FLUX, f"./{ROOT}")]


def kustomization(name: str, path: str) -> Object:
    spec = {"interval": "10m0s", "path": path, "prune": True, "sourceRef": {"kind": "GitRepository", "name": FLUX}}
    return _manifest(kinds.KUSTOMIZATION, FLUX, name, spec)


def application(remote: SandboxRemote, name: str, path: str, *, self_heal: bool = True) -> Object:
    spec = {
        "project": "default",
        "source": {"repoURL": remote.url, "path": path, "targetRevision": BASE},
        "destination": {"server": "https://kubernetes.default.svc"},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": self_heal}},
    }
    made = _manifest(kinds.APPLICATION, ARGOCD, name, spec)
    made["metadata"]["finalizers"] = [FINALIZER]
    return made


def hydrated_application(made: Object) -> Object:
    """The same, rendered to a branch that a pull request brings to the one that is synced."""
    spec = {key: value for key, value in made["spec"].items() if key != "source"}
    synced = {"targetBranch": SYNCED, "path": made["spec"]["source"]["path"]}
    hydrator = {
        "drySource": made["spec"]["source"],
        "syncSource": synced,
        "hydrateTo": {"targetBranch": f"{SYNCED}-next"},
    }
    return {**made, "spec": {**spec, "sourceHydrator": hydrator}}


def project(name: str = "default") -> Object:
    spec = {
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
        "destinations": [{"namespace": "*", "server": "*"}],
        "sourceRepos": ["*"],
    }
    return _manifest(kinds.APP_PROJECT, ARGOCD, name, spec)


def _manifest(resource: Resource, namespace: str, name: str, spec: Object) -> Object:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }
