"""The commands of docs/install.md, docs/troubleshooting.md and docs/sign-in.md, run as they stand there."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from gitops_mcp.config.http_settings import resolve_http
from gitops_mcp.sandbox.run import start_sandbox
from tests.e2e.team import ROOT, Team
from tests.site_pages import fences


def blocks(page: str) -> list[str]:
    return [text for _, language, text in fences((ROOT / page).read_text()) if language == "sh"]


def run(commands: str, where: Path, env: Mapping[str, str]) -> str:
    ran = subprocess.run(["sh", "-ec", commands], cwd=where, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.thorough
def test_what_has_to_work_before_the_server_does_works_in_the_sandbox(tmp_path: Path) -> None:
    install, before = blocks("docs/install.md")
    assert install in blocks("README.md")
    with start_sandbox(tmp_path / "world", step=0.02, poll=0.02, forge="github") as world:
        team = Team(tmp_path)
        said = run(before, world.checkout, {**team.environment, "KUBECONFIG": str(world.kubeconfig)})
    assert re.search(r"shop +orders-db ", said)


def test_what_is_left_over_is_found_and_removed(tmp_path: Path) -> None:
    (commands,) = blocks("docs/troubleshooting.md")
    team = Team.of(tmp_path / "team", {"cluster.yaml": "kind: Cluster\n"})
    for name in ("NAME", "open"):
        team.commit({f"{name}.yaml": "a: 1\n"}, branch=f"gitops-mcp/{name}")
    team.merge("gitops-mcp/NAME")
    team.git(team.checkout, "branch", "gitops-mcp/NAME")
    left, merged = "  origin/gitops-mcp/NAME\n  origin/gitops-mcp/open\n", "  origin/gitops-mcp/NAME\n"
    assert run(commands, team.checkout, team.environment).startswith(left + merged)
    assert team.branches().keys() == {"main", "gitops-mcp/open"}
    assert team.git(team.checkout, "branch", "--format=%(refname:short)") == "main"


def test_the_digest_of_a_token_is_the_one_that_the_server_takes(tmp_path: Path) -> None:
    (command,) = blocks("docs/sign-in.md")
    digest = run(command, tmp_path, Team(tmp_path).environment).split()[0]
    token = (tmp_path / "token").read_text().rstrip("\n")
    assert len(token) >= 32
    assert hashlib.sha256(token.encode()).hexdigest() == digest
    text = f"resource: https://gitops.example.com/mcp\ntokens: [{{name: pipeline, sha256: {digest}, scopes: [read]}}]\n"
    assert [one.sha256 for one in resolve_http(text, name="http.yaml").tokens] == [digest]
