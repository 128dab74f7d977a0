from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from kubernetes import client, config

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.sandbox.engines.layout import EngineName
from gitops_mcp.sandbox.forges.values import ForgeName
from gitops_mcp.sandbox.run import World, start_sandbox

DEADLINE = 30
HEALTHY = "Cluster in healthy state"
ORDERS = "clusters/prod/shop/orders-db/cluster.yaml"


def custom_objects(kubeconfig: Path) -> Any:
    api = config.new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call] # the client publishes no types
    return client.CustomObjectsApi(api)


def clusters(kubeconfig: Path) -> list[Object]:
    answer = custom_objects(kubeconfig).list_cluster_custom_object("postgresql.cnpg.io", "v1", "clusters")
    items: list[Object] = answer["items"]
    return items


def eventually(world: World, holds: Callable[[], object]) -> None:
    end = time.monotonic() + DEADLINE
    seen = 0
    while not holds():
        left = end - time.monotonic()
        assert left > 0, "it never came about"
        seen = world.store.changed(seen, left)


def phase(world: World, namespace: str, name: str) -> object:
    return at(world.store.get(kinds.CLUSTER, namespace, name), "status", "phase")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with start_sandbox(tmp_path / "dir", step=0.02, poll=0.02) as made:
        yield made


def test_the_folder_holds_what_a_client_needs(world: World) -> None:
    assert sorted(path.name for path in world.directory.iterdir()) == [
        "checkout",
        "kubeconfig",
        "mcp.json",
        "remote.git",
        "requests.jsonl",
    ]
    server = json.loads(world.mcp.read_text())["mcpServers"]["gitops-mcp"]
    assert server["command"] == sys.executable
    assert server["args"] == ["-m", "gitops_mcp", "--repo", str(world.checkout)]
    assert server["env"]["KUBECONFIG"] == str(world.kubeconfig)
    assert world.kubeconfig.stat().st_mode & 0o077 == 0
    assert world.url.startswith("http://127.0.0.1:")


def test_a_client_can_start_the_server_from_any_folder(world: World, tmp_path: Path) -> None:
    server = json.loads(world.mcp.read_text())["mcpServers"]["gitops-mcp"]
    environment = {"PATH": os.environ["PATH"], **server["env"]}
    command = [server["command"], *server["args"][:2], "--version"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.split()[0]) == (0, "gitops-mcp"), ran.stderr


def test_the_template_comes_alive_and_only_what_clients_ask_is_recorded(world: World) -> None:
    eventually(world, lambda: phase(world, "shop", "orders-db") == HEALTHY)
    eventually(world, lambda: phase(world, "billing", "invoices-db") == HEALTHY)
    eventually(world, lambda: at(world.store.list(kinds.DATABASE)[0], "status", "applied"))
    eventually(world, lambda: at(world.store.list(kinds.APPLICATION)[0], "status", "health", "status") == "Healthy")
    assert world.asked() == []
    live = clusters(world.kubeconfig)
    assert [(one["metadata"]["name"], one["status"]["readyInstances"]) for one in live] == [
        ("invoices-db", 2),
        ("orders-db", 3),
    ]
    [asked] = world.asked()
    assert (asked["verb"], asked["group"], asked["resource"]) == ("list", "postgresql.cnpg.io", "clusters")
    application = world.store.list(kinds.APPLICATION)[0]
    assert application["status"]["sync"]["status"] == "Synced"


def test_a_commit_on_the_base_becomes_live_and_healthy(world: World) -> None:
    eventually(world, lambda: phase(world, "shop", "orders-db") == HEALTHY)
    path = world.checkout / ORDERS
    path.write_text(path.read_text().replace("instances: 3", "instances: 2"))
    for command in (["commit", "-qam", "Scale orders-db to 2"], ["push", "-q"]):
        subprocess.run(["git", *command], cwd=world.checkout, check=True)

    def scaled() -> bool:
        status = world.store.get(kinds.CLUSTER, "shop", "orders-db")["status"]
        return (status["instanceNames"], status["phase"]) == (["orders-db-1", "orders-db-2"], HEALTHY)

    eventually(world, scaled)


ROLE = """apiVersion: postgresql.cnpg.io/v1
kind: DatabaseRole
metadata: {name: orders-db-writer, namespace: shop}
spec:
  cluster: {name: orders-db}
  name: writer
  login: true
  passwordSecret: {name: writer-password}
---
apiVersion: generators.external-secrets.io/v1alpha1
kind: Password
metadata: {name: writer-password, namespace: shop}
spec: {length: 40, symbols: 0, allowRepeat: true, noUpper: false}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: writer-password, namespace: shop}
spec:
  refreshPolicy: CreatedOnce
  target:
    template:
      type: kubernetes.io/basic-auth
      data: {username: writer, password: "{{ .password }}"}
  dataFrom:
    - sourceRef: {generatorRef: {kind: Password, name: writer-password}}
"""


def test_a_role_with_a_generated_password_gets_from_git_into_postgresql(world: World) -> None:
    folder = world.checkout / "clusters/prod/shop"
    (folder / "orders-db/role-writer.yaml").write_text(ROLE)
    listed = folder / "kustomization.yaml"
    listed.write_text(listed.read_text() + "  - orders-db/role-writer.yaml\n")
    for arguments in (["add", "--all"], ["commit", "-q", "-m", "Add the writer"], ["push", "-q"]):
        subprocess.run(["git", *arguments], cwd=world.checkout, check=True)
    eventually(world, lambda: any(at(one, "status", "applied") for one in world.store.list(kinds.DATABASE_ROLE)))
    inside = world.inside("shop", "orders-db")
    assert inside is not None
    role = inside.roles["writer"]
    version = world.store.get(kinds.SECRET, "shop", "writer-password")["metadata"]["resourceVersion"]
    assert (role.attributes.flags, role.password and role.password.version) == (frozenset({"login"}), version)
    assert inside.databases["orders"].owner == "orders_app"


def test_the_api_alone_has_no_repository_and_no_controllers(tmp_path: Path) -> None:
    with start_sandbox(tmp_path / "dir", api_only=True) as world:
        assert sorted(path.name for path in world.directory.iterdir()) == ["kubeconfig", "requests.jsonl"]
        assert clusters(world.kubeconfig) == []
        assert world.store.list(kinds.APPLICATION) == ()


@pytest.mark.parametrize(
    ("engine", "forge"), [("argocd", "github"), ("hydrator", None), ("hydrator", "gitea"), ("flux", None)]
)
def test_the_api_alone_takes_no_engine_and_no_forge(
    tmp_path: Path, engine: EngineName, forge: ForgeName | None
) -> None:
    alone = start_sandbox(tmp_path / "dir", api_only=True, engine=engine, forge=forge)
    with pytest.raises(InvalidRequest, match=r"--api-only: .* leave out --engine and --forge, or"), alone:
        raise AssertionError
    assert not (tmp_path / "dir").exists()


def test_an_empty_folder_is_taken_and_a_full_one_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with start_sandbox(tmp_path / "empty", api_only=True):
        pass
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InvalidRequest, match="exists and is not an empty folder"), start_sandbox(tmp_path / "empty"):
        raise AssertionError
    with pytest.raises(InvalidRequest, match="exists and is not"), start_sandbox(tmp_path / "empty/kubeconfig"):
        raise AssertionError
    assert sorted(tmp_path.rglob("*")) == before


def test_nothing_is_left_running_when_it_ends(tmp_path: Path) -> None:
    with start_sandbox(tmp_path / "dir", step=0.02, poll=0.02) as world:
        url = world.url
    version = world.store.version
    assert world.store.changed(version, 0.3) == version
    address = urlsplit(url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port))


def started(directory: Path, *, api_only: bool = False) -> subprocess.Popen[str]:
    code = f"from pathlib import Path; from gitops_mcp.sandbox.run import serve_sandbox; raise SystemExit(serve_sandbox(Path({str(directory)!r}), api_only={api_only}))"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def test_served_it_prints_the_client_configuration_and_ends_with_its_input(tmp_path: Path) -> None:
    with started(tmp_path / "dir") as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        printed = ""
        while not printed.endswith("\n}\n"):
            line = child.stdout.readline()
            assert line, child.stderr.read()
            printed += line
        assert json.loads(printed) == json.loads((tmp_path / "dir/mcp.json").read_text())
        assert len(clusters(tmp_path / "dir/kubeconfig")) == 2
        child.stdin.close()
        assert child.wait(DEADLINE) == 0
        assert child.stdout.read() == ""
        told = child.stderr.read()
    assert "a stand-in" in told
    assert "runs no PostgreSQL" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.few(1)
def test_served_it_ends_on_a_signal(tmp_path: Path, number: int) -> None:
    with started(tmp_path / "dir", api_only=True) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == f"{tmp_path / 'dir/kubeconfig'}\n"
        os.kill(child.pid, number)
        assert child.wait(DEADLINE) == 0
        assert "Traceback" not in child.stderr.read()


def test_served_into_a_full_folder_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with started(tmp_path) as child:
        _, told = child.communicate(timeout=DEADLINE)
    assert child.returncode == 2
    assert (
        told
        == f"gitops-mcp sandbox: InvalidRequest: --dir: {tmp_path} exists and is not an empty folder: name a new one\n"
    )


@pytest.mark.parametrize(
    ("forge", "variable", "api"),
    [
        ("github", "GH_ENTERPRISE_TOKEN", "/api/v3"),
        pytest.param("gitlab", "GITLAB_TOKEN", "/api/v4", marks=pytest.mark.thorough),
        pytest.param("gitea", "GITEA_TOKEN", "/api/v1", marks=pytest.mark.thorough),
    ],
)
def test_with_a_forge_a_merged_pull_request_is_applied(
    tmp_path: Path, forge: ForgeName, variable: str, api: str
) -> None:
    with start_sandbox(tmp_path / "dir", step=0.02, poll=0.02, forge=forge) as world:
        told = json.loads((world.directory / "forge.json").read_text())
        assert world.forge is not None
        server = world.forge.server
        assert (told["type"], told["api"]) == (forge, f"{server.url}{api}")
        configured = (world.checkout / ".gitops-mcp.yaml").read_text()
        assert configured.endswith(f"forge:\n  type: {forge}\n  url: {server.url}\n  api: {server.api}\n")
        environment = json.loads(world.mcp.read_text())["mcpServers"]["gitops-mcp"]["env"]
        assert environment[variable] == told["tokens"]["bot"]

        def git(*arguments: str) -> str:
            command = ["git", "-C", str(world.checkout), *arguments]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

        assert git("remote", "get-url", "origin") == f"{server.url}/platform/fleet.git"
        git("checkout", "--quiet", "-b", "change")
        manifest = world.checkout / ORDERS
        manifest.write_text(manifest.read_text().replace("instances: 3", "instances: 2"))
        git("commit", "--quiet", "--all", "--message=Scale")
        git("push", "--quiet", "origin", "change")
        server.forge.merge(server.forge.open_pull("change"), "squash")
        eventually(world, lambda: at(world.store.get(kinds.CLUSTER, "shop", "orders-db"), "spec", "instances") == 2)
