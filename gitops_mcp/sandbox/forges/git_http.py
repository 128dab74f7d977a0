"""Git over smart HTTP: git's own backend as a child, with a forge's credentials in front and its lines behind.

What a forge prints goes to git as progress, before the report of the push, as a hook's would.
"""

from __future__ import annotations

import gzip
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from gitops_mcp.sandbox.forges.push_lines import lines_of_push
from gitops_mcp.sandbox.forges.routing import Answer, basic_login
from gitops_mcp.sandbox.forges.store import SandboxForge
from gitops_mcp.sandbox.forges.values import ForgeName, Repository, Token
from gitops_mcp.sandbox.remote import environment

_PATH = re.compile(r"/(?P<name>.+?)(?:\.git)?/(?P<what>info/refs|git-upload-pack|git-receive-pack)")
_TEXT = "text/plain"
_TIMEOUT = 60
_SCOPES: dict[ForgeName, tuple[str, str]] = {
    "github": ("contents=read", "contents=write"),
    "gitlab": ("read_repository", "write_repository"),
    "gitea": ("read:repository", "write:repository"),
}
_DENIED: dict[ForgeName, str] = {
    "github": "Invalid username or token. Password authentication is not supported for Git operations.",
    "gitlab": "HTTP Basic: Access denied.",
    "gitea": "Failed to authenticate user",
}
_UNKNOWN: dict[ForgeName, str] = {
    "github": "Repository not found.",
    "gitlab": "The project you were looking for could not be found or you don't have permission to view it.",
    "gitea": "Repository not found",
}
_PROTECTED: dict[ForgeName, tuple[tuple[str, ...], str]] = {
    "github": (("error: GH006: Protected branch update failed for {ref}.",), "protected branch hook declined"),
    "gitlab": (
        ("GitLab: You are not allowed to push code to protected branches on this project.",),
        "pre-receive hook declined",
    ),
    "gitea": (
        ("", "error:", "error: Not allowed to push to protected branch {branch}", "error:"),
        "pre-receive hook declined",
    ),
}


@dataclass(frozen=True)
class GitRequest:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> bytes:
        zipped = self.headers.get("content-encoding") == "gzip"
        return gzip.decompress(self.content) if zipped else self.content

    @property
    def is_push(self) -> bool:
        return "git-receive-pack" in f"{self.path}?{self.query}"


@dataclass(frozen=True)
class Push:
    """What stands before the pack: the commands (old, new, ref) and the push options."""

    commands: list[tuple[str, str, str]]
    options: list[str]

    @classmethod
    def of(cls, body: bytes) -> Push:
        groups: list[list[str]] = [[]]
        has_options, at = False, 0
        while at < len(body) and (len(groups) == 1 or (has_options and len(groups) == 2)):
            size = int(body[at : at + 4], 16)
            if size == 0:
                groups.append([])
                at += 4
                continue
            line, _, capabilities = body[at + 4 : at + size].decode().rstrip("\n").partition("\0")
            has_options |= "push-options" in capabilities.split()
            groups[-1].append(line)
            at += size
        commands = [(old, new, ref) for old, new, ref in (line.split(" ", 2) for line in groups[0])]
        return cls(commands, groups[1] if has_options and len(groups) > 1 else [])


def answer_git(forge: SandboxForge, web: str, request: GitRequest) -> Answer | None:
    """None: the path is none of Git's."""
    match = _PATH.fullmatch(request.path)
    if match is None:
        return None
    token = _token(forge, request.headers)
    repository = next((one for one in forge.repositories if one.full_name == match["name"]), None)
    if moved := next((one for one in forge.repositories if match["name"] in one.old_names), None):
        place = f"{web}/{moved.full_name}.git/{match['what']}"
        return Answer(301, "", {"Location": f"{place}?{request.query}"}, _TEXT)
    if refused := _refusal(forge, request, repository, token):
        return refused
    if repository is None or token is None:
        raise LookupError(request.path)
    if match["what"] == "git-receive-pack":
        return _receive(forge, web, request, repository, token)
    return _backend(forge, request, repository, match["what"], token)


def _token(forge: SandboxForge, headers: Mapping[str, str]) -> Token | None:
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return forge.tokens.get(value)
    user, password = basic_login(value) or ("", "")
    return forge.tokens.get(password) or forge.tokens.get(user)


def _refusal(
    forge: SandboxForge, request: GitRequest, repository: Repository | None, token: Token | None
) -> Answer | None:
    if token is None or token.expired:
        words = _DENIED[forge.name] if request.headers.get("authorization") else "Authentication required"
        return Answer(401, words, {"WWW-Authenticate": f'Basic realm="{forge.name}"'}, _TEXT)
    role = repository.roles.get(token.user.login) if repository else None
    if repository is None or role is None:
        return Answer(404, _UNKNOWN[forge.name], media=_TEXT)
    read, write = _SCOPES[forge.name]
    if not token.may(*((write, "api") if request.is_push else (read, write, "api"))):
        return Answer(403, "Forbidden", media=_TEXT)
    if request.is_push and role == "read" and forge.name != "gitea":
        words = f"Permission to {repository.full_name}.git denied to {token.user.login}."
        return Answer(
            403, words if forge.name == "github" else "You are not allowed to push code to this project.", media=_TEXT
        )
    return None


def _receive(forge: SandboxForge, web: str, request: GitRequest, repository: Repository, token: Token) -> Answer:
    push = Push.of(request.body)
    role = repository.roles[token.user.login]
    for _, _, ref in push.commands:
        branch = ref.removeprefix("refs/heads/")
        words, reason = _PROTECTED[forge.name]
        if role == "read":
            words = ("", "error:", "error: User permission denied for writing.", "error:")
        elif branch not in repository.rules or role == "admin":
            continue
        said = [one.format(ref=ref, branch=branch) for one in words]
        return Answer(200, _declined_push(push, said, reason), media="application/x-git-receive-pack-result")
    with forge.lock:
        forge.observe()
        before = dict(repository.tips)
    answer = _backend(forge, request, repository, "git-receive-pack", token)
    with forge.lock:
        forge.observe()
        pushed = {
            branch: (old, repository.tips.get(branch))
            for _, _, ref in push.commands
            if (branch := ref.removeprefix("refs/heads/")) != ref
            and (old := before.get(branch)) != repository.tips.get(branch)
        }
        said = lines_of_push(forge, web, repository, pushed, push.options, by=token.user) if pushed else []
    return Answer(answer.status, _progress(said) + answer.content, answer.headers, answer.media)


def _progress(lines: list[str]) -> bytes:
    return b"".join(_packet(b"\x02" + line.encode() + b"\n") for line in lines)


def _declined_push(push: Push, lines: list[str], reason: str) -> bytes:
    report = b"".join(
        (_packet(b"unpack ok\n"), *(_packet(f"ng {ref} {reason}\n".encode()) for *_, ref in push.commands))
    )
    return _progress(lines) + _packet(b"\x01" + report + b"0000") + b"0000"


def _packet(content: bytes) -> bytes:
    return f"{len(content) + 4:04x}".encode() + content


def _backend(forge: SandboxForge, request: GitRequest, repository: Repository, what: str, token: Token) -> Answer:
    settings = {
        "receive.advertisePushOptions": str(repository.settings.push_options).lower(),
        "receive.hideRefs": "refs/merge-requests" if forge.name == "gitlab" else "refs/pull",
    }
    counted = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        counted |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    body = request.body
    variables = {
        "GIT_PROJECT_ROOT": str(repository.path.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "PATH_INFO": f"/{repository.path.name}/{what}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_USER": token.user.login,
        "REMOTE_ADDR": "127.0.0.1",
    }
    ran = subprocess.run(
        ["git", "http-backend"],
        env=environment() | counted | variables,
        input=body,
        capture_output=True,
        timeout=_TIMEOUT,
        check=False,
    )
    head, _, content = ran.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
    status = int(headers.pop("Status", "200").split()[0])
    return Answer(status, content, headers, headers.pop("Content-Type", _TEXT))
