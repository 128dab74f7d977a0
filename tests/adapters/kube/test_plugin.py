"""Credential plugins: real scripts in real processes."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.adapters.kube_start import kube_start
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.errors import Unavailable
from tests.fakes.api import Answer, ReplayingApi, status

ORDERS = "/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters/orders"
VERSION = "client.authentication.k8s.io/v1"
GOOD = f"""
    import json, pathlib, sys
    runs = pathlib.Path(sys.argv[0] + ".runs")
    runs.write_text((runs.read_text() if runs.exists() else "") + "x")
    print(json.dumps({{"apiVersion": "{VERSION}", "kind": "ExecCredential", "status": {{"token": "t%d" % runs.stat().st_size}}}}))
"""


@pytest.fixture
def api() -> Iterator[ReplayingApi]:
    with ReplayingApi({ORDERS: Answer(200, {"metadata": {}})}).running() as running:
        yield running


class Machine:
    """A kubeconfig whose user is a plugin."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        self.server = server
        self.plugin = folder / "get-token"

    def write(self, code: str, **more: Any) -> Path:
        self.plugin.write_text(f"#!{sys.executable}\n{textwrap.dedent(code)}")
        self.plugin.chmod(0o755)
        exec_ = {"apiVersion": VERSION, "command": "./get-token", "env": [{"name": "PROFILE", "value": "shop"}], **more}
        path = self.folder / "config"
        path.write_text(
            json.dumps(
                {
                    "current-context": "dev",
                    "clusters": [{"name": "c", "cluster": {"server": self.server}}],
                    "users": [{"name": "alice", "user": {"exec": exec_}}],
                    "contexts": [{"name": "dev", "context": {"cluster": "c", "user": "alice"}}],
                }
            )
        )
        return path

    def kube(self, code: str, *, plugin_timeout: float = 30, **more: Any) -> Kube:
        self.write(code, **more)
        return Kube(context="dev", timeout=5, start=kube_start(), plugin_timeout=plugin_timeout)


@pytest.fixture
def machine(tmp_path: Path, api: ReplayingApi, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    return Machine(tmp_path, api.url)


def test_the_plugin_runs_once_for_many_requests_and_again_when_its_token_is_refused(
    machine: Machine, api: ReplayingApi
) -> None:
    good, refused = Answer(200, {"metadata": {}}), status(401, "Unauthorized", "Unauthorized")
    api.answers[ORDERS] = [good, good, refused, good]
    kube = machine.kube(GOOD)
    for _ in range(3):
        kube.get(CLUSTER, "shop", "orders")
    assert [request.headers["Authorization"] for request in api.requests] == ["Bearer t1"] * 3 + ["Bearer t2"]


def test_a_token_that_expires_is_fetched_anew(machine: Machine, api: ReplayingApi) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=5)).isoformat().replace("+00:00", "Z")
    kube = machine.kube(GOOD.replace('{"token"', f'{{"expirationTimestamp": "{soon}", "token"'))
    kube.get(CLUSTER, "shop", "orders")
    kube.get(CLUSTER, "shop", "orders")
    assert [request.headers["Authorization"] for request in api.requests] == ["Bearer t1", "Bearer t2"]


def test_credentials_that_stay_refused_name_the_plugin(machine: Machine, api: ReplayingApi) -> None:
    api.answers[ORDERS] = status(401, "Unauthorized", "Unauthorized")
    with pytest.raises(Unavailable, match=r"401.*log in again with what 'get-token' needs.*of user 'alice'"):
        machine.kube(GOOD).get(CLUSTER, "shop", "orders")


def test_the_plugin_is_told_what_the_protocol_says(machine: Machine, api: ReplayingApi) -> None:
    code = f"""
        import json, os, sys
        info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
        assert info["apiVersion"] == "{VERSION}" and info["spec"]["interactive"] is False, info
        assert sys.argv[1:] == ["--cluster", "shop"] and os.environ["PROFILE"] == "shop"
        token = info["spec"]["cluster"]["server"]
        print(json.dumps({{"apiVersion": "{VERSION}", "kind": "ExecCredential", "status": {{"token": token}}}}))
    """
    machine.kube(code, args=["--cluster", "shop"], provideClusterInfo=True).get(CLUSTER, "shop", "orders")
    assert api.requests[0].headers["Authorization"] == f"Bearer {api.url}"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param(
            "import sys; sys.exit('token expired,\\n run: sso login ' + 'A' * 60)",
            r"'get-token' failed \(1\): token expired, run: sso login …: log in again",
            id="it fails and says why, and a long word in it is not repeated",
        ),
        pytest.param("print('welcome!')", "printed no JSON", id="it prints something else"),
        pytest.param("print('{}')", "printed no ExecCredential", id="it prints other JSON"),
        pytest.param(GOOD.replace("/v1", "/v1beta1"), f"does not speak {VERSION}", id="it speaks another version"),
        pytest.param(GOOD.replace("token", "tokn"), "gave neither a token nor a certificate", id="it gives nothing"),
        pytest.param(
            GOOD.replace('{"token"', '{"expirationTimestamp": "soon", "token"'),
            "expirationTimestamp that is not a time",
            id="it gives no time",
        ),
    ],
)
def test_a_plugin_that_fails_says_so_by_name(machine: Machine, api: ReplayingApi, code: str, message: str) -> None:
    with pytest.raises(Unavailable, match=message):
        machine.kube(code).get(CLUSTER, "shop", "orders")
    assert api.requests == []


def test_a_plugin_that_is_not_there_shows_its_install_hint(machine: Machine) -> None:
    kube = machine.kube(GOOD, command="no-such-plugin", installHint="brew install it")
    with pytest.raises(Unavailable, match=r"'no-such-plugin' cannot be run: No such file .*\(brew install it\)"):
        kube.get(CLUSTER, "shop", "orders")


def test_a_plugin_that_insists_on_a_terminal_is_not_run(machine: Machine) -> None:
    with pytest.raises(Unavailable, match="insists on a terminal"):
        machine.kube(GOOD, interactiveMode="Always").get(CLUSTER, "shop", "orders")
    assert not (machine.folder / "get-token.runs").exists()


def test_a_plugin_that_hangs_is_ended_with_its_children_and_what_it_said_is_shown(machine: Machine) -> None:
    code = """
        import fcntl, subprocess, sys
        held = open(sys.argv[0] + ".lock", "w")
        fcntl.flock(held, fcntl.LOCK_EX)
        print("open https://login.example and enter ABCD", file=sys.stderr, flush=True)
        subprocess.run(["sleep", "30"], pass_fds=[held.fileno()])
    """
    kube = machine.kube(code, plugin_timeout=1)
    with pytest.raises(
        Unavailable, match=r"did not end within 1 s .*open https://login.example and enter ABCD: log in"
    ):
        kube.get(CLUSTER, "shop", "orders")
    started = time.monotonic()
    with (machine.folder / "get-token.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    assert time.monotonic() - started < 10


def test_a_plugin_can_neither_read_our_input_nor_write_to_our_output(machine: Machine) -> None:
    code = f"""
        import json, os, sys
        assert sys.stdin.read() == ""
        os.write(2, b"noise " * 20_000)
        print(json.dumps({{"apiVersion": "{VERSION}", "kind": "ExecCredential", "status": {{"token": "t"}}}}))
    """
    machine.write(code)
    serve = """
        import sys
        from gitops_mcp.adapters.kube import Kube
        from gitops_mcp.domain.kinds import CLUSTER
        Kube(context="dev", timeout=5).get(CLUSTER, "shop", "orders")
        print("got", sys.stdin.readline())
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(serve)], input="a request", capture_output=True, text=True, check=True
    )
    assert (run.stdout, run.stderr) == ("got a request\n", "")
