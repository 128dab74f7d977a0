from __future__ import annotations

import pytest

from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api import SandboxApi, Store
from gitops_mcp.sandbox.api.access import Access, AccessAttributes
from tests.sandbox.conftest import Http, Serve, cluster

GROUP = "postgresql.cnpg.io"
CLUSTERS = f"/apis/{GROUP}/v1/namespaces/shop/clusters"


def role(name: str, *rules: Object, namespace: str | None = None) -> Object:
    home = {"namespace": namespace} if namespace else {}
    return {"kind": "Role" if namespace else "ClusterRole", "metadata": {"name": name, **home}, "rules": list(rules)}


def binding(to: Object, *, namespace: str | None = None) -> Object:
    home = {"namespace": namespace} if namespace else {}
    return {
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": {"name": "b", **home},
        "roleRef": {"kind": to["kind"], "name": to["metadata"]["name"]},
    }


def rule(verbs: str, group: str, resources: str, *names: str) -> Object:
    made: Object = {"verbs": verbs.split(), "apiGroups": [group], "resources": resources.split()}
    return {**made, "resourceNames": list(names)} if names else made


READER = role("reader", rule("get list", GROUP, "clusters"), rule("get", "", "pods/log"))


@pytest.mark.parametrize(
    ("manifests", "wanted", "allowed"),
    [
        pytest.param([READER], AccessAttributes("list", GROUP, "clusters", "shop"), True, id="granted"),
        pytest.param([READER], AccessAttributes("list", GROUP, "clusters"), True, id="granted everywhere"),
        pytest.param([READER], AccessAttributes("delete", GROUP, "clusters", "shop"), False, id="another verb"),
        pytest.param([READER], AccessAttributes("list", "", "clusters", "shop"), False, id="another group"),
        pytest.param([READER], AccessAttributes("get", GROUP, "databases", "shop"), False, id="another resource"),
        pytest.param([READER], AccessAttributes("get", "", "pods/log", "shop", "p"), True, id="a subresource"),
        pytest.param([READER], AccessAttributes("get", "", "pods", "shop", "p"), False, id="not what it belongs to"),
        pytest.param(
            [role("own", rule("get", "", "pods"), namespace="shop")],
            AccessAttributes("get", "", "pods", "shop"),
            True,
            id="home",
        ),
        pytest.param(
            [role("own", rule("get", "", "pods"), namespace="shop")],
            AccessAttributes("get", "", "pods", "x"),
            False,
            id="abroad",
        ),
        pytest.param(
            [READER, binding(READER, namespace="shop")],
            AccessAttributes("list", GROUP, "clusters", "shop"),
            True,
            id="bound here",
        ),
        pytest.param(
            [READER, binding(READER, namespace="shop")],
            AccessAttributes("list", GROUP, "clusters", "x"),
            False,
            id="bound there",
        ),
        pytest.param(
            [READER, binding(READER, namespace="shop")],
            AccessAttributes("list", GROUP, "clusters"),
            False,
            id="bound in one",
        ),
        pytest.param(
            [READER, binding(READER)], AccessAttributes("list", GROUP, "clusters"), True, id="bound everywhere"
        ),
        pytest.param(
            [READER, role("other"), binding(role("other"))],
            AccessAttributes("list", GROUP, "clusters"),
            False,
            id="a role that nothing binds",
        ),
        pytest.param([role("all", rule("*", "*", "*"))], AccessAttributes("get", "x", "y/z"), True, id="everything"),
        pytest.param(
            [role("logs", rule("get", "", "*/log"))], AccessAttributes("get", "", "pods/log"), True, id="any log"
        ),
        pytest.param(
            [role("one", rule("get", "", "secrets", "s"))],
            AccessAttributes("get", "", "secrets", "shop", "s"),
            True,
            id="name",
        ),
        pytest.param(
            [role("one", rule("get list", "", "secrets", "s"))],
            AccessAttributes("list", "", "secrets", "shop"),
            False,
            id="a list is no single name",
        ),
        pytest.param([], AccessAttributes("get", "", "pods"), False, id="no manifests, no rights"),
        pytest.param(None, AccessAttributes("get", "", "pods"), True, id="no rules at all"),
    ],
)
def test_rules_allow(manifests: list[Object] | None, wanted: AccessAttributes, *, allowed: bool) -> None:
    assert Access(manifests=manifests).allows(wanted) is allowed


def test_what_is_denied_is_denied_whatever_the_rules_say() -> None:
    access = Access(deny=[("*", "", "secrets")], manifests=[role("all", rule("*", "*", "*"))])
    assert not access.allows(AccessAttributes("get", "", "secrets", "shop"))
    assert access.allows(AccessAttributes("get", "", "pods", "shop"))


@pytest.mark.parametrize(
    ("method", "path", "message", "details"),
    [
        pytest.param(
            "GET",
            "/api/v1/namespaces/pg/secrets",
            'secrets is forbidden: User "sandbox" cannot list resource "secrets" in API group "" in the namespace "pg"',
            {"kind": "secrets"},
            id="a list",
        ),
        pytest.param(
            "GET",
            f"/apis/{GROUP}/v1/clusters",
            f'clusters.{GROUP} is forbidden: User "sandbox" cannot list resource "clusters" in API group "{GROUP}" '
            "at the cluster scope",
            {"group": GROUP, "kind": "clusters"},
            id="of all namespaces",
        ),
        pytest.param(
            "GET",
            "/api/v1/namespaces/pg/pods/p/log",
            'pods "p" is forbidden: User "sandbox" cannot get resource "pods/log" in API group "" '
            'in the namespace "pg"',
            {"name": "p", "kind": "pods"},
            id="a subresource",
        ),
        pytest.param(
            "GET",
            "/apis/example.com/v1/things?watch=true",
            'things.example.com is forbidden: User "sandbox" cannot watch resource "things" in API group "example.com" '
            "at the cluster scope",
            {"group": "example.com", "kind": "things"},
            id="what is not even served",
        ),
    ],
)
def test_a_refusal_says_who_may_not_do_what(
    serve: Serve, method: str, path: str, message: str, details: Object
) -> None:
    answer = serve(rules=[])(method, path)
    assert answer.status == 403
    assert answer.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "Forbidden",
        "details": details,
        "code": 403,
    }


AS = role("as", rule("impersonate", "", "users"))
SOMEBODY: tuple[dict[str, str], ...] = (
    {"Impersonate-User": "jane"},
    {"Impersonate-User": "bob"},
    {"Impersonate-User": "bob", "Impersonate-Group": "readers"},
)


def test_who_is_impersonated_may_do_what_bindings_say_of_that_user(serve: Serve) -> None:
    bound = {**binding(READER), "subjects": [{"kind": "User", "name": "jane"}, {"kind": "Group", "name": "readers"}]}
    http_ = serve(rules=[READER, bound])
    assert [http_("GET", CLUSTERS, headers=headers).status for headers in SOMEBODY] == [403] * 3
    refused = http_("GET", CLUSTERS, headers=SOMEBODY[0]).body["message"]
    assert refused.startswith(
        'users "jane" is forbidden: User "sandbox" cannot impersonate resource "users" in API group'
    )
    http_ = serve(rules=[READER, bound, AS, binding(AS)])
    answers = [http_("GET", CLUSTERS, headers=headers) for headers in SOMEBODY]
    assert [one.status for one in answers] == [200, 403, 200]
    assert 'User "bob" cannot list resource "clusters"' in answers[1].body["message"]


def test_discovery_and_reviews_need_no_rights(serve: Serve) -> None:
    http_ = serve(rules=[])
    assert http_("GET", "/apis").status == 200
    assert http_("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}).status == 201


def _may(http_: Http, **attributes: str) -> bool:
    body = {"spec": {"resourceAttributes": attributes}}
    answer = http_("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    assert answer.status == 201
    assert answer.body["spec"] == body["spec"]
    return bool(answer.body["status"]["allowed"])


def test_a_review_says_what_a_request_would_find(serve: Serve) -> None:
    http_ = serve(rules=[READER])
    assert _may(http_, verb="list", group=GROUP, resource="clusters", namespace="shop")
    assert _may(http_, verb="get", group="", resource="pods", subresource="log", namespace="shop", name="p")
    assert not _may(http_, verb="get", group="", resource="pods", namespace="shop")
    assert http_("GET", CLUSTERS).status == 200
    assert http_("GET", "/api/v1/namespaces/shop/pods/p").status == 403


def test_a_review_of_nothing_is_invalid(http_: Http) -> None:
    assert http_("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {"spec": {}}).status == 422


def test_a_review_of_paths_is_allowed(http_: Http) -> None:
    body = {"spec": {"nonResourceAttributes": {"path": "/version", "verb": "get"}}}
    answer = http_("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    assert answer.body["status"] == {"allowed": True}


def test_rules_are_listed_for_a_namespace(serve: Serve) -> None:
    http_ = serve(rules=[READER, role("own", rule("get", "", "pods"), namespace="elsewhere")])
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    rules = http_("POST", path, {"spec": {"namespace": "shop"}}).body["status"]["resourceRules"]
    assert rule("get list", GROUP, "clusters") in rules
    assert rule("get", "", "pods") not in rules
    assert http_("POST", path, {"spec": {}}).status == 400


def test_a_right_can_be_taken_while_the_api_runs(store: Store) -> None:
    store.create(CLUSTER, cluster())
    api = SandboxApi(store, token=None)
    http_ = Http(api.start(), None)
    try:
        assert http_("GET", CLUSTERS).status == 200
        api.deny("list", GROUP, "clusters")
        assert http_("GET", CLUSTERS).status == 403
        assert http_("GET", f"{CLUSTERS}/orders").status == 200
    finally:
        api.stop()
