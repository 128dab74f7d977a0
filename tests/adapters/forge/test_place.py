"""Which forge a remote is on, and what is never guessed."""

from __future__ import annotations

import pytest

from gitops_mcp.adapters.forge.place import ForgePlace, NoForge, forge_place, is_same_host


def placed(
    remote: str, kind: str = "auto", *, url: str | None = None, api: str | None = None, home: str | None = None
) -> ForgePlace | NoForge:
    homes = () if home is None else (home,)
    return forge_place(kind, url=url, api=api, remotes=(remote,), homes=homes, base="main")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("remote", "kind", "url", "api"),
    [
        ("git@github.com:platform/fleet.git", "github", "https://github.com", "https://api.github.com"),
        ("https://x:y@github.com/platform/fleet", "github", "https://github.com", "https://api.github.com"),
        ("ssh://git@ssh.github.com:443/platform/fleet.git", "github", "https://github.com", "https://api.github.com"),
        ("https://acme.ghe.com/platform/fleet", "github", "https://acme.ghe.com", "https://api.acme.ghe.com"),
        ("git@acme.ghe.com:platform/fleet", "github", "https://acme.ghe.com", "https://api.acme.ghe.com"),
        ("git@gitlab.com:platform/fleet.git", "gitlab", "https://gitlab.com", "https://gitlab.com/api/v4"),
        ("https://codeberg.org/platform/fleet", "gitea", "https://codeberg.org", "https://codeberg.org/api/v1"),
        ("https://gitea.com/platform/fleet", "gitea", "https://gitea.com", "https://gitea.com/api/v1"),
    ],
)
def test_known_hosts_are_known(remote: str, kind: str, url: str, api: str) -> None:
    assert placed(remote) == ForgePlace(kind, url, api, "platform/fleet", "platform/fleet", "main")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("remote", "kind", "url", "api", "found"),
    [
        ("git@git.example.com:platform/fleet.git", "github", None, None, "https://git.example.com/api/v3"),
        ("ssh://git@git.example.com:2222/platform/fleet.git", "gitea", None, None, "https://git.example.com/api/v1"),
        ("http://git.example.com:3000/platform/fleet", "gitea", None, None, "http://git.example.com:3000/api/v1"),
        ("git@work:platform/fleet.git", "gitlab", "https://git.example.com", None, "https://git.example.com/api/v4"),
        ("https://git.example.com/gl/platform/fleet", "gitlab", "https://git.example.com/gl", None, "https://git.example.com/gl/api/v4"),
        ("git@git.example.com:platform/fleet", "gitlab", "https://git.example.com/gl", None, "https://git.example.com/gl/api/v4"),
        ("git@git.example.com:platform/fleet", "github", None, "https://api.example.com", "https://api.example.com"),
    ],
)  # fmt: skip
def test_the_configuration_says_it_of_other_hosts(
    remote: str, kind: str, url: str | None, api: str | None, found: str
) -> None:
    place = placed(remote, kind, url=url, api=api)
    assert isinstance(place, ForgePlace)
    assert (place.kind, place.api, place.path) == (kind, found, "platform/fleet")


@pytest.mark.parametrize(
    "host",
    [
        "git.example.com",
        "github.example.com",
        "gitlab.example.com",
        "evil-github.com",
        "github.com.evil.example",
        "ghe.com",
    ],
)
def test_an_unknown_host_is_never_guessed_at(host: str) -> None:
    found = placed(f"https://{host}/platform/fleet.git")
    assert isinstance(found, NoForge)
    assert f"nothing says what kind of forge '{host}' is: set forge.type in .gitops-mcp.yaml" in found.why


def test_none_is_none_on_a_known_host_too() -> None:
    assert placed("https://github.com/platform/fleet", "none") == NoForge(
        "forge.type is none, so no pull request is looked for"
    )


def test_a_remote_on_disk_has_no_pull_requests() -> None:
    assert isinstance(placed("/srv/fleet.git"), NoForge)
    assert isinstance(placed("file:///srv/fleet.git", "github"), NoForge)
    assert isinstance(forge_place("auto", url=None, api=None, remotes=(), homes=(), base="main"), NoForge)


def test_a_shorthand_of_git_is_known_by_what_it_stands_for() -> None:
    remotes = ("gh:platform/fleet", "https://github.com/platform/fleet")
    found = forge_place("auto", url=None, api=None, remotes=remotes, homes=(), base="main")
    assert isinstance(found, ForgePlace)
    assert (found.kind, found.path) == ("github", "platform/fleet")


def test_pushes_to_a_fork_lead_across_and_to_another_forge_nowhere() -> None:
    across = placed("git@github.com:platform/fleet", home="https://github.com/jane/fleet.git")
    assert isinstance(across, ForgePlace)
    assert (across.path, across.head_path, across.is_across) == ("platform/fleet", "jane/fleet", True)
    nowhere = placed("git@github.com:platform/fleet", home="https://gitlab.com/jane/fleet.git")
    assert isinstance(nowhere, NoForge)
    assert "pushed to gitlab.com and proposed at github.com" in nowhere.why


@pytest.mark.parametrize(
    ("remote", "url", "api", "same"),
    [
        ("https://git.example.com/platform/fleet", None, None, True),
        ("https://git.example.com/platform/fleet", None, "https://git.example.com/v4", True),
        ("https://git.example.com/platform/fleet", None, "https://git.example.com:443/v4", True),
        ("https://git.example.com/platform/fleet", None, "https://git.example.com:8443/v4", False),
        ("https://git.example.com:8443/platform/fleet", None, "https://git.example.com/v4", False),
        ("https://git.example.com/platform/fleet", None, "https://api.evil.example/v4", False),
        ("https://git.example.com/platform/fleet", "https://evil.example", None, False),
        ("https://git.example.com/platform/fleet", "http://git.example.com", None, False),
        ("git@git.example.com:platform/fleet", None, None, False),
    ],
)
def test_what_git_has_for_the_remote_is_for_its_host_alone(
    remote: str, url: str | None, api: str | None, *, same: bool
) -> None:
    place = placed(remote, "gitlab", url=url, api=api)
    assert isinstance(place, ForgePlace)
    assert is_same_host(remote, place) is same


@pytest.mark.parametrize(
    ("remote", "kind", "url", "api", "why"),
    [
        ("git@gitlab.com:platform/fleet", "auto", None, "https://api.evil.example/v4", "forge.api is at api.evil.example, and the API of gitlab.com is at gitlab.com: leave forge.api out"),
        ("https://github.com/platform/fleet", "github", None, "https://github.com.evil.example", "forge.api is at github.com.evil.example, and the API of github.com is at api.github.com: leave forge.api out"),
        ("git@acme.ghe.com:platform/fleet", "auto", None, "https://api.other.ghe.com", "forge.api is at api.other.ghe.com, and the API of acme.ghe.com is at api.acme.ghe.com: leave forge.api out"),
        ("https://codeberg.org/platform/fleet", "auto", None, "http://codeberg.org/api/v1", "forge.api is at http://codeberg.org, and the API of codeberg.org is at https://codeberg.org: leave forge.api out"),
        ("https://github.com/platform/fleet", "gitlab", None, None, "forge.type is gitlab, and github.com is github: leave forge.type out"),
        ("https://github.com/platform/fleet", "github", "https://evil.example", None, "forge.url is at evil.example, and the remote is at github.com: leave forge.url out"),
    ],
)  # fmt: skip
def test_a_known_host_is_asked_at_its_own_api_alone(
    remote: str, kind: str, url: str | None, api: str | None, why: str
) -> None:
    found = placed(remote, kind, url=url, api=api)
    assert isinstance(found, NoForge)
    assert found.why.startswith(why)


@pytest.mark.parametrize("api", ["https://api.github.com", "https://api.github.com/"])
def test_a_known_host_may_have_its_own_api_named(api: str) -> None:
    found = placed("git@github.com:platform/fleet", api=api)
    assert isinstance(found, ForgePlace)
    assert found.api == api
