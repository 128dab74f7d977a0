"""What the adapter takes for granted of an API server, asked of the sandbox, and of a real one where there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.domain.kinds import CLUSTER, POD
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.errors import Forbidden, InvalidRequest, NotFound, NotInstalled, Unavailable
from gitops_mcp.sandbox.api import SandboxApi, Store, kubeconfig_text

NAMESPACE = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
UNKNOWN = Resource("postgresql.cnpg.io", "v1", "ships", "Ship")
TOKEN = "letmein"


def cluster(name: str, team: str = "shop") -> Object:
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": name, "namespace": "default", "labels": {"team": team}},
        "spec": {"instances": 1, "storage": {"size": "1Gi"}},
    }


@pytest.fixture
def store() -> Store:
    made = Store()
    for number in range(7):
        made.create(CLUSTER, cluster(f"db-{number}", "bank" if number % 2 else "shop"))
    return made


@pytest.fixture
def api(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxApi]:
    served = SandboxApi(store, token=TOKEN)
    url = served.start()
    (tmp_path / "kubeconfig").write_text(kubeconfig_text(url, TOKEN, namespace="default"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    yield served
    served.stop()


@pytest.fixture(params=["sandbox", "real"])
def kube(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Kube:
    if request.param == "sandbox":
        request.getfixturevalue("api")
    elif path := os.environ.get("GITOPS_MCP_TEST_KUBECONFIG"):
        monkeypatch.setenv("KUBECONFIG", path)
    else:
        pytest.skip("GITOPS_MCP_TEST_KUBECONFIG names no kubeconfig of a real API server")
    return Kube(context=None, timeout=10)


def test_a_list_comes_in_pages_with_a_cursor(kube: Kube) -> None:
    first = kube.page(NAMESPACE, None, limit=1)
    assert len(first.items) == 1
    assert first.items[0]["kind"] == "Namespace"
    assert first.cursor
    second = kube.page(NAMESPACE, None, limit=1, cursor=first.cursor)
    assert second.items[0]["metadata"]["name"] != first.items[0]["metadata"]["name"]
    names = [one["metadata"]["name"] for one in kube.every(NAMESPACE, None)]
    assert "default" in names
    assert len(names) == len(set(names)) == 1 + (first.remaining or 0)


def test_an_object_that_is_not_there_is_not_found(kube: Kube) -> None:
    with pytest.raises(NotFound, match="no Pod default/none-such") as raised:
        kube.get(POD, "default", "none-such")
    assert type(raised.value) is NotFound


def test_a_kind_that_is_not_served_is_not_installed(kube: Kube) -> None:
    with pytest.raises(NotInstalled, match=r"CRD ships\.postgresql\.cnpg\.io is not installed"):
        kube.every(UNKNOWN, "default")
    with pytest.raises(NotInstalled, match=r"CRD ships\.postgresql\.cnpg\.io is not installed"):
        kube.get(UNKNOWN, None, "x")


def test_a_cursor_or_selector_that_cannot_be_read_is_the_callers_fault(kube: Kube) -> None:
    with pytest.raises(InvalidRequest):
        kube.page(POD, "default", limit=1, cursor="nonsense")
    with pytest.raises(InvalidRequest, match="400 BadRequest"):
        kube.page(POD, "default", labels="a=b=c")
    with pytest.raises(InvalidRequest, match="field label not supported"):
        kube.page(NAMESPACE, None, fields="spec.colour=red")


def test_labels_select(api: SandboxApi) -> None:
    found = Kube(context=None, timeout=10).every(CLUSTER, "default", labels="team=bank")
    assert [one["metadata"]["name"] for one in found] == ["db-1", "db-3", "db-5"]


def test_what_is_denied_is_forbidden_with_the_missing_rule(api: SandboxApi) -> None:
    kube = Kube(context=None, timeout=10)
    api.deny("list", "postgresql.cnpg.io", "clusters")
    with pytest.raises(Forbidden, match=r"verbs: \[list\]}`.*bound to that user") as raised:
        kube.every(CLUSTER, "default")
    assert "User 'sandbox' may not" in str(raised.value)
    assert kube.get(CLUSTER, "default", "db-1")["spec"]["instances"] == 1


def test_a_wrong_token_is_told_as_such(api: SandboxApi, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(path.read_text().replace(TOKEN, "expired"))
    with pytest.raises(Unavailable, match=r"401.*log in again") as raised:
        Kube(context=None, timeout=10).every(CLUSTER, "default")
    assert "letmein" not in str(raised.value)
    assert "'expired'" not in str(raised.value)
