"""The file of --http-config: every fault with its line, and nothing that is secret repeated."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from gitops_mcp.cli import main
from gitops_mcp.config import json_schema
from gitops_mcp.config.http_settings import read_http_config, resolve_http
from gitops_mcp.domain.access.identity import Issuer, StaticToken
from gitops_mcp.domain.access.rights import AccessRules, Grant
from gitops_mcp.errors import InvalidRequest

DIGEST = "a" * 64
WHOLE = f"""\
resource: https://gitops.example.com/mcp/
issuers:
  - url: https://login.example.com/platform
    audiences: [gitops]
    jwks: https://login.example.com/platform/keys
    algorithms: [ES256]
    groupsClaim: realm_access.roles
    nameClaim: email
    scopesClaim: scp
    requires: {{azp: gitops-client}}
    skew: 10
  - url: http://127.0.0.1:8080
tokens:
  - {{name: ci, sha256: {DIGEST}, scopes: [propose], groups: [team-shop]}}
scopes: {{db.read: [read], db.write: [propose]}}
groups:
  team-shop: {{scopes: [read, apply], environments: [dev], namespaces: [shop, shop]}}
  Everyone at Example: {{}}
impersonate: true
limits: {{requestsPerMinute: 60, atOnce: 2}}
stateKeyFile: /etc/gitops-mcp/state.key
"""
SHOP = Grant(frozenset({"read", "propose", "apply"}), frozenset({"dev"}), ("shop",))


def test_it_is_read_into_one_frozen_value() -> None:
    found = resolve_http(WHOLE, name="http.yaml")
    own, other = found.issuers
    assert own == Issuer(
        url="https://login.example.com/platform",
        audiences=("gitops",),
        jwks="https://login.example.com/platform/keys",
        algorithms=("ES256",),
        groups_claim="realm_access.roles",
        name_claim="email",
        scopes_claim="scp",
        requires={"azp": "gitops-client"},
        skew=10.0,
    )
    assert other.audiences == ("https://gitops.example.com/mcp", "https://gitops.example.com/mcp/")
    assert (other.algorithms, other.skew, other.jwks) == (("RS256", "ES256"), 30.0, None)
    assert found.tokens == (StaticToken("ci", DIGEST, frozenset({"read", "propose"}), frozenset({"team-shop"})),)
    assert found.access == AccessRules({"team-shop": SHOP, "Everyone at Example": Grant(frozenset({"read"}))})
    assert (found.requests_per_minute, found.at_once, found.impersonate) == (60, 2, True)
    assert (found.resource, found.state_key_file) == (
        "https://gitops.example.com/mcp",
        Path("/etc/gitops-mcp/state.key"),
    )
    assert DIGEST not in repr(found)


def test_a_scope_is_asked_for_by_the_names_that_issuers_have() -> None:
    names = resolve_http(WHOLE, name="http.yaml").names_of
    assert [names(one) for one in ("read", "propose", "apply")] == ["db.read", "db.read db.write", ""]
    only = resolve_http(WHOLE.replace("db.read: [read], ", ""), name="http.yaml")
    assert only.names_of("read") == "db.write"


BAD = {
    "issuers: [{url: https://login.example.com, algorithms: [HS256]}]\nresource: https://x.example.com\n": [
        "http.yaml:1: issuers[0].algorithms[0]: expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, found 'HS256'"
    ],
    "resource: https://x.example.com\nissuers:\n- url: http://login.example.com\n  skew: 90\n- jwks: https://u:hush@x/k\n": [
        "http.yaml:3: issuers[0].url: expected an https address: over http, which only 127.0.0.1 is asked by, anybody may answer",
        "http.yaml:4: issuers[0].skew: expected a number from 0 to 60, found 90",
        "http.yaml:5: issuers[1].jwks: expected an address without user, password, query and fragment, such as https://login.example.com/platform",
        "http.yaml:5: issuers[1].url: is missing; expected text",
    ],
    "tokens:\n- hush-hush\n- {name: ci, sha256: 4242, token: t}\n- {name: cd, sha256: hush}\n": [
        "http.yaml:2: tokens[0]: expected a mapping, found a value that is not repeated here",
        "http.yaml:3: tokens[1].sha256: expected text, found a value that is not repeated here",
        "http.yaml:3: tokens[1].token: unknown key; there are: groups, name, scopes, sha256",
        "http.yaml:4: tokens[2].sha256: expected the SHA-256 of a token, 64 digits of 0-9 and a-f: printf %s TOKEN | sha256sum; what stands here is not repeated",
    ],
    f"impersonate: true\ntokens:\n- {{name: System:ci, sha256: {DIGEST}, groups: [x]}}\n- {{name: b, sha256: {DIGEST}}}\ngroups: {{y: {{}}}}\n": [
        "http.yaml:3: tokens[0].groups[0]: no group 'x' below `groups`; there are: y",
        "http.yaml:3: tokens[0]: 'System:ci' begins with system:, and Kubernetes gives such names rights of its own; choose another one, or leave impersonate out",
        "http.yaml:4: tokens[1].sha256: stands twice, first in line 3; keep one",
    ],
    f"tokens:\n- {{name: ' system:ci', sha256: {DIGEST}, groups: ['a\u200b']}}\n": [
        "http.yaml:2: tokens[0].groups[0]: expected the name of a caller or a group, as tokens have it, such as team-shop. It has 1 to 256 characters that can be seen, on one line, with no blank around them",
        "http.yaml:2: tokens[0].name: expected the name of a caller or a group, as tokens have it, such as team-shop. It has 1 to 256 characters that can be seen, on one line, with no blank around them",
    ],
    "issuers: [{url: https://login.example.com}]\n": [
        "http.yaml:1: resource: is missing, and tokens of issuers are made for it: the address of this server"
    ],
    f"tokens: [{{name: a, sha256: {DIGEST}}}]\ngroups: {{shop: {{namespaces: [Shop], environments: [], scopes: [admin]}}}}\n": [
        "http.yaml:2: groups.shop.environments: expected at least one entry; to set no bounds, leave the key out",
        "http.yaml:2: groups.shop.namespaces[0]: 'Shop' is not a namespace: at most 63 lower-case letters, digits and '-', starting and ending with a letter or digit",
        "http.yaml:2: groups.shop.scopes[0]: expected one of read, propose, apply, found 'admin'",
    ],
    "": ["http.yaml:1: nobody could sign in: name an issuer below `issuers`, or a token below `tokens`"],
}  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_every_fault_is_named_with_its_line_and_no_secret(text: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        resolve_http(text, name="http.yaml")
    assert str(error.value).splitlines()[1:] == [f"- {one}" for one in BAD[text]]
    assert "hush" not in str(error.value)
    assert "4242" not in str(error.value)
    assert DIGEST not in str(error.value)


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"--http-config: .*none\.yaml cannot be read: No such file"):
        read_http_config(tmp_path / "none.yaml")
    (tmp_path / "http.yaml").write_text(WHOLE)
    assert read_http_config(tmp_path / "http.yaml").impersonate is True


def test_the_command_prints_a_schema_that_takes_what_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "http"]) == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed == json_schema("http")
    validator = Draft202012Validator(printed)
    Draft202012Validator.check_schema(printed)
    validator.validate(yaml.safe_load(WHOLE))
    for text in list(BAD)[:3]:
        assert not validator.is_valid(yaml.safe_load(text))
    assert printed["properties"]["tokens"]["items"]["properties"]["sha256"]["writeOnly"] is True
    assert all(
        one["description"] for one in printed["properties"].values() if "description" in one or one["type"] != "object"
    )
