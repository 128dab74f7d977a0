from __future__ import annotations

import os
from pathlib import Path

import pytest

IDENTITY = """[user]
\tname = Test User
\temail = test@example.com
[init]
\tdefaultBranch = main
"""


@pytest.fixture(autouse=True)
def _nobodys_machine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the developer's git or Kubernetes configuration."""
    home = tmp_path_factory.mktemp("home")
    (home / "gitconfig").write_text(IDENTITY)
    for name in list(os.environ):
        if name.startswith(("GIT_", "XDG_")) or (
            name.startswith("GITOPS_MCP_") and not name.startswith("GITOPS_MCP_TEST_")
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("KUBECONFIG", str(Path(home) / "no-kubeconfig"))
