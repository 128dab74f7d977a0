"""How a change reaches its branch: a commit, and one compare-and-swap of one ref.

With a remote that is pushed to, the push is the commit point and no local branch is made. Without, it is
`update-ref` with the old value. A call that is cancelled before leaves no ref, and from there on it is not stopped.
Either way a branch moves only forward, from the tip that the caller planned on; when it stands elsewhere by now that is
Raced, and the caller plans again. The whole runs under the repository's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gitops_mcp.adapters.git.configuration import Configuration
from gitops_mcp.adapters.git.lock import Lock, hold_lock
from gitops_mcp.adapters.git.publishing.checkout import Branch, check_out, read_branch
from gitops_mcp.adapters.git.publishing.commit import WrittenCommit, write_commit
from gitops_mcp.adapters.git.publishing.hooks import Hooks
from gitops_mcp.adapters.git.publishing.push import Push
from gitops_mcp.adapters.git.publishing.worktree import WorkTree
from gitops_mcp.adapters.git.refs.configured_remotes import branch_name
from gitops_mcp.adapters.git.refs.refs import Base
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.runner import Ran
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.caller import call_until, check_wanted
from gitops_mcp.errors import NotFound, Raced, Refused, Unavailable
from gitops_mcp.watch import note

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
    unreviewed: tuple[str, ...] = ()
    """Files of the branch for which hooks did not run."""
    took_options: bool = False
    """Whether the remote takes push options; what became of them only `printed` can tell."""


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
    onto: str | None = None,
    options: tuple[str, ...] = (),
    meanwhile: Callable[[], object] | None = None,
) -> PublishedCommit:
    """Commits on `parent` and moves the branch there from `expected`; None means that it must not exist.

    `onto`: the tip of a branch that gets the tree of `parent` with these files, as a merge of both.
    `options` go with the push, where the remote takes any; `meanwhile` is done while it is under way.

    Raises Raced when the branch stands elsewhere by now, Refused when a path, a filter, a hook or the remote is in
    the way, and Unavailable when the remote cannot be reached. None of these leaves a ref behind.
    """
    if expected is not None and expected not in {parent, onto} and not repository.is_ancestor(expected, parent):
        raise ValueError(f"a commit on {parent} would move {branch} from {expected} without containing it")
    with repository.calls.one(), hold_lock(repository.common_dir, timeout=settings.timeout) as lock:
        _check_branch(repository, settings, base, branch)
        configuration = repository.calls.configuration
        there = Hooks.found(repository, configuration, base.commit)
        own = _branch_for_hooks(repository, settings, there, base, branch, parent)
        hooks = Hooks(there.folder) if settings.hooks == "off" or own.unreviewed else there
        made = write_commit(
            repository,
            settings,
            lock=lock,
            configuration=configuration,
            hooks=hooks,
            branch=own,
            files=files,
            message=message,
            onto=onto,
        )
        repository.history.remember(made.id, base=base.commit, parent=parent, paths=files)
        check_wanted()
        ran = tuple(hook.name for hook in hooks.on_commit)
        if base.home is None or not base.pushes:
            with call_until(None):
                _update_branch(repository, lock, branch, made.id, expected or "0" * len(parent))
                note("commit")
            ref = f"refs/heads/{branch}"
            return PublishedCommit(made.id, branch, ref, False, "", ran, made.signed, own.unreviewed)
        runner = replace(repository.runner, timeout=settings.timeout)
        # Without its hook git-lfs would not upload what the pointer just stored stands for.
        uploads = "lfs" in made.filters
        pushing = there if uploads else hooks
        folder = _push_hooks(repository, configuration, lock, pushing, base, made)
        check_wanted()
        with call_until(None):
            push = Push(runner, lock, configuration, folder, base.home, uploads, options, meanwhile)
            said, took = push.moved(branch, made.id, expected)
            note("commit")
            note("push")
            ran += tuple(hook.name for hook in hooks.on_push)
            ref = push.tracking(branch)
            return PublishedCommit(made.id, branch, ref, True, said, ran, made.signed, own.unreviewed, took)


def _branch_for_hooks(
    repository: Repository, settings: GitSettings, hooks: Hooks, base: Base, branch: str, parent: str
) -> Branch:
    """What hooks need to know of the branch. Raises Refused where they are required and cannot run."""
    if settings.hooks == "required":
        hooks.require()
    if settings.hooks == "off" or not (hooks.on_commit or hooks.on_push):
        return Branch(base.commit, parent, {}, ())
    own = read_branch(repository, base.commit, parent)
    if own.unreviewed and settings.hooks == "required":
        raise Refused(
            f"commit.hooks is required, and hooks do not run on {branch}: it differs from {base.branch} in "
            f"{', '.join(own.unreviewed[:10])}, which nobody has reviewed and a hook might execute. Have that merged "
            f"first, or name another change"
        )
    return own


def _push_hooks(
    repository: Repository,
    configuration: Configuration,
    lock: Lock,
    hooks: Hooks,
    base: Base,
    made: WrittenCommit | None = None,
) -> Path | None:
    """The folder with the pre-push hook that runs in a checkout, where there is one."""
    if not hooks.on_push:
        return None
    if all(hook.is_of_lfs for hook in hooks.on_push):
        return hooks.folder
    checkout = made.checkout if made else None
    if checkout is None:
        tree = WorkTree.made(repository, configuration, lock)
        alone = Branch(base.commit, base.commit, {}, ())
        checkout = check_out(tree, repository, alone, repository.files.tree(base.commit), keep=False)
    if made:
        (checkout.git_dir / "HEAD").write_text(f"{made.id}\n")
    return hooks.folder_for_push(checkout)


def remove_branch(repository: Repository, settings: GitSettings, *, branch: str, expected: str) -> None:
    """Deletes a change's branch if it stands at `expected`.

    Raises NotFound when it is gone already, Raced when it stands elsewhere.
    """
    base = repository.base(settings, fetch=False)
    with hold_lock(repository.common_dir, timeout=settings.timeout) as lock:
        _check_branch(repository, settings, base, branch)
        configuration = repository.calls.configuration
        hooks = Hooks(Path()) if settings.hooks == "off" else Hooks.found(repository, configuration, base.commit)
        is_pushed = base.home is not None and base.pushes
        folder = _push_hooks(repository, configuration, lock, hooks, base) if is_pushed else None
        check_wanted()
        with call_until(None):
            if base.home is None or not base.pushes:
                _delete_branch(repository, lock, branch, expected)
            else:
                runner = replace(repository.runner, timeout=settings.timeout)
                Push(runner, lock, configuration, folder, base.home).deleted(branch, expected)
            repository.refs.closed(lock, base, branch, expected)


def _check_branch(repository: Repository, settings: GitSettings, base: Base, branch: str) -> None:
    """Raises unless the branch is one of ours to write: in the prefix, legal, not the base, checked out nowhere."""
    repository.check_push(settings, base, branch)
    branch_name(branch, field="branch")
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
