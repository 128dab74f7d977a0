"""What a test can make go wrong with a forge, what it can count, and what a forge does not know yet after a push."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gitops_mcp.sandbox.forges.values import ForgeName
from tests.fakes.forges import ForgeServers, ServedForge

R = "/repos/platform/fleet/pulls"
NEW = {
    "github": (R, {"head": "change", "base": "main", "title": "Change"}),
    "gitea": (R, {"head": "change", "base": "main", "title": "Change"}),
    "gitlab": (
        "/projects/platform%2Ffleet/merge_requests",
        {"source_branch": "change", "target_branch": "main", "title": "Change"},
    ),
}


def ask(served: ServedForge, method: str, path: str, body: Any = None, token: str | None = None) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token or served.forge.token()}"}
    return httpx2.request(method, f"{served.api}{path}", json=body, headers=headers, timeout=10)


def test_it_says_what_it_is_and_listens_here_only(forge_server: ForgeServers) -> None:
    served = forge_server("gitlab")
    assert served.url.startswith("http://127.0.0.1:")
    assert "A stand-in for gitlab" in httpx2.get(served.url).text


@pytest.mark.parametrize(
    ("name", "how", "status", "headers", "words"),
    [
        ("github", "rate limit", 403, {"x-ratelimit-remaining": "0"}, "API rate limit exceeded"),
        ("github", "secondary limit", 403, {"retry-after": "60"}, "secondary rate limit"),
        ("github", "html", 503, {"content-type": "text/html; charset=utf-8"}, "<h1>503 Service Unavailable</h1>"),
        ("github", "sso", 403, {}, "SAML enforcement"),
        (
            "gitlab",
            "rate limit",
            429,
            {"retry-after": "30", "content-type": "text/plain; charset=utf-8"},
            "Retry later",
        ),
        ("gitea", "500", 500, {}, '"message": ""'),
    ],
)
@pytest.mark.few(2)
def test_a_failure_comes_as_often_as_wanted(
    forge_server: ForgeServers, name: ForgeName, how: str, status: int, headers: dict[str, str], words: str
) -> None:
    served = forge_server(name)
    served.server.fail("GET .*/user", how, times=1)
    first = ask(served, "GET", "/user")
    assert first.status_code == status
    assert words in first.text
    assert headers.items() <= dict(first.headers).items()
    assert ask(served, "GET", "/user").status_code == 200


def test_a_slow_answer_comes_late(forge_server: ForgeServers) -> None:
    served = forge_server("github")
    served.server.fail("/user", delay=0.3)
    before = time.monotonic()
    assert ask(served, "GET", "/user").status_code == 200
    assert time.monotonic() - before >= 0.3


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("github", 422, '{"resource": "PullRequest", "field": "head", "code": "invalid"}'),
        ("gitlab", 400, '{"message": {"source_branch": ["does not exist"]}}'),
        ("gitea", 404, '"message": "not found"'),
    ],
)
def test_a_branch_just_pushed_is_not_seen_at_once(
    forge_server: ForgeServers, name: ForgeName, status: int, words: str
) -> None:
    served = forge_server(name)
    served.commit("change")
    served.forge.lags.create = 1
    first = ask(served, "POST", *NEW[name])
    assert first.status_code == status
    assert words in first.text
    assert ask(served, "POST", *NEW[name]).status_code == 201


def test_what_was_just_made_is_not_known_to_labels_lists_and_heads(forge_server: ForgeServers) -> None:
    served = forge_server("github")
    pull = served.pull()
    served.forge.lags.labels = served.forge.lags.lists = 1
    path = "/repos/platform/fleet/issues/1/labels"
    refused = ask(served, "POST", path, {"labels": ["x"]})
    assert refused.status_code == 422
    assert "Could not resolve to a node with the global id" in refused.text
    assert ask(served, "POST", path, {"labels": ["x"]}).status_code == 200
    assert ask(served, "GET", R).json() == []
    assert len(ask(served, "GET", R).json()) == 1
    served.forge.lags.heads = 1
    before, after = pull.head, served.commit("change", "two\n")
    assert ask(served, "GET", f"{R}/1").json()["head"]["sha"] == before
    assert ask(served, "GET", f"{R}/1").json()["head"]["sha"] == after


def test_requests_to_the_api_are_counted_with_whoever_asked(forge_server: ForgeServers) -> None:
    served = forge_server("gitea")
    with served.server.counted() as asked:
        ask(served, "GET", f"{R}?state=open")
        httpx2.get(f"{served.url}/platform/fleet.git/info/refs?service=git-upload-pack")
    assert [str(one) for one in asked] == ["GET /api/v1/repos/platform/fleet/pulls?state=open 200"]
    assert asked[0].user == "bot"


def test_the_owner_before_the_branch_is_what_filters_by_head(forge_server: ForgeServers) -> None:
    served = forge_server("github")
    served.pull("one")
    served.pull("two")

    def numbers(head: str) -> list[int]:
        return [row["number"] for row in ask(served, "GET", f"{R}?head={head}").json()]

    assert (numbers("platform:one"), numbers("one"), numbers("other:one")) == ([1], [2, 1], [])


def test_a_renamed_repository_moves_with_the_method_kept_for_writes(forge_server: ForgeServers) -> None:
    served = forge_server("github")
    served.forge.rename("platform/new")
    place = f"{served.api}/repositories/{served.forge.repository.id}/pulls"
    for method, status in (("GET", 301), ("POST", 307)):
        answer = ask(served, method, R, {} if method == "POST" else None)
        assert (answer.status_code, answer.headers["location"]) == (status, place)
    assert httpx2.get(place, headers={"Authorization": f"Bearer {served.forge.token()}"}).json() == []


def test_a_pull_request_across_forks_is_labelled_by_its_owner_and_outlives_the_fork(forge_server: ForgeServers) -> None:
    served = forge_server("github")
    fork = served.forge.fork("contributor", served.folder / "fork.git")
    head = served.commit("change")
    served.git("push", "--quiet", str(fork.path), "change")
    made = ask(served, "POST", R, {"head": "contributor:change", "base": "main", "title": "Across"}).json()
    assert (made["head"]["label"], made["head"]["repo"]["full_name"]) == ("contributor:change", "contributor/fleet")
    served.forge.delete_repository(fork)
    gone = ask(served, "GET", f"{R}/1").json()["head"]
    assert (gone["label"], gone["repo"], gone["sha"]) == (None, None, head)


def test_what_is_pushed_to_the_base_is_merged_and_a_rewritten_branch_is_not_reopened(
    forge_server: ForgeServers,
) -> None:
    served = forge_server("github")
    served.pull("one")
    served.git("push", "--quiet", "origin", "one:main")
    assert ask(served, "GET", f"{R}/1").json()["merged"] is True
    served.forge.close(served.pull("two"))
    served.git("commit", "--quiet", "--amend", "--message=Other")
    served.git("push", "--quiet", "--force", "origin", "two")
    refused = ask(served, "PATCH", f"{R}/2", {"state": "open"})
    assert refused.status_code == 422
    assert "The two branch was force-pushed or recreated." in refused.text


def test_an_app_gets_a_token_for_a_signed_statement(forge_server: ForgeServers) -> None:
    import jwt

    served = forge_server("github")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    served.forge.app_key = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    now = int(time.time())

    def statement(until: int) -> str:
        return jwt.encode({"iat": now - 60, "exp": until, "iss": str(served.forge.app_id)}, key, algorithm="RS256")

    found = ask(served, "GET", "/repos/platform/fleet/installation", token=statement(now + 540)).json()
    path = f"/app/installations/{found['id']}/access_tokens"
    token = ask(served, "POST", path, {}, token=statement(now + 540)).json()["token"]
    served.commit("change")
    made = ask(served, "POST", *NEW["github"], token=token).json()
    assert (made["user"]["login"], made["user"]["type"]) == ("fleet-app[bot]", "Bot")
    expired = ask(served, "POST", path, {}, token=statement(now - 10))
    assert (expired.status_code, "'Expiration time' claim ('exp')" in expired.text) == (401, True)
    garbled = ask(served, "POST", path, {}, token="a.b.c")
    assert garbled.json()["message"] == "A JSON web token could not be decoded"
