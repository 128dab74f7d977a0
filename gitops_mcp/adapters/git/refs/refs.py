"""Where the base and the changes stand: which branch, on which remote, at which commit.

All refs are read by one `for-each-ref`, never from files (a repository may keep them in a reftable). The only refs
that are written here are remote-tracking ones, by the fetch.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from gitops_mcp.adapters.git.call import Calls
from gitops_mcp.adapters.git.failures import remote_error
from gitops_mcp.adapters.git.fetches import Fetches
from gitops_mcp.adapters.git.lock import Lock, hold_lock, remove_leftovers
from gitops_mcp.adapters.git.refs.base_faults import missing_branch, nothing_committed, unknown_base
from gitops_mcp.adapters.git.refs.configured_remotes import Remotes, branch_name
from gitops_mcp.adapters.git.refs.listing import ChangeRef, RefListing
from gitops_mcp.adapters.git.refs.remote import lacks_branch, remote_of
from gitops_mcp.adapters.git.refs.remote_heads import RemoteHeads
from gitops_mcp.adapters.git.refs.seen import SeenChange, SeenChanges, first_seen
from gitops_mcp.adapters.git.runner import GitFailed, Runner
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Unavailable


@dataclass(frozen=True)
class Base:
    branch: str
    remote: str | None
    home: str | None
    """The remote that changes are pushed to; another one than the base's where `git push` would take another one."""
    ref: str
    commit: str
    fetched: bool
    """Whether the remote has just been asked; False also where there is none."""
    warning: str | None
    """Set when the remote could not be asked: why, and how old the commit is that is used instead."""
    fault: GitOpsError | None
    """The same as an error, for who cannot go on without the remote."""
    closed: Mapping[str, str]
    """Branches of changes that were seen here, or made, and are gone; each with its last tip."""
    pushes: bool = False
    """Whether changes are pushed to the remote; else they are local branches."""
    changes: tuple[ChangeRef, ...] = ()
    """The branches of changes as they stood together with the base, by name."""
    url: str | None = None
    """The address of the remote, without credentials."""
    written_url: str | None = None
    """The same as it is configured, before `url.<base>.insteadOf`: what others know the repository by."""
    home_url: str | None = None
    """That of `home`."""
    written_home_url: str | None = None
    seen: Mapping[str, SeenChange] = field(default_factory=dict)
    """What is known of changes by branch, whether or not it is there."""
    heads: frozenset[str] = frozenset()
    """The default branches of remotes, as they are known here."""
    forgetful: str | None = None
    """Why what was seen is forgotten when this process ends."""
    switched: str | None = None
    """The remote's default branch now, where the base is what its HEAD names here still."""


@dataclass
class Refs:
    calls: Calls
    common: Path
    _branch: str | None = None
    """The base that was found last: listed right away the next time."""
    _had_remotes: bool = False
    """Whether there were any the last time: they are then not looked up before the lock, and again under it."""
    _memory: threading.Lock = field(default_factory=threading.Lock)
    _fetches: Fetches[Base] = field(default_factory=Fetches)

    def __post_init__(self) -> None:
        self.seen = SeenChanges(self.common)
        self._heads = RemoteHeads(self.runner)

    def base(self, settings: GitSettings, *, fetch: bool) -> Base:
        """The base and the changes, as they are here or, with `fetch`, as the remote has them now.

        A base that was never fetched is fetched in any case.
        """
        if not settings.prefix:
            raise InvalidRequest("branchPrefix: may not be empty: branches that start with it are taken for changes")
        branch_name(f"{settings.prefix}x", field="branchPrefix")
        if settings.base is not None:
            branch_name(settings.base, field="base")
        remotes = None if fetch else Remotes.configured(self.calls.configuration)
        if remotes and (here := self._as_it_stands(settings, remotes)):
            return here
        return self._fetches.share(settings, lambda begins: self._fetched(settings, begins))

    @property
    def runner(self) -> Runner:
        return self.calls.runner

    def _as_it_stands(self, settings: GitSettings, remotes: Remotes, *, note: bool = False) -> Base | None:
        """None where the base was never fetched."""
        remove_leftovers(self.common)
        view = self._view(settings, remotes)
        if note:
            self._note_locally(view, settings)
        return self._base(view, settings) if view.remote is None or view.ref in view.refs else None

    def _fetched(self, settings: GitSettings, begins: Callable[[], bool]) -> Base:
        if not self._had_remotes and not (remotes := Remotes.configured(self.calls.configuration)).urls:
            begins()
            if here := self._as_it_stands(settings, remotes, note=True):
                return here
        return self._fetched_from_remotes(settings, begins)

    def _fetched_from_remotes(self, settings: GitSettings, begins: Callable[[], bool]) -> Base:
        fault: GitOpsError | None = None
        moved = False
        with ExitStack() as stack:
            try:
                lock = stack.enter_context(hold_lock(self.common, timeout=settings.timeout, fetches=True))
            except Unavailable as error:
                lock, fault = None, error
            # Others who share it see what is configured by now.
            remotes = Remotes.configured(self.calls.configured_now() if begins() else self.calls.configuration)
            self._had_remotes = bool(remotes.urls)
            before = view = self._view(settings, remotes)
            if view.remote is None:
                return self._base(view, settings)
            if lock:
                try:
                    moved = view.fetch(lock)
                except Unavailable as error:
                    fault = _fetch_fault(error)
                    if lacks_branch(error):
                        missing = missing_branch(self.runner.directory, view.remote, view.branch, settings)
                        if isinstance(missing, NotFound) or view.ref not in view.refs:
                            raise missing from error
                        fault = Unavailable(
                            f"it names no branch any more: it was emptied, or a login page is at its address; look "
                            f"with git ls-remote {view.remote.name}"
                        )
            if moved or fault:
                view = self._view(settings, remotes)
            if lock:
                self._note(lock, *([view] if view is before else [before, view]))
        if fault:
            return self._base(view, settings, fault=fault)
        switched = self._heads.switched(view, settings, remotes)
        return replace(self._base(view, settings, fetched=True), switched=switched)

    def _base(
        self, view: RefListing, settings: GitSettings, *, fetched: bool = False, fault: GitOpsError | None = None
    ) -> Base:
        commit = view.refs.get(view.ref)
        remote = view.remote.name if view.remote else None
        if commit is None:
            raise unknown_base(self.runner.directory, view.branch, remote, view.refs, fault) from fault
        here = view.changes
        known = self.seen.read().items()
        seen = {branch: one for branch, one in known if branch.startswith(settings.prefix) and one.home == view.place}
        return Base(
            branch=view.branch,
            remote=remote,
            home=view.home.name if view.home else None,
            ref=view.ref,
            commit=commit,
            fetched=fetched,
            warning=self._aged(view.branch, commit, remote, fault) if fault else None,
            fault=fault,
            closed={branch: one.tip for branch, one in seen.items() if branch not in here},
            pushes=view.pushes,
            changes=tuple(here.values()),
            url=view.remote.url if view.remote else None,
            written_url=view.remote.written_url if view.remote else None,
            home_url=view.home.url if view.home else None,
            written_home_url=view.home.written_url if view.home else None,
            seen=seen,
            heads=view.heads,
            forgetful=self.seen.fault,
        )

    def fixed_base(self, settings: GitSettings, branch: str, commit: str) -> Base:
        """A base that somebody has named: nothing is asked, fetched or pushed."""
        remotes = Remotes.configured(self.calls.configuration)
        name = remotes.remote(settings.remote, branch)
        remote = remote_of(self.runner, name, remotes, timeout=settings.timeout) if name else None
        return Base(
            branch=branch,
            remote=name,
            home=None,
            ref=commit,
            commit=commit,
            fetched=False,
            warning=None,
            fault=None,
            closed={},
            url=remote.url if remote else None,
            written_url=remote.written_url if remote else None,
        )

    def note(self, base: Base, changes: Mapping[str, SeenChange], *, timeout: float, lock: Lock | None = None) -> None:
        """Keeps what was seen of changes, by branch, where that is new."""
        if lock is None and all(base.seen.get(branch) == change for branch, change in changes.items()):
            return
        with ExitStack() as stack:
            try:
                lock = lock or stack.enter_context(hold_lock(self.common, timeout=timeout))
            except Unavailable as error:
                self.seen.fault = str(error)
                return
            with self._memory:
                self.seen.note(lock, changes)

    def closed(self, lock: Lock, base: Base, branch: str, tip: str) -> None:
        """Notes a branch of a change that this server has removed itself."""
        place = base.home if base.home and base.pushes else ""
        known = self.seen.read().get(branch)
        change = known.at(tip, place) if known else first_seen(tip, place)
        self.note(base, {branch: change}, timeout=0, lock=lock)

    def _note(self, lock: Lock, *views: RefListing) -> None:
        with self._memory:
            seen = self.seen.read()
            new: dict[str, SeenChange] = {}
            for view in views:
                base, place = view.refs.get(view.ref), view.place
                for branch, change in view.changes.items():
                    known = new.get(branch) or seen.get(branch)
                    now = known.at(change.tip, place) if known else first_seen(change.tip, place)
                    if change.tip != base and now is not known:
                        new[branch] = now
            self.seen.note(lock, new)

    def _note_locally(self, view: RefListing, settings: GitSettings) -> None:
        """The same where there is nothing to fetch. The lock is taken only for what is new."""
        seen = self.seen.read()
        here = view.changes
        if any(branch not in seen or seen[branch].tip != change.tip for branch, change in here.items()):
            try:
                with hold_lock(self.common, timeout=settings.timeout) as lock:
                    self._note(lock, view)
            except Unavailable as error:
                self.seen.fault = str(error)

    def _view(self, settings: GitSettings, remotes: Remotes) -> RefListing:
        listed = {branch for branch in (settings.base, self._branch) if branch}
        refs, heads = self._listed(settings, remotes, listed)
        branch = self._named(settings, remotes, refs, heads)
        name = remotes.remote(settings.remote, branch)
        remote = remote_of(self.runner, name, remotes, timeout=settings.timeout) if name else None
        if remote and listed and branch not in listed:
            refs, _ = self._listed(settings, remotes, {branch})
        self._branch = branch
        there = remotes.home(remote.name, branch) if remote else ""
        home = remote if remote is None or there == remote.name else replace(remote, name=there)
        named = {"/".join(target.split("/")[3:]) for target in heads.values() if target.startswith("refs/remotes/")}
        pushes = home is not None and settings.push == "auto"
        return RefListing(branch, remote, home, pushes, refs, frozenset(named), settings.prefix)

    def _listed(
        self, settings: GitSettings, remotes: Remotes, branches: set[str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Commits by ref, and for symbolic refs what they name: local branches, bases, changes and HEADs of remotes.

        Without a branch that may be the base all of the remotes' are listed: which it is, HEAD tells first.
        """
        named = [branch_name(branch, field="base") for branch in branches]
        wanted = ["HEAD", f"{settings.prefix}*", *named] if named else [""]
        patterns = [f"refs/remotes/{remote}/{name}" for remote in remotes.urls for name in wanted]
        lines = self.runner.run(
            "for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)", "--", "refs/heads", *patterns
        ).text.splitlines()
        rows = [line.split("\0") for line in lines]
        return {ref: commit for ref, commit, _ in rows}, {ref: target for ref, _, target in rows if target}

    def _named(self, settings: GitSettings, remotes: Remotes, refs: Mapping[str, str], heads: Mapping[str, str]) -> str:
        """The base's name: given, else the remote's HEAD, else local `main`, else the only local branch."""
        if settings.base is not None:
            return settings.base
        name = remotes.remote(settings.remote, None)
        if name and (head := self._heads.known(name, settings, remotes, heads)):
            return head
        local = _local_branches(refs, settings)
        if "main" in local:
            return "main"
        if len(local) == 1:
            return local[0]
        if not local:
            raise nothing_committed(self.runner.directory, name)
        raise InvalidRequest(
            f"no base: nothing says which branch of {self.runner.directory} changes are proposed against; pass --base "
            f"with one of: {', '.join(local[:20])}"
        )

    def default_branches(self, settings: GitSettings, base: Base) -> frozenset[str]:
        """What the remotes' HEADs name, as far as it may be a change's branch.

        With a base and a prefix that nobody has set, that is the base itself. Else the remotes are asked: what stands
        here may be old.
        """
        if base.fault or (settings.base is None and settings.prefix == GitSettings.prefix):
            return base.heads  # one that could not be fetched from is not asked once more
        remotes = Remotes.configured(self.calls.configuration)
        names = {one for one in (base.remote, base.home) if one}
        try:
            return base.heads | {head for name in names if (head := self._heads.of(name, settings, remotes))}
        except GitFailed as error:
            raise remote_error("the question which is the remote's default branch", error.ran.stderr) from error

    def _aged(self, branch: str, commit: str, remote: str | None, fault: GitOpsError) -> str:
        seconds, _, date = self.runner.run("log", "-1", "--format=%ct %cI", commit).text.partition(" ")
        return (
            f"the remote {remote!r} could not be asked ({fault}): this is from {branch} as last seen here, "
            f"commit {commit[:12]} of {date} ({_age(time.time() - int(seconds))} old)"
        )


def _fetch_fault(error: Unavailable) -> GitOpsError:
    if not isinstance(error, GitFailed):
        return error
    return remote_error(f"the fetch from {error.remote or ''}", error.ran.stderr)


def _local_branches(refs: Mapping[str, str], settings: GitSettings) -> list[str]:
    """Local branches that are not changes."""
    names = [ref.removeprefix("refs/heads/") for ref in refs if ref.startswith("refs/heads/")]
    return [name for name in names if not name.startswith(settings.prefix)]


def _age(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} seconds"
