"""`gitops-mcp init` in a repository that has manifests: it looks, proposes two files, and writes over nothing."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.init.test_new import files_of, git, init

CLUSTER = """apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{instances: 1, storage: {{size: 1Gi}}}}
"""
LISTED = "resources: [db.yaml]\n"


def kustomization(name: str, path: str) -> str:
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\n"
        f"spec: {{path: {path}, prune: true, interval: 1m, sourceRef: {{kind: GitRepository, name: flux-system}}}}\n"
    )


BY_FOLDER = {
    f"apps/{name}/{path}": text
    for name in ("staging", "production")
    for path, text in {
        "kustomization.yaml": LISTED,
        "db.yaml": CLUSTER.format(name="orders", namespace=f"shop-{name}"),
    }.items()
}
FLUX = {
    "clusters/prod/apps.yaml": kustomization("apps", "./apps/prod"),
    "clusters/test/apps.yaml": kustomization("apps", "./apps/test"),
    "apps/prod/kustomization.yaml": LISTED,
    "apps/prod/db.yaml": CLUSTER.format(name="orders", namespace="shop"),
    "apps/test/kustomization.yaml": LISTED,
    "apps/test/db.yaml": CLUSTER.format(name="orders", namespace="shop"),
    ".sops.yaml": "creation_rules:\n  - age: age1x\n",
}
ONE = {"kustomization.yaml": LISTED, "db.yaml": CLUSTER.format(name="orders", namespace="shop")}


@pytest.fixture
def repository(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    git("init", "-q", "-b", "main", cwd=tmp_path)
    for path, text in getattr(request, "param", ONE).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    git("add", "--all", cwd=tmp_path)
    git("commit", "-qm", "Start", cwd=tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("repository", "environments", "said"),
    [
        pytest.param(
            BY_FOLDER,
            {"staging": {"path": "apps/staging"}, "production": {"path": "apps/production", "protected": True}},
            "2 Clusters, no object of Argo CD or Flux, nothing that makes Secrets",
            id="a folder an environment",
        ),
        pytest.param(
            FLUX,
            {"test": {"path": "apps/test"}, "prod": {"path": "apps/prod", "protected": True}},
            "2 Clusters, Flux, sops",
            id="flux",
        ),
        pytest.param(
            {
                f"clusters/{name}/db.yaml": CLUSTER.format(name=name, namespace="shop")
                for name in ("east", "west", "base")
            },
            None,
            "3 Clusters",
            id="a Cluster outside of them",
        ),
        pytest.param(
            {f"fleet/{name}/db.yaml": CLUSTER.format(name=name, namespace="shop") for name in ("main", "staging")},
            {"staging": {"path": "fleet/staging"}, "main": {"path": "fleet/main"}},
            "2 Clusters",
            id="beside a stage",
        ),
        pytest.param(
            {f"{name}/db.yaml": CLUSTER.format(name=name, namespace="shop") for name in ("test", "no", "1e3")},
            {"test": {"path": "test"}, "1e3": {"path": "1e3"}, "no": {"path": "no"}},
            "3 Clusters",
            id="names that YAML reads otherwise",
        ),
        pytest.param(ONE, None, "1 Cluster, no object of Argo CD or Flux", id="one environment"),
    ],
    indirect=["repository"],
)
def test_it_proposes_what_it_sees_and_writes_it_with_yes(repository: Path, environments: object, said: str) -> None:
    before = files_of(repository)
    shown = init("--yes", cwd=repository)
    assert shown.returncode == 0, shown.stderr
    assert said in shown.stderr
    after = files_of(repository)
    assert after.keys() - before.keys() == {".gitops-mcp.yaml", ".mcp.json"}
    assert {path: after[path] for path in before} == before
    written = yaml.safe_load(after[".gitops-mcp.yaml"])
    assert (written["base"], written.get("environments")) == ("main", environments)
    assert f"+++ b/.gitops-mcp.yaml\n@@ -0,0 +1,{after['.gitops-mcp.yaml'].count(10)} @@" in shown.stdout.replace(
        "+++ b/.gitops-mcp.yaml\n\n", "+++ b/.gitops-mcp.yaml\n"
    )
    assert '+  "mcpServers": {' in shown.stdout


def test_without_a_terminal_and_without_yes_nothing_is_written(repository: Path) -> None:
    ran = init(cwd=repository)
    assert ran.returncode == 1
    assert "say --yes to write them" in ran.stderr
    assert files_of(repository).keys() == ONE.keys()


@pytest.mark.parametrize(("typed", "is_written"), [("y\n", True), ("\n", False)])
def test_on_a_terminal_a_person_is_asked(repository: Path, typed: str, is_written: bool) -> None:
    leader, follower = pty.openpty()
    os.write(leader, typed.encode())
    ran = subprocess.run(
        [sys.executable, "-m", "gitops_mcp", "init", str(repository)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=follower,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(leader)
    os.close(follower)
    assert "Write .gitops-mcp.yaml and .mcp.json? [y/N] " in ran.stderr
    assert ran.returncode == (0 if is_written else 1)
    assert (repository / ".mcp.json").exists() == is_written


def test_a_file_that_is_there_stays(repository: Path) -> None:
    (repository / ".gitops-mcp.yaml").write_text("base: main\n")
    ran = init("--yes", cwd=repository)
    assert ran.returncode == 0, ran.stderr
    assert ".gitops-mcp.yaml is there and stays as it is." in ran.stderr
    assert (repository / ".gitops-mcp.yaml").read_text() == "base: main\n"
    assert (repository / ".mcp.json").exists()


@pytest.mark.parametrize("option", [("--engine", "flux"), ("--environments", "a"), ("--commit",)])
def test_what_is_for_a_new_repository_is_refused(repository: Path, option: tuple[str, ...]) -> None:
    ran = init("--yes", *option, cwd=repository)
    assert ran.returncode == 2
    assert f"{option[0]}: {repository} has manifests already" in ran.stderr
    assert files_of(repository).keys() == ONE.keys()
