"""Why a remote did not do what git asked of it: the cause, from what git printed, and what helps.

Forges and ssh say it in words of their own, and git adds a line that says less; the line that tells is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gitops_mcp.domain.redact import words_of_others
from gitops_mcp.domain.remote_url import without_logins
from gitops_mcp.errors import GitOpsError, Refused, Unavailable

_WIDTH = 300
_TELLING = 1000
"""Characters of a line in which a cause is looked for; a remote may print lines without end."""
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""But for line breaks and tabs."""
_FULL_HERE = re.compile(r"^(?!remote:).*(No space left on device|Disk quota exceeded)", re.MULTILINE)
_OWN = ("fatal:", "error:", "ssh:")
_CODE = r"(error:|HTTP) "
"""Before a status: hooks name tickets by such numbers too."""


@dataclass(frozen=True)
class Cause:
    signs: re.Pattern[str]
    """What one printed line holds."""
    what: str
    advice: str
    error: type[GitOpsError] = Refused


def _cause(signs: str, what: str, advice: str, error: type[GitOpsError] = Refused) -> Cause:
    return Cause(re.compile(signs, re.IGNORECASE), what, advice, error)


_CAUSES = (
    _cause(
        r"host identification has changed|host key for .* has changed",
        "its ssh host key is not the one that is known here",
        "have a person compare the key with the forge's own before the old one is removed (ssh-keygen -R HOST)",
    ),
    _cause(
        r"host key verification failed|no .* host key is known",
        "its ssh host key is not known here",
        "have a person connect once by hand and compare the key (ssh -T git@HOST)",
    ),
    _cause(
        r"permission denied \([a-z,-]*(publickey|password|keyboard)|too many authentication failures",
        "it accepted none of the ssh keys",
        "load the right key into the agent (ssh-add -l lists them), or register it on the forge",
    ),
    _cause(
        r"could not read (username|password)|terminal prompts disabled",
        "git has no credentials for it that need no prompt",
        "give git a credential helper, or use an ssh key in the agent; git removes a refused token from its helper: "
        "store a new one",
    ),
    _cause(
        rf"authentication failed|failed to authenticate|{_CODE}401\b|access denied.*(password|token)|bad credentials"
        r"|invalid (username|credentials)",
        "it refused the credentials",
        "the token or password is wrong, expired or revoked, and git takes a refused one out of its credential helper: "
        "store a new one",
    ),
    _cause(r"\barchived\b", "the repository is archived", "have it unarchived, or name another remote"),
    _cause(
        r"push to create is not enabled|repository .*not found|project .* (could not be found|not be found)"
        rf"|does not appear to be a git repository|no such project|repository does not exist|{_CODE}404\b",
        "the repository is not there, or these credentials may not see it",
        "check the address (git remote -v) and the right to read it",
    ),
    _cause(
        r"exceeds? (the )?(maximum|github's|.*file size limit)|pack exceeds|file size limit|too large|GH001"
        rf"|{_CODE}413\b",
        "what is pushed is too large for it",
        "make the change smaller, or have the limit raised",
    ),
    _cause(
        r"\bquota\b|size limit|no space left|storage limit",
        "it has no room left",
        "have the quota or the disk enlarged",
    ),
    _cause(
        r"verified signature|must be signed|(is|are) not signed|unsigned commit",
        "it takes signed commits only",
        "set commit.gpgSign and a key that it knows for this user, or have its rule leave out the branches of changes",
    ),
    _cause(
        r"push protection|push blocked: secrets|push cannot contain secrets",
        "it found what looks like a secret in the change",
        "have a person look at the place that it printed: take the secret out of the change, or allow it on its page",
    ),
    _cause(
        r"branch name .*(pattern|regex)",
        "it has a rule for the names of branches",
        "choose a branchPrefix that fits it, or have the rule leave out the branches of changes",
    ),
    _cause(
        r"protected branch|is protected|protected from|branch protection|GH006|GH013|rule violations|protected file"
        r"|cannot (create|update|delete) ref due to|(made|modified) through (a )?pull request|must use a pull request"
        r"|permission denied to (create|update|delete) branch|pushes to this branch are not permitted"
        r"|prohibited by gerrit",
        "a rule of the forge protects the branch",
        "have the rule let this user through, or choose another branchPrefix",
    ),
    _cause(
        r"not authorized to write|permission .*denied|permission denied|write access .* not granted|forbidden"
        rf"|not allowed to push|not allowed to|insufficient permission|read[- ]only|access denied|{_CODE}403\b",
        "these credentials have no right to do that",
        "ask for the right to read and write (a token: its scope for repositories; a deploy key: write access)",
    ),
    _cause(
        r"is this a git repository\?|redirect",
        "what answers at its address is not a Git server",
        "a login page or a proxy may stand in between: check the address (git remote -v)",
        Unavailable,
    ),
    _cause(
        r"could not resolve|connection (refused|reset|timed out|closed)|unreachable|no route to host|failed to connect"
        rf"|couldn't connect|empty reply|early eof|hung up|disconnect|{_CODE}(429|5\d\d)\b|RPC failed|remote end",
        "it cannot be reached now",
        "try again once it answers (git ls-remote)",
        Unavailable,
    ),
)


def is_full_here(stderr: str) -> bool:
    """Whether git had no room on this machine; what the remote says of its own is told in lines that name it."""
    return _FULL_HERE.search(stderr.replace("\r", "\n")) is not None


def remote_error(asked: str, stderr: str) -> GitOpsError:
    """What to raise of a question to a remote that failed, such as "the fetch from origin"."""
    if is_full_here(stderr):
        return Unavailable(f"{asked} failed: the disk of this machine is full where the repository is; make room there")
    line, cause = telling_line(stderr)
    if cause is None:
        return Unavailable(
            f"{asked} failed: check that the remote can be reached and that git works with it from this repository. "
            f"Git printed (untrusted text): {line or 'nothing'}"
        )
    return cause.error(f"{asked} failed: {cause.what}; {cause.advice}. Git printed (untrusted text): {line}")


def remote_reason(stderr: str) -> str:
    """The same in the middle of a sentence."""
    line, cause = telling_line(stderr)
    return f"{cause.what}: {line}" if cause else line


def without_controls(text: str) -> str:
    """What git or a remote printed, without the sequences that a terminal acts on and without logins in addresses."""
    return without_logins(_CONTROL.sub("", text))


def _without_frame(line: str) -> str:
    """A line of the remote's as it wrote it: forges set theirs between empty errors."""
    if not line.startswith("remote:"):
        return line.strip()
    return line.removeprefix("remote:").strip().removeprefix("error:").strip()


def telling_line(stderr: str) -> tuple[str, Cause | None]:
    """The printed line that says what is wrong, fit to be shown, and what it tells."""
    # A remote that draws progress ends its lines with a carriage return.
    printed = without_controls(stderr.replace("\r", "\n")).split("\n")
    lines = [line for line in map(_without_frame, printed) if line]
    for cause in _CAUSES:
        for line in lines:
            if cause.signs.search(line[:_TELLING]):
                return words_of_others(line)[:_WIDTH], cause
    own = next((line for line in lines if line.startswith(_OWN)), lines[-1] if lines else "")
    return words_of_others(own)[:_WIDTH], None
