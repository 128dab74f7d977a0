"""A concise status, with logs and metrics, against the requests that it sends, sent side by side to an API far away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from measure import Ratio, paired, timed
from stdio import Server

_API = """
import sys
from pathlib import Path
from gitops_mcp.domain.kinds import CLUSTER, NAMESPACE
from gitops_mcp.sandbox.api import SandboxApi, kubeconfig_text
from gitops_mcp.sandbox.cnpg.exporter import Exporter
from gitops_mcp.sandbox.operator import Operator
from gitops_mcp.sandbox.store.store import Store

store = Store()
store.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
store.create(CLUSTER, {
    "apiVersion": CLUSTER.api_version, "kind": "Cluster", "metadata": {"name": "orders", "namespace": "shop"},
    "spec": {"instances": 3, "storage": {"size": "10Gi"}},
})
operator = Operator(store, step=0.01)
operator.start()
version = store.version
while store.get(CLUSTER, "shop", "orders").get("status", {}).get("phase") != "Cluster in healthy state":
    version = store.changed(version, 10)
operator.stop()
api = SandboxApi(store, token="bench", pods=Exporter(store, operator.postgres).pages)
Path(sys.argv[1]).write_text(kubeconfig_text(api.start(), "bench"))
print(flush=True)
sys.stdin.read()
api.stop()
"""
_AWAY = 0.05
"""Seconds for which each request is on its way to an API that is not on this machine."""
_MOST = 1.3
_TOKEN = {"Authorization": "Bearer bench", "Accept": "application/json"}


class _Distant(ThreadingHTTPServer):
    """The API as one sees it from afar; it knows what it was asked."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = host
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, _Distant)
        server.asked.append(self.path)
        time.sleep(_AWAY)
        connection = HTTPConnection(server.host)
        connection.request("GET", self.path, headers={**_TOKEN, "Accept": self.headers.get("Accept", "*/*")})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base class has
        """Nothing."""


def measured() -> Iterator[Ratio | str]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder:
        config = Path(folder) / "kubeconfig"
        api = subprocess.Popen([sys.executable, "-c", _API, str(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert api.stdin is not None
        assert api.stdout is not None
        try:
            api.stdout.readline()
            yield from _compared(Path(folder), config)
        finally:
            api.stdin.close()
            api.wait(30)
            api.stdout.close()


def _compared(folder: Path, config: Path) -> Iterator[Ratio | str]:
    loaded = yaml.safe_load(config.read_text())
    distant = _Distant(urlsplit(loaded["clusters"][0]["cluster"]["server"]).netloc)
    host = f"127.0.0.1:{distant.server_address[1]}"
    loaded["clusters"][0]["cluster"] = {"server": f"http://{host}"}
    config.write_text(yaml.safe_dump(loaded))
    threading.Thread(target=distant.serve_forever, daemon=True).start()
    os.chdir(folder)
    with Server([sys.executable, "-m", "gitops_mcp"], KUBECONFIG=str(config)) as server:
        server.initialize()
        _status(server)
        distant.asked.clear()
        answer = _status(server)
        asked = list(distant.asked)
        yield f"a concise status: {len(answer)} characters as JSON, {len(asked)} requests"
        yield paired(
            f"a concise status against its {len(asked)} requests side by side",
            lambda: timed(lambda: _status(server), pid=server.child.pid),
            lambda: timed(lambda: _side_by_side(host, asked)),
            most=_MOST,
        )
    distant.shutdown()


def _status(server: Server) -> str:
    answer = server.call("get_cluster_status", cluster_name="orders", namespace="shop")["structuredContent"]
    assert answer["live"] == "available"
    assert not answer["not_read"], answer["not_read"]
    return json.dumps(answer, ensure_ascii=False)


def _side_by_side(host: str, paths: list[str]) -> None:
    def get(path: str) -> int:
        connection = HTTPConnection(host)
        connection.request("GET", path, headers=_TOKEN)
        length = len(connection.getresponse().read())
        connection.close()
        return length

    with ThreadPoolExecutor(len(paths)) as pool:
        assert all(pool.map(get, paths))
