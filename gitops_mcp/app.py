"""The composition root: what was given at start, and the adapters, each opened on first use.

Nothing here is remembered that failed: a repository that could not be opened or an API that could not be reached is
tried again by the next call.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_mcp import config
from gitops_mcp.adapters.audit import AuditLog
from gitops_mcp.adapters.git.memory import Memory
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.adapters.kube_start import KubeStart, kube_start
from gitops_mcp.caller import Caller, Nobody
from gitops_mcp.config import Environment, Flags, Settings
from gitops_mcp.domain.access.identity import Identity, Scope
from gitops_mcp.domain.access.rights import AccessRules, Rights
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.errors import GitOpsError, InvalidRequest, Refused

if TYPE_CHECKING:
    from gitops_mcp.adapters.forge.interface import Forge
    from gitops_mcp.adapters.forge.place import ForgePlace, NoForge
    from gitops_mcp.adapters.git.contents.snapshot import Snapshot
    from gitops_mcp.adapters.git.managed_clone import ManagedClone
    from gitops_mcp.adapters.git.refs.refs import Base
    from gitops_mcp.adapters.git.repository import Repository
    from gitops_mcp.adapters.helm import Helm
    from gitops_mcp.adapters.kube import Kube
    from gitops_mcp.adapters.prometheus import Prometheus
    from gitops_mcp.domain.engines.charts.engine import Charts
    from gitops_mcp.domain.objects import Object
    from gitops_mcp.domain.plans.asked import AskedRequest
    from gitops_mcp.domain.pull_requests import PullRequest
    from gitops_mcp.domain.repository.desired import Desired
    from gitops_mcp.domain.schema import Schema
    from gitops_mcp.reach import Reach

_RECENT = 2.0
"""Seconds."""
_KUBES = 200
"""Connections to APIs, of callers that asked last where each has one of their own."""
_MODELS = 24
"""What commits declare, kept for the next question: the base and the changes that were looked at last."""


@dataclass(frozen=True)
class Ground:
    """What one call stands on: the settings at a commit of the base, and that commit."""

    settings: Settings
    git: GitSettings
    repository: Repository
    base: Base
    pulls: dict[str, PullRequest | GitOpsError | None] = field(default_factory=dict, compare=False, repr=False)
    """The newest of a branch, or what went wrong, where the forge was asked for it on this ground."""
    no_forges: dict[ForgePlace, NoForge] = field(default_factory=dict, compare=False, repr=False)
    """Where no credential was found on this ground."""
    whole: Ground | None = field(default=None, compare=False, repr=False)
    """The same for everybody, where this is for a caller whose rights end somewhere."""
    reach: Reach | None = field(default=None, compare=False, repr=False)
    """Which changes lie within the rights of that caller."""

    @property
    def url(self) -> str | None:
        """The address of the remote that changes are for, without credentials."""
        return self.base.url

    @property
    def urls(self) -> tuple[str, ...]:
        """All that are known to be that remote's."""
        return tuple(dict.fromkeys(filter(None, (self.base.url, self.base.written_url))))


@dataclass(frozen=True)
class App:
    flags: Flags
    start: KubeStart
    audit: AuditLog | None = None
    caller: Caller = field(default_factory=Nobody)
    """Who asked; the server puts the client of each call here."""
    access: AccessRules | None = None
    """What callers may see and do; None: who starts the server is who calls, and may do everything."""
    impersonate: bool = False
    """Whether the API is asked as the caller."""
    rights: Rights | None = None
    """Of the caller; None: all."""
    writes: bool = False
    """Whether the tool that is called does."""
    asked: AskedRequest | None = None
    """What was asked of a writing tool, for the commit that comes of it."""
    replayed: tuple[str, ...] = ()
    """The changes whose requests are planned again: what a tool asks for is then told and not delivered."""
    _call: ExitStack | None = None
    """Ends what the call has running; without one each question ends it."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _repositories: dict[Path, Repository] = field(default_factory=dict, repr=False)
    _kubes: OrderedDict[tuple[str | None, float, Identity | None], Kube] = field(
        default_factory=OrderedDict, repr=False
    )
    schemas: dict[tuple[int, str], tuple[Schema, str, bool]] = field(default_factory=dict, repr=False)
    """Made ready for validation, by kind and by the document that they were read from."""
    arrived: set[tuple[str, str]] = field(default_factory=set, repr=False)
    """Merged changes that nothing is waited for any more, with their last commits."""
    _models: OrderedDict[tuple[str, ...], Desired] = field(default_factory=OrderedDict, repr=False)
    _helm: list[Helm] = field(default_factory=list, repr=False)
    """Opened for the first chart."""
    _forges: dict[ForgePlace, Forge] = field(default_factory=dict, repr=False)
    _prometheuses: dict[str, Prometheus] = field(default_factory=dict, repr=False)
    kept: Memory[tuple[object, ...], Any] = field(default_factory=lambda: Memory(1500), repr=False)
    """What was found out about commits, which never change, by who found it out."""
    findings: Memory[tuple[object, ...], str] = field(default_factory=lambda: Memory(5000), repr=False)
    """Of live Clusters, for lists: by object, its version and the time."""
    asked_before: Memory[tuple[object, ...], Any] = field(default_factory=lambda: Memory(500), repr=False)
    """What the last status of a Cluster has asked the API, so that the next one asks it at once."""
    _clones: list[ManagedClone] = field(default_factory=list, repr=False)
    _homes: list[GitSettings] = field(default_factory=list, repr=False)
    _recent: list[tuple[float, tuple[Settings, Ground | None]]] = field(default_factory=list, repr=False)

    @classmethod
    def open(cls, flags: Flags) -> App:
        """Raises InvalidRequest where what was asked for at start cannot be had."""
        return cls(flags, kube_start(), AuditLog.open(flags.audit_log) if flags.audit_log else None)

    @property
    def read_only(self) -> bool:
        return self.flags.read_only

    @contextmanager
    def called(self, caller: Caller, *, scope: Scope = "read") -> Iterator[App]:
        """The App for one call of a tool, made in one thread. Raises Refused where the caller has not the scope."""
        from gitops_mcp.domain.budget import call_budget

        rights = self.rights_of(caller)
        if rights is not None and (why := rights.why_not(scope)):
            raise Refused(why)
        with ExitStack() as call, call_budget():
            try:
                yield replace(self, caller=caller, rights=rights, writes=scope != "read", _call=call)
            except GitOpsError as error:
                for clone in self._clones:
                    clone.doubt(error)
                raise

    def rights_of(self, caller: Caller) -> Rights | None:
        """What a caller may see and do; None: everything."""
        return None if self.access is None else self.access.rights_of(caller.identity)

    def repository(self) -> Repository:
        """The repository around `--repo`, else around the working directory. Raises InvalidRequest without one."""
        from gitops_mcp.adapters.git.repository import Repository

        path = self._folder()
        with self._lock:
            if path not in self._repositories:
                self._repositories[path] = Repository.open(path)
            repository = self._repositories[path]
        if self._call:
            self._call.enter_context(repository.calls.one())
        return repository

    def _folder(self) -> Path:
        if self.flags.clone is not None:
            return self._kept_clone(self.flags.clone).folder()
        try:
            return self.flags.repo or Path.cwd()
        except FileNotFoundError as error:
            raise InvalidRequest("the working directory is gone: name a checkout with --repo") from error

    def _kept_clone(self, url: str) -> ManagedClone:
        from gitops_mcp.adapters.git.managed_clone import ManagedClone

        with self._lock:
            if not self._clones:
                self._clones.append(ManagedClone(url, self.flags.cache_dir))
            return self._clones[0]

    def ground(self, *, fetch: bool) -> Ground:
        """The settings and the base; with `fetch` the base and the changes as the remote has them now.

        The file is read at the base that flags or the remote name; a `base:` in it says where changes go and is not
        followed again.
        """
        self._check_asks()
        return self._as_allowed(self._whole_ground(fetch=fetch))

    def _whole_ground(self, *, fetch: bool) -> Ground:
        found = self._find_ground(fetch=fetch)
        if fetch:
            self._recent[:] = [(time.monotonic(), (found.settings, found))]
        return found

    def _as_allowed(self, ground: Ground) -> Ground:
        """The ground as the caller may know it: their environments and namespaces, and the changes within these."""
        if self.rights is None:
            return ground
        from gitops_mcp.config.narrowed import narrowed_settings
        from gitops_mcp.reach import Reach

        ground = ground.whole or ground
        repository, base = ground.repository, ground.base
        settings = narrowed_settings(ground.settings, self.rights, writes=self.writes)
        look = partial(self.desired, ground)
        reach = Reach(self.rights, ground.settings, repository, look, self.kept, writes=self.writes)
        if reach.is_whole and not settings.outside and not any(one.cut for one in settings.environments.values()):
            return ground
        shown = replace(base, changes=reach.changes(base))
        return replace(ground, settings=settings, base=shown, whole=ground, reach=reach)

    def _find_ground(self, *, fetch: bool) -> Ground:
        repository = self.repository()
        homes = self._homes[-1:]  # a copy: another thread may empty it meanwhile
        if fetch and homes and (known := self._again(repository, homes[0])):
            return known
        bootstrap = GitSettings(base=self.flags.base, base_from=config.FROM_FLAG, push=self.flags.push or "auto")
        home = repository.base(bootstrap, fetch=False)
        try:
            settings = _cached_settings(_config_text(repository, home.commit), self.flags)
        except InvalidRequest:
            # What is wrong may be mended on the remote already.
            home = repository.base(bootstrap, fetch=True)
            settings = _cached_settings(_config_text(repository, home.commit), self.flags)
        if fetch and (settings.base or home.branch) != home.branch:
            home = repository.base(bootstrap, fetch=True)
            settings = _cached_settings(_config_text(repository, home.commit), self.flags)
        git = _git_settings(settings)
        base = repository.base(git, fetch=fetch)
        if base.branch == home.branch and base.commit != home.commit:
            settings = _cached_settings(_config_text(repository, base.commit), self.flags)
            if _git_settings(settings) != git:
                git = _git_settings(settings)
                base = repository.base(git, fetch=fetch)
        # Where the file stands on the very branch that changes go to, the next fetch brings both.
        self._homes[:] = [git] if base.branch == home.branch else []
        return Ground(settings, git, repository, base)

    def _check_asks(self) -> None:
        """Where a tool is only asked what its request means, it gets nothing to act on."""
        if self.replayed:
            raise InvalidRequest("no commit comes of such a request")

    def earlier_ground(self, ground: Ground, commit: str) -> Ground:
        """The same ground as it was at a commit of the base, for what was asked then."""
        settings = _cached_settings(_config_text(ground.repository, commit), self.flags)
        if self.rights is not None:
            from gitops_mcp.config.narrowed import narrowed_settings

            settings = narrowed_settings(settings, self.rights, writes=self.writes)
        return replace(ground, settings=settings, base=replace(ground.base, commit=commit))

    def _again(self, repository: Repository, git: GitSettings) -> Ground | None:
        """The ground as it is now, if the file still says the same about Git as it did the last time."""
        base = repository.base(git, fetch=True)
        try:
            settings = _cached_settings(_config_text(repository, base.commit), self.flags)
        except InvalidRequest:
            self._homes.clear()
            raise
        return Ground(settings, git, repository, base) if _git_settings(settings) == git else None

    def ground_at(self, commit: str, branch: str | None) -> Ground:
        """The settings at a commit that somebody has named as the base, and that commit; no remote is asked.

        `branch`: what it is the tip of, where that is known; else the base that the file names, or the usual one.
        """
        repository = self.repository()
        settings = _cached_settings(_config_text(repository, commit), self.flags)
        git = _git_settings(settings)
        if branch is None and (branch := settings.base) is None:
            try:
                branch = repository.base(git, fetch=False).branch
            except GitOpsError:  # a checkout of a pipeline has no branches
                branch = "main"
        return self._as_allowed(Ground(settings, git, repository, repository.fixed_base(git, branch, commit)))

    def desired(self, ground: Ground, folder: str, commit: str, made: tuple[Object, ...] = ()) -> Desired:
        """What a commit produces in an environment's folder; what changed since it was asked last is all that it costs.

        `made`: live Applications that its ApplicationSets have made.
        Raises Refused where a symlink or a file stands in the folder's place.
        """
        from gitops_mcp.domain.repository.build import build_desired
        from gitops_mcp.domain.repository.desired import SkippedFile

        ground.repository.has_folder(commit, folder)
        snapshot = ground.repository.snapshot(commit)
        charts = self._charts(ground, commit, snapshot)
        templates = "" if charts.reviewed is None else ground.repository.snapshot(ground.base.commit).tree
        live = json.dumps(made, default=str) if made else ""
        key = (snapshot.tree, folder, *ground.urls, ground.base.branch, templates, live)
        with self._lock:
            known, last = self._models.get(key), next(reversed(self._models.values()), None)
        if known is None:
            known = build_desired(
                snapshot.texts,
                commit=commit,
                folder=folder,
                remotes=ground.urls,
                revision=ground.base.branch,
                others=snapshot.others,
                known=last,
                charts=charts,
                made=made,
            )
            unread = tuple(SkippedFile(path, reason) for path, reason in snapshot.unread.items())
            known = replace(known, skipped=(*known.skipped, *unread))
        with self._lock:
            self._models[key] = known
            self._models.move_to_end(key)
            while len(self._models) > _MODELS:
                self._models.popitem(last=False)
        cut = [one.namespaces or () for one in ground.settings.environments.values() if one.cut and one.path == folder]
        known = known.cut_to(frozenset(cut[0]).intersection(*cut[1:])) if cut else known
        return known if known.commit == commit else replace(known, commit=commit)

    def _charts(self, ground: Ground, commit: str, snapshot: Snapshot) -> Charts:
        """What renders the charts of a commit; those of a branch only as far as the base has the same templates."""
        from gitops_mcp.domain.engines.charts.engine import Charts

        if not snapshot.charts:
            return Charts()
        from gitops_mcp.adapters.helm import Helm

        with self._lock:
            if not self._helm:
                self._helm.append(Helm())
        base = ground.base.commit
        is_reviewed = commit == base or ground.repository.history.is_ancestor(commit, base)
        reviewed = None if is_reviewed else ground.repository.snapshot(base).contents
        return Charts(self._helm[0], snapshot.binaries, snapshot.links, reviewed)

    def settings(self, *, fetch: bool = False) -> tuple[Settings, Ground | None]:
        """What reading needs: the settings, and the ground they come from; None without a repository.

        Without a fetch, what this or any other call has found in the last two seconds is taken as it is: pages of a
        long list follow each other faster than anyone edits, and git would cost more than the page.
        """
        self._check_asks()
        now = time.monotonic()
        if not fetch and self._recent and now - self._recent[-1][0] < _RECENT:
            settings, ground = self._recent[-1][1]
        else:
            settings, ground = self._settings_found(fetch=fetch)
            self._recent[:] = [(now, (settings, ground))]
        if self.rights is None:
            return settings, ground
        if ground is not None:
            return (ground := self._as_allowed(ground)).settings, ground
        from gitops_mcp.config.narrowed import narrowed_settings

        return narrowed_settings(settings, self.rights, writes=self.writes), None

    def _settings_found(self, *, fetch: bool) -> tuple[Settings, Ground | None]:
        try:
            self.repository()
        except InvalidRequest:  # there is none here; anything else that is wrong with one is told
            if self.flags.repo or self.flags.clone:
                raise
            return _cached_settings(None, self.flags), None
        ground = self._whole_ground(fetch=fetch)
        return ground.settings, ground

    def environment(self, settings: Settings, name: str | None, *, reading: bool = False) -> Environment:
        """The environment asked for. Raises InvalidRequest with the choices where it is unknown or left open."""
        if name is not None:
            if name not in settings.environments:
                self._check_allowed(settings, name)
                raise InvalidRequest(
                    f"environment: no environment {quote(name)}; {suggest(name, settings.environments)}"
                )
            return settings.environments[name]
        if settings.environment is not None:
            return settings.environments[settings.environment]
        if reading:
            from gitops_mcp.adapters.kube.kubeconfig import current_context

            current = current_context(self.start)
            at_start = [one for one in settings.environments.values() if current and one.context == current]
            if len(at_start) == 1:
                return at_start[0]
        raise InvalidRequest(f"environment: say which; {suggest('', settings.environments)}")

    def _check_allowed(self, settings: Settings, name: str) -> None:
        """Raises Refused for an environment that the caller may see, and not change."""
        from gitops_mcp.config.narrowed import scope_in

        if self.rights and name in settings.outside and self.rights.namespaces(name, "read") != ():
            scope = scope_in(settings.outside[name], writes=self.writes)
            raise Refused(f"environment: {self.rights.whose} may see {name!r} but not change it, which takes {scope}")

    def forge(self, ground: Ground) -> Forge | NoForge:
        """The forge of the base's remote with a credential that is there, else why there is none."""
        from gitops_mcp.adapters.forge.place import NoForge

        place = self.forge_place(ground)
        if isinstance(place, NoForge):
            return place
        with self._lock:
            known = self._forges.get(place)
        if found := known or ground.no_forges.get(place):
            return found
        opened = _open_forge(ground, place)
        if isinstance(opened, NoForge):
            ground.no_forges[place] = opened
        else:
            with self._lock:
                self._forges[place] = opened
        return opened

    def forge_place(self, ground: Ground) -> ForgePlace | NoForge:
        """Where pull requests are, whether or not there is a credential for it."""
        from gitops_mcp.adapters.forge.place import forge_place

        wanted, base = ground.settings.forge, ground.base
        return forge_place(
            wanted.type,
            url=wanted.url,
            api=wanted.api,
            remotes=filter(None, (base.written_url, base.url)),
            homes=filter(None, (base.written_home_url, base.home_url)),
            base=base.branch,
        )

    def kube(self, environment: Environment, settings: Settings) -> Kube:
        return self._kube(environment.context, settings.kubernetes_timeout)

    def prometheus(self, environment: Environment) -> Prometheus | None:
        """The one that the environment names."""
        if environment.prometheus is None:
            return None
        from gitops_mcp.adapters.prometheus import Prometheus

        with self._lock:
            if environment.prometheus not in self._prometheuses:
                made = Prometheus(environment.prometheus, self.flags.prometheus_token)
                self._prometheuses[environment.prometheus] = made
            return self._prometheuses[environment.prometheus]

    def engine_kube(self, environment: Environment, settings: Settings) -> Kube:
        """The API where the environment's engine runs: its own, unless configured elsewhere."""
        return self._kube(environment.engine_context or environment.context, settings.kubernetes_timeout)

    def _kube(self, context: str | None, timeout: float) -> Kube:
        from gitops_mcp.adapters.kube import Kube

        caller = self.caller.identity if self.impersonate else None
        with self._lock:
            key = (context, timeout, caller)
            if key not in self._kubes:
                self._kubes[key] = Kube(context=context, timeout=timeout, start=self.start, caller=caller)
            self._kubes.move_to_end(key)
            while len(self._kubes) > _KUBES:
                self._kubes.popitem(last=False)
            return self._kubes[key]


def _open_forge(ground: Ground, place: ForgePlace) -> Forge | NoForge:
    """As git reaches the host: what it has for the remote goes to that host only."""
    from gitops_mcp.adapters.forge.place import NoForge, is_same_host
    from gitops_mcp.adapters.forge.registry import open_forge
    from gitops_mcp.adapters.forge.wire import Access

    http = ground.repository.web_settings(place.url)
    access = Access(
        proxy=http.get("proxy") or None,
        ca=http.get("sslcainfo") or http.get("sslcapath") or None,
        verify=http.get("sslverify", "true").lower() not in {"false", "no", "off", "0"},
    )
    remote = ground.base.remote
    login = partial(ground.repository.login, remote) if remote else None
    try:
        return open_forge(place, git=login if is_same_host(ground.base.url or "", place) else None, access=access)
    except GitOpsError as error:
        return NoForge(str(error), place.kind, place)


def _config_text(repository: Repository, commit: str) -> str | None:
    found = repository.read(commit, config.FILE)
    if found is None:
        return None
    try:
        return found.data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{config.FILE}: it is not UTF-8 (byte {error.start})") from error


@lru_cache(maxsize=8)
def _cached_settings(text: str | None, flags: Flags) -> Settings:
    return config.resolve_settings(text, flags)


def _git_settings(settings: Settings) -> GitSettings:
    return GitSettings(
        remote=settings.remote,
        base=settings.base,
        base_from=settings.base_from,
        prefix=settings.branch_prefix,
        push=settings.push,
        timeout=settings.git_timeout,
        signoff=settings.signoff,
        hooks=settings.hooks,
    )
