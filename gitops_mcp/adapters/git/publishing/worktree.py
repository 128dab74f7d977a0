"""A working tree of the server's own, for one commit: it holds the touched files and the attributes that govern them.

Git reads `.gitattributes` from a working tree, runs filters and hooks in one, and keeps an index beside it. Giving it
this one leaves the user's alone. It lives in the lock's work folder and goes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitops_mcp.adapters.git.configuration import Configuration
from gitops_mcp.adapters.git.lock import Lock
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.runner import Ran, Runner


@dataclass(frozen=True)
class WorkTree:
    runner: Runner
    lock: Lock
    folder: Path
    git_dir: Path
    index: Path
    options: tuple[str, ...]
    """`-c` options for every command in it."""

    @classmethod
    def made(cls, repository: Repository, configuration: Configuration, lock: Lock) -> WorkTree:
        folder = lock.work / "tree"
        folder.mkdir(exist_ok=True)
        options = _attributes_option(repository.root, configuration)
        return cls(repository.runner, lock, folder, _git_dir(repository), lock.work / "index", options)

    def git(
        self,
        *arguments: str,
        input: bytes = b"",  # noqa: A002 - the runner's word for it
        env: Mapping[str, str] | None = None,
        check: bool = True,
        meanwhile: Callable[[], object] | None = None,
    ) -> Ran:
        here = {
            "GIT_DIR": str(self.git_dir),
            "GIT_WORK_TREE": str(self.folder),
            # Without it git falls back on what the user's own index says of attributes.
            "GIT_INDEX_FILE": str(self.index),
        }
        return self.runner.run(
            *self.options,
            *arguments,
            input=input,
            env=here | dict(env or {}),
            cwd=self.folder,
            check=check,
            keep=(self.lock.descriptor,),
            meanwhile=meanwhile,
        )

    def write(self, files: Mapping[str, bytes]) -> None:
        for path, data in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def _git_dir(repository: Repository) -> Path:
    """The user's own git folder; in a linked worktree `.git` is a file that names it."""
    dot_git = repository.root / ".git"
    if dot_git.is_file():
        return repository.root / dot_git.read_text().removeprefix("gitdir:").strip()
    return dot_git if dot_git.is_dir() else repository.root


def _attributes_option(root: Path, configuration: Configuration) -> tuple[str, ...]:
    """A relative core.attributesFile is found from the top of the user's working tree, not from ours."""
    configured = configuration.get("core.attributesfile")
    if not configured or configured.startswith(("~", "%", "/")):
        return ()
    return ("-c", f"core.attributesFile={root / configured}")
