"""A forge's ways with a change, and its refusals, as whoever proposes changes meets them."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.errors import GitOpsError, NotFound, Refused
from gitops_mcp.sandbox.forges import Refusal, SandboxForge
from gitops_mcp.sandbox.remote import SandboxRemote
from gitops_mcp.workflows.reading.changes.questions import change_detail, page_of_changes
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.discard import discard_branch
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.called_app import called_app

MANIFEST = "clusters/prod/shop/orders-db/cluster.yaml"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 200\n"


@pytest.fixture
def forge(tmp_path: Path) -> SandboxForge:
    made = SandboxForge(SandboxRemote.create(tmp_path / "remote.git"))
    made.remote.checkout(tmp_path / "checkout")
    return made


def git(forge: SandboxForge, *arguments: str, where: str = "checkout") -> str:
    place = forge.remote.path.parent / where
    return subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True, text=True).stdout.strip()


def opened(forge: SandboxForge) -> App:
    return called_app(forge.remote.path.parent / "checkout")


def scaled(app: App, instances: int, change: str = "size") -> WriteResult:
    request = WriteRequest("scale_postgres_cluster", None, change=change)
    return clusters.scale_cluster(app, request, "orders-db", namespace=None, instances=instances)


def test_a_merged_change_whose_field_a_later_commit_sets_back_is_not_waited_for(forge: SandboxForge) -> None:
    app = opened(forge)
    scaled(app, 5)
    forge.merge_branch("gitops-mcp/size", "squash")
    git(forge, "pull", "--quiet")
    git(forge, "revert", "--no-edit", "HEAD")
    git(forge, "push", "--quiet")
    for asked in (app, opened(forge)):
        found = change_detail(asked, "size", detailed=False)
        assert found.state == "reverted"
        assert "says again what it said before the change for Cluster shop/orders-db spec.instances" in found.why
        assert not [one for one in found.next if "Call get_change again" in one]


def test_a_default_branch_that_the_forge_switched_is_told_by_whatever_is_asked(forge: SandboxForge) -> None:
    git(forge, "push", "--quiet", "origin", "main:trunk")
    git(forge, "symbolic-ref", "HEAD", "refs/heads/trunk", where="remote.git")
    app = opened(forge)
    for answer in (scaled(app, 5), page_of_changes(app, state="open", limit=5, cursor=None)):
        [told] = [one.message for one in answer.warnings if one.id == "default-branch-switched"]
        assert told == (
            "the default branch of remote origin is trunk now, and changes are still proposed against main, which it was "
            "when this clone last looked. .gitops-mcp.yaml:3 names the base: name trunk there; to keep main and "
            "hear of it no more, run git fetch origin && git remote set-head origin --auto"
        )


def test_a_push_address_of_another_repository_is_refused_at_once_and_the_advice_works(forge: SandboxForge) -> None:
    fork = forge.remote.path.parent / "fork.git"
    git(forge, "clone", "--quiet", "--bare", "remote.git", "fork.git", where=".")
    git(forge, "config", "remote.origin.pushurl", str(fork))
    with pytest.raises(Refused, match=r"pushes to .*/fork.git \(remote.origin.pushurl of Git's configuration\)"):
        scaled(opened(forge), 5)
    git(forge, "config", "--unset", "remote.origin.pushurl")
    git(forge, "remote", "add", "fork", str(fork))
    git(forge, "config", "remote.pushDefault", "fork")
    assert scaled(opened(forge), 5).outcome == "committed"
    assert git(forge, "branch", "--list", "gitops-mcp/*", where="fork.git").strip() == "gitops-mcp/size"
    assert git(forge, "branch", "--list", "gitops-mcp/*", where="remote.git") == ""


@pytest.mark.thorough
def test_where_pushes_go_to_a_fork_the_change_is_followed_there_into_the_teams_base(forge: SandboxForge) -> None:
    git(forge, "clone", "--quiet", "--bare", "remote.git", "fork.git", where=".")
    git(forge, "remote", "rename", "origin", "team")
    git(forge, "remote", "add", "origin", str(forge.remote.path.parent / "fork.git"))
    git(forge, "config", "branch.main.pushRemote", "origin")
    app = opened(forge)
    assert scaled(app, 5).branch == "gitops-mcp/size"
    assert change_detail(app, "size", detailed=False).why == "on origin, not merged"
    git(forge, "push", "--quiet", str(forge.remote.path), "origin/gitops-mcp/size:refs/heads/gitops-mcp/size")
    forge.merge_branch("gitops-mcp/size", "squash")
    for asked in (app, opened(forge)):
        assert change_detail(asked, "size", detailed=False).state == "merged"


def test_a_fork_that_is_gone_is_named_and_not_the_teams_repository(forge: SandboxForge) -> None:
    git(forge, "remote", "add", "fork", str(forge.remote.path.parent / "gone.git"))
    git(forge, "config", "remote.pushDefault", "fork")
    with pytest.raises(Refused, match="nothing was pushed: the fetch from fork failed: the repository is not there"):
        scaled(opened(forge), 5)


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("protected", "a rule of the forge protects the branch; have the rule let this user through"),
        ("no right", "these credentials have no right to do that; ask for the right to read and write"),
        ("archived", "the repository is archived; have it unarchived"),
        ("quota", "it has no room left; have the quota or the disk enlarged"),
        ("size", "what is pushed is too large for it; make the change smaller"),
        ("hook", r"\(pre-receive hook declined\). It said \(untrusted text\): error: No ticket is named"),
        ("not found", "nothing was pushed: the fetch from origin failed: the repository is not there"),
    ],
)
@pytest.mark.few(2)
def test_what_a_forge_refuses_is_told_with_its_next_step_and_leaves_nothing(
    forge: SandboxForge, why: Refusal, told: str
) -> None:
    app = opened(forge)
    page_of_changes(app, state="open", limit=5, cursor=None)
    forge.refuse(why, "No ticket is named")
    with pytest.raises(Refused, match=told):
        scaled(app, 5)
    assert git(forge, "for-each-ref", "refs/heads/gitops-mcp", "refs/remotes/origin/gitops-mcp") == ""
    assert page_of_changes(app, state="all", limit=5, cursor=None).total == 0


def test_a_push_that_was_let_past_a_rule_of_the_forge_is_told_as_such(forge: SandboxForge) -> None:
    hook = forge.remote.path / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        "#!/bin/sh\nwhile read -r old new ref; do echo Bypassed rule violations for $ref: >&2; done\n"
        "echo >&2; echo '- Changes must be made through a pull request.' >&2\n"
    )
    hook.chmod(0o755)
    result = scaled(opened(forge), 5)
    [told] = [one.message for one in result.warnings if one.id == "rule-bypassed"]
    assert told == (
        "a rule of the forge protects gitops-mcp/size, and let this user past it. Have the rule leave out branches that "
        "start with gitops-mcp/, or choose another branchPrefix, so that a right to go past rules is not needed"
    )


def test_a_deletion_that_is_refused_is_told_as_one(forge: SandboxForge) -> None:
    app = opened(forge)
    scaled(app, 5)
    forge.refuse("protected")
    with pytest.raises(Refused, match="refused the deletion of gitops-mcp/size") as caught:
        discard_branch(app, "size", confirmed=True, dry_run=False)
    assert "ask somebody who has that right, or have it granted" in str(caught.value)
    assert "branchPrefix" not in str(caught.value)


def test_manifests_in_git_lfs_are_named(forge: SandboxForge) -> None:
    (forge.remote.path.parent / "checkout" / MANIFEST).write_text(POINTER)
    git(forge, "commit", "--quiet", "--all", "--message=Store it elsewhere")
    git(forge, "push", "--quiet")
    with pytest.raises(NotFound, match=rf"{MANIFEST}: it is a pointer of Git LFS"):
        scaled(opened(forge), 5)


@contextmanager
def a_page(body: bytes) -> Iterator[str]:
    """A server that answers everything with one page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/team/house.git"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"<html>\n<body>\nSign in\n"])
@pytest.mark.few(1)
def test_a_login_page_in_the_place_of_a_known_remote_is_an_outage(forge: SandboxForge, body: bytes) -> None:
    app = opened(forge)
    scaled(app, 5)
    with a_page(body) as address:
        git(forge, "remote", "set-url", "origin", address)
        found = page_of_changes(app, state="open", limit=5, cursor=None)
        assert [row.change for row in found.items] == ["size"]
        (warning,) = found.warnings
        assert "could not be asked" in warning.message
        assert "login page" in warning.message
        with pytest.raises(GitOpsError, match=r"nothing was pushed: .*login page"):
            scaled(app, 4)
