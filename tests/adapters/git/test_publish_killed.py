"""A server that is killed at its worst moments: what it leaves is swept by the next one, and git finds nothing broken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.lock import hold_lock
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import Raced, Unavailable
from tests.adapters.git.conftest import git, snapshot
from tests.adapters.git.publishing import BRANCH, ORDERS, SCALED, executable, published

NEW = "clusters/prod/shop/new.yaml"
LOCAL = GitSettings(push="never")
KILL = "kill -9 $(cat {server})"


def _killed(checkout: Path, *, push: str = "auto") -> None:
    """Publishes in a process of its own, whose id stands in a file, and which is killed by what it runs."""
    script = f"""
import os, pathlib
from gitops_mcp.adapters.git.settings import GitSettings
from tests.adapters.git.publishing import ORDERS, SCALED, published
pathlib.Path({str(checkout.parent / "server")!r}).write_text(str(os.getpid()))
published(pathlib.Path({str(checkout)!r}), {{ORDERS: SCALED}}, settings=GitSettings(push={push!r}))
"""
    top = Path(__file__).parents[3]
    ran = subprocess.run([sys.executable, "-c", script], cwd=top, env=os.environ, capture_output=True, check=False)
    assert ran.returncode == -signal.SIGKILL, ran.stderr.decode()


def _kill(checkout: Path) -> str:
    return KILL.format(server=checkout.parent / "server")


def test_killed_while_a_hook_runs(checkout: Path, remote: Path) -> None:
    before = snapshot(checkout)
    hook = checkout / ".git/hooks/pre-commit"
    executable(hook, _kill(checkout))
    _killed(checkout)
    assert (checkout / ".git/gitops-mcp").is_dir()
    assert snapshot(checkout) == before
    hook.unlink()

    done = published(checkout, {ORDERS: SCALED})

    assert git(remote, "rev-parse", BRANCH) == done.commit
    assert not (checkout / ".git/gitops-mcp").exists()
    assert snapshot(checkout) == before
    git(checkout, "fsck", "--strict")


def test_killed_while_a_filter_runs(checkout: Path) -> None:
    (checkout / ".git/info").mkdir(exist_ok=True)
    (checkout / ".git/info/attributes").write_text("secrets/** filter=kill\n*.yaml filter=kill\n")
    executable(checkout.parent / "kill", _kill(checkout))
    git(checkout, "config", "filter.kill.clean", str(checkout.parent / "kill"))
    script = f"""
import os, pathlib
from tests.adapters.git.publishing import published
pathlib.Path({str(checkout.parent / "server")!r}).write_text(str(os.getpid()))
published(pathlib.Path({str(checkout)!r}), {{"secrets/x.yaml": b"password: hunter2"}})
"""
    top = Path(__file__).parents[3]
    ran = subprocess.run([sys.executable, "-c", script], cwd=top, env=os.environ, capture_output=True, check=False)
    assert ran.returncode == -signal.SIGKILL, ran.stderr.decode()

    found = subprocess.run(["grep", "-rl", "hunter2", str(checkout)], capture_output=True, text=True, check=False)
    assert found.stdout == ""


@pytest.mark.parametrize("push", ["auto", "never"])
@pytest.mark.few(1)
def test_killed_while_git_moves_the_branch_the_next_one_waits_for_that_git(push: str, checkout: Path) -> None:
    """The orphan still holds the lock, so nobody plans on a branch that is about to move."""
    released = checkout.parent / "released"
    os.mkfifo(released)
    hook = checkout / ".git/hooks" / {"auto": "pre-push", "never": "reference-transaction"}[push]
    executable(hook, f"{_kill(checkout)}; read line < {released}")
    _killed(checkout, push=push)
    with pytest.raises(Unavailable, match="another gitops-mcp process"), hold_lock(checkout / ".git", timeout=0.05):
        pass
    hook.unlink()
    released.write_text("go on\n")

    with pytest.raises(Raced):
        published(checkout, {NEW: b"new: 1\n"}, settings=LOCAL if push == "never" else GitSettings())

    ref = f"refs/heads/{BRANCH}" if push == "never" else f"refs/remotes/origin/{BRANCH}"
    assert git(checkout, "diff", "--name-only", "origin/main", ref) == ORDERS
    assert not (checkout / ".git/gitops-mcp").exists()


@pytest.mark.parametrize("push", ["auto", "never"])
@pytest.mark.few(1)
def test_killed_together_with_git_while_a_ref_is_locked(push: str, checkout: Path, remote: Path) -> None:
    ref = f"refs/remotes/origin/{BRANCH}" if push == "auto" else f"refs/heads/{BRANCH}"
    lock_file = checkout / f".git/{ref}.lock"
    hook = checkout / ".git/hooks/reference-transaction"
    executable(hook, f"test -e {lock_file} && {{ {_kill(checkout)}; kill -9 $PPID; }}; exit 0")
    _killed(checkout, push=push)
    hook.unlink()
    # Git takes a moment to die after the server did; the next one waits for it.
    expected = git(remote, "rev-parse", BRANCH) if push == "auto" else None

    done = published(checkout, {NEW: b"x\n"}, settings=LOCAL if push == "never" else GitSettings(), expected=expected)

    assert not lock_file.exists()
    assert git(checkout, "rev-parse", ref) == done.commit
    assert not (checkout / ".git/gitops-mcp").exists()
    git(checkout, "fsck", "--strict")
