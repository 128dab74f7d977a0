from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.adapters.kube.kubeconfig import Kubeconfig, current_context
from gitops_mcp.adapters.kube.plugin import ExecPlugin
from gitops_mcp.adapters.kube_start import kube_start
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import Unavailable


def parsed(*files: str | Object) -> Kubeconfig:
    return Kubeconfig.of(
        (Path(f"/home/alice/{number}/config"), (text if isinstance(text, str) else json.dumps(text)).encode())
        for number, text in enumerate(files)
    )


def one(user: Object, cluster: Object | None = None) -> Kubeconfig:
    return parsed(
        {
            "current-context": "dev",
            "clusters": [{"name": "c", "cluster": {"server": "https://kube:6443/", **(cluster or {})}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "dev", "context": {"cluster": "c", "user": "u"}}],
        }
    )


def test_of_several_files_the_first_that_has_a_name_wins_as_for_kubectl() -> None:
    first = {"current-context": "dev", "clusters": [{"name": "c", "cluster": {"server": "https://first"}}]}
    second = {
        "current-context": "prod",
        "clusters": [{"name": "c", "cluster": {"server": "https://second"}}],
        "contexts": [{"name": "dev", "context": {"cluster": "c"}}],
    }
    merged = parsed("", first, second)
    assert merged.current == "dev"
    assert merged.login("dev").server == "https://first"


@pytest.mark.parametrize(
    ("user", "authorization"),
    [
        pytest.param({"token": "t\n"}, "Bearer t", id="token"),
        pytest.param({"username": "a", "password": "b"}, "Basic YTpi", id="password"),
        pytest.param({"auth-provider": {"name": "oidc", "config": {"id-token": "t"}}}, "Bearer t", id="oidc"),
        pytest.param({"tokenFile": "token", "token": "old"}, None, id="a token file comes before a token"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_what_a_user_logs_in_with(user: Object, authorization: str | None) -> None:
    login = one(user).login("dev")
    assert login.authorization == authorization
    assert login.server == "https://kube:6443"
    assert "Bearer" not in repr(login)
    assert "YTpi" not in repr(login)


def test_files_are_relative_to_the_kubeconfig_that_names_them_and_data_comes_first() -> None:
    cluster = {"certificate-authority": "ca.crt", "certificate-authority-data": base64.b64encode(b"PEM").decode()}
    login = one({"client-certificate": "cert", "client-key": "/etc/key", "tokenFile": "token"}, cluster).login("dev")
    assert login.certificate == (Path("/home/alice/0/cert"), Path("/etc/key"))
    assert login.token_file == Path("/home/alice/0/token")
    assert login.ca == b"PEM"


def test_a_plugin_is_used_only_without_a_token_and_found_relative_to_its_file() -> None:
    exec_ = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./login", "args": ["--now"]}
    plugin = one({"exec": exec_}).login("dev").plugin
    assert plugin
    assert plugin.command == "/home/alice/0/login"
    assert plugin.arguments == ("--now",)
    assert plugin.name == "login"
    assert one({"exec": exec_, "token": "t"}).login("dev").plugin is None


WHOLE = """\
apiVersion: v1
kind: Config
current-context: dev
clusters: [{name: c, cluster: {server: "https://kube.example"}}]
users: [{name: u, user: {token: hunter2}}]
contexts: [{name: dev, context: {cluster: c, user: u}}]
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param("clusters: [", "clusters: [[", "is not YAML: repair it", id="a bracket too many"),
        pytest.param("kind: Config", "kind: Config\n\tx: 1", "is not YAML: repair it", id="a tab"),
        pytest.param(WHOLE, "[1, 2]", "it holds no mapping", id="a list"),
        pytest.param(WHOLE, "hunter2", "it holds no mapping", id="a text"),
        pytest.param("token: hunter2", "token: *gone", "is not YAML: repair it", id="an alias of nothing"),
        pytest.param("users: [{name: u, user: {token: hunter2}}]", "users: {u: hunter2}", "users is not a list", id="a map"),
        pytest.param("user: {token: hunter2}", "user: hunter2", "users[0] is not {name, user}", id="a user that is a text"),
        pytest.param("user: {token: hunter2}", "user: [hunter2]", "users[0] is not {name, user}", id="a user that is a list"),
        pytest.param("[{name: c,", "[4, {name: c,", "clusters[0] is not {name, cluster}", id="a number for a cluster"),
        pytest.param("[{name: u,", "[{name: u}, {name: u,", "users has 'u' twice", id="a name twice"),
        pytest.param("token: hunter2", "token: 12345", "token of user 'u' is not text", id="a token that is a number"),
        pytest.param("token: hunter2", "as: [hunter2]", "as of user 'u' is not text", id="an impersonation that is a list"),
        pytest.param('server: "https', 'insecure-skip-tls-verify: 3, server: "https', "neither true nor", id="no boolean"),
        pytest.param("cluster: c, user: u", "cluster: 4, user: u", "cluster of context 'dev' is not text", id="a number for a name"),
        pytest.param("token: hunter2", "client-key-data: '%%'", "client-key-data is not base64", id="no base64"),
        pytest.param("token: hunter2", "exec: {command: x, args: hunter2}", "exec", id="arguments that are a text"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_refused_by_name_as_kubectl_refuses_it(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    assert old in WHOLE
    text = WHOLE.replace(old, new)
    with pytest.raises(Unavailable) as refused:
        Kubeconfig.of([(tmp_path / "config", text.encode())]).login("dev")
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)
    if kubectl := shutil.which("kubectl"):
        (tmp_path / "config").write_text(text)
        command = [kubectl, f"--kubeconfig={tmp_path / 'config'}", "config", "view"]
        assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("users: [\n  {token: hunter2", r"0/config:\d is not YAML: repair", id="no YAML"),
        pytest.param("- hunter2", "holds no mapping", id="a list"),
        pytest.param("contexts: hunter2", "contexts is not a list", id="no list"),
        pytest.param("contexts: [{nam: hunter2}]", r"contexts\[0\] is not \{name, context\}", id="no name"),
        pytest.param("users: [{name: a, user: hunter2}]", r"users\[0\] is not \{name, user\}", id="no mapping"),
    ],
)
def test_a_broken_file_is_named_with_the_place_and_not_quoted(text: str, message: str) -> None:
    with pytest.raises(Unavailable, match=message) as raised:
        parsed(text)
    assert "hunter2" not in str(raised.value)


CONTEXTS: Object = {
    "clusters": [{"name": "c", "cluster": {"server": "https://kube"}}],
    "contexts": [
        {"name": "prod-admin", "context": {"cluster": "c", "user": "gone"}},
        {"name": "lost", "context": {"cluster": "gone"}},
        {"name": "dev", "context": {"cluster": "c"}},
    ],
}


@pytest.mark.parametrize(
    ("context", "message"),
    [
        pytest.param("prod-admn", "no context 'prod-admn'; there are: prod-admin, dev, lost", id="context"),
        pytest.param("lost", "names cluster 'gone', which is not there or has no server; there are: c", id="cluster"),
        pytest.param("prod-admin", "names user 'gone', which is not there; there are none: log in again", id="user"),
    ],
)
def test_a_name_that_leads_nowhere_lists_what_there_is(context: str, message: str) -> None:
    with pytest.raises(Unavailable, match=message):
        parsed(CONTEXTS).login(context)


@pytest.mark.parametrize(
    "server", ["http://[broken", "https://kube:port", "kube:6443", "https://", "ftp://a:hunter2@kube"]
)
def test_a_server_that_is_no_url_is_said_so(server: str) -> None:
    with pytest.raises(Unavailable, match=r"the server of context 'dev' is not a URL: .*such as") as raised:
        one({}, {"server": server}).login("dev")
    assert "hunter2" not in str(raised.value)


def test_a_context_may_have_no_user() -> None:
    assert parsed(CONTEXTS).login("dev").user == ""


@pytest.mark.parametrize("user", [{"client-certificate-data": "x"}, {"exec": {"command": "login"}}])
def test_credentials_that_cannot_be_understood_say_which(user: Object) -> None:
    with pytest.raises(Unavailable, match=r"client-certificate-data is not base64|exec needs command and apiVersion"):
        one(user).login("dev")


@pytest.mark.parametrize(
    ("user", "cluster", "field"),
    [
        pytest.param({"token": 12345}, {}, "token of user", id="a token that YAML reads as a number"),
        pytest.param({"password": True, "username": "a"}, {}, "password of user", id="a password that is a boolean"),
        pytest.param({"tokenFile": ["a"]}, {}, "tokenFile of user", id="a file that is a list"),
        pytest.param({"client-key": {}}, {}, "client-key of user", id="a key that is a mapping"),
        pytest.param({}, {"server": 6443}, "server of cluster", id="a server that is a number"),
        pytest.param({}, {"proxy-url": ["x"]}, "proxy-url of cluster", id="a proxy that is a list"),
        pytest.param({}, {"certificate-authority": "a\0b"}, "certificate-authority of cluster", id="a zero byte"),
        pytest.param(
            {"username": "a", "token": "12345"}, {}, "user 'u' has both username and token,", id="two ways in"
        ),
        pytest.param(
            {"username": "a", "tokenFile": "t"}, {}, "user 'u' has both username and tokenFile,", id="a file too"
        ),
        pytest.param({}, {"insecure-skip-tls-verify": "false"}, "insecure-skip-tls-verify of cluster", id="no boolean"),
    ],
)
def test_a_field_that_kubectl_would_not_read_is_named(user: Object, cluster: Object, field: str) -> None:
    with pytest.raises(Unavailable, match=f"kubeconfig: {field} ") as raised:
        one(user, {"server": "https://kube", **cluster}).login("dev")
    assert "12345" not in str(raised.value)


@pytest.mark.parametrize(
    ("exec_", "told"),
    [
        pytest.param("login", "needs command and apiVersion", id="a text"),
        pytest.param(
            {"command": ["login"], "apiVersion": "v1"}, "needs command and apiVersion", id="a command in parts"
        ),
        pytest.param({"args": "--now"}, "exec.args is not a list of texts", id="arguments as one text"),
        pytest.param({"args": [5]}, "exec.args is not a list of texts", id="an argument that is a number"),
        pytest.param({"env": {"A": "b"}}, r"exec.env\[0\] is not \{name, value\}", id="a mapping"),
        pytest.param({"env": [{"name": "A"}, "B=c"]}, r"exec.env\[1\] is not \{name, value\}", id="a text in the list"),
        pytest.param({"env": [{"value": "b"}]}, r"exec.env\[0\] is not \{name, value\}", id="no name"),
        pytest.param({"env": [{"name": "A", "value": 5}]}, r"exec.env\[0\] is not", id="a number"),
    ],
)
def test_a_plugin_that_kubectl_would_not_run_says_which_entry(exec_: Any, told: str) -> None:
    plain = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./login"}
    with pytest.raises(Unavailable, match=told):
        one({"exec": {**plain, **exec_} if isinstance(exec_, dict) else exec_}).login("dev")


def test_a_variable_of_a_plugin_without_a_value_is_empty() -> None:
    exec_ = {"apiVersion": "v1", "command": "login", "env": [{"name": "A"}, {"name": "B", "value": None}]}
    plugin = one({"exec": exec_}).login("dev").plugin
    assert plugin is not None
    assert plugin.environment == {"A": "", "B": ""}


CLUSTER_ENTRY = {
    "server": "https://kube",
    "tls-server-name": "kube.internal",
    "proxy-url": "http://proxy.example:3128",
    "disable-compression": True,
}
TOLD = {
    **CLUSTER_ENTRY,
    "certificate-authority-data": base64.b64encode(b"PEM").decode(),
    "config": {"audience": "shop"},
}


@pytest.mark.parametrize("where", ["", "clusters/"], ids=["an absolute path", "beside another file than the user's"])
def test_a_plugin_is_told_its_cluster_with_the_authority_that_stands_in_a_file(tmp_path: Path, where: str) -> None:
    place = tmp_path / where / "ca.crt"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"PEM")
    told = [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "shop"}}]
    cluster = {**CLUSTER_ENTRY, "certificate-authority": "ca.crt" if where else str(place), "extensions": told}

    def plugin(*, asks: bool) -> ExecPlugin | None:
        exec_ = {"apiVersion": "v1", "command": "login", "provideClusterInfo": asks}
        context = {"name": "dev", "context": {"cluster": "c", "user": "u"}}
        theirs = {"users": [{"name": "u", "user": {"exec": exec_}}], "contexts": [context]}
        merged = {"config": theirs, f"{where}more": {"clusters": [{"name": "c", "cluster": cluster}]}}
        files = [(tmp_path / name, json.dumps(document).encode()) for name, document in merged.items()]
        return Kubeconfig.of(files).login("dev").plugin

    asking = plugin(asks=True)
    assert asking is not None
    assert asking.cluster == TOLD
    place.unlink()
    with pytest.raises(Unavailable, match=r"certificate-authority /.*/ca.crt cannot be read"):
        plugin(asks=True)
    silent = plugin(asks=False)
    assert silent is not None
    assert silent.cluster is None


def test_start_keeps_missing_files_in_mind_and_survives_broken_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").write_text("[")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/none::{tmp_path}/broken:{tmp_path}")
    start = kube_start(service_account=tmp_path)
    assert start.paths == (tmp_path / "none", tmp_path / "broken", tmp_path)
    assert [path.name for path, _ in start.raw] == ["broken"]
    assert current_context(start) is None
    assert start.service_account is None


def test_without_kubeconfig_the_file_in_the_home_folder_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG")
    assert kube_start().paths == (Path.home() / ".kube" / "config",)
