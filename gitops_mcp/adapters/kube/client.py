"""Requests to one API server, kept connected; what fails is forgotten, so that the next call starts afresh."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from gitops_mcp import __version__
from gitops_mcp.adapters.kube.answers import Asked, Expired, failure, loaded
from gitops_mcp.adapters.kube.kubeconfig import IN_CLUSTER, Kubeconfig, Login
from gitops_mcp.adapters.kube.session import Session, in_cluster, session
from gitops_mcp.adapters.kube.start import KubeStart, kube_start, read
from gitops_mcp.adapters.kube.unreachable import unreachable
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.errors import Unavailable

if TYPE_CHECKING:
    import urllib3

log = logging.getLogger(__name__)

PAGE = 500
"""Objects in one request of a whole list, as kubectl asks for them."""
PLUGIN_SECONDS = 30.0
_REVIEWS = Resource(
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False
)


@dataclass(frozen=True)
class Page:
    items: tuple[Object, ...]
    cursor: str | None
    """What to ask the next page with; None at the end."""
    remaining: int | None
    """How many more there are; the server does not say where labels or fields select."""


class Kube:
    """One context of kubeconfig, or the cluster that this process runs in. Safe to use from several threads."""

    def __init__(
        self,
        *,
        context: str | None,
        timeout: float,
        start: KubeStart | None = None,
        plugin_timeout: float = PLUGIN_SECONDS,
    ) -> None:
        self._context = context
        self._timeout = timeout
        self._start = start or kube_start()
        self._plugin_timeout = plugin_timeout
        self._session: Session | None = None
        self._building = threading.Lock()

    @property
    def description(self) -> str:
        """`context 'prod-admin'` or `in-cluster`, for messages."""
        if self._context is None and self._start.service_account:
            return IN_CLUSTER
        context = self._context or self._start.current_context()
        return f"context {context!r}" if context else "the current context"

    def namespace(self) -> str | None:
        """The namespace that the context, or the pod, is set to."""
        return self._login().namespace

    def page(
        self,
        resource: Resource,
        namespace: str | None,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        labels: str | None = None,
        fields: str | None = None,
    ) -> Page:
        """One page of a list; namespace None: of all namespaces. A kind that is not served is NotInstalled."""
        asked = Asked("list", resource, namespace, None, self.description)
        query = {"limit": limit, "continue": cursor, "labelSelector": labels, "fieldSelector": fields}
        answer = self._asked(asked, "GET", query=query)
        items = answer.get("items") or []
        for item in items:
            # Lists of built-in kinds leave these out of their items.
            item.setdefault("apiVersion", resource.api_version)
            item.setdefault("kind", resource.kind)
            item.get("metadata", {}).pop("managedFields", None)
        remaining = at(answer, "metadata", "remainingItemCount")
        return Page(tuple(items), at(answer, "metadata", "continue") or None, remaining)

    def every(
        self, resource: Resource, namespace: str | None, *, labels: str | None = None, fields: str | None = None
    ) -> tuple[Object, ...]:
        """The whole list. Where its snapshot expires half way, it is read once more from the start."""
        try:
            return self._pages(resource, namespace, labels=labels, fields=fields)
        except Expired:
            return self._pages(resource, namespace, labels=labels, fields=fields)

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        found = self._asked(Asked("get", resource, namespace, name, self.description), "GET")
        found.get("metadata", {}).pop("managedFields", None)
        return found

    def allowed(self, verb: str, resource: Resource, namespace: str | None) -> bool:
        """Whether the API server would let this user do it."""
        attributes = {"verb": verb, "group": resource.group, "resource": resource.plural, "namespace": namespace or ""}
        review = {"apiVersion": _REVIEWS.api_version, "kind": _REVIEWS.kind, "spec": {"resourceAttributes": attributes}}
        answer = self._asked(Asked("create", _REVIEWS, None, None, self.description), "POST", body=review)
        return at(answer, "status", "allowed") is True

    def _pages(
        self, resource: Resource, namespace: str | None, *, labels: str | None, fields: str | None
    ) -> tuple[Object, ...]:
        found: list[Object] = []
        cursor = None
        while True:
            page = self.page(resource, namespace, limit=PAGE, cursor=cursor, labels=labels, fields=fields)
            found += page.items
            cursor = page.cursor
            if cursor is None:
                return tuple(found)

    def _asked(
        self, asked: Asked, method: str, *, query: Mapping[str, Any] | None = None, body: Object | None = None
    ) -> Object:
        """Credentials that were kept and are refused now may have been renewed since: those are tried once."""
        connected, kept = self._connected()
        status, headers, data = self._sent(connected, asked, method, query=query, body=body)
        if status == 401:
            self._forget(connected)
            if kept:
                connected, _ = self._connected()
                status, headers, data = self._sent(connected, asked, method, query=query, body=body)
        if 200 <= status < 300:
            return loaded(data, headers.get("Content-Type", ""), asked=asked)
        if status == 401:
            self._forget(connected)
        raise failure(status, headers, data, asked=asked, log_in=connected.login.how_to_log_in)

    def _sent(
        self, connected: Session, asked: Asked, method: str, *, query: Mapping[str, Any] | None, body: Object | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        import urllib3

        started = time.monotonic()
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": f"gitops-mcp/{__version__}"}
        authorization = connected.authorization()
        if authorization:
            headers["Authorization"] = authorization
        if body is not None:
            headers["Content-Type"] = "application/json"
        path = _path(asked, query or {})
        try:
            response = connected.pool.request(
                method,
                connected.login.server + path,
                headers=headers,
                body=None if body is None else json.dumps(body),
                timeout=urllib3.Timeout(total=self._timeout),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            data = _read(response, until=started + self._timeout)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            self._forget(connected)
            raise unreachable(error, connected.login.server, asked=asked, timeout=self._timeout) from error
        log.debug("%s %s: %s in %.0f ms", method, path, response.status, (time.monotonic() - started) * 1000)
        return response.status, response.headers, data

    def _connected(self) -> tuple[Session, bool]:
        """A session, and whether it was there before. One thread makes it, the others wait for that one."""
        with self._building:
            if self._session is not None and self._session.usable:
                return self._session, True
            self._session = session(self._login(), plugin_timeout=self._plugin_timeout)
            return self._session, False

    def _forget(self, connected: Session) -> None:
        with self._building:
            if self._session is connected:
                self._session = None

    def _login(self) -> Login:
        """Where to and as whom, from the files as they are now; the context is the one of the start."""
        if self._context is None and self._start.service_account:
            return in_cluster(self._start.service_account)
        files = read(self._start.paths)
        if not files:
            looked = ", ".join(str(path) for path in self._start.paths) or "an empty KUBECONFIG"
            raise Unavailable(
                f"there is no kubeconfig (looked at {looked}): set KUBECONFIG for this server, or log in as you do for "
                f"kubectl; what Git says can be read and changed without"
            )
        kubeconfig = Kubeconfig.of(files)
        if self._context is None:
            context = self._start.current_context() or kubeconfig.current
            if context is None:
                names = ", ".join(sorted(kubeconfig.contexts)) or "none"
                raise Unavailable(
                    f"kubeconfig has no current context; contexts: {names}: name one with --context or in "
                    f".gitops-mcp.yaml"
                )
            login = kubeconfig.login(context)
            self._context = context
            return login
        return kubeconfig.login(self._context)


def _path(asked: Asked, query: Mapping[str, Any]) -> str:
    resource = asked.resource
    parts = ["apis", resource.group] if resource.group else ["api"]
    parts.append(resource.version)
    if resource.namespaced and asked.namespace:
        parts += ["namespaces", asked.namespace]
    parts.append(resource.plural)
    if asked.name:
        parts.append(asked.name)
    given = urlencode({key: value for key, value in query.items() if value is not None})
    return "/" + "/".join(quote(part, safe="") for part in parts) + (f"?{given}" if given else "")


def _read(response: urllib3.BaseHTTPResponse, *, until: float) -> bytes:
    """The body within the request's time: the socket's own time-out starts anew with each byte that drips in."""
    parts = []
    try:
        for part in response.stream(1 << 18):
            parts.append(part)
            if time.monotonic() > until:
                raise TimeoutError  # noqa: TRY301 - the connection is closed for it as for any other failure
    except BaseException:
        response.close()
        raise
    response.release_conn()
    return parts[0] if len(parts) == 1 else b"".join(parts)
