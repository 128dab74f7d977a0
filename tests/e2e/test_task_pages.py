"""The pages of single tasks, followed from the top in a sandbox: their calls are made as they stand there, and a person
merges where they say so. Diffs and answers are those that are shown.

To accept a change: GITOPS_MCP_TEST_GOLDEN=write, then read the diff.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import at
from gitops_mcp.sandbox.run import World, start_sandbox
from tests.e2e.team import ROOT, Assistant, Team, assistant, text, until

STEP = re.compile(
    r"^(?P<merge>You merge the pull request\b)|```(?P<kind>json|text|diff)(?P<title> title=\"[^\"\n]*\")?\n(?P<shown>.*?)```",
    re.DOTALL | re.MULTILINE,
)
YESTERDAY = "2026-01-31T18:00:00Z"
"""What a page calls the time that is restored; the sandbox knows none but its own."""


@dataclass
class Reader:
    """Who follows a page: makes its calls, and does what a person does between them."""

    world: World
    team: Team
    ask: Assistant
    began: str = ""
    """When there was something to restore."""
    branches: list[str] = field(default_factory=list)
    answer: str = ""
    diff: str = ""

    def call(self, asked: dict[str, Any]) -> None:
        arguments = {key: self.began if one == YESTERDAY else one for key, one in asked["arguments"].items()}
        result = self.ask.call(asked["tool"], **arguments)
        found = result.structured_content or {}
        if found.get("outcome") == "committed":
            self.branches.append(found["branch"])
        self.answer, self.diff = self._as_shown(text(result)), self._as_shown(found.get("diff", ""))

    def merge(self) -> None:
        assert self.world.forge
        forge = self.world.forge.server.forge
        pull = forge.find_open(forge.repository, self.branches[-1])
        assert pull
        forge.merge(pull, "merge")

    def _as_shown(self, said: str) -> str:
        """What differs each time: ids, ports, seconds."""
        if self.began:
            said = said.replace(self.began, YESTERDAY)
        said = re.sub(r"\b(?=\w*\d)[0-9a-f]{12,40}\b", "…", said)
        said = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:41000", said)
        said = re.sub(r"waited \d+ s", "waited 2 s", said)
        return f"{said.rstrip()}\n"

    def shown(self, kind: str, title: str | None) -> str:
        """An answer with a title is shown to its first heading that is not one of warnings."""
        if kind == "diff":
            return self.diff
        beginning, *_ = re.split(r"\n## (?!Warnings)", self.answer)
        return f"{beginning.rstrip()}\n" if title else self.answer

    # What was so before somebody asked

    def bump_image(self) -> None:
        path = "clusters/prod/billing/invoices-db/cluster.yaml"
        manifest = self.team.file("main", path)
        assert manifest
        self.team.commit({path: manifest.replace(b"17.10", b"18.4")}, message="Update image", branch="bot/image")

    def back_up(self) -> None:
        method = {"method": "plugin", "pluginConfiguration": {"name": "barman-cloud.cloudnative-pg.io"}}
        backup = {
            "apiVersion": "postgresql.cnpg.io/v1",
            "kind": "Backup",
            "metadata": {"name": "last-night", "namespace": "shop"},
            "spec": {"cluster": {"name": "orders-db"}, **method},
        }
        self.world.store.create(kinds.BACKUP, backup)
        self.began = until(self.world, self.backup_ended)

    def backup_ended(self) -> str | None:
        ended: str | None = at(self.world.store.get(kinds.BACKUP, "shop", "last-night"), "status", "stoppedAt")
        return ended


def nothing(_: Reader) -> None:
    """Nobody did anything."""


PAGES: dict[str, Callable[[Reader], None]] = {
    "task-read-only-login": nothing,
    "task-grow-a-volume": nothing,
    "task-next-major": nothing,
    "task-restore-to-yesterday": Reader.back_up,
    "task-review-a-bot": Reader.bump_image,
    "task-undo": nothing,
}
"""By page: what happens before it."""


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Beside `gitops-mcp sandbox --forge github`."""
    with start_sandbox(tmp_path / "world", step=0.02, poll=0.02, forge="github") as world:
        team = Team.on(tmp_path / "team", world.remote)
        variables = json.loads(world.mcp.read_text())["mcpServers"]["gitops-mcp"]["env"]
        with assistant(team, kubeconfig=world.kubeconfig, repo=world.checkout, env=variables) as ask:
            yield Reader(world, team, ask)


@pytest.mark.few(1)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_comes_of_its_calls(name: str, reader: Reader) -> None:
    page = ROOT / f"docs/{name}.md"
    written = page.read_text()
    PAGES[name](reader)
    found = ""
    last = 0
    for step in STEP.finditer(written):
        if step["merge"]:
            reader.merge()
        elif step["kind"] == "json":
            reader.call(json.loads(step["shown"]))
        else:
            found += written[last : step.start("shown")] + reader.shown(step["kind"], step["title"])
            last = step.end("shown")
    found += written[last:]
    if os.environ.get("GITOPS_MCP_TEST_GOLDEN") == "write":
        page.write_text(found)
    assert found == page.read_text()


def test_each_page_of_a_task_is_tried_and_followed_to_its_end() -> None:
    """Where something is merged, what came of it is asked."""
    assert {one.stem for one in ROOT.glob("docs/task-*.md")} == PAGES.keys()
    for name in PAGES:
        steps = [step["merge"] or step["shown"] for step in STEP.finditer((ROOT / f"docs/{name}.md").read_text())]
        merged = [at for at, step in enumerate(steps) if step.startswith("You merge")]
        assert all('"wait_for": "healthy"' in steps[at + 1] for at in merged)
        assert merged or name == "task-review-a-bot"
