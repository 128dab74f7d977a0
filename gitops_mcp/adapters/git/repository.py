"""The repository: the one door to Git for all that reads.

Nothing here writes to the checkout, the index, HEAD, the configuration, the stash or a local branch. A fetch moves
remote-tracking refs, and a trial merge adds objects that nothing refers to, which git collects in time.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gitops_mcp.adapters.git.call import Calls
from gitops_mcp.adapters.git.commits import Commit, Holding, Patches, RecentCommits
from gitops_mcp.adapters.git.contents.files import Files, GitFile
from gitops_mcp.adapters.git.contents.snapshot import Snapshot, Snapshots
from gitops_mcp.adapters.git.failures import remote_error
from gitops_mcp.adapters.git.history.history import History
from gitops_mcp.adapters.git.history.path_history import PathHistory
from gitops_mcp.adapters.git.history.pull_heads import PullHeads
from gitops_mcp.adapters.git.paths import check_paths
from gitops_mcp.adapters.git.refs.configured_remotes import Remotes
from gitops_mcp.adapters.git.refs.listing import ChangeRef
from gitops_mcp.adapters.git.refs.refs import Base, Refs
from gitops_mcp.adapters.git.refs.remote import Remote, remote_of
from gitops_mcp.adapters.git.refs.seen import SeenChange
from gitops_mcp.adapters.git.runner import GitFailed, Runner
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.adapters.git.web_access import git_login, web_settings
from gitops_mcp.domain.names import quote
from gitops_mcp.errors import InvalidRequest, Refused, Unavailable

ATTRIBUTES = ".gitattributes"
OLDEST = (2, 38)
"""`git merge-tree --write-tree` came with it."""


@dataclass(frozen=True)
class Repository:
    root: Path
    """The top of the working tree; the git folder itself when the repository is bare."""
    common_dir: Path
    """The git folder that all linked worktrees share."""
    calls: Calls
    """A call of a tool opens one, and what it has running then ends with it."""
    refs: Refs
    files: Files
    snapshots: Snapshots
    history: History
    path_history: PathHistory
    pull_heads: PullHeads

    @classmethod
    def open(cls, path: Path, *, timeout: float = 60) -> Repository:
        """The repository around a folder: a sub-folder of a checkout, a linked worktree or a bare repository will do.

        `timeout` is for one local git command, in seconds; what talks to a remote takes its own from the settings.
        """
        _check_repository(path)
        runner = Runner(path, timeout)
        _require_version(runner)
        asked = ("--absolute-git-dir", "--git-common-dir", "--show-toplevel")
        # The last one fails where there is no working tree around, after the others were answered.
        ran = runner.run("rev-parse", "--path-format=absolute", *asked, check=False)
        git_dir, common, *top = [*ran.text.splitlines(), "", ""][: 2 if ran.returncode else 3]
        if not common:
            raise Unavailable(f"git refuses the repository at {path}: {GitFailed('rev-parse', ran).said}")
        root = top[0] if top else git_dir
        calls = Calls(Runner(Path(root), timeout))
        files = Files(calls)
        history = History(files)
        return cls(
            root=Path(root),
            common_dir=Path(common),
            calls=calls,
            refs=Refs(calls, Path(common)),
            files=files,
            snapshots=Snapshots(files),
            history=history,
            path_history=PathHistory(history),
            pull_heads=PullHeads(history),
        )

    @property
    def runner(self) -> Runner:
        return self.calls.runner

    def base(self, settings: GitSettings, *, fetch: bool) -> Base:
        """Where the base and the changes stand; with `fetch`, on the remote and now.

        A failed fetch is a warning as long as the base is known from an earlier one.
        """
        _check_attributes(self.root / ATTRIBUTES)
        return self.refs.base(settings, fetch=fetch)

    def check_push(self, settings: GitSettings, base: Base, branch: str) -> None:
        """Raises Refused, before anything is written, for a branch that is none of a change's.

        That is the base, the remote's default branch, and one outside of the prefix; and all of them where Git's
        configuration pushes to what is not known here.
        """
        reserved = {settings.prefix, base.branch, *self.refs.default_branches(settings, base)}
        if not settings.prefix or not branch.startswith(settings.prefix) or branch in reserved:
            raise Refused(
                f"branch {quote(branch)} is not written here: changes live on branches that start with "
                f"{settings.prefix!r}, and the base {base.branch!r} is never one of them, nor the remote's default "
                f"branch. Name another change, or set another branchPrefix"
            )
        if base.home and base.pushes:
            Remotes.configured(self.calls.configuration).check_push(base.home, base.branch)

    @property
    def own_author(self) -> str:
        """Whose commits are the user's own, as `Commit.author` has it."""
        entries, given = self.calls.configuration, self.runner.environment
        name = given.get("GIT_AUTHOR_NAME") or entries.get("author.name") or entries.get("user.name")
        address = given.get("GIT_AUTHOR_EMAIL") or entries.get("author.email") or entries.get("user.email")
        return f"{name} <{address}>"

    @property
    def has_push_options(self) -> bool:
        """Whether the user's own pushes carry options; an empty one takes those before it away."""
        return bool(self.calls.configuration.get("push.pushoption"))

    def pushes(self, settings: GitSettings) -> bool:
        """Whether changes go to a remote; `Base.pushes` says the same without asking git again."""
        return self.base(settings, fetch=False).pushes

    def changes(self, settings: GitSettings, base: Base) -> tuple[ChangeRef, ...]:  # noqa: ARG002 - one call, one look
        """The changes as they stood when the base was looked at, by name."""
        return base.changes

    def change(self, settings: GitSettings, base: Base, name: str) -> ChangeRef | None:
        return next((change for change in self.changes(settings, base) if change.name == name), None)

    def read(self, commit: str, path: str) -> GitFile | None:
        return self.files.read(commit, path)

    def read_many(self, commit: str, paths: Iterable[str], *, largest: int | None = None) -> dict[str, GitFile]:
        """The files of these paths that there are; a folder is none. Of one above `largest` bytes only which it is."""
        return self.files.read_many(commit, paths, largest=largest)

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        return self.files.blobs(ids)

    def check_writable(self, commit: str, paths: Collection[str]) -> None:
        """Raises Refused where a commit on this one could not hold these files, as publishing them would."""
        check_paths(paths)
        there = self.files.not_a_folder(commit, {path.rpartition("/")[0] for path in paths if "/" in path})
        taken = (one for one in self.files.entries(commit, paths).values() if not one.is_file)
        if there := there or next(taken, None):
            path = next(path for path in paths if path == there.path or path.startswith(f"{there.path}/"))
            raise Refused(f"{path} cannot be written: {there.path} is {there.kind}")

    def has_folder(self, commit: str, folder: str) -> bool:
        """Raises Refused where a symlink or a file stands in its place."""
        return self.files.has_folder(commit, folder)

    def snapshot(self, commit: str) -> Snapshot:
        """What of a commit is needed to know which clusters it declares."""
        return self.snapshots.at(commit)

    def naming(self, commit: str, text: str) -> frozenset[str]:
        """Manifests that have a text anywhere."""
        return self.snapshots.naming(commit, text)

    def mentioning(self, commit: str, texts: Collection[str]) -> dict[str, str]:
        """The texts of files of any kind that have one of these, in whatever case."""
        return self.snapshots.mentioning(commit, texts)

    def changed_files(self, old: str, new: str) -> tuple[str, ...]:
        return self.history.changed_files(old, new)

    def touching(self, base: str, tips: Iterable[str], paths: Collection[str]) -> frozenset[str]:
        """Those tips that have commits of their own which touch one of the paths."""
        return self.history.touching(base, tips, paths)

    def merge_base(self, one: str, other: str) -> str | None:
        return self.history.merge_base(one, other)

    def starts(self, base: str, tips: Iterable[str]) -> Mapping[str, str | None]:
        """Where each of these branches left the base: `merge_base` of many together."""
        return self.history.starts(base, tips)

    def is_ancestor(self, one: str, other: str) -> bool:
        """Whether `other` contains `one`."""
        return self.history.is_ancestor(one, other)

    def behind(self, base: str, tip: str) -> int:
        """How many commits the base has that the tip lacks."""
        return self.history.behind(base, tip)

    def learn(self, base: str, tips: Iterable[str]) -> None:
        """Asks what the other questions need of many branches together, so that they cost no process each."""
        self.history.learn(base, self.files.existing(tips))

    def learn_files(self, pairs: Iterable[tuple[str, str]]) -> None:
        """The same for what differs between two commits each."""
        self.history.learn_files(pairs)

    def merged_by_content(self, base: str, tip: str) -> bool:
        """Whether the base has what the tip would bring, however it came there."""
        return self.history.merged_by_content(base, tip)

    def holding(self, base: str, tip: str) -> Holding:
        """How much the base has of what the tip would bring."""
        return self.history.holding(base, tip)

    def holding_of(self, base: str, start: str, patches: Patches, paths: Collection[str]) -> Holding:
        """The same of a change whose commits git may have collected."""
        return self.history.holding_of(base, start, patches, paths)

    def patches(self, base: str, tip: str) -> Patches:
        """What a branch changes since it left the base."""
        return self.history.patches(base, tip)

    def recent(self, base: str) -> RecentCommits:
        """The last 1,000 commits of the base."""
        return self.history.recent(base)

    def has(self, commit: str) -> bool:
        """Whether git has not collected it."""
        return bool(self.files.existing((commit,)))

    def login(self, remote: str) -> tuple[str, str] | None:
        """User and password with which git reaches a remote over http, where it has them without asking."""
        address = Remotes.configured(self.calls.configuration).own_address(remote)
        return git_login(self.runner, address) if address.startswith(("http://", "https://")) else None

    def web_settings(self, address: str) -> Mapping[str, str]:
        """What Git's configuration says of http for an address: `proxy`, `sslcainfo`, `sslverify` ..."""
        return web_settings(self.runner, address)

    def proposed(self, settings: GitSettings, base: Base) -> Mapping[str, str] | None:
        """Changes with the last commit of their newest pull request; None where the remote shows none."""
        if base.remote is None or not base.fetched:
            return None
        with self.calls.one() as call:
            if base.commit not in call.proposed:
                remotes = Remotes.configured(call.configuration)
                remote = remote_of(self.runner, base.remote, remotes, timeout=settings.timeout)
                call.proposed[base.commit] = self.pull_heads.by_change(remote, base.commit)
            return call.proposed[base.commit]

    def pull_number(self, settings: GitSettings, base: Base, commit: str) -> int | None:
        """The newest pull request with this last commit, as the remote shows it to git; None: it shows none."""
        if base.remote is None or not base.fetched:
            return None
        remotes = Remotes.configured(self.calls.configuration)
        try:
            heads = remote_of(self.runner, base.remote, remotes, timeout=settings.timeout).pull_heads()
        except Unavailable:
            return None
        return next((number for number, head in heads.items() if head == commit), None)

    def pull_head(self, settings: GitSettings, base: Base, number: int) -> str | None:
        """The last commit of a pull request, as the remote shows it to git; None where it shows none, or is not there.

        It is brought along where it was not here.
        """
        if base.remote is None or not base.fetched:
            return None
        return self._brought(settings, base.remote, lambda remote: remote.pull_head(number))

    def branch_tip(self, settings: GitSettings, base: Base, branch: str) -> str | None:
        """The last commit of any branch of the base's remote, brought along; None where that does not show it."""
        if base.remote is None or not base.fetched:
            return None
        name = base.remote
        return self._brought(settings, name, lambda remote: remote.branch_tip(branch))

    def _brought(self, settings: GitSettings, name: str, ask: Callable[[Remote], str | None]) -> str | None:
        remote = remote_of(self.runner, name, Remotes.configured(self.calls.configuration), timeout=settings.timeout)
        try:
            commit = ask(remote)
            if commit and not self.has(commit):
                remote.bring((commit,))
        except Unavailable:
            return None
        return commit

    def note(self, settings: GitSettings, base: Base, changes: Mapping[str, SeenChange]) -> None:
        """Keeps what was seen of changes, by branch, for the next server as well."""
        self.refs.note(base, changes, timeout=settings.timeout)

    def resolve(self, *names: str) -> str | None:
        """The commit of the first of these revisions that is here: branches, tags, ids, `HEAD~2`."""
        wanted = [f"{name}^{{commit}}" for name in names]
        with self.calls.one() as call:  # not as arguments: what a caller gives may be a secret by mistake
            found = call.objects.sizes(wanted)
        return next((found[one].id for one in wanted if one in found), None)

    def full_name(self, revision: str) -> str:
        """The ref that it names, such as refs/remotes/origin/main; empty where it is none."""
        ran = self.runner.run("rev-parse", "--symbolic-full-name", "--end-of-options", revision, check=False)
        # Git before 2.43 prints the option too.
        return next((line for line in ran.text.splitlines() if line.startswith("refs/")), "")

    @property
    def is_shallow(self) -> bool:
        return (self.common_dir / "shallow").exists()

    def fixed_base(self, settings: GitSettings, branch: str, commit: str) -> Base:
        """A base that somebody has named: nothing is asked, fetched or pushed."""
        return self.refs.fixed_base(settings, branch, commit)

    def bring(self, settings: GitSettings, base: Base, *refs: str) -> str | None:
        """The commit of the first of these refs that the base's remote has, or of an id, brought here."""
        if base.remote is None:
            return None
        remote = remote_of(
            self.runner, base.remote, Remotes.configured(self.calls.configuration), timeout=settings.timeout
        )
        try:
            commit = remote.tip(refs)
            if commit and not self.has(commit):
                remote.bring([commit])
            return self.resolve(commit) if commit else None
        except GitFailed as error:
            raise remote_error(
                f"the question for a branch or pull request to {base.remote}", error.ran.stderr
            ) from error

    def merged_commit(self, base: str, tip: str) -> str | None:
        """A commit as merging the tip into the base would make it; None where that takes a person."""
        return self.history.merged_commit(base, tip)

    def conflicts(self, base: str, tip: str) -> tuple[str, ...]:
        """The files in which the tip cannot be merged into the base without a person."""
        return self.history.conflicts(base, tip)

    def merged_tree(self, base: str, tip: str) -> str | None:
        """What merging the two makes; None where that takes a person."""
        merge = self.history.trial_merge(base, tip)
        return None if merge.conflicts else merge.tree

    def tree(self, commit: str) -> str:
        return self.files.tree(commit)

    def commits(self, base: str, tip: str) -> tuple[Commit, ...]:
        """What the tip has and the base lacks, newest first, at most 100."""
        return self.history.commits(base, tip)

    def later(self, old: str, new: str, paths: Collection[str]) -> tuple[Commit, ...]:
        """What `new` has and `old` lacks that touches one of the paths, newest first, without merges."""
        return self.history.later(old, new, paths)

    @property
    def shallow_commits(self) -> frozenset[str]:
        """Those whose parents a shallow clone does not have."""
        try:
            return frozenset((self.common_dir / "shallow").read_text("ascii").split())
        except FileNotFoundError:
            return frozenset()

    def first_parents(self, tip: str) -> tuple[Commit, ...]:
        return self.history.first_parents(tip)

    def commits_naming(self, base: str, change: str) -> tuple[Commit, ...]:
        """Commits of the base whose message names the change, newest first."""
        return self.history.commits_naming(base, change)


def _check_attributes(path: Path) -> None:
    """Git reads it whenever it compares or merges, and would wait for a pipe."""
    with suppress(FileNotFoundError, NotADirectoryError):
        if stat.S_ISFIFO(mode := path.lstat().st_mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode):
            raise Unavailable(f"{path} is not a file, and git would wait for it without end: remove it")


def _check_repository(path: Path) -> None:
    try:
        # GitPython looks for git when it is imported, and raises this when there is none.
        from git import InvalidGitRepositoryError, NoSuchPathError, Repo
    except ImportError as error:
        raise Unavailable("git was not found on PATH: install git 2.38 or newer") from error
    if path.exists() and not path.is_dir():
        raise InvalidRequest(f"--repo: {path} is not a folder")
    try:
        # GitPython takes what it cannot open for what is not there.
        with suppress(FileNotFoundError), os.scandir(path):
            pass
    except OSError as error:
        raise Unavailable(f"--repo: {path} cannot be read: {error.strerror}") from error
    try:
        Repo(path, search_parent_directories=True, expand_vars=False).close()
    except NoSuchPathError as error:
        raise InvalidRequest(f"--repo: there is no folder {path}") from error
    except InvalidGitRepositoryError as error:
        raise InvalidRequest(
            f"no Git repository at or above {path}: start in a checkout of the GitOps repository, or name one with "
            f"--repo (GITOPS_MCP_REPO)"
        ) from error


def _require_version(runner: Runner) -> None:
    said = runner.run("version").text
    found = re.search(r"(?<!\d)(\d+)\.(\d+)", said)
    if not found or (int(found[1]), int(found[2])) < OLDEST:
        raise Unavailable(f"git 2.38 or newer is needed; the one on PATH says {said!r}")
