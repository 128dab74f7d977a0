"""Git against live for all objects of a Cluster, or of an environment: what differs, and what could not be read.

One object is compared by `domain.live`; here the objects of both sides are found, each kind by itself, so that one
which may not be read hides no other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from gitops_mcp.answers.drift import Side
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment, Settings
from gitops_mcp.domain.kinds import BACKUP, CLUSTER, CNPG_KINDS, NAMING_KINDS, OBJECT_STORE
from gitops_mcp.domain.live.drift import FieldDrift
from gitops_mcp.domain.live.engine_states.applier import name_on_live
from gitops_mcp.domain.live.managers import engine_that_keeps, has_managers
from gitops_mcp.domain.live.unstated import Fill, all_drift
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Resource, at, dotted_path, list_at, text_at
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.object_stores import stores_named_by
from gitops_mcp.domain.schema.unfilled import is_unfilled
from gitops_mcp.errors import Forbidden, GitOpsError, NotInstalled, Refused
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.kind_schemas import fill_as_served
from gitops_mcp.workflows.notices import forbidden_everywhere

KINDS = {one.kind: one for one in (*CNPG_KINDS, OBJECT_STORE)}
_BY_SCHEDULE = "cnpg.io/scheduled-backup"


@dataclass(frozen=True)
class Scope:
    """Whose objects are compared."""

    namespace: str | None = None
    """None: all that the environment allows, and what is cluster-wide."""
    cluster: str | None = None
    """None: not of one Cluster alone."""

    @property
    def resources(self) -> tuple[Resource, ...]:
        return (CLUSTER, *NAMING_KINDS, OBJECT_STORE) if self.cluster else tuple(KINDS.values())

    def holds(self, whom: Identity, value: Object, stores: Collection[str]) -> bool:
        if self.namespace not in {None, whom.namespace}:
            return False
        if whom.kind == OBJECT_STORE.kind:
            return whom.name in stores
        if self.cluster is None:
            return True
        return self.cluster == (whom.name if whom.kind == CLUSTER.kind else at(value, "spec", "cluster", "name"))


@dataclass(frozen=True)
class Difference:
    side: Side
    whom: Identity
    declared: Declaration | None
    live: Object | None
    drift: FieldDrift | None = None
    """None: of the whole object."""

    @property
    def field(self) -> str | None:
        return dotted_path(self.drift.path) if self.drift else None


@dataclass
class Comparison:
    """What was found of one environment."""

    differences: list[Difference] = field(default_factory=list)
    declared: int = 0
    """Objects that Git has."""
    compared: int = 0
    """Objects that are there on both sides."""
    unread: list[GitOpsError] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    unmanaged: list[Identity] = field(default_factory=list)
    """Objects of which nothing says who has set their fields."""


def compare(
    api: ApiOnce, environment: Environment, desired: Desired, scope: Scope, others: Collection[Identity] = ()
) -> Comparison:
    """`others`: objects that other environments declare for the same API, without a namespace where none is said."""
    found = Comparison()
    seen = _Live.read(api, environment, desired, scope, found)
    clusters = [*seen.of(CLUSTER), *(one.object for one in desired.clusters)]
    stores = {name for one in clusters if _is_meant(one, scope) for name in stores_named_by(one)}
    declared = _declared_here(environment, desired, seen, scope, stores)
    found.declared = len(declared)
    for whom, each in declared.items():
        _compare_one(api, environment, whom, each, seen, found)
    for whom, live in sorted(seen.objects.items(), key=lambda each: str(each[0])):
        is_elsewhere = not {whom, replace(whom, namespace=None)}.isdisjoint(others)
        is_known = whom in declared or is_elsewhere or _is_made(live)
        is_here = environment.namespaces is None or whom.namespace in environment.namespaces
        if is_here and not is_known and scope.holds(whom, live, stores):
            is_left = name_on_live(live) is not None or engine_that_keeps(live, deleting=True) is not None
            found.differences.append(Difference("orphan" if is_left else "only_live", whom, None, live))
    found.notices[:0] = _manager_notices(found.unmanaged)
    return found


def _declared_here(
    environment: Environment, desired: Desired, seen: _Live, scope: Scope, stores: Collection[str]
) -> dict[Identity, list[Declaration]]:
    """What Git declares of the scope, each object with all that declares it."""
    found: dict[Identity, list[Declaration]] = {}
    for one in sorted(desired.shown, key=lambda each: str(each.identity)):
        whom = _placed(one.identity, seen, scope)
        is_allowed = environment.namespaces is None or whom.namespace in {None, *environment.namespaces}
        if whom.kind in KINDS and is_allowed and scope.holds(whom, one.object, stores):
            found.setdefault(whom, []).append(one)
    return found


def _manager_notices(unmanaged: list[Identity]) -> list[Notice]:
    if not unmanaged:
        return []
    which = f"{unmanaged[0]}{f' and {len(unmanaged) - 1} more' if unmanaged[1:] else ''}"
    text = f"nothing says who has set the fields of {which} (managedFields): what Git does not state is not compared"
    return [Notice("no-managers", text)]


def declared_elsewhere(
    app: App, ground: Ground, environment: Environment, settings: Settings
) -> tuple[set[Identity], list[Notice]]:
    """What other environments of the same API declare, and those of which it is not known."""
    found, notices = set[Identity](), list[Notice]()
    for other in settings.every_environment:
        if other.name == environment.name or other.context != environment.context:
            continue
        try:
            declared = app.desired(ground, other.path, ground.base.commit).declarations
        except Refused as error:  # its folder is none
            what = f"what environment {other.name!r} declares is not known, so it may be told as only live: {error}"
            notices += [Notice("not-compared", what)] if other.name in settings.environments else []
            continue
        for whom in (one.identity for one in declared):
            spaces = [whom.namespace] if whom.namespace else other.namespaces or [None]
            found |= {replace(whom, namespace=space) for space in spaces}
    return found, notices


def fill_of(api: ApiOnce, environment: Environment, whom: Identity, value: Object) -> Fill:
    cluster = whom.name if whom.kind == CLUSTER.kind else text_at(value, "spec", "cluster", "name")
    return fill_as_served(api, environment, KINDS[whom.kind], whom, cluster or "")


def _compare_one(
    api: ApiOnce, environment: Environment, whom: Identity, declared: list[Declaration], seen: _Live, found: Comparison
) -> None:
    live, resource, one = seen.objects.get(whom), KINDS[whom.kind], declared[0]
    why = f"what Git makes of it cannot be determined: {one.opaque}" if one.opaque else ""
    why = why or ("nothing says its namespace: name it" if resource.namespaced and whom.namespace is None else "")
    if declared[1:]:
        why = f"{' and '.join(each.place for each in declared)} declare it, and whichever is applied last decides"
    if why:
        found.notices.append(Notice("not-compared", f"{whom} at {one.place} is not compared: {why}"))
        return
    if live is None:
        if seen.is_read(whom):
            found.differences.append(Difference("only_in_git", whom, one, None))
        return
    found.compared += 1
    found.unmanaged += [] if has_managers(live) else [whom]
    for drift in all_drift(one.object, live, fill_of(api, environment, whom, one.object)):
        if is_unfilled(drift.desired):
            text = f"{whom} {dotted_path(drift.path)}: the engine fills it in, so it is not compared"
            found.notices.append(Notice("not-compared", text))
        else:
            found.differences.append(Difference("differs" if drift.stated else "not_stated", whom, one, live, drift))


def _is_meant(cluster: Object, scope: Scope) -> bool:
    name, namespace = (at(cluster, "metadata", key) for key in ("name", "namespace"))
    return scope.cluster in {None, name} and (scope.namespace is None or namespace in {scope.namespace, None})


def _placed(whom: Identity, seen: _Live, scope: Scope) -> Identity:
    """With the namespace of the only live object of that name, where nothing in Git says one."""
    if whom.namespace is not None or not (resource := KINDS.get(whom.kind)) or not resource.namespaced:
        return whom
    spaces = {one.namespace for one in seen.objects if (one.kind, one.name) == (whom.kind, whom.name)}
    space = scope.namespace or (spaces.pop() if len(spaces) == 1 else None)
    return Identity(whom.kind, space, whom.name)


def _is_made(live: Object) -> bool:
    """By a controller, or by a schedule, so that it is nobody's to declare."""
    labels = at(live, "metadata", "labels")
    by_schedule = at(live, "kind") == BACKUP.kind and at(labels, _BY_SCHEDULE) is not None
    return by_schedule or bool(list_at(live, "metadata", "ownerReferences"))


@dataclass
class _Live:
    """The live objects of a scope, and which of its parts could not be read."""

    objects: dict[Identity, Object] = field(default_factory=dict)
    closed: set[tuple[str, str | None]] = field(default_factory=set)
    """Kind and namespace, None for all."""

    @classmethod
    def read(cls, api: ApiOnce, environment: Environment, desired: Desired, scope: Scope, found: Comparison) -> _Live:
        named = {kind: _spaces_in_git(desired, kind) for kind in KINDS}

        def ask(side: ApiOnce, resource: Resource) -> list[_List]:
            return list(_lists(side, environment, resource, scope, named[resource.kind]))

        made = cls()
        for resource, lists in zip(scope.resources, api.side_by_side(ask, scope.resources), strict=True):
            for one in lists:
                made._take(resource, one)
            found.unread += [one.answer for one in lists if one.told and isinstance(one.answer, GitOpsError)]
        return made

    def _take(self, resource: Resource, one: _List) -> None:
        if isinstance(one.answer, NotInstalled):
            return  # what Git declares of the kind is not live
        if isinstance(one.answer, GitOpsError):
            self.closed.add((resource.kind, one.space))
            return
        for each in one.answer:
            place = each["metadata"]
            live = {"apiVersion": resource.api_version, "kind": resource.kind, **each}
            self.objects[Identity(resource.kind, place.get("namespace"), place["name"])] = live

    def of(self, resource: Resource) -> Iterator[Object]:
        return (live for whom, live in self.objects.items() if whom.kind == resource.kind)

    def is_read(self, whom: Identity) -> bool:
        return self.closed.isdisjoint({(whom.kind, None), (whom.kind, whom.namespace)})


def _spaces_in_git(desired: Desired, kind: str) -> tuple[str | None, ...]:
    return tuple(dict.fromkeys(one.identity.namespace for one in desired.declarations if one.identity.kind == kind))


@dataclass(frozen=True)
class _List:
    space: str | None
    answer: tuple[Object, ...] | GitOpsError
    told: bool = True
    """A refusal is told."""


def _lists(
    api: ApiOnce, environment: Environment, resource: Resource, scope: Scope, named: Collection[str | None]
) -> Iterator[_List]:
    """By namespace; where all may not be listed at once, the context's own one and those that Git names."""
    if not resource.namespaced:
        if scope.namespace is None and (environment.namespaces is None or None in named):
            yield _List(None, _list(api, resource, None))
        return
    for space in [scope.namespace] if scope.namespace else [*(environment.namespaces or [None])]:
        answer = _list(api, resource, space)
        if space is not None or not isinstance(answer, Forbidden):
            yield _List(space, answer)
            continue
        for near in dict.fromkeys([*_own_space(api), *filter(None, named)]):
            yield _List(near, _list(api, resource, near), told=False)
        yield _List("", forbidden_everywhere(answer))  # what is in other namespaces nobody has seen


def _own_space(api: ApiOnce) -> list[str]:
    try:
        found = api.namespace()
    except GitOpsError:
        return []
    return [found] if found else []


def _list(api: ApiOnce, resource: Resource, space: str | None) -> tuple[Object, ...] | GitOpsError:
    try:
        return api.for_one_part().every_as_served(resource, space)
    except GitOpsError as error:
        return error
