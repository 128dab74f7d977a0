from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.kinds import APPLICATION, KUSTOMIZATION
from gitops_mcp.domain.live.engine_states.applier import (
    EngineName,
    has_destination,
    lists_object,
    may_apply,
    name_on_live,
)
from gitops_mcp.domain.objects import Identity

HERE = "https://kubernetes.default.svc"


def live(**metadata: Any) -> dict[str, Any]:
    return {"kind": "Cluster", "metadata": {"name": "db", "namespace": "shop", **metadata}}


def tracked(text: str) -> dict[str, Any]:
    return live(annotations={"argocd.argoproj.io/tracking-id": text})


@pytest.mark.parametrize(
    ("value", "name"),
    [
        pytest.param(
            live(labels={f"kustomize.toolkit.fluxcd.io/{key}": key for key in ("name", "namespace")}),
            EngineName(KUSTOMIZATION, "namespace", "name"),
            id="labels of Flux",
        ),
        pytest.param(
            tracked("apps:postgresql.cnpg.io/Cluster:shop/db"), EngineName(APPLICATION, None, "apps"), id="tracking id"
        ),
        pytest.param(
            tracked("team_apps:postgresql.cnpg.io/Cluster:shop/db"),
            EngineName(APPLICATION, "team", "apps"),
            id="of an Application in another namespace",
        ),
        pytest.param(tracked("apps:postgresql.cnpg.io/Cluster:shop/other"), None, id="a copy of another object's"),
        pytest.param(live(), None, id="none"),
    ],
)
def test_a_live_object_names_what_applies_it(value: dict[str, Any], name: EngineName | None) -> None:
    assert name_on_live(value) == name


def test_an_engine_object_lists_what_it_applies() -> None:
    flux = {
        "status": {"inventory": {"entries": [{"id": "shop_db_postgresql.cnpg.io_Cluster"}, {"id": "_shop__Namespace"}]}}
    }
    argo = {"status": {"resources": [{"kind": "Cluster", "namespace": "shop", "name": "db"}]}}
    for one in (flux, argo):
        assert lists_object(one, Identity("Cluster", "shop", "db"))
        assert not lists_object(one, Identity("Cluster", "other", "db"))
    assert lists_object(flux, Identity("Namespace", None, "shop"))


def app(
    path: str = "db", repo: str = "https://forge.test/house.git", to: str = HERE, at: str = "main"
) -> dict[str, Any]:
    source = {"repoURL": repo, "path": path, "targetRevision": at}
    return {"spec": {"source": source, "destination": {"server": to}}}


def hydrated(branch: str) -> dict[str, Any]:
    spec = app(at=branch)["spec"]
    return {"spec": {"sourceHydrator": {"drySource": spec["source"]}, "destination": spec["destination"]}}


@pytest.mark.parametrize(
    ("engine", "fits"),
    [
        pytest.param(app(), True, id="all fit"),
        pytest.param(hydrated("main"), True, id="the dry side"),
        pytest.param(hydrated("release"), False, id="the dry side of another branch"),
        pytest.param(app(""), True, id="the root"),
        pytest.param(app("d"), False, id="another folder that begins so"),
        pytest.param(app(repo="https://forge.test/else.git"), False, id="another repository"),
        pytest.param(app(to="https://10.0.0.1"), False, id="another cluster"),
        pytest.param(app(at="release"), False, id="another branch"),
        pytest.param({"spec": {"path": "./db", "sourceRef": {"kind": "GitRepository"}}}, True, id="a Kustomization"),
        pytest.param({"spec": {"path": "./", "sourceRef": {"kind": "OCIRepository"}}}, False, id="of no Git"),
        pytest.param(
            {"spec": {"path": "./", "sourceRef": {"kind": "GitRepository"}, "kubeConfig": {"secretRef": {}}}},
            False,
            id="to another cluster",
        ),
    ],
)
def test_repository_branch_folder_and_destination_have_to_fit(engine: dict[str, Any], fits: bool) -> None:
    remotes = ("git@forge.test:house",)
    told = may_apply(engine, ["db/a.yaml"], remotes=remotes, branch="main")
    assert (told and has_destination(engine, runs_here=True)) is fits
