"""Faults of a checkout, each planted by itself: the line that tells it, and that its mend mends it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_mcp.answers.setup import CheckRow, SetupReport
from gitops_mcp.app import App
from gitops_mcp.config import FILE, Flags
from gitops_mcp.domain.access.rights import Grant, Rights
from gitops_mcp.errors import Refused
from gitops_mcp.workflows.setup.report import check_setup
from tests.charts import application as helm_application
from tests.charts import chart, needs_helm
from tests.workflows.conftest import Team, cluster


@pytest.fixture
def fleet(team: Team, tmp_path: Path) -> Team:
    """With a Cluster, and a remote that has it."""
    team.commit({"clusters/db.yaml": cluster()})
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "remote.git")], check=True)
    team.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    team.git("push", "--quiet", "--set-upstream", "origin", "main")
    team.git("remote", "set-head", "origin", "main")
    return team


def report(team: Team) -> SetupReport:
    return check_setup(team.app())


def row(team: Team, check: str) -> CheckRow:
    """The worst line of a check."""
    return next(one for one in report(team).items if one.check == check)


def run(team: Team, command: str) -> None:
    """A mend that is a command, as it stands."""
    subprocess.run(["bash", "-c", command], cwd=team.root, check=True, capture_output=True)


def test_a_checkout_with_a_remote_is_ok_and_nothing_is_left_behind(fleet: Team) -> None:
    before = fleet.git("for-each-ref"), fleet.git("count-objects", "-v")
    found = {one.check: one.state for one in report(fleet).items if one.subject == "git"}
    assert found == dict.fromkeys(("git version", "identity", "signing", "hooks", "base", "push"), "ok")
    assert (fleet.git("for-each-ref"), fleet.git("count-objects", "-v")) == before
    assert fleet.git("ls-remote", "origin").count("\n") == 1  # HEAD and main


def test_a_git_that_is_too_old_is_told_until_a_newer_one_is_first_on_path(
    fleet: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old/git"
    old.parent.mkdir()
    old.write_text(
        f'#!/bin/sh\n[ "$1" = version ] && echo git version 2.30.2 && exit\nfor last; do :; done\n[ "$last" = version ] && echo git version 2.30.2 && exit\nexec {shutil.which("git")} "$@"\n'
    )
    old.chmod(0o755)
    newer = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{old.parent}:{newer}")
    found = row(fleet, "git version")
    assert (found.state, found.mend) == ("fail", "install git 2.38 or newer, first on PATH of the server")
    assert "2.30.2" in found.found
    monkeypatch.setenv("PATH", newer)
    assert row(fleet, "git version").state == "ok"


def test_a_key_that_cannot_sign_is_told_until_there_is_one_that_can(fleet: Team, tmp_path: Path) -> None:
    run(fleet, f"git config commit.gpgSign true; git config gpg.format ssh; git config user.signingKey {tmp_path}/none")
    found = row(fleet, "signing")
    assert found.state == "fail"
    assert found.found.startswith("commit.gpgSign is on, and a trial was not signed")
    run(fleet, f"ssh-keygen -q -t ed25519 -N '' -f {tmp_path}/key; git config user.signingKey {tmp_path}/key.pub")
    assert row(fleet, "signing").found == "commits are signed by ssh-keygen"
    run(fleet, f"git config user.signingKey {tmp_path}/none; git config commit.gpgSign false")
    assert row(fleet, "signing").found == "commits are not signed"


def test_a_key_with_a_passphrase_that_no_agent_has_asks_nobody(fleet: Team, tmp_path: Path) -> None:
    run(fleet, f"ssh-keygen -q -t ed25519 -N secret -f {tmp_path}/locked; git config user.signingKey {tmp_path}/locked")
    run(fleet, "git config commit.gpgSign true; git config gpg.format ssh")
    assert row(fleet, "signing").state == "fail"


def test_a_gpg_key_is_tried_without_a_prompt(fleet: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    run(fleet, "git config commit.gpgSign true; git config user.signingKey nobody@example.com")
    assert row(fleet, "signing").state == "fail"
    run(fleet, "gpg --batch --quiet --passphrase '' --quick-generate-key nobody@example.com ed25519 sign")
    assert row(fleet, "signing").found == "commits are signed by gpg"
    run(fleet, "gpgconf --kill all")


def test_a_hook_whose_interpreter_is_missing_is_told_until_hooks_are_off(fleet: Team) -> None:
    hook = fleet.root / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/usr/bin/env node-of-nobody\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    found = row(fleet, "hooks")
    assert found.found == f"{hook}: it needs node-of-nobody, which is not there"
    assert found.mend == "install node-of-nobody, or set commit.hooks: off in .gitops-mcp.yaml"
    hook.chmod(0o600)
    fleet.commit({FILE: "commit: {hooks: off}\n"})
    run(fleet, "git push --quiet origin main")
    hook.chmod(0o700)
    assert row(fleet, "hooks").found == "off, by commit.hooks"


def test_a_base_that_the_remote_does_not_have_is_told_until_another_is_named(fleet: Team) -> None:
    fleet.commit({FILE: "base: trunk\n"})
    run(fleet, "git push --quiet origin main")
    found = row(fleet, "base")
    assert found.state == "fail"
    assert "has no branch 'trunk'" in found.found
    assert found.mend
    fleet.commit({FILE: "base: main\n"})
    run(fleet, "git push --quiet origin main")
    assert row(fleet, "base").state == "ok"


def test_a_branch_that_was_never_pushed_is_told_until_it_is(team: Team, tmp_path: Path) -> None:
    team.commit({"clusters/db.yaml": cluster()})
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "remote.git")], check=True)
    team.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    found = row(team, "base")
    assert found.state == "fail"
    assert (found.mend or "").startswith("git push --set-upstream origin HEAD where ")
    run(team, (found.mend or "").partition(" where ")[0])
    assert row(team, "base").state == "ok"


def test_each_fault_of_the_configuration_is_a_line_with_its_line_until_it_is_mended(fleet: Team) -> None:
    fleet.commit({FILE: "base: main\npull: never\nlimits: {maxInstances: many}\n"})
    run(fleet, "git push --quiet origin main")
    faults = [one for one in report(fleet).items if one.subject == "configuration"]
    assert [(one.state, one.found.partition(": ")[0]) for one in faults] == [
        ("fail", ".gitops-mcp.yaml:2"),
        ("fail", ".gitops-mcp.yaml:3"),
    ]
    fleet.commit({FILE: "base: main\nlimits: {maxInstances: 5}\n"})
    run(fleet, "git push --quiet origin main")
    assert row(fleet, FILE).state == "ok"


def test_a_placeholder_of_a_remote_is_told_until_it_has_an_address(fleet: Team, tmp_path: Path) -> None:
    run(fleet, "git remote set-url origin https://git.example.com/platform/fleet.git")
    found = row(fleet, "remote")
    assert found.found == "remote origin is https://git.example.com/platform/fleet.git, which is a placeholder"
    run(fleet, str(found.mend).replace("URL", f"{tmp_path}/remote.git"))
    assert [one.state for one in report(fleet).items if one.subject == "git"] == ["ok"] * 6


def test_an_address_that_init_left_open_is_told_until_it_is_filled_in(fleet: Team) -> None:
    source = "kind: GitRepository\nspec:\n  url: https://git.example.com/CHANGE-ME/postgres.git # say where\n"
    fleet.commit({"flux/source.yaml": source})
    run(fleet, "git push --quiet origin main")
    found = row(fleet, "placeholders")
    assert found.state == "fail"
    assert found.found.startswith("flux/source.yaml: the address of the repository is still https://git.example.com/")
    command, _, _ = str(found.mend).partition(", committed and merged")
    run(fleet, command.replace("|URL|", "|https://git.shop.test/fleet.git|"))
    run(fleet, "git commit --quiet --all --message=Filled && git push --quiet origin main")
    assert [one for one in report(fleet).items if one.check == "placeholders"] == []
    assert "  url: https://git.shop.test/fleet.git # say where\n" in (fleet.root / "flux/source.yaml").read_text()


@pytest.mark.parametrize(
    ("host", "is_placeholder"),
    [("example.org", True), ("git.example.net", True), ("gitlab.counterexample.com", False), ("myexample.org", False)],
)
def test_a_placeholder_is_one_of_the_hosts_that_are_nobodys(fleet: Team, host: str, is_placeholder: bool) -> None:
    run(fleet, f"git remote add other https://{host}/fleet.git")
    told = [one.found for one in report(fleet).items if one.check == "remote"]
    assert told == ([f"remote other is https://{host}/fleet.git, which is a placeholder"] if is_placeholder else [])


def test_an_address_that_git_substitutes_is_no_placeholder(fleet: Team, tmp_path: Path) -> None:
    run(fleet, f"git config url.{tmp_path}/remote.git.insteadOf https://git.example.com/fleet.git")
    run(fleet, "git remote set-url origin https://git.example.com/fleet.git")
    assert [one for one in report(fleet).items if one.check == "remote"] == []


@needs_helm
def test_a_chart_without_helm_is_told_until_helm_is_there(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    template = cluster(name="{{ .Values.name }}", namespace="shop")
    files = {"chart/Chart.yaml": chart(), "chart/values.yaml": "name: db\n", "chart/templates/db.yaml": template}
    team.commit({**files, "apps/app.yaml": helm_application()})
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "helm_python", None)  # as where it is not installed
        patch.setenv("PATH", os.path.dirname(str(shutil.which("git"))))  # noqa: PTH120
        found = row(team, "charts")
        assert found.state == "warn"
        assert found.mend == "put helm on PATH of the server, or install gitops-mcp with its extra helm"
    assert [one for one in report(team).items if one.check == "charts"] == []


def test_where_there_is_no_repository_the_rest_is_looked_at_all_the_same(tmp_path: Path) -> None:
    found = {one.check: one.state for one in check_setup(App.open(Flags(repo=tmp_path))).items}
    assert (found["checkout"], found["API"]) == ("fail", "fail")


SOMEWHERE_ELSE = Rights((Grant(frozenset({"read"}), frozenset({"staging"})),), frozenset({"read"}), "jane")
SEES_SHOP = Rights((Grant(frozenset({"read"}), namespaces=("shop",)),), frozenset({"read"}), "jane")
BANK = cluster(namespace="bank")


@pytest.mark.parametrize("broken", ["", "base: trunk\n", "pull: never\n"])
def test_who_may_see_no_environment_is_refused_whatever_is_wrong(fleet: Team, broken: str) -> None:
    fleet.commit({FILE: f"environments: {{prod: {{path: clusters}}}}\n{broken}"})
    run(fleet, "git push --quiet origin main")
    with pytest.raises(Refused, match="jane may not see anything in the environments of this repository"):
        check_setup(replace(fleet.app(), rights=SOMEWHERE_ELSE))


@pytest.mark.parametrize("broken", ["", "base: trunk\n"])
def test_who_may_see_a_part_is_told_of_nothing_outside_of_it(fleet: Team, broken: str) -> None:
    files = {
        "clusters/bank/db.yaml": BANK,
        "clusters/bank/idle/kustomization.yaml": "resources: []\n",
        "clusters/bank/idle/db.yaml": cluster("idle", "bank"),
        "clusters/bank/broken.yaml": "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: bank\n",
        "clusters/bank/source.yaml": "url: https://git.example.com/CHANGE-ME/postgres.git\n",
    }
    fleet.commit({FILE: broken, **files})
    run(fleet, "git push --quiet origin main")
    everything = check_setup(fleet.app()).items
    assert {one.check for one in everything if "clusters/bank/" in one.found} == {
        *("manifests", "applied", "placeholders")
    }
    told = check_setup(replace(fleet.app(), rights=SEES_SHOP)).items
    assert [one for one in told if "bank" in f"{one.found} {one.mend}"] == []
    assert [one.found for one in told if one.check == "layouts"] == ["1 Cluster: 1 by a manifest"]
