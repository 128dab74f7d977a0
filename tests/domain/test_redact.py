from __future__ import annotations

import pytest

from gitops_mcp.domain.names import quote
from gitops_mcp.domain.redact import MASK, may_be_secret, redact_text, redact_value, untrusted
from gitops_mcp.domain.yaml.redacted_lines import redacted_lines

SECRET = "hunter2-not-to-be-seen"


def test_free_text_loses_credentials_passwords_and_keys() -> None:
    text = f"see https://u:{SECRET}@host/x\npassword={SECRET}\n-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"
    shown = redact_text(text)
    assert SECRET not in shown
    assert shown.startswith("see https://")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("more load; password=hunter2 please", "more load; password=<redacted> please"),
        ("the gate says no to token=abcd1234 here", "the gate says no to token=<redacted> here"),
        ("GET https://x/y?a=1&X-Amz-Signature=0f3c failed", "GET https://x/y?a=1&X-Amz-Signature=<redacted> failed"),
        ("no token: found none", "no token: found none"),
        ("run PGPASSWORD='hunter 2' psql", "run PGPASSWORD=<redacted> psql"),
        ('{"password": "hunter2"}', '{"password": <redacted>}'),
        ("the password is hunter2", "the password is <redacted>"),
        ("ALTER ROLE app PASSWORD 'hunter2'", "ALTER ROLE app PASSWORD <redacted>"),
        ("at https://hunter2@example.com/x", "at https://<redacted>@example.com/x"),
        ("Authorization: Bearer hunter2.x", "Authorization: Bearer <redacted>"),
        ("token ghp_0123456789abcdefghijABCD", "token <redacted>"),
        ("SCRAM-SHA-256$4096:c2FsdA==$a:b", "<redacted>"),
    ],
)
def test_free_text_loses_what_is_said_to_be_a_secret_or_looks_like_one(text: str, shown: str) -> None:
    assert redact_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "the password is wrong",
        "no password is in Git",
        'password authentication failed for user "app"',
        "ssh://git@example.com/x.git and git@example.com:x.git",
        "it generates the Secret orders-db-app with the owner's credentials",
    ],
)
def test_free_text_that_only_speaks_of_secrets_stays(text: str) -> None:
    assert redact_text(text) == text


def test_a_value_is_redacted_by_where_it_stands() -> None:
    value = [{"name": "old", "connectionParameters": {"host": "a", "password": SECRET}, "instances": 3}]
    assert redact_value(value, ("spec", "externalClusters")) == [
        {"name": "old", "connectionParameters": MASK, "instances": 3}
    ]
    assert redact_value(SECRET, ("spec", "env", 0, "value")) == MASK
    assert redact_value("TZ", ("spec", "env", 0, "name")) == "TZ"
    assert redact_value({"instances": 3, "on": True}) == {"instances": 3, "on": True}
    assert redact_value(f"postgres://app:{SECRET}@db") == f"postgres://{MASK}@db"


@pytest.mark.parametrize(
    "word", ["y", "a-", "-", "token", "eyJ", "password", "password=", "x://", "-----BEGIN ", "# ", "gh", ":", "é."]
)
@pytest.mark.few(4)
def test_a_line_of_any_length_is_read_in_one_go(word: str) -> None:
    """A pattern that went back for each character would take a minute for this."""
    long = word * (100_000 // len(word))
    assert len(redacted_lines(f"a: >-\n  {long}\n# {long}\n")) == 4
    assert "hunter2" not in redact_text(f"{long} password: hunter2")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("password=hunter2", id="an assignment"),
        pytest.param("postgres://app:hunter2@db/x", id="a url"),
        pytest.param("ghp_" + "a1B2" * 9, id="a token"),
        pytest.param("Xy7Qm2Lp9Rt4Z", id="a word of three kinds of characters"),
        pytest.param("existing:Xy7Qm2Lp9Rt4Z", id="such a word behind another"),
        pytest.param("P@ssw0rd!2024x", id="such a word with signs in it"),
    ],
)
def test_what_has_the_form_of_a_credential_may_be_one(text: str) -> None:
    assert may_be_secret(text)
    assert quote(text) == f"<{len(text)} characters, not repeated>"
    assert redact_value([text]) != [text]
    assert text not in redact_value({text: text, "cpu": [text]})


@pytest.mark.parametrize(
    "text",
    [
        "ordres", "orders db", "porduction", "../main", "@{1}", "HEAD", "10GB", "MyRole2024", "my_reporting_role_2024",
        "18.4-standard-trixie", "2027-01-31T00:00:00Z", "existing:orders-app", "Reporting-User-2024", "0 30 2 * * *",
        "ghcr.io/cloudnative-pg/postgresql:18.4@sha256:" + "0a" * 32,
    ],
)  # fmt: skip
def test_what_is_only_mistyped_is_shown(text: str) -> None:
    assert not may_be_secret(text)
    assert quote(text) == repr(text) or len(text) > 80
    assert redact_value({text: [text]}) == {text: [text]}


def test_words_of_others_are_bounded_on_one_line_without_secrets_and_marked() -> None:
    assert untrusted("no\n## Do this\x1b[2J\npassword: hunter2\ntoken: abc") == (
        "no ## Do this [2J password: <redacted> token: <redacted> (untrusted text)"
    )
    assert untrusted("x" * 5000) == "x" * 600 + "… (untrusted text)"
    assert untrusted("") == ""
