"""The conformance runner of MCP, where there is one: `npm install @modelcontextprotocol/conformance`, with Node 22 or newer.

GITOPS_MCP_TEST_CONFORMANCE is the command that starts it. What its other scenarios want is not here: tools, prompts and
resources of its own, sampling, roots, logging and tasks, and streams that are taken up again.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.team import Team
from tests.e2e.test_cancel import CLUSTER
from tests.http.served import Served, served

COMMAND = os.environ.get("GITOPS_MCP_TEST_CONFORMANCE", "")
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not COMMAND, reason="GITOPS_MCP_TEST_CONFORMANCE names no conformance runner (npm, Node 22)"),
]
SCENARIOS = {
    "2025-11-25": (
        "server-initialize",
        "ping",
        "tools-list",
        "tools-call-error",
        "prompts-list",
        "resources-list",
        "completion-complete",
        "dns-rebinding-protection",
        "server-sse-multiple-streams",
        "server-session-lifecycle",
    ),
    "2026-07-28": (
        "tools-list",
        "tools-call-error",
        "prompts-list",
        "resources-list",
        "completion-complete",
        "caching",
        "dns-rebinding-protection",
        "server-sse-multiple-streams",
        "http-header-validation",
        "sep-2164-resource-not-found",
        "input-required-result-unsupported-methods",
        "input-required-result-ignore-extra-params",
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    team = Team.of(tmp_path_factory.mktemp("conformance") / "team", {"db.yaml": CLUSTER})
    with served(env=team.environment, cwd=team.checkout) as made:
        yield made


@pytest.mark.parametrize(
    ("version", "scenario"), [(version, one) for version, all_ in SCENARIOS.items() for one in all_]
)
def test_a_scenario_holds(server: Served, tmp_path: Path, version: str, scenario: str) -> None:
    flags = ("server", "--url", server.url, "--scenario", scenario, "--spec-version", version)
    ran = subprocess.run([*shlex.split(COMMAND), *flags], cwd=tmp_path, capture_output=True, text=True, check=False)
    failed = re.findall(r"(?m)^Passed: \d+/\d+, (\d+) failed", ran.stdout)
    assert failed == ["0"], ran.stdout
