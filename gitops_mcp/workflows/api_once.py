"""The API as one call sees it: nothing is asked twice, and one that does not answer is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.domain.schema import Schema
from gitops_mcp.errors import GitOpsError, NotFound, NotInstalled, Unavailable

T = TypeVar("T")
Served = tuple[Schema, str, bool]
"""A schema, whose it is, and whether it has all the rules that its kind has."""


@dataclass
class Look:
    kube: Kube
    schemas: dict[tuple[int, str], Served]
    """Of the server, by kind and by the document that they were read from: kept from call to call."""
    _known: dict[tuple[object, ...], object] = field(default_factory=dict)
    _down: Unavailable | None = None

    def get(
        self, resource: Resource, namespace: str | None, name: str, *, managed_fields: bool = False
    ) -> Object | None:
        """None where there is none. Raises Forbidden, NotInstalled or Unavailable, again as the first time."""
        key = ("get", resource, namespace, name, managed_fields)
        return self._found_once(key, lambda: self.kube.get(resource, namespace, name, managed_fields=managed_fields))

    def metadata(self, resource: Resource, namespace: str | None, name: str) -> Object | None:
        """The object without spec, status and data."""
        key = ("metadata", resource, namespace, name)
        return self._found_once(key, lambda: self.kube.metadata(resource, namespace, name))

    def every(self, resource: Resource, namespace: str | None) -> tuple[Object, ...]:
        return self._once(("list", resource, namespace), lambda: self.kube.every(resource, namespace))

    def first(self, resource: Resource, namespace: str | None, *, labels: str) -> Object | None:
        """Any one of those that carry the labels."""

        def read() -> Object | None:
            return next(iter(self.kube.page(resource, namespace, limit=1, labels=labels).items), None)

        return self._once(("first", resource, namespace, labels), read)

    def has_any(self, resource: Resource, namespace: str | None) -> bool:
        """Whether there is any; no where the kind is not served."""

        def read() -> bool:
            try:
                return bool(self.kube.page(resource, namespace, limit=1).items)
            except NotInstalled:
                return False

        return self._once(("any", resource, namespace), read)

    def openapi(self, group: str, version: str) -> Object:
        return self._once(("openapi", group, version), lambda: self.kube.openapi(group, version))

    def serves(self, resource: Resource) -> bool:
        return self._once(("serves", resource), lambda: self.kube.serves(resource))

    def proxied(self, namespace: str, service: str, path: str) -> bytes:
        """What a Service answers over HTTP, reached through the API server."""
        return self._once(("proxied", namespace, service, path), lambda: self.kube.proxied(namespace, service, path))

    def namespace(self) -> str | None:
        """The namespace that the context, or the pod, is set to."""
        return self._once(("namespace",), self.kube.namespace)

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
            try:
                self._known[key] = read()
            except Unavailable as error:
                self._down = error
                raise
            except GitOpsError as error:
                self._known[key] = error
        found: Any = self._known[key]
        if isinstance(found, GitOpsError):
            raise found
        return found  # type: ignore[no-any-return]  # what `read` gave
