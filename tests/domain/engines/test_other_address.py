"""Under which address engines know the repository."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.engines.declared import find_engine_objects
from gitops_mcp.domain.repository.build import build_desired

REMOTE = ("https://git.example.com/org/fleet.git",)


def source(url: str) -> str:
    return (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        f"metadata: {{name: flux-system, namespace: flux-system}}\nspec: {{url: {url!r}, ref: {{branch: main}}}}\n"
    )


def kustomization(name: str, path: str) -> str:
    return (
        f"---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\n"
        f"spec: {{path: {path}, targetNamespace: shop, sourceRef: {{kind: GitRepository, name: flux-system}}}}\n"
    )


def application(url: str, path: str) -> str:
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {path.replace('/', '-')}, namespace: argocd}}\n"
        f"spec: {{destination: {{namespace: shop}}, source: {{repoURL: {url!r}, path: {path}, targetRevision: main}}}}\n"
    )


DB = {
    "db/db.yaml": "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: orders}\nspec: {instances: 1}\n"
}
OLD = "ssh://git@forge.example.org/team/old-name"
SYNC = {
    "clusters/prod/sync.yaml": source(OLD) + kustomization("flux-system", "./clusters/prod"),
    "clusters/prod/db.yaml": kustomization("db", "./db"),
}


@pytest.mark.parametrize(
    ("files", "counts"),
    [
        pytest.param({**SYNC, **DB}, True, id="what the engine applies holds the engine's own objects"),
        pytest.param({"a.yaml": source("https://mirror.example.org/org/Fleet") + kustomization("db", "./db"), **DB}, True, id="of the same name on another host"),
        pytest.param({"apps/db.yaml": application(OLD, "db"), "root.yaml": application(OLD, "apps"), **DB}, True, id="an app of apps"),
        pytest.param({"a.yaml": source(OLD) + kustomization("db", "./db"), **DB}, False, id="nothing but another address"),
        pytest.param({**SYNC, "clusters/prod/web.yaml": kustomization("web", "./web"), **DB}, False, id="a folder that is not here"),
        pytest.param({**SYNC, "b.yaml": application(REMOTE[0], "web"), **DB}, False, id="another engine object names this one"),
        pytest.param({**SYNC, "apps/b.yaml": application("https://x.example.org/a/b", "apps"), **DB}, False, id="two that may be meant"),
    ],
)  # fmt: skip
def test_an_address_that_all_engine_objects_name_is_taken_for_this_repository(
    files: dict[str, str], counts: bool
) -> None:
    found = {one.folder: one for one in find_engine_objects(files, remotes=REMOTE, revision="main")}
    assert found["db"].counts is counts
    assert (found["db"].assumed is not None) is counts


OTHERS = "https://x.example.org/vendor/parts"
VENDOR = source(OTHERS).replace("flux-system,", "parts,")
PARTS = kustomization("parts", "./web").replace("name: flux-system}}", "name: parts}}")
WEB = {"web/db.yaml": DB["db/db.yaml"].replace("orders", "sessions")}


@pytest.mark.parametrize("remotes", [(), ("/srv/git/mirror",)], ids=["no remote", "a folder"])
@pytest.mark.parametrize(
    ("files", "counting"),
    [
        pytest.param(SYNC, {"clusters/prod", "db"}, id="one address"),
        pytest.param({**SYNC, "clusters/prod/web.yaml": VENDOR + PARTS}, {"clusters/prod", "db"}, id="the one that holds what names it"),
        pytest.param({**SYNC, "clusters/prod/web.yaml": VENDOR + PARTS, "clusters/prod/gone.yaml": kustomization("gone", "./gone")}, {"clusters/prod", "db", "gone"}, id="a folder of it is not here"),
        pytest.param({"a.yaml": source(OLD) + kustomization("db", "./db"), "b.yaml": VENDOR + PARTS.replace("./web", "./charts/web")}, {"db"}, id="the one whose folders are here"),
        pytest.param({"a.yaml": source(OLD) + kustomization("db", "./db"), "b.yaml": VENDOR + PARTS}, {"db", "web"}, id="two of which folders are here"),
        pytest.param({"a.yaml": source(OLD) + kustomization("all", "./"), "b.yaml": VENDOR + PARTS}, {"", "web"}, id="one of which the root is here"),
        pytest.param({**SYNC, "clusters/prod/web.yaml": application(OTHERS, "web"), "old/archive/a.yaml": application(OTHERS, "old")}, {"clusters/prod", "db"}, id="an archive names the other"),
        pytest.param({"apps/db.yaml": application(OLD, "db"), "root.yaml": application("git@forge.example.org:team/old-name.git", "apps"), "apps/web.yaml": application(OTHERS, "web")}, {"apps", "db"}, id="in two spellings"),
    ],
)  # fmt: skip
def test_without_a_remote_one_address_of_several_is_taken_for_this_repository(
    files: dict[str, str], counting: set[str], remotes: tuple[str, ...]
) -> None:
    found = find_engine_objects({**files, **DB, **WEB}, remotes=remotes, revision="main")
    at_work = [one for one in found if not one.place.path.startswith("old/")]
    assert {one.folder for one in at_work if one.counts} == counting
    assert [one.assumed for one in at_work if one.assumed] == []


def test_what_is_assumed_is_applied_and_told() -> None:
    from gitops_mcp.domain.plans.applier_notes import applier_notices

    desired = build_desired({**SYNC, **DB}, commit="c", folder="", remotes=REMOTE, revision="main")
    declared = desired.cluster("orders", "shop", environment="prod")
    assert any(OLD in one.message and one.id == "unknown-source" for one in applier_notices(declared, desired))
