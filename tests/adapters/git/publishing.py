"""Publishing as the one road for writes does it, and looking at what came of it with the git binary."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from gitops_mcp.adapters.git.publishing.publish import PublishedCommit, publish
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from tests.adapters.git.conftest import CLUSTER, commit_all, git, write

BRANCH = "gitops-mcp/scale-orders"
ORDERS = "clusters/prod/shop/orders.yaml"
SCALED = CLUSTER.replace("instances: 3", "instances: 5").encode()
SETTINGS = GitSettings()


def published(
    checkout: Path,
    files: Mapping[str, bytes | None],
    *,
    settings: GitSettings = SETTINGS,
    branch: str = BRANCH,
    expected: str | None = None,
    message: str = "Scale orders to 5\n",
    options: tuple[str, ...] = (),
    meanwhile: Callable[[], object] | None = None,
) -> PublishedCommit:
    """Publishes on the base, or on the tip that is expected."""
    repository = Repository.open(checkout)
    base = repository.base(settings, fetch=False)
    return publish(
        repository,
        settings,
        base=base,
        branch=branch,
        expected=expected,
        parent=expected or base.commit,
        files=files,
        message=message,
        options=options,
        meanwhile=meanwhile,
    )


def alone(folder: Path, files: Mapping[str, str] | None = None) -> Path:
    """A repository without a remote, on `main`, with these files and the Cluster."""
    git(folder, "init", "--quiet", "here")
    path = folder / "here"
    for name, text in {ORDERS: CLUSTER, **(files or {})}.items():
        write(path / name, text)
    commit_all(path, "Start")
    return path


def content(repository: Path, commit: str, path: str) -> bytes:
    shown = subprocess.run(
        ["git", "cat-file", "blob", f"{commit}:{path}"], cwd=repository, capture_output=True, check=True
    )
    return shown.stdout


def listed(repository: Path, commit: str) -> list[str]:
    return git(repository, "ls-tree", "-r", "--name-only", "-z", commit).split("\0")[:-1]


def changed(repository: Path, published: PublishedCommit) -> list[str]:
    """Lines added and removed, by file, against the parent."""
    return git(repository, "diff", "--numstat", "--no-renames", f"{published.commit}^", published.commit).splitlines()


def everything(repository: Path) -> bytes:
    """Every object of a repository, reachable or not."""
    command = ["git", "cat-file", "--batch-all-objects", "--batch"]
    return subprocess.run(command, cwd=repository, capture_output=True, check=True).stdout


def executable(path: Path, text: str) -> None:
    write(path, f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
