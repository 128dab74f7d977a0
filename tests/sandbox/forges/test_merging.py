"""The sandbox's forge merges and refuses as a real Gitea was seen to."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.adapters.git.failures import remote_error
from gitops_mcp.sandbox.forges import Refusal, Rules, SandboxForge, Way
from gitops_mcp.sandbox.forges.rules import missing
from gitops_mcp.sandbox.remote import SandboxRemote

BRANCH = "gitops-mcp/one"
RECORDED: dict[str, Any] = {
    one["what"]: one for one in json.loads((Path(__file__).parent / "recorded/gitea.json").read_text())
}


@pytest.fixture
def forge(tmp_path: Path) -> SandboxForge:
    made = SandboxForge(SandboxRemote.create(tmp_path / "remote.git"))
    made.remote.checkout(tmp_path / "checkout")
    git(made, "checkout", "--quiet", "-b", BRANCH)
    for number in (1, 2):
        git(
            made,
            "commit",
            "--quiet",
            "--allow-empty",
            "--message",
            f"Change {number}\n\nWhy.\n\nGitops-Mcp-Change: one",
        )
        (tmp_path / "checkout/README.md").write_text(f"{number}\n")
        git(made, "commit", "--quiet", "--all", "--amend", "--no-edit")
    return made


def git(forge: SandboxForge, *arguments: str, where: str = "checkout") -> str:
    place = forge.remote.path.parent / where
    return subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True, text=True).stdout.strip()


def push(forge: SandboxForge, branch: str = BRANCH) -> subprocess.CompletedProcess[str]:
    command = ["git", "push", "--porcelain", "origin", f"HEAD:refs/heads/{branch}"]
    place = forge.remote.path.parent / "checkout"
    return subprocess.run(command, cwd=place, check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("way", "recorded"),
    [
        ("merge", "after merge"),
        ("squash", "after squash"),
        ("rebase", "after rebase"),
        ("rebase-merge", "after rebase-merge"),
        ("fast-forward", "after fast-forward-only"),
    ],
)
@pytest.mark.few(2)
def test_a_merged_branch_looks_as_the_recorded_one(forge: SandboxForge, way: Way, recorded: str) -> None:
    assert push(forge).returncode == 0
    number = forge.merge_branch(BRANCH, way, title="Two changes")
    real = RECORDED[recorded]
    parents, message = git(forge, "log", "-1", "--format=%P%x00%B", "main", where="remote.git").split("\0")
    assert len(parents.split()) == real["parents"]
    assert ("Gitops-Mcp-Change" in message) == ("Gitops-Mcp-Change" in real["message"])
    assert (f"(#{number})" in message) == ("(#" in real["message"])
    assert ("Co-authored-by: " in message) == ("Co-authored-by: " in real["message"])
    assert message.startswith("Merge pull request '") == real["message"].startswith("Merge pull request '")
    refs = git(forge, "for-each-ref", "--format=%(refname)", where="remote.git").splitlines()
    assert refs == ["refs/heads/main", f"refs/pull/{number}/head"]
    assert git(forge, "show", "main:README.md", where="remote.git") == "2"


def test_a_squash_may_keep_the_trailers_and_the_branch(forge: SandboxForge) -> None:
    push(forge)
    pull = forge.open_pull(BRANCH)
    forge.merge(pull, "squash", message="Both\n\nGitops-Mcp-Change: one", delete=False)
    assert git(forge, "log", "-1", "--format=%B", "main", where="remote.git") == "Both\n\nGitops-Mcp-Change: one"
    assert git(forge, "rev-parse", f"refs/heads/{BRANCH}", where="remote.git") == git(forge, "rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("why", "branch", "recorded"),
    [
        ("protected", "main", "to a protected base"),
        ("protected", "gitops-mcp/new", "a new branch that matches a protected pattern"),
        ("no right", "x", "reader"),
    ],
)
def test_a_refusal_has_the_recorded_words(forge: SandboxForge, why: Refusal, branch: str, recorded: str) -> None:
    forge.refuse(why)
    found, real = push(forge, branch), RECORDED[recorded]
    assert found.returncode == real["rc"]
    assert remote_lines(found.stderr)[-3:] == remote_lines(real["stderr"])
    assert "[remote rejected] (pre-receive hook declined)" in found.stdout


def remote_lines(text: str) -> list[str]:
    found = [line.strip() for line in text.splitlines() if line.startswith("remote:")]
    return [line for line in found if line != "remote:"]


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("archived", "the repository is archived"),
        ("not found", "the repository is not there"),
        ("quota", "it has no room left"),
        ("size", "what is pushed is too large for it"),
        ("protected", "protected"),
        ("no right", "these credentials have no right to do that"),
    ],
)
@pytest.mark.few(2)
def test_each_refusal_is_told_by_its_cause(forge: SandboxForge, why: Refusal, told: str) -> None:
    forge.refuse(why)
    found = push(forge)
    assert found.returncode != 0
    assert told in str(remote_error("the push to origin", found.stderr + found.stdout))


@pytest.mark.parametrize(
    ("rules", "begun", "why"),
    [
        (Rules(checks=("ci/*",)), {"ci/a": "success", "ci/b": "success", "x": "failure"}, None),
        (Rules(checks=("ci/*",)), {"ci/a": "success", "ci/b": "failure"}, "checks"),
        (Rules(checks=("ci/*",)), {"x": "success"}, "checks"),
        (Rules(any_checks=True), {"x": "success"}, None),
        (Rules(any_checks=True), {"x": "success", "y": "failure"}, "checks"),
        (Rules(any_checks=True), {}, "checks"),
    ],
)
@pytest.mark.few(2)
def test_gitea_asks_for_checks_by_patterns(
    rules: Rules, begun: dict[str, str], why: str | None, tmp_path: Path
) -> None:
    made = SandboxForge(SandboxRemote.create(tmp_path / "remote.git"), name="gitea")
    made.remote.checkout(tmp_path / "checkout")
    (tmp_path / "checkout/README.md").write_text("more\n")
    git(made, "commit", "--quiet", "--all", "--message=Say more")
    push(made)
    pull = made.open_pull(BRANCH)
    made.repository.rules["main"] = rules
    for name, state in begun.items():
        made.check(pull, state, name)
    assert next(iter(missing(pull, patterns=True)), None) == why
