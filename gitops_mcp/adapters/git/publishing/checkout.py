"""A kept checkout of the base, in which hooks run: what they call and are configured by is code that was reviewed.

It lies in our folder beside the user's own and moves by difference from call to call, so that a later one costs what
changed. What a branch adds to the base is laid over it only where that is manifests (`domain/repository/reviewed.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from gitops_mcp.adapters.git.contents.files import FolderEntry, TreeLine
from gitops_mcp.adapters.git.lock import real_path
from gitops_mcp.adapters.git.publishing.leftovers import is_as_noted, note_folders
from gitops_mcp.adapters.git.publishing.trees import Folders, write_tree
from gitops_mcp.adapters.git.publishing.worktree import WorkTree
from gitops_mcp.adapters.git.repository import ATTRIBUTES, Repository
from gitops_mcp.adapters.git.runner import GitFailed
from gitops_mcp.domain.repository.reviewed import is_harmless
from gitops_mcp.errors import GitOpsError, Unavailable

_OPTIONS = (
    # No hook of the user's has a say in this index (post-index-change), no submodule a place in this tree.
    *("-c", "core.hooksPath=/dev/null", "-c", "submodule.recurse=false"),
    *("-c", "core.sparseCheckout=false", "-c", "index.sparse=false", "-c", "core.splitIndex=false"),
)
_CLEAN = (*_OPTIONS, "clean", "--quiet", "-ffdx")
_PLAIN = "100644"
_MOST = 1000
"""Files of a branch that are looked at; more than these are no change of this server's."""
_AT = "at"
"""The file that names the tree of a checkout while hooks run in it."""
_FOLDERS = "folders"
"""The file that tells how its folders stood before they ran."""
_FEW = 100
"""Files that are checked out by name: that reads only the folders they lie in."""
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Branch:
    """What a branch has of its own: how its files differ from where it left the base, None for what is gone."""

    base: str
    tip: str
    files: Mapping[str, TreeLine | None]
    unreviewed: tuple[str, ...]
    """Those that are not manifests of what this server writes, and not so in the base."""


def read_branch(repository: Repository, base: str, tip: str) -> Branch:
    if base == tip:
        return Branch(base, tip, {}, ())
    files = repository.files
    (own,) = files.differences([(repository.merge_base(base, tip), tip)], most=_MOST)
    if len(own) > _MOST:
        return Branch(base, tip, own, tuple(sorted(own)))
    there = files.entries(base, own)
    ours = {path: entry for path, entry in own.items() if _blob(entry) != _blob(there.get(path))}
    read = [one for path in ours for one in (there.get(path), own[path]) if one and one.mode == _PLAIN]
    texts = {blob: _text(data) for blob, data in files.blobs(one.id for one in read).items()}
    odd = [path for path, entry in ours.items() if not _is_harmless(path, there.get(path), entry, texts)]
    return Branch(base, tip, own, tuple(sorted(odd)))


def _is_harmless(path: str, before: TreeLine | None, after: TreeLine | None, texts: Mapping[str, str | None]) -> bool:
    sides = [one for one in (before, after) if one]
    if any(one.mode != _PLAIN or texts.get(one.id) is None for one in sides):
        return False
    was, now = (texts[one.id] if one else None for one in (before, after))
    return is_harmless(path, was, now)


def _blob(entry: FolderEntry | None) -> tuple[str, str] | None:
    return (entry.mode, entry.id) if entry else None


def _text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def while_cleaned(made: WorkTree, work: Callable[[], _Made]) -> tuple[_Made, bool]:
    """What the work gives, and whether nothing that hooks have left is in the kept checkout any more.

    That is looked at in a thread: the work waits for git most of its time.
    """
    place = made.lock.base(keep=True)
    kept = _kept(made, place)
    if not (kept.folder.is_dir() and kept_as_it_was(kept.folder).exists()):
        return work(), False
    with ThreadPoolExecutor(1) as thread:
        is_clean = thread.submit(copy_context().run, _cleaned, kept, place / _FOLDERS)
        given = work()
        return given, is_clean.result()


def _cleaned(kept: WorkTree, noted: Path) -> bool:
    if is_as_noted(kept.folder, noted):
        return True
    noted.unlink(missing_ok=True)
    return not kept.git(*_CLEAN, check=False).returncode


def check_out(
    made: WorkTree, repository: Repository, branch: Branch, tree: str, *, keep: bool, is_clean: bool = False
) -> WorkTree:
    """The base's files with those of the branch over them, and an index of its own that holds `tree`.

    `tree` is the branch's tip with what is about to be committed. HEAD is the tip: with the user's HEAD a hook that
    guards `main` would judge the branch that they happen to be on.
    """
    own = {**branch.files, **_changed(repository, branch.tip, tree)}
    files = _laid_over(made, repository, branch, own, tree)
    kept = _moved(made, repository, made.lock.base(keep=keep), files, is_clean=is_clean)
    git_dir = made.lock.work / "hooks.git"
    git_dir.mkdir()
    (git_dir / "HEAD").write_text(f"{branch.tip}\n")
    (git_dir / "commondir").write_text(f"{repository.common_dir}\n")
    # With its times: what git knows of the files stays true.
    shutil.copy2(kept.index, git_dir / "index")
    here = replace(kept, git_dir=git_dir, index=git_dir / "index")
    if files != tree:
        here.git(*_OPTIONS, "read-tree", "-m", tree)
        behind = [path for path, entry in _changed(repository, files, tree).items() if entry]
        listed = "".join(f"{path}\0" for path in behind).encode(errors="surrogateescape")
        here.git(*_OPTIONS, "update-index", "-z", "--skip-worktree", "--stdin", input=listed)
    return here


def _changed(repository: Repository, old: str, new: str) -> Mapping[str, TreeLine | None]:
    return repository.files.differences([(old, new)])[0]


def _laid_over(
    made: WorkTree, repository: Repository, branch: Branch, own: Mapping[str, TreeLine | None], tree: str
) -> str:
    if repository.is_ancestor(branch.base, branch.tip):
        return tree
    folders = Folders.read(repository.files, branch.base, own)
    return write_tree(made, folders, own)


def kept_as_it_was(folder: Path) -> Path:
    """The file that says of a checkout that its last hooks left it at this tree.

    Looking anew costs a look at each file.
    """
    return folder.parent / "unchanged"


def note_unchanged(folder: Path) -> None:
    (folder.parent / _AT).rename(kept_as_it_was(folder))


def _kept(made: WorkTree, place: Path) -> WorkTree:
    return replace(made, folder=real_path(place / "files"), index=real_path(place / "index"))


def _moved(made: WorkTree, repository: Repository, place: Path, tree: str, *, is_clean: bool) -> WorkTree:
    """The kept checkout at that tree, whatever state it was left in."""
    kept = _kept(made, place)
    proven = kept_as_it_was(kept.folder)
    was = proven.read_text() if proven.exists() else None
    proven.unlink(missing_ok=True)
    for is_last in (False, True):
        kept.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(f"{kept.index}.lock").unlink(missing_ok=True)
        try:
            written = _move(kept, repository, None if is_last else was, tree)
            if is_last or was is None or not is_clean:
                kept.git(*_CLEAN)  # what hooks have left is for no later one
                written = None
            note_folders(kept.folder, place / _FOLDERS, changed=written)
        except GitFailed as error:
            if is_last:
                raise Unavailable(
                    f"the base could not be checked out for the commit hooks, in {kept.folder}: {error.said}; "
                    f"or set commit.hooks to off"
                ) from error
            shutil.rmtree(place, ignore_errors=True)
        else:
            break
    (place / _AT).write_text(tree)
    return kept


def _move(kept: WorkTree, repository: Repository, was: str | None, tree: str) -> list[str] | None:
    """The files that were written, where they are few; `was`: the tree that it is known to be at."""
    # LFS would download all that the base has of it, for hooks that look at manifests.
    env = {"GIT_LFS_SKIP_SMUDGE": "1"}
    new = _new_files(repository, was, tree) if was else None
    if new is None:
        kept.git(*_OPTIONS, "read-tree", "--reset" if was is None else "-m", "-u", tree, env=env)
    elif new:
        listed = "".join(f"{path}\0" for path in new).encode(errors="surrogateescape")
        by_name = ("--pathspec-from-file=-", "--pathspec-file-nul")
        kept.git(*_OPTIONS, "checkout", "--quiet", *by_name, tree, input=listed, env=env)
    return new


def _new_files(repository: Repository, old: str, new: str) -> list[str] | None:
    """The files to write where they are few and plain, and nothing goes: else Git has to look at all of it."""
    try:
        (changed,) = repository.files.differences([(old, new)], most=_FEW)
    except GitOpsError:  # Git has collected the old one
        return None
    plain = all(entry and entry.mode == _PLAIN and not path.endswith(ATTRIBUTES) for path, entry in changed.items())
    return list(changed) if plain and len(changed) <= _FEW else None
