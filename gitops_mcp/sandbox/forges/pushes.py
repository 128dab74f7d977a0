"""What a push means to pull requests: heads and bases move, some are merged by it, some are closed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitops_mcp.sandbox.forges import merging
from gitops_mcp.sandbox.forges.values import Pull, Repository, now
from gitops_mcp.sandbox.remote import git

if TYPE_CHECKING:
    from gitops_mcp.sandbox.forges.store import SandboxForge


def take_in(forge: SandboxForge, repository: Repository) -> None:
    """All that moved since it was looked last."""
    before, after = repository.tips, branches(repository.path)
    repository.tips = after
    moved = {branch for branch in before.keys() | after.keys() if before.get(branch) != after.get(branch)}
    if not moved:
        return
    for pull in forge.all_pulls():
        is_head, tip = pull.source is repository and pull.branch in moved, after.get(pull.branch)
        if is_head and tip:
            move_head(forge, pull, before.get(pull.branch), tip)
        if pull.target is repository and pull.base in moved:
            _move_base(forge, pull, after.get(pull.base))
        if is_head and not tip and pull.is_open:
            forge.end(pull)


def move_head(forge: SandboxForge, pull: Pull, before: str | None, tip: str) -> None:
    if not pull.is_open:
        pull.is_recreated |= tip != pull.head and (before is None or not is_ancestor(pull.source, pull.head, tip))
        return
    pull.head_before, pull.head, pull.updated = pull.head, tip, now()
    keep_head(forge, pull)
    pull.forget_the_trial()
    for review in pull.reviews:
        review.stale = True


def _move_base(forge: SandboxForge, pull: Pull, tip: str | None) -> None:
    """What reached the base by a push is merged; Gitea sees that only where it is told to look for it."""
    pull.forget_the_trial()
    if not pull.is_open:
        return
    if tip is None:
        pull.base = pull.target.base
    elif forge.name != "gitea" and pull.head != pull.base_commit and is_ancestor(pull.target, pull.head, tip):
        forge.end(pull, commit=pull.head)


def keep_head(forge: SandboxForge, pull: Pull) -> None:
    """Under the ref that outlives the branch."""
    ref = merging.head_ref(forge.name, pull.number)
    if pull.source is pull.target:
        git("update-ref", ref, pull.head, cwd=pull.target.path)
    else:
        git("fetch", "--quiet", str(pull.source.path), f"+{pull.head}:{ref}", cwd=pull.target.path)


def branches(path: Path) -> dict[str, str]:
    """The commit of each."""
    if not path.is_dir():
        return {}
    lines = git("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads", cwd=path).decode()
    return {line.partition(" ")[2]: line.partition(" ")[0] for line in lines.splitlines()}


def is_ancestor(repository: Repository, one: str, of: str) -> bool:
    return git("merge-base", one, of, cwd=repository.path, check=False).decode() == one
