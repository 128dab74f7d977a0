"""Listing 2,000 Clusters of a real one's size against paged GETs of the same pages, unpacked and parsed."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import yaml
from measure import Ratio, paired, timed
from stdio import Server

CLUSTERS = 2_000
PAGE = 80
"""Items of a page; an answer of the server has room for about as many."""

API = f"""
import copy, json, sys
from pathlib import Path
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.objects import Resource
from gitops_mcp.sandbox.api import SandboxApi, kubeconfig_text
from gitops_mcp.sandbox.operator import Operator
from gitops_mcp.sandbox.store.checks.admission import WriteOptions
from gitops_mcp.sandbox.store.store import Store

NAMESPACE = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
TEAM, OPERATOR = WriteOptions(manager="kubectl-client-side-apply"), WriteOptions(manager="manager")

def namespaces(store, count):
    for number in range(count):
        store.create(NAMESPACE, {{"apiVersion": "v1", "kind": "Namespace", "metadata": {{"name": f"team-{{number}}"}}}})

# One Cluster is brought up by the sandbox's operator; the others are its copies, as full as a real one: about 8 KB
# with the record of who manages its fields.
first = Store()
namespaces(first, 1)
first.create(CLUSTER, {{
    "apiVersion": CLUSTER.api_version, "kind": "Cluster", "metadata": {{"name": "db-0000", "namespace": "team-0"}},
    "spec": {{"instances": 3, "imageName": "registry.example.com/cloudnative-pg/postgresql:18.4-standard-trixie",
             "storage": {{"size": "10Gi"}}}},
}})
operator = Operator(first, step=0.01)
operator.start()
version = first.version
while first.get(CLUSTER, "team-0", "db-0000").get("status", {{}}).get("phase") != "Cluster in healthy state":
    version = first.changed(version, 10)
operator.stop()
pattern = copy.deepcopy(first.get(CLUSTER, "team-0", "db-0000"))
status = pattern.pop("status")
for key in ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"):
    pattern["metadata"].pop(key, None)

store = Store()
namespaces(store, 50)
for number in range({CLUSTERS}):
    name, namespace = f"db-{{number:04}}", f"team-{{number % 50}}"
    named = {{**pattern, "metadata": {{**pattern["metadata"], "name": name, "namespace": namespace}}}}
    store.create(CLUSTER, named, TEAM)
    primary = {{"currentPrimary": f"{{name}}-1", "targetPrimary": f"{{name}}-1"}}
    reported = {{"status": {{**status, **primary}}}}
    full = store.merge(CLUSTER, namespace, name, reported, how=OPERATOR, subresource="status")
api = SandboxApi(store, token="bench")
Path(sys.argv[1]).write_text(kubeconfig_text(api.start(), "bench"))
print(len(json.dumps(full, separators=(",", ":"))), flush=True)
sys.stdin.read()
api.stop()
"""


def measured() -> Iterator[Ratio | str]:
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-bench-") as folder:
        config = Path(folder) / "kubeconfig"
        api = subprocess.Popen([sys.executable, "-c", API, str(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert api.stdin is not None
        assert api.stdout is not None
        try:
            size = int(api.stdout.readline())
            assert 6_500 < size < 9_000, f"a Cluster has {size} bytes"
            yield from _compared(Path(folder), config)
        finally:
            api.stdin.close()
            api.wait(30)
            api.stdout.close()


def _compared(folder: Path, config: Path) -> Iterator[Ratio]:
    loaded = yaml.safe_load(config.read_text())
    host = urlsplit(loaded["clusters"][0]["cluster"]["server"]).netloc
    token = loaded["users"][0]["user"]["token"]
    command = [sys.executable, "-m", "gitops_mcp"]
    # Started outside any repository, where it lists what the API has.
    os.chdir(folder)
    with Server(command, KUBECONFIG=str(config)) as server:
        server.initialize()
        assert _ours(server) == CLUSTERS
        pid = server.child.pid
        yield paired(
            f"list {CLUSTERS:,} clusters in pages of {PAGE} against the raw GETs",
            lambda: timed(lambda: _ours(server), pid=pid),
            lambda: timed(lambda: _raw(host, token)),
            most=1.5,
            cpu_only=True,
        )


def _ours(server: Server) -> int:
    seen, cursor = 0, None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = server.call("list_postgres_clusters", limit=PAGE, **more)["structuredContent"]
        seen += len(answer["items"])
        cursor = answer.get("cursor")
        if cursor is None:
            return seen


def _raw(host: str, token: str) -> int:
    seen, more = 0, ""
    connection = HTTPConnection(host)
    while True:
        connection.request(
            "GET",
            f"/apis/postgresql.cnpg.io/v1/clusters?limit={PAGE}{more}",
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json", "Accept-Encoding": "gzip"},
        )
        answer = json.loads(gzip.decompress(connection.getresponse().read()))
        seen += len(answer["items"])
        if not answer["metadata"].get("continue"):
            connection.close()
            return seen
        more = f"&continue={quote(answer['metadata']['continue'])}"
