from __future__ import annotations

import pytest

from gitops_mcp.adapters.secrets.interface import WantedSecret, generate_password
from gitops_mcp.errors import InvalidRequest


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
