"""A repository of two environments with a remote, the checkout that a server works in, and a reviewer's clone."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp import tools
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.caller import Nobody
from gitops_mcp.config import Flags
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.tools.offer.inputs import argument_model, read_arguments
from tests.conftest import use_home
from tests.fakes.copied_clones import copy_clones
from tests.workflows.conftest import cluster

LIST = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: shop\nresources:\n"
SETTINGS = """\
environments:
  prod: {path: prod, engine: {type: none}}
  staging: {path: staging, engine: {type: none}}
"""
START: Mapping[str, str] = {
    ".gitops-mcp.yaml": SETTINGS,
    "prod/shop/kustomization.yaml": f"{LIST}  - db.yaml\n",
    "prod/shop/db.yaml": cluster(
        namespace=None,
        spec="\n  instances: 3\n  imageName: registry.example.com/cloudnative-pg/postgresql:17.4-standard-trixie\n"
        "  storage: {size: 10Gi}",
    ),
    "staging/all.yaml": cluster(
        "db-staging",
        "shop-staging",
        "\n  instances: 3\n  imageName: registry.example.com/cloudnative-pg/postgresql:17.4-standard-trixie\n"
        "  storage: {size: 10Gi}",
    ),
}


@dataclass(frozen=True)
class House:
    folder: Path

    def git(self, where: str, *arguments: str) -> str:
        ran = subprocess.run(["git", *arguments], cwd=self.folder / where, check=True, capture_output=True, text=True)
        return ran.stdout.strip()

    def commit(
        self, files: Mapping[str, str | None], *, branch: str = "main", message: str = "By hand", start: str = ""
    ) -> str:
        """What a person pushes."""
        self.git("author", "fetch", "--quiet", "origin")
        self.git("author", "checkout", "--quiet", "--force", "-B", branch, f"origin/{start or branch}")
        for path, text in files.items():
            place = self.folder / "author" / path
            if text is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        self.git("author", "add", "--all")
        self.git("author", "commit", "--quiet", "--allow-empty", "--message", message)
        self.git("author", "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        return self.git("author", "rev-parse", "HEAD")

    def merge(self, change: str, how: str = "merge") -> str:
        """What a reviewer does, as a forge would."""
        branch = f"origin/gitops-mcp/{change}"
        self.git("author", "fetch", "--quiet", "origin")
        self.git("author", "checkout", "--quiet", "--force", "-B", "main", "origin/main")
        match how:
            case "merge":
                self.git("author", "merge", "--quiet", "--no-ff", "--no-edit", branch)
            case "squash":
                self.git("author", "merge", "--quiet", "--squash", branch)
                said = self.git("author", "log", "--reverse", "--format=* %s%n%n%b", f"main..{branch}")
                self.git("author", "commit", "--quiet", "--message", f"{change} (#1)\n\n{said}")
            case "rebase":
                self.git("author", "cherry-pick", f"main..{branch}")
            case "fast-forward":
                self.git("author", "merge", "--quiet", "--ff-only", branch)
        self.git("author", "push", "--quiet", "origin", "main")
        return self.git("author", "rev-parse", "HEAD")

    def ask(self, tool_name: str, /, **arguments: Any) -> WriteResult:
        """What a tool answers to a client that says just this."""
        tool = next(one for one in tools.ALL if one.name == tool_name)
        with App.open(Flags(repo=self.folder / "desk")).called(Nobody()) as app:
            answer: WriteResult = tool.call(app, read_arguments(argument_model(tool.function), {}, arguments))
        return answer

    def branch(self, change: str) -> str:
        return self.git("remote.git", "rev-parse", f"refs/heads/gitops-mcp/{change}")

    def refs(self) -> str:
        return self.git("remote.git", "for-each-ref")

    def file(self, commit: str, path: str) -> str:
        return self.git("remote.git", "show", f"{commit}:{path}")

    def objects(self, commit: str = "main", environment: str = "prod") -> dict[Identity, Object]:
        """What an environment has as built."""
        with App.open(Flags(repo=self.folder / "desk")).called(Nobody()) as app:
            ground = app.ground(fetch=True)
            at = self.git("remote.git", "rev-parse", commit)
            desired = app.desired(ground, ground.settings.environments[environment].path, at)
            return {one.identity: one.object for one in desired.declarations}


@pytest.fixture(scope="session")
def _first_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In which paths lead back to it; all others are copies."""
    folder = tmp_path_factory.mktemp("first") / "house"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_home(tmp_path_factory.mktemp("home"), monkeypatch)
        made = House(folder)
        made.git("", "init", "--quiet", "--bare", "remote.git")
        made.git("", "clone", "--quiet", "remote.git", "author")
        for path, text in START.items():
            place = folder / "author" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        made.git("author", "add", "--all")
        made.git("author", "commit", "--quiet", "--message", "Start")
        made.git("author", "push", "--quiet", "origin", "HEAD:refs/heads/main")
        made.git("", "clone", "--quiet", "remote.git", "desk")
    return folder


@pytest.fixture
def house(tmp_path: Path, _first_house: Path) -> House:
    return House(copy_clones(_first_house, tmp_path / "house"))
