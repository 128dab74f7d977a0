"""The user's hooks, run as git runs them, away from the user's checkout and on reviewed code only.

A hook runs in the kept checkout of the base (`checkout.py`). One that lies in the repository itself, as husky's do, is
the base's there: what the user has checked out may be a branch that nobody has reviewed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gitops_mcp.adapters.git.configuration import Configuration
from gitops_mcp.adapters.git.publishing.checkout import note_unchanged
from gitops_mcp.adapters.git.publishing.printed import first_lines
from gitops_mcp.adapters.git.publishing.worktree import WorkTree
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.errors import Refused

_Made = TypeVar("_Made")

ON_COMMIT = ("pre-commit", "prepare-commit-msg", "commit-msg")
_ON_PUSH = "pre-push"
HOOKS = (*ON_COMMIT, _ON_PUSH)
_LFS = re.compile(rb"\A#!/bin/sh\ncommand -v git-lfs [^\n]+\ngit lfs pre-push \"\$@\"\s*\Z")


@dataclass(frozen=True)
class Hook:
    name: str
    path: Path
    inside: str = ""
    """The path in the repository, where it lies in it."""
    generated: tuple[Path, ...] = ()
    """What stands in its folder and is not in Git, where the hook is not: husky makes such."""

    @property
    def is_of_lfs(self) -> bool:
        """Whether it is what `git lfs install` writes, which looks at no file of a working tree."""
        return not self.inside and bool(_LFS.search(self.path.read_bytes()[:2000]))


@dataclass(frozen=True)
class Hooks:
    """Those that exist, in the order in which they run."""

    folder: Path
    on_commit: tuple[Hook, ...] = ()
    on_push: tuple[Hook, ...] = ()

    @classmethod
    def found(cls, repository: Repository, configuration: Configuration, base: str) -> Hooks:
        folder = _hooks_folder(repository, configuration)
        there = [hook for name in HOOKS if (hook := _found_hook(repository, folder, name, base))]
        on_commit = tuple(hook for hook in there if hook.name != _ON_PUSH)
        return cls(folder, on_commit, tuple(hook for hook in there if hook.name == _ON_PUSH))

    def require(self) -> None:
        """Raises Refused when no commit hook is there to run."""
        if not self.on_commit:
            raise Refused(
                f"commit.hooks is required, and {self.folder} has none of {', '.join(ON_COMMIT)} that can be "
                f"executed: install the team's hooks in this repository, or set commit.hooks to auto"
            )

    def run_on_commit(self, tree: WorkTree, message: str) -> str:
        """The message as the hooks leave it. Raises Refused when one refuses.

        What they leave in the tree is to be compared (`while_compared`).
        """
        file = tree.git_dir / "COMMIT_EDITMSG"
        file.write_text(message, encoding="utf-8", errors="surrogateescape", newline="")
        arguments = {"prepare-commit-msg": ("--", str(file), "message"), "commit-msg": ("--", str(file))}
        for hook in self.on_commit:
            ran = tree.git(
                *("-c", f"core.hooksPath={self._placed(hook, tree).parent}"),
                *("hook", "run", hook.name, *arguments.get(hook.name, ())),
                # A hook's own `git diff -- '*.yaml'` means the pattern.
                env={"GIT_LITERAL_PATHSPECS": "0"},
                check=False,
            )
            if ran.returncode:
                said = first_lines(ran.stderr + ran.text) or "it printed nothing"
                raise Refused(
                    f"the {hook.name} hook refused the commit ({ran.returncode}); it ran in a checkout of the base "
                    f"that holds this change. It printed:\n{said}"
                )
        return file.read_text(encoding="utf-8", errors="surrogateescape").strip() + "\n"

    def folder_for_push(self, tree: WorkTree) -> Path:
        """A folder whose pre-push, run by git in the user's checkout, runs theirs in this tree."""
        folder = tree.lock.work / "push-hooks"
        folder.mkdir()
        for hook in self.on_push:
            values = {"GIT_DIR": tree.git_dir, "GIT_WORK_TREE": tree.folder, "GIT_INDEX_FILE": tree.index}
            words = shlex.join(["env", *(f"{name}={value}" for name, value in values.items())])
            there, run = shlex.quote(str(tree.folder)), shlex.quote(str(self._placed(hook, tree)))
            (folder / hook.name).write_text(f'#!/bin/sh\ncd {there} && exec {words} {run} "$@"\n')
            (folder / hook.name).chmod(0o700)
        return folder

    def _placed(self, hook: Hook, tree: WorkTree) -> Path:
        """The file to execute, whose name is the hook's."""
        if not hook.inside:
            return hook.path
        there = tree.folder / hook.inside
        there.parent.mkdir(parents=True, exist_ok=True)
        for source in hook.generated:
            shutil.copy(source, there.parent / source.name)
        if there.name == hook.name:
            return there
        link = tree.lock.work / "linked-hooks" / hook.name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(there)
        return link


def _hooks_folder(repository: Repository, configuration: Configuration) -> Path:
    configured = configuration.get("core.hookspath")
    if not configured:
        return repository.common_dir / "hooks"
    if configured.startswith(("~", "%")):
        configured = repository.runner.run("config", "--type=path", "--get", "core.hooksPath").text
    return repository.root / configured


def _found_hook(repository: Repository, folder: Path, name: str, base: str) -> Hook | None:
    path = folder / name
    is_there = os.access(path, os.X_OK)
    top = _working_tree_of(repository, real := path.resolve())
    if top is None:
        return Hook(name, path) if is_there else None
    inside = str(real.relative_to(top))
    entry = repository.files.entries(base, (inside,)).get(inside)
    if entry:
        return Hook(name, path, inside) if entry.mode == "100755" else None
    if not is_there:
        return None
    beside = str(real.parent.relative_to(top))
    listed = repository.runner.run("ls-files", "--others", "-z", "--", beside, cwd=top).text.split("\0")
    reviewed = repository.files.entries(base, listed)
    generated = tuple(
        one for name in listed if name not in reviewed and (one := top / name).parent == real.parent and one.is_file()
    )
    # What the user's checkout has from Git and the base does not is a branch's.
    return Hook(name, path, inside, generated) if real in generated else None


def _working_tree_of(repository: Repository, path: Path) -> Path | None:
    """The working tree of this repository that a path lies in, the git folder's own files aside."""
    common = repository.common_dir.resolve()
    if path.is_relative_to(common):
        return None
    tops = (repository.root.resolve(), *([common.parent] if common.name == ".git" else []))
    return next((top for top in tops if path.is_relative_to(top)), None)


def while_compared(tree: WorkTree, written: str, work: Callable[[], _Made]) -> _Made:
    """What the work gives. Raises Refused where the commit hooks have rewritten files."""
    given: list[_Made] = []
    options = ("--no-ext-diff", "--no-textconv", "--no-renames", "--name-only", "-z")
    compared = tree.git("diff", *options, written, meanwhile=lambda: given.append(work()))
    if rewritten := [name for name in compared.text.split("\0") if name]:
        raise Refused(
            f"the commit hooks rewrote {', '.join(rewritten[:10])}, which is more than the request asks for. Bring "
            f"the files into the form the hooks want in a change of your own, or set commit.hooks to off"
        )
    note_unchanged(tree.folder)
    return given[0]
