"""Which credential acts, in which order, and which host a variable's token may go to."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from gitops_mcp.adapters.forge.credentials import Credential, app_key, sources
from gitops_mcp.adapters.forge.place import ForgePlace, NoForge, forge_place
from gitops_mcp.adapters.forge.registry import open_forge
from gitops_mcp.adapters.forge.wire import Access

TOKENS = {"GITHUB_TOKEN": "t-github", "GITLAB_TOKEN": "t-gitlab", "GITEA_TOKEN": "t-gitea", "PATH": "/nowhere"}


def place(host: str, kind: str = "auto", api: str | None = None) -> ForgePlace:
    found = forge_place(kind, url=None, api=api, remotes=(f"https://{host}/platform/fleet",), homes=(), base="main")  # type: ignore[arg-type]
    assert isinstance(found, ForgePlace)
    return found


def first(at: ForgePlace, environ: dict[str, str], git: tuple[str, str] | None = None) -> Credential | None:
    found = (source() for source in sources(at, environ, (lambda: git) if git else None))
    return next((one for one in found if one), None)


@pytest.mark.parametrize(
    ("host", "kind", "environ", "name", "secret"),
    [
        ("github.com", "auto", {}, "GITHUB_TOKEN", "t-github"),
        ("github.com", "auto", {"GH_TOKEN": "t-gh"}, "GH_TOKEN", "t-gh"),
        ("acme.ghe.com", "auto", {}, "GITHUB_TOKEN", "t-github"),
        ("github.com", "auto", {"GH_ENTERPRISE_TOKEN": "t-e"}, "GITHUB_TOKEN", "t-github"),
        ("git.example.com", "github", {}, "GITHUB_TOKEN", "t-github"),
        ("git.example.com", "github", {"GH_ENTERPRISE_TOKEN": "t-e"}, "GH_ENTERPRISE_TOKEN", "t-e"),
        ("git.example.com", "github", {"GITHUB_SERVER_URL": "https://git.example.com"}, "GITHUB_TOKEN", "t-github"),
        (
            "git.example.com",
            "github",
            {"GITHUB_SERVER_URL": "https://github.com", "GH_ENTERPRISE_TOKEN": "t-e"},
            "GH_ENTERPRISE_TOKEN",
            "t-e",
        ),
        (
            "git.example.com",
            "github",
            {"GH_HOST": "git.example.com", "GH_ENTERPRISE_TOKEN": "t-e"},
            "GH_ENTERPRISE_TOKEN",
            "t-e",
        ),
        ("github.com", "auto", {"GH_HOST": "git.example.com"}, "GITHUB_TOKEN", "t-github"),
        ("gitlab.com", "auto", {}, "GITLAB_TOKEN", "t-gitlab"),
        ("git.example.com", "gitlab", {"GITLAB_HOST": "https://git.example.com/gl"}, "GITLAB_TOKEN", "t-gitlab"),
        ("git.example.com", "gitlab", {"GITLAB_HOST": "git.example.com:8443"}, "GITLAB_TOKEN", "t-gitlab"),
        ("git.example.com", "gitlab", {"GITLAB_HOST": "Git.example.com/gl"}, "GITLAB_TOKEN", "t-gitlab"),
        ("codeberg.org", "auto", {}, "GITEA_TOKEN", "t-gitea"),
        ("codeberg.org", "auto", {"GITEA_TOKEN": "", "FORGEJO_TOKEN": "t-f"}, "FORGEJO_TOKEN", "t-f"),
    ],
)
def test_a_variables_token_is_told_by_its_name(
    host: str, kind: str, environ: dict[str, str], name: str, secret: str
) -> None:
    assert first(place(host, kind), TOKENS | environ) == Credential(f"the token of {name}", secret)


@pytest.mark.parametrize(
    ("host", "kind", "environ"),
    [
        ("git.example.com", "github", {"GITHUB_SERVER_URL": "https://github.com"}),
        ("git.example.com", "github", {"GH_HOST": "other.example.com"}),
        ("git.example.com", "github", {"GH_HOST": "other.example.com", "GH_ENTERPRISE_TOKEN": "t-e"}),
        ("github.com", "auto", {"GITHUB_SERVER_URL": "https://git.example.com"}),
        ("acme.ghe.com", "auto", {"GITHUB_SERVER_URL": "https://github.com"}),
        ("gitlab.com", "auto", {"GITLAB_HOST": "git.example.com"}),
        ("codeberg.org", "auto", {"GITEA_SERVER_URL": "https://gitea.com"}),
        ("git.example.com", "gitlab", {"GITLAB_HOST": "gitlab.com"}),
        ("git.example.com", "gitlab", {"CI_SERVER_HOST": "gitlab.com"}),
        ("codeberg.org", "gitea", {"GITEA_SERVER_URL": "https://git.example.com"}),
    ],
)
def test_a_token_that_is_for_another_host_goes_nowhere(host: str, kind: str, environ: dict[str, str]) -> None:
    assert first(place(host, kind), TOKENS | environ) is None


@pytest.mark.parametrize(
    ("host", "kind"), [("gitlab.com", "auto"), ("codeberg.org", "auto"), ("git.example.com", "gitea")]
)
def test_a_token_of_one_forge_is_never_sent_to_another(host: str, kind: str) -> None:
    only = {"GITHUB_TOKEN": "t-github", "GH_TOKEN": "t-gh", "GH_ENTERPRISE_TOKEN": "t-e", "PATH": "/nowhere"}
    assert first(place(host, kind), only) is None


ELSEWHERE: list[tuple[str, dict[str, str], str | None]] = [
    ("gitlab", {}, None),
    ("gitlab", {"GITLAB_HOST": "git.example.com"}, None),
    ("gitlab", {"GITLAB_HOST": "https://api.example.com"}, "t-gitlab"),
    ("gitlab", {"GITLAB_HOST": "git.example.com", "CI_SERVER_HOST": "api.example.com:8443"}, "t-gitlab"),
    ("github", {"GH_ENTERPRISE_TOKEN": "t-e"}, None),
    ("github", {"GH_HOST": "git.example.com", "GH_ENTERPRISE_TOKEN": "t-e"}, None),
    ("github", {"GH_HOST": "api.example.com", "GH_ENTERPRISE_TOKEN": "t-e"}, "t-e"),
    ("gitea", {"GITEA_SERVER_URL": "https://git.example.com"}, None),
    ("gitea", {"GITEA_SERVER_URL": "https://api.example.com"}, "t-gitea"),
]


@pytest.mark.parametrize(("kind", "environ", "secret"), ELSEWHERE)
def test_an_api_at_another_host_gets_a_token_only_where_a_variable_names_that_host(
    kind: str, environ: dict[str, str], secret: str | None, tmp_path: Path
) -> None:
    command(tmp_path / "gh", 'test "$4" = git.example.com && echo t-of-gh')
    command(tmp_path / "glab", "grep -q host=git.example.com && echo password=t-of-glab")
    at = place("git.example.com", kind, "https://api.example.com/v4")
    found = first(at, TOKENS | {"PATH": f"{tmp_path}:/usr/bin:/bin"} | environ)
    assert (found.secret if found else None) == secret


def test_what_would_help_names_the_host_of_an_api_at_another_one() -> None:
    at = place("git.example.com", "gitlab", "https://api.example.com/v4")
    found = open_forge(at, git=None, access=Access(), environ=TOKENS)
    assert isinstance(found, NoForge)
    assert found.why == (
        "no credentials for api.example.com (GitLab): set GITLAB_HOST to api.example.com and GITLAB_TOKEN to a token "
        "for it, or log in with glab; for https remotes git's own credentials work too"
    )


def test_a_variable_comes_before_what_git_has_and_that_before_gh(tmp_path: Path) -> None:
    command(tmp_path / "gh", 'test "$*" = "auth token --hostname github.com" && echo t-of-gh-$GH_TOKEN')
    at, environ = place("github.com"), {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    git = ("jane", "t-of-git")
    assert first(at, environ | {"GITHUB_TOKEN": "t"}, git) == Credential("the token of GITHUB_TOKEN", "t")
    assert first(at, environ, git) == Credential("git's credentials", "t-of-git", user="jane")
    assert first(at, environ) == Credential("gh", "t-of-gh-")
    assert first(at, environ, ("x", "")) == Credential("gh", "t-of-gh-")


def test_glab_answers_for_the_host_that_it_was_asked_for(tmp_path: Path) -> None:
    command(
        tmp_path / "glab", 'test "$*" = "auth git-credential get" && cat && echo username=oauth2 && echo password=t-g'
    )
    at, environ = place("gitlab.com"), {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    assert first(at, environ) == Credential("glab", "t-g")
    command(tmp_path / "glab", "printf 'protocol=https\\nhost=other.example.com\\npassword=t-other\\n'")
    assert first(at, environ) is None
    command(tmp_path / "glab", "echo unknown command; exit 1")
    assert first(at, environ) is None


def test_a_token_in_place_of_the_user_is_one_too() -> None:
    environ = {"PATH": "/nowhere"}
    assert first(place("github.com"), environ, ("t-basic", "x-oauth-basic")) == Credential(
        "git's credentials", "t-basic"
    )


def test_without_any_the_answer_says_what_would_help() -> None:
    found = open_forge(place("github.com"), git=None, access=Access(), environ={"PATH": "/nowhere"})
    assert isinstance(found, NoForge)
    assert found.kind == "github"
    assert found.why == (
        "no credentials for github.com (GitHub): set GH_TOKEN to a token for it or log in with gh auth login --hostname "
        "github.com; for https remotes git's own credentials work too"
    )


def test_no_secret_is_printed() -> None:
    key = app_key(place("github.com"), {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": "planted-key"})
    shown = (
        repr(Credential("the token of X", "planted-token", user="jane"))
        + repr(key)
        + repr(Access(proxy="planted-proxy"))
    )
    assert "planted" not in shown


def test_what_is_wrong_with_the_variables_of_an_app_is_told(tmp_path: Path) -> None:
    at = place("github.com")
    assert app_key(at, {"GITHUB_APP_PRIVATE_KEY": "k"}) is None
    assert app_key(at, {"GITHUB_APP_ID": "1"}) == (
        "GITHUB_APP_ID is set without its key: set GITHUB_APP_PRIVATE_KEY_PATH or GITHUB_APP_PRIVATE_KEY"
    )
    missing = str(tmp_path / "none.pem")
    found = app_key(at, {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY_PATH": missing})
    assert found == "GITHUB_APP_PRIVATE_KEY_PATH: the file that it names cannot be read: No such file or directory"
    assert app_key(place("gitlab.com"), {"GITHUB_APP_ID": "1"}) is None
    environ = {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": "k", "GITHUB_SERVER_URL": "https://github.com"}
    assert app_key(place("git.example.com", "github"), environ) is None


def command(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_what_git_has_is_sent_to_gitea_as_git_sends_it() -> None:
    from gitops_mcp.adapters.forge.registry import _basic_for_users

    sent = _basic_for_users(Credential("git's credentials", "secret", user="jane"))
    assert sent == f"Basic {base64.b64encode(b'jane:secret').decode()}"
    assert _basic_for_users(Credential("the token of GITEA_TOKEN", "t")) == "Bearer t"


@pytest.mark.parametrize(
    ("api", "host", "environ", "secret"),
    [
        ("https://git.example.com/v4", "git.example.com", {}, "t"),
        ("https://git.example.com:443/v4", "git.example.com", {}, "t"),
        ("http://git.example.com/v4", "http://git.example.com", {}, None),
        ("http://git.example.com/v4", "http://git.example.com", {"GITLAB_HOST": "git.example.com"}, None),
        ("http://git.example.com/v4", "http://git.example.com", {"GITLAB_HOST": "http://git.example.com"}, "t"),
        ("https://git.example.com:8443/v4", "git.example.com:8443", {}, None),
        ("https://git.example.com:8443/v4", "git.example.com:8443", {"GITLAB_HOST": "git.example.com"}, None),
        ("https://git.example.com:8443/v4", "git.example.com:8443", {"GITLAB_HOST": "git.example.com:8443"}, "t"),
    ],
)
def test_a_token_goes_to_another_port_or_over_http_where_a_person_says_so_alone(
    api: str, host: str, environ: dict[str, str], secret: str | None
) -> None:
    at = place("git.example.com", "gitlab", api)
    assert at.token_host == host
    found = first(at, {"GITLAB_TOKEN": "t", **environ})
    assert (found.secret if found else None) == secret
