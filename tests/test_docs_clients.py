"""The configurations of clients are read here as the clients read them."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from gitops_mcp.config import OPTIONS

PAGE = (Path(__file__).parents[1] / "docs" / "clients.md").read_text()
ADDRESS = "https://gitops-mcp.example.com/mcp"
KEYS = {"mcpServers", "servers", "mcp_servers"}
SECTIONS = dict(re.findall(r"(?ms)^## (.*?)\n(.*?)(?=^## |\Z)", PAGE))


def servers(title: str) -> list[dict[str, Any]]:
    """Of each block of a client, the one server that it names."""
    found = []
    for language, text in re.findall(r"(?ms)^```(json|toml)\n(.*?)^```", SECTIONS[title]):
        ((key, named),) = (json.loads(text) if language == "json" else tomllib.loads(text)).items()
        assert key in KEYS
        (server,) = named.values()
        found.append(server)
    return found


def test_each_client_starts_the_server_or_connects_to_it() -> None:
    flags = {option.flag for option in OPTIONS}
    for title in SECTIONS:
        started, *connected = servers(title)
        assert Path(started["command"]).name == "gitops-mcp"
        assert {part for part in started["args"] if part.startswith("--")} <= flags
        if title != "Claude Desktop":  # it is told the address in a dialog
            assert [ADDRESS in server.values() for server in connected] == [True]


def test_every_client_that_we_know_is_there() -> None:
    assert list(SECTIONS) == ["Claude Code", "Claude Desktop", "VS Code", "Cursor", "Codex", "Gemini CLI"]
