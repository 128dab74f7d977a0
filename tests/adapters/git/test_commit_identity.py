"""Whose commit it is, what it says, and how it is signed: as git itself would have it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import Refused, Unavailable
from tests.adapters.git.conftest import configure_by_environment, git, write
from tests.adapters.git.publishing import ORDERS, SCALED, alone, executable, published

WHO = "--format=%an <%ae> %cn <%ce>"


def test_author_and_committer_are_those_that_git_is_configured_with(tmp_path: Path) -> None:
    here = alone(tmp_path)
    git(here, "config", "user.email", "work@example.com")
    git(here, "config", "committer.name", "Robot")

    done = published(here, {ORDERS: SCALED})

    assert git(here, "log", "-1", WHO, done.commit) == "Test User <work@example.com> Robot <work@example.com>"


def test_the_environment_may_name_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = alone(tmp_path)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Ann Author")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "ann@example.com")

    done = published(here, {ORDERS: SCALED})

    assert git(here, "log", "-1", WHO, done.commit) == "Ann Author <ann@example.com> Test User <test@example.com>"


@pytest.mark.parametrize("signoff", [False, True])
@pytest.mark.parametrize("given", ["", "[user]\n\tname = Test User\n", "[user]\n\temail = test@example.com\n"])
@pytest.mark.few(2)
def test_without_an_identity_the_two_commands_are_named(
    given: str, signoff: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = alone(tmp_path)
    write(tmp_path / "gitconfig", given)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))

    with pytest.raises(Refused) as refused:
        published(here, {ORDERS: SCALED}, settings=GitSettings(signoff=signoff))

    assert "git config user.name" in str(refused.value)
    assert "git config user.email" in str(refused.value)
    assert git(here, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_the_message_is_stored_as_it_is_in_utf_8(tmp_path: Path) -> None:
    here = alone(tmp_path)
    git(here, "config", "i18n.commitEncoding", "ISO-8859-1")
    message = "Scale orders — ü\n\n# no comment\n\nGitops-Mcp-Tool: scale_postgres_cluster\n"

    done = published(here, {ORDERS: SCALED}, message=message)

    raw = subprocess.run(["git", "cat-file", "commit", done.commit], cwd=here, capture_output=True, check=True).stdout
    assert raw.partition(b"\n\n")[2] == message.encode()
    assert b"\nencoding" not in raw


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param("Scale\n", "Scale\n\nSigned-off-by: Test User <test@example.com>\n", id="a paragraph of its own"),
        pytest.param(
            "Scale\n\nGitops-Mcp-Impact: none\n",
            "Scale\n\nGitops-Mcp-Impact: none\nSigned-off-by: Test User <test@example.com>\n",
            id="after other trailers",
        ),
        pytest.param(
            "Scale\n\n---\nnot the end\n",
            "Scale\n\n---\nnot the end\n\nSigned-off-by: Test User <test@example.com>\n",
            id="a line of dashes",
        ),
        pytest.param(
            "Scale\n\nSigned-off-by: Test User <test@example.com>\n",
            "Scale\n\nSigned-off-by: Test User <test@example.com>\n",
            id="there already",
        ),
    ],
)
@pytest.mark.few(2)
def test_a_signoff_is_added_as_git_commit_adds_it(message: str, expected: str, tmp_path: Path) -> None:
    here = alone(tmp_path)

    done = published(here, {ORDERS: SCALED}, settings=GitSettings(signoff=True), message=message)

    git(here, "commit", "--quiet", "--allow-empty", "--signoff", "--cleanup=verbatim", "--message", message)
    assert git(here, "log", "-1", "--format=%B", done.commit) == expected
    assert git(here, "log", "-1", "--format=%B") == expected


def test_without_signoff_there_is_none(tmp_path: Path) -> None:
    here = alone(tmp_path)

    assert "Signed-off-by" not in git(here, "log", "-1", "--format=%B", published(here, {ORDERS: SCALED}).commit)


needs_ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen makes and checks the keys")
needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg makes and checks the keys")


@needs_ssh_keygen
@pytest.mark.parametrize("on", ["true", "yes", "1"])
def test_a_commit_is_signed_with_ssh_when_git_is_configured_so(on: str, tmp_path: Path) -> None:
    here = alone(tmp_path)
    key = tmp_path / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, stdin=subprocess.DEVNULL
    )
    write(tmp_path / "allowed", f"test@example.com {key.with_suffix('.pub').read_text()}")
    git(here, "config", "gpg.format", "ssh")
    git(here, "config", "user.signingKey", f"{key}.pub")
    git(here, "config", "gpg.ssh.allowedSignersFile", str(tmp_path / "allowed"))
    git(here, "config", "commit.gpgSign", on)

    done = published(here, {ORDERS: SCALED})

    assert done.signed
    git(here, "verify-commit", done.commit)


@needs_gpg
def test_a_commit_is_signed_with_gpg_when_git_is_configured_so(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = alone(tmp_path)
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    options = ["--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "Test User <test@example.com>"]
    subprocess.run(["gpg", *options, "ed25519", "sign"], check=True, capture_output=True)
    # A key without a value means true.
    with (here / ".git/config").open("a") as config:
        config.write("[commit]\n\tgpgSign\n")
    try:
        done = published(here, {ORDERS: SCALED})

        assert done.signed
        git(here, "verify-commit", done.commit)
    finally:
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=True)


@pytest.mark.parametrize("off", ["false", "0", "no", ""])
@pytest.mark.few(2)
def test_a_commit_is_not_signed_when_signing_is_off(off: str, tmp_path: Path) -> None:
    here = alone(tmp_path)
    git(here, "config", "gpg.program", "/nonexistent")
    git(here, "config", "commit.gpgSign", off)

    assert not published(here, {ORDERS: SCALED}).signed


@pytest.mark.parametrize(
    ("kind", "said"),
    # Of what gpg prints git shows nothing before 2.42.
    [("openpgp", "gpg failed to sign the data"), ("ssh", "no secret key in the agent")],
)
def test_a_signer_that_fails_is_quoted_and_nothing_is_left(kind: str, said: str, checkout: Path, remote: Path) -> None:
    executable(checkout.parent / "signer", "echo 'no secret key in the agent' >&2; exit 2")
    git(checkout, "config", "commit.gpgSign", "true")
    git(checkout, "config", "gpg.format", kind)
    git(checkout, "config", f"gpg.{kind}.program", str(checkout.parent / "signer"))
    git(checkout, "config", "user.signingKey", "key::ssh-ed25519 AAAA")

    with pytest.raises(Unavailable, match=rf"(?s)commit\.gpgSign is on, .*{said}"):
        published(checkout, {ORDERS: SCALED})

    assert git(remote, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert "gitops-mcp" not in git(checkout, "for-each-ref", "--format=%(refname)")


@pytest.mark.parametrize("way", ["GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"])
def test_the_environment_may_configure_git(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = alone(tmp_path)
    write(tmp_path / "gitconfig", "")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    given = {"user.name": "Dev Container", "user.email": "dev@example.com", "filter.rot.clean": "tr a-z n-za-m"}
    configure_by_environment(monkeypatch, way, given)
    write(here / ".git/info/attributes", "rot/* filter=rot\n")

    done = published(here, {"rot/x.yaml": b"plain\n"})

    assert git(here, "log", "-1", WHO, done.commit) == "Dev Container <dev@example.com> Dev Container <dev@example.com>"
    assert git(here, "show", f"{done.commit}:rot/x.yaml") == "cynva"
