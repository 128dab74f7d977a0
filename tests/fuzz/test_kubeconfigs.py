"""Generated kubeconfigs, read by kubectl and by us: each field is honoured as kubectl does, or refused by its name."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.adapters.kube.kubeconfig import Kubeconfig, Login
from gitops_mcp.adapters.kube_start import kube_start
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import GitOpsError
from tests.adapters.kube.conftest import authority as authority  # noqa: PLC0414 - a fixture, used by its name
from tests.conftest import examples
from tests.fakes.api import Answer, ReplayingApi

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl to be compared with")
ORDERS = "/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters/orders"
FOUND = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "orders"}, "spec": {}}
PLUGIN = r"""#!/bin/sh
told=$(printf %s "$KUBERNETES_EXEC_INFO" | grep -o 'certificate-authority-data\|tls-server-name\|compression\|audience' |
  sort | tr '\n' .)
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"p-%s-%s-%s"}}' \
  "${PROFILE-unset}" "$told" "$*"
"""
JUNK = st.sampled_from([4, True, ["x"], {"a": "b"}, 1.5])


@pytest.fixture(scope="module")
def recorder(authority: Path) -> Iterator[ReplayingApi]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "cert", authority / "key")
    with ReplayingApi({"*": Answer(200, FOUND)}).running(tls=context) as api:
        yield api


def texts(*good: str) -> st.SearchStrategy[Any]:
    return st.one_of(*[st.sampled_from(good)] * 9, JUNK)


VARIABLE = st.fixed_dictionaries(
    {}, optional={"name": texts("PROFILE"), "value": st.one_of(st.none(), texts("dev", ""))}
)
EXEC = st.fixed_dictionaries(
    {
        "apiVersion": texts("client.authentication.k8s.io/v1"),
        "command": texts("./plugin"),
        "interactiveMode": st.sampled_from(["Never", "IfAvailable"]),
    },
    optional={
        "args": st.lists(texts("a", "b"), max_size=2),
        "env": st.one_of(st.none(), st.lists(VARIABLE, max_size=2)),
        "provideClusterInfo": st.booleans(),
        "installHint": texts("log in"),
    },
)
USER = st.fixed_dictionaries(
    {},
    optional={
        "token": texts("t1", ""),
        "tokenFile": texts("token"),
        "username": texts("alice"),
        "password": texts("secret"),
        "as": texts("jane", ""),
        "as-uid": texts("7"),
        "as-groups": st.one_of(st.none(), st.lists(texts("developers", "on call"), max_size=2)),
        "as-user-extra": st.one_of(st.none(), st.dictionaries(st.sampled_from(["scopes", "Team"]), st.just(["view"]))),
        "exec": st.one_of(EXEC, EXEC, st.none(), JUNK),
    },
)
CLUSTER_ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "tls-server-name": texts("kube.here"),
        "proxy-url": st.sampled_from(["", None, 4]),
        "disable-compression": st.booleans(),
        "extensions": st.just([{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}]),
    },
)


def sent(api: ReplayingApi) -> list[tuple[tuple[str, str], ...]]:
    """Of each request what says as whom it comes."""
    return [
        tuple(sorted((k.lower(), v) for k, v in one.header_lines if k.lower().startswith(("authorization", "imperso"))))
        for one in api.requests
    ]


def _impersonated(user: Object) -> tuple[tuple[str, str], ...]:
    """What one who has no credentials says of whom to act as; groups and the rest need the name."""
    return (("impersonate-user", user["as"]),) if user.get("as") else ()


def kubectl(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["kubectl", f"--kubeconfig={config}", *arguments]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, cwd=config.parent
    )


def ours(config: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What refuses; empty where it was asked."""
    monkeypatch.setenv("KUBECONFIG", str(config))
    try:
        Kube(context=None, timeout=30, start=kube_start(service_account=config / "none")).get(CLUSTER, "shop", "orders")
    except GitOpsError as error:
        return str(error)
    return ""


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(user=USER, cluster=CLUSTER_ENTRY, namespace=st.sampled_from([None, "shop", "", 4]), inline=st.booleans())
def test_a_kubeconfig_lets_in_as_for_kubectl_or_is_refused_by_the_name_of_a_field(
    recorder: ReplayingApi,
    authority: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    user: Object,
    cluster: Object,
    namespace: object,
    *,
    inline: bool,
) -> None:
    (tmp_path / "token").write_text("t2\n")
    (tmp_path / "plugin").write_text(PLUGIN)
    (tmp_path / "plugin").chmod(0o700)
    ca = _data(authority / "cert") if inline else {"certificate-authority": str(authority / "cert")}
    config = tmp_path / "config"
    context = {"cluster": "c", "user": "u", **({} if namespace is None else {"namespace": namespace})}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "dev",
        "clusters": [{"name": "c", "cluster": {"server": recorder.url, **ca, **cluster}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "dev", "context": context}],
    }
    config.write_text(json.dumps(document))
    recorder.requests.clear()
    view = kubectl(config, "config", "view", "--raw", "--minify", "-o", "json")
    asked = kubectl(config, "get", "--raw", ORDERS)
    # Without credentials kubectl asks for a name on its terminal, and we are nobody.
    theirs = [_impersonated(user)] if "error: EOF" in asked.stderr else sent(recorder)
    recorder.requests.clear()
    refused = ours(config, monkeypatch)
    if refused:
        fields = {*user, *cluster, "namespace", "exec", *(user["exec"] if isinstance(user.get("exec"), dict) else ())}
        assert any(field in refused for field in fields), refused
        assert asked.returncode != 0 or not theirs, f"kubectl takes it: {refused}"
    else:
        assert view.returncode == 0, f"kubectl does not read it: {view.stderr}"
        assert sent(recorder) == theirs, asked.stderr


NAMES = st.sampled_from(["a", "b"])
FILE_NAMES = st.sampled_from(["cert", "../elsewhere/key", "/etc/pki/x"])
BYTES = st.sampled_from(["Y2VydA==", "a2V5"])
MERGED_USER = st.fixed_dictionaries(
    {},
    optional={
        "client-certificate": FILE_NAMES,
        "client-certificate-data": BYTES,
        "client-key": FILE_NAMES,
        "client-key-data": BYTES,
        "token": st.sampled_from(["t1", "t2"]),
        "tokenFile": FILE_NAMES,
    },
)
MERGED_CLUSTER = st.fixed_dictionaries(
    {"server": st.sampled_from(["https://one.example", "https://two.example:6443"])},
    optional={"certificate-authority": FILE_NAMES, "certificate-authority-data": BYTES, "tls-server-name": NAMES},
)
MERGED_CONTEXT = st.fixed_dictionaries({"cluster": NAMES}, optional={"user": NAMES, "namespace": NAMES})


def _entries(key: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.fixed_dictionaries({"name": NAMES, key: value}), max_size=2)


ONE_OF_SEVERAL = st.fixed_dictionaries(
    {
        "clusters": _entries("cluster", MERGED_CLUSTER),
        "users": _entries("user", MERGED_USER),
        "contexts": _entries("context", MERGED_CONTEXT),
    },
    optional={"current-context": NAMES},
)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(documents=st.lists(ONE_OF_SEVERAL, min_size=1, max_size=3))
def test_several_kubeconfigs_are_merged_as_kubectl_merges_them(tmp_path: Path, documents: list[Object]) -> None:
    files = []
    for number, document in enumerate(documents):
        path = tmp_path / str(number) / "config"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **document}))
        files.append((path, path.read_bytes()))
    command = ["kubectl", "config", "view", "--raw", "--minify", "-o", "json"]
    env = {**os.environ, "KUBECONFIG": ":".join(str(path) for path, _ in files)}
    view = subprocess.run(command, check=False, capture_output=True, text=True, env=env, timeout=60)
    found = _login_or_refusal(files)
    assert (view.returncode == 0) == isinstance(found, Login), f"{found} and kubectl: {view.stderr}"
    if not isinstance(found, Login):
        return
    alone = Kubeconfig.of([(tmp_path / "merged", view.stdout.encode())])
    theirs = alone.login(alone.current or "")
    assert _with_real_paths(found) == _with_real_paths(theirs)


def _login_or_refusal(files: list[tuple[Path, bytes]]) -> Login | str:
    try:
        merged = Kubeconfig.of(files)
        return merged.login(merged.current or "")
    except GitOpsError as error:
        return str(error)


def _with_real_paths(login: Login) -> tuple[object, ...]:
    def real(one: object) -> object:
        return os.path.normpath(one) if isinstance(one, Path) else one

    certificate = tuple(map(real, login.certificate)) if login.certificate else None
    files = real(login.ca), real(login.token_file), certificate
    return login.server, login.user, login.namespace, login.server_name, login.authorization, *files


def _data(certificate: Path) -> dict[str, str]:
    import base64

    return {"certificate-authority-data": base64.b64encode(certificate.read_bytes()).decode()}
