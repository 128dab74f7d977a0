"""A login that acts as somebody else: what goes out with every request, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.adapters.kube_start import kube_start
from gitops_mcp.domain.access.identity import Identity
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import Forbidden, Refused, Unavailable
from tests.fakes.api import Answer, ReplayingApi, status

ORDERS: Object = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "metadata": {"name": "orders", "namespace": "shop"},
}


@pytest.fixture
def api() -> Iterator[ReplayingApi]:
    answer = {**ORDERS, "items": [], "resources": [], "paths": {}, "kind": None}
    with ReplayingApi({"*": Answer(200, answer)}).running() as running:
        yield running


@pytest.fixture
def kube(api: ReplayingApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Kube]:
    """An adapter whose kubeconfig has such a user."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))

    def connect(caller: Identity | None = None, /, **user: Any) -> Kube:
        config = {
            "current-context": "dev",
            "clusters": [{"name": "here", "cluster": {"server": api.url}}],
            "users": [{"name": "admin", "user": {"token": "all-rights", **user}}],
            "contexts": [{"name": "dev", "context": {"cluster": "here", "user": "admin"}}],
        }
        (tmp_path / "kubeconfig").write_text(json.dumps(config))
        return Kube(context=None, timeout=5, start=kube_start(service_account=tmp_path / "none"), caller=caller)

    return connect


VERBS: dict[str, Callable[[Kube], object]] = {
    "get": lambda kube: kube.get(CLUSTER, "shop", "orders"),
    "page": lambda kube: kube.page(CLUSTER, None, limit=5),
    "every": lambda kube: kube.every(CLUSTER, "shop"),
    "metadata": lambda kube: kube.metadata(CLUSTER, "shop", "orders"),
    "serves": lambda kube: kube.serves(CLUSTER),
    "proxied": lambda kube: kube.proxied("shop", "controller", "/v1/cert.pem"),
    "create": lambda kube: kube.create(CLUSTER, ORDERS),
    "dry run": lambda kube: kube.create(CLUSTER, ORDERS, dry_run=True),
    "patch": lambda kube: kube.patch(CLUSTER, "shop", "orders", []),
    "merge": lambda kube: kube.merge(CLUSTER, "shop", "orders", {}),
    "delete": lambda kube: kube.delete(CLUSTER, "shop", "orders", uid="1"),
}
EVERY_VERB = [pytest.param(ask, id=name) for name, ask in VERBS.items()]


def acted_as(api: ReplayingApi) -> list[list[tuple[str, str]]]:
    """The headers of impersonation of each request."""
    return [[line for line in one.header_lines if line[0].startswith("Impersonate-")] for one in api.requests]


@pytest.mark.parametrize("ask", EVERY_VERB)
def test_every_request_goes_out_as_the_impersonated_user(
    api: ReplayingApi, kube: Callable[..., Kube], ask: Callable[[Kube], object]
) -> None:
    user = {
        "as": "jane",
        "as-uid": "b1-52",
        "as-groups": ["developers", "on call"],
        "as-user-extra": {"scopes": ["view", "deploy"], "Example.com/Team": ["shop"]},
    }
    ask(kube(**user))
    assert acted_as(api) == [
        [
            ("Impersonate-User", "jane"),
            ("Impersonate-Uid", "b1-52"),
            ("Impersonate-Group", "developers"),
            ("Impersonate-Group", "on call"),
            ("Impersonate-Extra-scopes", "view"),
            ("Impersonate-Extra-scopes", "deploy"),
            ("Impersonate-Extra-example.com%2Fteam", "shop"),
        ]
    ] * len(api.requests)
    assert api.requests
    assert {one.headers["Authorization"] for one in api.requests} == {"Bearer all-rights"}


@pytest.mark.parametrize(
    ("user", "headers"),
    [
        pytest.param({}, [], id="nobody"),
        pytest.param({"as": "", "as-groups": [], "as-user-extra": {}}, [], id="all of it empty"),
        pytest.param({"as": None, "as-groups": None, "as-user-extra": None}, [], id="all of it null"),
        pytest.param({"as": "jane"}, [("Impersonate-User", "jane")], id="a user alone"),
        pytest.param(
            {"as": "system:serviceaccount:shop:bot"},
            [("Impersonate-User", "system:serviceaccount:shop:bot")],
            id="a service account",
        ),
        pytest.param({"as": "jörg"}, [("Impersonate-User", "j\xc3\xb6rg")], id="UTF-8, as Go writes it"),
        pytest.param(
            {"as": "jane", "as-user-extra": {"50%é": ["x"]}},
            [("Impersonate-User", "jane"), ("Impersonate-Extra-50%25%C3%A9", "x")],
            id="a key that no header's name can hold",
        ),
        pytest.param({"as": "jane", "as-user-extra": {"k": []}}, [("Impersonate-User", "jane")], id="no value"),
    ],
)
def test_headers_are_those_that_kubectl_sends(
    api: ReplayingApi, kube: Callable[..., Kube], user: Object, headers: list[tuple[str, str]]
) -> None:
    kube(**user).get(CLUSTER, "shop", "orders")
    assert acted_as(api) == [headers]


def test_a_proxy_gets_each_group_in_a_header_of_its_own(
    api: ReplayingApi, kube: Callable[..., Kube], tmp_path: Path
) -> None:
    found = kube(**{"as": "jane", "as-groups": ["developers", "on call"]})
    config = json.loads((tmp_path / "kubeconfig").read_text())
    config["clusters"][0]["cluster"] = {"server": "http://127.0.0.1:9/k8s/prod", "proxy-url": api.url}
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    found.get(CLUSTER, "shop", "orders")
    assert [value for _, value in acted_as(api)[0]] == ["jane", "developers", "on call"]
    assert api.requests[0].path.startswith("http://127.0.0.1:9/k8s/prod/apis/postgresql.cnpg.io/v1/namespaces/shop/")


@pytest.mark.parametrize(
    "user",
    [
        {"as-groups": ["developers"]},
        {"as-uid": "b1-52"},
        {"as-user-extra": {"scopes": ["view"]}},
        {"as": "", "as-groups": ["developers"]},
        {"as": 5},
        {"as": ["jane"]},
        {"as": "jane\r\nImpersonate-Group: system:masters"},
        {"as": "jane", "as-uid": 7},
        {"as": "jane", "as-groups": "developers"},
        {"as": "jane", "as-groups": [5]},
        {"as": "jane", "as-groups": ["a\nb"]},
        {"as": "jane", "as-user-extra": ["scopes"]},
        {"as": "jane", "as-user-extra": {"scopes": "view"}},
        {"as": "jane", "as-user-extra": {"scopes": [None]}},
    ],
)
def test_what_kubectl_refuses_is_refused_and_nothing_goes_out(
    api: ReplayingApi, kube: Callable[..., Kube], user: Object
) -> None:
    with pytest.raises(Unavailable, match=r"kubeconfig: .*user 'admin'.*(such as `|name the user|put it in quotes)"):
        kube(**user).get(CLUSTER, "shop", "orders")
    assert api.requests == []


def test_whoever_is_impersonated_is_told_with_the_context(api: ReplayingApi, kube: Callable[..., Kube]) -> None:
    assert kube(**{"as": "jane"}).description == "context 'dev' as 'jane'"
    assert kube().description == "context 'dev'"
    api.answers["*"] = status(403, "Forbidden", 'clusters is forbidden: User "jane" cannot list resource "clusters"')
    with pytest.raises(Forbidden, match=r"list clusters.* \(context 'dev' as 'jane'\): 403, User 'jane' may not"):
        kube(**{"as": "jane"}).every(CLUSTER, None)


@pytest.mark.parametrize("ask", EVERY_VERB)
@pytest.mark.parametrize(
    ("resource", "group"),
    [("users", ""), ("groups", ""), ("uids", "authentication.k8s.io"), ("userextras/scopes", "authentication.k8s.io")],
)
def test_a_login_that_may_not_impersonate_is_told_so(
    api: ReplayingApi, kube: Callable[..., Kube], ask: Callable[[Kube], object], resource: str, group: str
) -> None:
    words = f'User "admin" cannot impersonate resource "{resource}" in API group "{group}" at the cluster scope'
    plural = resource.partition("/")[0]
    api.answers["*"] = status(403, "Forbidden", f'{plural} "jane" is forbidden: {words}', name="jane", kind=plural)
    with pytest.raises(Forbidden) as raised:
        ask(kube(**{"as": "jane"}))
    told = str(raised.value)
    assert f"403, User \"admin\" may not impersonate {resource} 'jane', as kubeconfig says" in told
    assert (
        f'- {{apiGroups: ["{group}"], resources: [{resource}], resourceNames: ["jane"], verbs: [impersonate]}}' in told
    )
    assert "policy" not in told


JANE = Identity("0f3a", "https://login.example.com", "jörg", frozenset({"b", "a team"}))


@pytest.mark.parametrize("ask", EVERY_VERB)
def test_every_request_goes_out_as_the_caller_whomever_kubeconfig_names(
    api: ReplayingApi, kube: Callable[..., Kube], ask: Callable[[Kube], object]
) -> None:
    made = kube(JANE, **{"as": "bob", "as-groups": ["all"]})
    ask(made)
    expected = [("Impersonate-User", "j\xc3\xb6rg"), ("Impersonate-Group", "a team"), ("Impersonate-Group", "b")]
    assert acted_as(api) == [expected] * len(api.requests)
    assert api.requests
    assert made.description == "context 'dev' as 'bob' as 'jörg'"


@pytest.mark.parametrize(
    "caller", [replace(JANE, name="system:admin"), replace(JANE, groups=frozenset({"System:masters"}))]
)
def test_nobody_is_made_more_than_a_person(api: ReplayingApi, kube: Callable[..., Kube], caller: Identity) -> None:
    with pytest.raises(Refused, match=r"cannot impersonate '[Ss]ystem:"):
        kube(caller).get(CLUSTER, "shop", "orders")
    assert api.requests == []


NAMES_OF_OTHERS = [" system:masters", "\tsystem:masters", "jane ", "jane\u00a0", "a\r\nb", "\u200bjane", ""]


@pytest.mark.parametrize("name", NAMES_OF_OTHERS, ids=repr)
def test_a_name_that_would_arrive_as_another_goes_nowhere(
    api: ReplayingApi, kube: Callable[..., Kube], name: str
) -> None:
    for caller in (replace(JANE, name=name), replace(JANE, groups=frozenset({"b", name}))):
        with pytest.raises(Refused, match=r"^cannot impersonate '"):
            kube(caller).get(CLUSTER, "shop", "orders")
    assert api.requests == []
