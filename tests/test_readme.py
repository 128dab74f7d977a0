"""What the README and the page on the configuration file show is tried here, so that it stays true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from gitops_mcp.config import Flags, json_schema, resolve_settings
from tests.recorded_session import PICTURE, fresh_session, session_of

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs/configuration-file.md").read_text()
QUICK_START = (ROOT / "docs/quick-start.md").read_text()


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_its_two_commands_are_targets_of_the_makefile() -> None:
    targets = re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text())
    named = re.findall(r"make ([a-z]+)", README)
    assert {"demo", "test", "check", "bench"} <= set(named) <= set(targets)


def test_it_shows_how_a_client_starts_the_server() -> None:
    (text,) = blocks("json")
    assert json.loads(text) == {"mcpServers": {"gitops": {"command": "gitops-mcp", "args": []}}}


def test_the_configuration_file_that_is_shown_has_every_key_at_its_default() -> None:
    (text,) = blocks("yaml", CONFIGURATION)
    shown = resolve_settings(text, Flags())
    environments = yaml.safe_load(text)["environments"]
    assert set(yaml.safe_load(text)) == set(json_schema()["properties"])
    assert list(shown.environments) == list(environments) == ["prod", "staging"]
    without = re.sub(r"(?ms)^environments:\n(  .*?\n)+", "", text)
    assert resolve_settings(without, Flags()) == resolve_settings(None, Flags())
    (environment,) = json_schema()["properties"]["environments"]["anyOf"][0]["patternProperties"].values()
    assert set(environments["prod"]) == set(environment["properties"])


def test_its_three_commands_are_those_of_the_quick_start() -> None:
    """Which are run as they stand there."""
    assert [one for one in blocks("sh") if "gitops-mcp init" in one] == [blocks("sh", QUICK_START)[0]]


@pytest.mark.thorough
def test_its_picture_is_what_the_demo_prints() -> None:
    """To accept a change: python -m tests.recorded_session, then look at it."""
    assert f"]({PICTURE.relative_to(ROOT)})" in README
    assert session_of(PICTURE.read_text()) == fresh_session()


def test_each_row_that_compares_leads_to_a_test() -> None:
    (rows,) = re.findall(r"(?m)^\| \| gitops-mcp .*\n\|---.*\n((?:\|.*\n)+)", README)
    shown = [row.split("|")[2] for row in rows.splitlines()]
    assert len(shown) >= 6
    assert all(re.fullmatch(r" \[[a-z ]+\]\(tests/(\w+/)*test_\w+\.py\) ", one) for one in shown), shown


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
