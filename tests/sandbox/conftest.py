from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api import SandboxApi, Store
from gitops_mcp.sandbox.store.resources import NAMESPACE

TOKEN = "letmein"


@dataclass(frozen=True)
class Answer:
    status: int
    media_type: str
    headers: http.client.HTTPMessage
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Http:
    """Requests with nothing between the test and the socket."""

    url: str
    token: str | None = TOKEN

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        media_type: str = "application/json",
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        headers = {"Content-Type": media_type, **(headers or {})}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, path, raw or (json.dumps(body) if body is not None else None), headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        return Answer(response.status, response.headers.get_content_type(), response.headers, text)


@pytest.fixture
def store() -> Store:
    store = Store()
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    return store


Serve = Callable[..., Http]


@pytest.fixture(scope="module")
def running() -> Iterator[list[SandboxApi]]:
    """Stopped together after the module: each takes uvicorn a fifth of a second."""
    apis: list[SandboxApi] = []
    yield apis
    with ThreadPoolExecutor(max_workers=len(apis) or 1) as pool:
        list(pool.map(SandboxApi.stop, apis))


@pytest.fixture
def serve(store: Store, running: list[SandboxApi]) -> Serve:
    """Start an API over the store with options of the test's choice."""

    def serve(**options: Any) -> Http:
        api = SandboxApi(store, **{"token": TOKEN, **options})
        running.append(api)
        return Http(api.start())

    return serve


@pytest.fixture
def http_(serve: Serve) -> Http:
    return serve()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "requests.jsonl"


def cluster(name: str = "orders", namespace: str = "shop", **spec: Any) -> Object:
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"instances": 3, "storage": {"size": "1Gi"}, **spec},
    }
