"""Prepared pull requests, whoever made them: what is found, the verdict, and what a pipeline ends with."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitops_mcp.answers.reviews import ReviewResult
from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.domain.review_text.verdict import is_failed
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Unavailable
from gitops_mcp.workflows.reviews.candidate import asked_candidate, named_candidate
from gitops_mcp.workflows.reviews.review import review, review_to_answer
from tests.fakes.api import Answer
from tests.fakes.called_app import called_app
from tests.workflows.conftest import Api, Team, live

CLUSTER = "clusters/prod/shop/orders-db/cluster.yaml"
SHOP = "clusters/prod/shop/kustomization.yaml"
PROD = "clusters/prod/kustomization.yaml"
ROLES = """apiVersion: postgresql.cnpg.io/v1
kind: DatabaseRole
metadata: {name: orders-db-clerk, namespace: shop}
spec: {name: clerk, cluster: {name: orders-db}, login: true, databaseRoleReclaimPolicy: delete}
"""
CONFIG = "environments: {prod: {path: clusters/prod, protected: true}}\nlimits: {maxInstances: 5}\n"
Files = Mapping[str, str]


def cluster(**spec: str) -> str:
    told = {"instances": "3", "imageName": "ghcr.io/cloudnative-pg/postgresql:17.5-standard-trixie"}
    told |= {"storage": "{size: 20Gi}", "postgresql": "{parameters: {shared_buffers: 1GB}}", **spec}
    lines = "".join(f"  {key}: {value}\n" for key, value in told.items() if value)
    head = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: orders-db\n  namespace: shop\n"
    return f"{head}spec:\n{lines}"


def kustomization(*entries: str) -> str:
    return "resources:\n" + "".join(f"  - {one}\n" for one in entries)


BASE: Files = {
    ".gitops-mcp.yaml": CONFIG,
    CLUSTER: cluster(),
    "clusters/prod/shop/orders-db/role-clerk.yaml": ROLES,
    SHOP: kustomization("orders-db/cluster.yaml", "orders-db/role-clerk.yaml"),
    PROD: kustomization("shop"),
    "README.md": "Databases\n",
}


@dataclass(frozen=True)
class ReviewedTeam(Team):
    def propose(self, files: Mapping[str, str | None]) -> str:
        """Commits on a branch of its own, made from the base."""
        self.git("checkout", "--quiet", "-B", "proposal", "main")
        return self.commit(files)

    def on_base(self, files: Mapping[str, str | None]) -> str:
        self.git("checkout", "--quiet", "main")
        return self.commit(files)

    def review(self, files: Mapping[str, str | None]) -> ReviewResult:
        self.propose(files)
        return reviewed(self.root)


def reviewed(
    root: Path, base: str | None = "main", head: str = "proposal", environ: Mapping[str, str] | None = None
) -> ReviewResult:
    app = called_app(root)
    return review(app, named_candidate(app, base, head, environ or {}), "GitHub", limit=60_000)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("team") / "repository"
    root.mkdir()
    team = ReviewedTeam(root)
    team.git("init", "--quiet", "--initial-branch=main")
    team.git("config", "user.name", "Test User")
    team.git("config", "user.email", "test@example.com")
    team.commit(BASE)
    return root


@pytest.fixture
def team(first: Path, tmp_path: Path) -> ReviewedTeam:
    return ReviewedTeam(Path(shutil.copytree(first, tmp_path / "repository")))


SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\nstringData: {password: hunter2hunter2}\n"
RELEASE = "clusters/prod/shop/release.yaml"
HELM_RELEASE = """apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: r, namespace: shop}
spec:
  valuesFrom:
    - kind: Secret
      name: values
"""
ENV = """apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: shop}
spec:
  template:
    spec:
      containers:
        - name: d
          env:
"""
SECRETS = "clusters/prod/shop/secret.yaml"
NEW = cluster().replace("orders-db", "carts-db").replace("  namespace: shop\n", "")


@pytest.mark.parametrize(
    ("files", "verdict", "found", "impact"),
    [
        pytest.param(
            {CLUSTER: cluster(imageName="ghcr.io/cloudnative-pg/postgresql:17.6-bookworm")},
            "warning", {"image-flavour"}, "rolling_restart", id="a bot's image bump across flavours",
        ),
        pytest.param(
            {CLUSTER: cluster(imageName="ghcr.io/cloudnative-pg/postgresql:17.6-standard-trixie")},
            "passed", set(), "rolling_restart", id="a bot's minor bump",
        ),
        pytest.param({CLUSTER: cluster(storage="{size: 10Gi}")}, "error", {"storage-shrink"}, "none", id="storage shrink"),
        pytest.param(
            {CLUSTER: cluster(postgresql="{parameters: {shared_bufers: 1GB}}")},
            "error", {"parameter-name"}, "none", id="a parameter with a typing error",
        ),
        pytest.param(
            {CLUSTER: cluster(instances="", instanses="3")}, "error", {"schema"}, "none", id="a field with a typing error"
        ),
        pytest.param(
            {CLUSTER: None, SHOP: kustomization("orders-db/role-clerk.yaml")},
            "data_loss", set(), "data_loss", id="a cluster of a protected environment is deleted",
        ),
        pytest.param(
            {"clusters/prod/shop/orders-db/role-clerk.yaml": None, SHOP: kustomization("orders-db/cluster.yaml")},
            "outage", set(), "outage", id="a role is dropped",
        ),
        pytest.param({"README.md": "Other\n"}, "passed", set(), "none", id="nothing of a database"),
        pytest.param({CLUSTER: cluster(instances="0")}, "error", {"schema"}, "none", id="no instances"),
        pytest.param({CLUSTER: cluster(instances="7")}, "error", {"limits"}, "none", id="more than the limit"),
        pytest.param({CLUSTER: cluster(instances="1")}, "data_loss", set(), "data_loss", id="replicas go"),
        pytest.param(
            {CLUSTER: cluster(imageName="ghcr.io/cloudnative-pg/postgresql:16.9-standard-trixie")},
            "error", {"major-change"}, "none", id="an older major",
        ),
        pytest.param({SECRETS: SECRET}, "error", {"plaintext-secret"}, "none", id="a secret in clear text"),
        pytest.param(
            {CLUSTER: cluster(bootstrap="{initdb: {postInitSQL: [\"CREATE ROLE x PASSWORD 'hunter2hunter2'\"]}}")},
            "error", {"plaintext-secret", "bootstrap-once"}, "none", id="a password in SQL",
        ),
        pytest.param(
            {"clusters/prod/shop/values.yaml": "db:\n  password: hunter2hunter2\n"},
            "warning", {"may-be-secret"}, "none", id="a value that its key makes a secret",
        ),
        pytest.param(
            {RELEASE: f"{HELM_RELEASE}  values:\n    db:\n      password: hunter2x\n"},
            "warning", {"may-be-secret"}, "none", id="a value beside a reference to a Secret",
        ),
        pytest.param(
            {RELEASE: f"# kind: Secret comes later\n{ENV}            - {{name: PGPASSWORD, value: hunter2x}}\n"},
            "warning", {"may-be-secret"}, "none", id="a variable whose name makes it a secret, on one line",
        ),
        pytest.param(
            {RELEASE: f"{ENV}            - name: PGPASSWORD\n              value: hunter2x\n"},
            "warning", {"may-be-secret"}, "none", id="a variable whose name makes it a secret",
        ),
        pytest.param(
            {RELEASE: f"{HELM_RELEASE}  text: |\n    - name: auth.password\n      value: hunter2x\n"},
            "warning", {"may-be-secret"}, "none", id="the same in text of others",
        ),
        pytest.param(
            {RELEASE: "kind: SecretStore\napiVersion: external-secrets.io/v1\nspec:\n  password: hunter2x\n"},
            "warning", {"may-be-secret"}, "none", id="a value of a SecretStore",
        ),
        pytest.param(
            {RELEASE: f"{ENV}            - {{name: LOG_LEVEL, value: verbose}}\n            - name: PGPASSWORD\n"
                      "              valueFrom: {secretKeyRef: {name: db, key: password}}\n            - name: DB_PASSWORD\n"
                      "              value: $(PGPASSWORD)\n"},
            "passed", set(), "none", id="variables that are no secrets",
        ),
        pytest.param(
            {RELEASE: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  level: verbose\n  host: db-rw\n"
                      "  env.yaml: |\n    - name: MODE\n      value: standby\n"},
            "passed", set(), "none", id="a ConfigMap",
        ),
        pytest.param(
            {RELEASE: f"{ENV}            - {{name: HOST, value: hunters}}\n            - {{name: PGPASSWORD, value: $(HOST)}}\n---\n"
                      f"{SECRET.partition('stringData')[0]}data:\n  password: ENC[x]\n---\n{HELM_RELEASE}  password: hunter2x\n"},
            "warning", {"may-be-secret"}, "none", id="a value behind an encrypted Secret",
        ),
        pytest.param(
            {SECRETS: "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: s, namespace: shop}\nspec:\n"
                      "  encryptedData:\n    password: " + "AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq" * 20 + "\n"},
            "passed", set(), "none", id="a sealed secret",
        ),
        pytest.param({CLUSTER: cluster() + "  a: [\n"}, "error", {"does-not-parse"}, "none", id="a manifest that does not parse"),
        pytest.param(
            {SHOP: kustomization("orders-db/cluster.yaml", "orders-db/role-clerk.yaml", "gone.yaml")},
            "error", {"does-not-build"}, "none", id="a kustomization that lists what is not there",
        ),
        pytest.param(
            {"clusters/prod/shop/carts.yaml": NEW, SHOP: BASE[SHOP] + "  - carts.yaml\n"},
            "error", {"no-namespace", "no-backups"}, "none", id="a new cluster without a namespace",
        ),
        pytest.param(
            {CLUSTER: cluster().replace("name: orders-db", "name: sales-db")},
            "data_loss", {"rename", "no-backups"}, "data_loss", id="a rename",
        ),
        pytest.param(
            {SHOP: kustomization("orders-db/role-clerk.yaml")},
            "data_loss", set(), "data_loss", id="a kustomization that drops a file",
        ),
        pytest.param(
            {".gitops-mcp.yaml": CONFIG.replace("5", "50"), CLUSTER: cluster(instances="7")},
            "error", {"limits", "configuration-changed"}, "none", id="configuration that allows what it does",
        ),
        pytest.param(
            {".gitops-mcp.yaml": "limit: {}\n"},
            "error", {"configuration-invalid", "configuration-changed"}, "none", id="configuration that is wrong",
        ),
        pytest.param({CLUSTER: None}, "error", {"does-not-build"}, "none", id="a file that goes and stays listed"),
        pytest.param(
            {PROD: None, SHOP: None}, "warning", {"kustomization-gone"}, "none", id="kustomizations that go alone",
        ),
        pytest.param({}, "passed", set(), "none", id="an empty change"),
    ],
)  # fmt: skip
@pytest.mark.few(10)
def test_each_pull_request_gets_its_verdict(
    team: ReviewedTeam, files: Mapping[str, str | None], verdict: str, found: set[str], impact: str
) -> None:
    result = team.review(files)
    assert {one.id for one in (*result.errors, *result.warnings)} == found
    assert (result.verdict, result.impact.level.label) == (verdict, impact)
    assert "hunter2" not in result.body + json.dumps(result.structured())
    assert result.body.startswith(f"<!-- gitops-mcp:review -->\n## Review: {verdict}\n")


def test_what_a_secret_beside_it_holds_is_told_once_and_where_it_stands(team: ReviewedTeam) -> None:
    result = team.review({SECRETS: f"{SECRET}---\n{HELM_RELEASE}  values:\n    password: hunter2x\n"})
    assert [one.id for one in result.errors] == ["plaintext-secret"]
    assert [one.message.partition(" ")[0] for one in result.warnings] == [f"{SECRETS}:14"]


def test_a_cluster_that_its_engine_does_not_delete_is_no_loss_and_an_error(team: ReviewedTeam) -> None:
    flux = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: shop, namespace: flux-system}\n"
        "spec: {path: clusters/prod/shop, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}\n"
    )
    kept = cluster().replace(
        "  namespace: shop\n", "  namespace: shop\n  annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}\n"
    )
    team.on_base({CLUSTER: kept, "clusters/prod/flux.yaml": flux, PROD: kustomization("flux.yaml")})
    result = team.review({CLUSTER: None, SHOP: kustomization("orders-db/role-clerk.yaml")})
    assert [one.id for one in result.errors] == ["kept-without-manifest"]
    assert (result.verdict, result.impact.level.label) == ("error", "none")


@pytest.mark.parametrize(
    ("verdict", "codes"),
    [
        ("passed", {"warning": 0, "error": 0, "outage": 0, "data_loss": 0, "never": 0}),
        ("warning", {"warning": 1, "error": 0, "outage": 0, "data_loss": 0, "never": 0}),
        ("error", {"warning": 1, "error": 1, "outage": 0, "data_loss": 0, "never": 0}),
        ("outage", {"warning": 1, "error": 1, "outage": 1, "data_loss": 0, "never": 0}),
        ("data_loss", {"warning": 1, "error": 1, "outage": 1, "data_loss": 1, "never": 0}),
    ],
)
def test_a_pipeline_fails_on_what_was_named_and_on_what_is_worse(verdict: str, codes: Mapping[str, int]) -> None:
    assert {limit: int(is_failed(verdict, limit)) for limit in codes} == codes  # type: ignore[arg-type]


def test_what_was_broken_before_is_not_the_change_to_blame(team: ReviewedTeam) -> None:
    broken = kustomization("orders-db/cluster.yaml", "gone.yaml")
    team.on_base({"clusters/prod/old/kustomization.yaml": broken, PROD: kustomization("shop", "old")})
    result = team.review({"clusters/prod/old/kustomization.yaml": f"# Old.\n{broken}"})
    assert result.errors == []


def test_a_namespace_that_the_environment_does_not_allow_is_an_error(team: ReviewedTeam) -> None:
    team.on_base({".gitops-mcp.yaml": "environments: {prod: {path: clusters/prod, namespaces: [shop]}}\n"})
    role = ROLES.replace("namespace: shop", "namespace: billing").replace("orders-db-clerk", "other")
    listed = kustomization("orders-db/cluster.yaml", "orders-db/role-clerk.yaml", "role.yaml")
    result = team.review({"clusters/prod/shop/role.yaml": role, SHOP: listed})
    assert "namespace-not-allowed" in [one.id for one in result.errors]


def test_an_environment_that_the_base_leaves_unreadable_is_told_and_the_others_are_judged(team: ReviewedTeam) -> None:
    (team.root / "clusters/dev").symlink_to("prod")
    team.on_base({".gitops-mcp.yaml": "environments: {prod: {path: clusters/prod}, dev: {path: clusters/dev}}\n"})
    result = team.review({CLUSTER: cluster(storage="{size: 10Gi}")})
    assert [one.id for one in result.errors] == ["storage-shrink"]
    assert "environment-unreadable" in [one.id for one in result.unchecked]


def test_it_is_judged_as_it_would_be_merged(team: ReviewedTeam) -> None:
    team.propose({"README.md": "Other\n"})
    team.on_base({CLUSTER: cluster(instances="4")})
    result = reviewed(team.root)
    assert [one.path for one in result.files] == ["README.md"]
    assert (result.objects, result.verdict) == ([], "passed")


@pytest.mark.parametrize(
    ("path", "size"),
    [
        pytest.param("logo.png", 33 * 2**20, id="beside the manifests"),
        pytest.param("clusters/prod/shop/data.yaml", 8 * 2**20, id="a manifest"),
    ],
)
@pytest.mark.few(1)
def test_a_file_that_is_too_large_is_told_and_hides_nothing_else(team: ReviewedTeam, path: str, size: int) -> None:
    team.propose({CLUSTER: cluster(storage="{size: 10Gi}")})
    team.commit({path: f"# {'x' * 70}\n" * (size // 73)})
    result = reviewed(team.root)
    assert [one.id for one in result.errors] == ["storage-shrink"]
    assert path in [one.path for one in result.files]
    assert f"{path}: too large to be looked at for secrets in clear text" in [one.message for one in result.unchecked]


@pytest.mark.parametrize("target", ["cluster-real.yaml", "/etc/hostname", "../../../../elsewhere.yaml"])
def test_a_link_in_place_of_a_manifest_is_an_error_and_takes_nothing_away(team: ReviewedTeam, target: str) -> None:
    team.propose({"clusters/prod/shop/orders-db/cluster-real.yaml": cluster(), CLUSTER: None})
    (team.root / CLUSTER).symlink_to(target)
    team.commit({})
    result = reviewed(team.root)
    assert (result.verdict, [one.id for one in result.errors]) == ("error", ["does-not-build"])
    assert "orders-db/cluster.yaml" in result.errors[0].message


def test_what_conflicts_is_judged_from_where_it_left_the_base_and_told(team: ReviewedTeam) -> None:
    team.propose({CLUSTER: cluster(instances="5")})
    team.on_base({CLUSTER: cluster(instances="4")})
    result = reviewed(team.root)
    assert [one.id for one in result.warnings] == ["conflicts"]
    (changed,) = result.objects
    assert [(one.field, one.before, one.after) for one in changed.fields] == [("spec.instances", "3", "5")]


def test_drift_of_what_changes_is_met(team: ReviewedTeam, api: Api) -> None:
    api.cluster("shop", "orders-db", Answer(200, live("orders-db", instances=4, storage={"size": "20Gi"})))
    result = team.review({CLUSTER: cluster(instances="5")})
    drifts = [one.message for one in result.warnings if one.id == "drift"]
    assert "Cluster shop/orders-db spec.instances: Git has 3, live has 4, and this change sets it too" in drifts
    assert result.verdict == "warning"


def test_without_the_api_what_could_not_be_checked_is_named(team: ReviewedTeam) -> None:
    result = team.review({CLUSTER: cluster(instances="4")})
    assert result.verdict == "passed"
    assert {"live-unavailable", "schema-unavailable"} <= {one.id for one in result.unchecked}
    assert "could not be checked: what is live in prod" in result.body


def test_no_template_of_a_branch_is_run(team: ReviewedTeam) -> None:
    chart = {
        "clusters/prod/chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
        "clusters/prod/chart/templates/db.yaml": cluster().replace("orders-db", "{{ .Release.Name }}-db"),
        "clusters/prod/app.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: app, namespace: "
        "argocd}\nspec: {source: {path: clusters/prod/chart, repoURL: 'https://git.example.com/fleet.git'}, destination: "
        "{namespace: shop}}\n",
    }
    team.git("remote", "add", "origin", "https://git.example.com/fleet.git")
    result = team.review({**chart, PROD: kustomization("shop", "app.yaml")})
    assert not any("app-db" in one.object for one in result.objects)
    assert "unknown-chart" in {one.id for one in result.unchecked}


class Refusals:
    """What cannot be judged, and why."""

    @staticmethod
    def unknown(team: ReviewedTeam) -> None:
        reviewed(team.root, head="nowhere")

    @staticmethod
    def option(team: ReviewedTeam) -> None:
        reviewed(team.root, head="--output=x")

    @staticmethod
    def pipeline_without_its_base(team: ReviewedTeam) -> None:
        team.propose({"README.md": "x"})
        reviewed(team.root, None, "proposal", {"GITHUB_BASE_REF": "main"})

    @staticmethod
    def no_branch_at_all(team: ReviewedTeam) -> None:
        team.git("checkout", "--quiet", "--detach", "main")
        team.git("branch", "--quiet", "--delete", "--force", "main")
        reviewed(team.root, None, "HEAD")

    @staticmethod
    def unrelated(team: ReviewedTeam) -> None:
        team.git("checkout", "--quiet", "--orphan", "other")
        team.commit({})
        reviewed(team.root, head="other")

    @staticmethod
    def wrong_base_configuration(team: ReviewedTeam) -> None:
        team.on_base({".gitops-mcp.yaml": "limit: {}\n"})
        team.propose({"README.md": "x"})
        reviewed(team.root)


@pytest.mark.parametrize(
    ("how", "error", "says"),
    [
        pytest.param(Refusals.unknown, NotFound, "no commit 'nowhere' in .*git fetch", id="an unknown ref"),
        pytest.param(Refusals.option, InvalidRequest, "is not a branch, tag or commit", id="an option for git"),
        pytest.param(
            Refusals.pipeline_without_its_base,
            NotFound,
            r"git fetch origin \+refs/heads/main:refs/remotes/origin/main",
            id="a pipeline without its base",
        ),
        pytest.param(
            Refusals.no_branch_at_all,
            GitOpsError,
            "or name what to compare with: gitops-mcp review BASE HEAD",
            id="a detached HEAD and no branch",
        ),
        pytest.param(Refusals.unrelated, InvalidRequest, "no commit in common", id="no merge base"),
        pytest.param(
            Refusals.wrong_base_configuration, InvalidRequest, "limit", id="a base with a wrong configuration"
        ),
    ],
)
def test_what_cannot_be_judged_says_why(
    team: ReviewedTeam, how: Callable[[ReviewedTeam], None], error: type[GitOpsError], says: str
) -> None:
    with pytest.raises(error) as raised:
        how(team)
    assert re.search(says, str(raised.value))


def shallow(team: ReviewedTeam, folder: Path, depth: int) -> Path:
    made = folder / "shallow"
    command = ["git", "clone", "--quiet", f"--depth={depth}", "--no-single-branch", f"file://{team.root}", str(made)]
    subprocess.run(command, check=True, capture_output=True)
    return made


def test_a_shallow_clone_says_what_to_deepen(team: ReviewedTeam, tmp_path: Path) -> None:
    team.propose({CLUSTER: cluster(instances="4")})
    team.commit({CLUSTER: cluster(instances="5")})
    made = shallow(team, tmp_path, 1)
    with pytest.raises(Unavailable, match="git fetch --unshallow"):
        reviewed(made, "origin/main", "origin/proposal")
    subprocess.run(["git", "-C", str(made), "fetch", "--quiet", "--unshallow"], check=True)
    assert reviewed(made, "origin/main", "origin/proposal").verdict == "passed"


def test_a_pipeline_of_github_is_judged_against_its_base_also_by_two_commits_of_it(
    team: ReviewedTeam, tmp_path: Path
) -> None:
    team.propose({CLUSTER: cluster(instances="4")})
    team.git("checkout", "--quiet", "-B", "merge", "main")
    team.git("merge", "--quiet", "--no-ff", "proposal")
    made = tmp_path / "runner"
    command = ["git", "clone", "--quiet", "--depth=2", "--branch=merge", f"file://{team.root}", str(made)]
    subprocess.run(command, check=True, capture_output=True)
    runner = ReviewedTeam(made)
    head = runner.git("rev-parse", "HEAD")
    runner.git("checkout", "--quiet", "--detach")
    runner.git("branch", "--delete", "--force", "merge")
    runner.git("update-ref", "-d", "refs/remotes/origin/merge")
    environ = {
        "GITHUB_BASE_REF": "main",
        "GITHUB_HEAD_REF": "main",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_SHA": head,
    }
    result = reviewed(made, None, "HEAD", environ)
    assert (result.base, result.base_commit) == ("main", team.git("rev-parse", "main"))
    assert [one.object for one in result.objects] == ["Cluster shop/orders-db"]


def test_a_fork_on_gitlab_does_not_bring_its_own_rules(team: ReviewedTeam) -> None:
    reviewed_base = team.git("rev-parse", "main")
    own = team.on_base({".gitops-mcp.yaml": CONFIG.replace("5", "50")})
    team.git("update-ref", "refs/remotes/origin/main", own)
    team.propose({CLUSTER: cluster(instances="7")})
    environ = {
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_PROJECT_ID": "1",
        "CI_PROJECT_ID": "2",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": reviewed_base,
    }
    result = reviewed(team.root, None, "proposal", environ)
    assert result.base_commit == reviewed_base
    assert [one.id for one in result.errors] == ["limits"]
    with pytest.raises(NotFound, match="no commit"):
        reviewed(team.root, None, "proposal", {**environ, "CI_MERGE_REQUEST_DIFF_BASE_SHA": "0" * 40})


@pytest.mark.parametrize("name", ["main@{1}", "@{-1}", "main^{/[}", ":/[", "main:README.md"])
@pytest.mark.few(2)
def test_what_leads_elsewhere_than_to_a_ref_is_refused(team: ReviewedTeam, name: str) -> None:
    with pytest.raises(InvalidRequest, match="is not a branch, tag or commit"):
        reviewed(team.root, head=name)
    assert reviewed(team.root, head="HEAD^0").verdict == "passed"


def test_the_tool_takes_one_of_two(team: ReviewedTeam) -> None:
    app = App.open(Flags(repo=team.root))
    for both in ((None, None), ("main", 1)):
        with pytest.raises(InvalidRequest, match="name one of the two"):
            asked_candidate(app, *both)
    with pytest.raises(NotFound, match="shows no pull request #7"):
        asked_candidate(app, None, 7)


def test_an_answer_fits_and_counts_what_is_left_out(team: ReviewedTeam) -> None:
    many = {
        f"clusters/prod/shop/db-{number}.yaml": cluster().replace("orders-db", f"db-{number}") for number in range(60)
    }
    listed = kustomization(
        *(path.rpartition("/")[2] for path in many), "orders-db/cluster.yaml", "orders-db/role-clerk.yaml"
    )
    team.propose({**many, SHOP: listed})
    app = App.open(Flags(repo=team.root))
    found = review_to_answer(app, asked_candidate(app, "proposal", None))
    assert found.fits
    assert found.omitted
    assert (found.verdict, found.head) == ("warning", team.git("rev-parse", "proposal"))
