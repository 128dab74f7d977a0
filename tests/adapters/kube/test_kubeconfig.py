from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from gitops_mcp.adapters.kube import kube_start
from gitops_mcp.adapters.kube.kubeconfig import Kubeconfig
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("users: [\n  {token: hunter2", r"0/config is not YAML at line \d: repair", id="no YAML"),
        pytest.param("- hunter2", "holds no mapping", id="a list"),
        pytest.param("contexts: hunter2", "contexts is no list", id="no list"),
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
    with pytest.raises(Unavailable, match=r"the server of context 'dev' is no URL: .*such as") as raised:
        one({}, {"server": server}).login("dev")
    assert "hunter2" not in str(raised.value)


def test_a_context_may_have_no_user() -> None:
    assert parsed(CONTEXTS).login("dev").user == ""


@pytest.mark.parametrize("user", [{"client-certificate-data": "x"}, {"exec": {"command": "login"}}])
def test_credentials_that_cannot_be_understood_say_which(user: Object) -> None:
    with pytest.raises(Unavailable, match=r"client-certificate-data is not base64|exec needs command and apiVersion"):
        one(user).login("dev")


def test_start_keeps_missing_files_in_mind_and_survives_broken_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").write_text("[")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/none::{tmp_path}/broken:{tmp_path}")
    start = kube_start(service_account=tmp_path)
    assert start.paths == (tmp_path / "none", tmp_path / "broken", tmp_path)
    assert [path.name for path, _ in start.raw] == ["broken"]
    assert start.current_context() is None
    assert start.service_account is None


def test_without_kubeconfig_the_file_in_the_home_folder_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG")
    assert kube_start().paths == (Path.home() / ".kube" / "config",)
