"""What the doctor finds of faults that were planted, and that what it says mends them: each mend is carried out.

Where a mend is a command that this machine can run it is run as it stands; a person's act at the forge, an operator or
CRDs that are installed and rights that are granted are done to the stand-in as the mend says.
"""

from __future__ import annotations

import json
import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyrage
import pytest

from gitops_mcp import tools
from gitops_mcp.answers.setup import CheckRow, SetupReport
from gitops_mcp.app import App
from gitops_mcp.caller import Nobody
from gitops_mcp.config import Flags
from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import kubeconfig_text
from gitops_mcp.sandbox.api.access import Access
from gitops_mcp.sandbox.forges.values import Rules
from gitops_mcp.sandbox.operator import operator_pod
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.sandbox.store.resources import NAMESPACE
from gitops_mcp.workflows.setup.report import check_setup
from tests.e2e.dev import rbac
from tests.e2e.team import ROOT, Team, until

CLUSTER = """apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {{name: {name}, namespace: {name}}}
spec: {{instances: 1, storage: {{size: 1Gi}}}}
"""
CONFIG = """base: main
environments:
  prod: {path: clusters/prod, passwords: {provider: existing}}
  sealed: {path: clusters/sealed, engine: {type: none}, passwords: {provider: sealed-secrets, sealedSecrets: {name: gone}}}
  sops: {path: clusters/sops, engine: {type: none}, passwords: {provider: sops}}
  eso: {path: clusters/eso, engine: {type: none}, passwords: {provider: external-secrets}}
"""
READ = (*rbac("read-only"),)


@dataclass(frozen=True)
class House:
    world: World
    team: Team

    @property
    def checkout(self) -> Path:
        return self.world.checkout

    @property
    def environment(self) -> dict[str, str]:
        forge = self.world.forge.environment if self.world.forge else {}
        own = {"KUBECONFIG": str(self.world.kubeconfig), "GIT_CONFIG_GLOBAL": str(self.team.folder / "gitconfig")}
        return {**self.team.environment, **own, **forge}

    def report(self, **environment: str) -> SetupReport:
        """As a new process would have it."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (self.environment | environment).items():
                patch.setenv(name, value)
            with App.open(Flags(repo=self.checkout)).called(Nobody()) as app:
                return check_setup(app)

    def run(self, command: str) -> None:
        """What a person types, in the checkout."""
        env = {**os.environ, **self.environment}
        subprocess.run(["bash", "-c", command], cwd=self.checkout, env=env, check=True, capture_output=True)

    def commit(self, files: dict[str, str | None]) -> None:
        self.team.commit(dict(files), message="By hand")

    @property
    def access(self) -> Access:
        return self.world.api._access

    def grant(self, *names: str) -> None:
        """`kubectl apply -f rbac/...` with its binding, and what was granted before."""
        self.access._grants = Access(manifests=[*READ, *rbac(*names)])._grants


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place = tmp_path_factory.mktemp("house")
    with start_sandbox(place / "world", step=0.02, poll=0.02, forge="github", rules=READ) as world:
        team = Team.on(place / "team", world.remote)
        made = House(world, team)
        text = (team.file("main", ".gitops-mcp.yaml") or b"").decode()
        forge = text[text.index("\nforge:") :]
        clusters = {f"clusters/{one}/db.yaml": CLUSTER.format(name=one) for one in ("sealed", "sops", "eso")}
        made.commit({".gitops-mcp.yaml": CONFIG + forge, **clusters})
        world.store.create(NAMESPACE, {"metadata": {"name": "flux-system"}})
        yield made


def of(report: SetupReport, check: str, environment: str | None = None) -> list[CheckRow]:
    here = [row for row in report.items if environment is None or environment in (row.environment or "").split(", ")]
    return [row for row in here if row.check == check]


def bad(report: SetupReport, check: str, environment: str | None = None) -> list[CheckRow]:
    return [row for row in of(report, check, environment) if row.state != "ok"]


def take_away(world: World, group: str) -> Callable[[], None]:
    """The kinds of a group, which clients do not find any more; what it gives puts them back, as their CRDs do."""
    served = world.store.served
    world.store.served = tuple(one for one in served if one.resource.group != group)

    def put_back() -> None:
        world.store.served = served

    return put_back


# --- many faults at once


def plant_identity(here: House) -> None:
    here.run("git config --unset user.name; git config --unset user.email")


def mend_identity(here: House, mend: str) -> None:
    here.run(mend.replace("YOUR NAME", "Ada").replace("YOU@YOUR.DOMAIN", "ada@shop.test"))


def plant_hook(here: House) -> None:
    hook = here.checkout / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntrue\n")
    hook.chmod(0o644)


def plant_unparsable(here: House) -> None:
    here.commit({"clusters/prod/shop/broken.yaml": "kind: Cluster\napiVersion: postgresql.cnpg.io/v1\nspec: [\n"})


def mend_unparsable(here: House, mend: str) -> None:
    assert mend == "mend clusters/prod/shop/broken.yaml"
    here.commit({"clusters/prod/shop/broken.yaml": None})


def plant_unapplied(here: House) -> None:
    here.commit({"clusters/prod/billing/left-db.yaml": CLUSTER.format(name="left")})


def mend_unapplied(here: House, mend: str) -> None:
    found = re.match(r"add `- (\S+)` to resources of (\S+) ", mend)
    assert found, mend
    text = (here.team.file("main", found[2]) or b"").decode()
    here.commit({found[2]: text.replace("resources:\n", f"resources:\n  - {found[1]}\n")})


def put(here: House, resource: Resource, namespace: str, name: str, **spec: object) -> None:
    about = {"name": name, "namespace": namespace}
    manifest = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": about, "spec": spec}
    here.world.store.create(resource, manifest)


def plant_flux(here: House) -> None:
    url = here.world.forge.remote.url if here.world.forge else ""
    for name, branch, suspended in (("slept", "main", True), ("strayed", "old", False)):
        put(here, kinds.GIT_REPOSITORY, "flux-system", name, url=url, ref={"branch": branch}, interval="1m")
        source = {"kind": "GitRepository", "name": name}
        more = {"interval": "1m", "prune": True, "path": "./elsewhere", "sourceRef": source}
        put(here, kinds.KUSTOMIZATION, "flux-system", name, suspend=suspended, **more)


def merge(here: House, resource: Resource, name: str, spec: Object) -> None:
    here.world.store.merge(resource, "flux-system", name, {"spec": spec})


def mend_suspended(here: House, mend: str) -> None:
    assert mend.startswith("flux resume kustomization slept -n flux-system")
    merge(here, kinds.KUSTOMIZATION, "slept", {"suspend": False})


def mend_branch(here: House, mend: str) -> None:
    assert mend == "set spec.ref.branch: main of GitRepository strayed, or `base: old` in .gitops-mcp.yaml"
    merge(here, kinds.GIT_REPOSITORY, "strayed", {"ref": {"branch": "main"}})


def plant_operator(here: House) -> None:
    here.world.store.delete(kinds.POD, "cnpg-system", "cnpg-controller-manager-0")


def mend_operator(here: House, mend: str) -> None:
    assert mend.startswith("kubectl apply --server-side -f https://raw.githubusercontent.com/cloudnative-pg/")
    assert mend.endswith("/release-1.30/releases/cnpg-1.30.0.yaml")
    here.world.store.create(kinds.POD, operator_pod())


def plant_rights(here: House) -> None:
    here.access.deny("list", "", "events")


def mend_rights(here: House, mend: str) -> None:
    name = "gitops-mcp-read --clusterrole=gitops-mcp-read"
    assert mend.startswith(f"kubectl apply -f rbac/read-only.yaml && kubectl create clusterrolebinding {name} --user=")
    here.access._denied.clear()


def mend_logs(here: House, mend: str) -> None:
    assert mend.startswith("kubectl apply -f rbac/logs.yaml && ")
    here.grant("logs")


def mend_protection(here: House, mend: str) -> None:
    assert here.world.forge
    assert mend == f"require pull requests for main at {here.world.forge.server.url}/platform/fleet/settings/branches"
    here.world.forge.server.forge.repository.rules["main"] = Rules(approvals=1)


def mend_certificate(here: House, mend: str) -> None:
    assert "rbac/sealing-certificate.yaml" in mend
    here.grant("logs", "sealing-certificate")
    text = (here.team.file("main", ".gitops-mcp.yaml") or b"").decode()
    here.commit({".gitops-mcp.yaml": text.replace(", sealedSecrets: {name: gone}", "")})


def plant_sops(here: House) -> None:
    here.commit({".sops.yaml": "creation_rules:\n  - {path_regex: clusters/sops/.*, age: age1nobody}\n"})


def mend_sops(here: House, mend: str) -> None:
    assert mend.startswith("a rule in .sops.yaml whose path_regex fits and whose keys are there (age-keygen makes one)")
    key = pyrage.x25519.Identity.generate().to_public()
    here.commit({".sops.yaml": f"creation_rules:\n  - {{path_regex: clusters/sops/.*, age: {key}}}\n"})


RESTORED: list[Callable[[], None]] = []


def plant_eso(here: House) -> None:
    RESTORED.append(take_away(here.world, kinds.EXTERNAL_SECRET.group))


def mend_eso(here: House, mend: str) -> None:
    assert mend.startswith("helm install external-secrets external-secrets --repo https://charts.external-secrets.io")
    RESTORED.pop()()


def nothing(_: House) -> None:
    """It is so from the start."""


def run_as_it_stands(here: House, mend: str) -> None:
    here.run(mend)


@dataclass(frozen=True)
class Fault:
    name: str
    state: str
    check: str
    found: str
    plant: Callable[[House], None]
    mend: Callable[[House, str], None]
    environment: str | None = None


FAULTS = (
    Fault("no identity", "fail", "identity", "git does not know whose commits these are", plant_identity, mend_identity),
    Fault("hook not executable", "warn", "hooks", "pre-commit: it is not executable", plant_hook, run_as_it_stands),
    Fault("base unprotected", "warn", "protection", "main is not protected", nothing, mend_protection),
    Fault("unparsable manifest", "warn", "manifests", "clusters/prod/shop/broken.yaml:4: while parsing a flow node", plant_unparsable, mend_unparsable, "prod"),
    Fault("Cluster that nothing applies", "warn", "applied", "left-db.yaml:1 is applied by nothing", plant_unapplied, mend_unapplied, "prod"),
    Fault("engine suspended", "fail", "suspended", "Kustomization flux-system/slept is suspended", plant_flux, mend_suspended, "prod"),
    Fault("engine of another branch", "fail", "branch", "Kustomization flux-system/strayed: it applies old, not main", nothing, mend_branch, "prod"),
    Fault("operator missing", "fail", "operator", "no pod of it is there", plant_operator, mend_operator, "prod"),
    Fault("right missing", "fail", "rights gitops-mcp-read", "may not list events", plant_rights, mend_rights, "prod"),
    Fault("optional right missing", "warn", "rights gitops-mcp-logs", "may not get pods/log", nothing, mend_logs, "prod"),
    Fault("no certificate", "fail", "provider", "no certificate to seal the password for", nothing, mend_certificate, "sealed"),
    Fault("sops without a key", "fail", "provider", "could not encrypt", plant_sops, mend_sops, "sops"),
    Fault("provider without CRD", "fail", "provider", "is not installed in the cluster", plant_eso, mend_eso, "eso"),
)  # fmt: skip


@pytest.fixture(scope="module")
def planted(house: House) -> SetupReport:
    for one in FAULTS:
        one.plant(house)
    return house.report()


@pytest.fixture(scope="module")
def mended(house: House, planted: SetupReport) -> SetupReport:
    for one in FAULTS:
        if rows := [row for row in bad(planted, one.check, one.environment) if one.found in row.found]:
            one.mend(house, rows[0].mend or "")
    return house.report()


@pytest.mark.parametrize("fault", [pytest.param(one, id=one.name) for one in FAULTS])
def test_a_planted_fault_is_found_and_its_mend_mends_it(
    fault: Fault, planted: SetupReport, mended: SetupReport
) -> None:
    rows = [row for row in bad(planted, fault.check, fault.environment) if fault.found in row.found]
    assert [row.state for row in rows[:1]] == [fault.state], planted.markdown()
    assert [row for row in bad(mended, fault.check, fault.environment) if fault.found in row.found] == []


def test_where_all_is_mended_nothing_fails(mended: SetupReport) -> None:
    assert [row for row in mended.items if row.state == "fail"] == []
    assert mended.fail == 0


def test_what_it_asks_of_the_api_are_reads_and_reviews_of_its_own_access(house: House, mended: SetupReport) -> None:
    asked = {(one["method"], one["resource"]) for one in house.world.asked()}
    writes = {(method, resource) for method, resource in asked if method != "GET"}
    assert writes == {("POST", "selfsubjectaccessreviews"), ("POST", "selfsubjectreviews")}
    assert mended.ok > 20


# --- one at a time, where all else is mended


def bot(here: House) -> str:
    assert here.world.forge
    return next(login for login, token in here.world.forge.tokens.items() if token in here.environment.values())


@pytest.mark.thorough
def test_a_forges_token_that_is_wrong_or_may_too_little_is_told(house: House, mended: SetupReport) -> None:
    assert [row.state for row in of(mended, "rights")] == ["ok"]
    assert house.world.forge
    (variable,) = house.world.forge.environment
    wrong = house.report(**{variable: "gone"})
    assert [row.state for row in bad(wrong, "forge")] == ["fail"]
    assert "it refused the token of GH_ENTERPRISE_TOKEN" in of(wrong, "forge")[0].found
    assert (of(wrong, "forge")[0].mend or "").startswith(
        "make a token with Contents and Pull requests: write, Commit statuses: read"
    )
    scopes = frozenset({"metadata=read", "contents=write"})
    little = house.world.forge.server.forge.token(bot(house), kind="fine-grained", scopes=scopes)
    found = bad(house.report(**{variable: little}), "forge")
    assert [row.state for row in found] == ["fail"]
    assert "the permissions that would do: pull_requests=read" in found[0].found
    enough = house.world.forge.server.forge.token(
        bot(house), kind="fine-grained", scopes=scopes | {"pull_requests=write", "statuses=read"}
    )
    assert [row.state for row in of(house.report(**{variable: enough}), "rights")] == ["ok"]


@pytest.mark.thorough
def test_a_remote_that_takes_no_push_is_told_until_the_right_is_granted(house: House, mended: SetupReport) -> None:
    assert [row.state for row in of(mended, "push")] == ["ok"]
    assert house.world.forge
    roles = house.world.forge.server.forge.repository.roles
    roles[bot(house)] = "read"
    found = house.report()
    assert [row.state for row in bad(found, "push")] == ["fail"]
    assert (of(found, "push")[0].mend or "").startswith("have the right to push granted to these credentials")
    assert [row.found for row in bad(found, "rights")] == ["these credentials may not write to the repository"]
    roles[bot(house)] = "write"
    assert [row.state for row in of(house.report(), "push")] == ["ok"]


@pytest.mark.thorough
def test_an_operator_that_is_too_old_is_told_until_it_is_upgraded(house: House, mended: SetupReport) -> None:
    assert [row.found for row in of(mended, "operator")] == ["1.30.0, by its pod"]
    store, name = house.world.store, "cnpg-controller-manager-0"
    store.delete(kinds.POD, "cnpg-system", name)
    old = operator_pod()
    old["spec"]["containers"][0]["image"] = "registry.example.com/cnpg/cloudnative-pg:1.24.1"
    store.create(kinds.POD, old)
    (found,) = bad(house.report(), "operator")
    assert (found.state, found.found) == ("fail", "1.24.1 (its pod) is older than 1.27.0")
    store.delete(kinds.POD, "cnpg-system", name)
    mend_operator(house, found.mend or "")
    assert bad(house.report(), "operator") == []


@pytest.mark.thorough
def test_a_cluster_without_cloudnativepg_is_told_until_it_is_installed(house: House) -> None:
    put_back = take_away(house.world, kinds.CLUSTER.group)
    (found,) = bad(house.report(), "CRDs")
    assert (found.state, (found.mend or "").partition(" -f ")[0]) == ("fail", "kubectl apply --server-side")
    put_back()
    assert [row.state for row in of(house.report(), "CRDs")] == ["ok"]


@pytest.mark.thorough
def test_an_api_that_is_down_and_one_that_hangs_are_told_while_all_else_answers(house: House, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port, words in ((1, "refused"), (silent.getsockname()[1], "within")):
            config = tmp_path / f"kubeconfig-{port}"
            config.write_text(kubeconfig_text(f"http://127.0.0.1:{port}", None))
            found = house.report(KUBECONFIG=str(config))
            assert {row.state for row in of(found, "API")} == {"fail"}
            assert all(
                words in row.found and "kubectl get --raw /version" in (row.mend or "") for row in of(found, "API")
            )
            assert [row.state for check in ("push", "rights", "layouts") for row in of(found, check)] == ["ok"] * 4
    assert {row.state for row in of(house.report(), "API")} == {"ok"}


@pytest.mark.thorough
def test_clusters_without_backups_are_told_until_they_have_an_archive_a_schedule_and_a_backup(
    house: House, mended: SetupReport
) -> None:
    for _ in range(2):
        (found,) = bad(mended, "archive")
        schedule_as_said(house, found.mend or "")
        mended = house.report()
    assert (bad(mended, "archive"), bad(mended, "schedules")) == ([], [])
    (found,) = bad(mended, "restore")
    said = r"create_postgres_backup with cluster_name=\S+, namespace=\S+, environment=prod, merged; .*"
    assert re.fullmatch(said, found.mend or "")
    for space, name in (("shop", "orders-db"), ("billing", "invoices-db"), ("billing", "left")):
        put(house, kinds.BACKUP, space, name, cluster={"name": name}, **BARMAN)
        until(house.world, partial(is_completed, house, space, name))
    report = house.report()
    assert bad(report, "restore") == []
    assert [row.found[:24] for row in of(report, "restorable")] == ["3 of 3 Clusters; the old"]


def schedule_as_said(here: House, mend: str) -> None:
    """What an assistant does, and the reviewer, and the engine."""
    found = re.fullmatch(
        r"schedule_postgres_backups with cluster_name=(\S+), namespace=(\S+), "
        r"environment=(\S+), destination_path=s3://BUCKET/ and credentials_secret=SECRET, merged",
        mend,
    )
    assert found, mend
    name, space, environment = found.groups()
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in here.environment.items():
            patch.setenv(variable, value)
        with App.open(Flags(repo=here.checkout)).called(Nobody()) as app:
            tool = next(one for one in tools.ALL if one.name == "schedule_postgres_backups")
            said = {"cluster_name": name, "namespace": space, "environment": environment, "schedule": "0 0 3 * * *"}
            made = tool.call(app, {**said, "destination_path": "s3://bucket/", "credentials_secret": "secret"})
    here.team.merge(made.branch)
    until(here.world, lambda: at(here.world.store.get(kinds.CLUSTER, space, name), "spec", "plugins"))


BARMAN = {"method": "plugin", "pluginConfiguration": {"name": "barman-cloud.cloudnative-pg.io"}}


def is_completed(here: House, namespace: str, name: str) -> bool:
    return bool(at(here.world.store.get(kinds.BACKUP, namespace, name), "status", "phase") == "completed")


# --- the command


@pytest.mark.thorough
def test_the_command_says_the_same_with_an_exit_code_and_colours_on_a_terminal_only(house: House) -> None:
    command = [sys.executable, "-m", "gitops_mcp", "doctor", "--repo", str(house.checkout)]
    env = {"PYTHONPATH": str(ROOT), **house.environment}
    plain = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (plain.returncode, plain.stderr) == (0, "")
    assert "\x1b" not in plain.stdout
    assert "\nok    git, git version: git " in plain.stdout
    broken = env | {"KUBECONFIG": "/nowhere"}
    told = subprocess.run([*command, "--json"], env=broken, capture_output=True, text=True, check=False)
    answer = json.loads(told.stdout)
    assert (told.returncode, answer["fail"] > 0) == (1, True)
    assert {row["state"] for row in answer["items"]} == {"ok", "fail"}
    usage = subprocess.run([*command, "--context", ""], env=env, capture_output=True, text=True, check=False)
    assert (usage.returncode, usage.stdout) == (2, "")
    for environ, has_colours in ((env | {"TERM": "xterm"}, True), (env | {"TERM": "xterm", "NO_COLOR": "1"}, False)):
        assert (b"\x1b[32mok" in printed_on_a_terminal(command, environ)) is has_colours


def printed_on_a_terminal(command: list[str], env: dict[str, str]) -> bytes:
    terminal, inside = pty.openpty()
    printed = bytearray()
    with subprocess.Popen(command, env=env, stdin=inside, stdout=inside, stderr=inside):
        os.close(inside)
        while True:
            try:
                part = os.read(terminal, 65_536)
            except OSError:  # as Linux ends a terminal
                break
            if not part:
                break
            printed += part
    os.close(terminal)
    return bytes(printed)
