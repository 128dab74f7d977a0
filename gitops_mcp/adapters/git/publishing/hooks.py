"""The user's commit hooks, run as `git commit` runs them, away from the user's checkout.

A hook sees a git folder of our own whose HEAD is the commit that is built on, detached: with the user's HEAD a hook
that guards `main` would judge the branch that they happen to be on. Its index holds the whole new tree, its working
tree the touched files and those at the top of the repository, where tools keep their configuration; everything else
is marked skip-worktree. So hooks that look at the whole repository see only these. Building it costs the time of an
index (0.6 s at 100,000 files), and is done only where there is a hook.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from gitops_mcp.adapters.git.configuration import Configuration
from gitops_mcp.adapters.git.paths import folders_of
from gitops_mcp.adapters.git.publishing.printed import first_lines
from gitops_mcp.adapters.git.publishing.trees import ATTRIBUTES
from gitops_mcp.adapters.git.publishing.worktree import WorkTree
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import Refused

_ON_COMMIT = ("pre-commit", "prepare-commit-msg", "commit-msg")
_ON_PUSH = "pre-push"
_MEANT_IN_PATTERNS = re.compile(r"([\\*?\[\]!# ])")


@dataclass(frozen=True)
class Hooks:
    folder: Path
    on_commit: tuple[str, ...]
    """Those that exist, in the order in which they run."""
    on_push: tuple[str, ...]

    @classmethod
    def found(cls, repository: Repository, settings: GitSettings, configuration: Configuration) -> Hooks:
        folder = _hooks_folder(repository, configuration)
        if settings.hooks == "off":
            return cls(folder, (), ())
        there = [name for name in (*_ON_COMMIT, _ON_PUSH) if os.access(folder / name, os.X_OK)]
        on_commit = tuple(name for name in there if name != _ON_PUSH)
        return cls(folder, on_commit, tuple(name for name in there if name == _ON_PUSH))

    def require(self) -> None:
        """Raises Refused when no commit hook is there to run."""
        if not self.on_commit:
            raise Refused(
                f"commit.hooks is required, and {self.folder} has none of {', '.join(_ON_COMMIT)} that can be "
                f"executed: install the team's hooks in this repository, or set commit.hooks to auto"
            )


@dataclass(frozen=True)
class Candidate:
    """What is about to be committed."""

    parent: str
    tree: str
    touched: tuple[str, ...]
    message: str


def run_hooks(hooks: Hooks, made: WorkTree, common: Path, candidate: Candidate) -> str:
    """The message as the hooks leave it. Raises Refused when one refuses, or rewrites files."""
    tree = _check_out(made, common, candidate)
    message = tree.git_dir / "COMMIT_EDITMSG"
    message.write_text(candidate.message, encoding="utf-8", errors="surrogateescape", newline="")
    arguments = {
        "pre-commit": (),
        "prepare-commit-msg": ("--", str(message), "message"),
        "commit-msg": ("--", str(message)),
    }
    for name in hooks.on_commit:
        ran = tree.git(
            *("-c", f"core.hooksPath={hooks.folder}", "hook", "run", name, *arguments[name]),
            # A hook's own `git diff -- '*.yaml'` means the pattern.
            env={"GIT_LITERAL_PATHSPECS": "0"},
            check=False,
        )
        if ran.returncode:
            said = first_lines(ran.stderr + ran.text) or "it printed nothing"
            raise Refused(
                f"the {name} hook refused the commit ({ran.returncode}); it saw only the touched files and those at "
                f"the top of the repository. It printed:\n{said}"
            )
    _check_unchanged(tree, candidate.tree)
    return message.read_text(encoding="utf-8", errors="surrogateescape").strip() + "\n"


def _hooks_folder(repository: Repository, configuration: Configuration) -> Path:
    configured = configuration.get("core.hookspath")
    if not configured:
        return repository.common_dir / "hooks"
    if configured.startswith(("~", "%")):
        configured = repository.runner.run("config", "--type=path", "--get", "core.hooksPath").text
    return repository.root / configured


def _check_out(made: WorkTree, common: Path, candidate: Candidate) -> WorkTree:
    git_dir = made.lock.work / "hooks.git"
    (git_dir / "info").mkdir(parents=True)
    (git_dir / "HEAD").write_text(f"{candidate.parent}\n")
    (git_dir / "commondir").write_text(f"{common}\n")
    (git_dir / "info/sparse-checkout").write_bytes(os.fsencode("".join(_sparse_patterns(candidate.touched))))
    tree = replace(made, folder=made.lock.work / "hooks", git_dir=git_dir, index=git_dir / "index")
    tree.folder.mkdir()
    sparse = ("core.sparseCheckout=true", "core.sparseCheckoutCone=false")
    # No hook of the user's has a say in this index (post-index-change), no submodule a place in this tree.
    others = ("core.hooksPath=/dev/null", "submodule.recurse=false")
    options = [word for option in (*sparse, *others) for word in ("-c", option)]
    tree.git(*options, "read-tree", "-m", "-u", candidate.tree)
    return tree


def _sparse_patterns(touched: Iterable[str]) -> Iterable[str]:
    """What the working tree holds, in the words of a sparse checkout: the top's files, then the touched ones."""
    attributes = {f"{folder}/{ATTRIBUTES}" for path in touched for folder in folders_of(path) if folder}
    yield "/*\n"
    yield "!/*/\n"
    for path in sorted({*touched, *attributes}):
        yield "/" + _MEANT_IN_PATTERNS.sub(r"\\\1", path) + "\n"


def _check_unchanged(tree: WorkTree, written: str) -> None:
    options = ("--no-ext-diff", "--no-textconv", "--no-renames", "--name-only", "-z")
    rewritten = [name for name in tree.git("diff", *options, written).text.split("\0") if name]
    if rewritten:
        raise Refused(
            f"the commit hooks rewrote {', '.join(rewritten[:10])}, which is more than the request asks for: bring "
            f"the files into the form the hooks want in a change of your own, or set commit.hooks to off"
        )
