"""How a change reaches its branch: a commit, and one compare-and-swap of one ref.

With a remote that is pushed to, the push is the commit point and no local branch is made. Without, it is
`update-ref` with the old value. Either way a branch moves only forward, from the tip that the caller planned on;
when it stands elsewhere by now that is Raced, and the caller plans again. The whole runs under the repository's lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gitops_mcp.adapters.git.lock import Lock, hold_lock
from gitops_mcp.adapters.git.publishing.commit import write_commit
from gitops_mcp.adapters.git.publishing.hooks import Hooks
from gitops_mcp.adapters.git.publishing.push import Push
from gitops_mcp.adapters.git.refs import Base
from gitops_mcp.adapters.git.remotes import branch_name
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.runner import Ran
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import NotFound, Raced, Refused, Unavailable

_MOVED = ("but expected", "reference already exists", ".lock': File exists")


@dataclass(frozen=True)
class PublishedCommit:
    commit: str
    branch: str
    ref: str
    """Where the commit can be found in this repository: the remote-tracking ref, or the local branch."""
    pushed: bool
    printed: str
    """What the remote said, bounded and without credentials."""
    hooks: tuple[str, ...]
    """Those that ran, in order."""
    signed: bool


def publish(
    repository: Repository,
    settings: GitSettings,
    *,
    base: Base,
    branch: str,
    expected: str | None,
    parent: str,
    files: Mapping[str, bytes | None],
    message: str,
) -> PublishedCommit:
    """Commits on `parent` and moves the branch there from `expected`; None means that it must not exist.

    Raises Raced when the branch stands elsewhere by now, Refused when a path, a filter, a hook or the remote is in
    the way, and Unavailable when the remote cannot be reached. None of these leaves a ref behind.
    """
    if expected is not None and expected != parent and not repository.is_ancestor(expected, parent):
        raise ValueError(f"a commit on {parent} would move {branch} from {expected} without containing it")
    with repository.calls.one(), hold_lock(repository.common_dir, timeout=settings.timeout) as lock:
        _check_branch(repository, settings, base, branch)
        configuration = repository.calls.configuration
        hooks = Hooks.found(repository, settings, configuration)
        if settings.hooks == "required":
            hooks.require()
        made = write_commit(
            repository,
            settings,
            lock=lock,
            configuration=configuration,
            hooks=hooks,
            parent=parent,
            files=files,
            message=message,
        )
        repository.history.remember(made.id, base=base.commit, parent=parent, paths=files)
        if base.home is None or not base.pushes:
            _update_branch(repository, lock, branch, made.id, expected or "0" * len(parent))
            return PublishedCommit(made.id, branch, f"refs/heads/{branch}", False, "", made.hooks, made.signed)
        runner = replace(repository.runner, timeout=settings.timeout)
        # Without its hook git-lfs would not upload what the pointer just stored stands for.
        uploads = "lfs" in made.filters
        push = Push(runner, lock, configuration, hooks, base.home, settings.hooks != "off" or uploads, uploads)
        said = push.moved(branch, made.id, expected)
        ran = (*made.hooks, *hooks.on_push)
        return PublishedCommit(made.id, branch, push.tracking(branch), True, said, ran, made.signed)


def remove_branch(repository: Repository, settings: GitSettings, *, branch: str, expected: str) -> None:
    """Deletes a change's branch if it stands at `expected`.

    Raises NotFound when it is gone already, Raced when it stands elsewhere.
    """
    base = repository.base(settings, fetch=False)
    with hold_lock(repository.common_dir, timeout=settings.timeout) as lock:
        _check_branch(repository, settings, base, branch)
        if base.home is None or not base.pushes:
            _delete_branch(repository, lock, branch, expected)
            repository.refs.closed(lock, base, branch, expected)
            return
        configuration = repository.calls.configuration
        hooks = Hooks.found(repository, settings, configuration)
        runner = replace(repository.runner, timeout=settings.timeout)
        Push(runner, lock, configuration, hooks, base.home, settings.hooks != "off").deleted(branch, expected)
        repository.refs.closed(lock, base, branch, expected)


def _check_branch(repository: Repository, settings: GitSettings, base: Base, branch: str) -> None:
    """Raises unless the branch is one of ours to write: in the prefix, legal, not the base, checked out nowhere."""
    if not branch.startswith(settings.prefix) or branch in {settings.prefix, base.branch}:
        raise Refused(
            f"branch {branch!r} is not written here: changes live on branches that start with {settings.prefix!r}, "
            f"and the base {base.branch!r} is never one of them"
        )
    branch_name(branch, field="branch")
    repository.check_push(base)
    worktree = ""
    for line in repository.runner.run("worktree", "list", "--porcelain").text.split("\n"):
        if line.startswith("worktree "):
            worktree = line.removeprefix("worktree ")
        if line == f"branch refs/heads/{branch}":
            raise Refused(f"branch {branch} is checked out in {worktree}: switch to another branch there first")


def _update_branch(repository: Repository, lock: Lock, branch: str, new: str, old: str) -> None:
    ref = f"refs/heads/{branch}"
    lock.intend(ref)
    command = ("update-ref", "--create-reflog", "-m", "gitops-mcp: commit", ref, new, old)
    ran = repository.runner.run(*command, check=False, keep=(lock.descriptor,))
    if ran.returncode:
        raise _update_error(branch, ran)


def _delete_branch(repository: Repository, lock: Lock, branch: str, expected: str) -> None:
    ref = f"refs/heads/{branch}"
    lock.intend(ref)
    ran = repository.runner.run("update-ref", "-d", ref, expected, check=False, keep=(lock.descriptor,))
    if "unable to resolve reference" in ran.stderr:
        raise NotFound(f"there is no branch {branch}: it has been deleted already")
    if ran.returncode:
        raise _update_error(branch, ran)


def _update_error(branch: str, ran: Ran) -> Exception:
    said = ran.stderr.strip()[-600:]
    if "exists; cannot create" in said:
        return Refused(f"branch {branch} cannot stand beside another one: {said}; choose another branchPrefix")
    if "unable to resolve reference" in said or any(text in said for text in _MOVED):
        return Raced(f"branch {branch} was moved by another writer, or is locked by one: {said}")
    return Unavailable(f"branch {branch} was not moved: {said}")
