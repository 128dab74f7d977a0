"""The engine objects that apply an environment's objects, read one by one, and what each says of a change.

One is asked for by name where Git or a live object names it; all are listed only where nothing does, or where many are
wanted at once. What may not be read is named, and the rest still answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from gitops_mcp.app import Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.cnpg.notation.moment import parse_time
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.source_url import why_elsewhere
from gitops_mcp.domain.kinds import APP_PROJECT, APPLICATION, APPLICATION_SET, FLUX_SOURCES, HELM_RELEASE, KUSTOMIZATION
from gitops_mcp.domain.live.engine_states.applier import (
    EngineName,
    has_destination,
    lists_object,
    may_apply,
    name_in_git,
    name_on_live,
    sources_of,
    why_other,
)
from gitops_mcp.domain.live.engine_states.argocd_standing import argo_standing, set_standing
from gitops_mcp.domain.live.engine_states.flux_standing import SourceSeen, flux_standing, helm_standing
from gitops_mcp.domain.live.engine_states.report import EngineState, engine_state
from gitops_mcp.domain.live.engine_states.standing import Question, Standing, condition
from gitops_mcp.domain.live.others_words import without_others_words
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Resource, at, list_at, text_at
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.errors import GitOpsError, NotInstalled
from gitops_mcp.workflows.api_once import ApiOnce

_KINDS: dict[str, tuple[Resource, ...]] = {
    "auto": (APPLICATION, KUSTOMIZATION),
    "argocd": (APPLICATION,),
    "flux": (KUSTOMIZATION,),
    "none": (),
}
_HOMES = {APPLICATION: "argocd", KUSTOMIZATION: "flux-system", HELM_RELEASE: "flux-system"}
"""Where they are, unless something says otherwise."""
_SOURCES = {one.kind: one for one in FLUX_SOURCES}
_DEEPEST = 5
"""Dependencies of dependencies that are asked what holds them up."""
_BY_NAME = 10
"""Objects of a kind that are asked for one by one."""


@dataclass(frozen=True)
class SeenEngine:
    """The engine object that applies an object."""

    name: EngineName
    object: Object | None
    """None where there is none of this name."""

    @property
    def state(self) -> EngineState | None:
        return engine_state(self.object, self.name.resource.kind) if self.object else None

    def __str__(self) -> str:
        return str(self.state) if self.state else f"{self.name}: it is not there"

    @property
    def object_name(self) -> str:
        return f"{self.name.namespace}/{self.name.name}"

    @property
    def revision(self) -> str | None:
        return self.state.revision if self.state else None


@dataclass
class Engines:
    """Those of one environment, as one call asks for them."""

    api: ApiOnce
    """Where the engine runs."""
    environment: Environment
    remotes: tuple[str, ...] = ()
    branch: str = ""
    unread: list[Notice] = field(default_factory=list)
    """What could not be read."""

    @classmethod
    def of(cls, api: ApiOnce, environment: Environment, ground: Ground | None) -> Engines:
        urls, branch = (ground.urls, ground.base.branch) if ground else ((), "")
        return cls(api.for_one_part(), environment, urls, branch)

    def expect(self, declared: Iterable[Declaration | None]) -> None:
        """Many engine objects of a kind are listed at once, a namespace at a time."""
        names = {found for one in declared if one and (found := name_in_git(one.applied)) is not None}
        for resource in self._kinds():
            wanted = [one for one in names if one.resource == resource]
            if len(wanted) > _BY_NAME:
                for namespace in sorted({self._home(one) for one in wanted}):
                    self._listed(resource, namespace)

    def applying(
        self,
        whom: Identity,
        declared: Declaration | None,
        live: Object | None,
        paths: Iterable[str] = (),
        *,
        by_name: bool = False,
    ) -> SeenEngine | None:
        """The one that applies an object: by what Git builds, else by the live object, else by what they say.

        `paths`: where the object is, or was, written. `by_name`: nothing is listed for it. None where nothing tells it,
        or nothing may be read.
        """
        if self.environment.engine_type == "none":
            return None
        in_git, on_live = name_in_git(declared.applied) if declared else None, name_on_live(live)
        guess = declared is not None and declared.applied is not None and declared.applied.guess is not None
        named = [one for one in ((on_live, in_git) if guess else (in_git, on_live)) if one is not None]
        unread = list(self.unread)
        for one in dict.fromkeys(named):
            if (found := self._named(one)) is not None:
                return found
        if by_name:
            return None
        places = [*paths, *([declared.path] if declared else [])]
        listed = next(self._listing(whom, places, named), None)
        if listed is not None:
            self.unread = unread if named else self.unread
            return listed
        return SeenEngine(named[0], None) if named and not self.unread else None

    def standing(self, engine: SeenEngine, asked: Question, above: Iterable[SeenEngine] = ()) -> Standing:
        """What it says of one object of a change.

        `above`: what applies the engine object itself, where the change has to come through that first.
        """
        own = Identity(engine.name.resource.kind, engine.name.namespace, engine.name.name)
        through = replace(
            asked, whom=own, fields=(), declared=engine.object or {}, live=engine.object, by=None, path=""
        )
        for parent in above:
            found = self._of_one(parent, through)
            if found.state != "applied":
                return found
        return self._with_dependency(engine, asked, self._of_one(engine, asked))

    def above(self, engine: SeenEngine, place: str, known: Iterable[EngineObject]) -> Iterator[SeenEngine]:
        """What applies an engine object: by its own marks, else by the folder that holds the file it stands in."""
        own = name_on_live({**engine.object, "kind": engine.name.resource.kind}) if engine.object else None
        in_git = [name_in_git(one) for one in known if one.counts and _is_below(one, place)]
        for name in dict.fromkeys([own] if own else in_git):
            found = self._named(name) if name and name != engine.name else None
            if found is not None:
                yield found

    def _of_one(self, engine: SeenEngine, asked: Question) -> Standing:
        found, kind = engine.object, engine.name.resource
        if found is None:
            by = asked.by
            if by is not None and by.kind == APPLICATION_SET.kind:
                place = by.namespace or self._home(engine.name)
                makes = self._read(APPLICATION_SET, place, by.name, optional=True)
                if isinstance(makes, dict):
                    return set_standing(makes, engine.object_name)
            why = f"{engine.name}, which Git says applies it, is not there"
            return Standing("needs a person", why, f"somebody sees what should make {engine.name}, and mends that")
        if kind == APPLICATION:
            return argo_standing(found, self._project(found) if asked.now else None, asked)
        if kind == HELM_RELEASE:
            return helm_standing(found, asked)
        return flux_standing(found, self._source(found), asked)

    def _with_dependency(self, engine: SeenEngine, asked: Question, found: Standing, *, depth: int = 0) -> Standing:
        """The same, with what holds up the Kustomization that it waits for."""
        if at(condition(engine.object, "Ready"), "reason") != "DependencyNotReady" or found.state != "waits":
            return found
        for one in list_at(engine.object, "spec", "dependsOn"):
            namespace = text_at(one, "namespace") or engine.name.namespace
            other = self._named(EngineName(engine.name.resource, namespace, str(at(one, "name"))))
            if other is None or at(condition(other.object, "Ready"), "status") == "True":
                continue
            own = self._of_one(other, replace(asked, fields=(), declared={}, live={}, by=None, path=""))
            held = self._with_dependency(other, asked, own, depth=depth + 1) if depth < _DEEPEST else own
            if held.state not in {"waits", "applied"}:
                return Standing("needs a person", f"{found.why}; {held.why}", held.next)
        return found

    def _kinds(self) -> tuple[Resource, ...]:
        return _KINDS[self.environment.engine_type]

    def _home(self, name: EngineName) -> str:
        return name.namespace or self.environment.engine_namespace or _HOMES[name.resource]

    def _named(self, name: EngineName) -> SeenEngine | None:
        if name.resource not in (*self._kinds(), HELM_RELEASE):
            return None
        namespace = self._home(name)
        found = self._read(name.resource, namespace, name.name)
        return SeenEngine(EngineName(name.resource, namespace, name.name), found) if isinstance(found, dict) else None

    def _listing(self, whom: Identity, paths: list[str], named: list[EngineName]) -> Iterator[SeenEngine]:
        """Those that are named and could not be asked for alone; those that list the object; else the one that fits.

        Of several whose repository, branch, folder and destination fit, none is taken.
        """
        here = self.environment.engine_context in {None, self.environment.context}
        found = [
            SeenEngine(EngineName(resource, at(one, "metadata", "namespace"), at(one, "metadata", "name")), one)
            for resource in self._kinds()
            for one in self._listed(resource, self.environment.engine_namespace)
        ]
        names = {(one.resource, self._home(one), one.name) for one in named}
        yield from (one for one in found if (one.name.resource, one.name.namespace, one.name.name) in names)
        found = [one for one in found if one.object and has_destination(one.object, runs_here=here)]
        yield from (one for one in found if one.object and lists_object(one.object, whom))
        fitting = [
            one
            for one in found
            if one.object
            and may_apply(one.object, paths, remotes=self.remotes, branch=self.branch)
            and not self._is_elsewhere(one)
        ]
        if len(fitting) == 1:
            yield fitting[0]

    def is_of_repository(self, one: SeenEngine, known: Iterable[EngineObject]) -> bool:
        """Whether what it applies comes from here, as far as that can be told. `known`: those that Git declares."""
        declared = {(name.resource, name.name) for by in known if (name := name_in_git(by)) is not None}
        if one.object is None or (one.name.resource, one.name.name) in declared:
            return True
        if one.name.resource == APPLICATION:
            return any(why_other(each, self.remotes, self.branch) is None for each in sources_of(one.object))
        return not self._is_elsewhere(one)

    def _is_elsewhere(self, one: SeenEngine) -> bool:
        """Whether the source of a Kustomization is another repository; one that cannot be read may be this one."""
        source = self._source(one.object) if one.object and one.name.resource == KUSTOMIZATION else None
        url = text_at(source, "spec", "url")
        return url is not None and why_elsewhere(url, self.remotes) is not None

    def _source(self, kustomization: Object) -> SourceSeen:
        reference = at(kustomization, "spec", "sourceRef")
        resource = _SOURCES.get(str(at(reference, "kind")))
        if resource is None:
            return f"its source is of kind {at(reference, 'kind')}"
        namespace = at(reference, "namespace") or at(kustomization, "metadata", "namespace")
        return self._read(resource, str(namespace), str(at(reference, "name")), optional=True)

    def _project(self, application: Object) -> Object | str | None:
        """Its project, where only a window may keep it from syncing."""
        if condition(application, "InvalidSpecError") or at(application, "metadata", "deletionTimestamp"):
            return None
        namespace = text_at(application, "status", "controllerNamespace") or at(application, "metadata", "namespace")
        name = text_at(application, "spec", "project") or "default"
        return self._read(APP_PROJECT, str(namespace), name, optional=True)

    def _read(self, resource: Resource, namespace: str, name: str, *, optional: bool = False) -> Object | str | None:
        """The object; None where there is none; why it could not be read, which `optional` leaves to the sentence."""
        try:
            found = self.api.get(resource, namespace, name)
        except NotInstalled:
            return None
        except GitOpsError as error:
            self._missed(error, optional=optional)
            return str(error)
        return self._shown(found) if found else None

    def _shown(self, one: Object) -> Object:
        return without_others_words(one, self.environment.namespaces or ()) if self.environment.cut else one

    def _listed(self, resource: Resource, namespace: str | None) -> tuple[Object, ...]:
        try:
            return tuple(map(self._shown, self.api.every(resource, namespace)))
        except NotInstalled:
            return ()
        except GitOpsError as error:
            self._missed(error)
            return ()

    def _missed(self, error: GitOpsError, *, optional: bool = False) -> None:
        told = Notice("engine-source-unreadable" if optional else "engine-unreadable", str(error))
        self.unread += [] if told.id in {one.id for one in self.unread} else [told]


def _is_below(one: EngineObject, path: str) -> bool:
    """Whether a file lies in the folder of this repository that an engine object builds."""
    return one.folder is not None and (not one.folder or path.startswith(f"{one.folder}/"))


def tip_made(ground: Ground) -> datetime | None:
    """When the tip of the base was made, which of a merge is about when it came there."""
    found = next(iter(ground.repository.first_parents(ground.base.commit)), None)
    return parse_time(found.committed) if found else None
