from __future__ import annotations

import pytest

from gitops_mcp.adapters.secrets.existing import Existing
from gitops_mcp.adapters.secrets.interface import WantedSecret, generate_password
from gitops_mcp.errors import InvalidRequest
from tests.adapters.secrets.conftest import WANTED


def test_a_password_uses_every_letter_and_digit() -> None:
    made = "".join(generate_password() for _ in range(100))
    assert len(made) == 4000
    assert len(set(made)) == 62
    assert made.isascii()
    assert made.isalnum()


@pytest.mark.parametrize(
    ("namespace", "name", "username", "fault"),
    [
        ("Shop", "a", "app", "namespace: 'Shop' is not a namespace"),
        ("shop", "a_b", "app", "metadata.name: that is not the name of a Secret"),
        ("shop", "a" * 254, "app", "at most 253 characters"),
        ("shop", "a", "", "role_name: it is empty"),
        ("shop", "a", "r" * 64, "64 bytes"),
        ("shop", "a", "a\0b", "control character"),
        ("shop", "a", "\ud800", "half of a character"),
    ],
)
def test_a_wanted_secret_cannot_have_a_wrong_name(namespace: str, name: str, username: str, fault: str) -> None:
    with pytest.raises(InvalidRequest, match=fault):
        WantedSecret(namespace, name, username)


@pytest.mark.parametrize(
    "given", ["Hunter2", "", "hunter..2", "-hunter2", "hunter2-", "h" * 254, "hunter2!", "hunter2\n"]
)
def test_what_is_not_the_name_of_a_secret_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(InvalidRequest, match=r"password_source: that is not the name of a Secret.*such as") as raised:
        Existing(given)
    assert not given or given not in str(raised.value)


@pytest.mark.parametrize("given", ["orders-app", "a.b-c.d", "0", "a" * 253])
def test_a_legal_name_is_that_of_a_secret(given: str) -> None:
    assert Existing(given).secret == given


def test_notes_say_what_an_existing_secret_must_hold() -> None:
    (note,) = Existing("orders-app").notes(WANTED)
    assert "shop/orders-app" in note
    for part in (
        "kubernetes.io/basic-auth",
        "`username`, which must be 'my_role'",
        "`password`",
        'cnpg.io/reload: "true"',
    ):
        assert part in note
