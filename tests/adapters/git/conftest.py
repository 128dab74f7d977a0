"""Real repositories, made by the git binary: a bare remote, a checkout of it, and what a checkout looks like."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import use_home

CLUSTER = """apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: orders
  namespace: shop
spec:
  instances: 3
  storage:
    size: 10Gi
"""


def git(cwd: Path, *arguments: str, input: str | None = None) -> str:  # noqa: A002 - subprocess's own word for it
    """What git printed, without its last newline."""
    ran = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        input="" if input is None else input,
        env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"git {' '.join(arguments)}: {ran.stderr}"
    return ran.stdout.removesuffix("\n")


def write(path: Path, text: str) -> None:
    """Writes a file as it is given, newlines untranslated, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def program(path: Path, script: str) -> None:
    """An executable shell script, to stand in for ssh, a hook or git itself."""
    write(path, f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def commit_all(cwd: Path, message: str) -> str:
    """The id of a commit of all that is in the working tree, also when nothing changed."""
    git(cwd, "add", "--all")
    git(cwd, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(cwd, "rev-parse", "HEAD")


@dataclass(frozen=True)
class Snapshot:
    """All that belongs to the user: two of them are equal when nothing of it moved."""

    files: dict[str, tuple[bytes, int, int]]
    index: bytes | None
    head: str
    config: bytes
    branches: str
    stash: str
    worktrees: str
    status: str
    fetch_head: bytes | None


def snapshot(checkout: Path) -> Snapshot:
    """What stands in a checkout (or in a bare repository, which has no files, index, stash or status)."""
    bare = git(checkout, "rev-parse", "--is-bare-repository") == "true"

    def inside(name: str) -> Path:
        return checkout / git(checkout, "rev-parse", "--git-path", name)

    return Snapshot(
        files={} if bare else _files(checkout),
        index=_bytes(inside("index")),
        head=inside("HEAD").read_text(),
        config=inside("config").read_bytes() + (_bytes(inside("config.worktree")) or b""),
        branches=git(checkout, "for-each-ref", "refs/heads", "refs/tags"),
        stash="" if bare else git(checkout, "stash", "list", "--format=%H %gd %gs"),
        worktrees=git(checkout, "worktree", "list", "--porcelain"),
        status="" if bare else git(checkout, "status", "--porcelain=v2", "--ignored"),
        fetch_head=_bytes(inside("FETCH_HEAD")),
    )


def _files(checkout: Path) -> dict[str, tuple[bytes, int, int]]:
    found = {}
    for folder, folders, names in os.walk(checkout):
        folders[:] = [name for name in folders if name != ".git"]
        for path in (Path(folder, name) for name in names):
            if path == checkout / ".git":
                continue
            about = path.lstat()
            content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[str(path.relative_to(checkout))] = (content, about.st_mtime_ns, about.st_ino)
    return found


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repositories of the next three fixtures, made once: copying them takes no git."""
    place = tmp_path_factory.mktemp("template")
    bare, author, checkout = place / "remote.git", place / "author", place / "checkout"
    with pytest.MonkeyPatch.context() as patch:
        use_home(place, patch)
        git(place, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
        git(bare, "config", "uploadpack.allowFilter", "true")
        git(bare, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(place, "clone", "--quiet", str(bare), str(author))
        git(author, "switch", "--quiet", "--orphan", "main")
        write(author / "README.md", "# GitOps\n")
        write(author / "clusters/prod/kustomization.yaml", "resources:\n  - shop/orders.yaml\n")
        write(author / "clusters/prod/shop/orders.yaml", CLUSTER)
        commit_all(author, "Start")
        git(author, "push", "--quiet", "origin", "main")
        git(place, "clone", "--quiet", str(bare), str(checkout))
        write(checkout / "README.md", "# Put away\n")
        git(checkout, "stash", "--quiet")
        write(checkout / "README.md", "# Staged\n")
        git(checkout, "add", "README.md")
    write(checkout / "clusters/prod/shop/orders.yaml", CLUSTER + "# not finished\n")
    write(checkout / "notes.txt", "mine\n")
    return place


def _copy(template: Path, place: Path, name: str) -> Path:
    """One of them, with the remote beside it as its own."""
    shutil.copytree(template / name, place / name, symlinks=True)
    config = place / name / ("config" if name.endswith(".git") else ".git/config")
    config.write_text(config.read_text().replace(str(template), str(place)))
    return place / name


@pytest.fixture
def remote(template: Path, tmp_path: Path) -> Path:
    """A bare repository whose `main` holds one Cluster, a kustomization that lists it, and a README."""
    _copy(template, tmp_path, "author")
    return _copy(template, tmp_path, "remote.git")


@pytest.fixture
def author(remote: Path) -> Path:
    """Another person's clone of the remote, on `main`, for what happens behind the server's back."""
    return remote.parent / "author"


@pytest.fixture
def checkout(template: Path, remote: Path) -> Path:
    """The user's clone of the remote, dirty: an edit, a staged one, a file of their own and a stash."""
    path = _copy(template, remote.parent, "checkout")
    git(path, "update-index", "-q", "--refresh")  # it knows files by their inodes
    return path


@pytest.fixture
def commands(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """The git commands that the adapter runs from now on."""
    verbs: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            assert isinstance(record.args, tuple)
            verbs.append(str(record.args[0]))

    logger = logging.getLogger("gitops_mcp.adapters.git.runner")
    caplog.set_level(logging.DEBUG, logger=logger.name)
    logger.addHandler(listener := Listener())
    yield verbs
    logger.removeHandler(listener)


def configure_by_environment(monkeypatch: pytest.MonkeyPatch, way: str, given: Mapping[str, str]) -> None:
    """Git's configuration as a dev container or a pipeline gives it, in either of the two ways."""
    if way == "GIT_CONFIG_COUNT":
        monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(given)))
        for number, (key, value) in enumerate(given.items()):
            monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
            monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    else:
        monkeypatch.setenv("GIT_CONFIG_PARAMETERS", " ".join(f"'{key}'='{value}'" for key, value in given.items()))
