"""The forge of a checkout, as a call gets it: from the configuration at the base, with what git has for the remote."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gitops_mcp.adapters.forge.interface import Forge
from gitops_mcp.adapters.forge.place import NoForge
from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.domain.pull_requests import NewPullRequest
from gitops_mcp.sandbox.forges.values import ForgeName
from tests.adapters.forge.conftest import FORGES, VARIABLES, Met


def configured(met: Met, text: str) -> None:
    """The file at the base, and the remote over http as people have it."""
    checkout = met.served.checkout
    met.served.git("checkout", "--quiet", "main")
    (checkout / ".gitops-mcp.yaml").write_text(text)
    met.served.git("add", "--all")
    met.served.git("commit", "--quiet", "--message", "Configure")
    met.served.git("push", "--quiet", "origin", "main")
    met.served.git("remote", "set-url", "origin", f"{met.served.url}/platform/fleet.git")


def helper(met: Met, user: str, password: str) -> None:
    met.served.git("config", "credential.helper", f"!f() {{ echo username={user}; echo password={password}; }}; f")


def opened(met: Met) -> Forge | NoForge:
    app = App.open(Flags(repo=met.served.checkout))
    return app.forge(app.ground(fetch=False))


@pytest.mark.parametrize("kind", FORGES)
def test_a_token_of_a_variable_comes_first(
    meet: Callable[[ForgeName], Met], kind: ForgeName, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = meet(kind)
    configured(met, f"forge: {{type: {kind}, url: '{met.served.url}'}}\n")
    helper(met, "git", "not-asked")
    monkeypatch.setenv(VARIABLES[kind], met.served.forge.token("bot"))
    forge = opened(met)
    assert not isinstance(forge, NoForge)
    assert forge.identity() == f"bot, by the token of {VARIABLES[kind]}"
    assert forge.pull_of("change") is None


@pytest.mark.parametrize("kind", FORGES)
def test_what_git_pushes_with_does_as_well(meet: Callable[[ForgeName], Met], kind: ForgeName) -> None:
    met = meet(kind)
    configured(met, f"forge: {{type: {kind}}}\n")
    helper(met, "anyone", met.served.forge.token("bot"))
    met.served.commit("change")
    forge = opened(met)
    assert not isinstance(forge, NoForge)
    assert forge.identity() == "bot, by git's credentials"
    assert forge.create(NewPullRequest("change", "main", "Scale", "Why.")).pull.author == "bot"


def test_what_git_has_for_the_remote_goes_to_no_other_host(meet: Callable[[ForgeName], Met]) -> None:
    met, other = meet("github"), meet("github")
    configured(met, f"forge: {{type: github, url: '{other.served.url.replace('127.0.0.1', 'localhost')}'}}\n")
    helper(met, "git", "planted")
    found = opened(met)
    assert isinstance(found, NoForge)
    assert found.why.startswith("no credentials for localhost (GitHub): set GH_ENTERPRISE_TOKEN to a token for it")
    assert other.served.server.requests == []


@pytest.mark.parametrize("command", ["echo username=x; echo password=", "exit 1", "echo nonsense"])
def test_a_helper_that_has_nothing_is_none(meet: Callable[[ForgeName], Met], command: str) -> None:
    met = meet("gitlab")
    configured(met, "forge: {type: gitlab}\n")
    met.served.git("config", "credential.helper", f"!f() {{ {command}; }}; f")
    found = opened(met)
    assert isinstance(found, NoForge)
    assert found.kind == "gitlab"
    assert found.why.startswith("no credentials for 127.0.0.1 (GitLab): set GITLAB_TOKEN to a token for it")


def test_an_unknown_host_is_asked_nothing(meet: Callable[[ForgeName], Met], monkeypatch: pytest.MonkeyPatch) -> None:
    met = meet("github")
    configured(met, "base: main\n")
    monkeypatch.setenv("GITHUB_TOKEN", "planted")
    found = opened(met)
    assert isinstance(found, NoForge)
    assert "nothing says what kind of forge '127.0.0.1' is" in found.why
    assert [one for one in met.served.server.requests if one.is_api] == []


def test_one_that_was_opened_is_kept_and_one_that_was_not_is_tried_again_by_the_next_call(
    meet: Callable[[ForgeName], Met], monkeypatch: pytest.MonkeyPatch
) -> None:
    met = meet("gitlab")
    configured(met, "forge: {type: gitlab}\n")
    app = App.open(Flags(repo=met.served.checkout))
    ground = app.ground(fetch=False)
    assert isinstance(app.forge(ground), NoForge)
    monkeypatch.setenv("GITLAB_TOKEN", met.served.forge.token("bot"))
    assert isinstance(app.forge(ground), NoForge)
    later = replace(ground, no_forges={})
    forge = app.forge(later)
    assert not isinstance(forge, NoForge)
    assert app.forge(later) is forge


def test_nothing_that_is_logged_holds_the_token(
    meet: Callable[[ForgeName], Met], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    met = meet("github")
    configured(met, f"forge: {{type: github, url: '{met.served.url}'}}\n")
    token = met.served.forge.token("bot")
    helper(met, "git", token)
    with caplog.at_level(logging.DEBUG):
        forge = opened(met)
        assert not isinstance(forge, NoForge)
        forge.open_pulls()
    assert "POST" in caplog.text
    assert token not in caplog.text
    assert token not in repr(forge) + repr(vars(forge))


def test_of_a_remote_on_disk_there_is_none(meet: Callable[[ForgeName], Met], tmp_path: Path) -> None:
    met = meet("github")
    app = App.open(Flags(repo=met.served.checkout))
    assert app.forge(app.ground(fetch=False)) == NoForge("the remote is a folder, so there are no pull requests")


def test_a_gitlab_credential_for_git_alone_leaves_the_push_options(meet: Callable[[ForgeName], Met]) -> None:
    met = meet("gitlab")
    configured(met, "forge: {type: gitlab}\n")
    helper(met, "git", met.served.forge.token("bot", scopes=frozenset({"write_repository"})))
    found = opened(met)
    assert isinstance(found, NoForge)
    assert found.place is not None
    assert found.why.startswith(
        "git's credentials work for git only there (scope write_repository without api), and there are no other "
        "credentials for 127.0.0.1 (GitLab): set GITLAB_TOKEN"
    )


def test_what_git_has_is_asked_for_again_when_it_was_refused(meet: Callable[[ForgeName], Met], tmp_path: Path) -> None:
    met = meet("gitea")
    configured(met, "forge: {type: gitea}\n")
    kept = tmp_path / "token"
    met.served.git("config", "credential.helper", f"!f() {{ echo username=x; echo password=$(cat {kept}); }}; f")
    first = met.served.forge.token("bot")
    kept.write_text(first)
    forge = opened(met)
    assert not isinstance(forge, NoForge)
    assert forge.open_pulls().pulls == ()
    del met.served.forge.tokens[first]
    kept.write_text(met.served.forge.token("bot"))
    assert forge.open_pulls().pulls == ()


def test_no_window_is_opened_for_a_password(
    meet: Callable[[ForgeName], Met], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = meet("gitea")
    configured(met, "forge: {type: gitea}\n")
    asked = tmp_path / "askpass"
    asked.write_text(f"#!/bin/sh\ntouch {tmp_path}/window\necho planted\n")
    asked.chmod(0o755)
    monkeypatch.setenv("SSH_ASKPASS", str(asked))
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("GIT_ASKPASS", raising=False)
    assert isinstance(opened(met), NoForge)
    assert not (tmp_path / "window").exists()
