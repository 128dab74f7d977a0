"""A folder before there is a commit of ours in it: whether it is a repository, and its first commit.

What a person runs on their own folder: the commit has their identity, their signature and their hooks, and nothing but
the files that are named.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from gitops_mcp.adapters.git.runner import GitFailed, Runner
from gitops_mcp.errors import InvalidRequest, Refused

MAIN = "main"
_NO_IDENTITY = (
    "--commit: git does not know who you are, so nothing was written. Run `git config --global user.name 'Your Name'` "
    "and `git config --global user.email you@example.com`"
)


@dataclass(frozen=True)
class Folder:
    """One that exists, as git sees it."""

    path: Path
    is_repository: bool
    branch: str
    """What is checked out; empty where that is no branch."""
    head: str | None
    """The commit that is checked out; None before the first one."""
    origin: str | None

    @classmethod
    def look(cls, path: Path) -> Folder:
        """Raises InvalidRequest for a folder inside of a repository."""
        runner = Runner(path)
        top = runner.run("rev-parse", "--show-toplevel", check=False)
        if top.returncode:
            if (path / ".git").exists():
                raise InvalidRequest(f"DIR: git refuses the repository at {path}: {GitFailed('rev-parse', top).said}")
            return cls(path, is_repository=False, branch=MAIN, head=None, origin=None)
        if Path(top.text).resolve() != path.resolve():
            raise InvalidRequest(f"DIR: {path} is inside the repository {top.text}: name that one, or another folder")
        branch = runner.run("symbolic-ref", "--quiet", "--short", "HEAD", check=False).text
        head = runner.run("rev-parse", "--verify", "--quiet", "HEAD", check=False).text or None
        origin = runner.run("config", "--get", "remote.origin.url", check=False).text or None
        return cls(path, is_repository=True, branch=branch, head=head, origin=origin)

    def has_manifests(self) -> bool:
        """Whether the commit holds any manifest of Kubernetes."""
        if self.head is None:
            return False
        patterns = ("*.yaml", "*.yml")
        asked = ("grep", "-q", "-I", "-E", "^apiVersion:", self.head, "--", *patterns)
        ran = Runner(self.path).run(*asked, env={"GIT_LITERAL_PATHSPECS": "0"}, check=False)
        if ran.returncode > 1:
            raise GitFailed("grep", ran)
        return ran.returncode == 0

    def check_committable(self) -> None:
        """Raises before anything is written where the commit could not be made."""
        if self.head and self.branch != MAIN:
            raise InvalidRequest(
                f"--commit: {self.branch or 'a commit, and no branch,'} is checked out, and what is written names "
                f"{MAIN} as the base: check out {MAIN}, or leave out --commit"
            )
        for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
            if Runner(self.path).run("-c", "user.useConfigOnly=true", "var", who, check=False).returncode:
                raise Refused(_NO_IDENTITY)

    def commit(self, paths: Collection[str], message: str, *, remote: str | None) -> str:
        """The id of a commit of these files alone; `remote`: what `origin` of a new repository is to be."""
        runner = Runner(self.path)
        if not self.is_repository:
            runner.run("init", "--quiet", f"--initial-branch={MAIN}")
            if remote:
                runner.run("remote", "add", "origin", remote)
        elif self.head is None:
            runner.run("symbolic-ref", "HEAD", f"refs/heads/{MAIN}")
        runner.run("add", "--force", "--", *paths)
        runner.run("commit", "--quiet", f"--message={message}", "--", *paths)
        return runner.run("rev-parse", "HEAD").text
