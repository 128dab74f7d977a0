"""What holds of kubeconfigs and of git's configuration holds over HTTP too, where no shell of a person's is around."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.team import Team
from tests.http.served import Mode, http_client, served

CLUSTER = """apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: shop}
spec: {instances: 2, storage: {size: 1Gi}}
"""
DIRECT = "environments: {dev: {path: '', delivery: direct}}\n"


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> Mode:
    era: Mode = request.param
    return era


class Api(ThreadingHTTPServer):
    """Answers 403 to everything, and keeps the headers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Forbids)
        self.seen: list[list[tuple[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Forbids(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self.server.seen.append(self.headers.items())
        body = json.dumps({"kind": "Status", "code": 403, "reason": "Forbidden", "message": "no"}).encode()
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PATCH = do_GET  # noqa: N815 - the same

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def listening() -> Iterator[Api]:
    with Api() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def kubeconfig(place: Path, server: str, **user: object) -> str:
    place.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "it",
                "clusters": [{"name": "it", "cluster": {"server": server}}],
                "users": [{"name": "it", "user": user}],
                "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it", "namespace": "shop"}}],
            }
        )
    )
    return str(place)


@pytest.mark.thorough
def test_every_request_goes_out_as_the_user_that_the_kubeconfig_impersonates(tmp_path: Path, mode: Mode) -> None:
    team = Team.of(tmp_path / "team", {".gitops-mcp.yaml": DIRECT, "db.yaml": CLUSTER})
    with listening() as api:
        user = {"token": "all-rights", "as": "jane", "as-groups": ["developers"], "as-user-extra": {"scopes": ["view"]}}
        env = {**team.environment, "KUBECONFIG": kubeconfig(tmp_path / "kubeconfig", api.url, **user)}
        with served(env=env, cwd=team.checkout) as server, http_client(server.url, mode) as client:
            client.call("get_cluster_status", name="db")
            client.call("create_postgres_cluster", name="other", namespace="shop")
        assert api.seen
        for headers in api.seen:
            assert [(name, value) for name, value in headers if name.startswith("Impersonate-")] == [
                ("Impersonate-User", "jane"),
                ("Impersonate-Group", "developers"),
                ("Impersonate-Extra-scopes", "view"),
            ]


PLUGIN = """import json, os, sys
open(sys.argv[1], "w").write(json.dumps({k: os.environ.get(k) for k in ("EMPTY", "KUBERNETES_EXEC_INFO")}))
print(json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "t"}}))
"""


def test_a_plugin_gets_empty_variables_and_the_cluster_with_its_authority(tmp_path: Path, mode: Mode) -> None:
    team = Team.of(tmp_path / "team", {"db.yaml": CLUSTER})
    (tmp_path / "plugin.py").write_text(PLUGIN)
    with listening() as api:
        execs = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": [str(tmp_path / "plugin.py"), str(tmp_path / "told")],
            "env": [{"name": "EMPTY"}],
            "provideClusterInfo": True,
            "interactiveMode": "Never",
        }
        env = {**team.environment, "KUBECONFIG": kubeconfig(tmp_path / "kubeconfig", api.url, exec=execs)}
        with served(env=env, cwd=team.checkout) as server, http_client(server.url, mode) as client:
            assert not client.call("list_postgres_clusters").is_error
            assert client.answer("scale_postgres_cluster", name="db", instances=3)["outcome"] == "committed"
        assert api.seen
    told = json.loads((tmp_path / "told").read_text())
    assert told["EMPTY"] == ""
    assert json.loads(told["KUBERNETES_EXEC_INFO"])["spec"]["cluster"]["server"] == api.url


def test_git_has_what_its_variables_configure(tmp_path: Path, mode: Mode) -> None:
    team = Team.of(tmp_path / "team", {"db.yaml": CLUSTER})
    identity = {
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "user.name",
        "GIT_CONFIG_VALUE_0": "Pod",
        "GIT_CONFIG_KEY_1": "user.email",
        "GIT_CONFIG_VALUE_1": "pod@example.com",
    }
    with (
        served(env={**team.environment, **identity}, cwd=team.checkout) as server,
        http_client(server.url, mode) as client,
    ):
        done = client.answer("scale_postgres_cluster", name="db", instances=3)
    assert team.git(team.remote, "log", "-1", "--format=%an <%ae>", done["commit"]) == "Pod <pod@example.com>"
