"""What remotes and ssh print where they do not do what git asked, as forges print it, and what is told of it."""

from __future__ import annotations

import pytest

from gitops_mcp.adapters.git.failures import remote_error, telling_line
from gitops_mcp.errors import GitOpsError, Refused, Unavailable

_TAIL = "\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n"


@pytest.mark.parametrize(
    ("printed", "error", "what", "line"),
    [
        pytest.param(
            "git@forge.example.com: Permission denied (publickey)." + _TAIL,
            Refused,
            "it accepted none of the ssh keys",
            "git@forge.example.com: Permission denied (publickey).",
            id="a wrong ssh key",
        ),
        pytest.param(
            "No ED25519 host key is known for forge.example.com and you have requested strict checking.\n"
            "Host key verification failed." + _TAIL,
            Refused,
            "its ssh host key is not known here",
            "No ED25519 host key is known for forge.example.com and you have requested strict checking.",
            id="an unknown host",
        ),
        pytest.param(
            "@@@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed." + _TAIL,
            Refused,
            "its ssh host key is not the one that is known here",
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @",
            id="another host key",
        ),
        pytest.param(
            "remote: Failed to authenticate user\nfatal: Authentication failed for 'https://forge.example.com/a/b/'\n",
            Refused,
            "it refused the credentials",
            "Failed to authenticate user",
            id="a wrong token at Gitea",
        ),
        pytest.param(
            "remote: Invalid username or token. Password authentication is not supported for Git operations.\n"
            "fatal: Authentication failed for 'https://forge.example.com/a/b/'\n",
            Refused,
            "it refused the credentials",
            "Invalid username or token. Password authentication is not supported for Git operations.",
            id="a wrong token at GitHub",
        ),
        pytest.param(
            "fatal: could not read Username for 'https://forge.example.com': terminal prompts disabled\n",
            Refused,
            "git has no credentials for it that need no prompt",
            "fatal: could not read Username for 'https://forge.example.com': terminal prompts disabled",
            id="no credentials",
        ),
        pytest.param(
            "remote: Permission to org/fleet.git denied to bot.\n"
            "fatal: unable to access 'https://forge.example.com/org/fleet.git/': The requested URL returned error: 403\n",
            Refused,
            "these credentials have no right to do that",
            "Permission to org/fleet.git denied to bot.",
            id="no right at GitHub",
        ),
        pytest.param(
            "remote: \nremote: error:        \nremote: error: User permission denied for writing.        \n"
            "remote: error:        \nerror: failed to push some refs to 'https://forge.example.com/a/b.git'\n",
            Refused,
            "these credentials have no right to do that",
            "User permission denied for writing.",
            id="a reader at Gitea",
        ),
        pytest.param(
            "Forgejo: Key 3 is not authorized to write to platform/gitops." + _TAIL,
            Refused,
            "these credentials have no right to do that",
            "Forgejo: Key 3 is not authorized to write to platform/gitops.",
            id="a deploy key that may only read",
        ),
        pytest.param(
            "ERROR: The key you are authenticating with has been marked as read only." + _TAIL,
            Refused,
            "these credentials have no right to do that",
            "ERROR: The key you are authenticating with has been marked as read only.",
            id="a deploy key that may only read, at GitHub",
        ),
        pytest.param(
            "remote: This repository was archived so it is read-only.\n"
            "fatal: unable to access 'https://forge.example.com/a/b/': The requested URL returned error: 403\n",
            Refused,
            "the repository is archived",
            "This repository was archived so it is read-only.",
            id="archived",
        ),
        pytest.param(
            "remote: Repository not found\nfatal: repository 'https://forge.example.com/a/b.git/' not found\n",
            Refused,
            "the repository is not there, or these credentials may not see it",
            "Repository not found",
            id="not found",
        ),
        pytest.param(
            "remote: Push to create is not enabled for organizations.\n"
            "fatal: unable to access 'https://forge.example.com/a/b/': The requested URL returned error: 403\n",
            Refused,
            "the repository is not there, or these credentials may not see it",
            "Push to create is not enabled for organizations.",
            id="not found, on a push",
        ),
        pytest.param(
            "remote: error: Not allowed to push to protected branch gitops-mcp/new        \n",
            Refused,
            "a rule of the forge protects the branch",
            "Not allowed to push to protected branch gitops-mcp/new",
            id="protected",
        ),
        pytest.param(
            "remote: fatal: pack exceeds maximum allowed size (10.00 MiB)\nerror: remote unpack failed\n",
            Refused,
            "what is pushed is too large for it",
            "fatal: pack exceeds maximum allowed size (10.00 MiB)",
            id="too large",
        ),
        pytest.param("remote: Quota exceeded\n", Refused, "it has no room left", "Quota exceeded", id="quota"),
        pytest.param(
            "fatal: unable to access 'https://forge.example.com/a/b/': Could not resolve host: forge.example.com\n",
            Unavailable,
            "it cannot be reached now",
            "fatal: unable to access 'https://forge.example.com/a/b/': Could not resolve host: forge.example.com",
            id="no such host",
        ),
        pytest.param(
            "ssh: connect to host forge.example.com port 22: Connection refused" + _TAIL,
            Unavailable,
            "it cannot be reached now",
            "ssh: connect to host forge.example.com port 22: Connection refused",
            id="nobody there over ssh",
        ),
        pytest.param(
            "fatal: https://forge.example.com/a/b.git/info/refs not valid: is this a git repository?\n",
            Unavailable,
            "what answers at its address is not a Git server",
            "fatal: https://forge.example.com/a/b.git/info/refs not valid: is this a git repository?",
            id="a login page",
        ),
        pytest.param(
            "fatal: unable to access 'https://forge.example.com/a/b/': The requested URL returned error: 503\n",
            Unavailable,
            "it cannot be reached now",
            "fatal: unable to access 'https://forge.example.com/a/b/': The requested URL returned error: 503",
            id="a server that is down",
        ),
    ],
)
def test_a_failure_is_told_by_its_cause_with_the_line_that_tells(
    printed: str, error: type[GitOpsError], what: str, line: str
) -> None:
    found = remote_error("the fetch from origin", printed)

    assert type(found) is error
    assert str(found).startswith(f"the fetch from origin failed: {what}; ")
    assert str(found).endswith(f"Git printed (untrusted text): {line}")


@pytest.mark.parametrize(
    ("what", "printed"),
    [
        (
            "it accepted none of the ssh keys",
            "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures",
        ),
        (
            "it refused the credentials",
            "remote: HTTP Basic: Access denied. The provided password or token is incorrect",
        ),
        ("it refused the credentials", "fatal: unable to access 'https://x/': The requested URL returned error: 401"),
        ("the repository is not there", "fatal: unable to access 'https://x/': The requested URL returned error: 404"),
        ("the repository is not there", "remote: The project you were looking for could not be found"),
        ("the repository is not there", "fatal: '/srv/house.git' does not appear to be a git repository"),
        ("what is pushed is too large", "remote: error: GH001: Large files detected."),
        (
            "what is pushed is too large",
            "remote: error: File a is 120.00 MB; this exceeds GitHub's file size limit of 100.00 MB",
        ),
        ("what is pushed is too large", "error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413"),
        ("it has no room left", "remote: Your push would cause the repository to exceed its allocated storage limit"),
        ("it has no room left", "remote: fatal: write error: No space left on device"),
        ("these credentials have no right", "remote: Write access to repository not granted."),
        ("these credentials have no right", "remote: GitLab: You are not allowed to push code to this project."),
        ("these credentials have no right", "remote: Forbidden"),
        ("it cannot be reached now", "fatal: unable to access 'https://x/': Failed to connect to x port 443"),
        ("it cannot be reached now", "fatal: unable to access 'https://x/': The requested URL returned error: 429"),
        ("it cannot be reached now", "fatal: the remote end hung up unexpectedly"),
        ("it cannot be reached now", "fatal: unable to access 'https://x/': Empty reply from server"),
    ],
)
def test_the_words_of_forges_git_and_ssh_are_known_each_by_itself(what: str, printed: str) -> None:
    line, cause = telling_line(f"{printed}\n")
    assert cause is not None
    assert cause.what.startswith(what)
    assert line == printed.removeprefix("remote: ").removeprefix("error: " if "remote: error" in printed else "")


@pytest.mark.parametrize("number", [401, 403, 404, 413, 429, 503])
def test_a_number_in_the_words_of_a_hook_is_no_status(number: int) -> None:
    assert telling_line(f"remote: ticket {number} is closed, name an open one\n")[1] is None


def test_a_disk_that_is_full_here_is_not_told_as_the_remotes() -> None:
    printed = "fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack output\n"
    assert "the disk of this machine is full" in str(remote_error("the fetch from origin", printed))
    assert "it has no room left" in str(remote_error("the push to origin", f"remote: {printed}"))


def test_a_failure_of_unknown_cause_shows_the_line_that_git_calls_fatal() -> None:
    found = remote_error("the fetch from origin", "warning: odd\nfatal: something new\nmore\n")

    assert type(found) is Unavailable
    assert str(found) == (
        "the fetch from origin failed: check that the remote can be reached and that git works with it from this "
        "repository. Git printed (untrusted text): fatal: something new"
    )


def test_what_a_remote_prints_is_bounded_and_shows_no_login() -> None:
    line, _ = telling_line(f"remote: \x1b[31mquota of https://me:t0ken@forge.example.com/a {'x' * 1000}\n")

    assert line.startswith("quota of https://forge.example.com/a xxx")
    assert len(line) == 300


def test_a_remote_that_prints_a_secret_or_draws_over_its_lines_shows_neither() -> None:
    line, cause = telling_line(
        "remote: Counting\rremote: error: protected branch, token=hunter2hunter2 is not an excuse\n"
    )

    assert line == "protected branch, token=<redacted> is not an excuse"
    assert cause is not None


@pytest.mark.parametrize(
    "printed",
    [
        pytest.param("remote: error: GH006: Protected branch update failed for refs/heads/gitops-mcp/x.", id="GitHub"),
        pytest.param("remote: error: GH013: Repository rule violations found for refs/heads/gitops-mcp/x.", id="rules"),
        pytest.param("remote: - Cannot create ref due to creations being restricted.", id="rules for creations"),
        pytest.param("remote: - Changes must be made through a pull request.", id="rules for pull requests"),
        pytest.param(
            "remote: GitLab: You are not allowed to push code to protected branches on this project.", id="GitLab"
        ),
        pytest.param(
            "remote: GitLab: You are not allowed to create protected branches on this project.", id="GitLab, a new one"
        ),
        pytest.param("remote: error: Not allowed to push to protected branch gitops-mcp/x", id="Gitea"),
        pytest.param(
            "remote: Branch refs/heads/gitops-mcp/x can only be modified through pull requests.", id="Bitbucket Server"
        ),
        pytest.param("remote: Permission denied to create branch gitops-mcp/x.", id="Bitbucket Cloud, a new one"),
        pytest.param("remote: Permission denied to update branch gitops-mcp/x.", id="Bitbucket Cloud"),
        pytest.param(
            "remote: error: TF402455: Pushes to this branch are not permitted; you must use a pull request to update this "
            "branch.",
            id="Azure DevOps",
        ),
        pytest.param("remote: error: branch gitops-mcp/x: prohibited by Gerrit: not permitted: create", id="Gerrit"),
    ],
)
def test_a_protected_branch_is_told_as_one_in_the_words_of_each_forge(printed: str) -> None:
    line, cause = telling_line(f"{printed}\nerror: failed to push some refs to 'https://forge.example.com/a/b'\n")
    assert cause is not None
    assert cause.what == "a rule of the forge protects the branch"
    assert line == printed.removeprefix("remote: ").removeprefix("error: ")


@pytest.mark.parametrize(
    ("printed", "what"),
    [
        pytest.param("- Commits must have verified signatures.", "it takes signed commits only", id="GitHub, signatures"),
        pytest.param("error: branch gitops-mcp/x is protected: commit 4d7a is not signed", "it takes signed commits only", id="Gitea, signatures"),
        pytest.param("GitLab: Commit must be signed with a GPG key", "it takes signed commits only", id="GitLab, signatures"),
        pytest.param("- GITHUB PUSH PROTECTION", "it found what looks like a secret in the change", id="GitHub, secrets"),
        pytest.param("GitLab: PUSH BLOCKED: Secrets detected in code changes", "it found what looks like a secret in the change", id="GitLab, secrets"),
        pytest.param("- Branch name must match a given regex pattern: ^feature/.*", "it has a rule for the names of branches", id="GitHub, names"),
        pytest.param("GitLab: Branch name 'gitops-mcp/x' does not follow the pattern '^feature/'", "it has a rule for the names of branches", id="GitLab, names"),
    ],
)  # fmt: skip
def test_a_rule_for_what_is_pushed_is_not_told_as_one_that_protects_the_branch(printed: str, what: str) -> None:
    lines = ("error: GH013: Repository rule violations found for refs/heads/gitops-mcp/x.", printed)
    line, cause = telling_line("".join(f"remote: {one}\n" for one in lines))
    assert cause is not None
    assert cause.what == what
    assert line == printed.removeprefix("error: ")
