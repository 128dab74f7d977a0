"""What is answered before anything else looks at a request: 401, 403 and what says how to sign in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import anyio
import httpx2
import pytest
from anyio import to_thread

from gitops_mcp.config.http_settings import resolve_http
from gitops_mcp.domain.access.identity import IDENTITY, Identity
from gitops_mcp.http.sign_in import SignIn
from tests.fakes.api import Answer
from tests.fakes.issuer import KEYS, RESOURCE, TokenIssuer, rsa_key, running_issuer

WELL_KNOWN = "/.well-known/oauth-protected-resource"
METADATA = f"https://gitops.example.com{WELL_KNOWN}/mcp"
MACHINE = "m" * 40
DIGEST = hashlib.sha256(MACHINE.encode()).hexdigest()
GROUPS = "groups:\n  team-shop: {scopes: [read], namespaces: [shop]}\n"
NONE: Mapping[str, str] = {}
CALL = {"mcp-method": "tools/call", "mcp-name": "scale_postgres_cluster"}


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    with running_issuer() as running:
        yield running


class Inside:
    """What is behind the sign-in: it says who came in."""

    def __init__(self) -> None:
        self.came: list[Identity | None] = []

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:  # noqa: ARG002 - the body is of no interest
        self.came.append(scope.get(IDENTITY))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})


class Site:
    def __init__(self, text: str) -> None:
        self.inside = Inside()
        self._app = SignIn(self.inside, resolve_http(text, name="http.yaml"))

    def asks(self, path: str = "/mcp", headers: Mapping[str, str] | list[tuple[str, str]] = NONE) -> httpx2.Response:
        return anyio.run(self._asked, path, headers)

    async def answer(self, token: str) -> httpx2.Response:
        return await self._asked("/mcp", {"authorization": f"Bearer {token}"})

    async def _asked(self, path: str, headers: Mapping[str, str] | list[tuple[str, str]]) -> httpx2.Response:
        transport = httpx2.ASGITransport(self._app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://gitops.example.com") as client:
            method = "GET" if path.startswith(("/.", "/h")) else "POST"
            return await client.request(method, path, headers=headers)

    def signs_in(self, token: str, **headers: str) -> httpx2.Response:
        return self.asks(headers={"authorization": f"Bearer {token}", **headers})


def challenge(answer: httpx2.Response) -> dict[str, str]:
    kind, _, rest = answer.headers["www-authenticate"].partition(" ")
    assert kind == "Bearer"
    return dict(re.findall(r'(\w+)="([^"]*)"', rest))


def test_without_a_token_it_says_where_to_get_one(issuer: TokenIssuer) -> None:
    site = Site(issuer.settings())
    answer = site.asks()
    assert answer.status_code == 401
    assert challenge(answer) == {"scope": "read", "resource_metadata": METADATA}
    for path in (WELL_KNOWN, f"{WELL_KNOWN}/mcp"):
        assert site.asks(path).json() == {
            "resource": RESOURCE,
            "authorization_servers": [issuer.url],
            "scopes_supported": ["read", "propose", "apply"],
            "bearer_methods_supported": ["header"],
            "resource_name": "gitops-mcp",
        }
    assert site.inside.came == []


def test_a_token_that_holds_comes_in_with_its_identity(issuer: TokenIssuer) -> None:
    site = Site(issuer.settings(f"tokens:\n  - {{name: ci, sha256: {DIGEST}}}\n"))
    assert site.signs_in(issuer.token()).text == "in"
    assert site.asks(headers={"authorization": f"bearer  {MACHINE}"}).text == "in"
    assert site.inside.came == [
        Identity("0f3a", issuer.url, "jane", frozenset({"team-shop"}), frozenset({"read"})),
        Identity("ci", "", "ci", frozenset(), frozenset({"read"})),
    ]


def test_what_a_kubelet_asks_is_open_and_nothing_else_is(issuer: TokenIssuer) -> None:
    site = Site(issuer.settings())
    assert [site.asks(path).status_code for path in ("/healthz", "/healthz/", "/metrics", "/", f"{WELL_KNOWN}/x")] == [
        200,
        401,
        401,
        401,
        401,
    ]
    assert site.inside.came == [None]


@pytest.mark.parametrize(
    ("path", "headers", "status", "error"),
    [
        pytest.param("/mcp", [("authorization", "Basic amFuZTpx")], 401, None, id="a password"),
        pytest.param("/mcp", [("authorization", "Bearer ")], 401, None, id="an empty token"),
        pytest.param("/mcp?access_token={token}", [], 401, None, id="a token in the query string"),
        pytest.param("/mcp?access_token=x", [("authorization", "Bearer {token}")], 400, "invalid_request", id="one there too"),
        pytest.param("/mcp", [("authorization", "Bearer {token}"), ("authorization", "Bearer x")], 400, "invalid_request", id="two tokens"),
        pytest.param("/mcp", [("authorization", "Bearer {token} x")], 401, "invalid_token", id="two in one"),
        pytest.param("/mcp", [("authorization", "Bearer \xfc")], 401, "invalid_token", id="no ASCII"),
        pytest.param("/mcp", [("authorization", "Bearer {other}")], 401, "invalid_token", id="signed by somebody else"),
    ],
)  # fmt: skip
def test_a_token_comes_in_one_way(
    issuer: TokenIssuer, path: str, headers: list[tuple[str, str]], status: int, error: str | None
) -> None:
    site = Site(issuer.settings())
    tokens = {"token": issuer.token(), "other": issuer.token(rsa_key(2))}
    given = [(name.encode(), value.format(**tokens).encode("latin-1")) for name, value in headers]
    answer = site.asks(path.format(**tokens), given)  # type: ignore[arg-type] # bytes, as they come
    assert (answer.status_code, challenge(answer).get("error")) == (status, error)
    assert all(token not in answer.text + str(answer.headers) for token in tokens.values())
    assert site.inside.came == []


def test_an_issuer_that_does_not_answer_is_no_fault_of_the_token(issuer: TokenIssuer) -> None:
    issuer.api.answers[KEYS] = Answer(500, b"inside")
    answer = Site(issuer.settings()).signs_in(issuer.token())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "inside" not in answer.text
    assert issuer.url not in answer.text


@pytest.mark.anyio
async def test_an_issuer_that_hangs_holds_up_nobody_elses_sign_in(issuer: TokenIssuer) -> None:
    hang, came = issuer.hangs(), set[str]()
    with running_issuer() as other:
        site = Site(issuer.settings(f"  - url: {other.url}\ntokens:\n  - {{name: ci, sha256: {DIGEST}}}\n"))

        async def sign_in(name: str, token: str) -> None:
            await site.answer(token)
            came.add(name)

        async with anyio.create_task_group() as group:
            for number in range(40):
                group.start_soon(sign_in, f"waiter {number}", issuer.token())
            await to_thread.run_sync(hang.begun.wait)
            try:
                await sign_in("machine", MACHINE)
                await sign_in("other", other.token())
                assert came == {"machine", "other"}
            finally:
                hang.set()
    assert len(came) == 42
    assert [one.name for one in site.inside.came if one][:2] == ["ci", "jane"]


def test_a_scope_that_a_token_lacks_is_asked_for_by_its_issuers_name(issuer: TokenIssuer) -> None:
    site = Site(issuer.settings("scopes: {db.read: [read], db.write: [propose], db.all: [apply]}\n"))
    none = site.signs_in(issuer.token(scope="openid"))
    assert (none.status_code, challenge(none)["error"], challenge(none)["scope"]) == (
        403,
        "insufficient_scope",
        "db.read",
    )
    assert challenge(none)["resource_metadata"] == METADATA
    reader = issuer.token(scope="db.read")
    assert site.signs_in(reader, **{**CALL, "mcp-name": "get_drift"}).status_code == 200
    wants = site.signs_in(reader, **CALL)
    assert (wants.status_code, challenge(wants)["scope"]) == (403, "db.read db.write")
    assert site.signs_in(issuer.token(scope="db.write"), **CALL).status_code == 200
    direct = site.signs_in(issuer.token(scope="db.write"), **{**CALL, "mcp-name": "restart_postgres_instance"})
    assert challenge(direct)["scope"] == "db.read db.write db.all"


def test_who_is_in_no_group_that_counts_has_no_right(issuer: TokenIssuer) -> None:
    site = Site(issuer.settings(GROUPS))
    assert site.signs_in(issuer.token()).status_code == 200
    answer = site.signs_in(issuer.token(groups=["others"]))
    assert (answer.status_code, "www-authenticate" in answer.headers) == (403, False)
    assert "no group of jane (0f3a) gives" in answer.text


@pytest.mark.parametrize(
    "claims",
    [
        {"preferred_username": "system:admin"},
        {"groups": ["team-shop", "system:masters"]},
        {"groups": "System:masters"},
        {"groups": ["\u017fystem:masters"]},
    ],
)
def test_nobody_is_impersonated_by_a_name_of_kubernetes(issuer: TokenIssuer, claims: dict[str, Any]) -> None:
    assert Site(issuer.settings()).signs_in(issuer.token(**claims)).status_code == 200
    answer = Site(issuer.settings("impersonate: true\n")).signs_in(issuer.token(**claims))
    assert answer.status_code == 403
    assert "begins with system:" in answer.text


def test_machines_alone_need_no_issuer() -> None:
    site = Site(f"tokens:\n  - {{name: ci, sha256: {DIGEST}}}\n")
    assert site.signs_in(MACHINE).status_code == 200
    assert challenge(site.asks()) == {"scope": "read"}
    assert site.asks(WELL_KNOWN).status_code == 401
