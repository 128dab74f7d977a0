"""What git has for a host over http, asked of git itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_mcp.adapters.git.repository import Repository
from tests.adapters.git.conftest import git


@pytest.fixture
def helped(checkout: Path) -> Path:
    """A helper that answers for whatever host it is asked."""
    script = '!f() { test "$1" = get && while read line; do case "$line" in host=*) echo "password=of-${line#host=}";; esac; done; echo username=jane; }; f'
    git(checkout, "config", "credential.helper", script)
    return checkout


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("https://git.example.com/platform/fleet.git", ("jane", "of-git.example.com")),
        ("http://git.example.com:3000/platform/fleet", ("jane", "of-git.example.com:3000")),
        ("https://joe:in-the-address@git.example.com/platform/fleet", ("joe", "in-the-address")),
        ("git@git.example.com:platform/fleet.git", None),
        ("https://git.example.com/x\nhost=other.example.com", None),
    ],
)
def test_a_login_is_that_of_the_remotes_host(helped: Path, url: str, login: tuple[str, str] | None) -> None:
    git(helped, "remote", "set-url", "origin", url)
    assert Repository.open(helped).login("origin") == login


def test_an_address_that_stands_for_another_is_asked_for_as_that_one(helped: Path) -> None:
    git(helped, "config", "url.https://git.example.com/.insteadOf", "work:")
    git(helped, "remote", "set-url", "origin", "work:platform/fleet")
    assert Repository.open(helped).login("origin") == ("jane", "of-git.example.com")


def test_what_the_configuration_says_of_http_is_that_of_the_address(checkout: Path) -> None:
    git(checkout, "config", "http.sslVerify", "true")
    git(checkout, "config", "http.https://git.example.com.sslCAInfo", "/etc/corp.pem")
    git(checkout, "config", "http.https://git.example.com.proxy", "http://proxy:3128")
    git(checkout, "config", "http.https://other.example.com.sslVerify", "false")
    found = Repository.open(checkout).web_settings("https://git.example.com/api/v4")
    assert found == {"sslverify": "true", "sslcainfo": "/etc/corp.pem", "proxy": "http://proxy:3128"}
