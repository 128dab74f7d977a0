from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.sandbox.api import SandboxApi, Store, kubeconfig_text
from tests.adapters.kube.contract.server import CRDS, Server

TOKEN = "letmein"


@pytest.fixture(scope="session", params=["sandbox", "real"])
def kubeconfig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of the sandbox's API in every run, and of a real one where one is named."""
    if request.param == "real":
        named = os.environ.get("GITOPS_MCP_TEST_KUBECONFIG")
        if not named:
            pytest.skip("GITOPS_MCP_TEST_KUBECONFIG names no kubeconfig of a real API server")
        yield Path(named)
        return
    store = Store(crds=CRDS)
    api = SandboxApi(store, token=TOKEN)
    path = tmp_path_factory.mktemp("contract") / "kubeconfig"
    path.write_text(kubeconfig_text(api.start(), TOKEN))
    _stores[path] = store
    yield path
    api.stop()


_stores: dict[Path, Store] = {}


@pytest.fixture
def server(kubeconfig: Path, authority: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    made = Server(
        kubeconfig,
        f"contract-{uuid.uuid4().hex[:8]}",
        Kube(context=None, timeout=30),
        _stores.get(kubeconfig),
        authority,
    )
    if made.store is None:
        made.install()
    made.ask("POST", "/api/v1/namespaces", {"metadata": {"name": made.namespace}})
    yield made
    made.clear()
