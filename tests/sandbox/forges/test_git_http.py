"""Pushes over the stand-ins' HTTP: credentials, the lines that a forge prints, and push options of GitLab."""

from __future__ import annotations

import os
import subprocess

import pytest

from gitops_mcp.sandbox.forges import Rules
from gitops_mcp.sandbox.forges.values import ForgeName, Pull
from tests.fakes.forges import ForgeServers, ServedForge

BRANCH = "gitops-mcp/one"


def push(
    served: ServedForge,
    *options: str,
    token: str | None = None,
    repository: str = "platform/fleet",
    branch: str = BRANCH,
) -> subprocess.CompletedProcess[str]:
    """A new commit, pushed on the branch."""
    served.git("commit", "--quiet", "--allow-empty", "--message=Scale orders\n\nWhy.")
    address = served.url.replace("://", f"://anyone:{token or served.forge.token()}@")
    given = [part for option in options for part in ("--push-option", option)]
    command = ["git", "push", *given, f"{address}/{repository}.git", f"HEAD:refs/heads/{branch}"]
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    return subprocess.run(command, cwd=served.checkout, env=environment, check=False, capture_output=True, text=True)


def printed_lines(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """What the remote printed, without its empty lines."""
    lines = [line.removeprefix("remote:").strip() for line in ran.stderr.splitlines() if line.startswith("remote:")]
    return [line for line in lines if line]


def open_pull(served: ServedForge) -> Pull:
    return served.forge.open_pull(BRANCH)


@pytest.mark.parametrize(
    ("name", "new", "existing"),
    [
        (
            "github",
            [
                "Create a pull request for 'gitops-mcp/one' on GitHub by visiting:",
                "{url}/platform/fleet/pull/new/gitops-mcp/one",
            ],
            [],
        ),
        (
            "gitea",
            [
                "Create a new pull request for 'gitops-mcp/one':",
                "{url}/platform/fleet/pulls/new/gitops-mcp/one",
                ". Processing 1 references",
                "Processed 1 references in total",
            ],
            [
                "Visit the existing pull request:",
                "{url}/platform/fleet/pulls/1",
                ". Processing 1 references",
                "Processed 1 references in total",
            ],
        ),
        (
            "gitlab",
            [
                "To create a merge request for gitops-mcp/one, visit:",
                "{url}/platform/fleet/-/merge_requests/new?merge_request%5Bsource_branch%5D=gitops-mcp%2Fone",
            ],
            ["View merge request for gitops-mcp/one:", "{url}/platform/fleet/-/merge_requests/1"],
        ),
    ],
)
def test_a_push_prints_the_page_as_each_forge_does(
    forge_server: ForgeServers, name: ForgeName, new: list[str], existing: list[str]
) -> None:
    served = forge_server(name)
    assert printed_lines(push(served)) == [line.format(url=served.url) for line in new]
    open_pull(served)
    assert printed_lines(push(served)) == [line.format(url=served.url) for line in existing]


def test_a_merge_request_is_made_and_changed_by_the_options_of_pushes(forge_server: ForgeServers) -> None:
    served = forge_server("gitlab")
    ran = push(
        served,
        "merge_request.create",
        "merge_request.target=main",
        r"merge_request.title=Scale \n orders",
        r"merge_request.description=One\nTwo ",
        "merge_request.label=gitops-mcp",
        "merge_request.label=urgent",
        "mr.draft",
        "merge_request.remove_source_branch",
        "ci.skip",
        "merge_request.unknown=1",
    )
    assert ran.returncode == 0
    assert printed_lines(ran) == [
        f"View merge request for {BRANCH}:",
        f"{served.url}/platform/fleet/-/merge_requests/1",
    ]
    made = served.forge.repository.pulls[1]
    assert (made.title, made.body, made.draft) == (r"Draft: Scale \n orders", "One\nTwo", True)
    assert (made.labels, made.remove_branch) == (["gitops-mcp", "urgent"], True)
    assert [one.login for one in made.assignees] == ["bot"]
    head = served.git("rev-parse", "HEAD")
    refs = served.git("ls-remote", "origin", "refs/merge-requests/*/head")
    assert refs.split() == [head, "refs/merge-requests/1/head"]
    push(served, "merge_request.create", "merge_request.title=Scale more", "merge_request.unlabel=urgent")
    assert list(served.forge.repository.pulls) == [1]
    assert (made.title, made.body, made.labels) == ("Scale more", "One\nTwo", ["gitops-mcp"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["merge_request.create", "merge_request.target=x"], "Target branch platform/fleet:x does not exist"),
        (
            ["merge_request.title=x"],
            f"A merge_request.create push option is required to create a merge request for branch {BRANCH}",
        ),
        (
            ["merge_request.create", "merge_request.target_project=a/b"],
            "Projects platform/fleet and a/b are not in the same network",
        ),
    ],
    ids=["no such target", "no create", "another network"],
)
def test_an_option_that_fails_stands_in_a_box_and_the_push_succeeds(
    forge_server: ForgeServers, options: list[str], words: str
) -> None:
    served = forge_server("gitlab")
    ran = push(served, *options)
    assert ran.returncode == 0
    named = " ".join(f"'{one}'" for one in options)
    assert f"WARNINGS: Error encountered with push options {named}: {words}" in " ".join(printed_lines(ran))
    assert served.forge.repository.pulls == {}
    assert BRANCH in served.forge.repository.tips


def test_without_its_lines_only_the_ref_tells_the_number(forge_server: ForgeServers) -> None:
    served = forge_server("gitlab")
    served.forge.repository.settings.prints_links = False
    assert printed_lines(push(served, "merge_request.create")) == []
    assert "refs/merge-requests/1/head" in served.git("ls-remote", "origin")


def test_a_remote_without_push_options_refuses_them(forge_server: ForgeServers) -> None:
    served = forge_server("gitea")
    served.forge.repository.settings.push_options = False
    ran = push(served, "merge_request.create")
    assert ran.returncode != 0
    assert "the receiving end does not support push options" in ran.stderr


def test_gitea_takes_unknown_options_and_does_nothing(forge_server: ForgeServers) -> None:
    served = forge_server("gitea")
    assert push(served, "merge_request.create", "ci.skip").returncode == 0
    assert served.forge.repository.pulls == {}


def test_from_a_fork_it_goes_across(forge_server: ForgeServers) -> None:
    served = forge_server("gitlab")
    fork = served.forge.fork("contributor", served.folder / "fork.git")
    ran = push(served, "merge_request.create", repository="contributor/fleet")
    assert printed_lines(ran)[-1] == f"{served.url}/platform/fleet/-/merge_requests/1"
    made = served.forge.repository.pulls[1]
    assert (made.source, made.target) == (fork, served.forge.repository)
    again = push(served, "merge_request.create", repository="contributor/fleet")
    assert "Another open merge request already exists for this source branch: !1" in " ".join(printed_lines(again))
    assert made.head == served.git("rev-parse", "HEAD")
    served.forge.merge(made, "merge")
    served.git("fetch", "--quiet")
    assert served.git("rev-parse", "origin/main^2") == made.head


def test_a_large_push_passes(forge_server: ForgeServers) -> None:
    served = forge_server("gitlab")
    (served.checkout / "large").write_bytes(os.urandom(2_000_000))
    served.git("add", "--all")
    assert push(served, "merge_request.create").returncode == 0
    assert served.forge.repository.pulls[1].head == served.git("rev-parse", "HEAD")


def test_the_refs_of_gitlab_go_some_time_after_the_merge_and_those_of_others_stay(forge_server: ForgeServers) -> None:
    served = forge_server("gitlab")
    served.forge.merge(served.pull("one"), "merge")
    served.pull("two")
    served.forge.forget_heads()
    refs = served.git("ls-remote", "origin", "refs/merge-requests/*/head")
    assert refs.split()[1:] == ["refs/merge-requests/2/head"]


@pytest.mark.parametrize(
    ("name", "login", "scopes", "words"),
    [
        ("github", "reader", None, "Permission to platform/fleet.git denied to reader."),
        pytest.param("github", "stranger", None, "Repository not found.", marks=pytest.mark.thorough),
        ("gitea", "reader", None, "error: User permission denied for writing."),
        ("gitea", "bot", frozenset({"read:repository"}), "Forbidden"),
        pytest.param(
            "gitlab", "reader", None, "You are not allowed to push code to this project.", marks=pytest.mark.thorough
        ),
    ],
)
def test_who_may_not_push_is_told_in_the_forges_words(
    forge_server: ForgeServers, name: ForgeName, login: str, scopes: frozenset[str] | None, words: str
) -> None:
    served = forge_server(name)
    ran = push(served, token=served.forge.token(login, scopes=scopes))
    assert ran.returncode != 0
    assert words in printed_lines(ran)
    assert BRANCH not in served.forge.repository.tips


@pytest.mark.parametrize(
    ("name", "words", "reason"),
    [
        (
            "github",
            "error: GH006: Protected branch update failed for refs/heads/main.",
            "protected branch hook declined",
        ),
        ("gitea", "error: Not allowed to push to protected branch main", "pre-receive hook declined"),
        (
            "gitlab",
            "GitLab: You are not allowed to push code to protected branches on this project.",
            "pre-receive hook declined",
        ),
    ],
)
def test_a_protected_base_takes_no_push(forge_server: ForgeServers, name: ForgeName, words: str, reason: str) -> None:
    served = forge_server(name)
    served.forge.repository.rules["main"] = Rules(approvals=1)
    ran = push(served, branch="main")
    assert ran.returncode == 1
    assert words in printed_lines(ran)
    assert f"main ({reason})" in ran.stderr


def test_a_wrong_token_is_refused_and_none_is_asked_for(forge_server: ForgeServers) -> None:
    served = forge_server("gitea")
    ran = push(served, token="0" * 40)
    assert printed_lines(ran) == ["Failed to authenticate user"]
    assert "fatal: Authentication failed for" in ran.stderr
    alone = subprocess.run(
        ["git", "ls-remote", f"{served.url}/platform/fleet.git"],
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": ""},
        check=False,
        capture_output=True,
        text=True,
    )
    assert "could not read Username" in alone.stderr


def test_a_clone_over_http_has_everything(forge_server: ForgeServers) -> None:
    served = forge_server("github")
    served.pull()
    address = f"{served.url}/platform/fleet".replace("://", f"://x:{served.forge.token('reader')}@")
    printed = subprocess.run(["git", "ls-remote", address], check=True, capture_output=True, text=True).stdout
    assert [line.split()[1] for line in printed.splitlines()] == [
        "HEAD",
        "refs/heads/change",
        "refs/heads/main",
        "refs/pull/1/head",
    ]
    subprocess.run(["git", "clone", "--quiet", address, str(served.folder / "clone")], check=True)
    assert (served.folder / "clone/README.md").is_file()
