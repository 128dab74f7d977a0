"""The pages of single tasks: their calls are made as they stand there, and give the diffs and answers that are shown.

To accept a change: GITOPS_MCP_TEST_GOLDEN=write, then read the diff.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.team import ROOT, Assistant, Team, assistant, text

CALLS = re.compile(
    r"```json\n(?P<call>\{.*?\})\n```(?P<between>.*?)```(?P<kind>diff|text)\n(?P<shown>.*?)```", re.DOTALL
)
FILES = {
    ".gitops-mcp.yaml": "environments: {prod: {path: clusters/prod}}\npasswords: {provider: external-secrets}\n",
    "clusters/prod/kustomization.yaml": "resources:\n  - shop\n",
    "clusters/prod/shop/kustomization.yaml": "namespace: shop\nresources:\n  - orders-db.yaml\n  - store.yaml\n",
    "clusters/prod/shop/orders-db.yaml": """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: orders-db
  annotations:
    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm
spec:
  instances: 3 # one in each zone
  imageName: ghcr.io/cloudnative-pg/postgresql:17.6-standard-trixie
  storage:
    size: 10Gi
  plugins:
    - name: barman-cloud.cloudnative-pg.io
      enabled: true
      isWALArchiver: true
      parameters:
        barmanObjectName: orders-store
""",
    "clusters/prod/shop/store.yaml": """\
apiVersion: barmancloud.cnpg.io/v1
kind: ObjectStore
metadata:
  name: orders-store
spec:
  configuration:
    destinationPath: s3://backups/orders
    s3Credentials:
      accessKeyId: {name: s3, key: id}
      secretAccessKey: {name: s3, key: secret}
  retentionPolicy: 30d
""",
}


@dataclass
class Reader:
    """Who follows a page: makes its calls, and does what a person does between them."""

    team: Team
    ask: Assistant
    changes: list[str] = field(default_factory=list)

    def merge(self) -> None:
        self.team.merge(f"gitops-mcp/{self.changes[-1]}")

    def bump_image(self) -> None:
        """What a bot proposes."""
        path = "clusters/prod/shop/orders-db.yaml"
        self.team.commit({path: FILES[path].replace("17.6", "18.1")}, message="Update image", branch="bot/image")


def nothing(_: Reader) -> None:
    """Nobody did anything before."""


PAGES: dict[str, tuple[Callable[[Reader], None], ...]] = {
    "task-read-only-login": (nothing,),
    "task-grow-a-volume": (nothing, nothing),
    "task-next-major": (nothing, nothing),
    "task-restore-to-yesterday": (nothing,),
    "task-review-a-bot": (Reader.bump_image,),
    "task-undo": (nothing, Reader.merge),
}
"""By page: what happens before each of its calls."""


def page(name: str) -> Path:
    return ROOT / f"docs/{name}.md"


def shown(reader: Reader, call: str, kind: str) -> str:
    asked = json.loads(call)
    result = reader.ask.call(asked["tool"], **asked["arguments"])
    found = result.structured_content or {}
    if "change" in found:
        reader.changes.append(found["change"])
    return found["diff"] if kind == "diff" else _plain(text(result))


def _plain(answer: str) -> str:
    """Ids of commits differ each time."""
    return re.sub(r"\b[0-9a-f]{12,40}\b", "…", answer).rstrip() + "\n"


@pytest.mark.few(1)
@pytest.mark.parametrize("name", PAGES)
def test_the_calls_of_a_page_give_what_it_shows(name: str, tmp_path: Path) -> None:
    team = Team.of(tmp_path / "team", FILES)
    written = page(name).read_text()
    calls = list(CALLS.finditer(written))
    assert len(calls) == len(PAGES[name])
    with assistant(team) as ask:
        reader = Reader(team, ask)
        for before, found in zip(PAGES[name], calls, strict=True):
            before(reader)
            now = shown(reader, found["call"], found["kind"])
            if os.environ.get("GITOPS_MCP_TEST_GOLDEN") == "write":
                start, end = found.span("shown")
                text_now = page(name).read_text()
                at = text_now.index(found[0]) + start - found.start()
                page(name).write_text(text_now[:at] + now + text_now[at + end - start :])
            else:
                assert now == found["shown"]


def test_each_page_of_a_task_is_tried() -> None:
    assert {one.stem for one in ROOT.glob("docs/task-*.md")} == PAGES.keys()
