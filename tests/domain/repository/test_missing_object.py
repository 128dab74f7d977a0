"""What is said of an object that is twice in one environment, or of an environment that applies nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import yaml

from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import GitOpsError, NotFound, Refused
from tests.domain.repository.test_build import SOURCE, application, cluster, flux, listing, model

Files = Mapping[str, str]


def told(desired: Desired, kind: type[GitOpsError] = Refused) -> str:
    with pytest.raises(kind) as refused:
        desired.one("Cluster", "orders", None, environment="default")
    return str(refused.value)


def clusters(*paths: str) -> dict[str, str]:
    """The same Cluster, said differently in each."""
    return {path: cluster("orders", "shop", str(count)) for count, path in enumerate(paths, 3)}


def bootstrap(path: str) -> str:
    return SOURCE + "---\n" + flux("flux-system", path)


TWICE = [
    pytest.param(
        {"clusters/east/fs.yaml": bootstrap("clusters/east"), "clusters/west/fs.yaml": bootstrap("clusters/west"), **clusters("clusters/east/db.yaml", "clusters/west/db.yaml")},
        {"east": "clusters/east", "west": "clusters/west"},
        id="two bootstraps of Flux",
    ),
    pytest.param(
        {"fleet/east/fs.yaml": bootstrap("fleet/east"), "fleet/east/db.yaml": flux("db", "db/east"), "fleet/west/fs.yaml": bootstrap("fleet/west"), "fleet/west/db.yaml": flux("db", "db/west"), **clusters("db/east/db.yaml", "db/west/db.yaml")},
        {"east": "fleet/east", "west": "fleet/west"},
        id="what they apply lies elsewhere",
    ),
    pytest.param(
        {"root/east.yaml": application("east", "apps/east"), "root/west.yaml": application("west", "apps/west"), "apps/east/db.yaml": application("db", "db/overlays/east"), "apps/west/db.yaml": application("db", "db/overlays/west"), "db/base/kustomization.yaml": listing("db.yaml"), "db/base/db.yaml": cluster("orders", "shop"), **{f"db/overlays/{one}/kustomization.yaml": listing("db.yaml") for one in ("east", "west")}, **clusters("db/overlays/east/db.yaml", "db/overlays/west/db.yaml")},
        {"east": "apps/east", "west": "apps/west"},
        id="two roots of Argo CD in one folder",
    ),
    pytest.param(
        {**{f"prod/{one}/kustomization.yaml": listing("db.yaml") for one in ("a", "b")}, **clusters("prod/a/db.yaml", "prod/b/db.yaml")},
        {"a": "prod/a", "b": "prod/b"},
        id="kustomizations that no engine object applies",
    ),
    pytest.param(
        {"x/prod/fs.yaml": bootstrap("x/prod"), "y/prod/fs.yaml": bootstrap("y/prod"), **clusters("x/prod/db.yaml", "y/prod/db.yaml")},
        {"x": "x", "y": "y"},
        id="by the shortest path that tells them apart",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("files", "environments"), TWICE)
def test_one_name_of_several_clusters_gets_the_environments_to_paste(
    files: Files, environments: Mapping[str, str]
) -> None:
    text = told(model(files, ""))
    assert "where they are applied to different Kubernetes clusters, define environments in .gitops-mcp.yaml" in text
    _, _, pasted = text.partition("\n")
    assert yaml.safe_load(pasted) == {"environments": {name: {"path": path} for name, path in environments.items()}}
    for path in environments.values():
        assert model(files, path).one("Cluster", "orders", None, environment="x").path.startswith(("db", path))


def test_where_no_folders_tell_them_apart_one_is_to_be_removed() -> None:
    files = {
        "apps/a.yaml": application("a", "db"),
        "db/a.yaml": cluster("orders", "shop"),
        "db/b.yaml": cluster("orders", "shop", "4"),
    }
    assert told(model(files, "")).endswith("neither is edited: remove one of them first")


@pytest.mark.parametrize(
    ("files", "by"),
    [
        pytest.param({"apps/shop.yaml": application("shop", "db"), "db/db.yaml": cluster()}, "Argo CD Application argocd/shop (apps/shop.yaml:1), which builds db", id="an Application"),
        pytest.param({"fleet/shop.yaml": SOURCE + "---\n" + flux("shop", "db"), "db/db.yaml": cluster()}, "Flux Kustomization flux-system/shop (fleet/shop.yaml:11), which builds db", id="a Kustomization of Flux"),
        pytest.param({"prod/kustomization.yaml": listing("db.yaml"), "prod/db.yaml": cluster()}, "Cluster db (prod)", id="a kustomization"),
    ],
)  # fmt: skip
def test_an_environment_that_applies_nothing_says_what_does(files: Files, by: str) -> None:
    text = told(model({**files, "envs/west/values.yaml": "a: 1\n"}, "envs/west"), NotFound)
    assert (
        f"nothing below envs/west is applied, nor does an engine object stand there that applies a Cluster. In this repository Clusters are applied by {by}: set the environment's path"
        in text
    )
