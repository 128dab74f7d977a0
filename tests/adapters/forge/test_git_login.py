"""git itself asks the helper, for a remote on the stand-in forge over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gitops_mcp.adapters.forge.git_login import answer_git
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.sandbox.forges.values import ForgeName
from tests.adapters.forge.conftest import VARIABLES, Met

HELPER = f"!{sys.executable} -m gitops_mcp git-credential"


def private_key(met: Met) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    met.served.forge.app_key = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


def pushed(met: Met, folder: Path, helper: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A push of the base's commit to a new branch, with that helper and no other."""
    command = ["git", "-c", "credential.helper=", "-c", f"credential.helper={helper}", "-c"]
    command += ["credential.useHttpPath=true", "push", "--quiet", f"{met.served.url}/platform/fleet.git"]
    return subprocess.run(
        [*command, "HEAD:refs/heads/by-helper"],
        cwd=met.served.checkout,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GIT_TERMINAL_PROMPT": "0",
            "PYTHONPATH": str(Path(__file__).parents[3]),
            **environ,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_git_pushes_with_the_token_by_which_pull_requests_are_opened(met: Met, tmp_path: Path) -> None:
    helper = f"{HELPER} --forge {met.kind}={met.served.url}"
    environ = {VARIABLES[met.kind]: met.served.forge.token("bot")}
    done = pushed(met, tmp_path, helper, **environ)
    assert done.returncode == 0, done.stderr
    assert met.served.git("ls-remote", "origin", "refs/heads/by-helper")


def test_git_pushes_as_the_app(meet: Callable[[ForgeName], Met], tmp_path: Path) -> None:
    met = meet("github")
    environ = {"GITHUB_APP_ID": str(met.served.forge.app_id), "GITHUB_APP_PRIVATE_KEY": private_key(met)}
    done = pushed(met, tmp_path, f"{HELPER} --forge github={met.served.url}", **environ)
    assert done.returncode == 0, done.stderr
    asked = f"protocol=http\nhost={met.served.url.partition('://')[2]}\npath=platform/fleet.git\n"
    told = answer_git(asked, f"github={met.served.url}", environ)
    assert told.startswith("username=x-access-token\npassword=")
    assert told.splitlines()[2].startswith("password_expiry_utc=")


def test_a_token_goes_to_no_host_but_its_own() -> None:
    environ = {"GITHUB_TOKEN": "planted-token", "GITLAB_TOKEN": "planted-other"}
    asked = "protocol=https\nhost={}\npath=platform/fleet.git\n"
    assert answer_git(asked.format("github.com"), None, environ) == "username=x-access-token\npassword=planted-token\n"
    for host in ("git.example.com", "github.com.example.com", "github.example.com"):
        assert answer_git(asked.format(host), None, environ) == ""
        assert answer_git(asked.format(host), "gitlab=gitlab.example.com", environ) == ""
    assert answer_git(asked.replace("https", "http").format("github.com"), None, environ) == ""
    told = answer_git(asked.format("gitlab.example.com"), "gitlab=gitlab.example.com", environ)
    assert told == "username=oauth2\npassword=planted-other\n"
    assert (
        answer_git(asked.replace("https", "http").format("gitlab.example.com"), "gitlab=gitlab.example.com", environ)
        == ""
    )


@pytest.mark.parametrize(
    ("kind", "public", "variable"),
    [
        ("github", "github.com", "GITHUB_TOKEN"),
        ("gitlab", "gitlab.com", "GITLAB_TOKEN"),
        ("gitea", "codeberg.org", "GITEA_TOKEN"),
    ],
)
def test_the_token_of_a_forge_of_ones_own_goes_to_no_public_one(kind: str, public: str, variable: str) -> None:
    environ = {variable: "planted-token"}
    asked = "protocol=https\nhost={}\npath=platform/fleet.git\n"
    assert "planted-token" in answer_git(asked.format(public), None, environ)
    for host in (public, public.upper(), "acme.ghe.com", "git.example.com:8443"):
        assert answer_git(asked.format(host), f"{kind}=git.example.com", environ) == ""
    assert "planted-token" in answer_git(asked.format("git.example.com"), f"{kind}=git.example.com", environ)


def test_without_a_token_git_asks_its_next_helper() -> None:
    assert answer_git("protocol=https\nhost=github.com\n", None, {}) == ""


@pytest.mark.parametrize("own", ["gitlab", "svn=git.example.com", "gitlab=git.example.com/path", "gitlab=a b"])
def test_a_forge_that_cannot_be_meant_is_refused(own: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^--forge: expected a kind and its host, such as gitlab=git.example.com"):
        answer_git("protocol=https\nhost=git.example.com\n", own, {})


def test_an_app_needs_the_repository() -> None:
    environ = {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": "planted-key"}
    with pytest.raises(
        InvalidRequest, match=r"^git does not say for which repository it asks: set credential\.useHttpPath"
    ):
        answer_git("protocol=https\nhost=github.com\n", None, environ)


def test_what_is_wrong_with_the_key_is_told_on_standard_error_and_not_the_key(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gitops_mcp", "git-credential", "get"]
    done = subprocess.run(
        command,
        input="protocol=https\nhost=github.com\npath=platform/fleet.git\n",
        cwd=Path(__file__).parents[3],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "GITHUB_APP_ID": "1",
            "GITHUB_APP_PRIVATE_KEY": "planted-key",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("gitops-mcp git-credential: GitHub: the private key of the App cannot be read")
    assert "planted-key" not in done.stderr


def test_what_git_would_store_or_erase_is_not_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gitops_mcp", "git-credential", "store"]
    given = "protocol=https\nhost=github.com\nusername=u\npassword=planted\n"
    done = subprocess.run(
        command, input=given, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
