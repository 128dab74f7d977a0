"""What is read of an API server, one verb a method: objects, lists by pages, what it serves, and Services behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from gitops_mcp.adapters.kube.answers import CursorExpired
from gitops_mcp.adapters.kube.asked import HTTP_PORTS, ApiRequest, Query
from gitops_mcp.adapters.kube.bodies import check_object, entries_of, list_of, load_object
from gitops_mcp.adapters.kube.wire import HttpRequest, Wire
from gitops_mcp.adapters.kube_start import KubeStart, kube_start
from gitops_mcp.domain.access.identity import Identity
from gitops_mcp.domain.kinds import POD, SERVICE
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.errors import NotFound, NotInstalled, Unavailable

PAGE = 500
"""Objects in one request of a whole list, as kubectl asks for them."""
_PAGES = 200
_LIST_BYTES = 128 << 20
"""Of all its pages, unpacked: as objects they take several times as much."""
_LIST_TIMES = 4
"""How many times a request's time a whole list may take."""
PLUGIN_SECONDS = 30.0
_PROXIED_BYTES = 1 << 20
LOG_BYTES = 10 << 20
"""Of one log."""
_METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_CRDS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
_OPENAPI = Resource("", "v3", "openapi", "OpenAPI v3 documents", namespaced=False)
_DISCOVERY = Resource("", "v1", "apis", "that group or version", namespaced=False)
_ACCESS = Resource(
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False
)
_SELF = Resource("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False)
_NO_PORT = "no endpoints available for service"


@dataclass(frozen=True)
class ObjectPage:
    items: tuple[Object, ...]
    cursor: str | None
    """What to ask the next page with; None at the end."""
    remaining: int | None
    """How many more there are; the server does not say where labels or fields select."""
    size: int = 0
    """Of the answer, in bytes when it is unpacked."""


class KubeReader:
    """One context of kubeconfig, or the cluster that this process runs in. Safe to use from several threads.

    Whatever it reads, the values of a Secret do not come back, and managedFields only where they are asked for.
    """

    def __init__(
        self,
        *,
        context: str | None,
        timeout: float,
        start: KubeStart | None = None,
        plugin_timeout: float = PLUGIN_SECONDS,
        caller: Identity | None = None,
    ) -> None:
        """`caller`: whom all requests are made as; what is kept of the answers is theirs then."""
        start = start or kube_start()
        self._wire = Wire(context=context, timeout=timeout, start=start, plugin_timeout=plugin_timeout, caller=caller)
        self._documents: dict[str, Object] = {}
        """By address, which holds the hash."""
        self._reading_document = threading.Lock()

    @property
    def description(self) -> str:
        """`context 'prod-admin'` or `in-cluster`, for messages."""
        return self._wire.description

    def namespace(self) -> str | None:
        """The namespace that the context, or the pod, is set to."""
        return self._wire.login().namespace

    def page(
        self,
        resource: Resource,
        namespace: str | None,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        labels: str | None = None,
        fields: str | None = None,
        managed_fields: bool = False,
    ) -> ObjectPage:
        """One page of a list; namespace None: of all namespaces. A kind that is not served is NotInstalled."""
        asked = ApiRequest("list", resource, namespace, None, self.description)
        query = {"limit": limit, "continue": cursor, "labelSelector": labels, "fieldSelector": fields}
        answer = self._wire.ask(asked, HttpRequest(query=query))
        items, after, remaining = list_of(load_object(answer.body, answer.content_type, asked=asked), asked=asked)
        found = tuple(without_extras(item, asked, managed_fields=managed_fields) for item in items)
        return ObjectPage(found, after, remaining, len(answer.body))

    def every(
        self,
        resource: Resource,
        namespace: str | None,
        *,
        labels: str | None = None,
        fields: str | None = None,
        managed_fields: bool = False,
    ) -> tuple[Object, ...]:
        """The whole list. Where its snapshot expires half way, it is read once more from the start."""
        seconds = _LIST_TIMES * self._wire.timeout
        page = partial(self.page, resource, namespace, labels=labels, fields=fields, managed_fields=managed_fields)
        try:
            found = _all_pages(page, seconds=seconds)
        except CursorExpired:
            found = _all_pages(page, seconds=seconds)
        if found is None:
            asked = ApiRequest("list", resource, namespace, None, self.description)
            raise Unavailable(
                f"{asked}: the list does not end within {seconds:g} s, {PAGE * _PAGES:,} objects or "
                f"{_LIST_BYTES >> 20} MB: check what answers there, or raise timeouts.kubernetes"
            )
        return found

    def get(self, resource: Resource, namespace: str | None, name: str, *, managed_fields: bool = False) -> Object:
        asked = ApiRequest("get", resource, namespace, name, self.description)
        found = check_object(self._asked(asked, HttpRequest()), asked=asked)
        return without_extras(found, asked, managed_fields=managed_fields)

    def metadata(self, resource: Resource, namespace: str | None, name: str) -> Object:
        """The object without spec, status and data. It takes the right to read all of it nevertheless."""
        asked = ApiRequest("get", resource, namespace, name, self.description)
        found = check_object(self._asked(asked, HttpRequest(accept=_METADATA)), asked=asked)
        kept = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": found["metadata"]}
        return without_extras(kept, asked)

    def openapi(self, group: str, version: str) -> Object:
        """The OpenAPI document of a group's version, CRDs' schemas with it; not to be changed by who reads it.

        It is read once for each hash that the server's index gives, and kept: who reads it remembers by its identity
        what was made of it.
        """
        path = f"apis/{group}/{version}" if group else f"api/{version}"
        asked = ApiRequest("get", _OPENAPI, None, None, self.description, url="/openapi/v3")
        index = self._asked(asked, HttpRequest())
        url = at(index, "paths", path, "serverRelativeURL")
        if url is None:
            raise NotInstalled(f"{asked}: the API server does not serve {path}: no CRD of it is installed there")
        if not str(url).startswith("/openapi/v3/"):
            raise Unavailable(
                f"{asked}: the API server's index points to another server for {path}: check the server in kubeconfig"
            )
        with self._reading_document:
            if url not in self._documents or "hash=" not in url:
                asked = ApiRequest("get", _OPENAPI, None, None, self.description, url=url)
                self._documents[url] = self._asked(asked, HttpRequest())
            return self._documents[url]

    def serves(self, resource: Resource) -> bool:
        """Whether the API server has a kind now; everybody who is logged in may ask.

        Its OpenAPI index keeps a version for a while that is no longer served.
        """
        found = self._discovered(f"/apis/{resource.api_version}", "resources")
        return any((one.get("name"), one.get("kind")) == (resource.plural, resource.kind) for one in found)

    def served_versions(self, resource: Resource) -> tuple[str, ...]:
        """The versions in which it has a kind, whichever version is asked about."""
        named = [str(one.get("version")) for one in self._discovered(f"/apis/{resource.group}", "versions")]
        return tuple(one for one in named if self.serves(replace(resource, version=one)))

    def served_kinds(self, group: str, version: str) -> frozenset[str]:
        """The kinds that it has of a group in a version; nothing where it has none."""
        return frozenset(str(one.get("kind")) for one in self._discovered(f"/apis/{group}/{version}", "resources"))

    def may(
        self, verb: str, resource: Resource, namespace: str | None, *, name: str = "", subresource: str = ""
    ) -> bool:
        """Whether this user may do something, by a review of one's own access, for which everybody may ask."""
        wanted = {"verb": verb, "group": resource.group, "resource": resource.plural, "name": name}
        wanted |= {"namespace": namespace or "", "subresource": subresource}
        spec = {"resourceAttributes": {key: value for key, value in wanted.items() if value}}
        return at(self._reviewed(_ACCESS, spec), "status", "allowed") is True

    def user(self) -> str:
        """Who asks, as RBAC names a subject."""
        return str(at(self._reviewed(_SELF, {}), "status", "userInfo", "username") or "")

    def _reviewed(self, review: Resource, spec: Object) -> Object:
        asked = ApiRequest("create", review, None, None, self.description)
        body = {"apiVersion": review.api_version, "kind": review.kind, "spec": spec}
        return self._asked(asked, HttpRequest("POST", body=body))

    def _discovered(self, url: str, key: str) -> list[Object]:
        """What the server lists of a group or version; nothing where it has none."""
        asked = ApiRequest("get", _DISCOVERY, None, None, self.description, url=url)
        try:
            return entries_of(self._asked(asked, HttpRequest()), key, asked=asked)
        except NotInstalled:
            return []

    def crd(self, plural: str, group: str) -> Object:
        """The CustomResourceDefinition, of which NotInstalled says that there is none."""
        try:
            return self.get(_CRDS, None, f"{plural}.{group}")
        except NotFound as error:
            raise NotInstalled(f"the CRD {plural}.{group} is not installed ({self.description})") from error

    def proxied(self, namespace: str, service: str, path: str) -> bytes:
        """What a Service answers over HTTP, through the API server: at a port without a name, else at `http`."""
        told = ""
        for port in HTTP_PORTS:
            asked = ApiRequest("get", SERVICE, namespace, service, self.description, proxied=path, port=port)
            try:
                return self._wire.ask(asked, HttpRequest(accept="*/*", limit=_PROXIED_BYTES)).body
            except Unavailable as error:
                if _NO_PORT not in str(error):
                    raise
                told = str(asked)
        raise Unavailable(
            f"{told}: 503, {_NO_PORT} {service!r} at a port without a name nor at one named http: check that the "
            f"controller's pod is ready, and how the port is named"
        )

    def pod_log(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        lines: int,
        since: datetime | None = None,
        previous: bool = False,
        most_bytes: int = LOG_BYTES,
    ) -> bytes:
        """The last lines that a container has written, or the one before it; `most_bytes` of them, the oldest first."""
        asked = ApiRequest("get", POD, namespace, pod, self.description, subresource="log")
        query: Query = {
            "container": container,
            "tailLines": lines,
            "limitBytes": most_bytes,
            "sinceTime": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if since else None,
            "previous": "true" if previous else None,
        }
        return self._wire.ask(asked, HttpRequest(query=query, accept="*/*", limit=most_bytes + 1)).body

    def pod_page(self, namespace: str, pod: str, *, port: int, path: str, tls: bool, most_bytes: int) -> bytes:
        """What a pod answers over HTTP at a port, through the API server, which does not check a certificate."""
        scheme = "https" if tls else "http"
        asked = ApiRequest("get", POD, namespace, pod, self.description, proxied=path, port=str(port), scheme=scheme)
        return self._wire.ask(asked, HttpRequest(accept="*/*", limit=most_bytes)).body

    def _asked(self, asked: ApiRequest, request: HttpRequest) -> Object:
        answer = self._wire.ask(asked, request)
        return load_object(answer.body, answer.content_type, asked=asked)


def _all_pages(page: Callable[..., ObjectPage], *, seconds: float) -> tuple[Object, ...] | None:
    """None where there is no end of pages, or none in time or in so many bytes."""
    until, size = time.monotonic() + seconds, 0
    found: list[Object] = []
    cursor = None
    for _ in range(_PAGES):
        made = page(limit=PAGE, cursor=cursor)
        found += made.items
        cursor, size = made.cursor, size + made.size
        if cursor is None:
            return tuple(found)
        if time.monotonic() > until or size > _LIST_BYTES:
            break
    return None


def without_extras(found: Object, asked: ApiRequest, *, managed_fields: bool = False) -> Object:
    """Without what nobody asked for; of a Secret also without the copy of its values that kubectl apply leaves."""
    metadata = found.get("metadata") or {}
    if not managed_fields:
        metadata.pop("managedFields", None)
    if asked.secret:
        for key in ("data", "stringData"):
            found.pop(key, None)
        (metadata.get("annotations") or {}).pop(_LAST_APPLIED, None)
    return found
