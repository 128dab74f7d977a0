"""A new repository, made of the template by what was chosen."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from gitops_mcp.adapters.git.new_repository import Folder
from gitops_mcp.config.rules import checked_environment_name
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.remote_url import engine_url, parse_remote_url, without_logins
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.init.files import check_free, is_leftover, write_all
from gitops_mcp.template import ENGINES, NO_REMOTE, Choices, Forge, starter_files

_LONGEST = 58
"""Of an environment's name, so that its namespace is one."""
_PLAIN_URL = re.compile(r"[!-~]+")
_TAKEN = re.compile("(?:https?|ssh)://")
"""What Flux takes."""


def make_new(path: Path, folder: Folder | None, given: argparse.Namespace) -> None:
    """`folder` is what stands there; None: nothing."""
    choices = _choices(given, folder.origin if folder else None)
    files = starter_files(choices)
    if folder and not folder.is_repository and (others := _others(path, files)):
        raise InvalidRequest(
            f"DIR: {path} is not a repository and holds {', '.join(others[:3])}{', ...' if len(others) > 3 else ''}: "
            f"name a new or empty folder, or run `git init` there first"
        )
    check_free(path, files)
    if given.commit:
        (
            folder or Folder(_nearest(path), is_repository=False, branch="main", head=None, origin=None)
        ).check_committable()
    write_all(path, files)
    commit = None
    if given.commit:
        remote = None if choices.remote == NO_REMOTE else choices.remote
        commit = Folder.look(path).commit(files, "Start from the template of gitops-mcp", remote=remote)
    _tell(path.resolve(), choices, len(files), commit)


def _choices(given: argparse.Namespace, origin: str | None) -> Choices:
    if given.engine is None:
        raise InvalidRequest(f"--engine: say who applies what is merged: {' or '.join(ENGINES)}")
    remote = _checked_remote(given.remote) if given.remote is not None else _without_password(origin or NO_REMOTE)
    environments = _checked_environments(given.environments or "dev,prod")
    return Choices(
        engine=given.engine,
        environments=environments,
        secrets=given.secrets or "external-secrets",
        forge=given.forge or _forge_of(remote),
        remote=remote,
    )


def _checked_environments(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        try:
            checked_environment_name(name)
        except ValueError as error:
            raise InvalidRequest(f"--environments: {error}; such as dev,prod") from error
        if len(name) > _LONGEST or name in {"kustomization", "sync"}:
            raise InvalidRequest(
                f"--environments: {name} is taken by a file of the template, or longer than {_LONGEST}: choose another"
            )
    if len(set(names)) < len(names):
        raise InvalidRequest(f"--environments: {quote(text)} names one twice; name each once, such as dev,prod")
    return names


def _checked_remote(url: str) -> str:
    if url != (bare := _without_password(url)):
        raise InvalidRequest(
            f"--remote: the address holds a login, which would be in Git for all to read: give it without, as {bare}"
        )
    if (
        not _PLAIN_URL.fullmatch(url)
        or not _TAKEN.match(engine_url(url))
        or not parse_remote_url(url).host
        or set(url) & set("\"'`#{}<>|\\")
    ):
        raise InvalidRequest(
            f"--remote: {quote(url)} is not an address that an engine could read: give one such as "
            f"https://github.com/team/postgres.git or git@github.com:team/postgres.git"
        )
    return url


def _without_password(url: str) -> str:
    """The user of an ssh address is a part of it; over https it may be a token."""
    return url if re.match(r"(?:ssh://)?[^:@/]+@", url) else without_logins(url)


def _forge_of(remote: str) -> Forge:
    host = parse_remote_url(remote).host
    if "gitlab" in host:
        return "gitlab"
    return "gitea" if re.search("gitea|forgejo|codeberg", host) else "github"


def _others(path: Path, files: dict[str, bytes]) -> list[str]:
    """What the template does not bring."""
    brought = {name.partition("/")[0] for name in files}
    return sorted(one.name for one in path.iterdir() if one.name not in brought and not is_leftover(one.name))


def _nearest(path: Path) -> Path:
    return path if path.is_dir() else _nearest(path.resolve().parent)


def _tell(path: Path, choices: Choices, count: int, commit: str | None) -> None:
    done = f"{count} files, committed on main as {commit[:8]}" if commit else f"{count} files"
    chosen = f"{', '.join(choices.environments)}; {choices.values['engine']}; {choices.secrets}; {choices.forge}"
    steps = [f"gitops-mcp init: {path} has {done}: {chosen}."]
    if choices.remote == NO_REMOTE:
        steps.append(f"Nobody told the address of the repository: replace {NO_REMOTE} by it before you push.")
    steps.append("README.md says what comes before the first merge.")
    if commit:
        steps.append(f"To try it on this machine:\n  gitops-mcp sandbox --dir {path}-sandbox --repo {path}")
    else:
        steps.append("Commit it first (`gitops-mcp init ... --commit`): a sandbox starts from a commit.")
    sys.stderr.write("".join(f"{line}\n" for line in steps))
