from __future__ import annotations

import pytest

from gitops_mcp.domain.remote_url import RemoteUrl, parse_remote_url, without_logins

FLEET = RemoteUrl("git.example", "org/fleet")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("https://git.example/org/fleet", FLEET, id="https"),
        pytest.param("https://git.example/org/fleet.git", FLEET, id="with .git"),
        pytest.param("https://git.example/org/fleet.git/", FLEET, id="with a slash at the end"),
        pytest.param("https://ann:s3cr@t@git.example:8443/org/fleet", FLEET, id="a login with @ in it, and a port"),
        pytest.param("HTTPS://Git.Example/org/fleet", FLEET, id="capitals in scheme and host"),
        pytest.param("ssh://git@git.example:22/org/fleet.git", FLEET, id="ssh"),
        pytest.param("git@git.example:org/fleet.git", FLEET, id="as scp writes it"),
        pytest.param("git.example:/org/fleet", FLEET, id="as scp writes it, without a user, from the root"),
        pytest.param("git@git.example:~/org/fleet", FLEET, id="below a home"),
        pytest.param("  git@git.example:org/fleet\n", FLEET, id="with white space around it"),
        pytest.param("git@git.example:Org/Fleet", RemoteUrl("git.example", "Org/Fleet"), id="the path keeps capitals"),
        pytest.param("ssh://git@[2001:db8::1]:22/org/fleet", RemoteUrl("[2001:db8::1]", "org/fleet"), id="IPv6"),
        pytest.param("ssh://git@ssh.github.com:443/org/fleet", RemoteUrl("github.com", "org/fleet"), id="port 443"),
        *(
            pytest.param(text, RemoteUrl("dev.azure.com", "org/shop/fleet"), id=f"Azure DevOps, {text}")
            for text in (
                "https://org@dev.azure.com/org/shop/_git/fleet",
                "git@ssh.dev.azure.com:v3/org/shop/fleet",
                "https://org.visualstudio.com/DefaultCollection/shop/_git/fleet",
                "org@vs-ssh.visualstudio.com:v3/org/shop/fleet",
            )
        ),
        pytest.param("/srv/git/fleet.git", RemoteUrl("", "/srv/git/fleet.git"), id="a path on disk"),
        pytest.param("file:///srv/git/fleet.git", RemoteUrl("", "srv/git/fleet"), id="a file URL"),
        pytest.param("../fleet", RemoteUrl("", "../fleet"), id="a relative path"),
        pytest.param("", RemoteUrl("", ""), id="nothing"),
    ],
)
def test_where_a_remote_is(text: str, found: RemoteUrl) -> None:
    assert parse_remote_url(text) == found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("https://ann:s3cret@git.example/x", "https://git.example/x", id="user and password"),
        pytest.param("https://ghp_token@git.example/x", "https://git.example/x", id="a token"),
        pytest.param("https://ann:s3cr@t@git.example/x", "https://git.example/x", id="a password with @"),
        pytest.param(
            "fatal: https://a:b@h/x and ssh://git@h/y", "fatal: https://h/x and ssh://h/y", id="two in a text"
        ),
        pytest.param("https://git.example/@scope/x", "https://git.example/@scope/x", id="an @ in the path stays"),
        pytest.param("git@git.example:x", "git@git.example:x", id="as scp writes it: it holds no secret"),
    ],
)
def test_logins_are_taken_out_of_urls(text: str, shown: str) -> None:
    assert without_logins(text) == shown
