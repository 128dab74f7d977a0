from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitops_mcp.errors import Unavailable
from gitops_mcp.sandbox.remote import SandboxRemote
from gitops_mcp.template import plain_files


def git(*arguments: str, cwd: Path) -> str:
    return subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


def test_the_remote_holds_the_template_as_one_commit_on_main(tmp_path: Path) -> None:
    remote = SandboxRemote.create(tmp_path / "remote.git")
    assert git("log", "--format=%an <%ae> %s", "--all", cwd=remote.path) == (
        "gitops-mcp sandbox <sandbox@localhost> Start from the template"
    )
    tip = remote.tip()
    assert tip == git("rev-parse", "main", cwd=remote.path)
    assert tip is not None
    files = remote.files(tip)
    assert files == plain_files()
    assert ".gitops-mcp.yaml" in files
    assert git("rev-parse", "--is-bare-repository", cwd=remote.path) == "true"


def test_the_checkout_is_clean_follows_the_remote_and_can_commit_on_a_machine_without_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    remote = SandboxRemote.create(tmp_path / "remote.git")
    checkout = tmp_path / "checkout"
    remote.checkout(checkout)
    assert git("status", "--porcelain", "--branch", cwd=checkout) == "## main...origin/main"
    assert git("symbolic-ref", "refs/remotes/origin/HEAD", cwd=checkout) == "refs/remotes/origin/main"
    git("commit", "--allow-empty", "-m", "Try", cwd=checkout)
    git("push", "-q", cwd=checkout)
    assert remote.tip() == git("rev-parse", "HEAD", cwd=checkout)
    git("pack-refs", "--all", cwd=remote.path)
    assert remote.tip() == git("rev-parse", "HEAD", cwd=checkout)


def test_hooks_signing_and_identity_of_the_person_play_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "pre-push", "post-checkout", "pre-receive"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o755)
    (tmp_path / "gitconfig").write_text(
        f"[core]\n\thooksPath = {hooks}\n[commit]\n\tgpgSign = true\n[user]\n\tname = Somebody\n\temail = s@example.com\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    remote = SandboxRemote.create(tmp_path / "remote.git")
    remote.checkout(tmp_path / "checkout")
    monkeypatch.delenv("GIT_DIR")
    assert git("log", "--format=%an %cn %G?", "--all", cwd=remote.path) == "gitops-mcp sandbox gitops-mcp sandbox N"
    assert (tmp_path / "checkout/clusters/prod/kustomization.yaml").exists()
    assert not (tmp_path / "elsewhere").exists()


def test_a_remote_without_a_base_has_no_tip(tmp_path: Path) -> None:
    git("init", "-q", "--bare", "empty.git", cwd=tmp_path)
    assert SandboxRemote(tmp_path / "empty.git").tip() is None


def test_what_git_refuses_is_told(tmp_path: Path) -> None:
    remote = SandboxRemote.create(tmp_path / "remote.git")
    with pytest.raises(Unavailable, match=r"git archive failed \(128\): .*not a valid object name: nothing"):
        remote.files("nothing")
