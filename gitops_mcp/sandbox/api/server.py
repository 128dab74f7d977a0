"""The HTTP face of a Store: who asks, may they, what is answered, and a line in the log for each request."""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api.access import Access, AccessAttributes, Denied
from gitops_mcp.sandbox.api.call import Call, Route, parse_route
from gitops_mcp.sandbox.api.discovery import discovery_answer
from gitops_mcp.sandbox.api.openapi import OpenApi
from gitops_mcp.sandbox.api.proxy import Backends, PodBackend, answer_proxy
from gitops_mcp.sandbox.api.reading import answer_read, json_response
from gitops_mcp.sandbox.api.requests_log import RequestsLog
from gitops_mcp.sandbox.api.reviews import REVIEWS, answer_review
from gitops_mcp.sandbox.api.watching import Watches
from gitops_mcp.sandbox.api.writing import answer_write
from gitops_mcp.sandbox.listener import Listener
from gitops_mcp.sandbox.store.errors import ApiError, forbidden, not_allowed, not_authorized
from gitops_mcp.sandbox.store.resources import NAMESPACE, Served
from gitops_mcp.sandbox.store.store import Store

_HEALTH = frozenset({"/healthz", "/livez", "/readyz"})


@dataclass(frozen=True)
class User:
    name: str
    access: Access


class SandboxApi:
    """Serves a store on 127.0.0.1 until it is stopped; the store itself needs no rights."""

    def __init__(
        self,
        store: Store,
        *,
        token: str | None,
        requests_log: Path | None = None,
        deny: Iterable[Denied] = (),
        rules: Iterable[Object] | None = None,
        user: str = "sandbox",
        backends: Backends | None = None,
        pods: PodBackend | None = None,
        openapi_rules: bool = False,
    ) -> None:
        """Without a token everybody is let in, kubectl too: it sends no token where there is no TLS.

        `rules` are Role, ClusterRole and binding manifests that say all this user may do; None: everything.
        `backends` are what Services of the sandbox lead to, `pods` what its pods serve; with `openapi_rules` OpenAPI
        tells the rules in CEL, too.
        """
        self._store = store
        self._token = token
        self._user = user
        self._backends = backends or {}
        self._pods = pods
        self._openapi = OpenApi(store.served, rules=openapi_rules)
        self._access = Access(deny=deny, manifests=rules)
        self._log = RequestsLog(requests_log) if requests_log else None
        self._watches = Watches(store)
        self._listener = Listener(self, "sandbox-api")

    def deny(self, verb: str, group: str, resource: str) -> None:
        """From now on refuse this; `*` stands for any."""
        self._access.deny(verb, group, resource)

    def start(self, *, port: int = 0) -> str:
        """Listen, on any free port unless told; the answer is the URL, which may be used at once."""
        return self._listener.start(port=port)

    def stop(self) -> None:
        self._watches.close()
        self._listener.stop()
        if self._log:
            self._log.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        response = self._answer(request, body)
        await response(scope, receive, send)

    def _answer(self, request: Request, body: bytes) -> Response:
        addressed: Route | None = None
        query = dict(request.query_params)
        warnings: list[str] = []
        try:
            if request.scope["path"] in _HEALTH:
                return PlainTextResponse("ok")
            addressed = parse_route(request.method, request.scope["path"], query)
            self._authenticate(request)
            user = self._user_of(request)
            if addressed is None:
                response = self._described(request)
            else:
                headers = request.headers
                content_type = headers.get("content-type", "").partition(";")[0].strip()
                accept, agent = headers.get("accept", ""), headers.get("user-agent", "")
                response = self._resource(Call(addressed, query, content_type, body, accept, agent, warnings), user)
        except ApiError as error:
            response = json_response(error.body, error.code)
        for warning in warnings:
            escaped = warning.replace("\\", "\\\\").replace('"', '\\"')
            response.headers.append("Warning", f'299 - "{escaped}"')
        if self._log:
            self._log.write(request, addressed, query, response.status_code)
        return _compressed(response) if "gzip" in request.headers.get("accept-encoding", "") else response

    def _authenticate(self, request: Request) -> None:
        if self._token is None:
            return
        given = request.headers.get("authorization", "").encode()
        if not secrets.compare_digest(given, f"Bearer {self._token}".encode()):
            raise not_authorized()

    def _user_of(self, request: Request) -> User:
        """The sandbox's, or whom kubeconfig's `as` names, if it may impersonate: then the rights of that one count."""
        mine, name = User(self._user, self._access), request.headers.get("impersonate-user")
        if name is None:
            return mine
        _authorize(Route("impersonate", "", "v1", "users", name=name), mine)
        return User(name, self._access.of(name, request.headers.getlist("impersonate-group")))

    def _described(self, request: Request) -> Response:
        path = request.scope["path"].strip("/")
        below = path.removeprefix("openapi/v3").strip("/") if f"{path}/".startswith("openapi/v3/") else None
        answer = discovery_answer(path, self._store.served) if below is None else self._openapi.answer(below)
        if answer is None:
            return _no_page()
        if request.method != "GET":
            raise not_allowed()
        return json_response(answer)

    def _resource(self, call: Call, user: User) -> Response:
        asked = call.route
        for review in REVIEWS:
            if (asked.group, asked.version, asked.plural) == (review.group, review.version, review.plural):
                if asked.verb != "create" or asked.name:
                    raise not_allowed()
                call.check_media_type()
                return json_response(answer_review(review, call.object(), user.access, user=user.name), 201)
        _authorize(asked, user)
        served = self._served(asked)
        if served is None:
            return _no_page()
        if not served.resource.namespaced:
            call = replace(call, route=replace(asked, namespace=None))
        if asked.subresource == "proxy" and "proxy" in served.subresources:
            return answer_proxy(self._store, asked, self._backends, self._pods)
        if asked.verb == "watch":
            return StreamingResponse(self._watches.begin(served, call), media_type="application/json")
        if asked.verb in {"get", "list"}:
            return answer_read(self._store, served, call)
        return answer_write(self._store, served, call)

    def _served(self, asked: Route) -> Served | None:
        """The resource, if its path has the shape that its scope asks for."""
        for served in self._store.served:
            resource = served.resource
            if (resource.group, resource.version, resource.plural) == (asked.group, asked.version, asked.plural):
                if resource.namespaced:
                    fits = asked.namespace is not None or asked.verb in {"list", "watch"}
                else:
                    fits = asked.namespace is None or resource == NAMESPACE
                return served if fits else None
        return None


def _authorize(asked: Route, user: User) -> None:
    if user.access.allows(AccessAttributes(asked.verb, asked.group, asked.resource, asked.namespace, asked.name)):
        return
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    why = f'User "{user.name}" cannot {asked.verb} resource "{asked.resource}" in API group "{asked.group}" {where}'
    raise forbidden(Resource(asked.group, asked.version, asked.plural, ""), asked.name or "", why)


def _compressed(response: Response) -> Response:
    """Any size, where a real API server does so from 128 KiB on, and in chunks as there; a watch never."""
    if isinstance(response, StreamingResponse):
        return response
    parts = (gzip.compress(bytes(response.body), compresslevel=1),)
    compressed = StreamingResponse(iter(parts), response.status_code, {"Content-Encoding": "gzip"})
    compressed.raw_headers += [(name, value) for name, value in response.raw_headers if name != b"content-length"]
    return compressed


def _no_page() -> Response:
    """What is not served is no Status: the API server's router answers it."""
    return PlainTextResponse("404 page not found\n", 404)


def kubeconfig_text(
    url: str, token: str | None, *, namespace: str | None = None, context: str = "sandbox", others: Iterable[str] = ()
) -> str:
    """A kubeconfig for this API; `others` are contexts of other names that lead to it, too."""
    user = f'{{token: "{token}"}}' if token else "{}"
    more = "".join(f"\n  - name: {name}\n    context: {{cluster: {context}, user: {context}}}" for name in others)
    home = f"\n      namespace: {namespace}" if namespace else ""
    return f"""apiVersion: v1
kind: Config
current-context: {context}
contexts:
  - name: {context}
    context:
      cluster: {context}
      user: {context}{home}{more}
clusters:
  - name: {context}
    cluster:
      server: {url}
users:
  - name: {context}
    user: {user}
"""
