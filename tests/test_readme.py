"""What the README shows is tried here, so that it stays true."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import yaml

from gitops_mcp.config import OPTIONS, Flags, json_schema, resolve_settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_its_two_commands_are_targets_of_the_makefile() -> None:
    targets = re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text())
    named = re.findall(r"make ([a-z]+)", README)
    assert {"demo", "test", "check", "bench"} <= set(named) <= set(targets)


def test_it_shows_how_a_client_starts_the_server() -> None:
    (text,) = blocks("json")
    assert json.loads(text) == {"mcpServers": {"gitops": {"command": "gitops-mcp", "args": []}}}


def test_its_configuration_file_has_every_key_at_its_default() -> None:
    (text,) = blocks("yaml")
    shown = resolve_settings(text, Flags())
    environments = yaml.safe_load(text)["environments"]
    assert set(yaml.safe_load(text)) == set(json_schema()["properties"])
    assert list(shown.environments) == list(environments) == ["prod", "staging"]
    without = re.sub(r"(?ms)^environments:\n(  .*?\n)+", "", text)
    assert resolve_settings(without, Flags()) == resolve_settings(None, Flags())
    (environment,) = json_schema()["properties"]["environments"]["anyOf"][0]["patternProperties"].values()
    assert set(environments["prod"]) == set(environment["properties"])


def test_it_lists_every_flag() -> None:
    assert re.findall(r"(?m)^\| `(--[a-z-]+)", README) == [option.flag for option in OPTIONS]


def test_what_it_points_at_is_there() -> None:
    for path in (
        "LICENSE",
        "Dockerfile",
        "CONTRIBUTING.md",
        "docs/architecture.md",
        "rbac/read-only.yaml",
        "repo_template",
        "gitops_mcp",
    ):
        assert path in README
        assert (ROOT / path).exists()
    assert len(README.splitlines()) < 300


def test_its_table_is_what_the_command_prints() -> None:
    """To accept a change: GITOPS_MCP_TEST_GOLDEN=write, then read the diff."""
    from gitops_mcp.server import tools_table

    begin, end = "<!-- tools:begin -->\n", "<!-- tools:end -->"
    before, _, rest = README.partition(begin)
    shown, _, after = rest.partition(end)
    if os.environ.get("GITOPS_MCP_TEST_GOLDEN") == "write":
        shown = tools_table()
        (ROOT / "README.md").write_text(f"{before}{begin}{shown}{end}{after}")
    assert shown == tools_table()
