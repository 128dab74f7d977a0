"""A commit on any commit, made of git's own plumbing and without the user's checkout.

Trees are built on the touched folders only, so the cost does not depend on the size of the repository: five
processes, plus the hooks where there are any. Identity, signing, filters and hooks are the user's own. The commit
is reachable from nothing until `publish.py` moves a branch to it; one that never gets there is left to git's gc.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from gitops_mcp.adapters.git.configuration import Configuration
from gitops_mcp.adapters.git.lock import Lock, hold_lock
from gitops_mcp.adapters.git.paths import check_paths
from gitops_mcp.adapters.git.publishing.blobs import store_blobs
from gitops_mcp.adapters.git.publishing.checkout import Branch, check_out, while_cleaned
from gitops_mcp.adapters.git.publishing.hooks import Hooks, while_compared
from gitops_mcp.adapters.git.publishing.printed import first_lines
from gitops_mcp.adapters.git.publishing.trees import Folders, write_tree
from gitops_mcp.adapters.git.publishing.worktree import WorkTree
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.adapters.git.runner import GitFailed
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import InvalidRequest, Refused, Unavailable

# Git would make an identity up from the login and the host name, and say so only to a terminal.
_NO_GUESSING = ("-c", "user.useConfigOnly=true")
_DRAFTER = ("-c", "user.name=gitops-mcp", "-c", "user.email=gitops-mcp@localhost")
_NOBODY = ("Please tell me who you are", "auto-detection is disabled", "empty ident name")


@dataclass(frozen=True)
class WrittenCommit:
    id: str
    checkout: WorkTree | None
    """Where the commit hooks ran, where there are any."""
    filters: frozenset[str]
    """The clean filters that a file went through."""
    signed: bool


def write_commit(
    repository: Repository,
    settings: GitSettings,
    *,
    lock: Lock,
    configuration: Configuration,
    hooks: Hooks,
    branch: Branch,
    files: Mapping[str, bytes | None],
    message: str,
    onto: str | None = None,
) -> WrittenCommit:
    """Writes the commit that changes these files on the branch's tip; None deletes one.

    `onto`: another commit, which is then its first parent and of which it holds nothing.

    Raises Refused when a path, a filter, a hook or a missing identity is in the way, InvalidRequest when nothing
    would change, and Unavailable when the signer fails.
    """
    check_paths(files)
    parent = branch.tip
    work = WorkTree.made(repository, configuration, lock)
    store = partial(_store, repository, configuration, work, parent, files)
    (tree, filters), is_clean = while_cleaned(work, store) if hooks.on_commit else (store(), False)
    if tree == repository.files.tree(parent):
        raise InvalidRequest(f"nothing to commit: {', '.join(sorted(files))} are already like that in {parent[:12]}")
    if settings.signoff:
        message = _add_signoff(work, message)
    checkout = None
    if hooks.on_commit:
        checkout = check_out(work, repository, branch, tree, keep=True, is_clean=is_clean)
        message = hooks.run_on_commit(checkout, message)
    if not message.strip():
        raise Refused("the commit hooks left no message: the commit would not say what it is for")
    # commit-tree does not look at commit.gpgSign.
    signed = configuration.is_on("commit.gpgsign")
    parents = (parent,) if onto is None else (onto, parent)
    commit = partial(_commit_tree, work, tree, parents, message, ("-S",) if signed else ())
    if checkout is None:
        made = commit()
    elif signed:
        # A signature may take a person's hand: only what is going to stand is signed.
        while_compared(checkout, tree, lambda: None)
        made = commit()
    else:
        made = while_compared(checkout, tree, commit)
    return WrittenCommit(made, checkout, filters, signed)


def _store(
    repository: Repository, configuration: Configuration, work: WorkTree, parent: str, files: Mapping[str, bytes | None]
) -> tuple[str, frozenset[str]]:
    """The tree of the parent with these files, and the filters that something went through."""
    folders = Folders.read(repository.files, parent, files)
    work.write(folders.attributes)
    blobs = store_blobs(work, configuration, folders, files)
    return write_tree(work, folders, blobs.entries), blobs.filters


def _add_signoff(work: WorkTree, message: str) -> str:
    """The message with the committer's trailer, unless it is the last one already, as `git commit --signoff` has it."""
    identity = _git_as_committer(work, "var", "GIT_COMMITTER_IDENT").rpartition(" <")
    trailer = f"Signed-off-by: {identity[0]} <{identity[2].partition('>')[0]}>"
    options = ("--no-divider", "--if-exists=addIfDifferentNeighbor", f"--trailer={trailer}")
    return work.git("interpret-trailers", *options, input=_message_bytes(message)).text + "\n"


def draft_commit(repository: Repository, settings: GitSettings, parent: str, files: Mapping[str, bytes | None]) -> str:
    """A commit that nothing refers to, to plan the next step on: nobody's, and left to git's gc."""
    check_paths(files)
    with repository.calls.one(), hold_lock(repository.common_dir, timeout=settings.timeout) as lock:
        configuration = repository.calls.configuration
        work = WorkTree.made(repository, configuration, lock)
        tree, _ = _store(repository, configuration, work, parent, files)
        return work.git(*_DRAFTER, "commit-tree", "-p", parent, "-m", "Draft", tree).text


def _commit_tree(work: WorkTree, tree: str, parents: tuple[str, ...], message: str, signing: tuple[str, ...]) -> str:
    # The message is UTF-8 whatever i18n.commitEncoding would have the header say.
    above = [word for one in parents for word in ("-p", one)]
    command = ("-c", "i18n.commitEncoding=UTF-8", "commit-tree", *signing, *above, "-F", "-", tree)
    try:
        return _git_as_committer(work, *command, message=message)
    except GitFailed as error:
        if not signing:
            raise
        said = first_lines(error.ran.stderr) or "it printed nothing"
        raise Unavailable(
            f"commit.gpgSign is on, and the commit could not be signed: make the key usable without a prompt (an "
            f"agent), or turn signing off for this repository. It printed:\n{said}"
        ) from error


def _git_as_committer(work: WorkTree, *command: str, message: str = "") -> str:
    try:
        return work.git(*_NO_GUESSING, *command, input=_message_bytes(message)).text
    except GitFailed as error:
        if not any(said in error.ran.stderr for said in _NOBODY):
            raise
        raise Refused(
            "git does not know whose commit this is: run `git config user.name <name>` and "
            "`git config user.email <address>` in the repository (or with --global)"
        ) from error


def _message_bytes(message: str) -> bytes:
    return (message.rstrip("\n") + "\n").encode(errors="surrogateescape") if message else b""
