"""The API as one call sees it: nothing is asked twice, and one that does not answer is left alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from gitops_mcp.adapters.kube import Kube, ObjectPage
from gitops_mcp.app import App
from gitops_mcp.config import Environment, Settings
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Resource, at
from gitops_mcp.domain.redact import mark_outside, words_of_others
from gitops_mcp.domain.schema import Schema
from gitops_mcp.domain.shapes import take_out_unreadable
from gitops_mcp.errors import GitOpsError, NotFound, NotInstalled, Unavailable

T = TypeVar("T")
P = TypeVar("P")

_AT_ONCE = 20
"""Requests to the API: all that a status asks."""
_TOLD = 10
"""Objects whose unreadable fields are told."""
Served = tuple[Schema, str, bool]
"""A schema, whose it is, and whether it has all the rules that its kind has."""


@dataclass
class ApiOnce:
    kube: Kube
    schemas: dict[tuple[int, str], Served]
    """Of the server, by kind and by the document that they were read from: kept from call to call."""
    _known: dict[tuple[object, ...], object] = field(default_factory=dict)
    _down: Unavailable | None = None
    only_shown: bool = False
    """Nothing of what is read goes back to the API or into Git, so that prose in it is marked as such."""
    asked: dict[tuple[Any, ...], None] = field(default_factory=dict)
    """What was asked of objects, in this order."""
    unreadable: dict[Notice, None] = field(default_factory=dict)
    """Fields of other types than they have, which no part of the call has seen; of all parts that share the record."""

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object | None:
        """None where there is none. Raises Forbidden, NotInstalled or Unavailable, again as the first time.

        It is not asked for where the whole list is known, as it was then.
        """
        key = ("get", resource, namespace, name)
        if key not in self._known and isinstance(self._known.get(("list", resource, namespace, None, None)), tuple):
            return None
        return self._found_once(key, lambda: self._typed(self.kube.get(resource, namespace, name, managed_fields=True)))

    def metadata(self, resource: Resource, namespace: str | None, name: str) -> Object | None:
        """The object without spec, status and data."""
        key = ("metadata", resource, namespace, name)
        return self._found_once(key, lambda: self.kube.metadata(resource, namespace, name))

    def every(
        self, resource: Resource, namespace: str | None, *, labels: str | None = None, fields: str | None = None
    ) -> tuple[Object, ...]:
        """Each of them is known from then on, as if it had been asked for by its name."""

        def read() -> tuple[Object, ...]:
            found = self.kube.every(resource, namespace, labels=labels, fields=fields, managed_fields=True)
            for one in map(self._typed, found):
                place = one["metadata"]
                self._known.setdefault(("get", resource, place.get("namespace"), place["name"]), one)
            return found

        return self._once(("list", resource, namespace, labels, fields), read)

    def page(
        self,
        resource: Resource,
        namespace: str | None,
        *,
        limit: int,
        cursor: str | None = None,
        labels: str | None = None,
        marked: bool = True,
    ) -> ObjectPage:
        """`marked`: what others wrote is marked as theirs; without, whoever shows a part of an object marks that."""

        def read() -> ObjectPage:
            found = self.kube.page(resource, namespace, limit=limit, cursor=cursor, labels=labels)
            return replace(found, items=tuple(self._typed(one, marked=marked) for one in found.items))

        return self._once(("page", resource, namespace, limit, cursor, labels, marked), read)

    def first(self, resource: Resource, namespace: str | None, *, labels: str) -> Object | None:
        """Any one of those that carry the labels."""
        return next(iter(self.page(resource, namespace, limit=1, labels=labels).items), None)

    def has_any(self, resource: Resource, namespace: str | None) -> bool:
        """Whether there is any; no where the kind is not served."""
        try:
            return bool(self.page(resource, namespace, limit=1).items)
        except NotInstalled:
            return False

    def every_as_served(
        self, resource: Resource, namespace: str | None, *, labels: str | None = None
    ) -> tuple[Object, ...]:
        """The same, in another version where the API does not serve that one."""
        try:
            return self.every(resource, namespace, labels=labels)
        except NotInstalled:
            served = self.served_versions(resource)
            if not served:
                raise
            return self.every(replace(resource, version=served[0]), namespace, labels=labels)

    def openapi(self, group: str, version: str) -> Object:
        return self._once(("openapi", group, version), lambda: self.kube.openapi(group, version))

    def for_one_part(self) -> ApiOnce:
        """The same record, for one of several parts that are read at once: what fails for it stops no other part."""
        return replace(self)

    def side_by_side(self, read: Callable[[ApiOnce, P], T], parts: Iterable[P]) -> list[T]:
        """What is read of each part, a few at once, in their order; of several errors the first in that order.

        Where it does not answer for any of them it is left alone from then on.
        """
        sides = [(self.for_one_part(), part) for part in parts]
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                asked = [pool.submit(copy_context().run, partial(read, *side)) for side in sides]
            return [one.result() for one in asked]
        finally:
            down = [side._down for side, _ in sides]  # noqa: SLF001 - of the same class
            self._down = self._down or (down[0] if down and all(down) else None)

    def ask_again(self, keys: Iterable[tuple[Any, ...]]) -> None:
        """For objects that another call has asked for, all at once; what fails says so again where it is wanted."""

        def ask(side: ApiOnce, key: tuple[Any, ...]) -> None:
            with suppress(GitOpsError):
                match key:
                    case ("get", resource, namespace, name):
                        side.get(resource, namespace, name)
                    case ("list", resource, namespace, labels, fields):
                        side.every(resource, namespace, labels=labels, fields=fields)
                    case ("page", resource, namespace, limit, cursor, labels, marked):
                        side.page(resource, namespace, limit=limit, cursor=cursor, labels=labels, marked=marked)
                    case _:
                        pass

        self.side_by_side(ask, keys)

    def serves(self, resource: Resource) -> bool:
        return self._once(("serves", resource), lambda: self.kube.serves(resource))

    def served_kinds(self, group: str, version: str) -> frozenset[str]:
        return self._once(("kinds", group, version), lambda: self.kube.served_kinds(group, version))

    def may(self, verb: str, resource: Resource, namespace: str | None, name: str = "", subresource: str = "") -> bool:
        """Whether this user may do something."""
        key = ("may", verb, resource, namespace, name, subresource)
        return self._once(key, lambda: self.kube.may(verb, resource, namespace, name=name, subresource=subresource))

    def user(self) -> str:
        """Who asks, as RBAC names a subject."""
        return self._once(("user",), self.kube.user)

    def served_versions(self, resource: Resource) -> tuple[str, ...]:
        return self._once(("versions", resource), lambda: self.kube.served_versions(resource))

    def proxied(self, namespace: str, service: str, path: str) -> bytes:
        """What a Service answers over HTTP, reached through the API server."""
        return self._once(("proxied", namespace, service, path), lambda: self.kube.proxied(namespace, service, path))

    def pod_log(
        self, namespace: str, pod: str, container: str, *, lines: int, since: datetime, previous: bool = False
    ) -> bytes:
        """Not remembered: it may have megabytes."""
        key = ("log", namespace, pod, container, lines, since, previous)
        try:
            return self._once(
                key, lambda: self.kube.pod_log(namespace, pod, container, lines=lines, since=since, previous=previous)
            )
        finally:
            self._known.pop(key, None)

    def pod_page(self, namespace: str, pod: str, *, port: int, path: str, tls: bool, most_bytes: int) -> bytes:
        """What a pod answers over HTTP, reached through the API server."""
        key = ("page", namespace, pod, port, path, tls)
        ask = partial(self.kube.pod_page, namespace, pod, port=port, path=path, tls=tls, most_bytes=most_bytes)
        return self._once(key, ask)

    def namespace(self) -> str | None:
        """The namespace that the context, or the pod, is set to."""
        return self._once(("namespace",), self.kube.namespace)

    def _typed(self, found: Object, *, marked: bool = True) -> Object:
        """The object, in which a field has the type that it is read as, or is not there."""
        if told := take_out_unreadable(found):
            whom = words_of_others(
                " ".join(str(at(found, *path)) for path in (("kind",), ("metadata", "name"))), most=150
            )
            self.unreadable[Notice("fields-unreadable", f"{whom}: unreadable, so passed over: {'; '.join(told)}")] = (
                None
            )
        if self.only_shown and marked:
            mark_outside(found)
        return found

    def _found_once(self, key: tuple[object, ...], ask: Callable[[], Object]) -> Object | None:
        def read() -> Object | None:
            try:
                return ask()
            except NotInstalled:
                raise
            except NotFound:
                return None

        return self._once(key, read)

    def _once(self, key: tuple[object, ...], read: Callable[[], T]) -> T:
        if key not in self._known:
            if self._down is not None:
                raise self._down
            self.asked[key] = None
            try:
                self._known[key] = read()
            except GitOpsError as error:
                self._known[key] = error
                self._down = error if isinstance(error, Unavailable) else None
        found: Any = self._known[key]
        if isinstance(found, GitOpsError):
            raise found
        return found  # type: ignore[no-any-return]  # what `read` gave


@dataclass
class ApiBefore(ApiOnce):
    """The same API, in which a change that is applied by now has not been made yet, as far as Git can tell."""

    before: Mapping[Identity, Object | None] = field(default_factory=dict)
    """The objects of the change as Git said them before; None: it has made them."""
    made: Collection[str] = ()
    """Names of other objects that came with it: Secrets, and what makes them."""

    @classmethod
    def of(cls, api: ApiOnce, before: Mapping[Identity, Object | None], made: Collection[str]) -> ApiBefore:
        return cls(api.kube, api.schemas, api._known, api._down, before=before, made=made)  # noqa: SLF001 - the same record

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object | None:
        return self._then(Identity(resource.kind, namespace, name), super().get(resource, namespace, name))

    def metadata(self, resource: Resource, namespace: str | None, name: str) -> Object | None:
        if name in self.made:
            return None
        return self._then(Identity(resource.kind, namespace, name), super().metadata(resource, namespace, name))

    def every(
        self, resource: Resource, namespace: str | None, *, labels: str | None = None, fields: str | None = None
    ) -> tuple[Object, ...]:
        found = {
            Identity(resource.kind, one["metadata"].get("namespace"), one["metadata"]["name"]): one
            for one in super().every(resource, namespace, labels=labels, fields=fields)
        }
        whole = labels is None and fields is None
        gone = [one for one in self.before if whole and (one.kind, one.namespace) == (resource.kind, namespace)]
        then = (self._then(one, found.get(one)) for one in dict.fromkeys([*found, *gone]))
        return tuple(one for one in then if one is not None)

    def _then(self, whom: Identity, live: Object | None) -> Object | None:
        if whom not in self.before:
            return live
        said = self.before[whom]
        return {**live, "spec": said["spec"]} if live and said and "spec" in said else said


@dataclass
class ApisOnce:
    """The APIs that one call asks. Environments and engines of one context share what was said there."""

    app: App
    settings: Settings
    _apis: dict[int, ApiOnce] = field(default_factory=dict)

    def at_environment(self, environment: Environment) -> ApiOnce:
        return self._at(self.app.kube(environment, self.settings))

    def at_engine(self, environment: Environment) -> ApiOnce:
        """Where the environment's engine runs."""
        return self._at(self.app.engine_kube(environment, self.settings))

    def asked_of(self, environment: Environment) -> tuple[tuple[tuple[Any, ...], ...], ...]:
        """What was asked of the environment's API, and of the engine's where that is another."""
        ours, engine = self.at_environment(environment), self.at_engine(environment)
        return tuple(tuple(one.asked) for one in ([ours] if ours is engine else [ours, engine]))

    def ask_again(self, environment: Environment, asked: Sequence[Sequence[tuple[Any, ...]]]) -> None:
        for api, keys in zip((self.at_environment(environment), self.at_engine(environment)), asked, strict=False):
            api.ask_again(keys)

    @property
    def unreadable(self) -> list[Notice]:
        """What no part of the call could read of the objects that it was given; the first few."""
        found = list(dict.fromkeys(told for one in self._apis.values() for told in one.unreadable))
        more = [Notice("fields-unreadable", f"and {len(found) - _TOLD} more objects")] if len(found) > _TOLD else []
        return [*found[:_TOLD], *more]

    def _at(self, kube: Kube) -> ApiOnce:
        return self._apis.setdefault(id(kube), ApiOnce(kube, self.app.schemas, only_shown=True))
