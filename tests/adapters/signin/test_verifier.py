"""A token is taken where all of it holds by the configuration, and an error says nothing of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gitops_mcp.adapters.signin.errors import BadToken, NoKeys
from gitops_mcp.adapters.signin.verifier import Verifier
from gitops_mcp.config.http_settings import resolve_http
from gitops_mcp.domain.access.identity import Identity
from tests.fakes.api import Answer
from tests.fakes.issuer import KEYS, METADATA, TokenIssuer, ec_key, pem, rsa_key, running_issuer, shown

MACHINE = "m" * 40


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    with running_issuer() as running:
        yield running


def verifier(issuer: TokenIssuer, more: str = "", *, between: float = 60.0) -> Verifier:
    settings = resolve_http(issuer.settings(more), name="http.yaml")
    return Verifier(settings.issuers, settings.tokens, settings.scopes, between=between)


def refused(by: Verifier, token: str, told: str) -> None:
    with pytest.raises(BadToken, match=told) as error:
        by.identify(token)
    assert all(part not in str(error.value) for part in token.split(".") if len(part) > 8)


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def hs256(header: dict[str, Any], claims: dict[str, object], secret: bytes) -> str:
    text = f"{encoded({'alg': 'HS256', **header})}.{encoded(claims)}"
    signature = hmac.digest(secret, text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def test_a_token_that_holds_is_an_identity(issuer: TokenIssuer) -> None:
    found = verifier(issuer).identify(issuer.token(groups=["team-shop", "all"]))
    assert found == Identity("0f3a", issuer.url, "jane", frozenset({"team-shop", "all"}), frozenset({"read"}))
    assert str(found) == "jane (0f3a)"


def test_claims_are_read_as_the_file_says(issuer: TokenIssuer) -> None:
    by = verifier(
        issuer,
        "    groupsClaim: realm.roles\n    nameClaim: email\n    scopesClaim: scp\n    requires: {tid: a}\n"
        "scopes: {gitops.write: [propose]}\n",
    )
    token = issuer.token(realm={"roles": ["dba"]}, email=None, scp=["gitops.write", "read"], tid="a")
    assert by.identify(token) == Identity(
        "0f3a", issuer.url, "0f3a", frozenset({"dba"}), frozenset({"read", "propose"})
    )
    refused(by, issuer.token(tid="b"), "its claim tid is not the one that is required")


def test_groups_alone_decide_where_tokens_have_no_scopes(issuer: TokenIssuer) -> None:
    by = verifier(issuer, "    scopesClaim: null\nscopes: {db.read: [read]}\n")
    found = by.identify(issuer.token(scope=None))
    assert found.scopes == {"read", "propose", "apply"}


HOUR = 3600


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(
            lambda i: i.token(aud="https://other.example.com"), "its aud does not name this one", id="wrong audience"
        ),
        pytest.param(lambda i: i.token(aud=None), "it lacks a claim", id="no audience"),
        pytest.param(lambda i: i.token(exp=int(time.time()) - HOUR), "it has expired", id="expired"),
        pytest.param(lambda i: i.token(exp=int(time.time()) - 61), "it has expired", id="expired beyond the skew"),
        pytest.param(lambda i: i.token(exp=None), "it lacks a claim", id="never expires"),
        pytest.param(lambda i: i.token(nbf=int(time.time()) + HOUR), "it is not valid yet", id="not yet valid"),
        pytest.param(lambda i: i.token(sub=None), "it lacks a claim", id="of nobody"),
        pytest.param(lambda i: i.token(sub="a\nb"), "not a text", id="a subject of two lines"),
        *[
            pytest.param(lambda i, given=given: i.token(**given), told, id=f"{told} {name!r}")
            for name in (
                "jane ",
                " system:masters",
                "\tsystem:masters",
                "a\u00a0b",
                "\u200bsystem:masters",
                "a\x85",
                "",
            )
            for given, told in (
                ({"preferred_username": name}, "its sub, or the claim with the name, is not a text"),
                ({"sub": name}, "its sub, or the claim"),
                ({"groups": [name]}, "its groups are not"),
            )
        ],
        pytest.param(lambda i: i.token(groups=["g"] * 501), "not at most 500 names", id="too many groups"),
        pytest.param(
            lambda i: i.token(iss="https://evil.example.com"),
            "its issuer is not configured on this server",
            id="another issuer",
        ),
        pytest.param(lambda i: i.token(rsa_key(2)), "its signature is not valid", id="signed by somebody else"),
        pytest.param(
            lambda i: i.token("k" * 40, algorithm="HS256"), "its algorithm is not accepted", id="a shared secret"
        ),
        pytest.param(
            lambda i: hs256({"kid": "one"}, i.claims(), pem(rsa_key(1))),
            "its algorithm is not accepted",
            id="the public key as a secret",
        ),
        pytest.param(
            lambda i: f"{encoded({'alg': 'none', 'kid': 'one'})}.{encoded(i.claims())}.",
            "its algorithm is not accepted",
            id="unsigned",
        ),
        pytest.param(
            lambda i: i.token(ec_key(), algorithm="ES256"),
            "its issuer has no such key",
            id="an EC signature by an RSA key's id",
        ),
        pytest.param(
            lambda i: i.token(algorithm="RS512"),
            "its algorithm is not accepted",
            id="an algorithm that is not configured",
        ),
        pytest.param(lambda i: i.token(headers={"crit": ["x"], "x": 1}), "crit|can be read", id="an unknown extension"),
        pytest.param(lambda i: i.token(headers={"kid": "two"}), "its issuer has no such key", id="unknown key id"),
        pytest.param(
            lambda i: hs256({"kid": 7}, i.claims(), b"x"),
            "its algorithm is not accepted|can be read",
            id="a key id that is a number",
        ),
        pytest.param(lambda i: i.token() + "x" * 17_000, "it is not a bearer token", id="oversize"),
        pytest.param(lambda _: "a.b.c", "not a JWT that can be read", id="no JWT"),
        pytest.param(
            lambda i: i.token().rpartition(".")[0] + ".",
            "its signature is not valid|no JWT",
            id="without its signature",
        ),
    ],
)
def test_what_does_not_hold_is_refused(issuer: TokenIssuer, make: Callable[[TokenIssuer], str], told: str) -> None:
    refused(verifier(issuer), make(issuer), told)


def test_a_clock_may_be_off_by_the_skew(issuer: TokenIssuer) -> None:
    now = int(time.time())
    assert verifier(issuer).identify(issuer.token(exp=now - 15, nbf=now - 60)).name == "jane"
    assert verifier(issuer).identify(issuer.token(nbf=now + 15)).name == "jane"


def test_keys_and_addresses_in_a_token_are_not_looked_at(issuer: TokenIssuer) -> None:
    theirs = shown(rsa_key(2), "theirs")
    issuer.api.answers["/theirs"] = Answer(200, {"keys": [theirs]})
    headers = {"kid": "theirs", "jku": f"{issuer.url}/theirs", "x5u": f"{issuer.url}/theirs", "jwk": theirs}
    refused(verifier(issuer), issuer.token(rsa_key(2), headers=headers), "its issuer has no such key")
    assert issuer.reads_of("/theirs") == 0


def test_a_rotated_key_is_found_and_the_old_one_is_no_more(issuer: TokenIssuer) -> None:
    by = verifier(issuer, between=0.0)
    old = issuer.token()
    assert by.identify(old).name == "jane"
    issuer.shows([shown(rsa_key(2), "two")])
    assert by.identify(issuer.token(rsa_key(2), headers={"kid": "two"})).name == "jane"
    refused(by, old, "its issuer has no such key")


def test_unknown_key_ids_make_one_request_a_minute(issuer: TokenIssuer) -> None:
    by = verifier(issuer)
    for number in range(20):
        refused(by, issuer.token(headers={"kid": f"kid-{number}"}), "its issuer has no such key")
    assert by.identify(issuer.token()).name == "jane"
    assert issuer.reads_of(KEYS) == 1


def test_a_token_without_a_key_id_needs_the_only_key_of_its_kind(issuer: TokenIssuer) -> None:
    token = issuer.token(headers={"kid": None})
    issuer.shows([shown(rsa_key(1), None), shown(ec_key(), "e"), {"kty": "oct", "k": "c2VjcmV0", "kid": "one"}])
    assert verifier(issuer).identify(token).name == "jane"
    issuer.shows([shown(rsa_key(1), "one"), shown(rsa_key(2), "two")])
    refused(verifier(issuer), token, "its issuer has no such key")


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([shown(rsa_key(1), "one", use="enc")], id="for encryption"),
        pytest.param([shown(rsa_key(1), "one", alg="PS256")], id="for another algorithm"),
        pytest.param([{"kty": "RSA", "kid": "one", "n": "!", "e": "AQAB"}], id="broken"),
        pytest.param([shown(rsa_key(1), "one"), shown(rsa_key(2), "one")], id="two of one id"),
        pytest.param(["one", None, 7], id="no keys"),
    ],
)
def test_a_key_that_is_none_for_this_is_not_used(issuer: TokenIssuer, keys: list[Any]) -> None:
    issuer.shows(keys)
    refused(verifier(issuer), issuer.token(), "its issuer has no such key")


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # of signing with it
def test_a_short_key_is_not_used(issuer: TokenIssuer) -> None:
    short = rsa_key(3, 1024)
    issuer.shows([shown(short, "one")])
    refused(verifier(issuer), issuer.token(short), "its issuer has no such key")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(
            Answer(302, b"", {"Location": "http://127.0.0.1:1/keys"}),
            "302, a redirect, which is not followed",
            id="redirect",
        ),
        pytest.param(Answer(200, b'{"keys": [' + b" " * 600_000 + b"]}"), "answered more than 512 KB", id="oversize"),
        pytest.param(
            Answer(200, b"x" * 600_000, encoding="gzip"), "answered more than 512 KB", id="oversize once unpacked"
        ),
        pytest.param(Answer(200, b"<html>"), "answered no JSON", id="a page"),
        pytest.param(Answer(200, [1]), "where an object is expected", id="a list"),
        pytest.param(Answer(200, {"keys": [{}] * 101}), "no list of at most 100 `keys`", id="too many"),
        pytest.param(Answer(500, b"secret-of-theirs"), "answered 500$", id="down"),
    ],
)
def test_keys_are_bounded_and_come_from_where_they_should(issuer: TokenIssuer, answer: Answer, told: str) -> None:
    issuer.api.answers[KEYS] = answer
    by = verifier(issuer)
    with pytest.raises(NoKeys, match=told):
        by.identify(issuer.token())
    with pytest.raises(NoKeys, match=told):
        by.identify(issuer.token())
    assert issuer.reads_of(KEYS) == 1


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        pytest.param(
            {"issuer": "https://evil.example.com", "jwks_uri": "https://x"}, "is not the metadata of", id="of another"
        ),
        pytest.param({}, "is not the metadata of", id="empty"),
    ],
)
def test_metadata_has_to_be_the_issuers_own(issuer: TokenIssuer, metadata: object, told: str) -> None:
    issuer.api.answers[METADATA] = Answer(200, metadata)
    with pytest.raises(NoKeys, match=told):
        verifier(issuer).identify(issuer.token())


def test_metadata_names_keys_over_https(issuer: TokenIssuer) -> None:
    issuer.api.answers[METADATA] = Answer(200, {"issuer": issuer.url, "jwks_uri": "http://keys.example.com/"})
    with pytest.raises(NoKeys, match="keys that are not at an https address"):
        verifier(issuer).identify(issuer.token())


def test_an_older_issuer_has_its_metadata_elsewhere(issuer: TokenIssuer) -> None:
    found = issuer.api.answers.pop(METADATA)
    issuer.api.answers["/.well-known/oauth-authorization-server"] = found
    assert verifier(issuer).identify(issuer.token()).name == "jane"


def test_a_machines_token_is_known_by_its_digest(issuer: TokenIssuer) -> None:
    digest, short = (hashlib.sha256(one.encode()).hexdigest() for one in (MACHINE, "short"))
    by = verifier(
        issuer,
        f"tokens:\n  - {{name: ci, sha256: {digest}, scopes: [propose], groups: [team-shop]}}\n"
        f"  - {{name: old, sha256: {short}}}\ngroups: {{team-shop: {{}}}}\n",
    )
    assert by.identify(MACHINE) == Identity("ci", "", "ci", frozenset({"team-shop"}), frozenset({"read", "propose"}))
    refused(by, MACHINE[1:], "it is neither a token of this server nor a JWT")
    refused(by, "short", "it is neither a token of this server nor a JWT")
    refused(by, digest, "it is neither a token of this server nor a JWT")
    assert digest not in repr(vars(by))
    assert issuer.api.requests == []
