"""A repository without a remote, and an API that replays answers."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from gitops_mcp.app import App
from gitops_mcp.domain.objects import Object
from tests.conftest import use_home
from tests.fakes.api import Answer, ReplayingApi, Request, status
from tests.fakes.called_app import called_app

GROUP = "/apis/postgresql.cnpg.io/v1"


def cluster(name: str = "db", namespace: str | None = "shop", spec: str = "{instances: 3}", more: str = "") -> str:
    space = f", namespace: {namespace}" if namespace else ""
    return f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: {name}{space}{more}}}\nspec: {spec}\n"


def live(name: str = "db", namespace: str = "shop", **spec: object) -> Object:
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"instances": 3, **spec},
        "status": {"phase": "Cluster in healthy state", "instances": 3, "readyInstances": 3},
    }


def listed(*items: Object, cursor: str | None = None, remaining: int | None = None) -> Answer:
    about = {"resourceVersion": "1", "continue": cursor, "remainingItemCount": remaining}
    return Answer(200, {"kind": "List", "metadata": {k: v for k, v in about.items() if v}, "items": list(items)})


def application(path: str = "", *, revision: str | None = None, failing: str | None = None) -> Object:
    conditions = [{"type": "SyncError", "message": failing}] if failing else []
    return {
        "metadata": {"name": "apps", "namespace": "argocd"},
        "spec": {"source": {"path": path or "."}, "syncPolicy": {"automated": {}}},
        "status": {"sync": {"status": "Synced", "revision": revision}, "conditions": conditions},
    }


FORBIDDEN = status(403, "Forbidden", 'clusters is forbidden: User "alice" cannot list resource "clusters"')
ABSENT = status(404, "NotFound", 'clusters.postgresql.cnpg.io "db" not found', name="db", kind="clusters")


@dataclass(frozen=True)
class Team:
    root: Path

    def git(self, *arguments: str, given: str | None = None) -> str:
        ran = subprocess.run(
            ["git", *arguments], cwd=self.root, check=True, capture_output=True, text=True, input=given
        )
        return ran.stdout.strip()

    def commit(self, files: Mapping[str, str | None]) -> str:
        for path, text in files.items():
            place = self.root / path
            if text is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "By hand")
        return self.tip()

    def tip(self) -> str:
        """Read where git keeps it, which costs no process."""
        git = self.root / ".git"
        head = (git / "HEAD").read_text().strip().removeprefix("ref: ")
        return (git / head).read_text().strip() if head.startswith("refs/") else head

    def merge(self, branch: str, *, squash: bool = False) -> None:
        if squash:
            self.git("merge", "--quiet", "--squash", branch)
            self.git("commit", "--quiet", "--message", "Merged")
        else:
            self.git("merge", "--quiet", "--no-ff", "--message", "Merged", branch)

    def app(self) -> App:
        return called_app(self.root)


@pytest.fixture(scope="session")
def _empty_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the configuration of a test has it, which is the same for all."""
    home = tmp_path_factory.mktemp("empty")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_home(home, monkeypatch)
        Team(home).git("init", "--quiet", "repository")
    return home / "repository"


@pytest.fixture
def team(tmp_path: Path, _empty_repository: Path) -> Team:
    return Team(Path(shutil.copytree(_empty_repository, tmp_path / "repository")))


@dataclass(frozen=True)
class Api:
    answers: dict[str, Answer | list[Answer]]
    requests: list[Request]
    logs: dict[tuple[str, bool], Answer] = field(default_factory=dict)

    @property
    def asked(self) -> list[str]:
        """Paths in the order of the requests, without what selects."""
        return [one.path.partition("?")[0] for one in self.requests]

    def clusters(
        self, namespace: str | None, answer: Answer, *, named: str | None = None, limit: int = 500, cursor: str = ""
    ) -> None:
        """The list of a namespace, or of all."""
        where = f"{GROUP}/namespaces/{namespace}/clusters" if namespace else f"{GROUP}/clusters"
        more = f"&continue={quote(cursor)}" if cursor else ""
        field = f"&fieldSelector={quote(f'metadata.name={named}', safe='')}" if named else ""
        self.answers[f"{where}?limit={limit}{more}{field}"] = answer

    def cluster(self, namespace: str, name: str, answer: Answer) -> None:
        self.answers[f"{GROUP}/namespaces/{namespace}/clusters/{name}"] = answer

    def objects(self, plural: str, answer: Answer, namespace: str = "shop") -> None:
        """The list of a kind of CNPG in a namespace."""
        self.answers[f"{GROUP}/namespaces/{namespace}/{plural}?limit=500"] = answer

    def applications(self, answer: Answer) -> None:
        """Those of Argo CD, in all namespaces."""
        self.answers["/apis/argoproj.io/v1alpha1/applications?limit=500"] = answer


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """One that knows nothing (404, not installed) but what a test says; the context's namespace is `shop`."""
    with ReplayingApi().running() as running:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "kind-dev",
            "clusters": [{"name": "here", "cluster": {"server": running.url}}],
            "users": [{"name": "alice", "user": {"token": "t"}}],
            "contexts": [{"name": "kind-dev", "context": {"cluster": "here", "user": "alice", "namespace": "shop"}}],
        }
        (tmp_path / "kubeconfig").write_text(json.dumps(config))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        yield Api(running.answers, running.requests, running.logs)
