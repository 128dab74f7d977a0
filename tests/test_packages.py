"""What registries and clients read about the package: the same name, version and command in each."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_mcp import __version__
from gitops_mcp.config import OPTIONS

ROOT = Path(__file__).parents[1]
MANIFESTS = (
    "server.json",
    "gemini-extension.json",
    "deploy/plugin/.claude-plugin/plugin.json",
    "deploy/plugin/.codex-plugin/plugin.json",
    "deploy/mcpb/manifest.json",
)
MARKETPLACES = (".claude-plugin/marketplace.json", ".agents/plugins/marketplace.json")


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / name).read_text())
    return found


@pytest.mark.parametrize("name", MANIFESTS)
def test_each_manifest_has_the_version_and_the_words_of_the_package(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = read(name)
    assert (found["version"], found["description"]) == (__version__, project["description"])
    assert found["name"].rpartition("/")[2] == project["name"]


def test_the_registry_knows_the_package_as_it_is_published() -> None:
    """The limits are those of the registry's schema of 2025-12-11."""
    found = read("server.json")
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", found["name"])
    assert 1 <= len(found["description"]) <= 100
    assert f"<!-- mcp-name: {found['name']} -->" in (ROOT / "README.md").read_text()
    (package,) = found["packages"]
    assert (package["registryType"], package["identifier"], package["version"]) == ("pypi", "gitops-mcp", __version__)
    assert (package["runtimeHint"], package["transport"]) == ("uvx", {"type": "stdio"})
    flags = {option.flag for option in OPTIONS}
    assert {argument["name"] for argument in package["packageArguments"]} <= flags


def test_no_variable_with_a_secret_is_told_as_a_plain_one() -> None:
    (package,) = read("server.json")["packages"]
    secret = {one["name"] for one in package["environmentVariables"] if one.get("isSecret")}
    assert secret == {one["name"] for one in package["environmentVariables"] if "TOKEN" in one["name"]}


def test_each_client_starts_this_version_by_uvx() -> None:
    wanted = {"command": "uvx", "args": [f"gitops-mcp=={__version__}"]}
    assert read("deploy/plugin/.mcp.json") == {"mcpServers": {"gitops": wanted}}
    gemini = read("gemini-extension.json")["mcpServers"]["gitops"]
    assert gemini == {**wanted, "cwd": "${workspacePath}"}
    assert read("deploy/plugin/.codex-plugin/plugin.json")["mcpServers"] == "./.mcp.json"


def test_the_bundle_installs_this_version_and_asks_for_the_repository() -> None:
    project = tomllib.loads((ROOT / "deploy" / "mcpb" / "pyproject.toml").read_text())["project"]
    assert (project["version"], project["dependencies"]) == (__version__, [f"gitops-mcp=={__version__}"])
    found = read("deploy/mcpb/manifest.json")
    assert (ROOT / "deploy" / "mcpb" / found["server"]["entry_point"]).is_file()
    asked = set(re.findall(r"\$\{user_config\.(\w+)\}", json.dumps(found["server"])))
    assert asked == set(found["user_config"])


@pytest.mark.parametrize("name", MARKETPLACES)
def test_each_marketplace_leads_to_the_plugin(name: str) -> None:
    (plugin,) = read(name)["plugins"]
    source = plugin["source"] if isinstance(plugin["source"], str) else plugin["source"]["path"]
    folder = ROOT / source / f"{'.claude' if 'claude' in name else '.codex'}-plugin"
    assert (plugin["name"], (folder / "plugin.json").is_file()) == ("gitops-mcp", True)


def release() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    return found


def test_nothing_is_published_before_it_was_checked() -> None:
    jobs = release()["jobs"]

    def before(name: str) -> set[str]:
        needed = jobs[name].get("needs", [])
        needed = [needed] if isinstance(needed, str) else needed
        return {name, *(one for each in needed for one in before(each))}

    for name in jobs:
        assert "check" in before(name)
    assert "pypi" in before("registry")


def test_the_release_keeps_no_key_and_each_job_has_the_least_rights() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    assert "secrets." not in text
    assert release()["permissions"] == {"contents": "read"}
    granted = {name: job["permissions"] for name, job in release()["jobs"].items() if "permissions" in job}
    assert granted == {
        "pypi": {"id-token": "write"},
        "image": {"contents": "read", "packages": "write", "id-token": "write"},
        "registry": {"contents": "read", "id-token": "write"},
        "release": {"contents": "write"},
    }
    built = next(step for step in release()["jobs"]["image"]["steps"] if step.get("id") == "build")
    assert (built["with"]["sbom"], built["with"]["provenance"]) == (True, "mode=max")
    assert "cosign sign --yes" in text
