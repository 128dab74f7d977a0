"""The lines of a manifest with each secret value masked."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.redact import MASK
from gitops_mcp.domain.yaml.redacted_lines import redacted_lines

SECRET = "hunter2-not-to-be-seen"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"kind: Secret\nstringData:\n  password: {SECRET}\n", id="stringData of a Secret"),
        pytest.param(f"kind: Secret\ndata: {{password: {SECRET}}}\n", id="flow style"),
        pytest.param(f"kind: Secret\nstringData:\n  conf: |\n    user=x\n    {SECRET}\n", id="block scalar"),
        pytest.param(f'kind: Secret\r\nstringData:\r\n  password: "{SECRET}"\r\n', id="CRLF"),
        pytest.param(f"\ufeffkind: Secret\nstringData:\n  password: {SECRET}\n", id="byte order mark"),
        pytest.param(f"spec:\n  env:\n    - name: X\n      value: {SECRET}\n", id="value of an environment variable"),
        pytest.param(
            f"externalClusters:\n- connectionParameters:\n    password: {SECRET}\n", id="connection parameters"
        ),
        pytest.param(f"initdb:\n  postInitSQL:\n    - ALTER ROLE x PASSWORD '{SECRET}'\n", id="post-init SQL"),
        pytest.param(f"ldap:\n  bindSearchAuth:\n    bindPassword: {SECRET}\n", id="bind password"),
        pytest.param(f"a:\n  adminPassword: {SECRET}\n", id="a key that names a password"),
        pytest.param(f"# password: {SECRET}\na: 1\n", id="a comment"),
        pytest.param(f"a: 1 # it was password={SECRET} once\n", id="a comment behind a value"),
        pytest.param(f"parameters:\n  conninfo: host=x password={SECRET}\n", id="a password within a value"),
        pytest.param(f"url: postgres://app:{SECRET}@db/app\n", id="credentials in a URL"),
        pytest.param(f"{{{{ .Values }}}}\npassword: {SECRET}\n", id="a file that does not parse"),
        pytest.param(f"{{{{ .Values }}}}\nstringData:\n  a: {SECRET}\nb: 1\n", id="below a key, in one that does not"),
        pytest.param(f"{{{{ if }}}}\n  data:\n    a: |\n      x\n\n      {SECRET}\n", id="a block there"),
        pytest.param(f"{{{{ if }}}}\nenv:\n- name: X\n  value: {SECRET}\n", id="an environment variable there"),
        pytest.param(f"{{{{ if }}}}\npostInitSQL:\n- SELECT '{SECRET}'\n", id="items there, as deep as their key"),
        pytest.param(f"stringData: &anchor\n  x: {SECRET}\nother: *anchor\n", id="an anchor"),
    ],
)
def test_no_line_of_a_secret_is_shown(text: str) -> None:
    shown = redacted_lines(text)
    assert SECRET not in "\n".join(shown)
    assert MASK in "\n".join(shown)
    assert len(shown) == len(text.split("\n"))


def test_what_is_no_secret_stays_as_it_is() -> None:
    text = (
        "kind: Cluster\r\nspec:\r\n  instances: 3 # three\r\n  managed:\r\n    roles:\r\n"
        "      - {name: app, passwordSecret: {name: app-password}, disablePassword: true}\r\n"
    )
    assert redacted_lines(text) == text.split("\n")


def test_the_rest_of_a_redacted_line_stays() -> None:
    assert (
        redacted_lines("stringData:\n  password: s3cret # rotated in May\r\n")[1]
        == f"  password: {MASK} # rotated in May\r"
    )


def test_what_is_nested_too_deep_to_read_is_redacted_by_its_lines() -> None:
    text = "password: hunter2\nx: " + "[" * 50_000 + "\n"
    assert "hunter2" not in "\n".join(redacted_lines(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(
            "stringData:\n  conf: |\n    one\n\n    two\nkind: Secret\n",
            ["stringData:", f"  conf: {MASK}", f"    {MASK}", "", f"    {MASK}", "kind: Secret", ""],
            id="a blank line within a value stays blank",
        ),
        pytest.param(
            "data: {a: one, b: two} # c\n", [f"data: {{a: {MASK}}} # c", ""], id="two on a line are masked as one"
        ),
        pytest.param(
            "a: &x one\nstringData:\n  b: *x\n",
            [f"a: {MASK}", "stringData:", "  b: *x", ""],
            id="what an alias stands for is masked where it is anchored",
        ),
    ],
)
def test_a_value_is_masked_where_it_stands(text: str, shown: list[str]) -> None:
    assert redacted_lines(text) == shown


SEALED = "AgB" + "x7Yz" * 100


def test_what_is_sealed_is_cut_short() -> None:
    text = f"kind: SealedSecret\nspec:\n  encryptedData:\n    username: {SEALED}\n    password: {SEALED}==  # new\n"
    assert redacted_lines(text)[3:5] == [
        "    username: AgBx7Yzx7Yzx… (sealed, 403 characters)",
        "    password: AgBx7Yzx7Yzx… (sealed, 405 characters)  # new",
    ]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(SECRET, id="text that nobody sealed"),
        pytest.param("aHVudGVyMi1ub3QtdG8tYmUtc2Vlbg==", id="base64 that is not sealed"),
        pytest.param(f"|\n      {SEALED}", id="a block"),
    ],
)
def test_what_is_not_sealed_where_that_should_stand_is_not_shown(value: str) -> None:
    shown = "\n".join(redacted_lines(f"kind: SealedSecret\nspec:\n  encryptedData:\n    username: {value}\n"))
    assert MASK in shown
    assert value.rsplit(maxsplit=1)[-1] not in shown


TEMPLATED = (
    "kind: ExternalSecret\nspec:\n  target:\n    template:\n      data:\n"
    "        username: reader\n"
    '        password: "{{ .password }}"\n'
    '        uri: "postgres://{{ .user }}@db/app"\n'
)


def test_the_template_of_an_external_secret_is_shown() -> None:
    assert redacted_lines(TEMPLATED) == TEMPLATED.split("\n")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"        password: {SECRET}", id="a password in clear text"),
        pytest.param(f"        password: '{{{{ \"{SECRET}\" }}}}'", id="a literal of a template"),
        pytest.param(f"        uri: postgres://app:{SECRET}@db/app", id="credentials in a URL"),
        pytest.param("        key: Zb3kQ9xPv7Lm2Rt8Wn4Y", id="what looks like a generated one"),
    ],
)
def test_a_value_in_the_template_of_an_external_secret_is_not_shown(line: str) -> None:
    shown = redacted_lines(f"{TEMPLATED}{line}\n")
    value = line.partition(": ")[2]
    assert value not in "\n".join(shown)
    assert MASK in shown[-2]
    elsewhere = TEMPLATED.replace("ExternalSecret", "Secret")
    assert redacted_lines(elsewhere)[5] == f"        username: {MASK}"
